"""Volume, areas, centre and inertia of triangles on the lattice: sums of integers, so that no order of faces changes a bit.

6 V is exact (two limbs of 32 bits and more); areas are rounded once a face to whole steps^2; moments are rounded once a face to a
power of two. Formula of the moments: integrals of monomials over the tetrahedra that each face spans with the origin (Tonon 2004,
"Explicit exact formulas for the 3-D tetrahedron inertia tensor").
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

# rows of `sums`, each (high, low): high * 2^32 + low, 0 <= low. All but the first in steps^2, twice the area.
AREA, SIDE, UP, DOWN, CONTACT, OVERHANG, OVERHANG_HEIGHT, ZERO_FACES = range(8)
SUMS = 8
HEIGHT_UNIT = float(1 << 20)
"""OVERHANG_HEIGHT counts so many steps^3."""

_LOW = np.int64(0xFFFFFFFF)


@inlined
def _add(sums: Int64s, row: int, value: np.int64) -> None:
    sums[row, 0] += value >> 32
    sums[row, 1] += value & _LOW


@kernel("int64(int32[:,::1], int32[::1], int64[::1])", writes=("box",))
def bounds(lattice: Int32s, degree: Int32s, box: Int64s) -> int:
    """min x, y, z, max x, y, z in steps of the points with degree != 0; returns how many there are (box is untouched at 0)."""
    used = 0
    for i in range(lattice.shape[0]):
        if degree[i] == 0:
            continue
        x, y, z = np.int64(lattice[i, 0]), np.int64(lattice[i, 1]), np.int64(lattice[i, 2])
        if used == 0:
            box[0] = box[3] = x
            box[1] = box[4] = y
            box[2] = box[5] = z
        used += 1
        box[0], box[3] = min(box[0], x), max(box[3], x)
        box[1], box[4] = min(box[1], y), max(box[4], y)
        box[2], box[5] = min(box[2], z), max(box[5], z)
    return used


@kernel(
    "void(int32[:,::1], int32[:,::1], int32[::1], int64[:,::1], int64[:,::1], int64[::1])", writes=("volumes", "sums", "places")
)
def measure(lattice: Int32s, faces: Int32s, shell: Int32s, volumes: Int64s, sums: Int64s, places: Int64s) -> None:
    """Volumes a shell, and areas.

    lattice (n, 3) with |c| <= 2^28; faces (m, 3), every index in range; shell (m): whose each face is, -1 to leave it out.
    Out: volumes (shells, 2): 6 V = high * 2^32 + low in steps^3, exact; sums (SUMS, 2): twice the area of all faces, of their
    projection on the vertical (SIDE), of what faces up and down, of what faces down at z = 0 (CONTACT), of what faces down by
    more than 45 degrees and does not lie there (OVERHANG); OVERHANG_HEIGHT: as OVERHANG times the mean height of the face (below zero
    counts as zero), in HEIGHT_UNIT steps^3;
    ZERO_FACES: faces of no area whose three indices differ, the first of them in places[0].
    """
    volumes[:] = 0
    sums[:] = 0
    places[0] = -1
    for f in range(faces.shape[0]):
        s = shell[f]
        if s < 0:
            continue
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ax, ay, az = np.int64(lattice[a, 0]), np.int64(lattice[a, 1]), np.int64(lattice[a, 2])
        ux, uy, uz = np.int64(lattice[b, 0]) - ax, np.int64(lattice[b, 1]) - ay, np.int64(lattice[b, 2]) - az
        vx, vy, vz = np.int64(lattice[c, 0]) - ax, np.int64(lattice[c, 1]) - ay, np.int64(lattice[c, 2]) - az
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        if nx == 0 and ny == 0 and nz == 0:
            sums[ZERO_FACES, 1] += 1
            if places[0] < 0:
                places[0] = f
            continue
        # 6 V = sum over faces of (za + zb + zc) * nz: one product, split so that it fits
        height = az + az + az + uz + vz
        low = height * (nz & _LOW) + volumes[s, 1]
        volumes[s, 0] += height * (nz >> 32) + (low >> 32)
        volumes[s, 1] = low & _LOW
        xx, yy, zz = float(nx) * float(nx), float(ny) * float(ny), float(nz) * float(nz)
        side = xx + yy
        # summed from the smallest up, so that turning the axes changes nothing
        small, large = min(min(xx, yy), zz), max(max(xx, yy), zz)
        middle = max(min(xx, yy), min(max(xx, yy), zz))
        _add(sums, AREA, np.int64(math.sqrt((small + middle) + large) + 0.5))
        _add(sums, SIDE, np.int64(math.sqrt(side) + 0.5))
        if nz > 0:
            _add(sums, UP, nz)
        elif nz < 0:
            _add(sums, DOWN, -nz)
            if az == 0 and uz == 0 and vz == 0:
                _add(sums, CONTACT, -nz)
            elif zz > side:
                _add(sums, OVERHANG, -nz)
                _add(sums, OVERHANG_HEIGHT, np.int64(min(max(float(-nz) * float(height) / (3.0 * HEIGHT_UNIT), 0.0), 4.0e18)))


@kernel("void(int32[:,::1], int32[:,::1], int32[::1], int64[::1], float64, float64, int64[::1])", writes=("sums",))
def moments(
    lattice: Int32s, faces: Int32s, shell: Int32s, origin: Int64s, first_scale: float, second_scale: float, sums: Int64s
) -> None:
    """First and second moments about `origin` (steps), each face's share rounded to a whole number.

    Out: sums (9): x, y, z in steps^4 times first_scale; xx, yy, zz, xy, yz, zx in steps^5 times second_scale. The scales are powers
    of two, small enough that no sum passes 2^62 (`moment_scales`).
    """
    sums[:] = 0
    s1, s2 = first_scale / 24.0, second_scale / 120.0
    for f in range(faces.shape[0]):
        if shell[f] < 0:
            continue
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ax, ay, az = float(lattice[a, 0] - origin[0]), float(lattice[a, 1] - origin[1]), float(lattice[a, 2] - origin[2])
        bx, by, bz = float(lattice[b, 0] - origin[0]), float(lattice[b, 1] - origin[1]), float(lattice[b, 2] - origin[2])
        cx, cy, cz = float(lattice[c, 0] - origin[0]), float(lattice[c, 1] - origin[1]), float(lattice[c, 2] - origin[2])
        det = (ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz)) + az * (bx * cy - by * cx)
        x, y, z = ax + bx + cx, ay + by + cy, az + bz + cz
        first, second = det * s1, det * s2
        sums[0] += np.int64(math.floor(first * x + 0.5))
        sums[1] += np.int64(math.floor(first * y + 0.5))
        sums[2] += np.int64(math.floor(first * z + 0.5))
        sums[3] += np.int64(math.floor(second * (x * x + ax * ax + bx * bx + cx * cx) + 0.5))
        sums[4] += np.int64(math.floor(second * (y * y + ay * ay + by * by + cy * cy) + 0.5))
        sums[5] += np.int64(math.floor(second * (z * z + az * az + bz * bz + cz * cz) + 0.5))
        sums[6] += np.int64(math.floor(second * (x * y + ax * ay + bx * by + cx * cy) + 0.5))
        sums[7] += np.int64(math.floor(second * (y * z + ay * az + by * bz + cy * cz) + 0.5))
        sums[8] += np.int64(math.floor(second * (z * x + az * ax + bz * bx + cz * cx) + 0.5))


def moment_scales(extent: int, faces: int) -> tuple[float, float]:
    """The largest scales for `moments` about the middle of a box of at most `extent` steps a side."""
    size, many = extent.bit_length(), faces.bit_length()
    return math.ldexp(1.0, 61 - many - 4 * size), math.ldexp(1.0, 61 - many - 5 * size)


@kernel("boolean(int32[:,::1], int32[::1], int64, int64)")
def stands(lattice: Int32s, degree: Int32s, x: int, y: int) -> bool:
    """Does (x, y) lie in the convex hull (border included) of the used points at z = 0?

    It does unless all directions from it to those points fit in an open half-plane: the cone of directions is widened point by
    point, with exact signs.
    """
    ux = uy = vx = vy = np.int64(0)
    empty = True
    for i in range(lattice.shape[0]):
        if degree[i] == 0 or lattice[i, 2] != 0:
            continue
        dx, dy = np.int64(lattice[i, 0]) - x, np.int64(lattice[i, 1]) - y
        if dx == 0 and dy == 0:
            return True
        if empty:
            ux, uy, vx, vy = dx, dy, dx, dy
            empty = False
            continue
        from_u = ux * dy - uy * dx
        from_v = vx * dy - vy * dx
        if from_u > 0 and from_v > 0:
            vx, vy = dx, dy
        elif from_u < 0 and from_v < 0:
            ux, uy = dx, dy
        elif from_u >= 0 and from_v <= 0:
            if from_u == 0 and from_v == 0 and ux * dx + uy * dy < 0:
                return True
        else:
            return True
    return False


@kernel("void(int32[:,::1], int32[:,::1], int32[::1], int64[:,::1])", writes=("boxes",))
def shell_bounds(lattice: Int32s, faces: Int32s, shell: Int32s, boxes: Int64s) -> None:
    """boxes (shells, 6): min x, y, z, max x, y, z of each shell's points, in steps."""
    for s in range(boxes.shape[0]):
        for k in range(3):
            boxes[s, k], boxes[s, k + 3] = np.int64(1) << 40, -(np.int64(1) << 40)
    for f in range(faces.shape[0]):
        s = shell[f]
        if s < 0:
            continue
        for i in range(3):
            for k in range(3):
                v = np.int64(lattice[faces[f, i], k])
                boxes[s, k], boxes[s, k + 3] = min(boxes[s, k], v), max(boxes[s, k + 3], v)
