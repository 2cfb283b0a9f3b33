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

BLOCK = 64
"""So many faces are read at once, and then computed side by side."""

_LOW = np.int64(0xFFFFFFFF)


@inlined
def _add(sums: Int64s, row: int, high: np.int64, low: np.int64) -> None:
    sums[row, 0] += high
    sums[row, 1] += low


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


@inlined
def _gather(lattice: Int32s, faces: Int32s, shell: Int32s, begin: int, many: int, room: Int64s) -> int:
    """The corners of so many faces from `begin` on, a coordinate a row, so that what follows runs over neighbours; those of faces to
    leave out are all zero. Returns how many are left out."""
    left = 0
    for i in range(many):
        f = begin + i
        if shell[f] < 0:
            left += 1
            for row in range(9):
                room[row, i] = 0
            continue
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        room[0, i], room[1, i], room[2, i] = lattice[a, 0], lattice[a, 1], lattice[a, 2]
        room[3, i], room[4, i], room[5, i] = lattice[b, 0], lattice[b, 1], lattice[b, 2]
        room[6, i], room[7, i], room[8, i] = lattice[c, 0], lattice[c, 1], lattice[c, 2]
    return left


@inlined
def _sizes(room: Int64s, many: int, sums: Int64s) -> int:
    """Adds the faces of `room` to sums; rows 9, 10 of room get 6 V of each as high * 2^32 + low. Returns how many have no area."""
    flat = np.int64(0)
    area = area_low = side = side_low = up = up_low = down = down_low = np.int64(0)
    contact = contact_low = overhang = overhang_low = below = below_low = np.int64(0)
    for i in range(many):
        ax, ay, az = room[0, i], room[1, i], room[2, i]
        ux, uy, uz = room[3, i] - ax, room[4, i] - ay, room[5, i] - az
        vx, vy, vz = room[6, i] - ax, room[7, i] - ay, room[8, i] - az
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        flat += np.int64((nx | ny | nz) == 0)
        # 6 V = sum over faces of (za + zb + zc) * nz: one product, split so that it fits
        height = az + az + az + uz + vz
        room[9, i], room[10, i] = height * (nz >> 32), height * (nz & _LOW)
        xx, yy, zz = float(nx) * float(nx), float(ny) * float(ny), float(nz) * float(nz)
        square = xx + yy
        # summed from the smallest up, so that turning the axes changes nothing
        small, large = min(min(xx, yy), zz), max(max(xx, yy), zz)
        middle = max(min(xx, yy), min(max(xx, yy), zz))
        told = np.int64(math.sqrt((small + middle) + large) + 0.5)
        area, area_low = area + (told >> 32), area_low + (told & _LOW)
        told = np.int64(math.sqrt(square) + 0.5)
        side, side_low = side + (told >> 32), side_low + (told & _LOW)
        told = max(nz, np.int64(0))
        up, up_low = up + (told >> 32), up_low + (told & _LOW)
        told = max(-nz, np.int64(0))
        down, down_low = down + (told >> 32), down_low + (told & _LOW)
        at_zero = (az | uz | vz) == 0
        lies = told if at_zero else np.int64(0)
        contact, contact_low = contact + (lies >> 32), contact_low + (lies & _LOW)
        hangs = np.int64(0) if at_zero else (told if zz > square else np.int64(0))
        overhang, overhang_low = overhang + (hangs >> 32), overhang_low + (hangs & _LOW)
        told = np.int64(min(max(float(hangs) * float(height) / (3.0 * HEIGHT_UNIT), 0.0), 4.0e18))
        below, below_low = below + (told >> 32), below_low + (told & _LOW)
    _add(sums, AREA, area, area_low)
    _add(sums, SIDE, side, side_low)
    _add(sums, UP, up, up_low)
    _add(sums, DOWN, down, down_low)
    _add(sums, CONTACT, contact, contact_low)
    _add(sums, OVERHANG, overhang, overhang_low)
    _add(sums, OVERHANG_HEIGHT, below, below_low)
    return int(flat)


@inlined
def _volumes(room: Int64s, shell: Int32s, begin: int, many: int, volumes: Int64s) -> None:
    for i in range(many):
        s = shell[begin + i]
        if s >= 0:
            low = room[10, i] + volumes[s, 1]
            volumes[s, 0] += room[9, i] + (low >> 32)
            volumes[s, 1] = low & _LOW


@inlined
def _first_flat(room: Int64s, shell: Int32s, begin: int, many: int) -> int:
    for i in range(many):
        ux, uy, uz = room[3, i] - room[0, i], room[4, i] - room[1, i], room[5, i] - room[2, i]
        vx, vy, vz = room[6, i] - room[0, i], room[7, i] - room[1, i], room[8, i] - room[2, i]
        if shell[begin + i] >= 0 and uy * vz == uz * vy and uz * vx == ux * vz and ux * vy == uy * vx:
            return begin + i
    return -1


