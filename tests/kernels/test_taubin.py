"""Smoothing against sparse matrices; borders against counted edges; a ball keeps its size, and gives way evenly."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import taubin

BAND = 0.1


def ball(radius: float = 50.0) -> tuple[np.ndarray, np.ndarray]:
    made = trimesh.creation.icosphere(4, radius)
    return np.ascontiguousarray(made.vertices), np.ascontiguousarray(made.faces, np.int32)


def sheet(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.meshgrid(np.arange(rows) * 2.0, np.arange(columns) * 2.0, indexing="ij")
    at = np.arange((rows - 1) * columns).reshape(rows - 1, columns)[:, :-1].ravel()
    faces = np.concatenate(
        [np.column_stack([at, at + columns, at + 1]), np.column_stack([at + 1, at + columns, at + columns + 1])]
    )
    return np.column_stack([x.ravel(), y.ravel(), np.zeros(rows * columns)]), faces.astype(np.int32)


def borders(faces: np.ndarray, points: int) -> tuple[int, np.ndarray]:
    ends = np.empty((points, 2), np.int32)
    return taubin.borders(faces, np.empty((points, 3), np.int64), ends), ends


def smoothed(points: np.ndarray, faces: np.ndarray, steps: int) -> np.ndarray:
    made = points.copy()
    taubin.smooth(faces, borders(faces, len(points))[1], steps, BAND, np.empty((len(points), 4)), made)
    return made


def open_neighbours(faces: np.ndarray) -> dict[int, set[int]]:
    """Of every point on an edge of a single face, the other ends of such edges."""
    edges = Counter(tuple(sorted((int(f[k]), int(f[(k + 1) % 3])))) for f in faces for k in range(3))
    found: dict[int, set[int]] = {}
    for (a, b), count in edges.items():
        if count == 1:
            found.setdefault(a, set()).add(b)
            found.setdefault(b, set()).add(a)
    return found


def test_a_closed_surface_has_no_border() -> None:
    points, faces = ball()
    count, ends = borders(faces, len(points))
    assert count == 0 and (ends == taubin.INSIDE).all()


@settings(deadline=None)
@given(st.sets(st.integers(0, 5119), min_size=1, max_size=400))
def test_borders_of_holes(gone: set[int]) -> None:
    """Where one gap meets a point its two neighbours are told; where two do, it is held; nowhere is a border missed."""
    points, faces = ball()
    faces = np.delete(faces, sorted(gone), axis=0)
    count, ends = borders(faces, len(points))
    expected = open_neighbours(faces)
    assert {int(v) for v in np.flatnonzero(ends[:, 0] != taubin.INSIDE)} == set(expected)
    assert count == len(expected)
    for v, near in expected.items():
        if len(near) == 2:
            assert set(ends[v].tolist()) == near
        else:
            assert ends[v].tolist() == [taubin.HELD, taubin.HELD]


@pytest.mark.parametrize("body", [ball(), sheet(7, 9)], ids=["closed", "open"])
def test_one_step_is_the_mean_of_the_neighbours(body: tuple[np.ndarray, np.ndarray]) -> None:
    points, faces = body
    points = points + np.random.default_rng(2).normal(size=points.shape)
    edge = open_neighbours(faces)
    near: dict[int, set[int]] = {}
    for f in faces.tolist():
        for k in range(3):
            near.setdefault(f[k], set()).update((f[(k + 1) % 3], f[(k + 2) % 3]))
    expected = points
    for factor in (taubin.LAMBDA, taubin.LAMBDA / (BAND * taubin.LAMBDA - 1.0)):
        means = np.array([expected[sorted(edge.get(v, near[v]))].mean(axis=0) for v in range(len(points))])
        expected = expected + factor * (means - expected)
    assert np.abs(smoothed(points, faces, 1) - expected).max() < 1e-12


def test_noise_goes_and_size_stays() -> None:
    points, faces = ball()
    noisy = points + np.random.default_rng(1).normal(size=points.shape) * 0.5
    made = smoothed(noisy, faces, 10)
    radius = np.linalg.norm(made, axis=1)
    assert radius.std() < 0.2 < 0.45 < np.linalg.norm(noisy, axis=1).std()
    assert radius.mean() == pytest.approx(50.0, abs=0.1)


def test_a_sheet_keeps_its_corners_nearly() -> None:
    points, faces = sheet(30, 20)
    assert np.abs(np.ptp(smoothed(points, faces, 10), axis=0) - np.ptp(points, axis=0)).max() < 1.0


def test_a_held_point_stays() -> None:
    points, faces = sheet(5, 5)
    two = np.concatenate([faces, faces + 24])  # two sheets that share a corner
    both = np.concatenate([points, points[1:] + points[24]])
    both += np.random.default_rng(3).normal(size=both.shape) * 0.1
    assert borders(two, len(both))[1][24].tolist() == [taubin.HELD, taubin.HELD]
    made = smoothed(both, two, 3)
    assert (made[24] == both[24]).all() and not (made[12] == both[12]).all()


@pytest.mark.parametrize("rings", [0, 2])
def test_inwards(rings: int) -> None:
    points, faces = ball()
    made = points.copy()
    taubin.inwards(faces, 1.5, rings, np.empty((2, len(points), 3)), made)
    assert np.abs(np.linalg.norm(made, axis=1) - 48.5).max() < 0.01
