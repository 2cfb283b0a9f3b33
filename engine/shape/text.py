"""A text as clean closed loops on the lattice that ships: shaped by HarfBuzz, placed, turned and rounded once.

Kerned, with the font's own ligatures and marks; every curve within glyphs.FINE of its chords. Height is that of the capitals
in mm; a text is centred by its ink along the line, and by half the capitals' height across it. Nothing but + - * / and sqrt
and kernels.portable makes a coordinate, so the same text gives the same bytes on every machine.

What was shaped is kept in memory, bounded, and nowhere else: names are personal.
"""

from __future__ import annotations

import functools
import math
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import OrderError, Refused
from engine.model.mesh import STEPS_PER_MM
from engine.model.outline import Outline
from engine.shape import characters, fonts, glyphs
from kernels import outlines, portable

SMALLEST_MM, LARGEST_MM = 0.1, 1000.0
"""How high capitals may be: a dot is never lost between two steps of the lattice; and no machine is near its end."""


@dataclass(frozen=True, eq=False)
class Shaped:
    """A text laid out in font units: the glyphs with ink, where the pen stands for each float64 (g, 2), and the ink's box."""

    glyphs: tuple[int, ...]
    pens: npt.NDArray[np.float64]
    box: tuple[float, float, float, float]
    cap_height: int


@functools.lru_cache(maxsize=4096)
def shape(text: str, font: str, field: str = "text") -> Shaped:
    """Lay out one line. Raises OrderError naming the first character that cannot be set (see characters.accepted)."""
    loaded = fonts.load(font)
    kept = characters.accepted(text, font=font, field=field)
    indices: list[int] = []
    pens: list[tuple[float, float]] = []
    boxes: list[tuple[float, float, float, float]] = []
    pen = 0
    for script, run in _runs(kept, loaded.info.scripts):
        for info, position in _shaped(run, script, loaded):
            box = glyphs.bounds(font, info.codepoint)
            character = run[info.cluster]
            if info.codepoint == 0 or (box is None and not character.isspace()):
                raise OrderError(field, f"font {font} has no glyph for this character", value=characters.named(character))
            if _stands_anywhere(character, position) and box is not None:
                why = f"font {font} has no place for this mark on that letter"
                raise OrderError(field, why, value=characters.named(character))
            if box is not None:
                x, y = float(pen + position.x_offset), float(position.y_offset)
                indices.append(info.codepoint)
                pens.append((x, y))
                boxes.append((box[0] + x, box[1] + y, box[2] + x, box[3] + y))
            pen += position.x_advance
    low = [min(column) for column in zip(*boxes, strict=True)][:2] or [0.0, 0.0]
    high = [max(column) for column in zip(*boxes, strict=True)][2:] or [0.0, 0.0]
    return Shaped(tuple(indices), np.array(pens).reshape(-1, 2), (low[0], low[1], high[0], high[1]), loaded.cap_height)


def _runs(text: str, scripts: tuple[str, ...]) -> list[tuple[str, str]]:
    """The text cut where its script changes; what all share goes with what stands before it, at the start with what follows."""
    runs: list[tuple[str, str]] = []
    shared = ""
    for character in text:
        found = "Latn" if character.isascii() and character.isalpha() else characters.script(character)
        if not found and not runs:
            shared += character
        elif not found or (runs and runs[-1][0] == found):
            runs[-1] = (runs[-1][0], runs[-1][1] + character)
        else:
            runs.append((found, shared + character))
            shared = ""
    return runs or ([(scripts[0], shared)] if shared else [])


def _shaped(run: str, script: str, font: fonts.Font) -> list[tuple[Any, Any]]:
    """HarfBuzz's glyph infos and positions for one run, left to right; clusters are characters of the run."""
    import uharfbuzz as hb

    buffer = hb.Buffer()
    buffer.cluster_level = hb.BufferClusterLevel.MONOTONE_CHARACTERS
    buffer.add_str(run)
    buffer.direction = "ltr"
    buffer.script = script
    # else it would be that of the machine
    buffer.language = "en"
    hb.shape(font.shaper, buffer)
    return list(zip(buffer.glyph_infos, buffer.glyph_positions, strict=True))


def _stands_anywhere(character: str, position: Any) -> bool:
    """Is this a mark that the font did not attach to its letter? An attached one is moved from where its glyph is drawn."""
    mark = position.x_advance == 0 or unicodedata.category(character)[0] == "M"
    return mark and position.x_offset == 0 and position.y_offset == 0


def extent(text: str, *, font: str, field: str = "text") -> tuple[float, float, float, float]:
    """The ink's box x0, y0, x1, y1 for capitals of height 1, seen from where `outline` puts `at`; all zero without ink."""
    shaped = shape(text, font, field)
    x0, y0, x1, y1 = shaped.box
    cap = shaped.cap_height
    if not shaped.glyphs:
        return (0.0, 0.0, 0.0, 0.0)
    half = (x1 - x0) / 2.0 / cap
    return (-half, y0 / cap - 0.5, half, y1 / cap - 0.5)


