"""What print shops pull, piece by piece: claimed under a lease, renewed, printed, printed again, given back.

A piece is held by one lease or by none. Every change names the lease and is refused once its time is over, by the clock of the
service: who comes late learns that (`Stale`), and has printed what somebody else may be printing. A lease that a clock set back
would let last for ever is cut to the longest there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from service.clock import new_id
from service.store.schema import campaigns, copies, jobs, slices
from service.store.slices import LACKING

LONGEST = 86_400_000
"""Milliseconds that a lease may have."""
AHEAD = 64
"""Pieces beyond those asked for that a claim looks at: their G-code is made while the shop prints the first."""

Row = dict[str, Any]


class Stale(Exception):
    """The lease is over, was never given, or does not hold that piece (any more)."""


@dataclass(frozen=True)
class Asked:
    """What a shop's key may claim, and what it asks for. `machines`: of jobs that may be printed there; None: any."""

    holder: str
    sellers: tuple[str, ...]
    process: str
    machines: tuple[str | None, ...] | None
    formats: tuple[str, ...]
    limit: int

    @property
    def sliced(self) -> bool:
        """Whether it wants G-code."""
        return "gcode" in self.formats


@dataclass
class Claimed:
    """What a claim got, the jobs whose G-code is still to be made, and how many of the next pieces have none and why (codes)."""

    rows: list[Row] = field(default_factory=list)
    unsliced: list[str] = field(default_factory=list)
    failed: dict[str, int] = field(default_factory=dict)


def expire(conn: sa.Connection, now: int) -> int:
    """Leases whose time is over give back what they hold; how many pieces. After a clock was set back none lasts longer than any may."""
    held = copies.c.state == "held"
    conn.execute(sa.update(copies).where(held, copies.c.lease_until > now + LONGEST).values(lease_until=now + LONGEST))
    told = sa.update(copies).where(held, copies.c.lease_until <= now)
    return conn.execute(told.values(state="ready", **_FREE)).rowcount


_FREE: dict[str, Any] = {"holder": None, "lease": None, "lease_until": None, "formats": None}


def of_lease(conn: sa.Connection, holder: str, lease: bytes) -> list[Row]:
    """All pieces that are or were last held under that lease, with what is known of their jobs."""
    told = _with_jobs().where(copies.c.lease == lease, copies.c.holder == holder).order_by(*_ORDER)
    return [dict(row._mapping) for row in conn.execute(told)]


_ORDER = (copies.c.priority.desc(), copies.c.due, copies.c.id)


def _with_jobs() -> sa.Select[Any]:
    its = (jobs.c.state.label("job_state"), jobs.c.verdict, jobs.c.wrapped, jobs.c.pack, jobs.c.files)
    return sa.select(copies, *its).join(jobs, jobs.c.id == copies.c.job)


def claim(conn: sa.Connection, asked: Asked, lease: bytes, until: int, now: int) -> Claimed:
    """Up to `limit` pieces, by priority and due date, now held under the lease (the hash of its token) until then.

    With G-code, those that have it; of the others the jobs are told. Asked again under a lease that was given, what it still holds:
    an answer that was lost on its way costs nothing.
    """
    expire(conn, now)
    before = of_lease(conn, asked.holder, lease)
    if before:
        return Claimed([row for row in before if row["state"] == "held"])
    made = Claimed()
    found: list[Row] = []
    for seller in asked.sellers:
        for row in _next(conn, asked, seller):
            if asked.sliced and row["slice"] != "made":
                made.unsliced.append(row["job"])
            else:
                found.append(row)
        if asked.sliced:
            for reason, n in _without(conn, asked, seller):
                made.failed[reason] = made.failed.get(reason, 0) + n
    made.unsliced = list(dict.fromkeys(made.unsliced))
    found.sort(key=lambda r: (-r["priority"], r["due"], r["id"]))
    ids = [row["id"] for row in found[: asked.limit]]
    told = (
        sa.update(copies)
        .where(copies.c.id.in_(ids), copies.c.state == "ready")
        .values(state="held", holder=asked.holder, lease=lease, lease_until=until, formats=",".join(asked.formats))
        .returning(copies.c.id)
    )
    got = conn.execute(told).scalars().all()
    assert len(got) <= asked.limit
    made.rows = of_lease(conn, asked.holder, lease)
    return made


