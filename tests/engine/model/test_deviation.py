"""The figures of signed distances, against numpy's, and what passes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.deviation import Deviation, DeviationLimits, deviation


@given(st.lists(st.floats(-20.0, 20.0), min_size=1, max_size=60), st.integers(0, 5))
def test_percentiles_are_numpy_s(values: list[float], holes: int) -> None:
    made = deviation(np.array([*values, *[math.nan] * holes]))
    told = np.percentile(values, (5, 50, 95, 0, 100))
    assert (made.p5, made.median, made.p95, made.least, made.most) == pytest.approx(told, abs=1e-12)


def test_any_shape_is_looked_at_but_for_what_is_not_known() -> None:
    grid = np.array([[math.nan, -1.0, 0.0], [2.0, 1.0, math.nan]])
    assert (deviation(grid).least, deviation(grid).median, deviation(grid).most) == (-1.0, 0.5, 2.0)


@pytest.mark.parametrize(
    ("figures", "within"),
    [
        ((-1.0, 0.3, 1.0), True),
        ((-1.0, -0.3, 1.0), True),
        ((-1.01, 0.0, 1.0), False),
        ((-1.0, 0.0, 1.01), False),
        ((-1.0, 0.31, 1.0), False),
        ((-1.0, -0.31, 1.0), False),
    ],
)
def test_each_limit_counts(figures: tuple[float, float, float], within: bool) -> None:
    assert Deviation(*figures, -9.0, 9.0).within is within, "single places may lie farther off"


def test_limits_of_its_own() -> None:
    made = deviation(np.linspace(-2.0, 2.0, 101), DeviationLimits(-1.9, 1.9, 0.1))
    assert made.within and not deviation(np.linspace(-2.0, 2.0, 101)).within
    assert (made.farthest, deviation(np.array((-3.0, 2.0))).farthest) == (2.0, -3.0)


@pytest.mark.parametrize(
    ("values", "told"),
    [([], "no deviation is known"), ([math.nan], "no deviation is known"), ([1.0, -math.inf], "is infinite")],
)
def test_nothing_to_judge(values: list[float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        deviation(np.array(values, dtype=np.float64))


@pytest.mark.parametrize(
    "wrong", [(0.0, 1.0, 0.3), (-1.0, 0.0, 0.3), (-1.0, 1.0, 0.0), (math.nan, 1.0, 0.3), (-1.0, math.inf, 0.3)]
)
def test_limits_that_are_none(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="limits lie on either side of 0"):
        DeviationLimits(*wrong)
