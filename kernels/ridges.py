"""Edges that face edges: two ridges, grooves or corners that come near where no face looks straight at either.

Two sharp edges face each other when the line between their nearest points lies, at both, among the surface's normals there
(between those of the edge's faces; in the cone of all round its end; of two that run in parallel to within 8 degrees, between those
of the edge's faces at its end, too): what is least between them is seen, and nothing else.
Every pair of sharp edges whose boxes come within the limit, and whose normals can be opposite, is asked. O(log k + near) an edge.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.bvh import WIDTH
from kernels.compiled import inlined, kernel
from kernels.cones import corner_holds
from kernels.exact import along
from kernels.facing import TILT_COSINE, TILT_SINE, looking
from kernels.simd import bits, load, lowest_bit, splat

Floats = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

_FINE = 1024.0
_RIDGE = 2
"""`kernels.walls.RIDGE`."""


@inlined
def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)


@inlined
def _nearest(lattice: Int32s, a: int, b: int, c: int, d: int, at: Float64s) -> tuple[float, float]:
    """Where along a-b and c-d their nearest points lie (0 to 1); at (2, 3) them, seen from a. Ericson 2005, 5.1.9."""
    ux, uy, uz = along(lattice, a, b)
    vx, vy, vz = along(lattice, c, d)
    rx, ry, rz = along(lattice, c, a)
    uu, vv, uv = ux * ux + uy * uy + uz * uz, vx * vx + vy * vy + vz * vz, ux * vx + uy * vy + uz * vz
    ur, vr = ux * rx + uy * ry + uz * rz, vx * rx + vy * ry + vz * rz
    flat = uu * vv - uv * uv
    s = _share((uv * vr - ur * vv) / flat) if flat > 1e-12 * uu * vv else 0.0
    t = (uv * s + vr) / vv
    if t < 0.0:
        s, t = _share(-ur / uu), 0.0
    elif t > 1.0:
        s, t = _share((uv - ur) / uu), 1.0
    at[0, 0], at[0, 1], at[0, 2] = s * ux, s * uy, s * uz
    at[1, 0], at[1, 1], at[1, 2] = t * vx - rx, t * vy - ry, t * vz - rz
    return s, t


@inlined
def _parallel(lattice: Int32s, a: int, b: int, c: int, d: int) -> bool:
    """Do a-b and c-d run in parallel, to within 8 degrees?"""
    ux, uy, uz = along(lattice, a, b)
    vx, vy, vz = along(lattice, c, d)
    dot = ux * vx + uy * vy + uz * vz
    return dot * dot >= TILT_COSINE * TILT_COSINE * (ux * ux + uy * uy + uz * uz) * (vx * vx + vy * vy + vz * vz)


@inlined
def _lower(lattice: Int32s, i: int, j: int) -> bool:
    """Does point i come before point j, whatever their rows?"""
    return bool((lattice[i, 0], lattice[i, 1], lattice[i, 2]) < (lattice[j, 0], lattice[j, 1], lattice[j, 2]))


@inlined
def _ends(lattice: Int32s, faces: Int32s, h: int) -> tuple[int, int, bool]:
    """The points of a half-edge, the lower first, and whether they were turned."""
    a, b = faces[h // 3, h % 3], faces[h // 3, (h + 1) % 3]
    return (b, a, True) if _lower(lattice, b, a) else (a, b, False)


@inlined
def _holds(twin: Int32s, units: Float64s, h: int, s: float, turned: bool, parallel: bool, x: float, y: float, z: float) -> bool:
    """Does the surface look along (x, y, z) at share s of the edge of half-edge h (counted from its end where it is turned)?

    Between the edge's ends (x, y, z) is square to the edge, as both normals are: it lies among them when it turns between them,
    whichever of the faces look its way. So it does at an end, to within 8 degrees, of two `parallel` edges: which of
    their ends are nearest is a matter of rounding.
    """
    f, g = h // 3, twin[h] // 3
    px, py, pz, qx, qy, qz = units[f, 0], units[f, 1], units[f, 2], units[g, 0], units[g, 1], units[g, 2]
    cx, cy, cz = py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx
    after = cx * (py * z - pz * y) + cy * (pz * x - px * z) + cz * (px * y - py * x)
    before = cx * (y * qz - z * qy) + cy * (z * qx - x * qz) + cz * (x * qy - y * qx)
    if 0.0 < s < 1.0:
        return bool(after >= 0.0 and before >= 0.0)
    off, sine = cx * x + cy * y + cz * z, math.sqrt(cx * cx + cy * cy + cz * cz)
    if parallel and after > 0.0 and before > 0.0 and abs(off) <= TILT_SINE * sine:
        return True
    if (s <= 0.0) != turned:
        return corner_holds(twin, units, h, x, y, z)
    return corner_holds(twin, units, h + 1 if h % 3 < 2 else h - 2, x, y, z)


@kernel(
    "int64(int32[:,::1], int32[:,::1], int32[::1], float64[:,::1], int8[::1], float64[:,:,::1], boolean, "
    "int32[::1], int32[::1], int32[:,::1], float32[:,::1], int32[::1], int32[::1], int64[::1], int32[:,::1], float32[:,::1], "
    "int32[:,::1], float64[:,::1], int64[::1], float64[:,::1])",
    writes=("hits", "found", "stack", "work"),
)
def across(
    lattice: Int32s,
    faces: Int32s,
    twin: Int32s,
    units: Float64s,
    roles: Int8s,
    limits: Float64s,
    same: bool,
    halves: Int32s,
    order: Int32s,
    boxes: Int32s,
    lanes: Floats,
    other_halves: Int32s,
    other_order: Int32s,
    other_levels: Int64s,
    other_boxes: Int32s,
    other_lanes: Floats,
    hits: Int32s,
    found: Float64s,
    stack: Int64s,
    work: Float64s,
) -> int:
    """Every sharp edge of one tree that faces one of another from nearer than its limit: rows as of `kernels.walls.across`, the faces
    of both edges asking.

    same: both trees are one, and each pair is asked once. halves (k,) of `kernels.facing.look`; order, levels, boxes, lanes: of a
    tree of them (`kernels.facing.pack`). Returns how many rows there are. Workspace: stack (`kernels.walls.STACK`,), work (2, 3).
    """
    count = 0
    cap = hits.shape[0]
    at = work
    reach = np.int32(math.ceil(limits.max()))
    top_level = other_levels.shape[0] - 2
    for i in range(order.shape[0]):
        mine = halves[order[i]]
        x32, y32, z32 = lanes[0, i], lanes[1, i], lanes[2, i]
        more = np.float32(math.sqrt(max(2.0 * (float(lanes[3, i]) + 1.0), 0.0)))
        top = 1
        stack[0] = top_level << 40
        while top:
            top -= 1
            level, block = stack[top] >> 40, stack[top] & 0xFFFFFFFFFF
            first = other_levels[level] + WIDTH * block
            near = bits(
                (load(other_boxes, 0, first) <= splat(np.int32(boxes[3, i] + reach)))
                & (load(other_boxes, 3, first) >= splat(np.int32(boxes[0, i] - reach)))
                & (load(other_boxes, 1, first) <= splat(np.int32(boxes[4, i] + reach)))
                & (load(other_boxes, 4, first) >= splat(np.int32(boxes[1, i] - reach)))
                & (load(other_boxes, 2, first) <= splat(np.int32(boxes[5, i] + reach)))
                & (load(other_boxes, 5, first) >= splat(np.int32(boxes[2, i] - reach)))
            )
            if near:
                near &= looking(other_lanes, first, x32, y32, z32, more)
            while near:
                j = WIDTH * block + lowest_bit(near)
                near &= near - 1
                # the last edge below this node: pairs with edges before ours were found from there
                if same and (j + 1) << (3 * level) <= i + 1:
                    continue
                if level > 0:
                    stack[top] = (level - 1) << 40 | j
                    top += 1
                    continue
                # the edge that begins lower leads, whichever tree it is of
                h, o = mine, other_halves[other_order[j]]
                a, b, turned = _ends(lattice, faces, h)
                c, d, other = _ends(lattice, faces, o)
                if c in (a, b) or d in (a, b):
                    continue
                if _lower(lattice, c, a):
                    h, a, b, turned, o, c, d, other = o, c, d, other, h, a, b, turned
                f, g = h // 3, o // 3
                s, t = _nearest(lattice, a, b, c, d, at)
                x, y, z = at[1, 0] - at[0, 0], at[1, 1] - at[0, 1], at[1, 2] - at[0, 2]
                far = math.sqrt(x * x + y * y + z * z)
                one, two = max(roles[f], roles[twin[h] // 3]), max(roles[g], roles[twin[o] // 3])
                wall, gap = limits[0, one, two], limits[1, one, two]
                if far >= max(wall, gap) or far <= 0.0:
                    continue
                x, y, z = x / far, y / far, z / far
                parallel = _parallel(lattice, a, b, c, d)
                if (
                    far < wall
                    and _holds(twin, units, h, s, turned, parallel, -x, -y, -z)
                    and _holds(twin, units, o, t, other, parallel, x, y, z)
                ):
                    channel = 0
                elif (
                    far < gap
                    and _holds(twin, units, h, s, turned, parallel, x, y, z)
                    and _holds(twin, units, o, t, other, parallel, -x, -y, -z)
                ):
                    channel = 1
                else:
                    continue
                # both faces of both edges ask (which of them an edge is listed by would depend on their order), but where only one
                # is a letter's the edge is that one's
                p, q = f if roles[f] == one else twin[h] // 3, g if roles[g] == two else twin[o] // 3
                for k in range(4):
                    asking = ((h if k == 0 else twin[h]) if k < 2 else (o if k == 2 else twin[o])) // 3
                    if roles[asking] < (one if k < 2 else two):
                        continue
                    if count < cap:
                        hits[count, 0], hits[count, 1] = asking, channel + (2 if one and two else 0)
                        hits[count, 2], hits[count, 3] = q if k < 2 else p, _RIDGE
                        found[count, 0] = math.floor(far * _FINE + 0.5) / _FINE
                        for axis in range(3):
                            middle = lattice[a, axis] + 0.5 * (at[0, axis] + at[1, axis])
                            found[count, axis + 1] = math.floor(middle * _FINE + 0.5) / _FINE
                    count += 1
    return count
