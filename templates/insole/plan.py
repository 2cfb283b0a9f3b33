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
_AT_HEEL, _AT_BALL = (0.29, 0.23), (0.385, 0.33)
"""WIDTH and CONTACT there."""
FULL, THREE_QUARTER, SULCUS = 5.0, -6.0, 10.0
"""mm: a full insole is so much longer than the foot; the others end so far from the first metatarsal head."""
BEHIND = 1.5
"""mm that a full insole reaches behind the heel; the rest of FULL is before the toes."""
ROUND = (0.93, 0.72, 0.4, 0.0, -0.4, -0.72, -0.93)
"""Where the points of a round end lie, in half widths."""
TOES_IN = 0.03
"""Foot lengths by which the tip of a full insole lies further in than its middle at the last station: before the first two toes."""
STATIONS, FORE = (0.13, 0.19, 0.28, 0.38, 0.48, 0.57, 0.65, 0.72), 0.79
"""Shares of the length at which an outline is told, and the last of them: before it is round."""
MARGIN = 1.25
"""mm that an insole lies inside the outline of its last, all round: the middle of 0.5 and 2 (fit.md E)."""
ALLOWANCE = 15.0
"""mm: a last is usually so much longer than the foot that it is made for (shoe-size references)."""
HEEL_SHARE, MIDDLE_SHARE, TOE_SHARE = 0.13, 0.26, 0.20
"""Of the insole's length: round the heel, the end of the cup, round the toes."""
HEEL_STATIONS, FINE_STATIONS, WIDE_STATIONS, TOE_STATIONS = 56, 30, 96, 30
COLUMNS = 84


@dataclass(frozen=True)
class Inside:
    """What a last leaves an insole, mm: the length of its sole, and the width there of its ball and of its heel.

    Its outline is a foot's, of the family below, ALLOWANCE shorter than it; it reaches MARGIN farther back than a full insole does.
    """

    length: float
    ball: float
    heel: float

    def half(self, x: float) -> tuple[float, float]:
        """Lateral and medial border (y, mm) at a place along it."""
        long = self.length - ALLOWANCE
        share = (x + MARGIN) / long
        heel, ball = (told / (0.5 * (w + c) * long) for told, (w, c) in ((self.heel, _AT_HEEL), (self.ball, _AT_BALL)))
        return _half(share, long, heel + (ball - heel) * smooth((share - HEEL_AT) / (BALL_AT - HEEL_AT)))

    def curve(self) -> Closed:
        """Its outline, counter-clockwise from the heel."""
        long = self.length - ALLOWANCE
        rows = [(share * long - MARGIN, *self.half(share * long - MARGIN)) for share in (*STATIONS, FORE)]
        back = -BEHIND - MARGIN
        return _outline(rows, back, back + self.length, TOES_IN * long)


@dataclass(frozen=True)
class Plan:
    """One foot's numbers, mm, as the parameters have them. `extent`: full, three_quarter or sulcus. `inside`: the last's, where it is
    told: then the outline is MARGIN inside of it, wherever the insole reaches, and not the foot's."""

    length: float
    ball: float
    heel: float
    arch_length: float
    extent: str
    inside: Inside | None = None

    @property
    def end(self) -> float:
        """Where the insole ends before the toes, or behind the heads."""
        if self.extent == "full":
            return self.length + FULL - BEHIND if self.inside is None else self.inside.length - 2.0 * MARGIN - BEHIND
        return self.arch_length + (THREE_QUARTER if self.extent == "three_quarter" else SULCUS)

    def half(self, share: float) -> tuple[float, float]:
        """Lateral and medial border (y, mm) at a share of the foot's length, between the first station and the last."""
        if self.inside is None:
            return _half(share, self.length, self._scale(share))
        low, high = self.inside.half(share * self.length)
        return low + MARGIN, high - MARGIN

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
        if self.inside is None:
            last = self.sides_end / self.length
            rows = [(share * self.length, *self.half(share)) for share in (*(s for s in STATIONS if s < last - 0.03), last)]
            return _outline(rows, -BEHIND, self.end, TOES_IN * self.length if self.extent == "full" else 0.0)
        whole = _offset(self.inside.curve(), MARGIN)
        if self.extent == "full":
            return whole
        # close together before the front turns, which else bends the sides: 0.02 and 0.05 foot lengths
        close = [self.sides_end - share * self.length for share in (0.05, 0.02, 0.0)]
        # at the last's own stations: those of a foot much shorter would lie within the round of its heel
        told = (share * (self.inside.length - ALLOWANCE) - MARGIN for share in STATIONS)
        x = np.array([*(at for at in told if at + 0.02 * self.length < close[0]), *close])
        (a, b), _, _ = whole.ends()
        low = list(zip(x.tolist(), whole.with_x(x, a, b).tolist(), strict=True))
        high = list(zip(x.tolist(), whole.with_x(x, b, a + float(whole.at[-1])).tolist(), strict=True))
        rear = [(x, y) for x, y in whole.points[: len(ROUND)].tolist()]
        return through([*rear, *low, *_cap(high[-1], low[-1], self.end), *high[::-1]])

    @property
    def sides_end(self) -> float:
        """Where its sides end, and it is round before."""
        return min(FORE * self.length, self.end - 0.12 * self.length)


def _half(share: float, length: float, scale: float) -> tuple[float, float]:
    """The borders (y, mm) of a foot so long, `scale` times as wide as the table's."""
    k = next((k for k in range(1, len(AT) - 1) if share <= AT[k]), len(AT) - 1)
    u = (share - AT[k - 1]) / (AT[k] - AT[k - 1])
    wide = [0.5 * (WIDTH[j] + CONTACT[j]) for j in (k - 1, k)]
    width = (wide[0] + u * (wide[1] - wide[0])) * length * scale
    middle = (MIDDLE[k - 1] + u * (MIDDLE[k] - MIDDLE[k - 1])) * length
    return middle - width / 2.0, middle + width / 2.0


def _outline(rows: list[tuple[float, float, float]], back: float, end: float, inwards: float) -> Closed:
    """Through stations (x, low, high), round behind and before; its tip lies `inwards`."""
    low = [(x, y) for x, y, _ in rows]
    high = [(x, y) for x, _, y in rows]
    return through([*_cap(low[0], high[0], back), *low, *_cap(high[-1], low[-1], end, inwards), *high[::-1]])


def _offset(curve: Closed, by: float) -> Closed:
    """The curve through its points, each moved inwards across it."""
    moved = []
    for (x, y), (u, v) in zip(curve.points.tolist(), curve.slopes.tolist(), strict=True):
        long = math.sqrt(u * u + v * v)
        moved.append((x - by * v / long, y + by * u / long))
    return through(moved)


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
