"""Where a lane looks for bodies that lanes of other machines have drawn, and puts its own: beside the packs, sealed.

The name and the seal are of the address, so that a body which lies under another's name does not open; what does not open is not there.
Nothing that fails here fails a unit: then it is drawn.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass

from engine.errors import EnvironmentFault
from service.clock import Clock
from service.clock import now as wall
from service.packs import Packs
from service.vault import seal, unseal

SUFFIX = ".body"
AGED_MS = 24 * 3600 * 1000
"""What was put there longer ago, and still serves, is put there again: what is old goes."""


@dataclass(frozen=True)
class Sealed:
    """engine.language.elsewhere.Elsewhere, over the place of the packs. `key`: what all machines of the fleet have for it."""

    packs: Packs
    key: bytes
    clock: Clock = wall

    def name(self, address: str) -> str:
        """Under what it lies."""
        return hashlib.blake2b(address.encode(), digest_size=32, key=self.key).hexdigest() + SUFFIX

    def take(self, address: str) -> bytes | None:
        """What was put there; None where nothing was, or it does not open, or the place does not answer."""
        try:
            found = self.packs.lent(self.name(address))
            data = found and unseal(self.key, found[0], address.encode())
        except EnvironmentFault:
            return None
        if data and found and found[1] < self.clock() - AGED_MS:
            self.put(address, data)
        return data or None

    def put(self, address: str, data: bytes) -> None:
        """Let it lie there, if that can be."""
        with contextlib.suppress(EnvironmentFault):
            self.packs.lend(self.name(address), seal(self.key, data, address.encode()))
