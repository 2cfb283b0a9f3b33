"""Who dispatches, where several could: one of them leads by an advisory lock of Postgres, and the next takes over.

The lock is held by a connection of its own, and goes with it: at once when its process dies; after `DEAF_MS` when it was stopped, or its
machine is gone, for the server ends a session that says nothing (idle_session_timeout). Whoever takes the lead raises the epoch, and
every transaction of a dispatcher looks at it first: one that was stopped and goes on changes nothing any more.
"""

from __future__ import annotations

import contextlib
import logging
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
DEAF_MS = 5_000
PULSE = 1.0
"""Seconds between two signs of life of who leads."""
LOOK = 0.5
"""Seconds between two tries of who does not."""


class Overtaken(EnvironmentFault):
    """Another leads now: what this one would change is not its any more."""


class Leader:
    """One that dispatches, or waits for its turn. `lost` is called, from a thread of its own, when it leads no longer."""

    def __init__(self, database: Database, lost: Callable[[], None]) -> None:
        self.database = database
        self.epoch = 0
        self._lost = lost
        self._held: sa.Connection | None = None
        self._end = threading.Event()

    def wait(self, stop: threading.Event) -> bool:
        """Until it leads; False where it was told to stop before. A server that does not answer is waited for."""
        while not stop.is_set():
            with contextlib.suppress(EnvironmentFault, postgres.Unwell, sa.exc.DBAPIError):
                if self.take():
                    return True
            stop.wait(LOOK)
        return False

    def take(self) -> bool:
        """Lead, if nobody does."""
        conn = postgres.alone(self.database.engine)
        try:
            conn.exec_driver_sql(f"SET idle_session_timeout = {DEAF_MS}")
            if not conn.exec_driver_sql(f"SELECT pg_try_advisory_lock({LEAD})").scalar_one():
                return False
            with self.database.write() as writing:
                facts.raised(writing, EPOCH, 1)
                self.epoch = facts.count(writing, EPOCH)
            self._held, conn = conn, None  # type: ignore[assignment]  # it is kept
        finally:
            if conn is not None:
                conn.invalidate()
                conn.close()
        self.database.guard = self._guard
        threading.Thread(target=self._beat, name="leading", daemon=True).start()
        log.info("leading", extra={"epoch": self.epoch})
        return True

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
