"""Pairs of faces: against polygons clipped in exact rationals, an oracle that shares no predicate with the kernels.

Small coordinates make every degenerate case frequent; large ones with a corner put next to a plane try the float filters.
"""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import bvh, crossings
from kernels.exact import normal_of
from kernels.pairs import APART, COPLANAR, CROSS, DOUBLE, FOLD, TOUCH

Vector = tuple[Fraction, ...]
Point = tuple[int, int, int]
PLAIN = bool(numba.config.DISABLE_JIT)
"""Nothing is compiled: a hundred times slower."""
Found = dict[tuple[int, int], int]
NAMES = ("apart", "cross", "touch", "coplanar", "fold", "double")
assert tuple(range(6)) == (APART, CROSS, TOUCH, COPLANAR, FOLD, DOUBLE)


def sub(a: Vector, b: Vector) -> Vector:
    return tuple(x - y for x, y in zip(a, b, strict=True))


def dot(a: Vector, b: Vector) -> Fraction:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def clipped(polygon: list[Vector], normal: Vector, through: Vector) -> list[Vector]:
    """What of a convex polygon (or segment, or point) has normal . (x - through) <= 0: Sutherland and Hodgman 1974."""
    heights = [dot(normal, sub(p, through)) for p in polygon]
    kept = []
    for (p, h), (q, g) in itertools.pairwise(
        [*zip(polygon, heights, strict=True), (polygon[0], heights[0])] if polygon else []
    ):
        if h <= 0:
            kept.append(p)
        if h * g < 0:
            t = Fraction(h) / (h - g)
            kept.append(tuple(x + t * (y - x) for x, y in zip(p, q, strict=True)))
    return list(dict.fromkeys(kept))


def oracle(points: list[Point], f: tuple[int, ...], g: tuple[int, ...]) -> int:
    """The kind by its definition, from the two triangles' common part."""
    shared = set(f) & set(g)
    if len(shared) == 3:
        return DOUBLE
    one, two = ([points[i] for i in t] for t in (f, g))
    normals = [cross(sub(t[1], t[0]), sub(t[2], t[0])) for t in (one, two)]
    part: list[Vector] = list(two)
    for way in (1, -1):
        part = clipped(part, tuple(way * c for c in normals[0]), one[0])
    for a, b in itertools.pairwise([*one, one[0]]):
        part = clipped(part, cross(sub(b, a), normals[0]), a)
    beyond = [p for p in part if p not in {points[i] for i in shared}]
    if not beyond:
        return APART
    directions = [sub(p, part[0]) for p in part[1:]]
    area = any(any(cross(u, v)) for u, v in itertools.combinations(directions, 2))
    if len(shared) == 2:
        return FOLD if area else APART
    if area:
        return FOLD if shared else COPLANAR
    sides = [dot(normals[0], sub(points[i], one[0])) for i in g if i not in shared]
    sides += [dot(normals[1], sub(points[i], two[0])) for i in f if i not in shared]
    through = len(part) == 2 and all(sides)
    return CROSS if through else TOUCH


def kind(lattice: np.ndarray, faces: np.ndarray, f: int, g: int) -> int:
    return int(crossings.kind_of(lattice, faces, f, g, *normal_of(lattice, faces, f)))


def tree(lattice: np.ndarray, faces: np.ndarray, first: int = 0, end: int | None = None) -> tuple[np.ndarray, ...]:
    rows = np.empty(len(faces) - first, np.int32)
    rows = rows[: bvh.with_area(lattice, faces, first, rows)]
    rows = rows[rows < (len(faces) if end is None else end)]
    k = len(rows)
    levels, order, codes = bvh.levels_of(k), np.empty(k, np.int32), np.empty((2, k), np.int64)
    bvh.sort_faces(lattice, faces, rows, order, codes[0], codes[1], np.empty(2048, np.int32), np.empty(6, np.int64))
    boxes, slots = np.empty((6, levels[-1]), np.int32), int(levels[1])
    corners, ids, normals = np.empty((9, slots), np.int32), np.empty((3, slots), np.int32), np.empty((3, slots), np.float32)
    crossings.pack(lattice, faces, order, levels, boxes, corners, ids, normals)
    return order, levels, boxes, corners, ids, normals


