"""What must hold of a frame, so that it suits the face, the lenses and the process."""

from __future__ import annotations

from engine.authoring import Measurement, Process, Relation, at_least, at_most, between, require
from templates.eyewear.bearing import APART
from templates.eyewear.fitting import Nose, least_width
from templates.eyewear.hinge import COUNT, HIGH
from templates.eyewear.lenses import Lens
from templates.eyewear.pairing import Placed
from templates.eyewear.plan import CHAMFER, TURNED, Plan
from templates.eyewear.temple import Bar

DECENTRED = (-1.0, 4.0)
"""mm (fit.md E)."""
NEAR_EAR = 1.6
"""mm from a temple to the head over the ear."""
RIM = 1.4
"""mm of rim round the groove, at least: a worn frame has 1.5."""
HALVES_APART = 1.0
PD_SHARE = (0.34, 0.60)
"""Of the width of the face: no face has its pupils nearer, or farther apart."""
EAR_SHARE = (0.92, 1.20)
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


def hinge_fits(plan: Plan) -> list[Relation]:
    """Knuckles between the rounded edges of the end pieces."""
    why = ("the end pieces are lower than their hinges", "les tenons sont plus bas que leurs charnières")
    return [at_least(plan.end_high, COUNT * HIGH + 2.0 * CHAMFER + 0.4, change="hinge_height", why=why)]


def centred(plan: Plan, told: dict[str, Measurement]) -> list[Relation]:
    """Lenses before the pupils."""
    why = (
        "the lenses would lie too far out, or in, of the pupils",
        "les verres seraient trop en dehors, ou en dedans, des pupilles",
    )
    return [
        between(plan.half_pd(side) - told[f"{side}_pd"].value, *DECENTRED, change="a", why=why) for side in ("right", "left")
    ]


def plausible(told: dict[str, Measurement]) -> list[Relation]:
    """Measures that no face has together are a mistake in one of them."""
    pd, face = told["pd"].value, told["face_width"].value
    halves = told["right_pd"].value + told["left_pd"].value
    ratio = ("such a pupillary distance does not go with this face", "cet écart pupillaire ne va pas avec ce visage")
    parts = (
        "the halves of the pupillary distance do not make the whole: they differ by",
        "les deux demi-écarts ne font pas l'écart : ils diffèrent de",
    )
    ears = ("such a width at the ears does not go with this face", "cette largeur aux oreilles ne va pas avec ce visage")
    return [
        between(pd, PD_SHARE[0] * face, PD_SHARE[1] * face, change="pd", why=ratio),
        at_most(abs(halves - pd), HALVES_APART, change="right_pd", why=parts),
        between(told["ear_width"].value, EAR_SHARE[0] * face, EAR_SHARE[1] * face, change="ear_width", why=ears),
    ]


def clears_nose(plan: Plan, nose: Nose, need: float) -> list[Relation]:
    """The bridge is no narrower than the nose, and its bearings stay apart."""
    narrow = ("the bridge is too narrow for this nose", "le pont est trop étroit pour ce nez")
    bearing = ("the bearings stand in the nose", "les appuis entrent dans le nez")
    open_ = ("the bearings would meet under the bridge", "les appuis se rejoindraient sous le pont")
    return [
        at_least(plan.dbl, need - 0.6, change="dbl", why=narrow),
        at_least(plan.bearing / 2, nose.half - 0.15, change="bearing", why=bearing),
        at_least(plan.bearing_front, APART, change="bearing_splay", why=open_),
    ]


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
    return [at_most(max(there), -COUNT * HIGH / 2, change=f"{side}_pitch", why=why)] if there else []


def light(plan: Plan, lenses: tuple[Lens, Lens], long: float, deep: float) -> list[Relation]:
    """Front and temples together, about."""
    why = ("a frame this heavy (g, about) slides down", "une monture si lourde (g, environ) glisse")
    rims = sum(lens.outline.boxed.circumference for lens in lenses) * (plan.rim_wide - plan.groove) * plan.rim_deep
    rest = (
        plan.bridge_high * plan.dbl + 2.0 * (plan.width / 2 - plan.half_pd("left") - max(plan.a) / 2) * plan.end_high
    ) * plan.rim_deep
    return [at_most(DENSITY * (rims + rest + HIGH_MEAN * deep * long) + HINGES, HEAVY, change="rim_deep", why=why, unit="g")]
