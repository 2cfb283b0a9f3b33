"""Closed loops in a plane: how near two sets of loops come, and how far one leaves the other.

Loops are points int32 (n, 2) one after another, with ends int32 (k,): one past the last point of each. That loops are
sound (none meets another or itself, each the right way round) is `kernels.triangulate`'s to prove.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

_POINTS, _ENDS = "int32[:,::1]", "int32[::1]"


@inlined
def square_to_segment(px: int, py: int, ax: int, ay: int, bx: int, by: int) -> float:
    """Squared distance of a point from a segment. int64 in, float64 out: relative error a few 2^-53."""
    ux, uy, wx, wy = bx - ax, by - ay, px - ax, py - ay
    along = ux * wx + uy * wy
    if along <= 0:
        return float(wx) * float(wx) + float(wy) * float(wy)
    square = ux * ux + uy * uy
    if along >= square:
        ex, ey = px - bx, py - by
        return float(ex) * float(ex) + float(ey) * float(ey)
    cross = float(ux * wy - uy * wx)
    return cross * cross / float(square)


@kernel(f"float64({_POINTS}, {_ENDS}, {_POINTS}, {_ENDS}, float64)")
def gap(
    points: npt.NDArray[np.int32],
    ends: npt.NDArray[np.int32],
    others: npt.NDArray[np.int32],
    other_ends: npt.NDArray[np.int32],
    limit: float,
) -> float:
    """The smallest distance between the edges of two sets of loops that do not cross, in steps; `limit` if none is below it.

    Coordinates below 2^30 in size; at most a few 2^-53 off. Time grows with the edges of the second set near the first one's box.
    """
    if points.shape[0] == 0 or others.shape[0] == 0:
        return limit
    reach = np.int64(math.ceil(limit))
    x0 = x1 = int(points[0, 0])
    y0 = y1 = int(points[0, 1])
    for i in range(points.shape[0]):
        x0, x1 = min(x0, int(points[i, 0])), max(x1, int(points[i, 0]))
        y0, y1 = min(y0, int(points[i, 1])), max(y1, int(points[i, 1]))
    best = limit * limit
    begin = 0
    for k in range(other_ends.shape[0]):
        end = other_ends[k]
        for i in range(begin, end):
            j = i + 1 if i + 1 < end else begin
            cx, cy, dx, dy = int(others[i, 0]), int(others[i, 1]), int(others[j, 0]), int(others[j, 1])
            left, right, below, above = min(cx, dx) - reach, max(cx, dx) + reach, min(cy, dy) - reach, max(cy, dy) + reach
            if x1 < left or x0 > right or y1 < below or y0 > above:
                continue
            start = 0
            for h in range(ends.shape[0]):
                stop = ends[h]
                bx, by = int(points[stop - 1, 0]), int(points[stop - 1, 1])
                for r in range(start, stop):
                    ax, ay = bx, by
                    bx, by = int(points[r, 0]), int(points[r, 1])
                    if max(ax, bx) < left or min(ax, bx) > right or max(ay, by) < below or min(ay, by) > above:
                        continue
                    best = min(best, square_to_segment(bx, by, cx, cy, dx, dy))
                    best = min(best, square_to_segment(cx, cy, ax, ay, bx, by))
                    best = min(best, square_to_segment(ax, ay, cx, cy, dx, dy))
                    best = min(best, square_to_segment(dx, dy, ax, ay, bx, by))
                start = stop
        begin = end
    return math.sqrt(best)


@inlined
def _place(x, y, points, ends):  # type: ignore[no-untyped-def]
    """(is it inside, even-odd; squared distance from the edges) of one point."""
    inside, best = False, np.inf
    begin = 0
    for k in range(ends.shape[0]):
        end = ends[k]
        bx, by = int(points[end - 1, 0]), int(points[end - 1, 1])
        for i in range(begin, end):
            ax, ay = bx, by
            bx, by = int(points[i, 0]), int(points[i, 1])
            best = min(best, square_to_segment(x, y, ax, ay, bx, by))
            if (ay > y) != (by > y):
                side = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
                if (side > 0) == (by > ay):
                    inside = not inside
        begin = end
    return inside, best


@kernel(f"float64({_POINTS}, {_ENDS}, {_POINTS}, {_ENDS}, float64)")
def overhang(
    points: npt.NDArray[np.int32],
    ends: npt.NDArray[np.int32],
    region: npt.NDArray[np.int32],
    region_ends: npt.NDArray[np.int32],
    margin: float,
) -> float:
    """How far, in steps, loops leave a region less its margin: 0 when they do not.

    The largest over the loops' points (beyond the region, or deeper than the margin allows) and over the region's points
    that the loops cover (a hole under a letter). Taken at points, so it may be short of the truth; for messages, not verdicts.
    """
    worst = 0.0
    for i in range(points.shape[0]):
        inside, square = _place(int(points[i, 0]), int(points[i, 1]), region, region_ends)
        away = math.sqrt(square)
        worst = max(worst, margin - away if inside else margin + away)
    for i in range(region.shape[0]):
        inside, square = _place(int(region[i, 0]), int(region[i, 1]), points, ends)
        away = math.sqrt(square)
        worst = max(worst, margin + away if inside else margin - away)
    return worst


@kernel(f"void({_POINTS}, {_ENDS}, int64[::1])", writes=("areas",))
def twice_areas(points: npt.NDArray[np.int32], ends: npt.NDArray[np.int32], areas: npt.NDArray[np.int64]) -> None:
    """areas (k,): twice the signed area of each loop in square steps, exact; counter-clockwise above zero."""
    begin = 0
    for k in range(ends.shape[0]):
        end = ends[k]
        ox, oy = int(points[begin, 0]), int(points[begin, 1])
        total = np.int64(0)
        bx, by = int(points[end - 1, 0]) - ox, int(points[end - 1, 1]) - oy
        for i in range(begin, end):
            ax, ay = bx, by
            bx, by = int(points[i, 0]) - ox, int(points[i, 1]) - oy
            total += ax * by - ay * bx
        areas[k] = total
        begin = end
