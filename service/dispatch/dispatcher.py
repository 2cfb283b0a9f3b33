"""The dispatcher: takes what is next, keeps the lanes busy and no more than that, and settles what they answer.

All that it knows is in the store. It may be killed between any two lines: the next one gives back what was running, and products
are deterministic, so that making one again harms nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field, replace
from typing import Any

from engine.errors import EnvironmentFault
from service import tracing
from service.clock import Clock, Ticks, new_id
from service.clock import now as wall
from service.dispatch.fair import Costs, Fairness
from service.dispatch.orphans import Orphans
from service.handing import of_job
from service.lanes.pool import Died, Made
from service.lanes.unit import Unit
from service.packs import Packs
from service.settings import Settings
from service.store import ends, queue
from service.store.database import Database
from service.store.queue import Ended, Head, Settled
from service.tracing import NOTHING, Span
from service.vault import Unreadable, Vault

log = logging.getLogger("unikat.dispatch")

STRIKES = 2
"""So many deaths of a lane are laid to a unit before it fails."""
LOSSES, BLAME, GONE = 3, 10, 5
"""So often a lane is killed from outside at a unit's work, or its whole worker ends, before that unit goes alone, and with no other
such one; and so often before it is to blame: a lane's death, a worker's."""
AFTER_FAULT = 5.0
"""Seconds without new work after the disk refused to take files."""
AFTER_LOSS = 1.0
"""The same after a lane was lost that worked for nobody."""
LOOK = 0.05
"""Between two looks whether what is worked on was cancelled: of a large fleet some chunk ends every few milliseconds."""
DRAIN = 8.0
"""Seconds that what is under way has to end, when we are asked to."""
MADE = ("done", "refused", "failed")

Runner = Callable[..., Any]
"""`Lanes.run`, or what stands for it elsewhere."""


@dataclass(frozen=True)
class Chunk:
    """Work in flight: the claimed rows by id. `expected`: what it was charged beforehand, at its tenant's `weight`.

    `trace`: of its road; `begun`: when it was handed over, in nanoseconds since 1970.
    """

    id: str
    head: Head
    rows: Mapping[str, Mapping[str, Any]]
    pack: str
    expected: float
    weight: float
    trace: Span = NOTHING
    begun: int = 0


@dataclass
class Dispatcher:
    """`runner` is submitted to `executor`. `inflight`: how many chunks may be under way, one waiting beside each lane at work.

    `sources`: where templates that are not installed come from. `cancel`: ends the lane that works on a chunk. `offer`: takes, with
    their template's source, the bodies that lanes choose to be looked at again, one in `check_one_in`. `made`: is told what came of each chunk.
    """

    database: Database
    vault: Vault
    packs: Packs
    executor: Executor
    runner: Runner
    inflight: int
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    clock: Clock = wall
    ticks: Ticks = time.monotonic
    unit_seconds: float = Settings.unit_seconds
    cancel: Callable[[str], None] = lambda chunk: None
    check_one_in: int = 0
    offer: Callable[[Mapping[str, str], object], None] = lambda source, bodies: None
    made: Callable[[Sequence[Mapping[str, Any]]], None] = lambda answers: None
    fairness: Fairness = field(default_factory=Fairness)
    costs: Costs = field(default_factory=Costs)
    flying: dict[Future[Any], Chunk] = field(default_factory=dict)
    _paused_until: float = float("-inf")
    _looked: float = float("-inf")
    _apart: set[str] = field(default_factory=set)
    _losses: Counter[str] = field(default_factory=Counter)
    _orphans: Orphans = field(default_factory=Orphans)

    def start(self) -> int:
        """Give back what ran when the last dispatcher ended; how many that were."""
        with self.database.write() as conn:
            back = queue.give_back(conn, queue.running(conn), {}, self.clock())
        if back:
            log.info("given back", extra={"units": len(back)})
        return len(back)

    def step(self, seconds: float = 0.0) -> int:
        """Settle what has ended, stop what was cancelled, and fill the lanes: how many chunks it began or settled.

        Waits up to `seconds` for one of those in flight. EnvironmentFault: the store or the disk takes nothing now; nothing
        is lost by it, and the next step tries again.
        """
        did = self.fill()
        self.stop_cancelled()
        did += self.collect(seconds)
        self._orphans.look(self.database, self.packs, self.clock(), self.ticks(), {c.pack for c in self.flying.values()})
        return did

    def run(self, stop: threading.Event, idle: float = 0.05) -> None:
        """Until `stop`; then what is under way is settled, and what takes too long is given back."""
        while not stop.is_set():
            try:
                if not self.step(idle) and not self.flying:
                    stop.wait(idle)
            except EnvironmentFault as error:
                log.error("the store or the disk does not answer", extra={"why": type(error).__name__})
                stop.wait(AFTER_LOSS)
        self.drain()

    def drain(self, seconds: float = DRAIN) -> None:
        """Begin nothing more; settle all that is under way, and end after `seconds` what has not ended then."""
        for future in [f for f in self.flying if f.cancel()]:
            self._back(self.flying.pop(future))
        until = self.ticks() + seconds
        while self.flying and self.ticks() < until:
            self.collect(0.1)
        for chunk in self.flying.values():
            self.cancel(chunk.id)
        while self.flying and self.ticks() < until + seconds:
            self.collect(0.1)

    # ---- taking ------------------------------------------------------------------------------------------------------

    def fill(self) -> int:
        """Claim chunks until enough are in flight, or nothing waits."""
        begun = 0
        while len(self.flying) < self.inflight and self.ticks() >= self._paused_until:
            chunk = self._claim()
            if chunk is None:
                break
            self._submit(chunk)
            begun += 1
        return begun

    def _claim(self) -> Chunk | None:
        with self.database.read() as conn:
            heads = queue.heads(conn)
        if any(self._losses[i] >= LOSSES for chunk in self.flying.values() for i in chunk.rows):
            heads = [
                one for one in heads if self._losses[one.id] < LOSSES
            ]  # who of them brought the other down could not be told
        head = self.fairness.choose(heads)
        if head is None:
            return None
        at = self.clock()
        trace = tracing.begin("chunk", template=head.template, process=head.process)
        alone = head.strikes or head.id in self._apart
        most = 1 if alone else self.costs.size(head.template, head.process)
        with trace.part("claim"), self.database.write() as conn:
            rows = queue.claim(conn, head, most, at, self._apart)
        if not rows:
            return None
        expected = len(rows) * self.costs.seconds(head.template, head.process)
        self.fairness.charge(head.tenant, expected, head.weight)
        chunk = Chunk(
            new_id(at), head, {row["id"]: row for row in rows}, new_id(at), expected, head.weight, trace, tracing.now()
        )
        trace.tell(chunk=chunk.id, units=len(rows))
        return chunk

    def _submit(self, chunk: Chunk) -> None:
        units, closed = [], []
        with chunk.trace.part("handing", units=len(chunk.rows)):
            for one, row in chunk.rows.items():
                try:
                    units.append(dict(vars(self._unit(row))))
                except Unreadable:
                    closed.append(Ended(one, row["attempt"], "failed", reason="unreadable"))
        if closed:
            log.error("units cannot be read", extra={"units": len(closed)})
            self._write(closed)
        if units:
            args = (units, self.packs.place, chunk.pack)
            seconds, names = self.unit_seconds * len(units), [unit["id"] for unit in units]
            struck = any(row["strikes"] for row in chunk.rows.values())
            future = self.executor.submit(
                self.runner, chunk.id, chunk.head.body, "service.lanes.work:chunk", args, seconds, names, struck
            )
            self.flying[future] = replace(self._only(chunk, names), begun=tracing.now())

    def _unit(self, row: Mapping[str, Any]) -> Unit:
        key, sealed = self.vault.unwrap(row["wrapped"], row["id"]), bytes(row["sealed"])
        return Unit(
            id=row["id"],
            tenant=row["tenant"],
            sealed=sealed,
            key=key,
            source=self._source(row["template"]),
            process=row["process"],
            machine=row["machine"],
            formats=tuple(row["formats"].split(",")),
            seconds=self.unit_seconds,
            same=row["same"],
            check_one_in=self.check_one_in,
            inputs=of_job(self.database, self.vault, row["tenant"], row["id"], sealed, key),
        )

    def _source(self, template: str) -> Mapping[str, str]:
        return self.sources.get(template, {"key": template})

    def stop_cancelled(self) -> None:
        """End the lanes that work for jobs which were cancelled or erased since: their neighbours wait again."""
        attempts = {i: row["attempt"] for chunk in self.flying.values() for i, row in chunk.rows.items()}
        if not attempts or self.ticks() < self._looked + LOOK:
            return
        self._looked = self.ticks()
        with self.database.read() as conn:
            gone = queue.no_longer_running(conn, attempts)
        for future, chunk in list(self.flying.items()):
            if gone.isdisjoint(chunk.rows) or future.done():
                continue
            if future.cancel():  # it had not begun
                self._back(chunk)
                del self.flying[future]
            else:
                self.cancel(chunk.id)

    # ---- settling ----------------------------------------------------------------------------------------------------

    def collect(self, seconds: float) -> int:
        """Settle what has ended, or ends within `seconds`: how many chunks. One that the store does not take stays in flight."""
        if not self.flying:
            return 0
        done, _ = wait(self.flying, timeout=seconds, return_when=FIRST_COMPLETED)
        for future in [f for f in self.flying if f in done]:
            chunk, ended = self.flying[future], tracing.now()
            with chunk.trace.part("settle", units=len(chunk.rows)):
                self._settle(chunk, future)
            del self.flying[future]
            _traced(chunk, future, ended)
        return len(done)

    def _settle(self, chunk: Chunk, future: Future[Any]) -> None:
        if future.cancelled():
            self._back(chunk)
            return
        error = future.exception()
        told = None if error is not None else future.result()
        if isinstance(told, Made):
            chunk, told = replace(chunk, pack=told.pack), told.answers
        if isinstance(error, EnvironmentFault):  # the disk is full: no unit's fault, and waiting may help
            self._log(logging.ERROR, "a chunk could not be kept", chunk, type(error).__name__)
            self._paused_until = self.ticks() + AFTER_FAULT
            self._back(chunk)
        elif isinstance(told, Died):
            self._died(chunk, told)
        elif (answers := _answers(chunk, told)) is not None:
            self._ended(chunk, answers)
        else:
            self._log(logging.ERROR, "a chunk was lost", chunk, type(error).__name__)
            self._died(chunk, Died("error", next(iter(chunk.rows)) if len(chunk.rows) == 1 else None))

    def _ended(self, chunk: Chunk, told: Sequence[Mapping[str, Any]]) -> None:
        ended = [self._answer(chunk, answer) for answer in told if answer["state"] != "struck"]
        struck = {answer["id"]: str(answer["reason"]) for answer in told if answer["state"] == "struck"}
        lost = {one for one, reason in struck.items() if reason == "lost"}
        self._write(
            ended, self._only(chunk, struck), {i: r for i, r in struck.items() if i not in lost or self._too_often(chunk, i)}
        )
        self._charge(chunk, sum(answer["ms"] for answer in told) / 1000.0)
        self.costs.learn(chunk.head.template, chunk.head.process, sum(answer["ms"] for answer in told) / 1000.0 / len(told))
        self._forget(one.id for one in ended)
        self.made(told)
        for answer in told:
            if "bodies" in answer:
                self.offer(self._source(chunk.head.template), answer["bodies"])

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
        self._log(logging.WARNING, "a lane died", chunk, died.kind, unit=died.unit)
        struck: dict[str, str] = {}
        if died.kind == "gone":  # a worker died, which any unit in it may have killed
            struck = {one: "lost" for one in chunk.rows if self._too_often(chunk, one, GONE)}
        elif died.unit is not None and died.kind == "lost":
            if self._too_often(chunk, died.unit):
                struck = {died.unit: died.kind}
        elif died.unit is not None and died.kind != "cancelled":
            struck = {died.unit: died.kind}
        elif died.kind != "cancelled":  # it worked for nobody: whoever it was is found alone
            self._apart.update(chunk.rows)
            self._paused_until = self.ticks() + AFTER_LOSS
        self._back(chunk, struck)
        self._charge(chunk, died.seconds)

    def _too_often(self, chunk: Chunk, one: str, blame: int = BLAME) -> bool:
        """Whether a lane, or a worker, died at that unit's work so often that chance is ruled out: it may kill itself."""
        self._losses[one] += 1
        if self._losses[one] >= LOSSES:
            self._apart.add(one)
        return len(chunk.rows) == 1 and self._losses[one] >= blame

    def _back(self, chunk: Chunk, struck: Mapping[str, str] | None = None) -> None:
        """Nothing came of the chunk: its units wait again, those in `struck` (id -> reason) with a strike more, or fail by it."""
        self._write([], chunk, struck or {})
        self.packs.remove(chunk.pack)

    def _write(self, ended: Sequence[Ended], back: Chunk | None = None, struck: Mapping[str, str] | None = None) -> None:
        """One transaction: states, counters, copies to print, webhooks. Of what came too late nothing stays in the pack."""
        at, struck, rows = self.clock(), struck or {}, back.rows if back is not None else {}
        out = [i for i, reason in struck.items() if rows[i]["strikes"] + 1 >= STRIKES or reason == "lost"]
        failed = [Ended(i, rows[i]["attempt"], "failed", reason=struck[i]) for i in out]
        with self.database.write() as conn:
            settled = queue.settle(conn, [*ended, *failed], at)
            ends.follow(conn, settled.ended, at)
            queue.give_back(conn, [(i, row["attempt"]) for i, row in rows.items() if i not in out], struck, at)
        self._forget(out)
        self._clear(ended, settled)

    def _clear(self, ended: Sequence[Ended], settled: Settled) -> None:
        """Cancelled or erased meanwhile: what was made for it is wiped, or goes with the whole pack where all of it was."""
        kept = {row["id"] for row in settled.ended}
        for pack in {one.pack for one in ended if one.pack is not None}:
            here = [one for one in ended if one.pack == pack]
            late = [one for one in here if one.id not in kept]
            if len(late) == len(here):
                self.packs.remove(pack)
            elif late:
                self.packs.wipe(pack, [(entry[0], entry[1]) for one in late for entry in (one.files or {}).values()])

    def _only(self, chunk: Chunk, ids: Iterable[str]) -> Chunk:
        return replace(chunk, rows={i: chunk.rows[i] for i in ids})

    def _charge(self, chunk: Chunk, spent: float) -> None:
        self.fairness.charge(chunk.head.tenant, spent - chunk.expected, chunk.weight)

    def _forget(self, ids: Iterable[str]) -> None:
        for one in ids:
            self._apart.discard(one)
            self._losses.pop(one, None)

    def _log(self, level: int, what: str, chunk: Chunk, kind: str, **more: object) -> None:
        log.log(level, what, extra={"chunk": chunk.id, "units": len(chunk.rows), "kind": kind, **more})


