"""Rays: exact rationals decide where arithmetic is exact, nothing leaks where it is not, and no tree changes an answer."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import bvh, rays, wide
from kernels.bvh import WIDTH

PLAIN = bool(numba.config.DISABLE_JIT)
FAR = math.inf


def surface(points: np.ndarray, faces: np.ndarray) -> rays.Targets:
    return rays.targets(points, faces, wide.grown(points, faces))


def beams(origins: object, directions: object, low: float = 0.0, high: float = FAR) -> np.ndarray:
    o, d = np.broadcast_arrays(np.asarray(origins, np.float64), np.asarray(directions, np.float64))
    return np.concatenate([o, d, np.full((len(o), 1), low), np.full((len(o), 1), high)], axis=1)


def by_rationals(points: np.ndarray, faces: np.ndarray, ray: np.ndarray) -> tuple[float, int]:
    """The first closed triangle that is not seen from its side, exactly."""
    told = [[Fraction(float(x)) for x in p] for p in points]
    o, d = [Fraction(float(x)) for x in ray[:3]], [Fraction(float(x)) for x in ray[3:6]]

    def volume(p: list[Fraction], q: list[Fraction]) -> Fraction:
        return d[0] * (p[1] * q[2] - p[2] * q[1]) + d[1] * (p[2] * q[0] - p[0] * q[2]) + d[2] * (p[0] * q[1] - p[1] * q[0])

    best: tuple[Fraction, int] | None = None
    for f, corners in enumerate(faces):
        a, b, c = ([x - y for x, y in zip(told[i], o, strict=True)] for i in corners)
        shares = volume(b, c), volume(c, a), volume(a, b)
        whole = sum(shares)
        if whole == 0 or (min(shares) < 0 and max(shares) > 0):
            continue
        axis = max(range(3), key=lambda k: abs(d[k]))
        t = sum(s * p[axis] for s, p in zip(shares, (a, b, c), strict=True)) / whole / d[axis]
        if ray[6] <= t <= ray[7] and (best is None or t < best[0]):
            best = t, f
    return (float(best[0]), best[1]) if best else (FAR, -1)


@settings(max_examples=10 if PLAIN else 150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 5))
def test_where_all_is_exact_it_is_what_rationals_say(seed: int, count: int, size: int) -> None:
    """Small integers and directions that are halves of their largest: no operation rounds but the last division. Edges, corners,
    rays in the faces of boxes, faces without an area and faces seen from their side come all the time."""
    chance = np.random.default_rng(seed)
    points = chance.integers(-size, size + 1, (2 * count + 1, 3)).astype(np.float64)
    faces = chance.integers(0, len(points), (count, 3)).astype(np.int32)
    asked = beams(chance.integers(-size - 1, size + 2, (8, 3)), chance.integers(-1, 2, (8, 3)) * 2.0)
    asked[:, 3 + seed % 3] = chance.choice([-2.0, 2.0], 8)
    asked[:, 3 + (seed + 1) % 3] /= 2
    asked[:4, 6] = chance.integers(-9, 2, 4)
    asked[2:6, 7] = asked[2:6, 6] + chance.integers(0, 5, 4)
    told = rays.cast(surface(points, faces), asked)
    seen = rays.hidden(surface(points, faces), asked)
    for i, ray in enumerate(asked):
        along, face = by_rationals(points, faces, ray)
        assert (told.along[i], told.faces[i]) == (along, face)
        assert seen[i] == (face >= 0)


def ball(rings: int, warp: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A closed surface round the origin that every ray from there leaves once; coordinates that nothing rounds nicely."""
    polar = np.pi * np.arange(1, rings) / rings
    turn = 2 * np.pi * np.arange(2 * rings) / (2 * rings)
    p, r = np.meshgrid(polar, turn, indexing="ij")
    reach = 10 + warp * np.sin(5 * r) * np.sin(p)
    points = np.stack([reach * np.sin(p) * np.cos(r), reach * np.sin(p) * np.sin(r), reach * np.cos(p)], axis=-1).reshape(-1, 3)
    points = np.concatenate([points, [(0, 0, 10), (0, 0, -10)]])
    faces, n = [], 2 * rings
    for k in range(n):
        faces += [(len(points) - 2, k, (k + 1) % n), (len(points) - 1, (rings - 2) * n + (k + 1) % n, (rings - 2) * n + k)]
        for i in range(rings - 2):
            a, b = i * n + k, i * n + (k + 1) % n
            faces += [(a, a + n, b), (b, a + n, b + n)]
    return points, np.array(faces, np.int32)


