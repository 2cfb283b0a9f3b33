"""Fields that hold a person's data: measures, and files (scans, traced outlines, pressure maps). Never on disk."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from engine.errors import OrderError
from engine.language.inputs import KINDS, OutlineFile, PersonsFile, PointsFile, PressureFile, ScanFile
from engine.language.parameters import Field, Words
from engine.model.order import InputFile, Measurement
from engine.model.units import BY_CANONICAL, convert

if TYPE_CHECKING:
    from engine.language.template import Template
    from engine.model.foot import Side

T = TypeVar("T", bound=PersonsFile)
NEARBY = 128
"""Steps of a measure's range that are looked at for one that goes with the others."""


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

    def nearby(self, value: Measurement | None) -> Sequence[Measurement]:
        """Others in its range, the nearest first: which would go with the rest, where one was mistyped."""
        if value is None:
            return ()
        step = (self.high - self.low) / NEARBY
        found = (self.low + k * step for k in range(NEARBY + 1))
        others = sorted((v for v in found if v != value.value), key=lambda v: abs(v - value.value))
        return [replace(value, value=round(v, 3)) for v in others]

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


class Input(Field[T | None]):
    """A file of the person's (a scan, a lens outline, a pressure map), by its sha256; its unit is mandatory.

    `side`: of which side it must be; a file that says none is taken as of that side.
    """

    personal = True
    section = "inputs"

    def __init__(self, kind: str, *, label: Words, side: Side | None = None, help: Words = "") -> None:
        super().__init__(None, label=label, help=help)
        if side not in (None, "left", "right"):
            raise ValueError(f"side {side!r} is neither left nor right")
        self.kind, self.side = kind, side
        self.canonical = "kPa" if kind == "pressure" else "mm"

    def accept(self, raw: object) -> InputFile | None:
        if raw is None:
            return None
        if not isinstance(raw, InputFile):
            raise self.wrong('must be {"sha256": hash, "unit": unit}', raw)
        convert(self.path, 1.0, raw.unit, self.canonical)
        if raw.side is not None and self.side is not None and raw.side != self.side:
            raise OrderError(f"{self.path}.side", "is the other side's", value=raw.side, limit=self.side, nearest=self.side)
        return replace(raw, side=raw.side or self.side, file=None)

    def given_to_template(self, template: Template) -> PersonsFile | None:
        told = template.run.read(self.name)
        return None if told is None else KINDS[self.kind](told.sha256, told.unit, told.side, self.name, template.run.inputs)

    def schema_of_value(self, language: str) -> dict[str, Any]:
        sha = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
        units = list(BY_CANONICAL[self.canonical])
        sides = ["left", "right"] if self.side is None else [self.side]
        return {
            "type": "object",
            "properties": {"sha256": sha, "unit": {"enum": units}, "side": {"enum": sides}},
            "required": ["sha256", "unit"],
            "additionalProperties": False,
        }


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


def scan(*, label: Words, side: Side | None = None, help: Words = "") -> Input[ScanFile]:
    """A 3D scan: None, or a ScanFile. `side`: of which side it must be."""
    return Input("scan", label=label, side=side, help=help)


def points(*, label: Words, help: Words = "") -> Input[PointsFile]:
    """Named points of a person's body: None, or a PointsFile."""
    return Input("points", label=label, help=help)


def outline(*, label: Words, side: Side | None = None, help: Words = "") -> Input[OutlineFile]:
    """A traced outline (OMA/DCS): None, or an OutlineFile. `side`: of which side it must be."""
    return Input("outline", label=label, side=side, help=help)


def pressure(*, label: Words, side: Side | None = None, help: Words = "") -> Input[PressureFile]:
    """A pressure map: None, or a PressureFile. `side`: of which side it must be."""
    return Input("pressure", label=label, side=side, help=help)
