"""A front before it is rolled: where its lenses lie, and the border around them. Facing the wearer, mm: x to her left, y up from the boxes' middle.

Its border is one closed smooth curve: the rims, moved out from the lenses; the end pieces that hold the hinges; the bridge; and the bearing,
whose sides follow the nose: so wide at one height, spreading downwards by the frontal angle, and backwards by the splay.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.authoring import Rings, Seat, along, angle_of, direction, rings, seat
from templates.eyewear import bearing
from templates.eyewear.lenses import Lens, outward

Floats = npt.NDArray[np.float64]
Pair = tuple[float, float]

CHAMFER = 0.5
PLAY = 0.015
"""mm between the lens's bevel and the groove, all round: a worn frame has 0.03."""
LIP = 0.35
"""mm of rim before the groove's mouth and behind it, at least, less the chamfers."""
END_ROUND = 2.5
ROUND = ((1.0, 0.0), (0.29289321881345254, 0.7071067811865476), (0.0, 1.0))
"""Of a rounded edge: inset, and how far from the face, in chamfers: places of a quarter of a circle."""
END_FILLETS, BRIDGE_FILLETS = (7.0, 5.0, 4.0, 3.0, 2.0, 1.2), (9.0, 7.5, 6.0, 5.0, 4.0, 3.0, 2.0, 1.2)
"""mm: radii between the rims and the end pieces, and between the rims and the bridge: the first that there is room for."""
SHARP = (4.0, 2.6)
"""How soon a border that is the nose's has no rounded edge before its pad."""
USUAL_PER, SAG = 6, 0.006
"""Edges of a border from place to place, at most; mm that they may leave the cylinder that the plate is rolled onto."""
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
    stands: float
    """How far pads stand out behind the front; 0: there are none."""
    groove: float
    """Its depth, and so of the lens that is held."""
    groove_angle: float
    """Between its sides."""

    @property
    def mouth(self) -> float:
        """From the groove's middle to either edge of it."""
        cos, sin = direction(self.groove_angle / 2)
        return self.groove * sin / cos

    def half_pd(self, side: str) -> float:
        """From the middle to the middle of a lens's box: together the frame PD."""
        return 0.5 * (self.a[side == "left"] + self.dbl)

    @functools.cached_property
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
    def under_bridge(self) -> float:
        """Height at which the bridge leaves room for the bearing."""
        return self.bridge_height - {"keyhole": 2.25 * bearing.KEYHOLE, "pads": bearing.ARCH}.get(self.bridge, bearing.APEX)

    @property
    def meet(self) -> float:
        """Height at which the bearing's sides are so near each other as they may be."""
        cos, sin = direction(self.frontal)
        return self.bearing_at + (self.bearing / 2 - bearing.APART) * cos / sin

    @property
    def bearing_start(self) -> float:
        """Height at which the bearing begins."""
        return min(self.under_bridge, self.meet)

    @property
    def base_radius(self) -> float:
        """Of the sphere that the lenses' bevels lie on."""
        return 530.0 / self.base


def seat_of(plan: Plan, lens: Lens, side: str) -> Seat:
    """The opening of one lens."""
    cos, sin = direction(plan.groove_angle / 2)
    return seat(
        lens.points + PLAY * lens.normals,
        lens.normals,
        at=plan.lens_at(side),
        base_radius=plan.base_radius,
        radius=plan.radius,
        thickness=plan.rim_deep,
        depth=plan.groove + PLAY,
        mouth=(plan.groove + PLAY) * sin / cos,
        chamfer=CHAMFER,
    )


def opening(made: Seat, side: str) -> Rings:
    """A lens's opening, as the plate takes it."""
    walls = ("bore", "bore", f"{side}_groove", f"{side}_groove", "bore", "bore")
    return rings(made.rings, walls=walls, along=3, per=4, within=0.0035)


def border(plan: Plan, right: Seat, left: Seat, sides: Sequence[bearing.Beside]) -> Rings:
    """The front's border. sides: `besides`."""
    halves = [_half(plan, root, by) for root, by in zip(_roots(right, left), sides, strict=True)]
    (right_half, right_nose), (left_half, left_nose) = halves
    under = (0.0, plan.bridge_height)
    top = (0.0, plan.bridge_height + plan.bridge_high)
    mirrored = right_half[::-1] * (-1.0, 1.0)
    flat = np.concatenate((np.array([under]), left_half, np.array([top]), mirrored))
    towards = np.concatenate((np.zeros(1), -left_nose, np.zeros(1), right_nose[::-1]))
    cos, sin = direction(plan.splay)
    sharp = np.clip(SHARP[0] * np.abs(towards) - SHARP[1], 0.0, 1.0) if plan.stands else np.zeros(len(flat))
    return edged(
        flat, plan.rim_deep, shift=towards * (sin / cos), sharp=sharp, apart=bearing.APART, per=_per(flat, plan.radius)
    )


