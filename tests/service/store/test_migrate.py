from __future__ import annotations

import contextlib
import pathlib
import sqlite3

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from engine.errors import EnvironmentFault
from service.store import migrate
from service.store.database import Database
from service.store.schema import metadata

RELEASED = sorted(pathlib.Path(__file__).with_name("released").glob("*.sql"))
"""The tables of each revision that was released, with a few rows: they are never edited."""


def differences(database: Database) -> list[object]:
    with database.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))


def indexes(database: Database) -> set[str]:
    with database.read() as conn:
        rows = conn.exec_driver_sql("select name, sql from sqlite_master where type = 'index' and sql is not null")
        return {f"{name}: {' '.join(sql.split())}" for name, sql in rows}


def test_head_is_the_last_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.FOLDER))
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


def test_a_new_store_has_the_tables_and_is_left_alone_after(tmp_path: pathlib.Path) -> None:
    database = Database(tmp_path / "a.db")
    assert migrate.upgrade(database) is None
    assert migrate.upgrade(database) == migrate.HEAD == migrate.revision(database)
    assert differences(database) == []


@pytest.mark.parametrize("released", RELEASED, ids=lambda p: p.stem)
def test_every_released_store_comes_to_the_same_tables_and_keeps_its_rows(
    tmp_path: pathlib.Path, released: pathlib.Path
) -> None:
    database, new = Database(tmp_path / "old.db"), Database(tmp_path / "new.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "old.db")) as bare:
        bare.executescript(released.read_text(encoding="utf-8"))
    with database.read() as conn:
        before = {
            n: conn.execute(sa.text(f"select count(*) from {n}")).scalar_one() for n in sa.inspect(conn).get_table_names()
        }
    assert before["jobs"] > 0
    assert migrate.upgrade(database) == released.stem
    migrate.upgrade(new)
    assert differences(database) == []
    assert indexes(database) == indexes(new)
    with database.read() as conn:
        assert {n: conn.execute(sa.text(f"select count(*) from {n}")).scalar_one() for n in before} == before
    assert database.complaints() == []


def test_alembic_s_first_step_makes_what_the_schema_says(tmp_path: pathlib.Path) -> None:
    database, new = Database(tmp_path / "walked.db"), Database(tmp_path / "new.db")
    with database.write() as conn:
        conn.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        migrate._walk(conn, "0001")
    migrate.upgrade(new)
    assert differences(database) == []
    assert indexes(database) == indexes(new)


def test_a_difference_is_seen(tmp_path: pathlib.Path) -> None:
    database = Database(tmp_path / "a.db")
    migrate.upgrade(database)
    with database.write() as conn:
        conn.exec_driver_sql("ALTER TABLE jobs ADD COLUMN extra TEXT")
    assert differences(database)


def test_a_store_of_a_later_version_is_refused(tmp_path: pathlib.Path) -> None:
    database = Database(tmp_path / "a.db")
    migrate.upgrade(database)
    with database.write() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(EnvironmentFault, match="later unikat"):
        migrate.upgrade(database)
