"""What the dispatcher does to jobs: which queues wait, claim a chunk, settle it, give it back. Every change is fenced.

A claim raises the job's attempt and the answer must name it: a job that was cancelled, erased or claimed again since is not
touched by who comes late. Jobs, counters, copies to print and webhooks change in the one transaction of the caller.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from service.clock import new_id
from service.store import bulk, tallies
from service.store.schema import campaigns, copies, jobs, tenants
from service.store.schema import tallies as counters

ENDED = ("done", "refused", "failed", "cancelled", "erased")
STATES = ("queued", "running", *ENDED)
WAITING = jobs.c.state == sa.text("'queued'")
"""Spelled out, not bound: so SQLite sees that an index of what is queued will do."""
_CLAIMED = (
    "id", "tenant", "campaign", "line", "queue", "template", "process", "machine", "formats", "quantity", "priority", "due", "same",
    "sealed", "wrapped", "strikes", "attempt", "purpose",
)  # fmt: skip


_FOR_TELLING = [
    jobs.c[name]
    for name in (
        "id", "tenant", "campaign", "line", "queue", "state", "verdict", "reason", "process", "machine", "priority", "due",
        "finished", "attempt", "strikes",
    )
]  # fmt: skip


def _not_looked_up_by(column: sa.Column[str]) -> sa.ColumnElement[str]:
    """The column's value, so that no index is walked by it: what runs, or waits in one queue, may be all there is, and others are few."""
    return sa.func.coalesce(column, "")


def _fenced(told: sa.CTE, values: Mapping[str, Any]) -> sa.Update:
    """Of jobs that are told of (`one`, `under`): those that still run under that attempt are changed, and answered."""
    still = jobs.c.id == told.c.one, jobs.c.attempt == told.c.under, _not_looked_up_by(jobs.c.state) == "running"
    return sa.update(jobs).where(*still).values(version=jobs.c.version + 1, **values).returning(*_FOR_TELLING)


@functools.lru_cache(4)
def _settling(dialect: str) -> sa.Update:
    names = ("state", "updated", "finished", "verdict", "reason", "told", "pack", "files", "production")
    told = bulk.told(dialect, {"one": jobs.c.id, "under": jobs.c.attempt, **{name: jobs.c[name] for name in names}})
    due = jobs.c.expires + (told.c.finished - jobs.c.created)
    return _fenced(told, {"expires": due, **{name: told.c[name] for name in names}})


@functools.lru_cache(4)
def _giving_back(dialect: str) -> sa.Update:
    columns = {"one": jobs.c.id, "under": jobs.c.attempt, "at": jobs.c.updated, "more": jobs.c.strikes, "why": jobs.c.reason}
    told = bulk.told(dialect, columns)
    again = {"state": "queued", "updated": told.c.at, "strikes": jobs.c.strikes + told.c.more}
    return _fenced(told, {**again, "reason": sa.func.coalesce(told.c.why, jobs.c.reason)})


def _changed(conn: sa.Connection, change: sa.Update, told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in conn.execute(change, {bulk.ROWS: told})] if told else []


@dataclass(frozen=True)
class Head:
    """The next job of a queue, as far as the choice between queues needs it."""

    queue: str
    tenant: str
    priority: int
    due: str
    id: str
    template: str
    process: str
    body: bytes
    strikes: int
    weight: float = 1.0
    """Of its tenant."""


@dataclass(frozen=True)
class Ended:
    """How a unit ended under `attempt`. `reason`: a code; `told`: sealed words for the sender; `files`: name -> offset, bytes, hash."""

    id: str
    attempt: int
    state: str
    verdict: str | None = None
    reason: str | None = None
    told: bytes | None = None
    pack: str | None = None
    files: Mapping[str, Sequence[Any]] | None = None
    production: Mapping[str, Any] | None = None
    serials: Sequence[str] = ()


@dataclass
class Settled:
    """What a settling changed: the jobs that ended by it (their columns, with the new state), and how many came too late."""

    ended: list[dict[str, Any]] = field(default_factory=list)
    late: int = 0


