"""The PNG that is written, read back by Pillow and by the format's own rules."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from engine.export import png


def chunks(data: bytes) -> dict[bytes, bytes]:
    """Chunks by name; ValueError for a wrong signature or CRC."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("signature")
    at, found = 8, {}
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        content = data[at + 8 : at + 8 + size]
        if struct.unpack_from(">I", data, at + 8 + size)[0] != zlib.crc32(kind + content):
            raise ValueError(f"CRC of {kind!r}")
        found[kind] = content
        at += 12 + size
    return found


@settings(deadline=None, max_examples=50)
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20), st.just(3))))
def test_pillow_reads_the_same(picture: np.ndarray) -> None:
    data = png.write(picture)
    opened = Image.open(io.BytesIO(data))
    assert opened.mode == "RGB"
    assert (np.asarray(opened) == picture).all()
    assert list(chunks(data)) == [b"IHDR", b"sRGB", b"IDAT", b"IEND"]


def test_a_view_and_a_frozen_picture_are_taken() -> None:
    whole = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    whole.flags.writeable = False
    assert (np.asarray(Image.open(io.BytesIO(png.write(whole[::2, ::-1])))) == whole[::2, ::-1]).all()


def test_a_changed_byte_is_seen() -> None:
    data = bytearray(png.write(np.zeros((4, 4, 3), np.uint8)))
    data[-14] ^= 1
    with pytest.raises(ValueError, match="CRC"):
        chunks(bytes(data))


@pytest.mark.parametrize(
    "wrong", [np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)]
)
def test_another_array_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(TypeError, match="uint8"):
        png.write(wrong)
