"""Where two faces of two solids meet: every class in figures, the same seen from either side; whole solids: tests/engine/verify/test_parts.py."""

from __future__ import annotations

import itertools
import random

import numba
import numpy as np
import pytest

from kernels import bvh, contacts, crossings, topology
from kernels.contacts import FLUSH, POINT, SEAM, SHARED

PLAIN = bool(numba.config.DISABLE_JIT)
"""Nothing is compiled: a hundred times slower."""
Solid = tuple[np.ndarray, np.ndarray]
NAMES = ("point", "seam", "flush", "shared")
assert tuple(range(4)) == (POINT, SEAM, FLUSH, SHARED)


def tetra(*corners: tuple[int, int, int]) -> Solid:
    points = np.array(corners, np.int32)
    a, b, c, d = points.astype(np.int64)
    faces = np.array([(0, 1, 2), (0, 3, 1), (1, 3, 2), (0, 2, 3)], np.int32)
    return points, faces if int((np.cross(b - a, c - a) * (d - a)).sum()) < 0 else np.ascontiguousarray(faces[:, ::-1])


def box(low: tuple[int, int, int], high: tuple[int, int, int]) -> Solid:
    points = np.array(list(itertools.product(*zip(low, high, strict=True))), np.int32)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return points, np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))], np.int32)


def planted(lattice: np.ndarray, faces: np.ndarray, first: int, end: int) -> tuple[np.ndarray, ...]:
    rows = np.arange(first, end, dtype=np.int32)
    levels, order, codes = bvh.levels_of(len(rows)), np.empty(len(rows), np.int32), np.empty((2, len(rows)), np.int64)
    bvh.sort_faces(lattice, faces, rows, order, codes[0], codes[1], np.empty(2048, np.int32), np.empty(6, np.int64))
    boxes, slots = np.empty((6, int(levels[-1])), np.int32), int(levels[1])
    corners, ids, normals = np.empty((9, slots), np.int32), np.empty((3, slots), np.int32), np.empty((3, slots), np.float32)
    crossings.pack(lattice, faces, order, levels, boxes, corners, ids, normals)
    return order, levels, boxes, corners, ids, normals


