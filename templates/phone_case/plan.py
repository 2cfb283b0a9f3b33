"""From a phone, a process and the customer's wishes to every number that the solid is drawn with. No geometry library here.

Sources: notes of each figure beside it; "ours" where none was found.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from engine.authoring import Rounded
from templates.phone_case.extras import RIM, Bought, Magnets, Seat, below, clear_of, seated
from templates.phone_case.facts import JACK_PLUG, Box, Phone, Span

BUTTON_DOUBT = {True: 0.2, False: 0.6}
"""Added to each end of a button: two sources agree, or one source (0.6 is what sources differ by)."""
WINDOW_DOUBT = {True: 0.0, False: 0.4}
"""Added to each edge of a camera window, likewise."""
WINDOW_CLEARANCE = 0.3
"""Air round what sticks out of the back: ours."""
FOOT_ALLOWANCE = 1.0
"""Where the foot of the camera's slope is unknown: blanks sold open about 0.9 round the plateau."""
KEPT_SIDE = 1.2
"""Height of side wall that stays under and over a button: ours, since no button's place through the thickness is known."""
KEPT_CORNER = 11.5
"""How far from its corner an edge that must stay open begins: the outermost known speaker hole is 11.4 from the side. Never
within the corner's curve, where its end would be a sharp wedge."""
KEPT_SIDE_END = 20.0
"""The same for a side: corners of the newest phones curve over 19.2."""
LENS_MARGIN = 1.0
"""How far the ring stands over a lens of known height."""
ASSUMED_RING = 1.0
"""Height of the ring where the lens's is unknown: an assumption, told in the report; it protects nothing for certain."""
LEAST_RING = 0.6
ROUNDEST = 2.4
FLAT_BY_RING = 0.25
"""Width of flat back that stays beside the ring, so that no sliver is left there."""
FLAT_MARGIN = 2.0
"""What of the flat back beside its round edge is left to it: ours."""
CORD = 2.5
"""Diameter of the lanyard's hole."""
BLEND = 5.0


@dataclass(frozen=True)
class Making:
    """What the process says: least wall, clearance a side, overhang of the lip, least hole, least gap; does it stretch."""

    wall: float
    clearance: float
    overhang: float
    hole: float
    flexible: bool


@dataclass(frozen=True)
class Wishes:
    """What the customer says that changes the body."""

    wall: float
    lip: float
    fit: float
    grip: float
    raised: bool
    membranes: bool
    lanyard: bool
    open_sides: bool
    bought: Bought = field(default_factory=Bought)


@dataclass(frozen=True)
class Opening:
    """A hole through a side wall. `edge`: right, left, top, bottom (from the front). `to_rim`: open all the way up."""

    edge: str
    low: float
    high: float
    z0: float
    z1: float
    to_rim: bool = False


@dataclass(frozen=True)
class Ear:
    """The corner that carries the lanyard's hole (bottom left from the front): its circle, its hole, its blend into the sides."""

    x: float
    y: float
    radius: float
    hole: float
    along: float


@dataclass(frozen=True)
class Plan:
    """Every number of the body. z = 0 is the back's outer face; the ring alone goes below. `gap`: clearance a side."""

    wall: float
    gap: float
    outer: Box
    cavity: Box
    mouth: Box
    floor: float
    ceiling: float
    rim: float
    edge: float
    rim_edge: float
    mouth_edge: float
    holes: tuple[Box, ...]
    rings: tuple[Box, ...]
    slots: tuple[Span, ...]
    slot_top: float
    ring_height: float
    ring_width: float
    hole_edge: float
    openings: tuple[Opening, ...]
    membranes: tuple[Opening, ...]
    pads: tuple[Opening, ...]
    membrane: float
    ear: Ear | None
    magnets: Magnets | None
    seat: Seat | None
    bumper: float
    room: float
    free: tuple[float, float, float, float]

    def windows(self) -> tuple[Rounded, ...]:
        """The holes and slots of the back."""
        return _windows(self.outer, self.holes, self.slots)

    def flat(self) -> Rounded:
        """The flat back, a margin within its round edge: its corners are round, too. In either frame."""
        inset = self.edge + FLAT_MARGIN
        return Rounded(0.0, 0.0, self.outer.w - 2 * inset, self.outer.h - 2 * inset, max(self.outer.corner - inset, 0.0))

    def for_letters(self, *, sunken: bool) -> Plan:
        """The same with what is free for letters: cut in, they lie below the magnets, where there is room."""
        return replace(self, free=below(self.magnets, self.free)) if sunken and self.magnets else self