@functools.cache
def _heads() -> sa.Select[Any]:
    first = (
        sa.select(jobs.c.id)
        .where(jobs.c.queue == counters.c.queue, WAITING)
        .order_by(jobs.c.priority.desc(), jobs.c.due, jobs.c.id)
        .limit(1)
        .correlate(counters)
        .scalar_subquery()
    )
    waiting = (
        sa.select(first)
        .select_from(counters.outerjoin(campaigns, campaigns.c.id == counters.c.queue))
        .where(counters.c.state == "queued", counters.c.n > 0, sa.func.coalesce(campaigns.c.state, "running") == "running")
    )
    columns: list[Any] = [
        jobs.c[name] for name in ("queue", "tenant", "priority", "due", "id", "template", "process", "body", "strikes")
    ]
    columns.append(tenants.c.weight)
    return sa.select(*columns).join(tenants, tenants.c.id == jobs.c.tenant).where(jobs.c.id.in_(waiting))


def heads(conn: sa.Connection) -> list[Head]:
    """The next job of every queue that has one and may go on."""
    return [Head(*row) for row in conn.execute(_heads())]


def claim(conn: sa.Connection, head: Head, most: int, now: int, apart: Collection[str] = ()) -> list[dict[str, Any]]:
    """Up to `most` jobs that go well with the head (its queue, body, priority and template; equal ones beside each other), now running.

    What has a strike, or is in `apart`, is no other's neighbour. Nothing, where its campaign was paused since it was looked at.
    """
    ids = [head.id] if most == 1 else _company(conn, head, most, apart)
    told = conn.execute(_claiming(conn.dialect.name), {"ids": ids, "head_queue": head.queue, "now": now})
    rows = sorted((dict(row._mapping) for row in told), key=lambda r: (r["same"] or b"", r["id"]))
    assert len(rows) <= most
    tallies.count(conn, tallies.moved(rows, "queued", "running"))
    return rows


@functools.lru_cache(4)
def _claiming(dialect: str) -> sa.Update:
    paused = sa.select(campaigns.c.id).where(campaigns.c.id == _told("queue"), campaigns.c.state != "running")
    return (
        sa.update(jobs)
        .where(bulk.among(dialect, jobs.c.id, "ids"), _not_looked_up_by(jobs.c.state) == "queued")
        .where(sa.not_(paused.exists()))
        .values(state="running", attempt=jobs.c.attempt + 1, version=jobs.c.version + 1, updated=sa.bindparam("now"))
        .returning(*(jobs.c[name] for name in _CLAIMED))
    )


def _told(column: str) -> sa.BindParameter[Any]:
    """What the head has in that column, once it is told."""
    return sa.bindparam(f"head_{column}", type_=jobs.c[column].type)


def _company(conn: sa.Connection, head: Head, most: int, apart: Collection[str]) -> list[str]:
    """The head and those after it that go with it, each with its equals: what is made once serves all of them."""
    names = ("id", "queue", "body", "priority", "template", "process")
    told = {"most": most, "equals": most * most, "apart": sorted(apart)}
    rows = conn.execute(_alike(conn.dialect.name), {**told, **{f"head_{name}": getattr(head, name) for name in names}}).all()
    found: dict[bytes, list[str]] = {}
    for row in rows:
        if row.place == 2:
            found.setdefault(row.same, []).append(row.id)
    together = (one for row in rows if row.place < 2 for one in (row.id, *found.get(row.same, ())))
    return list(dict.fromkeys(together))[:most]


