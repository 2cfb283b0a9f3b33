"""New jobs as requests bring them: once for each Idempotency-Key, and no more than a tenant may have waiting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from service.store import bulk, tallies
from service.store import jobs as store
from service.store.schema import idempotency, jobs


@dataclass(frozen=True)
class Posting:
    """A job to add. `key`, `body`: keyed hashes of the Idempotency-Key (none: it may be added again) and of what was sent with it."""

    row: Mapping[str, Any]
    max_ready: int
    key: bytes | None = None
    body: bytes = b""


@dataclass(frozen=True)
class Posted:
    """What came of it: `row` is the job, made now or by the same request before; none where `what` is `other` or `full`."""

    what: Literal["made", "again", "other", "full"]
    row: Mapping[str, Any] | None = None


def accept(conn: sa.Connection, postings: Sequence[Posting]) -> list[Posted]:
    """Add those that may be added, all in the caller's transaction."""
    known = _known(conn, postings)
    waiting: dict[str, int] = {}
    made: list[Mapping[str, Any]] = []
    named: list[dict[str, Any]] = []
    answers = []
    for one in postings:
        tenant = one.row["tenant"]
        earlier = None if one.key is None else known.get((tenant, one.key))
        if earlier is not None:
            body, row = earlier
            answers.append(Posted("again", row) if body == one.body else Posted("other"))
            continue
        if tenant not in waiting:
            waiting[tenant] = tallies.queued_of_tenant(conn, tenant)
        if waiting[tenant] >= one.max_ready:
            answers.append(Posted("full"))
            continue
        waiting[tenant] += 1
        made.append(one.row)
        if one.key is not None:
            known[tenant, one.key] = (one.body, one.row)
            named.append(
                {"tenant": tenant, "key": one.key, "body": one.body, "answer": one.row["id"], "created": one.row["created"]}
            )
        answers.append(Posted("made", one.row))
    if made:
        store.add(conn, made)
    bulk.insert(conn, idempotency, named)
    return answers


def _known(conn: sa.Connection, postings: Sequence[Posting]) -> dict[tuple[str, bytes], tuple[bytes, Mapping[str, Any]]]:
    """(tenant, key) -> hash of the body, and the job, of those that were posted before."""
    keys = [one.key for one in postings if one.key is not None]
    if not keys:
        return {}
    told = (
        sa.select(idempotency.c.tenant.label("of"), idempotency.c.key, idempotency.c.body.label("sent"), jobs)
        .join(jobs, (jobs.c.id == idempotency.c.answer) & (jobs.c.tenant == idempotency.c.tenant))
        .where(idempotency.c.key.in_(keys))
    )
    rows = [dict(row._mapping) for row in conn.execute(told)]
    return {(row["of"], bytes(row["key"])): (bytes(row["sent"]), row) for row in rows}


def forget(conn: sa.Connection, before: int) -> int:
    """Keys that are older are free again; how many those were."""
    return conn.execute(sa.delete(idempotency).where(idempotency.c.created < before)).rowcount
