"""What `unikat doctor` asks the store: a sample of the jobs that are kept, those that are stuck, and messages given up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from service.store.schema import jobs, outbox

Row = dict[str, Any]
PAGE = 500


def kept(conn: sa.Connection, most: int | None) -> Iterator[Row]:
    """Jobs whose order is there, newest first; so many of them, or all."""
    below: str | None = None
    left = most
    while left is None or left > 0:
        told = sa.select(jobs.c.id, jobs.c.sealed, jobs.c.wrapped, jobs.c.pack, jobs.c.files).where(jobs.c.wrapped.is_not(None))
        if below is not None:
            told = told.where(jobs.c.id < below)
        page = conn.execute(told.order_by(jobs.c.id.desc()).limit(PAGE if left is None else min(PAGE, left))).all()
        yield from (dict(row._mapping) for row in page)
        if not page:
            return
        below = page[-1].id
        left = None if left is None else left - len(page)


def stuck(conn: sa.Connection, before: int) -> list[str]:
    """Jobs that run since before that time."""
    told = sa.select(jobs.c.id).where(jobs.c.state == "running", jobs.c.updated < before).order_by(jobs.c.id)
    return list(conn.execute(told).scalars())


def dead_messages(conn: sa.Connection) -> int:
    """Webhooks that nobody took, and that are tried no more."""
    return int(conn.execute(sa.select(sa.func.count()).select_from(outbox).where(outbox.c.state == "dead")).scalar_one())