def ring_height(phone: Phone, wall: float, raised: bool) -> float:
    """How far the ring stands over the back: 0 when flush; over a known lens by LENS_MARGIN."""
    if not raised:
        return 0.0
    if phone.bump is None:
        return ASSUMED_RING
    return max(LEAST_RING, phone.bump + LENS_MARGIN - wall)


def membrane_thickness(making: Making) -> float:
    """Thickness over a button: 0.8 (cases published have 0.4 to 0.8), or the least wall of the process."""
    return max(0.8, making.wall)


def windows(phone: Phone) -> tuple[tuple[Box, ...], tuple[Span, ...]]:
    """Holes in the back, camera first, and slots that run through both sides (y spans) where the camera reaches the edges."""
    doubt = WINDOW_CLEARANCE + WINDOW_DOUBT[phone.camera_sure]
    camera = phone.camera.grown(doubt + (0.0 if phone.foot_known else FOOT_ALLOWANCE))
    extra = [box.grown(doubt) for box in phone.extra]
    if camera.w / 2 + abs(camera.x) > phone.width / 2 - 0.3:
        return tuple(extra), ((camera.bottom, camera.top),)
    apart = []
    for box in extra:
        if camera.gap_to(box) < 3.0:
            camera = camera.around(box)
        else:
            apart.append(box)
    return (camera, *apart), ()


def from_outside(box: Box, outer: Box) -> float:
    """Distance from a window to the outer face of the sides, corners included."""
    straight = min(outer.w / 2 - abs(box.x) - box.w / 2, outer.h / 2 - abs(box.y) - box.h / 2)
    px, py = abs(box.x) + box.w / 2 - box.corner, abs(box.y) + box.h / 2 - box.corner
    cx, cy = outer.w / 2 - outer.corner, outer.h / 2 - outer.corner
    if px > cx and py > cy:
        return min(straight, outer.corner - math.hypot(px - cx, py - cy) - box.corner)
    return straight


def ring_width(making: Making, raised: bool) -> float:
    """How wide the ring is; flush, what stays flat for the window's rounded edge."""
    return max(1.0, making.wall + 0.2) if raised else 0.9


