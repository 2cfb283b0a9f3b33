"""What a template may ask for: typed fields with unit, range, step, default, help and labels in English and French.

A field is a descriptor: inside a stage `self.wall` is its value, and the read is noted in the stage's trace.
"""

from __future__ import annotations

import csv
import math
import pathlib
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from engine.errors import OrderError
from engine.language.values import Row, Text, accepted_text
from engine.model.order import InputFile, Measurement
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
    """The nearest of `words`, if any is near."""
    near = get_close_matches(word, words, n=1, cutoff=0.4)
    return near[0] if near else None


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
    """A length (mm) or an angle (degrees) on a grid: low, low + step, ... high."""

    unit = "mm"
    kind = "length"

    def __init__(self, default: float, *, low: float, high: float, step: float, label: Words, help: Words = "") -> None:
        if not (low < high and step > 0 and low <= default <= high):
            raise ValueError(f"needs low < high, a positive step and a default between them: {low}, {high}, {step}, {default}")
        super().__init__(float(default), label=label, help=help)
        self.low, self.high, self.step = float(low), float(high), float(step)
        if abs(self._snapped(self.default_number) - default) > 1e-9:
            raise ValueError(f"default {default} is off the step: {self._snapped(default)} is the nearest")

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
            side = "below" if value < self.low else "above"
            limit = self.low if value < self.low else self.high
            raise self.wrong(f"is {side} its limit", f"{value:g} {self.unit}", f"{limit:g} {self.unit}", near)
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


class Angle(Number):
    """Degrees."""

    unit = "deg"
    kind = "angle"


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


class Catalogue(Field[Row]):
    """A row of a CSV file that lies beside the template (or in its data/). First column `key`; a blank is None: unknown."""

    kind = "catalogue"

    def __init__(self, file: str, *, default: str, label: Words, help: Words = "", name_columns: Sequence[str] = ()) -> None:
        super().__init__(default, label=label, help=help)
        self.file = file
        self.name_columns = name_columns
        self._rows: Mapping[str, Mapping[str, object]] | None = None

    @property
    def rows(self) -> Mapping[str, Mapping[str, object]]:
        """key -> column -> value; read at first use. A column whose filled cells are all numbers is of numbers."""
        if self._rows is None:
            self._rows = _read_rows(self._found())
        return self._rows

    def _found(self) -> pathlib.Path:
        home = pathlib.Path(str(sys.modules[self.owner.__module__].__file__)).parent
        for path in (home / self.file, home / "data" / self.file):
            if path.is_file():
                return path
        raise FileNotFoundError(f"{self.owner.__name__}.{self.name}: no {self.file} beside {home}")

    def accept(self, raw: object) -> str:
        if not isinstance(raw, str) or raw not in self.rows:
            near = closest(str(raw), list(self.rows)) or self.default
            raise self.wrong("is not in the catalogue", raw, f"one of {len(self.rows)} keys; see `unikat templates`", near)
        return raw

    def given_to_template(self, template: Template) -> Row:
        return Row(self.name, list(next(iter(self.rows.values()))), template.run.read)

    def label_of(self, key: str) -> str:
        """What to call a row on a page."""
        row = self.rows[key]
        return " ".join(str(row[c]) for c in self.name_columns if row.get(c)) or key

    def schema_of_value(self, language: str) -> dict[str, Any]:
        return {"oneOf": [{"const": k, "title": self.label_of(k)} for k in self.rows]}


def _read_rows(path: pathlib.Path) -> Mapping[str, Mapping[str, object]]:
    with path.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    if not table or "key" not in table[0]:
        raise ValueError(f"{path.name}: needs a header with a column `key`, and rows")
    numeric = {c for c in table[0] if c != "key" and _all_numbers([r[c] for r in table])}
    rows: dict[str, Mapping[str, object]] = {}
    for row in table:
        if row["key"] in rows:
            raise ValueError(f"{path.name}: key {row['key']} stands twice")
        rows[row["key"]] = {c: _cell(v, c in numeric) for c, v in row.items()}
    return rows


def _cell(text: str, number: bool) -> object:
    if text == "":
        return None
    return float(text) if number else text


def _all_numbers(cells: Sequence[str]) -> bool:
    filled = [c for c in cells if c != ""]
    try:
        return all(math.isfinite(float(c)) for c in filled) and bool(filled)
    except ValueError:
        return False


