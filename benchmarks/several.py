"""Of the subject `service`: what several machines cost: Postgres, a scheduler of Dask and workers, each a process of this machine.

CPU time is that of the whole tree of processes (Postgres, scheduler, workers, their lanes, the dispatcher, which is this process), read
from the kernel before and after: what starting costs is in neither. Workers share this machine's cores, so that the time by the clock
says nothing of a fleet; CPU time does. `python -m benchmarks.several WHAT N [WORKERS]` is one such run.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any
from unittest import mock

from benchmarks import service as alone
from benchmarks.harness import Case
from service.dispatch.dispatcher import Dispatcher
from service.fleet.client import Fleet
from service.house import ELSEWHERE, FLEET_KEY, House
from service.serve import write_key
from service.store import tallies
from tests.fleet import Workers, workers
from tests.postgres import cluster

OVERHEAD_MS = 1.5
SPREAD = 1.1
"""CPU a unit of three workers over that of one, at most."""
WARM, UNITS, CASES = 64, 960, 240
ROWS_SECONDS, ROWS_MB = 60, 300
TICKS = os.sysconf("SC_CLK_TCK")


def tree_seconds(top: int) -> float:
    """CPU seconds of a process, of all below it, and of those that they have waited for."""
    parents, spent = {}, {}
    for place in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (place / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            parents[int(place.name)], spent[int(place.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    wanted, total = {top}, 0
    while wanted:
        total += sum(spent.get(pid, 0) for pid in wanted)
        wanted = {pid for pid, parent in parents.items() if parent in wanted}
    return total / TICKS


class Spinning(Fleet):
    """A fleet whose lanes take UNIT_MS a unit, whatever is ordered."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The chunk, to be worked on by benchmarks.service.spin."""
        chunk, body, _, *more = args
        return super().submit(fn, chunk, body, "benchmarks.service:spin", *more)


@contextlib.contextmanager
def standing(folder: pathlib.Path, rows: Iterator[bytes], count: int) -> Iterator[tuple[House, Workers, int]]:
    """A house over Postgres with a campaign of these rows, so many workers, and the server's pid."""
    with cluster() as database, mock.patch.dict(os.environ, {ELSEWHERE: database.url()}):
        house = alone.filled(folder, rows)
        write_key(folder / FLEET_KEY, house.vault.fleet())
        with workers(folder, folder / FLEET_KEY) as fleet:
            for n in range(count):
                fleet.worker(f"w{n}")
            yield house, fleet, database.process.pid if database.process else 0
        house.database.close()


def run_fleet(count: int, machines: int, kind: type[Fleet]) -> dict[str, float]:
    """So many units through store, dispatcher and workers: CPU and clock, once WARM units have gone before."""
    alone.all_cores()
    with (
        tempfile.TemporaryDirectory() as place,
        standing(pathlib.Path(place), alone.rows_of(WARM + count), machines) as (house, there, _),
    ):
        fleet = kind(there.at, house.vault.fleet())
        while fleet.lanes() < machines:
            time.sleep(0.1)
        dispatcher = Dispatcher(house.database, house.vault, house.packs, fleet, fleet.run, machines + 1)
        dispatcher.costs.known["phone-case", "mjf-pa12"] = alone.UNIT_MS / 1000.0
        dispatcher.costs.aim = alone.ALWAYS
        _drive(house, dispatcher, WARM)
        cpu, began = tree_seconds(os.getpid()), time.monotonic()
        before = _ended(house)
        _drive(house, dispatcher, WARM + count)
        spent, clock, units = tree_seconds(os.getpid()) - cpu, time.monotonic() - began, _ended(house) - before
        fleet.shutdown()
        with house.database.read() as conn:
            wrong = len(tallies.wrong(conn))
    return {"cpu_ms": 1000.0 * spent / units, "clock_ms": 1000.0 * clock / units, "units": units, "wrong": wrong}


