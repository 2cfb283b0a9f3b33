"""Which pairs of faces may meet in some body of a family whose points move together (`kernels.moving`): all others never do.

Two faces are proved apart by a plane between them that keeps its direction while they move: every point of the one lies beyond
every point of the other along its normal, in every body, by more than the lattice rounds. Faces that share a point: beyond that
point, the one on this side and the other on that. Faces that share an edge meet only where one is folded on the other, with
opposite normals: all that either may look along (`kernels.outlook`) tells. Directions that are tried: the axes, both planes, those
through edges, those between two edges, and round a shared point the bisectors of what lies between both faces.

What no direction proves is listed, and asked in each body (`met`): nothing is concluded from a failed proof.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.bvh import WIDTH
from kernels.compiled import inlined, kernel
from kernels.crossings import kind_of
from kernels.exact import normal_of
from kernels.moving import along, asunder, least
from kernels.pairs import APART

Float64s = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

STACK = 128


@inlined
def _splits(
    middle: Float64s, motions: Float64s, faces: Int32s, f: int, g: int, shared: int, room: float, x: float, y: float, z: float
) -> bool:
    """Does a plane square to (x, y, z) keep f and g apart, by more than `room`? shared: the point that both have, or -1."""
    length = math.sqrt(x * x + y * y + z * z)
    if length < 1e-9:
        return False
    x, y, z = x / length, y / length, z / length
    above = below = True
    if shared >= 0:
        for v in range(3):
            i, j = faces[f, v], faces[g, v]
            if i != shared:
                above = above and least(middle, motions, i, shared, x, y, z) > room
                below = below and least(middle, motions, shared, i, x, y, z) > room
            if j != shared:
                above = above and least(middle, motions, shared, j, x, y, z) > room
                below = below and least(middle, motions, j, shared, x, y, z) > room
            if not (above or below):
                return False
        return True
    for v in range(3):
        for w in range(3):
            i, j = faces[f, v], faces[g, w]
            above = above and least(middle, motions, i, j, x, y, z) > room
            below = below and least(middle, motions, j, i, x, y, z) > room
            if not (above or below):
                return False
    return True


@inlined
def _cross(ux: float, uy: float, uz: float, vx: float, vy: float, vz: float) -> tuple[float, float, float]:
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx


@inlined
def _towards(middle: Float64s, i: int, j: int) -> tuple[float, float, float]:
    """The unit vector from point i to point j."""
    x, y, z = along(middle, i, j)
    length = max(math.sqrt(x * x + y * y + z * z), 1e-9)
    return x / length, y / length, z / length


@inlined
def _at_a_point(
    middle: Float64s, motions: Float64s, faces: Int32s, looks: Float64s, f: int, g: int, shared: int, room: float
) -> bool:
    """Do planes through the shared point keep them apart: square to the mean of both faces, between an edge of each?"""
    nx, ny, nz = looks[f, 0] + looks[g, 0], looks[f, 1] + looks[g, 1], looks[f, 2] + looks[g, 2]
    for v in range(3):
        if faces[f, v] == shared:
            continue
        ux, uy, uz = _towards(middle, shared, faces[f, v])
        for w in range(3):
            if faces[g, w] == shared:
                continue
            vx, vy, vz = _towards(middle, shared, faces[g, w])
            x, y, z = _cross(nx, ny, nz, ux + vx, uy + vy, uz + vz)
            if _splits(middle, motions, faces, f, g, shared, room, x, y, z):
                return True
            if _splits(middle, motions, faces, f, g, shared, room, ux - vx, uy - vy, uz - vz):
                return True
    return False


@inlined
def _proved(middle: Float64s, motions: Float64s, faces: Int32s, looks: Float64s, f: int, g: int, room: float) -> bool:
    """Do f and g never meet otherwise than as neighbours?"""
    shared, common = -1, 0
    for v in range(3):
        for w in range(3):
            if faces[f, v] == faces[g, w]:
                shared, common = faces[f, v], common + 1
    if common == 3:
        return False
    if common == 2:
        x, y, z = looks[f, 0] + looks[g, 0], looks[f, 1] + looks[g, 1], looks[f, 2] + looks[g, 2]
        return bool(math.sqrt(x * x + y * y + z * z) > looks[f, 3] + looks[g, 3])
    for way in range(2):
        h = f if way == 0 else g
        x, y, z = looks[h, 0], looks[h, 1], looks[h, 2]
        if _splits(middle, motions, faces, f, g, shared, room, x, y, z):
            return True
        for v in range(3):
            ux, uy, uz = along(middle, faces[h, v], faces[h, (v + 1) % 3])
            ux, uy, uz = _cross(ux, uy, uz, x, y, z)
            if _splits(middle, motions, faces, f, g, shared, room, ux, uy, uz):
                return True
    if shared >= 0 and _at_a_point(middle, motions, faces, looks, f, g, shared, room):
        return True
    for v in range(3):
        ux, uy, uz = along(middle, faces[f, v], faces[f, (v + 1) % 3])
        for w in range(3):
            vx, vy, vz = along(middle, faces[g, w], faces[g, (w + 1) % 3])
            x, y, z = _cross(ux, uy, uz, vx, vy, vz)
            if _splits(middle, motions, faces, f, g, shared, room, x, y, z):
                return True
    return False


@kernel(
    "int64(float64[:,::1], float64[:,:,::1], int32[:,::1], float64[:,::1], int32[::1], int64[::1], float64[:,::1], float64[:,:,::1], "
    "float64[:,::1], float64, int32[:,::1], int64[::1])",
    writes=("pairs", "stack"),
)
def may_meet(
    middle: Float64s,
    motions: Float64s,
    faces: Int32s,
    looks: Float64s,
    order: Int32s,
    levels: Int64s,
    boxes: Float64s,
    drift: Float64s,
    loose: Float64s,
    room: float,
    pairs: Int32s,
    stack: Int64s,
) -> int:
    """Pairs of faces that are not proved apart in every body of a family; how many there are.

    looks (m, 4) of `kernels.outlook.looks`; order, levels, boxes, drift, loose: the tree of all faces (`kernels.moving.cover`). room:
    steps by which two points may lie nearer than their family says, both together. Out: pairs (cap, 2), the lower first, filled up
    to cap. Workspace: stack (STACK,). O(m log m) and the pairs that lie near each other.
    """
    found = 0
    top_level = levels.shape[0] - 2
    for i in range(order.shape[0]):
        top = 1
        stack[0] = top_level << 40
        while top:
            top -= 1
            level, block = stack[top] >> 40, stack[top] & 0xFFFFFFFFFF
            end = min(WIDTH * block + WIDTH, levels[level + 1] - levels[level])
            for node in range(WIDTH * block, end):
                # pairs with faces before ours were found from there
                if (node + 1) << (3 * level) <= i + 1 or boxes[levels[level] + node, 0] > boxes[levels[level] + node, 3]:
                    continue
                if asunder(boxes, drift, loose, i, boxes, drift, loose, levels[level] + node, room):
                    continue
                if level > 0:
                    stack[top] = (level - 1) << 40 | node
                    top += 1
                    continue
                f, g = order[i], order[node]
                if not _proved(middle, motions, faces, looks, f, g, room):
                    if found < pairs.shape[0]:
                        pairs[found, 0], pairs[found, 1] = min(f, g), max(f, g)
                    found += 1
    return found


@kernel("int64(int32[:,::1], int32[:,::1], int32[:,::1])")
def met(lattice: Int32s, faces: Int32s, pairs: Int32s) -> int:
    """The first row of pairs (q, 2) whose faces meet otherwise than as neighbours (`kernels.pairs`), or one of which has no area; -1
    for none. Exact."""
    for row in range(pairs.shape[0]):
        f, g = pairs[row, 0], pairs[row, 1]
        nx, ny, nz = normal_of(lattice, faces, f)
        if not (nx | ny | nz):
            return row
        if kind_of(lattice, faces, f, g, nx, ny, nz) != APART:
            return row
    return -1