def _ready(asked: Asked, seller: str) -> list[sa.ColumnElement[bool]]:
    """What a piece must be to be claimed at all: finished, not erased, of no cancelled campaign, and made in those formats."""
    told = [
        copies.c.state == "ready",
        copies.c.tenant == seller,
        copies.c.process == asked.process,
        jobs.c.state == "done",
        sa.func.coalesce(campaigns.c.state, "running") != "cancelled",
    ]
    if asked.machines is not None:
        named = [name for name in asked.machines if name is not None]
        fits = copies.c.machine.in_(named)
        told.append(sa.or_(fits, copies.c.machine.is_(None)) if None in asked.machines else fits)
    kept = sa.literal(",") + jobs.c.formats + sa.literal(",")
    told += [kept.contains(f",{name},") for name in asked.formats if name != "gcode"]
    return told


def _next(conn: sa.Connection, asked: Asked, seller: str) -> list[Row]:
    """The first pieces of a seller, in their order; with G-code, those whose slicing has failed left out, and some more ahead."""
    columns = (copies.c.id, copies.c.job, copies.c.priority, copies.c.due)
    told = sa.select(*columns, slices.c.state.label("slice")).join(jobs, jobs.c.id == copies.c.job)
    told = told.outerjoin(campaigns, campaigns.c.id == jobs.c.campaign).outerjoin(slices, slices.c.job == copies.c.job)
    told = told.where(*_ready(asked, seller))
    if asked.sliced:
        told = told.where(sa.func.coalesce(slices.c.state, "") != "failed")
    told = told.order_by(*_ORDER).limit(asked.limit + (AHEAD if asked.sliced else 0))
    return [dict(row._mapping) for row in conn.execute(told)]


def _without(conn: sa.Connection, asked: Asked, seller: str) -> list[tuple[str, int]]:
    """Reason -> how many of a seller's pieces can be had without G-code only; of the last thousand jobs that could not be sliced."""
    told = sa.select(slices.c.job, slices.c.reason).where(slices.c.state == "failed").order_by(slices.c.job.desc()).limit(1000)
    why = {job: str(reason) for job, reason in conn.execute(told)}
    if not why:
        return []
    pieces = sa.select(copies.c.job, sa.func.count()).join(jobs, jobs.c.id == copies.c.job)
    pieces = pieces.outerjoin(campaigns, campaigns.c.id == jobs.c.campaign)
    pieces = pieces.where(copies.c.job.in_(why), *_ready(asked, seller)).group_by(copies.c.job)
    found: dict[str, int] = {}
    for job, n in conn.execute(pieces):
        found[why[job]] = found.get(why[job], 0) + int(n)
    return sorted(found.items())


def lacking(conn: sa.Connection) -> list[str]:
    """Jobs whose slicing failed for want of a slicer: they may be asked for again."""
    told = sa.select(slices.c.job).where(slices.c.state == "failed", slices.c.reason == LACKING)
    return list(conn.execute(told.order_by(slices.c.job).limit(AHEAD)).scalars())


def find(conn: sa.Connection, holder: str, piece: str) -> Row | None:
    """A piece that this key holds or held last, with what is known of its job; whether it may be seen is in `seen`."""
    row = conn.execute(_with_jobs().where(copies.c.id == piece, copies.c.holder == holder)).first()
    return None if row is None else dict(row._mapping)


def seen(row: Row, now: int) -> bool:
    """Whether its holder may fetch its files: the lease runs, and the job was not erased."""
    runs = row["state"] == "held" and now < row["lease_until"]
    return bool(runs and row["job_state"] == "done" and row["wrapped"] is not None)


def gone(row: Row) -> bool:
    """Whether it was erased while this key held it."""
    return bool(row["state"] == "gone" or row["job_state"] != "done")


