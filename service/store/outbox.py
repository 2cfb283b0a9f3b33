"""Webhooks, written in the transaction that they tell of: what happened is told at least once, and nothing that did not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from service.clock import new_id, text_of
from service.store.schema import endpoints, outbox

EVENTS = ("job.ended", "units.ended", "campaign.ended", "erased")
"""One job's end; the ends of some units of a campaign, together; a campaign's end; what was erased."""


def announce(conn: sa.Connection, ended: Sequence[Mapping[str, Any]], now: int) -> None:
    """Jobs that ended: one message each, and one a campaign for its units."""
    by_tenant: dict[str, list[Mapping[str, Any]]] = {}
    for row in ended:
        by_tenant.setdefault(row["tenant"], []).append(row)
    for tenant, rows in by_tenant.items():
        own = [row for row in rows if row["campaign"] is None]
        for row in own:
            tell(conn, tenant, "job.ended", _said(row), now)
        for campaign in dict.fromkeys(row["campaign"] for row in rows if row["campaign"] is not None):
            units = [_said(row) for row in rows if row["campaign"] == campaign]
            tell(conn, tenant, "units.ended", {"campaign": campaign, "units": units}, now)


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a webhook says of a job: ids, states and codes; never a value, a name or a reference."""
    told = {"id": row["id"], "state": row["state"], "verdict": row["verdict"], "reason": row["reason"]}
    return told if row["campaign"] is None else {**told, "line": row["line"]}


def tell(conn: sa.Connection, tenant: str, event: str, data: Mapping[str, Any], now: int) -> None:
    """A message to each endpoint of the tenant that asked for that event. Its body never changes: it is sent as it stands here."""
    told = sa.select(endpoints.c.id, endpoints.c.events).where(endpoints.c.tenant == tenant, endpoints.c.state == "active")
    body = json.dumps({"type": event, "timestamp": text_of(now), "data": data}, sort_keys=True)
    rows = [
        {
            "id": new_id(now),
            "tenant": tenant,
            "endpoint": one,
            "event": event,
            "body": body,
            "state": "waiting",
            "tries": 0,
            "next": now,
            "created": now,
        }
        for one, events in conn.execute(told).all()
        if event in events
    ]
    if rows:
        conn.execute(sa.insert(outbox), rows)
