"""Files that came before the orders which name them, by their sha256. Each tenant has its own, equal ones too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from service.store import facts
from service.store.schema import uploads

Row = dict[str, Any]
GONE = "uploads-gone"


def add(conn: sa.Connection, row: Mapping[str, Any]) -> Row:
    """The upload, or the one of the same file that is there already; whoever adds sees by its pack which it is."""
    there = find(conn, row["tenant"], row["sha256"])
    if there is not None:
        return there
    conn.execute(sa.insert(uploads).values(row))
    return dict(row)


def find(conn: sa.Connection, tenant: str, sha256: str) -> Row | None:
    """That file of that tenant."""
    told = sa.select(uploads).where(uploads.c.tenant == tenant, uploads.c.sha256 == sha256)
    row = conn.execute(told).first()
    return None if row is None else dict(row._mapping)


def known(conn: sa.Connection, tenant: str, hashes: Sequence[str]) -> dict[str, Row]:
    """Those of the files that the tenant has, by sha256."""
    told = sa.select(uploads).where(uploads.c.tenant == tenant, uploads.c.sha256.in_(hashes))
    return {row.sha256: dict(row._mapping) for row in conn.execute(told)}


def in_packs(conn: sa.Connection, packs: Sequence[str]) -> list[str]:
    """Those of the packs that an upload lies in."""
    return list(conn.execute(sa.select(uploads.c.pack).where(uploads.c.pack.in_(packs))).scalars())


def drop(conn: sa.Connection, packs: Sequence[str]) -> None:
    """The uploads of these packs go."""
    facts.raised(conn, GONE, conn.execute(sa.delete(uploads).where(uploads.c.pack.in_(packs))).rowcount)


def expire(conn: sa.Connection, now: int) -> list[str]:
    """Those whose time is over go; their packs, which are then removed."""
    went = list(conn.execute(sa.delete(uploads).where(uploads.c.expires <= now).returning(uploads.c.pack)).scalars())
    facts.raised(conn, GONE, len(went))
    return went


def gone_so_far(conn: sa.Connection) -> int:
    """How many were erased or expired: it grows whenever lanes must forget."""
    return facts.count(conn, GONE)
