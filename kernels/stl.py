"""The records of a binary STL, from the lattice that ships: float32 normal, three float32 points, two zero bytes a triangle.

Little-endian by construction (bits are taken apart by shifts). The normal is the unit cross product in float64 (exact
before the square root for parts below 3 m), zero for a triangle without area.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

RECORD = 25
"""uint16 words a triangle."""


@inlined
def _word(out, at, bits):  # type: ignore[no-untyped-def]
    out[at] = np.uint16(bits & np.uint32(0xFFFF))
    out[at + 1] = np.uint16(bits >> np.uint32(16))


@kernel("int64(int32[:,::1], int32[:,::1], float64, float32[::1], uint16[::1])", writes=("bits", "out"))
def records(
    lattice: npt.NDArray[np.int32],
    faces: npt.NDArray[np.int32],
    step: float,
    bits: npt.NDArray[np.float32],
    out: npt.NDArray[np.uint16],
) -> int:
    """Write the records of faces (m, 3) over lattice (n, 3); a point is lattice / step as float32.

    bits: scratch of 3 n. out: RECORD * m words, to be written as little-endian. Returns m, or -1 - row at the first face that
    names a point outside the lattice.
    """
    for row in range(len(lattice)):
        for axis in range(3):
            bits[3 * row + axis] = np.float32(lattice[row, axis] / step)
    words = bits.view(np.uint32)
    normal = np.empty(3, np.float32)
    normal_words = normal.view(np.uint32)
    for row in range(len(faces)):
        a, b, c = faces[row, 0], faces[row, 1], faces[row, 2]
        if min(a, b, c) < 0 or max(a, b, c) >= len(lattice):
            return -1 - row
        x = np.float64(lattice[a, 0])
        y = np.float64(lattice[a, 1])
        z = np.float64(lattice[a, 2])
        ux, uy, uz = lattice[b, 0] - x, lattice[b, 1] - y, lattice[b, 2] - z
        vx, vy, vz = lattice[c, 0] - x, lattice[c, 1] - y, lattice[c, 2] - z
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        length = math.sqrt(nx * nx + ny * ny + nz * nz)
        scale = 1.0 / length if length > 0.0 else 0.0
        normal[0], normal[1], normal[2] = np.float32(nx * scale), np.float32(ny * scale), np.float32(nz * scale)
        at = RECORD * row
        for axis in range(3):
            _word(out, at + 2 * axis, normal_words[axis])
            _word(out, at + 6 + 2 * axis, words[3 * a + axis])
            _word(out, at + 12 + 2 * axis, words[3 * b + axis])
            _word(out, at + 18 + 2 * axis, words[3 * c + axis])
        out[at + 24] = np.uint16(0)
    return len(faces)
