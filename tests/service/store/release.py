"""Keeps the tables of a release: `uv run python -m tests.service.store.release` writes released/REVISION.sql, once, for ever.

Each table has a row, so that a later migration shows that it keeps them.
"""

from __future__ import annotations

import contextlib
import pathlib
import sqlite3
import sys
import tempfile

import sqlalchemy as sa

from service.store import migrate
from service.store.database import Database
from service.store.schema import metadata

FOLDER = pathlib.Path(__file__).with_name("released")


def row_of(table: sa.Table) -> dict[str, object]:
    """A row of plain values of the right kinds."""
    found: dict[str, object] = {}
    for column in table.columns:
        kind = column.type
        if isinstance(kind, sa.JSON):
            found[column.name] = []
        elif isinstance(kind, sa.LargeBinary):
            found[column.name] = b"\x01" * (kind.length or 16)
        elif isinstance(kind, sa.String):
            found[column.name] = "0" * 32 if (kind.length or 0) >= 32 else "x"
        else:
            found[column.name] = 1
    return found


def dump(folder: pathlib.Path) -> str:
    """The SQL of a store with a row a table."""
    database = Database(folder / "a.db")
    migrate.upgrade(database)
    with database.write() as conn:
        for table in metadata.sorted_tables:
            conn.execute(sa.insert(table).values(row_of(table)))
    database.settle_down()
    database.close()
    with contextlib.closing(sqlite3.connect(folder / "a.db")) as bare:  # Python's own can write itself down
        return "\n".join(bare.iterdump()) + "\n"


def main() -> int:
    """Write the file, unless it is there: what was released is not edited."""
    place = FOLDER / f"{migrate.HEAD}.sql"
    if place.exists():
        print(f"{place.name} is there already", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        place.parent.mkdir(exist_ok=True)
        place.write_text(dump(pathlib.Path(folder)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
