"""G-code for the print shop: takes what the store says is wanted, has it made in a lane of its own, and settles it.

Its lanes are not those of production: a slicer takes seconds a part and may hang. They start when the first G-code is wanted.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.doors.slicer import allowed
from engine.errors import EnvironmentFault, UnikatError
from engine.export.sliced_ready import MOST_PLATES
from service.clock import Clock, new_id
from service.clock import now as wall
from service.handing import of_job
from service.house import House
from service.lanes.pool import Died
from service.lanes.unit import Unit
from service.store import slices
from service.store.slices import Taken

log = logging.getLogger("unikat.slicing")
TARGET = "service.dispatch.slicing_work:gcode"
MAKING = 60.0
"""Seconds for all but the slicer, whose own deadline comes first: a lane that was killed would leave it running."""
IDLE = 0.2
"""Seconds between two looks into the store."""
PAUSE = 5.0
"""Seconds without slicing after the disk refused to take files."""

Runner = Callable[..., Any]
"""`Lanes.run`, or what stands for it."""


@dataclass
class Slicing:
    """`runner`: see Lanes.run. `hands`: how many slices are made at once, each by a thread."""

    house: House
    runner: Runner
    hands: int = 1
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    clock: Clock = wall

    def start(self) -> int:
        """What was being made when the last dispatcher ended is wanted again; how many."""
        with self.house.database.write() as conn:
            left = slices.give_back(conn, self.clock())
        for pack in left:
            self.house.packs.remove(pack)
        return len(left)

    def step(self) -> bool:
        """Make one, if one is wanted."""
        with self.house.database.read() as conn:
            if not slices.waits(conn):
                return False
        at = self.clock()
        pack = new_id(at)
        with self.house.database.write() as conn:
            taken = slices.take(conn, pack, at)
        if taken is None:
            return False
        seconds = MOST_PLATES * allowed() + MAKING
        args = (asdict(self._unit(taken, seconds)), self.house.packs.place, pack)
        try:
            told = self.runner(pack, taken.body, TARGET, args, seconds, [taken.job])
        except EnvironmentFault as fault:
            log.error("G-code could not be kept", extra={"job": taken.job, "why": type(fault).__name__})
            with self.house.database.write() as conn:
                slices.give_back(conn, self.clock(), taken.job)
            raise
        self._settle(taken, pack, told)
        return True

    def _unit(self, taken: Taken, seconds: float) -> Unit:
        key = self.house.vault.unwrap(taken.wrapped, taken.job)
        return Unit(
            id=taken.job,
            tenant=taken.tenant,
            sealed=taken.sealed,
            key=key,
            source=self.sources.get(taken.template, {"key": taken.template}),
            process=taken.process,
            machine=taken.machine,
            formats=("gcode",),
            seconds=seconds,
            inputs=of_job(self.house.database, self.house.vault, taken.tenant, taken.job, taken.sealed, key),
        )

    def _settle(self, taken: Taken, pack: str, told: Died | Mapping[str, Any]) -> None:
        at = self.clock()
        if isinstance(told, Died):
            told = {"reason": told.kind, "strike": True}
        if "files" in told:
            with self.house.database.write() as conn:
                kept = slices.made(conn, taken.job, taken.attempt, told["files"], at)
            if not kept:
                self.house.packs.remove(pack)  # erased meanwhile
            return
        self.house.packs.remove(pack)  # a lane may have died after it wrote
        with self.house.database.write() as conn:
            state = slices.failed(conn, taken.job, taken.attempt, told["reason"], at, strike=told["strike"])
        log.warning("no G-code", extra={"job": taken.job, "why": told["reason"], "state": state})

    def run(self, stop: threading.Event) -> None:
        """Until `stop`: the thread of one hand."""
        while not stop.is_set():
            try:
                if not self.step():
                    stop.wait(IDLE)
            except (UnikatError, OSError) as error:
                log.error("slicing failed", extra={"why": type(error).__name__})
                stop.wait(PAUSE)

    def threads(self, stop: threading.Event) -> list[threading.Thread]:
        """Its hands, at work. A slice that is under way when all stops is given up, and made by the next dispatcher."""
        hands = [threading.Thread(target=self.run, args=(stop,), daemon=True, name=f"slicing-{n}") for n in range(self.hands)]
        for hand in hands:
            hand.start()
        return hands
