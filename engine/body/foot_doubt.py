"""Is it one foot, and the whole of it? What other things, and feet that were cut, show in their proportions.

Limits are ours, wide of what feet have: breadth over length is 0.33 to 0.45 of 4,183 adults and 39 children; the profiles are those of two
scanned feet. What passes may still be no foot; what is refused is none, or not whole.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engine.body import foot_frame
from engine.body.pieces import borders, level
from engine.body.sole import Underside
from engine.body.standing import along, facing, frame_of
from engine.body.surface import Surface
from engine.errors import InputError
from kernels import stations, taubin

Floats = npt.NDArray[np.float64]

SHARES = np.linspace(0.0, 1.0, 101)
NARROW, WIDE, TWO = 0.26, 0.56, 0.60
"""Breadth over length."""
BLUNT = 0.82
"""Width at 2 % of the length over that at 15 %, from the heel, or at 20 %, from the toes: a round end has about half, a cut all of it."""
HEEL = (0.45, 0.97)
"""Width at 15 % of the length over the greatest."""
BALL = (0.5, 0.85)
"""Of the length: where a foot is widest."""
TOES = 0.2
"""Of the length: how high at most a foot is at 90 %."""
SHORT, LONG = 90.0, 350.0
"""mm: a foot's length."""
EDGE, SHARP = 0.011, 0.008
"""Of the length (3 and 2.2 mm of 274): so far inside the outline a sole is higher than that (M: 6.7 mm); what is lower there has a sharp
edge, as a shoe has, or a cut."""
FLAT = 4.0
"""mm: no sole is within that all over."""
CUT = 1_000.0
"""mm2 in one plane at an end of the foot: a cut. What is round has half of that within the same millimetre."""
_END = 0.2  # of the length
_BROAD, _FROM, _UP_TO = 0.15, 0.03, 0.07  # of the length: an open cut is so broad, and reaches from the sole so high
_BACKWARDS = 0.7
_FLAT_CUT = 0.99
GAPING = 0.12
"""Of its surface is open what is open at more than the ankle."""
OFF = 20.0
"""mm between an imprint and the length that was typed with it: more is another foot's."""


def check(surface: Surface, under: Underside, length: float, whole: bool, name: str) -> str:
    """What of its proportions is no foot's, where it lies along x, heel first; InputError where it is known what else it is."""
    low = foot_frame.profile(surface, foot_frame.LOW * length, 0.0, length, SHARES)
    width = np.where(np.isfinite(low[:, stations.LEAST]), low[:, stations.MOST] - low[:, stations.LEAST], 0.0)
    widest = float(width.max())
    if widest > TWO * length:
        raise InputError(name, "is too wide for one foot: two feet, or none", message=f"{length:.0f} x {widest:.0f} mm")
    heights = under.raw[under.inside & np.isfinite(under.raw)]  # walls too: a shoe is no plate
    if len(heights) and float(heights.max() - heights.min()) < FLAT:
        raise InputError(name, "is a flat plate: no foot stands on it")
    if whole and under.share() > 0.5 and under.rim(length, EDGE * length) < SHARP * length:
        raise InputError(
            name, "has a sole with sharp edges: a shoe, or a foot cut above its sole; scan the bare foot, or in a sock"
        )
    if width[2] > BLUNT * width[15] or (whole and _cut(surface, length, behind=True)):
        raise InputError(name, "is cut off behind: the heel is missing")
    if width[98] > BLUNT * width[80] or (whole and _cut(surface, length, behind=False)):
        raise InputError(name, "is cut off in front: the toes are missing")
    if not SHORT <= length <= LONG:
        raise InputError(name, "is no foot's length", message=f"{length:.0f} mm, and {SHORT:.0f} to {LONG:.0f} mm is")
    ball = int(np.argmax(width)) / (len(SHARES) - 1)
    told = {
        f"{widest / length:.2f} times as wide as long": NARROW <= widest / length <= WIDE,
        f"widest at {ball:.2f} of its length": BALL[0] <= ball <= BALL[1],
        f"at the heel {width[15] / widest:.2f} times as wide as at the ball": HEEL[0] <= width[15] / widest <= HEEL[1],
    }
    if whole:
        high = foot_frame.profile(surface, math.inf, 0.0, length, SHARES)[:, stations.HIGH]
        told[f"{high[90]:.0f} mm high at the toes"] = bool(high[90] <= TOES * length)
        told["not falling from the instep to the toes"] = bool(high[50] >= 0.97 * high[70] and high[70] > 1.1 * high[90])
    return ", ".join(what for what, holds in told.items() if not holds)


def no_foot(name: str, why: str, gaping: bool) -> InputError:
    """What is told of something whose proportions are none of a foot."""
    sentence = "shows no foot on its sole: was it cut above the heel, or scanned from above alone?" if gaping else "is no foot"
    return InputError(name, sentence, message=f"it is {why}")


def check_imprint(length: float, typed: float, name: str) -> None:
    """InputError where the length that was typed is not that of this imprint."""
    if abs(length - typed) > OFF:
        why = "is not as long as the foot was said to be: another foot, or another unit"
        raise InputError(name, why, message=f"{length:.0f} mm, and {typed:.0f} mm was said")


def _cut(surface: Surface, length: float, behind: bool) -> bool:
    """Is one end a flat cut, closed or open?"""
    x = surface.points[:, 0] if behind else length - surface.points[:, 0]
    near = (x < _END * length) & (surface.points[:, 2] < foot_frame.LOW * length)
    rim = surface.points[near & (borders(surface)[:, 0] != taubin.INSIDE)]
    low, high = (rim.min(axis=0), rim.max(axis=0)) if len(rim) else (np.zeros(3), np.zeros(3))
    if high[1] - low[1] > _BROAD * length and low[2] < _FROM * length and high[2] > _UP_TO * length:
        return True
    normals = surface.normals()[:, 0]
    outwards = near[surface.faces].all(axis=1) & ((-normals if behind else normals) > _BACKWARDS)
    if not outwards.any():
        return False
    end = surface.only(outwards)
    end = end.moved(along(end.points, frame_of(facing(end))))
    return level(end, _FLAT_CUT, float(end.points[:, 2].min()), float(end.points[:, 2].max()))[1] > CUT
