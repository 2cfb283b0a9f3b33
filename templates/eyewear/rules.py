"""What must hold of a frame, so that it suits the face, the lenses and the process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.authoring import Measurement, Process, Relation, at_least, at_most, between, direction, require
from templates.eyewear.bearing import Beside, borne
from templates.eyewear.fitting import LONG, MOST_PADS, Nose, least_width
from templates.eyewear.lenses import Lens
from templates.eyewear.pairing import Placed
from templates.eyewear.plan import CHAMFER, TURNED, Plan
from templates.eyewear.temple import Bar

DECENTRED = (-1.0, 4.0)
"""mm (fit.md E)."""
OFF, WORST, BEARING = 0.15, 0.6, 60.6
"""mm at a bearing's middle, mm of 95 % of it, and mm2 as they are planned, without rounded edges: these are 0.2 to 0.35 mm farther off at 95 % as usual
of a finished front, which has as much to bear on."""
NEAR_EAR = 1.4
"""mm from a temple to the head over the ear."""
RIM = 1.4
"""mm of rim round the groove, at least: a worn frame has 1.5."""
PRESSING = 0.3
"""mm by which a bridge may press on the crest: skin gives (ours)."""
HALVES_APART = 1.0
PD_SHARE = (0.34, 0.60)
"""Of the width of the face: no face has its pupils nearer, or farther apart."""
EAR_SHARE = (0.92, 1.20)
DEPTH_SHARE = (0.50, 0.80)
NOSE_SHARE = (0.15, 0.50)
"""Of the width of the face, and a nose's width of the pupillary distance (ours, wider than 3 standard deviations of what is inferred)."""
HALF = (0.465, 0.535)
NOSE_ANGLES = (9.0, 42.0)
"""Of the PD in one of its halves; degrees of a nose's sides."""
NEAR_NOSE, WIDEST, DBL_SHARE = 2.2, 29.5, 0.46
"""mm of DBL less than a fitted one that a nose may want of the widest bridge; and of the PD, the most that lies between the lenses."""
WITHIN, MIDDLE = -0.3, 0.04
"""mm to the nose from 5 % of a bearing, where skin gives so much (ours), and from half of it as it is planned."""
HEAVY = 30.0
"""g: a front and temples heavier than that slide down (ours)."""
HIGH_MEAN, HINGES = 7.8, 0.8
"""mm: of a temple, on average; g of both hinges and what fillets add."""
DENSITY = 0.00101


def holds_lenses(deep: float, plan: Plan) -> list[Relation]:
    """The rim is as deep as the lens's sweep, its groove and two lips."""
    why = ("the rim is too shallow for a lens of this base curve", "le cercle est trop peu profond pour un verre de cette base")
    return [at_least(plan.rim_deep, deep, change="rim_deep", why=why)]


def rim_stands(plan: Plan, process: Process) -> list[Relation]:
    """What is left of the rim beside the groove, and the bridge."""
    thin = ("the rim left beside the groove is too thin", "ce qui reste du cercle à côté du drageoir est trop mince")
    stiff = (
        "a frame of a flexible material does not hold its lenses",
        "une monture d'un matériau souple ne tient pas ses verres",
    )
    return [
        require(not process.flexible, change="rim_wide", why=stiff),
        at_least(plan.rim_wide - plan.groove, max(RIM, 1.2 * process.wall + CHAMFER), change="rim_wide", why=thin),
    ]


def ends_hold_hinges(plan: Plan, one: Placed, lenses: tuple[Lens, Lens]) -> list[Relation]:
    """Room for the hinges beside the lenses, and rim beside the end pieces."""
    why = (
        "the front is too narrow: its hinges would lie behind the lenses",
        "la face est trop étroite : ses charnières seraient derrière les verres",
    )
    high = ("the end pieces stand over the rims", "les tenons dépassent des cercles")
    lens = max(lenses[0].outline.boxed.b, lenses[1].outline.boxed.b)
    turned = ("a front this wide turns too far round: less face-form angle", "une face si large tourne trop : moins de galbe")
    return [
        at_most(plan.width / 2, (TURNED - 0.02) * plan.radius, change="wrap", why=turned),
        at_least(plan.width, least_width(plan, one), change="width", why=why),
        at_most(plan.hinge_height + plan.end_high / 2, lens / 2 + plan.rim_wide - 1.5, change="hinge_height", why=high),
        at_least(plan.hinge_height - plan.end_high / 2, -lens / 2 + 1.0, change="hinge_height", why=high),
    ]


