"""Flat ceilings of a closed part on the lattice: horizontal faces that look down, gathered by their height.

A height's faces are one region; its border is the edges that no two of its faces share. Areas are exact integers.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

_GOLDEN = -7046029254386353131  # 2^64 / golden ratio, odd: multiplying by it spreads neighbouring keys (Knuth 6.4)


@inlined
def _slot(key: np.int64, size: int) -> np.int64:
    """Where a key's search begins in a table of `size` = 2^k slots."""
    return ((key * np.int64(_GOLDEN)) >> np.int64(20)) & np.int64(size - 1)


@kernel(
    "int64(int32[:,::1], int32[:,::1], int32[::1], int32[::1], int32[::1], int32[::1], int64[::1], int64[::1])",
    writes=("rows", "level", "table", "heights", "doubles", "told"),
)
def gather(
    lattice: npt.NDArray[np.int32],
    faces: npt.NDArray[np.int32],
    rows: npt.NDArray[np.int32],
    level: npt.NDArray[np.int32],
    table: npt.NDArray[np.int32],
    heights: npt.NDArray[np.int32],
    doubles: npt.NDArray[np.int64],
    told: npt.NDArray[np.int64],
) -> int:
    """Find the ceilings above the lowest point; returns how many faces they are.

    lattice int32 (n, 3) steps, faces int32 (m, 3); a face that names no point is passed over. `rows` (m): the faces; `level` (m):
    of each of them, which height; `heights` (m): each level's z; `doubles` (m): twice its area in square steps. `told` (2): the
    lowest z, and how many levels there are. `table`: room for 2^k > m int32.
    """
    count = len(lattice)
    foot = np.int64(lattice[0, 2])
    for i in range(1, count):
        foot = min(foot, np.int64(lattice[i, 2]))
    size = len(table)
    begun = False
    found, levels = 0, 0
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if a < 0 or b < 0 or c < 0 or a >= count or b >= count or c >= count:
            continue
        z = lattice[a, 2]
        if z != lattice[b, 2] or z != lattice[c, 2] or z == foot:
            continue
        x, y = np.int64(lattice[a, 0]), np.int64(lattice[a, 1])
        double = (np.int64(lattice[b, 1]) - y) * (np.int64(lattice[c, 0]) - x)
        double -= (np.int64(lattice[b, 0]) - x) * (np.int64(lattice[c, 1]) - y)
        if double <= 0:
            continue
        if not begun:
            begun = True
            for k in range(size):
                table[k] = -1
        at = _slot(np.int64(z), size)
        while table[at] >= 0 and heights[table[at]] != z:
            at = (at + 1) & (size - 1)
        if table[at] < 0:
            table[at] = levels
            heights[levels] = z
            doubles[levels] = 0
            levels += 1
        doubles[table[at]] += double
        rows[found] = f
        level[found] = table[at]
        found += 1
    told[0], told[1] = foot, levels
    return found


@kernel("float64(int32[:,::1], int32[:,::1], int32[::1], int32[::1], int64, int64, int64[::1])", writes=("table",))
def border(
    lattice: npt.NDArray[np.int32],
    faces: npt.NDArray[np.int32],
    rows: npt.NDArray[np.int32],
    level: npt.NDArray[np.int32],
    found: int,
    which: int,
    table: npt.NDArray[np.int64],
) -> float:
    """The length, in steps, of the edges of one level's faces that have no partner among them.

    `rows`, `level` and `found` as `gather` left them; `which`: the level. `table`: room for 2^k > 3 x its faces int64.
    """
    size, count = len(table), np.int64(len(lattice))
    for k in range(size):
        table[k] = -1
    for i in range(found):
        if level[i] == which:
            for k in range(3):
                key = np.int64(faces[rows[i], k]) * count + np.int64(faces[rows[i], (k + 1) % 3])
                at = _slot(key, size)
                while table[at] >= 0 and table[at] != key:
                    at = (at + 1) & (size - 1)
                table[at] = key
    length = 0.0
    for i in range(found):
        if level[i] == which:
            for k in range(3):
                tail, head = faces[rows[i], k], faces[rows[i], (k + 1) % 3]
                key = np.int64(head) * count + np.int64(tail)
                at = _slot(key, size)
                while table[at] >= 0 and table[at] != key:
                    at = (at + 1) & (size - 1)
                if table[at] < 0:
                    x = np.int64(lattice[head, 0]) - np.int64(lattice[tail, 0])
                    y = np.int64(lattice[head, 1]) - np.int64(lattice[tail, 1])
                    length += math.sqrt(float(x * x + y * y))
    return length
