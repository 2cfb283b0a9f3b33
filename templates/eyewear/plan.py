"""A front before it is rolled: where its lenses lie, and the border around them. Facing the wearer, mm: x to her left, y up from the boxes' middle.

Its border is one closed smooth curve: the rims, moved out from the lenses; the end pieces that hold the hinges; the bridge; and the bearing,
whose sides follow the nose: so wide at one height, spreading downwards by the frontal angle, and backwards by the splay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.authoring import Rings, Seat, along, direction, rings, seat
from templates.eyewear.lenses import Lens, outward

Floats = npt.NDArray[np.float64]
Pair = tuple[float, float]

DEPTH = 0.6
"""mm: the groove's, and so of the lens that is held; its sides stand 120 degrees apart."""
MOUTH = DEPTH * math.sqrt(3.0)
CHAMFER = 0.5
PLAY = 0.015
"""mm between the lens's bevel and the groove, all round: a worn frame has 0.03."""
LIP = 0.35
"""mm of rim before the groove's mouth and behind it, at least, less the chamfers."""
END_ROUND = 2.5
ROUND = ((1.0, 0.0), (0.29289321881345254, 0.7071067811865476), (0.0, 1.0))
"""Of a rounded edge: inset, and how far from the face, in chamfers: places of a quarter of a circle."""
APEX = 4.0
"""mm under the bridge's middle, where its underside has become the bearing's side."""
KEYHOLE = 3.8
"""mm: the radius of a keyhole."""
SOFT = 1.2
"""mm nearer to each other than that, a bearing's side and the rim run into each other."""
OPENING = 7.0
"""How fast a bearing leaves the nose below its end: by the square of the way, divided by so many mm."""
APART = 1.4
"""mm from the middle to a bearing's front edge, at least."""
STEP = 2.5
TURNED = 0.75
"""Of the front's radius, that it may reach aside: beyond, it would turn by more than 48 degrees."""


@dataclass(frozen=True)
class Plan:
    """The numbers of a front, mm and degrees, as the parameters have them."""

    a: Pair
    """Of the right lens and the left one."""
    dbl: float
    width: float
    wrap: float
    base: float
    rim_wide: float
    rim_deep: float
    hinge_height: float
    """Of the hinges' middle over the boxes' middle."""
    end_high: float
    bridge: str
    bridge_height: float
    """Of the bridge's underside over the boxes' middle."""
    bridge_high: float
    bearing: float
    """Between the bearing's sides at their back, at bearing_at."""
    bearing_at: float
    bearing_end: float
    """Height under which the bearing leaves the nose."""
    frontal: float
    splay: float

    def half_pd(self, side: str) -> float:
        """From the middle to the middle of a lens's box: together the frame PD."""
        return 0.5 * (self.a[side == "left"] + self.dbl)

    @property
    def radius(self) -> float:
        """Of the cylinder that the front is rolled onto: it turns by the wrap from the middle to a lens's axis."""
        return 0.5 * (self.half_pd("right") + self.half_pd("left")) / direction(self.wrap)[1]

    def lens_at(self, side: str) -> float:
        """Where a lens's axis meets the front, along it."""
        at = along(self.half_pd(side), self.radius)
        return at if side == "left" else -at

    @property
    def end_at(self) -> float:
        """Where the front ends, along it."""
        return along(min(self.width / 2, TURNED * self.radius), self.radius)

    @property
    def bearing_start(self) -> float:
        """Height at which the bearing begins, under the bridge."""
        return self.bridge_height - (2.25 * KEYHOLE if self.bridge == "keyhole" else APEX)

    @property
    def bearing_front(self) -> float:
        """From the middle to the bearing's front edge, at bearing_at."""
        return self.bearing / 2 - self._leans

    @property
    def bearing_floor(self) -> float:
        """Nearer to the middle a bearing's back does not come: its front edges would meet under the bridge."""
        return self._leans + APART

    @property
    def _leans(self) -> float:
        cos, sin = direction(self.splay)
        return self.rim_deep * sin / cos

    @property
    def base_radius(self) -> float:
        """Of the sphere that the lenses' bevels lie on."""
        return 530.0 / self.base


def seat_of(plan: Plan, lens: Lens, side: str) -> Seat:
    """The opening of one lens."""
    return seat(
        lens.points + PLAY * lens.normals,
        lens.normals,
        at=plan.lens_at(side),
        base_radius=plan.base_radius,
        radius=plan.radius,
        thickness=plan.rim_deep,
        depth=DEPTH + PLAY,
        mouth=MOUTH + PLAY * math.sqrt(3.0),
        chamfer=CHAMFER,
    )


def opening(made: Seat, side: str) -> Rings:
    """A lens's opening, as the plate takes it."""
    walls = ("bore", "bore", f"{side}_groove", f"{side}_groove", "bore", "bore")
    return rings(made.rings, walls=walls, along=3, per=3)


def border(plan: Plan, right: Seat, left: Seat) -> Rings:
    """The front's border."""
    halves = []
    for root in ((right.rings[3, :, :2] * (-1.0, 1.0))[::-1], left.rings[3, :, :2]):
        halves.append(_half(plan, root))
    (right_half, right_nose), (left_half, left_nose) = halves
    under = (0.0, plan.bridge_height)
    top = (0.0, plan.bridge_height + plan.bridge_high)
    mirrored = right_half[::-1] * (-1.0, 1.0)
    flat = np.concatenate((np.array([under]), left_half, np.array([top]), mirrored))
    towards = np.concatenate((np.zeros(1), -left_nose, np.zeros(1), right_nose[::-1]))
    cos, sin = direction(plan.splay)
    return edged(flat, plan.rim_deep, shift=towards * (sin / cos))


