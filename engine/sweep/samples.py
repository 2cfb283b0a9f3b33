"""Which orders a sweep tries: defaults, every minimum and maximum, all pairs, every catalogue row, ten scripts, Sobol points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from engine.model.order import Measurement, Order
from engine.sweep import pairs, sobol
from engine.sweep.axes import SAMPLE_NAME, Axis

ANYONE = 16
"""Of so many orders that change everything one stays as it was drawn: no person, so that what refuses those is tried too."""
NAMES = {
    "Latin": "Łucję",
    "Greek": "Ελένη",
    "Cyrillic": "Жанна",
    "Arabic": "محمد",
    "Hebrew": "שרה",
    "Devanagari": "प्रिया",
    "Thai": "กิตติ",
    "Han": "小明",
    "Armenian": "Անի",
    "Georgian": "ნინო",
}
"""A first name in each of ten scripts."""


@dataclass(frozen=True)
class Sample:
    """One order of the sweep: what it changes against the defaults, and why it is tried."""

    kind: str
    changes: Mapping[str, Any]
    note: str = ""
    person: bool = False
    """Whether its measures are to go together (`people`), or are as they were drawn, one by one."""


def samples(axes: Sequence[Axis], points: int, seed: int) -> list[Sample]:
    """All of them, none twice; the kinds in turn, so that a sweep that is cut short has tried some of each."""
    named = {a.name: SAMPLE_NAME[: a.letters] for a in axes if a.kind == "text" and not a.default}
    kinds = [
        [Sample("defaults", {}), Sample("defaults", named)],
        [Sample("extreme", {**named, a.name: value}, a.name) for a in axes for value in a.ends],
        [Sample("row", {**named, a.name: key}, key) for a in axes for key in a.rows],
        [
            Sample("name", {a.name: name[: a.letters]}, script)
            for a in axes
            if a.kind == "text"
            for script, name in NAMES.items()
        ],
        [
            Sample("pair", {a.name: a.levels[k] for a, k in zip(axes, row, strict=True)})
            for row in pairs.rows([len(a.levels) for a in axes])
        ],
        [
            Sample("sobol", {a.name: a.at(u) for a, u in zip(axes, point, strict=True)})
            for point in sobol.points(points, len(axes), seed)
        ],
    ]
    defaults = {a.name: a.default for a in axes}
    found: dict[tuple[Any, ...], Sample] = {}
    for sample in (s for turn in zip_longest(*kinds) for s in turn if s is not None):
        changes = {n: v for n, v in sample.changes.items() if v != defaults[n]}
        key = tuple(sorted((n, type(v).__name__, v) for n, v in changes.items()))
        found.setdefault(key, Sample(sample.kind, changes, sample.note))
    drawn = [key for key, sample in found.items() if sample.kind in ("pair", "sobol")]
    people = {key for k, key in enumerate(drawn) if k % ANYONE < ANYONE - 1}
    return [replace(sample, person=key in people) for key, sample in found.items()]


def order_of(axes: Sequence[Axis], changes: Mapping[str, Any], *, template: str, process: str | None) -> Order:
    """The order that makes these changes."""
    by_name = {a.name: a for a in axes}
    parameters = {n: v for n, v in changes.items() if by_name[n].section == "parameters"}
    measured = {
        by_name[n].path: Measurement(float(v), by_name[n].unit)
        for n, v in changes.items()
        if by_name[n].section != "parameters"
    }
    return Order(template, process=process, parameters=parameters, measurements=measured)
