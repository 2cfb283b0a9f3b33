"""Rolling: as sines and cosines have it, lengths kept, and back again."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.roll import roll, unroll

PLACE = st.tuples(st.floats(-90.0, 90.0), st.floats(-40.0, 40.0), st.floats(-12.0, 12.0))


@given(st.lists(PLACE, min_size=1, max_size=20), st.floats(60.0, 5000.0))
def test_rolled_and_unrolled(places: list[tuple[float, float, float]], radius: float) -> None:
    flat = np.array(places)
    rolled, back = np.empty_like(flat), np.empty_like(flat)
    roll(flat, radius, rolled)
    turn = flat[:, 0] / radius
    x, z = (radius + flat[:, 2]) * np.sin(turn), (radius + flat[:, 2]) * np.cos(turn) - radius
    assert rolled == pytest.approx(np.c_[x, flat[:, 1], z], abs=1e-9)
    unroll(rolled, radius, back)
    assert back == pytest.approx(flat, abs=1e-9)


def test_lengths_along_the_middle_are_kept() -> None:
    flat = np.zeros((2001, 3))
    flat[:, 0] = np.linspace(-70.0, 70.0, 2001)
    rolled = np.empty_like(flat)
    roll(flat, 390.0, rolled)
    assert np.sqrt((np.diff(rolled, axis=0) ** 2).sum(axis=1)).sum() == pytest.approx(140.0, abs=1e-5)
    assert math.hypot(rolled[0, 0], rolled[0, 2] + 390.0) == pytest.approx(390.0)
