"""Measures of finished parts against what they were asked for (limits: fit.md E, ours)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from engine.authoring import Fitted, Measurement, Part, lens_blank
from templates.eyewear.bearing import APART, FACING, OFF_LOW
from templates.eyewear.fitting import NOSE, Nose
from templates.eyewear.lenses import Lens
from templates.eyewear.plan import Plan
from templates.eyewear.rules import DECENTRED
from templates.eyewear.temple import Bar

Floats = npt.NDArray[np.float64]
PD, BOX, SIDE, EAR = 0.1, 0.5, 2.0, 2.0
CIRC = (0.0, 0.3)
GAP = (0.0, 0.5)
WORST_GAP = 0.8
AREA = 60.0
"""mm2 of a side of the bearing, at least, that lie no farther than WORST_GAP from the nose."""
SIDES = {"right": "droit", "left": "gauche"}


def front(
    part: Part, plan: Plan, lenses: Mapping[str, Lens], told: Mapping[str, Measurement], nose: Nose, pupil: float
) -> list[Fitted]:
    """The openings against the lenses, their middles against the pupils, the bearing against the nose."""
    found = []
    for side, french in SIDES.items():
        ring = bottom(part, side)
        box, middle, around = _box(ring, plan, side)
        boxed, pd = lenses[side].outline.boxed, told[f"{side}_pd"].value
        decentred = plan.half_pd(side) - pd
        found += [
            Fitted("a", box[0], boxed.a - BOX, boxed.a + BOX, (f"A, {side}", f"A, {french}"), "front"),
            Fitted("b", box[1], boxed.b - BOX, boxed.b + BOX, (f"B, {side}", f"B, {french}"), "front"),
            Fitted(
                "aperture", around - boxed.circumference, *CIRC,
                (f"the opening less the lens, all round, {side}", f"l'ouverture moins le verre, en périmètre, côté {french}"), "front",
            ),
            Fitted(
                "monocular_pd", middle - decentred, pd - PD, pd + PD,
                (f"middle of the lens less its decentration, {side}", f"milieu du verre moins son décentrement, {french}"), "front",
            ),
            Fitted("decentration", decentred, *DECENTRED, (f"decentration, {side}", f"décentrement, {french}"), "front"),
            Fitted("blank", blank(plan, lenses[side], told, side, pupil), 1.0, 90.0, (f"smallest blank, {side}", f"plus petit palet, {french}"), "front"),
        ]  # fmt: skip
    gaps, areas = _bearing(part, plan, nose, pupil)
    for name, value, low, high, unit, words in (
        ("nose_gap", _share(gaps, 0.5), *GAP, "mm", ("from bearing to nose, median", "de l'appui au nez, médiane")),
        ("nose_gap_p95", _share(gaps, 0.95), 0.0, WORST_GAP, "mm", ("from bearing to nose, 95 %", "de l'appui au nez, 95 %")),
        (
            "bearing_area",
            min(areas),
            AREA,
            999.0,
            "mm2",
            ("what bears on the nose, a side", "ce qui porte sur le nez, par côté"),
        ),
    ):
        found.append(Fitted(name, value, low, high, words, "front", unit))
    return found


def temple(side: str, part: Part, bar: Bar, curve: float, half: float, total: float) -> list[Fitted]:
    """Its length straightened, and half the width at its inner face over the ear, where the head is 2 `half` mm wide; `curve`: the radius
    that it is bent to."""
    pose = part.poses["assembled"]
    inner = part.mesh.points[np.unique(part.mesh.faces[part.patches["back"].faces])]
    away = straightened(inner, curve)
    near = inner[np.abs(away - bar.to_bend) < 6.0]
    (a, b, c), shift = pose.rotation[0], pose.translation[0]
    out = np.sort(np.abs(near[:, 0] * a + near[:, 1] * b + near[:, 2] * c + shift))
    name = f"{side}_temple"
    return [
        Fitted("side", _side(part, bar, curve), total - SIDE, total + SIDE, ("its length, straightened", "sa longueur, redressée"), name),
        Fitted("at_ear", float(out[len(out) // 2]), half - EAR, half + EAR, ("half the width at the ear", "demi-largeur à l'oreille"), name),
    ]  # fmt: skip


def _side(part: Part, bar: Bar, curve: float) -> float:
    """From the axis along the bar to where it bends, and on to the farthest point of the tip."""
    x, y = straightened(part.mesh.points, curve), part.mesh.points[:, 1]
    at, down = bar.place(bar.to_bend)
    far = np.sqrt((x - at) * (x - at) + (y - down) * (y - down))
    return bar.to_bend + float(far[x > at].max())


def straightened(points: Floats, curve: float) -> Floats:
    """How far along the temple places lie, its bending undone: of the tangent of their angle (0.5 at most), that angle's series."""
    t = np.abs(points[:, 0]) / (points[:, 2] + curve)
    u = t * t
    made: Floats = curve * t * (1.0 - u * (1.0 / 3.0 - u * (0.2 - u * (1.0 / 7.0 - u * (1.0 / 9.0 - u / 11.0)))))
    return made


