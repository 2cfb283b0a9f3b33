"""Which packs the store names."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from service.store.schema import jobs, slices, uploads


def names(conn: sa.Connection) -> set[str]:
    """Of every pack that a job, its G-code or an upload lies in."""
    found = set(conn.execute(sa.select(jobs.c.pack).where(jobs.c.pack.is_not(None)).distinct()).scalars())
    found |= set(conn.execute(sa.select(slices.c.pack).where(slices.c.pack.is_not(None))).scalars())
    return found | set(conn.execute(sa.select(uploads.c.pack)).scalars())


def count_jobs(conn: sa.Connection) -> int:
    """All jobs that there are."""
    return int(conn.execute(sa.select(sa.func.count()).select_from(jobs)).scalar_one())


def named(conn: sa.Connection, packs: Sequence[str]) -> set[str]:
    """Those of the packs that a job or an upload lies in."""
    found = set(conn.execute(sa.select(jobs.c.pack).where(jobs.c.pack.in_(packs))).scalars())
    return found | set(conn.execute(sa.select(uploads.c.pack).where(uploads.c.pack.in_(packs))).scalars())