@functools.lru_cache(4)
def _alike(dialect: str) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    alike = (
        jobs.c.priority == _told("priority"), jobs.c.template == _told("template"), jobs.c.process == _told("process"),
        jobs.c.strikes == 0, WAITING, sa.not_(bulk.among(dialect, jobs.c.id, "apart")),
    )  # fmt: skip
    columns = jobs.c.id, jobs.c.same, jobs.c.due
    order = jobs.c.due, jobs.c.id
    next_ones = sa.select(*columns).where(jobs.c.queue == _told("queue"), jobs.c.body == _told("body"), *alike)
    upcoming = next_ones.order_by(*order).limit(sa.bindparam("most", type_=sa.Integer)).subquery()
    itself = sa.select(sa.literal(0).label("place"), *columns).where(jobs.c.id == _told("id"))
    first = itself.union_all(sa.select(sa.literal(1), *upcoming.c)).cte("first")
    theirs = sa.select(first.c.same).where(first.c.same.is_not(None))
    same = bulk.one_of(dialect, jobs.c.same, theirs), _not_looked_up_by(jobs.c.queue) == _told("queue")
    equal = sa.select(*columns).where(*same, *alike).limit(sa.bindparam("equals", type_=sa.Integer)).subquery()
    return sa.union_all(sa.select(first), sa.select(sa.literal(2), *equal.c)).order_by("place", "due", "id")


def give_back(
    conn: sa.Connection, units: Sequence[tuple[str, int]], struck: Mapping[str, str], now: int
) -> list[dict[str, Any]]:
    """(id, attempt) of claimed jobs wait again; those in `struck` (id -> reason) with a strike more. The rows that changed."""
    told = [
        {"one": one, "under": attempt, "at": now, "more": int(one in struck), "why": struck.get(one)} for one, attempt in units
    ]
    rows = _changed(conn, _giving_back(conn.dialect.name), told)
    tallies.count(conn, tallies.moved(rows, "running", "queued"))
    return rows


def running(conn: sa.Connection) -> list[tuple[str, int]]:
    """(id, attempt) of all that run: when a dispatcher starts, nobody works on them any more."""
    return [
        (one, attempt) for one, attempt in conn.execute(sa.select(jobs.c.id, jobs.c.attempt).where(jobs.c.state == "running"))
    ]


def no_longer_running(conn: sa.Connection, units: Mapping[str, int]) -> set[str]:
    """Those of the jobs (id -> attempt) that were cancelled or erased while they were worked on."""
    still = {one for one, attempt in conn.execute(_running(conn.dialect.name), {"ids": list(units)}) if units[one] == attempt}
    return set(units) - still


@functools.lru_cache(4)
def _running(dialect: str) -> sa.Select[Any]:
    among = bulk.among(dialect, jobs.c.id, "ids")
    return sa.select(jobs.c.id, jobs.c.attempt).where(among, _not_looked_up_by(jobs.c.state) == "running")


def settle(conn: sa.Connection, ended: Sequence[Ended], now: int) -> Settled:
    """Those of the jobs that still run under the attempt that is answered are ended; a copy a serial waits for a print shop.

    Its retention runs from now: it waited, and was not forgotten, until here.
    """
    told = [
        {
            "one": one.id,
            "under": one.attempt,
            "state": one.state,
            "updated": now,
            "finished": now,
            "verdict": one.verdict,
            "reason": one.reason,
            "told": None if one.told is None else one.told.hex(),
            "pack": one.pack,
            "files": one.files,
            "production": one.production,
        }
        for one in ended
    ]
    kept = {row["id"]: row for row in _changed(conn, _settling(conn.dialect.name), told)}
    made = Settled([kept[one.id] for one in ended if one.id in kept], len(ended) - len(kept))
    went = {row["id"]: row for row in made.ended}
    pieces = [
        {
            "id": new_id(now),
            "job": row["id"],
            "tenant": row["tenant"],
            "process": row["process"],
            "machine": row["machine"],
            "serial": serial,
            "copy": 1,
            "priority": row["priority"],
            "due": row["due"],
            "state": "ready",
        }
        for one in ended
        if (row := went.get(one.id)) is not None and one.state == "done"
        for serial in one.serials
    ]
    bulk.insert(conn, copies, pieces)
    moves: tallies.Moves = Counter()
    for row in made.ended:
        moves.update(tallies.moved([row], "running", row["state"]))
    tallies.count(conn, moves)
    return made
