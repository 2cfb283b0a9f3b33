"""How a text is set: lines, alignment, spacing, round a circle, mirrored for a mould, as a monogram; as one outline on the lattice.

A plain line is `engine.shape.text` as it stands. Everything else is laid out at the origin, bent where a path is asked for, then
turned and moved, each step rounded to the lattice and the result proved clean. What does not go is refused by name.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from engine.errors import OrderError, Refused
from engine.model.mesh import STEPS_PER_MM
from engine.model.outline import Outline
from engine.shape import characters, fonts, glyphs, monogram, text
from kernels import arc, outlines

MOST_TURN = 330.0 / 360.0 * 2.0 * math.pi
"""How far round its circle a text may go: it must not meet its own beginning."""
LEAST_SHRINK = 0.6
"""On the side of the centre letters may be drawn together to this share, no further."""
WEIGHTS = ("thin", "light", "regular", "medium", "bold", "black")


@dataclass(frozen=True)
class Setting:
    """A text and all that says how it is set. mm, degrees; `spacing` and `line_spacing` in heights of a capital.

    `height`: of a capital; of a monogram in a frame that of the frame. `radius`: of the circle through the middle of the
    capitals, above zero with its centre below, below zero with its centre above; 0: a straight line. `break_at`: the character
    at which a line ends ("": one line).
    """

    text: str
    font: str
    height: float
    at: tuple[float, float] = (0.0, 0.0)
    angle: float = 0.0
    kerning: bool = True
    spacing: float = 0.0
    break_at: str = ""
    line_spacing: float = 1.7
    align: Literal["left", "centre", "right"] = "centre"
    radius: float = 0.0
    mirrored: bool = False
    frame: Literal["", "circle", "square", "diamond"] = ""

    @property
    def plain(self) -> bool:
        """One straight line."""
        return not (self.frame or self.radius or self.mirrored or (self.break_at and self.break_at in self.text))

    @property
    def lines(self) -> list[str]:
        """Each line, without what ended it."""
        return [part.strip() for part in self.text.split(self.break_at)] if self.break_at else [self.text]

    def of_height(self, height: float) -> Setting:
        """The same, larger or smaller; a circle grows with it."""
        return replace(self, height=height, radius=self.radius * height / self.height)


@functools.lru_cache(maxsize=256)
def outline(setting: Setting) -> Outline:
    """The text as it is set. OrderError for what cannot be set, Refused for a path too tight or lines too near."""
    s = setting
    if s.spacing:
        _may_be_spaced(s)
    if s.plain:
        return text.outline(s.text, font=s.font, height=s.height, at=s.at, angle=s.angle, kerning=s.kerning, spacing=s.spacing)
    made = monogram.outline(s.text, s.font, s.height, s.frame) if s.frame else _lines(s)
    if s.radius:
        made = _bent(made, s)
    return placed(made, s)


def weighted(font: str, weight: str) -> str:
    """The font of the same family and slant in another weight. OrderError where the catalogue has none, naming those it has."""
    head, _, tail = font.partition("-")
    slant = "-italic" if tail.endswith("italic") else ""
    wanted = f"{head}-{weight}{slant}"
    known = set(fonts.keys())
    if wanted not in known:
        there = [w for w in WEIGHTS if f"{head}-{w}{slant}" in known]
        raise OrderError("weight", "this font has no such weight", value=weight, limit=", ".join(there) or "none")
    return wanted


def _may_be_spaced(s: Setting) -> None:
    """OrderError for letters that are joined: a space would tear them."""
    for character in s.text:
        if characters.script(character) in JOINED:
            raise OrderError(
                "spacing", "joined letters cannot be spaced", value=characters.named(character), nearest="spacing 0"
            )


JOINED = frozenset({"Arab", "Syrc", "Mong", "Nkoo", "Deva", "Beng", "Guru"})
"""Scripts whose letters are drawn in one stroke, or hang from one line."""


def _lines(s: Setting) -> Outline:
    """All lines at the origin, unturned: the middle of the block's capitals there."""
    lines = s.lines
    extents = [text.extent(line, font=s.font, kerning=s.kerning, spacing=s.spacing) for line in lines]
    widest = max(x1 - x0 for x0, _, x1, _ in extents)
    made = []
    for row, (line, (x0, _, x1, _)) in enumerate(zip(lines, extents, strict=True)):
        free = (widest - (x1 - x0)) / 2.0 * s.height
        x = {"left": -free, "centre": 0.0, "right": free}[s.align]
        y = ((len(lines) - 1) / 2.0 - row) * s.line_spacing * s.height
        made.append(text.outline(line, font=s.font, height=s.height, at=(x, y), kerning=s.kerning, spacing=s.spacing))
    for row in range(len(lines) - 1):
        (_, low, _, _), (_, _, _, high) = extents[row], extents[row + 1]
        if low + s.line_spacing <= high and _meet(made[row], made[row + 1]):
            least = math.ceil((high - low) * 100.0) / 100.0
            raise Refused(
                "line_spacing",
                "the lines of letters meet",
                value=f"line spacing {s.line_spacing:g}",
                limit=f"line spacing at least {least:g}",
                nearest=f"line spacing {least:g}",
                rule="lines-apart",
            )
    return joined(made)


