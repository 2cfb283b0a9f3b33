"""Which cells of a grid lie well within closed loops (their middle inside, and no part of the loops near it), and their triangles.

A cell is inside by the crossings of a ray to the left (Shimrat, Algorithm 112, Comm. ACM 5, 1962). Every edge looks at the cells that it can
reach alone: O(edges + the cells near them).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import kernel


@kernel("void(int32[:,::1], int32[::1], float64[::1], float64[::1], float64, boolean[:,::1])", writes=("whole",))
def well_within(
    border: npt.NDArray[np.int32],
    ends: npt.NDArray[np.int32],
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    reach: float,
    whole: npt.NDArray[np.bool_],
) -> None:
    """whole (len(x), len(y)): is the place (x[i], y[j]) inside the loops, and farther than `reach` from all of their edges?

    border (b, 2), ends (k,): loops in steps, none of them crossing another; x, y: rising, evenly spaced, in steps.
    """
    columns, lines = x.shape[0], y.shape[0]
    across = x[1] - x[0] if columns > 1 else 1.0
    up = y[1] - y[0] if lines > 1 else 1.0
    for i in range(columns):
        for j in range(lines):
            whole[i, j] = False
    begin = 0
    for k in range(ends.shape[0]):
        end = ends[k]
        for e in range(begin, end):
            f = e + 1 if e + 1 < end else begin
            ax, ay, bx, by = float(border[e, 0]), float(border[e, 1]), float(border[f, 0]), float(border[f, 1])
            if ay == by:
                continue
            # every line that the edge crosses: what lies to the left of it changes sides
            j = max(0, math.floor((min(ay, by) - y[0]) / up) - 1)
            while j < lines and y[j] <= max(ay, by):
                if (ay > y[j]) != (by > y[j]):
                    at = ax + (y[j] - ay) * ((bx - ax) / (by - ay))
                    for i in range(columns):
                        if x[i] < at:
                            whole[i, j] = not whole[i, j]
                j += 1
        begin = end
    begin = 0
    square = reach * reach
    for k in range(ends.shape[0]):
        end = ends[k]
        for e in range(begin, end):
            f = e + 1 if e + 1 < end else begin
            ax, ay, bx, by = float(border[e, 0]), float(border[e, 1]), float(border[f, 0]), float(border[f, 1])
            dx, dy = bx - ax, by - ay
            i0 = max(0, math.floor((min(ax, bx) - reach - x[0]) / across) - 1)
            i1 = min(columns - 1, math.ceil((max(ax, bx) + reach - x[0]) / across) + 1)
            j0 = max(0, math.floor((min(ay, by) - reach - y[0]) / up) - 1)
            j1 = min(lines - 1, math.ceil((max(ay, by) + reach - y[0]) / up) + 1)
            for i in range(i0, i1 + 1):
                for j in range(j0, j1 + 1):
                    if whole[i, j]:
                        part = min(max(((x[i] - ax) * dx + (y[j] - ay) * dy) / (dx * dx + dy * dy), 0.0), 1.0)
                        gx, gy = x[i] - ax - part * dx, y[j] - ay - part * dy
                        if not gx * gx + gy * gy > square:
                            whole[i, j] = False
        begin = end


@kernel(
    "void(boolean[:,::1], int32[::1], int32[::1], int64, int32[:,::1], int32[:,::1], int32[:,::1], int64[::1])",
    writes=("whole", "number", "points", "triangles", "told"),
)
def grid(
    whole: npt.NDArray[np.bool_],
    xs: npt.NDArray[np.int32],
    ys: npt.NDArray[np.int32],
    first: int,
    number: npt.NDArray[np.int32],
    points: npt.NDArray[np.int32],
    triangles: npt.NDArray[np.int32],
    told: npt.NDArray[np.int64],
) -> None:
    """The corners of the whole cells, column by column, to points[first:], and two triangles of each to triangles: told (2,), how many there are.

    whole (c, l): changed, so that no two of them touch in a corner alone; xs (c + 1,), ys (l + 1,): the grid's lines. number (c + 1,
    l + 1): each corner's row in points, or -1. points (first + (c + 1) (l + 1), 2), triangles (2 c l, 3): the first ones of all cells, then
    the second ones. O(c l), as often as corners are parted.
    """
    columns, lines = whole.shape
    parted = True
    while parted:
        parted = False
        number[:] = 0
        for i in range(columns - 1):
            for j in range(lines - 1):
                a, b, c, d = whole[i, j], whole[i + 1, j], whole[i, j + 1], whole[i + 1, j + 1]
                if (a and d and not b and not c) or (b and c and not a and not d):
                    number[i, j] = 1
                    parted = True
        if parted:
            for i in range(columns - 1):
                for j in range(lines - 1):
                    if number[i, j]:
                        whole[i + 1, j] = False
                        whole[i + 1, j + 1] = False
    cells = 0
    number[:] = -1
    for i in range(columns):
        for j in range(lines):
            if whole[i, j]:
                number[i, j] = number[i + 1, j] = number[i, j + 1] = number[i + 1, j + 1] = 0
                cells += 1
    row = first
    for i in range(columns + 1):
        for j in range(lines + 1):
            if number[i, j] == 0:
                points[row, 0], points[row, 1] = xs[i], ys[j]
                number[i, j] = row
                row += 1
    at = 0
    for i in range(columns):
        for j in range(lines):
            if whole[i, j]:
                a, b, c, d = number[i, j], number[i + 1, j], number[i + 1, j + 1], number[i, j + 1]
                triangles[at, 0], triangles[at, 1], triangles[at, 2] = a, b, c
                triangles[cells + at, 0], triangles[cells + at, 1], triangles[cells + at, 2] = a, c, d
                at += 1
    told[0], told[1] = row - first, 2 * cells
