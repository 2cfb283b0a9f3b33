"""A template proved over what customers may choose: the sweep, its shares, its smallest failing orders, and what it suspects."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.doors.child import Child
from engine.errands import Source
from engine.errors import UnikatError
from engine.sweep.axes import Axis, read
from engine.sweep.crew import Crew
from engine.sweep.findings import Failure, Outcome, Suspicion
from engine.sweep.idle import BASES, Base, idle, key_of
from engine.sweep.samples import Sample, order_of, samples
from engine.sweep.shrink import smallest
from engine.sweep.suspects import dead_rules, declared, refused_defaults, unheard, unsteady

MOST_REFUSED = 0.10
"""The share of orders that may end in a refusal which nothing that it names would cure."""
POINTS = 64
PICTURES = 48
JOBS = 2
Tell = Callable[[int, int, str], None]
"""How many orders are done, of how many, and what is done now."""


@dataclass(frozen=True)
class Checked:
    """What a sweep found. Shares are counts of orders; `planned` more than `tried`: time was up."""

    key: str
    process: str
    planned: int
    tried: int
    made: int
    made_as_told: int
    refused: Mapping[str, int]
    advised: Mapping[str, int]
    failed: Mapping[str, int]
    left_out: Mapping[str, int]
    failures: Sequence[Failure]
    suspicions: Sequence[Suspicion]
    unheard: Mapping[str, Sequence[str]]
    """Rules that only a person's file can make speak, with the fields of it: not tried, for a sweep sends none."""
    pictures: Sequence[tuple[bytes, str, str, bool]]
    seconds: float

    @property
    def refused_share(self) -> float:
        """Of all orders that were tried, those that no named change made possible."""
        return sum(self.refused.values()) / max(self.tried, 1)

    @property
    def passed(self) -> bool:
        """No failure, and few enough refusals."""
        return not self.failures and self.refused_share <= MOST_REFUSED


def check(
    source: Source,
    *,
    process: str | None = None,
    points: int = POINTS,
    seed: int = 0,
    seconds: float | None = None,
    jobs: int = JOBS,
    children: Sequence[Child] = (),
    tell: Tell = lambda done, of, what: None,
) -> Checked:
    """Sweep a template. TemplateError where it cannot even be imported; OrderError for an unknown key or process.

    `children`: of `engine.sweep.crew.hired`, where several templates are checked one after the other.
    `seconds`: begin no order of the sweep after that. The same seed tries the same orders in the same way.
    """
    started = time.monotonic()
    until = None if seconds is None else started + seconds
    with Crew(source, jobs, children) as crew:
        about = crew.ask("describe_here", process)
        axes = read(about["axes"])
        planned = _people(crew, about, samples(axes, points, seed), tell)
        ended = _swept(crew, about["process"], planned, until, tell)
        failures = [*refused_defaults(about, axes, ended), *_failures(crew, about, axes, ended, until, tell)]
        tell(len(ended), len(planned), "made again")
        failures += unsteady(crew, about, axes, ended, until)
        tell(len(ended), len(planned), "suspecting")
        suspicions = [*declared(about, ended), *dead_rules(crew, about, ended, until)]
        suspicions += _idle(crew, about, axes, ended, suspicions, until)
    return _summary(about, planned, ended, failures, suspicions, time.monotonic() - started)


Ended = dict[int, tuple[Sample, Outcome]]


def _people(crew: Crew, about: Mapping[str, Any], planned: Sequence[Sample], tell: Tell) -> list[Sample]:
    """The same orders, of what is made to measure each of a person where it is to be. As they were drawn where the template does not answer:
    what it does to its child, its orders will show."""
    if not about["made_to_measure"]:
        return list(planned)
    found: list[Sample] = []
    for at, sample in enumerate(planned):
        if sample.person:
            tell(at, len(planned), "measuring")
            try:
                sample = replace(sample, changes=crew.ask("person_here", about["process"], sample.changes))
            except UnikatError:
                return [*found, *planned[at:]]
        found.append(sample)
    return found


