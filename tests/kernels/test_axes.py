"""The axes of surfaces, against numpy's eigenvectors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import axes


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_spread_is_the_covariance_by_area(seed: int) -> None:
    chance = np.random.default_rng(seed)
    points, faces = chance.normal(size=(20, 3)) * 10 + 100, chance.integers(20, size=(30, 3)).astype(np.int32)
    middle, spread = np.empty(3), np.empty((3, 3))
    whole = axes.spread_of(points, faces, middle, spread)
    a, b, c = (points[faces[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    middles = (a + b + c) / 3
    assert whole == pytest.approx(area.sum())
    assert middle == pytest.approx(np.average(middles, axis=0, weights=area))
    assert spread == pytest.approx(np.cov(middles.T, aweights=area, ddof=0), abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(1.0, 1.0, 1.0), (1.0, 1e-3, 1e-6), (1.0, 1.0, 0.0), (0.0, 0.0, 0.0)]))
def test_axes_make_it_diagonal(seed: int, wide: tuple[float, float, float]) -> None:
    root = np.random.default_rng(seed).normal(size=(3, 3)) * wide
    square = root @ root.T
    before, frame = square.copy(), np.empty((3, 3))
    axes.axes_of(square, frame)
    told = np.diag(square)
    assert frame @ frame.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(frame) == pytest.approx(1.0)
    assert (np.diff(told) <= 0.0).all()
    assert frame.T @ np.diag(told) @ frame == pytest.approx(before, abs=1e-12 * max(1.0, np.abs(before).max()))


def test_no_area_has_no_middle() -> None:
    middle, spread = np.ones(3), np.ones((3, 3))
    assert axes.spread_of(np.ones((3, 3)), np.array([[0, 1, 2]], np.int32), middle, spread) == 0.0
    assert not middle.any() and not spread.any()