def cube(cells: int, half: float) -> tuple[np.ndarray, np.ndarray]:
    """A cube of squares cut in two, its coordinates round: rays along axes run in the faces of boxes and along edges."""
    rows: dict[tuple[float, ...], int] = {}
    faces = []
    step = 2 * half / cells
    for axis, side in itertools.product(range(3), (-half, half)):
        for i, j in itertools.product(range(cells), range(cells)):
            square = []
            for u, v in ((i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)):
                place = np.roll([side, u * step - half, v * step - half], axis)
                square.append(rows.setdefault(tuple(place.tolist()), len(rows)))
            faces += [square[:3], [square[0], *square[2:]]]
    return np.array(list(rows)), np.array(faces, np.int32)


BODIES = {"ball": ball(6 if PLAIN else 24), "bumpy": ball(5 if PLAIN else 20, 3.0), "cube": cube(4, 8.0)}


@pytest.mark.parametrize("name", BODIES)
def test_nothing_leaks_at_corners_and_edges(name: str) -> None:
    points, faces = BODIES[name]
    corners = points[faces]
    middles = (corners + corners[:, [1, 2, 0]]).reshape(-1, 3) / 2
    thirds = (corners + 2 * corners[:, [1, 2, 0]]).reshape(-1, 3) / 3
    aims = np.concatenate([points, middles, thirds, corners.mean(axis=1)])
    body = surface(points, faces)
    chance = np.random.default_rng(3)
    for inside in ((0.0, 0.0, 0.0), chance.uniform(-2, 2, 3), (1.0, 0.0, -2.0)):
        asked = beams(inside, aims - inside)[:: 7 if PLAIN else 1]
        told = rays.cast(body, asked)
        assert (told.faces >= 0).all() and rays.hidden(body, asked).all()
        if name != "bumpy":  # convex: the aim is where it is left
            assert np.abs(told.along - 1).max() < 1e-12
    # from without, through an inner place: in, and out again
    asked = beams(aims * 3, -aims)[:: 7 if PLAIN else 1]
    first = rays.cast(body, asked)
    asked[:, 6] = first.along + 1e-9
    again = rays.cast(body, asked)
    assert (first.along < 3).all() and (again.along > 3).all() and (again.faces >= 0).all()


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_rays_along_axes_in_the_faces_of_boxes(axis: int, sign: float) -> None:
    """The trap: a component of 0 in a slab that begins where the ray runs is 0 times infinity."""
    points, faces = BODIES["cube"]
    body = surface(points, faces)
    lines = np.array(list(itertools.product(np.arange(-8.0, 9.0, 1.0), repeat=2)))
    origins = np.insert(lines, axis, -20 * sign, axis=1)
    direction = np.zeros(3)
    direction[axis] = sign
    asked = beams(origins, direction)
    told = rays.cast(body, asked)
    # rays in the plane of a side meet the sides that it joins, whose edges they run through
    assert (told.along == 12.0).all() and (told.faces >= 0).all() and rays.hidden(body, asked).all()
    with np.errstate(all="ignore"):
        local = (origins - body.frame[:3]) * body.frame[3]
        slabs = (body.boxes.reshape(-1, 6, WIDTH)[:, None, :3] - local[None, :, :, None]) * (1 / direction)[:, None]
    assert np.isnan(slabs).any(), "no ray runs in the face of a box: this would show nothing"
    assert (rays.cast(body, beams(origins + 8.0 * (1 - np.abs(direction)) + 1e-3, direction)).faces[-1:] == -1).all()


