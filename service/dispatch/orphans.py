"""Packs that nobody names: a lane, or the web process, died between writing one and telling the store of it."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Collection
from dataclasses import dataclass, field

from service.packs import Packs
from service.store import packed
from service.store.database import Database

log = logging.getLogger("unikat.dispatch")

HOUR = 3_600_000
SOON, LATER = 60.0, 3600.0
"""Seconds from the first look to the second, and from then on."""
BATCH = 500


@dataclass
class Orphans:
    """Looks now and then. A pack goes that was named an hour ago or more, and that nobody knew in this look and the one before.

    The hour is the wall clock's, which may jump; two looks are at least a minute apart by a clock that does not.
    """

    seen: set[str] = field(default_factory=set)
    _due: float = float("-inf")
    _looked: bool = False

    def look(self, database: Database, packs: Packs, now: int, at: float, flying: Collection[str]) -> int:
        """Where it is time to: remove what is nobody's; how many. `now`: milliseconds since 1970; `at`: seconds that only go on."""
        if at < self._due:
            return 0
        self._due = at + (LATER if self._looked else SOON)
        self._looked = True
        found: set[str] = set()
        old = packs.old(now - HOUR)
        while some := list(itertools.islice(old, BATCH)):
            with database.read() as conn:
                found.update(set(some) - packed.named(conn, some) - set(flying))
        went = found & self.seen
        for name in sorted(went):
            packs.remove(name)
        self.seen = found - went
        halves = packs.sweep(now - HOUR)
        if went or halves:
            log.info("orphans removed", extra={"packs": len(went), "halves": halves})
        return len(went) + halves
