"""CRC-32 of joined pieces from the pieces' own, without their bytes.

crc(A + B) = crc(A) * x^(8 |B|) mod P + crc(B) over GF(2), with the reflected polynomial of ISO 3309 (zip, PNG). The product
and the powers by squaring are those of zlib 1.2.12 (`crc32_combine`).
"""

from __future__ import annotations

import numpy as np

from kernels.compiled import inlined, kernel

_POLYNOMIAL = np.uint32(0xEDB88320)
_ONE = np.uint32(0x80000000)  # x^0, reflected
_X8 = np.uint32(0x00800000)  # x^8


@inlined
def _times(a, b):  # type: ignore[no-untyped-def]
    """a * b mod P, reflected: bit 31 is x^0."""
    product = np.uint32(0)
    for i in range(32):
        if (a >> np.uint32(31 - i)) & np.uint32(1):
            product ^= b
        low = b & np.uint32(1)
        b = np.uint32(b >> np.uint32(1))
        if low:
            b ^= _POLYNOMIAL
    return product


@kernel("uint32(uint32, uint32, int64)")
def combine(first: int, second: int, length: int) -> int:
    """The CRC-32 of two pieces in a row: `first` and `second` are theirs, `length` the second's bytes (not negative)."""
    power = _ONE
    square = _X8
    left = length
    while left > 0:
        if left & 1:
            power = _times(power, square)
        square = _times(square, square)
        left >>= 1
    return int(_times(power, np.uint32(first)) ^ np.uint32(second))