def _swept(crew: Crew, process: str, planned: Sequence[Sample], until: float | None, tell: Tell) -> Ended:
    ended: Ended = {}
    every = max(len(planned) // PICTURES, 1)

    def then(at: int, told: Outcome) -> None:
        ended[at] = (planned[at], told)
        tell(len(ended), len(planned), planned[at].kind)

    crew.each(((process, s.changes, k % every == 0, True) for k, s in enumerate(planned)), then, until)
    return dict(sorted(ended.items()))


def _failures(
    crew: Crew, about: Mapping[str, Any], axes: Sequence[Axis], ended: Ended, until: float | None, tell: Tell
) -> list[Failure]:
    """Each cause and place once, with the smallest order that ends so."""
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for _, told in ended.values():
        if told["result"] == "failed":
            groups.setdefault((told["cause"], told["where"]), []).append(told)
    found = []
    for (cause, where), members in sorted(groups.items()):
        tell(len(ended), len(ended), f"shrinking {cause}")
        first = min(members, key=lambda m: len(m["changes"]))
        # with what rules had it change on the way: without that the order would only be refused
        ready = {key_of(axes, first["changes"]): first["changes"]}

        def fails(changes: Mapping[str, Any], cause: str = cause, where: str = where, ready: dict[Any, Any] = ready) -> bool:
            if until is not None and time.monotonic() > until + 30:
                return False
            told = crew.outcome(about["process"], changes, False, True)
            failed = (told["result"], told.get("cause"), told.get("where")) == ("failed", cause, where)
            if failed:
                ready[key_of(axes, changes)] = told["changes"]
            return failed

        least = ready[key_of(axes, smallest(first["changes"], axes, fails))]
        order = order_of(axes, least, template=about["key"], process=about["process"])
        found.append(Failure(cause, where, first["why"], len(members), least, order))
    return found


def _idle(
    crew: Crew, about: Mapping[str, Any], axes: Sequence[Axis], ended: Ended, so_far: Sequence[Suspicion], until: float | None
) -> list[Suspicion]:
    """Values that change nothing, looked for in orders that were made, with all their texts; at last in two other processes, where `auto` may differ."""
    process = about["process"]
    unused = {s.what for s in so_far if s.kind == "unused"}
    made = [(s, t) for s, t in ended.values() if t["result"] == "made"]
    known = {(process, key_of(axes, t["changes"])): t["hash"] for _, t in made}
    texts = {a.name for a in axes if a.kind == "text" and not a.default}
    lettered = [(s, t) for s, t in made if texts <= {n for n, v in t["changes"].items() if v}] or made
    others = [t["changes"] for s, t in lettered if s.kind in ("pair", "sobol", "row")]
    bases: list[Base] = [(process, t["changes"]) for s, t in lettered if s.kind == "defaults"]
    bases += [(process, c) for c in others[:: max(len(others) // BASES, 1)][:BASES]]
    bases += [(other, bases[0][1]) for other in about["processes"][:2] if bases]
    everywhere: list[Base] = [(process, t["changes"]) for _, t in made]
    return idle(crew, [a for a in axes if a.name not in unused], known, bases, until, everywhere)


def _summary(
    about: Mapping[str, Any],
    planned: Sequence[Sample],
    ended: Ended,
    failures: Sequence[Failure],
    suspicions: Sequence[Suspicion],
    seconds: float,
) -> Checked:
    results = [told for _, told in ended.values()]
    made = [t for t in results if t["result"] == "made"]
    return Checked(
        about["key"],
        about["process"],
        len(planned),
        len(ended),
        sum(not t["advice"] for t in made),
        sum(bool(t["advice"]) for t in made),
        _counted(t["rule"] for t in results if t["result"] == "refused"),
        _counted(t["advice"][0][0] for t in made if t["advice"]),
        _counted(t["cause"] for t in results if t["result"] == "failed"),
        _counted(t["why"] for t in results if t["result"] == "left out"),
        failures,
        suspicions,
        unheard(ended),
        [
            (t["png"], s.kind, s.note or ", ".join(f"{n}={v}" for n, v in t["changes"].items()), t["result"] != "made")
            for s, t in ended.values()
            if t.get("png")
        ],
        seconds,
    )


def _counted(names: Any) -> dict[str, int]:
    return dict(Counter(names).most_common())
