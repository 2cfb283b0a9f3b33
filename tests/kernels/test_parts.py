"""How near two surfaces come: against all pairs of triangles, sampled and solved another way, and closed figures."""

from __future__ import annotations

import itertools
import math
import random

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import bvh, crossings, parts

PLAIN = bool(numba.config.DISABLE_JIT)
"""Nothing is compiled: a hundred times slower."""
Triangle = np.ndarray
Found = tuple[float, np.ndarray, np.ndarray, int, int]


def planted(lattice: np.ndarray, faces: np.ndarray, first: int, end: int) -> tuple[np.ndarray, ...]:
    rows = np.arange(first, end, dtype=np.int32)
    levels, order, codes = bvh.levels_of(len(rows)), np.empty(len(rows), np.int32), np.empty((2, len(rows)), np.int64)
    bvh.sort_faces(lattice, faces, rows, order, codes[0], codes[1], np.empty(2048, np.int32), np.empty(6, np.int64))
    boxes, slots = np.empty((6, int(levels[-1])), np.int32), int(levels[1])
    corners, ids, normals = np.empty((9, slots), np.int32), np.empty((3, slots), np.int32), np.empty((3, slots), np.float32)
    crossings.pack(lattice, faces, order, levels, boxes, corners, ids, normals)
    return order, levels, boxes, corners, ids, normals


def nearest(one: np.ndarray, other: np.ndarray, limit: float) -> Found | None:
    """one, other (k, 3, 3): corners of triangles. Distance, both places, both rows."""
    lattice = np.ascontiguousarray(np.concatenate([one, other]).reshape(-1, 3), dtype=np.int32)
    faces = np.arange(len(lattice), dtype=np.int32).reshape(-1, 3)
    trees = planted(lattice, faces, 0, len(one)), planted(lattice, faces, len(one), len(faces))
    places, rows = np.full(7, np.nan), np.full(2, -1, np.int32)
    stack, root, work = np.empty(parts.STACK, np.int64), np.empty((6, 1), np.int32), np.empty((8, 3))
    found = parts.nearest(lattice, faces, *trees[0], *trees[1], limit, places, rows, stack, root, work)
    assert found in (0, 1)
    if not found:
        return None
    assert 0 <= rows[0] < len(one) <= rows[1] < len(faces)
    return float(places[0]), places[1:4].copy(), places[4:7].copy(), int(rows[0]), int(rows[1]) - len(one)


