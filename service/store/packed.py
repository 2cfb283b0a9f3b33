"""Which packs the store names: every table that has a column `pack`."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from service.store.schema import jobs, metadata

TABLES = tuple(table for table in metadata.sorted_tables if "pack" in table.c)


def names(conn: sa.Connection) -> set[str]:
    """Of every pack that a job, its G-code or an upload lies in."""
    return {name for table in TABLES for name in conn.execute(sa.select(table.c.pack).distinct()).scalars() if name is not None}


def named(conn: sa.Connection, packs: Sequence[str]) -> set[str]:
    """Those of the packs that something lies in."""
    return {name for table in TABLES for name in conn.execute(sa.select(table.c.pack).where(table.c.pack.in_(packs))).scalars()}


def count_jobs(conn: sa.Connection) -> int:
    """All jobs that there are."""
    return int(conn.execute(sa.select(sa.func.count()).select_from(jobs)).scalar_one())
