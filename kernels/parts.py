"""How near two solids come, where that is below a limit: the least distance of their surfaces, its two places and faces.

Boxes of both trees are compared in integers, those of the one grown by what is nearest so far (at first the limit), so solids that
are far apart cost a look at their roots; what is left is asked triangle by triangle, in float64 from differences of lattice points.
The least distance of two triangles that do not meet is that of a corner to the inside of the other, or of two of their edges
(Larsen, Gottschalk, Lin and Manocha 1999, "Fast proximity queries with swept sphere volumes"); of two edges it is that of their
lines where both feet lie within, else of an end to the other edge (Ericson 2005, "Real-Time Collision Detection", 5.1).
O(log m + found) a group of eight faces that has the other solid near.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.bvh import WIDTH
from kernels.compiled import inlined, kernel
from kernels.crossings import rounding, suspects
from kernels.simd import bits, load, lowest_bit, splat

Floats = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

STACK = 256
"""Nodes that both walks keep: seven for each level and one, twice."""
REACH = 1 << 29
"""Limits are below so many steps."""

_PARALLEL = 1e-16
"""Of the squared sine of two edges: below it their lines' feet are rounding, and an end is as near to within 1e-8 of their length."""

_FLOAT32 = 1.0 + 2.0**-20
"""What is multiplied by it, and rounded to float32, is no less than it was; heights along a normal that is rounded neither."""
_AS_NEAR = 1.0 + 1e-12
"""What is as near as the best so far is looked at too."""


@inlined
def near_box(boxes: Int32s, first: int, box: Int32s, i: int, reach: np.int32) -> int:
    """Which of the eight boxes from `first` on come within `reach` of box i of `box` on every axis, as bits."""
    return bits(
        (load(boxes, 0, first) <= splat(np.int32(box[3, i] + reach)))
        & (load(boxes, 3, first) >= splat(np.int32(box[0, i] - reach)))
        & (load(boxes, 1, first) <= splat(np.int32(box[4, i] + reach)))
        & (load(boxes, 4, first) >= splat(np.int32(box[1, i] - reach)))
        & (load(boxes, 2, first) <= splat(np.int32(box[5, i] + reach)))
        & (load(boxes, 5, first) >= splat(np.int32(box[2, i] - reach)))
    )


@inlined
def _apart(boxes: Int32s, i: int, others: Int32s, j: int) -> float:
    """The squared distance of two boxes."""
    total = 0.0
    for c in range(3):
        gap = max(
            np.int64(boxes[c, i]) - np.int64(others[c + 3, j]),
            np.int64(others[c, j]) - np.int64(boxes[c + 3, i]),
        )
        if gap > 0:
            total += float(gap) * float(gap)
    return total


@inlined
def _put(work: Float64s, px: float, py: float, pz: float, qx: float, qy: float, qz: float, best: float) -> float:
    """The squared distance of two places, kept in row 6 and 7 where it is below `best`; the lesser of both."""
    x, y, z = px - qx, py - qy, pz - qz
    d = x * x + y * y + z * z
    if d < best:
        work[6, 0], work[6, 1], work[6, 2] = px, py, pz
        work[7, 0], work[7, 1], work[7, 2] = qx, qy, qz
        return d
    return best


@inlined
def _end_to_edge(work: Float64s, p: int, i: int, j: int, best: float) -> float:
    """Corner p to edge i-j."""
    ux, uy, uz = work[j, 0] - work[i, 0], work[j, 1] - work[i, 1], work[j, 2] - work[i, 2]
    px, py, pz = work[p, 0] - work[i, 0], work[p, 1] - work[i, 1], work[p, 2] - work[i, 2]
    t = min(max((px * ux + py * uy + pz * uz) / (ux * ux + uy * uy + uz * uz), 0.0), 1.0)
    x, y, z = work[i, 0] + t * ux, work[i, 1] + t * uy, work[i, 2] + t * uz
    if p < 3:
        return _put(work, work[p, 0], work[p, 1], work[p, 2], x, y, z, best)
    return _put(work, x, y, z, work[p, 0], work[p, 1], work[p, 2], best)


