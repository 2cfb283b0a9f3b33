"""In the CAD child: the template's own code. What its @cad stage is given, which orders its rules take, and what it draws of one."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.chart.coordinates import names, taken
from engine.compiling.kinks import Kink
from engine.compiling.watching import kinks_here
from engine.doors import cad
from engine.doors.child import progress
from engine.doors.child_server import resolve
from engine.errands import Source, template_of
from engine.errors import OrderError, Refused
from engine.language.judge import keeps_rules, run_fits
from engine.language.memory import Kept
from engine.language.orders import accept
from engine.language.source import source_digest
from engine.language.stages import CadStage, designers
from engine.language.template import Run, Template
from engine.process.limits import list_processes
from engine.sweep import axes as ax
from engine.sweep import sobol
from engine.sweep.samples import order_of

Floats = npt.NDArray[np.float64]
Changes = Mapping[str, Any]
"""What an order changes against the defaults; `process` is among the names."""
PROCESS = "process"
NEARER = 8
"""Orders that are watched, at most, to see where exactly a kink lies."""


class Asking(Run):
    """A run that notes what its outermost stage itself reads and which stages it itself calls, in order."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.read_here: dict[str, None] = {}
        self.called_here: dict[str, None] = {}

    def read(self, name: str) -> Any:
        """As `Run.read`."""
        if len(self.tracers) == 1:
            self.read_here.setdefault(name)
        return super().read(name)

    def note_all(self, stage: str, kept: Kept) -> None:
        """As `Run.note_all`."""
        if len(self.tracers) == 1:
            self.called_here.setdefault(stage)
        super().note_all(stage, kept)


class Orders:
    """Orders of one template by their changes, those that its rules take."""

    def __init__(self, cls: type[Template]) -> None:
        self.cls = cls
        self.axes = ax.read(ax.told_of(cls))
        self.processes = {p.key: p for p in list_processes()}

    def template(self, changes: Changes, *, ruled: bool = True, run: type[Run] = Run) -> Template | None:
        """A template on such an order; None where it is refused. `ruled` False: rules are not asked."""
        process = self.processes[changes.get(PROCESS, self.cls.default_process)]
        order = order_of(
            self.axes, {n: v for n, v in changes.items() if n != PROCESS}, template=self.cls.key, process=process.key
        )
        try:
            values, origins = accept(order, self.cls)
            template = self.cls(run(self.cls, values, origins, process.flat(), home=None))
            run_fits(template)
        except (OrderError, Refused):
            return None
        return template if not ruled or keeps_rules(template, process) else None


def timed(errand: str, source: Source, *args: Any) -> tuple[Any, float]:
    """What another errand (`module:function` of this package) tells, and the seconds of this process's CPU that it took."""
    begun = time.process_time()
    return resolve(f"engine.compiling.{errand}")(source, *args), time.process_time() - begun


def about(source: Source) -> dict[str, Any]:
    """Key, version, @cad stages, axes, processes of a template."""
    cls = template_of(source)
    return {
        "key": cls.key,
        "version": cls.version,
        "stages": [n for n, s in cls.stages.items() if isinstance(s, CadStage)],
        "axes": [asdict(a) for a in Orders(cls).axes],
        "processes": [p.key for p in list_processes()],
        "default_process": cls.default_process,
        "breakpoints": {n: list(getattr(f, "breakpoints", ())) for n, f in cls.fields.items() if getattr(f, "breakpoints", ())},
    }


def reads(source: Source, stage: str, changes: Changes, more: Mapping[str, list[str]]) -> dict[str, Any]:
    """Draw once: what the @cad method itself reads and calls (with `more` that is known of it), all names in its trace, what its code
    is, and the structure of this body."""
    _, run, trace = drawn_by(source, stage, changes)
    digest = source_digest(run.cls, stage)
    direct, stages = sorted({*run.read_here, *more["direct"]}), sorted({*run.called_here, *more["stages"]})
    with run.tracing(stage) as tracer:
        structure = taken(inputs_of(run.cls(run), direct, stages))[1]
    names_ = list(dict.fromkeys([*trace, *tracer.pairs]))
    return {"direct": direct, "stages": stages, "trace": names_, "source": digest, "structure": structure}


def inputs_of(template: Template, direct: Sequence[str], stages: Sequence[str]) -> list[tuple[str, object]]:
    """What the @cad method of this order would be given: its inputs by name."""
    return [(n, template.run.read(n)) for n in direct] + [(n, getattr(template, n)()) for n in stages]


def scout(
    source: Source, direct: list[str], stages: list[str], varied: list[str], fixed: dict[str, list[Any]], count: int, seed: int
) -> dict[str, Any]:
    """Sobol orders over `varied` (process among them), those of `fixed` (name -> what it may be) so: by structure, the orders
    that the rules take. {"tried", "taken", "classes": structure -> {"orders", "values", "names"}}."""
    orders = Orders(template_of(source))
    progress("scouting")
    found: dict[str, dict[str, Any]] = {}
    made = 0
    for changes in _sobol(orders, varied, fixed, count, seed):
        made += _kept(orders, changes, direct, stages, found)
    return {"tried": count, "taken": made, "classes": found}


