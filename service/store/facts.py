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
