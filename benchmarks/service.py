"""What the service costs beside the product: overhead a unit, a million rows accepted, a campaign end to end, and two task queues beside us.

What works in other processes is told by their kernel: CPU time of a whole tree of processes, of a long run less a short one, so that
starting costs nothing. `python -m benchmarks.service WHAT N` is one such run.
"""

from __future__ import annotations

import csv
import functools
import gc
import itertools
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from benchmarks.harness import Case
from benchmarks.taking import posting_cases
from service.campaigns.receiving import Asked, Receiving
from service.clock import now
from service.dispatch.dispatcher import Dispatcher
from service.house import House, open_house
from service.intake import Sender
from service.lanes import work
from service.lanes.pool import Lanes
from service.lanes.unit import Unit
from service.store import keys, queue, tallies

HERE = pathlib.Path(__file__).parent
CHUNK = 16
ALWAYS = 1e9
"""Seconds that a chunk may take where it is always to be of CHUNK units, whatever a noisy machine makes of their cost."""
OVERHEAD_MS = 0.6
UNIT_MS = 1.0
"""Of work in each unit that we and the task queues do."""
SHORT, LONG = 100, 1_100
NAMES = 10_000
UNITS_A_SECOND = 150
ROWS = 1_000_000
ROWS_SECONDS, ROWS_MB = 60, 300
FAIR = 0.05
WEIGHTS = {"one": 1.0, "three": 3.0}
QUEUES: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    "celery": ("celery_units.py", ("celery==5.6.0", "redis==7.1.0"), "redis-server"),
}
"""Peer -> its file in benchmarks/peers, what it installs, and the program that it needs."""


# ---- what a run is made of -------------------------------------------------------------------------------------------


def filled(folder: pathlib.Path, rows: Iterator[bytes], tenant: str = "shop", weight: float = 1.0) -> House:
    """A house with a campaign of these NDJSON rows."""
    house = open_house(folder)
    with house.database.write() as conn:
        one = keys.new_tenant(conn, tenant, now(), weight=weight)
    Receiving(house, Sender(one), Asked("phone-case", formats=("3mf", "png")), ROWS + 1).receive(rows)
    return house


def rows_of(count: int) -> Iterator[bytes]:
    """Orders, in pieces as a socket gives them."""
    lines = (b'{"parameters":{"name":"Zoe %d"}}\n' % n for n in range(count))
    while piece := b"".join(itertools.islice(lines, 2_000)):
        yield piece


