"""The slope-limited envelope: every pair of nodes asked; under the heights, no steeper, the highest such, and in order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.envelope import envelope


def under(z: np.ndarray, rise: float) -> np.ndarray:
    low = np.full(z.shape, np.nan)
    envelope(z, rise, np.empty(len(z)), np.empty(3 * z.shape[1]), low)
    return low


def by_pairs(z: np.ndarray, rise: float) -> np.ndarray:
    i, j = np.indices(z.shape)
    apart = np.sqrt((i[:, :, None, None] - i) ** 2.0 + (j[:, :, None, None] - j) ** 2.0)
    told = (z[None, None] + rise * apart).min(axis=(2, 3))
    return np.where(np.isinf(z), np.inf, told)


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 12), m=st.integers(1, 12), rise=st.floats(0.01, 3.0), seed=st.integers(0, 2**32 - 1), gone=st.floats(0, 1)
)
def test_it_is_the_least_over_all_pairs(n: int, m: int, rise: float, seed: int, gone: float) -> None:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, m)) * 3.0
    z[rng.random((n, m)) < gone] = np.inf
    told = under(z, rise)
    assert np.array_equal(np.isinf(told), np.isinf(z))
    assert told == pytest.approx(by_pairs(z, rise), abs=1e-12)
    assert np.all(told <= z)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rise=st.floats(0.05, 2.0))
def test_order_is_kept(seed: int, rise: float) -> None:
    rng = np.random.default_rng(seed)
    lower = rng.normal(size=(9, 8))
    higher = lower + np.maximum(rng.normal(size=lower.shape), 0.0)
    assert np.all(under(lower, rise) <= under(higher, rise))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_what_is_not_too_steep_stays(seed: int) -> None:
    once = under(np.random.default_rng(seed).normal(size=(9, 8)), 0.4)
    assert under(once, 0.4) == pytest.approx(once, abs=1e-12)


def test_a_pit_is_a_cone() -> None:
    z = np.full((21, 21), 100.0)
    z[10, 10] = 0.0
    i, j = np.indices(z.shape)
    assert under(z, 0.5) == pytest.approx(0.5 * np.sqrt((i - 10.0) ** 2 + (j - 10.0) ** 2), abs=1e-12)
