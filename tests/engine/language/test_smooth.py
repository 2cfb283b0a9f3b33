"""The smooth helpers: the very same as max, min and abs outside `within`; inside, twice differentiable, and off by no more than told."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.authoring import smooth_abs, smooth_max, smooth_min

values = st.floats(-1e3, 1e3)
widths = st.floats(1e-3, 100.0)


@given(values, values, widths)
def test_the_same_outside_and_near_inside(a: float, b: float, within: float) -> None:
    high, low, size = smooth_max(a, b, within), smooth_min(a, b, within), smooth_abs(a, within)
    ulps = 1e-12
    if abs(a - b) >= within:
        assert (high, low) == (max(a, b), min(a, b))
    else:
        assert -ulps <= high - max(a, b) <= 3.0 / 16.0 * within + ulps
        assert -ulps <= min(a, b) - low <= 3.0 / 16.0 * within + ulps
    if abs(a) >= within:
        assert size == abs(a)
    else:
        assert -ulps <= size - abs(a) <= 0.375 * within + ulps
    assert high == smooth_max(b, a, within) and low == smooth_min(b, a, within) and size == smooth_abs(-a, within)
    assert high + low == pytest.approx(a + b, abs=1e-9)


@given(st.floats(-10, 10), st.floats(-10, 10), st.floats(0.0, 1.0), st.floats(0.01, 5.0))
def test_neither_falls_where_an_argument_rises(a: float, b: float, more: float, within: float) -> None:
    assert smooth_max(a + more, b, within) >= smooth_max(a, b, within) - 1e-14
    assert smooth_min(a + more, b, within) >= smooth_min(a, b, within) - 1e-14


def test_at_the_tie_it_is_off_by_what_the_docstring_says() -> None:
    assert smooth_max(2.0, 2.0, 0.5) == 2.0 + 0.5 * 3 / 16
    assert smooth_min(2.0, 2.0, 0.5) == 2.0 - 0.5 * 3 / 16
    assert smooth_abs(0.0, 0.5) == 0.375 * 0.5


@pytest.mark.parametrize("seam", [-1, 1])
def test_value_slope_and_curvature_meet_at_the_seams(seam: int) -> None:
    """Of the formula, in exact fractions; the code is held to it below. Both sides differ by the step, times a third derivative that jumps."""
    within, step = Fraction(1, 2), Fraction(1, 10**6)
    at = seam * within

    def derivatives(side: int) -> tuple[Fraction, Fraction, Fraction]:
        f0, f1, f2 = (_exact_abs(at + side * i * step, within) for i in range(3))
        return f0, side * (f1 - f0) / step, (f2 - 2 * f1 + f0) / step**2

    inner, outer = derivatives(-seam), derivatives(seam)
    assert inner[0] == outer[0] == within
    assert abs(inner[1] - outer[1]) < Fraction(1, 10**4) and abs(inner[2] - outer[2]) < Fraction(1, 10**4)


def _exact_abs(x: Fraction, within: Fraction) -> Fraction:
    """The docstring's formula."""
    if abs(x) >= within:
        return abs(x)
    x = x / within
    return within * (Fraction(3, 8) + Fraction(3, 4) * x**2 - Fraction(1, 8) * x**4)


@given(st.floats(-0.999, 0.999), st.floats(0.01, 10.0))
def test_the_code_is_the_formula(share: float, within: float) -> None:
    a = share * within
    exact = float(_exact_abs(Fraction(a), Fraction(within)))
    assert smooth_abs(a, within) == pytest.approx(exact, rel=1e-14)
    assert smooth_max(a, 0.0, within) == pytest.approx((a + exact) / 2, rel=1e-13, abs=1e-15 * within)


@pytest.mark.parametrize("within", [0.0, -1.0, float("inf"), float("nan")])
def test_a_width_that_is_none(within: float) -> None:
    for work in (lambda: smooth_max(1.0, 2.0, within), lambda: smooth_min(1.0, 2.0, within), lambda: smooth_abs(1.0, within)):
        with pytest.raises(ValueError, match="within must be"):
            work()
