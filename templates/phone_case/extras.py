"""What a case may carry beyond its shell: a recess for a magnet ring, a seat for a ring or a stand, bumpers, a pattern. Numbers only.

Sources: notes of each figure beside it; "ours" where none was found.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from engine.authoring import Outline, Rounded
from templates.phone_case.facts import Box

ASSUMED_MM = {
    "magnet_outer": (56.0, "assumed: no maker's drawing of a magnet ring was found; measure yours"),
    "magnet_inner": (46.0, "assumed, likewise"),
    "magnet_thickness": (0.5, "assumed, likewise"),
    "seat_size": (40.0, "assumed: no size of an adhesive ring's plate was found; measure yours"),
    "seat_depth": (0.6, "ours: enough to find the place and hold the edge of a plate"),
}
"""Sizes of things that are bought: mm, and where the figure comes from."""
MAGNET_AIR = 0.2
MAGNET_GLUE = 0.1
"""The recess is wider, and deeper, than the ring by so much: ours."""
LEAST_ROOM = 16.0
"""mm of back below the magnets that are enough for letters: else they lie over them."""
THICKEST = 3.0
"""The thickest wall that may be asked for."""
MAGNET_REACH = 2.1
"""Apple's guidelines: at most so much case over the magnets."""
MAGNET_EDGE = 1.0
"""Floor that stays beside the recess: ours."""
STAND_WIDTH = 22.0
"""Height of the recess for a fold-out stand; its length is the seat's size. Assumed."""
SEAT_EDGE = 2.0
LOWEST = 60.0
BLEND_RADIUS = 8.0
"""Of the two arcs that lead from a side out to a corner's bumper; wider than any rounded edge, so that the edge can follow."""
BUMPER_FLAT = 2.0
CAVITY_ROUND = 0.25
"""The rounded edge of the cavity's floor, and a little."""
RIM = 0.5
"""The rounded edge of a window, and a little."""
PANEL = 1.15
"""Half height of the band that stays clear for the name, in heights of a capital: accents and tails are within it."""


@dataclass(frozen=True)
class Magnets:
    """A ring-shaped recess in the inside of the back, about (0, y): its diameters and its depth."""

    y: float
    outer: float
    inner: float
    deep: float

    def disc(self) -> Rounded:
        """All within its outer edge."""
        return Rounded(0.0, self.y, self.outer, self.outer, self.outer / 2)

    def hub(self) -> Rounded:
        """What stays within its inner edge."""
        return Rounded(0.0, self.y, self.inner, self.inner, self.inner / 2)

    def meets(self, shape: Rounded, wall: float) -> bool:
        """Does it lie over some of that shape, or nearer beside it than a wall is thick?"""
        reach = math.hypot(shape.w / 2, shape.h / 2) + math.hypot(shape.x, shape.y - self.y)
        return shape.distance(0.0, self.y) < self.outer / 2 + wall and reach > self.inner / 2 - wall


@dataclass(frozen=True)
class SeatWish:
    """disc: for an adhesive ring; stand: for a fold-out one. `up`: from the lowest place."""

    kind: str
    size: float
    deep: float
    up: float


@dataclass(frozen=True)
class Bought:
    """What the case is to hold. `magnets`, `seat`: none where they are None."""

    magnets: Magnets | None = None
    seat: SeatWish | None = None


@dataclass(frozen=True)
class Seat:
    """A recess in the outside of the back, in its middle: the same seen from either side. `up`: from the lowest place."""

    box: Box
    deep: float
    up: float

    def shape(self) -> Rounded:
        """Its outline."""
        return Rounded(self.box.x, self.box.y, self.box.w, self.box.h, self.box.corner)


def ring_recess(outer: float, inner: float, thickness: float, y: float) -> Magnets:
    """For a ring of those diameters."""
    return Magnets(y, outer + MAGNET_AIR, inner - MAGNET_AIR, thickness + MAGNET_GLUE)


def clear_of(ring: Magnets | None, windows: tuple[Rounded, ...], wall: float) -> Magnets | None:
    """The ring in the phone's middle, or as little lower as leaves a wall to every window; its own y is counted from there."""
    if ring is None:
        return None
    low = 0.0
    while low > -LOWEST and any(window.distance(0.0, low) - ring.outer / 2 < wall for window in windows):
        low -= 0.5
    return replace(ring, y=low + ring.y)


def below(ring: Magnets | None, free: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """What of the free back is for letters that are cut in: below the magnets, where there is room for them."""
    x0, y0, x1, y1 = free
    if ring is None or ring.y - ring.outer / 2 - SEAT_EDGE - y0 < LEAST_ROOM:
        return free
    return (x0, y0, x1, min(y1, ring.y - ring.outer / 2 - SEAT_EDGE))


def seated(
    wish: SeatWish | None, free: tuple[float, float, float, float]
) -> tuple[Seat | None, tuple[float, float, float, float]]:
    """The seat in the lowest part of the free back, and what is free above it."""
    if wish is None:
        return None, free
    x0, y0, x1, y1 = free
    high = wish.size if wish.kind == "disc" else STAND_WIDTH
    corner = wish.size / 2 if wish.kind == "disc" else 2.0
    seat = Seat(Box(0.0, y0 + high / 2 + wish.up, wish.size, high, corner), wish.deep, wish.up)
    return seat, (x0, seat.box.top + SEAT_EDGE, x1, y1)


def blend(bumper: float) -> tuple[float, float]:
    """Sine and cosine of how far the arcs turn that lead out to a bumper."""
    cosine = 1.0 - bumper / (2.0 * BLEND_RADIUS)
    return math.sqrt(1.0 - cosine * cosine), cosine


def bumper_reach(bumper: float) -> float:
    """How far from a corner's curve the bumper begins, along the side."""
    return BUMPER_FLAT + 2.0 * BLEND_RADIUS * blend(bumper)[0] if bumper else 0.0


def laid(
    outer: Box, *, edge: float, wall: float, bar: float, keep: tuple[Rounded, ...], cavity: bool
) -> tuple[Rounded, tuple[Rounded, ...]]:
    """Where a pattern may lie, a bar within the flat back (and, cut through, within the cavity's floor), and what it keeps a bar
    clear of. In the back's own frame: x to the right seen from behind."""
    margin = (max(edge, wall + CAVITY_ROUND) if cavity else edge) + bar
    within = Rounded(0.0, 0.0, outer.w - 2 * margin, outer.h - 2 * margin, max(outer.corner - margin, 0.0))
    return within, tuple(Rounded(-r.x, r.y, r.w, r.h, r.corner, (r.along[0], -r.along[1])).grown(bar) for r in keep)


def area_mm2(drawn: Outline) -> float:
    """The area of an outline, from its integers."""
    points, told, start = drawn.points.tolist(), 0, 0
    for end in drawn.ends.tolist():
        loop = points[start:end]
        told += sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(loop, (*loop[1:], loop[0]), strict=True))
        start = end
    return told / 2e8
