"""What must be done now and then: erase what has outlived its retention, finish what a campaign left, let lanes forget what was erased,
and remove what lies beside the packs and nobody names."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import UnikatError
from service.campaigns.sweeping import sweep
from service.clock import Clock
from service.clock import now as wall
from service.dispatch.sharing import Sharing
from service.erasing import erase_again, erase_expired
from service.house import House
from service.store import erase, housekeeping, uploads

log = logging.getLogger("unikat.upkeep")
EVERY = 1.0
"""Seconds."""


@dataclass
class Upkeep:
    """`forget`: tells the lanes. `sharing`: what else lies with the packs. A thread of the dispatcher's process runs it."""

    house: House
    forget: Callable[[], None]
    clock: Clock = wall
    sharing: Sharing | None = None
    _receipts: int = -1

    def start(self) -> None:
        """What a process that died had begun to erase is erased."""
        again = erase_again(self.house)
        if again:
            log.warning("erased again", extra={"jobs": again})

    def step(self) -> int:
        """One round; how many things went."""
        at = self.clock()
        went = erase_expired(self.house, at)
        with self.house.database.write() as conn:
            went += housekeeping.sweep(conn, at)
        went += sweep(self.house, at)
        for name in housekeeping.expired_uploads(self.house.database, at):
            self.house.packs.remove(name)
            went += 1
        with self.house.database.read() as conn:
            receipts = erase.erased_so_far(conn) + uploads.gone_so_far(conn)
        if receipts != self._receipts:
            if self._receipts >= 0:
                self.forget()
            self._receipts = receipts
        return went + (self.sharing.step() if self.sharing is not None else 0)

    def run(self, stop: threading.Event) -> None:
        """Until `stop`. What fails is logged, and tried again: an erasure is never given up."""
        while not stop.wait(EVERY):
            try:
                while self.step():
                    pass
            except (UnikatError, OSError) as error:
                log.error("upkeep failed", extra={"why": type(error).__name__})
