"""The true surface of a curved patch: exact pieces (plane, cylinder, cone), or a smooth one sampled densely. A leaf."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

PLANE, CYLINDER, CONE, NET = 0.0, 1.0, 2.0, 3.0
"""Kinds of pieces, as the first number of each."""
PIECE = 21
"""Numbers of a piece: kind, side (1 where it is seen from outside its curve, -1 from inside), radius, sine and cosine of the half
angle, origin (3), unit directions (9), and where its own plane lies in the patch's (cosine, sine, x, y)."""


@dataclass(frozen=True, eq=False)
class Surface:
    """What the faces of a patch approximate, mm.

    `pieces` float64 (k, 21), `owner` int32 (m,): the piece of each of the patch's faces, in their order. `net` float64
    (nx, ny, 4, 3): of a piece of kind NET, position and derivatives by x, by y and by both at the nodes of a grid whose
    x and y are lengths along its middle lines; its origin holds x0, y0, and its first direction the two steps.
    `gridded`: the faces are a grid of our own in that plane, with thin ones along its border alone; they need no other.
    `why`: not empty where nothing can be unrolled, and says why not.
    """

    pieces: npt.NDArray[np.float64]
    owner: npt.NDArray[np.int32]
    net: npt.NDArray[np.float64]
    why: str = ""
    gridded: bool = False

    def __post_init__(self) -> None:
        for name, dtype in (("pieces", np.float64), ("owner", np.int32), ("net", np.float64)):
            made = np.array(getattr(self, name), dtype=dtype, order="C")
            made.flags.writeable = False
            object.__setattr__(self, name, made)

    def only(self, which: npt.NDArray[Any]) -> Surface:
        """Of some of the faces: rows among the patch's, or a mask of them."""
        return replace(self, owner=self.owner[which])
