"""What came of the bodies that were looked at again: counters, and the largest distances, among the facts of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from service.store.schema import facts

OUTCOMES = ("right", "drifted", "unchecked")
"""`unchecked`: CAD gave no body, or took too long; the queue was full; or the process was killed meanwhile."""
ASKED = "asked"
WAYS = ("to_brep", "to_mesh")
_PREFIX = "drift:"


@dataclass(frozen=True)
class Seen:
    """`asked`: bodies that were chosen; outcome -> how many; `farthest`: way -> mm."""

    asked: int
    outcomes: Mapping[str, int]
    farthest: Mapping[str, float]

    @property
    def waiting(self) -> int:
        """Chosen, and not looked at yet."""
        return self.asked - sum(self.outcomes.values())


def count(conn: sa.Connection, what: str, n: int = 1) -> None:
    """So many more of an outcome, or of those that were asked for."""
    assert what in (*OUTCOMES, ASKED)
    _set(conn, what, str(int(_get(conn, what) or 0) + n))


def farther(conn: sa.Connection, found: Mapping[str, float]) -> None:
    """Distances (way -> mm) that were found; the largest stay."""
    for way in WAYS:
        if found[way] > float(_get(conn, way) or 0.0):
            _set(conn, way, repr(found[way]))


def seen(conn: sa.Connection) -> Seen:
    """All of it."""
    return Seen(
        int(_get(conn, ASKED) or 0),
        {one: int(_get(conn, one) or 0) for one in OUTCOMES},
        {way: float(_get(conn, way) or 0.0) for way in WAYS},
    )


def lost(conn: sa.Connection) -> int:
    """Nobody looks at what waits (the process that did is gone): it counts as unchecked; how many that were."""
    left = seen(conn).waiting
    if left:
        count(conn, "unchecked", left)
    return left


def _get(conn: sa.Connection, what: str) -> str | None:
    found = conn.execute(sa.select(facts.c.value).where(facts.c.name == _PREFIX + what)).scalar()
    return None if found is None else bytes(found).decode()


def _set(conn: sa.Connection, what: str, value: str) -> None:
    told = sa.update(facts).where(facts.c.name == _PREFIX + what).values(value=value.encode())
    if conn.execute(told).rowcount == 0:
        conn.execute(sa.insert(facts).values(name=_PREFIX + what, value=value.encode()))