@inlined
def _edge_to_edge(work: Float64s, i: int, j: int, k: int, l: int, best: float) -> float:  # noqa: E741  # i j, k l
    """The insides of edges i-j of the first and k-l of the second triangle."""
    ux, uy, uz = work[j, 0] - work[i, 0], work[j, 1] - work[i, 1], work[j, 2] - work[i, 2]
    vx, vy, vz = work[l, 0] - work[k, 0], work[l, 1] - work[k, 1], work[l, 2] - work[k, 2]
    wx, wy, wz = work[i, 0] - work[k, 0], work[i, 1] - work[k, 1], work[i, 2] - work[k, 2]
    uu, vv = ux * ux + uy * uy + uz * uz, vx * vx + vy * vy + vz * vz
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    nn = nx * nx + ny * ny + nz * nz
    if nn <= _PARALLEL * uu * vv:
        return best
    height = wx * nx + wy * ny + wz * nz
    if height * height >= best * nn:
        return best
    s = (wx * (ny * vz - nz * vy) + wy * (nz * vx - nx * vz) + wz * (nx * vy - ny * vx)) / nn
    # the foot of the one on the other's line: so both belong together, however little the lines turn
    t = ((wx + s * ux) * vx + (wy + s * uy) * vy + (wz + s * uz) * vz) / vv
    if not (0.0 < s < 1.0 and 0.0 < t < 1.0):
        return best
    return _put(
        work,
        work[i, 0] + s * ux,
        work[i, 1] + s * uy,
        work[i, 2] + s * uz,
        work[k, 0] + t * vx,
        work[k, 1] + t * vy,
        work[k, 2] + t * vz,
        best,
    )


@inlined
def _corners_to_face(work: Float64s, face: int, other: int, best: float) -> float:
    """The corners of the triangle in rows other ... other + 2 to the inside of the one in rows face ... face + 2.

    -1 where that triangle lies so far on one side of this one's plane that nothing of it is nearer than `best`.
    """
    ax, ay, az = work[face, 0], work[face, 1], work[face, 2]
    ux, uy, uz = work[face + 1, 0] - ax, work[face + 1, 1] - ay, work[face + 1, 2] - az
    vx, vy, vz = work[face + 2, 0] - ax, work[face + 2, 1] - ay, work[face + 2, 2] - az
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    nn = nx * nx + ny * ny + nz * nz
    # rounding of a height is below 1e-9 of its terms; what lies this near the bound is asked
    bound = best * nn * (1.0 + 1e-9)
    over = under = 0
    for p in range(other, other + 3):
        px, py, pz = work[p, 0] - ax, work[p, 1] - ay, work[p, 2] - az
        height = px * nx + py * ny + pz * nz
        far = height * height > bound
        over += far and height > 0.0
        under += far and height < 0.0
    if over == 3 or under == 3:
        return -1.0
    for p in range(other, other + 3):
        px, py, pz = work[p, 0] - ax, work[p, 1] - ay, work[p, 2] - az
        # p = s u + t v + h n
        s = ((py * vz - pz * vy) * nx + (pz * vx - px * vz) * ny + (px * vy - py * vx) * nz) / nn
        t = ((uy * pz - uz * py) * nx + (uz * px - ux * pz) * ny + (ux * py - uy * px) * nz) / nn
        if s >= 0.0 and t >= 0.0 and s + t <= 1.0:
            h = (px * nx + py * ny + pz * nz) / nn
            x, y, z = work[p, 0] - h * nx, work[p, 1] - h * ny, work[p, 2] - h * nz
            if other == 0:
                best = _put(work, work[p, 0], work[p, 1], work[p, 2], x, y, z, best)
            else:
                best = _put(work, x, y, z, work[p, 0], work[p, 1], work[p, 2], best)
    return best


@inlined
def between(lattice: Int32s, faces: Int32s, f: int, g: int, best: float, work: Float64s) -> float:
    """The squared distance of two faces that do not meet where it is below `best`, else `best`; both have an area.

    work (8, 3): rows 6 and 7 are then the places on f and on g, seen from the first corner of f.
    """
    for k in range(3):
        for c in range(3):
            start = np.int64(lattice[faces[f, 0], c])
            work[k, c] = float(np.int64(lattice[faces[f, k], c]) - start)
            work[3 + k, c] = float(np.int64(lattice[faces[g, k], c]) - start)
    told = _corners_to_face(work, 0, 3, best)
    if told < 0.0:
        return best
    other = _corners_to_face(work, 3, 0, told)
    if other < 0.0:
        return told
    best = other
    for i in range(3):
        j = i + 1 if i < 2 else 0
        for k in range(3):
            n = k + 1 if k < 2 else 0
            best = _edge_to_edge(work, i, j, 3 + k, 3 + n, best)
            best = _end_to_edge(work, k, 3 + i, 3 + j, best)
            best = _end_to_edge(work, 3 + k, i, j, best)
    return best


