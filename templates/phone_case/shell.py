"""From a phone, a process and the customer's wishes to every number that the body is drawn with. No geometry library here.

What is chosen (the lesser of two, a threshold) is chosen here: `body` draws with the numbers that it is given, and its shape follows
them smoothly. Sources: notes of each figure beside it; "ours" where none was found.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from templates.phone_case.facts import JACK_PLUG, Box, Phone, Span

AIR = 3.0
"""How far a tool reaches beyond what it cuts: no face of a tool lies in a face of the body."""
INWARD = 4.0
"""How far from the wall's inside a tool that opens it begins."""
PAD_HEIGHT = 0.6
"""What a soft button stands over the side."""
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
    bumper: float = 0.0


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
class Block:
    """What is cut out of a side wall, or put on it: along the edge from low to high, `near` to `far` from the phone's middle, z0 to z1. The
    edges that run across the wall are round; of a block that is open above, the lower ones."""

    edge: str
    low: float
    high: float
    near: float
    far: float
    z0: float
    z1: float
    corner: float
    open_above: bool = False


@dataclass(frozen=True)
class Ear:
    """The corner that carries the lanyard's hole (bottom left from the front): its circle, its hole, its blend into the sides."""

    x: float
    y: float
    radius: float
    hole: float
    along: float


@dataclass(frozen=True)
class Shell:
    """Every number that the body is drawn with, and no other. z = 0 is the back's outer face; the ring alone goes below. `cuts`:
    openings, and the pockets behind soft buttons."""

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
    hole_edge: float
    cuts: tuple[Block, ...]
    pads: tuple[Block, ...]
    ear: Ear | None
    bumper: float


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


def room_by(holes: tuple[Box, ...], outer: Box, ring: float) -> float:
    """What is left for the back's round edge between the sides and the ring of the nearest window."""
    return min((from_outside(box, outer) for box in holes), default=99.0) - ring - FLAT_BY_RING


def make_shell(phone: Phone, making: Making, wishes: Wishes) -> Shell:
    """All the numbers. Never fails: what cannot be is left to the rules."""
    wall, gap = wishes.wall, making.clearance + wishes.fit
    cavity = Box(0.0, 0.0, phone.width, phone.height, phone.corner).grown(gap)
    outer = cavity.grown(wall)
    over = making.overhang + wishes.grip
    mouth = Box(0.0, 0.0, phone.width - 2 * over, phone.height - 2 * over, max(0.6, phone.corner - over))
    _, ceiling = _heights(phone, making, wishes)
    rim = ceiling + wishes.lip
    holes, slots = windows(phone)
    ring = ring_width(making, wishes.raised)
    # a rounder edge than this leaves less than the least wall at the cavity's corner
    thick_enough = (math.sqrt(2.0) * wall - making.wall) / (math.sqrt(2.0) - 1.0) - 0.1
    edge = max(0.3, min(ROUNDEST, thick_enough, outer.corner - 0.4, room_by(holes, outer, ring)))
    found = sides(phone, making, wishes)
    cuts = [_opened(o, cavity, outer, rim) for o in found.openings]
    cuts += [_pocketed(o, cavity, outer, membrane_thickness(making)) for o in found.membranes]
    return Shell(
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
        rings=_rings(holes, slots, outer, edge, ring) if wishes.raised else (),
        slots=slots,
        slot_top=wall + 2.0,
        ring_height=ring_height(phone, wall, wishes.raised),
        # rounding takes from the wall: not where the wall is all that the process asks for
        hole_edge=0.4 if wall - making.wall >= 0.4 else 0.0,
        cuts=tuple(cuts),
        pads=tuple(_padded(o, outer) for o in found.pads),
        ear=_ear(outer, wall, edge, making) if wishes.lanyard else None,
        bumper=wishes.bumper,
    )


def _heights(phone: Phone, making: Making, wishes: Wishes) -> tuple[float, float]:
    """z of the phone's middle, and of the lip's underside."""
    slack = max(making.clearance + wishes.fit, 0.05)
    return wishes.wall + slack + phone.thickness / 2, wishes.wall + phone.thickness + 2 * slack


class Sides(NamedTuple):
    """What is open in the side walls, what is thinned for soft buttons, and where those stand out."""

    openings: tuple[Opening, ...]
    membranes: tuple[Opening, ...]
    pads: tuple[Opening, ...]


def sides(phone: Phone, making: Making, wishes: Wishes) -> Sides:
    """Buttons, port, speakers, and what nobody has measured."""
    middle, ceiling = _heights(phone, making, wishes)
    bare, buttons = _side_openings(phone, wishes, middle, ceiling, windows(phone)[1])
    post = max(1.6, 2 * making.wall)
    openings = _merged([*bare, *_ends(phone, middle)], post)
    if wishes.membranes:
        return Sides(openings, _merged(buttons, post), tuple(buttons))
    return Sides(_merged([*openings, *buttons], post), (), ())


def _across(box: Box, edge: str) -> float:
    """Half of a box's width across that edge."""
    return (box.w if edge in ("right", "left") else box.h) / 2


def _opened(o: Opening, cavity: Box, outer: Box, rim: float) -> Block:
    """Right through the wall; open all the way up, beyond the rim."""
    near, far = _across(cavity, o.edge) - INWARD, _across(outer, o.edge) + AIR
    corner = min(1.5 if not o.to_rim else 2.5, 0.45 * (o.z1 - o.z0), 0.45 * (o.high - o.low))
    return Block(o.edge, o.low, o.high, near, far, o.z0, rim + AIR if o.to_rim else o.z1, corner, o.to_rim)


def _pocketed(o: Opening, cavity: Box, outer: Box, membrane: float) -> Block:
    """From within, up to what a soft button is thick."""
    return Block(o.edge, o.low, o.high, _across(cavity, o.edge) - INWARD, _across(outer, o.edge) - membrane, o.z0, o.z1, 1.5)


def _padded(o: Opening, outer: Box) -> Block:
    """What stands out over a soft button, a little smaller than the pocket behind it."""
    side = _across(outer, o.edge)
    return Block(o.edge, o.low + 1.2, o.high - 1.2, side - 0.4, side + PAD_HEIGHT, o.z0 + 0.8, o.z1 - 0.8, 1.2)


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
