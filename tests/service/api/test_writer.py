"""The writer: many requests in one transaction, each told after it is on the disk; a bad one takes no other with it."""

from __future__ import annotations

import pathlib
import threading
from collections.abc import Iterator, Sequence

import pytest
import sqlalchemy as sa

from service.store import keys
from service.store.database import Database
from service.store.migrate import upgrade
from service.store.schema import tenants
from service.store.writer import Writer


@pytest.fixture
def database(tmp_path: pathlib.Path) -> Iterator[Database]:
    made = Database(tmp_path / "x.db")
    upgrade(made)
    yield made
    made.close()


def names(database: Database) -> list[str]:
    with database.read() as conn:
        return list(conn.execute(sa.select(tenants.c.name).order_by(tenants.c.name)).scalars())


def test_what_waits_goes_together(database: Database) -> None:
    sizes: list[int] = []
    begun, go = threading.Event(), threading.Event()

    def add(conn: sa.Connection, items: Sequence[str]) -> list[str]:
        sizes.append(len(items))
        begun.set()
        assert go.wait(5)
        return [keys.new_tenant(conn, name, 1) for name in items]

    writer = Writer(database)
    first = writer.submit(add, "a")
    assert begun.wait(5)
    rest = [writer.submit(add, name) for name in "bcde"]
    go.set()
    ids = [future.result(5) for future in [first, *rest]]
    assert sizes == [1, 4] and len(set(ids)) == 5 and names(database) == list("abcde")
    writer.close()


def test_nothing_is_told_before_it_is_kept(database: Database) -> None:
    writer = Writer(database)

    def add(conn: sa.Connection, items: Sequence[str]) -> list[str]:
        return [keys.new_tenant(conn, name, 1) for name in items]

    for n in range(5):
        writer.submit(add, f"t{n}").result(5)
        assert f"t{n}" in names(database)
    writer.close()


def test_a_bad_one_fails_alone(database: Database) -> None:
    begun, go = threading.Event(), threading.Event()

    def hold(conn: sa.Connection, items: Sequence[int]) -> Sequence[int]:
        begun.set()
        assert go.wait(5)
        return items

    def add(conn: sa.Connection, items: Sequence[str]) -> list[str]:
        return [keys.new_tenant(conn, name, 1) for name in items]

    writer = Writer(database)
    held = writer.submit(hold, 1)
    assert begun.wait(5)
    futures = [writer.submit(add, name) for name in ("a", "b", "a", "c")]
    go.set()
    assert held.result(5) == 1
    assert [type(f.exception(5)) for f in futures] == [type(None), type(None), sa.exc.IntegrityError, type(None)]
    assert names(database) == ["a", "b", "c"]
    writer.close()


def test_closing_writes_what_waits(database: Database) -> None:
    def add(conn: sa.Connection, items: Sequence[str]) -> list[str]:
        return [keys.new_tenant(conn, name, 1) for name in items]

    writer = Writer(database)
    futures = [writer.submit(add, f"t{n}") for n in range(300)]  # more than go into one transaction
    writer.close()
    assert all(f.done() and f.exception() is None for f in futures) and len(names(database)) == 300
