"""What an operator watches: how much waits, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from engine.errors import EnvironmentFault
from service.clock import now
from service.store import postgres
from service.store.database import Database
from service.store.schema import copies, jobs, outbox, tallies


@dataclass(frozen=True)
class Seen:
    """`jobs`: state -> how many. `oldest`: milliseconds that the oldest waiting job has waited."""

    jobs: dict[str, int]
    oldest: int
    outbox: int
    copies: int


def seen(conn: sa.Connection, at: int) -> Seen:
    """All of it now. Ids are sorted by time: the least that waits is the oldest."""
    told = sa.select(tallies.c.state, sa.func.sum(tallies.c.n)).group_by(tallies.c.state)
    states = {state: int(n) for state, n in conn.execute(told)}
    oldest = None
    if states.get("queued"):
        oldest = conn.execute(sa.select(sa.func.min(jobs.c.created)).where(jobs.c.state == "queued")).scalar_one()
    waiting = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.state == "waiting")
    ready = sa.select(sa.func.count()).select_from(copies).where(copies.c.state == "ready")
    return Seen(
        states,
        0 if oldest is None else max(0, at - oldest),
        conn.execute(waiting).scalar_one(),
        conn.execute(ready).scalar_one(),
    )


APART_MS = 60_000
"""So far this machine's clock and the database's may be apart: leases and retention go by them."""


def refuse_clock(database: Database) -> None:
    """EnvironmentFault where the clocks of this machine and of a Postgres are apart by more than a minute."""
    if database.file is None:
        with database.read() as conn:
            apart = postgres.clock(conn) - now()
        if abs(apart) > APART_MS:
            raise EnvironmentFault(f"the clocks of this machine and of the database are {abs(apart) // 1000} s apart")
