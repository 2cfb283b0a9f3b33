"""Integers as text: vertices and triangles of a 3MF model part, printed from the lattice that ships.

A coordinate is an integer count of 1e-4 mm, so its decimals are exact: at most four, trailing zeros left off, no exponent, no
"-0". Same integers, same bytes, on any machine. Four digits are printed at a time from a table of the 10,000 possible ones.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

Bytes = npt.NDArray[np.uint8]

VERTEX_BYTES = 64
"""No `<vertex x=".." y=".." z=".."/>` is longer: 27 bytes around three numbers of at most 12."""
TRIANGLE_BYTES = 64
"""No `<triangle v1=".." v2=".." v3=".."/>` is longer: 32 bytes around three indices of at most 10."""

_X = np.frombuffer(b'<vertex x="', dtype=np.uint8)
_Y = np.frombuffer(b'" y="', dtype=np.uint8)
_Z = np.frombuffer(b'" z="', dtype=np.uint8)
_V1 = np.frombuffer(b'<triangle v1="', dtype=np.uint8)
_V2 = np.frombuffer(b'" v2="', dtype=np.uint8)
_V3 = np.frombuffer(b'" v3="', dtype=np.uint8)
_END = np.frombuffer(b'"/>', dtype=np.uint8)


@functools.cache
def digits() -> Bytes:
    """uint8 (10000, 12) of the row's number: its four ASCII digits (columns 0 to 3), how many are left without trailing zeros
    (4) and without leading ones (5), and those without leading zeros, at the left (8 to 11)."""
    numbers = np.arange(10_000)
    table = np.zeros((10_000, 12), dtype=np.uint8)
    for place, power in enumerate((1000, 100, 10, 1)):
        table[:, place] = numbers // power % 10 + ord("0")
    table[:, 4] = 4 - sum((numbers % power == 0).astype(np.int64) for power in (10, 100, 1000, 10_000))
    table[:, 5] = 1 + sum((numbers >= power).astype(np.int64) for power in (10, 100, 1000))
    for left in range(1, 5):
        rows = table[:, 5] == left
        table[rows, 8 : 8 + left] = table[rows, 4 - left : 4]
    table.flags.writeable = False
    return table


@inlined
def _put(out, at, text):  # type: ignore[no-untyped-def]
    for i in range(len(text)):
        out[at + np.uint64(i)] = text[i]
    return at + np.uint64(len(text))


@inlined
def _four(out, at, number, table, column):  # type: ignore[no-untyped-def]
    """Four bytes of the table at once; the loads come first, so that they and the stores become one each."""
    a, b, c, d = table[number, column], table[number, column + 1], table[number, column + 2], table[number, column + 3]
    out[at] = a
    out[at + np.uint64(1)] = b
    out[at + np.uint64(2)] = c
    out[at + np.uint64(3)] = d


@inlined
def _leading(out, at, number, table):  # type: ignore[no-untyped-def]
    """A number below 10,000 without leading zeros; what is written past it is overwritten by what follows."""
    _four(out, at, number, table, 8)
    return at + np.uint64(table[number, 5])


@inlined
def _padded(out, at, number, table):  # type: ignore[no-untyped-def]
    """A number below 10,000 in four digits."""
    _four(out, at, number, table, 0)
    return at + np.uint64(4)


@inlined
def _index(out, at, number, table):  # type: ignore[no-untyped-def]
    """An unsigned number below 2^32 without leading zeros."""
    if number < np.uint64(10_000):
        return _leading(out, at, number, table)
    high = number // np.uint64(10_000)
    if high < np.uint64(10_000):
        at = _leading(out, at, high, table)
    else:
        at = _leading(out, at, high // np.uint64(10_000), table)
        at = _padded(out, at, high % np.uint64(10_000), table)
    return _padded(out, at, number % np.uint64(10_000), table)


@inlined
def _coordinate(out, at, steps, table):  # type: ignore[no-untyped-def]
    """`steps` of 1e-4 as a decimal of whole units."""
    wide = np.int64(steps)
    if wide < 0:
        out[at] = np.uint8(45)
        at += np.uint64(1)
        wide = -wide
    size = np.uint64(wide)
    whole = size // np.uint64(10_000)
    part = size - whole * np.uint64(10_000)
    at = _index(out, at, whole, table)
    if part != np.uint64(0):
        out[at] = np.uint8(46)
        _four(out, at + np.uint64(1), part, table, 0)
        at += np.uint64(1) + np.uint64(table[part, 4])
    return at


@kernel("int64(int32[:,::1], uint8[:,::1], uint8[::1])", writes=("out",))
def vertices(lattice: npt.NDArray[np.int32], table: Bytes, out: Bytes) -> int:
    """Print `<vertex x="1.5" y="-0.0001" z="0"/>` for each row of lattice (n, 3), steps of 1e-4; returns how many bytes.

    table: digits(). out: at least VERTEX_BYTES * n bytes; what lies past the returned length is scratch.
    """
    at = np.uint64(0)
    for row in range(len(lattice)):
        at = _put(out, at, _X)
        at = _coordinate(out, at, lattice[row, 0], table)
        at = _put(out, at, _Y)
        at = _coordinate(out, at, lattice[row, 1], table)
        at = _put(out, at, _Z)
        at = _coordinate(out, at, lattice[row, 2], table)
        at = _put(out, at, _END)
    return int(at)


@kernel("int64(int32[:,::1], int64, uint8[:,::1], uint8[::1])", writes=("out",))
def triangles(faces: npt.NDArray[np.int32], points: int, table: Bytes, out: Bytes) -> int:
    """Print `<triangle v1="0" v2="1" v3="2"/>` for each row of faces (m, 3); returns how many bytes.

    table: digits(). out: at least TRIANGLE_BYTES * m bytes; what lies past the returned length is scratch.
    Returns -1 - row at the first face that names a point outside 0 <= index < points.
    """
    at = np.uint64(0)
    for row in range(len(faces)):
        for corner in range(3):
            if faces[row, corner] < 0 or faces[row, corner] >= points:
                return -1 - row
        at = _put(out, at, _V1)
        at = _index(out, at, np.uint64(faces[row, 0]), table)
        at = _put(out, at, _V2)
        at = _index(out, at, np.uint64(faces[row, 1]), table)
        at = _put(out, at, _V3)
        at = _index(out, at, np.uint64(faces[row, 2]), table)
        at = _put(out, at, _END)
    return int(at)
