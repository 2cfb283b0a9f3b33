"""A service whose lanes are on workers of Dask: one is killed, one has other code, the scheduler is started again, and orders hold poison."""

from __future__ import annotations

import pathlib
import signal
import time

import sqlalchemy as sa

from service.house import FLEET_KEY, open_house
from service.store import tallies
from service.store.schema import copies, jobs
from tests import chaos
from tests.fleet import Workers, workers

ORDERS = 36
POISONED = {5: "crash", 13: "exit", 21: "raise"}
PATIENCE_S = 180.0


def test_workers_come_and_go_and_nothing_is_lost(tmp_path: pathlib.Path) -> None:
    data = tmp_path / "data"
    with workers(tmp_path, data / FLEET_KEY) as fleet:
        server = chaos.Server(data, "--lanes", "1", "--template", str(chaos.TEMPLATE), "--engine", fleet.at)
        try:
            storm(server, fleet, data)
            assert server.end() == []
        finally:
            if server.process.poll() is None:
                server.end(signal.SIGKILL)
        assert fleet.end("two") == 0


def storm(server: chaos.Server, fleet: Workers, data: pathlib.Path) -> None:
    """Orders, and what happens to the workers meanwhile; what must hold then."""
    house = open_house(data)
    for name in ("one", "two", "three"):
        fleet.worker(name)
    fleet.stranger("stranger")
    sent = {}
    for n in range(ORDERS):
        name = f"{POISONED.get(n, 'good')} {n}"
        sent[server.order({"template": "block", "parameters": {"name": name}}, n)] = name
    done = 0
    until = time.monotonic() + PATIENCE_S
    acts = [(3, "kill"), (12, "restart"), (20, "again")]
    while done < ORDERS and time.monotonic() < until:
        with house.database.read() as conn:
            left = sa.select(sa.func.count()).where(jobs.c.state.in_(("queued", "running")))
            done = ORDERS - conn.execute(left).scalar_one()
        while acts and done >= acts[0][0]:
            _, act = acts.pop(0)
            if act == "kill":
                assert fleet.end("one", signal.SIGKILL) == -signal.SIGKILL
            elif act == "restart":
                fleet.end("scheduler", signal.SIGKILL)
                fleet.scheduler()
            else:
                fleet.worker("one")
        time.sleep(0.1)
    with house.database.read() as conn:
        rows = {row.id: row for row in conn.execute(sa.select(jobs))}
        assert tallies.wrong(conn) == []
        pieces = conn.execute(sa.select(copies.c.job)).scalars().all()
    assert set(rows) == set(sent)
    for one, name in sent.items():
        kind = name.split()[0]
        assert (rows[one].state, rows[one].reason) == (("done", None) if kind == "good" else ("failed", chaos.POISON[kind])), (
            name
        )
    assert len(pieces) == len(set(pieces)) == ORDERS - len(POISONED)
    for row in rows.values():
        for offset, size, *_ in (row.files or {}).values():
            assert len(house.packs.read(row.pack, offset, size)) == size
    told = (data / "err.txt").read_text()
    assert '"workers_of_other_code": 1' in told, "the stranger was there"
    assert "chunk was lost" not in fleet.said("stranger") and '"working"' in fleet.said("stranger")
    house.database.close()
