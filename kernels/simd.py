"""Eight lanes at once: vectors of float32, float64 and int32, and masks, for kernels whose loops the compiler does not turn into vectors.

In compiled code a vector is one LLVM value (`<8 x float>`, legal on every processor: LLVM splits it where registers are shorter);
with NUMBA_DISABLE_JIT=1 it is a numpy array of eight, and every operation here and every operator means the same there. So a
kernel written with these is its own scalar twin. Additions and products are IEEE, never fused: same bits on any machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

LANES = 8

Vector = Any
"""Eight float32, eight float64, eight int32, or eight booleans."""


def load(rows: npt.NDArray[Any], row: int, at: int) -> Vector:
    """rows[row, at : at + 8] of a C-contiguous float32 or int32 array; nothing checks the bounds."""
    return rows[row, at : at + LANES].copy()


def store(rows: npt.NDArray[Any], row: int, at: int, vector: Vector) -> None:
    """Eight float32 or int32 into rows[row, at : at + 8] of a C-contiguous array of that type; nothing checks the bounds."""
    rows[row, at : at + LANES] = vector


def splat(value: Any) -> Vector:
    """One float32, float64 or int32 in every lane."""
    return np.full(LANES, value)


def floats(vector: Vector) -> Vector:
    """int32 to the nearest float32."""
    return vector.astype(np.float32)


def doubles(vector: Vector) -> Vector:
    """int32 to float64."""
    return vector.astype(np.float64)


def ordered(vector: Vector) -> Vector:
    """float32 to the int32 of the same bits: of numbers that have no sign, in the same order."""
    return vector.view(np.int32)


def least(a: Vector, b: Vector) -> Vector:
    """The smaller, lane by lane; b where a is no number."""
    return np.where(a < b, a, b)


def most(a: Vector, b: Vector) -> Vector:
    """The larger, lane by lane; b where a is no number."""
    return np.where(a > b, a, b)


def chosen(mask: Vector, a: Vector, b: Vector) -> Vector:
    """Lane by lane a where the mask is set, else b."""
    return np.where(mask, a, b)


def root(vector: Vector) -> Vector:
    """The square roots of float32 or float64."""
    return np.sqrt(vector)


def lane(vector: Vector, k: int) -> Any:
    """The number in lane k."""
    return vector[k]


def bits(mask: Vector) -> int:
    """A mask as a number: bit k is lane k."""
    return int(np.packbits(mask, bitorder="little")[0])


def lowest_bit(number: int) -> int:
    """The place of the lowest bit that is set; `number` is not 0."""
    plain = int(number)
    return (plain & -plain).bit_length() - 1