def _meet(one: Outline, other: Outline) -> bool:
    both = joined([one, other])
    return outlines.fault(both.points, both.ends) != outlines.CLEAN


def joined(parts: list[Outline]) -> Outline:
    """All loops of several outlines."""
    ends, first = [], 0
    for part in parts:
        ends.append(part.ends + np.int32(first))
        first += len(part.points)
    return Outline(
        np.concatenate([part.points for part in parts]).reshape(-1, 2), np.concatenate(ends) if ends else np.zeros(0, np.int32)
    )


def _bent(flat: Outline, s: Setting) -> Outline:
    """Round the circle. Refused, with the least radius, where it would close, or be drawn together too far."""
    x0, y0, x1, y1 = flat.bounds
    inner = -y0 if s.radius > 0.0 else y1
    least = max(2.0 * max(-x0, x1) / MOST_TURN, inner / (1.0 - LEAST_SHRINK), 0.1)
    if abs(s.radius) < least:
        least = math.ceil(least * 10.0) / 10.0
        why = "the path is too tight for the text"
        limit = f"radius at least {least:g} mm"
        raise Refused(
            "radius",
            why,
            value=f"radius {abs(s.radius):g} mm",
            limit=limit,
            nearest=f"radius {least:g} mm",
            rule="path-too-tight",
        )
    radius, chord = s.radius * STEPS_PER_MM, glyphs.FINE * STEPS_PER_MM
    points = np.empty((arc.count(flat.points, flat.ends, radius, chord), 2), np.int32)
    ends = np.empty(len(flat.ends), np.int32)
    arc.bend(flat.points, flat.ends, radius, chord, points, ends)
    return Outline(points, ends)


def placed(made: Outline, s: Setting) -> Outline:
    """Mirrored, turned, moved, and clean."""
    points, ends = made.points, made.ends
    if not len(ends):
        return made
    if s.mirrored:
        points = points * np.array([-1, 1], np.int32)
        points = np.concatenate([loop[::-1] for loop in np.split(points, ends[:-1])])
    if not (math.isfinite(s.at[0]) and math.isfinite(s.at[1]) and math.isfinite(s.angle)):
        raise OrderError("at", "a place in mm and an angle in degrees are finite numbers", value=(*s.at, s.angle))
    if max(abs(s.at[0]), abs(s.at[1])) * STEPS_PER_MM + 2.0 * np.abs(points).max() > outlines.LARGEST:
        raise OrderError("at", "the text lies beyond what can be made", value=s.at)
    moved = np.empty_like(points)
    cosine, sine = text.turned(s.angle)
    arc.place(points, cosine, sine, s.at[0] * STEPS_PER_MM, s.at[1] * STEPS_PER_MM, moved)
    ends = ends.copy()
    ends = ends[: outlines.clean(moved, ends, 0.0)]
    moved = moved[: ends[-1] if len(ends) else 0]
    if outlines.fault(moved, ends) != outlines.CLEAN:
        united = glyphs.united(moved, ends)
        if united is None:
            raise OrderError("height", "letters of this height leave no clean outline", value=s.height)
        moved, ends = united
    return Outline(moved, ends)
