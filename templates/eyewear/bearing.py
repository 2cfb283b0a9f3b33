"""What lies on the nose: the border's sides under the bridge, and the pads that carry them on behind the front.

A side of the nose is a plane here: so far aside at one height, wider downwards by the frontal angle, and backwards by the splay. The border
follows it through the front's thickness; a pad stands on the back and follows it farther, so that the load has an area.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.authoring import Rings, direction, rings
from templates.eyewear.lenses import outward

if TYPE_CHECKING:
    from templates.eyewear.fitting import Nose
    from templates.eyewear.plan import Plan

Floats = npt.NDArray[np.float64]
Pair = tuple[float, float]

APEX = 4.0
"""mm under the bridge's middle, where its underside has become the bearing's side."""
KEYHOLE = 3.8
"""mm: the radius of a keyhole."""
KEYHOLED = (65.0, 42.0, 18.0, -6.0, -28.0)
"""Degrees up to which its border is round."""
ARCH = 6.0
"""mm: as APEX, of a bridge that keeps off the nose."""
SOFT, SOFTER = (0.8, 2.6), 3.0
"""mm nearer to each other than that, a bearing's side and the rim run into each other: beside the nose, and so many mm below its end."""
OPENING, OFF_LOW = 4.0, 5.5
"""How fast a bearing leaves the nose below its end: by the square of the way, divided by so many mm; and how far over the rim's lowest
place it does, at least, mm."""
LESS = 0.15
"""mm: how much of the nose's line a bearing gives up where it comes to the least that lies between the bearings."""
APART = 1.4
"""mm from the middle to a bearing's front edge, at least."""
STEP = 2.0
PLACES = 20
"""Of a pad's rings."""
SQUARE = 0.7
"""How square a pad is, seen from behind: 0 an ellipse, 1 a superellipse of the fourth power."""
WIDE = 3.8
"""mm: of a pad where it stands on the back, at most."""
WANTED = 2.1
"""mm: it begins at a height where it may be so wide."""
NARROW = 0.9
"""mm: of the flat at its rear: a pad that would be narrower stands out less, or is left out."""
CLEAR = 0.45
"""mm of the back kept between a pad and the lens's opening."""
INSIDE = 0.15
"""mm by which a pad's foot keeps inside the back's border."""
SOFTENED = 0.5
"""mm: of the rounding of a pad's rear edge."""
LEAST = 0.9
"""mm: pads that stand out less are none."""
WHOLE = 0.64
"""Of the border, that is the nose's wherever a pad stands."""
GRID, ROUNDED, FLAT = 8, 0.35, 0.9
"""Places of a bearing that are looked at, up and across; mm of the front's edge that its rounding takes; and how much of a pad is flat."""
NEAR = 0.8
"""mm from the nose up to which a place bears on it (fit.md E)."""
FACING = 0.7
"""Of a face's normal, towards the nose: what is turned farther from it than 45 degrees bears nothing."""
SHORT, BELOW = 4.0, 0.8
"""mm: the height of the lowest pad, and how far under the bearing's begin it begins."""
LEANING = 0.5
"""Of a pad's lean, that its outer side has too."""


@dataclass(frozen=True, eq=False)
class Curve:
    """x of one side of something at each height: heights rising."""

    heights: Sequence[float]
    x: Sequence[float]

    def at(self, height: float) -> float:
        """x there; beyond its ends that of the end."""
        heights, x = self.heights, self.x
        k, beyond = 0, len(heights) - 1
        if height <= heights[0] or height >= heights[beyond]:
            return x[0 if height <= heights[0] else beyond]
        while beyond - k > 1:
            middle = (k + beyond) // 2
            k, beyond = (middle, beyond) if heights[middle] <= height else (k, middle)
        return (x[k + 1] - x[k]) / (heights[k + 1] - heights[k]) * (height - heights[k]) + x[k]