def bridge_joins(plan: Plan, lenses: tuple[Lens, Lens]) -> list[Relation]:
    """The bridge meets the rims at their sides."""
    high = ("the bridge would stand over the rims", "le pont dépasserait des cercles")
    top = min(one.outline.boxed.b for one in lenses) / 2 + plan.rim_wide - plan.groove
    return [at_most(plan.bridge_height + plan.bridge_high, top - 1.0, change="bridge_height", why=high)]


def centred(plan: Plan, told: dict[str, Measurement]) -> list[Relation]:
    """Lenses before the pupils."""
    why = (
        "the lenses would lie too far out, or in, of the pupils",
        "les verres seraient trop en dehors, ou en dedans, des pupilles",
    )
    return [
        between(plan.half_pd(side) - told[f"{side}_pd"].value, *DECENTRED, change="a", why=why) for side in ("right", "left")
    ]


Told = Mapping[str, Measurement]


def _guessed(told: Told) -> set[str]:
    return {name for name, one in told.items() if one.source == "inferred"}


def halves(told: Told) -> list[Relation]:
    """Measures that no face has together are a mistake in one of them; what was given is asked to change, not what was inferred of it."""
    uneven = (
        "one half of the pupillary distance is much more than the other",
        "l'un des demi-écarts dépasse l'autre de beaucoup",
    )
    parts = (
        "the halves of the pupillary distance do not make the whole: they differ by",
        "les deux demi-écarts ne font pas l'écart : ils diffèrent de",
    )
    whole, guessed = told["right_pd"].value + told["left_pd"].value, _guessed(told)
    half = "left_pd" if "right_pd" in guessed else "right_pd"
    return [
        between(told[half].value, HALF[0] * whole, HALF[1] * whole, change=half, why=uneven),
        at_most(abs(whole - told["pd"].value), HALVES_APART, change=half if "pd" in guessed else "pd", why=parts),
    ]


def face(told: Told) -> list[Relation]:
    """As `halves`: the eyes and the width of the face."""
    ratio = ("such a pupillary distance does not go with this face", "cet écart pupillaire ne va pas avec ce visage")
    guessed, wide = _guessed(told), told["face_width"].value
    change = "pd" if {"right_pd", "left_pd"} <= guessed and "pd" not in guessed else "face_width"
    if "face_width" in guessed and "head_breadth" in told:
        change = "head_breadth"
    return [between(told["pd"].value, PD_SHARE[0] * wide, PD_SHARE[1] * wide, change=change, why=ratio)]


def ears(told: Told) -> list[Relation]:
    """As `halves`: the face and the head at the ears."""
    why = ("such a width at the ears does not go with this face", "cette largeur aux oreilles ne va pas avec ce visage")
    wide = told["face_width"].value
    return [between(told["ear_width"].value, EAR_SHARE[0] * wide, EAR_SHARE[1] * wide, change="ear_width", why=why)]


def ear_depth(told: Told, side: str) -> list[Relation]:
    """As `halves`: the face and how far back an ear lies."""
    why = (
        "ears so near, or so far back, do not go with this face",
        "des oreilles si proches, ou si reculées, ne vont pas avec ce visage",
    )
    name, wide = f"{side}_ear_depth", told["face_width"].value
    return [between(told[name].value, DEPTH_SHARE[0] * wide, DEPTH_SHARE[1] * wide, change=name, why=why)]


def nose(told: Told) -> list[Relation]:
    """As `halves`: the eyes and the nose between them; and whether bearings can follow it."""
    wide = ("such a nose does not go with these eyes", "un tel nez ne va pas avec ces yeux")
    steep = ("no bearing follows the sides of such a nose", "aucun appui ne suit les côtés d'un tel nez")
    pd = told["pd"].value
    return [
        between(told["nose_width"].value, NOSE_SHARE[0] * pd, NOSE_SHARE[1] * pd, change="nose_width", why=wide),
        between(told["nose_frontal"].value, *NOSE_ANGLES, change="nose_frontal", why=steep, unit="deg"),
        between(told["nose_splay"].value, *NOSE_ANGLES, change="nose_splay", why=steep, unit="deg"),
    ]


