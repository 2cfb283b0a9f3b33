"""The ink is what two independent renderers draw: FreeType letter by letter, Pillow (Raqm) line by line."""

from __future__ import annotations

import math
import unicodedata

import freetype
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont, features

from engine.model.outline import Outline
from engine.shape import fonts, glyphs, text
from kernels import outlines

FONT = "roboto-bold"
FONTS = [FONT, "roboto-thin", "roboto-black-italic"]
STRINGS = ["Zoë", "Łukasz", "Ελένη", "Владимир", "Ana & José", "Nguyễn", "AVATAR Ty.", "office fjord", "q\u0303x\u0301\u0302"]


def _file(font: str) -> str:
    found = fonts.path(fonts.info(font))
    assert found is not None
    return str(found)


def _loops(outline: Outline) -> list[np.ndarray]:
    return np.split(outline.points, outline.ends[:-1]) if len(outline.ends) else []


def _area_mm2(outline: Outline) -> float:
    return outlines.area(outline.points, outline.ends) / 1e8


def _mask(outline: Outline, scale: float, shape: tuple[int, int], right: float = 0.0, down: float = 0.0) -> np.ndarray:
    """Pixels whose centre lies inside (even-odd, row by row); the ink's upper left corner is `right` and `down` in the mask."""
    x0, _, _, y1 = outline.bounds
    x0, y1 = x0 - right / scale, y1 + down / scale
    mask = np.zeros(shape, bool)
    ends = [(loop, np.roll(loop, -1, axis=0)) for loop in _loops(outline)]
    a = np.concatenate([one for one, _ in ends]) / 1e4
    b = np.concatenate([one for _, one in ends]) / 1e4
    ax, ay, bx, by = (a[:, 0] - x0) * scale, (y1 - a[:, 1]) * scale, (b[:, 0] - x0) * scale, (y1 - b[:, 1]) * scale
    for row in range(shape[0]):
        y = row + 0.5
        hit = (ay <= y) != (by <= y)
        at = np.sort(ax[hit] + (y - ay[hit]) / (by[hit] - ay[hit]) * (bx[hit] - ax[hit]))
        for left, right in zip(at[::2], at[1::2], strict=True):
            mask[row, max(math.ceil(left - 0.5), 0) : max(math.ceil(right - 0.5), 0)] = True
    return mask


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union, of masks that share the upper left corner of their ink."""
    h, w = max(one.shape[0], other.shape[0]), max(one.shape[1], other.shape[1])
    a, b = np.zeros((h, w), bool), np.zeros((h, w), bool)
    a[: one.shape[0], : one.shape[1]] = one
    b[: other.shape[0], : other.shape[1]] = other
    return float((a & b).sum() / (a | b).sum())


def _ink(mask: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@pytest.mark.parametrize("string", STRINGS)
def test_the_line_is_what_pillow_lays_out_and_draws(string: str) -> None:
    """Pillow carries its own FreeType, Raqm and HarfBuzz: letters, marks, kerning and ligatures at once."""
    if not features.check("raqm"):
        pytest.fail("this Pillow was built without Raqm")
    # a pixel a font unit: nothing that Pillow rounds to pixels moves
    pixels = fonts.EM
    drawn = ImageFont.truetype(_file(FONT), pixels, layout_engine=ImageFont.Layout.RAQM)
    image = Image.new("L", (pixels * len(string) * 3 // 4 + 400, 2 * pixels))
    ImageDraw.Draw(image).text((200, pixels * 3 // 2), string, font=drawn, fill=255, anchor="ls", language="en")
    theirs = _ink(np.asarray(image) >= 128)
    made = text.outline(string, font=FONT, height=40.0)
    scale = fonts.load(FONT).cap_height / 40.0
    x0, y0, x1, y1 = made.bounds
    assert abs((x1 - x0) * scale - theirs.shape[1]) < 2.5 and abs((y1 - y0) * scale - theirs.shape[0]) < 2.5
    assert _overlap(_mask(made, scale, theirs.shape), theirs) >= 0.998
    assert abs(_area_mm2(made) * scale * scale / theirs.sum() - 1.0) < 0.001


@pytest.mark.parametrize("font", FONTS)
def test_each_letter_is_what_freetype_draws(font: str) -> None:
    face = freetype.Face(_file(font))
    face.set_pixel_sizes(0, 1024)
    letters = sorted(set("".join(STRINGS)) - {" "})
    for letter in letters:
        if unicodedata.category(letter)[0] == "M":
            continue
        face.load_char(letter, freetype.FT_LOAD_NO_HINTING | freetype.FT_LOAD_RENDER)
        bitmap = face.glyph.bitmap
        theirs = np.array(bitmap.buffer, np.uint8).reshape(bitmap.rows, bitmap.pitch)[:, : bitmap.width]
        # high, so that chords are finer than the pixels
        made = text.outline(letter, font=font, height=100.0)
        scale = 0.5 * fonts.load(font).cap_height / 100.0
        box = glyphs.bounds(font, face.get_char_index(letter))
        assert box is not None
        mask = _mask(made, scale, theirs.shape, box[0] / 2 - face.glyph.bitmap_left, face.glyph.bitmap_top - box[3] / 2)
        assert abs(_area_mm2(made) * scale * scale / (theirs.sum(dtype=np.int64) / 255.0) - 1.0) < 0.003, letter
        # a pixel that an edge halves may go either way
        wrong = (mask & (theirs < 96)) | (~mask & (theirs > 160))
        assert wrong.sum() < 0.001 * mask.sum(), letter
