"""The same statements on SQLite and on Postgres: what a chunk costs in them, that rows keep what they were given, and that who writes waits."""

from __future__ import annotations

import pathlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from engine.errors import EnvironmentFault
from service.clock import new_id
from service.store import campaigns, ends, jobs, keys, migrate, queue, tallies, watching
from service.store.database import Database, Unwritable
from service.store.queue import Ended
from service.store.schema import jobs as table
from service.store.schema import metadata
from tests.postgres import Cluster

NOW = 1_700_000_000_000
STRANGE = "tab\t, line\n, return\r, backslash\\ \\N, quote ' \", 𝄞"


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[Database]:
    """Empty, of either kind."""
    place: Any = tmp_path / "store.db"
    if request.param == "postgres":
        cluster: Cluster = request.getfixturevalue("postgres")
        place = cluster.url()
    made = Database(place)
    migrate.upgrade(made)
    yield made
    made.close()


def rows_of(tenant: str, n: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": new_id(NOW), "tenant": tenant, "campaign": None, "line": None, "queue": tenant, "template": "t", "process": "p",
            "machine": None, "formats": "3mf", "quantity": 1, "priority": 0, "due": "9999-12-31", "body": b"body",
            "same": bytes([i // 2]) * 16, "sealed": bytes(range(256)), "wrapped": b"\\x00", "state": "queued", "created": NOW,
            "updated": NOW, "purpose": STRANGE, "expires": NOW + 1000, **more,
        }
        for i in range(n)
    ]  # fmt: skip


@pytest.fixture
def tenant(store: Database) -> str:
    with store.write() as conn:
        return keys.new_tenant(conn, "a", NOW, weight=2.5)


class Counted:
    """Statements that reached the driver."""

    def __init__(self, store: Database) -> None:
        self.told: list[str] = []
        sa.event.listen(store.engine, "before_cursor_execute", lambda *a: self.told.append(a[2]))

    def since(self, before: int) -> int:
        return len([s for s in self.told[before:] if not s.startswith("BEGIN") and "pg_advisory_xact_lock" not in s])


def test_a_chunk_is_claimed_and_settled_by_three_statements_each(store: Database, tenant: str) -> None:
    with store.write() as conn:
        jobs.add(conn, rows_of(tenant, 40))
    seen = Counted(store)
    with store.read() as conn:
        (head,) = queue.heads(conn)
    assert head.weight == 2.5 and head.tenant == tenant
    with store.write() as conn:
        at = len(seen.told)
        claimed = queue.claim(conn, head, 16, NOW)
        assert len(claimed) == 16 and seen.since(at) <= 3
        assert head.id in [row["id"] for row in claimed]
        at = len(seen.told)
        told = [
            Ended(
                r["id"], 1, "done", "printable", None, b"\x00\xff", "0" * 32, {"a": [0, 1, 2, "f"]}, {"m": STRANGE}, [r["id"]]
            )
            for r in claimed[:15]
        ]
        settled = queue.settle(conn, [*told, Ended(claimed[15]["id"], 1, "failed", reason="crash")], NOW + 5)
        assert len(settled.ended) == 16 and settled.late == 0
        assert seen.since(at) + (conn.dialect.name == "postgresql") <= 3, "COPY is a statement, and is not seen here"
        ends.follow(conn, settled.ended, NOW)
    with store.read() as conn:
        assert tallies.wrong(conn) == []
        assert tallies.of_queue(conn, tenant) == {"queued": 24, "done": 15, "failed": 1}
        row = conn.execute(sa.select(table).where(table.c.id == claimed[0]["id"])).one()
    assert (row.state, row.verdict, row.told, row.pack) == ("done", "printable", b"\x00\xff", "0" * 32)
    assert (row.files, row.production, row.purpose) == ({"a": [0, 1, 2, "f"]}, {"m": STRANGE}, STRANGE)
    assert (row.finished, row.updated, row.expires, row.version, row.strikes) == (NOW + 5, NOW + 5, NOW + 1005, 3, 0)
    assert bytes(row.sealed) == bytes(range(256)) and bytes(row.wrapped) == b"\\x00"


def test_all_that_a_chunk_asks_of_the_store_is_the_same_for_one_unit_and_for_sixteen(store: Database, tenant: str) -> None:
    """The heads of the queues, the claim, the settling, and what follows an end: webhooks, and the campaign's pace and end."""
    with store.write() as conn:
        one = campaigns.begin(conn, tenant, "t", "p", "3mf", None, NOW)
        campaigns.receive(
            conn, one, [{**row, "campaign": one, "line": n, "queue": one} for n, row in enumerate(rows_of(tenant, 40))], NOW
        )
        campaigns.open_(conn, one, NOW)
    counts = []
    for most in (1, 16):
        seen = Counted(store)
        with store.read() as conn:
            (head,) = queue.heads(conn)
        with store.write() as conn:
            claimed = queue.claim(conn, head, most, NOW)
        with store.write() as conn:
            told = [
                Ended(r["id"], 1, "done", "printable", None, None, "0" * 32, {"a": [0, 1, 2, "f"]}, {}, [r["id"]])
                for r in claimed
            ]
            ends.follow(conn, queue.settle(conn, told, NOW + 5).ended, NOW + 5)
        assert len(claimed) == most
        counts.append(len([s for s in seen.told if not s.startswith(("BEGIN", "SET TRANSACTION")) and "advisory" not in s]))
    assert counts[0] <= counts[1] <= counts[0] + 1 and counts[1] <= 10, "one finds company, and is claimed by a statement less"


def test_what_comes_late_or_under_another_attempt_changes_nothing(store: Database, tenant: str) -> None:
    with store.write() as conn:
        jobs.add(conn, rows_of(tenant, 2))
        (head,) = queue.heads(conn)
        one, two = (row["id"] for row in queue.claim(conn, head, 2, NOW))
        assert queue.give_back(conn, [(one, 1), (two, 7)], {one: "crash"}, NOW)[0]["strikes"] == 1
        assert queue.give_back(conn, [(one, 1)], {}, NOW) == []
        late = queue.settle(conn, [Ended(one, 1, "done"), Ended(two, 2, "done")], NOW)
        assert (late.ended, late.late) == ([], 2)
        assert len(queue.settle(conn, [Ended(two, 1, "refused")], NOW).ended) == 1
        assert tallies.wrong(conn) == []


def test_a_claim_of_what_was_paused_meanwhile_is_none(store: Database, tenant: str) -> None:
    from service.store import campaigns

    with store.write() as conn:
        one = campaigns.begin(conn, tenant, "t", "p", "3mf", None, NOW)
        assert campaigns.receive(conn, one, rows_of(tenant, 3, campaign=one, queue=one)[:1], NOW)
        assert queue.heads(conn) == [], "a campaign that is being received is nobody's turn"
        assert campaigns.open_(conn, one, NOW)
        (head,) = queue.heads(conn)
        assert campaigns.pause(conn, one, NOW)
        assert queue.heads(conn) == [] and queue.claim(conn, head, 16, NOW) == []


def test_a_store_that_looked_at_what_came_looks_up_what_a_claim_names(store: Database, tenant: str) -> None:
    """Nothing is known of rows that came a moment ago: Postgres would walk an index of all that wait, for each chunk."""
    with store.write() as conn:
        for _ in range(8):
            jobs.add(conn, [{**row, "same": bytes.fromhex(row["id"])} for row in rows_of(tenant, 500)])
    store.learn()
    ran: list[tuple[str, Any]] = []
    with store.write() as conn:
        (head,) = queue.heads(conn)
        sa.event.listen(conn, "before_cursor_execute", lambda *a: ran.append((a[2], a[3])))
        queue.claim(conn, head, 16, NOW)
        explain = "EXPLAIN QUERY PLAN" if store.file else "EXPLAIN"
        asked = [one for one in ran if " jobs" in one[0]]
        plans = [str(row) for told, how in asked for row in conn.exec_driver_sql(f"{explain} {told}", how)]
    assert len(asked) == 2
    assert not [line for line in plans if "Seq Scan on jobs" in line or "SCAN jobs" in line or "jobs_head" in line], plans


def test_two_that_write_stand_in_line_and_a_reader_does_not_wait(store: Database, tenant: str) -> None:
    """Read, then written by what was read: whoever came between would be overwritten."""

    def more() -> None:
        with store.write() as conn:
            n = conn.execute(sa.select(table.c.quantity)).scalar_one()
            conn.execute(sa.update(table).values(quantity=n + 1))

    with store.write() as conn:
        jobs.add(conn, rows_of(tenant, 1))
    threads = [threading.Thread(target=more) for _ in range(12)]
    with store.write() as conn:
        for thread in threads:
            thread.start()
        with store.read() as other:
            assert other.execute(sa.select(table.c.quantity)).scalar_one() == 1
        conn.execute(sa.update(table).values(quantity=100))
    for thread in threads:
        thread.join()
    with store.read() as conn:
        assert conn.execute(sa.select(table.c.quantity)).scalar_one() == 112


def test_a_reader_sees_one_view(store: Database, tenant: str) -> None:
    with store.read() as conn:
        assert tallies.of_queue(conn, tenant) == {}
        with store.write() as other:
            jobs.add(other, rows_of(tenant, 2))
        assert tallies.of_queue(conn, tenant) == {}
        assert conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0


# ---- Postgres alone ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("walked", [False, True])
def test_the_tables_are_those_of_the_schema_new_or_walked_to(postgres: Cluster, walked: bool) -> None:
    database = Database(postgres.url())
    if walked:
        with database.write() as conn:
            conn.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
            migrate._walk(conn, "0001")
    else:
        assert migrate.upgrade(database) is None
    assert migrate.upgrade(database) == migrate.HEAD
    with database.read() as conn:
        assert list(compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), metadata)) == []
    with database.write() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(EnvironmentFault, match="later unikat"):
        migrate.upgrade(database)
    database.close()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://a@b/c", "must be postgresql://"),
        ("postgresql://a@b:port/c", "no URL"),
        ("postgresql://a@b/c?sslmode=maybe", "sslmode is"),
        ("postgresql://a@b/c?sslmode=require&colour=red", "colour is not known"),
        ("postgresql://a@b/c?sslmode=verify-full&sslrootcert=/nowhere", "cannot be read"),
    ],
)
def test_a_url_that_cannot_be_taken_is_said_in_one_line(url: str, told: str) -> None:
    with pytest.raises(EnvironmentFault, match=told) as error:
        Database(url)
    assert "\n" not in str(error.value)


