"""From a face's measures to a frame's numbers. Formulas are ours where no source is named; boxing system (ISO 8624) throughout."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.authoring import lain, lens_aspect
from templates.eyewear.bearing import APEX, Beside, borne
from templates.eyewear.lenses import Lens
from templates.eyewear.pairing import Placed
from templates.eyewear.plan import CHAMFER, LIP, Plan

NARROWER = 2.0
"""mm by which a front is narrower than the face."""
INWARDS, OUTWARDS = (3.0, 3.8), 0.8
"""mm of decentration that a front may need: 1 to 3 is usual (20/20, Cook), and the most where a face is wide, or narrow, for its eyes."""
STYLE = 4.0
"""mm by which a front may be wider or narrower than NARROWER says (6 is a style)."""
END, LONG_END = 9.6, 14.0
"""mm from a lens's box to the front's end: what a hinge takes, and the most that looks like an end piece."""
SLOT = 0.3
"""mm of end piece left beside a hinge."""
HINGES = 11.0
"""mm: of a hinge's middle over the boxes' middle, at most."""
DBLS = (14.0, 28.0)
USUAL_DBL, OF_PD = 18.0, 0.29
"""mm between the boxes (guides), and no more than that share of the PD (ours: children have 14 to 18)."""
NOSE = (6.0, 14.0)
"""mm below the pupil: where a bearing lies."""
BEARING_AT = 12.0
"""mm below the pupil: where a bearing's width is told."""
BEARS = 64.0
"""mm2 of a side that bear on the nose: what is measured is 60 at least (fit.md E)."""
PADS, USUAL_PADS, MOST_PADS = 3.0, 1.5, 6.0
"""mm that pads stand out at least, of the bridge named for them and of others; and at most."""
CLEAR = 1.8
"""mm of DBL more than that, so that a bearing does not run into the rim before its end."""
OFF_NOSE = 0.2
"""mm between the nose and a bearing."""
BELOW_RIM = 1.8
"""mm that a bridge's top is lower than the rims'."""
LONG = 7.5
"""mm of height that a bearing has at least."""
RAISED = {"pads": 2.5, "keyhole": 4.5}
"""mm by which a bridge that does not rest on the crest is higher than that."""


@dataclass(frozen=True)
class Nose:
    """The sides of a nose where a bearing lies, OFF_NOSE kept off: half its width (mm) at `at` under the boxes' middle in the plane of the
    front's back, and how it widens downwards and backwards (mm a mm)."""

    half: float
    at: float
    slope: float
    spread: float

    @property
    def bare(self) -> float:
        """Half the nose itself."""
        return self.half - OFF_NOSE

    @property
    def high(self) -> float:
        """From where a bearing ends up to where it may begin."""
        return NOSE[1] - NOSE[0]

    def rolled(self, radius: float) -> float:
        """Half its width beside a front rolled to that radius, whose back lies farther back there."""
        return self.half + self.half * self.half / (2.0 * radius) * self.spread


def aspect(shape: str) -> float:
    """B / A as it is usual for that shape."""
    return lens_aspect(shape)


def dbl(need: float, pd: float) -> float:
    """DBL: what the nose needs, and the usual one where that is more."""
    return min(max(need, min(USUAL_DBL, OF_PD * pd), DBLS[0]), DBLS[1])


def dbl_for(nose: Nose, lens: Lens, rim: float) -> float:
    """The least DBL whose rims, `rim` mm wide beyond the lenses, leave the bearing its room, down to its end."""
    need = 0.0
    x, y = lens.points[:, 0], lens.points[:, 1]
    order = np.argsort(y[x < 0.0], kind="stable")
    side_y, side_x = y[x < 0.0][order], x[x < 0.0][order]
    for below in (BEARING_AT - 4.0, BEARING_AT, NOSE[1]):
        height = nose.at + BEARING_AT - below
        recess = float(np.interp(height, side_y, side_x)) - float(x.min())
        need = max(need, 2.0 * (nose.half + (nose.at - height) * nose.slope - recess + rim) + CLEAR)
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


def least_width(plan: Plan, one: Placed) -> float:
    """Of a front whose hinges stand beside the lenses."""
    edge = max(plan.half_pd(side) + plan.a[side == "left"] / 2 for side in ("right", "left"))
    return 2.0 * (edge + plan.end_at - one.at + one.hinge.made.inwards + CHAMFER - plan.groove + SLOT)


def bridge_height(lowest: float, pupil: float, bridge: str, top: float) -> float:
    """Of the underside of the bridge, over the boxes' middle: `lowest` over the nose's crest, and higher where pads alone bear; a crest that
    lies far back leaves the bearing its length. `top`: with more, the bridge would stand over the rims."""
    return min(max(lowest, pupil - NOSE[1] + LONG + APEX) + RAISED.get(bridge, 0.0), max(top - BELOW_RIM, lowest))


def bearing_deep(plan: Plan, sides: Sequence[Beside], nose: Nose) -> float:
    """How far pads stand out, at least, so that either side bears on BEARS; the most that there is where none does."""
    deep = PADS if plan.bridge == "pads" else USUAL_PADS
    told = [borne(plan, by, nose) for by in sides]
    while deep < MOST_PADS and min(at(deep).area for at in told) < BEARS:
        deep += 0.5
    return deep


def hinge_height(b: float, rim_wide: float, end_high: float) -> float:
    """As high as the rim still carries the end piece, at most HINGES."""
    return min(HINGES, b / 2 + rim_wide - end_high / 2 - 2.5)


def deep_for(lens: Lens, base_radius: float, radius: float, mouth: float) -> float:
    """How deep a rim must be, front to back, to hold a lens of that base on a front rolled to `radius`: its sweep,
    the groove with its mouth, two lips."""
    x, y = lens.points[:, 0], lens.points[:, 1]
    square = x * x + y * y
    if not float(square.max()) < base_radius * base_radius:
        return math.inf
    sag = square / (base_radius + np.sqrt(base_radius * base_radius - square)) - x * x / (2.0 * radius)
    return float(sag.max() - sag.min()) + 2.0 * (mouth + CHAMFER + LIP)


def inner(plan: Plan, one: Placed) -> float:
    """From the middle to an open temple's inner face at the hinge."""
    return lain((one.at, 0.0, -plan.rim_deep / 2), plan.radius)[0] + one.hinge.beside


def on_step(value: float, low: float, high: float, step: float) -> float:
    """As a parameter takes it."""
    return round(min(max(low + round((value - low) / step) * step, low), high), 9)
