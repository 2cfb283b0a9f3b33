"""Which pairs of faces meet otherwise than neighbours do: every pair, none invented, exact on the lattice.

Boxes of a tree pick the candidates (integers, so no pair is lost to rounding), determinants of integers decide
(`kernels.pairs`). Faces without an area are left out: they are errors already, and their pairs would depend on the packing.
O(m log m) for surfaces; the pairs found are bounded by the caller's arrays, and counted beyond them.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.bvh import WIDTH
from kernels.compiled import inlined, kernel
from kernels.exact import coordinate, normal_of, side_of_plane
from kernels.pairs import APART, DOUBLE, at_a_point, at_an_edge, strangers
from kernels.simd import Vector, bits, floats, load, lowest_bit, splat

Floats = npt.NDArray[np.float32]
Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

STACK = 128
"""Nodes that a walk keeps: seven for each level and one."""


_UNSURE = np.float32(2.0**-20)


@inlined
def _shared(faces: Int32s, f: int, i: int) -> int:
    """The corner of f at point i, or -1."""
    if faces[f, 0] == i:
        return 0
    if faces[f, 1] == i:
        return 1
    return 2 if faces[f, 2] == i else -1


@inlined
def kind_of(lattice: Int32s, faces: Int32s, f: int, g: int, nx: int, ny: int, nz: int) -> int:
    """The kind of faces f and g; n: the normal of f (twice its area)."""
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    d, e, h = faces[g, 0], faces[g, 1], faces[g, 2]
    p, q, r = _shared(faces, f, d), _shared(faces, f, e), _shared(faces, f, h)
    shared = (p >= 0) + (q >= 0) + (r >= 0)
    if shared == 3:
        return DOUBLE
    ax, ay, az = coordinate(lattice, a, 0), coordinate(lattice, a, 1), coordinate(lattice, a, 2)
    sd = 0 if p >= 0 else side_of_plane(nx, ny, nz, lattice[d, 0] - ax, lattice[d, 1] - ay, lattice[d, 2] - az)
    se = 0 if q >= 0 else side_of_plane(nx, ny, nz, lattice[e, 0] - ax, lattice[e, 1] - ay, lattice[e, 2] - az)
    sh = 0 if r >= 0 else side_of_plane(nx, ny, nz, lattice[h, 0] - ax, lattice[h, 1] - ay, lattice[h, 2] - az)
    if shared == 0:
        if (sd > 0 and se > 0 and sh > 0) or (sd < 0 and se < 0 and sh < 0):
            return APART
        return strangers(lattice, a, b, c, d, e, h, sd, se, sh)
    if shared == 1:
        # turn both so that the shared point leads
        if q >= 0:
            d, e, h, sd, se, sh, p = e, h, d, se, sh, sd, q
        elif r >= 0:
            d, e, h, sd, se, sh, p = h, d, e, sh, sd, se, r
        if se * sh > 0:
            return APART
        if p == 1:
            a, b, c = b, c, a
        elif p == 2:
            a, b, c = c, a, b
        return at_a_point(lattice, a, b, c, e, h, se, sh)
    other, side = (d, sd) if p < 0 else ((e, se) if q < 0 else (h, sh))
    if _shared(faces, g, a) < 0:
        a, b, c = b, c, a
    elif _shared(faces, g, b) < 0:
        a, b, c = c, a, b
    return at_an_edge(lattice, a, b, c, other, side)


@kernel(
    "void(int32[:,::1], int32[:,::1], int32[::1], int32[:,::1], int32[:,::1], float32[:,::1])",
    writes=("corners", "ids", "normals"),
)
def pack(lattice: Int32s, faces: Int32s, order: Int32s, corners: Int32s, ids: Int32s, normals: Floats) -> None:
    """A tree's faces as eight lanes read them: corners (9, slots) x, y, z of each, ids (3, slots) its points, normals (3, slots) unit.

    slots: as level 0 of the tree; those beyond the last face are zero. Faces have an area.
    """
    k = order.shape[0]
    for i in range(k):
        f = order[i]
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ids[0, i], ids[1, i], ids[2, i] = a, b, c
        for axis in range(3):
            corners[axis, i], corners[axis + 3, i], corners[axis + 6, i] = lattice[a, axis], lattice[b, axis], lattice[c, axis]
        nx, ny, nz = normal_of(lattice, faces, f)
        x, y, z = float(nx), float(ny), float(nz)
        length = math.sqrt(x * x + y * y + z * z)
        normals[0, i], normals[1, i], normals[2, i] = x / length, y / length, z / length
    for i in range(k, ids.shape[1]):
        ids[:, i] = -1
        corners[:, i] = 0
        normals[:, i] = 0.0


@inlined
def meeting(boxes: Int32s, first: int, box: Int32s, i: int) -> int:
    """Which of the eight boxes from `first` on meet box i of `box`, as bits."""
    return bits(
        (load(boxes, 0, first) <= splat(box[3, i]))
        & (load(boxes, 3, first) >= splat(box[0, i]))
        & (load(boxes, 1, first) <= splat(box[4, i]))
        & (load(boxes, 4, first) >= splat(box[1, i]))
        & (load(boxes, 2, first) <= splat(box[5, i]))
        & (load(boxes, 5, first) >= splat(box[2, i]))
    )


@inlined
def _along(nx: Vector, ny: Vector, nz: Vector, dx: Vector, dy: Vector, dz: Vector) -> Vector:
    return nx * floats(dx) + ny * floats(dy) + nz * floats(dz)


@inlined
def rounding(boxes: Int32s, i: int, others: Int32s, j: int) -> np.float32:
    """Below this a float32 distance to a plane has no sign: |n| <= 1 and every difference lies within both boxes' union, so what is
    rounded (differences, normals, products, sums: six half-ulps of a sum of three terms) stays below 10.4 / 2^24 of its extent."""
    extent = np.int64(0)
    for c in range(3):
        extent = max(
            extent,
            np.int64(max(boxes[c + 3, i], others[c + 3, j])) - np.int64(min(boxes[c, i], others[c, j])),
        )
    return np.float32(extent) * _UNSURE


@inlined
def suspects(
    corners: Int32s,
    ids: Int32s,
    normals: Floats,
    at: int,
    others: Int32s,
    other_ids: Int32s,
    other_normals: Floats,
    first: int,
    unsure: np.float32,
) -> int:
    """Which of the eight faces from `first` on may meet face `at` otherwise than as a neighbour: certified for those left out.

    Left out are faces whose unshared corners lie strictly on one side of the other's plane.
    """
    a, b, c = splat(ids[0, at]), splat(ids[1, at]), splat(ids[2, at])
    d, e, f = load(other_ids, 0, first), load(other_ids, 1, first), load(other_ids, 2, first)
    ad, ae, af = a == d, a == e, a == f
    bd, be, bf = b == d, b == e, b == f
    cd, ce, cf = c == d, c == e, c == f
    d_shared, e_shared, f_shared = ad | bd | cd, ae | be | ce, af | bf | cf
    high, low = splat(unsure), splat(np.float32(0.0) - unsure)

    ax, ay, az = splat(corners[0, at]), splat(corners[1, at]), splat(corners[2, at])
    nx, ny, nz = splat(normals[0, at]), splat(normals[1, at]), splat(normals[2, at])
    dx, dy, dz = load(others, 0, first), load(others, 1, first), load(others, 2, first)
    one = _along(nx, ny, nz, dx - ax, dy - ay, dz - az)
    two = _along(nx, ny, nz, load(others, 3, first) - ax, load(others, 4, first) - ay, load(others, 5, first) - az)
    three = _along(nx, ny, nz, load(others, 6, first) - ax, load(others, 7, first) - ay, load(others, 8, first) - az)
    above = ((one > high) | d_shared) & ((two > high) | e_shared) & ((three > high) | f_shared)
    below = ((one < low) | d_shared) & ((two < low) | e_shared) & ((three < low) | f_shared)
    doubles = bits(d_shared & e_shared & f_shared)
    left = (255 ^ bits(above | below)) | doubles
    if left == 0:
        return left
    nx, ny, nz = load(other_normals, 0, first), load(other_normals, 1, first), load(other_normals, 2, first)
    one = _along(nx, ny, nz, ax - dx, ay - dy, az - dz)
    two = _along(nx, ny, nz, splat(corners[3, at]) - dx, splat(corners[4, at]) - dy, splat(corners[5, at]) - dz)
    three = _along(nx, ny, nz, splat(corners[6, at]) - dx, splat(corners[7, at]) - dy, splat(corners[8, at]) - dz)
    a_shared, b_shared, c_shared = ad | ae | af, bd | be | bf, cd | ce | cf
    above = ((one > high) | a_shared) & ((two > high) | b_shared) & ((three > high) | c_shared)
    below = ((one < low) | a_shared) & ((two < low) | b_shared) & ((three < low) | c_shared)
    return left & ((255 ^ bits(above | below)) | doubles)


@inlined
def _outside(
    mx: Vector, my: Vector, mz: Vector, px: Vector, py: Vector, pz: Vector, others: Int32s, row: int, first: int, high: Vector
) -> Vector:
    """Which corners (rows row ... row + 2 of `others`) lie beyond `high` along m, seen from p."""
    return (
        _along(mx, my, mz, load(others, row, first) - px, load(others, row + 1, first) - py, load(others, row + 2, first) - pz)
        > high
    )


@inlined
def beside(
    lattice: Int32s,
    faces: Int32s,
    face: int,
    nx: int,
    ny: int,
    nz: int,
    others: Int32s,
    other_ids: Int32s,
    first: int,
    unsure: np.float32,
) -> int:
    """Which of the eight faces from `first` on lie beside an edge of `face` (n: its normal): certified.

    The plane through an edge, square to the face, has the face on one side; the other face lies strictly on the other, but for the
    edge's ends, where they are its corners too.
    """
    d, e, f = load(other_ids, 0, first), load(other_ids, 1, first), load(other_ids, 2, first)
    high = splat(unsure)
    apart = 0
    x, y, z = float(nx), float(ny), float(nz)
    for k in range(3):
        i, j = faces[face, k], faces[face, k + 1 if k < 2 else 0]
        ex, ey, ez = (
            float(lattice[j, 0] - lattice[i, 0]),
            float(lattice[j, 1] - lattice[i, 1]),
            float(lattice[j, 2] - lattice[i, 2]),
        )
        # out of the face: the edge x the normal
        mx, my, mz = ey * z - ez * y, ez * x - ex * z, ex * y - ey * x
        length = math.sqrt(mx * mx + my * my + mz * mz)
        vx, vy, vz = splat(np.float32(mx / length)), splat(np.float32(my / length)), splat(np.float32(mz / length))
        px, py, pz = splat(lattice[i, 0]), splat(lattice[i, 1]), splat(lattice[i, 2])
        one, two = splat(i), splat(j)
        apart |= bits(
            (_outside(vx, vy, vz, px, py, pz, others, 0, first, high) | (d == one) | (d == two))
            & (_outside(vx, vy, vz, px, py, pz, others, 3, first, high) | (e == one) | (e == two))
            & (_outside(vx, vy, vz, px, py, pz, others, 6, first, high) | (f == one) | (f == two))
        )
    return apart


@kernel(
    "int64(int32[:,::1], int32[:,::1], boolean, int32[::1], int64[::1], int32[:,::1], int32[:,::1], int32[:,::1], float32[:,::1], "
    "int32[::1], int64[::1], int32[:,::1], int32[:,::1], int32[:,::1], float32[:,::1], int32[:,::1], int8[::1], int64[::1])",
    writes=("pairs", "kinds", "stack"),
)
def meetings(
    lattice: Int32s,
    faces: Int32s,
    same: bool,
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
    pairs: Int32s,
    kinds: Int8s,
    stack: Int64s,
) -> int:
    """Every pair of a face of one tree with a face of the other that meets otherwise than neighbours do; how many there are.

    same: both trees are one, and each pair is asked once. corners, ids, normals: of `pack`. Both trees' faces are rows of `faces`.
    Out: pairs (cap, 2) rows of faces, the lower first; kinds (cap,) of `kernels.pairs`; filled up to cap. Workspace: stack (STACK,).
    """
    found = 0
    top_level = other_levels.shape[0] - 2
    k = order.shape[0]
    for group in range(-(-k // WIDTH)):
        mine = levels[1] + group
        top = 1
        stack[0] = top_level << 40
        while top:
            top -= 1
            level, block = stack[top] >> 40, stack[top] & 0xFFFFFFFFFF
            hits = meeting(other_boxes, other_levels[level] + WIDTH * block, boxes, mine)
            while hits:
                node = WIDTH * block + lowest_bit(hits)
                hits &= hits - 1
                # the last group below this node: pairs with groups before ours were found from there
                if same and ((node + 1) << (3 * (level - 1))) <= group:
                    continue
                if level > 1:
                    stack[top] = (level - 1) << 40 | node
                    top += 1
                    continue
                first = WIDTH * node
                unsure = rounding(boxes, mine, other_boxes, other_levels[1] + node)
                touched = meeting(boxes, WIDTH * group, other_boxes, other_levels[1] + node)
                while touched:
                    at = WIDTH * group + lowest_bit(touched)
                    touched &= touched - 1
                    near = meeting(other_boxes, first, boxes, at)
                    if same and node == group:
                        near &= 0xFE << (at - first)
                    if near:
                        near &= suspects(corners, ids, normals, at, other_corners, other_ids, other_normals, first, unsure)
                    if near == 0:
                        continue
                    f = order[at]
                    nx, ny, nz = normal_of(lattice, faces, f)
                    near &= 255 ^ beside(lattice, faces, f, nx, ny, nz, other_corners, other_ids, first, unsure)
                    while near:
                        g = other_order[first + lowest_bit(near)]
                        near &= near - 1
                        kind = kind_of(lattice, faces, f, g, nx, ny, nz)
                        if kind == APART:
                            continue
                        if found < pairs.shape[0]:
                            pairs[found, 0] = min(f, g)
                            pairs[found, 1] = max(f, g)
                            kinds[found] = kind
                        found += 1
    return found
