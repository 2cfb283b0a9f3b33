"""`unikat compile`: the charts of a template's @cad stages, structure by structure, the commonest first."""

from __future__ import annotations

import hashlib
import json
import math
import pathlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from engine.chart import form, shelf
from engine.chart.chart import Chart
from engine.chart.coordinates import Unchartable
from engine.chart.shelf import folder_of
from engine.compiling import choosing, fitting
from engine.compiling.certify import Certificate, certify, picture
from engine.compiling.charting import Charting
from engine.compiling.crew import LEAST_DEADLINE, SCOUT_DEADLINE, Crew, Spent, Undrawn
from engine.compiling.draughting import Bodies
from engine.compiling.drawing import NEARER
from engine.compiling.outcome import Asked, Made, MoreInputs, Orders, Outcome
from engine.doors.cad import versions
from engine.errands import Source
from engine.errors import OrderError, TemplateError
from engine.language.charted import name_in
from engine.sweep.crew import at_once

PROCESS = "process"
SCOUTED = 4000
"""Sobol orders that find the structures."""
SLOWER = 3.0
"""Watched bodies have so many times what the first of them took."""
CHILDREN = 2
"""For so many children one structure more is in work: each waits for its own middle, its reference and its fit, while others draw."""
WATCHED = 12
"""So many bodies of a structure are drawn with watched numbers."""
EXPLORED = 16000
"""Changes of its members that are tried for more orders of one structure: some 4,000 that the rules take. They cost little beside bodies, and
of them it is told where topology changes and how far each number goes: with 600, cuts lay beside the place, regions were more (one structure
of the phone case: 15 charts for 4), and one fresh order in 14 was beyond them all; with 1,300, one in 40."""
TRIES = 30
"""So many are tried for each body that a chart is still to be compared with, where all that were found were drawn for it."""


@dataclass(frozen=True)
class Wanted:
    """What is to be compiled. `fixed`: what some parameters (or `process`) are held to. `most`: structures, the commonest first.

    `seconds`: no structure is begun after that time. `certified`: so many fresh bodies a chart are compared with CAD's.
    """

    fixed: Mapping[str, list[Any]] = field(default_factory=dict)
    scouted: int = SCOUTED
    seed: int = 0
    most: int | None = None
    seconds: float | None = None
    certified: int = 3
    defaults: bool = False
    """Only the structure that the default order (with what is fixed) has."""


@dataclass
class Structure:
    """What became of one structure: its share of all orders that the rules take, its charts' files and certificates, what is off."""

    structure: str
    orders: int
    share: float
    charts: list[dict[str, Any]] = field(default_factory=list)
    off: list[tuple[int, str]] = field(default_factory=list)
    cuts: list[str] = field(default_factory=list)
    kept: bool = False
    """It was there before, and stayed."""
    seconds: float = 0.0
    """Of CPU, in all processes; what a run that was killed had spent is not among it."""
    bodies: int = 0
    drawing: float = 0.0
    """So many bodies were drawn for it by CAD, and the seconds of CPU that these took."""


