"""Closed loops in a plane, on the lattice that ships: what text becomes before it is stamped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.model.mesh import STEPS_PER_MM


@dataclass(frozen=True, eq=False)
class Outline:
    """points int32 (n, 2): steps of 1e-4 mm in the patch's frame; ends int32 (k,): one past the last point of each loop.

    Outer loops run counter-clockwise, holes clockwise; no loop crosses or touches itself or another.
    """

    points: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        for name in ("points", "ends"):
            made = np.array(getattr(self, name), dtype=np.int32, order="C")
            made.flags.writeable = False
            object.__setattr__(self, name, made)

    def joined(self, other: Outline) -> Outline:
        """The loops of both, which must not meet."""
        ends = np.concatenate((self.ends, other.ends + len(self.points)))
        return Outline(np.concatenate((self.points, other.points)), ends)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 in mm; all zero when there is no loop."""
        if not len(self.points):
            return (0.0, 0.0, 0.0, 0.0)
        (x0, y0), (x1, y1) = self.points.min(axis=0), self.points.max(axis=0)
        return (x0 / STEPS_PER_MM, y0 / STEPS_PER_MM, x1 / STEPS_PER_MM, y1 / STEPS_PER_MM)
