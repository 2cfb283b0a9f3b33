"""Closed splines: SciPy's periodic ones, whatever the parameters; and a seam that is like any other place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from kernels.closed import closed


def through(points: np.ndarray, at: np.ndarray, per: int) -> tuple[np.ndarray, np.ndarray]:
    n, columns = points.shape
    out, slopes = np.full((n * per, columns), np.nan), np.full((n, columns), np.nan)
    closed(points, at, np.arange(per) / per, out, slopes, np.empty((3, n)))
    return out, slopes


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 40), st.integers(1, 5), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_it_is_scipys_periodic_spline(n: int, columns: int, per: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, columns)) * 20.0
    at = np.concatenate(([0.0], np.cumsum(rng.uniform(0.3, 3.0, n))))
    known = CubicSpline(at, np.vstack((points, points[:1])), bc_type="periodic")
    out, slopes = through(points, at, per)
    t = (at[:-1, None] + np.diff(at)[:, None] * np.arange(per) / per).ravel()
    assert out == pytest.approx(known(t), abs=1e-7) and slopes == pytest.approx(known(at[:-1], 1), abs=1e-7)


def test_where_it_begins_does_not_show() -> None:
    rng = np.random.default_rng(3)
    points, steps = rng.normal(size=(12, 2)), rng.uniform(0.5, 2.0, 12)
    turned = through(np.roll(points, -5, axis=0), np.concatenate(([0.0], np.cumsum(np.roll(steps, -5)))), 4)[0]
    out = through(points, np.concatenate(([0.0], np.cumsum(steps))), 4)[0]
    assert np.roll(turned, 20, axis=0) == pytest.approx(out, abs=1e-12)
