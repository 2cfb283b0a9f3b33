"""How two triangles meet: exact, from the signs of integer determinants alone.

Kinds, for faces that are no neighbours and for those that share points (what they share is not counted):
CROSS    they pass through each other along a segment
TOUCH    they meet, but neither passes through the other: whether the surfaces do, their neighbours tell
COPLANAR they lie in one plane and share an area
FOLD     they share a point or an edge, lie in one plane and share an area: the surface is folded flat
DOUBLE   they have the same three points

Guigue and Devillers 2003 ("Fast and robust triangle-triangle overlap test using orientation predicates") for the general case;
edges against triangles where a determinant is zero. The five kinds together are what CGAL calls an intersection of two faces.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined
from kernels.exact import coordinate, orient2d, orient3d

Int32s = npt.NDArray[np.int32]

APART, CROSS, TOUCH, COPLANAR, FOLD, DOUBLE = range(6)


@inlined
def flat(lattice: Int32s, i: int, drop: int) -> tuple[int, int]:
    """Point i seen along axis `drop`."""
    if drop == 0:
        return coordinate(lattice, i, 1), coordinate(lattice, i, 2)
    if drop == 1:
        return coordinate(lattice, i, 2), coordinate(lattice, i, 0)
    return coordinate(lattice, i, 0), coordinate(lattice, i, 1)


@inlined
def drop_of(lattice: Int32s, a: int, b: int, c: int) -> int:
    """The axis along which the triangle has an area."""
    for drop in range(3):
        ax, ay = flat(lattice, a, drop)
        bx, by = flat(lattice, b, drop)
        cx, cy = flat(lattice, c, drop)
        if orient2d(ax, ay, bx, by, cx, cy) != 0:
            return drop
    return -1


@inlined
def _beyond(lattice: Int32s, drop: int, a: int, b: int, c: int, d: int, e: int, f: int) -> int:
    """How triangle d, e, f lies to the edges of a, b, c, all in one plane: 2 one edge has it strictly outside, 1 one edge has it
    outside or on it, 0 none has."""
    worst = 0
    ax, ay = flat(lattice, a, drop)
    bx, by = flat(lattice, b, drop)
    cx, cy = flat(lattice, c, drop)
    way = 1 if orient2d(ax, ay, bx, by, cx, cy) > 0 else -1
    dx, dy = flat(lattice, d, drop)
    ex, ey = flat(lattice, e, drop)
    fx, fy = flat(lattice, f, drop)
    for _ in range(3):
        most = max(
            max(way * orient2d(ax, ay, bx, by, dx, dy), way * orient2d(ax, ay, bx, by, ex, ey)),
            way * orient2d(ax, ay, bx, by, fx, fy),
        )
        if most < 0:
            return 2
        if most == 0:
            worst = 1
        ax, ay, bx, by, cx, cy = bx, by, cx, cy, ax, ay
    return worst


@inlined
def _in_plane(lattice: Int32s, a: int, b: int, c: int, d: int, e: int, f: int) -> int:
    """APART, TOUCH or COPLANAR, of two triangles in one plane."""
    drop = drop_of(lattice, a, b, c)
    first = _beyond(lattice, drop, a, b, c, d, e, f)
    if first == 2:
        return APART
    second = _beyond(lattice, drop, d, e, f, a, b, c)
    if second == 2:
        return APART
    return TOUCH if first or second else COPLANAR


@inlined
def edge_meets(lattice: Int32s, u: int, v: int, a: int, b: int, c: int) -> bool:
    """Do the closed segment u-v and the closed triangle a, b, c (of some area) have a point in common?"""
    su, sv = orient3d(lattice, a, b, c, u), orient3d(lattice, a, b, c, v)
    if su * sv > 0:
        return False
    if su == 0 and sv == 0:
        drop = drop_of(lattice, a, b, c)
        return _edge_meets_flat(lattice, drop, u, v, a, b, c)
    one = orient3d(lattice, u, v, a, b)
    two = orient3d(lattice, u, v, b, c)
    three = orient3d(lattice, u, v, c, a)
    return (one >= 0 and two >= 0 and three >= 0) or (one <= 0 and two <= 0 and three <= 0)


@inlined
def _edge_meets_flat(lattice: Int32s, drop: int, u: int, v: int, a: int, b: int, c: int) -> bool:
    """As edge_meets, all in one plane: apart when an edge of the triangle, or the segment's own line or ends, lies between."""
    ax, ay = flat(lattice, a, drop)
    bx, by = flat(lattice, b, drop)
    cx, cy = flat(lattice, c, drop)
    ux, uy = flat(lattice, u, drop)
    vx, vy = flat(lattice, v, drop)
    if (
        max(ux, vx) < min(min(ax, bx), cx)
        or min(ux, vx) > max(max(ax, bx), cx)
        or max(uy, vy) < min(min(ay, by), cy)
        or min(uy, vy) > max(max(ay, by), cy)
    ):
        return False
    way = 1 if orient2d(ax, ay, bx, by, cx, cy) > 0 else -1
    for _ in range(3):
        if max(way * orient2d(ax, ay, bx, by, ux, uy), way * orient2d(ax, ay, bx, by, vx, vy)) < 0:
            return False
        ax, ay, bx, by, cx, cy = bx, by, cx, cy, ax, ay
    one, two, three = orient2d(ux, uy, vx, vy, ax, ay), orient2d(ux, uy, vx, vy, bx, by), orient2d(ux, uy, vx, vy, cx, cy)
    if ux == vx and uy == vy:
        return True
    return not ((one > 0 and two > 0 and three > 0) or (one < 0 and two < 0 and three < 0))