@dataclass
class Compiled:
    """The report of one stage."""

    template: str
    stage: str
    source: str
    direct: list[str]
    stages: list[str]
    varied: list[str]
    tried: int
    taken: int
    seed: int
    structures: list[Structure] = field(default_factory=list)
    waiting: int = 0
    """Structures that were found and not begun."""
    drawn: int = 0
    seconds: float = 0.0
    kinks: list[str] = field(default_factory=list)
    """What in the @cad method itself ruins a fit, in sentences."""

    @property
    def covered(self) -> float:
        """The share of all orders that a chart covers, among those scouted."""
        return sum(s.share * (1.0 - sum(n for n, _ in s.off) / max(s.orders, 1)) for s in self.structures if s.charts)

    @property
    def paid(self) -> int | None:
        """After so many orders that a chart covers all of it has cost less than CAD would have; None where no body was drawn."""
        drawn, drawing = sum(s.bodies for s in self.structures), sum(s.drawing for s in self.structures)
        return math.ceil(sum(s.seconds for s in self.structures) * drawn / drawing) if drawing > 0.0 else None

    def told(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {**asdict(self), "covered": round(self.covered, 4), "paid": self.paid}


def stages_of(source: Source) -> dict[str, Any]:
    """Key, version, @cad stages, axes and processes of a template."""
    with Crew(source, 1) as crew:
        return dict(crew.ask("drawing:about", deadline=SCOUT_DEADLINE))


def compile_stage(
    source: Source, stage: str, wanted: Wanted, root: pathlib.Path, jobs: int, say: Callable[[str], None]
) -> Compiled:
    """Make the charts of one stage below `root`. What is there already stays. TemplateError: it cannot be compiled at all."""
    begun = time.monotonic()
    with Crew(source, jobs) as crew:
        try:
            about = crew.ask("drawing:about", deadline=SCOUT_DEADLINE)
            _check(about, stage, wanted)
            more: dict[str, list[str]] = {"direct": [], "stages": []}
            while True:
                try:
                    return _compiled(crew, about, stage, wanted, root, say, more, begun)
                except MoreInputs as found:
                    for what, names in found.more.items():
                        more[what] = sorted({*more[what], *names})
        except (Undrawn, Unchartable) as failed:
            raise TemplateError(source.get("key", source.get("file", "template")), stage, str(failed)) from None


def _check(about: Mapping[str, Any], stage: str, wanted: Wanted) -> None:
    if stage not in about["stages"]:
        raise OrderError(
            "stage", "is no @cad stage of this template", value=stage, limit="one of " + ", ".join(about["stages"])
        )
    known = {a["name"]: a for a in about["axes"]}
    for name, values in wanted.fixed.items():
        if name == PROCESS:
            among: Sequence[Any] = about["processes"]
        elif name in known:
            among = known[name]["rows"] or (known[name]["ends"] if known[name]["grid"] is None else ())
        else:
            raise OrderError(name, "is no parameter that may be held", limit="one of " + ", ".join([*known, PROCESS]))
        for value in values:
            if among and value not in among:
                raise OrderError(name, "is none of its values", value=value, limit="one of " + ", ".join(map(str, among)))


def _compiled(
    crew: Crew,
    about: Mapping[str, Any],
    stage: str,
    wanted: Wanted,
    root: pathlib.Path,
    say: Callable[[str], None],
    more: Mapping[str, list[str]],
    begun: float,
) -> Compiled:
    held = {name: values[0] for name, values in wanted.fixed.items()}
    told = crew.ask("drawing:reads", stage, held, dict(more))
    direct, stages = list(told["direct"]), list(told["stages"])
    axes = {a["name"] for a in about["axes"]}
    heads = dict.fromkeys(n.partition(".")[0] for n in told["trace"])
    varied = [n for n in heads if n in axes or n == PROCESS]
    report = Compiled(about["key"], stage, told["source"][: form.SOURCE], direct, stages, varied, 0, 0, wanted.seed)
    say("scouting")
    fixed = {name: list(values) for name, values in wanted.fixed.items()}
    scouted = crew.ask("drawing:scout", direct, stages, varied, fixed, wanted.scouted, wanted.seed, deadline=SCOUT_DEADLINE)
    report.tried, report.taken = scouted["tried"], scouted["taken"]
    asked = Asked(about["key"], about["version"], stage, told["source"], versions(), direct, stages)
    folder = folder_of(root, name_in(about["key"], about["version"], stage), report.source)
    _write_inputs(folder, asked)
    classes = sorted(scouted["classes"].items(), key=lambda item: (-len(item[1]["orders"]), item[0]))
    if wanted.defaults:
        classes = [(s, found) for s, found in classes if s == told["structure"]]
    one = _OneStructure(crew, asked, folder, wanted, (direct, stages, varied, fixed), about["breakpoints"])
    found: list[tuple[Structure, list[str], int] | None] = [None] * len(classes[: wanted.most])
    turn, taking = iter(range(len(found))), threading.Lock()

    def next_one() -> bool:
        with taking:
            k = next(turn, None)
            if k is None or (wanted.seconds is not None and time.monotonic() - begun > wanted.seconds):
                return False
        structure, members = classes[k]
        share = len(members["orders"]) / report.taken
        place = f"structure {k + 1} of {len(classes)}"
        say(f"{place}, {100.0 * share:.1f} % of all orders")
        found[k] = one.made(structure, members, share, lambda what: say(f"{place}: {what}"))
        return True

    at_once(1 + crew.jobs // CHILDREN, next_one)
    for made, kinks, drawn in filter(None, found):
        report.structures.append(made)
        report.kinks = list(dict.fromkeys([*report.kinks, *kinks]))
        report.drawn += drawn
    report.waiting = len(classes) - len(report.structures)
    report.seconds = round(time.monotonic() - begun, 1)
    form.write(folder / "report.json", (json.dumps(report.told(), indent=1) + "\n").encode())
    return report


@dataclass(frozen=True)
class _OneStructure:
    """Makes the charts of one structure, beside those of others. `given`: what is read, called, varied and held."""

    crew: Crew
    asked: Asked
    folder: pathlib.Path
    wanted: Wanted
    given: tuple[list[str], list[str], list[str], Mapping[str, list[Any]]]
    breakpoints: Mapping[str, Sequence[float]]

    def made(
        self, structure: str, members: Mapping[str, Any], share: float, say: Callable[[str], None]
    ) -> tuple[Structure, list[str], int]:
        """What became of it, its kinks in sentences, and how many bodies were drawn."""
        done = self.folder / f"{structure[: shelf.STRUCTURE]}.json"
        if done.is_file():
            return _read_done(done, share), [], 0
        crew, began = self.crew.apart(), time.thread_time()

        def explore(among: list[dict[str, Any]], count: int, seed: int) -> Mapping[str, Any]:
            return dict(crew.ask("drawing:explore", *self.given, among, structure, count, seed, deadline=SCOUT_DEADLINE))

        orders = _orders(structure, members, explore(members["orders"], EXPLORED, self.wanted.seed + 1))
        kinks = _kinks(crew, self.asked.stage, orders)
        declared = [(name, value) for name, values in self.breakpoints.items() for value in values]
        charting = Charting(Bodies(crew, self.asked, self.folder / "work"), say)
        outcome = charting.of(orders, [*declared, *(tuple(k["at"]) for k in kinks if k["at"])])
        made = _written(charting, self.asked, self.folder, orders, outcome, share, self.wanted, explore)
        drawing = crew.spent.get("solids:body", Spent())
        own = time.thread_time() - began + crew.own
        made.seconds, made.bodies = round(own + sum(s.seconds for s in crew.spent.values()), 3), drawing.times
        made.drawing = round(drawing.seconds, 3)
        _keep_done(done, made)
        return made, [k["said"] for k in kinks], charting.bodies.drawn


def _kinks(crew: Crew, stage: str, orders: Orders) -> list[dict[str, Any]]:
    """Kinks of the method itself, from a few orders at the ends of a structure; none where it cannot be drawn there."""
    z = fitting.axes_of(orders.values, orders.values[choosing.centre(orders.values)]).z(orders.values)
    ends = dict.fromkeys(int(k) for column in z.T for k in (np.argmin(column), np.argmax(column)))
    rows = [choosing.centre(orders.values), *ends][:WATCHED]
    known = (orders.changes, orders.names, orders.values)
    try:
        _, took = crew.timed("drawing:kinks", stage, [orders.changes[rows[0]]], *known)
        enough = max(SLOWER * (len(rows) + NEARER) * took, LEAST_DEADLINE)
        return list(crew.ask("drawing:kinks", stage, [orders.changes[k] for k in rows], *known, deadline=enough))
    except Undrawn:  # what cannot be drawn is told of by the charts
        return []


def _write_inputs(folder: pathlib.Path, asked: Asked) -> None:
    told = {"direct": asked.direct, "stages": asked.stages, "cad": asked.cad}
    path = folder / shelf.INPUTS
    data = (json.dumps(told, sort_keys=True) + "\n").encode()
    if path.is_file() and path.read_bytes() != data:  # what was made for other inputs is named otherwise: it goes
        for old in [*folder.glob(f"*{shelf.SUFFIX}"), *folder.glob("*.json")]:
            old.unlink()
    form.write(path, data)


def _orders(structure: str, *found: Mapping[str, Any]) -> Orders:
    """The distinct bodies among them."""
    seen: dict[tuple[float, ...], dict[str, Any]] = {}
    for some in found:
        for changes, values in zip(some["orders"], some["values"], strict=True):
            seen.setdefault(tuple(values), changes)
    names = next(some["names"] for some in found if some["names"] or not some["values"])
    return Orders(structure, list(seen.values()), np.array(list(seen), dtype=np.float64).reshape(len(seen), -1), list(names))


Explore = Callable[[list[dict[str, Any]], int, int], Mapping[str, Any]]
"""Orders beside these of one structure, found by so many tries with a seed."""


def _with_unseen(chart: Made, bodies: int, seed: int, explore: Explore) -> Made:
    """The same with more orders of its box, where it is to be compared with more than its fit has left of those that were found."""
    known = chart.orders
    served = Chart.of(form.decoded(chart.data))
    unseen = [k for k in set(range(len(known.changes))) - set(chart.rows) if served.covers(known.values[k].tolist())]
    if len(unseen) >= bodies:
        return chart
    found = explore(known.changes, TRIES * bodies, seed)
    inside = [k for k, values in enumerate(found["values"]) if served.covers(values)]
    more = {
        "orders": [found["orders"][k] for k in inside],
        "values": [found["values"][k] for k in inside],
        "names": known.names,
    }
    before = {"orders": known.changes, "values": known.values.tolist(), "names": known.names}
    return replace(chart, orders=replace(_orders(known.structure, before, more), seen=known.seen))


def _written(
    charting: Charting,
    asked: Asked,
    folder: pathlib.Path,
    orders: Orders,
    outcome: Outcome,
    share: float,
    wanted: Wanted,
    explore: Explore,
) -> Structure:
    made = Structure(orders.structure, len(orders.changes), share, off=outcome.off, cuts=outcome.cuts)
    waiting = list(outcome.charts)
    while waiting:
        found = waiting.pop(0)
        chart = _with_unseen(found, wanted.certified, wanted.seed + 2 + len(made.charts), explore)
        made.orders += len(chart.orders.changes) - len(found.orders.changes)
        told: Certificate = certify(charting, chart, wanted.certified, wanted.seed)
        better = Outcome() if told.holds else charting.again(chart) if told.coarse else charting.cured(chart, told.compared)
        if better.charts:
            waiting[:0] = better.charts
            made.off += better.off
            made.cuts += better.cuts
            continue
        k = len(made.charts)
        name = f"{orders.structure[: shelf.STRUCTURE]}-{k}{shelf.SUFFIX}"
        form.write((folder / name).with_suffix(".png"), picture(chart, told))
        if told.holds:
            form.write(folder / name, chart.data)
            if beyond := len(chart.orders.changes) - told.covered:
                made.off.append((beyond, "they lie beyond the box of their chart"))
        else:
            made.off.append((len(chart.orders.changes), f"its certificate does not hold: {told.why}"))
        row = {"file": name, "sha256": hashlib.sha256(chart.data).hexdigest(), "bytes": len(chart.data), "faces": told.faces}
        made.charts.append(
            {**row, "bodies": len(chart.rows), "numbers": [orders.names[p] for p in chart.axes.pivots], **told.told()}
        )
    made.charts = [c for c in made.charts if c["holds"]] + [c for c in made.charts if not c["holds"]]
    return made


def _keep_done(path: pathlib.Path, made: Structure) -> None:
    form.write(path, (json.dumps(asdict(made), indent=1) + "\n").encode())


def _read_done(path: pathlib.Path, share: float) -> Structure:
    told = json.loads(path.read_text(encoding="utf-8"))
    told["off"] = [tuple(one) for one in told["off"]]
    return replace(Structure(**told), share=share, kept=True)
