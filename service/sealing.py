"""A long file sealed in pieces: none can be left out, doubled, moved or cut off unseen.

Each piece is sealed under the file's key with its number and whether it is the last (the STREAM construction: Hoang, Reyhanitabar,
Rogaway, Vizar 2015, with a random nonce to each piece).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.packs import Packs
from service.vault import AROUND, seal, unseal

PIECE = 1 << 20
SEALED = PIECE + AROUND
"""Bytes of a sealed piece that is not the last."""


@dataclass
class Sealer:
    """`owner`: the pack's id, which the pieces are bound to. `plain`: bytes that went in."""

    key: bytes
    wrapped: bytes
    owner: str
    plain: int = 0

    def sealed(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        """The sealed pieces of what comes in parts of any size."""
        held, number = bytearray(), 0
        for part in parts:
            self.plain += len(part)
            held += part
            while len(held) > PIECE:  # what may be the last one waits
                yield seal(self.key, bytes(held[:PIECE]), _label(self.owner, number, False))
                del held[:PIECE]
                number += 1
        yield seal(self.key, bytes(held), _label(self.owner, number, True))


def opened(packs: Packs, pack: str, key: bytes, plain: int) -> Iterator[bytes]:
    """The plain pieces of a pack that a Sealer wrote, in order; Unreadable where anything was changed."""
    last = max(0, -(-plain // PIECE) - 1)
    for number in range(last + 1):
        size = SEALED if number < last else plain - last * PIECE + AROUND
        yield unseal(key, packs.read(pack, number * SEALED, size), _label(pack, number, number == last))


def _label(owner: str, number: int, last: bool) -> bytes:
    return f"{owner}/{number}/{'last' if last else 'more'}".encode()
