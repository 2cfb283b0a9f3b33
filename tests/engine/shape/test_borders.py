"""Filled shapes on the lattice: chords near enough to their arcs, every loop the right way round, what is no shape refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.rounded import Rounded
from engine.shape.borders import filled
from kernels.loops import twice_areas
from kernels.triangulate import triangles_of


def area_mm2(points: np.ndarray, ends: np.ndarray) -> float:
    told = np.empty(len(ends), np.int64)
    twice_areas(points, ends, told)
    return sum(told.tolist()) / 2e8


@settings(max_examples=100, deadline=None)
@given(
    st.tuples(*[st.floats(-50, 50)] * 2),
    st.tuples(*[st.floats(0.1, 150)] * 2),
    st.floats(0, 1),
    st.floats(0, 6.28),
)
def test_the_border_lies_within_a_hundredth_of_the_shape(
    at: tuple[float, float], size: tuple[float, float], share: float, turn: float
) -> None:
    shape = Rounded(*at, *size, share * min(size) / 2, (math.cos(turn), math.sin(turn)))
    made = filled(shape)
    assert len(made.ends) == 1 and triangles_of(made.points, made.ends)[0] > 0, "a sound loop, counter-clockwise"
    ends = made.points / 1e4
    for (ax, ay), (bx, by) in zip(ends, np.roll(ends, -1, axis=0), strict=True):
        for t in (0.0, 0.25, 0.5, 0.75):
            assert abs(shape.distance(ax + t * (bx - ax), ay + t * (by - ay))) <= 0.01
    whole = shape.w * shape.h - (4.0 - math.pi) * shape.corner**2
    assert area_mm2(made.points, made.ends) == pytest.approx(whole, abs=0.01 * 2 * (shape.w + shape.h))


def test_a_ring_is_a_disc_less_a_disc() -> None:
    made = filled(Rounded(3.0, -2.0, 56.2, 56.2, 28.1), [Rounded(3.0, -2.0, 45.8, 45.8, 22.9)])
    assert len(made.ends) == 2 and triangles_of(made.points, made.ends)[0] > 0
    assert made.bounds == (-25.1, -30.1, 31.1, 26.1)
    exact = math.pi * (28.1**2 - 22.9**2)
    assert exact - 0.01 * math.pi * 56.2 < area_mm2(made.points, made.ends) < exact + 0.01 * math.pi * 45.8
    assert len(made.points) < 260, "no more chords than it takes"


def test_what_has_no_round_corner_has_four_points() -> None:
    assert filled(Rounded(0.0, 0.0, 4.0, 3.0)).points.tolist() == [
        [20000, 15000],
        [-20000, 15000],
        [-20000, -15000],
        [20000, -15000],
    ]


@pytest.mark.parametrize(
    "shape",
    [Rounded(0, 0, 0.0, 4.0), Rounded(0, 0, 4.0, -1.0), Rounded(0, 0, 4.0, 4.0, 2.1), Rounded(0, 0, 4.0, 4.0, -0.5)],
)
def test_what_is_no_shape(shape: Rounded) -> None:
    with pytest.raises(ValueError, match="no border"):
        filled(shape)
    with pytest.raises(ValueError, match="no border"):
        filled(Rounded(0, 0, 20.0, 20.0), [shape])
