"""A table of heights as a parameter: what a @fit found in a scan or a pressure map, in numbers that every stage may read."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.language.parameters import Field, Words
from engine.language.template import Template
from engine.model.grid import Grid

STEPS = 10_000
"""A mm: what is kept of a height."""
MOST_CELLS = 40_000
_KEYS = ("origin", "pitch", "z")


@dataclass(frozen=True)
class Heights:
    """A Grid that equals another by its numbers: what traces compare. `data`: its heights as int32 in STEPS, row by row."""

    origin: tuple[float, float]
    pitch: float
    columns: int
    data: bytes

    def grid(self) -> Grid:
        """The grid, mm."""
        steps = np.frombuffer(self.data, np.int32).reshape(-1, self.columns)
        return Grid(np.divide(steps, float(STEPS), dtype=np.float64), self.origin, self.pitch)

    def told(self) -> dict[str, Any]:
        """What the record keeps of it; its numbers are found again in what the order gave."""
        rows = len(self.data) // 4 // self.columns
        digest = hashlib.sha256(self.data).hexdigest()
        return {"origin": self.origin, "pitch": self.pitch, "rows": rows, "columns": self.columns, "sha256": digest}

    @classmethod
    def of(cls, grid: Grid) -> Heights:
        """Rounded to STEPS; the grid holds numbers only."""
        steps: npt.NDArray[np.int32] = np.rint(grid.z * STEPS).astype(np.int32)
        x, y = (round(at, 6) for at in grid.origin)
        return cls((x, y), round(grid.pitch, 6), grid.z.shape[1], steps.tobytes())


class Table(Field["Heights | None"]):
    """Heights on a square grid, mm; None where there are none. A person's: stages that read it stay in memory only. A @cad method
    may read it, unlike a scan: it is numbers."""

    kind = "table"
    personal = True

    @property
    def drawable(self) -> bool:
        return True

    def __init__(self, *, low: float, high: float, label: Words, help: Words = "") -> None:
        super().__init__(None, label=label, help=help)
        if not low < high:
            raise ValueError(f"needs low < high: {low}, {high}")
        self.low, self.high = float(low), float(high)

    def accept(self, raw: object) -> Heights | None:
        if raw is None or isinstance(raw, Heights):
            return raw
        grid = raw if isinstance(raw, Grid) else self._read(raw)
        if not np.isfinite(grid.z).all():
            raise self.wrong("must hold numbers only", "a height that is no number")
        low, high = float(grid.z.min()), float(grid.z.max())
        limit = f"{self.low:g} to {self.high:g} mm"
        if low < self.low:
            raise self.wrong("holds a height below its limit", f"{low:g} mm", limit, self.low)
        if high > self.high:
            raise self.wrong("holds a height above its limit", f"{high:g} mm", limit, self.high)
        return Heights.of(grid)

    def _read(self, raw: object) -> Grid:
        if not isinstance(raw, Mapping) or set(raw) != set(_KEYS):
            raise self.wrong('must be {"origin": [x, y], "pitch": mm, "z": rows of heights in mm}', type(raw).__name__)
        origin, pitch, rows = (raw[key] for key in _KEYS)
        if not (_row(origin) and len(origin) == 2):
            raise self.wrong("needs an origin of two numbers", origin)
        if not (_number(pitch) and 0.5 <= pitch <= 20.0):
            raise self.wrong("needs a pitch", pitch, "0.5 to 20 mm")
        if not (isinstance(rows, list) and rows and all(_row(row) and len(row) == len(rows[0]) for row in rows) and rows[0]):
            raise self.wrong("needs rows of numbers, all as long", "z")
        if len(rows) * len(rows[0]) > MOST_CELLS:
            raise self.wrong("has too many heights", len(rows) * len(rows[0]), MOST_CELLS)
        return Grid(np.array(rows, dtype=np.float64), (float(origin[0]), float(origin[1])), float(pitch))

    def given_to_template(self, template: Template) -> Grid | None:
        kept: Heights | None = template.run.read(self.name)
        return None if kept is None else kept.grid()

    def schema_of_value(self, language: str) -> dict[str, Any]:
        number = {"type": "number"}
        heights = {"type": "number", "minimum": self.low, "maximum": self.high}
        return {
            "type": "object",
            "properties": {
                "origin": {"type": "array", "items": number, "minItems": 2, "maxItems": 2},
                "pitch": {"type": "number", "minimum": 0.5, "maximum": 20.0},
                "z": {"type": "array", "items": {"type": "array", "items": heights, "minItems": 1}, "minItems": 1},
            },
            "required": list(_KEYS),
            "additionalProperties": False,
            "x-unit": "mm",
        }


def _number(raw: object) -> bool:
    return isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw)


def _row(raw: object) -> bool:
    return isinstance(raw, Sequence) and not isinstance(raw, str) and all(_number(one) for one in raw)


def table(*, low: float, high: float, label: Words, help: Words = "") -> Any:
    """Heights on a grid (mm), which a @fit may set to a Grid; None by default. `low`, `high`: what each height keeps to."""
    return Table(low=low, high=high, label=label, help=help)
