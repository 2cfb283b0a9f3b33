"""engine/model/shelf.py: what is heavy goes, what was used last stays, and threads do not disturb each other."""

from __future__ import annotations

import random
import threading

from engine.model.shelf import ASKED, Shelf


def test_the_oldest_use_goes_first() -> None:
    shelf: Shelf[bytes] = Shelf(30, len)
    for key in "abc":
        shelf.put(key, key.encode() * 10)
    assert shelf.get("a") == b"a" * 10
    shelf.put("d", b"d" * 10)
    assert [key for key in "abcd" if shelf.get(key)] == ["a", "c", "d"] and shelf.held == 30 and len(shelf) == 3


def test_a_value_is_replaced_and_a_heavy_one_is_not_kept() -> None:
    shelf: Shelf[bytes] = Shelf(30, len)
    shelf.put("a", b"x" * 20)
    shelf.put("a", b"y" * 25)
    assert shelf.get("a") == b"y" * 25 and shelf.held == 25
    shelf.put("b", b"z" * 31)
    assert shelf.get("b") is None and shelf.held == 25
    shelf.clear()
    assert shelf.get("a") is None and shelf.held == 0


def test_the_second_asking_is_known() -> None:
    shelf: Shelf[bytes] = Shelf(1, len)
    assert [shelf.asked_before("a") for _ in range(3)] == [False, True, True]
    for k in range(ASKED):
        shelf.asked_before(k)
    assert not shelf.asked_before("a")
    shelf.clear()
    assert not shelf.asked_before(ASKED - 1)


def test_threads_share_it() -> None:
    shelf: Shelf[bytes] = Shelf(2000, len)
    wrong: list[int] = []

    def work(seed: int) -> None:
        draw = random.Random(seed)
        for _ in range(2000):
            key = draw.randrange(30)
            found = shelf.get(key)
            if found is not None and found != bytes([key]) * (100 + key):
                wrong.append(key)
            shelf.put(key, bytes([key]) * (100 + key))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    left = [found for key in range(30) if (found := shelf.get(key)) is not None]
    assert not wrong and shelf.held == sum(map(len, left)) <= 2000


def test_how_often_a_key_was_asked_is_counted_from_nothing_once_it_is_let_go() -> None:
    shelf: Shelf[str] = Shelf(10, len)
    assert [shelf.asked("a") for _ in range(3)] == [1, 2, 3]
    shelf.unasked("a")
    shelf.unasked("never")
    assert shelf.asked("a") == 1 and shelf.asked_before("a")