def _per(flat: Floats, radius: float) -> int:
    """Into how many edges a border's ways from place to place are cut: USUAL_PER, and more where rolling would lift them off the cylinder."""
    ahead = np.roll(flat[:, 0], -1) - flat[:, 0]
    return max(USUAL_PER, math.ceil(float(np.abs(ahead).max()) / math.sqrt(8.0 * SAG * radius)))


def _kept(away: Floats, nearer: Floats, apart: float) -> Floats:
    """Places `away` from the middle, moved nearer to it, but not nearer than `apart`, or where they are; without a kink (`bearing.more`)."""
    least = np.minimum(away, apart)
    soft = np.maximum(bearing.LESS * np.minimum(nearer, 1.0), 1e-6)
    beyond = np.minimum(np.abs(away - nearer - least) / (8.0 * soft), 0.5)
    made: Floats = np.maximum(away - nearer, least) + 4.0 * soft * (0.5 - beyond) * (0.5 - beyond)
    return made


def pads(plan: Plan, sides: Sequence[bearing.Beside]) -> list[Rings]:
    """What stands on the back behind the bearing. sides: `besides`."""
    if not plan.stands:
        return []
    made = []
    for mirrored, by in zip((True, False), sides, strict=True):
        found = bearing.pad(plan, by, mirrored=mirrored)
        made += [] if found is None else [found]
    return made


def besides(plan: Plan, right: Seat, left: Seat) -> list[bearing.Beside]:
    """Either side of the nose, as of a lens at x > 0."""
    holes = ((right.rings[-1, :, :2] * (-1.0, 1.0))[::-1], left.rings[-1, :, :2])
    return [bearing.beside(_rim(plan, root)[0], hole) for root, hole in zip(_roots(right, left), holes, strict=True)]


def _roots(right: Seat, left: Seat) -> tuple[Floats, Floats]:
    """The grooves' bottoms, both as of a lens at x > 0, counter-clockwise."""
    return (right.rings[3, :, :2] * (-1.0, 1.0))[::-1], left.rings[3, :, :2]


def _rim(plan: Plan, root: Floats) -> tuple[Floats, Floats]:
    """The rim's outside and its outward normals (n, 2), from its temporal end on."""
    rim = root + (plan.rim_wide - plan.groove - PLAY) * outward(root)
    rim = np.roll(rim, -int(np.argmax(rim[:, 0])), axis=0)
    return rim, outward(rim)


def edged(
    flat: Floats,
    thickness: float,
    shift: Floats,
    chamfer: float = CHAMFER,
    sharp: Floats | None = None,
    apart: float = 0.0,
    per: int = USUAL_PER,
) -> Rings:
    """A border (n, 2) with both its edges rounded; `shift` (n,): so many mm a mm in front of the back face it moves along x; `sharp` (n,):
    1 where its back edge is not rounded; `apart`: so far from the middle it stays in front of the back, if it is so far there; `per`: edges from place to place."""
    normals, half = outward(flat), thickness / 2
    levels = [(inset * chamfer, half - below * chamfer) for inset, below in ROUND]
    levels += [(inset, -z) for inset, z in levels[::-1]]
    made = np.empty((len(levels), len(flat), 3))
    for ring, (inset, z) in zip(made, levels, strict=True):
        own = inset * (1.0 - sharp[:, None]) if sharp is not None and z < 0.0 else inset
        xy = flat - own * normals
        x = xy[:, 0] + shift * (z + half)
        if apart:
            x = np.copysign(_kept(np.abs(xy[:, 0]), np.abs(shift) * (z + half), apart), xy[:, 0])
        ring[:, 0], ring[:, 1], ring[:, 2] = x, xy[:, 1], z
    return rings(made, walls=("edge",) * (len(levels) - 1), along=len(levels) - 1, per=per, within=SAG)


