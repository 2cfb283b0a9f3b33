"""The name and the side underneath: where they lie, how high they are."""

from __future__ import annotations

from engine.authoring import Letters, Solid, Text
from templates.insole.plan import Plan

FONT = "roboto-bold"
DEPTH = 0.6
CAPITAL, LEAST = 9.0, 4.0
"""mm: a name's capitals, and how low a long name may be set."""
FROM, TO = 0.24, 0.66
"""Shares of the foot's length (of the insole's, where that ends earlier) between which the name runs."""
MARK_AT, MARK_HEIGHT = 0.13, 12.0
SPACED = 0.12
"""In heights of a capital: the most that is put between letters which would print into each other."""


def capital(name: Text, plan: Plan) -> float:
    """The height (mm) at which the name fits between FROM and TO."""
    across, _ = name.size(height=1.0, font=FONT)
    room = (min(TO * plan.length, plan.end - 12.0) - FROM * plan.length) / (across + SPACED * len(str(name)))
    return min(CAPITAL, room)


def name_letters(name: Text, plan: Plan, side: str) -> Letters:
    """The name, in the middle of the width, as the underside's frame has it: read from below, from the heel to the toes."""
    share = 0.5 * (FROM * plan.length + min(TO * plan.length, plan.end - 12.0)) / plan.length
    return name.outlines(height=capital(name, plan), font=FONT, at=_place(plan, side, share))


def mark_place(plan: Plan, side: str) -> tuple[float, float]:
    """Of the letter L or R, under the heel."""
    return _place(plan, side, MARK_AT)


def _place(plan: Plan, side: str, share: float) -> tuple[float, float]:
    low, high = plan.half(share)
    inwards = (low + high) / 2.0
    return share * plan.length, inwards if side == "left" else -inwards


def engraved(solid: Solid, letters: Letters) -> Solid:
    """Sunk into the underside."""
    return solid.engrave(letters, on="bottom", depth=DEPTH)
