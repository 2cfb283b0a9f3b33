"""Winding of other shells round a point: against solid angles, on boxes that touch the degenerate cases on purpose."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import bvh, shells

CUBE = [
    [0, 1, 3],
    [0, 3, 2],
    [4, 6, 7],
    [4, 7, 5],
    [0, 4, 5],
    [0, 5, 1],
    [2, 3, 7],
    [2, 7, 6],
    [0, 2, 6],
    [0, 6, 4],
    [1, 5, 7],
    [1, 7, 3],
]
Mesh = tuple[np.ndarray, np.ndarray, np.ndarray]


def box(low: tuple[int, ...], high: tuple[int, ...], inverted: bool = False) -> tuple[np.ndarray, np.ndarray]:
    points = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])], np.int32)
    faces = np.array(CUBE, np.int32)
    return points, faces[:, ::-1] if inverted else faces


def together(*pieces: tuple[np.ndarray, np.ndarray]) -> Mesh:
    starts = np.cumsum([0, *(len(p) for p, _ in pieces)])
    points = np.concatenate([p for p, _ in pieces])
    faces = np.concatenate([f + s for (_, f), s in zip(pieces, starts, strict=False)]).astype(np.int32)
    shell = np.repeat(np.arange(len(pieces), dtype=np.int32), [len(f) for _, f in pieces])
    return points, np.ascontiguousarray(faces), shell


def asked(mesh: Mesh, point: int, own: int) -> int:
    points, faces, shell = mesh
    k = len(faces)
    levels, order = bvh.levels_of(k), np.empty(k, np.int32)
    rows, codes, spare = np.arange(k, dtype=np.int32), np.empty(k, np.int64), np.empty(k, np.int64)
    bvh.sort_faces(points, faces, rows, order, codes, spare, np.empty(2048, np.int32), np.empty(6, np.int64))
    boxes = np.empty((6, levels[-1]), np.int32)
    bvh.fit(points, faces, order, levels, boxes)
    stack = np.empty(shells.STACK, np.int64)
    return int(shells.others_round(points, faces, shell, order, levels, boxes, point, own, stack))


def by_solid_angle(mesh: Mesh, point: int, own: int) -> float:
    """Van Oosterom and Strackee 1983: 4 pi times the winding number, of the point moved a little as the kernel moves it."""
    points, faces, shell = mesh
    moved = points[point] + np.array((1e-3, 1e-6, 0.0))
    told = 0.0
    for face in faces[shell != own]:
        a, b, c = points[face] - moved
        la, lb, lc = (math.sqrt(v @ v) for v in (a, b, c))
        volume = a @ np.cross(b, c)
        told += 2 * math.atan2(volume, la * lb * lc + (a @ b) * lc + (b @ c) * la + (c @ a) * lb)
    return told / (4 * math.pi)


BODY = box((0, 0, 0), (10, 10, 10))


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ((), 0),
        ((BODY,), 1),
        ((box((0, 0, 0), (10, 10, 10), inverted=True),), -1),
        ((BODY, box((1, 1, 1), (9, 9, 9), inverted=True)), 0),
        ((BODY, box((1, 1, 1), (9, 9, 9))), 2),
        ((box((0, 0, 20), (10, 10, 30)),), 0),  # above: in and out again
        ((box((0, 0, -30), (10, 10, -20)),), 0),
        ((box((3, 3, 0), (4, 7, 3)), BODY), 1),  # edges and corners stand below one another
        ((box((4, 4, 8), (6, 6, 9)),), 0),  # and above: in and out again
    ],
)
def test_winding_of_the_others(others: tuple[tuple[np.ndarray, np.ndarray], ...], told: int) -> None:
    mesh = together(box((4, 4, 4), (6, 6, 6)), *others)
    assert [asked(mesh, p, 0) for p in range(8)] == [told] * 8


@pytest.mark.parametrize(
    ("low", "high", "axis"), [((4, 4, 10), (6, 6, 12), 2), ((4, 10, 4), (6, 12, 6), 1), ((10, 4, 4), (12, 6, 6), 0)]
)
def test_a_point_on_a_face_says_nothing(low: tuple[int, ...], high: tuple[int, ...], axis: int) -> None:
    """Faces across the ray, and along it."""
    mesh = together(box(low, high), BODY)
    assert [asked(mesh, p, 0) == shells.ON_A_FACE for p in range(8)] == [mesh[0][p, axis] == 10 for p in range(8)]
    corner = together(box((10, 10, 10), (12, 12, 12)), BODY)
    assert [asked(corner, p, 0) for p in range(8)] == [shells.ON_A_FACE] + [0] * 7


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.integers(-6, 6)] * 6, st.booleans()), min_size=1, max_size=12))
def test_as_solid_angles_say(drawn: list[tuple[int, ...]]) -> None:
    """Small coordinates, so that corners and edges stand above the point again and again."""
    pieces = [
        box(tuple(min(d[k], d[k + 3]) for k in range(3)), tuple(max(d[k], d[k + 3]) + 1 for k in range(3)), bool(d[6]))
        for d in drawn
    ]
    mesh = together(box((0, 0, 0), (1, 1, 1)), *pieces)
    for point in range(8):
        ours, truth = asked(mesh, point, 0), by_solid_angle(mesh, point, 0)
        if ours != shells.ON_A_FACE:
            assert abs(truth - round(truth)) < 1e-6
            assert ours == round(truth)


def test_a_skew_shell_round_many_points() -> None:
    """A tetrahedron of no right angle, far from round numbers; inside and outside by exact orientation."""
    rng = np.random.default_rng(5)
    corners = rng.integers(-(1 << 27), 1 << 27, (4, 3))
    faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]], np.int32)

    def side(a: int, b: int, c: int, p: np.ndarray) -> int:
        rows = [[int(v) for v in corners[k] - corners[a]] for k in (b, c)] + [[int(v) for v in p - corners[a]]]
        (x, y, z), (u, v, w), (r, s, t) = rows
        return x * (v * t - w * s) - y * (u * t - w * r) + z * (u * s - v * r)

    if side(0, 2, 1, corners[3]) > 0:
        faces = faces[:, ::-1].copy()
    found = set()
    for _ in range(60):
        weights = rng.dirichlet(np.ones(4)) * 1.3 - 0.075
        p = np.round(weights @ corners).astype(np.int64)
        inside = all(side(*(int(i) for i in f), p) < 0 for f in faces)
        small = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]) + p
        mesh = together((small.astype(np.int32), faces), (corners.astype(np.int32), faces))
        assert asked(mesh, 0, 0) == int(inside)
        found.add(inside)
    assert found == {True, False}
