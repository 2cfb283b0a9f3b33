"""What must hold, as relations: each gives value, limit, what to change, and why in English and French."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.authoring import Process, Relation, Rounded, at_least, at_most, between, direction, forbid, require
from templates.phone_case.plan import Plan
from templates.phone_case.shell import Making, membrane_thickness

LEAST_CAPITAL = 3.0
LEAST_EDGE = 0.3
LEAST_POCKET = 0.2
CHORD = 0.05
"""What two surfaces in triangles may come nearer than they are drawn, with room to spare."""
SNAP = 1.2
STRETCH = 2.0
BESIDE = ("letters of any height leave the free back there", "des lettres de toute hauteur y sortent du dos libre")
OVER = ("letters of any height leave the free back so far up or down", "si haut ou si bas, toute lettre sort du dos libre")


WIDEST = 0.12
"""In heights of a capital: the most that is put between letters which would print into each other (engine.shape.printable)."""
Size = tuple[float, float]
"""Width and height of the ink, for capitals of 1 mm."""


@dataclass(frozen=True)
class Ink:
    """The ink of a name as the font has it, no narrower than it ever is spaced, and as the process shows it at a height of its
    capitals."""

    plain: Size
    widest: Size
    shown: Callable[[float], Size]


@dataclass(frozen=True)
class Inscribed:
    """How a name is asked for: its capitals, its place from the middle of the free back, its angle."""

    height: float
    x: float
    y: float
    turn: float


def walls(wall: float, lip: float, process: Process) -> list[Relation]:
    """Nothing is thinner than the process makes it."""
    side = ("the wall, which triangles thin a little in its curves", "la paroi, que les triangles amincissent dans les courbes")
    return [
        at_least(wall, process.wall + CHORD, change="wall", why=side),
        at_least(
            lip, process.wall, change="lip", why=("the lip over the screen is a wall too", "le rebord est aussi une paroi")
        ),
    ]


def hold(gap: float, over: float, process: Process) -> list[Relation]:
    """Clearance and overhang suit the material."""
    if process.flexible:
        loose = (
            "a flexible case holds by its stretch: the clearance a side",
            "un étui souple tient par sa tension : le jeu par côté",
        )
        lips = ("further over the glass the lip hides the screen", "plus loin sur la vitre, le rebord cache l'écran")
        return [between(gap, -0.2, 0.0, change="fit", why=loose), at_most(over, STRETCH, change="grip", why=lips)]
    tight = ("a rigid case needs air: the clearance a side", "un étui rigide a besoin de jeu par côté")
    snap = ("a rigid case does not snap over a wider lip", "un étui rigide ne se clipse pas avec un rebord plus large")
    return [at_least(gap, 0.1, change="fit", why=tight), at_most(over, SNAP, change="grip", why=snap)]


def soft_buttons(wanted: bool, wall: float, making: Making, process: Process) -> list[Relation]:
    """Membranes want a flexible material, and a wall that can be thinned."""
    if not wanted:
        return []
    rigid = ("a rigid wall does not give under a finger: take openings", "une paroi rigide ne cède pas : prenez des ouvertures")
    thin = (
        f"the wall must be thicker than its membranes of {membrane_thickness(making):g} mm by at least",
        f"la paroi doit dépasser ses membranes de {membrane_thickness(making):g} mm d'au moins",
    )
    return [
        forbid(not process.flexible, change="buttons", why=rigid),
        at_least(wall - membrane_thickness(making), LEAST_POCKET, change="wall", why=thin),
    ]


def room_by_the_camera(room: float) -> Relation:
    """What is left for the rounded edge between the camera's ring and the side."""
    why = (
        "the camera is so near the edge that its window leaves too little round edge beside it",
        "la caméra est si près du bord que sa fenêtre laisse trop peu d'arrondi",
    )
    return at_least(room, LEAST_EDGE, change="wall", why=why)


