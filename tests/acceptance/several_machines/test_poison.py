"""A designer's template that brings down its lane, on a real scheduler with two real workers, over a real Postgres: it alone fails, each with
the code of what it did, and workers, scheduler and dispatcher stay.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

import pytest
import sqlalchemy as sa

from service.dispatch.dispatcher import STRIKES
from service.house import ARTIFACTS, ELSEWHERE, FLEET_KEY, House
from service.store.schema import jobs
from tests import chaos
from tests.fleet import Workers, workers
from tests.postgres import LOOSE, cluster
from tests.several import opened

WORKERS = ("one", "two")
KINDS = (*chaos.POISON, "foul")
"""The last is made, and leaves a lane behind in which the next one dies."""
BETWEEN = 8
"""So many healthy ones after each."""
UNIT_S = 3.0
PATIENCE_S = 120.0


@dataclass
class Seen:
    """What became of all orders: a row each, by name; what ran before and after; what the store says that is wrong."""

    rows: dict[str, Any]
    before: dict[str, int]
    after: dict[str, int]
    wrong: list[str]


@contextlib.contextmanager
def standing(folder: pathlib.Path) -> Iterator[tuple[chaos.Server, Workers]]:
    """One service over Postgres, a folder for what is made, and two workers."""
    with (
        cluster(*LOOSE) as database,
        workers(folder, folder / "one" / FLEET_KEY) as fleet,
        mock.patch.dict(os.environ, {ELSEWHERE: database.url(), ARTIFACTS: str(folder / "packs")}),
    ):
        options = ("--lanes", "1", "--template", str(chaos.TEMPLATE), "--engine", fleet.at)
        server = chaos.Server(folder / "one", *options, seconds=UNIT_S)
        try:
            for name in WORKERS:
                fleet.worker(name)
            yield server, fleet
        finally:
            assert server.end() == []


def pids(server: chaos.Server, fleet: Workers) -> dict[str, int]:
    """Of what must not end."""
    there = {name: process.pid for name, process in fleet.processes.items() if process.poll() is None}
    return there | {f"dispatcher {n}": pid for n, pid in enumerate(server.processes()["dispatcher"])}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = tmp_path_factory.mktemp("poison")
    names: list[str] = []
    for kind in KINDS:
        names += [f"{kind} {len(names)}", *(f"good {len(names) + n}" for n in range(1, BETWEEN + 1))]
    with standing(folder) as (server, fleet):
        house = opened(folder / "one")
        sent = made(server, house, "good first")
        before = pids(server, fleet)
        sent |= made(server, house, *names)
        sent |= made(server, house, "good last")
        after = pids(server, fleet)
        with house.database.read() as conn:
            rows = {sent[row.id]: row for row in conn.execute(sa.select(jobs)) if row.id in sent}
        wrong = chaos.judged(house, sent)
        house.database.close()
    return Seen(rows, before, after, wrong)


def made(server: chaos.Server, house: House, *names: str) -> dict[str, str]:
    """Order them, and wait until all have ended: name by id."""
    sent = {
        server.order({"template": "block", "parameters": {"name": name}}, zlib.crc32(name.encode())): name for name in names
    }
    waiting = sa.select(sa.func.count()).where(jobs.c.state.in_(("queued", "running")))
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with house.database.read() as conn:
            if not conn.execute(waiting).scalar_one():
                return sent
        time.sleep(0.1)
    raise AssertionError("not all has ended")


def test_healthy_units_are_made_once_and_poisoned_ones_fail_by_what_they_did(seen: Seen) -> None:
    assert seen.wrong == []
    assert len(seen.rows) == 2 + len(KINDS) * (BETWEEN + 1)
    assert {row.reason for row in seen.rows.values()} == {None, *chaos.POISON.values()}


def test_what_brought_a_lane_down_had_its_strikes(seen: Seen) -> None:
    struck = {name.split()[0] for name, row in seen.rows.items() if row.state == "failed" and row.strikes + 1 == STRIKES}
    assert struck == set(chaos.POISON) - {"raise"}


def test_who_dies_of_what_another_left_behind_is_made_all_the_same(seen: Seen) -> None:
    (foul,) = (row for name, row in seen.rows.items() if name.startswith("foul"))
    assert foul.state == "done"
    assert any(row.strikes for name, row in seen.rows.items() if name.startswith("good")), "somebody did die of it"


def test_nothing_else_ended(seen: Seen) -> None:
    assert seen.after == seen.before and len(seen.before) == 5


def test_others_were_made_meanwhile(seen: Seen) -> None:
    last = max(row.finished for name, row in seen.rows.items() if name.startswith("hang"))
    good = [row.finished for name, row in seen.rows.items() if name.startswith("good") and name != "good last"]
    assert sum(at < last for at in good) > 0.5 * len(good)
