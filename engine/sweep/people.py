"""Whom a sweep asks: people, whose measures go together as what a template infers of some from the others, and who leave what it fits to
them about as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.errors import UnikatError
from engine.language.judge import run_fits
from engine.language.orders import accept
from engine.language.template import Home, Run, Template
from engine.model.order import Measurement, Origin
from engine.model.process import Process
from engine.sweep.axes import Axis
from engine.sweep.samples import order_of

REACH = 1.0
"""Standard deviations from what is inferred to the least and the greatest that is drawn. Every measure is drawn at once: all of them so far off
is as far from everyone's middle as most people are; who is farther in one, the sweep's extremes are."""
NUDGED, CHANGED = 0.05, 0.1
"""Of its range: so far from what is fitted a number is drawn, at most, either way, and from its default where nothing is fitted."""
Taken = Callable[[str, object], object]


def person(cls: type[Template], axes: Sequence[Axis], changes: Mapping[str, Any], process: Process) -> dict[str, Any]:
    """The same order of a person: each measure, in the order of the fields, lies as far from what @fit infers of those before it as the
    drawn one lies from the middle of its range, REACH standard deviations where that is at an end; and so does each number from what is
    fitted, NUDGED of its range where that is at an end, or from its default, CHANGED of it. All else stays as it was drawn.

    Where an order cannot be fitted it stays as it was drawn: what is wrong with it, the sweep hears when it makes it.
    """
    by_name = {axis.name: axis for axis in axes}
    numbers = {n for n in changes if by_name[n].section == "parameters" and by_name[n].grid is not None}
    found = {n: v for n, v in changes.items() if by_name[n].section == "parameters" and n not in numbers}
    try:
        for name in changes:
            if by_name[name].section == "measurements":
                middle = _fitted(cls, axes, found, process, until=name).values[name]
                found[name] = changes[name] if middle is None else _measured(by_name[name], changes[name], middle)
        fitted = {n for n, origin in _fitted(cls, axes, found, process).origins.items() if origin is Origin.FITTED}
        found |= {name: _moved(by_name[name], changes[name], by_name[name].default, CHANGED) for name in numbers - fitted}

        def taken(name: str, value: object) -> object:
            if name in numbers and isinstance(value, int | float):
                found[name] = value = _moved(by_name[name], changes[name], value, NUDGED)
            return value

        _fitted(cls, axes, dict(found), process, taken=taken)
    except UnikatError:
        return dict(changes)
    return {name: found[name] for name in changes if name in found}


def _away(axis: Axis, drawn: float) -> float:
    """From -1, at the least that it may be, to 1."""
    low, high = axis.ends
    return 2.0 * (drawn - low) / (high - low) - 1.0


def _measured(axis: Axis, drawn: float, middle: Measurement) -> float:
    value = middle.value + _away(axis, drawn) * REACH * (middle.uncertainty or 0.0)
    return float(round(min(max(value, axis.ends[0]), axis.ends[1]), 3))


def _moved(axis: Axis, drawn: float, middle: float, share: float) -> Any:
    """On the parameter's steps, and in its range."""
    low, high = axis.ends
    value = middle + _away(axis, drawn) * share * (high - low)
    return axis.at(min(max((value - low) / (high - low), 0.0), 1.0))


def _fitted(
    cls: type[Template], axes: Sequence[Axis], changes: Mapping[str, Any], process: Process, until: str = "", taken: Taken | None = None
) -> Run:  # fmt: skip
    """That order, accepted and fitted; as far as `until`."""
    values, origins = accept(order_of(axes, changes, template=cls.key, process=process.key), cls)
    run = Run(cls, values, origins, process.flat(), home=Home(None))
    run_fits(cls(run), until=until, taken=taken)
    return run
