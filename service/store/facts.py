"""What the store knows of itself."""

from __future__ import annotations

import sqlalchemy as sa

from service.store.schema import facts


def kept(conn: sa.Connection, name: str, value: bytes) -> bytes:
    """The fact of that name; `value` from now on, where there was none."""
    told = found(conn, name)
    if told is None:
        conn.execute(sa.insert(facts).values(name=name, value=value))
        return value
    return told


def found(conn: sa.Connection, name: str) -> bytes | None:
    """The fact of that name; none where there is none."""
    told = conn.execute(sa.select(facts.c.value).where(facts.c.name == name)).scalar()
    return None if told is None else bytes(told)


def put(conn: sa.Connection, name: str, value: bytes) -> None:
    """The fact of that name, whatever it was."""
    kept(conn, name, value)
    conn.execute(sa.update(facts).where(facts.c.name == name).values(value=value))


def raised(conn: sa.Connection, name: str, by: int) -> None:
    """The count of that name, from now on higher."""
    if by:
        told = count(conn, name)
        put(conn, name, str(told + by).encode())


def count(conn: sa.Connection, name: str) -> int:
    """The count of that name; 0 where nothing was counted."""
    return int(found(conn, name) or 0)
