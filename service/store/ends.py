"""What follows when jobs end: they are told of, and a campaign whose last unit has ended ends with it, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from service.store import tallies
from service.store.outbox import announce, tell
from service.store.schema import campaigns


def follow(conn: sa.Connection, ended: Sequence[Mapping[str, Any]], now: int) -> None:
    """Whoever ended these jobs (id, tenant, campaign, line, state, verdict, reason) calls this, once for each of them."""
    announce(conn, ended, now)
    close(conn, (row["campaign"] for row in ended), now)


def close(conn: sa.Connection, ids: Iterable[str | None], now: int) -> list[str]:
    """Those of the campaigns of which nothing waits or runs any more are over, and told of; which. However their units ended."""
    over = []
    for one in sorted({i for i in ids if i is not None}):
        counts = tallies.of_queue(conn, one)
        if counts.get("queued") or counts.get("running"):
            continue
        told = (
            sa.update(campaigns)
            .where(campaigns.c.id == one, campaigns.c.finished.is_(None), campaigns.c.rows <= sum(counts.values()))
            .values(
                state=sa.case((campaigns.c.state == "cancelled", "cancelled"), else_="done"),
                version=campaigns.c.version + 1,
                finished=now,
            )
            .returning(campaigns.c.tenant, campaigns.c.state, campaigns.c.rows)
        )
        row = conn.execute(told).first()
        if row is not None:
            data = {"campaign": one, "state": row.state, "rows": row.rows, "units": counts}
            tell(conn, row.tenant, "campaign.ended", data, now)
            over.append(one)
    return over
