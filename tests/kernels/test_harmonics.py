"""Few harmonics for many radii: those of NumPy's transform, within what is asked where that can be, and their derivatives."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import harmonics


def fit(radii: np.ndarray, k: int, within: float = 1e9, rounds: int = 0) -> tuple[float, np.ndarray, np.ndarray]:
    cosines, sines = np.full(k + 1, np.nan), np.full(k + 1, np.nan)
    off = harmonics.fit(radii, within, rounds, cosines, sines, np.full((len(radii), 4), np.nan))
    return off, cosines, sines


def at(cosines: np.ndarray, sines: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    found = np.full((len(degrees), 5), np.nan)
    harmonics.evaluate(cosines, sines, degrees, found)
    return found


def noisy(seed: int, n: int, size: float) -> np.ndarray:
    t = 2.0 * np.pi * np.arange(n) / n
    return 22.0 + 2.0 * np.cos(2.0 * t) + np.sin(3.0 * t) + np.random.default_rng(seed).uniform(-size, size, n)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([36, 37, 64, 120]), st.integers(0, 17))
def test_least_squares_are_the_transform_s(seed: int, n: int, k: int) -> None:
    radii = noisy(seed, n, 2.0)
    off, cosines, sines = fit(radii, k)
    found = np.fft.rfft(radii)[: k + 1] / n * np.where(np.arange(k + 1) == 0, 1.0, 2.0)
    assert np.allclose(cosines, found.real, atol=1e-12) and np.allclose(sines, -found.imag, atol=1e-12)
    again = at(cosines, sines, 360.0 * np.arange(n) / n)[:, 0]
    assert np.abs(again - radii).max() == pytest.approx(off, abs=1e-11)


@pytest.mark.parametrize("seed", range(4))
def test_what_least_squares_leave_too_far_is_drawn_into_the_tube(seed: int) -> None:
    radii = noisy(seed, 180, 0.01)
    radii[40] += 0.01  # a speck
    plain = fit(radii, 32)[0]
    off, cosines, sines = fit(radii, 32, 0.9 * plain, 200)
    assert plain > 0.01 and off <= 0.9 * plain
    again = at(cosines, sines, 2.0 * np.arange(180))[:, 0]
    assert np.abs(again - radii).max() == pytest.approx(off, abs=1e-11)


def test_what_cannot_be_held_is_said() -> None:
    corners = np.where(np.arange(360) % 90 < 45, 20.0, 21.0)
    assert fit(corners, 8, 0.01, 30)[0] > 0.2


def test_rounds_that_are_used_up_leave_it_off() -> None:
    corners = np.where(np.arange(360) % 90 < 45, 20.0, 21.0)
    plain = fit(corners, 8)[0]
    off = fit(corners, 8, 0.75 * plain, 3)[0]
    assert 0.75 * plain < off < plain


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 60), st.floats(-720.0, 720.0))
def test_derivatives(seed: int, k: int, degrees: float) -> None:
    random = np.random.default_rng(seed)
    cosines, sines = random.normal(size=(2, k + 1))
    orders, t = np.arange(k + 1), np.radians(degrees)
    wave = (cosines - 1j * sines) * np.exp(1j * orders * t)
    wave[0] = cosines[0]
    wanted = [(wave * (1j * orders) ** d).sum().real for d in range(3)]
    found = at(cosines, sines, np.array([degrees]))[0]
    assert np.allclose(found[:3], wanted, rtol=1e-10, atol=1e-10 * (1 + k) ** 3)
    assert np.allclose(found[3:], (np.cos(t), np.sin(t)), atol=1e-12)


def test_extremes_between_the_places_that_are_looked_at() -> None:
    """Of an outline about (0.3, -0.2): as dense sampling has them, and a coarser start finds the same."""
    cosines, sines = np.array([25.0, 0.3, 2.0, 0.4]), np.array([0.0, -0.2, 0.7, -0.3])
    dense = np.empty((400_000, 5))
    harmonics.evaluate(cosines, sines, 360.0 * np.arange(len(dense)) / len(dense), dense)
    x, y = dense[:, 0] * dense[:, 3], dense[:, 0] * dense[:, 4]
    for n in (1440, 240):
        found = np.empty(6)
        harmonics.extent(cosines, sines, np.empty((n, 2)), found)
        u, v = 0.5 * (found[0] - found[1]), 0.5 * (found[2] - found[3])
        far = np.hypot(x - u, y - v).max()
        length = 2.0 * math.pi * np.hypot(dense[:, 0], dense[:, 1]).mean()
        assert found == pytest.approx([x.max(), -x.min(), y.max(), -y.min(), far, length], abs=1e-8)
        away = harmonics.farthest(cosines, sines, 4.0, 3.0, np.empty((n, 2)))
        assert away == pytest.approx(np.hypot(x - 4.0, y - 3.0).max(), abs=1e-8)
