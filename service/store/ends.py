"""What follows when jobs end: they are told of, and a campaign whose last unit has ended ends with it, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from service.store import campaigns, tallies
from service.store.outbox import announce, tell
from service.store.schema import campaigns as table


def follow(conn: sa.Connection, ended: Sequence[Mapping[str, Any]], now: int) -> None:
    """Whoever ended these jobs (id, tenant, campaign, line, state, verdict, reason) calls this, once for each of them."""
    announce(conn, ended, now)
    through = [row["campaign"] for row in ended]
    campaigns.pace(conn, through, now)
    close(conn, through, now)


def close(conn: sa.Connection, ids: Iterable[str | None], now: int) -> list[str]:
    """Those of the campaigns of which nothing waits or runs any more are over, and told of; which. However their units ended."""
    over = []
    for one in sorted({i for i in ids if i is not None}):
        counts = tallies.of_queue(conn, one)
        if counts.get("queued") or counts.get("running"):
            continue
        told = (
            sa.update(table)
            .where(table.c.id == one, table.c.finished.is_(None), table.c.rows <= sum(counts.values()))
            .values(
                state=sa.case((table.c.state.in_(("cancelled", "erasing")), table.c.state), else_="done"),
                version=table.c.version + 1,
                finished=now,
            )
            .returning(table.c.tenant, table.c.state, table.c.rows)
        )
        row = conn.execute(told).first()
        if row is not None:
            data = {"campaign": one, "state": row.state, "rows": row.rows, "units": counts}
            tell(conn, row.tenant, "campaign.ended", data, now)
            over.append(one)
    return over
