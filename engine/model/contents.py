"""What a dataclass holds, without asking each time what its fields are called. A leaf."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from operator import attrgetter


@functools.cache
def contents(kind: type) -> Callable[[object], tuple[object, ...]] | None:
    """Gives the values of all fields of an object of that dataclass, in order; None where it is no dataclass."""
    if not is_dataclass(kind):
        return None
    names = [f.name for f in fields(kind)]
    if len(names) > 1:
        return attrgetter(*names)
    return (lambda held: (getattr(held, names[0]),)) if names else (lambda _: ())
