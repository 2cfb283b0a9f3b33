"""What must hold, as relations: each gives value, limit, what to change, and why in English and French."""

from __future__ import annotations

import math

from engine.authoring import Process, Relation, Rounded, at_least, at_most, between, direction, forbid, require
from templates.phone_case.plan import Making, Plan, membrane_thickness

LEAST_CAPITAL = 3.0
SHOWN = 8.0
"""So many strokes high, capitals of the fonts offered can be shown, once their thin strokes are widened."""
LEAST_EDGE = 0.3
LEAST_POCKET = 0.2
CHORD = 0.05
"""What two surfaces in triangles may come nearer than they are drawn, with room to spare."""
SNAP = 1.2
STRETCH = 2.0


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


def lanyard_corner(plan: Plan, process: Process) -> Relation | None:
    """The blend of the drawn-out corner ends before the first opening of either edge."""
    ear = plan.ear
    if ear is None:
        return None
    ends = [o.low - (ear.x + ear.along) for o in plan.openings + plan.membranes if o.edge == "bottom"]
    ends += [o.low - (ear.y + ear.along) for o in plan.openings + plan.membranes if o.edge == "left"]
    why = ("the corner with the lanyard's hole runs into an opening", "le coin du trou de dragonne rencontre une ouverture")
    return at_least(min(ends, default=99.0), process.wall, change="lanyard", why=why)


def strokes(process: Process, *, least: float | None, height: float, depth: float, wall: float, raised: bool) -> list[Relation]:
    """Letters that the process can show, over a wall that it can make. `least`: the lowest capital at which it can show this name."""
    low = ("strokes of lower letters are too thin for this process", "les traits de lettres plus basses seraient trop fins")
    never = (
        "no height of this font has strokes that the process can show",
        "aucune hauteur de cette police ne convient au procédé",
    )
    shallow = ("shallower letters do not show in this process", "des lettres moins profondes ne se verraient pas")
    floor = ("the wall left under the letters", "la paroi qui reste sous les lettres")
    limit = process.emboss_height if raised else process.engrave_depth
    told = [
        require(least is not None, change="font", why=never),
        at_least(height, max(LEAST_CAPITAL, least or 0.0), change="letter_height", why=low),
        at_least(depth, limit, change="depth", why=shallow),
    ]
    if not raised:
        told.append(at_least(wall - depth, process.wall, change="wall", why=floor))
    return told


def second_colour(process: Process, *, raised: bool, alike: bool, depth: float) -> list[Relation]:
    """Letters of their own colour: let in flush, thick enough to be a part, not the case's colour."""
    flush = (
        "letters of a second colour lie flush in the back: take engraved ones",
        "des lettres d'une autre couleur sont à fleur du dos : prenez-les gravées",
    )
    seen = ("letters in the case's own colour are not seen", "des lettres de la couleur de l'étui ne se voient pas")
    thick = ("thinner letters are no part of their own in this process", "des lettres plus minces ne font pas une pièce à part")
    return [
        forbid(raised, change="letters", why=flush),
        forbid(alike, change="letter_colour", why=seen),
        at_least(depth, process.emboss_height, change="depth", why=thick),
    ]


def text_centre(plan: Plan, text_x: float, text_y: float) -> tuple[float, float]:
    """Where the letters are centred, in the back's own frame (x to the right seen from behind)."""
    _, y0, _, y1 = plan.free
    return (text_x, (y0 + y1) / 2 + text_y)


def text_box(centre: tuple[float, float], ink: tuple[float, float], height: float, turn: float) -> Rounded:
    """What a name may take, in the back's own frame. `ink`: as in `text_fits`."""
    return Rounded(*centre, ink[0] * height, 2 * max(ink[1] - 0.5, 0.5) * height, 0.0, direction(turn))


def text_fits(
    plan: Plan, ink: tuple[float, float], height: float, text_x: float, text_y: float, turn: float, stroke: float
) -> list[Relation]:
    """The turned box of the ink lies in the free rectangle: before any height is talked of, there must be room for letters that the
    process shows. `ink`: width and height for capitals of 1 mm; `stroke`: the thinnest that shows."""
    x0, y0, x1, y1 = plan.free
    room_x, room_y = (x1 - x0) / 2 - abs(text_x), (y1 - y0) / 2 - abs(text_y)
    # capitals are centred; accents above or tails below may take all that the ink is higher than they are
    half_x, half_y = ink[0] / 2, max(ink[1] - 0.5, 0.5)
    c, s = abs(math.cos(math.radians(turn))), abs(math.sin(math.radians(turn)))
    least = min(height, max(LEAST_CAPITAL, SHOWN * stroke))
    wide, tall = max(half_x * c + half_y * s, 1e-9), max(half_x * s + half_y * c, 1e-9)
    beside = ("letters of any height leave the free back there", "des lettres de toute hauteur y sortent du dos libre")
    over = ("letters of any height leave the free back so far up or down", "si haut ou si bas, toute lettre sort du dos libre")
    why = ("the letters do not fit the free back below the camera", "les lettres ne tiennent pas sur le dos libre")
    need_x, need_y, most_x, most_y = max(1.0, least * wide), max(1.0, least * tall), (x1 - x0) / 2, (y1 - y0) / 2
    return [
        at_least(room_x, min(need_x, most_x), change="text_x", why=beside),
        at_least(room_y, min(need_y, most_y), change="text_y", why=over),
        # where no place would do, only another angle can
        at_least(most_x, need_x, change="text_angle", why=beside),
        at_least(most_y, need_y, change="text_angle", why=over),
        at_most(height, min(room_x / wide, room_y / tall), change="letter_height", why=why),
    ]
