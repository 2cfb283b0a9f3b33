"""The dispatcher with played lanes: shares, limits, faults of disk, store and clock."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from engine.errors import EnvironmentFault
from service.dispatch.dispatcher import AFTER_FAULT, BLAME, GONE, LOOK, LOSSES, Dispatcher
from service.dispatch.fair import Costs, Fairness
from service.lanes.pool import Died
from service.store import jobs, tallies
from service.store.database import Unwritable
from service.store.queue import Head
from service.store.schema import jobs as table
from tests.service.dispatch.played import Bench, PlayedPacks
from tests.service.dispatch.world import DAY, INFLIGHT, VAULT, Jobs


@pytest.fixture
def world() -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.teardown()


def add(world: Jobs, *natures: str, **more: Any) -> list[str]:
    rows = [world.row(world.tenants[0], nature, **more) for nature in natures]
    with world.database.write() as conn:
        jobs.add(conn, rows)
    return [row["id"] for row in rows]


def states(world: Jobs, ids: list[str]) -> list[str]:
    with world.database.read() as conn:
        found = dict(conn.execute(sa.select(table.c.id, table.c.state)).all())
    return [found[one] for one in ids]


def answer_all(world: Jobs) -> None:
    for work in world.flying():
        work[0].set_running_or_notify_cancel()
        world.answer(*work)


def test_what_was_cancelled_is_looked_for_now_and_then_and_not_with_every_step(world: Jobs) -> None:
    ended: list[str] = []
    world.dispatcher.cancel = ended.append
    (one,) = add(world, "good")
    world.dispatcher.step()
    (work,) = world.flying()
    work[0].set_running_or_notify_cancel()
    with world.database.write() as conn:
        jobs.cancel(conn, world.tenants[0], one, 0)
    world.dispatcher.step()
    assert ended == [], "it looked a moment ago"
    world.mono += 2 * LOOK
    world.dispatcher.step()
    assert len(ended) == 1
    world.dispatcher.step()
    assert len(ended) == 1


def test_no_more_is_in_flight_than_told(world: Jobs) -> None:
    world.dispatcher.costs.most = 2
    add(world, *["good"] * 40)
    world.dispatcher.step()
    assert len(world.dispatcher.flying) == INFLIGHT
    with world.database.read() as conn:
        assert tallies.queued_of_tenant(conn, world.tenants[0]) == 40 - 2 * INFLIGHT


def test_tenants_get_their_shares_within_five_percent() -> None:
    """Three tenants, weights 1, 2, 5, costs that differ and are learned: what each got of a lane's time, while all of them wait."""
    fairness, costs, served = Fairness(), Costs(), Counter[str]()
    weights = {"a": 1.0, "b": 2.0, "c": 5.0}
    price = {"a": 0.011, "b": 0.05, "c": 0.31}
    heads = [Head(t, t, 0, "9999-12-31", t, t, "p", b"", 0) for t in weights]
    for _ in range(6000):
        head = fairness.choose(heads)
        assert head is not None
        n = costs.size(head.template, "p")
        expected = n * costs.seconds(head.template, "p")
        fairness.charge(head.tenant, expected, weights[head.tenant])
        fairness.charge(head.tenant, n * price[head.tenant] - expected, weights[head.tenant])
        costs.learn(head.template, "p", price[head.tenant])
        served[head.tenant] += n * price[head.tenant]  # type: ignore[assignment]
    whole = sum(served.values())
    for tenant, weight in weights.items():
        assert served[tenant] / whole == pytest.approx(weight / 8.0, rel=0.05)


def test_the_dispatcher_shares_by_weight(world: Jobs) -> None:
    """The same through the store; the second tenant's weight is three times the first's."""
    rows = [world.row(tenant, "good") for tenant in world.tenants for _ in range(160)]
    with world.database.write() as conn:
        jobs.add(conn, rows)
    world.dispatcher.costs.most = 4
    while True:
        world.dispatcher.step()
        answer_all(world)
        with world.database.read() as conn:
            left = [tallies.queued_of_tenant(conn, tenant) for tenant in world.tenants]
        if min(left) < 20:
            break
    done = [160 - n for n in left]
    assert done[1] / done[0] == pytest.approx(3.0, rel=0.15)  # chunks of four, of 180


