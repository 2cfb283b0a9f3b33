"""What must hold of one foot's insole, so that it suits the foot, the shoe and the process."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.authoring import Grid, Process, Relation, at_least, at_most, between
from templates.insole.bed import THIN, Bed
from templates.insole.last import Last
from templates.insole.plan import FULL, MARGIN, Inside, Plan

HEAVY_KG = 90.0
HEAVY_REAR = 4.0
"""mm of rear thickness that a heavier person needs in a flexible material (ours)."""
CUP_SHARE = 0.30
"""Of the heel's width: a deeper cup has walls that meet (ours)."""
DEEP_SKIVE, DEEP = 3.0, 14.0
"""A skive from so many mm on wants a cup so deep, mm (Podiatry Today)."""
BEHIND_HEADS = 5.0
"""mm: a pad's apex nearer to the heads presses on them, not behind them (JFAR 7:18)."""
ARCH_SHARE = 0.16
"""Of the foot's length: a higher arch lies over the navicular (ours)."""
SPARE = 0.02
"""mm over a process's least wall."""
FLOOR = 2.0
"""mm that stay under the name and under a pressure relief (fit.md E)."""
CAVITY = 15.0
"""A shoe's cavity is usually so much longer than the foot; an insole wants FIT less than the cavity (mm)."""
FIT = 2.0
LOOSE, BROADER = 35.0, 1.25
"""A last that is longer than the foot by more mm, or so many times as wide, is none of that foot (ours)."""
STOOD_BALL, STOOD_HEEL = 0.857, 0.846
"""How wide a foot stands on the ground, of the widths of its ball and its heel (two feet, measured: `plan.CONTACT`)."""
LENGTHS_APART = 5.0
"""mm: a typed and a scanned length that differ by more are asked about."""


def thick_enough(side: str, bed: Bed, mass: float | None, process: Process, steep: float) -> list[Relation]:
    """Shell thickness against the process, the cover, and the person's weight. `steep`: the greatest slope of a last under it, across
    which a shell is thinner than upright."""
    rear, mid, fore = bed.thickness
    left = (
        "the shell, less the cover, is too thin for the process",
        "la coque, moins le recouvrement, est trop mince pour le procédé",
    )
    floor = max(process.wall + 0.2, THIN) * math.sqrt(1.0 + steep * steep)
    found = [
        at_least(value - bed.cover, floor, change=f"{side}_{name}", why=left)
        for name, value in (("rear", rear), ("mid", mid), ("fore", fore))
    ]
    if mass is not None and mass > HEAVY_KG and process.flexible:
        soft = ("a flexible shell this thin yields under the person's weight", "une coque souple si mince cède sous le poids")
        found.append(at_least(rear, HEAVY_REAR, change=f"{side}_rear", why=soft))
    return found


def front_edge(plan: Plan, last: Last, process: Process) -> list[Relation]:
    """Where a toe springs up the front edge, which runs out to THIN, is thinner across than upright."""
    if not last.toe:
        return []
    steep = (
        "the front edge is too thin across a toe so steep",
        "le bord avant est trop mince en travers d'une pointe si relevée",
    )
    most = last.most_toe(plan.length, THIN, process.wall + SPARE)
    return [at_most(last.toe, most, change="toe_spring", why=steep)]


def floor_above(side: str, bed: Bed, depth: float, zones: Sequence[str]) -> list[Relation]:
    """What letters of that depth leave of the shell in these zones."""
    left = ("the shell left above the letters is too thin", "la coque laissée au-dessus des lettres est trop mince")
    found = zip(("rear", "mid", "fore"), bed.thickness, strict=True)
    return [
        at_least(value - bed.cover - depth, FLOOR, change=f"{side}_{name}", why=left) for name, value in found if name in zones
    ]


def under_relief(side: str, bed: Bed, relief: Grid | None) -> list[Relation]:
    """FLOOR of the thinnest zone stays under the deepest relief."""
    if relief is None:
        return []
    deep = float(relief.z.max())
    left = ("the shell left under the relief is too thin", "la coque laissée sous la décharge est trop mince")
    return [
        at_least(value - bed.cover - deep, FLOOR, change=f"{side}_{name}", why=left)
        for name, value in zip(("rear", "mid", "fore"), bed.thickness, strict=True)
    ]


def suits_foot(side: str, plan: Plan, bed: Bed) -> list[Relation]:
    """The heel cup against the heel, the arch against the foot, the skive against the cup, the pad behind the heads."""
    cup = ("the cup is too deep for a heel this narrow", "la coque est trop profonde pour un talon si étroit")
    high = (
        "the arch is higher than a foot of this length has room for",
        "la voûte est trop haute pour un pied de cette longueur",
    )
    found = [
        at_most(bed.cup, CUP_SHARE * plan.heel, change=f"{side}_heel_cup", why=cup),
        at_most(bed.arch, ARCH_SHARE * plan.length, change=f"{side}_arch", why=high),
    ]
    if bed.skive >= DEEP_SKIVE:
        found.append(_cupped(side, plan, bed))
    if bed.pad:
        found += _padded(side, plan, bed)
    if bed.extension:
        short = ("the insole ends before the hallux", "la semelle s'arrête avant l'hallux")
        ahead = plan.end - plan.arch_length
        found.append(at_most(bed.extension, 3.0 if ahead > 20.0 else 0.0, change=f"{side}_extension", why=short))
    return found


