"""Brings a store to the tables of this version: from nothing, or from those of any version that was released.

A new store gets the tables of service.store.schema; an old one is changed step by step by Alembic (service/store/migrations), and a test
holds that both end alike.
"""

from __future__ import annotations

import pathlib

import sqlalchemy as sa

from engine.errors import EnvironmentFault
from service.store.database import Database
from service.store.schema import metadata

HEAD = "0001"
"""The revision that service.store.schema stands for."""
FOLDER = pathlib.Path(__file__).with_name("migrations")
_version = sa.table("alembic_version", sa.column("version_num", sa.String))


def upgrade(database: Database) -> str | None:
    """Make or change the tables; the revision it was at before, None where there were no tables.

    EnvironmentFault: a later unikat has changed this store, or it is not ours, or not whole.
    """
    with database.read() as conn:
        at = _at(conn)
        if at == HEAD:
            _refuse_parts(conn)
            return at
    with database.write() as conn:
        at = _at(conn)  # another process may have been first
        if at is None:
            if sa.inspect(conn).get_table_names():
                raise EnvironmentFault("the database holds tables that are not unikat's: give it one of its own, empty")
            metadata.create_all(conn)
            conn.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
            conn.execute(sa.insert(_version).values(version_num=HEAD))
        elif at != HEAD:
            _walk(conn, at)
    return at


def revision(database: Database) -> str | None:
    """Where a store is."""
    with database.read() as conn:
        return _at(conn)


def _refuse_parts(conn: sa.Connection) -> None:
    """EnvironmentFault where a table or a column of this revision is not there: somebody else changed the store."""
    told = sa.inspect(conn).get_multi_columns()
    there = {(name, column["name"]) for (_, name), columns in told.items() for column in columns}
    lost = sorted({(table.name, column.name) for table in metadata.sorted_tables for column in table.columns} - there)
    if lost:
        raise EnvironmentFault(f"this store is said to be at revision {HEAD}, and lacks {'.'.join(lost[0])}: restore a backup")


def _at(conn: sa.Connection) -> str | None:
    if not sa.inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.execute(sa.select(_version.c.version_num)).scalar_one_or_none()
    return found


def _walk(conn: sa.Connection, at: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = conn
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if at not in known:
        raise EnvironmentFault(f"this store is at revision {at}, of a later unikat, or of another program")
    command.upgrade(config, "head")
