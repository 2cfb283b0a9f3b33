"""Who dispatches, where several could: one of them leads by an advisory lock of Postgres, and the next takes over.

The lock is held by a connection of its own, and goes with it: at once when its process dies; after `DEAF_MS` when it was stopped, or its
machine is gone, for the server ends a session that says nothing (idle_session_timeout, by the server's clock). Whoever takes the lead raises
the epoch, in the session that holds the lock: so nobody does who has lost it meanwhile. Every transaction of a dispatcher looks at the epoch
first: one that was stopped and goes on changes nothing any more. What it was in the middle of the next one has the server end: all who write
would wait for it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable

import sqlalchemy as sa

from engine.errors import EnvironmentFault
from service.store import facts, postgres
from service.store.database import Database
from service.store.schema import facts as table

log = logging.getLogger("unikat.leading")

LEAD = 0x756E696C
"""The advisory lock of who dispatches."""
EPOCH = "epoch"
LEADER = "leader"
"""The name by which the server knows the sessions of who took the lead last."""
DEAF_MS = 3_000
PULSE = DEAF_MS / 3000
"""Seconds between two signs of life of who leads: two may be late, or lost, and nobody takes over."""
LOOK = 0.1
"""Seconds between two tries of who does not lead. A session that waited in the server for the lock would keep all that is deleted meanwhile."""
LATER = 1.0
"""The same for one that has yet to become ready, so that one that is ready leads, where there is one."""
AGAIN = 0.5
"""Seconds between two tries to reach a server that does not answer."""
ENDED = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s AND usename = current_user"


class Overtaken(EnvironmentFault):
    """Another leads now: what this one would change is not its any more."""


class Leader:
    """One that dispatches, or waits for its turn. `lost` is called, from a thread of its own, when it leads no longer. `ready`: whether it could
    begin at once."""

    def __init__(self, database: Database, lost: Callable[[], None], ready: Callable[[], bool] = lambda: True) -> None:
        self.database = database
        self.epoch = 0
        self._lost = lost
        self._ready = ready
        self._held: sa.Connection | None = None
        self._end = threading.Event()

    def wait(self, stop: threading.Event) -> bool:
        """Until it leads; False where it was told to stop before. A server that does not answer is waited for."""
        while not stop.is_set():
            with contextlib.suppress(EnvironmentFault, postgres.Unwell, sa.exc.DBAPIError):
                if self._lead(stop):
                    return True
            stop.wait(AGAIN)
        return False

    def take(self) -> bool:
        """Lead, if nobody does."""
        return self._lead(None)

    def _lead(self, stop: threading.Event | None) -> bool:
        """Lead, once nobody does; where there is no `stop` to wait with, if nobody does now."""
        conn = postgres.alone(self.database.engine)
        try:
            conn.exec_driver_sql(f"SET idle_session_timeout = {DEAF_MS}")
            while not conn.exec_driver_sql(f"SELECT pg_try_advisory_lock({LEAD})").scalar_one():
                if stop is None or stop.wait(LOOK if self._ready() else LATER):
                    return False
            self._begin(conn)
            self._held, conn = conn, None  # type: ignore[assignment]  # it is kept
        finally:
            if conn is not None:
                conn.invalidate()
                conn.close()
        self.database.guard = self._guard
        threading.Thread(target=self._beat, name="leading", daemon=True).start()
        log.info("leading", extra={"epoch": self.epoch, "pid": os.getpid()})
        return True

    def _begin(self, conn: sa.Connection) -> None:
        """With the lock, in its session: who led before is heard no more, and the epoch is ours."""
        name = self.database.name.encode()
        before = facts.found(conn, LEADER)
        if before is not None and before != name:
            conn.exec_driver_sql(ENDED, (before.decode(),))
        conn.exec_driver_sql("BEGIN")
        conn.exec_driver_sql(postgres.STANDING)
        facts.raised(conn, EPOCH, 1)
        facts.put(conn, LEADER, name)
        self.epoch = facts.count(conn, EPOCH)
        conn.exec_driver_sql("COMMIT")

    def _guard(self, conn: sa.Connection) -> None:
        """Overtaken where another has taken the lead since."""
        found = conn.execute(sa.select(table.c.value).where(table.c.name == EPOCH)).scalar_one()
        if int(found) != self.epoch:
            raise Overtaken("another dispatcher leads")

    def _beat(self) -> None:
        assert self._held is not None
        while not self._end.wait(PULSE):
            try:
                self._held.exec_driver_sql("SELECT 1")
            except (postgres.Unwell, sa.exc.DBAPIError):
                log.warning("the lead is lost", extra={"epoch": self.epoch})
                self._lost()
                return

    def leave(self) -> None:
        """Let another lead, at once."""
        self._end.set()
        if self._held is not None:
            with contextlib.suppress(postgres.Unwell, sa.exc.DBAPIError):
                self._held.exec_driver_sql(f"SELECT pg_advisory_unlock({LEAD})")
            self._held.invalidate()
            self._held.close()
            self._held = None
