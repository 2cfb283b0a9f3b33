"""A line of letters laid on the lattice: each kept once as clean loops, shifted, turned and rounded where it stands.

What was proved of a letter once is not proved again in every text. A letter whose `clearance` stays above APART steps in its
text's size meets itself nowhere however it is rounded: no point moves by more than sqrt(1/2) of a step, so what was further
apart than sqrt(2) never touches on the way, and neither order nor direction of the loops changes. What is left to look at is
where the boxes of two letters overlap, as kerning makes them. Where a letter is too small for that, all is looked at.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.loops import square_to_segment
from kernels.outlines import CLEAN, LARGEST, Loops, doubled_area, fault_of, meet, tidy, winding

Floats = npt.NDArray[np.float64]

APART = 2.0
"""Steps that no point of a letter comes nearer to its edges: more than the sqrt(2) that rounding can take."""

BEYOND = -(1 << 40)
"""What `lay` returns for a line that leaves the lattice."""


@kernel("float64(int32[:,::1], int32[::1])")
def clearance(points: Loops, ends: Loops) -> float:
    """The least distance of a point of the loops from an edge that does not end in it; infinity without loops."""
    best = math.inf
    first = 0
    for k in range(ends.shape[0]):
        for i in range(first, ends[k]):
            j = i + 1 if i + 1 < ends[k] else first
            ax, ay, bx, by = int(points[i, 0]), int(points[i, 1]), int(points[j, 0]), int(points[j, 1])
            for p in range(points.shape[0]):
                if p not in (i, j):
                    best = min(best, square_to_segment(int(points[p, 0]), int(points[p, 1]), ax, ay, bx, by))
        first = ends[k]
    return math.sqrt(best)


@inlined
def _letters_meet(points: Loops, ends: Loops, box: npt.NDArray[np.int64], a: int, b: int) -> bool:
    """Do two letters meet, or is a loop of one inside the ink of the other? Rows of `box`: x0, y0, x1, y1, first and end loop."""
    x0, y0 = max(box[a, 0], box[b, 0]), max(box[a, 1], box[b, 1])
    x1, y1 = min(box[a, 2], box[b, 2]), min(box[a, 3], box[b, 3])
    for k in range(box[a, 4], box[a, 5]):
        first = ends[k - 1] if k else 0
        i = ends[k] - 1
        for j in range(first, ends[k]):
            if (
                max(points[i, 0], points[j, 0]) >= x0
                and min(points[i, 0], points[j, 0]) <= x1
                and max(points[i, 1], points[j, 1]) >= y0
                and min(points[i, 1], points[j, 1]) <= y1
            ):
                for m in range(box[b, 4], box[b, 5]):
                    d = ends[m] - 1
                    for c in range(ends[m - 1] if m else 0, ends[m]):
                        if meet(points, i, j, c, d):
                            return True
                        d = c
            i = j
    for one, other in ((a, b), (b, a)):
        for k in range(box[one, 4], box[one, 5]):
            p = ends[k - 1] if k else 0
            if x0 <= points[p, 0] <= x1 and y0 <= points[p, 1] <= y1:
                around = 0
                for m in range(box[other, 4], box[other, 5]):
                    around += winding(points, ends[m - 1] if m else 0, ends[m], p)
                if around != 0:
                    return True
    return False


@kernel(
    "int64(int32[:,::1], int32[::1], int32[:,::1], float64[::1], int32[::1], float64[:,::1], float64[::1], "
    "int32[:,::1], int32[::1])",
    writes=("out", "out_ends"),
)
def lay(
    points: Loops,
    ends: Loops,
    rows: npt.NDArray[np.int32],
    clear: Floats,
    line: npt.NDArray[np.int32],
    pens: Floats,
    turn: Floats,
    out: Loops,
    out_ends: Loops,
) -> int:
    """Letters to the lattice: shift, scale and turn, round once, tidy, prove. The loops that are left; or -1 less them where
    they do not bound a region (see `outlines.fault`); or BEYOND.

    The kept letters: all their `points` int32 and `ends` int32, `rows` int32 (r, 2) the first loop of each and one past its
    last, `clear` float64 (r,) the clearance of each. The line: `line` int32 (g,) which letters, `pens` float64 (g, 2) where the
    pen stands for each, in units; `turn` float64 (7,): scale * cos, scale * sin, the final x and y in steps, the x and y in
    units that come to lie there, and how many steps of the letters are a unit. `out` and `out_ends` have room for all.
    """
    scale = math.sqrt(turn[0] * turn[0] + turn[1] * turn[1])
    box = np.empty((line.shape[0], 6), np.int64)
    to = 0
    left = 0
    sure = True
    for g in range(line.shape[0]):
        row = line[g]
        dx = (pens[g, 0] - turn[4]) * turn[6]
        dy = (pens[g, 1] - turn[5]) * turn[6]
        sure = sure and clear[row] * scale > APART
        box[g, 4] = left
        x0 = y0 = np.int64(2 * LARGEST)
        x1 = y1 = np.int64(-2 * LARGEST)
        for loop in range(rows[row, 0], rows[row, 1]):
            first = ends[loop - 1] if loop else 0
            # written from row `to` on, and tidied down there
            last = to + ends[loop] - first
            for i in range(first, ends[loop]):
                x = points[i, 0] + dx
                y = points[i, 1] + dy
                px = np.floor(turn[0] * x - turn[1] * y + turn[2] + 0.5)
                py = np.floor(turn[1] * x + turn[0] * y + turn[3] + 0.5)
                if not (-LARGEST <= px <= LARGEST and -LARGEST <= py <= LARGEST):
                    return BEYOND
                ix, iy = np.int64(px), np.int64(py)
                out[to + i - first, 0] = ix
                out[to + i - first, 1] = iy
                x0, y0, x1, y1 = min(x0, ix), min(y0, iy), max(x1, ix), max(y1, iy)
            end = tidy(out, to, last, to)
            if end > to and doubled_area(out, to, end) != 0.0:
                out_ends[left] = end
                left += 1
                to = end
        box[g, 0], box[g, 1], box[g, 2], box[g, 3], box[g, 5] = x0, y0, x1, y1, left
    if not sure:
        return left if fault_of(out[:to], out_ends[:left]) == CLEAN else -1 - left
    for a in range(line.shape[0]):
        for b in range(a + 1, line.shape[0]):
            apart = box[a, 0] > box[b, 2] or box[b, 0] > box[a, 2] or box[a, 1] > box[b, 3] or box[b, 1] > box[a, 3]
            if not apart and _letters_meet(out, out_ends, box, a, b):
                return -1 - left
    return left
