"""Which pairs of faces meet otherwise than neighbours do: every pair, none invented, exact on the lattice.

Boxes of a tree pick the candidates (integers, so no pair is lost to rounding), determinants of integers decide
(`kernels.pairs`). Faces without an area are left out: they are errors already, and their pairs would depend on the packing.
O(m log m) for surfaces; the pairs found are bounded by the caller's arrays, and counted beyond them up to ENOUGH: a heap in which
everything meets everything is refused without counting all of it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.bvh import NOWHERE, WIDTH, lift, meeting
from kernels.compiled import inlined, kernel
from kernels.exact import coordinate, normal_of, side_of_plane
from kernels.pairs import APART, DOUBLE, at_a_point, at_an_edge, strangers
from kernels.simd import Vector, bits, floats, load, lowest_bit, most, splat

Floats = npt.NDArray[np.float32]
Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

ENOUGH = 1 << 20
"""No more pairs are looked for."""
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
    "void(int32[:,::1], int32[:,::1], int32[::1], int64[::1], int32[:,::1], int32[:,::1], int32[:,::1], float32[:,::1])",
    writes=("boxes", "corners", "ids", "normals"),
)
def pack(
    lattice: Int32s, faces: Int32s, order: Int32s, levels: Int64s, boxes: Int32s, corners: Int32s, ids: Int32s, normals: Floats
) -> None:
    """The boxes of a tree as `kernels.bvh.fit` makes them, and its faces as eight lanes read them, all in one pass over the points.

    corners (9, slots) x, y, z of each, ids (3, slots) its points, normals (3, slots) unit; slots: as level 0 of the tree; those beyond
    the last face are zero, their ids -1. Faces have an area.
    """
    k = order.shape[0]
    for i in range(k):
        f = order[i]
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ids[0, i], ids[1, i], ids[2, i] = a, b, c
        ax, ay, az = lattice[a, 0], lattice[a, 1], lattice[a, 2]
        bx, by, bz = lattice[b, 0], lattice[b, 1], lattice[b, 2]
        cx, cy, cz = lattice[c, 0], lattice[c, 1], lattice[c, 2]
        corners[0, i], corners[1, i], corners[2, i] = ax, ay, az
        corners[3, i], corners[4, i], corners[5, i] = bx, by, bz
        corners[6, i], corners[7, i], corners[8, i] = cx, cy, cz
        boxes[0, i], boxes[3, i] = min(min(ax, bx), cx), max(max(ax, bx), cx)
        boxes[1, i], boxes[4, i] = min(min(ay, by), cy), max(max(ay, by), cy)
        boxes[2, i], boxes[5, i] = min(min(az, bz), cz), max(max(az, bz), cz)
        nx, ny, nz = normal_of(lattice, faces, f)
        x, y, z = float(nx), float(ny), float(nz)
        length = math.sqrt(x * x + y * y + z * z)
        normals[0, i], normals[1, i], normals[2, i] = x / length, y / length, z / length
    for i in range(k, levels[1]):
        for row in range(3):
            boxes[row, i], boxes[row + 3, i] = NOWHERE, -NOWHERE
            ids[row, i], normals[row, i] = -1, 0.0
            corners[row, i] = corners[row + 3, i] = corners[row + 6, i] = 0
    lift(levels, boxes)


@inlined
def _along(nx: Vector, ny: Vector, nz: Vector, dx: Vector, dy: Vector, dz: Vector) -> Vector:
    return nx * dx + ny * dy + nz * dz


@inlined
def rounding(boxes: Int32s, i: int, others: Int32s, j: int) -> np.float32:
    """Below this a float32 distance to a plane has no sign: |n| <= 1 and every difference lies within both boxes' union, so what is
    rounded (differences, normals, products, sums: six half-ulps of a sum of three terms) stays below 10.4 / 2^24 of its extent.
    A direction that is itself a product of rounded vectors, and an offset along it, stay below 28 / 2^24: twice the reach."""
    extent = np.int64(0)
    for c in range(3):
        extent = max(
            extent,
            np.int64(max(boxes[c + 3, i], others[c + 3, j])) - np.int64(min(boxes[c, i], others[c, j])),
        )
    return np.float32(extent) * _UNSURE


@inlined
def _beyond(one: Vector, two: Vector, three: Vector, high: Vector, d: Vector, e: Vector, f: Vector) -> Vector:
    """Are all three beyond `high`, but for those that may lie on the plane?"""
    return ((one > high) | d) & ((two > high) | e) & ((three > high) | f)


@inlined
def _across(ux: Vector, uy: Vector, uz: Vector, vx: Vector, vy: Vector, vz: Vector) -> tuple[Vector, Vector, Vector]:
    """The cross product."""
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx


@inlined
def _size(x: Vector, y: Vector, z: Vector) -> Vector:
    """|x| + |y| + |z|: at least the length."""
    none = splat(np.float32(0.0))
    return most(x, none - x) + most(y, none - y) + most(z, none - z)


@inlined
def _outward(
    ux: float, uy: float, uz: float, x: float, y: float, z: float, wide: np.float32
) -> tuple[Vector, Vector, Vector, Vector]:
    """u x (x, y, z) in every lane, and what a distance along it must pass to have a sign; wide: what it would be for a unit vector."""
    mx, my, mz = np.float32(uy * z - uz * y), np.float32(uz * x - ux * z), np.float32(ux * y - uy * x)
    return splat(mx), splat(my), splat(mz), splat(wide * (abs(mx) + abs(my) + abs(mz)))


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
    near: int,
    unsure: np.float32,
) -> int:
    """Which of `near`, bits for the eight faces from `first` on, may meet face `at` otherwise than as a neighbour: certified for
    those left out.

    Left out are faces with one of eight planes between, on which nothing of the pair lies but what both share: the plane of the one,
    the planes square to it through its edges, and the same of the other. A plane through an edge, square to its face, has the face
    on one side; the other lies strictly on the other, but for the edge's ends, where they are its corners too.
    """
    # every array is read before the first branch: a reference counted in one of several ways out costs more than the reads
    a, b, c = splat(ids[0, at]), splat(ids[1, at]), splat(ids[2, at])
    d, e, f = load(other_ids, 0, first), load(other_ids, 1, first), load(other_ids, 2, first)
    nx, ny, nz = normals[0, at], normals[1, at], normals[2, at]
    ox, oy, oz = load(other_normals, 0, first), load(other_normals, 1, first), load(other_normals, 2, first)
    ax, ay, az = corners[0, at], corners[1, at], corners[2, at]
    bx, by, bz = corners[3, at], corners[4, at], corners[5, at]
    cx, cy, cz = corners[6, at], corners[7, at], corners[8, at]
    dx, dy, dz = load(others, 0, first), load(others, 1, first), load(others, 2, first)
    ex, ey, ez = load(others, 3, first), load(others, 4, first), load(others, 5, first)
    fx, fy, fz = load(others, 6, first), load(others, 7, first), load(others, 8, first)

    ad, ae, af = a == d, a == e, a == f
    bd, be, bf = b == d, b == e, b == f
    cd, ce, cf = c == d, c == e, c == f
    d_shared, e_shared, f_shared = ad | bd | cd, ae | be | ce, af | bf | cf
    doubles = near & bits(d_shared & e_shared & f_shared)
    high, low = splat(unsure), splat(np.float32(0.0) - unsure)

    # the plane of the one; all is seen from its corner a
    sx, sy, sz = splat(ax), splat(ay), splat(az)
    px, py, pz = floats(dx - sx), floats(dy - sy), floats(dz - sz)
    qx, qy, qz = floats(ex - sx), floats(ey - sy), floats(ez - sz)
    rx, ry, rz = floats(fx - sx), floats(fy - sy), floats(fz - sz)
    mx, my, mz = splat(nx), splat(ny), splat(nz)
    one, two, three = _along(mx, my, mz, px, py, pz), _along(mx, my, mz, qx, qy, qz), _along(mx, my, mz, rx, ry, rz)
    above = _beyond(one, two, three, high, d_shared, e_shared, f_shared)
    below = ((one < low) | d_shared) & ((two < low) | e_shared) & ((three < low) | f_shared)
    left = near & (255 ^ bits(above | below)) | doubles
    if left == doubles:
        return left

    # the plane of the other; all is seen from its corner d
    gx, gy, gz = floats(sx - dx), floats(sy - dy), floats(sz - dz)
    hx, hy, hz = floats(splat(bx) - dx), floats(splat(by) - dy), floats(splat(bz) - dz)
    ix, iy, iz = floats(splat(cx) - dx), floats(splat(cy) - dy), floats(splat(cz) - dz)
    one, two, three = _along(ox, oy, oz, gx, gy, gz), _along(ox, oy, oz, hx, hy, hz), _along(ox, oy, oz, ix, iy, iz)
    a_shared, b_shared, c_shared = ad | ae | af, bd | be | bf, cd | ce | cf
    above = _beyond(one, two, three, high, a_shared, b_shared, c_shared)
    below = ((one < low) | a_shared) & ((two < low) | b_shared) & ((three < low) | c_shared)
    left &= 255 ^ bits(above | below) | doubles
    if left == doubles:
        return left

    # the planes through the edges of the one: an edge x the normal points out of the face
    ux, uy, uz = float(bx - ax), float(by - ay), float(bz - az)
    vx, vy, vz = float(cx - ax), float(cy - ay), float(cz - az)
    x, y, z, wide = float(nx), float(ny), float(nz), unsure + unsure
    mx, my, mz, far = _outward(ux, uy, uz, x, y, z, wide)
    one, two, three = _along(mx, my, mz, px, py, pz), _along(mx, my, mz, qx, qy, qz), _along(mx, my, mz, rx, ry, rz)
    left &= 255 ^ bits(_beyond(one, two, three, far, ad | bd, ae | be, af | bf)) | doubles
    mx, my, mz, far = _outward(-vx, -vy, -vz, x, y, z, wide)
    one, two, three = _along(mx, my, mz, px, py, pz), _along(mx, my, mz, qx, qy, qz), _along(mx, my, mz, rx, ry, rz)
    left &= 255 ^ bits(_beyond(one, two, three, far, cd | ad, ce | ae, cf | af)) | doubles
    if left == doubles:
        return left
    mx, my, mz, far = _outward(vx - ux, vy - uy, vz - uz, x, y, z, wide)
    far = far + _along(mx, my, mz, splat(np.float32(ux)), splat(np.float32(uy)), splat(np.float32(uz)))
    one, two, three = _along(mx, my, mz, px, py, pz), _along(mx, my, mz, qx, qy, qz), _along(mx, my, mz, rx, ry, rz)
    left &= 255 ^ bits(_beyond(one, two, three, far, bd | cd, be | ce, bf | cf)) | doubles
    if left == doubles:
        return left

    # the planes through the edges of the other
    px, py, pz = floats(ex - dx), floats(ey - dy), floats(ez - dz)
    mx, my, mz = _across(px, py, pz, ox, oy, oz)
    far = _size(mx, my, mz) * splat(wide)
    one, two, three = _along(mx, my, mz, gx, gy, gz), _along(mx, my, mz, hx, hy, hz), _along(mx, my, mz, ix, iy, iz)
    left &= 255 ^ bits(_beyond(one, two, three, far, ad | ae, bd | be, cd | ce)) | doubles
    mx, my, mz = _across(floats(dx - fx), floats(dy - fy), floats(dz - fz), ox, oy, oz)
    far = _size(mx, my, mz) * splat(wide)
    one, two, three = _along(mx, my, mz, gx, gy, gz), _along(mx, my, mz, hx, hy, hz), _along(mx, my, mz, ix, iy, iz)
    left &= 255 ^ bits(_beyond(one, two, three, far, af | ad, bf | bd, cf | cd)) | doubles
    if left == doubles:
        return left
    mx, my, mz = _across(floats(fx - ex), floats(fy - ey), floats(fz - ez), ox, oy, oz)
    far = _size(mx, my, mz) * splat(wide) + _along(mx, my, mz, px, py, pz)
    one, two, three = _along(mx, my, mz, gx, gy, gz), _along(mx, my, mz, hx, hy, hz), _along(mx, my, mz, ix, iy, iz)
    return left & (255 ^ bits(_beyond(one, two, three, far, ae | af, be | bf, ce | cf)) | doubles)


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
    """Every pair of a face of one tree with a face of the other that meets otherwise than neighbours do; how many there are, ENOUGH at most.

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
                        near = suspects(corners, ids, normals, at, other_corners, other_ids, other_normals, first, near, unsure)
                    if near == 0:
                        continue
                    f = order[at]
                    nx, ny, nz = normal_of(lattice, faces, f)
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
                        if found == ENOUGH:
                            return found
    return found
