"""Sobol's sequence: points that fill a cube of many dimensions evenly, however few there are. The same for a seed, anywhere.

Direction numbers of S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional projections" (2008), the first
DIMENSIONS of them; the recurrence is Bratley and Fox's (ACM Algorithm 659). A seed shifts all digits of a dimension alike, which
keeps the evenness.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

BITS = 32
_JOE_KUO = (
    "3:1 7:1,3 11:1,3,1 13:1,1,1 19:1,1,3,3 25:1,3,5,13 37:1,1,5,5,17 41:1,1,5,5,5 47:1,1,7,11,19 55:1,1,5,1,1 59:1,1,1,3,11 "
    "61:1,3,5,5,31 67:1,3,3,9,7,49 91:1,1,1,15,21,21 97:1,3,1,13,27,49 103:1,1,1,15,7,5 109:1,3,1,15,13,25 115:1,1,5,5,19,61 "
    "131:1,3,7,11,23,15,103 137:1,3,7,13,13,15,69 143:1,1,3,13,7,35,63 145:1,3,5,9,1,25,53 157:1,3,1,13,9,35,107 "
    "167:1,3,1,5,27,61,31 171:1,1,5,11,19,41,61 185:1,3,5,3,3,13,69 191:1,1,7,13,1,19,1 193:1,3,7,5,13,19,59 "
    "203:1,1,3,9,25,29,41 211:1,3,5,13,23,1,55 213:1,3,7,3,13,59,17 229:1,3,1,3,5,53,69 239:1,1,5,5,23,33,13 "
    "241:1,1,7,7,1,61,123 247:1,1,7,9,13,61,49 253:1,3,3,5,3,55,33 285:1,3,1,15,31,13,49,245 299:1,3,5,15,31,59,63,97 "
    "301:1,3,1,11,11,11,77,249 333:1,3,1,11,27,43,71,9 351:1,1,7,15,21,11,81,45 355:1,3,7,3,25,31,65,79 "
    "357:1,3,1,1,19,11,3,205 361:1,1,5,9,19,21,29,157 369:1,3,7,11,1,33,89,185 391:1,3,3,3,15,9,79,71 397:1,3,7,11,15,39,119,27"
)
"""Of each dimension after the first: its primitive polynomial as bits, and the first odd numbers."""
DIMENSIONS = 1 + len(_JOE_KUO.split())


def points(count: int, dimensions: int, seed: int = 0) -> list[tuple[float, ...]]:
    """The first `count` points, each of `dimensions` numbers in [0, 1).

    Dimensions beyond DIMENSIONS take the later points of the first ones: even by themselves, not with one another.
    """
    if count < 0 or dimensions < 0:
        raise ValueError(f"so many points and dimensions there are not: {count}, {dimensions}")
    columns = []
    for d in range(dimensions):
        start = count * (d // DIMENSIONS)
        shift = int.from_bytes(hashlib.sha256(f"{seed}/{d}".encode()).digest()[: BITS // 8], "big")
        column = _column(_directions(d % DIMENSIONS), start + count)[start:]
        columns.append([(x ^ shift) / 2.0**BITS for x in column])
    return [tuple(c[n] for c in columns) for n in range(count)]


def _column(directions: Sequence[int], count: int) -> list[int]:
    """The first numbers of one dimension, in Gray code's order: each differs from the last by one direction."""
    found, x = [], 0
    for n in range(count):
        found.append(x)
        lowest_zero = (~n & (n + 1)).bit_length() - 1
        x ^= directions[lowest_zero]
    return found


def _directions(dimension: int) -> list[int]:
    """BITS direction numbers, the first the highest bit."""
    if dimension == 0:
        return [1 << (BITS - 1 - k) for k in range(BITS)]
    polynomial, _, odd = _JOE_KUO.split()[dimension - 1].partition(":")
    taps, numbers = int(polynomial), [int(m) for m in odd.split(",")]
    degree = len(numbers)
    found = [m << (BITS - 1 - k) for k, m in enumerate(numbers)]
    for k in range(degree, BITS):
        value = found[k - degree] ^ (found[k - degree] >> degree)
        for j in range(1, degree):
            if taps >> (degree - j) & 1:
                value ^= found[k - j]
        found.append(value)
    return found
