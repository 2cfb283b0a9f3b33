"""Campaigns: received whole or not at all, paused, cancelled and dropped in small transactions, ended with their last unit.

A campaign that is being received has rows that nobody sees and nobody may claim: its state alone says so, so that a million rows
become orders by one small change.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from service.clock import new_id
from service.store import bulk, tallies
from service.store.schema import campaigns, idempotency, jobs

Row = dict[str, Any]
Connection = sa.Connection
Act = Callable[[Connection, str], None]
"""Something to do with a campaign in the caller's transaction."""
HIDDEN = ("receiving", "dropped")
"""States in which a campaign and its jobs are there for nobody."""
OPEN = ("running", "paused")
BATCH = 4_000
"""Rows a transaction at most: others write between two of them."""
ERASED_AT_ONCE = 1_000
PACE_MS = 10_000
PACES = 7
"""So many moments are kept, so far apart: the rate is that of the last minute."""


def shown() -> sa.ColumnElement[bool]:
    """Of `jobs`: what is no part of a campaign that is still being received, or was dropped."""
    hidden = sa.select(campaigns.c.id).where(campaigns.c.state.in_(HIDDEN))
    return sa.or_(jobs.c.campaign.is_(None), jobs.c.campaign.not_in(hidden))


def begin(conn: Connection, tenant: str, template: str, process: str | None, formats: str, name: str | None, now: int) -> str:
    """A campaign whose rows are about to come; its id."""
    one = new_id(now)
    told = {"id": one, "tenant": tenant, "template": template, "process": process, "formats": formats, "name": name}
    conn.execute(sa.insert(campaigns).values(**told, rows=0, state="receiving", pace=[], touched=now, created=now))
    return one


def receive(conn: Connection, campaign: str, rows: Sequence[Mapping[str, Any]], now: int) -> bool:
    """More rows, as `service.intake` makes them; False, and nothing kept, when the campaign was given up meanwhile."""
    if not _change(conn, campaign, ("receiving",), rows=campaigns.c.rows + len(rows), touched=now):
        return False
    bulk.insert(conn, jobs, rows)
    tallies.count(conn, tallies.moved(rows, None, "queued"))
    return True


def open_(conn: Connection, campaign: str, now: int) -> bool:
    """All rows are in: from here on they are orders. False when it was given up meanwhile."""
    return _change(conn, campaign, ("receiving",), state="running", touched=now, pace=[[now, 0]])


def drop(conn: Connection, campaign: str) -> bool:
    """What was received of it is to go: `sweep` does it."""
    return _change(conn, campaign, ("receiving",), state="dropped")


def dead(conn: Connection, before: int) -> bool:
    """Whether there is an upload that brought nothing since."""
    told = sa.select(campaigns.c.id).where(campaigns.c.state == "receiving", campaigns.c.touched < before)
    return conn.execute(told.limit(1)).first() is not None


def drop_dead(conn: Connection, before: int) -> int:
    """Uploads that brought nothing since `before` are dropped: whoever sent them is gone."""
    told = sa.update(campaigns).where(campaigns.c.state == "receiving", campaigns.c.touched < before)
    return int(conn.execute(told.values(state="dropped")).rowcount)


def find(conn: Connection, tenant: str, campaign: str) -> Row | None:
    """That campaign of that tenant."""
    told = sa.select(campaigns).where(
        campaigns.c.id == campaign, campaigns.c.tenant == tenant, campaigns.c.state.not_in(HIDDEN)
    )
    row = conn.execute(told).first()
    return None if row is None else dict(row._mapping)


def listed(conn: Connection, tenant: str, *, after: str | None = None, limit: int = 50) -> list[Row]:
    """Newest first, from below the id `after`."""
    told = sa.select(campaigns).where(campaigns.c.tenant == tenant, campaigns.c.state.not_in(HIDDEN))
    if after is not None:
        told = told.where(campaigns.c.id < after)
    return [dict(row._mapping) for row in conn.execute(told.order_by(campaigns.c.id.desc()).limit(limit))]