# ---- under a lease ---------------------------------------------------------------------------------------------------


def _named(conn: sa.Connection, holder: str, lease: bytes, pieces: Sequence[str] | None, now: int) -> list[Row]:
    """The pieces of a lease that are meant: those named, or all that it still holds. Stale when one is not under it."""
    expire(conn, now)
    rows = {row["id"]: row for row in of_lease(conn, holder, lease)}
    if pieces is None:
        pieces = [one for one, row in rows.items() if row["state"] == "held"]
        if not rows:
            raise Stale
    if any(piece not in rows for piece in pieces):
        raise Stale
    return [rows[piece] for piece in dict.fromkeys(pieces)]


def renew(conn: sa.Connection, holder: str, lease: bytes, until: int, now: int) -> list[Row]:
    """All that the lease still holds is held until then. Stale when that is nothing."""
    if not _named(conn, holder, lease, None, now):
        raise Stale
    told = sa.update(copies).where(copies.c.lease == lease, copies.c.holder == holder, copies.c.state == "held")
    conn.execute(told.values(lease_until=until))
    return [row for row in of_lease(conn, holder, lease) if row["state"] == "held"]


def ack(conn: sa.Connection, holder: str, lease: bytes, pieces: Sequence[str] | None, now: int) -> list[Row]:
    """They are printed. Said twice, it is true still; Stale where one is not held under this lease."""
    rows = _named(conn, holder, lease, pieces, now)
    if any(row["state"] not in ("held", "printed") for row in rows):
        raise Stale
    ids = [row["id"] for row in rows if row["state"] == "held"]
    told = sa.update(copies).where(copies.c.id.in_(ids), copies.c.state == "held", copies.c.lease == lease)
    assert conn.execute(told.values(state="printed", printed=now, lease_until=None)).rowcount == len(ids)
    return [row for row in of_lease(conn, holder, lease) if row["id"] in {r["id"] for r in rows}]


def release(conn: sa.Connection, holder: str, lease: bytes, pieces: Sequence[str] | None, now: int) -> int:
    """They wait for the next who asks; how many. What is printed stays so: Stale."""
    rows = _named(conn, holder, lease, pieces, now)
    if any(row["state"] != "held" for row in rows):
        raise Stale
    told = sa.update(copies).where(copies.c.id.in_([r["id"] for r in rows]), copies.c.state == "held", copies.c.lease == lease)
    return conn.execute(told.values(state="ready", **_FREE)).rowcount


def reprint(conn: sa.Connection, holder: str, lease: bytes, pieces: Sequence[str], reason: str, now: int) -> list[Row]:
    """Each is to be printed again: the same bytes, the next copy number, before all else of its date. The new pieces.

    What was still held is spoiled and gone. Said twice, it is the same new piece. Stale where one is not of this lease, or its job
    was erased.
    """
    rows = _named(conn, holder, lease, pieces, now)
    for row in rows:
        if row["job_state"] != "done" or (row["state"] not in ("held", "printed") and row["reason"] is None):
            raise Stale
    for row in rows:
        if row["reason"] is not None:
            continue
        spoiled: dict[str, Any] = {} if row["state"] == "printed" else {"state": "gone", "lease_until": None}
        conn.execute(sa.update(copies).where(copies.c.id == row["id"]).values(reason=reason, **spoiled))
        same = {name: row[name] for name in ("job", "tenant", "process", "machine", "serial", "priority", "due")}
        conn.execute(sa.insert(copies).values(id=new_id(now), copy=row["copy"] + 1, state="ready", **same))
    made = []
    for row in rows:
        told = sa.select(copies).where(copies.c.job == row["job"], copies.c.serial == row["serial"])
        made.append(dict(conn.execute(told.where(copies.c.copy == row["copy"] + 1)).one()._mapping))
    return made


def counts(conn: sa.Connection) -> dict[str, int]:
    """State -> how many pieces there are."""
    return {state: int(n) for state, n in conn.execute(sa.select(copies.c.state, sa.func.count()).group_by(copies.c.state))}