def curve(points: Floats) -> Curve:
    """Of the places (k, 2) of one side."""
    order = np.argsort(points[:, 1], kind="stable")
    return Curve(points[order, 1].tolist(), points[order, 0].tolist())


@dataclass(frozen=True, eq=False)
class Beside:
    """One side of the nose, as of a lens at x > 0: the rim's nasal side, and that of the lens's opening in the back."""

    nasal: Curve
    hole: Curve

    @property
    def lowest(self) -> float:
        """Of the rim."""
        return self.nasal.heights[0]


def beside(rim: Floats, opening: Floats) -> Beside:
    """Of a rim (n, 2) and an opening (m, 2), both closed."""
    sides = []
    for ring in (rim, opening):
        first, last = int(np.argmax(ring[:, 1])), int(np.argmin(ring[:, 1]))
        there = ring[first : last + 1] if first <= last else np.concatenate((ring[first:], ring[: last + 1]))
        sides.append(curve(there))
    return Beside(*sides)


def side(plan: Plan, by: Beside, height: float) -> tuple[float, float]:
    """x of the border there, in the back, and how much of it is the nose's, 0 to 1."""
    cos, sin = direction(plan.frontal)
    beyond = max(max(plan.bearing_end, by.lowest + OFF_LOW) - height, 0.0)
    own = more(plan.bearing / 2 + (plan.bearing_at - height) * sin / cos, APART, LESS) + beyond * beyond / OPENING
    rim = by.nasal.at(height)
    soft = SOFT[0] + (SOFT[1] - SOFT[0]) * min(beyond / SOFTER, 1.0)
    share = min(max(0.5 + 0.5 * (rim - own) / soft, 0.0), 1.0)
    return rim + (own - rim) * share - soft * share * (1.0 - share), share


def follows(share: float) -> float:
    """How much of the nose's splay a border takes that is so much the nose's."""
    return min(1.5 * share, 1.0)


def line(plan: Plan, by: Beside) -> tuple[list[Pair], Floats]:
    """From under the bridge down the side of the nose until the rim lies nearer to it, and how much each place follows it (n,)."""
    start = plan.bearing_start
    first, weight = side(plan, by, start)
    points: list[Pair]
    if plan.bridge == "keyhole":
        middle = plan.bridge_height - KEYHOLE
        ways = [direction(degrees) for degrees in KEYHOLED]
        points = [(KEYHOLE * c, middle + KEYHOLE * s) for c, s in ways]
        cos, sin = direction(plan.frontal)
        c, s = ways[-1]
        points += _eased(points[-1], (s, -c), (first, start), (sin, -cos))
    else:
        ways = [direction(degrees) for degrees in (67.5, 45.0, 22.5)]
        points = [(first * c, start + (plan.bridge_height - start) * s) for c, s in ways]
    weights = [follows(weight) * (k + 1) / (len(points) + 1) for k in range(len(points))]
    height = start
    while True:
        x, weight = side(plan, by, height)
        points.append((x, height))
        weights.append(follows(weight))
        height -= STEP if height > plan.bearing_end else 0.6 * STEP
        if weight < 0.02 or height < by.lowest + 1.2:
            return points, np.array(weights)


@dataclass(frozen=True)
class Foot:
    """Of a pad: between which heights it may stand, and how wide it may be there, mm."""

    low: float
    high: float
    wide: float


@dataclass(frozen=True)
class Place:
    """Of a pad: between which heights it stands, how wide its foot is, how far it stands out, mm."""

    low: float
    high: float
    wide: float
    deep: float


def foot(plan: Plan, by: Beside) -> Foot | None:
    """Where a pad may stand, however far out, or None where there is no room for it."""
    high, low = plan.bearing_start - BELOW, max(plan.bearing_end - 1.0, by.lowest + OFF_LOW - 1.0)
    c, s = direction(plan.frontal)

    def room(height: float) -> float:
        x, share = side(plan, by, height)
        return _room(by.hole, x, height, c, s) if share >= WHOLE else 0.0

    while low < high and room(low) < WANTED:
        low += 0.25
    if high - low < SHORT:
        return None
    wide = min(room(low + (high - low) * k / PLACES) for k in range(PLACES + 1))
    return None if wide < 2.0 * SOFTENED + NARROW else Foot(low, high, wide)


