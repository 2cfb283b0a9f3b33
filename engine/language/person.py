"""Fields that hold a person's data: measures, and files (scans, traced outlines, pressure maps). Never on disk."""

from __future__ import annotations

import math
from typing import Any

from engine.language.parameters import Field, Words
from engine.model.order import InputFile, Measurement
from engine.model.units import BY_CANONICAL, convert


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