def size(text: str, *, font: str, height: float, field: str = "text") -> tuple[float, float]:
    """Width and height of the ink in mm, unturned, for capitals of `height` mm."""
    x0, y0, x1, y1 = extent(text, font=font, field=field)
    return ((x1 - x0) * height, (y1 - y0) * height)


def highest(text: str, *, font: str, room: tuple[float, float], angle: float = 0.0, field: str = "text") -> float:
    """The largest capitals in mm with which the text, turned by `angle` degrees, fits a rectangle `room` centred on its `at`.

    LARGEST_MM at most, and for a text without ink.
    """
    x0, y0, x1, y1 = extent(text, font=font, field=field)
    cos, sin = portable.cosine_degrees(angle), portable.sine_degrees(angle)
    corners = ((x0, y0), (x1, y0), (x0, y1), (x1, y1))
    wide = max(abs(cos * x - sin * y) for x, y in corners)
    high = max(abs(sin * x + cos * y) for x, y in corners)
    most = LARGEST_MM
    if wide > 0.0:
        most = min(most, room[0] / 2.0 / wide)
    if high > 0.0:
        most = min(most, room[1] / 2.0 / high)
    return max(most, 0.0)


def must_fit(
    text: str,
    *,
    font: str,
    height: float,
    room: tuple[float, float],
    angle: float = 0.0,
    step: float = 0.1,
    field: str = "height",
) -> None:
    """Refused unless the text fits its room (see `highest`); `field` is the height's, and the nearest allowed is the height
    that fits, rounded down to `step` mm, or none when not even one step does."""
    most = highest(text, font=font, room=room, angle=angle)
    if height <= most:
        return
    fits = round(math.floor(most / step + 1e-9) * step, 6)
    why = f"the text does not fit {room[0]:.1f} x {room[1]:.1f} mm with letters this high"
    raise Refused(field, why, value=height, limit=f"{most:.2f} mm", nearest=fits or None, rule="text-fits")


def outline(
    text: str,
    *,
    font: str,
    height: float,
    at: tuple[float, float] = (0.0, 0.0),
    angle: float = 0.0,
    field: str = "text",
) -> Outline:
    """The text as simple loops on the lattice, capitals `height` mm high, centred at `at` mm, turned counter-clockwise by
    `angle` degrees about it.

    An empty text, or spaces alone, gives no loop. Raises OrderError for a character that cannot be set, for a height
    that is not from SMALLEST_MM to LARGEST_MM, for a place that is not finite or beyond the lattice, and for letters that leave
    no clean outline on the lattice.
    """
    if not SMALLEST_MM <= height <= LARGEST_MM:
        limit, nearest = f"{SMALLEST_MM:g} to {LARGEST_MM:g} mm", SMALLEST_MM if height < SMALLEST_MM else LARGEST_MM
        raise OrderError("height", "letters cannot be this high", value=height, limit=limit, nearest=nearest)
    if not (math.isfinite(at[0]) and math.isfinite(at[1]) and math.isfinite(angle)):
        raise OrderError("at", "a place in mm and an angle in degrees are finite numbers", value=(*at, angle))
    shaped = shape(text, font, field)
    if not shaped.glyphs:
        return Outline(np.zeros((0, 2), np.int32), np.zeros(0, np.int32))
    fineness = glyphs.level(height)
    drawn = [glyphs.glyph(font, index, fineness) for index in shaped.glyphs]
    points = np.concatenate([glyph.points for glyph in drawn])
    counts: list[int] = []
    loops: list[int] = []
    base = 0
    for glyph in drawn:
        counts.extend([base + end for end in glyph.ends.tolist()])
        loops.append(len(counts))
        base += len(glyph.points)
    middle = ((shaped.box[0] + shaped.box[2]) / 2.0, shaped.cap_height / 2.0)
    pens = (shaped.pens - middle) * glyphs.STEPS_PER_UNIT
    scale = height / shaped.cap_height / glyphs.STEPS_PER_UNIT * STEPS_PER_MM
    turn = np.array(
        [
            scale * portable.cosine_degrees(angle),
            scale * portable.sine_degrees(angle),
            at[0] * STEPS_PER_MM,
            at[1] * STEPS_PER_MM,
        ]
    )
    placed = np.empty((len(points), 2), np.int32)
    ends = np.array(counts, np.int32)
    placed_ends = np.empty(len(ends), np.int32)
    left = outlines.place(points, ends, np.array(loops, np.int32), pens, turn, placed, placed_ends)
    if left < 0:
        raise OrderError("at", "the text lies beyond what can be made", value=at)
    placed, placed_ends = placed[: placed_ends[left - 1] if left else 0], placed_ends[:left]
    if outlines.fault(placed, placed_ends):
        # letters that overlap or touch, or rounding that made them
        made = glyphs.united(placed, placed_ends)
        if made is None:
            raise OrderError("height", "letters of this height leave no clean outline", value=height)
        placed, placed_ends = made
    return Outline(placed, placed_ends)
