"""Bodies on a real scheduler with real workers: one that a wrong chart made on a worker is looked at again, and the chart is set aside for all of
them; what CAD then draws on one worker, the next one does not draw.
"""

from __future__ import annotations

import json
import pathlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from engine.chart import aside
from service import served
from service.dispatch import drifting, working
from service.house import ENGINE, FLEET_KEY, House, open_house
from service.lanes.lent import SUFFIX
from service.packs import SHARED
from service.store.schema import jobs
from service.vault import unseal
from tests import charted
from tests.fleet import Workers, workers
from tests.service.dispatch.test_drifting import order
from tests.several import bare

PATIENCE_S = 120.0


@pytest.fixture
def house(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A service of one designer's file, for which this machine has a chart that is 0.05 mm wrong."""
    environment = bare(charted.own_cache(tmp_path / "cache"))
    monkeypatch.setenv("UNIKAT_CACHE", environment["UNIKAT_CACHE"])
    monkeypatch.setenv("NUMBA_CACHE_DIR", environment["NUMBA_CACHE_DIR"])
    charted.lay(tmp_path / "cache/charts", charted.chart(0.05))
    made = open_house(tmp_path / "house")
    (made.folder / "settings.toml").write_text("check_one_in = 1\nlane_mb = 1500\n")
    (made.folder / served.FILE).write_text(json.dumps({"slab": charted.SOURCE}))
    (made.folder / FLEET_KEY).write_bytes(made.vault.fleet())
    yield made
    made.database.close()


@pytest.fixture
def fleet(house: House, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    """A scheduler, the dispatcher of that service, and no worker yet."""
    monkeypatch.setattr(drifting, "PRELOAD", charted.IN_A_HURRY)
    monkeypatch.setattr(working, "PRELOAD", charted.IN_A_HURRY)
    with workers(tmp_path, house.folder / FLEET_KEY) as made:
        monkeypatch.setenv(ENGINE, made.at)
        stop, ready = threading.Event(), threading.Event()
        thread = threading.Thread(target=working.work, args=(house, 1, stop, ready.set))
        thread.start()
        try:
            assert ready.wait(PATIENCE_S)
            yield made
        finally:
            stop.set()
            thread.join()


def made(house: House, **parameters: object) -> dict[str, Any]:
    """Order a slab: the figures of its report, once it is made."""
    job, until = order(house, **parameters), time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with house.database.read() as conn:
            row = conn.execute(sa.select(jobs).where(jobs.c.id == job)).one()
        if row.state not in ("queued", "running"):
            break
        time.sleep(0.05)
    assert row.state == "done", (row.state, row.reason)
    offset, size, *_ = row.files["report.json"]
    key = house.vault.unwrap(row.wrapped, job)
    figures: dict[str, Any] = json.loads(unseal(key, house.packs.read(row.pack, offset, size), f"{job}/report.json".encode()))[
        "figures"
    ]
    return figures


def test_a_wrong_chart_goes_from_all_workers_and_a_body_is_drawn_by_one(
    house: House, fleet: Workers, tmp_path: pathlib.Path
) -> None:
    fleet.worker("one", **bare(tmp_path / "one"))
    first = made(house, width=40.0)
    assert (first["tier"], first["bounds_mm"][1][2]) == ("chart", 5.05)
    until = time.monotonic() + PATIENCE_S
    while not aside.names(tmp_path / "cache/charts") and time.monotonic() < until:
        time.sleep(0.05)
    kits = house.packs.folder / SHARED
    while len(list(kits.glob("*.named"))) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    second = made(house, width=41.0, name="Zoé")
    assert (second["tier"], second["bounds_mm"][1][2]) == ("cad", 5.0)
    assert len(list(kits.glob(f"*{SUFFIX}"))) == 2, "the body, and what is read for it"
    assert list((tmp_path / "one/bodies").rglob("*.body")), "it reads nothing of a person's"
    fleet.end("one")
    fleet.worker("two", **bare(tmp_path / "two"))
    third = made(house, width=41.0, name="Bo")
    assert third["bounds_mm"][1][2] == 5.0 and [s["hit"] for s in third["stages"] if s["name"] == "body"] == [True]