def names(count: int) -> list[str]:
    """As people are called: the frequent names again and again, shuffled the same each time."""
    path = HERE.parent.parent / "shared" / "data" / "names" / "yob2017.txt"
    if not path.is_file():
        return [f"Zoe {n}" for n in range(count)]
    known = [(name, int(n)) for name, _, n in csv.reader(path.read_text(encoding="utf-8").splitlines())]
    total, at = sum(n for _, n in known), 0
    found: list[str] = []
    for name, n in known:
        at += n
        found += [name] * (at * count // total - len(found))
    return [found[k * 7919 % count] for k in range(count)]


def spin(units: Sequence[Mapping[str, Any]], folder: str, pack: str, bodies: bytes | None = None) -> list[dict[str, Any]]:
    """A lane's chunk without the product, asked as `service.lanes.work.chunk` is: each order is opened, and UNIT_MS of CPU time goes by."""
    ended = []
    for told in units:
        one = Unit(**told)
        until = time.thread_time() + UNIT_MS / 1000.0
        work.order_of(one)
        while time.thread_time() < until:
            pass
        ended.append({"id": one.id, "state": "done", "ms": UNIT_MS, "cpu_ms": UNIT_MS, "lane_s": time.process_time()})
    return ended


class Here:
    """An executor that works at once, in this thread."""

    def submit(self, call: Any, *args: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(call(*args))
        return done


def drive(dispatcher: Dispatcher, until: int) -> None:
    """Until so many units have ended."""
    while True:
        dispatcher.step(0.05)
        with dispatcher.database.read() as conn:
            if _ended(conn) >= until:
                return


def _ended(conn: Any) -> int:
    return sum(n for _, state, n in conn.exec_driver_sql("SELECT queue, state, n FROM tallies") if state in queue.ENDED)


def all_cores() -> None:
    """Take back what pinning took."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))


def most_mb() -> float:
    """The most memory that this process has held. (`ru_maxrss` would count what its parent held when it was started.)"""
    (line,) = (w for w in pathlib.Path("/proc/self/status").read_text().splitlines() if w.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024.0


def cpu_seconds() -> float:
    """Of this process and of all that it started and waited for."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


# ---- runs in a process of their own ----------------------------------------------------------------------------------


def run_units(count: int) -> dict[str, float]:
    """Units of UNIT_MS through the store, the dispatcher and one lane."""
    with tempfile.TemporaryDirectory() as place:
        house = filled(pathlib.Path(place), rows_of(count))
        lanes = Lanes(1, preload=("benchmarks.service",))
        lanes.start()
        with ThreadPoolExecutor(1) as executor:
            spent: list[float] = []
            dispatcher = Dispatcher(house.database, house.vault, house.packs, executor, _spinning(lanes, spent), 2)
            dispatcher.costs.known["phone-case", "mjf-pa12"] = UNIT_MS / 1000.0
            dispatcher.costs.aim = ALWAYS
            drive(dispatcher, count)
        lanes.close()
        with house.database.read() as conn:
            assert tallies.wrong(conn) == []
        house.database.close()
    return {"lane_s": max(spent)}


def _spinning(lanes: Lanes, spent: list[float]) -> Any:
    def run(chunk: str, body: bytes, target: str, *more: Any) -> Any:
        answers = lanes.run(chunk, body, "benchmarks.service:spin", *more)
        spent.append(answers[-1]["lane_s"])
        return answers

    return run


def run_campaign(count: int) -> dict[str, float]:
    """Names of one phone, from the posted rows to sealed files: verified, 3MF, thumbnail. Both cores."""
    all_cores()
    rows = [json.dumps({"parameters": {"name": name}}, ensure_ascii=False).encode() + b"\n" for name in names(count)]
    with tempfile.TemporaryDirectory() as place:
        lanes = Lanes(2)
        lanes.start()
        began = time.monotonic()
        house = filled(pathlib.Path(place), iter(rows))
        with ThreadPoolExecutor(2) as executor:
            dispatcher = Dispatcher(house.database, house.vault, house.packs, executor, lanes.run, 3)
            drive(dispatcher, count)
        spent = time.monotonic() - began
        lanes.close()
        with house.database.read() as conn:
            states = dict(conn.exec_driver_sql("SELECT state, SUM(n) FROM tallies GROUP BY state").all())
            assert tallies.wrong(conn) == []
        house.database.close()
    return {
        "wall_s": spent,
        "made": states.get("done", 0),
        "refused": states.get("refused", 0),
        "failed": states.get("failed", 0),
    }


def run_rows(count: int) -> dict[str, float]:
    """Rows of NDJSON accepted, all or nothing."""
    from service.web import SELDOM

    all_cores()
    gc.set_threshold(*SELDOM)  # as the web process has it
    with tempfile.TemporaryDirectory() as place:
        began = time.monotonic()
        house = filled(pathlib.Path(place), rows_of(count))
        spent = time.monotonic() - began
        with house.database.read() as conn:
            assert sum(n for (n,) in conn.exec_driver_sql("SELECT n FROM tallies WHERE state = 'queued'")) == count
        house.database.close()
    return {"wall_s": spent, "mb": most_mb()}


RUNS = {"units": run_units, "campaign": run_campaign, "rows": run_rows}


def told(command: Sequence[str]) -> dict[str, float]:
    """What a run says of itself."""
    ran = subprocess.run(command, cwd=HERE.parent, stdout=subprocess.PIPE, check=True, text=True)
    answer: dict[str, float] = json.loads(ran.stdout.strip().splitlines()[-1])
    return answer


def ours(what: str, count: int) -> dict[str, float]:
    """One run of ours."""
    return told([sys.executable, "-m", "benchmarks.service", what, str(count)])


# ---- the cases -------------------------------------------------------------------------------------------------------


@functools.cache
def bench() -> tuple[House, Any]:
    """A house full of orders; and a product as a lane makes it, given again for each of them."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="unikat-benchmark-"))
    house = filled(folder, rows_of(20_000))
    made: list[Any] = []
    real = work.make

    def once(*args: Any, **more: Any) -> Any:
        if not made:
            made.append(real(*args, **more))
        return made[0]

    work.make = once
    dispatcher = Dispatcher(house.database, house.vault, house.packs, Here(), _here, 1)  # type: ignore[arg-type]
    dispatcher.costs.known["phone-case", "mjf-pa12"] = 0.003
    dispatcher.costs.aim = ALWAYS
    dispatcher.step()
    return house, dispatcher


def _here(chunk: str, body: bytes, target: str, args: Sequence[Any], *_: Any) -> Any:
    return work.chunk(*args)


def one_chunk(_: object) -> None:
    """Claimed, opened, sealed into a pack, settled; the product itself was there."""
    bench()[1].step()


def chunks_are_whole() -> Sequence[str]:
    """A step settles CHUNK units, and the counters are those of the rows."""
    house, dispatcher = bench()
    with house.database.read() as conn:
        before = _ended(conn)
    dispatcher.step()
    with house.database.read() as conn:
        ended, wrong = _ended(conn) - before, tallies.wrong(conn)
    return [*([] if ended == CHUNK else [f"a step settled {ended} units"]), *(["counters are wrong"] if wrong else [])]


def fairness() -> Sequence[str]:
    """Two tenants whose units cost the same: how the lane's time is shared, while both wait."""
    with tempfile.TemporaryDirectory() as place:
        for tenant, weight in WEIGHTS.items():
            house = filled(pathlib.Path(place), rows_of(1_200), tenant, weight)
            house.database.close()
        house = open_house(pathlib.Path(place))
        dispatcher = Dispatcher(house.database, house.vault, house.packs, Here(), _spun, 1)  # type: ignore[arg-type]
        for _ in range(80):
            dispatcher.step()
        with house.database.read() as conn:
            told = "SELECT tenants.name, SUM(n) FROM tallies JOIN tenants ON tenants.id = tenant WHERE state = 'done' GROUP BY name"
            done = dict(conn.exec_driver_sql(told).all())
        house.database.close()
    total = sum(done.values())
    shares = {tenant: done.get(tenant, 0) / total for tenant in WEIGHTS}
    off = max(abs(shares[t] / (w / sum(WEIGHTS.values())) - 1.0) for t, w in WEIGHTS.items())
    SAID["fair"] = f"weights 1 and 3 had {shares['one']:.1%} and {shares['three']:.1%} of {total} units"
    return [] if off <= FAIR else [f"shares are {off:.1%} off the weights"]


def _spun(chunk: str, body: bytes, target: str, args: Sequence[Any], *_: Any) -> Any:
    return [{"id": unit["id"], "state": "done", "ms": 10.0, "cpu_ms": 10.0} for unit in args[0]]


SAID: dict[str, str] = {}


def choice(_: object) -> None:
    """What fairness itself costs: looking at the heads of all queues, and choosing."""
    house, dispatcher = bench()
    with house.database.read() as conn:
        dispatcher.fairness.choose(queue.heads(conn))


def unit_overhead(run: Any) -> float:
    """CPU milliseconds a unit beside its work: of a long run less a short one."""
    short, long = run(SHORT)["cpu_s"], run(LONG)["cpu_s"]
    return float(1000.0 * (long - short) / (LONG - SHORT) - UNIT_MS)


def peers() -> dict[str, Any]:
    """The task queues that can be had here."""
    found: dict[str, Any] = {}
    for name, (file, pins, program) in QUEUES.items():
        uv = os.environ.get("UV") or shutil.which("uv")
        if uv is None or shutil.which(program) is None:
            print(f"service: {name} is left out: it needs uv, and {program} (apt install {program})", file=sys.stderr)
            continue
        packages = [word for pin in pins for word in ("--with", pin)]
        command = [uv, "run", "--no-project", *packages, "python", str(HERE / "peers" / file)]
        found[name] = lambda _, command=command: unit_overhead(lambda n: told([*command, str(n), str(UNIT_MS)]))
    return found


def campaign_ms(_: object) -> float:
    """Wall milliseconds a unit."""
    came = ours("campaign", NAMES)
    rate = NAMES / came["wall_s"]
    kept = ", ".join(f"{state} {came[state]:.0f}" for state in ("made", "refused", "failed"))
    SAID["campaign"] = f"{rate:.0f} units a second, {rate * 86_400 / 1e6:.1f} million a day; {kept}; wall time, all cores"
    SAID["lost"] = "" if came["made"] + came["refused"] == NAMES else "some units failed or were lost"
    return 1000.0 / rate


def rows_ms(_: object) -> float:
    """Wall milliseconds for all rows."""
    came = ours("rows", ROWS)
    SAID["rows"] = (
        f"{came['cpu_s'] / ROWS * 1e6:.0f} us CPU a row, {came['mb']:.0f} MB of memory (at most {ROWS_MB}); wall time"
    )
    SAID["memory"] = "" if came["mb"] <= ROWS_MB else f"{came['mb']:.0f} MB of memory"
    return 1000.0 * came["wall_s"]


def said(*what: str) -> list[str]:
    """What a run had to complain of."""
    return [SAID[name] for name in what if SAID.get(name)]


def cases() -> Sequence[Case]:
    """The subject `service`."""
    return (
        *posting_cases(),
        Case(
            f"overhead of a chunk of {CHUNK}: claimed, opened, sealed, packed, settled",
            one_chunk,
            chunks_are_whole,
            most_ms=OVERHEAD_MS * CHUNK,
            note=lambda: f"goal {OVERHEAD_MS} ms a unit",
        ),
        Case("fairness: a choice between queues", choice, fairness, note=lambda: SAID["fair"]),
        Case(
            f"units of {UNIT_MS:g} ms work: overhead beside it, in all processes",
            lambda _: unit_overhead(lambda n: ours("units", n)),
            list,
            peers=peers(),
            most_ms=OVERHEAD_MS,
            told=True,
            rounds=3,
        ),
        Case(
            f"a campaign of {NAMES:,} names of one phone, end to end: ms a unit",
            campaign_ms,
            lambda: said("lost"),
            most_ms=1000.0 / UNITS_A_SECOND,
            told=True,
            rounds=1,
            note=lambda: SAID["campaign"],
        ),
        Case(
            f"{ROWS:,} rows of NDJSON accepted",
            rows_ms,
            lambda: said("memory"),
            most_ms=1000.0 * ROWS_SECONDS,
            told=True,
            rounds=1,
            note=lambda: SAID["rows"],
        ),
    )


if __name__ == "__main__":
    answer = RUNS[sys.argv[1]](int(sys.argv[2]))
    print(json.dumps({**answer, "cpu_s": cpu_seconds() + answer.get("lane_s", 0.0)}))
