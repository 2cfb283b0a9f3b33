"""What a campaign leaves behind is done in small steps, between those of others: units cancelled, rows dropped, units erased.

All that is left to do is told by the store; whoever sweeps may die at any moment, and the next one goes on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from service.campaigns.receiving import DEAD_MS
from service.clock import Clock
from service.clock import now as wall
from service.store import campaigns
from service.store.database import Database

Eraser = Callable[[Sequence[str]], object]
"""Erases these jobs for good: database, packs, caches."""


def sweep(database: Database, erase: Eraser, now: int) -> int:
    """One step for each campaign that wants one; how many rows changed. Nothing, when there is nothing left to do."""
    with database.read() as conn:
        waiting = campaigns.unfinished(conn)
        dead = campaigns.dead(conn, now - DEAD_MS)
    did = 0
    if dead:
        with database.write() as conn:
            did += campaigns.drop_dead(conn, now - DEAD_MS)
    for one, state in waiting:
        if state == "dropped":
            with database.write() as conn:
                did += campaigns.drop_some(conn, one) or 1  # the campaign itself
            continue
        with database.write() as conn:
            did += campaigns.cancel_some(conn, one, now)
        if state == "erasing":
            with database.read() as conn:
                some = campaigns.unerased(conn, one)
            erase(some)
            did += len(some)
            if not some:
                with database.write() as conn:
                    did += campaigns.erased(conn, one)
    return did


def run(database: Database, erase: Eraser, stop: threading.Event, idle: float = 2.0, clock: Clock = wall) -> None:
    """Sweep until `stop`, at once again while there is something to do."""
    while not stop.is_set():
        if not sweep(database, erase, clock()):
            stop.wait(idle)