def test_a_server_that_does_not_answer_or_has_no_such_database_is_said(postgres: Cluster) -> None:
    for url, told in (("postgresql://a@127.0.0.1:1/c", "connection broke"), (f"{postgres.root()}_no", "no such database")):
        with pytest.raises(Unwritable, match=told) as error:
            migrate.upgrade(Database(url))
        assert "\n" not in str(error.value)


def test_a_database_of_another_encoding_is_refused(postgres: Cluster) -> None:
    root = Database(postgres.root())
    bare = root.engine.raw_connection()
    bare.driver_connection.autocommit = True  # type: ignore[union-attr]
    bare.cursor().execute("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0")
    bare.invalidate()
    with pytest.raises(EnvironmentFault, match="must be UTF8"):
        migrate.upgrade(Database(postgres.root().replace("/postgres", "/ascii")))


def test_a_server_that_hangs_up_as_it_is_greeted_is_said() -> None:
    """The driver lets that through as a bare OSError."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def hang_up() -> None:
            with door.accept()[0] as line:
                line.recv(8)
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        threading.Thread(target=hang_up, daemon=True).start()
        store = Database(f"postgresql://a@127.0.0.1:{door.getsockname()[1]}/c?sslmode=require")
        with pytest.raises(Unwritable, match="connection broke"), store.read():
            pass


def test_a_server_that_is_too_old_is_refused(postgres: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.store.postgres.OLDEST", 990_000)
    with pytest.raises(EnvironmentFault, match=r"^Postgres \d\d is too old: 99 or later$"):
        migrate.upgrade(Database(postgres.url()))


def test_tables_that_are_not_ours_or_not_whole_are_refused(store: Database) -> None:
    with store.write() as conn:
        conn.exec_driver_sql("ALTER TABLE jobs RENAME COLUMN wrapped TO other")
    with pytest.raises(EnvironmentFault, match=r"^this store is said to be at revision \d+, and lacks jobs\.wrapped") as told:
        migrate.upgrade(store)
    with store.write() as conn:
        conn.exec_driver_sql("DROP TABLE alembic_version")
    with pytest.raises(EnvironmentFault, match="tables that are not unikat's"):
        migrate.upgrade(store)
    with store.write() as conn:
        conn.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        conn.exec_driver_sql("INSERT INTO alembic_version VALUES ('ae1027a6acf')")
    with pytest.raises(EnvironmentFault, match="revision ae1027a6acf, of a later unikat, or of another program"):
        migrate.upgrade(store)
    assert "\n" not in str(told.value)


def test_a_clock_that_is_off_is_said(postgres: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(postgres.url())
    watching.refuse_clock(database)
    monkeypatch.setattr(watching, "now", lambda: int(1000 * time.time()) - 130_000)
    with pytest.raises(EnvironmentFault, match=r"1[23]\d s apart"):
        watching.refuse_clock(database)
    database.close()


def test_a_fault_of_the_server_quotes_no_value(store: Database, tenant: str) -> None:
    with pytest.raises((Unwritable, sa.exc.DBAPIError)) as told, store.write() as conn:
        jobs.add(conn, rows_of(tenant, 1, id="CANARY") * 2)
    if store.file is None:
        assert "CANARY" not in str(told.value)
