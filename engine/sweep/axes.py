"""What each parameter of a template may be, as plain values: told by the child that may import it, used where it may not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.language.catalogue import Catalogue
from engine.language.parameters import Choice, Count, Field, Flag, Number, TextField
from engine.language.person import Measure
from engine.language.template import Template

SAMPLE_NAME, LONGER_NAME = "Zoé", "Maximilian"


@dataclass(frozen=True)
class Axis:
    """One parameter. `ends`: its least and greatest value, or all that it may be; `levels`: a few, for the pairs; `rows`: all keys
    of a catalogue; `grid`: least, greatest, step of a number. `unit` of a measure."""

    name: str
    kind: str
    default: Any
    ends: tuple[Any, ...]
    levels: tuple[Any, ...]
    rows: tuple[str, ...] = ()
    grid: tuple[float, float, float] | None = None
    section: str = "parameters"
    path: str = ""
    unit: str = ""
    letters: int = 0

    def at(self, u: float) -> Any:
        """The value at `u` in [0, 1): every one that it may be has the same share."""
        if self.grid is None:
            among = self.rows or self.levels
            return among[min(int(u * len(among)), len(among) - 1)]
        low, high, step = self.grid
        count = math.floor((high - low) / step + 0.5)
        value = min(low + min(int(u * (count + 1)), count) * step, high)
        return int(value) if self.kind == "count" else round(value, 9)

    def towards_default(self, value: Any) -> list[Any]:
        """Values between the default and this one, nearest to the default first: what a smaller cause is looked for among."""
        if self.kind == "text":
            return [value[:n] for n in range(1, len(value))]
        if self.grid is None or self.default is None:
            return []
        low, _, step = self.grid
        a, b = round((self.default - low) / step), round((value - low) / step)
        made = [low + k * step for k in (range(a, b) if a < b else range(a, b, -1))][1:]
        return [int(v) if self.kind == "count" else round(v, 9) for v in made]


def told_of(cls: type[Template]) -> list[dict[str, Any]]:
    """In the child: every field that a sweep can choose, as plain dicts. Files of a person it cannot."""
    return [asdict(axis) for axis in map(_axis, cls.fields.values()) if axis is not None]


def unchosen(cls: type[Template]) -> frozenset[str]:
    """The fields that no sweep can choose: a person's files, and what is found in them alone."""
    return frozenset(name for name, field in cls.fields.items() if _axis(field) is None)


def read(told: Sequence[Mapping[str, Any]]) -> list[Axis]:
    """The same where the template is not imported."""
    return [Axis(**row) for row in told]


def _axis(field: Field[Any]) -> Axis | None:
    name, kind, default = field.name, field.kind, field.default
    if isinstance(field, Number):
        return Axis(
            name,
            kind,
            default,
            (field.low, field.high),
            _distinct(default, field.low, field.high),
            grid=(field.low, field.high, field.step),
        )
    if isinstance(field, Count):
        ends = (field.low, field.high)
        return Axis(name, kind, default, ends, _distinct(default, *ends), grid=(float(field.low), float(field.high), 1.0))
    if isinstance(field, Flag):
        return Axis(name, kind, default, (False, True), (default, not default))
    if isinstance(field, Choice):
        options = tuple(field.options)
        return Axis(name, kind, default, options, options)
    if isinstance(field, Catalogue):
        return Axis(name, kind, default, (), _few_rows(field), rows=tuple(field.rows))
    if isinstance(field, TextField):
        most = field.max_graphemes
        levels = _distinct(default, SAMPLE_NAME[:most], LONGER_NAME[:most])
        return Axis(name, kind, default, ("", "m" * most), levels, letters=most)
    if isinstance(field, Measure):
        middle = round((field.low + field.high) / 2, 3)
        return Axis(
            name,
            kind,
            None,
            (field.low, field.high),
            (middle, field.low, field.high),
            grid=(field.low, field.high, (field.high - field.low) / 100),
            section="measurements",
            path=field.path.partition(".")[2],
            unit=field.unit,
        )
    return None


def _distinct(*values: Any) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


def _few_rows(field: Catalogue) -> tuple[Any, ...]:
    """The default, the rows with the least and the greatest first number, and the one of which least is known."""
    rows = field.rows
    numbers = [c for c in next(iter(rows.values())) if c != "key" and isinstance(_first(rows, c), float)]
    picked = [field.default]
    if numbers:
        sized = {k: v for k, row in rows.items() if isinstance(v := row[numbers[0]], float)}
        picked += [min(sized, key=sized.__getitem__), max(sized, key=sized.__getitem__)]
    picked.append(max(rows, key=lambda k: sum(v is None for v in rows[k].values())))
    return _distinct(*picked)


def _first(rows: Mapping[str, Mapping[str, object]], column: str) -> object:
    return next((row[column] for row in rows.values() if row[column] is not None), None)