def twins(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    n, m = len(points), len(faces)
    twin, counts = np.empty(3 * m, np.int32), np.empty(topology.COUNTS, np.int64)
    works = np.empty(n + 2, np.int32), np.empty(3 * m, np.int32), np.empty(n, np.int32), np.empty(n, np.int32)
    topology.match_edges(faces, *works, twin, counts, np.empty(topology.COUNTS, np.int64))
    assert (twin >= 0).all()
    return twin


def judged(one: Solid, other: Solid) -> dict[tuple[int, int], int]:
    """Of each pair that meets, rows of one and other, what it is; the count that the kernel returns agrees."""
    (p, f), (q, g) = one, other
    lattice, faces = np.concatenate((p, q)), np.concatenate((f, g + len(p))).astype(np.int32)
    twin = np.concatenate((twins(p, f), twins(q, g) + 3 * len(f))).astype(np.int32)
    trees = planted(lattice, faces, 0, len(f)), planted(lattice, faces, len(f), len(faces))
    pairs, kinds = np.empty((4096, 2), np.int32), np.empty(4096, np.int8)
    found = crossings.meetings(lattice, faces, False, *trees[0], *trees[1], pairs, kinds, np.empty(crossings.STACK, np.int64))
    told = np.full(found, -1, np.int8)
    shared = contacts.judge(lattice, faces, twin, np.ascontiguousarray(pairs[:found]), kinds[:found], told)
    assert shared == int((told == SHARED).sum())
    rows = zip(pairs[:found].tolist(), told.tolist(), strict=True)
    return {(a, b - len(f)): t for (a, b), t in rows}


def worst(one: Solid, other: Solid) -> str:
    """The strongest class of any pair; the same from the other side and turned by every right angle."""
    told = judged(one, other)
    assert judged(other, one) == {(g, f): t for (f, g), t in told.items()}
    for axes in ((1, 2, 0), (2, 0, 1)):
        turned = [(np.ascontiguousarray(p[:, axes]), f) for p, f in (one, other)]
        assert judged(*turned) == told
    mirrored = [
        (np.ascontiguousarray(p * np.array((-1, 1, 1), np.int32)), np.ascontiguousarray(f[:, ::-1])) for p, f in (one, other)
    ]
    assert sorted(judged(*mirrored).values()) == sorted(told.values())
    return NAMES[max(told.values())] if told else "apart"


CUBE = box((0, 0, 0), (10, 10, 10))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (box((11, 0, 0), (20, 10, 10)), "apart"),
        (box((10, 10, 10), (20, 20, 20)), "point"),
        (box((10, 10, 0), (20, 20, 10)), "seam"),
        (box((10, 10, 5), (20, 20, 30)), "seam"),
        (box((10, 0, 0), (20, 10, 10)), "flush"),
        (box((10, 3, 3), (20, 4, 4)), "flush"),
        (box((9, 0, 0), (20, 10, 10)), "shared"),
        (box((0, 0, 0), (10, 10, 10)), "shared"),
        (box((3, 3, -5), (4, 4, 15)), "shared"),
        (box((0, 3, 3), (4, 7, 7)), "shared"),  # within, on a wall
        (box((2, 2, 0), (8, 8, 10)), "shared"),  # within, from wall to wall
        (tetra((10, 5, 5), (20, 2, 2), (20, 8, 2), (20, 5, 8)), "point"),  # a tip on a wall
        (tetra((10, 5, 5), (2, 2, 2), (2, 8, 2), (2, 5, 8)), "point"),  # the same from within: its other points tell
        (tetra((10, 2, 5), (10, 8, 5), (20, 5, 2), (20, 5, 8)), "seam"),  # an edge on a wall
        (tetra((10, 2, 5), (10, 8, 5), (2, 5, 2), (2, 5, 8)), "shared"),  # the same from within
        (tetra((10, 2, 5), (10, 8, 5), (20, 5, 5), (5, 5, 8)), "shared"),  # and half and half
        (tetra((10, 2, 10), (10, 8, 10), (20, 5, 10), (15, 5, 20)), "seam"),  # edge on edge, a wall of it in the plane of the top
        (tetra((10, 2, 10), (10, 8, 10), (20, 5, 9), (15, 5, 20)), "seam"),
        (tetra((10, 2, 10), (10, 8, 10), (5, 5, 10), (5, 5, 20)), "flush"),
        (tetra((10, 2, 10), (10, 8, 10), (5, 5, 9), (5, 5, 20)), "shared"),
        (tetra((10, 2, 10), (10, 8, 10), (9, 5, 8), (8, 5, 9)), "shared"),  # within, along the edge
        (tetra((5, 12, 10), (12, 5, 10), (20, 20, 10), (12, 12, 20)), "flush"),  # over the corner
        (tetra((8, 12, 10), (12, 8, 10), (20, 20, 10), (12, 12, 20)), "point"),
        (tetra((8, 12, 12), (12, 8, 12), (20, 20, 12), (10, 10, 10)), "point"),
    ],
)  # fmt: skip
def test_each_class(other: Solid, expected: str) -> None:
    assert worst(CUBE, other) == expected


