"""Rows compared: are two arrays the same, at the speed of memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import kernel

_BLOCK = 1024  # compared without a branch; an early difference ends it after one block


@kernel("int64(int32[::1], int32[::1])")
def same(first: npt.NDArray[np.int32], second: npt.NDArray[np.int32]) -> int:
    """1 when both (n,) are as long and hold the same numbers, else 0."""
    n = first.shape[0]
    if second.shape[0] != n:
        return 0
    for start in range(0, n, _BLOCK):
        differ = np.int32(0)
        for i in range(start, min(start + _BLOCK, n)):
            differ |= first[i] ^ second[i]
        if differ != 0:
            return 0
    return 1
