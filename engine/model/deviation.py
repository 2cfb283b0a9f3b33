"""How far a surface lies from another: signed distances, and what of them an acceptance looks at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.model.foot import Side
from engine.model.mesh import Faces, Points


@dataclass(frozen=True)
class DeviationLimits:
    """mm: the 5th percentile at least `low`, the 95th at most `high`, the median no farther from 0 than `middle`."""

    low: float = -1.0
    high: float = 1.0
    middle: float = 0.3

    def __post_init__(self) -> None:
        if not (-math.inf < self.low < 0.0 < self.high < math.inf and 0.0 < self.middle < math.inf):
            raise ValueError(f"limits lie on either side of 0, not {self.low!r}, {self.high!r}, {self.middle!r}")


@dataclass(frozen=True)
class Deviation:
    """Signed distances in mm, above 0 where the one surface is in the other: percentiles, the least and the most."""

    p5: float
    median: float
    p95: float
    least: float
    most: float
    limits: DeviationLimits = DeviationLimits()

    @property
    def within(self) -> bool:
        """Does it pass?"""
        return self.p5 >= self.limits.low and self.p95 <= self.limits.high and abs(self.median) <= self.limits.middle

    @property
    def farthest(self) -> float:
        """The one of `least` and `most` that is farther from 0."""
        return self.most if self.most >= -self.least else self.least


def deviation(values: npt.NDArray[np.float64], limits: DeviationLimits | None = None) -> Deviation:
    """The figures of signed distances of any shape, mm; NaN is not looked at. ValueError where there is none, or an infinite one.

    A percentile lies between the two values next to it in order, by share (Hyndman and Fan, 1996, number 7).
    """
    known = np.sort(values[~np.isnan(values)], axis=None).tolist()
    if not known or math.isinf(known[0]) or math.isinf(known[-1]):
        raise ValueError("no deviation is known" if not known else "a deviation is infinite")
    p5, median, p95 = (_between(known, share) for share in (0.05, 0.5, 0.95))
    return Deviation(p5, median, p95, known[0], known[-1], limits or DeviationLimits())


def _between(ordered: list[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    at = min(math.floor(place), len(ordered) - 2) if len(ordered) > 1 else 0
    low, high = ordered[at], ordered[min(at + 1, len(ordered) - 1)]
    return low + (place - at) * (high - low)


@dataclass(frozen=True, eq=False)
class Compared:
    """What is drawn of one side, in the person's frame (of a foot: x from heel to toes, y medial, z up; mm).

    points (n, 3), faces (m, 3) looking up or down alike, `values` (n,): signed mm at the points, NaN where nothing was compared.
    `figures`: of the distances that are judged, which may be others than those drawn.
    """

    side: Side
    points: Points
    faces: Faces
    values: npt.NDArray[np.float64]
    figures: Deviation
