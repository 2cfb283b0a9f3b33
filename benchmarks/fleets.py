"""`python -m benchmarks.fleets`: what larger fleets would do than this machine holds, by a model of the service fed with measured costs.

A discrete-event simulation: one dispatcher that claims and settles chunks one after another, the line of those who write into the
database, the scheduler, the way there and back, and lanes. Units of one template, all the same, lie in the store at the start. It says
how many a second are made, when the last of a backlog is begun, how busy each part is, and which one holds up the others.
`--check` asks one worker of this machine what each part costs, and runs 1, 2 and 3 workers beside the model whose units wait, so that
they do not share a core's time: those that the model was shaped by, and others; `--docs` writes the tables into service/docs/several.md.
"""

from __future__ import annotations

import argparse
import heapq
import json
import pathlib
import re
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

HERE = pathlib.Path(__file__).parent
COSTS = HERE / "fleets.json"
PAGE = HERE.parent / "service/docs/several.md"
WORKERS = (1, 3, 10, 30, 100, 200)
UNITS_MS = (10.0, 30.0, 100.0)
"""What a unit costs a lane: a case from charts, an insole, a pair of glasses."""
CHUNK_S, MOST = 0.3, 16
"""As service.dispatch.fair has them: a chunk's aim, and its most units."""
WAITING, BESIDE = 4, 4
BACKLOG = 10_000
CLOSE = 0.15
"""So far may the model be off, where a chunk takes LONG seconds or more."""
LONG = 0.1
"""Of shorter ones the model is too fast: likely since they keep all processes at work, which here share a core, and the model's have one each."""


@dataclass(frozen=True)
class Costs:
    """Seconds a chunk. `claim`, `settle`: of the dispatcher, alone; `line`: of each of the two, in the line of those who write;
    `way`: from dispatcher to lane and back, beside the work; `scheduler`: its CPU; `unit`: of the dispatcher, for each unit in a chunk."""

    claim: float
    settle: float
    line: float
    way: float
    scheduler: float
    unit: float = 0.0

    def scaled(self, by: float) -> Costs:
        """On a machine that does nothing else: what is measured by the clock takes that share of it. The scheduler's CPU stays."""
        return Costs(self.claim * by, self.settle * by, self.line * by, self.way * by, self.scheduler, self.unit * by)


@dataclass(frozen=True)
class Told:
    """Of one fleet. `rate`: units a second. `age`: seconds after which the last of BACKLOG was begun. The rest: shares of time."""

    rate: float
    age: float
    lanes: float
    dispatcher: float
    line: float
    scheduler: float

    @property
    def narrow(self) -> str:
        """The part that holds up the others: the busiest."""
        busy = {"lanes": self.lanes, "dispatcher": self.dispatcher, "database": self.line, "scheduler": self.scheduler}
        return max(busy, key=lambda part: busy[part])


@dataclass
class Server:
    """Something that does one thing at a time: when it is free, and how long it was not."""

    free: float = 0.0
    busy: float = 0.0

    def take(self, at: float, seconds: float) -> float:
        """It begins with it as soon as it can: when it has ended."""
        self.free = max(self.free, at) + seconds
        self.busy += seconds
        return self.free


def size(unit: float) -> int:
    """Units in a chunk."""
    return max(1, min(MOST, int(CHUNK_S / unit)))


