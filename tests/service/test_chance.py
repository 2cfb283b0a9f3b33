from __future__ import annotations

import os
import threading

import pytest

from service import chance


def test_no_byte_is_given_out_twice_by_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that count on: every piece of ten bytes is another one, threads or not."""
    count = iter(range(10_000_000))
    monkeypatch.setattr(os, "urandom", lambda n: b"".join(next(count).to_bytes(4) for _ in range(n // 4)))
    monkeypatch.setattr(chance, "_page", b"")
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.extend(chance.drawn(8) for _ in range(3000))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == len(found) == 12_000
    monkeypatch.undo()
    chance.drawn(chance.PAGE)  # what counted on is used up


def test_a_forked_child_draws_its_own() -> None:
    chance.drawn(1)
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(tell, chance.drawn(32))
        os._exit(0)
    os.waitpid(pid, 0)
    theirs = os.read(told, 32)
    os.close(told)
    os.close(tell)
    assert len(theirs) == 32 and theirs != chance.drawn(32)


def test_more_than_a_page_is_refused() -> None:
    assert len(chance.drawn(chance.PAGE)) == chance.PAGE
    with pytest.raises(ValueError, match="at most 4096"):
        chance.drawn(chance.PAGE + 1)
