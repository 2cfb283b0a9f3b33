"""How the frame lies on the face that it was made for: its pose there, and how far it is off the skin."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.authoring import (
    Deviation,
    DeviationLimits,
    Face,
    Fitted,
    Measurement,
    Panel,
    Part,
    Pose,
    Worn,
    deviation,
    direction,
    lain,
    off_skin,
)
from templates.eyewear.acceptance import facing, straightened
from templates.eyewear.plan import Plan

if TYPE_CHECKING:
    from templates.eyewear.eyewear import Eyewear

Floats = npt.NDArray[np.float64]

LIMITS = DeviationLimits(-2.0, 1.0, 1.0)
"""mm: the map's colours."""
ON_NOSE = DeviationLimits(-0.8, 0.5, 0.5)
"""mm: of the bearing (fit.md E)."""
AT_HEAD = DeviationLimits(-2.0, 1.0, 1.5)
"""mm: of a temple, where it comes to the ear: 2 off to 1 in (fit.md E)."""
JUDGED = {
    "front": ("scanned_nose", "the bearing in the scanned nose", "l'appui dans le nez scanné"),
    "right_temple": ("scanned_head", "the temple in the scanned head", "la branche dans la tête scannée"),
    "left_temple": ("scanned_head", "the temple in the scanned head", "la branche dans la tête scannée"),
}
FAR = 5.0
"""mm off the skin: farther is not compared."""
BEFORE_BEND = (12.0, 0.0)
"""mm along a temple before its bend, from and to: there it lies at the head, from OVER_ROOT of the ear's root upwards; below, it rests in the
ear's own fold."""
OVER_ROOT = 3.0
SIDES: Mapping[str, tuple[tuple[str, str], int]] = {
    "right": (("right temple, from within", "branche droite, de l'intérieur"), -1),
    "left": (("left temple, from within", "branche gauche, de l'intérieur"), 1),
}
"""What is said of a side's panel; what is to the right in it is that way along z."""


def pose(plan: Plan, told: Mapping[str, Measurement], vertex: float, tilt: float, pupil: float) -> Pose:
    """From the open frame to the face's own frame (origin between the pupils at the corneas, x to the person's left, y up, z forward).

    Tilted as worn; the pupils so high over the boxes' middle; the lenses' middles so far before the corneas; and its middle before the
    middle of the nose.
    """
    c, s = direction(tilt)
    lens = lain((plan.lens_at("left"), 0.0, 0.0), plan.radius)[2]
    aside = 0.5 * (told["right_pd"].value - told["left_pd"].value)
    turned = ((1.0, 0.0, 0.0), (0.0, c, -s), (0.0, s, c))
    return Pose(turned, (aside, lens * s - pupil * c, vertex - pupil * s - lens * c), "as worn")


def worn(frame: Eyewear, face: Face, parts: Mapping[str, Part]) -> Worn | None:
    """The frame on the scanned face; None where nothing but points is known of it."""
    if face.surface is None:
        return None
    plan = frame.plan()
    on = pose(plan, frame.told(), frame.vertex, frame.tilt, frame.pupil_height)
    front = parts["front"]
    places = on.placed(front.poses["assembled"].placed(front.mesh.points))
    away = off_skin(face.surface, places)
    middles, _, _ = facing(front, plan, frame.nose(), frame.pupil_height)
    bearing = off_skin(face.surface, on.placed(front.poses["assembled"].placed(middles)))
    panels = [
        Panel(
            ("the front, from behind", "la face, de derrière"), places * (-1.0, 1.0, -1.0), front.mesh.faces, _near(away),
            _figures(bearing, ON_NOSE),
        )
    ]  # fmt: skip
    for side, (words, sign) in SIDES.items():
        part = parts[f"{side}_temple"]
        own = on.placed(part.poses["assembled"].placed(part.mesh.points))
        gaps = off_skin(face.surface, own)
        along = straightened(part.mesh.points, frame.curve) - getattr(frame, f"{side}_to_bend")
        over = own[:, 1] > frame.told()[f"{side}_ear_height"].value + OVER_ROOT
        inner = np.zeros(len(own), np.bool_)
        inner[part.mesh.faces[part.patches["back"].faces]] = True
        beside = inner & over & (along > -BEFORE_BEND[0]) & (along < BEFORE_BEND[1])
        turned = np.stack((sign * own[:, 2], own[:, 1], -sign * own[:, 0]), axis=1)
        panels.append(Panel(words, turned, part.mesh.faces, _near(gaps), _figures(gaps[beside], AT_HEAD)))
    return Worn(face.surface, on, tuple(panels), LIMITS, FAR)


def judged(shown: Worn) -> list[Fitted]:
    """The map's figures against their limits, above 0 in the skin."""
    found = []
    for (part, (name, en, fr)), panel in zip(JUDGED.items(), shown.panels, strict=True):
        told = panel.figures
        if told is not None:
            limits = told.limits
            for key, value, low, high, share, part_fr in (
                ("p5", told.p5, limits.low, math.inf, "5 %", "5 %"),
                ("median", told.median, -limits.middle, limits.middle, "median", "médiane"),
                ("p95", told.p95, -math.inf, limits.high, "95 %", "95 %"),
            ):
                found.append(Fitted(f"{name}_{key}", value, low, high, (f"{en}, {share}", f"{fr}, {part_fr}"), part))
    return found


def _near(away: Floats) -> Floats:
    """What the map shows: above 0 in the skin; NaN where it is far off, or where nothing was scanned."""
    return np.where(away < FAR, -away, np.nan)


def _figures(away: Floats, limits: DeviationLimits) -> Deviation | None:
    known = away[~np.isnan(away)]
    return deviation(-known, limits) if len(known) else None