def inflight(lanes: int) -> int:
    """Chunks under way, as service.dispatch.working has it."""
    return lanes + max(min(lanes, WAITING), -(-lanes // BESIDE))


def simulate(costs: Costs, lanes: int, unit: float, chunk: int, units: int, most: int | None = None) -> Told:
    """Until all units have ended. `most`: chunks under way."""
    most = inflight(lanes) if most is None else most
    line, scheduler = Server(), Server()
    mine: list[deque[int]] = [deque() for _ in range(lanes)]
    at_work = [False] * lanes
    events: list[tuple[float, int, str, int]] = []
    told = waits = flying = ended = 0
    now = lane_busy = dispatcher_busy = age = 0.0
    ready: deque[int] = deque()
    count = 0

    def later(at: float, what: str, held: int) -> None:
        nonlocal count
        count += 1
        heapq.heappush(events, (at, count, what, held))

    def written(fixed: float, held: int) -> float:
        whole = fixed + costs.unit * held
        inside = min(costs.line, whole)
        return line.take(now, inside) + whole - inside

    def dispatch() -> None:
        """The dispatcher's next act, as its loop has it: it fills, then settles."""
        nonlocal told, flying, age, dispatcher_busy, waits
        if waits:
            return
        if told < units and flying < most:
            held = min(chunk, units - told)
            done = written(costs.claim, held)
            told, flying, age = told + held, flying + 1, done
            later(scheduler.take(done, costs.scheduler / 2) + costs.way / 2, "there", held)
        elif ready:
            held = ready.popleft()
            done = written(costs.settle, held)
            later(done, "settled", held)
        else:
            return
        dispatcher_busy += done - now
        waits = 1
        later(done, "free", 0)

    dispatch()
    while events:
        now, _, what, held = heapq.heappop(events)
        lane = -1
        if what == "there":  # a scheduler gives a chunk to who has fewest, at once: it stays there
            lane = min(range(lanes), key=lambda one: len(mine[one]) + at_work[one])
            mine[lane].append(held)
        elif what.isdigit():
            lane = int(what)
            at_work[lane] = False
            later(scheduler.take(now, costs.scheduler / 2) + costs.way / 2, "back", held)
        elif what == "back":
            ready.append(held)
        elif what == "settled":
            flying, ended = flying - 1, ended + held
        else:
            waits = 0
        if lane >= 0 and mine[lane] and not at_work[lane]:
            held, at_work[lane] = mine[lane].popleft(), True
            lane_busy += held * unit
            later(now + held * unit, f"{lane}", held)
        dispatch()
    assert ended == units
    return Told(units / now, age, lane_busy / (lanes * now), dispatcher_busy / now, line.busy / now, scheduler.busy / now)


def fleets(costs: Costs) -> list[tuple[int, float, Told]]:
    """Every fleet of every kind of unit: of one lane a worker."""
    return [(w, ms, simulate(costs, w, ms / 1000.0, size(ms / 1000.0), BACKLOG)) for ms in UNITS_MS for w in WORKERS]


def table(costs: Costs) -> str:
    """As a page has it."""
    lines = [
        f"| lanes, ms a unit | units a second | last of {BACKLOG:,} begun after | lanes busy | dispatcher busy | database's line | narrow |",
        "|---|---|---|---|---|---|---|",
    ]
    for lanes, ms, told in fleets(costs):
        shares = " | ".join(f"{share:.0%}" for share in (told.lanes, told.dispatcher, told.line))
        lines.append(f"| {lanes}, {ms:g} | {told.rate:,.0f} | {told.age:,.0f} s | {shares} | {told.narrow} |")
    return "\n".join(lines)


def checked(rows: Sequence[Mapping[str, float]]) -> str:
    """The model beside the real thing."""
    lines = ["| workers, ms a unit, units a chunk | units a second, model | measured | off |", "|---|---|---|---|"]
    for row in sorted(rows, key=lambda row: (-row["fresh"], -row["chunk"] * row["ms"], row["workers"])):
        off = row["model"] / row["measured"] - 1.0
        kind = f"{row['workers']}, {row['ms']:g}, {row['chunk']}{': fresh' if row['fresh'] else ''}"
        lines.append(f"| {kind} | {row['model']:.1f} | {row['measured']:.1f} | {off:+.1%} |")
    return "\n".join(lines)


def known() -> Costs:
    """As they were measured last."""
    return Costs(**json.loads(COSTS.read_text(encoding="utf-8")))


def put(text: str, made: str) -> str:
    """A page with that table instead of the one with the same first line's first cell."""
    first = re.escape("|".join(made.split("|")[:2]) + "|")
    return re.sub(first + r".*\n(\|.*\n)+", lambda _: made + "\n", text)


def main() -> int:
    """See the head of this file."""
    from benchmarks import fleets_real as real

    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument(
        "--check", action="store_true", help="measure what each part costs, and set 1, 2 and 3 workers beside the model"
    )
    told.add_argument("--docs", action="store_true", help="write the tables into the page")
    asked = told.parse_args()
    made, wrong = [], False
    if asked.check:
        costs, rows = real.check()
        COSTS.write_text(json.dumps({n: round(v, 6) for n, v in asdict(costs).items()}, indent=1) + "\n", encoding="utf-8")
        made.append(checked(rows))
        long = [row for row in rows if row["ms"] * row["chunk"] >= 1000.0 * LONG]
        wrong = any(abs(row["model"] / row["measured"] - 1.0) > CLOSE for row in long)
    made.append(table(known()))
    print("\n\n".join(made))
    if asked.docs and not wrong:
        text = PAGE.read_text(encoding="utf-8")
        for one in made:
            text = put(text, one)
        PAGE.write_text(text, encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
