"""Edges that face edges: two ridges, grooves or corners that come near where no face looks straight at either.

Two sharp edges face each other when the line between their nearest points lies, at both, among the surface's normals there
(between those of the edge's faces; in the cone of all round its end): what is least between them is seen, and nothing else.
Every pair of sharp edges whose boxes come within the limit is asked. O(log k + near) an edge.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.bvh import WIDTH
from kernels.compiled import inlined, kernel
from kernels.facing import corner_holds
from kernels.simd import bits, load, lowest_bit, splat

Float64s = npt.NDArray[np.float64]
Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

_FINE = 1024.0


@inlined
def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)


@inlined
def _nearest(lattice: Int32s, a: int, b: int, c: int, d: int, at: Float64s) -> tuple[float, float]:
    """Where along a-b and c-d their nearest points lie (0 to 1); at (2, 3) them, seen from a. Ericson 2005, 5.1.9."""
    ux, uy, uz = (
        float(lattice[b, 0]) - lattice[a, 0],
        float(lattice[b, 1]) - lattice[a, 1],
        float(lattice[b, 2]) - lattice[a, 2],
    )
    vx, vy, vz = (
        float(lattice[d, 0]) - lattice[c, 0],
        float(lattice[d, 1]) - lattice[c, 1],
        float(lattice[d, 2]) - lattice[c, 2],
    )
    rx, ry, rz = (
        float(lattice[a, 0]) - lattice[c, 0],
        float(lattice[a, 1]) - lattice[c, 1],
        float(lattice[a, 2]) - lattice[c, 2],
    )
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
def _lower(lattice: Int32s, i: int, j: int) -> bool:
    """Does point i come before point j, whatever their rows?"""
    return bool((lattice[i, 0], lattice[i, 1], lattice[i, 2]) < (lattice[j, 0], lattice[j, 1], lattice[j, 2]))


@inlined
def _ends(lattice: Int32s, faces: Int32s, h: int) -> tuple[int, int, bool]:
    """The points of a half-edge, the lower first, and whether they were turned."""
    a, b = faces[h // 3, h % 3], faces[h // 3, (h + 1) % 3]
    return (b, a, True) if _lower(lattice, b, a) else (a, b, False)


@inlined
def _holds(twin: Int32s, units: Float64s, h: int, s: float, turned: bool, x: float, y: float, z: float) -> bool:
    """Does the surface look along (x, y, z) at share s of the edge of half-edge h (counted from its end where it is turned)?

    Between the edge's ends (x, y, z) is square to the edge, as both normals are: it lies among them when it turns between them.
    """
    if s <= 0.0 or s >= 1.0:
        if (s <= 0.0) != turned:
            return corner_holds(twin, units, h, x, y, z)
        return corner_holds(twin, units, h + 1 if h % 3 < 2 else h - 2, x, y, z)
    f, g = h // 3, twin[h] // 3
    px, py, pz, qx, qy, qz = units[f, 0], units[f, 1], units[f, 2], units[g, 0], units[g, 1], units[g, 2]
    cx, cy, cz = py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx
    after = cx * (py * z - pz * y) + cy * (pz * x - px * z) + cz * (px * y - py * x)
    before = cx * (y * qz - z * qy) + cy * (z * qx - x * qz) + cz * (x * qy - y * qx)
    return bool(after >= 0.0 and before >= 0.0)


@kernel(
    "int64(int32[:,::1], int32[:,::1], int32[::1], float64[:,::1], int8[::1], float64[:,:,::1], int32[::1], int32[::1], int64[::1], "
    "int32[:,::1], int32[:,::1], float64[:,::1], int64[::1], float64[:,::1])",
    writes=("hits", "found", "stack", "work"),
)
def across(
    lattice: Int32s,
    faces: Int32s,
    twin: Int32s,
    units: Float64s,
    roles: Int8s,
    limits: Float64s,
    halves: Int32s,
    order: Int32s,
    levels: Int64s,
    boxes: Int32s,
    hits: Int32s,
    found: Float64s,
    stack: Int64s,
    work: Float64s,
) -> int:
    """Every sharp edge that faces another from nearer than its limit: rows as of `kernels.walls.across`, the faces of both edges asking.

    halves (k,) of `kernels.facing.look`; order, levels, boxes: of a tree of them. Returns how many rows there are. Workspace: stack (`kernels.walls.STACK`,), work (2, 3).
    """
    count = 0
    cap = hits.shape[0]
    at = work
    reach = np.int32(math.ceil(limits.max()))
    top_level = levels.shape[0] - 2
    for i in range(order.shape[0]):
        h = halves[order[i]]
        f = h // 3
        a, b, turned = _ends(lattice, faces, h)
        top = 1
        stack[0] = top_level << 40
        while top:
            top -= 1
            level, block = stack[top] >> 40, stack[top] & 0xFFFFFFFFFF
            first = levels[level] + WIDTH * block
            near = bits(
                (load(boxes, 0, first) <= splat(np.int32(boxes[3, i] + reach)))
                & (load(boxes, 3, first) >= splat(np.int32(boxes[0, i] - reach)))
                & (load(boxes, 1, first) <= splat(np.int32(boxes[4, i] + reach)))
                & (load(boxes, 4, first) >= splat(np.int32(boxes[1, i] - reach)))
                & (load(boxes, 2, first) <= splat(np.int32(boxes[5, i] + reach)))
                & (load(boxes, 5, first) >= splat(np.int32(boxes[2, i] - reach)))
            )
            while near:
                lane = lowest_bit(near)
                near &= near - 1
                if level > 0:
                    stack[top] = (level - 1) << 40 | (WIDTH * block + lane)
                    top += 1
                    continue
                o = halves[order[first + lane]]
                g = o // 3
                c, d, other = _ends(lattice, faces, o)
                # a pair is asked once, from the edge that begins lower
                if c in (a, b) or d in (a, b) or _lower(lattice, c, a):
                    continue
                s, t = _nearest(lattice, a, b, c, d, at)
                x, y, z = at[1, 0] - at[0, 0], at[1, 1] - at[0, 1], at[1, 2] - at[0, 2]
                far = math.sqrt(x * x + y * y + z * z)
                mine, its = max(roles[f], roles[twin[h] // 3]), max(roles[g], roles[twin[o] // 3])
                wall, gap = limits[0, mine, its], limits[1, mine, its]
                if far >= max(wall, gap) or far <= 0.0:
                    continue
                x, y, z = x / far, y / far, z / far
                if far < wall and _holds(twin, units, h, s, turned, -x, -y, -z) and _holds(twin, units, o, t, other, x, y, z):
                    channel = 0
                elif far < gap and _holds(twin, units, h, s, turned, x, y, z) and _holds(twin, units, o, t, other, -x, -y, -z):
                    channel = 1
                else:
                    continue
                # all faces of both edges ask: which of them an edge is listed by would depend on their order
                for k in range(4):
                    asking = (h if k == 0 else twin[h]) if k < 2 else (o if k == 2 else twin[o])
                    if count < cap:
                        hits[count, 0], hits[count, 1] = asking // 3, channel + (2 if mine and its else 0)
                        hits[count, 2] = g if k < 2 else f
                        found[count, 0] = math.floor(far * _FINE + 0.5) / _FINE
                        for c in range(3):
                            middle = lattice[a, c] + 0.5 * (at[0, c] + at[1, c])
                            found[count, c + 1] = math.floor(middle * _FINE + 0.5) / _FINE
                    count += 1
    return count
