"""PNG of an RGB picture: no filter, ISA-L's deflate at level 1, same bytes on every machine (ISO/IEC 15948)."""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LEVEL = 1
_EIGHT_BIT_RGB = (8, 2, 0, 0, 0)


def write(picture: npt.NDArray[np.uint8]) -> bytes:
    """The PNG of uint8 (height, width, 3), sRGB. TypeError for any other array, or an empty one."""
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise TypeError(f"expected uint8 (height, width, 3), got {picture.dtype} {picture.shape}")
    height, width, _ = picture.shape
    rows = np.empty((height, 1 + 3 * width), dtype=np.uint8)
    rows[:, 0] = 0
    rows[:, 1:] = picture.reshape(height, 3 * width)
    packed = isal_zlib.compress(rows.data, _LEVEL, 15)
    header = struct.pack(">2I5B", width, height, *_EIGHT_BIT_RGB)
    chunks = (_chunk(b"IHDR", header), _chunk(b"sRGB", b"\0"), _chunk(b"IDAT", packed), _chunk(b"IEND", b""))
    return b"".join((_SIGNATURE, *chunks))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", isal_zlib.crc32(content, isal_zlib.crc32(kind)))
