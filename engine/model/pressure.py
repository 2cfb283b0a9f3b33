"""Pressure under a foot, as a sensor plate or an insole of sensors gives it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

DEEPEST_MM = 4.0
"""How deep a relief gets where nobody says otherwise (ours)."""


@dataclass(frozen=True, eq=False)
class PressureMap:
    """`kpa[i, j]` float64 (rows, columns), kPa, of the cell whose middle is at `pitch_mm` * (i, j); finite, none below zero.

    Rows run along the foot, from heel to toes or the other way; columns run from the person's left to the right, as seen from
    above by the person standing there. Outside of the map nothing is loaded.
    """

    kpa: npt.NDArray[np.float64]
    pitch_mm: float
    name: str = "pressure"

    def __post_init__(self) -> None:
        made = np.array(self.kpa, dtype=np.float64, order="C")
        made.flags.writeable = False
        object.__setattr__(self, "kpa", made)
        if made.ndim != 2 or not made.size or not self.pitch_mm > 0.0:
            raise ValueError("a pressure map has rows and columns, and a pitch above zero")
        if not (np.isfinite(made) & (made >= 0.0)).all():
            raise ValueError("a pressure is finite and not below zero")
