"""@derived: what follows from an order's values alone, made once and asked for often: a plan, a measure, a lens."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from engine.language.memory import Tracer

if TYPE_CHECKING:
    from engine.language.template import Template

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Known:
    """A derived value, and what was read for it; `heads`: the fields among that."""

    value: Any
    tracer: Tracer
    heads: frozenset[str]


def derived(function: Callable[Concatenate[Any, P], T]) -> Callable[Concatenate[Any, P], T]:
    """A method of a template that is remembered within one order until a value that it read is another; who asks for it has read what it read.

    For numbers and frozen values that fits, rules and stages ask for again and again: who gets one must not change it. Arguments are hashable.
    """

    @functools.wraps(function)
    def asked(self: Template, *args: P.args, **kwargs: P.kwargs) -> T:
        run, key = self.run, (function, args, tuple(kwargs.items()))
        known = run.derived.get(key)
        if known is None:
            with run.tracing(function.__name__) as tracer:
                value = function(self, *args, **kwargs)
            known = run.derived[key] = Known(value, tracer, frozenset(name.partition(".")[0] for name in tracer.pairs))
        if run.tracers:
            run.tracers[-1].pairs.update(known.tracer.pairs)
            run.tracers[-1].artifacts.update(known.tracer.artifacts)
        made: T = known.value
        return made

    return asked


def without(kept: Mapping[Hashable, Known], name: str) -> dict[Hashable, Known]:
    """Those that hold when the field of that name gets another value."""
    return {key: known for key, known in kept.items() if name not in known.heads}
