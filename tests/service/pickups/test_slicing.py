from __future__ import annotations

import json
import os
import pathlib
import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from engine.doors import slicer
from engine.errors import EnvironmentFault
from engine.export.gcode import NotAsOrdered, read
from service import erasing, intake
from service.dispatch import slicing_work
from service.dispatch.slicing import TARGET, Slicing
from service.house import House
from service.lanes.pool import Died
from service.store import slices
from service.store import slices as store
from service.store.schema import slices as table
from service.vault import unseal
from tests.service.pickups.shop import T0, finish, finished, keys_in


class Lane:
    """In place of a lane: what each job's answer is, or the work itself."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.order: list[str] = []

    def __call__(self, chunk: str, body: bytes, target: str, args: Any, seconds: float, units: list[str]) -> Any:
        assert target == TARGET and chunk == args[2]
        (job,) = units
        self.order.append(job)
        answer = self.answers.get(job, {"files": {"model.gcode": [0, 9, 9, "0" * 64]}})
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer


@pytest.fixture
def shop(tmp_path: pathlib.Path) -> Iterator[tuple[House, str]]:
    house, _, seller = keys_in(tmp_path / "house")
    yield house, seller
    house.database.close()


def wanted(house: House, *ids: str, now: int = T0) -> None:
    with house.database.write() as conn:
        slices.want(conn, ids, now)


def states(house: House) -> dict[str, tuple[str, str | None]]:
    with house.database.read() as conn:
        return {row.job: (row.state, row.reason) for row in conn.execute(sa.select(table))}


def test_what_is_urgent_is_sliced_first_and_asked_for_once(shop: tuple[House, str]) -> None:
    house, seller = shop
    later, _ = finished(house, seller)
    urgent, _ = finished(house, seller, priority=5)
    due, _ = finished(house, seller, due="2027-01-01")
    wanted(house, later, urgent, due)
    wanted(house, later, urgent)
    lane = Lane()
    slicing = Slicing(house, lane, clock=lambda: T0)
    while slicing.step():
        pass
    assert lane.order == [urgent, due, later]
    assert set(states(house).values()) == {("made", None)}
    wanted(house, later)
    assert not slicing.step(), "it is there"


def test_a_slicer_that_kills_or_hangs_is_told_as_a_reason_and_others_go_on(shop: tuple[House, str]) -> None:
    house, seller = shop
    bad, good = finished(house, seller)[0], finished(house, seller, T0 + 1)[0]
    wanted(house, bad, good)
    lane = Lane()
    lane.answers[bad] = Died("timeout", bad)
    slicing = Slicing(house, lane, clock=lambda: T0)
    while slicing.step():
        pass
    assert lane.order == [bad, good, bad], "it waits behind who did no harm, and has one more try"
    assert states(house) == {bad: ("failed", "timeout"), good: ("made", None)}
    wanted(house, bad, now=T0 + store.AGAIN_AFTER)
    assert not slicing.step(), "twice is enough"


def test_what_failed_for_want_of_a_slicer_is_tried_again_later(shop: tuple[House, str]) -> None:
    house, seller = shop
    job, _ = finished(house, seller)
    wanted(house, job)
    lane = Lane()
    lane.answers[job] = {"reason": store.LACKING, "strike": False}
    slicing = Slicing(house, lane, clock=lambda: T0)
    assert slicing.step() and states(house) == {job: ("failed", "installation")}
    wanted(house, job, now=T0 + 1)
    assert not slicing.step()
    lane.answers.clear()
    wanted(house, job, now=T0 + store.AGAIN_AFTER)
    assert slicing.step() and states(house) == {job: ("made", None)}


def test_a_full_disk_gives_the_slice_back(shop: tuple[House, str]) -> None:
    house, seller = shop
    job, _ = finished(house, seller)
    wanted(house, job)
    lane = Lane()
    lane.answers[job] = EnvironmentFault("the disk is full")
    slicing = Slicing(house, lane, clock=lambda: T0)
    with pytest.raises(EnvironmentFault):
        slicing.step()
    assert states(house) == {job: ("wanted", None)}


def test_a_dispatcher_that_died_leaves_nothing_half_made(shop: tuple[House, str]) -> None:
    house, seller = shop
    job, _ = finished(house, seller)
    wanted(house, job)
    with house.database.write() as conn:
        taken = slices.take(conn, "f" * 32, T0)
    assert taken is not None
    house.packs.put("f" * 32, [b"half"])
    slicing = Slicing(house, Lane(), clock=lambda: T0)
    assert slicing.start() == 1 and "f" * 32 not in set(house.packs.names())
    assert slicing.step() and states(house) == {job: ("made", None)}
    with house.database.write() as conn:
        assert not slices.made(conn, job, taken.attempt, {"model.gcode": [0, 1, 1, ""]}, T0), "who comes late changes nothing"
        assert slices.failed(conn, job, taken.attempt, "late", T0, strike=True) is None


def test_each_plate_is_a_file_and_what_was_kept_before_there_were_plates_is_one(shop: tuple[House, str]) -> None:
    house, seller = shop
    job, _ = finished(house, seller)
    wanted(house, job)
    lane, places = Lane(), {f"model-plate-{k}.gcode": [9 * k, 9, 9, "0" * 64] for k in (1, 2)}
    lane.answers[job] = {"files": places}
    assert Slicing(house, lane, clock=lambda: T0).step()
    with house.database.write() as conn:
        assert slices.find(conn, job) == (lane_pack(conn, job), places)
        conn.execute(sa.update(table).values(file=[0, 9, 9, "1" * 64]))
        assert slices.find(conn, job) == (lane_pack(conn, job), {"model.gcode": [0, 9, 9, "1" * 64]})


def lane_pack(conn: sa.Connection, job: str) -> str:
    return str(conn.execute(sa.select(table.c.pack).where(table.c.job == job)).scalar_one())


def test_a_job_erased_while_it_is_sliced_leaves_no_gcode(shop: tuple[House, str]) -> None:
    house, seller = shop
    job, _ = finished(house, seller)
    wanted(house, job)
    lane = Lane()

    def erased_meanwhile() -> Any:
        erasing.erase_jobs(house, [job], "asked")
        (pack,) = packs
        house.packs.put(pack, [b"G1 X1"])
        return {"files": {"model.gcode": [0, 5, 5, "0" * 64]}}

    packs: list[str] = []
    lane.answers[job] = erased_meanwhile
    slicing = Slicing(house, lambda *args: (packs.append(args[3][2]), lane(*args))[1], clock=lambda: T0)
    assert slicing.step()
    assert states(house) == {} and not set(house.packs.names())


def test_an_erased_job_is_not_begun(shop: tuple[House, str]) -> None:
    house, seller = shop
    jobs = [finished(house, seller, T0 + n)[0] for n in range(2)]
    wanted(house, *jobs)
    with house.database.write() as conn:
        conn.execute(sa.text("update jobs set state = 'erased', wrapped = null where id = :id"), {"id": jobs[0]})
    lane = Lane()
    slicing = Slicing(house, lane, clock=lambda: T0)
    while slicing.step():
        pass
    assert lane.order == [jobs[1]]


def test_its_thread_ends_when_it_is_told(shop: tuple[House, str]) -> None:
    house, _ = shop
    stop = threading.Event()
    hands = Slicing(house, Lane(), hands=2).threads(stop)
    stop.set()
    for hand in hands:
        hand.join(5)
    assert len(hands) == 2 and not any(hand.is_alive() for hand in hands)


# ---- with the real slicer, and one that hangs

real = pytest.mark.skipif(
    not any(shutil.which(program) for program in slicer.PROGRAMS) and not os.environ.get("CI"),
    reason="no PrusaSlicer: apt install prusa-slicer",
)


def ordered(house: House, seller: str, **parameters: Any) -> str:
    """A real order's job, taken for done."""
    order = {"template": "phone-case", "process": "fdm-pla", "parameters": {"phone": "google-pixel-6", **parameters}}
    row = intake.row_of(json.dumps(order).encode(), intake.Sender(seller), house.vault, T0)
    with house.database.write() as conn:
        finish(conn, {**row, "state": "done", "verdict": "printable"}, 1, T0)
    return str(row["id"])


