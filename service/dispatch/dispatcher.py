"""The dispatcher: takes what is next, keeps the lanes busy and no more than that, and settles what they answer.

All that it knows is in the store. It may be killed between any two lines: the next one gives back what was running, and products
are deterministic, so that making one again harms nothing.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from engine.errors import EnvironmentFault
from service.clock import Clock, new_id
from service.clock import now as wall
from service.dispatch.fair import Costs, Fairness
from service.lanes.pool import Died
from service.lanes.unit import Unit
from service.packs import Packs
from service.store import queue
from service.store.database import Database
from service.store.outbox import announce
from service.store.queue import Ended, Head
from service.store.schema import jobs, tenants
from service.vault import Vault

log = logging.getLogger("unikat.dispatch")

STRIKES = 2
"""So many deaths of a lane are laid to a unit before it fails."""
UNIT_SECONDS = 60.0
"""How long one unit may take, its CadQuery included."""
PAUSE_AFTER_FAULT = 5_000
"""Milliseconds without new work after the disk refused to take files."""

Runner = Callable[..., Any]
"""`Lanes.run`, or what stands for it elsewhere."""


@dataclass
class Chunk:
    """Work in flight: the claimed rows by id."""

    id: str
    head: Head
    rows: dict[str, dict[str, Any]]
    pack: str
    begun: int
    expected: float


@dataclass
class Dispatcher:
    """`runner` is submitted to `executor`. `inflight`: how many chunks may be under way, one waiting beside each lane at work."""

    database: Database
    vault: Vault
    packs: Packs
    executor: Executor
    runner: Runner
    inflight: int
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    clock: Clock = wall
    unit_seconds: float = UNIT_SECONDS
    cancel: Callable[[str], None] = lambda chunk: None
    forget: Callable[[], None] = lambda: None
    fairness: Fairness = field(default_factory=Fairness)
    costs: Costs = field(default_factory=Costs)
    flying: dict[Future[Any], Chunk] = field(default_factory=dict)
    _paused_until: int = 0
    _alone: set[str] = field(default_factory=set)

    def start(self) -> int:
        """Give back what ran when the last dispatcher ended; how many that were."""
        with self.database.write() as conn:
            left = queue.running(conn)
            queue.give_back(conn, left, {}, self.clock())
        return len(left)

    def step(self, seconds: float = 0.0) -> int:
        """Settle what has ended, stop what was cancelled, and fill the lanes: how many chunks it began or settled.

        Waits up to `seconds` for one of those in flight, if it may not begin another.
        """
        did = self.fill()
        if self.flying:
            done, _ = wait(self.flying, timeout=seconds, return_when=FIRST_COMPLETED)
            for future in done:
                self._settle(self.flying.pop(future), future)
                did += 1
        return did

    def run(self, stop: threading.Event, idle: float = 0.05) -> None:
        """Until `stop`; then waits for what is under way."""
        while not stop.is_set():
            self.stop_cancelled()
            if not self.step(idle) and not self.flying:
                stop.wait(idle)
        self.drain()

    def drain(self) -> None:
        """Begin nothing more; settle all that is under way."""
        while self.flying:
            done, _ = wait(self.flying, return_when=FIRST_COMPLETED)
            for future in done:
                self._settle(self.flying.pop(future), future)

    # ---- taking ------------------------------------------------------------------------------------------------------

    def fill(self) -> int:
        """Claim chunks until enough are in flight, or nothing waits."""
        begun = 0
        while len(self.flying) < self.inflight and self.clock() >= self._paused_until:
            chunk = self._claim()
            if chunk is None:
                break
            self._submit(chunk)
            begun += 1
        return begun

    def _claim(self) -> Chunk | None:
        with self.database.read() as conn:
            heads = queue.heads(conn)
            weights = dict(conn.execute(sa.select(tenants.c.id, tenants.c.weight)).all()) if heads else {}
        head = self.fairness.choose(heads)
        if head is None:
            return None
        at = self.clock()
        most = 1 if head.id in self._alone else self.costs.size(head.template, head.process)
        with self.database.write() as conn:
            rows = queue.claim(conn, head, most, at)
        if not rows:
            return None
        expected = len(rows) * self.costs.seconds(head.template, head.process)
        self.fairness.charge(head.tenant, expected, weights)
        return Chunk(new_id(at), head, {row["id"]: row for row in rows}, new_id(at), at, expected)

    def _submit(self, chunk: Chunk) -> None:
        units = [asdict(self._unit(row)) for row in chunk.rows.values()]
        args = (units, os.fspath(self.packs.folder), chunk.pack)
        seconds = self.unit_seconds * len(units)
        future = self.executor.submit(
            self.runner, chunk.id, chunk.head.body, "service.lanes.work:chunk", args, seconds, list(chunk.rows)
        )
        self.flying[future] = chunk

    def _unit(self, row: Mapping[str, Any]) -> Unit:
        return Unit(
            id=row["id"],
            tenant=row["tenant"],
            sealed=bytes(row["sealed"]),
            key=self.vault.unwrap(row["wrapped"], row["id"]),
            source=self.sources.get(row["template"], {"key": row["template"]}),
            process=row["process"],
            machine=row["machine"],
            formats=tuple(row["formats"].split(",")),
            seconds=self.unit_seconds,
        )

    # ---- settling ----------------------------------------------------------------------------------------------------

    def _settle(self, chunk: Chunk, future: Future[Any]) -> None:
        error = future.exception()
        if isinstance(error, EnvironmentFault):  # the disk is full, or a key is wrong: no unit's fault, and waiting may help
            log.error(
                "a chunk could not be kept", extra={"chunk": chunk.id, "units": len(chunk.rows), "why": type(error).__name__}
            )
            self._paused_until = self.clock() + PAUSE_AFTER_FAULT
            self._back(chunk, {})
        elif error is not None:
            log.error("a chunk was lost", extra={"chunk": chunk.id, "units": len(chunk.rows), "why": type(error).__name__})
            self._back(chunk, dict.fromkeys(chunk.rows, "error") if len(chunk.rows) == 1 else {})
        elif isinstance(told := future.result(), Died):
            self._died(chunk, told)
        else:
            self._ended(chunk, told)

    def _ended(self, chunk: Chunk, told: list[dict[str, Any]]) -> None:
        spent = sum(answer["cpu_ms"] for answer in told) / 1000.0
        self.fairness.charge(chunk.head.tenant, spent - chunk.expected, {})
        if told:
            self.costs.learn(chunk.head.template, chunk.head.process, spent / len(told))
        ended = [self._answer(chunk, answer) for answer in told]
        kept = self._write(ended)
        if not any(row["pack"] for row in kept):
            self.packs.remove(chunk.pack)  # they were all cancelled meanwhile: nobody will ever ask for it
        self._alone.difference_update(chunk.rows)

    def _answer(self, chunk: Chunk, answer: Mapping[str, Any]) -> Ended:
        files = answer.get("files") or None
        return Ended(
            id=answer["id"],
            attempt=chunk.rows[answer["id"]]["attempt"],
            state=answer["state"],
            verdict=answer.get("verdict"),
            reason=answer.get("reason"),
            told=answer.get("told"),
            pack=chunk.pack if files else None,
            files=files,
            production=answer.get("production"),
            serials=answer.get("serials", ()),
        )

    def _died(self, chunk: Chunk, died: Died) -> None:
        """The unit at work gets a strike, and with it the second time fails; its neighbours wait again, and it then goes alone."""
        guilty = died.unit if died.unit in chunk.rows else next(iter(chunk.rows)) if len(chunk.rows) == 1 else None
        if died.kind in ("cancelled", "lost"):
            guilty = None  # killed from outside: no unit's fault
        log.warning("a lane died", extra={"chunk": chunk.id, "units": len(chunk.rows), "kind": died.kind, "unit": guilty})
        if guilty is None:
            if died.kind not in ("cancelled", "lost"):
                self._alone.update(chunk.rows)  # whoever it was is found alone
            self._back(chunk, {})
        elif chunk.rows[guilty]["strikes"] + 1 >= STRIKES:
            row = chunk.rows[guilty]
            self._write([Ended(guilty, row["attempt"], "failed", reason=died.kind)])
            self._back(replace(chunk, rows={i: r for i, r in chunk.rows.items() if i != guilty}), {})
        else:
            self._alone.add(guilty)
            self._back(chunk, {guilty: died.kind})

    def _back(self, chunk: Chunk, struck: Mapping[str, str]) -> None:
        self.packs.remove(chunk.pack)
        failed = [i for i in struck if chunk.rows[i]["strikes"] + 1 >= STRIKES]
        if failed:
            self._write([Ended(i, chunk.rows[i]["attempt"], "failed", reason=struck[i]) for i in failed])
        with self.database.write() as conn:
            units = [(i, row["attempt"]) for i, row in chunk.rows.items() if i not in failed]
            queue.give_back(conn, units, struck, self.clock())

    def _write(self, ended: list[Ended]) -> list[dict[str, Any]]:
        """One transaction: states, counters, copies to print, webhooks. The rows that ended by it, with their pack."""
        at = self.clock()
        with self.database.write() as conn:
            settled = queue.settle(conn, ended, at)
            announce(conn, settled.ended, at)
        packed = {one.id: one.pack for one in ended}
        return [{**row, "pack": packed[row["id"]]} for row in settled.ended]

    def stop_cancelled(self) -> None:
        """End the lanes that work for jobs which were cancelled or erased since: their neighbours wait again."""
        flying = {i: chunk for chunk in self.flying.values() for i in chunk.rows}
        if not flying:
            return
        with self.database.read() as conn:
            told = sa.select(jobs.c.id).where(jobs.c.id.in_(flying), jobs.c.state != "running")
            gone = [i for i in conn.execute(told).scalars()]
        for chunk_id in {flying[i].id for i in gone}:
            self.cancel(chunk_id)
