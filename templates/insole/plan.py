"""An insole from above: its outline about the foot, and where on the foot each part of it lies.

The foot's frame, mm: x from the rearmost point of the heel to the toes, y to the medial side of either foot, y = 0 on the axis that
defines the foot's length (through the middles of the foot's width at 15 % and at 70 % of it).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from templates.insole.curve import Closed, through

Floats = npt.NDArray[np.float64]

AT = (0.10, 0.15, 0.30, 0.50, 0.60, 0.70, 0.80, 0.90)
"""Stations along the foot, in foot lengths."""
WIDTH = (0.270, 0.290, 0.335, 0.365, 0.385, 0.385, 0.340, 0.270)
CONTACT = (0.200, 0.230, 0.210, 0.260, 0.320, 0.340, 0.310, 0.240)
"""Widths there, in foot lengths: of the foot, and of what touches the ground. Two feet, measured; the last two contacts are the width
less 0.03 (ours). An insole is as wide as halfway between."""
MIDDLE = (0.0, 0.0, -0.012, -0.010, -0.004, 0.0, 0.006, 0.014)
"""Where the middle of that width lies, in foot lengths to the medial side: the hollow of the arch pushes it out, the hallux in (ours)."""
HEEL_AT, BALL_AT = 0.15, 0.65
"""Stations of the heel's and the ball's width."""
FULL, THREE_QUARTER, SULCUS = 5.0, -6.0, 10.0
"""mm: a full insole is so much longer than the foot; the others end so far from the first metatarsal head."""
BEHIND = 1.5
"""mm that a full insole reaches behind the heel; the rest of FULL is before the toes."""
ROUND = (0.93, 0.72, 0.4, 0.0, -0.4, -0.72, -0.93)
"""Where the points of a round end lie, in half widths."""
TOES_IN = 0.03
"""Foot lengths by which the tip of a full insole lies further in than its middle at the last station: before the first two toes."""
HEEL_SHARE, MIDDLE_SHARE, TOE_SHARE = 0.13, 0.26, 0.20
"""Of the insole's length: round the heel, the end of the cup, round the toes."""
HEEL_STATIONS, FINE_STATIONS, WIDE_STATIONS, TOE_STATIONS = 56, 30, 96, 30
COLUMNS = 84


@dataclass(frozen=True)
class Plan:
    """One foot's numbers, mm, as the parameters have them. `extent`: full, three_quarter or sulcus."""

    length: float
    ball: float
    heel: float
    arch_length: float
    extent: str

    @property
    def end(self) -> float:
        """Where the insole ends before the toes, or behind the heads."""
        if self.extent == "full":
            return self.length + FULL - BEHIND
        return self.arch_length + (THREE_QUARTER if self.extent == "three_quarter" else SULCUS)

    def half(self, share: float) -> tuple[float, float]:
        """Lateral and medial border (y, mm) at a share of the foot's length, between the first station and the last."""
        k = next((k for k in range(1, len(AT) - 1) if share <= AT[k]), len(AT) - 1)
        u = (share - AT[k - 1]) / (AT[k] - AT[k - 1])
        wide = [0.5 * (WIDTH[j] + CONTACT[j]) for j in (k - 1, k)]
        width = (wide[0] + u * (wide[1] - wide[0])) * self.length * self._scale(share)
        middle = (MIDDLE[k - 1] + u * (MIDDLE[k] - MIDDLE[k - 1])) * self.length
        return middle - width / 2.0, middle + width / 2.0

    def width(self, share: float) -> float:
        """mm, there."""
        low, high = self.half(share)
        return high - low

    def _scale(self, share: float) -> float:
        """How much wider this foot is than the table's: as its heel behind, as its ball before."""
        heel = self.heel / (0.272 * self.length)
        ball = self.ball / (0.385 * self.length)
        return heel + (ball - heel) * smooth((share - HEEL_AT) / (BALL_AT - HEEL_AT))

    def curve(self) -> Closed:
        """The outline, counter-clockwise from the heel."""
        end = self.end
        last = min(0.79, (end - 0.12 * self.length) / self.length)
        shares = [s for s in (0.13, 0.19, 0.28, 0.38, 0.48, 0.57, 0.65, 0.72) if s < last - 0.03] + [last]
        low = [(share * self.length, self.half(share)[0]) for share in shares]
        high = [(share * self.length, self.half(share)[1]) for share in shares]
        inwards = TOES_IN * self.length if self.extent == "full" else 0.0
        return through([*_cap(low[0], high[0], -BEHIND), *low, *_cap(high[-1], low[-1], end, inwards), *high[::-1]])


def _cap(first: tuple[float, float], last: tuple[float, float], tip: float, inwards: float = 0.0) -> list[tuple[float, float]]:
    """Points of half an ellipse from `last` to `first`, two points of one station; its far end at x = tip, so much further in."""
    x, middle, half = first[0], (first[1] + last[1]) / 2.0, (last[1] - first[1]) / 2.0
    made = []
    for u in ROUND:
        away = math.sqrt(1.0 - u * u)
        made.append((x + (tip - x) * away, middle + inwards * away + u * half))
    return made


@dataclass(frozen=True, eq=False)
class Sections:
    """The outline as sections (see `engine.authoring.sheet`): stations (n,), low and high (n,), and both ends, mm."""

    stations: Floats
    low: Floats
    high: Floats
    heel: float
    toe: float


def sections(curve: Closed) -> Sections:
    """Close together round the heel, where the cup's wall bends, and towards both ends, where the outline turns."""
    (a, b), (heel, _), (toe, _) = curve.ends()
    x = _spread(heel, toe)
    return Sections(x, curve.with_x(x, a, b), curve.with_x(x, b, a + float(curve.at[-1])), heel, toe)


def _spread(heel: float, toe: float) -> Floats:
    """The stations, so many of them whatever the foot: HEEL_STATIONS round the heel, then evenly, then TOE_STATIONS round the toes."""
    long = toe - heel
    back, front, far = heel + HEEL_SHARE * long, heel + MIDDLE_SHARE * long, toe - TOE_SHARE * long
    u = np.arange(1, HEEL_STATIONS + 1) / HEEL_STATIONS
    v = np.arange(TOE_STATIONS - 1, 0, -1) / TOE_STATIONS
    # u u (3 - u) / 2 stands in for 1 - cos: the same bits on every machine
    round_heel = heel + (back - heel) * (u * u * (3.0 - u) / 2.0)
    round_toe = toe - (toe - far) * (v * v * (3.0 - v) / 2.0)
    fine = back + (front - back) * np.arange(1, FINE_STATIONS + 1) / FINE_STATIONS
    wide = front + (far - front) * np.arange(1, WIDE_STATIONS + 1) / WIDE_STATIONS
    return np.concatenate((round_heel, fine, wide, round_toe))


def smooth(u: float) -> float:
    """0 below 0, 1 above 1, between them 3 u^2 - 2 u^3."""
    u = min(max(u, 0.0), 1.0)
    return u * u * (3.0 - 2.0 * u)
