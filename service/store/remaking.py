"""Products whose bytes the disk has lost or damaged: noted, made again in a lane, and put in the place of the old ones if they are equal.

The job stays done meanwhile: it ended once, and nobody is told again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.store.schema import facts, jobs

WANTED, GIVEN_UP = "remake:", "spoilt:"


@dataclass(frozen=True)
class Lacking:
    """A job that is done, whose files are to be made again, and the pack where they do not open."""

    row: Mapping[str, Any]
    pack: str


def note(conn: sa.Connection, job: str, pack: str) -> bool:
    """The files of that job do not open: whether they will be made again. Not where that was tried, and gave other bytes, nor of
    what lies in another pack than its products do."""
    if conn.execute(sa.select(jobs.c.id).where(jobs.c.id == job, jobs.c.pack == pack)).first() is None:
        return False
    if conn.execute(sa.select(facts.c.name).where(facts.c.name == GIVEN_UP + job)).first() is not None:
        return False
    if conn.execute(sa.select(facts.c.name).where(facts.c.name == WANTED + job)).first() is None:
        conn.execute(sa.insert(facts).values(name=WANTED + job, value=pack.encode()))
    return True


def next_one(conn: sa.Connection) -> Lacking | None:
    """The next to be made again; what was erased, or mended, since is forgotten."""
    told = sa.select(facts.c.name, facts.c.value).where(facts.c.name >= WANTED, facts.c.name < WANTED + "~")
    for name, value in conn.execute(told.order_by(facts.c.name)).all():
        job, pack = name.removeprefix(WANTED), bytes(value).decode()
        row = conn.execute(sa.select(jobs).where(jobs.c.id == job, jobs.c.state == "done", jobs.c.pack == pack)).first()
        if row is not None and row.wrapped is not None and row.sealed is not None:
            return Lacking(dict(row._mapping), pack)
        forget(conn, job)
    return None


def mended(conn: sa.Connection, one: Lacking, pack: str, files: Mapping[str, Sequence[Any]], now: int) -> bool:
    """The same files lie in another pack now; whether they did to the end (erased meanwhile: no)."""
    told = sa.update(jobs).where(jobs.c.id == one.row["id"], jobs.c.state == "done", jobs.c.pack == one.pack)
    changed = conn.execute(told.values(pack=pack, files=files, version=jobs.c.version + 1, updated=now)).rowcount
    forget(conn, one.row["id"])
    return bool(changed)


def give_up(conn: sa.Connection, job: str) -> None:
    """Made again it is not the same: another version of its template, or of this software, is installed."""
    forget(conn, job)
    conn.execute(sa.insert(facts).values(name=GIVEN_UP + job, value=b""))


def forget(conn: sa.Connection, job: str) -> None:
    """It is not to be made again."""
    conn.execute(sa.delete(facts).where(facts.c.name == WANTED + job))
