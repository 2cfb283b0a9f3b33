"""A text as clean closed loops on the lattice that ships: shaped by HarfBuzz, placed, turned and rounded once.

One line in any script of the catalogue: cut where script, font or direction change (engine.shape.characters, engine.shape.bidi),
each piece shaped by the rules of its script and in a fixed language, the pieces in the order of UAX 9. Kerned, with the font's own ligatures and marks; every curve within glyphs.FINE of its chords. Height is that of the capitals
in mm; a text is centred by its ink along the line, and by half the capitals' height across it. Nothing but + - * / and sqrt
and kernels.portable makes a coordinate, so the same text gives the same bytes on every machine.

What was shaped is kept in memory, bounded, and nowhere else: names are personal.
"""

from __future__ import annotations

import functools
import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import uharfbuzz as hb

from engine.errors import OrderError, Refused
from engine.model.mesh import STEPS_PER_MM
from engine.model.outline import Outline
from engine.shape import bidi, characters, fonts, glyphs
from kernels import letters, portable

SMALLEST_MM, LARGEST_MM = 0.1, 1000.0
"""How high capitals may be: a dot is never lost between two steps of the lattice; and no machine is near its end."""


@dataclass(frozen=True, eq=False)
class Shaped:
    """A text laid out in units of fonts.EM: the glyphs with ink, where the pen stands for each float64 (g, 2), and the ink's box.

    `faces`: those that the text is set in. A glyph is its number in its face, plus glyphs.FACE for each face before that one.
    """

    glyphs: tuple[int, ...]
    pens: npt.NDArray[np.float64]
    box: tuple[float, float, float, float]
    cap_height: float
    faces: tuple[str, ...]


@dataclass(frozen=True)
class _Run:
    """Characters `first` to before `end` of a text, which are shaped at once."""

    first: int
    end: int
    script: str
    face: str
    level: int


@functools.lru_cache(maxsize=4096)
def shape(text: str, font: str, field: str = "text", kerning: bool = True, spacing: float = 0.0) -> Shaped:
    """Lay out one line, `spacing` (in heights of a capital) added between letters, ligatures then undone. Raises OrderError naming the first character that cannot be set (see characters.accepted)."""
    loaded = fonts.load(font)
    kept = characters.accepted(text, font=font, field=field)
    plain = loaded.plain
    scripts = {plain.get(character, "?") for character in kept}
    scripts.discard("")
    alone = bool(kept) and "?" not in scripts and len(scripts) <= 1
    script = next(iter(scripts), loaded.info.scripts[0])
    runs = [_Run(0, len(kept), script, font, 0)] if alone else _runs(kept, font)
    faces = tuple(dict.fromkeys(run.face for run in runs)) or (font,)
    language = "en" if alone and script in characters.ALPHABETS else _language(kept)
    wider = round(spacing * loaded.cap_height)
    features = _features(kerning, wider)
    indices: list[int] = []
    pens: list[float] = []
    low_x = low_y = math.inf
    high_x = high_y = -math.inf
    pen = 0.0
    for run in runs:
        used = loaded if run.face == font else fonts.load(run.face)
        boxes, unit, first, drawn = used.boxes, used.unit, faces.index(run.face) * glyphs.FACE, 0
        for info, position in _shaped(kept, run, used, language, features):
            index, x_offset, y_offset = info.codepoint, position.x_offset * unit, position.y_offset * unit
            x_advance = position.x_advance * unit
            # a mark, which has no advance, stands by the letter before it
            pen += wider if x_advance and pen else 0
            try:
                box = boxes[index]
            except KeyError:
                box = boxes[index] = glyphs.bounds(run.face, index)
            if box is None or index == 0:
                character = kept[info.cluster]
                # a blank that the font's own rules put there is part of a letter drawn elsewhere
                asked = index == 0 or index == used.shaper.get_nominal_glyph(ord(character))
                if asked and (index == 0 or not (character.isspace() or characters.hangs_on(character))):
                    raise OrderError(
                        field, f"font {run.face} has no glyph for this character", value=characters.named(character)
                    )
            else:
                drawn += 1
                if not alone:
                    _must_be_whole(kept, run, used, info.cluster, index, drawn, field)
                if x_offset == 0 and y_offset == 0 and (x_advance == 0 or not alone) and run.script in characters.ALPHABETS:
                    _must_have_a_place(kept[info.cluster], x_advance, run.face, field)
                x, y = pen + x_offset, y_offset
                indices.append(first + index)
                pens += (x, y)
                low_x, low_y = min(low_x, box[0] + x), min(low_y, box[1] + y)
                high_x, high_y = max(high_x, box[2] + x), max(high_y, box[3] + y)
            pen += x_advance
    ink = (low_x, low_y, high_x, high_y) if indices else (0.0, 0.0, 0.0, 0.0)
    return Shaped(tuple(indices), np.array(pens, np.float64).reshape(-1, 2), ink, loaded.cap_height, faces)


