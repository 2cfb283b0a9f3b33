"""Zip files of fixed bytes, made of deflate segments that can be kept and joined again.

A segment is raw deflate ended by a full flush, so it stands on a byte and refers to nothing before it: segments in a row, then
an empty last block, are one deflate stream (RFC 1951), and their CRCs join over GF(2). Level 1 of ISA-L gives the same bytes on
every processor (levels above 2 do not). The zip directory is PKWARE APPNOTE 6.3.10 without extras; dates are 1980-01-01.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from isal import isal_zlib

from engine.errors import EngineFault
from kernels import crc

LEVEL = 1
"""ISA-L's deflate level: 1 and 2 do not depend on the processor."""

_LAST_BLOCK = b"\x03\x00"
_DATE = 0x0021  # 1980-01-01, the first that a zip can name
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_STORED, _DEFLATED = 0, 8
_LIMIT = 0xFFFFFFFE


@dataclass(frozen=True)
class Segment:
    """Text of `size` bytes with CRC-32 `crc`, packed as raw deflate up to a byte boundary, in any number of pieces."""

    crc: int
    size: int
    packed: tuple[bytes, ...]


@dataclass(frozen=True)
class Entry:
    """One file of a zip, as it will lie there."""

    name: str
    method: int
    crc: int
    size: int
    packed: tuple[bytes, ...]


def deflate(text: bytes | memoryview) -> Segment:
    """Pack one segment; an empty text is an empty segment."""
    size = len(text)
    if size == 0:
        return Segment(0, 0, ())
    packer = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, -15)
    return Segment(isal_zlib.crc32(text), size, (packer.compress(text), packer.flush(isal_zlib.Z_FULL_FLUSH)))


def join(segments: Iterable[Segment]) -> Segment:
    """Segments in a row as one."""
    total, size = 0, 0
    packed: list[bytes] = []
    for segment in segments:
        total = crc.combine(total, segment.crc, segment.size) if size else segment.crc
        size += segment.size
        packed.extend(segment.packed)
    return Segment(int(total), size, tuple(packed))


def deflated(name: str, segments: Iterable[Segment]) -> Entry:
    """A file made of segments."""
    whole = join(segments)
    return Entry(name, _DEFLATED, whole.crc, whole.size, (*whole.packed, _LAST_BLOCK))


def stored(name: str, content: bytes) -> Entry:
    """A file as it is: small ones, and what is packed already (PNG)."""
    return Entry(name, _STORED, isal_zlib.crc32(content), len(content), (content,))


def pack(entries: Sequence[Entry]) -> bytes:
    """The zip file. EngineFault when it needs more than 4 GB, or a name twice or not ASCII (no zip64, no UTF-8 names)."""
    names = [entry.name for entry in entries]
    if len(set(names)) != len(names) or not all(name and name.isascii() for name in names):
        raise EngineFault(f"a zip cannot hold these names: {sorted(names)}")
    pieces: list[bytes] = []
    directory: list[bytes] = []
    at = 0
    for entry in entries:
        name = entry.name.encode("ascii")
        length = sum(len(piece) for piece in entry.packed)
        if max(at, length, entry.size) > _LIMIT:
            raise EngineFault("a zip of more than 4 GB is not written")
        # version 2.0, no flags
        head = (20, 0, entry.method, 0, _DATE, entry.crc, length, entry.size, len(name), 0)
        directory.append(_CENTRAL.pack(b"PK\x01\x02", 20, *head, 0, 0, 0, 0, at) + name)
        pieces.append(_LOCAL.pack(b"PK\x03\x04", *head) + name)
        pieces.extend(entry.packed)
        at += len(pieces[-1 - len(entry.packed)]) + length
    tail = b"".join(directory)
    if at + len(tail) > _LIMIT or len(entries) > 0xFFFE:
        raise EngineFault("a zip of more than 4 GB is not written")
    pieces.append(tail)
    pieces.append(_END.pack(b"PK\x05\x06", 0, 0, len(entries), len(entries), len(tail), at, 0))
    return b"".join(pieces)