def met(lattice: np.ndarray, faces: np.ndarray, split: int | None = None, room: int = 1 << 16) -> Found:
    """Every pair and its kind; `split`: the faces before it in one tree, the others in another, each with itself and with the other."""
    pairs, kinds = np.empty((room, 2), np.int32), np.empty(room, np.int8)
    stack = np.empty(crossings.STACK, np.int64)
    told: Found = {}
    whole = tree(lattice, faces)
    ways = [(True, whole, whole)]
    if split is not None:
        low, high = tree(lattice, faces, 0, split), tree(lattice, faces, split)
        ways = [(True, low, low), (True, high, high), (False, low, high)]
    for same, one, other in ways:
        n = crossings.meetings(lattice, faces, same, *one, *other, pairs, kinds, stack)
        assert n <= room
        for (f, g), k in zip(pairs[:n].tolist(), kinds[:n].tolist(), strict=True):
            assert f < g and (f, g) not in told
            told[f, g] = k
    return told


def soup(draw: random.Random, faces: int, high: int) -> tuple[list[Point], list[tuple[int, ...]]]:
    """Random triangles with an area on a welded grid 0 ... high."""
    points = [(x, y, z) for x in range(high + 1) for y in range(high + 1) for z in range(high + 1)]
    made: list[tuple[int, ...]] = []
    while len(made) < faces:
        a, b, c = (draw.randrange(len(points)) for _ in range(3))
        if any(cross(sub(points[b], points[a]), sub(points[c], points[a]))):
            made.append((a, b, c))
    return points, made


