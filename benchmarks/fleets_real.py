"""The real thing beside the model of benchmarks.fleets: what each part of it costs, and how fast 1, 2 and 3 workers are.

Units wait in their lane and do nothing, so that workers which share a core do not share its time.
"""

from __future__ import annotations

import contextlib
import pathlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from benchmarks import service as alone
from benchmarks.fleets import MOST, Costs, inflight, simulate
from benchmarks.several import standing, tree_seconds
from service.dispatch.dispatcher import Chunk, Dispatcher
from service.fleet.client import Fleet
from service.house import House
from service.lanes.pool import Made
from service.store import tallies
from tests.fleet import Workers

REST_S = 0.03
"""What a unit waits."""
CHUNKS = 16
"""Of each lane, in a run."""
MACHINES = 3
SEEN = (
    (REST_S, MOST, CHUNKS), (0.02, 8, 24), (0.005, MOST, 40), (0.05, 3, 20), (0.012, MOST, 30), (0.008, 6, 50), (0.003, MOST, 60), (0.1, 2, 12),
)  # fmt: skip
FRESH = ((0.007, 10, 40), (0.04, 5, 15), (0.002, MOST, 80))
"""Seconds that a unit waits, units in a chunk, chunks of each lane. The model was shaped while runs of the first kind were looked at; those
of the others in SEEN then showed a model up to 72 % too slow: the costs that it was fed were of a Postgres that knew nothing of rows which
had just come. It looks at them now (Database.learn), and a dispatcher is measured while it is busy; the model itself was not touched.
The kinds of FRESH were chosen after that, before any of them had run, and nothing was changed after them."""


def rest(units: Sequence[Mapping[str, Any]], folder: str, pack: str, bodies: bytes | None = None) -> list[dict[str, Any]]:
    """A lane's chunk that takes time and nothing else: asked as `service.lanes.work.chunk` is."""
    time.sleep(sum(told["rest"] for told in units))
    return [{"id": told["id"], "state": "done", "ms": 1000.0 * told["rest"], "cpu_ms": 0.0} for told in units]


