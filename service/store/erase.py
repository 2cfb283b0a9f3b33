"""Erasing a job: what its sender said and what was made of it go; that it was erased, and what was produced, stays.

The key is dropped with the row's change, so that what still lies on a disk cannot be read by anybody from the commit on. The
caller then wipes the spans of the pack, which this names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.store import tallies
from service.store.schema import copies, erasures, idempotency, jobs

WHY = ("asked", "retention", "restored")


@dataclass(frozen=True)
class Erased:
    """The receipt; and of which pack which (offset, bytes) are to be wiped. `last`: nothing else lies in it, it may be removed."""

    receipt: dict[str, Any]
    pack: str | None = None
    spans: tuple[tuple[int, int], ...] = ()
    last: bool = False


def erase(conn: sa.Connection, job: str, why: str, now: int) -> Erased | None:
    """Erase that job; none where there is no such job. One that is erased already keeps its first receipt."""
    assert why in WHY
    found = conn.execute(sa.select(jobs).where(jobs.c.id == job)).first()
    if found is None:
        return None
    row = dict(found._mapping)
    if row["state"] == "erased":
        kept = receipt(conn, row["tenant"], job)
        assert kept is not None
        return Erased(kept)
    gone = sa.update(copies).where(copies.c.job == job, copies.c.state.in_(("ready", "held")))
    removed = {
        "order": int(row["sealed"] is not None),
        "files": len(row["files"] or ()),
        "copies": conn.execute(gone.values(state="gone", lease=None, lease_until=None)).rowcount,
        "requests": conn.execute(sa.delete(idempotency).where(idempotency.c.answer == job)).rowcount,
    }
    bare = {
        "wrapped": None, "sealed": None, "told": None, "files": None, "pack": None, "reference": None, "same": None,
        "body": b"", "purpose": None, "legal_basis": None, "expires": None,
    }  # fmt: skip
    told = sa.update(jobs).where(jobs.c.id == job, jobs.c.state == row["state"])
    ended = row["finished"] or now
    went = conn.execute(told.values(state="erased", version=jobs.c.version + 1, updated=now, finished=ended, **bare))
    assert went.rowcount == 1
    tallies.count(conn, tallies.moved([row], row["state"], "erased"))
    kept = {"job": job, "tenant": row["tenant"], "why": why, "removed": removed, "at": now}
    conn.execute(sa.insert(erasures).values(kept))
    spans = tuple((offset, size) for offset, size, *_ in (row["files"] or {}).values())
    return Erased(kept, row["pack"], spans, row["pack"] is not None and not _used(conn, row["pack"]))


def _used(conn: sa.Connection, pack: str) -> bool:
    return conn.execute(sa.select(jobs.c.id).where(jobs.c.pack == pack).limit(1)).first() is not None


def receipt(conn: sa.Connection, tenant: str, job: str) -> dict[str, Any] | None:
    """The receipt of an erased job of that tenant."""
    row = conn.execute(sa.select(erasures).where(erasures.c.job == job, erasures.c.tenant == tenant)).first()
    return None if row is None else dict(row._mapping)