def _answers(chunk: Chunk, told: object) -> list[dict[str, Any]] | None:
    """What a lane, which is not trusted, tells of each unit, once and in a state that it may be in; none where it does not."""
    if not isinstance(told, list) or not all(isinstance(answer, dict) for answer in told):
        return None
    if [answer.get("id") for answer in told] != list(chunk.rows):
        return None
    fair = all(a.get("state") in (*MADE, "struck") and isinstance(a.get("ms"), int | float) for a in told)
    return told if fair else None


def _traced(chunk: Chunk, future: Future[Any], ended: int) -> None:
    """The road of a chunk is over: what it did in a lane, and each of its units for as long as the lane says, one after the other."""
    if chunk.trace is NOTHING:
        return
    made = chunk.trace.past("make", chunk.begun, ended, units=len(chunk.rows))
    told = None if future.cancelled() or future.exception() is not None else future.result()
    answers = _answers(chunk, told.answers if isinstance(told, Made) else told) or []
    spent = [int(1e6 * a["ms"]) if 0 <= a["ms"] < 1e9 else 0 for a in answers]
    at = ended - sum(spent)
    for answer, ns in zip(answers, spent, strict=True):
        until = at + ns
        made.past("unit", at, until, job=answer["id"], state=answer["state"])
        at = until
    chunk.trace.end()
