"""Who waits for the lead reaches for the workers meanwhile, and waits for no scheduler that does not answer."""

from __future__ import annotations

import pathlib
import socket
import threading
import time

import pytest

from engine.errors import EnvironmentFault
from service.dispatch import working
from service.dispatch.working import AtHand
from service.house import ENGINE, House, open_house


@pytest.fixture
def house(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv(ENGINE, "tcp://127.0.0.1:9")
    return open_house(tmp_path / "data")


class There:
    """What stands for a fleet."""

    def __init__(self, well: bool = True) -> None:
        self.well, self.left = lambda: well, 0

    def shutdown(self) -> None:
        self.left += 1


def reaching(monkeypatch: pytest.MonkeyPatch, what: There | EnvironmentFault) -> None:
    def reach(*_: object) -> There:
        if isinstance(what, EnvironmentFault):
            raise what
        return what

    monkeypatch.setattr(working, "Fleet", reach)


def test_what_was_reached_is_taken(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    there = There()
    reaching(monkeypatch, there)
    hand = AtHand(house)
    assert hand.taken(threading.Event()) is there
    assert hand.ready() and there.left == 0


@pytest.mark.parametrize("what", [There(well=False), EnvironmentFault("no scheduler answers")])
def test_what_is_gone_or_was_never_there_is_not(
    house: House, monkeypatch: pytest.MonkeyPatch, what: There | EnvironmentFault
) -> None:
    reaching(monkeypatch, what)
    assert AtHand(house).taken(threading.Event()) is None


def test_where_there_is_no_scheduler_nobody_is_asked(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENGINE)
    monkeypatch.setattr(working, "Fleet", None)
    assert AtHand(house).taken(threading.Event()) is None


def test_who_does_not_take_them_leaves_them(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    there = There()
    reaching(monkeypatch, there)
    hand = AtHand(house)
    assert hand.taken(threading.Event()) is there
    hand.leave()
    assert there.left == 1


def test_one_that_says_nothing_holds_up_neither_the_start_nor_the_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv(ENGINE, f"tcp://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr("service.fleet.client.CONNECT", 3.0)  # twice that is waited for one that says nothing
        begun = time.monotonic()
        hand = AtHand(house)
        assert time.monotonic() - begun < 3.0
        stop.set()
        assert hand.taken(stop) is None and not hand.ready()
        assert time.monotonic() - begun < 3.0
        hand._thread.join()
        assert hand.taken(threading.Event()) is None
