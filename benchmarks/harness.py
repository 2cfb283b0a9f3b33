"""What every benchmark shares: cases, timing in turn on one core, and what came of it as a table and as JSON.

Ours and every peer get the same input in the same round, one after the other, so that a busy machine is busy for all of them.
What is timed is CPU time of this process, all its threads together. A case whose answers disagree is a failure, whatever its
speed; a goal that is missed is said, and is none: a machine may be slow, an answer may not be wrong.
"""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LEAST_ROUNDS = 5
MOST_ROUNDS = 60
SECONDS = 3.0
"""CPU seconds after which a case begins no further round, once it has LEAST_ROUNDS."""
TURN_MS = 10.0
"""A turn lasts about so long: what is short is called several times, or its first call after another's turn would be all of it."""
MOST_CALLS = 8


@dataclass(frozen=True)
class Case:
    """One line of the table: `ours` and each peer are called with one of `inputs`, the same for all in a round.

    `agree` runs all of them and returns what differs, or nothing. `goals`: how many times slower each peer must be;
    `most_ms`: CPU milliseconds of ours at most. `note`: read when all is timed.
    """

    name: str
    ours: Callable[[Any], object]
    agree: Callable[[], Sequence[str]]
    peers: Mapping[str, Callable[[Any], object]] = field(default_factory=dict)
    inputs: Sequence[Any] = (None,)
    goals: Mapping[str, float] = field(default_factory=dict)
    most_ms: float | None = None
    note: Callable[[], str] = str
    told: bool = False
    """What is called returns the milliseconds itself: it is other processes that work. `agree` is then asked after the runs."""
    rounds: int = 1
    """So many of those runs."""
    units: int = 1
    """A call makes so many: times are told of one."""


@dataclass(frozen=True)
class Times:
    """CPU milliseconds: the median, and the quartiles on both sides of it."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Result:
    """What came of one case. `differ`: what the answers disagree in."""

    subject: str
    case: Case
    ours: Times
    peers: Mapping[str, Times]
    differ: tuple[str, ...]

    @property
    def ratio(self) -> float | None:
        """The best peer's time over ours; None without a peer."""
        return min(times.median for times in self.peers.values()) / self.ours.median if self.peers else None

    @property
    def met(self) -> bool | None:
        """Whether every goal is met; None without one."""
        held = [self.peers[name].median >= factor * self.ours.median for name, factor in self.case.goals.items()]
        if self.case.most_ms is not None:
            held.append(self.ours.median <= self.case.most_ms)
        return all(held) if held else None

    @property
    def goal(self) -> str | None:
        """The goals in words; None without one."""
        told = [] if self.case.most_ms is None else [f"at most {self.case.most_ms:g} ms"]
        told += [f"{factor:g}x {name}" for name, factor in self.case.goals.items()]
        return ", ".join(told) or None

    def row(self) -> dict[str, object]:
        """The JSON row: the keys are a contract."""
        return {
            "subject": self.subject,
            "case": self.case.name,
            "ours_ms": _short(self.ours.median),
            "peers": {name: _short(times.median) for name, times in self.peers.items()},
            "ratio": None if self.ratio is None else _short(self.ratio),
            "goal": self.goal,
            "met": self.met,
            "agree": not self.differ,
            "note": "; ".join([*self.differ, f"half of ours within {self.spread}", *filter(None, [self.case.note()])]),
        }

    @property
    def spread(self) -> str:
        """The quartiles of ours."""
        return f"{_short(self.ours.low):g} to {_short(self.ours.high):g} ms"


def pin() -> int | None:
    """Put this process, and what it starts, on one core: the last it may use. None where the system cannot."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core


def run(subject: str, case: Case) -> Result:
    """Check the answers (which warms everything), then time ours and each peer in turn, every call a sample."""
    if case.told:
        return _run_told(subject, case)
    differ = tuple(case.agree())
    everyone = {"": case.ours, **case.peers}
    calls = {name: _calls(call, case.inputs[0]) for name, call in everyone.items()}
    spent: dict[str, list[float]] = {name: [] for name in everyone}
    started = time.process_time()
    for at in range(MOST_ROUNDS):
        if at >= LEAST_ROUNDS and time.process_time() - started > SECONDS:
            break
        first = 1 + at * max(calls.values())
        for name, call in everyone.items():
            gc.collect()  # what one leaves behind is not swept in the other's time
            for given in (case.inputs[(first + i) % len(case.inputs)] for i in range(calls[name])):
                began = time.process_time_ns()
                call(given)
                spent[name].append((time.process_time_ns() - began) / 1e6 / case.units)
    return Result(subject, case, _times(spent[""]), {name: _times(spent[name]) for name in case.peers}, differ)


def _run_told(subject: str, case: Case) -> Result:
    everyone = {"": case.ours, **case.peers}
    spent: dict[str, list[Any]] = {name: [] for name in everyone}
    for at in range(case.rounds):
        for name, call in everyone.items():
            spent[name].append(call(case.inputs[at % len(case.inputs)]))
    times = {name: _times(measured * 2 if len(measured) == 1 else measured) for name, measured in spent.items()}
    return Result(subject, case, times.pop(""), times, tuple(case.agree()))


def _calls(call: Callable[[Any], object], given: object) -> int:
    """How many calls a turn takes to last TURN_MS."""
    began = time.process_time_ns()
    call(given)
    return min(MOST_CALLS, 1 + int(TURN_MS * 1e6 / max(time.process_time_ns() - began, 1)))


def _times(measured: Sequence[float]) -> Times:
    low, _, high = statistics.quantiles(measured, n=4, method="inclusive")
    return Times(statistics.median(measured), low, high)


def table(results: Sequence[Result]) -> str:
    """The results for a terminal: one line a case, what disagrees and the note under it."""
    lines = []
    for result in results:
        row = result.row()
        peers = ", ".join(
            f"{name} {_short(t.median):g} ms [{_short(t.low):g}, {_short(t.high):g}]" for name, t in result.peers.items()
        )
        ratio = "" if result.ratio is None else f"   {_short(result.ratio):g}x the best of: {peers}"
        lines.append(f"{result.subject}: {result.case.name}")
        lines.append(f"    {row['ours_ms']:g} ms [{_short(result.ours.low):g}, {_short(result.ours.high):g}]{ratio}")
        if result.goal is not None:
            lines.append(f"    goal {result.goal}: {'met' if result.met else 'MISSED'}")
        lines.append(f"    answers {'agree' if not result.differ else 'DISAGREE: ' + '; '.join(result.differ)}")
        if told := result.case.note():
            lines.append(f"    {told}")
    return "\n".join(lines)


def _short(value: float) -> float:
    """Three digits: more would be noise."""
    return float(f"{value:.3g}")