@inlined
def strangers(lattice: Int32s, a: int, b: int, c: int, d: int, e: int, f: int, sd: int, se: int, sf: int) -> int:
    """The kind of two triangles that share no point; sd, se, sf: the sides of d, e, f to the plane a, b, c, not all alike but zero."""
    if sd == 0 and se == 0 and sf == 0:
        return _in_plane(lattice, a, b, c, d, e, f)
    sa, sb, sc = orient3d(lattice, d, e, f, a), orient3d(lattice, d, e, f, b), orient3d(lattice, d, e, f, c)
    if (sa > 0 and sb > 0 and sc > 0) or (sa < 0 and sb < 0 and sc < 0):
        return APART
    if sa == 0 or sb == 0 or sc == 0 or sd == 0 or se == 0 or sf == 0:
        return _with_zeros(lattice, a, b, c, d, e, f, sa, sb, sc, sd, se, sf)
    # turn each so that its first point is alone on its side of the other's plane, on the positive one
    if sa == sb:
        a, b, c, sa = c, a, b, sc
    elif sa == sc:
        a, b, c, sa = b, c, a, sb
    if sd == se:
        d, e, f, sd = f, d, e, sf
    elif sd == sf:
        d, e, f, sd = e, f, d, se
    if sa < 0:
        e, f = f, e
    if sd < 0:
        b, c = c, b
    first = orient3d(lattice, a, b, d, e)
    second = orient3d(lattice, a, c, f, d)
    if first > 0 or second > 0:
        return APART
    return TOUCH if first == 0 or second == 0 else CROSS


@inlined
def _with_zeros(
    lattice: Int32s, a: int, b: int, c: int, d: int, e: int, f: int, sa: int, sb: int, sc: int, sd: int, se: int, sf: int
) -> int:
    # a single common point is a corner or lies on an edge of each, and a segment has two ends: two of the six edges at least meet the
    # other triangle, so five are asked
    meets = (
        (sd * se <= 0 and edge_meets(lattice, d, e, a, b, c))
        or (se * sf <= 0 and edge_meets(lattice, e, f, a, b, c))
        or (sf * sd <= 0 and edge_meets(lattice, f, d, a, b, c))
        or (sa * sb <= 0 and edge_meets(lattice, a, b, d, e, f))
        or (sb * sc <= 0 and edge_meets(lattice, b, c, d, e, f))
    )
    return TOUCH if meets else APART


@inlined
def at_a_point(lattice: Int32s, v: int, a: int, b: int, c: int, d: int, sc: int, sd: int) -> int:
    """The kind of v, a, b and v, c, d, beyond the point v that they share; sc, sd: the sides of c, d to the plane of the first."""
    if sc == 0 and sd == 0:
        if _in_plane(lattice, v, a, b, v, c, d) == COPLANAR:
            return FOLD
        return TOUCH if edge_meets(lattice, a, b, v, c, d) or edge_meets(lattice, c, d, v, a, b) else APART
    if sc * sd > 0:
        return APART
    sa, sb = orient3d(lattice, v, c, d, a), orient3d(lattice, v, c, d, b)
    if sa * sb > 0:
        return APART
    if not (edge_meets(lattice, a, b, v, c, d) or edge_meets(lattice, c, d, v, a, b)):
        return APART
    return CROSS if sc * sd < 0 and sa * sb < 0 else TOUCH


@inlined
def at_an_edge(lattice: Int32s, v: int, w: int, a: int, b: int, side: int) -> int:
    """The kind of v, w, a and w, v, b: FOLD when b (`side` of the first's plane) lies in it, on the same side of the edge as a."""
    if side != 0:
        return APART
    drop = drop_of(lattice, v, w, a)
    vx, vy = flat(lattice, v, drop)
    wx, wy = flat(lattice, w, drop)
    ax, ay = flat(lattice, a, drop)
    bx, by = flat(lattice, b, drop)
    one, two = orient2d(vx, vy, wx, wy, ax, ay), orient2d(vx, vy, wx, wy, bx, by)
    return FOLD if (one > 0) == (two > 0) else APART