def answered(conn: Connection, tenant: str, key: bytes) -> tuple[bytes, str] | None:
    """What a request with that key brought, and the campaign that was made of it."""
    told = sa.select(idempotency.c.body, idempotency.c.answer).where(idempotency.c.tenant == tenant, idempotency.c.key == key)
    row = conn.execute(told).first()
    return None if row is None else (bytes(row.body), row.answer)


def answer(conn: Connection, tenant: str, key: bytes, body: bytes, campaign: str, now: int) -> bool:
    """Remember it; False when another request with that key came first."""
    if answered(conn, tenant, key) is not None:
        return False
    conn.execute(sa.insert(idempotency).values(tenant=tenant, key=key, body=body, answer=campaign, created=now))
    return True


def pause(conn: Connection, campaign: str, _: int) -> bool:
    """Begin no more of it; what is under way ends."""
    return _change(conn, campaign, ("running",), state="paused")


def resume(conn: Connection, campaign: str, now: int) -> bool:
    """Go on."""
    return _change(conn, campaign, ("paused",), state="running", pace=[[now, ended_of(conn, campaign)]])


def cancel(conn: Connection, campaign: str, now: int) -> bool:
    """No unit of it is begun from now on; those that wait are cancelled by `sweep`, in small steps, and those that run now."""
    if not _change(conn, campaign, OPEN, state="cancelled"):
        return False
    _cancel_some(conn, campaign, "running", now)
    return True


def erase(conn: Connection, campaign: str, now: int) -> bool:
    """It is to be erased, unit by unit, by `sweep`; its name goes at once."""
    cancel(conn, campaign, now)
    return _change(conn, campaign, ("cancelled", "done"), state="erasing", name=None)


def unerased(conn: Connection, campaign: str) -> list[str]:
    """Up to ERASED_AT_ONCE of its units that are there yet."""
    told = sa.select(jobs.c.id).where(jobs.c.campaign == campaign, jobs.c.state != "erased")
    return list(conn.execute(told.order_by(jobs.c.line).limit(ERASED_AT_ONCE)).scalars())


def erased(conn: Connection, campaign: str) -> bool:
    """Nothing of it is there any more but what was produced."""
    return _change(conn, campaign, ("erasing",), state="erased")


def kept(conn: Connection, ids: Sequence[str]) -> list[str]:
    """Those of the ids that are campaigns which nobody erases yet."""
    told = sa.select(campaigns.c.id).where(campaigns.c.id.in_(ids), campaigns.c.state.not_in(("erasing", "erased")))
    return list(conn.execute(told).scalars())


def _change(conn: Connection, campaign: str, old: Sequence[str], **new: Any) -> bool:
    told = sa.update(campaigns).where(campaigns.c.id == campaign, campaigns.c.state.in_(old))
    return bool(conn.execute(told.values(version=campaigns.c.version + 1, **new)).rowcount)


def ended_of(conn: Connection, campaign: str) -> int:
    """How many of its units have ended."""
    return sum(n for state, n in tallies.of_queue(conn, campaign).items() if state not in ("queued", "running"))


def pace(conn: Connection, through: Iterable[str | None], now: int) -> None:
    """Units of these campaigns have just ended: how many by now is noted, some seconds apart."""
    for campaign in {one for one in through if one is not None}:
        marks = conn.execute(_pace(), {"of": campaign}).scalar_one()
        if not marks or not 0 <= now - marks[-1][0] < PACE_MS:
            marks = [*marks, [now, ended_of(conn, campaign)]][-PACES:]
            conn.execute(sa.update(campaigns).where(campaigns.c.id == campaign).values(pace=marks))


@functools.cache
def _pace() -> sa.Select[Any]:
    return sa.select(campaigns.c.pace).where(campaigns.c.id == sa.bindparam("of"))