def test_a_flat_edge_within_the_other_face() -> None:
    """The wall of a plug ends on the floor of its pocket, and runs on under it: the wedge past 180 degrees tells."""
    floor = box((0, 0, 0), (30, 30, 10))
    # an L that stands on it, its inner edge on the floor
    points = np.array(
        [(x, y, z) for x, z in ((5, 10), (5, 20), (20, 20), (20, 5), (12, 5), (12, 10)) for y in (40, 45)], np.int32
    )
    ring = [(2 * k, 2 * ((k + 1) % 6)) for k in range(6)]
    sides = [t for a, b in ring for t in ((a, b, a + 1), (b, b + 1, a + 1))]
    caps = [(0, 10, 2), (2, 10, 4), (4, 10, 8), (4, 8, 6)]
    faces = np.array([*sides, *caps, *[(c + 1, b + 1, a + 1) for a, b, c in caps]], np.int32)
    solid = points.astype(np.int64)[faces]
    if (solid[:, 0] * np.cross(solid[:, 1], solid[:, 2])).sum() < 0:
        faces = np.ascontiguousarray(faces[:, ::-1])
    assert worst(floor, (points + np.array((0, -30, 0), np.int32), faces)) == "shared"
    assert worst(floor, (points + np.array((18, -30, 0), np.int32), faces)) == "flush"  # its long leg hangs over the side
    assert worst(floor, (points + np.array((17, -30, 0), np.int32), faces)) == "shared"


def test_the_filters_and_long_numbers() -> None:
    """The same classes 2^28 steps from the origin and 2^28 steps long."""
    far = (1 << 27) - 64
    for scale, shift in ((1, (far, -far, far)), (10_000_000, (0, 0, 0)), (13, (1, 2, 3))):

        def moved(solid: Solid, scale: int = scale, shift: tuple[int, int, int] = shift) -> Solid:
            return solid[0] * np.int32(scale) + np.array(shift, np.int32), solid[1]

        for other in (box((10, 0, 0), (20, 10, 10)), box((10, 10, 0), (20, 20, 10)), box((9, 0, 0), (20, 10, 10))):
            assert judged(moved(CUBE), moved(other)) == judged(CUBE, other)
    for step in (-1, 0, 1):
        other = box((100_000_000 + step, 0, 0), (200_000_000, 100_000_000, 100_000_000))
        told = worst((CUBE[0] * np.int32(10_000_000), CUBE[1]), other)
        assert told == ("shared", "flush", "apart")[step + 1]


def test_random_wedges_on_one_edge_share_room_when_their_sectors_do() -> None:
    """Two tetrahedra on a common edge, or parts of it: angles of whole points tell, in whole numbers."""
    draw = random.Random(7)
    seen = set()
    ring = [(x, y) for x in range(-3, 4) for y in range(-3, 4) if (x, y) != (0, 0)]
    for _ in range(150 if PLAIN else 1500):
        rays = [draw.sample(ring, 2) for _ in range(2)]
        if any(a[0] * b[1] == a[1] * b[0] for a, b in rays):
            continue
        low = draw.choice((0, 2, -2))
        ends = [(0, 9), (low, low + draw.choice((9, 3, 12)))]
        solids = [
            tetra((0, 0, z), (0, 0, w), (*a, draw.randint(1, 5)), (*b, draw.randint(1, 5)))
            for (a, b), (z, w) in zip(rays, ends, strict=True)
        ]

        def inside(x: tuple[int, int], sector: list[tuple[int, int]]) -> bool:
            a, b = sector if sector[0][0] * sector[1][1] > sector[0][1] * sector[1][0] else sector[::-1]
            return a[0] * x[1] - a[1] * x[0] > 0 and x[0] * b[1] - x[1] * b[0] > 0

        def between(sector: list[tuple[int, int]]) -> tuple[int, int]:
            return tuple(
                a * sum(v * v for v in sector[1]) + b * sum(v * v for v in sector[0]) for a, b in zip(*sector, strict=True)
            )  # type: ignore[return-value]

        # the common sector is open: one of its sides, or a middle, lies in the other, or both are one
        expected = any(inside(x, rays[1]) for x in (*rays[0], between(rays[0]))) or any(
            inside(x, rays[0]) for x in (*rays[1], between(rays[1]))
        )
        got = SHARED in judged(*solids).values()
        seen.add((got, expected))
        assert got == expected, (rays, ends)
    assert seen == {(True, True), (False, False)}