def clears_nose(plan: Plan, need: float, pd: float, traced: bool) -> list[Relation]:
    """The bridge is no narrower than the nose."""
    broad = (
        "no bridge between lenses of this shape spans such a nose: round, panto and aviator lenses leave it more room",
        "aucun pont entre des verres de cette forme n'enjambe un tel nez : les formes ronde, pantos et aviateur lui laissent plus de place",
    )
    far = ("the lenses lie farther apart than goes with these eyes", "les verres sont plus écartés que ne le veulent ces yeux")
    return [
        at_most(need - NEAR_NOSE, WIDEST, change="nose_width" if traced else "shape", why=broad),
        at_most(plan.dbl, DBL_SHARE * pd, change="dbl", why=far),
    ]


def bearing_wide(plan: Plan, nose: Nose) -> list[Relation]:
    """The bearing lies along the nose: as wide, as steep and as splayed."""
    why = ("the bearings stand off this nose, or in it", "les appuis s'écartent de ce nez, ou y entrent")
    return [between(_off_nose(plan, nose)["bearing"], -OFF, OFF, change="bearing", why=why)]


def _off_nose(plan: Plan, nose: Nose) -> dict[str, float]:
    """mm by which each number of the bearing leaves the nose: at its middle, at its ends, at its edges."""
    (steep, down), (open_, back) = direction(plan.frontal), direction(plan.splay)
    return {
        "bearing": plan.bearing / 2 - nose.rolled(plan.radius),
        "bearing_frontal": 4.0 * (down / steep - nose.slope),
        "bearing_splay": 3.0 * (back / open_ - nose.spread),
    }


def bearing_steep(plan: Plan, nose: Nose) -> list[Relation]:
    """As `bearing_wide`; mm at its ends."""
    why = ("the bearings are steeper than this nose, or less steep", "les appuis sont plus raides que ce nez, ou moins")
    return [between(_off_nose(plan, nose)["bearing_frontal"], -1.2 * OFF, 1.2 * OFF, change="bearing_frontal", why=why)]


def bearing_splayed(plan: Plan, nose: Nose) -> list[Relation]:
    """As `bearing_wide`; mm at its edges."""
    why = (
        "the bearings open backwards more than this nose, or less",
        "les appuis s'ouvrent vers l'arrière plus que ce nez, ou moins",
    )
    return [between(_off_nose(plan, nose)["bearing_splay"], -1.2 * OFF, 1.2 * OFF, change="bearing_splay", why=why)]


def bearing_long(plan: Plan) -> list[Relation]:
    """Its height, between the bridge, or where the nose becomes narrower than a bearing may be, and the rims."""
    why = ("the bridge leaves the bearings too little height", "le pont laisse trop peu de hauteur aux appuis")
    meet = (
        "the bearings' sides would meet too low under the bridge: the nose is narrower there than a bearing may be",
        "les côtés des appuis se toucheraient trop bas sous le pont : le nez y est plus étroit qu'un appui ne peut l'être",
    )
    least = LONG - 1.0
    return [
        at_least(plan.under_bridge - plan.bearing_end, least, change="bridge_height", why=why),
        at_least(plan.meet - plan.bearing_end, least, change="bearing_frontal", why=meet),
    ]


def bears(plan: Plan, sides: Sequence[Beside], nose: Nose) -> list[Relation]:
    """Enough of it near enough to the nose, as it is planned: tighter than what the finished front is held to."""
    small = (
        "too little of the front would bear on the nose (mm2 a side)",
        "trop peu de la face porterait sur le nez (mm2 par côté)",
    )
    off = ("some of the bearing would be too far from the nose", "une partie de l'appui serait trop loin du nez")
    told = [borne(plan, by, nose)(plan.stands) for by in sides]
    narrow = (
        "the bridge is too narrow for this nose: the rims would stand in it",
        "le pont est trop étroit pour ce nez : les cercles y entreraient",
    )
    far, area = max(one.within(0.95) for one in told), min(one.area for one in told)
    low = plan.stands < MOST_PADS and area < BEARING
    change = _astray(plan, nose)
    return [
        at_least(min(one.within(0.05) for one in told), WITHIN, change=change, why=narrow),
        at_least(min(one.within(0.5) for one in told), MIDDLE, change=change, why=narrow),
        at_most(far, WORST, change=change, why=off),
        at_least(area, BEARING, change="bearing_deep" if low else "b", why=small, unit="mm2"),
    ]


