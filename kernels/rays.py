"""Rays against triangles without a leak: the first face hit, or whether any is, eight boxes and eight triangles at once.

A face is hit after Woop, Benthin, Wald 2013 ("Watertight Ray/Triangle Intersection") in float64: the corners are sheared until the
ray is an axis, and the signs of three products of two differences decide. A corner is sheared alike for all its faces, and the
product of a shared side has the same size and the other sign in the two that share it; what is 0 counts on both sides. So through a
closed surface no ray passes, not at an edge or corner either, and no epsilon decides.

Float32 lanes only leave out what is certainly missed: boxes widened by SLACK, so that a ray which runs exactly in a box's face, with
a direction component of 0, still meets it (after Ize 2013, "Robust BVH Ray Traversal"), and triangles whose three products have
two signs by more than what is rounded. They see the ray from where it enters the tree's box, so distant origins cost no digits.

Of faces hit at the same distance (in float64) the lowest row counts: answers do not depend on the tree. A face seen exactly from its
side is not hit; its neighbours are. Both sides of a face are hit. Origins may lie up to 2^30 times the tree's size away.
O(log m) a ray, usually.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.bvh import WIDTH
from kernels.compiled import inlined, kernel
from kernels.simd import Vector, bits, least, load, lowest_bit, most, ordered, splat, store
from kernels.wide import ROWS, STACK, UNIT, Wide, push

Floats = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

CORNERS = 9
"""Rows of a leaf: x, y, z of each corner."""
SLACK = 32 * UNIT
"""Local, of a coordinate relative to the ray. With u = UNIT and all coordinates between -1 and 1: corner and origin are off by u each,
their difference by 4 u, what is sheared by 8 u and its difference by 4 u more: 16 u. Boxes: 4 u, and 4 u of a length of at most 4."""
EDGE = 1.001
"""Half the box in which a ray is followed, local: more than all boxes widened."""
STEEPEST = 2.0**100
"""The most that a reciprocal of a direction is: a component below its reciprocal moves a ray by nothing."""
WIDER = 1.0 + 16 * UNIT


class Hits(NamedTuple):
    """For each ray: `along` (n,) lengths of its direction, infinite where nothing is hit, `faces` (n,) rows, -1 likewise."""

    along: Float64s
    faces: Int32s


@kernel(
    "void(float64[:,::1], int32[:,::1], int32[::1], float64[::1], float32[:,::1], float32[::1])", writes=("corners", "extents")
)
def pack(points: Float64s, faces: Int32s, order: Int32s, frame: Float64s, corners: Floats, extents: Floats) -> None:
    """corners (leaves * CORNERS, 8): each leaf's eight triangles, local; the last face fills the last leaf. extents (leaves,): the
    largest side of its box."""
    for leaf in range(extents.shape[0]):
        extent = 0.0
        for c in range(3):
            low, high = math.inf, -math.inf
            for lane in range(WIDTH):
                f = order[min(WIDTH * leaf + lane, order.shape[0] - 1)]
                for j in range(3):
                    x = (points[faces[f, j], c] - frame[c]) * frame[3]
                    corners[CORNERS * leaf + 3 * j + c, lane] = x
                    low, high = min(low, x), max(high, x)
            extent = max(extent, high - low)
        extents[leaf] = extent


@inlined
def _hit(
    points: Float64s,
    faces: Int32s,
    f: int,
    ray: tuple[float, float, float],
    kx: int,
    ky: int,
    kz: int,
    sx: float,
    sy: float,
    sz: float,
) -> float:
    """How many lengths of its direction along the ray face f is hit; NaN where it is not. ray: the origin's kx, ky, kz."""
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    az, bz, cz = points[a, kz] - ray[2], points[b, kz] - ray[2], points[c, kz] - ray[2]
    ax, ay = (points[a, kx] - ray[0]) - sx * az, (points[a, ky] - ray[1]) - sy * az
    bx, by = (points[b, kx] - ray[0]) - sx * bz, (points[b, ky] - ray[1]) - sy * bz
    cx, cy = (points[c, kx] - ray[0]) - sx * cz, (points[c, ky] - ray[1]) - sy * cz
    u, v, w = cx * by - cy * bx, ax * cy - ay * cx, bx * ay - by * ax
    if (u < 0.0 or v < 0.0 or w < 0.0) and (u > 0.0 or v > 0.0 or w > 0.0):
        return math.nan
    whole = u + v + w
    if whole == 0.0:
        return math.nan
    return float((u * az + v * bz + w * cz) * sz / whole)


