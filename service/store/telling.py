"""What the dispatcher tells of itself, among the facts of the store: the web processes, on whatever machine, show it to who watches."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from service.store import facts
from service.store.schema import facts as table

STATE, COUNTS = "dispatcher", "made"
CHUNKS, UNITS, SECONDS, CPU_SECONDS = "chunks", "units", "seconds", "cpu_seconds"
HITS = ("equals", "bodies_kept", "bodies_chart", "bodies_cad", "glyphs_kept", "glyphs_drawn")
"""Of units: those that an equal one's product served; their bodies, by where they came from; their letters, drawn before or not."""


@dataclass(frozen=True)
class Told:
    """`at`: when it was written. `lanes`: how many there are; `flying`: chunks that are under way; `others`: workers that are not used, for
    their code is another. `lacks`: what is wrong, each in a line."""

    at: int
    lanes: int = 0
    flying: int = 0
    others: int = 0
    lacks: tuple[str, ...] = ()


def tell(conn: sa.Connection, told: Told, more: Mapping[str, float]) -> None:
    """The state, instead of the one before; and counters, by so much more."""
    _set(conn, STATE, asdict(told))
    if more:
        known = counts(conn)
        _set(conn, COUNTS, known | {name: known.get(name, 0) + by for name, by in more.items()})


def told(conn: sa.Connection) -> Told | None:
    """What was told last; None where nothing was."""
    found = _get(conn, STATE)
    return None if found is None else Told(**{**found, "lacks": tuple(found["lacks"])})


def counts(conn: sa.Connection) -> dict[str, float]:
    """Counter -> how much, since the store was made."""
    return dict(_get(conn, COUNTS) or {})


def _get(conn: sa.Connection, name: str) -> Any:
    found = conn.execute(sa.select(table.c.value).where(table.c.name == name)).scalar()
    return None if found is None else json.loads(bytes(found))


def _set(conn: sa.Connection, name: str, value: Mapping[str, object]) -> None:
    data = json.dumps(value).encode()
    if facts.kept(conn, name, data) != data:
        conn.execute(sa.update(table).where(table.c.name == name).values(value=data))
