"""Exact integer predicates: signs and values that no rounding can touch."""

from __future__ import annotations

from kernels.compiled import inlined

PLANAR_LIMIT = 1 << 30
"""Planar predicates are exact in int64 while every coordinate is below this in size: differences stay below 2^31."""


@inlined
def orient2d(ax: int, ay: int, bx: int, by: int, cx: int, cy: int) -> int:
    """Twice the signed area of the triangle a, b, c (int64): above zero when it turns counter-clockwise.

    Exact for int64 coordinates below PLANAR_LIMIT in size.
    """
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)


@inlined
def segments_meet(ax: int, ay: int, bx: int, by: int, cx: int, cy: int, dx: int, dy: int) -> bool:
    """Do the closed segments a-b and c-d have a point in common? Exact, as orient2d; a segment may be a point."""
    if max(ax, bx) < min(cx, dx) or max(cx, dx) < min(ax, bx) or max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return False
    c_side = orient2d(ax, ay, bx, by, cx, cy)
    d_side = orient2d(ax, ay, bx, by, dx, dy)
    if (c_side > 0 and d_side > 0) or (c_side < 0 and d_side < 0):
        return False
    a_side = orient2d(cx, cy, dx, dy, ax, ay)
    b_side = orient2d(cx, cy, dx, dy, bx, by)
    return not ((a_side > 0 and b_side > 0) or (a_side < 0 and b_side < 0))
