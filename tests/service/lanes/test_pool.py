"""Lanes: each death is told with the unit at whose work it came, within its time, and costs that chunk alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from service.lanes.pool import Died, Lanes

HERE = "tests.service.lanes.acting"


@pytest.fixture(scope="module")
def lanes() -> Iterator[Lanes]:
    made = Lanes(1, preload=(HERE,), memory_mb=500)
    made.start()
    yield made
    made.close()


def run(
    lanes: Lanes, what: str, *args: Any, units: tuple[str, ...] = ("a", "b"), chunk: str = "c", seconds: float = 60.0
) -> Any:
    return lanes.run(chunk, b"body", f"{HERE}:{what}", args, seconds, units)


@pytest.mark.parametrize("disarm", [False, True], ids=["the kernel ends it", "it has disarmed the kernel's timer"])
def test_a_hang_ends_within_its_own_time_and_a_second(lanes: Lanes, disarm: bool) -> None:
    run(lanes, "remember", "warm")
    begun = time.monotonic()
    died = run(lanes, "hang", ["a", "b"], 0.5, disarm)
    assert (died.kind, died.unit) == ("timeout", "b")
    assert 0.5 <= time.monotonic() - begun < 1.5 and 0.5 <= died.seconds < 1.5


def test_each_unit_has_its_own_time(lanes: Lanes) -> None:
    assert run(lanes, "slow", ["a", "b", "c"], 0.5) == 3


@pytest.mark.parametrize("how", ["crash", "exit", "memory", "lost", "error"])
def test_a_death_is_told_with_its_unit_and_the_next_chunk_has_a_lane_at_once(lanes: Lanes, how: str) -> None:
    died = run(lanes, "die", ["a", "b"], how)
    assert (died.kind, died.unit) == (how, "b")
    begun = time.monotonic()
    assert run(lanes, "remember", "x")[-1] == "x"
    assert time.monotonic() - begun < 1.0


def test_who_had_a_strike_gets_a_lane_that_worked_for_nobody(lanes: Lanes) -> None:
    assert run(lanes, "remember", "x") and run(lanes, "remember", "y")[-2:] == ["x", "y"]
    assert lanes.run("c", b"body", f"{HERE}:remember", ("z",), 60.0, ("a",), True) == ["z"]


def test_what_dies_before_any_unit_is_nobodys(lanes: Lanes) -> None:
    assert run(lanes, "die", [], "exit").unit is None
    assert run(lanes, "die", ["somebody else"], "exit").unit is None


def test_a_pack_is_one_units_only_where_it_is_alone(lanes: Lanes) -> None:
    assert run(lanes, "pack", 5.0, units=("a",)).unit == "a"
    assert run(lanes, "pack", 5.0).unit is None


def test_cancelling_reaches_running_work_and_that_alone(lanes: Lanes) -> None:
    found: list[Any] = []
    worker = threading.Thread(target=lambda: found.append(run(lanes, "hang", ["a"], 20.0, False, chunk="one")))
    worker.start()
    while "one" not in lanes._busy:
        time.sleep(0.01)
    time.sleep(0.2)
    lanes.cancel("another")
    assert not found
    begun = time.monotonic()
    lanes.cancel("one")
    worker.join(5)
    assert found and isinstance(found[0], Died) and found[0].kind == "cancelled"
    assert time.monotonic() - begun < 1.0
    lanes.cancel("one")  # it has ended: nothing
    assert run(lanes, "remember", "y")[-1] == "y"


def test_what_was_erased_is_forgotten_by_lanes_idle_and_at_work(lanes: Lanes) -> None:
    lanes.forget()
    assert run(lanes, "remember", "first") == ["first"]
    assert run(lanes, "remember", "second") == ["first", "second"]
    lanes.forget()
    assert run(lanes, "remember", "third") == ["third"]
    worker = threading.Thread(target=lambda: run(lanes, "slow", ["a"], 1.0, chunk="busy"))
    worker.start()
    while "busy" not in lanes._busy:
        time.sleep(0.01)
    lanes.forget()
    worker.join()
    assert run(lanes, "remember", "fourth") == ["fourth"]


def test_a_lane_that_cannot_be_imported_says_so_at_once() -> None:
    broken = Lanes(1, preload=("tests.service.lanes.nowhere",))
    try:
        with pytest.raises(Exception, match="ModuleNotFoundError"):
            broken.start()
    finally:
        broken.close()