@inlined
def _pierced(
    corners: Floats,
    row: int,
    extent: float,
    kx: int,
    ky: int,
    kz: int,
    px: Vector,
    py: Vector,
    pz: Vector,
    sx: Vector,
    sy: Vector,
) -> int:
    """Which of a leaf's eight triangles a ray may pass through, as bits: certified for those left out.

    The leaf's box, widened, is met, so no sheared corner is farther from the ray than 2 (extent + SLACK); with that, each product is
    off by less than `doubt`: 4 SLACK of the corners' sizes and 6 u of their products.
    """
    az, bz, cz = load(corners, row + kz, 0) - pz, load(corners, row + 3 + kz, 0) - pz, load(corners, row + 6 + kz, 0) - pz
    ax, ay = load(corners, row + kx, 0) - px - sx * az, load(corners, row + ky, 0) - py - sy * az
    bx, by = load(corners, row + 3 + kx, 0) - px - sx * bz, load(corners, row + 3 + ky, 0) - py - sy * bz
    cx, cy = load(corners, row + 6 + kx, 0) - px - sx * cz, load(corners, row + 6 + ky, 0) - py - sy * cz
    u, v, w = cx * by - cy * bx, ax * cy - ay * cx, bx * ay - by * ax
    doubt = np.float32(extent)
    return 255 ^ bits((least(least(u, v), w) < splat(np.float32(0.0) - doubt)) & (most(most(u, v), w) > splat(doubt)))


@inlined
def _reciprocal(s: float) -> float:
    return min(max(1.0 / s, -STEEPEST), STEEPEST) if s != 0.0 else STEEPEST


@inlined
def _clipped(o: float, s: float, begin: float, end: float) -> tuple[float, float]:
    """What of begin ... end lies between -EDGE and EDGE of o + s t; an end below the begin where nothing does."""
    if s == 0.0:
        return begin, end if abs(o) <= EDGE else -math.inf
    one, two = (-EDGE - o) / s, (EDGE - o) / s
    return max(begin, min(one, two)), min(end, max(one, two))


