"""How often the other shells wind round a point of one: exact, by what stands above it.

Beside a shell of a solid the winding number is 1 behind its faces and 0 before them. Of a closed shell that crosses nothing its
own share is known from the sign of its volume, so one number a shell decides: how often all others wind round any of its points.
It is the sum, over the faces straight above the point, of +1 for those that look up and -1 for those that look down; the point
counts as moved by (e, e^2) for a vanishing e, so that no edge or corner is hit (Edelsbrunner and Muecke 1990, "Simulation of
Simplicity"). O(log m) a point.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.bvh import WIDTH
from kernels.compiled import inlined, kernel
from kernels.exact import coordinate, orient2d, orient3d
from kernels.pairs import drop_of, flat
from kernels.simd import bits, load, lowest_bit, splat

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

ON_A_FACE = -(1 << 31)
"""The point lies on a face of another shell: nothing is said."""
STACK = 128


@inlined
def _turns(ax: int, ay: int, bx: int, by: int, px: int, py: int) -> int:
    """The sign of orient2d(a, b, p), p moved by (e, e^2); 0 only where a and b are one."""
    sign = orient2d(ax, ay, bx, by, px, py)
    if sign == 0:
        sign = ay - by
    if sign == 0:
        sign = bx - ax
    return 1 if sign > 0 else (-1 if sign < 0 else 0)


@inlined
def holds(lattice: Int32s, a: int, b: int, c: int, p: int) -> bool:
    """Does p, in the plane of the triangle a, b, c of some area, lie in it or on its border?"""
    drop = drop_of(lattice, a, b, c)
    ax, ay = flat(lattice, a, drop)
    bx, by = flat(lattice, b, drop)
    cx, cy = flat(lattice, c, drop)
    px, py = flat(lattice, p, drop)
    one, two, three = orient2d(ax, ay, bx, by, px, py), orient2d(bx, by, cx, cy, px, py), orient2d(cx, cy, ax, ay, px, py)
    return (one >= 0 and two >= 0 and three >= 0) or (one <= 0 and two <= 0 and three <= 0)


@inlined
def above(lattice: Int32s, faces: Int32s, f: int, p: int) -> int:
    """+1 or -1 when face f stands above point p and looks up or down, 0 when it doesn't; ON_A_FACE when p lies on it."""
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    side = orient3d(lattice, a, b, c, p)
    if side == 0 and holds(lattice, a, b, c, p):
        return ON_A_FACE
    px, py = coordinate(lattice, p, 0), coordinate(lattice, p, 1)
    ax, ay = coordinate(lattice, a, 0), coordinate(lattice, a, 1)
    bx, by = coordinate(lattice, b, 0), coordinate(lattice, b, 1)
    cx, cy = coordinate(lattice, c, 0), coordinate(lattice, c, 1)
    way = _turns(ax, ay, bx, by, px, py)
    if way == 0 or _turns(bx, by, cx, cy, px, py) != way or _turns(cx, cy, ax, ay, px, py) != way:
        return 0
    return way if side != way else 0


@kernel(
    "int64(int32[:,::1], int32[:,::1], int32[::1], int32[::1], int64[::1], int32[:,::1], int64, int64, int64[::1])",
    writes=("stack",),
)
def others_round(
    lattice: Int32s,
    faces: Int32s,
    shell: Int32s,
    order: Int32s,
    levels: Int64s,
    boxes: Int32s,
    point: int,
    own: int,
    stack: Int64s,
) -> int:
    """The winding number of all faces but those of shell `own` (shell (m,): whose each face is) round `point`, a row of the lattice;
    ON_A_FACE when it lies on one. The tree holds every face with an area. Workspace: stack (STACK,)."""
    told = 0
    x, y, z = splat(lattice[point, 0]), splat(lattice[point, 1]), splat(lattice[point, 2])
    stack[0] = (levels.shape[0] - 2) << 40
    top = 1
    while top:
        top -= 1
        level, block = stack[top] >> 40, stack[top] & 0xFFFFFFFFFF
        first = levels[level] + WIDTH * block
        hits = bits(
            (load(boxes, 0, first) <= x)
            & (load(boxes, 3, first) >= x)
            & (load(boxes, 1, first) <= y)
            & (load(boxes, 4, first) >= y)
            & (load(boxes, 5, first) >= z)
        )
        while hits:
            child = WIDTH * block + lowest_bit(hits)
            hits &= hits - 1
            if level:
                stack[top] = (level - 1) << 40 | child
                top += 1
                continue
            f = order[child]
            if shell[f] == own:
                continue
            way = above(lattice, faces, f, point)
            if way == ON_A_FACE:
                return ON_A_FACE
            told += way
    return told
