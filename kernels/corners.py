"""Corners of triangles that lie at one place of one row of a body, made one point: where a patch is cut open, a row has two."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import kernel

Rows = npt.NDArray[np.int32]


@kernel(
    "int64(int32[::1], int32[:,::1], int64, int32[:,::1], int32[::1], int32[::1], int32[::1], int32[::1])",
    writes=("points", "rows", "corners", "heads", "nexts"),
)
def join(row_of: Rows, places: Rows, apart: int, points: Rows, rows: Rows, corners: Rows, heads: Rows, nexts: Rows) -> int:
    """How many points the corners make.

    row_of (c,): each corner's row, below len(heads); places (c, 2): where it lies, in steps. A corner is the first point of its row that lies
    within `apart` steps of it in x and in y, or a new one. points (c, 2), rows (c,): where each point is, and of which row, as many as
    can be; corners (c,): the point of each. Workspace: heads (rows of the body,), nexts (c,). O(c) where a row has few points.
    """
    heads[:] = -1
    many = 0
    for c in range(corners.shape[0]):
        row, x, y = row_of[c], places[c, 0], places[c, 1]
        last, at = -1, heads[row]
        while at >= 0 and (abs(points[at, 0] - x) > apart or abs(points[at, 1] - y) > apart):
            last, at = at, nexts[at]
        if at < 0:
            at = many
            points[at, 0], points[at, 1], rows[at], nexts[at] = x, y, row, -1
            if last < 0:
                heads[row] = at
            else:
                nexts[last] = at
            many += 1
        corners[c] = at
    return many