def to_segment(p: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    u = b - a
    t = min(max(float((p - a) @ u) / float(u @ u), 0.0), 1.0)
    return float(np.linalg.norm(p - a - t * u))


def to_face(p: np.ndarray, t: Triangle) -> float:
    """By least squares in the plane, else the sides."""
    best = min(to_segment(p, t[k], t[(k + 1) % 3]) for k in range(3))
    m = np.stack([t[1] - t[0], t[2] - t[0]], axis=1)
    s, _, _, _ = np.linalg.lstsq(m, p - t[0], rcond=None)
    if s[0] >= 0 and s[1] >= 0 and s.sum() <= 1:
        best = min(best, float(np.linalg.norm(p - t[0] - m @ s)))
    return best


def of_segments(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> float:
    best = min(to_segment(a, c, d), to_segment(b, c, d), to_segment(c, a, b), to_segment(d, a, b))
    m = np.stack([b - a, c - d], axis=1)
    if np.linalg.matrix_rank(m) == 2:
        s, _, _, _ = np.linalg.lstsq(m, c - a, rcond=None)
        if (s >= 0).all() and (s <= 1).all():
            best = min(best, float(np.linalg.norm(c - a - m @ s)))
    return best


def of_triangles(t: Triangle, u: Triangle) -> float:
    t, u = t.astype(np.float64), u.astype(np.float64)
    sides = [(v[k], v[(k + 1) % 3]) for v in (t, u) for k in range(3)]
    return min(
        *(to_face(p, u) for p in t),
        *(to_face(p, t) for p in u),
        *(of_segments(*x, *y) for x, y in itertools.product(sides[:3], sides[3:])),
    )


def has_area(t: Triangle) -> bool:
    return bool(np.cross((t[1] - t[0]).astype(object), (t[2] - t[0]).astype(object)).any())


def cloud(draw: random.Random, many: int, at: tuple[int, int, int], room: int, size: int) -> np.ndarray:
    """Triangles with an area whose corners lie in a cube of `room`; each no larger than `size`."""
    made: list[Triangle] = []
    while len(made) < many:
        corner = [draw.randint(0, room) for _ in range(3)]
        t = np.array([[c + a + draw.randint(0, size) for c, a in zip(corner, at, strict=True)] for _ in range(3)])
        if has_area(t):
            made.append(t)
    return np.array(made)


def agrees(one: np.ndarray, other: np.ndarray, limit: float) -> None:
    """The nearest pair of those that do not meet, when none do: all pairs tell."""
    every = np.array([[of_triangles(t, u) for u in other] for t in one])
    least = float(every.min())
    found = nearest(one, other, limit)
    assert (found is not None) == (least < limit)
    if found is None:
        return
    distance, p, q, f, g = found
    assert distance == pytest.approx(least, rel=1e-9, abs=1e-6) and every[f, g] == pytest.approx(least, rel=1e-9, abs=1e-6)
    assert float(np.linalg.norm(p - q)) == pytest.approx(distance, rel=1e-9, abs=1e-6)
    assert to_face(p, one[f].astype(np.float64)) < 1e-6 * (1 + np.abs(one[f]).max()) * 1e-3 + 1e-6
    assert to_face(q, other[g].astype(np.float64)) < 1e-6 * (1 + np.abs(other[g]).max()) * 1e-3 + 1e-6


def test_clouds_on_both_sides_of_a_plane() -> None:
    draw = random.Random(3)
    for turn in range(6 if PLAIN else 120):
        many = [draw.choice((1, 2, 7, 8, 9, 30)) for _ in range(2)]
        room, size = draw.choice(((20, 5), (100, 60), (1000, 30), (3, 3)))
        gap = draw.choice((1, 2, 10, 200))
        one, other = cloud(draw, many[0], (0, 0, 0), room, size), cloud(draw, many[1], (room + size + gap, 0, 0), room, size)
        for axis in range(3):
            turned = (np.roll(x, axis, axis=2) * (-1 if turn % 2 else 1) + turn * 1000 for x in (one, other))
            agrees(*turned, limit=draw.choice((gap + 1.0, 1.5 * gap, 4.0 * room, 0.5 * gap)))  # type: ignore[arg-type]


corner = st.tuples(*[st.integers(-30, 30)] * 3)
triangle = st.lists(corner, min_size=3, max_size=3, unique=True).map(np.array).filter(has_area)


@settings(max_examples=40 if PLAIN else 400, deadline=None)
@given(triangle, triangle, st.integers(0, 40), st.sampled_from([1, 7, 1000]))
def test_two_triangles(t: Triangle, u: Triangle, gap: int, scale: int) -> None:
    """Apart along an axis: corner to face, edge to edge, flush and parallel ones among them."""
    u = u + np.array([0, 0, int(t[:, 2].max() - u[:, 2].min()) + 1 + gap])
    t, u = t * scale, u * scale
    agrees(t[None], u[None], 1e9 if scale > 1 else 100.0)
    one, two = nearest(t[None], u[None], 1e8), nearest(u[None], t[None], 1e8)
    assert one is not None and two is not None and one[0] == pytest.approx(two[0], rel=1e-12)


def test_known_figures() -> None:
    flat = np.array([(0, 0, 0), (100, 0, 0), (0, 100, 0)])
    for other, distance in (
        ([(20, 20, 7), (60, 20, 30), (20, 60, 30)], 7.0),  # a corner over the face
        ([(20, 20, 7), (30, 20, 7), (20, 30, 7)], 7.0),  # parallel
        ([(-5, 20, 0), (-30, 40, 0), (-30, 0, 0)], 5.0),  # beside it, in its plane
        ([(-3, -4, 0), (-30, -40, 9), (-40, -30, 9)], 5.0),  # corner to corner
        ([(50, -20, 12), (50, 20, 12), (50, -20, 90)], 12.0),  # an edge across an edge
        ([(-10, 50, -40), (-10, 50, 40), (-90, 50, 0)], 10.0),
    ):
        found = nearest(flat[None], np.array([other]), 50.0)
        assert found is not None and found[0] == pytest.approx(distance, abs=1e-12)
        assert nearest(flat[None], np.array([other]), distance - 1e-9) is None
        assert nearest(flat[None], np.array([other]), distance + 1e-9) is not None


def test_slivers_and_long_edges() -> None:
    """A hundred thousand times as long as they are high; nearly parallel edges whose lines cross in the middle."""
    length = 1_000_000
    for lean in (0, 1, 3, 50, 4000):
        one = np.array([[(-length, 0, 0), (length, 0, 0), (length, -10, -1)]])
        other = np.array([[(-length, -lean, 200), (length, lean, 200), (length, lean + 10, 207)]])
        found = nearest(one, other, 1000.0)
        assert found is not None and found[0] == pytest.approx(200.0, abs=0.02)
        agrees(one, other, 1000.0)


def test_far_out_on_the_lattice() -> None:
    draw, edge = random.Random(5), (1 << 28) - 2000
    for signs in itertools.product((-1, 1), repeat=3):
        one = cloud(draw, 12, (0, 0, 0), 500, 100)
        other = cloud(draw, 12, (700, 0, 0), 500, 100)
        agrees(*(signs * (x + np.array((edge - 1400, edge - 700, edge - 700))) for x in (one, other)), limit=2000.0)  # type: ignore[arg-type]


def test_of_equals_the_lowest_rows_and_however_they_are_ordered_the_same_distance() -> None:
    strip = np.array([[(x, 0, 0), (x + 10, 0, 0), (x, 10, 0)] for x in range(0, 400, 20)])
    draw = random.Random(9)
    told = nearest(strip, strip + (0, 0, 5), 6.0)
    assert told is not None and (told[0], told[3], told[4]) == (5.0, 0, 0)
    for _ in range(10):
        ways = [draw.sample(range(len(strip)), len(strip)) for _ in range(2)]
        again = nearest(strip[ways[0]], (strip + (0, 0, 5))[ways[1]], 6.0)
        assert again is not None and again[0] == 5.0 and again[3] == 0 and ways[0][0] == ways[1][again[4]]


def test_far_apart_nothing_is_walked() -> None:
    """The stack would overflow into a number that is looked at: one place is enough for the root."""
    draw = random.Random(11)
    one, other = cloud(draw, 300, (0, 0, 0), 1000, 50), cloud(draw, 300, (5000, 0, 0), 1000, 50)
    assert nearest(one, other, 3000.0) is None
    found = nearest(one, other, 5000.0)
    assert found is not None and 3900 < found[0] < 4200


@pytest.mark.skipif(PLAIN, reason="only compiled kernels are fast enough")
def test_thousands_of_faces() -> None:
    draw = random.Random(13)
    one, other = cloud(draw, 3000, (0, 0, 0), 4000, 300), cloud(draw, 2500, (4400, 0, 0), 4000, 300)
    found = nearest(one, other, 5000.0)
    assert found is not None
    near = [[x for x in c if x[:, 0].min() < 4500 + found[0] and x[:, 0].max() > 4200 - found[0]] for c in (one, other)]
    least = min(of_triangles(t, u) for t in near[0] for u in near[1] if _may(t, u, found[0] + 1))
    assert found[0] == pytest.approx(least, rel=1e-9) and math.isfinite(least)


def _may(t: Triangle, u: Triangle, reach: float) -> bool:
    return bool((np.maximum(t.min(axis=0) - u.max(axis=0), u.min(axis=0) - t.max(axis=0)) <= reach).all())