def place(plan: Plan, on: Foot | None, stands: float) -> Place | None:
    """Of a pad on that foot that is to stand out so far, or None where there is none."""
    if on is None or stands < LEAST:
        return None
    c, _ = direction(plan.frontal)
    cos, sin = direction(plan.splay)
    narrowing = (1.0 - LEANING) * sin / cos * c
    deep = min(stands, (on.wide - 2.0 * SOFTENED - NARROW) / narrowing if narrowing > 0.01 else stands)
    return None if deep < LEAST else Place(on.low, on.high, on.wide, deep)


def pad(plan: Plan, by: Beside, *, mirrored: bool) -> Rings | None:
    """What stands on the back behind one side of the nose, or None where there is no room for it."""
    found = place(plan, foot(plan, by), plan.stands)
    if found is None:
        return None
    half, wide, deep = 0.5 * (found.high - found.low), found.wide, found.deep
    c, s = direction(plan.frontal)
    cos, sin = direction(plan.splay)
    flat, lean = [], []
    for k in range(PLACES):
        up, aside = direction(360.0 * (k + 0.5) / PLACES + 90.0)
        y, aside = found.high - half + half * _squarer(up), 0.5 - 0.5 * _squarer(aside)
        x, _ = side(plan, by, y)
        away = INSIDE + (wide - INSIDE) * aside
        flat.append((x + away * c, y + away * s))
        lean.append(1.0 - (1.0 - LEANING) * aside)
    ring, leaning = np.array(flat), np.array(lean) * (sin / cos)
    if mirrored:
        ring, leaning = (ring * (-1.0, 1.0))[::-1].copy(), -leaning[::-1]
    normals = outward(ring)
    levels = [(0.0, 0.0), (-INSIDE, 0.25)]
    levels += [
        (inset * SOFTENED, deep - off * SOFTENED)
        for inset, off in ((0.0, 1.0), (0.29289321881345254, 0.29289321881345254), (1.0, 0.0))
    ]
    made = np.empty((len(levels), PLACES, 3))
    for level, (inset, behind) in zip(made, levels, strict=True):
        xy = ring - inset * normals
        level[:, 0], level[:, 1], level[:, 2] = xy[:, 0] + leaning * behind, xy[:, 1], -plan.rim_deep / 2 - behind
    return rings(made, walls=("pad",) * (len(levels) - 1), along=1, per=4, within=0.006)


def _eased(begin: Pair, ahead: Pair, end: Pair, onward: Pair) -> list[Pair]:
    """Two places between two others, of the cubic that leaves and comes in those directions."""
    (x, y), (u, v) = begin, end
    far = math.sqrt((u - x) * (u - x) + (v - y) * (v - y))
    made = []
    for t in (1.0 / 3.0, 2.0 / 3.0):
        p, q, r = t * t * (3.0 - 2.0 * t), t * (1.0 - t) * (1.0 - t) * far, t * t * (t - 1.0) * far
        made.append((x + (u - x) * p + ahead[0] * q + onward[0] * r, y + (v - y) * p + ahead[1] * q + onward[1] * r))
    return made


def more(value: float, least: float, soft: float) -> float:
    """The greater one, without a kink: `soft` more where they are equal."""
    apart = min(abs(value - least) / (8.0 * soft), 0.5)
    return max(value, least) + 4.0 * soft * (0.5 - apart) * (0.5 - apart)


def _room(hole: Curve, x: float, y: float, c: float, s: float) -> float:
    """How far from (x, y) in the direction (c, s) a pad may reach, WIDE at most."""
    wide = WIDE
    while wide > 0.0 and x + wide * c > hole.at(y + wide * s) - CLEAR:
        wide -= 0.1
    return wide