def edged(flat: Floats, thickness: float, shift: Floats, chamfer: float = CHAMFER) -> Rings:
    """A border (n, 2) with both its edges rounded; `shift` (n,): so many mm a mm in front of the back face it moves along x."""
    normals, half = outward(flat), thickness / 2
    levels = [(inset * chamfer, half - below * chamfer) for inset, below in ROUND]
    levels += [(inset, -z) for inset, z in levels[::-1]]
    made = []
    for inset, z in levels:
        xy = flat - inset * normals
        made.append(np.c_[xy[:, 0] + shift * (z + half), xy[:, 1], np.full(len(xy), z)])
    return rings(np.stack(made), walls=("edge",) * (len(levels) - 1), along=len(levels) - 1, per=5)


def _half(plan: Plan, root: Floats) -> tuple[Floats, Floats]:
    """The border from under the bridge's middle round the lens at x > 0 to above it (n, 2), its middles left out; and how much each point is
    the nose's (n,), 0 to 1."""
    rim = root + (plan.rim_wide - DEPTH - PLAY) * outward(root)
    rim = np.roll(rim, -int(np.argmax(rim[:, 0])), axis=0)
    x, y = rim[:, 0], rim[:, 1]
    top, low = int(np.argmax(y)), int(np.argmin(y))
    nose, weights = _bearing(plan, rim[top : low + 1])
    ends = _end_piece(plan, rim)
    below, above = ends[0][1] - 1.2, ends[-1][1] + 1.2
    bridge_top = plan.bridge_height + plan.bridge_high
    middle = int(np.argmin(x))
    under = [k for k in range(middle, len(rim)) if y[k] < (nose[-1][1] - 1.2 if k < low else below)]
    over = [k for k in range(middle) if y[k] > (above if k < top else bridge_top + 1.2)]
    edge = _at(rim[top : middle + 1], bridge_top) - 1.5
    across = [(edge * (1.0 - k / _pieces(edge, 3.0)), bridge_top) for k in range(_pieces(edge, 3.0))] if edge > 1.0 else []
    points = [*nose, *rim[under].tolist(), *ends, *rim[over].tolist(), *across]
    return np.array(points), np.concatenate((weights, np.zeros(len(points) - len(nose))))


def _bearing(plan: Plan, nasal: Floats) -> tuple[list[Pair], Floats]:
    """From under the bridge down the side of the nose until the rim lies nearer to it; the rim's nasal side (k, 2) runs downwards."""
    cos, sin = direction(plan.frontal)
    slope = sin / cos
    start = plan.bearing_start

    def side(height: float) -> tuple[float, float]:
        """x of the border there, and how much it is the nose's."""
        beyond = max(plan.bearing_end - height, 0.0)
        own = max(plan.bearing / 2 + (plan.bearing_at - height) * slope, plan.bearing_floor) + beyond * beyond / OPENING
        rim = _at(nasal, height)
        share = min(max(0.5 + 0.5 * (rim - own) / SOFT, 0.0), 1.0)
        return rim + (own - rim) * share - SOFT * share * (1.0 - share), share

    first, weight = side(start)
    points: list[Pair]
    if plan.bridge == "keyhole":
        middle = plan.bridge_height - KEYHOLE
        ways = [direction(degrees) for degrees in (62.0, 34.0, 6.0, -22.0)]
        points = [(KEYHOLE * c, middle + KEYHOLE * s) for c, s in ways]
    else:
        ways = [direction(degrees) for degrees in (67.5, 45.0, 22.5)]
        points = [(first * c, start + APEX * s) for c, s in ways]
    weights = [weight * (k + 1) / (len(points) + 1) for k in range(len(points))]
    height = start
    while True:
        x, weight = side(height)
        points.append((x, height))
        weights.append(weight)
        height -= STEP
        if weight < 0.02 or height < float(nasal[-1, 1]) + 3.0:
            return points, np.array(weights)


def _end_piece(plan: Plan, rim: Floats) -> list[Pair]:
    """From the rim below to the rim above, round the end that the hinge stands on."""
    low, high, end = plan.hinge_height - plan.end_high / 2, plan.hinge_height + plan.end_high / 2, plan.end_at
    lowest, top = int(np.argmin(rim[:, 1])), int(np.argmax(rim[:, 1]))
    under = np.concatenate((rim[lowest:], rim[:1]))
    begin, back = _at(under, low) + 2.0, _at(rim[: top + 1], high) + 2.0
    r = min(END_ROUND, plan.end_high / 2)
    k = r * (1.0 - math.sqrt(0.5))
    across, over = _pieces(end - r - begin, 3.0), _pieces(end - r - back, 3.0)
    points = [(begin + (end - r - begin) * i / across, low) for i in range(across)] if end - r > begin else []
    points += [(end - r, low), (end - k, low + k), (end, low + r)]
    points += [(end, low + r + (plan.end_high - 2 * r) * i / 3.0) for i in (1, 2)]
    points += [(end, high - r), (end - k, high - k), (end - r, high)]
    points += [(end - r + (back - end + r) * i / over, high) for i in range(1, over + 1)] if end - r > back else []
    return points


def _pieces(length: float, most: float) -> int:
    return max(1, math.ceil(length / most))


def _at(side: Floats, height: float) -> float:
    """x of one side of a rim at a height; beyond its ends that of the end."""
    order = np.argsort(side[:, 1], kind="stable")
    return float(np.interp(height, side[order, 1], side[order, 0]))
