"""Erasing in the store: what a person said goes, with the key that opens it; that something was made, by which code, stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from service.clock import text_of
from service.store import bulk, ends, slices, tallies
from service.store.outbox import tell
from service.store.schema import copies, erasures, idempotency, jobs


@dataclass(frozen=True)
class Left:
    """What still lies in a pack of an erased job, for who wipes it: (offset, bytes) of each file. `alone`: nobody else is in the pack."""

    job: str
    pack: str
    spans: tuple[tuple[int, int], ...]
    alone: bool


def erase(
    conn: sa.Connection, ids: Sequence[str], why: str, now: int, *, tenant: str | None = None
) -> tuple[list[str], list[Left]]:
    """These jobs (of that tenant) are erased, whatever they were doing; those erased before stay as they are.

    Which were erased now, and what of them lies in packs. A receipt of each says that, when and why, and nothing else.
    """
    told = sa.select(jobs).where(jobs.c.id.in_(ids), jobs.c.state != "erased")
    if tenant is not None:
        told = told.where(jobs.c.tenant == tenant)
    rows = [row._mapping for row in conn.execute(told)]
    if not rows:
        return [], []
    went = [row["id"] for row in rows]
    for row in rows:
        tallies.count(conn, tallies.moved([row], row["state"], "erased"))
    conn.execute(
        sa.update(jobs)
        .where(jobs.c.id.in_(went))
        .values(
            state="erased",
            version=jobs.c.version + 1,
            updated=now,
            finished=sa.func.coalesce(jobs.c.finished, now),
            sealed=None,
            wrapped=None,
            told=None,
            reference=None,
            body=b"",
            same=None,
            purpose=None,
            legal_basis=None,
            reason=None,
            pack=None,
            files=None,
            expires=None,
        )
    )
    conn.execute(
        sa.update(copies)
        .where(copies.c.job.in_(went), copies.c.state != "printed")
        .values(state="gone", lease=None, lease_until=None, reason=None)
    )
    conn.execute(sa.delete(idempotency).where(idempotency.c.answer.in_(went)))
    receipts = [
        {
            "job": row["id"],
            "tenant": row["tenant"],
            "why": why,
            "removed": {"order": 1, "files": len(row["files"] or {})},
            "at": now,
        }
        for row in rows
    ]
    bulk.insert(conn, erasures, receipts)
    for whose in dict.fromkeys(row["tenant"] for row in rows):
        jobs_of = [row["id"] for row in rows if row["tenant"] == whose]
        tell(conn, whose, "erased", {"jobs": jobs_of, "why": why, "at": text_of(now)}, now)
    ends.close(conn, (row["campaign"] for row in rows), now)
    gcode = [Left(job, pack, (), True) for job, pack in slices.drop(conn, went)]
    return went, [*(_left(conn, row) for row in rows if row["pack"] is not None), *gcode]


def _left(conn: sa.Connection, row: sa.RowMapping) -> Left:
    others = conn.execute(sa.select(sa.func.count()).select_from(jobs).where(jobs.c.pack == row["pack"])).scalar_one()
    spans = tuple((int(offset), int(size)) for offset, size, *_ in (row["files"] or {}).values())
    return Left(row["id"], row["pack"], spans, others == 0)


def receipt(conn: sa.Connection, tenant: str, job: str) -> dict[str, object] | None:
    """The receipt of an erased job."""
    row = conn.execute(sa.select(erasures).where(erasures.c.job == job, erasures.c.tenant == tenant)).first()
    return None if row is None else dict(row._mapping)


def unerased(conn: sa.Connection, ids: Sequence[str], tenant: str | None = None) -> list[str]:
    """Those of the ids that are there (as that tenant's) and not erased."""
    told = sa.select(jobs.c.id).where(jobs.c.id.in_(ids), jobs.c.state != "erased")
    if tenant is not None:
        told = told.where(jobs.c.tenant == tenant)
    return list(conn.execute(told).scalars())


def expired(conn: sa.Connection, now: int, most: int) -> list[str]:
    """Jobs whose time has come, the longest overdue first."""
    told = sa.select(jobs.c.id).where(jobs.c.expires <= now).order_by(jobs.c.expires).limit(most)
    return list(conn.execute(told).scalars())


def erased_so_far(conn: sa.Connection) -> int:
    """How many receipts there are: it grows whenever lanes must forget."""
    return int(conn.execute(sa.select(sa.func.count()).select_from(erasures)).scalar_one())
