"""Cells within loops: as each place against each edge tells it."""

from __future__ import annotations

import math
import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.cells import grid, well_within


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


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 7), st.integers(1, 7), st.randoms(use_true_random=False))
def test_the_cells_triangles(columns: int, lines: int, chance: random.Random) -> None:
    """Counter-clockwise, two of each cell that is left, on the grid's own lines; and no two cells touch in a corner alone."""
    asked = np.array([[chance.random() < 0.6 for _ in range(lines)] for _ in range(columns)])
    whole, first = asked.copy(), 3
    xs, ys = np.arange(columns + 1, dtype=np.int32) * 7, np.arange(lines + 1, dtype=np.int32) * 5
    number, told = np.empty((columns + 1, lines + 1), np.int32), np.empty(2, np.int64)
    points, triangles = np.full((first + number.size, 2), -1, np.int32), np.empty((2 * whole.size, 3), np.int32)
    grid(whole, xs, ys, first, number, points, triangles, told)
    nodes, many = told.tolist()
    made = triangles[:many]
    assert many == 2 * whole.sum() and not (whole & ~asked).any()
    a, b, c, d = whole[:-1, :-1], whole[1:, :-1], whole[:-1, 1:], whole[1:, 1:]
    assert not ((a & d & ~b & ~c) | (b & c & ~a & ~d)).any()
    assert sorted(set(made.ravel().tolist())) == list(range(first, first + nodes))
    p, q, r = (points[made[:, k]].astype(int) for k in range(3))
    assert ((q - p)[:, 0] * (r - p)[:, 1] - (q - p)[:, 1] * (r - p)[:, 0] == 35).all()
    middles = (np.minimum(np.minimum(p, q), r) // (7, 5)).tolist()
    assert sorted(middles) == sorted([[i, j] for i, j in np.argwhere(whole).tolist()] * 2)
