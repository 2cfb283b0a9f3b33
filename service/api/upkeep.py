"""What the web process tidies up of its own: requests' names that nobody sends again, and uploads whose time is over."""

from __future__ import annotations

import asyncio
import logging

from fastapi.concurrency import run_in_threadpool

from engine.errors import EnvironmentFault
from service.api.callers import Desk
from service.store import posting, uploads

log = logging.getLogger("unikat.web")
EVERY = 600.0
"""Seconds between two rounds."""
NAMED = 7 * 86_400_000
"""Milliseconds for which an Idempotency-Key is known."""


async def upkeep(desk: Desk) -> None:
    """Round after round, until it is cancelled."""
    while True:
        try:
            await run_in_threadpool(tidy, desk)
        except EnvironmentFault as fault:  # a full disk: the next round may find it mended
            log.error("a round of upkeep failed", exc_info=fault)
        await asyncio.sleep(EVERY)


def tidy(desk: Desk) -> tuple[int, int]:
    """One round: how many names and uploads went."""
    now = desk.clock()
    with desk.house.database.write() as conn:
        names = posting.forget(conn, now - NAMED)
        gone = uploads.expire(conn, now)
    for pack in gone:
        desk.house.packs.remove(pack)
    if gone:
        desk.interactive.forget()
        desk.house.database.settle_down()
    return names, len(gone)
