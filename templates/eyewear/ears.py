"""Where an open temple comes to lie at its ear: in the face's own frame, with all that turns and bends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.authoring import Measurement, angle_of, lain
from templates.eyewear import pairing, worn

if TYPE_CHECKING:
    from templates.eyewear.eyewear import Eyewear

ROUNDS = 5
"""In which length, splay and pitch settle, each a function of the others (M: to 0.01 mm)."""
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


def off(frame: Eyewear, side: str) -> Callable[[float, float, float], Off]:
    """Of a temple of that frame's: by how long it is up to its bend, and how far out and down it runs."""
    plan, told, way = frame.plan(), frame.told(), 1.0 if side == "left" else -1.0
    made, thick, curve = frame.hinge_made(), frame.temple_deep, frame.curve
    on, ear = worn.pose(plan, told, frame.vertex, frame.tilt, frame.pupil_height), root(told, side)

    def at(long: float, splay: float, pitch: float) -> Off:
        one = pairing.placed(plan, splay, made, thick)
        x, y = frame.bar_of(long, pitch, one.hinge).place(long)
        inner = lain((way * x, y, -one.hinge.temple / 2.0), curve)
        opened = pairing.temple_pose(plan, one, side, splay, "open")
        found = on.placed(opened.placed(np.array([inner])))[0].tolist()
        return Off(way * (found[0] - ear[0]), found[1] - ear[1] - RESTS, ear[2] - found[2])

    return at


def reaching(frame: Eyewear, side: str) -> dict[str, float]:
    """to_bend, splay and pitch of the temple that comes to lie at its ear: mm and degrees."""
    long, splay, pitch, at = 92.0, 8.0, frame.tilt + 2.0, off(frame, side)
    for _ in range(ROUNDS):
        found = at(long, splay, pitch)
        long -= found.behind
        splay, pitch = splay - angle_of(long, found.out), pitch + angle_of(long, found.over)
    return {"to_bend": long, "splay": splay, "pitch": pitch}
