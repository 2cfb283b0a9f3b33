"""The counters: how many jobs of each queue are in each state. Whoever moves a job moves its count in the same transaction."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from service.store.schema import tallies

Moves = Counter[tuple[str, str, str]]
"""(queue, tenant, state) -> how many more there are now."""


def moved(rows: Iterable[Mapping[Any, Any]], old: str | None, new: str) -> Moves:
    """The moves of these jobs (queue, tenant) from one state to another; `old` is None for new ones."""
    found: Moves = Counter()
    for (queue, tenant), n in Counter([(row["queue"], row["tenant"]) for row in rows]).items():
        found[str(queue), str(tenant), new] += n
        if old is not None:
            found[str(queue), str(tenant), old] -= n
    return found


def gone(rows: Iterable[tuple[str, str]], state: str) -> Moves:
    """The moves of jobs (queue, tenant) in that state whose rows were deleted."""
    return Counter({(queue, tenant, state): -n for (queue, tenant), n in Counter(map(tuple, rows)).items()})


def forget(conn: sa.Connection, queue: str) -> None:
    """A queue that no job names any more has no counters."""
    conn.execute(sa.delete(tallies).where(tallies.c.queue == queue, tallies.c.n == 0))


def count(conn: sa.Connection, moves: Moves) -> None:
    """Apply the moves, all in one statement."""
    changed = [(key, n) for key, n in sorted(moves.items()) if n]
    if changed:
        told = {f"{name}{i}": v for i, (key, n) in enumerate(changed) for name, v in zip("qtsn", (*key, n), strict=True)}
        conn.execute(_counting(len(changed)), told)


@functools.lru_cache(64)
def _counting(rows: int) -> sa.TextClause:
    """An upsert of so many counters; SQLite and Postgres spell it alike."""
    values = ", ".join(f"(:q{i}, :t{i}, :s{i}, :n{i})" for i in range(rows))
    told = f"INSERT INTO tallies (queue, tenant, state, n) VALUES {values} ON CONFLICT (queue, state) DO UPDATE SET n = tallies.n + excluded.n"
    return sa.text(told)


def of_queue(conn: sa.Connection, queue: str) -> dict[str, int]:
    """State -> how many, of one campaign, or of a tenant's own jobs."""
    return {state: n for state, n in conn.execute(_of_queue(), {"of": queue}) if n}


@functools.cache
def _of_queue() -> sa.Select[Any]:
    return sa.select(tallies.c.state, tallies.c.n).where(tallies.c.queue == sa.bindparam("of"))


def queued_of_tenant(conn: sa.Connection, tenant: str) -> int:
    """How many jobs of a tenant wait."""
    told = sa.select(sa.func.coalesce(sa.func.sum(tallies.c.n), 0)).where(
        tallies.c.tenant == tenant, tallies.c.state == "queued"
    )
    return int(conn.execute(told).scalar_one())


def wrong(conn: sa.Connection) -> list[tuple[str, str, int, int]]:
    """(queue, state, counter, rows) wherever a counter is not what counting the jobs gives. Always empty, or it is a fault."""
    from service.store.schema import jobs

    kept = {(q, s): n for q, s, n in conn.execute(sa.select(tallies.c.queue, tallies.c.state, tallies.c.n)) if n}
    told = sa.select(jobs.c.queue, jobs.c.state, sa.func.count()).group_by(jobs.c.queue, jobs.c.state)
    real = {(q, s): n for q, s, n in conn.execute(told)}
    return [(*k, kept.get(k, 0), real.get(k, 0)) for k in sorted(kept.keys() | real.keys()) if kept.get(k, 0) != real.get(k, 0)]