def blank(plan: Plan, lens: Lens, told: Mapping[str, Measurement], side: str, pupil: float) -> float:
    """mm across of the smallest blank that the lens can be cut from, its optical centre before the pupil."""
    inwards = plan.half_pd(side) - told[f"{side}_pd"].value
    return lens_blank(lens.outline, (inwards if side == "right" else -inwards, pupil))


def bottom(part: Part, side: str) -> Floats:
    """The groove's bottom (n, 3): where its two walls meet."""
    rows = part.mesh.faces[part.patches[f"{side}_groove"].faces]
    before, behind = np.split(rows, 2)
    common = np.intersect1d(before, behind)
    made: Floats = part.mesh.points[common]  # the ring's rows follow each other
    return made


def _box(ring: Floats, plan: Plan, side: str) -> tuple[tuple[float, float], float, float]:
    """A and B of a ring as the lens's axis sees it, how far aside of the middle its box's middle lies, and its length all round, flat."""
    angle = plan.lens_at(side) / plan.radius
    c, s = 1.0 - angle * angle / 2.0 + angle**4 / 24.0, angle - angle**3 / 6.0 + angle**5 / 120.0
    x, z = ring[:, 0], ring[:, 2] + plan.radius
    across = x * c - z * s
    low, high = float(across.min()), float(across.max())
    middle = abs(0.5 * (low + high) * c + plan.radius * s)
    tall = float(ring[:, 1].max() - ring[:, 1].min())
    return (high - low, tall), middle, _length(np.stack((across, ring[:, 1]), axis=1))


def _length(ring: Floats) -> float:
    ahead = np.roll(ring, -1, axis=0) - ring
    return math.fsum(np.sqrt(ahead[:, 0] * ahead[:, 0] + ahead[:, 1] * ahead[:, 1]).tolist())


def _bearing(part: Part, plan: Plan, nose: Nose, pupil: float) -> tuple[Floats, tuple[float, float]]:
    """From the middles of the bearing's faces to the nose beside them, rising, mm, below 0 in it; and mm2 of either side that lie near it."""
    middle, gaps, area = facing(part, plan, nose, pupil)
    near, left = gaps <= WORST_GAP, middle[:, 0] > 0.0
    sides = [math.fsum(area[near & one].tolist()) for one in (left, ~left)]
    made: Floats = np.sort(gaps)
    return made, (sides[0], sides[1])


def facing(part: Part, plan: Plan, nose: Nose, pupil: float) -> tuple[Floats, Floats, Floats]:
    """The bearing's faces, those that look at the nose: their middles (k, 3), mm from there to the nose (k,), and mm2 (k,).

    Where the nose is narrower than a bearing may be (its ridge), none follows it, and nothing is measured; nor where a low rim ends it.
    """
    rows = np.concatenate([part.patches[name].faces for name in ("edge", "pad") if name in part.patches])
    a, b, c = (part.mesh.points[part.mesh.faces[rows, k]] for k in range(3))
    middle = (a + b + c) / 3.0
    u, v = b - a, c - a
    normal = np.stack([u[:, i] * v[:, j] - u[:, j] * v[:, i] for i, j in ((1, 2), (2, 0), (0, 1))], axis=1)
    twice = np.sqrt(normal[:, 0] * normal[:, 0] + normal[:, 1] * normal[:, 1] + normal[:, 2] * normal[:, 2])
    away, y, z = np.abs(middle[:, 0]), middle[:, 1], middle[:, 2]
    unit = 1.0 / math.sqrt(1.0 + nose.slope * nose.slope + nose.spread * nose.spread)
    # the nose's outward normal, on the side where x is above 0
    inwards = -np.sign(middle[:, 0]) * normal[:, 0] - nose.slope * normal[:, 1] - nose.spread * normal[:, 2]
    own = nose.bare + (nose.at - y) * nose.slope - (z + plan.rim_deep / 2) * nose.spread
    low, high = max(pupil - NOSE[1], float(part.mesh.points[:, 1].min()) + OFF_LOW), min(pupil - NOSE[0], plan.bearing_start)
    bears = (y > low) & (y < high) & (away < plan.dbl) & (own > APART) & (inwards * unit > FACING * twice)
    return middle[bears], ((away - own) * unit)[bears], 0.5 * twice[bears]


def _share(rising: Floats, share: float) -> float:
    return float(rising[int(share * (len(rising) - 1))]) if len(rising) else math.nan