def _squarer(value: float) -> float:
    """Of a circle's places, those of a shape between it and a square."""
    return (1.0 - SQUARE) * value + SQUARE * math.copysign(math.sqrt(abs(value)), value)


def _faces(down: float, back: float, nose: Nose, unit: float) -> bool:
    """Does a side that widens so much a mm downwards and backwards look at the nose?"""
    return (1.0 + down * nose.slope + back * nose.spread) * unit > FACING * _steep(down, back)


def _steep(down: float, back: float) -> float:
    """mm2 of such a side for each of its height and depth."""
    return math.sqrt(1.0 + down * down + back * back)


@dataclass(frozen=True)
class Borne:
    """Of one side of the bearing as it is planned: its gaps to the nose, mm, below 0 where a rim stands in the nose, each of so many mm2."""

    gaps: Sequence[tuple[float, float]]

    @property
    def area(self) -> float:
        """mm2 that bear."""
        return math.fsum(a for gap, a in self.gaps if gap <= NEAR)

    def within(self, share: float) -> float:
        """The gap, mm, that so much of it keeps within."""
        whole, passed = math.fsum(a for _, a in self.gaps), 0.0
        for gap, area in sorted(self.gaps):
            passed += area
            if passed >= share * whole:
                return gap
        return math.nan


def borne(plan: Plan, by: Beside, nose: Nose) -> Callable[[float], Borne]:
    """What is borne by one side, by how far its pad is to stand out.

    It is measured as the finished front is (`acceptance`), on a grid: where the nose is narrower than bearings may stand, nothing is, nor where
    a low rim ends the bearing.
    """
    cos, sin = direction(plan.splay)
    lean, unit = sin / cos, 1.0 / math.sqrt(1.0 + nose.slope * nose.slope + nose.spread * nose.spread)
    low, high = max(plan.bearing_end, by.lowest + OFF_LOW), min(plan.bearing_end + nose.high, plan.bearing_start)
    on, aheads = foot(plan, by), [0.1 + (plan.rim_deep - ROUNDED) * (j + 0.5) / GRID for j in range(GRID)]
    heights = [low + (high - low) * (k + 0.5) / GRID for k in range(GRID if high > low else 0)]
    sides = []
    for y in heights:
        x, share = side(plan, by, y)
        down = (side(plan, by, y - 0.2)[0] - side(plan, by, y + 0.2)[0]) / 0.4
        sides.append((x, follows(share) * lean, down, y))
    cell = (high - low) / GRID / GRID

    def gaps(places: list[tuple[float, float, float, float]]) -> list[tuple[float, float]]:
        found = []
        for x, y, ahead, area in places:
            own = nose.bare + (nose.at - y) * nose.slope - ahead * nose.spread + x * x / (2.0 * plan.radius) * nose.spread
            if own > APART:
                found.append(((x - own) * unit, area))
        return found

    deep = plan.rim_deep - ROUNDED
    edges = [
        (max(x - back * ahead, min(x, APART)), y, ahead, cell * deep * _steep(down, back))
        for x, back, down, y in sides if _faces(down, back, nose, unit) for ahead in aheads
    ]  # fmt: skip
    of_edges = gaps(edges)

    def at(stands: float) -> Borne:
        pad = place(plan, on, stands)
        if pad is None:
            return Borne(of_edges)
        deep = pad.deep - SOFTENED
        behind = [deep * (j + 0.5) / GRID for j in range(GRID)]
        flat = [
            (x, down, y) for x, _, down, y in sides
            if abs(2.0 * y - pad.low - pad.high) < FLAT * (pad.high - pad.low) and _faces(down, lean, nose, unit)
        ]  # fmt: skip
        return Borne(
            of_edges + gaps([(x + lean * b, y, -b, cell * deep * _steep(down, lean)) for x, down, y in flat for b in behind])
        )

    return at