class Measure(Field["Measurement | None"]):
    """A measure of the person, with unit, standard, source and uncertainty. None where it was not given."""

    kind = "measure"
    personal = True
    section = "measurements"

    def __init__(
        self,
        *,
        low: float,
        high: float,
        label: Words,
        unit: str = "mm",
        standard: str | None = None,
        path: str | None = None,
        help: Words = "",
    ) -> None:
        super().__init__(None, label=label, help=help)
        if unit not in BY_CANONICAL:
            raise ValueError(f"unit {unit!r} is none of {', '.join(BY_CANONICAL)}")
        self.low, self.high, self.unit, self.standard = float(low), float(high), unit, standard
        self.dotted = path

    @property
    def path(self) -> str:
        return f"{self.section}.{self.dotted or self.name}"

    def accept(self, raw: object) -> Measurement | None:
        if raw is None:
            return None
        if not isinstance(raw, Measurement):
            raise self.wrong('must be {"value": number, "unit": unit}', raw)
        value = convert(self.path, raw.value, raw.unit, self.unit)
        if not math.isfinite(value) or not self.low <= value <= self.high:
            near = min(max(value, self.low), self.high) if math.isfinite(value) else None
            limit = f"{self.low:g} to {self.high:g} {self.unit}"
            raise self.wrong("is out of range", f"{raw.value:g} {raw.unit}", limit, near)
        doubt = None if raw.uncertainty is None else convert(self.path, raw.uncertainty, raw.unit, self.unit)
        return Measurement(value, self.unit, raw.standard or self.standard, raw.source, doubt)

    def schema_of_value(self, language: str) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {
                "value": {"type": "number"},
                "unit": {"enum": list(BY_CANONICAL[self.unit])},
                "source": {"type": "string"},
                "standard": {"type": "string"},
                "uncertainty": {"type": "number", "minimum": 0},
            },
            "required": ["value", "unit"],
            "additionalProperties": False,
            "x-range": [self.low, self.high],
            "x-unit": self.unit,
            "x-standard": self.standard,
        }


class Input(Field["InputFile | None"]):
    """A file of the person's (a scan, a lens outline, a pressure map), by its sha256; its unit is mandatory."""

    personal = True
    section = "inputs"

    def __init__(self, kind: str, *, label: Words, help: Words = "") -> None:
        super().__init__(None, label=label, help=help)
        self.kind = kind

    def accept(self, raw: object) -> InputFile | None:
        if raw is not None and not isinstance(raw, InputFile):
            raise self.wrong('must be {"sha256": hash, "unit": unit}', raw)
        if raw is not None:
            kinds = ("kPa", "mm") if self.kind == "pressure" else ("mm",)
            convert(self.path, 1.0, raw.unit, next((k for k in kinds if raw.unit in BY_CANONICAL[k]), kinds[0]))
        return raw

    def schema_of_value(self, language: str) -> dict[str, Any]:
        sha = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
        return {
            "type": "object",
            "properties": {"sha256": sha, "unit": {"type": "string"}, "side": {"enum": ["left", "right"]}},
            "required": ["sha256", "unit"],
            "additionalProperties": False,
        }


def length(default: float, *, low: float, high: float, step: float, label: Words, help: Words = "") -> Number:
    """A length in mm."""
    return Number(default, low=low, high=high, step=step, label=label, help=help)


def angle(default: float, *, low: float, high: float, step: float, label: Words, help: Words = "") -> Angle:
    """An angle in degrees."""
    return Angle(default, low=low, high=high, step=step, label=label, help=help)


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


def catalogue(file: str, *, default: str, label: Words, help: Words = "", name_columns: Sequence[str] = ()) -> Catalogue:
    """A row of a CSV file beside the template."""
    return Catalogue(file, default=default, label=label, help=help, name_columns=name_columns)


def measure(
    *,
    low: float,
    high: float,
    label: Words,
    unit: str = "mm",
    standard: str | None = None,
    path: str | None = None,
    help: Words = "",
) -> Measure:
    """A measure of the person; `path` where the order's name is dotted (`left.foot_length`)."""
    return Measure(low=low, high=high, label=label, unit=unit, standard=standard, path=path, help=help)


def scan(*, label: Words, help: Words = "") -> Input:
    """A 3D scan."""
    return Input("scan", label=label, help=help)


def outline(*, label: Words, help: Words = "") -> Input:
    """A traced outline (OMA/DCS)."""
    return Input("outline", label=label, help=help)


def pressure(*, label: Words, help: Words = "") -> Input:
    """A pressure map."""
    return Input("pressure", label=label, help=help)
