"""What must hold for a pattern, a magnet ring, a seat and bumpers, as relations: value, limit, what to change, and why."""

from __future__ import annotations

from engine.authoring import Process, Relation, Rounded, at_least, at_most, require
from templates.phone_case.extras import MAGNET_EDGE, MAGNET_REACH, PANEL, THICKEST, Seat, bumper_reach
from templates.phone_case.plan import FLAT_MARGIN, Plan
from templates.phone_case.rules import CHORD

LEAST_RING = 2.0
"""Width of a magnet ring, mm: what is narrower holds no magnets. Ours."""
SEAT_RIM = 0.5
"""mm of flat back that stay round a seat: ours."""


def pattern(process: Process, *, cut: bool, cell: float, bar: float, depth: float) -> list[Relation]:
    """Cells no smaller than the process's hole, bars no thinner than its wall; raised ones as letters are."""
    if cut:
        small = ("smaller cells close up in this process", "des alvéoles plus petites se boucheraient")
        thin = ("the bars between cells are walls", "les barres entre les alvéoles sont des parois")
        return [
            at_least(cell, process.hole, change="cell", why=small),
            at_least(bar, process.wall + CHORD, change="bar", why=thin),
        ]
    fine = ("smaller raised cells do not show in this process", "des alvéoles en relief plus petites ne se verraient pas")
    close = ("raised cells nearer to each other run together", "des alvéoles en relief plus proches se rejoindraient")
    flat = ("lower cells do not show in this process", "des alvéoles moins hautes ne se verraient pas")
    return [
        at_least(cell, process.emboss_width, change="cell", why=fine),
        at_least(bar, process.gap + CHORD, change="bar", why=close),
        at_least(depth, process.emboss_height, change="depth", why=flat),
    ]


def panel(wanted: bool, ink_height: float) -> list[Relation]:
    """The name has a band in the pattern to itself. `ink_height`: in heights of a capital."""
    needed = ("the name needs a band that the pattern leaves", "le prénom demande une bande sans motif")
    tall = (
        "accents and tails of this name leave the pattern's band: half its height in capitals",
        "les accents ou jambages de ce prénom dépassent la bande : sa demi-hauteur en capitales",
    )
    return [
        require(wanted, change="name_panel", why=needed),
        at_most(max(ink_height - 0.5, 0.5), PANEL, change="pattern", why=tall, unit=""),
    ]


def magnets(plan: Plan, process: Process) -> list[Relation]:
    """The recess keeps a wall under it that is not too thick, and keeps clear of the camera and of the sides."""
    ring = plan.magnets
    if ring is None:
        return []
    left = plan.wall - ring.deep
    over = ("the wall left over the magnets", "la paroi qui reste sur les aimants")
    far = (
        "magnets do not hold through more case (Apple's guidelines)",
        "au-delà, les aimants ne tiennent plus (guide d'Apple)",
    )
    narrow = ("the ring is too narrow to hold magnets", "l'anneau est trop étroit pour des aimants")
    near = ("the recess comes too near the camera's window", "le logement est trop près de la fenêtre de la caméra")
    low = ("the recess leaves the back", "le logement sort du dos")
    room = min([window.distance(0.0, ring.y) for window in plan.windows()], default=99.0) - ring.outer / 2
    below = plan.cavity.h / 2 - abs(ring.y) - ring.outer / 2
    return [
        at_least((ring.outer - ring.inner) / 2, LEAST_RING, change="magnet_inner", why=narrow),
        at_least(left, process.wall, change="wall", why=over),
        at_most(left, MAGNET_REACH, change="wall", why=far),
        at_least(room, process.wall, change="magnet_y", why=near),
        at_least(below, MAGNET_EDGE, change="magnet_y", why=low),
        at_least((plan.cavity.w - ring.outer) / 2, MAGNET_EDGE, change="magnet_outer", why=low),
    ]