def test_a_wall_thinner_than_float32_is_seen() -> None:
    """Two sheets 0.0001 apart at 100: which is first, and what lies between."""
    sheet = np.array([[-100.0, -100, 0], [100, -100, 0], [0, 100, 0]])
    points = np.concatenate([sheet + (0, 0, 100.0001), sheet + (0, 0, 100)])
    faces = np.array([[0, 1, 2], [3, 4, 5]], np.int32)
    told = rays.cast(surface(points, faces), beams([(0, 0, 0.0), (1, 0, 100.00005)], (0, 0, 1.0)))
    assert told.faces.tolist() == [1, 0]
    assert told.along == pytest.approx([100.0, 0.00005], abs=1e-12)


@pytest.mark.parametrize("scale", [1e-30, 1e-6, 1.0, 1e6, 1e30])
@pytest.mark.parametrize("away", [3.0, 1e6])
def test_any_size_and_distance(scale: float, away: float) -> None:
    points, faces = BODIES["ball"]
    aims = points[faces].mean(axis=1)[:: 50 if PLAIN else 3]
    told = rays.cast(surface(points * scale, faces), beams(aims * away * scale, -aims * scale))
    assert told.along == pytest.approx(away - 1, rel=1e-9)


def test_ends_are_included_and_what_lies_behind_is_asked_for() -> None:
    points = np.array([[-1.0, -1, 4], [3, -1, 4], [-1, 3, 4]])
    body = surface(points, np.array([[0, 1, 2]], np.int32))
    for low, high, hit in (
        (0, 4, 1),
        (4, 9, 1),
        (4, 4, 1),
        (0, 3.999, 0),
        (4.001, 9, 0),
        (5, 3, 0),
        (-9, 9, 1),
        (-FAR, FAR, 1),
    ):
        asked = beams([(0, 0, 0.0)], (0, 0, 1.0), low, high)
        assert (rays.cast(body, asked).faces[0], rays.hidden(body, asked)[0]) == (hit - 1, hit)
    behind = rays.cast(body, beams([(0, 0, 9.0)], (0, 0, 2.0), -FAR))
    assert (behind.along[0], behind.faces[0]) == (-2.5, 0)


def test_of_equals_the_lowest_row() -> None:
    points = np.array([[-1.0, -1, 4], [3, -1, 4], [-1, 3, 4]])
    faces = np.tile(np.array([[0, 1, 2], [2, 1, 0], [1, 2, 0]], np.int32), (9, 1))
    assert rays.cast(surface(points, faces), beams([(0, 0, 0.0)], (0.1, 0.2, 1.0))).faces[0] == 0
    assert rays.cast(surface(points, faces[3:][::-1].copy()), beams([(0, 0, 0.0)], (0, 0, 1.0))).faces[0] == 0


NONE = [
    ((math.nan, 0, 0), (0, 0, 1)),
    ((math.inf, 0, 0), (0, 0, 1)),
    ((0, 0, 0), (0, 0, 0)),
    ((0, 0, 0), (math.nan, 0, 1)),
    ((0, 0, 0), (0, 0, math.inf)),
]


@pytest.mark.parametrize(("origin", "direction"), NONE)
def test_what_is_no_ray_hits_nothing(origin: object, direction: object) -> None:
    body = surface(*BODIES["cube"])
    assert rays.cast(body, beams([origin], [direction])).faces[0] == -1
    for low, high in ((math.nan, 1.0), (0.0, math.nan), (FAR, FAR)):
        assert rays.cast(body, beams([(0, 0, 0)], [(0, 0, 1)], low, high)).faces[0] == -1


def test_no_faces_one_face_and_none_with_an_area() -> None:
    points = np.array([[0.0, 0, 4], [4, 0, 4], [0, 4, 4], [8, 0, 4]])
    up = beams([(0, 0, 0.0), (1, 1, 0), (9, 9, 0)], (0, 0, 1.0))
    assert rays.cast(surface(points, np.empty((0, 3), np.int32)), up).faces.tolist() == [-1, -1, -1]
    assert rays.cast(surface(points, np.array([[0, 1, 2]], np.int32)), up).faces.tolist() == [0, 0, -1]
    for flat in ([0, 1, 3], [0, 0, 1], [2, 2, 2]):
        assert rays.cast(surface(points, np.array([flat], np.int32)), up).faces.tolist() == [-1, -1, -1]
    assert len(rays.cast(surface(points, np.array([[0, 1, 2]], np.int32)), up[:0]).faces) == 0