def _runs(text: str, font: str) -> list[_Run]:
    """The text cut where script, font or direction change, in the order in which the pieces stand from left to right."""
    levels = bidi.levels(text) if bidi.mixed(text) else [0] * len(text)
    runs: list[_Run] = []
    for item in characters.items(text, font=font):
        first = item.first
        for i in range(first + 1, item.end + 1):
            if i == item.end or levels[i] != levels[first]:
                runs.append(_Run(first, i, item.script, item.face, levels[first]))
                first = i
    return [runs[i] for i in bidi.order([run.level for run in runs])]


def _language(text: str) -> str:
    """What the text is taken to be written in, never what the machine is set to: it says how Han characters look, which China,
    Japan and Korea draw differently. Kana say Japanese, Hangul Korean, Bopomofo Taiwan's Chinese; Han alone is Chinese."""
    if text.isascii():
        return "en"
    found = set(characters.scripts(text))
    for script, language in (("Hira", "ja"), ("Kana", "ja"), ("Hang", "ko"), ("Bopo", "zh-hant"), ("Hani", "zh-hans")):
        if script in found:
            return language
    return "en"


_SHARED = {"Zsye": "Zyyy", "Zsym": "Zyyy"}


def _features(kerning: bool, wider: int) -> dict[str, bool]:
    """What HarfBuzz is to leave out."""
    return {**({} if kerning else {"kern": False}), **(dict.fromkeys(("liga", "clig", "dlig"), False) if wider else {})}


def _shaped(text: str, run: _Run, font: fonts.Font, language: str, features: dict[str, bool]) -> Iterator[tuple[Any, Any]]:
    """HarfBuzz's glyph infos and positions for one run, left to right; clusters are characters of the text.

    It sees the whole text, so that letters join across the end of a run.
    """
    buffer = hb.Buffer()
    buffer.cluster_level = hb.BufferClusterLevel.MONOTONE_CHARACTERS
    buffer.add_codepoints([ord(character) for character in text], run.first, run.end - run.first)
    buffer.direction = "rtl" if run.level % 2 else "ltr"
    buffer.script = _SHARED.get(run.script, run.script)
    buffer.language = language
    hb.shape(font.shaper, buffer, features)
    return zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)


def _must_be_whole(text: str, run: _Run, font: fonts.Font, cluster: int, index: int, drawn: int, field: str) -> None:
    """OrderError for a mark that was given a dotted circle to stand on, and for an emoji that is drawn in pieces."""
    circle = font.shaper.get_nominal_glyph(0x25CC)
    if index == circle and text[cluster] != "\u25cc":
        raise OrderError(field, "a mark needs a letter to stand on", value=characters.named(text[cluster]))
    if run.script == "Zsye" and drawn > 1:
        why = f"font {run.face} has no glyph for these emoji joined"
        raise OrderError(field, why, value=" ".join(f"U+{ord(character):04X}" for character in text[run.first : run.end]))