class Resting(Fleet):
    """A fleet whose units wait `rest` seconds, whatever is ordered."""

    rest = REST_S

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The chunk, to be waited for."""
        chunk, body, _, (units, *place), *more = args
        told = ([{**unit, "rest": self.rest} for unit in units], *place)
        return super().submit(fn, chunk, body, "benchmarks.fleets_real:rest", told, *more)


@dataclass
class Timed(Dispatcher):
    """A dispatcher that begins so many units, and notes how long what it does takes, a chunk each."""

    left: int = 0
    spent: dict[str, list[float]] = field(default_factory=lambda: {"claim": [], "settle": []})
    cpu: float = 0.0

    def _claim(self) -> Chunk | None:
        if self.left <= 0:
            return None
        began, cpu = time.perf_counter(), time.thread_time()
        found = super()._claim()
        self._began = time.perf_counter() - began
        self.cpu += time.thread_time() - cpu
        self.left -= 0 if found is None else len(found.rows)
        return found

    def _submit(self, chunk: Chunk) -> None:
        began, cpu = time.perf_counter(), time.thread_time()
        super()._submit(chunk)
        self.cpu += time.thread_time() - cpu
        self.spent["claim"].append(self._began + time.perf_counter() - began)

    def _settle(self, chunk: Chunk, future: Future[Any]) -> None:
        began, cpu = time.perf_counter(), time.thread_time()
        super()._settle(chunk, future)
        self.cpu += time.thread_time() - cpu
        self.spent["settle"].append(time.perf_counter() - began)


def driven(house: House, fleet: Fleet, chunk: int, units: int, most: int) -> Timed:
    """So many units more, in chunks of that size, until all of them have ended."""
    made = Timed(house.database, house.vault, house.packs, fleet, fleet.run, most, left=units)
    made.costs.most, made.costs.aim = chunk, alone.ALWAYS
    made.costs.known["phone-case", "mjf-pa12"] = REST_S
    while made.left > 0 or made.flying:
        made.step(0.05)
    return made


@contextlib.contextmanager
def lined(house: House) -> Iterator[list[float]]:
    """How long each transaction that writes holds the line."""
    held: list[float] = []
    real = house.database.write

    @contextlib.contextmanager
    def write() -> Iterator[Any]:
        with contextlib.ExitStack() as stack:
            conn = stack.enter_context(real())
            began = time.perf_counter()
            yield conn
            stack.close()
            held.append(time.perf_counter() - began)

    house.database.write = write  # type: ignore[method-assign]
    try:
        yield held
    finally:
        house.database.write = real  # type: ignore[method-assign]


def costs_of(house: House, there: Workers, fleet: Resting, server: int) -> tuple[Costs, float]:
    """With one worker: medians by the clock; and in what share of that time the dispatcher or the database (`server`: its pid) worked."""
    fleet.rest, busy = 0.0, 2  # what a dispatcher costs counts where it is always busy: so it is measured
    driven(house, fleet, MOST, 2 * MOST, busy)  # warm
    cpu = tree_seconds(there.processes["scheduler"].pid)
    before = tree_seconds(server)
    with lined(house) as held:
        many = driven(house, fleet, MOST, CHUNKS * MOST, busy)
    worked = tree_seconds(server) - before + many.cpu
    share = min(1.0, worked / sum(sum(took) for took in many.spent.values()))
    line = statistics.median(held)
    few = driven(house, fleet, 1, 2 * CHUNKS, busy)
    scheduler = (tree_seconds(there.processes["scheduler"].pid) - cpu) / (3 * CHUNKS)
    claims, settles = ([statistics.median(one.spent[what]) for one in (few, many)] for what in ("claim", "settle"))
    slope = (claims[1] - claims[0] + settles[1] - settles[0]) / (2 * (MOST - 1))
    unit = min(max(slope, 0.0), min(claims[1], settles[1]) / MOST)
    claim, settle = claims[1] - MOST * unit, settles[1] - MOST * unit
    return Costs(claim, settle, line, _way(fleet), scheduler, unit), share


def _way(fleet: Resting) -> float:
    """From here to a lane that does nothing, and back."""
    took = []
    for n in range(CHUNKS):
        began = time.perf_counter()
        told = fleet.submit(fleet.run, f"way{n}", b"", "", ([{"id": "u"}], "", ""), 10.0, ["u"]).result(30)
        took.append(time.perf_counter() - began)
        assert isinstance(told, Made)
    return statistics.median(took)


def check(runs: Sequence[tuple[float, int, int]] = (*SEEN, *FRESH)) -> tuple[Costs, list[dict[str, float]]]:
    """What each part costs where nobody else is at work; and for 1, 2 and 3 workers, as busy as this machine is, the units a second of
    the model and of the real thing."""
    rows = []
    costs, share = None, 1.0
    total = sum(range(1, MACHINES + 1)) * (sum(chunk * chunks for _, chunk, chunks in runs) + 2 * MOST) + 4 * MOST * CHUNKS
    with (
        tempfile.TemporaryDirectory() as place,
        standing(pathlib.Path(place), alone.rows_of(total), 1) as (house, there, server),
    ):
        fleet = Resting(there.at, house.vault.fleet())
        for machines in range(1, MACHINES + 1):
            if machines > 1:
                there.worker(f"w{machines - 1}")
            while fleet.lanes() < machines:
                time.sleep(0.1)
            driven(house, fleet, MOST, machines * MOST, machines)  # every lane has begun once
            if costs is None:
                costs, share = costs_of(house, there, fleet, server)
            for seconds, chunk, chunks in runs:
                fleet.rest, units = seconds, machines * chunk * chunks
                began = time.monotonic()
                driven(house, fleet, chunk, units, inflight(machines))
                rate = units / (time.monotonic() - began)
                model = simulate(costs, machines, seconds, chunk, units)
                kind = {"workers": machines, "ms": 1000.0 * seconds, "chunk": chunk, "fresh": (seconds, chunk, chunks) in FRESH}
                rows.append({**kind, "model": model.rate, "measured": rate})
            fleet.rest = REST_S
        fleet.shutdown()
        with house.database.read() as conn:
            assert tallies.wrong(conn) == []
    assert costs is not None
    return costs.scaled(share), rows
