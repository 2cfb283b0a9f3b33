"""A plate: a flat body with shaped borders, rolled onto a cylinder. Numbers alone; `engine.shape.plate` makes the body. A leaf."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
FEWEST = 8
"""Points of a ring, at least."""


@dataclass(frozen=True, eq=False)
class Rings:
    """Closed curves around a plate, or around a hole in it, each on the way from the front face to the back one; mm, before it is rolled.

    points (k, n, 3): k rings, each the periodic cubic spline through its n points, counter-clockwise seen from the front; x along, y up,
    z to the front. The first ring lies in the front face, the last one in the back face. at (n + 1,): the parameters that all of them
    share, rising; the last one closes them. Faces reach as few places of a span as come `within` mm of the curves and of the walls between
    them, `per` at most. walls: names of the k - 1 walls between the rings, as patches; walls of one name are one patch.
    """

    points: Floats
    at: Floats
    walls: tuple[str, ...]
    per: int = 4
    within: float = 0.002

    def __post_init__(self) -> None:
        for name in ("points", "at"):
            made = np.array(getattr(self, name), dtype=np.float64, order="C")
            made.flags.writeable = False
            object.__setattr__(self, name, made)
        k, n = self.points.shape[:2] if self.points.ndim == 3 and self.points.shape[2] == 3 else (0, 0)
        if (
            k < 2
            or n < FEWEST
            or self.at.shape != (n + 1,)
            or len(self.walls) != k - 1
            or self.per < 1
            or not self.within > 0.0
        ):
            raise ValueError(f"rings are two or more, through {FEWEST} points or more, with a name for each wall between them")
        if not (np.isfinite(self.points).all() and np.isfinite(self.at).all() and (np.diff(self.at) > 0.0).all()):
            raise ValueError("rings are finite, and their parameters rise")


def rings(points: Floats, *, walls: tuple[str, ...], along: int = 0, per: int = 4, within: float = 0.002) -> Rings:
    """Rings (k, n, 3) whose parameters are the lengths of the chords of ring `along`."""
    one = np.asarray(points, np.float64)[along]
    ahead = np.concatenate((one[1:], one[:1])) - one
    squares = ahead[:, 0] * ahead[:, 0] + ahead[:, 1] * ahead[:, 1] + ahead[:, 2] * ahead[:, 2]
    return Rings(points, np.concatenate((np.zeros(1), np.cumsum(np.sqrt(squares)))), walls, per, within)


@dataclass(frozen=True, eq=False)
class Knuckle:
    """A part of a hinge that stands on a plate's back face: a prism from y = `low` to `high`, with a hole for the pin along it; mm.

    Its frame touches the back face at x = `at` (a length along the plate): t along the plate there, b away from the face. It stands on
    the face from t = base[0] to base[1], lengths along the face. profile (m, 2): (t, b) from above base[1] round to above base[0],
    counter-clockwise, base not counted; hole (h, 2): (t, b), counter-clockwise.
    """

    at: float
    base: tuple[float, float]
    low: float
    high: float
    profile: Floats
    hole: Floats

    def __post_init__(self) -> None:
        for name in ("profile", "hole"):
            made = np.array(getattr(self, name), dtype=np.float64, order="C")
            made.flags.writeable = False
            object.__setattr__(self, name, made)
            if made.ndim != 2 or made.shape[1] != 2 or len(made) < 3 or not np.isfinite(made).all():
                raise ValueError(f"a knuckle's {name} has three points or more, finite")
        if not (self.base[0] < self.base[1] and self.low < self.high):
            raise ValueError("a knuckle's base and height are above zero")


@dataclass(frozen=True, eq=False)
class Seat:
    """rings (7, n, 3): the opening's, flat, mm; root is ring 3. apex: z of the lens's sphere on its axis. `lips`: the least thickness of plate
    before the groove's mouth and behind it, less the chamfer."""

    rings: Floats
    apex: float
    lips: tuple[float, float]