def by_every_face(points: np.ndarray, faces: np.ndarray, ray: np.ndarray) -> tuple[float, int]:
    """The same test in float64 of every face: no boxes, no lanes."""
    kz = int(np.argmax(np.abs(ray[3:6])))
    kx, ky = (kz + 1) % 3, (kz + 2) % 3
    sx, sy, sz = ray[3 + kx] / ray[3 + kz], ray[3 + ky] / ray[3 + kz], 1.0 / ray[3 + kz]
    best, face = FAR, -1
    for f in range(len(faces)):
        t = rays._hit(points, faces, f, (ray[kx], ray[ky], ray[kz]), kx, ky, kz, sx, sy, sz)
        if ray[6] <= t <= ray[7] and t < best:
            best, face = t, f
    return best, face


@settings(max_examples=5 if PLAIN else 60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.floats(0.01, 3.0), st.booleans())
def test_lanes_and_trees_leave_nothing_out(seed: int, count: int, size: float, thin: bool) -> None:
    """To the last bit what every face says by itself: halved, turned round, and in the order as it comes."""
    chance = np.random.default_rng(seed)
    count = count // 8 + 1 if PLAIN else count
    points = (chance.uniform(-9, 9, (count, 1, 3)) + chance.normal(0, size, (count, 3, 3))).reshape(-1, 3)
    faces = np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
    if thin:
        points[2::3] = (points[::3] + points[1::3]) / 2 + 10.0 ** chance.uniform(-12, -1, (count, 1))
    asked = beams(chance.uniform(-20, 20, (40, 3)), chance.normal(size=(40, 3)))
    # half of them at a face's middle, at a corner, through a side
    aims = points[faces[chance.integers(0, count, 20)]]
    shares = chance.dirichlet([0.3, 0.3, 0.3], 20)
    shares[:6], shares[6:12] = (1, 0, 0), (0.5, 0.5, 0)
    asked[:20, 3:6] = (shares[:, :, None] * aims).sum(axis=1) - asked[:20, :3]
    # and some from ever farther away
    asked[3:17, :3] -= 10.0 ** chance.uniform(0, 9, (14, 1)) * asked[3:17, 3:6]
    asked[1::5, 3 + seed % 3] = 0.0
    asked[2::5, 3 + seed % 3] *= 1e-300
    tree = wide.grown(points, faces)
    told = rays.cast(rays.targets(points, faces, tree), asked)
    assert list(zip(told.along, told.faces, strict=True)) == [by_every_face(points, faces, ray) for ray in asked]
    for order in (tree.order[::-1].copy(), np.arange(count, dtype=np.int32)):
        boxes = np.empty_like(tree.boxes)
        wide.fit(points, faces, order, tree.levels, tree.frame, boxes)
        other = rays.targets(points, faces, tree._replace(order=order, boxes=boxes))
        again = rays.cast(other, asked)
        assert (again.along == told.along).all() and (again.faces == told.faces).all()
        assert (rays.hidden(other, asked) == (told.faces >= 0)).all()


def test_lanes_are_packed_as_they_are_read() -> None:
    points, faces = BODIES["cube"]
    body = surface(points, faces)
    leaves = -(-len(faces) // WIDTH)
    assert body.corners.shape == (leaves * rays.CORNERS, WIDTH) and body.boxes.shape[0] % wide.ROWS == 0
    assert bvh.levels_of(len(faces)).tolist() == body.levels.tolist()
    local = (points[faces[body.order[:WIDTH]]] - body.frame[:3]) * body.frame[3]
    assert (body.corners[: rays.CORNERS].T.reshape(WIDTH, 3, 3) == local.astype(np.float32)).all()
    assert body.extents[0] == np.float32((local.max(axis=(0, 1)) - local.min(axis=(0, 1))).max())