@kernel(
    "int64(int32[:,::1], int32[:,::1], int32[::1], int64[::1], int32[:,::1], int32[:,::1], int32[:,::1], float32[:,::1], "
    "int32[::1], int64[::1], int32[:,::1], int32[:,::1], int32[:,::1], float32[:,::1], float64, float64[::1], int32[::1], "
    "int64[::1], int32[:,::1], float64[:,::1])",
    writes=("places", "rows", "stack", "root", "work"),
)
def nearest(
    lattice: Int32s,
    faces: Int32s,
    order: Int32s,
    levels: Int64s,
    boxes: Int32s,
    corners: Int32s,
    ids: Int32s,
    normals: Floats,
    other_order: Int32s,
    other_levels: Int64s,
    other_boxes: Int32s,
    other_corners: Int32s,
    other_ids: Int32s,
    other_normals: Floats,
    limit: float,
    places: Float64s,
    rows: Int32s,
    stack: Int64s,
    root: Int32s,
    work: Float64s,
) -> int:
    """Do faces of the two trees come nearer than `limit` steps (below REACH)? 1 or 0.

    Both trees' faces are rows of `faces`; they do not meet and share no point (ask `kernels.crossings.meetings` first), and each tree
    has one at least. corners, ids, normals: of `kernels.crossings.pack`.
    Out, when 1: places (7,): the least distance, then the place on the face of the first tree and the one on that of the other,
    in steps; rows (2,) these faces. Of equals the lowest rows, however the trees are planted. Workspace: stack (STACK,), root (6, 1), work (8, 3).
    """
    best = limit * limit
    reach = np.int32(math.ceil(limit))
    last = other_levels.shape[0] - 2
    for c in range(3):
        root[c, 0], root[c + 3, 0] = other_boxes[c, other_levels[last]], other_boxes[c + 3, other_levels[last]]
        for i in range(other_levels[last] + 1, other_levels[last + 1]):
            root[c, 0] = min(root[c, 0], other_boxes[c, i])
            root[c + 3, 0] = max(root[c + 3, 0], other_boxes[c + 3, i])
    found = 0
    stack[0] = (levels.shape[0] - 2) << 40
    top = 1
    while top:
        top -= 1
        level, block = stack[top] >> 40, stack[top] & 0xFFFFFFFFFF
        hits = near_box(boxes, levels[level] + WIDTH * block, root, 0, reach)
        while hits:
            group = WIDTH * block + lowest_bit(hits)
            hits &= hits - 1
            if level > 1:
                stack[top] = (level - 1) << 40 | group
                top += 1
                continue
            mine = levels[1] + group
            base = top
            stack[top] = last << 40
            top += 1
            while top > base:
                top -= 1
                depth, place = stack[top] >> 40, stack[top] & 0xFFFFFFFFFF
                near = near_box(other_boxes, other_levels[depth] + WIDTH * place, boxes, mine, reach)
                while near:
                    node = WIDTH * place + lowest_bit(near)
                    near &= near - 1
                    if _apart(boxes, mine, other_boxes, other_levels[depth] + node) > best:
                        continue
                    if depth > 1:
                        stack[top] = (depth - 1) << 40 | node
                        top += 1
                        continue
                    them = other_levels[1] + node
                    unsure = rounding(boxes, mine, other_boxes, them)
                    ones = near_box(boxes, WIDTH * group, other_boxes, them, reach)
                    while ones:
                        at = WIDTH * group + lowest_bit(ones)
                        ones &= ones - 1
                        others = near_box(other_boxes, WIDTH * node, boxes, at, reach)
                        if others:
                            # faces farther than the best from the other's plane, all of them on one side of it, cannot be nearer
                            beyond = unsure + np.float32(math.sqrt(best) * _FLOAT32)
                            others = suspects(
                                corners, ids, normals, at, other_corners, other_ids, other_normals, WIDTH * node, others, beyond
                            )
                        while others:
                            to = WIDTH * node + lowest_bit(others)
                            others &= others - 1
                            if _apart(boxes, at, other_boxes, to) > best:
                                continue
                            f, g = order[at], other_order[to]
                            told = between(lattice, faces, f, g, best * _AS_NEAR, work)
                            first = f < rows[0] or (f == rows[0] and g < rows[1])
                            if told < best or (told == best and found == 1 and first):
                                best, found = told, 1
                                reach = np.int32(math.ceil(math.sqrt(best)))
                                rows[0], rows[1] = f, g
                                for c in range(3):
                                    start = float(lattice[faces[f, 0], c])
                                    places[1 + c], places[4 + c] = work[6, c] + start, work[7, c] + start
    places[0] = math.sqrt(best)
    return found