def strokes(process: Process, *, least: float | None, height: float, depth: float, wall: float, letters: str) -> list[Relation]:
    """Letters that the process can show, over a wall that it can make, or right through it. `least`: the lowest capital at which it can show this name."""
    low = ("strokes of lower letters are too thin for this process", "les traits de lettres plus basses seraient trop fins")
    never = (
        "no height of this font has strokes that the process can show",
        "aucune hauteur de cette police ne convient au procédé",
    )
    shallow = ("shallower letters do not show in this process", "des lettres moins profondes ne se verraient pas")
    floor = ("the wall left under the letters", "la paroi qui reste sous les lettres")
    limit = process.emboss_height if letters == "embossed" else process.engrave_depth
    told = [
        require(least is not None, change="font", why=never),
        at_least(height, max(LEAST_CAPITAL, least or 0.0), change="letter_height", why=low),
    ]
    if letters != "cut":
        told.append(at_least(depth, limit, change="depth", why=shallow))
    if letters == "engraved":
        told.append(at_least(wall - depth, process.wall, change="wall", why=floor))
    return told


def second_colour(process: Process, *, flush: bool, alike: bool, depth: float) -> list[Relation]:
    """Letters of their own colour: let in flush, thick enough to be a part, not the case's colour."""
    in_the_back = (
        "letters of a second colour lie flush in the back: take engraved ones",
        "des lettres d'une autre couleur sont à fleur du dos : prenez-les gravées",
    )
    seen = ("letters in the case's own colour are not seen", "des lettres de la couleur de l'étui ne se voient pas")
    thick = ("thinner letters are no part of their own in this process", "des lettres plus minces ne font pas une pièce à part")
    return [
        # first what one change cures: letters of the case's colour need not lie flush
        forbid(alike, change="letter_colour", why=seen),
        require(flush, change="letters", why=in_the_back),
        at_least(depth, process.emboss_height, change="depth", why=thick),
    ]


def text_centre(plan: Plan, text_x: float, text_y: float) -> tuple[float, float]:
    """Where the letters are centred, in the back's own frame (x to the right seen from behind)."""
    _, y0, _, y1 = plan.free
    return (text_x, (y0 + y1) / 2 + text_y)


def text_box(centre: tuple[float, float], ink: Size, height: float, turn: float) -> Rounded:
    """What a name may take, in the back's own frame."""
    return Rounded(*centre, ink[0] * height, 2 * _half_ink(ink) * height, 0.0, direction(turn))


def text_fits(plan: Plan, ink: Ink, asked: Inscribed, least: Callable[[], float | None]) -> list[Relation]:
    """The turned box of the ink lies on what is free of the flat back, clear of its round corners. Where it does not: before any
    height is talked of, there must be room for letters that the process shows. `least`: the lowest capital that it shows, asked
    only then."""
    why = ("the letters do not fit the free back below the camera", "les lettres ne tiennent pas sur le dos libre")
    fits = at_most(asked.height, _highest(plan, ink.widest, asked), change="letter_height", why=why)
    if fits.holds:
        return [fits]
    fits = at_most(asked.height, _highest(plan, ink.plain, asked), change="letter_height", why=why)
    if fits.holds:  # what remains to be said is how wide they are spaced
        fits = at_most(asked.height, _highest(plan, ink.shown(asked.height), asked), change="letter_height", why=why)
    if fits.holds:
        return [fits]
    lowest = replace(asked, height=min(asked.height, least() or asked.height))
    drawn = ink.shown(lowest.height)
    (need_x, need_y), (most_x, most_y) = _needed(drawn, lowest.height, lowest.turn), _halves(plan.free)
    return [
        at_least(most_x - abs(asked.x), min(need_x, most_x), change="text_x", why=BESIDE),
        at_least(most_y - abs(asked.y), min(need_y, most_y), change="text_y", why=OVER),
        *_turned(plan, drawn, lowest),
        *_off_corners(plan, drawn, lowest),
        fits,
    ]


