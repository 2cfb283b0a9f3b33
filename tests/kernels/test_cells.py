"""Cells within loops: as each place against each edge tells it."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.cells import well_within


def ring(radius: float, corners: int, turn: float) -> np.ndarray:
    angles = turn + 2.0 * math.pi * np.arange(corners) / corners
    return np.rint(radius * np.c_[np.cos(angles), np.sin(angles)]).astype(np.int32)


def slowly(loops: list[np.ndarray], x: np.ndarray, y: np.ndarray, reach: float) -> np.ndarray:
    made = np.zeros((len(x), len(y)), bool)
    for i, px in enumerate(x.tolist()):
        for j, py in enumerate(y.tolist()):
            inside, near = False, math.inf
            for loop in loops:
                for (ax, ay), (bx, by) in zip(loop.tolist(), np.roll(loop, -1, axis=0).tolist(), strict=True):
                    if (ay > py) != (by > py) and px < ax + (py - ay) * ((bx - ax) / (by - ay)):
                        inside = not inside
                    dx, dy = bx - ax, by - ay
                    part = min(max(((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy), 0.0), 1.0)
                    near = min(near, math.hypot(px - ax - part * dx, py - ay - part * dy))
            made[i, j] = inside and near > reach
    return made


@settings(max_examples=40, deadline=None)
@given(
    st.integers(3, 30), st.integers(3, 12), st.floats(0.0, 6.0), st.floats(10.0, 900.0), st.integers(1, 14), st.integers(1, 11)
)
def test_well_within(outer: int, inner: int, turn: float, reach: float, columns: int, lines: int) -> None:
    loops = [ring(5000.0, outer, turn), ring(900.0, inner, -turn)[::-1]]
    x, y = np.linspace(-5100.0, 5000.0, columns), np.linspace(-4900.0, 5200.0, lines)
    whole = np.ones((columns, lines), bool)
    well_within(np.concatenate(loops), np.cumsum([outer, inner], dtype=np.int32), x, y, reach, whole)
    assert (whole == slowly(loops, x, y, reach)).all()