def _cupped(side: str, plan: Plan, bed: Bed) -> Relation:
    """A deep skive has its cup; where the heel has no room for that, the skive is what is too much."""
    if CUP_SHARE * plan.heel < DEEP:
        narrow = (
            "a heel this narrow has no room for the deep cup that such a skive wants",
            "un talon si étroit n'a pas la place de la coque profonde qu'un tel biseau demande",
        )
        return at_most(bed.skive, DEEP_SKIVE - 0.5, change=f"{side}_skive", why=narrow)
    skive = ("a skive wants a deeper heel cup", "un biseau demande une coque plus profonde")
    return at_least(bed.cup, DEEP, change=f"{side}_heel_cup", why=skive)


def _padded(side: str, plan: Plan, bed: Bed) -> list[Relation]:
    """High enough to be felt, on the insole, and behind the metatarsal heads, not under them."""
    if plan.end < plan.arch_length:
        short = ("the insole ends under the pad", "la semelle s'arrête sous l'appui")
        return [at_most(bed.pad, 0.0, change=f"{side}_pad", why=short)]
    low = ("a pad lower than this is not felt", "un appui plus bas ne se sent pas")
    under = ("the pad would lie under the metatarsal heads", "l'appui serait sous les têtes métatarsiennes")
    return [
        at_least(bed.pad, 3.0, change=f"{side}_pad", why=low),
        at_least(bed.pad_back, BEHIND_HEADS, change=f"{side}_pad_back", why=under),
    ]


def plausible(side: str, plan: Plan) -> list[Relation]:
    """Measures that no foot has together are a mistake in one of them."""
    ratio = ("such a ball does not go with this foot length", "cet avant-pied ne va pas avec cette longueur")
    heel = ("such a heel does not go with this ball", "ce talon ne va pas avec cet avant-pied")
    arch = (
        "the first head lies elsewhere in a foot of this length",
        "la première tête est ailleurs dans un pied de cette longueur",
    )
    return [
        between(plan.ball, 0.28 * plan.length, 0.52 * plan.length, change=f"{side}_ball", why=ratio),
        between(plan.heel, 0.45 * plan.ball, 0.95 * plan.ball, change=f"{side}_heel", why=heel),
        between(plan.arch_length, 0.64 * plan.length, 0.82 * plan.length, change=f"{side}_first_head", why=arch),
    ]


def inside_shoe(side: str, plan: Plan, cavity: float) -> list[Relation]:
    """The insole lies inside the shoe, where its cavity is told (mm; 0: it is not), and the foot in the last that it is cut to."""
    if plan.inside is not None:
        return [
            at_least(value, low, change=change, why=small) for value, low, _, change, small, _ in _of_last(plan, plan.inside)
        ]
    if not cavity:
        return []
    short = ("the shoe is too short for this foot", "la chaussure est trop courte pour ce pied")
    return [at_least(cavity - FIT, plan.end + 1.5, change="shoe_length", why=short)]


def last_suits(plans: Sequence[Plan]) -> list[Relation]:
    """A last is one for such feet: for the larger of both, which shoes are bought for."""
    told = [_of_last(plan, plan.inside) for plan in plans if plan.inside is not None]
    most = [max(rows, key=lambda row: row[2]) for rows in zip(*told, strict=True)]
    found = [at_most(value, high, change=change, why=large) for value, _, high, change, _, large in most]
    return found + [_of_one_last(plan.inside) for plan in plans[:1] if plan.inside is not None]


def _of_one_last(last: Inside) -> Relation:
    """Its heel goes with its ball, as a foot's does."""
    heel = ("no last has such a heel behind such a ball", "aucune forme n'a un tel talon derrière un tel avant-pied")
    return between(last.heel, 0.45 * last.ball, 0.95 * last.ball, change="last_heel", why=heel)


def _of_last(plan: Plan, last: Inside) -> list[tuple[float, float, float, str, tuple[str, str], tuple[str, str]]]:
    """Of its length, ball and heel: the value, the least that leaves the foot room (its length, and on the sole what it stands on), the
    most that goes with such a foot, the parameter, and what is said below and above."""
    told = (
        (last.length, plan.length + FULL + FIT, plan.length + LOOSE, "shoe_length", "long", "longue"),
        (
            last.ball,
            STOOD_BALL * plan.ball + 2.0 * MARGIN,
            BROADER * plan.ball,
            "last_ball",
            "broad at the ball",
            "large à l'avant-pied",
        ),
        (
            last.heel,
            STOOD_HEEL * plan.heel + 2.0 * MARGIN,
            BROADER * plan.heel,
            "last_heel",
            "broad at the heel",
            "large au talon",
        ),
    )
    found = []
    for value, low, high, change, en, fr in told:
        small = (f"the last is not so {en} as this foot wants", f"la forme n'est pas aussi {fr} que ce pied le demande")
        large = (f"the last is too {en} for this foot", f"la forme est trop {fr} pour ce pied")
        found.append((value, low, high, change, small, large))
    return found
