"""What a campaign leaves behind is done in small steps, between those of others: units cancelled, rows dropped, units erased.

All that is left to do is told by the store; whoever sweeps may die at any moment, and the next one goes on.
"""

from __future__ import annotations

from service.campaigns.receiving import DEAD_MS
from service.erasing import erase_jobs
from service.house import House
from service.store import campaigns, ends


def sweep(house: House, now: int) -> int:
    """One step for each campaign that wants one; how many rows changed. 0, when nothing is left to do."""
    with house.database.read() as conn:
        waiting = campaigns.unfinished(conn)
        dead = campaigns.dead(conn, now - DEAD_MS)
    did = 0
    if dead:
        with house.database.write() as conn:
            did += campaigns.drop_dead(conn, now - DEAD_MS)
    for one, state in waiting:
        if state == "dropped":
            with house.database.write() as conn:
                some = campaigns.drop_some(conn, one)
            if not some:  # with the last row went the campaign itself: nothing of them may stay in the log
                house.database.settle_down()
            did += some or 1
            continue
        with house.database.write() as conn:
            some = campaigns.cancel_some(conn, one, now)
            did += some or len(ends.close(conn, [one], now))
        if state == "erasing" and not some:
            did += _erase(house, one, now)
    return did


def _erase(house: House, campaign: str, now: int) -> int:
    with house.database.read() as conn:
        some = campaigns.unerased(conn, campaign)
    if some:
        return len(erase_jobs(house, some, "asked", now=now))
    with house.database.write() as conn:
        return int(campaigns.erased(conn, campaign))
