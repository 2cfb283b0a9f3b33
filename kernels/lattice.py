"""Onto the integer lattice that ships: round, turn, weld, remap. Everything after this is exact.

A coordinate is an int32 count of steps with |c| <= RANGE, so that differences stay below 2^30 and the minors of three points
below 2^61: all predicates fit int64, and their dot products 128 bits.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

Int32s = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

RANGE = 1 << 28
"""The largest coordinate, in steps: 26.8 m at 1e-4 mm."""
NOT_FINITE = -(1 << 31)
"""What stands in all three columns of a point that was NaN or infinite."""
TOO_FAR = (1 << 31) - 1
"""What stands in all three columns of a finite point beyond RANGE."""


@inlined
def _place(x: float, y: float, z: float, finite: bool, out: Int32s, i: int) -> int:
    """Row i of `out` from three coordinates in steps; 1 when they cannot be held."""
    if abs(x) < RANGE and abs(y) < RANGE and abs(z) < RANGE:
        out[i, 0] = math.floor(x + 0.5)
        out[i, 1] = math.floor(y + 0.5)
        out[i, 2] = math.floor(z + 0.5)
        return 0
    mark = TOO_FAR if finite else NOT_FINITE
    out[i, 0] = out[i, 1] = out[i, 2] = mark
    return 1


@inlined
def _finite(x: float, y: float, z: float) -> bool:
    return math.isfinite(x) and math.isfinite(y) and math.isfinite(z)


@kernel("int64(float64[:,::1], float64, int32[:,::1])", writes=("out",))
def quantise(points: Floats, steps_per_mm: float, out: Int32s) -> int:
    """floor(points * steps_per_mm + 0.5) into `out` (n, 3); returns how many points are not finite or beyond RANGE.

    Those get NOT_FINITE or TOO_FAR in all three columns.
    """
    bad = 0
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        bad += _place(x * steps_per_mm, y * steps_per_mm, z * steps_per_mm, _finite(x, y, z), out, i)
    return bad


@kernel("int64(float64[:,::1], float64[::1], float64[::1], float64, int32[:,::1])", writes=("out",))
def quantise_posed(points: Floats, rotation: Floats, translation: Floats, steps_per_mm: float, out: Int32s) -> int:
    """As `quantise`, of rotation (9 numbers by rows) * point + translation; products summed from left to right."""
    bad = 0
    for i in range(points.shape[0]):
        px, py, pz = points[i, 0], points[i, 1], points[i, 2]
        x = (rotation[0] * px + rotation[1] * py + rotation[2] * pz + translation[0]) * steps_per_mm
        y = (rotation[3] * px + rotation[4] * py + rotation[5] * pz + translation[1]) * steps_per_mm
        z = (rotation[6] * px + rotation[7] * py + rotation[8] * pz + translation[2]) * steps_per_mm
        bad += _place(x, y, z, _finite(px, py, pz), out, i)
    return bad


@kernel("int64(int32[:,::1], int64[::1], int64[::1])", writes=("lattice",))
def turn(lattice: Int32s, columns: npt.NDArray[np.int64], shift: npt.NDArray[np.int64]) -> int:
    """A right-angle rotation in place: new[k] = +-old[axis] + shift[k]; columns[k] = axis + 1, negative to flip the sign.

    Marked points stay as they are; a point that the shift carries beyond RANGE becomes TOO_FAR, and is counted.
    """
    bad = 0
    a0, a1, a2 = abs(columns[0]) - 1, abs(columns[1]) - 1, abs(columns[2]) - 1
    s0, s1, s2 = 1 if columns[0] > 0 else -1, 1 if columns[1] > 0 else -1, 1 if columns[2] > 0 else -1
    for i in range(lattice.shape[0]):
        if lattice[i, 0] == NOT_FINITE or lattice[i, 0] == TOO_FAR:
            continue
        x = s0 * np.int64(lattice[i, a0]) + shift[0]
        y = s1 * np.int64(lattice[i, a1]) + shift[1]
        z = s2 * np.int64(lattice[i, a2]) + shift[2]
        if abs(x) > RANGE or abs(y) > RANGE or abs(z) > RANGE:
            bad += 1
            x, y, z = TOO_FAR, TOO_FAR, TOO_FAR
        lattice[i, 0], lattice[i, 1], lattice[i, 2] = x, y, z
    return bad


@kernel("int64(int32[:,::1], int32[:,::1])")
def lowest(lattice: Int32s, faces: Int32s) -> int:
    """The smallest z of the points that faces use; TOO_FAR when there is none. Marked points and bad indices are passed by."""
    least = np.int64(TOO_FAR)
    n = lattice.shape[0]
    for f in range(faces.shape[0]):
        for k in range(3):
            i = faces[f, k]
            if 0 <= i < n and lattice[i, 0] != NOT_FINITE:
                least = min(least, np.int64(lattice[i, 2]))
    return int(least)


@inlined
def _slot(x: int, y: int, z: int) -> np.int64:
    """Where the search for a row begins, before the table's mask."""
    h = np.int64(x) * np.int64(0x9E3779B1) + np.int64(y) * np.int64(0x85EBCA77) + np.int64(z) * np.int64(0xC2B2AE3D)
    h ^= h >> 29
    h *= np.int64(0x1B873593CC9E2D51)
    return h >> 32


