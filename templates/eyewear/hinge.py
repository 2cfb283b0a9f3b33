"""The hinge: printed, five knuckles on one pin, three on the front's end piece, two on the temple; or bought, whose leaves lie in pockets.
Where they stand, and how the temple turns.

Its frame at either end: t along the end piece outwards, b away from its back, both from the pin's axis; seen from above.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.authoring import Knuckle, Rounded, angle_of, direction

Floats = npt.NDArray[np.float64]
BARREL, PIN = 4.0, 1.4
"""mm: diameters, at least."""
HIGH = 2.0
"""mm of each of the five, clearance included."""
COUNT = 5
OFF = 0.45
"""mm from the end piece's back to the barrel."""
SHUT = 0.3
"""mm between the end piece's back and the open temple's end."""
FREE = 0.45
"""mm between a knuckle and the plate of the other part."""
FLUSH = 0.2
"""mm from a bought hinge's barrel to the end piece's back, and to the temple."""
BESIDE, UNDER, ROOM, EDGE = 2.2, 1.0, 0.1, 1.2
"""mm of a pocket for a leaf: material beside it, how far it reaches inwards of the axis, how much larger than the leaf it is all round, and
what is left between it and an edge."""
END = 2.2
"""mm from a temple's end, which leans, to its pocket."""
SEGMENTS = 20
"""Of half a barrel."""


@dataclass(frozen=True)
class Leaves:
    """Of a bought hinge: how long its two leaves are, how high and how thick, mm."""

    front: float
    temple: float
    high: float
    thick: float


@dataclass(frozen=True)
class Made:
    """What a process makes of a hinge, mm: diameters of pin, hole and barrel, and the clearance between knuckles; or what was bought."""

    pin: float
    bore: float
    barrel: float
    across: float
    leaves: Leaves | None = None

    @property
    def high(self) -> float:
        """What it takes of an end piece, upwards."""
        return COUNT * HIGH if self.leaves is None else self.leaves.high + 2.0 * BESIDE

    @property
    def inwards(self) -> float:
        """What it takes of an end piece, from the axis towards the lens."""
        return self.barrel / 2 if self.leaves is None else max(self.barrel / 2, UNDER)


def made_by(hole: float, wall: float, clearance: float) -> Made:
    """By a process's limits: its least hole, its least wall, its clearance a side."""
    pin = max(PIN, hole)
    bore = pin + max(0.2, clearance)
    return Made(pin, bore, max(BARREL, bore + 2.0 * wall + 0.2), max(0.2, 2.0 * clearance))


def bought(barrel: float, leaves: Leaves) -> Made:
    """A hinge of those sizes."""
    return Made(0.0, 0.0, barrel, 0.0, leaves)


@dataclass(frozen=True)
class Hinge:
    """`lean`: degrees by which an open temple leans outwards from the end piece's back; all else mm."""

    lean: float
    made: Made
    temple: float
    """Its thickness."""
    radius: float
    """Of the cylinder that the end piece is part of."""

    @property
    def behind(self) -> float:
        """From the end piece's back to the axis."""
        return self.made.barrel / 2 + (OFF if self.made.leaves is None else FLUSH)

    @property
    def beside(self) -> float:
        """From the axis out to the open temple's inner face."""
        cos, sin = direction(self.lean)
        return (self.made.barrel / 2 + (FREE if self.made.leaves is None else FLUSH)) * cos + self.behind * abs(sin)

    def start(self, out: float) -> float:
        """Where along the temple, from the axis, its end begins, `out` mm outwards of the axis."""
        cos, sin = direction(self.lean)
        reach = self.beside + self.temple
        return (SHUT + reach * reach / (2.0 * self.radius) - self.behind) / cos + out * sin / cos

    @property
    def reach(self) -> float:
        """From the axis out to the end piece's end."""
        cos, _ = direction(self.lean)
        usual = (self.beside + self.temple) / cos + 0.3
        return usual if self.made.leaves is None else max(usual, self.made.leaves.front - UNDER + ROOM + EDGE)

    def front_pocket(self, at: float, height: float) -> Rounded:
        """For the leaf in the end piece's back, flat: x along the front, whose axis lies `at` along it, > 0; y up."""
        leaves = self._leaves
        return _pocket(at - UNDER + leaves.front / 2, height, leaves.front, leaves.high)

    def temple_pocket(self) -> Rounded:
        """For the leaf in the temple's inner face, flat: x from the axis backwards, y up from the hinge's middle."""
        leaves = self._leaves
        return _pocket(self.start(self.beside) + END + leaves.temple / 2, 0.0, leaves.temple, leaves.high)

    @property
    def _leaves(self) -> Leaves:
        if self.made.leaves is None:
            raise ValueError("a printed hinge has no leaves")
        return self.made.leaves

    @property
    def taken(self) -> float:
        """What it takes of the temple, from its end on."""
        return 1.3 + 4.5 if self.made.leaves is None else END + self.made.leaves.temple

    def fronts(self, at: float, height: float) -> list[Knuckle]:
        """Those of the front, where the axis lies `at` along it."""
        if self.made.leaves is not None:
            return []
        return self._knuckles(at, height, (0, 2, 4), (-self.made.barrel / 2, self.made.barrel / 2), self.behind)

    def temples(self, mirrored: bool) -> list[Knuckle]:
        """Those of a temple, whose own x begins at the axis and runs backwards, or forwards where it is mirrored."""
        if self.made.leaves is not None:
            return []
        first = self.start(self.beside) + 1.3
        base = (-first - 4.5, -first) if mirrored else (first, first + 4.5)
        return self._knuckles(0.0, 0.0, (1, 3), base, self.beside)

    def _knuckles(
        self, at: float, height: float, numbers: tuple[int, ...], base: tuple[float, float], b: float
    ) -> list[Knuckle]:
        """Those of these numbers, all of one profile, their axis `b` away from the face that they stand on."""
        profile, hole = _around(base, b, self.made.barrel / 2), _circle(b, self.made.bore / 2, 2 * SEGMENTS)
        lows = [height + (number - COUNT / 2) * HIGH + self.made.across / 2 for number in numbers]
        return [Knuckle(at, base, low, low + HIGH - self.made.across, profile, hole) for low in lows]


def _pocket(x: float, y: float, long: float, high: float) -> Rounded:
    return Rounded(x, y, long + 2.0 * ROOM, high + 2.0 * ROOM, 0.4)


def _around(base: tuple[float, float], b: float, r: float) -> Floats:
    """The barrel seen from above, between its tangents from both ends of the base; counter-clockwise."""
    first, last = _touch(base[1], b, r, right=True), _touch(base[0], b, r, right=False)
    made = []
    for k in range(SEGMENTS + 1):
        c, s = direction(first + (last - first) * k / SEGMENTS)
        made.append((r * c, b + r * s))
    return np.array(made)


def _touch(away: float, b: float, r: float, *, right: bool) -> float:
    """The angle (degrees) at which the tangent from a point of the base, `away` beside the axis, touches the barrel."""
    far = math.sqrt(away * away + b * b)
    reach = math.sqrt(far * far - r * r)
    # the tangent's point: r / far of the way to the base's end, and reach / far across it
    x, y = away / far, -b / far
    side = -1.0 if right else 1.0
    px, py = r / far * x + side * reach / far * y, r / far * y - side * reach / far * x
    degrees = angle_of(px, py)
    return degrees if right or degrees > 0.0 else degrees + 360.0


def _circle(b: float, r: float, many: int) -> Floats:
    return np.array([(r * c, b + r * s) for c, s in (direction(360.0 * k / many) for k in range(many))])