@kernel(
    "void(float64[:,::1], int32[:,::1], int32[::1], int64[::1], float64[::1], float32[:,::1], float32[:,::1], float32[::1], "
    "float64[:,::1], boolean, float64[::1], int32[::1], int64[::1], int32[:,::1])",
    writes=("along", "rows", "stack", "nearness"),
)
def trace(
    points: Float64s,
    faces: Int32s,
    order: Int32s,
    levels: Int64s,
    frame: Float64s,
    boxes: Floats,
    corners: Floats,
    extents: Floats,
    rays: Float64s,
    enough: bool,
    along: Float64s,
    rows: Int32s,
    stack: Int64s,
    nearness: Int32s,
) -> None:
    """Of each of `rays` (n, 8) the first face hit (n,), or any where that is `enough`, and how far along it (n,): -1 and infinite
    where there is none.

    A ray: its origin x, y, z, its direction (of any length but 0), and the least and the most that `along` may be, both ends included,
    in lengths of the direction; infinite where there is no end. A ray that has NaN or no direction hits nothing.
    The tree is that of `kernels.wide`, corners and extents of `pack`. Workspace: stack (STACK,), nearness (2, 8).
    """
    scale = frame[3]
    zero = splat(np.float32(0.0))
    for i in range(rays.shape[0]):
        along[i], rows[i] = math.inf, -1
        size = max(abs(rays[i, 3]), max(abs(rays[i, 4]), abs(rays[i, 5])))
        low, high = rays[i, 6], rays[i, 7]
        total = rays[i, 0] + rays[i, 1] + rays[i, 2] + rays[i, 3] + rays[i, 4] + rays[i, 5]
        if order.shape[0] == 0 or size == 0.0 or not math.isfinite(total):
            continue
        kz = 0 if abs(rays[i, 3]) == size else (1 if abs(rays[i, 4]) == size else 2)
        kx, ky = (kz + 1) % 3, (kz + 2) % 3
        # lanes follow the ray from `low` on, or from where it enters the tree's box; in local lengths along axis kz
        begin, end = low * size * scale, high * size * scale
        farthest = 0.0
        for c in range(3):
            o = (rays[i, c] - frame[c]) * scale
            farthest = max(farthest, abs(o))
            begin, end = _clipped(o, rays[i, 3 + c] / size, begin, end)
        if not begin <= end:
            continue
        best, face = math.inf, -1
        slack = SLACK + farthest * 2.0**-48
        ox, oy, oz = rays[i, kx], rays[i, ky], rays[i, kz]
        ax, ay, az = rays[i, 3 + kx] / size, rays[i, 3 + ky] / size, rays[i, 3 + kz] / size
        lx = (ox - frame[kx]) * scale + begin * ax
        ly = (oy - frame[ky]) * scale + begin * ay
        lz = (oz - frame[kz]) * scale + begin * az
        ix, iy, iz = _reciprocal(ax), _reciprocal(ay), _reciprocal(az)
        wx, wy, wz = math.copysign(slack, ix), math.copysign(slack, iy), math.copysign(slack, iz)
        # the rows of the faces of a box where the ray goes in, and out
        inx, iny, inz = kx + (3 if ix < 0.0 else 0), ky + (3 if iy < 0.0 else 0), kz + (3 if iz < 0.0 else 0)
        outx, outy, outz = kx + (0 if ix < 0.0 else 3), ky + (0 if iy < 0.0 else 3), kz + (0 if iz < 0.0 else 3)
        px_in, py_in, pz_in = splat(np.float32(lx + wx)), splat(np.float32(ly + wy)), splat(np.float32(lz + wz))
        px_out, py_out, pz_out = splat(np.float32(lx - wx)), splat(np.float32(ly - wy)), splat(np.float32(lz - wz))
        px, py, pz = splat(np.float32(lx)), splat(np.float32(ly)), splat(np.float32(lz))
        ix_in, iy_in, iz_in = splat(np.float32(ix)), splat(np.float32(iy)), splat(np.float32(iz))
        ix_out, iy_out, iz_out = splat(np.float32(ix * WIDER)), splat(np.float32(iy * WIDER)), splat(np.float32(iz * WIDER))
        sx, sy, sz = rays[i, 3 + kx] / rays[i, 3 + kz], rays[i, 3 + ky] / rays[i, 3 + kz], 1.0 / rays[i, 3 + kz]
        shear_x, shear_y = splat(np.float32(sx)), splat(np.float32(sy))
        limit = np.float32((end - begin + slack) * WIDER)
        store(nearness, 1, 0, ordered(splat(limit)))
        stack[0] = (levels.shape[0] - 2) << 28
        top = 1
        while top:
            top -= 1
            entry = stack[top]
            if entry >> 32 > nearness[1, 0]:
                continue
            level, node = entry >> 28 & 15, entry & 0xFFFFFFF
            if level > 0:
                row = ROWS * ((levels[level] - levels[1]) // WIDTH + node)
                near = most(
                    most((load(boxes, row + inx, 0) - px_in) * ix_in, (load(boxes, row + iny, 0) - py_in) * iy_in),
                    most((load(boxes, row + inz, 0) - pz_in) * iz_in, zero),
                )
                far = least(
                    least((load(boxes, row + outx, 0) - px_out) * ix_out, (load(boxes, row + outy, 0) - py_out) * iy_out),
                    least((load(boxes, row + outz, 0) - pz_out) * iz_out, splat(limit)),
                )
                store(nearness, 0, 0, ordered(near))
                top = push(stack, top, nearness, bits(near <= far), (level - 1) << 28 | WIDTH * node)
                continue
            doubt = 16.0 * slack * (extents[node] + 4.0 * slack)
            hits = _pierced(corners, CORNERS * node, doubt, kx, ky, kz, px, py, pz, shear_x, shear_y)
            while hits:
                f = order[min(WIDTH * node + lowest_bit(hits), order.shape[0] - 1)]
                hits &= hits - 1
                t = _hit(points, faces, f, (ox, oy, oz), kx, ky, kz, sx, sy, sz)
                if low <= t <= high and (t < best or (t == best and f < face)):
                    face = f
                    if enough:
                        best, hits, top = t, 0, 0
                    elif t < best:
                        best = t
                        limit = np.float32((best * size * scale - begin + slack) * WIDER)
                        store(nearness, 1, 0, ordered(splat(limit)))
        along[i], rows[i] = best, face


class Targets(NamedTuple):
    """A surface as rays read it: its arrays, the tree and what `pack` makes of it, in the order that the kernels take them."""

    points: Float64s
    faces: Int32s
    order: Int32s
    levels: Int64s
    frame: Float64s
    boxes: Floats
    corners: Floats
    extents: Floats


def targets(points: Float64s, faces: Int32s, tree: Wide) -> Targets:
    """Pack a surface whose tree is there."""
    leaves = -(-len(tree.order) // WIDTH)
    corners, extents = np.empty((leaves * CORNERS, WIDTH), np.float32), np.empty(leaves, np.float32)
    pack(points, faces, tree.order, tree.frame, corners, extents)
    return Targets(points, faces, *tree, corners, extents)


def cast(surface: Targets, rays: Float64s) -> Hits:
    """The first hit of each of `rays` (n, 8)."""
    told = Hits(np.empty(len(rays)), np.empty(len(rays), np.int32))
    trace(*surface, rays, False, *told, np.empty(STACK, np.int64), np.empty((2, WIDTH), np.int32))
    return told


def hidden(surface: Targets, rays: Float64s) -> Bools:
    """Whether each of `rays` (n, 8) hits anything."""
    told = Hits(np.empty(len(rays)), np.empty(len(rays), np.int32))
    trace(*surface, rays, True, *told, np.empty(STACK, np.int64), np.empty((2, WIDTH), np.int32))
    return told.faces >= 0