def work_itself(chunk: str, body: bytes, target: str, args: Any, seconds: float, units: list[str]) -> Any:
    return slicing_work.gcode(*args)


@real
def test_a_slicer_that_hangs_is_ended_by_its_deadline_and_the_next_is_sliced(
    shop: tuple[House, str], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, seller = shop
    first = ordered(house, seller)
    second = ordered(house, seller, name="Ada")
    program, count = tmp_path / "slicer", tmp_path / "count"
    found = slicer.find()
    program.write_text(f'#!/bin/sh\necho >> {count}\n[ $(wc -l < {count}) -ne 2 ] && exec sleep 1000\nexec {found} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv(slicer.VARIABLE, str(program))
    monkeypatch.setenv(slicer.SECONDS, "60")
    deadlines = iter(["0.3", "60", "0.3"])

    def lane(*args: Any) -> Any:
        monkeypatch.setenv(slicer.SECONDS, next(deadlines))
        return work_itself(*args)

    wanted(house, min(first, second), max(first, second))
    slicing = Slicing(house, lane, clock=lambda: T0)
    while slicing.step():
        pass
    told = states(house)
    (good,) = (job for job, (state, _) in told.items() if state == "made")
    (bad,) = (job for job in told if job != good)
    assert told[bad] == ("failed", "slicer-timeout")
    with house.database.read() as conn:
        place = slices.find(conn, good)
        wrapped = conn.execute(sa.text("select wrapped from jobs where id = :id"), {"id": good}).scalar_one()
    assert place is not None
    pack, files = place
    ((name, (offset, size, plain, _)),) = files.items()
    assert name == "model.gcode"
    key = house.vault.unwrap(wrapped, good)
    text = unseal(key, house.packs.read(pack, offset, size), f"{good}/model.gcode".encode())
    assert len(text) == plain and read(text.decode()).layers > 10


@pytest.mark.parametrize(
    ("error", "reason", "strike"),
    [
        (NotAsOrdered(["2 layers, expected 40"]), "not-as-ordered", False),
        (EnvironmentFault("no slicer found"), "installation", False),
        (slicing_work.ChildFault("crash", "the slicer died of SIGSEGV"), "slicer-crash", True),
    ],
)
def test_why_there_is_none_is_a_code(
    shop: tuple[House, str], monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str, strike: bool
) -> None:
    house, seller = shop
    job = ordered(house, seller)

    def broken(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(slicing_work, "make", broken)
    answers = []
    wanted(house, job)
    slicing = Slicing(house, lambda *args: answers.append(work_itself(*args)) or answers[-1], clock=lambda: T0)
    slicing.step()
    assert answers[0] == {"reason": reason, "strike": strike}
    assert states(house)[job] == ("wanted" if strike else "failed", reason)


@pytest.mark.parametrize("told", ["", "soon", "nan", "0", "-1", "inf"])
def test_a_deadline_that_is_none(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    monkeypatch.setenv(slicer.SECONDS, told)
    with pytest.raises(EnvironmentFault, match=slicer.SECONDS):
        slicer.allowed()