def make_plan(phone: Phone, making: Making, wishes: Wishes) -> Plan:
    """All the numbers. Never fails: what cannot be is left to the rules, which read `room` and `free`."""
    wall, gap = wishes.wall, making.clearance + wishes.fit
    slack = max(gap, 0.05)
    cavity = Box(0.0, 0.0, phone.width, phone.height, phone.corner).grown(gap)
    outer = cavity.grown(wall)
    over = making.overhang + wishes.grip
    mouth = Box(0.0, 0.0, phone.width - 2 * over, phone.height - 2 * over, max(0.6, phone.corner - over))
    ceiling = wall + phone.thickness + 2 * slack
    rim = ceiling + wishes.lip
    holes, slots = windows(phone)
    ring = ring_width(making, wishes.raised)
    nearest = min((from_outside(box, outer) for box in holes), default=99.0)
    room = nearest - ring - FLAT_BY_RING
    # a rounder edge than this leaves less than the least wall at the cavity's corner
    thick_enough = (math.sqrt(2.0) * wall - making.wall) / (math.sqrt(2.0) - 1.0) - 0.1
    edge = max(0.3, min(ROUNDEST, thick_enough, outer.corner - 0.4, room))
    height = ring_height(phone, wall, wishes.raised)
    rings = _rings(holes, slots, outer, edge, ring) if wishes.raised else ()
    middle = wall + slack + phone.thickness / 2
    slot_top = wall + 2.0
    sides = _side_openings(phone, wishes, middle, ceiling, slots)
    post = max(1.6, 2 * making.wall)
    openings = _merged([*sides[0], *_ends(phone, middle)], post)
    membranes: tuple[Opening, ...] = ()
    pads: tuple[Opening, ...] = ()
    if wishes.membranes:
        pads, membranes = tuple(sides[1]), _merged(sides[1], post)
    else:
        openings = _merged([*openings, *sides[1]], post)
    lowest = min([box.bottom for box in (rings or holes)] + [low - ring for low, _ in slots], default=0.0)
    flat_x, flat_y = outer.w / 2 - edge - FLAT_MARGIN, outer.h / 2 - edge - FLAT_MARGIN
    seat, free = seated(wishes.bought.seat, (-flat_x, -flat_y, flat_x, lowest - 2.0))
    return Plan(
        wall=wall,
        gap=gap,
        outer=outer,
        cavity=cavity,
        mouth=mouth,
        floor=wall,
        ceiling=ceiling,
        rim=rim,
        edge=edge,
        rim_edge=0.5 * min(wishes.lip, wall),
        mouth_edge=0.3 * wishes.lip,
        holes=holes,
        rings=rings,
        slots=slots,
        slot_top=slot_top,
        ring_height=height,
        ring_width=ring,
        # rounding takes from the wall: not where the wall is all that the process asks for
        hole_edge=0.4 if wall - making.wall >= 0.4 else 0.0,
        openings=openings,
        membranes=membranes,
        pads=pads,
        membrane=membrane_thickness(making),
        ear=_ear(outer, wall, edge, making) if wishes.lanyard else None,
        magnets=clear_of(wishes.bought.magnets, _windows(outer, holes, slots), making.wall + 0.1),
        seat=seat,
        bumper=wishes.bought.bumper,
        room=room,
        free=free,
    )


def _rings(holes: tuple[Box, ...], slots: tuple[Span, ...], outer: Box, edge: float, ring: float) -> tuple[Box, ...]:
    """Footprints of the ring before the hole is cut: round the camera alone; over the whole flat width beside a slot."""
    if slots:
        low, high = slots[0]
        return (Box(0.0, (low + high) / 2, outer.w - 2 * (edge + 0.6), high - low + 2 * (ring + 0.6), 0.6),)
    return tuple(box.grown(ring) for box in holes[:1])


def _side_openings(
    phone: Phone, wishes: Wishes, middle: float, ceiling: float, slots: tuple[Span, ...]
) -> tuple[list[Opening], list[Opening]]:
    """Edges that must stay open because nobody knows what is there; and the buttons, each with what its source may be off."""
    doubt = BUTTON_DOUBT[phone.buttons_sure]
    half = phone.thickness / 2 - KEPT_SIDE
    bare: list[Opening] = []
    buttons: list[Opening] = []
    top, bottom = phone.height / 2 - KEPT_SIDE_END, -phone.height / 2 + KEPT_SIDE_END
    for edge, spans in (("right", phone.right), ("left", phone.left)):
        keys = [Opening(edge, low - doubt, high + doubt, middle - half, middle + half) for low, high in spans or ()]
        if wishes.open_sides and spans is None:
            start = min([top] + [low - 8.0 for low, _ in slots])
            bare.append(Opening(edge, bottom, start, middle - half, ceiling, to_rim=True))
        elif wishes.open_sides and edge == "right" and phone.open_right and keys:
            # what nobody has placed lies below the lowest button: the edge is open from that button on
            bare.append(Opening(edge, bottom, keys.pop(0).high, middle - half, ceiling, to_rim=True))
        buttons += keys
    return bare, buttons


