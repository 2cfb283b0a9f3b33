"""Several arrays in one piece of memory.

A fresh page costs the system a microsecond, more than a kernel takes to fill it. One large piece gets large pages where there are
such (numpy asks for them from 4 MB on), and none of the others ever has more than one piece to find.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

LINE = 64
"""Every array begins at a multiple of so many bytes of the piece."""


def carved(*wanted: tuple[tuple[int, ...], npt.DTypeLike]) -> list[npt.NDArray[Any]]:
    """An uninitialised, C-contiguous array of each shape and dtype; all of the piece lives as long as any of them."""
    sizes = [math.prod(shape) * np.dtype(kind).itemsize for shape, kind in wanted]
    piece = np.empty(sum(-(-size // LINE) * LINE for size in sizes), dtype=np.uint8)
    made, at = [], 0
    for size, (shape, kind) in zip(sizes, wanted, strict=True):
        made.append(piece[at : at + size].view(kind).reshape(shape))
        at += -(-size // LINE) * LINE
    return made