def _needed(ink: Size, height: float, turn: float) -> tuple[float, float]:
    """Half the room that the turned letters take, across and up; a millimetre at least."""
    wide, tall = _turned_half(ink, turn)
    return max(1.0, height * wide), max(1.0, height * tall)


def _turned_half(ink: Size, turn: float) -> tuple[float, float]:
    """For capitals of 1 mm."""
    c, s = abs(math.cos(math.radians(turn))), abs(math.sin(math.radians(turn)))
    x, y = ink[0] / 2, _half_ink(ink)
    return max(x * c + y * s, 1e-9), max(x * s + y * c, 1e-9)


def _half_ink(ink: Size) -> float:
    """Capitals are centred: accents above or tails below may take all that the ink is higher than they are."""
    return max(ink[1] - 0.5, 0.5)


def _halves(free: tuple[float, float, float, float]) -> tuple[float, float]:
    x0, y0, x1, y1 = free
    return (x1 - x0) / 2, (y1 - y0) / 2


def _highest(plan: Plan, ink: Size, asked: Inscribed) -> float:
    """The highest capitals for which there is room there; halved down to a micrometre where a round corner is in their way."""
    (wide, tall), (most_x, most_y) = _turned_half(ink, asked.turn), _halves(plan.free)
    most = min((most_x - abs(asked.x)) / wide, (most_y - abs(asked.y)) / tall)
    low, high = 0.0, min(most, asked.height)
    if high <= 0.0 or not _in_a_corner(plan, ink, asked, high):
        return most
    while high - low > 1e-3:
        middle = (low + high) / 2
        low, high = (low, middle) if _in_a_corner(plan, ink, asked, middle) else (middle, high)
    return low


def _in_a_corner(plan: Plan, ink: Size, asked: Inscribed, height: float) -> bool:
    """Whether letters that are within the free rectangle run into a round corner of the back."""
    box, flat = text_box(text_centre(plan, asked.x, asked.y), ink, height, asked.turn), plan.flat()
    return any(flat.distance(x, y) > 0.0 for x, y in box.tips())


def _turned(plan: Plan, ink: Size, lowest: Inscribed) -> list[Relation]:
    """Where the letters are too long for any place at this angle: another one, or a seat that leaves more room, or a shorter name."""
    need, most = _needed(ink, lowest.height, lowest.turn), _halves(plan.free)
    if need[0] <= most[0] and need[1] <= most[1]:
        return []

    def some_angle(more: float) -> bool:
        every = (_needed(ink, lowest.height, float(turn)) for turn in range(91))
        return any(x <= most[0] and y <= most[1] + more / 2 for x, y in every)

    if some_angle(0.0):
        return [
            at_least(most[0], need[0], change="text_angle", why=BESIDE),
            at_least(most[1], need[1], change="text_angle", why=OVER),
        ]
    if plan.seat is not None:
        full = ("the seat leaves no room for letters of any height", "le logement ne laisse de place à aucune lettre")
        return [require(False, change="seat_y" if some_angle(plan.seat.up) else "seat", why=full)]
    long = ("this name is too long for the free back at any angle", "ce prénom est trop long pour le dos libre")
    return [require(False, change="name", why=long)]


def _off_corners(plan: Plan, ink: Size, lowest: Inscribed) -> list[Relation]:
    """Where even low letters run into a round corner: nearer to the middle, or higher up, or turned."""
    if not _in_a_corner(plan, ink, lowest, lowest.height):
        return []
    cures = (("text_x", replace(lowest, x=0.0)), ("text_y", replace(lowest, y=0.0)))
    change = next((name for name, moved in cures if not _in_a_corner(plan, ink, moved, moved.height)), "text_angle")
    why = (
        "letters of any height run into a round corner of the back there",
        "des lettres de toute hauteur y mordent sur un coin arrondi du dos",
    )
    return [require(False, change=change, why=why)]
