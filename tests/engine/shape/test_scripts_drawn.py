"""Names in every script are what an independent renderer draws: Pillow, with its own Raqm (bidirectional runs), HarfBuzz and FreeType."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont, features

from engine.errors import OrderError
from engine.shape import fonts, text
from kernels import outlines

FONT = "roboto-bold"
NAMES = {
    "Arabic": ["سارة محمد", "بدرالدّجى", "عبدالله", "پژمان", "علی\u200cرضا", "محمد ٢٠٢٤", "لالا"],
    "Hebrew": ["דניאל", "שָׁלוֹם", "רחל אם"],
    "Devanagari": ["अनुष्का", "श्री", "गोविंदा", "पूर्णिमा", "ज्योत्स्ना"],
    "Bengali": ["পূজা", "শ্রেয়া"],
    "Gurmukhi": ["ਜਸਪ੍ਰੀਤ", "ਕਿਰਨਦੀਪ"],
    "Gujarati": ["કૃષ્ણ", "જ્યોતિ"],
    "Oriya": ["ଜ୍ୟୋତ୍ସ୍ନା"],
    "Tamil": ["ஸ்ரீதர்", "கொற்கை"],
    "Telugu": ["శ్రీనివాస్"],
    "Kannada": ["ಶ್ರೀಕೃಷ್ಣ"],
    "Malayalam": ["ശ്രീലക്ഷ്മി"],
    "Sinhala": ["ශ්\u200dරී", "ක්\u200dරිශාන්"],
    "Thai": ["สุนทรภู่", "ก็นี้", "ปิ่นกุ้น"],
    "Lao": ["ສົມສີ່"],
    "Khmer": ["ភូមិ", "ស្រីមុំ"],
    "Myanmar": ["မြွှော့", "အောင်"],
    "Ethiopic": ["ሰላም"],
    "Armenian": ["Արմեն", "Սահակյան"],
    "Georgian": ["ნინო", "ᲥᲔᲗᲔᲕᲐᲜ"],
    "Han": ["王小明", "高橋", "葛\U000e0100"],
    "Japanese": ["さくら", "ケンジ", "山田はな子"],
    "Hangul": ["김서연", "\u1100\u1161\u11a8"],
    "Syriac": ["ܡܪܝܡ"],
    "Thaana": ["މުހައްމަދު"],
    "Tibetan": ["བསྟན་འཛིན", "རྒྱལ"],
    "Cherokee": ["ᏣᎳᎩ"],
    "Tifinagh": ["ⵜⵉⵣⵉⵔⵉ"],
    "N'Ko": ["ߒߞߏ"],
    "Canadian": ["ᐃᓄᒃ"],
    "emoji": ["🙂", "👩\u200d👩\u200d👧", "🇫🇷", "❤\ufe0f", "👍🏽"],
}


def filled(loops: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """Pixels whose centre lies inside (even-odd, a row at a time) loops in pixels, y downwards."""
    ax, ay = np.concatenate(loops).T
    bx, by = np.concatenate([np.roll(loop, -1, axis=0) for loop in loops]).T
    mask = np.zeros(shape, bool)
    for row in range(max(int(ay.min()), 0), min(int(ay.max()) + 1, shape[0])):
        y = row + 0.5
        hit = (ay <= y) != (by <= y)
        at = np.sort(ax[hit] + (y - ay[hit]) / (by[hit] - ay[hit]) * (bx[hit] - ax[hit]))
        for left, right in np.ceil(at.reshape(-1, 2) - 0.5).astype(int):
            mask[row, max(left, 0) : max(right, 0)] = True
    return mask


@functools.cache
def theirs(face: str) -> tuple[ImageFont.FreeTypeFont, int]:
    """Pillow's font of a face, one pixel a unit of the font's file: nothing that it rounds to pixels moves; and that size."""
    loaded = fonts.load(face)
    file = fonts.path(loaded.info)
    size = loaded.shaper.face.upem
    drawn = ImageFont.truetype(str(file), size, index=loaded.info.face, layout_engine=ImageFont.Layout.RAQM)
    if loaded.info.weights[0] < loaded.info.weights[1]:
        drawn.set_variation_by_axes([loaded.weight])
    return drawn, size


def overlap(name: str, drawn_too: str | None = None) -> float:
    """Intersection over union of our letters and theirs, laid out from one pen on one line; of `drawn_too` as they draw it,
    where that is given."""
    shaped = text.shape(name, FONT)
    (face,) = shaped.faces
    font, size = theirs(face)
    image = Image.new("L", (size * (len(name) + 3), 3 * size))
    language = text._language(name)
    ImageDraw.Draw(image).text((size, 2 * size), drawn_too or name, font=font, fill=255, anchor="ls", language=language)
    other = np.asarray(image) >= 128
    made = text.outline(name, font=FONT, height=40.0)
    unit = 40.0 / fonts.load(FONT).cap_height
    pen = np.array([made.bounds[0] - shaped.box[0] * unit, -20.0])
    loops = np.split((made.points / 1e4 - pen) / unit * size / fonts.EM * [1, -1] + [size, 2 * size], made.ends[:-1])
    one = filled(loops, other.shape)
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("script", NAMES)
def test_names_are_what_another_renderer_draws(script: str) -> None:
    assert features.check("raqm") and features.check("fribidi")
    for name in NAMES[script]:
        assert overlap(name) >= 0.995, ascii(name)


EVERY = [name for names in NAMES.values() for name in names] + ["Zoë", "Ελένη", "7", "(", ") ", "-", "★", "& "]


@settings(deadline=None, max_examples=120)
@given(st.lists(st.sampled_from(EVERY), min_size=1, max_size=4), st.sampled_from(["roboto-thin", FONT, "noto-hebrew:700"]))
def test_any_scripts_on_one_line_are_clean_outlines(words: list[str], font: str) -> None:
    made = text.outline(" ".join(words), font=font, height=7.0, angle=11.0)
    assert len(made.ends) and outlines.fault(made.points, made.ends) == outlines.CLEAN
    assert made.bounds[2] - made.bounds[0] > 0.5


@pytest.mark.parametrize("key", [row.key for row in fonts.available() if row.module != "font_roboto"])
def test_every_character_of_a_font_is_a_clean_outline_or_refused(key: str) -> None:
    """By a stride in Han; alone as it stands, so marks are refused. Nothing is ever our own fault."""
    found = sorted(fonts.load(key).shaper.face.unicodes)
    found = found[:: max(1, len(found) // 1500)]
    taken = 0
    for code in found:
        try:
            made = text.outline(chr(code), font=FONT, height=7.0)
        except OrderError as told:
            assert str(told.value).startswith("U+")
            continue
        taken += 1
        assert len(made.ends) == 0 or outlines.fault(made.points, made.ends) == outlines.CLEAN, hex(code)
    assert taken > len(found) // 5


def test_what_is_reversed_or_unjoined_or_out_of_order_is_seen() -> None:
    assert overlap("محمد") >= 0.995
    assert overlap("محمد", "محمد"[::-1]) < 0.9
    assert overlap("محمد", "\u200c".join("محمد")) < 0.9
    assert overlap("רחל אם", "אם רחל") < 0.9 and overlap("श्री", "श\u094d\u200cरी") < 0.9