def _ends(phone: Phone, middle: float) -> list[Opening]:
    """Port, speakers and jack; the whole middle of the bottom edge where the speakers' places are unknown."""
    wide, high = phone.plug[0] / 2 + 0.1, phone.plug[1] / 2
    made: list[Opening] = []
    if phone.bottom is None:
        reach = phone.width / 2 - max(KEPT_CORNER, phone.corner + 1.2)
        made.append(Opening("bottom", -reach, reach, middle - high, middle + high, to_rim=True))
    else:
        made.append(Opening("bottom", phone.port_x - wide, phone.port_x + wide, middle - high, middle + high))
        doubt = BUTTON_DOUBT[phone.buttons_sure] + 0.1
        low = min(2.2, phone.thickness / 2 - 1.6)
        made += [Opening("bottom", a - doubt, b + doubt, middle - low, middle + low) for a, b in phone.bottom]
    if phone.jack_x is not None:
        r = JACK_PLUG / 2
        made.append(Opening("top", phone.jack_x - r, phone.jack_x + r, middle - r, middle + r))
    return made


def _merged(openings: list[Opening], post: float) -> tuple[Opening, ...]:
    """Openings of one edge that would leave less than `post` between them become one."""
    done: list[Opening] = []
    for new in sorted(openings, key=lambda o: (o.edge, o.low, o.high)):
        last = done[-1] if done else None
        if last is None or last.edge != new.edge or new.low - last.high >= post:
            done.append(new)
            continue
        done[-1] = Opening(
            new.edge, last.low, max(last.high, new.high), min(last.z0, new.z0), max(last.z1, new.z1), last.to_rim or new.to_rim
        )
    return tuple(done)


def _ear(outer: Box, wall: float, edge: float, making: Making) -> Ear:
    """A corner drawn out just far enough that the hole keeps its wall on both sides."""
    hole = max(CORD, making.hole + 0.5) / 2
    radius = hole + max(wall, edge + 0.4)
    away = max(outer.corner + hole, math.sqrt(2.0) * (outer.corner - radius + 0.8))
    inside = outer.corner - away / math.sqrt(2.0)
    along = math.sqrt((BLEND + radius) ** 2 - (BLEND + inside) ** 2)
    return Ear(-outer.w / 2 + inside, -outer.h / 2 + inside, radius, hole, along)


def kept_whole(plan: Plan, *, cut: bool) -> tuple[Rounded, ...]:
    """What a pattern of the back stays clear of, in the case's frame: windows and their ring, what lies beyond a slot (a face of its
    own, no longer the back), the lanyard's hole, a seat; cut through, the magnets too."""
    ring = plan.ring_width if plan.ring_height else RIM
    kept = [_shape(box.grown(ring if k == 0 else RIM)) for k, box in enumerate(plan.holes)]
    kept += [_band(plan.outer, low, plan.outer.h).grown(ring + 0.6) for low, _ in plan.slots]
    if plan.ear is not None:
        kept.append(Rounded(plan.ear.x, plan.ear.y, 2 * plan.ear.hole, 2 * plan.ear.hole, plan.ear.hole))
    if plan.seat is not None:
        kept.append(plan.seat.shape())
    if cut and plan.magnets is not None:
        kept.append(plan.magnets.disc())
    return tuple(kept)


def _shape(box: Box) -> Rounded:
    return Rounded(box.x, box.y, box.w, box.h, box.corner)


def _band(outer: Box, low: float, high: float) -> Rounded:
    """A slot through both sides, beyond them."""
    return Rounded(0.0, (low + high) / 2, 2 * outer.w, high - low)


def _windows(outer: Box, holes: tuple[Box, ...], slots: tuple[Span, ...]) -> tuple[Rounded, ...]:
    return tuple(_shape(box) for box in holes) + tuple(_band(outer, low, high) for low, high in slots)