def seat(plan: Plan, process: Process) -> list[Relation]:
    """The recess shows, leaves a wall, and lies on the flat back below the camera."""
    found = plan.seat
    if found is None:
        return []
    x0, y0, x1, y1 = plan.free
    shallow = ("a shallower recess does not show in this process", "un logement moins profond ne se verrait pas")
    wide = ("the seat is wider than the flat back", "le logement est plus large que le dos plat")
    round_off = ("the seat runs into a round corner of the back", "le logement mord sur un coin arrondi du dos")
    high = ("the seat leaves the flat back below the camera", "le logement sort du dos plat sous la caméra")
    floor = ("the wall left under the seat", "la paroi qui reste sous le logement")
    told = [
        at_least(found.deep, process.engrave_depth, change="seat_depth", why=shallow),
        at_most(found.box.w, x1 - x0, change="seat_size", why=wide),
        at_least(_beside_seat(plan, found), SEAT_RIM, change="seat_size", why=round_off),
        at_least(y1 - y0, 0.0, change="seat_y", why=high),
        at_least(plan.wall - found.deep, process.wall, change="wall", why=floor),
    ]
    if plan.magnets is not None and plan.magnets.meets(found.shape(), process.wall):
        both = ("the wall left between the seat and the magnets", "la paroi qui reste entre le logement et les aimants")
        # where no wall is thick enough for both, or magnets would not reach through it, the seat must go
        both_deep = found.deep + process.wall
        walls = both_deep <= MAGNET_REACH and both_deep + plan.magnets.deep <= THICKEST
        left = plan.wall - found.deep - plan.magnets.deep
        told.append(at_least(left, process.wall, change="wall" if walls else "seat", why=both))
    return told


def _beside_seat(plan: Plan, seat: Seat) -> float:
    """The flat back that is left between a seat and the back's round edge, where it is narrowest."""
    box, flat = seat.box, plan.flat()
    w, h = box.w / 2 - box.corner, box.h / 2 - box.corner
    middles = [(box.x + x, box.y + y) for x in (-w, w) for y in (-h, h)]
    return FLAT_MARGIN - box.corner - max(flat.distance(x, y) for x, y in middles)


def over_magnets(plan: Plan, process: Process, ink: Rounded, depth: float | None) -> list[Relation]:
    """Letters cut into the back over the magnets leave a wall between both; cut through (no `depth`), they lie beside the ring, and
    not within it, where the magnets lie round them."""
    ring = plan.magnets
    if ring is None:
        return []
    if depth is None:
        open_there = (
            "letters cut through would open the magnets' recess: there is no room for them beside it",
            "des lettres ajourées ouvriraient le logement des aimants : il n'y a pas de place à côté",
        )
        beside = ink.distance(0.0, ring.y) - ring.outer / 2 >= process.wall
        return [require(beside, change="letters", why=open_there)]
    if not ring.meets(ink, process.wall):
        return []
    why = ("the wall left between the letters and the magnets", "la paroi qui reste entre les lettres et les aimants")
    # where no wall is thick enough for both, or magnets would not reach through it, letters are shallower, or the magnets go
    most = min(MAGNET_REACH, THICKEST - ring.deep) - process.wall
    change = "wall" if depth <= most else "depth" if process.engrave_depth <= most else "magnets"
    return [at_least(plan.wall - depth - ring.deep, process.wall, change=change, why=why)]


def bumpers(plan: Plan) -> list[Relation]:
    """Soft buttons stay soft: a bumper over one would make it thick."""
    if not plan.bumper:
        return []
    start = plan.outer.h / 2 - plan.outer.corner - bumper_reach(plan.bumper)
    reach = [start - o.high for o in plan.membranes] + [start + o.low for o in plan.membranes]
    why = ("a corner's bumper comes over a soft button", "un renfort de coin couvre un bouton souple")
    return [at_least(min(reach, default=99.0), 0.0, change="bumpers", why=why)]