def arrays(points: list[Point], faces: list[tuple[int, ...]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(points, np.int32), np.array(faces, np.int32)


def brute(points: list[Point], faces: list[tuple[int, ...]]) -> Found:
    told = {(i, j): oracle(points, faces[i], faces[j]) for i, j in itertools.combinations(range(len(faces)), 2)}
    return {pair: k for pair, k in told.items() if k != APART}


def test_every_pair_of_triangles_of_a_cube() -> None:
    points = list(itertools.product((0, 1), repeat=3))
    faces = list(itertools.combinations(range(8), 3))
    lattice, rows = arrays(points, faces)
    told = brute(points, faces)
    assert set(told.values()) == {CROSS, TOUCH, FOLD}
    assert {p: k for p in itertools.combinations(range(56), 2) if (k := kind(lattice, rows, *p))} == told == met(lattice, rows)
    assert kind(lattice, rows, 5, 5) == DOUBLE


def test_pairs_on_small_grids_have_the_kind_that_their_common_part_tells() -> None:
    draw = random.Random(5)
    seen = set()
    for turn in range(2500):
        points, faces = soup(draw, 2, 2 + turn % 3)
        lattice, rows = arrays(points, faces)
        expected = oracle(points, *faces)
        shared = len(set(faces[0]) & set(faces[1]))
        seen.add((shared, expected))
        told = kind(lattice, rows, 0, 1), kind(lattice, rows, 1, 0)
        assert told == (expected, expected), f"{[[points[i] for i in f] for f in faces]}: {NAMES[expected]}"
    assert seen >= {
        (0, APART),
        (0, CROSS),
        (0, TOUCH),
        (0, COPLANAR),
        (1, APART),
        (1, TOUCH),
        (1, CROSS),
        (1, FOLD),
        (2, APART),
        (2, FOLD),
    }


def test_pairs_in_one_plane() -> None:
    """Every pair of triangles of a 3 x 3 grid, in each of the three axes' planes and a slanting one."""
    flat = list(itertools.product(range(3), repeat=2))
    maps = [lambda u, v: (u, v, 1), lambda u, v: (v, 1, u), lambda u, v: (1, u, v), lambda u, v: (u, v, u + v)]
    faces = [
        t for t in itertools.combinations(range(9), 3) if any(cross(*(sub((*flat[t[k]], 0), (*flat[t[0]], 0)) for k in (1, 2))))
    ]
    some = random.Random(1).sample(list(itertools.combinations(faces, 2)), 500)
    for number, (f, g) in enumerate(some):
        expected = oracle([(u, v, 0) for u, v in flat], f, g)
        points = [maps[number % 4](u, v) for u, v in flat]
        assert kind(*arrays(points, [f, g]), 0, 1) == expected, (f, g)
    assert len(faces) > 70


@pytest.mark.parametrize("seed", range(4))
def test_a_tree_finds_what_all_pairs_give(seed: int) -> None:
    points, faces = soup(random.Random(seed), (9, 17, 33, 40)[seed], 3 + seed % 2)
    lattice, rows = arrays(points, faces)
    assert met(lattice, rows) == brute(points, faces) == met(lattice, rows, split=2 * len(faces) // 3)


@given(st.integers(0, 2**30), st.integers(1, 30 if PLAIN else 300), st.integers(2, 9))
@settings(max_examples=4 if PLAIN else 25, deadline=None)
def test_shuffled_turned_mirrored_or_split_it_is_the_same(seed: int, count: int, high: int) -> None:
    draw = random.Random(seed)
    lattice, faces = arrays(*soup(draw, count, high))
    every = {p: k for p in itertools.combinations(range(count), 2) if (k := kind(lattice, faces, *p))} if count < 60 else None
    told = met(lattice, faces)
    assert every is None or told == every
    assert met(lattice, faces, split=draw.randrange(count + 1)) == told
    # every face begins at another corner or is turned over, points have other names, faces another order
    rows = np.array([draw.sample(f.tolist(), 3) for f in faces], np.int32)
    names = np.array(draw.sample(range(len(lattice)), len(lattice)), np.int32)
    renamed = np.empty_like(lattice)
    renamed[names] = lattice
    place = np.array(draw.sample(range(count), count), np.int32)
    other = met(renamed, np.ascontiguousarray(names[rows][place]))
    assert {tuple(sorted((int(place[f]), int(place[g])))): k for (f, g), k in other.items()} == told
    # a symmetry of the lattice, to its far end
    axes, signs = draw.sample(range(3), 3), [draw.choice((-1, 1)) for _ in range(3)]
    scale = draw.choice((1, 3, (1 << 28) // high))
    moved = (lattice[:, axes] * np.array(signs) * scale).astype(np.int32)
    assert met(np.ascontiguousarray(moved), faces) == told


def test_one_step_from_a_plane_at_the_lattice_s_end() -> None:
    """Large triangles, corners of the one next to the plane of the other: where float32 can tell no side."""
    draw = random.Random(7)
    limit = 1 << 28
    seen = dict.fromkeys(range(6), 0)
    for turn in range(400):
        reach = (limit, 1 << 20, 1 << 12)[turn % 3]
        one = [tuple(draw.randint(-reach, reach) for _ in range(3)) for _ in range(3)]
        two = []
        for _ in range(3):
            u, v = draw.random(), draw.random()
            on = [a + u * (b - a) + v * (c - a) for a, b, c in zip(*one, strict=True)]
            two.append(tuple(max(-limit, min(limit, round(x) + draw.choice((-1, 0, 1)))) for x in on))
        shared = draw.choice((0, 0, 1))
        points = [*one, *two[shared:]]
        faces = [(0, 1, 2), (0, 3, 4) if shared else (3, 4, 5)]
        lattice, rows = arrays(points, faces)
        if not all(any(normal_of(lattice, rows, f)) for f in (0, 1)):
            continue
        expected = oracle(points, *faces)
        seen[expected] += 1
        assert met(lattice, rows) == ({(0, 1): expected} if expected else {}), (points, faces)
    assert seen[APART] > 50 and seen[CROSS] > 50


def test_one_step_from_the_plane_through_an_edge() -> None:
    """Faces beside each other, nearly in one plane, corners of the one next to an edge of the other: where float32 can tell no side."""
    draw = random.Random(8)
    limit = 1 << 28
    seen = dict.fromkeys(range(6), 0)
    for turn in range(150 if PLAIN else 1500):
        reach = (limit, 1 << 20, 1 << 12, 40)[turn % 4]
        one = [tuple(draw.randint(-reach, reach) for _ in range(3)) for _ in range(3)]
        if turn % 3 == 0:
            one = [(x, y, 7) for x, y, _ in one]
        a, b, c = (np.array(p, float) for p in draw.sample(one, 3))
        out = (a + b) / 2 - c
        two = []
        for _ in range(3):
            on = a + draw.uniform(-0.2, 1.2) * (b - a) + draw.choice((0, 0, 0, 0.3, 1)) * out
            noise = (draw.choice((-1, 0, 1)), draw.choice((-1, 0, 1)), 0 if turn % 3 == 0 else draw.choice((-1, 0, 1)))
            two.append(tuple(max(-limit, min(limit, round(x) + e)) for x, e in zip(on.tolist(), noise, strict=True)))
        shared = draw.choice((0, 1, 2))
        points, faces = [*one, *two[shared:]], [(0, 1, 2), tuple([*draw.sample(range(3), shared), 3, 4, 5][:3])]
        if draw.random() < 0.5:
            faces.reverse()
        lattice, rows = arrays(points, faces)
        if len(set(points)) < len(points) or not all(any(normal_of(lattice, rows, f)) for f in (0, 1)):
            continue
        expected = oracle(points, *faces)
        seen[expected] += 1
        assert met(lattice, rows) == ({(0, 1): expected} if expected else {}), (points, faces)
    assert seen[APART] > 50 and seen[CROSS] > 5 and seen[FOLD] > 2 and seen[COPLANAR] > 2, seen


def test_faces_without_an_area_are_left_out() -> None:
    lattice = np.array([(0, 0, 0), (4, 0, 0), (0, 4, 0), (1, 1, -1), (1, 1, 1), (2, 1, 1), (1, 1, 3)], np.int32)
    faces = np.array([(0, 1, 2), (3, 4, 4), (3, 4, 6), (3, 4, 5)], np.int32)
    assert met(lattice, faces) == {(0, 3): CROSS}


def test_beyond_the_room_pairs_are_counted_and_not_written() -> None:
    lattice, faces = arrays(*soup(random.Random(2), 120, 3))
    count = len(met(lattice, faces))
    assert count > 100
    pairs, kinds = np.full((12, 2), -7, np.int32), np.full(12, -7, np.int8)
    whole = tree(lattice, faces)
    assert (
        crossings.meetings(lattice, faces, True, *whole, *whole, pairs[:10], kinds[:10], np.empty(crossings.STACK, np.int64))
        == count
    )
    assert (pairs[:10] >= 0).all() and (kinds[:10] > 0).all()
    assert (pairs[10:] == -7).all() and (kinds[10:] == -7).all()


def test_arrays_of_another_kind_are_refused() -> None:
    if PLAIN:
        pytest.skip("only compiled kernels refuse")
    lattice, faces = arrays(*soup(random.Random(2), 20, 3))
    one = tree(lattice, faces)
    out = np.empty((9, 2), np.int32), np.empty(9, np.int8), np.empty(crossings.STACK, np.int64)
    for wrong in (lattice.astype(np.int64), np.asfortranarray(lattice), lattice[::2], lattice.astype(np.float64)):
        with pytest.raises(TypeError):
            crossings.meetings.compile()(wrong, faces, True, *one, *one, *out)