def pace_of(row: Mapping[str, Any], ended: int, now: int) -> float | None:
    """Units a second, of the last minute; None until that can be said."""
    if row["state"] != "running" or not row["pace"]:
        return None
    since, then = row["pace"][0]
    return 1000.0 * (ended - then) / (now - since) if now > since and ended > then else None


def unfinished(conn: Connection) -> list[tuple[str, str]]:
    """(id, state) of the campaigns that have rows to be dropped, cancelled or erased."""
    cancelled = (campaigns.c.state == "cancelled") & campaigns.c.finished.is_(None)
    told = sa.select(campaigns.c.id, campaigns.c.state).where(campaigns.c.state.in_(("dropped", "erasing")) | cancelled)
    return [(one, state) for one, state in conn.execute(told)]


def cancel_some(conn: Connection, campaign: str, now: int) -> int:
    """Up to BATCH of a cancelled campaign's waiting units are cancelled; how many."""
    return _cancel_some(conn, campaign, "queued", now)


def _cancel_some(conn: Connection, campaign: str, state: str, now: int) -> int:
    some = sa.select(jobs.c.id).where(jobs.c.queue == campaign, jobs.c.state == state).limit(BATCH)
    told = (
        sa.update(jobs)
        .where(jobs.c.id.in_(some))
        .values(state="cancelled", version=jobs.c.version + 1, updated=now, finished=now, reason="cancelled")
        .returning(jobs.c.queue, jobs.c.tenant)
    )
    rows = [dict(row._mapping) for row in conn.execute(told)]
    tallies.count(conn, tallies.moved(rows, state, "cancelled"))
    return len(rows)


def drop_some(conn: Connection, campaign: str) -> int:
    """Up to BATCH rows of a dropped campaign go; how many. With the last of them goes the campaign."""
    some = sa.select(jobs.c.id).where(jobs.c.campaign == campaign).limit(BATCH)
    rows = conn.execute(sa.delete(jobs).where(jobs.c.id.in_(some)).returning(jobs.c.queue, jobs.c.tenant)).all()
    tallies.count(conn, tallies.gone(rows, "queued"))
    if not rows:
        tallies.forget(conn, campaign)
        conn.execute(sa.delete(campaigns).where(campaigns.c.id == campaign, campaigns.c.state == "dropped"))
    return len(rows)


def units(conn: Connection, campaign: str, after: int = 0, limit: int = 500) -> list[Row]:
    """Its units in the order of their lines, from after that line."""
    told = sa.select(jobs).where(jobs.c.campaign == campaign, jobs.c.line > after).order_by(jobs.c.line).limit(limit)
    return [dict(row._mapping) for row in conn.execute(told)]


def packed(conn: Connection, campaign: str, but: Sequence[str], limit: int = 128) -> list[Row]:
    """Units of it whose files lie in a pack, those of the packs `but` left out; all of a pack, or none."""
    told = sa.select(jobs.c.pack).where(jobs.c.pack.is_not(None), jobs.c.pack.not_in(but), jobs.c.campaign == campaign)
    packs = conn.execute(told.distinct().limit(limit // 16)).scalars().all()
    columns = [jobs.c[name] for name in ("id", "line", "wrapped", "pack", "files")]
    rows = conn.execute(sa.select(*columns).where(jobs.c.pack.in_(packs), jobs.c.campaign == campaign)) if packs else ()
    return [dict(row._mapping) for row in rows]


def laid_out(conn: Connection, ids: Sequence[str]) -> None:
    """The files of these units lie outside: no pack of ours holds them any more."""
    told = sa.update(jobs).where(jobs.c.id == sa.bindparam("one")).values(pack=None)
    if ids:
        conn.execute(told, [{"one": one} for one in ids])


def verdicts(conn: Connection, campaign: str) -> dict[tuple[str, str | None], int]:
    """(state, verdict) -> how many units."""
    told = sa.select(jobs.c.state, jobs.c.verdict, sa.func.count()).where(jobs.c.campaign == campaign)
    return {(state, verdict): n for state, verdict, n in conn.execute(told.group_by(jobs.c.state, jobs.c.verdict))}
