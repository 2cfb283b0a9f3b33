"""From what is known of a foot to the numbers of its insole, each inferred one with its uncertainty (one standard deviation, mm).

Regressions: ANSUR II (4,183 adults, US Army 2012), `male` 1 or 0 and 0.5 where it is not told; children: KidsFeet (39). Arch height
does not follow foot length (Hill 2017): without a measure it is a usual one, and says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from engine.authoring import Measurement

CHILD_MM = 205.0
"""Shorter feet are a child's: the regressions of children."""
NAVICULAR = 0.6
"""Height of the bed at the inner border, of the navicular's over the ground (ours)."""
USUAL_ARCH, USUAL_ARCH_SD = 15.0, 5.0
FILLS = {"none": 0.0, "minimum": 1.6, "standard": 3.2, "maximum": 6.4}
"""mm taken off the arch (Cox Orthotics)."""
STEP = 0.1
INCH = 25.4
SIZES = {"mondopoint": (140.0, 340.0), "eu": (23.0, 53.0), "uk": (2.0, 17.0), "us-men": (2.0, 18.0), "us-women": (3.0, 19.0)}
"""Shoe sizes that can be told, by their system: of feet that an insole is made for."""
SYSTEMS = {
    "mondopoint": ("Mondopoint", "Mondopoint"),
    "eu": ("EU", "UE"),
    "uk": ("UK", "Royaume-Uni"),
    "us-men": ("US, men", "États-Unis, hommes"),
    "us-women": ("US, women", "États-Unis, femmes"),
}


NAMES = ("foot_length", "ball_width", "ball_girth", "heel_width", "arch_length", "navicular_height")
"""Measures that an insole is made of."""
NOT_TYPED = ("inferred", "scan")
"""Sources of measures that nobody took with a tape."""


@dataclass(frozen=True)
class Known:
    """What an order tells of one foot: mm, None where it does not."""

    foot_length: Measurement | None
    ball_width: Measurement | None
    ball_girth: Measurement | None
    heel_width: Measurement | None
    arch_length: Measurement | None
    navicular_height: Measurement | None
    arch_height: Measurement | None = None
    """Of the bed itself, as a foot shows it that no flat floor flattened."""


@dataclass(frozen=True)
class Person:
    """What it tells of the person. `male`: 1, 0, or 0.5 where it is not told; stature mm, mass kg; `size`: a shoe's length of foot, mm."""

    male: float
    stature: float | None
    mass: float | None
    size: float | None


def foot_length_of(system: str, size: float) -> float:
    """Foot length (mm) of a shoe size; formulas of size calculators, as ISO 19407 is based on foot length. Brands differ by a size."""
    if system == "mondopoint":
        return size
    if system == "eu":
        return 10.0 * (size - 2.0) / 1.5
    return INCH * (size + {"uk": 23.0, "us-men": 22.0, "us-women": 21.0}[system]) / 3.0


def size_of(system: str, length: float) -> float:
    """The size of a foot length (mm), to half a size; Mondopoint to 5 mm."""
    if system == "mondopoint":
        return 5.0 * round(length / 5.0)
    if system == "eu":
        size = 1.5 * length / 10.0 + 2.0
    else:
        size = 3.0 * length / INCH - {"uk": 23.0, "us-men": 22.0, "us-women": 21.0}[system]
    return round(2.0 * size) / 2.0


def inferred(known: Known, person: Person, other: Mapping[str, Measurement]) -> dict[str, Measurement]:
    """Every measure that the insole needs: those given as they are, the others by the best formula for what is known.

    `other`: the other foot's, measured: a better guess than any formula for what this one lacks (left and right differ by about
    2 mm in length and width, ours).
    """
    found: dict[str, Measurement] = {}
    male = person.male

    def take(name: str, given: Measurement | None, value: float, sd: float) -> float:
        if given is not None:
            found[name] = given
        elif name in other:
            found[name] = _guess(other[name].value, math.sqrt(2.0 * 2.0 + (other[name].uncertainty or 1.0) ** 2))
        else:
            found[name] = _guess(value, sd)
        return found[name].value

    if person.size is not None:
        by_size, sd = person.size, 5.0
    elif person.stature is not None:
        by_size, sd = 18.9 + 0.140 * person.stature + 7.2 * male, 9.0
    else:
        by_size, sd = 246.0 + 25.0 * male, 12.0
    length = take("foot_length", known.foot_length, by_size, sd)
    child = length < CHILD_MM
    girth = known.ball_girth
    if child:
        ball, sd = 28.6 + 0.248 * length, 4.0
    elif girth is not None:  # the regression of girth on breadth, turned round
        ball, sd = (girth.value - 13.8 - 0.145 * length - 2.8 * male) / 1.924, 6.1 / 1.924
    else:
        ball, sd = 35.6 + 0.232 * length + 3.3 * male, 4.2
    breadth = take("ball_width", known.ball_width, ball, sd)
    take("ball_girth", girth, 13.8 + 0.145 * length + 2.8 * male + 1.924 * breadth, 6.1)
    if person.mass is not None and not child:
        heel, sd = 10.8 + 0.094 * length - 1.3 * male + 0.287 * breadth + 0.100 * person.mass, 4.3
    else:
        heel, sd = 15.1 + 0.212 * length, 4.7
    take("heel_width", known.heel_width, heel, sd)
    take("arch_length", known.arch_length, -0.3 + 0.740 * length + 0.5 * male, 3.8)
    navicular = known.navicular_height
    if known.arch_height is not None:
        found["arch_height"] = known.arch_height
    elif navicular is not None:
        doubt = NAVICULAR * (navicular.uncertainty or 2.0)
        found["arch_height"] = Measurement(NAVICULAR * navicular.value, "mm", None, "inferred", doubt)
    elif "arch_height" in other:
        found["arch_height"] = other["arch_height"]
    else:
        found["arch_height"] = _guess(USUAL_ARCH, USUAL_ARCH_SD)
    return found


def _guess(value: float, sd: float) -> Measurement:
    return Measurement(value, "mm", None, "inferred", round(sd, 2))


def on_step(value: float, low: float, high: float) -> float:
    """As a parameter takes it."""
    return round(min(max(round(value / STEP) * STEP, low), high), 9)
