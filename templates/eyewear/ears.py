"""Where an open temple comes to lie at its ear: in the face's own frame, with all that turns and bends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.authoring import Measurement, Pose, lain
from templates.eyewear import pairing, temple
from templates.eyewear.pairing import Placed
from templates.eyewear.plan import Plan

RESTS = 3.0
"""mm that a temple's middle line is over the root of the ear where it bends: half its height, less what the skin gives (ours)."""


@dataclass(frozen=True)
class Off:
    """How far a temple's inner face, where it bends, is outwards of the ear's root, over where it rests on it, and behind it; mm."""

    out: float
    over: float
    behind: float


def root(told: Mapping[str, Measurement], side: str) -> tuple[float, float, float]:
    """Of the ear, in the face's frame, mm."""
    way = 1.0 if side == "left" else -1.0
    middle = 0.5 * (told["right_pd"].value - told["left_pd"].value) + told["ear_aside"].value
    return middle + way * told["ear_width"].value / 2.0, told[f"{side}_ear_height"].value, -told[f"{side}_ear_depth"].value


def off(
    plan: Plan, one: Placed, bar: temple.Bar, side: str, splay: float, curve: float, on: Pose, told: Mapping[str, Measurement]
) -> Off:
    """Of the temple `bar` on its hinge; `on`: the worn frame's pose (`worn.pose`)."""
    way = 1.0 if side == "left" else -1.0
    x, y = bar.place(bar.to_bend)
    inner = lain((way * x, y, -one.hinge.temple / 2.0), curve)
    opened = pairing.temple_pose(plan, one, side, splay, "open")
    found = on.placed(opened.placed(np.array([inner])))[0].tolist()
    ear = root(told, side)
    return Off(way * (found[0] - ear[0]), found[1] - ear[1] - RESTS, ear[2] - found[2])
