"""The half-edges of triangles: which lies on the other side of each, and the loops of those that have none.

Half-edge 3 t + e runs from corner e of triangle t to the next. A point's half-edges hang in a list, so a twin is found among the few that
leave the other end: O(m) for triangles of which few meet in a point.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import kernel

Rows = npt.NDArray[np.int32]

TOUCH = -1
"""A loop touches itself, or another one."""


@kernel("void(int32[:,::1], int32[::1], int32[::1], int32[::1])", writes=("twin", "heads", "nexts"))
def pair(triangles: Rows, twin: Rows, heads: Rows, nexts: Rows) -> None:
    """Fill twin (3 m,): the half-edge on the other side of each, or -1; of several the first.

    triangles (m, 3): corners below len(heads). Workspace: heads (n,), nexts (3 m,).
    """
    heads[:] = -1
    for h in range(twin.shape[0] - 1, -1, -1):  # so that a list begins with its first
        a = triangles[h // 3, h % 3]
        nexts[h] = heads[a]
        heads[a] = h
    for h in range(twin.shape[0]):
        a, b = triangles[h // 3, h % 3], triangles[h // 3, (h + 1) % 3]
        o = heads[b]
        while o >= 0 and triangles[o // 3, (o + 1) % 3] != a:
            o = nexts[o]
        twin[h] = o


@kernel("int64(int32[:,::1], int32[::1], int32[::1], int32[::1], int32[::1])", writes=("rows", "ends", "after"))
def open_loops(triangles: Rows, twin: Rows, rows: Rows, ends: Rows, after: Rows) -> int:
    """The loops of half-edges that have no twin, each in the triangles' direction: how many there are, or TOUCH.

    rows: their points one loop after another, ends: one past the last of each; both (3 m,), as many as can be. Each loop begins at its
    last half-edge, the loop with the last of all first. Workspace: after (2 n,), n above every corner. O(m + n).
    """
    n = after.shape[0] // 2
    after[:] = -1
    for h in range(twin.shape[0]):
        if twin[h] < 0:
            a, b = triangles[h // 3, h % 3], triangles[h // 3, (h + 1) % 3]
            if after[a] >= 0 or after[n + b] >= 0:
                return TOUCH
            after[a], after[n + b] = b, a
    many, row = 0, 0
    for h in range(twin.shape[0] - 1, -1, -1):
        start = triangles[h // 3, h % 3]
        if twin[h] >= 0 or after[start] < 0:
            continue
        here = start
        while after[here] >= 0:
            rows[row] = here
            row += 1
            ahead = after[here]
            after[here] = -1
            here = ahead
        if here != start:
            return TOUCH
        ends[many] = row
        many += 1
    return many
