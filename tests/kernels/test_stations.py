"""Stations and cuts against the formulas of the bodies, and against trimesh and SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull, QhullError

from kernels import stations


def ball(radius: float = 50.0, finer: int = 5) -> tuple[np.ndarray, np.ndarray]:
    made = trimesh.creation.icosphere(finer, radius)
    return np.ascontiguousarray(made.vertices), np.ascontiguousarray(made.faces, np.int32)


def extents(points: np.ndarray, faces: np.ndarray, top: float, first: float, step: float, many: int) -> np.ndarray:
    told = np.empty((many, 4))
    stations.extents(points, faces, top, first, step, told)
    return told


def test_a_ball() -> None:
    points, faces = ball()
    told = extents(points, faces, math.inf, -60.0, 5.0, 25)
    for i, x in enumerate(np.arange(-60.0, 61.0, 5.0)):
        if abs(x) > 50.0:
            assert told[i].tolist() == [math.inf, -math.inf, math.inf, -math.inf]
        else:
            half = math.sqrt(2500.0 - x * x)
            tip = 0.6 if abs(x) > 49.0 else 0.1
            assert told[i] == pytest.approx([-half, half, -half, half], abs=tip)


def test_only_what_is_low() -> None:
    points, faces = ball()
    told = extents(points, faces, -30.0, 0.0, 1.0, 1)[0]
    assert told[stations.HIGH] <= -30.0
    assert told[stations.MOST] == pytest.approx(40.0, abs=1.5) and told[stations.LOW] == pytest.approx(-50.0, abs=0.1)


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_extents_are_those_of_the_section(seed: int) -> None:
    """Every station against the plane's cut through each triangle, by NumPy."""
    random = np.random.default_rng(seed)
    points = np.round(random.uniform(-5.0, 5.0, (12, 3)), int(random.integers(0, 4)))
    faces = random.integers(0, 12, (9, 3)).astype(np.int32)
    told = extents(points, faces, math.inf, -4.0, 1.0, 9)
    for i, x in enumerate(np.arange(-4.0, 5.0)):
        cut = []
        for a, b in ((p, q) for f in points[faces] for p, q in zip(f, np.roll(f, -1, axis=0), strict=True)):
            if min(a[0], b[0]) <= x <= max(a[0], b[0]):
                cut += [a, b] if a[0] == b[0] else [a + (x - a[0]) / (b[0] - a[0]) * (b - a)]
        if not cut:
            assert told[i, 0] == math.inf
            continue
        low, high = np.min(cut, axis=0), np.max(cut, axis=0)
        assert told[i] == pytest.approx([low[1], high[1], low[2], high[2]], abs=1e-7)


def test_spans() -> None:
    points = np.random.default_rng(7).normal(size=(300, 3)) * 20.0
    ways = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, -1.0]])
    told = np.empty((3, 2))
    stations.spans(points, 5.0, ways, told)
    along = points[points[:, 2] <= 5.0][:, :2] @ ways.T
    assert told == pytest.approx(np.column_stack([along.min(axis=0), along.max(axis=0)]), abs=1e-12)


def test_a_section_as_trimesh_has_it() -> None:
    points, faces = ball(50.0, 3)
    plane = np.array([3.0, -2.0, 0.6, 0.8])
    cut = np.empty((4000, 2))
    count = stations.section(points, faces, plane, cut)
    lines = trimesh.intersections.mesh_plane(trimesh.Trimesh(points, faces), [-0.8, 0.6, 0.0], [3.0, -2.0, 0.0])
    expected = np.unique(np.round([((p[0] - 3.0) * 0.6 + (p[1] + 2.0) * 0.8, p[2]) for p in lines.reshape(-1, 3)], 6), axis=0)
    assert np.unique(np.round(cut[:count], 6), axis=0) == pytest.approx(expected, abs=1e-5)
    few = np.full((5, 2), 7.0)
    assert stations.section(points, faces, plane, few) == count and few.tolist() == cut[:5].tolist()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=1, max_size=40))
def test_a_tape_round_points(points: list[tuple[int, int]]) -> None:
    rows = np.array(sorted(points), np.float64)
    told = stations.tape(rows)
    try:
        assert told == pytest.approx(ConvexHull(rows).area)
    except QhullError:  # all on one line: there and back
        assert told == pytest.approx(2.0 * math.dist(rows[0], rows[-1]))