def test_priority_then_due_then_age(world: Jobs) -> None:
    world.dispatcher.costs.most, world.dispatcher.inflight = 1, 1
    old = add(world, "good")
    due = add(world, "good", due="2026-01-01")
    first = add(world, "good", priority=5)
    order = []
    for _ in range(3):
        world.dispatcher.step()
        order += [unit["id"] for work in world.flying() for unit in work[1]]
        answer_all(world)
        world.dispatcher.collect(0.0)
    assert order == [*first, *due, *old]


def test_a_full_disk_pauses_and_costs_nothing(world: Jobs) -> None:
    ids = add(world, "good", "good")
    world.dispatcher.step()
    for future, *_ in world.flying():
        future.set_running_or_notify_cancel()
        future.set_exception(EnvironmentFault("the disk is full"))
    world.dispatcher.step()
    assert states(world, ids) == ["queued", "queued"]
    world.dispatcher.step()
    assert not world.dispatcher.flying, "it goes on at once"
    world.wall -= DAY  # the wall's clock has no part in the pause
    world.mono += AFTER_FAULT
    world.dispatcher.step()
    assert world.dispatcher.flying


def test_what_the_store_did_not_take_is_settled_later(world: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = add(world, "good", "good")
    world.dispatcher.step()
    answer_all(world)
    taken = world.dispatcher.database.write

    def full() -> Any:
        raise Unwritable("the store does not answer: database or disk is full")

    monkeypatch.setattr(world.dispatcher.database, "write", full)
    with pytest.raises(EnvironmentFault):
        world.dispatcher.collect(0.0)
    assert states(world, ids) == ["running", "running"] and world.dispatcher.flying
    monkeypatch.setattr(world.dispatcher.database, "write", taken)
    world.dispatcher.step()
    assert states(world, ids) == ["done", "done"]


def test_a_clock_that_jumps_changes_nothing(world: Jobs) -> None:
    ids = add(world, *["good"] * 6)
    for jump in (DAY, -2 * DAY, DAY):
        world.wall += jump
        world.dispatcher.step()
        answer_all(world)
    world.dispatcher.step()
    assert set(states(world, ids)) == {"done"}


@pytest.mark.parametrize("lie", ["nothing", "one of two", "a state that is none", "no answers"])
def test_an_answer_that_is_none_is_no_answer(world: Jobs, lie: str) -> None:
    ids = add(world, "good", "good")
    world.dispatcher.step()
    (work,) = world.flying()
    work[0].set_running_or_notify_cancel()
    told: dict[str, Any] = {
        "nothing": None,
        "one of two": [{"id": ids[0], "state": "done", "ms": 1.0}],
        "a state that is none": [{"id": one, "state": "queued", "ms": 1.0} for one in ids],
        "no answers": ["x", "y"],
    }
    work[0].set_result(told[lie])
    world.dispatcher.step()
    assert states(world, ids) == ["queued", "queued"]
    world.mono += 10.0
    world.dispatcher.step()
    assert [len(units) for _, units, _ in world.flying()] == [1, 1], "whoever it was is found alone"


def test_a_job_whose_key_does_not_open_fails_alone(world: Jobs) -> None:
    bad = add(world, "wrong", wrapped=bytes(60))
    good = add(world, "good")
    world.dispatcher.step()
    answer_all(world)
    world.dispatcher.step()
    assert states(world, bad + good) == ["failed", "done"]


def test_a_unit_that_always_loses_its_lane_is_to_blame_in_the_end(world: Jobs) -> None:
    """It may kill itself (SIGKILL); chance does not strike the same one ten times, most of them alone."""
    ids = add(world, "crash")
    for n in range(BLAME):
        world.dispatcher.step()
        (work,) = world.flying()
        work[0].set_running_or_notify_cancel()
        assert states(world, ids) == ["running"], n
        work[0].set_result(Died("lost", ids[0]))
        world.dispatcher.collect(0.0)
    assert states(world, ids) == ["failed"]


def test_a_unit_that_kills_its_worker_ends_alone_and_its_neighbours_are_made(world: Jobs) -> None:
    """Whichever worker has it dies; with more than one suspect under way nobody could tell which of them it was."""
    bad, *good = add(world, "crash", "good", "good", "good")
    dead = 0
    for _ in range(40):
        world.dispatcher.step()
        work = world.flying()
        suspects = [units for _, units, _ in work if any(world.dispatcher._losses[unit["id"]] >= LOSSES for unit in units)]
        assert len(suspects) <= 1 and all(len(units) == 1 for units in suspects)
        for future, units, pack in work:
            future.set_running_or_notify_cancel()
            if bad in [unit["id"] for unit in units]:
                future.set_result(Died("gone", None))
                dead += 1
            else:
                world.answer(future, units, pack)
        world.dispatcher.collect(0.0)
    assert states(world, [bad, *good]) == ["failed", "done", "done", "done"]
    assert dead == GONE
    with world.database.read() as conn:
        assert conn.execute(sa.select(table.c.reason).where(table.c.id == bad)).scalar_one() == "lost"


def test_a_worker_that_dies_now_and_then_is_nobodys_fault(world: Jobs) -> None:
    ids = add(world, "good", "good")
    for _ in range(GONE - 1):
        world.dispatcher.step()
        for work in world.flying():
            work[0].set_running_or_notify_cancel()
            work[0].set_result(Died("gone", None))
        world.dispatcher.collect(0.0)
    for _ in range(2 * len(ids)):
        world.dispatcher.step()
        answer_all(world)
    assert states(world, ids) == ["done", "done"]


def test_only_who_has_a_strike_asks_for_a_lane_that_worked_for_nobody(world: Jobs) -> None:
    one, two = add(world, "crash", "good")
    board = world.dispatcher.executor
    assert isinstance(board, Bench)
    for died in (one, None):
        world.dispatcher.step()
        for work in world.flying():
            work[0].set_running_or_notify_cancel()
            work[0].set_result(Died("crash", died))
        world.dispatcher.collect(0.0)
    assert board.fresh[0] is False and True in board.fresh
    with world.database.read() as conn:
        assert dict(conn.execute(sa.select(table.c.id, table.c.strikes)).all()) == {one: 1, two: 0}


def test_asked_to_end_it_settles_what_is_under_way_and_begins_nothing(world: Jobs) -> None:
    ids = add(world, *["good"] * 40)
    world.dispatcher.costs.most = 2
    gate = threading.Event()

    def slow(chunk: str, body: bytes, target: str, args: Any, seconds: float, units: Any, fresh: bool) -> list[dict[str, Any]]:
        gate.wait(10)
        return [{"id": unit["id"], "state": "refused", "ms": 1.0} for unit in args[0]]

    stop = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        one = Dispatcher(world.database, VAULT, world.packs, executor, slow, 2, costs=Costs(known={("t", "p"): 0.15}))
        runs = threading.Thread(target=one.run, args=(stop, 0.01))
        runs.start()
        while len(one.flying) < 2:
            time.sleep(0.01)
        stop.set()
        while len(one.flying) > 1:  # what no lane had begun is given back
            time.sleep(0.01)
        gate.set()
        runs.join(10)
    assert not one.flying
    found = Counter(states(world, ids))
    assert found == {"refused": 2, "queued": 38}, found
    for known in ids:
        world.known[known]["nature"] = "refused"


def test_what_does_not_end_in_time_is_ended_and_given_back(world: Jobs) -> None:
    ids = add(world, "good")
    future: Future[Any] = Future()
    board = Bench()
    one = Dispatcher(
        world.database, VAULT, PlayedPacks(), board, lambda *_: None, 1,
        cancel=lambda chunk: future.set_result(Died("cancelled", ids[0])),
    )  # fmt: skip
    one.step()
    (chunk,) = one.flying.values()
    future.set_running_or_notify_cancel()
    one.flying = {future: dataclasses.replace(chunk)}
    one.drain(0.2)
    assert states(world, ids) == ["queued"] and not one.flying
