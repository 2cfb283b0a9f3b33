"""Diagonals exchanged: the same region, no circle with a point in it, twins kept true."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.flips import flip_all
from kernels.triangulate import triangles_of


def twins(triangles: np.ndarray) -> np.ndarray:
    sides = [(t[e], t[(e + 1) % 3]) for t in triangles.tolist() for e in range(3)]
    where = {side: h for h, side in enumerate(sides)}
    return np.array([where.get((b, a), -1) for a, b in sides], np.int32)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(500, 9000), min_size=5, max_size=40))
def test_a_star_becomes_delaunay(radii: list[int]) -> None:
    angle = 2 * np.pi * np.arange(len(radii)) / len(radii)
    points = np.rint(np.array(radii)[:, None] * np.stack((np.cos(angle), np.sin(angle)), axis=1)).astype(np.int32)
    status, triangles = triangles_of(points, np.array([len(points)], np.int32))
    assert status == len(points) - 2
    triangles = triangles.copy()
    twin, before = twins(triangles), area(points, triangles).sum()
    flips = flip_all(points, triangles, twin, np.zeros(len(twin), np.bool_))
    assert flips >= 0 and np.array_equal(twin, twins(triangles))
    assert (area(points, triangles) > 0).all() and area(points, triangles).sum() == before
    for h in np.flatnonzero(twin > np.arange(len(twin))).tolist():
        a, b, c = points[triangles[h // 3]].astype(object)
        far = points[triangles[twin[h] // 3, (twin[h] % 3 + 2) % 3]].astype(object)
        rows = [(p[0] - far[0], p[1] - far[1]) for p in (a, b, c)]
        (ax, ay), (bx, by), (cx, cy) = rows
        squares = [x * x + y * y for x, y in rows]
        circle = squares[0] * (bx * cy - by * cx) - squares[1] * (ax * cy - ay * cx) + squares[2] * (ax * by - ay * bx)
        size = max(squares) ** 2
        assert circle <= 1e-5 * size


def area(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    a, b, c = (points[triangles[:, k]].astype(np.int64) for k in range(3))
    return (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]


def test_what_is_delaunay_stays() -> None:
    points = np.array([[0, 0], [10, 0], [10, 10], [0, 9]], np.int32)
    triangles = np.array([[0, 1, 3], [1, 2, 3]], np.int32)
    assert flip_all(points, triangles, twins(triangles), np.zeros(3 * len(triangles), np.bool_)) == 0
    worse = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    assert flip_all(points, worse, twins(worse), np.zeros(3 * len(worse), np.bool_)) == 1
