"""What travels is sealed and comes back as it was; a worker is what it must be, or says in one line what it lacks."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import socket
import sys
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any

import pytest
from distributed.scheduler import KilledWorker
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import EnvironmentFault
from engine.model.drift import Body
from service.fleet import sealed, worker
from service.fleet.client import Fleet
from service.fleet.door import client
from service.fleet.sealed import code, pack, unpack, with_bodies
from service.lanes.pool import Died, Made
from service.vault import Unreadable, Vault, of_bodies

KEY = bytes(range(32))
PLAIN = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text() | st.binary()
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(VALUES)
def test_what_is_packed_is_unpacked(value: Any) -> None:
    assert unpack(KEY, pack(KEY, value)) == value


def test_nothing_of_it_is_seen_or_taken_under_another_key() -> None:
    told = pack(KEY, {"name": "Xqzvy-Canary", "key": b"Xqzvy-Canary"})
    assert b"Canary" not in told
    for spoilt in (told[:-1], told[:-1] + bytes([told[-1] ^ 1]), b""):
        with pytest.raises(Unreadable):
            unpack(KEY, spoilt)
    with pytest.raises(Unreadable):
        unpack(bytes(32), told)


def test_the_fleets_key_is_not_the_masters_nor_another_fleets() -> None:
    one, two = Vault.of(bytes(32)), Vault.of(bytes([1]) * 32)
    assert one.fleet() == Vault.of(bytes(32)).fleet() != two.fleet()
    assert one.fleet() not in (one.wrapping, one.indexing, bytes(32))
    assert of_bodies(one.fleet()) not in (one.fleet(), of_bodies(two.fleet()))


def test_another_source_is_another_code(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine/a.py").write_text("x = 1\n")
    monkeypatch.setattr(sealed, "ROOT", tmp_path)
    found = set()
    for text in ("x = 1\n", "x = 2\n"):
        (tmp_path / "engine/a.py").write_text(text)
        found.add(code.__wrapped__())
    (tmp_path / "engine/a.py").rename(tmp_path / "engine/b.py")
    found.add(code.__wrapped__())
    assert len(found) == 3


def test_another_installed_template_is_another_code(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {code.__wrapped__()}
    monkeypatch.syspath_prepend(str(tmp_path))
    for version in (1, 2):
        about = tmp_path / f"bomb-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: bomb\nVersion: {version}\n")
        (about / "entry_points.txt").write_text("[unikat.templates]\nbomb = bomb:Bomb\n")
        found.add(code.__wrapped__())
        shutil.rmtree(about)
    assert len(found) == 3


def test_a_chunk_goes_through_the_lanes_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Played:
        def run(self, chunk: str, body: bytes, target: str, args: Any, seconds: float, units: Any) -> Any:
            return Died("crash", "u", 1.0) if chunk == "dies" else [{"id": units[0], "args": args, "told": b"x"}]

    def told(chunk: str) -> Any:
        return unpack(KEY, worker.work(pack(KEY, ["", chunk, b"body", "t", ([1], "place", "0" * 32), 1.0, ["u"]])))

    monkeypatch.setattr(worker, "_hand", [worker.Hand(Played(), KEY)])  # type: ignore[arg-type]
    packs = set()
    for _ in range(2):
        name, answers = told("c")["made"]
        packs.add(name)
        assert answers == [{"id": "u", "args": ([1], "place", name, of_bodies(KEY)), "told": b"x"}]
    assert len(packs) == 2 and "0" * 32 not in packs, "each run has a pack of its own"
    assert told("dies") == {"died": ["crash", "u", 1.0]}
    with pytest.raises(Unreadable):
        worker.work(pack(bytes(32), ["c"]))


def told_by(answers: Any, monkeypatch: pytest.MonkeyPatch) -> Made:
    """What the dispatcher hears of what a worker's lane tells."""

    class Played:
        def run(self, *_: Any) -> Any:
            return answers

    monkeypatch.setattr(worker, "_hand", [worker.Hand(Played(), KEY)])  # type: ignore[arg-type]
    theirs: Future[bytes] = Future()
    theirs.set_result(worker.work(pack(KEY, ["", "c", b"body", "t", ([1], "place", "0" * 32), 1.0, ["u"]])))
    fleet = Fleet.__new__(Fleet)
    fleet._key = KEY
    made = fleet._answer(theirs)
    assert isinstance(made, Made)
    return made


def test_bodies_that_are_to_be_looked_at_again_come_to_the_dispatcher(monkeypatch: pytest.MonkeyPatch) -> None:
    body = Body("slab", 1, "body", "ab" * 32, "1" * 64, "0" * 64, "mjf-pa12", "machine", {"width": 31.25, "round": True})
    answers = [{"id": "u", "bodies": [body, body]}, {"id": "v"}]
    assert told_by(answers, monkeypatch).answers == answers
    forged = [{"id": "u", "bodies": [{**asdict(body), "chart": "../x"}, {"key": "slab"}, 7, asdict(body)]}]
    assert with_bodies(forged) == [{"id": "u", "bodies": [body]}]
    assert with_bodies([{"id": "u", "bodies": "all"}, 7]) == [{"id": "u", "bodies": []}, 7]


def test_a_worker_that_died_is_told_from_a_chunk_that_was_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = Fleet.__new__(Fleet)
    fleet._key = KEY
    for error, kind in ((KilledWorker("chunk-1", None, 0), "gone"), (RuntimeError("x"), "cancelled"), (None, "cancelled")):
        theirs: Future[bytes] = Future()
        if error is None:
            theirs.cancel()
        else:
            theirs.set_exception(error)
        assert fleet._answer(theirs) == Died(kind, None)


@pytest.mark.parametrize("answers", [[object()], [{"id": "u", "bodies": [7]}], {1: object()}])
def test_what_a_lane_tells_that_is_no_answer_is_none_of_the_workers_faults(
    answers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told_by(answers, monkeypatch).answers is None


def test_what_a_worker_lacks_is_said(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EnvironmentFault, match="cannot be read"):
        worker.run("tcp://127.0.0.1:1", 1, str(tmp_path / "none"), 1000)
    (tmp_path / "key").write_bytes(b"short")
    with pytest.raises(EnvironmentFault, match="must be 32 bytes"):
        worker.run("tcp://127.0.0.1:1", 1, str(tmp_path / "key"), 1000)
    with pytest.raises(EnvironmentFault, match="a lane may take 4000"):
        worker.refuse_small(4000, pages=1000)
    worker.refuse_small(4, pages=1000)
    for limit, fits in (("1500000000\n", False), ("max\n", True)):  # of a container
        (tmp_path / "memory.max").write_text(limit)
        with contextlib.nullcontext() if fits else pytest.raises(EnvironmentFault, match="has 1500 MB of memory"):
            worker.refuse_small(2000, pages=10**6, group=tmp_path / "memory.max")


def test_a_scheduler_that_is_none_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        at = f"tcp://127.0.0.1:{door.getsockname()[1]}"
        with pytest.raises(EnvironmentFault, match="no scheduler answers"):
            client(at, 0.5)
    with pytest.raises(EnvironmentFault, match="no scheduler answers"):
        client("nonsense://x", 0.5)


def test_without_the_package_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EnvironmentFault, match="install unikat"):
        client("tcp://127.0.0.1:1", 0.5)
