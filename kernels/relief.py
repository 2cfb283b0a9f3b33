"""A proof that what is new on a body meets itself nowhere, where it is a relief: flat faces at two levels, upright walls between.

That is what a name makes of a plane patch: the patch less the letters at one level, the letters at the other, and walls. Seen from
above, for such faces no pair need be asked:

- all flat faces turn the same way, so over a place of a level there are as many as the level's border winds round there;
- each wall is two faces over one edge of both levels' borders, which it gives opposite directions: over any place both levels
  together have as many faces as the edges beside the rest wind round there;
- those edges are simple loops that wind 0 or 1 times round any place. So there is at most one flat face over a place, of one level.
  Then no two edges of the border meet but in ends they share: where two crossed, touched or lay on each other, the flat faces
  beside them would be two over one place. And where edges do not meet, walls do not.

Necessary for none of it: what cannot be proved here is asked pair by pair (`kernels.crossings`). Exact integers throughout.
O(k), and a sweep over the edges beside the rest. (Counting covers: Floater 2003, "One-to-one piecewise linear mappings over
triangulations", for one loop.)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.exact import coordinate, orient2d, segments_meet
from kernels.pairs import flat

Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

WALL = 2
DOUBT = -1


@inlined
def _turn(lattice: Int32s, axis: int, a: int, b: int, c: int) -> int:
    """orient2d seen along the axis."""
    ax, ay = flat(lattice, a, axis)
    bx, by = flat(lattice, b, axis)
    cx, cy = flat(lattice, c, axis)
    return orient2d(ax, ay, bx, by, cx, cy)


@inlined
def _over(lattice: Int32s, axis: int, a: int, b: int) -> bool:
    """Does one stand straight over the other?"""
    return flat(lattice, a, axis) == flat(lattice, b, axis)


@inlined
def _levelled(lattice: Int32s, faces: Int32s, first: int, axis: int, levels: Int64s, kinds: Int8s) -> bool:
    """Give each new face the level (0 or 1) that it lies at, or WALL; levels (3,): both heights, and which way their faces turn."""
    count = way = 0
    for f in range(first, faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        z = coordinate(lattice, a, axis)
        if z != lattice[b, axis] or z != lattice[c, axis]:
            kinds[f - first] = WALL
            continue
        level = 0
        while level < count and levels[level] != z:
            level += 1
        if level == 2:
            return False
        turn = _turn(lattice, axis, a, b, c)
        sign = 1 if turn > 0 else -1
        if level == count:
            levels[count] = z
            count += 1
        way = sign if way == 0 else way
        if turn == 0 or way != sign:
            return False
        kinds[f - first] = level
    levels[2] = way
    return count == 2


@inlined
def _is_wall(lattice: Int32s, faces: Int32s, twin: Int32s, first: int, axis: int, levels: Int64s, kinds: Int8s, f: int) -> bool:
    """Is it half of a wall: an edge at one level, the third point at the other straight over an end, the other half beyond?"""
    one, two = levels[0], levels[1]
    for k in range(3):
        z = coordinate(lattice, faces[f, k], axis)
        if z not in (one, two):
            return False
    for k in range(3):
        u, v, w = faces[f, k], faces[f, (k + 1) % 3], faces[f, (k + 2) % 3]
        g = twin[3 * f + k] // 3
        if twin[3 * f + k] < 0 or g < first:
            return False
        other = kinds[g - first]
        if lattice[u, axis] == lattice[v, axis]:
            # the edge at a level: a border of that level's flat faces, and the third point over one of its ends
            if other == WALL or levels[other] != lattice[u, axis]:
                return False
            if lattice[w, axis] == lattice[u, axis] or not (_over(lattice, axis, w, u) or _over(lattice, axis, w, v)):
                return False
            continue
        if other != WALL:
            return False
        if _over(lattice, axis, u, v):
            continue
        # the diagonal: beyond it the half that has its edge at the other level, over the same two ends
        mate = twin[3 * f + k]
        far = faces[g, (mate % 3 + 2) % 3]
        apex, base = (u, v) if lattice[w, axis] == lattice[v, axis] else (v, u)
        if lattice[far, axis] != lattice[apex, axis] or not _over(lattice, axis, far, base):
            return False
    return True


@kernel(
    "int64(int32[:,::1], int32[:,::1], int32[::1], int64, int64, int64[::1], int8[::1], int32[:,::1], int32[::1], int64[::1])",
    writes=("levels", "kinds", "border", "leaving", "lows"),
)
def outlined(
    lattice: Int32s,
    faces: Int32s,
    twin: Int32s,
    first: int,
    axis: int,
    levels: Int64s,
    kinds: Int8s,
    border: Int32s,
    leaving: Int32s,
    lows: Int64s,
) -> int:
    """The edges of flat faces beside the rest, if the faces from row `first` on are flat at two levels along `axis` or walls
    between; how many, or DOUBT.

    twin (3 m): every edge has two faces of opposite direction. Out: levels (3,): both heights, and which way flat faces turn; kinds
    (m - first,): each face's level or WALL; border (up to 3 (m - first), 2): from, to; leaving (n,): the border edge that leaves
    each point, -1 for none; lows: the least x (as seen along the axis) of each.
    """
    if not _levelled(lattice, faces, first, axis, levels, kinds):
        return DOUBT
    leaving[:] = -1
    count = 0
    for f in range(first, faces.shape[0]):
        level = kinds[f - first]
        if level == WALL:
            if not _is_wall(lattice, faces, twin, first, axis, levels, kinds, f):
                return DOUBT
            continue
        for k in range(3):
            g = twin[3 * f + k] // 3
            if g >= first:
                continue
            u, v = faces[f, k], faces[f, k + 1 if k < 2 else 0]
            if leaving[u] >= 0:
                return DOUBT
            leaving[u] = count
            border[count, 0], border[count, 1] = u, v
            lows[count] = min(flat(lattice, u, axis)[0], flat(lattice, v, axis)[0])
            count += 1
    return count


@inlined
def _apart(lattice: Int32s, axis: int, a: int, b: int, c: int, d: int) -> bool:
    """Do edges a-b and c-d meet in nothing but an end that they share?"""
    ax, ay = flat(lattice, a, axis)
    bx, by = flat(lattice, b, axis)
    cx, cy = flat(lattice, c, axis)
    dx, dy = flat(lattice, d, axis)
    if min(ay, by) > max(cy, dy) or max(ay, by) < min(cy, dy):
        return True
    if a in (c, d):
        if b in (c, d):
            return False
        if a == c:
            cx, cy = dx, dy
    elif b in (c, d):
        ax, ay, bx, by = bx, by, ax, ay
        if b == c:
            cx, cy = dx, dy
    else:
        return not segments_meet(ax, ay, bx, by, cx, cy, dx, dy)
    # from the shared end a: not on top of each other
    return orient2d(ax, ay, bx, by, cx, cy) != 0 or (bx - ax) * (cx - ax) + (by - ay) * (cy - ay) < 0


@inlined
def _winds(lattice: Int32s, axis: int, border: Int32s, loops: Int32s, own: int, p: int) -> int:
    """How often the other loops wind round point p, which lies on none of them."""
    px, py = flat(lattice, p, axis)
    told = 0
    for s in range(border.shape[0]):
        if loops[s] == own:
            continue
        ax, ay = flat(lattice, border[s, 0], axis)
        bx, by = flat(lattice, border[s, 1], axis)
        if (ay <= py) != (by <= py):
            side = orient2d(ax, ay, bx, by, px, py)
            if by > ay and side > 0:
                told += 1
            elif by < ay and side < 0:
                told -= 1
    return told


@kernel(
    "boolean(int32[:,::1], int64, int64[::1], int32[:,::1], int32[::1], int64[::1], int64[::1], int32[::1])", writes=("loops",)
)
def simple(
    lattice: Int32s,
    axis: int,
    levels: Int64s,
    border: Int32s,
    leaving: Int32s,
    lows: Int64s,
    order: Int64s,
    loops: Int32s,
) -> bool:
    """Are the border edges of `outlined` simple loops that meet nothing, with 0 on one side and 1 on the other?

    border (s, 2); lows (s,) and order (s,), their rising order. Workspace: loops (s,).
    """
    many = border.shape[0]
    for i in range(many):
        s = order[i]
        a, b = border[s, 0], border[s, 1]
        right = max(flat(lattice, a, axis)[0], flat(lattice, b, axis)[0])
        for j in range(i + 1, many):
            t = order[j]
            if lows[t] > right:
                break
            if not _apart(lattice, axis, a, b, border[t, 0], border[t, 1]):
                return False
    loops[:] = -1
    found = 0
    for s in range(many):
        if loops[s] >= 0:
            continue
        # once round, and its leftmost point: the loop turns there as it does as a whole
        at, last, before, corner, least = s, -1, -1, -1, flat(lattice, border[s, 0], axis)
        while loops[at] < 0:
            loops[at] = found
            here = flat(lattice, border[at, 0], axis)
            if corner < 0 or here < least:
                corner, before, least = at, last, here
            last, at = at, leaving[border[at, 1]]
            if at < 0:
                return False
        if at != s:
            return False
        if before < 0:
            before = last
        turn = levels[2] * _turn(lattice, axis, border[before, 0], border[corner, 0], border[corner, 1])
        around = levels[2] * _winds(lattice, axis, border, loops, found, border[corner, 0])
        if turn == 0 or around != (0 if turn > 0 else 1):
            return False
        found += 1
    return True
