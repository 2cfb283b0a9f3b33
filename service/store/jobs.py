"""Jobs as their tenant sees them: made, found, listed, cancelled. A job of another tenant is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from service.store import bulk, ends, tallies
from service.store.campaigns import shown
from service.store.schema import copies, jobs

Row = dict[str, Any]


def add(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """New jobs, waiting. Rows as `service.intake` makes them."""
    bulk.insert(conn, jobs, rows)
    tallies.count(conn, tallies.moved(rows, None, "queued"))


def find(conn: sa.Connection, tenant: str, job: str) -> Row | None:
    """That job of that tenant."""
    row = conn.execute(sa.select(jobs).where(jobs.c.id == job, jobs.c.tenant == tenant, shown())).first()
    return None if row is None else dict(row._mapping)


def listed(
    conn: sa.Connection,
    tenant: str,
    *,
    after: str | None = None,
    limit: int = 50,
    state: str | None = None,
    template: str | None = None,
    campaign: str | None = None,
    reference: bytes | None = None,
) -> list[Row]:
    """Newest first, from below the id `after`."""
    told = sa.select(jobs).where(jobs.c.tenant == tenant, shown())
    for column, value in (
        (jobs.c.state, state),
        (jobs.c.template, template),
        (jobs.c.campaign, campaign),
        (jobs.c.reference, reference),
    ):
        if value is not None:
            told = told.where(column == value)
    if after is not None:
        told = told.where(jobs.c.id < after)
    return [dict(row._mapping) for row in conn.execute(told.order_by(jobs.c.id.desc()).limit(limit))]


def cancel(conn: sa.Connection, tenant: str, job: str, now: int) -> Row | None:
    """The job, cancelled where it had not ended: work on it is stopped, and what comes of it too late is not taken."""
    row = find(conn, tenant, job)
    if row is None or row["state"] not in ("queued", "running"):
        return row
    told = (
        sa.update(jobs)
        .where(jobs.c.id == job, jobs.c.state == row["state"])
        .values(state="cancelled", version=jobs.c.version + 1, updated=now, finished=now, reason="cancelled")
    )
    assert conn.execute(told).rowcount == 1
    tallies.count(conn, tallies.moved([row], row["state"], "cancelled"))
    made = find(conn, tenant, job)
    assert made is not None
    ends.follow(conn, [made], now)
    return made


def copies_of(conn: sa.Connection, job: str) -> list[Row]:
    """What a print shop may pull of it, or has pulled."""
    told = sa.select(copies).where(copies.c.job == job).order_by(copies.c.serial, copies.c.copy)
    return [dict(row._mapping) for row in conn.execute(told)]
