"""A foot as it was read from a scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.model.grid import Grid
from engine.model.order import Measurement

Side = Literal["left", "right"]


@dataclass(frozen=True, eq=False)
class Foot:
    """In its own frame, mm: x along the foot from the rearmost point of the heel, y to the medial side (of both feet, so that a left
    and a right foot look alike), z up from the plane that it stands on. y = 0 is the axis that defines its length.

    `measures`: by name (foot_length, ball_width, ball_girth, heel_width, arch_length, arch_height, instep_height), each with its
    uncertainty; what the scan does not tell is not there. `sole`: the height of the skin over the plane, filled and smoothed; `seen`:
    the cells of it that the scan shows, the rest is filled. `outline` (n, 2): the foot from above, counter-clockwise. `notes`: what
    was decided on the way (French and English are made by who tells it).
    """

    side: Side
    measures: Mapping[str, Measurement]
    sole: Grid
    seen: npt.NDArray[np.bool_]
    outline: npt.NDArray[np.float64]
    notes: tuple[str, ...] = ()
