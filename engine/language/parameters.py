"""What a template may ask for: typed fields with unit, range, step, default, help and labels in English and French.

A field is a descriptor: inside a stage `self.wall` is its value, and the read is noted in the stage's trace.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from engine.errors import OrderError
from engine.language.values import Text, accepted_text
from engine.model.units import BY_CANONICAL, convert

if TYPE_CHECKING:
    from engine.language.template import Template

T = TypeVar("T")
Words = str | tuple[str, str]
"""A sentence in English, or in English and French."""


def in_language(words: Words, language: str) -> str:
    """The English or French one; English where there is no French."""
    if isinstance(words, str):
        return words
    return words[1] if language == "fr" and words[1] else words[0]


def closest(word: str, words: Sequence[str]) -> str | None:
    """That of `words` with the fewest slips of a finger (see `slips`), a third of the letters at most; else the shortest that holds
    the word, whatever stands between its letters (`pixel6` in `google-pixel-6`); None where nothing is near."""
    asked = word.casefold()[:_LONGEST]
    away = [(slips(asked, known.casefold()), at) for at, known in enumerate(words)]
    near = [(count, at) for count, at in away if count <= max(1, max(len(asked), len(words[at])) // 3)]
    if near:
        return words[min(near)[1]]
    bare = _bare(asked)
    holds = [known for known in words if len(bare) >= 3 and bare in _bare(known.casefold())]
    return min(holds, key=len, default=None)


def _bare(word: str) -> str:
    return "".join(c for c in word if c.isalnum())


_LONGEST = 64
"""Letters of a word that are looked at: nothing that anybody names is longer."""


def slips(one: str, other: str) -> int:
    """Letters left out, put in, taken for another, or two beside each other swapped, that make one word of the other: the distance of
    F. J. Damerau, "A technique for computer detection and correction of spelling errors" (1964), no place mended twice."""
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                least = min(least, earlier[j - 2] + 1)
            row.append(least)
    return row[-1]


class Field(Generic[T]):
    """The root of all kinds. `personal`: stages that read it stay in memory only."""

    kind = "field"
    personal = False
    section = "parameters"
    name: str = ""
    owner: type[Template]

    def __init__(self, default: object, *, label: Words, help: Words = "") -> None:
        self.default = default
        self.label = label
        self.help = help

    def __set_name__(self, owner: type[Template], name: str) -> None:
        self.name = name
        self.owner = owner

    @overload
    def __get__(self, instance: None, owner: type[Template]) -> Field[T]: ...
    @overload
    def __get__(self, instance: Template, owner: type[Template]) -> T: ...
    def __get__(self, instance: Template | None, owner: type[Template]) -> Field[T] | T:
        if instance is None:
            return self
        value: T = self.given_to_template(instance)
        return value

    def given_to_template(self, template: Template) -> Any:
        """What a stage sees; notes the read."""
        return template.run.read(self.name)

    @property
    def drawable(self) -> bool:
        """Whether a @cad method may read it."""
        return not self.personal

    @property
    def path(self) -> str:
        """How an order names it: `parameters.wall`."""
        return f"{self.section}.{self.name}"

    def accept(self, raw: object) -> Any:
        """The value inside, from what JSON gave; OrderError names field, value, limit, nearest."""
        raise NotImplementedError

    def nearby(self, value: Any) -> Sequence[Any]:
        """Other allowed values, the nearest first: where a rule looks for one that would do."""
        return ()

    def schema(self, language: str) -> dict[str, Any]:
        """JSON Schema 2020-12 of this field."""
        made = {"title": in_language(self.label, language), **self.schema_of_value(language)}
        if self.help:
            made["description"] = in_language(self.help, language)
        if self.default is not None:
            made["default"] = self.default
        made["x-kind"] = self.kind
        return made

    def schema_of_value(self, language: str) -> dict[str, Any]:
        """The part of the schema that differs between kinds."""
        raise NotImplementedError

    def wrong(self, why: str, value: object, limit: object = None, nearest: object = None) -> OrderError:
        """The error of this field."""
        return OrderError(self.path, why, value=value, limit=limit, nearest=nearest)


class Number(Field[float]):
    """A length (mm) or an angle (degrees) on a grid: low, low + step, ... high.

    `breakpoints`: values within the range where a @cad method that reads it has a kink; its charts end and begin there.
    """

    unit = "mm"
    kind = "length"

    def __init__(
        self,
        default: float,
        *,
        low: float,
        high: float,
        step: float,
        label: Words,
        help: Words = "",
        breakpoints: Sequence[float] = (),
    ) -> None:
        if not (low < high and step > 0 and low <= default <= high):
            raise ValueError(f"needs low < high, a positive step and a default between them: {low}, {high}, {step}, {default}")
        super().__init__(float(default), label=label, help=help)
        self.low, self.high, self.step = float(low), float(high), float(step)
        if abs(self._snapped(self.default_number) - default) > 1e-9:
            raise ValueError(f"default {default} is off the step: {self._snapped(default)} is the nearest")
        self.breakpoints = _breakpoints(breakpoints, self.low, self.high)

    @property
    def default_number(self) -> float:
        """The default, as a number."""
        assert isinstance(self.default, float)
        return self.default

    def _snapped(self, value: float) -> float:
        steps = math.floor((min(max(value, self.low), self.high) - self.low) / self.step + 0.5)
        return min(round(self.low + steps * self.step, 9), self.high) + 0.0  # never -0.0

    def accept(self, raw: object) -> float:
        value = self._number(raw)
        if not math.isfinite(value):
            raise self.wrong("must be a finite number", str(value), f"{self.low:g} to {self.high:g} {self.unit}", self.default)
        near = self._snapped(value)
        if value < self.low or value > self.high:
            why, limit = ("is below its limit", self.low) if value < self.low else ("is above its limit", self.high)
            raise self.wrong(why, f"{value:g} {self.unit}", f"{limit:g} {self.unit}", near)
        if abs(near - value) > 1e-6:
            raise self.wrong("is off its step", f"{value:g} {self.unit}", f"steps of {self.step:g} from {self.low:g}", near)
        return near

    def _number(self, raw: object) -> float:
        if isinstance(raw, Mapping):
            extra = set(raw) - {"value", "unit"}
            if extra or "value" not in raw or "unit" not in raw:
                raise self.wrong('must be a number, or {"value": number, "unit": unit}', dict(raw))
            return convert(self.path, self._plain(raw["value"]), raw["unit"], self.unit)
        return self._plain(raw)

    def _plain(self, raw: object) -> float:
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise self.wrong("must be a number", raw, f"{self.low:g} to {self.high:g} {self.unit}", self.default)
        try:
            return float(raw)
        except OverflowError:
            return math.inf if raw > 0 else -math.inf

    def nearby(self, value: float) -> Sequence[float]:
        count = round((self.high - self.low) / self.step)
        stride = max(1, count // 256)
        here = round((value - self.low) / self.step)
        found: list[float] = []
        for away in range(stride, count + stride, stride):
            found += [self._snapped(self.low + k * self.step) for k in (here + away, here - away) if 0 <= k <= count]
        return found

    def schema_of_value(self, language: str) -> dict[str, Any]:
        number = {"type": "number", "minimum": self.low, "maximum": self.high}
        units = {"enum": list(BY_CANONICAL[self.unit])}
        quantity = {
            "type": "object",
            "properties": {"value": {"type": "number"}, "unit": units},
            "required": ["value", "unit"],
            "additionalProperties": False,
        }
        return {"anyOf": [number, quantity], "x-unit": self.unit, "x-step": self.step}


def _breakpoints(given: object, low: float, high: float) -> tuple[float, ...]:
    """As floats; ValueError where they are no rising numbers inside the range."""
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise ValueError(f"breakpoints must be a sequence, as (1.4,), not {given!r}")
    edge = low
    for point in given:
        if isinstance(point, bool) or not isinstance(point, int | float):
            raise ValueError(f"breakpoints must be numbers, not {point!r}")
        if not low < point < high:
            raise ValueError(f"breakpoint {point:g} is not between {low:g} and {high:g}")
        if not edge < point:
            raise ValueError(f"breakpoints must rise: {point:g} does not")
        edge = point
    return tuple(float(point) for point in given)


class Angle(Number):
    """Degrees."""

    unit = "deg"
    kind = "angle"


class Curvature(Number):
    """Dioptres of a surface (530 mm divided by its radius)."""

    unit = "D"
    kind = "curvature"


class Count(Field[int]):
    """A whole number."""

    kind = "count"

    def __init__(self, default: int, *, low: int, high: int, label: Words, help: Words = "") -> None:
        if not low <= default <= high:
            raise ValueError(f"needs low <= default <= high: {low}, {default}, {high}")
        super().__init__(default, label=label, help=help)
        self.low, self.high = low, high

    def accept(self, raw: object) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int):
            raise self.wrong("must be a whole number", raw, f"{self.low} to {self.high}", self.default)
        if not self.low <= raw <= self.high:
            raise self.wrong("is out of range", raw, f"{self.low} to {self.high}", min(max(raw, self.low), self.high))
        return raw

    def nearby(self, value: int) -> Sequence[int]:
        return sorted((v for v in range(self.low, self.high + 1) if v != value), key=lambda v: abs(v - value))

    def schema_of_value(self, language: str) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


class Flag(Field[bool]):
    """Yes or no."""

    kind = "flag"

    def accept(self, raw: object) -> bool:
        if not isinstance(raw, bool):
            raise self.wrong("must be true or false", raw, "true or false", self.default)
        return raw

    def nearby(self, value: bool) -> Sequence[bool]:
        return (not value,)

    def schema_of_value(self, language: str) -> dict[str, Any]:
        return {"type": "boolean"}


class Choice(Field[str]):
    """One of a few words. `options`: the words, or word -> label."""

    kind = "choice"

    def __init__(self, default: str, options: Sequence[str] | Mapping[str, Words], *, label: Words, help: Words = "") -> None:
        self.options: Mapping[str, Words] = options if isinstance(options, Mapping) else {o: o for o in options}
        if default not in self.options:
            raise ValueError(f"default {default!r} is none of {', '.join(self.options)}")
        super().__init__(default, label=label, help=help)

    def accept(self, raw: object) -> str:
        if not isinstance(raw, str) or raw not in self.options:
            near = closest(str(raw), list(self.options)) or self.default
            raise self.wrong("is none of the choices", raw, "one of " + ", ".join(self.options), near)
        return raw

    def nearby(self, value: str) -> Sequence[str]:
        return [o for o in self.options if o != value]

    def schema_of_value(self, language: str) -> dict[str, Any]:
        return {"oneOf": [{"const": o, "title": in_language(w, language)} for o, w in self.options.items()]}


class TextField(Field[Text]):
    """A line of text, in NFC; counted in graphemes, as people count letters."""

    kind = "text"
    personal = True

    def __init__(self, default: str, *, max_graphemes: int, label: Words, help: Words = "") -> None:
        super().__init__(default, label=label, help=help)
        self.max_graphemes = max_graphemes

    def accept(self, raw: object) -> str:
        if not isinstance(raw, str):
            raise self.wrong("must be text", raw, f"at most {self.max_graphemes} letters")
        return accepted_text(self.path, raw, self.max_graphemes)

    def given_to_template(self, template: Template) -> Text:
        return Text(template.run.read(self.name), self.path, template.run.read)

    def schema_of_value(self, language: str) -> dict[str, Any]:
        return {"type": "string", "x-max-graphemes": self.max_graphemes, "maxLength": 20 * self.max_graphemes}


def length(
    default: float,
    *,
    low: float,
    high: float,
    step: float,
    label: Words,
    help: Words = "",
    breakpoints: Sequence[float] = (),
) -> Number:
    """A length in mm. `breakpoints`: where a @cad method that reads it has a kink."""
    return Number(default, low=low, high=high, step=step, label=label, help=help, breakpoints=breakpoints)


def angle(
    default: float,
    *,
    low: float,
    high: float,
    step: float,
    label: Words,
    help: Words = "",
    breakpoints: Sequence[float] = (),
) -> Angle:
    """An angle in degrees. `breakpoints`: where a @cad method that reads it has a kink."""
    return Angle(default, low=low, high=high, step=step, label=label, help=help, breakpoints=breakpoints)


def curvature(default: float, *, low: float, high: float, step: float, label: Words, help: Words = "") -> Curvature:
    """A lens's base curve in dioptres."""
    return Curvature(default, low=low, high=high, step=step, label=label, help=help)


def count(default: int, *, low: int, high: int, label: Words, help: Words = "") -> Count:
    """A whole number."""
    return Count(default, low=low, high=high, label=label, help=help)


def flag(default: bool, *, label: Words, help: Words = "") -> Flag:
    """Yes or no."""
    return Flag(default, label=label, help=help)


def choice(default: str, options: Sequence[str] | Mapping[str, Words], *, label: Words, help: Words = "") -> Choice:
    """One of a few words."""
    return Choice(default, options, label=label, help=help)


def text(default: str, *, max_graphemes: int, label: Words, help: Words = "") -> TextField:
    """A line of text."""
    return TextField(default, max_graphemes=max_graphemes, label=label, help=help)
