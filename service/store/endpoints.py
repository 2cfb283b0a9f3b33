"""Where a tenant's webhooks go: its endpoints, their secrets (sealed), and which are to be sent to no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from service.store.schema import endpoints, outbox

Row = dict[str, Any]
MOST = 50
"""Endpoints of one tenant."""


def add(conn: sa.Connection, tenant: str, url: str, events: Sequence[str], now: int, *, one: str, secret: bytes) -> Row | None:
    """A new endpoint with the id `one` (its secret is sealed for it); None where the tenant has too many."""
    n = conn.execute(sa.select(sa.func.count()).select_from(endpoints).where(endpoints.c.tenant == tenant)).scalar_one()
    if n >= MOST:
        return None
    conn.execute(
        sa.insert(endpoints).values(
            id=one, tenant=tenant, url=url, events=list(events), secret=secret, state="active", created=now
        )
    )
    return find(conn, tenant, one)


def find(conn: sa.Connection, tenant: str, endpoint: str) -> Row | None:
    """That endpoint of that tenant."""
    row = conn.execute(sa.select(endpoints).where(endpoints.c.id == endpoint, endpoints.c.tenant == tenant)).first()
    return None if row is None else dict(row._mapping)


def listed(conn: sa.Connection, tenant: str) -> list[Row]:
    """All of a tenant, oldest first."""
    told = sa.select(endpoints).where(endpoints.c.tenant == tenant).order_by(endpoints.c.id)
    return [dict(row._mapping) for row in conn.execute(told)]


def change(conn: sa.Connection, tenant: str, endpoint: str, values: Mapping[str, Any]) -> Row | None:
    """Give columns new values; the endpoint as it is then."""
    if values:
        told = sa.update(endpoints).where(endpoints.c.id == endpoint, endpoints.c.tenant == tenant)
        conn.execute(told.values(**values))
    return find(conn, tenant, endpoint)


def remove(conn: sa.Connection, tenant: str, endpoint: str) -> bool:
    """It is gone, and all messages to it."""
    told = sa.delete(endpoints).where(endpoints.c.id == endpoint, endpoints.c.tenant == tenant)
    went = conn.execute(told).rowcount == 1
    if went:
        conn.execute(sa.delete(outbox).where(outbox.c.endpoint == endpoint))
    return went


def disable(conn: sa.Connection, endpoint: str, answer: str) -> int:
    """Nothing is sent there until its tenant says so; what waited for it is dead. How many messages those were."""
    conn.execute(sa.update(endpoints).where(endpoints.c.id == endpoint).values(state="disabled"))
    told = sa.update(outbox).where(outbox.c.endpoint == endpoint, outbox.c.state == "waiting")
    return conn.execute(told.values(state="dead", answer=answer)).rowcount
