"""Heights over a plane, on a square grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Grid:
    """`z[i, j]` (rows, columns), mm, at x = origin[0] + i * pitch, y = origin[1] + j * pitch. NaN: not known."""

    z: npt.NDArray[np.float64]
    origin: tuple[float, float]
    pitch: float

    def __post_init__(self) -> None:
        made = np.array(self.z, dtype=np.float64, order="C")
        made.flags.writeable = False
        object.__setattr__(self, "z", made)
        if made.ndim != 2 or not self.pitch > 0.0:
            raise ValueError("a grid has rows and columns, and a pitch above zero")
