"""What a stage's bodies are asked for by, and what becomes of the orders of one structure: charts, and what stays off them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.compiling import choosing, fitting, predicting
from engine.errors import UnikatError

Floats = npt.NDArray[np.float64]


class MoreInputs(UnikatError):
    """The @cad method asked for something it was not known to ask for."""

    def __init__(self, more: Mapping[str, Sequence[str]]) -> None:
        super().__init__("more inputs")
        self.more = {what: list(found) for what, found in more.items()}


@dataclass(frozen=True)
class Asked:
    """What all bodies of one stage share."""

    key: str
    version: int
    stage: str
    source: str
    cad: str
    direct: list[str]
    stages: list[str]

    @property
    def inputs(self) -> dict[str, list[str]]:
        """As the children are told."""
        return {"direct": self.direct, "stages": self.stages}


@dataclass(eq=False)
class Orders:
    """Orders of one structure: what each changes, its coordinates (n, q), and what they are called."""

    structure: str
    changes: list[dict[str, Any]]
    values: Floats
    names: list[str]

    def only(self, rows: npt.NDArray[Any]) -> Orders:
        """Some of them."""
        where = np.flatnonzero(rows) if rows.dtype == bool else rows
        return Orders(self.structure, [self.changes[k] for k in where.tolist()], self.values[where], self.names)


@dataclass(eq=False)
class Made:
    """A chart that was made: its file's bytes, the orders of its region and which rows of them were drawn, and how well it fits those."""

    data: bytes
    orders: Orders
    rows: list[int]
    worst_mm: float
    fit: fitting.Fit
    axes: fitting.Axes
    reference: dict[str, Any]
    slope: Floats
    """Where the edges' middles are, as of `predicting.slope`: other bodies are matched by it."""
    cuts: list[choosing.Pair]
    finer: int = 1
    """So many times nearer to the surface than CAD's own were its triangles asked to be."""
    cures: int = 0
    """So often a chart of its region was found wrong, and fitted anew."""

    def predicted(self, values: Floats) -> Floats:
        """Where the edges' middles of another body should be (e, 3)."""
        return predicting.middles(self.slope, self.axes.z(values[None])[0])


@dataclass(eq=False)
class Outcome:
    """Of one structure: charts, and what stays off them: (how many orders, why)."""

    charts: list[Made] = field(default_factory=list)
    off: list[tuple[int, str]] = field(default_factory=list)
    cuts: list[str] = field(default_factory=list)
