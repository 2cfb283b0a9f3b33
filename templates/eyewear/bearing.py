"""What lies on the nose: the border's sides under the bridge, and the pads that carry them on behind the front.

A side of the nose is a plane here: so far aside at one height, wider downwards by the frontal angle, and backwards by the splay. The border
follows it through the front's thickness; a pad stands on the back and follows it farther, so that the load has an area.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.authoring import Rings, direction, rings
from templates.eyewear.lenses import outward

if TYPE_CHECKING:
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
WANTED = 2.4
"""mm: it begins at a height where it may be so wide."""
NARROW = 0.6
"""mm: of the flat at its rear: a pad that would be narrower stands out less, or is left out."""
CLEAR = 0.45
"""mm of the back kept between a pad and the lens's opening."""
INSIDE = 0.1
"""mm by which a pad's foot keeps inside the back's border."""
SOFTENED = 0.5
"""mm: of the rounding of a pad's rear edge."""
LEAST = 0.9
"""mm: pads that stand out less are none."""
WHOLE = 0.72
"""Of the border, that is the nose's wherever a pad stands."""
SHORT, BELOW = 2.0, 0.5
"""mm: half of the height of the lowest pad, and how far under the bearing's begin it begins."""
LEANING = 0.5
"""Of a pad's lean, that its outer side has too."""


def side(plan: Plan, nasal: Floats, height: float) -> tuple[float, float]:
    """x of the border there, and how much of it is the nose's, 0 to 1. nasal (k, 2): the rim's nasal side."""
    cos, sin = direction(plan.frontal)
    beyond = max(max(plan.bearing_end, float(nasal[-1, 1]) + OFF_LOW) - height, 0.0)
    own = _more(plan.bearing / 2 + (plan.bearing_at - height) * sin / cos, plan.bearing_floor) + beyond * beyond / OPENING
    rim = across(nasal, height)
    soft = SOFT[0] + (SOFT[1] - SOFT[0]) * min(beyond / SOFTER, 1.0)
    share = min(max(0.5 + 0.5 * (rim - own) / soft, 0.0), 1.0)
    return rim + (own - rim) * share - soft * share * (1.0 - share), share


def line(plan: Plan, nasal: Floats) -> tuple[list[Pair], Floats]:
    """From under the bridge down the side of the nose until the rim lies nearer to it, and how much each place is the nose's (n,)."""
    start = plan.bearing_start
    first, weight = side(plan, nasal, start)
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
    weights = [weight * (k + 1) / (len(points) + 1) for k in range(len(points))]
    height = start
    while True:
        x, weight = side(plan, nasal, height)
        points.append((x, height))
        weights.append(weight)
        height -= STEP if height > plan.bearing_end else 0.6 * STEP
        if weight < 0.02 or height < float(nasal[-1, 1]) + 1.2:
            return points, np.array(weights)


def pad(plan: Plan, nasal: Floats, opening: Floats, *, mirrored: bool) -> Rings | None:
    """What stands on the back behind one side of the nose, or None where there is no room for it.

    nasal (k, 2): the rim's nasal side, opening (m, 2): the lens's opening in the back, both of a lens at x > 0.
    """
    hole = opening[opening[:, 0] < plan.half_pd("left")]
    high, low = plan.bearing_start - BELOW, max(plan.bearing_end - 1.0, float(nasal[-1, 1]) + OFF_LOW - 1.0)
    c, s = direction(plan.frontal)

    def stands(height: float) -> bool:
        x, share = side(plan, nasal, height)
        return share >= WHOLE and _room(hole, x, height, c, s) >= WANTED

    while low < high and not stands(low):
        low += 0.25
    half = 0.5 * (high - low)
    if half < SHORT:
        return None
    places = [low + (high - low) * k / PLACES for k in range(PLACES + 1)]
    wide = min(_room(hole, side(plan, nasal, y)[0], y, c, s) for y in places)
    cos, sin = direction(plan.splay)
    narrowing = (1.0 - LEANING) * sin / cos * c
    deep = min(plan.stands, (wide - 2.0 * SOFTENED - NARROW) / narrowing if narrowing > 0.01 else plan.stands)
    if wide < 2.0 * SOFTENED + NARROW or deep < LEAST:
        return None
    flat, lean = [], []
    for k in range(PLACES):
        up, aside = direction(360.0 * (k + 0.5) / PLACES + 90.0)
        y, aside = high - half + half * _squarer(up), 0.5 - 0.5 * _squarer(aside)
        x, _ = side(plan, nasal, y)
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
    made = []
    for inset, behind in levels:
        xy = ring - inset * normals
        made.append(np.c_[xy[:, 0] + leaning * behind, xy[:, 1], np.full(PLACES, -plan.rim_deep / 2 - behind)])
    return rings(np.stack(made), walls=("pad",) * (len(levels) - 1), along=1, per=4)


def _eased(begin: Pair, ahead: Pair, end: Pair, onward: Pair) -> list[Pair]:
    """Two places between two others, of the cubic that leaves and comes in those directions."""
    (x, y), (u, v) = begin, end
    far = math.sqrt((u - x) * (u - x) + (v - y) * (v - y))
    made = []
    for t in (1.0 / 3.0, 2.0 / 3.0):
        p, q, r = t * t * (3.0 - 2.0 * t), t * (1.0 - t) * (1.0 - t) * far, t * t * (t - 1.0) * far
        made.append((x + (u - x) * p + ahead[0] * q + onward[0] * r, y + (v - y) * p + ahead[1] * q + onward[1] * r))
    return made


def _more(value: float, least: float) -> float:
    """The greater one, without a kink: LESS more where they are equal."""
    apart = min(max((value - least) / (8.0 * LESS), -0.5), 0.5)
    return max(value, least) + 8.0 * LESS * (0.5 - abs(apart)) * (0.5 - abs(apart)) * 0.5


def _room(hole: Floats, x: float, y: float, c: float, s: float) -> float:
    """How far from (x, y) in the direction (c, s) a pad may reach, WIDE at most."""
    wide = WIDE
    while wide > 0.0 and x + wide * c > across(hole, y + wide * s) - CLEAR:
        wide -= 0.1
    return wide


def _squarer(value: float) -> float:
    """Of a circle's places, those of a shape between it and a square."""
    return (1.0 - SQUARE) * value + SQUARE * math.copysign(math.sqrt(abs(value)), value)


def across(line: Floats, height: float) -> float:
    """x of one side of a curve at a height; beyond its ends that of the end."""
    order = np.argsort(line[:, 1], kind="stable")
    return float(np.interp(height, line[order, 1], line[order, 0]))
