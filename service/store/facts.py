"""What the store knows of itself."""

from __future__ import annotations

import sqlalchemy as sa

from service.store.schema import facts


def kept(conn: sa.Connection, name: str, value: bytes) -> bytes:
    """The fact of that name; `value` from now on, where there was none."""
    found = conn.execute(sa.select(facts.c.value).where(facts.c.name == name)).scalar()
    if found is None:
        conn.execute(sa.insert(facts).values(name=name, value=value))
        return value
    return bytes(found)


def raised(conn: sa.Connection, name: str, by: int) -> None:
    """The count of that name, from now on higher."""
    if by:
        told = count(conn, name)
        kept(conn, name, b"0")
        conn.execute(sa.update(facts).where(facts.c.name == name).values(value=str(told + by).encode()))


def count(conn: sa.Connection, name: str) -> int:
    """The count of that name; 0 where nothing was counted."""
    found = conn.execute(sa.select(facts.c.value).where(facts.c.name == name)).scalar()
    return 0 if found is None else int(found)
