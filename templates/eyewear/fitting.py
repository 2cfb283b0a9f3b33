"""From a face's measures to a frame's numbers. Formulas are ours where no source is named; boxing system (ISO 8624) throughout."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.authoring import angle_of, lain, lens_aspect
from templates.eyewear.lenses import Lens
from templates.eyewear.pairing import Placed
from templates.eyewear.plan import APART, CHAMFER, DEPTH, LIP, MOUTH, Plan

NARROWER = 2.0
"""mm by which a front is narrower than the face."""
INWARDS, OUTWARDS = (3.0, 3.8), 0.8
"""mm of decentration that a front may need: 1 to 3 is usual (20/20, Cook), and the most where a face is wide, or narrow, for its eyes."""
STYLE = 4.0
"""mm by which a front may be wider or narrower than NARROWER says (6 is a style)."""
END, LONG_END = 9.6, 14.0
"""mm from a lens's box to the front's end: what a hinge takes, and the most that looks like an end piece."""
DBLS = (14.0, 24.0)
USUAL_DBL, OF_PD = 18.0, 0.29
"""mm between the boxes (guides), and no more than that share of the PD (ours: children have 14 to 18)."""
NOSE = (6.0, 14.0)
"""mm below the pupil: where a bearing lies."""
BEARING_AT = 12.0
"""mm below the pupil: where a bearing's width is told."""
CLEAR = 0.5
"""mm of DBL more than that, so that a bearing does not run into the rim before its end."""
OFF_NOSE = 0.2
"""mm between the nose and a bearing."""


@dataclass(frozen=True)
class Nose:
    """The sides of a nose where a bearing lies: half its width (mm) at `at` under the boxes' middle in the plane of the front's back, and how
    it widens downwards (mm a mm)."""

    half: float
    at: float
    slope: float


def aspect(shape: str) -> float:
    """B / A as it is usual for that shape."""
    return lens_aspect(shape)


def dbl(need: float, pd: float) -> float:
    """DBL: what the nose needs, and the usual one where that is more."""
    return min(max(need, min(USUAL_DBL, OF_PD * pd), DBLS[0]), DBLS[1])


def dbl_for(nose: Nose, lens: Lens, rim_wide: float) -> float:
    """The least DBL whose rims leave the bearing its room, down to its end."""
    need = 0.0
    x, y = lens.points[:, 0], lens.points[:, 1]
    order = np.argsort(y[x < 0.0], kind="stable")
    side_y, side_x = y[x < 0.0][order], x[x < 0.0][order]
    for below in (BEARING_AT - 4.0, BEARING_AT, NOSE[1]):
        height = nose.at + BEARING_AT - below
        recess = float(np.interp(height, side_y, side_x)) - float(x.min())
        need = max(need, 2.0 * (nose.half + (nose.at - height) * nose.slope - recess + rim_wide - DEPTH) + CLEAR)
    return need


def box_for(pd: float, face: float, dbl: float, aside: float = 0.0) -> tuple[float, float]:
    """A and DBL of a front as wide as the face, unless the lenses then lie too far out, or too far in, of the eyes; `aside`: mm by which
    the nose is beside the middle of the eyes, so that one lens is decentred so much more, and one so much less.

    Where the front would come out more than STYLE wider than that, the boxes stand farther apart, and are narrower; where it would come
    out as much narrower, the lenses are wider, and decentred more.
    """
    wanted = face - NARROWER
    a = min((wanted - dbl - 2.0 * END) / 2.0, pd + 2.0 * INWARDS[0] - dbl)
    a = max(a, pd - dbl - 2.0 * max(OUTWARDS - aside, 0.0))
    over = min(max(2.0 * a + dbl + 2.0 * END - wanted - STYLE, 0.0), DBLS[1] - dbl)
    a, dbl = a - over, dbl + over
    short = (wanted - STYLE - 2.0 * a - dbl - 2.0 * LONG_END) / 2.0
    a += min(max(short, 0.0), max(pd + 2.0 * max(INWARDS[1] - aside, 0.0) - dbl - a, 0.0))
    return a, dbl


def width(face: float, boxes: float) -> float:
    """Of the front, whose lenses and bridge take `boxes` mm."""
    return min(max(face - NARROWER, boxes + 2.0 * END), boxes + 2.0 * LONG_END)


def splay_for(told: float, half: float, deep: float) -> float:
    """Of the bearing, degrees: the nose's, unless its front edges would then come too near to each other; half: of the width at its back."""
    return min(told, angle_of(deep, max(half - APART - 0.2, 0.0)))


def hinge_height(b: float, rim_wide: float, end_high: float) -> float:
    """As high as the rim still carries the end piece, at most 7."""
    return min(7.0, b / 2 + rim_wide - end_high / 2 - 4.0)


def deep_for(lens: Lens, base_radius: float, radius: float) -> float:
    """How deep a rim must be, front to back, to hold a lens of that base on a front rolled to `radius`: its sweep, the groove, two lips."""
    x, y = lens.points[:, 0], lens.points[:, 1]
    square = x * x + y * y
    if not float(square.max()) < base_radius * base_radius:
        return math.inf
    sag = square / (base_radius + np.sqrt(base_radius * base_radius - square)) - x * x / (2.0 * radius)
    return float(sag.max() - sag.min()) + 2.0 * (MOUTH + CHAMFER + LIP)


def inner(plan: Plan, one: Placed) -> float:
    """From the middle to an open temple's inner face at the hinge."""
    return lain((one.at, 0.0, -plan.rim_deep / 2), plan.radius)[0] + one.hinge.beside


def on_step(value: float, low: float, high: float, step: float) -> float:
    """As a parameter takes it."""
    return round(min(max(low + round((value - low) / step) * step, low), high), 9)
