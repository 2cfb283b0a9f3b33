"""Chunks of a campaign: equal rows come together, and what is claimed is found by indexes, however many wait."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

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


def test_what_goes_alone_is_nobody_s_neighbour(house: House) -> None:
    received(house, names(*"aab"))
    with house.database.read() as conn:
        ids = dict(conn.execute(sa.select(jobs.c.line, jobs.c.id)).all())
    assert claimed(house, 16, (ids[2],)) == [1, 3]


@pytest.mark.parametrize(
    "told",
    [
        sa.select(jobs.c.id).where(jobs.c.queue == "q", queue.WAITING).order_by(jobs.c.priority.desc(), jobs.c.due, jobs.c.id),
        sa.select(jobs.c.id)
        .where(jobs.c.queue == "q", jobs.c.body == b"b", jobs.c.priority == 0, queue.WAITING)
        .order_by(jobs.c.due, jobs.c.id),
        sa.select(jobs.c.id).where(jobs.c.same.in_([b"a", b"b"]), queue.WAITING),
    ],
    ids=["heads", "neighbours", "equals"],
)
def test_no_claim_looks_at_all_that_waits(house: House, told: sa.Select[tuple[str]]) -> None:
    made = told.limit(16).compile(dialect=house.database.engine.dialect, compile_kwargs={"render_postcompile": True})
    with house.database.read() as conn:
        plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {made}", tuple(made.params[n] for n in made.positiontup or ())).all()
    assert len(plan) == 1 and "SEARCH jobs USING" in plan[0][3] and "INDEX" in plan[0][3], plan
