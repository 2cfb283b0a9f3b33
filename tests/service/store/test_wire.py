"""One way to the server and back for each statement, and what may go wrong on it; counted at the socket, asked of a real server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from service.store import wire
from service.store.database import Database, Unwritable
from service.store.postgres import code_of
from tests.postgres import Cluster

FAILED = (sa.exc.DBAPIError, Unwritable)


@pytest.fixture
def store(postgres: Cluster) -> Iterator[Database]:
    made = Database(postgres.url())
    with made.write() as conn:
        conn.exec_driver_sql("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)")
    yield made
    made.close()


class Heard:
    """Between a connection and its socket. `sent`: what went out, a packet each."""

    def __init__(self, door: socket.socket) -> None:
        self.door, self.sent = door, list[bytes]()

    def sendall(self, data: bytes) -> None:
        self.sent.append(data)
        self.door.sendall(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.door, name)


def line_of(conn: sa.Connection) -> Any:
    return conn.connection.driver_connection


def listening(store: Database) -> Heard:
    """The socket of the one connection that the pool has."""
    with store.read() as conn:
        line = line_of(conn)
        line._usock = Heard(line._usock)
        return line._usock  # type: ignore[no-any-return]


def put(conn: sa.Connection, a: int, b: str | None = None) -> None:
    conn.execute(sa.text("INSERT INTO t (a, b) VALUES (:a, :b)"), {"a": a, "b": b})


def rows(store: Database) -> list[Any]:
    with store.read() as conn:
        return list(conn.exec_driver_sql("SELECT a, b FROM t ORDER BY a").all())


def test_a_statement_goes_out_with_what_begins_its_transaction_and_each_is_one_packet(store: Database) -> None:
    heard = listening(store)
    with store.write() as conn:
        put(conn, 1)
        assert len(heard.sent) == 1 and b"BEGIN" in heard.sent[0] and b"pg_advisory_xact_lock" in heard.sent[0]
        put(conn, 2)
        assert len(heard.sent) == 2
    assert len(heard.sent) == 3 and b"commit" in heard.sent[2]
    assert rows(store) == [(1, None), (2, None)]


def test_a_transaction_in_which_nothing_is_asked_does_not_reach_the_server(store: Database) -> None:
    heard = listening(store)
    with store.write():
        pass
    with pytest.raises(KeyError), store.read():
        raise KeyError
    assert heard.sent == []
    assert rows(store) == []


def test_a_statement_that_comes_again_is_planned_once_until_its_plan_is_old(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = listening(store)
    with store.write() as conn:
        for a in range(4):
            put(conn, a)
        line, told = line_of(conn), sa.text("SELECT count(*) FROM pg_prepared_statements WHERE :one = 1")
        assert [b"INSERT" in one for one in heard.sent] == [True, True, False, False], "the first time it is not kept"
        assert conn.execute(told, {"one": 1}).scalar_one() == 1
    line._planned -= wire.PLANNED_S
    with store.write() as conn:
        assert conn.execute(told, {"one": 1}).scalar_one() == 0
        put(conn, 4)
        assert b"INSERT" in heard.sent[-1]
    monkeypatch.setattr(wire, "PLANS", 1)
    with store.write() as conn:
        assert conn.execute(told, {"one": 1}).scalar_one() == 0
    assert [a for a, _ in rows(store)] == [0, 1, 2, 3, 4]


def test_what_is_read_by_a_plan_that_is_kept_is_what_was_read_before(store: Database) -> None:
    strange = ["", "\0 is none".replace("\0", ""), "tab\t\\ 'quote' 𝄞 %", "x" * 200_000]
    with store.write() as conn:
        for a, b in enumerate(strange):
            put(conn, a, b)
    told = sa.text("SELECT b, a, NULL, a > 1 FROM t WHERE a >= :least ORDER BY a")
    with store.read() as conn:
        for _ in range(4):
            found = conn.execute(told, {"least": 0})
            assert list(found.keys())[:2] == ["b", "a"]
            assert found.all() == [(b, a, None, a > 1) for a, b in enumerate(strange)]
        assert conn.execute(told, {"least": 9}).all() == []


def test_what_the_server_refuses_is_raised_and_the_next_transaction_is_well(store: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError), store.write() as conn:
        put(conn, 1)
        put(conn, 1)
    for _ in range(3):  # a statement that cannot be planned is not kept
        with pytest.raises(sa.exc.ProgrammingError), store.write() as conn:
            conn.execute(sa.text("SELECT :a FROM nowhere"), {"a": 1})
    with store.write() as conn:
        put(conn, 2)
    assert rows(store) == [(2, None)]


def test_where_the_beginning_is_refused_nothing_of_the_transaction_is_done(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("service.store.postgres.STANDING", "SELECT 1 / 0")
        with pytest.raises(sa.exc.DBAPIError) as failed, store.write() as conn:
            put(conn, 1)
    assert code_of(failed.value.orig) == "22012", "what it was refused for, and not what came of it"
    with store.write() as conn:
        put(conn, 2)
    assert rows(store) == [(2, None)]


def test_a_connection_that_broke_while_nobody_used_it_is_replaced(store: Database, postgres: Cluster) -> None:
    other = Database(postgres.root())
    assert rows(store) == []
    with other.write() as conn:
        ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
        assert conn.exec_driver_sql(ended, (store.engine.url.database,)).all() == [(True,)]
    with store.write() as conn:
        put(conn, 1)
    assert rows(store) == [(1, None)]
    other.close()


def test_one_that_breaks_under_a_transaction_loses_it_and_says_so(store: Database, postgres: Cluster) -> None:
    other = Database(postgres.root())
    with pytest.raises(Unwritable, match=r"connection broke|shut down"), store.write() as conn:
        put(conn, 1)
        with other.write() as theirs:
            ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
            theirs.exec_driver_sql(ended, (store.engine.url.database,))
        put(conn, 2)
    assert rows(store) == []
    other.close()


def test_rows_that_are_copied_and_refused_leave_the_connection_in_step(store: Database) -> None:
    for data in (b"1\tone\n1\ttwo\n", b"no number\tx\n", b"1\n"):
        with pytest.raises(sa.exc.DBAPIError), store.write() as conn:
            told = conn.connection.cursor()
            try:
                told.execute("COPY t (a, b) FROM STDIN", stream=data)  # type: ignore[call-arg]
            except Exception as error:
                raise sa.exc.DBAPIError("COPY", None, error) from None
    with pytest.raises(sa.exc.DBAPIError), store.write() as conn:
        try:
            conn.connection.cursor().execute("COPY nowhere FROM STDIN", stream=b"1\n")  # type: ignore[call-arg]
        except Exception as error:
            raise sa.exc.DBAPIError("COPY", None, error) from None
    with store.write() as conn:
        conn.connection.cursor().execute("COPY t (a, b) FROM STDIN", stream=b"1\tone\n2\t\\N\n")  # type: ignore[call-arg]
        put(conn, 3)
    assert rows(store) == [(1, "one"), (2, None), (3, None)]
