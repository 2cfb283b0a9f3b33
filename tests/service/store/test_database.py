"""The store on a disk that is full or read-only, behind somebody who holds it, and on a SQLite that loses pages."""

from __future__ import annotations

import pathlib
import sqlite3

import pytest
import sqlalchemy as sa

from engine.errors import EnvironmentFault
from service.house import KEY, LOCK, alone, open_house
from service.store import database
from service.store.database import Database, Unwritable, refuse_broken
from service.store.schema import metadata, tenants


@pytest.fixture
def store(tmp_path: pathlib.Path) -> Database:
    made = Database(tmp_path / "store.db")
    metadata.create_all(made.engine)
    return made


def tenant(store: Database, name: str) -> None:
    with store.write() as conn:
        conn.execute(sa.insert(tenants).values(id=name, name=name, max_ready=1, created=0))


def count(store: Database) -> int:
    with store.read() as conn:
        return int(conn.execute(sa.select(sa.func.count()).select_from(tenants)).scalar_one())


def test_a_full_disk_is_said_and_leaves_nothing_half_written(store: Database) -> None:
    with pytest.raises(Unwritable, match="full"), store.write() as conn:
        conn.execute(sa.insert(tenants).values(id="a", name="a", max_ready=1, created=0))
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count={pages + 5}")
        conn.exec_driver_sql("UPDATE tenants SET name = hex(zeroblob(1000000))")
    store.engine.dispose()  # the limit was that connection's
    assert count(store) == 0
    tenant(store, "b")
    assert count(store) == 1


def test_a_store_that_may_not_be_written_says_so(store: Database, tmp_path: pathlib.Path) -> None:
    with pytest.raises(Unwritable, match="readonly"), store.write() as conn:
        conn.exec_driver_sql("PRAGMA query_only=ON")
        conn.execute(sa.insert(tenants).values(id="a", name="a", max_ready=1, created=0))


def test_who_waits_too_long_for_the_store_is_told(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PRAGMAS", tuple(p for p in database.PRAGMAS if "busy" not in p) + ("busy_timeout=50",))
    one, two = Database(tmp_path / "store.db"), Database(tmp_path / "store.db")
    metadata.create_all(one.engine)
    with one.write(), pytest.raises(Unwritable, match="locked"):
        tenant(two, "a")
    tenant(two, "a")


def test_the_words_of_a_fault_hold_no_value(store: Database) -> None:
    with pytest.raises(Unwritable) as told, store.write() as conn:
        conn.execute(sa.text("INSERT INTO nowhere VALUES (:v)"), {"v": "CANARY"})
    assert "CANARY" not in str(told.value)


@pytest.mark.parametrize("version", [(3, 40, 1), (3, 51, 2), (3, 50, 6), (3, 44, 5)])
def test_a_sqlite_that_loses_pages_is_refused(version: tuple[int, ...]) -> None:
    with pytest.raises(EnvironmentFault, match="write-ahead"):
        refuse_broken(version)


@pytest.mark.parametrize("version", [(3, 51, 3), (3, 50, 7), (3, 44, 6), (3, 53, 4)])
def test_a_sqlite_that_keeps_them_is_taken(version: tuple[int, ...]) -> None:
    refuse_broken(version)
    assert sqlite3.sqlite_version_info >= (3, 37)


def test_one_process_works_on_a_folder_and_its_death_lets_go(tmp_path: pathlib.Path) -> None:
    with alone(tmp_path):
        with pytest.raises(EnvironmentFault, match="another process"), alone(tmp_path):
            pass
        with alone(tmp_path, "other.lock"):
            pass
    with alone(tmp_path):
        assert (tmp_path / LOCK).exists()


def test_several_may_who_say_so_and_nobody_who_is_to_be_alone(tmp_path: pathlib.Path) -> None:
    with alone(tmp_path, several=True), alone(tmp_path, several=True):
        assert (tmp_path / LOCK).exists()
        with pytest.raises(EnvironmentFault, match="another process"), alone(tmp_path):
            pass
    with alone(tmp_path), pytest.raises(EnvironmentFault, match="another process"), alone(tmp_path, several=True):
        pass


def test_a_folder_that_cannot_be_written_is_said(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EnvironmentFault, match="cannot be written"):
        open_house(tmp_path / "file")
    with pytest.raises(EnvironmentFault, match="cannot be written"):
        open_house(pathlib.Path("/proc/unikat"))
    with pytest.raises(EnvironmentFault, match="cannot be written"), alone(tmp_path / "file"):
        pass


def test_another_master_key_is_not_taken_for_this_one(tmp_path: pathlib.Path) -> None:
    open_house(tmp_path).database.close()
    open_house(tmp_path).database.close()
    (tmp_path / KEY).write_bytes(bytes(32))
    with pytest.raises(EnvironmentFault, match="not the master key"):
        open_house(tmp_path)
