"""Exact integer predicates: signs and values that no rounding can touch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined

Int32s = npt.NDArray[np.int32]

PLANAR_LIMIT = 1 << 30
"""Planar predicates are exact in int64 while every coordinate is below this in size: differences stay below 2^31."""


@inlined
def coordinate(lattice: Int32s, i: int, axis: int) -> int:
    """lattice[i, axis] as int64: products of differences fit."""
    return np.int64(lattice[i, axis])  # type: ignore[return-value]  # an int where nothing is compiled, too


@inlined
def along(lattice: Int32s, i: int, j: int) -> tuple[float, float, float]:
    """From point i to point j, in float64: exact."""
    return (
        float(lattice[j, 0]) - lattice[i, 0],
        float(lattice[j, 1]) - lattice[i, 1],
        float(lattice[j, 2]) - lattice[i, 2],
    )


@inlined
def orient2d(ax: int, ay: int, bx: int, by: int, cx: int, cy: int) -> int:
    """Twice the signed area of the triangle a, b, c (int64): above zero when it turns counter-clockwise.

    Exact for int64 coordinates below PLANAR_LIMIT in size.
    """
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)


@inlined
def segments_meet(ax: int, ay: int, bx: int, by: int, cx: int, cy: int, dx: int, dy: int) -> bool:
    """Do the closed segments a-b and c-d have a point in common? Exact, as orient2d; a segment may be a point."""
    if max(ax, bx) < min(cx, dx) or max(cx, dx) < min(ax, bx) or max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return False
    c_side = orient2d(ax, ay, bx, by, cx, cy)
    d_side = orient2d(ax, ay, bx, by, dx, dy)
    if (c_side > 0 and d_side > 0) or (c_side < 0 and d_side < 0):
        return False
    a_side = orient2d(cx, cy, dx, dy, ax, ay)
    b_side = orient2d(cx, cy, dx, dy, bx, by)
    return not ((a_side > 0 and b_side > 0) or (a_side < 0 and b_side < 0))


SPATIAL_LIMIT = 1 << 28
"""Spatial predicates are exact while every coordinate is at most this in size: minors stay below 2^60, limb sums below 2^63."""

_LOW = 0xFFFFFFFF


@inlined
def side_of_plane(nx: int, ny: int, nz: int, dx: int, dy: int, dz: int) -> int:
    """The sign (-1, 0, 1) of n . d, for |n| below 2^60 and |d| at most 2^29 a component: a 128-bit sum in two limbs."""
    high = dx * (nx >> 32) + dy * (ny >> 32) + dz * (nz >> 32)
    low = dx * (nx & _LOW) + dy * (ny & _LOW) + dz * (nz & _LOW)
    high += low >> 32
    if high != 0:
        return 1 if high > 0 else -1
    return 1 if low & _LOW else 0


@inlined
def orient3d(lattice: Int32s, a: int, b: int, c: int, d: int) -> int:
    """The sign of (b - a) x (c - a) . (d - a), points by their rows: 1 when d lies on the side from which a, b, c runs
    counter-clockwise. Exact on the lattice (Shewchuk 1997 names the predicate; integers make it exact)."""
    ax, ay, az = coordinate(lattice, a, 0), coordinate(lattice, a, 1), coordinate(lattice, a, 2)
    ux, uy, uz = lattice[b, 0] - ax, lattice[b, 1] - ay, lattice[b, 2] - az
    vx, vy, vz = lattice[c, 0] - ax, lattice[c, 1] - ay, lattice[c, 2] - az
    return side_of_plane(
        uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx, lattice[d, 0] - ax, lattice[d, 1] - ay, lattice[d, 2] - az
    )


@inlined
def normal_of(lattice: Int32s, faces: Int32s, f: int) -> tuple[int, int, int]:
    """(b - a) x (c - a) of face f = a, b, c: twice its area along its normal, exact."""
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    ax, ay, az = coordinate(lattice, a, 0), coordinate(lattice, a, 1), coordinate(lattice, a, 2)
    ux, uy, uz = lattice[b, 0] - ax, lattice[b, 1] - ay, lattice[b, 2] - az
    vx, vy, vz = lattice[c, 0] - ax, lattice[c, 1] - ay, lattice[c, 2] - az
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
