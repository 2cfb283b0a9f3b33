"""A campaign is received: every row checked as one order is, sealed and kept in small transactions; all of them become orders, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from engine.errors import OrderError
from engine.language.orders import order_from, problems
from engine.language.template import Template
from engine.model.order import Order
from engine.process.limits import load_process
from service import intake
from service.campaigns.reading import MAX_ROWS, Row, rows_of, with_defaults
from service.clock import Clock, new_id
from service.clock import now as wall
from service.house import House
from service.store import campaigns, tallies, uploads

TOLD = 100
"""Bad rows that are told in full; of the rest, how many there are."""
MANY = 5_000
"""Rows after which the database is told to look at them."""
DEAD_MS = 120_000
"""An upload that brings no row for so long is given up."""


@dataclass(frozen=True)
class Asked:
    """What a campaign asks for all its rows."""

    template: str
    process: str | None = None
    formats: tuple[str, ...] = intake.DEFAULT_FORMATS
    name: str | None = None
    kind: str = "ndjson"


@dataclass(frozen=True)
class BadRow:
    """A line, and all that is wrong with it."""

    line: int
    wrong: tuple[OrderError, ...]


@dataclass
class BadRows(Exception):
    """Nothing was taken. `more`: bad rows beyond those that are told; `cut`: the file could not be read to its end."""

    told: list[BadRow] = field(default_factory=list)
    more: int = 0
    read: int = 0
    cut: bool = False

    @property
    def count(self) -> int:
        """How many rows are bad."""
        return len(self.told) + self.more

    def add(self, row: BadRow) -> None:
        """Told while there is room, else counted."""
        if len(self.told) < TOLD:
            self.told.append(row)
        else:
            self.more += 1


class TooMany(Exception):
    """More rows than a campaign may have, or than the tenant may have waiting. `limit`: how many there may be."""

    def __init__(self, limit: int, *, waiting: bool) -> None:
        super().__init__("too many rows")
        self.limit = limit
        self.waiting = waiting


class GivenUp(Exception):
    """Nothing came for so long that what had been received was dropped."""


@dataclass
class Receiving:
    """One upload. `receive` answers the campaign's id, or raises BadRows, TooMany, GivenUp or what reading the file raises.

    `take`: where rows may name their input files by path, makes uploads of those, and the order names them by their sha256.
    """

    house: House
    sender: intake.Sender
    asked: Asked
    max_ready: int = MAX_ROWS
    clock: Clock = wall
    take: Callable[[Order], Order] | None = None
    rows: int = 0
    bad: BadRows = field(default_factory=BadRows)
    _cls: type[Template] = field(init=False)
    _defaults: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        intake.check_formats(self.asked.formats)
        self._cls = intake.template_of(self.asked.template)
        if self.asked.process is not None:
            load_process(self.asked.process)
        defaults = {"template": self.asked.template, "process": self.asked.process}
        self._defaults = {n: v for n, v in defaults.items() if v is not None}

    def receive(self, chunks: Iterable[bytes], before_opening: campaigns.Act = lambda conn, campaign: None) -> str:
        """Take the whole file. `before_opening` is done in the transaction that makes orders of its rows."""
        at = self.clock()
        asked = self.asked
        with self.house.database.write() as conn:
            room = self.max_ready - tallies.queued_of_tenant(conn, self.sender.tenant)
            one = campaigns.begin(
                conn, self.sender.tenant, asked.template, asked.process, ",".join(asked.formats), asked.name, at
            )
        opened = False
        try:
            with ThreadPoolExecutor(1) as writer:
                self._take(one, rows_of(chunks, asked.kind, self._cls), room, writer)
            if self.rows >= MANY:
                self.house.database.learn()
            with self.house.database.write() as conn:
                before_opening(conn, one)
                opened = campaigns.open_(conn, one, self.clock())
            if not opened:
                raise GivenUp
        finally:
            if not opened:
                with self.house.database.write() as conn:
                    campaigns.drop(conn, one)
        return one

    def _take(self, campaign: str, rows: Iterable[Row], room: int, writer: Executor) -> None:
        """While one batch is written, the next one is read and sealed."""
        batch: list[Row] = []
        writing: Future[None] | None = None
        for row in rows:
            self.bad.read = row.line
            batch.append(row)
            if row.last:
                self.bad.cut = True
            if len(batch) == campaigns.BATCH or row.last:
                made = self._checked(campaign, batch, room)
                if writing is not None:
                    writing.result()
                writing, batch = writer.submit(self._keep, campaign, made), []
        made = self._checked(campaign, batch, room)
        if writing is not None:
            writing.result()
        self._keep(campaign, made)
        if self.bad.count:
            raise self.bad
        if not self.rows:
            raise BadRows([BadRow(1, (OrderError("order", "has no row"),))])

    def _checked(self, campaign: str, batch: Sequence[Row], room: int) -> list[dict[str, Any]]:
        """The jobs of a batch, sealed; none, once a row was bad."""
        at = self.clock()
        made: list[dict[str, Any]] = []
        ids = sorted(new_id(at) for _ in batch)  # in the order of the lines: the oldest is made first
        for row, one in zip(batch, ids, strict=True):
            if row.wrong and row.last:
                self.bad.add(BadRow(row.line, row.wrong))
                continue
            told = with_defaults(row.told, self._defaults)
            try:
                if row.wrong:
                    raise row.wrong[0]
                made.append(self._row(told, campaign, row.line, one, at))
            except OrderError as error:
                room_left = len(self.bad.told) < TOLD
                self.bad.add(BadRow(row.line, self._all(row, told, error) if room_left else ()))
        self.rows += len(made)
        if self.rows + self.bad.count > MAX_ROWS:
            raise TooMany(MAX_ROWS, waiting=False)
        if self.rows > room:
            raise TooMany(max(room, 0), waiting=True)
        return [] if self.bad.count else made

    def _keep(self, campaign: str, made: Sequence[Mapping[str, Any]]) -> None:
        if made:
            with self.house.database.write() as conn:
                if not campaigns.receive(conn, campaign, made, self.clock()):
                    raise GivenUp

    def _row(self, told: Any, campaign: str, line: int, job: str, at: int) -> dict[str, Any]:
        own = isinstance(told, dict) and told.get("reference") is not None
        if isinstance(told, dict) and not own:  # two rows that say the same are two pieces, each with its serial
            told = {**told, "reference": f"line {line}"}
        order = order_from(told)
        if order.template != self._cls.key:
            why, key = "the order is for another template", self._cls.key
            raise OrderError("template", why, value=order.template, limit=key, nearest=key)
        if order.inputs:
            order = order if self.take is None else self.take(order)
            with self.house.database.read() as conn:
                there = uploads.known(conn, self.sender.tenant, [one.sha256 for one in order.inputs.values()])
            intake.check_uploads(order.inputs, there)
        vault, formats = self.house.vault, self.asked.formats
        return intake.row_from(order, self.sender, vault, at, formats=formats, campaign=campaign, line=line, job=job, found=own)

    def _all(self, row: Row, told: Any, first: OrderError) -> tuple[OrderError, ...]:
        """Every problem of a bad row: what its line says wrong, what the template does not take, and what only `_row` sees."""
        found = [*row.wrong, *(problems(told, self._cls) if row.told is not None else ())]
        if isinstance(told, dict):
            found += intake.more_problems(told, self._cls, self.sender, paths=self.take is not None)
        if not any((e.field, e.why) == (first.field, first.why) for e in found):
            found.insert(0, first)
        return tuple({(e.field, e.why): e for e in found}.values())
