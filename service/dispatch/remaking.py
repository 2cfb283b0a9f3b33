"""Makes again what the disk has lost or damaged: products are deterministic, and their hashes are known."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.errors import EnvironmentFault
from service.clock import Clock, new_id
from service.clock import now as wall
from service.dispatch.dispatcher import Runner
from service.handing import of_job
from service.house import House
from service.lanes.pool import Died
from service.lanes.unit import Unit
from service.settings import Settings
from service.store import packed, remaking
from service.store.remaking import Lacking

log = logging.getLogger("unikat.dispatch")
EVERY = 1.0
"""Seconds."""
TRIES = 3


@dataclass
class Remaking:
    """`runner`: Lanes.run. One at a time: what was ordered goes first. `bodies`: the key of those that a fleet shares."""

    house: House
    runner: Runner
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    clock: Clock = wall
    seconds: float = Settings.unit_seconds
    bodies: bytes | None = None
    _tries: Counter[str] = field(default_factory=Counter)

    def step(self) -> bool:
        """Make one again; False where there is none to be."""
        with self.house.database.write() as conn:
            one = remaking.next_one(conn)
        if one is None:
            return False
        job, pack = str(one.row["id"]), new_id(self.clock())
        args = ([asdict(self._unit(one.row))], self.house.packs.place, pack, self.bodies)
        told = self.runner(pack, one.row["body"], "service.lanes.work:chunk", args, self.seconds, [job])
        files = _files(told)
        if files is not None and _hashes(files) == _hashes(one.row["files"]):
            self._mend(one, pack, files)
            return True
        self.house.packs.remove(pack)
        self._tries[job] += 1
        if files is not None or self._tries[job] >= TRIES:
            log.error("what was lost cannot be made again", extra={"job": job, "other": files is not None})
            with self.house.database.write() as conn:
                remaking.give_up(conn, job)
        return True

    def _mend(self, one: Lacking, pack: str, files: Mapping[str, Any]) -> None:
        with self.house.database.write() as conn:
            kept = remaking.mended(conn, one, pack, files, self.clock())
            others = packed.named(conn, [one.pack])
        if not kept:
            self.house.packs.remove(pack)
        if not others:
            self.house.packs.remove(one.pack)
        log.info("made again", extra={"job": one.row["id"], "kept": kept})

    def _unit(self, row: Mapping[str, Any]) -> Unit:
        key, sealed = self.house.vault.unwrap(row["wrapped"], row["id"]), bytes(row["sealed"])
        return Unit(
            id=row["id"],
            tenant=row["tenant"],
            sealed=sealed,
            key=key,
            source=self.sources.get(row["template"], {"key": row["template"]}),
            process=row["process"],
            machine=row["machine"],
            formats=tuple(row["formats"].split(",")),
            seconds=self.seconds,
            inputs=of_job(self.house.database, self.house.vault, row["tenant"], row["id"], sealed, key),
        )

    def run(self, stop: threading.Event) -> None:
        """Until `stop`: a thread of the dispatcher's process."""
        while not stop.wait(EVERY):
            try:
                while not stop.is_set() and self.step():
                    pass
            except EnvironmentFault as error:
                log.error("nothing is made again", extra={"why": type(error).__name__})


def _files(told: object) -> Mapping[str, Any] | None:
    if isinstance(told, Died) or not isinstance(told, list) or len(told) != 1 or told[0].get("state") != "done":
        return None
    found: Mapping[str, Any] = told[0]["files"]
    return found


def _hashes(files: Mapping[str, Any]) -> dict[str, str]:
    return {name: entry[3] for name, entry in files.items()}
