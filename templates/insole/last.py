"""The underside of an insole that follows a last: the heel's pitch and the toe's spring, over the plane that the ball stands on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.authoring import Grid

Floats = npt.NDArray[np.float64]
SEAT, BALL, TOES = 0.22, 0.66, 0.74
"""Shares of the foot's length: the heel stands level up to the first, the ball from the second to the third (ours)."""


@dataclass(frozen=True)
class Last:
    """mm: how high the last's heel stands over its ball, and its toe (at the end of the foot). Both 0: it is flat."""

    heel: float
    toe: float

    @property
    def flat(self) -> bool:
        """Whether it is a plane."""
        return not (self.heel or self.toe)

    def rise(self, length: float, x: Floats) -> Floats:
        """How high the sole is at stations of a foot so long, mm: level, a shank of third degree, level, a toe of second degree,
        and straight on beyond the foot."""
        share = x / length
        u = np.clip((share - SEAT) / (BALL - SEAT), 0.0, 1.0)
        v = np.maximum((share - TOES) / (1.0 - TOES), 0.0)
        risen = np.where(v < 1.0, v * v, 2.0 * v - 1.0)
        made: Floats = self.heel * (1.0 - u * u * (3.0 - 2.0 * u)) + self.toe * risen
        return made

    def steepest(self, length: float) -> float:
        """Its greatest slope under a foot so long, mm in a mm: half way down the shank, or at the tip of the toe."""
        return max(1.5 * self.heel / ((BALL - SEAT) * length), 2.0 * self.toe / ((1.0 - TOES) * length))

    @staticmethod
    def most_toe(length: float, thin: float, wall: float) -> float:
        """The highest toe at which a front edge so thin, upright, is no thinner across its slope than the least wall: all in mm."""
        thicker = thin / wall
        return 0.5 * (1.0 - TOES) * length * math.sqrt(max(thicker * thicker - 1.0, 0.0))

    def under(self, length: float, top: Grid) -> tuple[Grid, Grid]:
        """The grid of a bed raised by it, and its own on the same places."""
        x = top.origin[0] + top.pitch * np.arange(len(top.z))
        rise = np.broadcast_to(self.rise(length, x)[:, None], top.z.shape)
        return Grid(top.z + rise, top.origin, top.pitch), Grid(rise, top.origin, top.pitch)
