"""What lies beside the packs (charts, fonts, designers' files, bodies) goes when nobody has named it for a month.

Several services, of several versions, may use one place. Each dispatcher that leads names the list of what its workers need anew every hour
(service.fleet.kit); what a list that was named within the month names is kept, however old it is. A body is put there anew by whoever takes it
(service.lanes.lent). Ages are told by the place's own clock, and each is looked at once more just before what it is of goes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from service.clock import Ticks
from service.fleet import kit
from service.packs import Packs

log = logging.getLogger("unikat.upkeep")

KEEP_MS = 30 * 24 * 3_600_000
PUTTING_MS = 3_600_000
"""So long a list that was named may take until it is there, and nothing goes meanwhile."""
EVERY, AGAIN = 3600.0, 60.0
"""Seconds between two rounds, and after one that failed."""
CLOCK = "clock"


def sweep(packs: Packs) -> int:
    """Remove what nobody has named for so long; how many. EnvironmentFault: the place does not answer, or a list cannot be read."""
    if next(packs.kept(), None) is None:
        return 0
    packs.lend(CLOCK, b"")
    kept = dict(packs.kept())
    at = kept[CLOCK]
    live: set[str] = set()
    for name, since in kept.items():
        digest = name.removesuffix(kit.NAMED)
        if digest == name or since < at - KEEP_MS:
            continue
        if digest in kept:
            live |= {digest, *kit.hashes(packs.shared(digest))}
        elif since > at - PUTTING_MS:
            return 0
    old = [name for name, since in kept.items() if since < at - KEEP_MS and name not in live]
    went = sum(packs.unshare(name, at - KEEP_MS) for name in old)
    if went:
        log.info("what nobody named was removed", extra={"things": went})
    return went


@dataclass
class Sharing:
    """`name`: names what the workers of this dispatcher need. A part of its upkeep."""

    packs: Packs
    name: Callable[[], None] = lambda: None
    ticks: Ticks = time.monotonic
    _due: float = float("-inf")

    def step(self) -> int:
        """Where it is time to; how many things went."""
        at = self.ticks()
        if at < self._due:
            return 0
        self._due = at + AGAIN
        self.name()
        went = sweep(self.packs)
        self._due = at + EVERY
        return went
