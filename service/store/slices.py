"""G-code by the store: what is wanted, taken to be made, made, or could not be. The web process asks here; it slices nothing.

Fenced like jobs: a slice that comes back late, or for a job that was erased meanwhile, changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.store import bulk
from service.store.schema import jobs, slices

STRIKES = 2
"""So many times a slicer or its lane may die of one job."""
AGAIN_AFTER = 300_000
"""Milliseconds after which what failed for want of a slicer is tried again, when it is asked for."""
WHOLE = "model.gcode"
"""What a place alone, as it was kept before there were plates, is of."""
LACKING = "installation"
"""The reason of what failed for want of a slicer, or of room on the disk."""


@dataclass(frozen=True)
class Taken:
    """A slice to be made: what a lane needs of its job."""

    job: str
    tenant: str
    attempt: int
    strikes: int
    template: str
    process: str
    machine: str | None
    body: bytes
    sealed: bytes
    wrapped: bytes


def want(conn: sa.Connection, ids: Sequence[str], now: int) -> int:
    """The G-code of these finished jobs is wanted, where it is neither there nor asked for; how many are new."""
    known = {row.job: row for row in conn.execute(sa.select(slices).where(slices.c.job.in_(ids)))}
    again = [
        one
        for one, row in known.items()
        if row.state == "failed" and row.reason == LACKING and not 0 <= now - row.updated < AGAIN_AFTER
    ]
    if again:
        fresh = {"state": "wanted", "strikes": 0, "reason": None, "updated": now}
        conn.execute(sa.update(slices).where(slices.c.job.in_(again), slices.c.state == "failed").values(fresh))
    columns = (jobs.c.id, jobs.c.priority, jobs.c.due)
    told = sa.select(*columns).where(jobs.c.id.in_([i for i in ids if i not in known]), jobs.c.state == "done")
    rows = [
        {"job": one, "state": "wanted", "attempt": 0, "strikes": 0, "priority": priority, "due": due, "updated": now}
        for one, priority, due in conn.execute(told)
    ]
    bulk.insert(conn, slices, rows)
    return len(rows) + len(again)


def waits(conn: sa.Connection) -> bool:
    """Whether any is to be made."""
    return conn.execute(sa.select(slices.c.job).where(slices.c.state == "wanted").limit(1)).first() is not None


def take(conn: sa.Connection, pack: str, now: int) -> Taken | None:
    """The next one, now being made into that pack: those that killed nobody first, then by priority and due date."""
    head = (
        sa.select(slices.c.job)
        .where(slices.c.state == "wanted")
        .order_by(slices.c.strikes, slices.c.priority.desc(), slices.c.due, slices.c.job)
        .limit(1)
    )
    told = (
        sa.update(slices)
        .where(slices.c.job == head.scalar_subquery(), slices.c.state == "wanted")
        .values(state="making", attempt=slices.c.attempt + 1, pack=pack, updated=now)
        .returning(slices.c.job, slices.c.attempt, slices.c.strikes)
    )
    row = conn.execute(told).first()
    if row is None:
        return None
    job = conn.execute(sa.select(jobs).where(jobs.c.id == row.job)).one()
    if job.state != "done" or job.wrapped is None:  # erased before its G-code was begun
        drop(conn, [row.job])
        return take(conn, pack, now)
    return Taken(
        job.id,
        job.tenant,
        row.attempt,
        row.strikes,
        job.template,
        job.process,
        job.machine,
        bytes(job.body),
        bytes(job.sealed),
        bytes(job.wrapped),
    )


def _under(job: str, attempt: int) -> sa.ColumnElement[bool]:
    return sa.and_(slices.c.job == job, slices.c.state == "making", slices.c.attempt == attempt)


def made(conn: sa.Connection, job: str, attempt: int, files: Mapping[str, Sequence[Any]], now: int) -> bool:
    """It is there, each file with its place in the pack; False where nobody wants it any more, and the pack may go."""
    told = (
        sa.update(slices)
        .where(_under(job, attempt))
        .values(state="made", file={name: list(at) for name, at in files.items()}, reason=None, updated=now)
    )
    return conn.execute(told).rowcount == 1


def failed(conn: sa.Connection, job: str, attempt: int, reason: str, now: int, *, strike: bool) -> str | None:
    """It was not made: with a strike it is wanted again until it has too many of them. Its new state; None where it came late."""
    again = sa.case((slices.c.strikes + 1 < STRIKES, "wanted"), else_="failed")
    told = (
        sa.update(slices)
        .where(_under(job, attempt))
        .values(
            state=again if strike else "failed",
            strikes=slices.c.strikes + 1,
            reason=reason,
            pack=None,
            updated=now,
        )
        .returning(slices.c.state)
    )
    return conn.execute(told).scalar_one_or_none()


def give_back(conn: sa.Connection, now: int, job: str | None = None) -> list[str]:
    """What was being made (of that job, or of all when a dispatcher starts) is wanted again; the packs that it may have left."""
    mine = slices.c.state == "making" if job is None else sa.and_(slices.c.state == "making", slices.c.job == job)
    packs = [pack for pack in conn.execute(sa.select(slices.c.pack).where(mine)).scalars() if pack is not None]
    conn.execute(sa.update(slices).where(mine).values(state="wanted", pack=None, updated=now))
    return packs


def find(conn: sa.Connection, job: str) -> tuple[str, dict[str, list[Any]]] | None:
    """Pack and files of a job's G-code: name -> place in it."""
    row = conn.execute(sa.select(slices.c.pack, slices.c.file).where(slices.c.job == job, slices.c.state == "made")).first()
    if row is None:
        return None
    return row.pack, dict(row.file) if isinstance(row.file, dict) else {WHOLE: list(row.file)}


def drop(conn: sa.Connection, ids: Sequence[str]) -> list[tuple[str, str]]:
    """These jobs are erased, and so is their G-code: (job, pack) of what lies on the disk."""
    told = sa.delete(slices).where(slices.c.job.in_(ids)).returning(slices.c.job, slices.c.pack)
    return [(job, pack) for job, pack in conn.execute(told).all() if pack is not None]