def _half(plan: Plan, root: Floats, by: bearing.Beside) -> tuple[Floats, Floats]:
    """The border from under the bridge's middle round the lens at x > 0 to above it (n, 2), its middles left out; and how much each point
    follows the nose (n,), 0 to 1."""
    rim, normals = _rim(plan, root)
    x, y = rim[:, 0], rim[:, 1]
    top, low, middle = int(np.argmax(y)), int(np.argmin(y)), int(np.argmin(x))
    nose, weights = bearing.line(plan, by)
    ends, below, above = _end_piece(plan, rim, normals)
    under = [k for k in range(middle, len(rim)) if y[k] < (nose[-1][1] - 1.2 if k < low else below - 1.0)]
    bridge, rises = _over_bridge(plan, rim, normals)
    over = [k for k in range(middle) if y[k] > (above if k < top else rises) + 1.0]
    points = [*nose, *rim[under].tolist(), *ends, *rim[over].tolist(), *bridge]
    return np.array(points), np.concatenate((weights, np.zeros(len(points) - len(nose))))


def _end_piece(plan: Plan, rim: Floats, normals: Floats) -> tuple[list[Pair], float, float]:
    """From the rim below to the rim above, round the end that the hinge stands on, both filleted; and the heights at which it leaves the rim."""
    low, high, end = plan.hinge_height - plan.end_high / 2, plan.hinge_height + plan.end_high / 2, plan.end_at
    lowest, top = int(np.argmin(rim[:, 1])), int(np.argmax(rim[:, 1]))
    r = min(END_ROUND, plan.end_high / 2)
    k = r * (1.0 - math.sqrt(0.5))
    free = end - r - 0.3
    temporal = [*range(lowest, len(rim)), *range(top + 1)]
    first = _filleted(rim[temporal], normals[temporal], low, END_FILLETS, -1.0, lambda x: x <= free)
    last = _filleted(rim[temporal], normals[temporal], high, END_FILLETS, 1.0, lambda x: x <= free)[::-1]
    points = [*first, *_between(first[-1], (end - r, low))]
    points += [(end - r, low), (end - k, low + k), (end, low + r)]
    points += [(end, low + r + (plan.end_high - 2 * r) * i / 3.0) for i in (1, 2)]
    points += [(end, high - r), (end - k, high - k), (end - r, high)]
    points += [*_between((end - r, high), last[0]), *last]
    return points, first[0][1], last[-1][1]


def _over_bridge(plan: Plan, rim: Floats, normals: Floats) -> tuple[list[Pair], float]:
    """From the rim's nasal side down to the bridge's top and along it, filleted; and the height at which it leaves the rim."""
    level = plan.bridge_height + plan.bridge_high
    nasal = range(int(np.argmin(rim[:, 1])), int(np.argmax(rim[:, 1])) - 1, -1)
    made = _filleted(rim[nasal], normals[nasal], level, BRIDGE_FILLETS, 1.0, lambda x: x >= 0.4)
    return [*made, *_between(made[-1], (0.0, level))], made[0][1]


def _filleted(
    side: Floats, normals: Floats, level: float, radii: tuple[float, ...], up: float, allowed: Callable[[float], bool]
) -> list[Pair]:
    """From the rim along an arc onto the line y = `level`, above it (up 1) or below it (-1); of the first radius whose end is allowed, else
    of the last. side (k, 2): one side of the rim, and its outward normals."""
    made: list[Pair] = []
    for r in radii:
        centres = side + r * normals
        order = np.argsort(centres[:, 1], kind="stable")
        want = min(max(level + up * r, float(centres[:, 1].min())), float(centres[:, 1].max()))
        at = [
            float(np.interp(want, centres[order, 1], column[order])) for column in (centres[:, 0], normals[:, 0], normals[:, 1])
        ]
        cx, nx, ny = at
        begin, end = angle_of(-nx, -ny), -90.0 * up
        way = end - begin
        way -= 360.0 * math.floor((way + 180.0) / 360.0)
        many = _pieces(abs(way), 22.5)
        ways = (direction(begin + way * i / many) for i in range(many + 1))
        made = [(cx + r * c, level + up * r + r * s) for c, s in ways]
        if allowed(cx):
            break
    return made


def _between(begin: Pair, end: Pair) -> list[Pair]:
    """Places between two, at most 3 mm apart, without them."""
    (x, y), (u, v) = begin, end
    many = _pieces(math.sqrt((u - x) * (u - x) + (v - y) * (v - y)), 3.0)
    return [(x + (u - x) * i / many, y + (v - y) * i / many) for i in range(1, many)]


def _pieces(length: float, most: float) -> int:
    return max(1, math.ceil(length / most))