@inlined
def _shares(room: Int64s, many: int, origin: Int64s, s1: float, s2: float, sums: Int64s) -> None:
    """Adds the moments of the faces of `room` to sums."""
    ox, oy, oz = origin[0], origin[1], origin[2]
    one = two = three = four = five = six = seven = eight = nine = np.int64(0)
    for i in range(many):
        ax, ay, az = float(room[0, i] - ox), float(room[1, i] - oy), float(room[2, i] - oz)
        bx, by, bz = float(room[3, i] - ox), float(room[4, i] - oy), float(room[5, i] - oz)
        cx, cy, cz = float(room[6, i] - ox), float(room[7, i] - oy), float(room[8, i] - oz)
        det = (ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz)) + az * (bx * cy - by * cx)
        x, y, z = ax + bx + cx, ay + by + cy, az + bz + cz
        first, second = det * s1, det * s2
        one += np.int64(math.floor(first * x + 0.5))
        two += np.int64(math.floor(first * y + 0.5))
        three += np.int64(math.floor(first * z + 0.5))
        four += np.int64(math.floor(second * (x * x + ax * ax + bx * bx + cx * cx) + 0.5))
        five += np.int64(math.floor(second * (y * y + ay * ay + by * by + cy * cy) + 0.5))
        six += np.int64(math.floor(second * (z * z + az * az + bz * bz + cz * cz) + 0.5))
        seven += np.int64(math.floor(second * (x * y + ax * ay + bx * by + cx * cy) + 0.5))
        eight += np.int64(math.floor(second * (y * z + ay * az + by * bz + cy * cz) + 0.5))
        nine += np.int64(math.floor(second * (z * x + az * ax + bz * bx + cz * cx) + 0.5))
    sums[0] += one
    sums[1] += two
    sums[2] += three
    sums[3] += four
    sums[4] += five
    sums[5] += six
    sums[6] += seven
    sums[7] += eight
    sums[8] += nine


@kernel(
    "void(int32[:,::1], int32[:,::1], int32[::1], int64[:,::1], int64[:,::1], int64[:,::1], int64[::1], int64[::1], float64, float64, "
    "int64[::1])",
    writes=("room", "volumes", "sums", "places", "moments"),
)
def measure(
    lattice: Int32s,
    faces: Int32s,
    shell: Int32s,
    room: Int64s,
    volumes: Int64s,
    sums: Int64s,
    places: Int64s,
    origin: Int64s,
    first_scale: float,
    second_scale: float,
    moments: Int64s,
) -> None:
    """Volumes a shell, areas, and first and second moments about `origin` (steps).

    lattice (n, 3) with |c| <= 2^28; faces (m, 3), every index in range; shell (m): whose each face is, -1 to leave it out.
    Out: volumes (shells, 2): 6 V = high * 2^32 + low in steps^3, exact; sums (SUMS, 2): twice the area of all faces, of their
    projection on the vertical (SIDE), of what faces up and down, of what faces down at z = 0 (CONTACT), of what faces down by
    more than 45 degrees and does not lie there (OVERHANG); OVERHANG_HEIGHT: as OVERHANG times the mean height of the face (below zero
    counts as zero), in HEIGHT_UNIT steps^3;
    ZERO_FACES: faces of no area whose three indices differ, the first of them in places[0].
    moments (9), each face's share rounded to a whole number: x, y, z in steps^4 times first_scale; xx, yy, zz, xy, yz, zx in steps^5
    times second_scale. The scales are powers of two, small enough that no sum passes 2^62 (`moment_scales`); moments (0): none.
    Workspace: room (11, BLOCK).
    """
    volumes[:] = 0
    sums[:] = 0
    moments[:] = 0
    places[0] = -1
    s1, s2 = first_scale / 24.0, second_scale / 120.0
    m = faces.shape[0]
    for begin in range(0, m, BLOCK):
        many = min(BLOCK, m - begin)
        left = _gather(lattice, faces, shell, begin, many, room)
        flat = _sizes(room, many, sums) - left
        _volumes(room, shell, begin, many, volumes)
        if flat:
            sums[ZERO_FACES, 1] += flat
            if places[0] < 0:
                places[0] = _first_flat(room, shell, begin, many)
        if moments.shape[0]:
            _shares(room, many, origin, s1, s2, moments)


@kernel(
    "void(int32[:,::1], int32[:,::1], int32[::1], int64[:,::1], int64[::1], float64, float64, int64[::1])",
    writes=("room", "sums"),
)
def moments(
    lattice: Int32s,
    faces: Int32s,
    shell: Int32s,
    room: Int64s,
    origin: Int64s,
    first_scale: float,
    second_scale: float,
    sums: Int64s,
) -> None:
    """The moments of `measure` alone: sums (9). Workspace: room (11, BLOCK)."""
    sums[:] = 0
    s1, s2 = first_scale / 24.0, second_scale / 120.0
    m = faces.shape[0]
    for begin in range(0, m, BLOCK):
        many = min(BLOCK, m - begin)
        _gather(lattice, faces, shell, begin, many, room)
        _shares(room, many, origin, s1, s2, sums)


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