def _kept(orders: Orders, changes: Changes, direct: list[str], stages: list[str], found: dict[str, dict[str, Any]]) -> bool:
    template = orders.template(changes)
    if template is None:
        return False
    inputs = inputs_of(template, direct, stages)
    values, structure = taken(inputs)
    if structure not in found:
        found[structure] = {"orders": [], "values": [], "names": names(inputs)}
    into = found[structure]
    into["orders"].append(dict(changes))
    into["values"].append(values)
    return True


def _choices(orders: Orders, name: str, fixed: Mapping[str, list[Any]]) -> Any:
    """What `name` may be: a function of u in [0, 1)."""
    if name in fixed:
        among: Sequence[Any] = fixed[name]
    elif name == PROCESS:
        among = list(orders.processes)
    else:
        return next(a for a in orders.axes if a.name == name).at
    return lambda u: among[min(int(u * len(among)), len(among) - 1)]


def _sobol(
    orders: Orders, varied: Sequence[str], fixed: Mapping[str, list[Any]], count: int, seed: int
) -> Iterator[dict[str, Any]]:
    at = {name: _choices(orders, name, fixed) for name in varied}
    yield {name: values[0] for name, values in fixed.items()}  # the defaults
    for point in sobol.points(count, len(at), seed):
        yield {name: choose(u) for (name, choose), u in zip(at.items(), point, strict=True)}


def explore(
    source: Source,
    direct: list[str],
    stages: list[str],
    varied: list[str],
    fixed: dict[str, list[Any]],
    members: list[dict[str, Any]],
    structure: str,
    count: int,
    seed: int,
) -> dict[str, Any]:
    """More orders of one structure: members with one to three values changed, a third of them to an end of what they may be."""
    orders = Orders(template_of(source))
    progress("exploring")
    at = {name: _choices(orders, name, fixed) for name in varied}
    found: dict[str, dict[str, Any]] = {}
    known = list(members)
    for which, how_many, *pairs in sobol.points(count, 8, seed):
        changes = dict(known[int(which * len(known))])
        for name, u in zip(pairs[0::2], pairs[1::2], strict=True):
            one = varied[int(name * len(varied))]
            changes[one] = at[one](0.0 if u < 1.0 / 6.0 else 1.0 - 1e-9 if u > 5.0 / 6.0 else 1.5 * u - 0.25)
            how_many -= 1.0 / 3.0
            if how_many < 0.0:
                break
        before = len(found.get(structure, {}).get("orders", ()))
        if _kept(orders, changes, direct, stages, found) and len(found.get(structure, {}).get("orders", ())) > before:
            known.append(changes)
    return found.get(structure, {"orders": [], "values": [], "names": []})


def drawn_by(source: Source, stage: str, changes: Changes) -> tuple[Any, Asking, list[str]]:
    """What the @cad method draws for that order, its run, and the names in its trace."""
    template = Orders(template_of(source)).template(changes, ruled=False, run=Asking)
    assert template is not None
    run = template.run
    assert isinstance(run, Asking)
    progress("drawing")
    with run.tracing(stage) as tracer, designers(template, stage, "BUILDING: "):
        drawn = type(template).stages[stage].function(template, cad.library())
    return drawn, run, list(tracer.pairs)


def kinks(
    source: Source, stage: str, several: Sequence[Changes], among: Sequence[Changes], names_: Sequence[str], values: Floats
) -> list[dict[str, Any]]:
    """What in the @cad method decides otherwise among several orders of one structure: each kink in a sentence, and the coordinate and
    value at which it lies, where it is one alone. To see where, orders `among` which they are, of coordinates `names_` and values (n, q),
    are drawn between them, NEARER at most."""
    orders = Orders(template_of(source))
    at = {name: values[:, k] for k, name in enumerate(names_)}
    looked: dict[int, None] = {}

    def nearer(told: tuple[Kink, ...]) -> list[Template]:
        fresh: dict[int, None] = {}
        for one in (k.between[0] for k in told if len(k.between) == 1 and not k.among):
            column = at.get(one.name, np.empty(0))
            between = np.flatnonzero((column > one.low) & (column < one.high))
            if len(between):
                fresh.setdefault(int(between[np.argmin(np.abs(column[between] - one.about))]))
        more = [k for k in fresh if k not in looked][: NEARER - len(looked)]
        looked.update(dict.fromkeys(more))
        return [t for k in more if (t := orders.template(among[k], ruled=False)) is not None]

    templates = [t for changes in several if (t := orders.template(changes, ruled=False)) is not None]
    progress("watching")
    told = kinks_here(templates, stage, cad.library(), nearer)
    single = [(k.between[0].name, k.between[0].about) if len(k.between) == 1 and not k.among else None for k in told]
    return [{"said": k.sentence("en"), "at": where} for k, where in zip(told, single, strict=True)]
