"""A @cad method run watched: what it reads, and all numbers of the stages that it calls, are coordinates; its decisions are noted.

The stages that it calls run on plain numbers: a kink inside them is harmless, for a fit is over what they return.
"""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import MappingProxyType
from typing import Any

from engine.compiling.kinks import Kink, Sample, found
from engine.compiling.watched import Decision, Watch, watched_math
from engine.doors import cad
from engine.language.memory import Kept
from engine.language.stages import CadStage, draw_cad, own_folder
from engine.language.template import Run, Template, template_from
from engine.language.values import Tagged


def with_leaves(name: str, value: Any, leaf: Callable[[str, float], float]) -> Any:
    """The same tree with every finite float in it replaced by `leaf(its name, it)`: `plan().outer.w`, `plan().slots[0].low`, `size()['wide']`.

    Trees are of dataclasses (frozen ones too; no __post_init__ runs, what they had cached is forgotten), tuples (named ones too), lists
    and mappings.
    Whole numbers, truths, text, arrays and all else stay the same objects.
    """
    if isinstance(value, float):
        return leaf(name, value) if math.isfinite(value) else value
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        named = zip(type(value)._fields, value, strict=True)
        return type(value)(*[with_leaves(f"{name}.{part}", of, leaf) for part, of in named])
    if type(value) in (tuple, list):
        return type(value)([with_leaves(f"{name}[{i}]", part, leaf) for i, part in enumerate(value)])
    if isinstance(value, Mapping):
        return MappingProxyType({k: with_leaves(f"{name}[{k!r}]", part, leaf) for k, part in value.items()})
    if is_dataclass(value) and not isinstance(value, type):
        made = copy.copy(value)
        for stale in [n for n in getattr(made, "__dict__", {}) if isinstance(_of_class(made, n), functools.cached_property)]:
            del made.__dict__[stale]
        for field in fields(value):
            object.__setattr__(made, field.name, with_leaves(f"{name}.{field.name}", getattr(value, field.name), leaf))
        return made
    return value


def _of_class(value: object, name: str) -> object:
    return getattr(type(value), name, None)


class WatchedRun(Run):
    """A run whose @cad method, and nobody beneath it, gets watched numbers."""

    def __init__(self, cls: type[Template], values: Mapping[str, Any], process: Mapping[str, object], watch: Watch) -> None:
        super().__init__(cls, values, {}, process, home=None)
        self._watch = watch
        self._handed: dict[str, Any] = {}

    def read(self, name: str) -> Any:
        value = super().read(name)
        if len(self.tracers) == 1 and isinstance(value, float):
            return self._watch.coordinate(name, value)
        return value

    def handed(self, stage: str, kept: Kept) -> Any:
        result = super().handed(stage, kept)
        if len(self.tracers) != 1:
            return result
        if stage not in self._handed:
            self._handed[stage] = with_leaves(f"{stage}()", result, self._watch.coordinate)
        return self._handed[stage]


def run_watched(payload: Any, cq: Any) -> tuple[Tagged, tuple[Any, ...]]:
    """In the child, what `engine.language.stages.run_cad` is for a plain run. -> what was drawn; what was read, the coordinates, the decisions."""
    cls = template_from(payload["source"])
    watch = Watch(own_folder(cls))
    run = WatchedRun(cls, payload["values"], payload["process"], watch)
    with watched_math(watch.own):
        drawn, told = draw_cad(run, payload, cq)
    watch.open = False
    return drawn, (told, watch.coordinates, [tuple(d) for d in watch.decisions])


def sampled(template: Template, stage: str) -> Sample:
    """Draw this @cad stage once in the CAD child, watched. Raises what the stage itself would raise."""
    found = template.stages[stage]
    assert isinstance(found, CadStage)

    def errand(_target: str, payload: object, **told: Any) -> cad.Built:
        return cad.build("engine.compiling.watching:run_watched", payload, **told)

    _, coordinates, decisions = found.in_child(template, errand).told
    return Sample(coordinates, tuple(Decision(*row) for row in decisions))


def kinks_here(
    several: Sequence[Template], stage: str, cq: Any, nearer: Callable[[tuple[Kink, ...]], Sequence[Template]] = lambda _: ()
) -> tuple[Kink, ...]:
    """In the child: these orders, alike in all but numbers, drawn watched one after the other, and what decides otherwise among them.

    `nearer(kinks)`: more orders, between those that the kinks so far were seen between; they join, until there are none.
    """
    samples: list[Sample] = []
    told: tuple[Kink, ...] = ()
    waiting = several
    while waiting:
        samples += [_watched(template, stage, cq) for template in waiting]
        told = found(samples)
        waiting = nearer(told)
    return told


def _watched(template: Template, stage: str, cq: Any) -> Sample:
    run, watch = template.run, Watch(own_folder(type(template)))
    watched = WatchedRun(run.cls, run.values, run.process, watch)
    with watched_math(watch.own):
        draw_cad(watched, {"stage": stage}, cq)
    watch.open = False
    return Sample(watch.coordinates, tuple(watch.decisions))
