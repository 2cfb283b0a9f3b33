"""Webhooks, written in the transaction that they tell of: what happened is told at least once, and nothing that did not."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.clock import new_id, text_of
from service.store import bulk
from service.store.schema import endpoints, outbox

FARTHEST = 86_400_000
"""Milliseconds: no message waits longer for its next try. One that seems to was written before the clock was set back."""
EVENTS = ("job.ended", "units.ended", "campaign.ended", "erased")
"""One job's end; the ends of some units of a campaign, together; a campaign's end; what was erased."""


def announce(conn: sa.Connection, ended: Sequence[Mapping[str, Any]], now: int) -> None:
    """Jobs that ended: one message each, and one a campaign for its units."""
    by_tenant: dict[str, list[Mapping[str, Any]]] = {}
    for row in ended:
        by_tenant.setdefault(row["tenant"], []).append(row)
    for tenant, rows in by_tenant.items():
        own = [("job.ended", _said(row)) for row in rows if row["campaign"] is None]
        for campaign in dict.fromkeys(row["campaign"] for row in rows if row["campaign"] is not None):
            units = [_said(row) for row in rows if row["campaign"] == campaign]
            own.append(("units.ended", {"campaign": campaign, "units": units}))
        tell_all(conn, tenant, own, now)


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a webhook says of a job: ids, states and codes; never a value, a name or a reference."""
    told = {"id": row["id"], "state": row["state"], "verdict": row["verdict"], "reason": row["reason"]}
    return told if row["campaign"] is None else {**told, "line": row["line"]}


def tell(conn: sa.Connection, tenant: str, event: str, data: Mapping[str, Any], now: int) -> None:
    """A message to each endpoint of the tenant that asked for that event. Its body never changes: it is sent as it stands here."""
    tell_all(conn, tenant, [(event, data)], now)


def tell_all(conn: sa.Connection, tenant: str, messages: Sequence[tuple[str, Mapping[str, Any]]], now: int) -> None:
    """The same, of many (event, data)."""
    asked = conn.execute(_active(), {"of": tenant}).all()
    rows = [
        {
            "id": new_id(now),
            "tenant": tenant,
            "endpoint": one,
            "event": event,
            "body": json.dumps({"type": event, "timestamp": text_of(now), "data": data}, sort_keys=True),
            "state": "waiting",
            "tries": 0,
            "next": now,
            "created": now,
        }
        for event, data in messages
        for one, events in asked
        if event in events
    ]
    bulk.insert(conn, outbox, rows)


@functools.cache
def _active() -> sa.Select[Any]:
    return sa.select(endpoints.c.id, endpoints.c.events).where(
        endpoints.c.tenant == sa.bindparam("of"), endpoints.c.state == "active"
    )


@dataclass(frozen=True)
class Letter:
    """A message that is due, and where it goes. `secrets`: sealed, those that sign now, the current one first."""

    id: str
    tenant: str
    endpoint: str
    url: str
    body: str
    tries: int
    secrets: tuple[bytes, ...]


def due(conn: sa.Connection, now: int, most: int, room: Callable[[str], int], busy: Collection[str] = ()) -> list[Letter]:
    """Up to `most` messages whose time has come, the longest waiting first, without those under way (`busy`).

    `room`: how many more an endpoint takes at once.
    """
    found: list[tuple[int, Letter]] = []
    for to in conn.execute(sa.select(endpoints).where(endpoints.c.state == "active").order_by(endpoints.c.id)).all():
        n = min(most, room(to.id))
        if n <= 0:
            continue
        former = to.former is not None and to.former_until is not None and now < to.former_until
        secrets = (bytes(to.secret), *((bytes(to.former),) if former else ()))
        told = sa.select(outbox.c.id, outbox.c.body, outbox.c.tries, outbox.c.next)
        told = told.where(outbox.c.endpoint == to.id, outbox.c.state == "waiting", outbox.c.next <= now)
        told = told.order_by(outbox.c.next, outbox.c.id).limit(n + len(busy))
        rows = [row for row in conn.execute(told) if row.id not in busy][:n]
        found += [(row.next, Letter(row.id, to.tenant, to.id, to.url, row.body, row.tries, secrets)) for row in rows]
    found.sort(key=lambda pair: (pair[0], pair[1].id))
    return [letter for _, letter in found[:most]]


def rewind(conn: sa.Connection, now: int) -> int:
    """After the clock was set back: what would wait longer than any message does is due now. How many."""
    told = sa.update(outbox).where(outbox.c.state == "waiting", outbox.c.next > now + FARTHEST)
    return conn.execute(told.values(next=now)).rowcount


def sent(conn: sa.Connection, message: str, answer: str) -> None:
    """It arrived."""
    told = sa.update(outbox).where(outbox.c.id == message, outbox.c.state == "waiting")
    conn.execute(told.values(state="sent", tries=outbox.c.tries + 1, answer=answer))


def missed(conn: sa.Connection, message: str, answer: str, again: int | None) -> None:
    """It did not arrive: it is tried again at that time, or never."""
    values: dict[str, Any] = {"state": "dead"} if again is None else {"next": again}
    told = sa.update(outbox).where(outbox.c.id == message, outbox.c.state == "waiting")
    conn.execute(told.values(tries=outbox.c.tries + 1, answer=answer, **values))


def messages(
    conn: sa.Connection, tenant: str, endpoint: str, *, state: str | None = None, after: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Messages to an endpoint, newest first, from below the id `after`."""
    told = sa.select(outbox).where(outbox.c.tenant == tenant, outbox.c.endpoint == endpoint)
    if state is not None:
        told = told.where(outbox.c.state == state)
    if after is not None:
        told = told.where(outbox.c.id < after)
    return [dict(row._mapping) for row in conn.execute(told.order_by(outbox.c.id.desc()).limit(limit))]


def replay(
    conn: sa.Connection,
    tenant: str,
    endpoint: str,
    now: int,
    *,
    message: str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> int:
    """Send again what was sent or is dead: that message, or all that were written in a span of time. The same ids, the same bodies."""
    told = sa.update(outbox).where(outbox.c.tenant == tenant, outbox.c.endpoint == endpoint, outbox.c.state != "waiting")
    if message is not None:
        told = told.where(outbox.c.id == message)
    if since is not None:
        told = told.where(outbox.c.created >= since)
    if until is not None:
        told = told.where(outbox.c.created < until)
    return conn.execute(told.values(state="waiting", tries=0, next=now, answer=None)).rowcount


def there(conn: sa.Connection, tenant: str, endpoint: str, message: str) -> bool:
    """Whether there is that message."""
    told = sa.select(outbox.c.id).where(outbox.c.tenant == tenant, outbox.c.endpoint == endpoint, outbox.c.id == message)
    return conn.execute(told).first() is not None
