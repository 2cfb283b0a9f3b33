"""What a face measures: what was given, and the rest inferred of it, each with its uncertainty (one standard deviation).

Regressions: ANSUR II (4,183 adults, US Army 2012), `male` 1 or 0 and 0.5 where it is not told; depths, heights and the nose: faces of the
ICT model, in ratios. Of a nose nothing tells but the nose: those are usual ones, and a child's smaller in the ratio of the pupils.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.authoring import Measurement
from templates.eyewear.fields import MEASURES

USUAL_PD = 62.9
CHILD_PD = 56.0
"""mm: with less between the pupils a nose is taken to be smaller, in their ratio."""
EARS = 1.027
"""Width at the roots of the ears, of the width of the face."""
MALE = {"unknown": 0.5, "female": 0.0, "male": 1.0}
RANGES = {name: (low, high) for name, low, high, *_ in MEASURES}
ASIDE = 1.2
"""mm by which the middle of the ears is usually beside the nose's (faces of the ICT model)."""
NOSE_ANGLES, TOGETHER = {"nose_frontal": (25.9, 7.2), "nose_splay": (27.6, 8.2)}, 0.86
"""Degrees of a nose's sides, mean and standard deviation, and how they go together (r; faces of the ICT model)."""
HALVES = 1.0
"""mm by which one eye's half of the PD usually differs from half of it (ours)."""


def inferred(known: Mapping[str, Measurement | None], male: float) -> dict[str, Measurement]:
    """Every measure that a frame needs, those given as they are."""
    found = {name: value for name, value in known.items() if value is not None}

    def take(name: str, value: float, sd: float, unit: str = "mm") -> float:
        if name not in found:
            value = min(max(value, RANGES[name][0]), RANGES[name][1])  # whether it goes with the others, a rule says
            found[name] = Measurement(value, unit, None, "inferred", round(sd, 2))
        return found[name].value

    halves = [found[n].value for n in ("right_pd", "left_pd") if n in found]
    face, head = found.get("face_width"), found.get("head_breadth")
    if len(halves) == 2:
        pd, sd = halves[0] + halves[1], 0.5
    elif len(halves) == 1:
        pd, sd = 2.0 * halves[0], 2.0 * HALVES
    elif face is not None or head is not None:
        breadth, doubt = (face.value, 0.0) if face is not None else _face_of(head, male)
        pd, sd = 26.7 + 0.262 * breadth, math.sqrt(3.1 * 3.1 + (0.262 * doubt) ** 2)
    else:
        pd, sd = 61.7 + 2.4 * male, 3.5
    pd = take("pd", pd, sd)
    other = {"right_pd": "left_pd", "left_pd": "right_pd"}
    for name, opposite in other.items():
        half = pd - found[opposite].value if opposite in found and found[opposite].source != "inferred" else pd / 2.0
        take(name, half, math.sqrt(HALVES * HALVES + ((found["pd"].uncertainty or 0.5) / 2.0) ** 2))
    if head is not None:
        breadth, sd = _face_of(head, male)
    else:
        breadth, sd = 86.0 + 0.774 * pd + 7.1 * male, 5.4
    if (
        pd < CHILD_PD and head is None
    ):  # that regression is of adults: a child's face is taken to be smaller in the ratio of the pupils
        breadth, sd = (86.0 + 0.774 * CHILD_PD) * pd / CHILD_PD, 7.0
    width = take("face_width", breadth, sd)
    take("ear_width", EARS * width, math.sqrt((0.017 * width) ** 2 + (found["face_width"].uncertainty or 1.0) ** 2))
    girth = found.get("head_circumference")
    if girth is not None:
        take("head_length", 3.4 + 0.332 * girth.value + 5.2 * male, 4.4)
    long = found.get("head_length")
    if long is not None:
        depth, sd = 13.6 + 0.219 * long.value + 0.552 * pd, 3.8
    else:
        depth, sd = 55.2 + 0.552 * pd + 2.6 * male, 4.3
    if pd < CHILD_PD and long is None:
        depth = (56.5 + 0.552 * CHILD_PD) * min(pd / CHILD_PD, width / (86.0 + 0.774 * CHILD_PD))
    for side in ("left", "right"):
        take(f"{side}_ear_depth", depth, sd)
        take(f"{side}_ear_height", 0.3, 3.9)
    take("ear_aside", 0.0, ASIDE)
    small = min(pd / CHILD_PD, 1.0)
    take("nose_width", 20.3 * small, 4.4)
    for name, other in (("nose_frontal", "nose_splay"), ("nose_splay", "nose_frontal")):
        (usual, sd), (its, its_sd) = NOSE_ANGLES[name], NOSE_ANGLES[other]
        shown = found.get(other)
        if shown is not None and shown.source != "inferred":
            usual, sd = usual + TOGETHER * sd / its_sd * (shown.value - its), sd * math.sqrt(1.0 - TOGETHER * TOGETHER)
        take(name, usual, sd, "deg")
    take("nose_crest", 15.0 * small, 4.6)
    return found


def _face_of(head: Measurement, male: float) -> tuple[float, float]:
    """The width of the face by the breadth of the head, and its doubt."""
    return 28.0 + 0.716 * head.value + 4.2 * male, 4.6