def _must_have_a_place(character: str, advance: float, font: str, field: str) -> None:
    """OrderError for a mark that the font did not attach to its letter: an attached one is moved from where it is drawn."""
    if advance == 0 or unicodedata.category(character)[0] == "M":
        why = f"font {font} has no place for this mark on that letter"
        raise OrderError(field, why, value=characters.named(character))


def fonts_of(text: str, *, font: str, field: str = "text") -> tuple[str, ...]:
    """The keys of the fonts that the text is set in, the one that was asked for first: it says how large the letters are."""
    return tuple(dict.fromkeys((font, *(fonts.info(face).key for face in shape(text, font, field).faces))))


def extent(
    text: str, *, font: str, field: str = "text", kerning: bool = True, spacing: float = 0.0
) -> tuple[float, float, float, float]:
    """The ink's box x0, y0, x1, y1 for capitals of height 1, seen from where `outline` puts `at`; all zero without ink."""
    shaped = shape(text, font, field, kerning, spacing)
    x0, y0, x1, y1 = shaped.box
    cap = shaped.cap_height
    if not shaped.glyphs:
        return (0.0, 0.0, 0.0, 0.0)
    half = (x1 - x0) / 2.0 / cap
    return (-half, y0 / cap - 0.5, half, y1 / cap - 0.5)


def size(text: str, *, font: str, height: float, field: str = "text", spacing: float = 0.0) -> tuple[float, float]:
    """Width and height of the ink in mm, unturned, for capitals of `height` mm."""
    x0, y0, x1, y1 = extent(text, font=font, field=field, spacing=spacing)
    return ((x1 - x0) * height, (y1 - y0) * height)


def highest(text: str, *, font: str, room: tuple[float, float], angle: float = 0.0, field: str = "text") -> float:
    """The largest capitals in mm with which the text, turned by `angle` degrees, fits a rectangle `room` centred on its `at`.

    LARGEST_MM at most, and for a text without ink.
    """
    x0, y0, x1, y1 = extent(text, font=font, field=field)
    cos, sin = turned(angle)
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
    kerning: bool = True,
    spacing: float = 0.0,
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
    shaped = shape(text, font, field, kerning, spacing)
    if not shaped.glyphs:
        return Outline(np.zeros((0, 2), np.int32), np.zeros(0, np.int32))
    tray = glyphs.tray(shaped.faces, glyphs.level(height))
    line = tray.line(shaped.glyphs)
    x0, _, x1, _ = shaped.box
    scale = height / shaped.cap_height / glyphs.STEPS_PER_UNIT * STEPS_PER_MM
    cos, sin = turned(angle)
    middle = ((x0 + x1) / 2.0, shaped.cap_height / 2.0)
    turn = np.array(
        (scale * cos, scale * sin, at[0] * STEPS_PER_MM, at[1] * STEPS_PER_MM, *middle, float(glyphs.STEPS_PER_UNIT))
    )
    sizes = tray.sizes
    placed = np.empty((sum([sizes[row][0] for row in line]), 2), np.int32)
    ends = np.empty(sum([sizes[row][1] for row in line]), np.int32)
    left = letters.lay(tray.points, tray.ends, tray.rows, tray.clear, np.array(line, np.int32), shaped.pens, turn, placed, ends)
    if left == letters.BEYOND:
        raise OrderError("at", "the text lies beyond what can be made", value=at)
    unclean = left < 0
    if unclean:
        left = -1 - left
    placed_ends = ends[:left]
    placed = placed[: placed_ends[-1] if left else 0]
    if unclean:
        # letters that overlap or touch, or rounding that made them
        made = glyphs.united(placed, placed_ends)
        if made is None:
            raise OrderError("height", "letters of this height leave no clean outline", value=height)
        placed, placed_ends = made
    return Outline(placed, placed_ends)


@functools.lru_cache(maxsize=512)
def turned(angle: float) -> tuple[float, float]:
    """Cosine and sine of an angle in degrees."""
    return portable.cosine_degrees(angle), portable.sine_degrees(angle)
