"""Bodies are looked at again, and a wrong chart is set aside: nobody waits for it, nothing personal is told, what is lost is counted."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import pathlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from engine.chart import aside
from engine.errors import EnvironmentFault
from engine.model.drift import Body, Looked
from service import health, inspecting, served
from service.api.metrics import Figures
from service.clock import new_id, now
from service.dispatch import drifting
from service.dispatch.dispatcher import Dispatcher
from service.dispatch.drifting import MOST, PRELOAD, Drift
from service.dispatch.working import work
from service.house import House, open_house
from service.lanes import glance
from service.lanes.pool import Died, Lanes
from service.lanes.second_look import NICE
from service.store import drift as store
from service.store import jobs, keys
from service.store.schema import NEVER
from service.store.schema import jobs as table
from service.vault import seal, unseal
from tests import charted

RIGHT = Looked(0.00004, 0.05, 0.05, 0.0, 0.0, 0.0, 1.0, same=True)
WRONG = Looked(0.05, 0.06, 0.05, 0.0, 0.0, 0.0, 1.0, same=True)
CHART = "ab" * 32


@pytest.fixture
def cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    folder = charted.own_cache(tmp_path / "cache")
    monkeypatch.setenv("UNIKAT_CACHE", str(folder))
    return folder


@pytest.fixture
def house(tmp_path: pathlib.Path, cache: pathlib.Path) -> Iterator[House]:
    made = open_house(tmp_path / "house")
    yield made
    made.database.close()


def body(n: int, chart: str = CHART) -> Body:
    return Body("slab", 1, "body", chart, f"{n:064x}", "0" * 64, "mjf-pa12", "machine", {"width": 31.25})


def seen(house: House) -> tuple[int, dict[str, int]]:
    with house.database.read() as conn:
        told = store.seen(conn)
    return told.asked, dict(told.outcomes)


def answers(*told: object) -> Any:
    left = iter(told)
    return lambda *_: next(left)


# ---- a lane that is played -----------------------------------------------------------------------------------------------


def test_a_right_chart_raises_nothing(house: House, cache: pathlib.Path, caplog: pytest.LogCaptureFixture) -> None:
    drift = Drift(house, answers(RIGHT))
    assert not drift.step()
    drift.offer(charted.SOURCE, [body(1), body(1)])
    assert drift.step() and not drift.step(), "one body, though two units have it"
    drift.offer(charted.SOURCE, [body(1)])
    assert not drift.step(), "it is known to be right"
    assert seen(house) == (1, {"right": 1, "drifted": 0, "unchecked": 0})
    assert caplog.records == [] and drift.found == [] and aside.names(cache / "charts") == ()
    text = Figures(house).text().decode()
    assert 'unikat_chart_checks_total{outcome="right"} 1.0' in text and "unikat_charts_aside 0.0" in text
    assert 'unikat_chart_deviation_mm{way="to_brep"} 4e-05' in text


def test_a_wrong_chart_is_an_alarm(house: House, cache: pathlib.Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    drift = Drift(house, answers(WRONG))
    assert all(s.well for s in health.examine() if s.what == "charts")
    drift.offer(charted.SOURCE, [body(1)])
    assert drift.step()
    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    told = {n: vars(record)[n] for n in ("template", "stage", "chart", "why", "to_brep_mm")}
    assert told == {"template": "slab", "stage": "body", "chart": CHART, "why": "to-brep", "to_brep_mm": 0.05}
    assert "31.25" not in repr([vars(r) for r in caplog.records]) and "31.25" not in repr(drift.found)
    (mark,) = (cache / "charts" / aside.FOLDER).iterdir()
    assert mark.name == f"slab-1-body.{CHART}.json" and "31.25" not in mark.read_text()
    assert json.loads(mark.read_text())["to_brep_mm"] == 0.05
    text = Figures(house).text().decode()
    assert 'unikat_chart_checks_total{outcome="drifted"} 1.0' in text and "unikat_charts_aside 1.0" in text
    for signs in (health.examine(), inspecting.examine(str(house.folder), None, False)):
        (sign,) = [s for s in signs if s.what == "charts"]
        assert not sign.well and not sign.needed and CHART in sign.told and aside.FOLDER in sign.told


def test_doctor_tells_how_many_were_looked_at(house: House) -> None:
    def told() -> str:
        (sign,) = [s for s in inspecting.examine(str(house.folder), None, False) if s.what == "charts"]
        assert sign.well
        return sign.told

    assert told() == "no body was looked at again yet"
    drift = Drift(house, answers(RIGHT))
    drift.offer(charted.SOURCE, [body(1)])
    drift.step()
    assert told().startswith("1 bodies looked at again: right 1, drifted 0, unchecked 0; at most 0.0000 mm")


@pytest.mark.parametrize("told", [Died("timeout", None), Died("crash", None), "cad", "other-chart", None, {"why": ""}])
def test_what_cannot_be_looked_at_is_counted_and_no_alarm(
    house: House, cache: pathlib.Path, told: object, caplog: pytest.LogCaptureFixture
) -> None:
    drift = Drift(house, answers(told, RIGHT))
    drift.offer(charted.SOURCE, [body(1), body(2)])
    assert drift.step() and drift.step() and not drift.step()
    assert seen(house) == (2, {"right": 1, "drifted": 0, "unchecked": 1})
    assert [r.levelno for r in caplog.records] == [logging.WARNING] and aside.names(cache / "charts") == ()


@pytest.mark.parametrize("told", [None, "x", [1, None, {"stage": "body"}], {"bodies": []}])
def test_what_a_lane_says_beside_the_truth_is_nothing(house: House, told: object) -> None:
    drift = Drift(house, answers())
    drift.offer(charted.SOURCE, told)
    assert not drift.step() and seen(house)[0] == 0


def test_no_more_waits_than_may(house: House) -> None:
    drift = Drift(house, lambda *_: RIGHT)
    drift.offer(charted.SOURCE, [body(n) for n in range(MOST + 5)])
    while drift.step():
        pass
    assert seen(house) == (MOST + 5, {"right": MOST, "drifted": 0, "unchecked": 5})


def test_what_a_killed_process_leaves_is_counted(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    drift = Drift(house, answers(RIGHT, RIGHT))
    drift.offer(charted.SOURCE, [body(1), body(2), body(3)])
    assert drift.step()

    def killed(*_: object) -> Any:
        raise SystemExit

    drift.runner = killed
    with pytest.raises(SystemExit):
        drift.step()
    again = Drift(house, answers(RIGHT))
    assert again.start() == 2 and again.start() == 0
    assert seen(house) == (3, {"right": 1, "drifted": 0, "unchecked": 2})
    assert [vars(r)["bodies"] for r in caplog.records] == [2]
    again.offer(charted.SOURCE, [body(2)])
    assert again.step(), "the next one that has such a body is looked at"


def test_a_mark_that_the_disk_does_not_take_is_tried_again(house: House, cache: pathlib.Path) -> None:
    at = [100.0]
    drift = Drift(house, answers(WRONG), ticks=lambda: at[0])
    (cache / "charts").write_text("no folder")
    drift.offer(charted.SOURCE, [body(1)])
    assert drift.step() and seen(house)[1]["drifted"] == 1
    (cache / "charts").unlink()
    assert not drift.step() and aside.names(cache / "charts") == (), "not so soon"
    at[0] += drifting.AGAIN
    assert not drift.step() and len(aside.names(cache / "charts")) == 1


def test_others_hear_of_a_mark_once_it_is_there_and_are_told_again_where_they_did_not(
    house: House, cache: pathlib.Path
) -> None:
    at, heard = [100.0], []

    def marked() -> None:
        heard.append(aside.names(cache / "charts"))
        if len(heard) == 1:
            raise EnvironmentFault("the bucket does not answer")

    drift = Drift(house, answers(WRONG, RIGHT), ticks=lambda: at[0], marked=marked)
    drift.offer(charted.SOURCE, [body(1)])
    for seconds in (0.0, drifting.AGAIN, drifting.AGAIN):
        at[0] += seconds
        drift.step()
    assert heard == [(f"slab-1-body.{CHART}.json",)] * 2


def test_it_waits_until_the_lanes_are_idle_but_not_for_ever(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drifting, "LOOK", 0.001)
    at, busy, stop, closed = [1000.0], threading.Event(), threading.Event(), threading.Event()
    busy.set()
    drift = Drift(house, lambda *_: RIGHT, idle=lambda: not busy.is_set(), close=closed.set, ticks=lambda: at[0])
    drift._last = at[0]

    def until(right: int) -> None:
        end = time.monotonic() + 20.0
        while seen(house)[1]["right"] < right and time.monotonic() < end:
            time.sleep(0.002)
        assert seen(house)[1]["right"] == right

    drift.offer(charted.SOURCE, [body(1), body(2), body(3)])
    worker = threading.Thread(target=drift.run, args=(stop,))
    worker.start()
    try:
        time.sleep(0.05)
        assert seen(house) == (0, {"right": 0, "drifted": 0, "unchecked": 0})
        at[0] += drifting.BUSY
        until(1)
        time.sleep(0.05)
        assert seen(house)[1]["right"] == 1, "one in a while"
        busy.clear()
        until(3)
        assert not closed.is_set()
        at[0] += drifting.REST
        assert closed.wait(20.0), "the lane's memory is given back"
    finally:
        stop.set()
        worker.join()


def test_a_store_that_does_not_answer_does_not_end_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drifting, "LOOK", 0.001)
    stop, tried = threading.Event(), threading.Event()
    drift = Drift(house, answers())

    def fails() -> bool:
        if tried.is_set():
            stop.set()
        tried.set()
        raise EnvironmentFault("the disk is full")

    monkeypatch.setattr(drift, "step", fails)
    drift.run(stop)
    assert tried.is_set()


# ---- real lanes ----------------------------------------------------------------------------------------------------------


def order(house: House, **parameters: object) -> str:
    """A job of the slab that waits."""
    one, at = new_id(now()), now()
    key, wrapped = house.vault.new_key(one)
    plain = json.dumps({"template": "slab", "parameters": parameters}).encode()
    with house.database.write() as conn:
        known = keys.listed(conn)
        tenant = known[0]["tenant"] if known else keys.new_tenant(conn, "shop", at)
        if not known:
            keys.new_key(conn, tenant, "k", ["owner"], at)
        row = {
            "id": one, "tenant": tenant, "campaign": None, "line": None, "queue": tenant, "template": "slab", "process": "mjf-pa12",
            "machine": None, "formats": "stl", "quantity": 1, "priority": 0, "due": NEVER, "body": b"b",
            "sealed": seal(key, plain, one.encode()), "wrapped": wrapped, "state": "queued", "created": at, "updated": at,
        }  # fmt: skip
        jobs.add(conn, [row])
    return one


def made(house: House, dispatcher: Dispatcher, job: str) -> dict[str, Any]:
    """The figures of its report, once it is made."""
    end = time.monotonic() + 120.0
    while time.monotonic() < end:
        dispatcher.step(0.05)
        with house.database.read() as conn:
            row = conn.execute(sa.select(table).where(table.c.id == job)).one()
        if row.state not in ("queued", "running"):
            break
    assert row.state == "done", (row.state, row.reason)
    offset, size, *_ = row.files["report.json"]
    name = f"{job}/report.json".encode()
    report = unseal(house.vault.unwrap(row.wrapped, job), house.packs.read(row.pack, offset, size), name)
    figures: dict[str, Any] = json.loads(report)["figures"]
    return figures


@contextlib.contextmanager
def working(house: House, every: int) -> Iterator[tuple[Dispatcher, Drift, Lanes]]:
    with (
        contextlib.closing(Lanes(1)) as lanes,
        contextlib.closing(Lanes(1, charted.IN_A_HURRY)) as looking,
        ThreadPoolExecutor(1) as executor,
    ):
        drift = Drift(house, looking.run)
        yield (
            Dispatcher(
                house.database, house.vault, house.packs, executor, lanes.run, 2, sources={"slab": charted.SOURCE},
                check_one_in=every, offer=drift.offer,
            ),
            drift,
            looking,
        )  # fmt: skip


def test_from_an_order_to_the_alarm_and_back_to_cad(house: House, cache: pathlib.Path) -> None:
    """Two charts, of which one is wrong; and a look that is killed in the middle."""
    charts = cache / "charts"
    right = charted.lay(charts, charted.chart(widths=(10.0, 30.0)), 0)
    wrong = charted.lay(charts, charted.chart(0.05, widths=(30.5, 50.0)), 1)
    with working(house, 1) as (dispatcher, drift, looking):
        first = made(house, dispatcher, order(house, width=40.0, name="Zoé"))
        assert (first["tier"], first["bounds_mm"][1][2]) == ("chart", 5.05)
        worker = threading.Thread(target=drift.step)
        worker.start()
        while not any(lane.child._worker for lane in list(looking._busy.values())):
            time.sleep(0.001)
        looking.cancel(next(iter(looking._busy)))
        worker.join(60)
        assert seen(house) == (1, {"right": 0, "drifted": 0, "unchecked": 1}) and aside.names(charts) == ()

        assert made(house, dispatcher, order(house, width=30.0))["tier"] == "chart"
        assert drift.step() and seen(house) == (2, {"right": 1, "drifted": 0, "unchecked": 1})
        made(house, dispatcher, order(house, width=40.0, name="Bo"))
        assert drift.step() and seen(house) == (3, {"right": 1, "drifted": 1, "unchecked": 1})
        assert [(one["chart"], one["why"]) for one in drift.found] == [(wrong, "to-brep")]
        assert aside.names(charts) == (f"slab-1-body.{wrong}.json",)

        # in the same lane, which remembers the body of the wrong chart
        for width in (40.0, 41.0):
            after = made(house, dispatcher, order(house, width=width, name="Zoé"))
            assert (after["tier"], after["bounds_mm"][1][2]) == ("cad", 5.0)
        assert not drift.step(), "CAD's own bodies are not looked at"
        assert made(house, dispatcher, order(house, width=29.0))["tier"] == "chart", "the other chart serves as before"
    assert right != wrong


def test_nothing_is_looked_at_where_nothing_is_to_be(house: House, cache: pathlib.Path) -> None:
    charted.lay(cache / "charts", charted.chart(0.05))
    with working(house, 0) as (dispatcher, drift, _):
        assert made(house, dispatcher, order(house))["tier"] == "chart"
        assert not drift.step() and seen(house)[0] == 0


def test_what_is_only_looked_at_uses_no_wrong_chart_either(cache: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glance, "_shop", [])
    wrong = charted.lay(cache / "charts", charted.chart(0.05))
    plain = json.dumps({"template": "slab"}).encode()

    def tier() -> object:
        return glance._made(plain, charted.SOURCE, ()).report.figures["tier"]

    assert (tier(), tier()) == ("chart", "chart")
    kept = glance._shop[0]
    aside.put(cache / "charts", "slab-1-body", wrong, {})
    assert tier() == "cad" and glance._shop[0] is not kept


def test_the_lane_yields_to_all_others() -> None:
    with contextlib.closing(Lanes(1, PRELOAD[:2])) as looking:
        own, its = os.getpriority(os.PRIO_PROCESS, 0), looking.run("c", b"", "os:getpriority", (os.PRIO_PROCESS, 0), 60.0, [])
    assert its == min(own + NICE, 19)


@pytest.mark.parametrize("every", [1, 0])
def test_a_service_looks_as_it_is_set_and_ends_in_the_middle_of_it(house: House, cache: pathlib.Path, every: int) -> None:
    charted.lay(cache / "charts", charted.chart())
    (house.folder / "settings.toml").write_text(f"check_one_in = {every}\n")
    (house.folder / served.FILE).write_text(json.dumps({"slab": charted.SOURCE}))
    job, stop, ready = order(house), threading.Event(), threading.Event()
    worker = threading.Thread(target=work, args=(house, 1, stop, ready.set))
    worker.start()
    try:
        end = time.monotonic() + 120.0
        while time.monotonic() < end and not (state(house, job) == "done" and seen(house)[0] == every):
            time.sleep(0.05)
        if not every:
            time.sleep(2 * drifting.LOOK)
        assert state(house, job) == "done" and seen(house)[0] == every
    finally:
        stop.set()
        begun = time.monotonic()
        worker.join(60)
    assert not worker.is_alive() and time.monotonic() - begun < 30.0
    Drift(house, answers()).start()
    assert sum(seen(house)[1].values()) == every


def state(house: House, job: str) -> str:
    with house.database.read() as conn:
        return str(conn.execute(sa.select(table.c.state).where(table.c.id == job)).scalar_one())


def test_a_look_has_its_time(house: House, cache: pathlib.Path) -> None:
    charted.lay(cache / "charts", charted.chart())
    with contextlib.closing(Lanes(1, PRELOAD)) as looking:
        drift = Drift(house, looking.run, seconds=0.2)  # CadQuery's import alone takes longer
        drift.offer(charted.SOURCE, [body(1)])
        assert drift.step()
    assert seen(house) == (1, {"right": 0, "drifted": 0, "unchecked": 1})
