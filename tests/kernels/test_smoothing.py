"""Gaussian smoothing against SciPy, its weights against the definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from kernels.smoothing import blur, weigh


def taps_of(sigma: float) -> np.ndarray:
    taps = np.empty(1 + int(4.0 * sigma + 0.5))
    weigh(sigma, taps)
    return taps


def blurred(values: np.ndarray, taps: np.ndarray) -> np.ndarray:
    smooth = np.full(values.shape, np.nan)
    blur(values, taps, np.empty(values.shape[1] + 2 * len(taps)), np.empty(values.shape), smooth)
    return smooth


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 20), m=st.integers(1, 20), sigma=st.floats(0.05, 5.0), seed=st.integers(0, 2**32 - 1))
def test_it_is_scipys(n: int, m: int, sigma: float, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(n, m))
    assert blurred(values, taps_of(sigma)) == pytest.approx(gaussian_filter(values, sigma, mode="constant"), abs=1e-13)


def test_weights() -> None:
    taps = taps_of(2.0)
    assert taps[0] + 2.0 * taps[1:].sum() == pytest.approx(1.0, abs=1e-15) and len(taps) == 9
    assert taps[3] / taps[0] == pytest.approx(math.exp(-9.0 / 8.0), rel=1e-14)


def test_one_value_spreads_evenly() -> None:
    values = np.zeros((31, 31))
    values[15, 15] = 1.0
    told = blurred(values, taps_of(2.0))
    assert told.sum() == pytest.approx(1.0, abs=1e-12)
    for other in (told[::-1], told[:, ::-1], told.T):
        assert np.array_equal(told, other) or told == pytest.approx(other, abs=1e-17)
    assert told[15, 15] == told.max() and told[15, 23] > 0.0 == told[15, 24]