def _astray(plan: Plan, nose: Nose) -> str:
    """What to change where the bearing does not lie along the nose: that of its numbers which leaves the nose most; where all of them are
    nearly the nose's own, the distance between the lenses."""
    off = {name: abs(mm) for name, mm in _off_nose(plan, nose).items()}
    most = max(off, key=lambda name: off[name])
    return most if off[most] > 0.5 * OFF else "dbl"


def lies_on_nose(pressing: float, reaches: bool) -> list[Relation]:
    """The bridge goes over the nose's crest, and the bearings come to its flanks."""
    crest = ("the bridge would press on the crest of the nose, by", "le pont appuierait sur l'arête du nez, de")
    flat = (
        "the nose is too flat where the bearings lie: they would not reach it",
        "le nez est trop plat là où sont les appuis : ils ne l'atteindraient pas",
    )
    return [at_most(pressing, PRESSING, change="bridge_height", why=crest), require(reaches, change="vertex", why=flat)]


def reaches_ears(plan: Plan, one: Placed, side: str, to_bend: float, need: float) -> list[Relation]:
    """A temple reaches its ear, and folds within the front."""
    short = ("the temple bends before the ear", "la branche se coude avant l'oreille")
    long = ("the temple bends far behind the ear", "la branche se coude loin derrière l'oreille")
    folded = ("closed, the temple would stand out beyond the other hinge", "fermée, la branche dépasserait l'autre charnière")
    path = f"{side}_to_bend"
    return [
        at_least(to_bend, need - 2.0, change=path, why=short),
        at_most(to_bend, need + 6.0, change=path, why=long),
        at_most(to_bend, 2.0 * one.at - 6.0, change=path, why=folded),
    ]


def spreads(side: str, splay: float, need: float, long: float, wide: float, ear_width: float, curve: float) -> list[Relation]:
    """The temple's inner face is as wide as the head over the ear. wide: between both at the hinges; need: the splay that does it, degrees."""
    away = (
        "temples that spread like this do not lie at the head over the ears",
        "des branches ainsi ouvertes ne longent pas la tête aux oreilles",
    )
    broad = (
        "the front is too wide: its temples would stand off the head",
        "la face est trop large : ses branches s'écarteraient de la tête",
    )
    allowed = NEAR_EAR / long * 57.29577951308232
    return [
        at_most(wide, ear_width + 2.0 * NEAR_EAR + long * long / curve, change="width", why=broad),
        between(splay, need - allowed, need + allowed, change=f"{side}_splay", why=away, unit="deg"),
    ]


def folds(plan: Plan, one: Placed, side: str, bar: Bar) -> list[Relation]:
    """Closed, a temple passes under the hinge of the other side."""
    why = (
        "closed, the temple would meet the other hinge: it runs down too little",
        "fermée, la branche toucherait l'autre charnière : elle descend trop peu",
    )
    total = bar.to_bend + bar.drop
    places = [bar.place(total * k / 60.0) for k in range(61)]
    there = [y + bar.tip / 2 + 1.0 for x, y in places if x > 2.0 * one.at - 8.0]
    return [at_most(max(there), -one.hinge.made.high / 2, change=f"{side}_pitch", why=why)] if there else []


def pass_each_other(free: bool) -> list[Relation]:
    """Closed, the temples lie behind each other."""
    why = (
        "closed, the temples would pass through each other: the left one's tip comes to the right one's hinge",
        "fermées, les branches se traverseraient : l'embout gauche arrive à la charnière droite",
    )
    return [require(free, change="left_pitch", why=why)]


def light(plan: Plan, lenses: tuple[Lens, Lens], long: float, deep: float) -> list[Relation]:
    """Front and temples together, about."""
    why = ("a frame this heavy (g, about) slides down", "une monture si lourde (g, environ) glisse")
    rims = sum(lens.outline.boxed.circumference for lens in lenses) * (plan.rim_wide - plan.groove) * plan.rim_deep
    rest = (
        plan.bridge_high * plan.dbl + 2.0 * (plan.width / 2 - plan.half_pd("left") - max(plan.a) / 2) * plan.end_high
    ) * plan.rim_deep
    return [at_most(DENSITY * (rims + rest + HIGH_MEAN * deep * long) + HINGES, HEAVY, change="rim_deep", why=why, unit="g")]
