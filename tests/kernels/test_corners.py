"""Corners made points: as a dictionary of lists does it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.corners import join

CORNERS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 12), st.integers(0, 12)), max_size=60)


@settings(max_examples=100, deadline=None)
@given(CORNERS, st.integers(0, 5))
def test_as_a_dictionary(given_: list[tuple[int, int, int]], apart: int) -> None:
    told = np.array(given_, np.int32).reshape(-1, 3)
    n = len(told)
    points, rows, corners = np.empty((n, 2), np.int32), np.empty(n, np.int32), np.empty(n, np.int32)
    row_of, places = np.ascontiguousarray(told[:, 0]), np.ascontiguousarray(told[:, 1:])
    many = join(row_of, places, apart, points, rows, corners, np.empty(5, np.int32), np.empty(n, np.int32))
    made: list[tuple[int, int, int]] = []
    for corner, (row, x, y) in zip(corners.tolist(), given_, strict=True):
        near = [k for k, (r, u, v) in enumerate(made) if r == row and abs(u - x) <= apart and abs(v - y) <= apart]
        if not near:
            near = [len(made)]
            made.append((row, x, y))
        assert corner == near[0]
    assert many == len(made)
    assert [(r, *p) for r, p in zip(rows[:many].tolist(), points[:many].tolist(), strict=True)] == made
