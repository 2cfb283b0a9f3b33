"""Closed loops on an integer lattice: clean them, and say exactly whether they bound a region.

`points` int32 (n, 2), `ends` int32 (k,): one past the last point of each loop. Coordinates stay within +-`LARGEST`, so every
orientation below is exact in int64.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.exact import orient2d, segments_meet

Loops = npt.NDArray[np.int32]

LARGEST = 2**28
"""Coordinates beyond this are refused: differences below 2^29, products below 2^58."""

CLEAN, TOUCHES, NESTED = 0, 1, 2
"""What `fault` finds: nothing; loops (or a loop and itself) cross or touch; a loop has the wrong direction for its place."""


@inlined
def _side(points: Loops, a: int, b: int, c: int) -> int:
    """Twice the signed area of points a, b, c; positive when c lies left of a -> b."""
    ax, ay = int(points[a, 0]), int(points[a, 1])
    bx, by = int(points[b, 0]), int(points[b, 1])
    return orient2d(ax, ay, bx, by, int(points[c, 0]), int(points[c, 1]))


@inlined
def tidy(points: Loops, first: int, last: int, to: int) -> int:
    """Copy the loop first..last to row `to` and on (`to` <= first) less repeated and collinear points and spikes; the new end.

    Points are kept as on a stack, so a removal is looked at again; a loop that leaves fewer than three points leaves none.
    """
    end = to
    for i in range(first, last):
        points[end, 0] = points[i, 0]
        points[end, 1] = points[i, 1]
        end += 1
        while end - to >= 2:
            if points[end - 1, 0] == points[end - 2, 0] and points[end - 1, 1] == points[end - 2, 1]:
                end -= 1
            elif end - to >= 3 and _side(points, end - 3, end - 2, end - 1) == 0:
                points[end - 2, 0] = points[end - 1, 0]
                points[end - 2, 1] = points[end - 1, 1]
                end -= 1
            else:
                break
    # the same across the seam, from both ends
    start = to
    while end - start >= 3:
        # zero too when the last point repeats the first
        if _side(points, end - 2, end - 1, start) == 0:
            end -= 1
        elif _side(points, end - 1, start, start + 1) == 0:
            start += 1
        else:
            break
    if end - start < 3:
        return to
    for i in range(start, end):
        points[to + i - start, 0] = points[i, 0]
        points[to + i - start, 1] = points[i, 1]
    return to + end - start


@inlined
def doubled_area(points: Loops, first: int, last: int) -> float:
    """Twice the signed area of a loop, relative to its first point; float64, exact below 2^53."""
    area = 0.0
    for i in range(first + 1, last - 1):
        area += float(_side(points, first, i, i + 1))
    return area


@kernel("int64(int32[:,::1], int32[::1], float64)", writes=("points", "ends"))
def clean(points: Loops, ends: Loops, least: float) -> int:
    """Tidy in place: no repeated points, no collinear ones, no spikes, no loop with less than `least` steps^2 of area.

    Returns how many loops are left (the first rows of `ends`); the points are the first `ends[left - 1]` rows.
    """
    to = 0
    left = 0
    first = 0
    for k in range(ends.shape[0]):
        last = ends[k]
        end = tidy(points, first, last, to)
        first = last
        if end > to and abs(doubled_area(points, to, end)) >= max(2.0 * least, 1.0):
            ends[left] = end
            left += 1
            to = end
    return left


@inlined
def meet(points: Loops, a: int, b: int, c: int, d: int) -> bool:
    """Do the closed segments a-b and c-d share a point? Exact."""
    ax, ay = int(points[a, 0]), int(points[a, 1])
    bx, by = int(points[b, 0]), int(points[b, 1])
    cx, cy = int(points[c, 0]), int(points[c, 1])
    return segments_meet(ax, ay, bx, by, cx, cy, int(points[d, 0]), int(points[d, 1]))


@inlined
def _any_meet(points: Loops, ends: Loops) -> bool:
    """Do any two segments meet, other than neighbours in their common point? Bins by least x, then boxes, then exact sides."""
    n = ends[-1]
    after = np.empty(n, np.int32)
    first = 0
    for k in range(ends.shape[0]):
        for i in range(first, ends[k]):
            after[i] = i + 1
        after[ends[k] - 1] = first
        first = ends[k]
    low, high = int(points[0, 0]), int(points[0, 0])
    for i in range(n):
        low = min(low, int(points[i, 0]))
        high = max(high, int(points[i, 0]))
    bins = n
    width = (high - low) // bins + 1
    start = np.zeros(bins + 1, np.int32)
    for i in range(n):
        start[(min(points[i, 0], points[after[i], 0]) - low) // width + 1] += 1
    for b in range(bins):
        start[b + 1] += start[b]
    fill = start[:bins].copy()
    order = np.empty(n, np.int32)
    box = np.empty((n, 4), np.int32)
    for i in range(n):
        j = after[i]
        b = (min(points[i, 0], points[j, 0]) - low) // width
        r = fill[b]
        fill[b] += 1
        order[r] = i
        box[r, 0] = min(points[i, 0], points[j, 0])
        box[r, 1] = min(points[i, 1], points[j, 1])
        box[r, 2] = max(points[i, 0], points[j, 0])
        box[r, 3] = max(points[i, 1], points[j, 1])
    for r in range(n):
        i = order[r]
        j = after[i]
        for q in range(r + 1, start[(box[r, 2] - low) // width + 1]):
            if box[q, 1] > box[r, 3] or box[q, 3] < box[r, 1] or box[q, 0] > box[r, 2] or box[q, 2] < box[r, 0]:
                continue
            c = order[q]
            d = after[c]
            if c == j or d == i:
                # neighbours share a point; they meet in more only when the second folds back onto the first
                a, b, e = (i, j, d) if c == j else (c, d, j)
                if d == i and c == j:
                    return True
                if _side(points, a, b, e) == 0 and not _beyond(points, a, b, e):
                    return True
            elif meet(points, i, j, c, d):
                return True
    return False


@inlined
def _beyond(points: Loops, a: int, b: int, c: int) -> bool:
    """On one line: does b -> c go on in the direction of a -> b?"""
    ux = int(points[b, 0]) - int(points[a, 0])
    uy = int(points[b, 1]) - int(points[a, 1])
    vx = int(points[c, 0]) - int(points[b, 0])
    vy = int(points[c, 1]) - int(points[b, 1])
    return ux * vx + uy * vy > 0


@inlined
def winding(points: Loops, first: int, last: int, p: int) -> int:
    """How often the loop first..last goes round point p, which is not on it."""
    x, y = int(points[p, 0]), int(points[p, 1])
    turns = 0
    i = last - 1
    for j in range(first, last):
        ay, by = int(points[i, 1]), int(points[j, 1])
        if (ay <= y) != (by <= y):
            ax, bx = int(points[i, 0]), int(points[j, 0])
            side = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
            if ay <= y and side > 0:
                turns += 1
            elif by <= y and side < 0:
                turns -= 1
        i = j
    return turns


@inlined
def _misplaced(points: Loops, ends: Loops) -> bool:
    """Is a loop counter-clockwise where the others already wind, or clockwise where they do not wind exactly once?"""
    first = 0
    for k in range(ends.shape[0]):
        last = ends[k]
        p = first
        for i in range(first, last):
            if points[i, 0] < points[p, 0] or (points[i, 0] == points[p, 0] and points[i, 1] < points[p, 1]):
                p = i
        # the lowest of the leftmost points is convex, so the turn there is the loop's direction
        turn = _side(points, p - 1 if p > first else last - 1, p, p + 1 if p + 1 < last else first)
        around = 0
        other = 0
        for m in range(ends.shape[0]):
            if m != k:
                around += winding(points, other, ends[m], p)
            other = ends[m]
        if around != (0 if turn > 0 else 1):
            return True
        first = last
    return False


@inlined
def fault_of(points: Loops, ends: Loops) -> int:
    """As `fault`, for kernels."""
    if ends.shape[0] == 0:
        return CLEAN
    if _any_meet(points, ends):
        return TOUCHES
    return NESTED if _misplaced(points, ends) else CLEAN


@kernel("int64(int32[:,::1], int32[::1])")
def fault(points: Loops, ends: Loops) -> int:
    """CLEAN, TOUCHES or NESTED: whether the loops bound a region with outer loops counter-clockwise and holes clockwise.

    Exact. Loops must have been tidied (`clean`, `letters.lay`), and lie within +-LARGEST. Touching in one point is TOUCHES.
    """
    return fault_of(points, ends)


@kernel("float64(int32[:,::1], int32[::1])")
def area(points: Loops, ends: Loops) -> float:
    """Signed area of all loops in steps^2: what they bound, once `fault` is CLEAN."""
    total = 0.0
    first = 0
    for k in range(ends.shape[0]):
        total += doubled_area(points, first, ends[k])
        first = ends[k]
    return total / 2.0
