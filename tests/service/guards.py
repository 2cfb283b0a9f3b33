"""The table of states as triggers: in a database that they guard, a statement that makes any other move fails."""

from __future__ import annotations

import sqlalchemy as sa

from service.states import LIVES, Life
from service.store.database import Database


def triggers(life: Life) -> list[str]:
    """What SQLite is to refuse: new rows in a state in which nothing begins, and moves that are in no table."""
    begin = ", ".join(f"'{new}'" for old, new in life.moves if old is None)
    may = " OR ".join(f"(OLD.state = '{old}' AND NEW.state = '{new}')" for old, new in life.moves if old is not None)
    return [
        f"CREATE TRIGGER {life.table}_begin BEFORE INSERT ON {life.table} WHEN NEW.state NOT IN ({begin}) "
        f"BEGIN SELECT RAISE(ABORT, 'no {life.table} begin so'); END",
        f"CREATE TRIGGER {life.table}_move BEFORE UPDATE ON {life.table} WHEN OLD.state <> NEW.state AND NOT ({may}) "
        f"BEGIN SELECT RAISE(ABORT, '{life.table} make no such move'); END",
    ]


def guard(database: Database) -> None:
    """Every later statement of anybody is held to service.states."""
    with database.write() as conn:
        for life in LIVES:
            for told in triggers(life):
                conn.execute(sa.text(told))
