"""Where the files of a chunk are sealed, one after the other, as they will lie in its pack. It is kept from chunk to chunk: to take new
memory for each file costs ten times what sealing it does."""

from __future__ import annotations

from dataclasses import dataclass, field

from service.vault import AROUND, seal_into

KEPT = 64 << 20
"""Bytes: what a larger chunk took is given back."""


@dataclass
class Room:
    """`used`: bytes that are taken."""

    used: int = 0
    _held: bytearray = field(default_factory=bytearray)

    def seal(self, key: bytes, plain: bytes, label: bytes) -> tuple[int, int]:
        """The next file, sealed: where it lies, and its bytes."""
        at, size = self.used, len(plain) + AROUND
        if at + size > len(self._held):
            self._held.extend(bytes(max(at + size - len(self._held), len(self._held))))
        with memoryview(self._held) as held, held[at : at + size] as part:
            seal_into(part, key, plain, label)
        self.used += size
        return at, size

    def sealed(self) -> memoryview:
        """All that was sealed. Let go of it before more is."""
        return memoryview(self._held)[: self.used]

    def clear(self) -> None:
        """Begin anew."""
        self.used = 0
        if len(self._held) > KEPT:
            self._held = bytearray()