def _drive(house: House, dispatcher: Dispatcher, until: int) -> None:
    """Until so many units have ended. It waits for its lanes and does not look around meanwhile, which costs by the second, not by the unit."""
    while _ended(house) < until:
        dispatcher.step(1.0)


def _ended(house: House) -> int:
    with house.database.read() as conn:
        return alone._ended(conn)


def run_rows(count: int, _: int) -> dict[str, float]:
    """Rows of NDJSON accepted into Postgres, all or nothing."""
    with cluster() as database, mock.patch.dict(os.environ, {ELSEWHERE: database.url()}):
        before = tree_seconds(database.process.pid if database.process else 0)
        told = alone.run_rows(count)
        told["server_s"] = tree_seconds(database.process.pid if database.process else 0) - before
    return {**told, "cpu_s": alone.cpu_seconds()}


RUNS: dict[str, Callable[[int, int], dict[str, float]]] = {
    "units": lambda count, machines: run_fleet(count, machines, Spinning),
    "cases": lambda count, machines: run_fleet(count, machines, Fleet),
    "rows": run_rows,
}


def ours(what: str, count: int, machines: int = 1) -> dict[str, float]:
    """One run, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.several", what, str(count), str(machines)]
    ran = subprocess.run(command, cwd=alone.HERE.parent, stdout=subprocess.PIPE, check=True, text=True)
    answer: dict[str, float] = json.loads(ran.stdout.strip().splitlines()[-1])
    return answer


def overhead_ms(_: object) -> float:
    """CPU milliseconds a unit beside its work."""
    came = ours("units", UNITS)
    alone.SAID["several-overhead"] = f"one worker, one lane; {came['clock_ms']:.2f} ms a unit by the clock"
    alone.SAID["several-counters"] = "" if came["wrong"] == 0 else "counters are wrong"
    return came["cpu_ms"] - alone.UNIT_MS


def spread(_: object) -> float:
    """CPU milliseconds of a case with a name, on three workers."""
    one, three = (ours("cases", CASES, machines) for machines in (1, 3))
    ratio = three["cpu_ms"] / one["cpu_ms"]
    met = "met" if ratio <= SPREAD else "MISSED"
    alone.SAID["several-spread"] = (
        f"{one['cpu_ms']:.1f} ms on one worker: {ratio:.2f} times that (goal at most {SPREAD}: {met})"
    )
    alone.SAID["several-cases"] = "" if one["wrong"] == three["wrong"] == 0 else "counters are wrong"
    return three["cpu_ms"]


def rows_ms(_: object) -> float:
    """Wall milliseconds for all rows."""
    came = ours("rows", alone.ROWS)
    alone.SAID["several-rows"] = (
        f"{came['cpu_s'] - came['server_s']:.0f} s CPU of ours, {came['server_s']:.0f} s of Postgres, "
        f"{came['mb']:.0f} MB of memory (at most {ROWS_MB}); wall time"
    )
    alone.SAID["several-memory"] = "" if came["mb"] <= ROWS_MB else f"{came['mb']:.0f} MB of memory"
    return 1000.0 * came["wall_s"]


def cases() -> Sequence[Case]:
    """Those of several machines."""
    return (
        Case(
            f"units of {alone.UNIT_MS:g} ms work on Postgres and Dask, chunks of {alone.CHUNK}: overhead beside it, in all processes",
            overhead_ms, lambda: alone.said("several-counters"), most_ms=OVERHEAD_MS, told=True, rounds=3, note=lambda: alone.SAID["several-overhead"],
        ),
        Case(
            "a case with a name on three workers, Postgres and Dask: CPU in all processes",
            spread, lambda: alone.said("several-cases"), told=True, rounds=1, note=lambda: alone.SAID["several-spread"],
        ),
        Case(
            f"{alone.ROWS:,} rows of NDJSON accepted into Postgres",
            rows_ms, lambda: alone.said("several-memory"), most_ms=1000.0 * ROWS_SECONDS, told=True, rounds=1, note=lambda: alone.SAID["several-rows"],
        ),
    )  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(RUNS[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)))
