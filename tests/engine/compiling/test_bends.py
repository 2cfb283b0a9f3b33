"""Bends from sampled points: kinks and jumps found between the right samples, smooth curves left alone, noise borne."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compiling.bends import bends

NOISE = np.random.default_rng(7)


def sampled(f: object, t: np.ndarray, noise: float = 1e-7) -> np.ndarray:
    """(k, 4, 3): one coordinate of the third point follows f, all else is smooth; noise on all."""
    points = np.stack([np.full((4, 3), 3.0) + x * np.arange(12).reshape(4, 3) / 10.0 + 0.05 * x**2 for x in t])
    points[:, 2, 1] += f(t)  # type: ignore[operator]
    return points + NOISE.uniform(-noise, noise, points.shape)


KINKED = [
    (lambda t: np.abs(t - 1.234), 1.234),
    (lambda t: np.maximum(t, 1.4), 1.4),
    (lambda t: 0.01 * np.maximum(t, 1.4), 1.4),
    (lambda t: np.where(t < 1.77, 0.0, 0.01), 1.77),
    (lambda t: np.sin(t) + np.maximum(t * t, 2.0), np.sqrt(2.0)),
    (lambda t: np.maximum(t, 1.04), 1.04),
    (lambda t: np.maximum(t, 2.97), 2.97),
]


@pytest.mark.parametrize("count", [17, 33, 65])
@pytest.mark.parametrize(("f", "at"), KINKED)
def test_a_kink_is_found_between_its_samples(f: object, at: float, count: int) -> None:
    t = np.linspace(1.0, 3.0, count)
    (bend,) = bends(t, sampled(f, t))
    assert bend.low <= at <= bend.high and bend.high - bend.low <= 2.01 * (t[1] - t[0])
    assert (bend.count, bend.point) == (1, 2) and bend.sharpness > 1e-5


SMOOTH = [
    lambda t: 0.0 * t,
    lambda t: 5.0 * t**3 - t,
    lambda t: np.sin(3.0 * t),
    lambda t: 30.0 * np.cos(t),
    lambda t: np.sqrt(t - 0.9),
    lambda t: 1.0 / (t - 0.5),
    lambda t: np.hypot(t - 2.0, 0.4),
    lambda t: np.exp(t),
    lambda t: np.where(t < 2.0, 0.0, (t - 2.0) ** 2),  # curvature jumps, as from a line to an arc
]


@pytest.mark.parametrize("count", [17, 33, 65])
@pytest.mark.parametrize("f", SMOOTH)
def test_a_smooth_curve_has_none(f: object, count: int) -> None:
    t = np.linspace(1.0, 3.0, count)
    for noise in (0.0, 1e-7):
        assert bends(t, sampled(f, t, noise)) == ()


def test_samples_need_not_stand_evenly() -> None:
    t = 1.0 + 2.0 * np.sort(NOISE.uniform(0.0, 1.0, 40) * 0.3 + np.arange(40)) / 40.0
    (bend,) = bends(t, sampled(lambda t: np.maximum(t, 1.9), t))
    assert bend.low <= 1.9 <= bend.high
    assert bends(t, sampled(np.sin, t)) == ()


def test_two_kinks_apart_are_two() -> None:
    t = np.linspace(1.0, 3.0, 33)
    one, two = bends(t, sampled(lambda t: np.maximum(t, 1.51) + np.minimum(t, 2.42), t))
    assert one.low <= 1.51 <= one.high < two.low <= 2.42 <= two.high


@settings(max_examples=40, deadline=None)
@given(st.floats(1.12, 2.88), st.floats(0.01, 3.0), st.integers(20, 50))
def test_about_is_where_two_lines_meet(at: float, steep: float, count: int) -> None:
    t = np.linspace(1.0, 3.0, count)
    points = np.zeros((count, 1, 3))
    points[:, 0, 0] = steep * np.abs(t - at)
    (bend,) = bends(t, points)
    assert bend.about == pytest.approx(at, abs=1e-6) and bend.low <= at <= bend.high


def test_what_it_does_not_take() -> None:
    t, points = np.linspace(0.0, 1.0, 8), np.zeros((8, 2, 3))
    assert bends(t, points) == ()
    for wrong in ((t[:5], points[:5]), (t[::-1], points), (t, points[:7]), (t, points[:, :, :2]), (t * 0.0, points)):
        with pytest.raises(ValueError, match=r"needs t|must increase"):
            bends(*wrong)