@kernel("int64(int32[:,::1], int32[::1], int32[::1], int64[::1])", writes=("table", "target", "first"))
def weld(rows: Int32s, table: Int32s, target: Int32s, first: npt.NDArray[np.int64]) -> int:
    """Number equal rows (n, 3) alike, in the order of their first appearance; returns how many different ones there are.

    target[i] (n,) is the number of row i; first[0] the earliest row that equals one before it, n when none does.
    `table`: workspace, its length a power of two of at least 2 n.
    """
    n = rows.shape[0]
    mask = np.int64(table.shape[0] - 1)
    table[:] = -1
    unique = 0
    first[0] = n
    for i in range(n):
        x, y, z = rows[i, 0], rows[i, 1], rows[i, 2]
        slot = _slot(x, y, z) & mask
        while True:
            j = table[slot]
            if j < 0:
                table[slot] = i
                target[i] = unique
                unique += 1
                break
            if rows[j, 0] == x and rows[j, 1] == y and rows[j, 2] == z:
                target[i] = target[j]
                first[0] = min(first[0], np.int64(i))
                break
            slot = (slot + 1) & mask
    return unique


@kernel("boolean(int32[:,::1], int64, int32[::1], int32[::1])", writes=("own",))
def repeats(rows: Int32s, known: int, table: Int32s, own: Int32s) -> bool:
    """Does a row from `known` on equal another? table: as `weld` left it for the rows before. own: workspace, 2^k >= 2 (n - known)."""
    mask, small = np.int64(table.shape[0] - 1), np.int64(own.shape[0] - 1)
    own[:] = -1
    for i in range(known, rows.shape[0]):
        x, y, z = rows[i, 0], rows[i, 1], rows[i, 2]
        begin = _slot(x, y, z)
        slot = begin & mask
        while table[slot] >= 0:
            j = table[slot]
            if rows[j, 0] == x and rows[j, 1] == y and rows[j, 2] == z:
                return True
            slot = (slot + 1) & mask
        slot = begin & small
        while own[slot] >= 0:
            j = own[slot]
            if rows[j, 0] == x and rows[j, 1] == y and rows[j, 2] == z:
                return True
            slot = (slot + 1) & small
        own[slot] = i
    return False


@kernel("void(int32[:,::1], int32[::1], int32[:,::1])", writes=("out",))
def gather(rows: Int32s, target: Int32s, out: Int32s) -> None:
    """out[target[i]] = rows[i]: the different rows that `weld` numbered."""
    for i in range(rows.shape[0]):
        j = target[i]
        out[j, 0], out[j, 1], out[j, 2] = rows[i, 0], rows[i, 1], rows[i, 2]


@kernel("void(int32[:,::1], int32[::1], int32[:,::1])", writes=("out",))
def remap(faces: Int32s, target: Int32s, out: Int32s) -> None:
    """out = target[faces]; an index that is out of range stays as it is, to be found later."""
    n = target.shape[0]
    for f in range(faces.shape[0]):
        for k in range(3):
            i = faces[f, k]
            out[f, k] = target[i] if 0 <= i < n else i


@kernel("int64(int32[:,::1], int64[::1])", writes=("told",))
def unheld(lattice: Int32s, told: npt.NDArray[np.int64]) -> int:
    """How many points have no place: told[0] not finite, told[1] the first of them; told[2] beyond RANGE, told[3] the first."""
    told[0] = told[2] = 0
    told[1] = told[3] = -1
    for i in range(lattice.shape[0]):
        for k in range(3):
            c = np.int64(lattice[i, k])
            if -RANGE <= c <= RANGE:
                continue
            at = 0 if c == NOT_FINITE else 2
            told[at] += 1
            if told[at + 1] < 0:
                told[at + 1] = i
            break
    return int(told[0] + told[2])
