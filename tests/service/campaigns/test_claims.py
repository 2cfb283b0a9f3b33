"""Chunks of a campaign: equal rows come together, and what is claimed is found by indexes, however many wait."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from service.campaigns import receiving
from service.campaigns.receiving import Asked, Receiving
from service.clock import now
from service.house import House, open_house
from service.intake import Sender
from service.store import keys, queue
from service.store.schema import jobs


@pytest.fixture
def house(tmp_path: pathlib.Path) -> Iterator[House]:
    found = open_house(tmp_path)
    yield found
    found.database.close()


def received(house: House, rows: list[dict[str, object]]) -> str:
    with house.database.write() as conn:
        tenant = keys.new_tenant(conn, "shop", now())
    return Receiving(house, Sender(tenant), Asked("phone-case")).receive([json.dumps(row).encode() + b"\n" for row in rows])


def names(*given: str) -> list[dict[str, object]]:
    return [{"parameters": {"name": name}} for name in given]


def claimed(house: House, most: int, apart: tuple[str, ...] = ()) -> list[int]:
    with house.database.write() as conn:
        return sorted(row["line"] for row in queue.claim(conn, queue.heads(conn)[0], most, now(), apart))


def test_equal_rows_come_together(house: House) -> None:
    received(house, names("a", "b", "c", "a", "d", "b", "a"))
    assert claimed(house, 4) == [1, 2, 4, 7]
    assert claimed(house, 4) == [3, 5, 6]


def test_no_more_than_asked_for_however_many_are_equal(house: House) -> None:
    received(house, names(*"aaaaaaab"))
    assert [claimed(house, 3) for _ in range(3)] == [[1, 2, 3], [4, 5, 6], [7, 8]]
    with house.database.read() as conn:
        assert queue.heads(conn) == []


def test_another_body_priority_or_process_is_another_chunk(house: House) -> None:
    odd = [
        {"parameters": {"name": "a", "wall": 2.0}},
        {**names("a")[0], "priority": 5},
        {**names("a")[0], "process": "sls-pa12"},
    ]
    received(house, [*names("a"), *odd, *names("a")])
    assert sorted(claimed(house, 16) for _ in range(4)) == [[1, 5], [2], [3], [4]]


def test_the_store_looks_at_rows_that_are_many(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    monkeypatch.setattr(house.database, "learn", lambda: looked.append(1))
    monkeypatch.setattr(receiving, "MANY", 3)
    received(house, names("a", "b"))
    assert looked == []
    with house.database.write() as conn:
        tenant = keys.new_tenant(conn, "other", now())
    Receiving(house, Sender(tenant), Asked("phone-case")).receive([b'{"parameters": {"name": "a"}}\n'] * 3)
    assert looked == [1]


def test_what_goes_alone_is_nobody_s_neighbour(house: House) -> None:
    received(house, names(*"aab"))
    with house.database.read() as conn:
        ids = dict(conn.execute(sa.select(jobs.c.line, jobs.c.id)).all())
    assert claimed(house, 16, (ids[2],)) == [1, 3]


def plans(house: House, work: Callable[[sa.Connection], object]) -> list[str]:
    """How SQLite finds the jobs that the statements of `work` read, as it runs them."""
    ran: list[tuple[str, Any]] = []

    def seen(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        ran.append((statement, parameters))

    sa.event.listen(house.database.engine, "before_cursor_execute", seen)
    try:
        with house.database.write() as conn:
            work(conn)
    finally:
        sa.event.remove(house.database.engine, "before_cursor_execute", seen)
    with house.database.read() as conn:
        told = [conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", how).all() for one, how in ran if "jobs" in one]
    return [row[3] for rows in told for row in rows if " jobs " in f"{row[3]} "]


def test_no_claim_looks_at_all_that_waits_and_no_settling_at_all_that_runs(house: House) -> None:
    """Of the statements as they run: the queue is walked for its head alone, and then by body and by equals; what ends, by its key."""
    received(house, names(*"abcdefgh" * 4))
    with house.database.read() as conn:
        (head,) = queue.heads(conn)
    found = plans(house, queue.heads)
    assert any("jobs_head" in one for one in found) and all("SEARCH" in one for one in found), found
    found = plans(house, lambda conn: queue.claim(conn, head, 16, now()))
    assert found and not [one for one in found if "SEARCH" not in one or "jobs_head" in one], found
    assert {"jobs_body", "jobs_same"} <= {word for one in found for word in one.split()}, found
    with house.database.read() as conn:
        ended = [queue.Ended(one, attempt, "failed") for one, attempt in queue.running(conn)]
    found = plans(house, lambda conn: queue.settle(conn, ended, now()))
    assert found and not [one for one in found if "autoindex_jobs_1" not in one], found
