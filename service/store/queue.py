"""What the dispatcher does to jobs: which queues wait, claim a chunk, settle it, give it back. Every change is fenced.

A claim raises the job's attempt and the answer must name it: a job that was cancelled, erased or claimed again since is not
touched by who comes late. Jobs, counters, copies to print and webhooks change in the one transaction of the caller.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from service.clock import new_id
from service.store import tallies
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
_ONE = jobs.c.id == sa.bindparam("one"), jobs.c.state == "running"
_SETTLE = (
    sa.update(jobs)
    .where(*_ONE)
    .values(
        state=sa.bindparam("new_state"),
        version=jobs.c.version + 1,
        updated=sa.bindparam("at"),
        finished=sa.bindparam("at"),
        verdict=sa.bindparam("new_verdict"),
        reason=sa.bindparam("new_reason"),
        told=sa.bindparam("new_told"),
        pack=sa.bindparam("new_pack"),
        files=sa.bindparam("new_files"),
        production=sa.bindparam("new_production"),
        expires=jobs.c.expires + (sa.bindparam("at") - jobs.c.created),
    )
)
_GIVE_BACK = (
    sa.update(jobs)
    .where(*_ONE)
    .values(
        state="queued",
        version=jobs.c.version + 1,
        updated=sa.bindparam("at"),
        strikes=jobs.c.strikes + sa.bindparam("more"),
        reason=sa.func.coalesce(sa.bindparam("why"), jobs.c.reason),
    )
)
"""Of jobs that are held: many at once, made once, for building a statement costs more than running it."""


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


def heads(conn: sa.Connection) -> list[Head]:
    """The next job of every queue that has one and may go on."""
    waiting = (
        sa.select(counters.c.queue)
        .outerjoin(campaigns, campaigns.c.id == counters.c.queue)
        .where(counters.c.state == "queued", counters.c.n > 0, sa.func.coalesce(campaigns.c.state, "running") == "running")
    )
    found = []
    columns = [jobs.c[name] for name in ("queue", "tenant", "priority", "due", "id", "template", "process", "body", "strikes")]
    for (queue,) in conn.execute(waiting).all():
        told = sa.select(*columns).where(jobs.c.queue == queue, WAITING)
        row = conn.execute(told.order_by(jobs.c.priority.desc(), jobs.c.due, jobs.c.id).limit(1)).first()
        if row is not None:
            found.append(Head(*row))
    return found


def claim(conn: sa.Connection, head: Head, most: int, now: int, apart: Collection[str] = ()) -> list[dict[str, Any]]:
    """Up to `most` jobs that go well with the head (its queue, body, priority and template; equal ones beside each other), now running.

    What has a strike, or is in `apart`, is no other's neighbour. Nothing, where its campaign was paused since it was looked at.
    """
    paused = sa.select(campaigns.c.id).where(campaigns.c.id == head.queue, campaigns.c.state != "running")
    if conn.execute(paused).first() is not None:
        return []
    ids = [head.id] if most == 1 else _company(conn, head, most, apart)
    told = (
        sa.update(jobs)
        .where(jobs.c.id.in_(ids), jobs.c.state == "queued")
        .values(state="running", attempt=jobs.c.attempt + 1, version=jobs.c.version + 1, updated=now)
        .returning(*(jobs.c[name] for name in _CLAIMED))
    )
    rows = sorted((dict(row._mapping) for row in conn.execute(told)), key=lambda r: (r["same"] or b"", r["id"]))
    assert len(rows) <= most
    tallies.count(conn, tallies.moved(rows, "queued", "running"))
    return rows


def _company(conn: sa.Connection, head: Head, most: int, apart: Collection[str]) -> list[str]:
    """The head and those after it that go with it, each with its equals: what is made once serves all of them."""
    columns = [jobs.c[name] for name in ("id", "same", "queue", "priority", "template", "process", "strikes")]
    upcoming = (
        sa.select(*columns)
        .where(jobs.c.queue == head.queue, jobs.c.body == head.body, jobs.c.priority == head.priority, WAITING)
        .where(jobs.c.template == head.template, jobs.c.process == head.process, jobs.c.strikes == 0)
        .where(jobs.c.id != head.id, jobs.c.id.not_in(sorted(apart)))
        .order_by(jobs.c.due, jobs.c.id)
        .limit(most - 1)
    )
    rows = [*conn.execute(sa.select(*columns).where(jobs.c.id == head.id)), *conn.execute(upcoming)]
    wanted = sorted({row.same for row in rows if row.same is not None})
    found: dict[bytes, list[str]] = {}
    for row in conn.execute(sa.select(*columns).where(jobs.c.same.in_(wanted), WAITING).limit(most * most)) if wanted else ():
        if row[2:] == (head.queue, head.priority, head.template, head.process, 0) and row.id not in apart:
            found.setdefault(row.same, []).append(row.id)
    together = (one for row in rows for one in (row.id, *found.get(row.same, ())))
    return list(dict.fromkeys(together))[:most]


def give_back(
    conn: sa.Connection, units: Sequence[tuple[str, int]], struck: Mapping[str, str], now: int
) -> list[dict[str, Any]]:
    """(id, attempt) of claimed jobs wait again; those in `struck` (id -> reason) with a strike more. The rows that changed."""
    rows = list(_held(conn, dict(units)).values())
    if rows:
        told = [{"one": row["id"], "at": now, "more": int(row["id"] in struck), "why": struck.get(row["id"])} for row in rows]
        conn.execute(_GIVE_BACK, told)
    tallies.count(conn, tallies.moved(rows, "running", "queued"))
    return [{**row, "strikes": row["strikes"] + (row["id"] in struck)} for row in rows]


def _held(conn: sa.Connection, units: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """Those of the jobs (id -> attempt) that still run under that attempt, held for this transaction: nobody changes them before it ends."""
    told = sa.select(*_FOR_TELLING).where(jobs.c.id.in_(units), jobs.c.state == "running").with_for_update()
    rows = (dict(row._mapping) for row in conn.execute(told))
    return {row["id"]: row for row in rows if row["attempt"] == units[row["id"]]}


def running(conn: sa.Connection) -> list[tuple[str, int]]:
    """(id, attempt) of all that run: when a dispatcher starts, nobody works on them any more."""
    return [
        (one, attempt) for one, attempt in conn.execute(sa.select(jobs.c.id, jobs.c.attempt).where(jobs.c.state == "running"))
    ]


def weights(conn: sa.Connection) -> dict[str, float]:
    """Tenant -> its weight."""
    return {one: weight for one, weight in conn.execute(sa.select(tenants.c.id, tenants.c.weight))}


def no_longer_running(conn: sa.Connection, units: Mapping[str, int]) -> set[str]:
    """Those of the jobs (id -> attempt) that were cancelled or erased while they were worked on."""
    told = sa.select(jobs.c.id, jobs.c.attempt).where(jobs.c.id.in_(units), jobs.c.state == "running")
    still = {one for one, attempt in conn.execute(told) if units[one] == attempt}
    return set(units) - still


def settle(conn: sa.Connection, ended: Sequence[Ended], now: int) -> Settled:
    """Those of the jobs that still run under the attempt that is answered are ended; a copy a serial waits for a print shop.

    Its retention runs from now: it waited, and was not forgotten, until here.
    """
    held = _held(conn, {one.id: one.attempt for one in ended})
    kept = [one for one in ended if one.id in held]
    made = Settled(late=len(ended) - len(kept))
    if kept:
        told = [
            {
                "one": one.id,
                "new_state": one.state,
                "at": now,
                "new_verdict": one.verdict,
                "new_reason": one.reason,
                "new_told": one.told,
                "new_pack": one.pack,
                "new_files": one.files,
                "new_production": one.production,
            }
            for one in kept
        ]
        conn.execute(_SETTLE, told)
    made.ended = [
        {**held[one.id], "state": one.state, "verdict": one.verdict, "reason": one.reason, "finished": now} for one in kept
    ]
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
    if pieces:
        conn.execute(sa.insert(copies), pieces)
    for state in {row["state"] for row in made.ended}:
        tallies.count(conn, tallies.moved((r for r in made.ended if r["state"] == state), "running", state))
    return made
