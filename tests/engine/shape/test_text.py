"""Outlines are simple, apart, rightly nested and on the lattice; all names of three scripts come out."""

from __future__ import annotations

import hashlib
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.doors import solid
from engine.errors import OrderError, Refused
from engine.model.outline import Outline
from engine.shape import characters, fonts, glyphs, text
from kernels import curves, outlines

FONT = "roboto-bold"
ARABIC, HEBREW = "noto-arabic:700", "noto-hebrew:700"
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


def _crossings(outline: Outline) -> int:
    """Pairs of segments that are no neighbours and share a point: every pair, in int64, without the kernel's bins."""
    a = outline.points.astype(np.int64)
    after = np.arange(1, len(a) + 1)
    after[outline.ends - 1] = np.r_[0, outline.ends[:-1]]
    b = a[after]

    def side(p: np.ndarray, q: np.ndarray, r: np.ndarray) -> np.ndarray:
        return np.sign((q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1]) - (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0]))

    i, j = np.triu_indices(len(a), 1)
    keep = (after[i] != j) & (after[j] != i)
    i, j = i[keep], j[keep]
    boxes = ((np.minimum(a[i], b[i]) <= np.maximum(a[j], b[j])) & (np.minimum(a[j], b[j]) <= np.maximum(a[i], b[i]))).all(
        axis=1
    )
    i, j = i[boxes], j[boxes]
    meets = (side(a[i], b[i], a[j]) * side(a[i], b[i], b[j]) <= 0) & (side(a[j], b[j], a[i]) * side(a[j], b[j], b[i]) <= 0)
    return int(meets.sum())


def _must_be_right(outline: Outline) -> None:
    """Simple, apart, tidy, and rightly nested: the nonzero union by manifold3d is the same region."""
    if not len(outline.ends):
        return
    assert _crossings(outline) == 0
    assert outlines.fault(outline.points, outline.ends) == outlines.CLEAN
    points, ends = outline.points.copy(), outline.ends.copy()
    assert outlines.clean(points, ends, 0.0) == len(outline.ends) and np.array_equal(ends, outline.ends)
    loops, loop_ends = solid.unite(outline.points, outline.ends)
    assert len(loop_ends) == len(outline.ends)
    twice = 0.0
    for loop in np.split(loops, loop_ends[:-1]):
        x, y = loop.T
        twice += float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
    assert outlines.area(outline.points, outline.ends) == pytest.approx(twice / 2.0, rel=1e-9)


ALPHABET = sorted(
    one
    for one in (chr(code) for code in fonts.load(FONT).shaper.face.unicodes)
    if characters.script(one) in ("", "Latn", "Grek", "Cyrl") and one.isprintable() and unicodedata.category(one)[0] in "LNPSM"
)


@settings(deadline=None, max_examples=120)
@given(
    st.text(st.sampled_from(ALPHABET), min_size=1, max_size=12),
    st.sampled_from(fonts.keys()),
    st.floats(0.1, 60.0),
    st.sampled_from([0.0, 90.0, 12.5, -33.3]),
)
def test_any_string_of_the_alphabet_is_right_or_refused_by_name(string: str, font: str, height: float, angle: float) -> None:
    try:
        made = text.outline(string, font=font, height=height, angle=angle)
    except OrderError as told:
        assert str(told.value).startswith("U+")
        return
    _must_be_right(made)


def test_every_character_of_the_font_is_right_or_refused() -> None:
    taken = 0
    for one in ALPHABET:
        try:
            made = text.outline(one, font=FONT, height=7.0)
        except OrderError:
            assert unicodedata.category(one)[0] == "M" or one == "\ufffc" or one == "\ufffd", one
            continue
        taken += 1
        assert outlines.fault(made.points, made.ends) == outlines.CLEAN and len(made.ends)
    assert taken > 2400


@pytest.mark.parametrize("string", STRINGS)
@pytest.mark.parametrize("font", FONTS)
def test_names_are_right(string: str, font: str) -> None:
    _must_be_right(text.outline(string, font=font, height=8.0, angle=7.0))


def test_two_thousand_names_come_out(shared_data: pathlib.Path) -> None:
    names = json.loads((shared_data / "names/faker_first_names_shared.json").read_text(encoding="utf-8"))
    ours = regex.compile(r"[\p{Latin}\p{Greek}\p{Cyrillic}\p{Common}\p{Inherited}]+")
    kept = sorted({name for locale in names.values() for name in locale if ours.fullmatch(name)})
    assert len(kept) > 20_000
    for name in random.Random(3).sample(kept, 2000):
        made = text.outline(name, font=FONT, height=9.0)
        assert len(made.ends) and outlines.fault(made.points, made.ends) == outlines.CLEAN
        width, height = text.size(name, font=FONT, height=9.0)
        x0, y0, x1, y1 = made.bounds
        # united letters may be drawn in by a hair
        assert x1 - x0 == pytest.approx(width, abs=4e-4) and y1 - y0 == pytest.approx(height, abs=4e-4)


def test_the_dot_of_the_i_is_a_loop_of_its_own() -> None:
    assert len(text.outline("i", font=FONT, height=9.0).ends) == 2
    assert len(text.outline("ı", font=FONT, height=9.0).ends) == 1
    assert len(text.outline("O", font=FONT, height=9.0).ends) == 2
    assert len(text.outline("8%", font=FONT, height=9.0).ends) == 8


def test_straight_strokes_have_no_point_between_their_corners() -> None:
    assert [len(text.outline(one, font=FONT, height=9.0).points) for one in "LTHEZ|"] == [6, 8, 12, 12, 10, 4]


def test_widths_add_up_with_kerning() -> None:
    """Pairs keep the advances of fontTools's hmtx table, less the kerning that the pair has."""
    from fontTools.ttLib import TTFont

    table = TTFont(_file(FONT))
    advance, name = table["hmtx"].metrics, table.getBestCmap()

    def pen(pair: str) -> float:
        return float(text.shape(pair, FONT).pens[-1, 0])

    assert pen("HH") == advance[name[ord("H")]][0]
    assert pen("HHH") == 2 * advance[name[ord("H")]][0]
    assert pen("H H") == advance[name[ord("H")]][0] + advance[name[ord(" ")]][0]
    assert pen("AV") < advance[name[ord("A")]][0] - 20
    assert pen("Γα") < advance[name[ord("Γ")]][0] - 20
    width = text.size("HHH", font=FONT, height=10.0)[0] - text.size("H", font=FONT, height=10.0)[0]
    assert width == pytest.approx(2 * advance[name[ord("H")]][0] / 1456 * 10.0)


def test_height_is_that_of_the_capitals_and_the_centre_is_theirs() -> None:
    x0, y0, x1, y1 = text.outline("H", font=FONT, height=10.0, at=(5.0, -2.0)).bounds
    assert (y0, y1) == (-7.0, 3.0) and x0 + x1 == pytest.approx(10.0, abs=1e-4)
    # what hangs below the line, or rises above the capitals, does not move the line
    low, high = text.outline("HgÉ", font=FONT, height=10.0).bounds[1::2]
    assert low < -6.0 and high > 6.0


@pytest.mark.parametrize(
    ("angle", "turned"), [(90.0, (0, -1, 1, 0)), (180.0, (-1, 0, 0, -1)), (-90.0, (0, 1, -1, 0)), (360.0, (1, 0, 0, 1))]
)
def test_right_angles_turn_exactly(angle: float, turned: tuple[int, int, int, int]) -> None:
    plain, made = (text.outline("H", font=FONT, height=10.0, angle=turn) for turn in (0.0, angle))
    a, b, c, d = turned
    expected = np.stack(
        [a * plain.points[:, 0] + b * plain.points[:, 1], c * plain.points[:, 0] + d * plain.points[:, 1]], axis=1
    )
    # a half step rounds up, whichever way it is turned
    assert np.abs(expected - made.points).max() <= 1


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(STRINGS), st.floats(-720.0, 720.0), st.floats(2.0, 30.0))
def test_turning_and_size_change_no_shape(string: str, angle: float, height: float) -> None:
    made = text.outline(string, font=FONT, height=height, at=(12.0, 34.0), angle=angle)
    plain = text.outline(string, font=FONT, height=height)
    assert _area_mm2(made) == pytest.approx(_area_mm2(plain), rel=1e-4)
    assert len(made.ends) == len(plain.ends)


@pytest.mark.parametrize("height", [1.0, 3.0, 10.0, 10.1, 37.0, 200.0])
def test_curves_keep_their_tolerance_at_every_height(height: float) -> None:
    """An O against the same 64 times as fine: the area between is at most the tolerance along its length."""
    fine = glyphs.glyph(FONT, int(fonts.load(FONT).shaper.get_nominal_glyph(ord("O"))), glyphs.level(height) + 6)
    mm = height / 1456 / 1024
    exact = outlines.area(fine.points, fine.ends) * mm * mm
    made = text.outline("O", font=FONT, height=height)
    loops = _loops(made)
    length = sum(float(np.hypot(*(loop - np.roll(loop, 1, axis=0)).T).sum()) for loop in loops) / 1e4
    assert abs(_area_mm2(made) - exact) < glyphs.FINE * length
    assert len(made.points) < 150 * math.sqrt(max(height, 10.0) / 10.0)


@pytest.mark.parametrize("font", FONTS)
def test_the_smallest_letters_lose_no_part(font: str) -> None:
    for string in STRINGS:
        small, plain = (text.outline(string, font=font, height=height, angle=20.0) for height in (text.SMALLEST_MM, 10.0))
        assert len(small.ends) == len(plain.ends)


def test_nothing_to_set_gives_no_loop() -> None:
    for blank in ("", "   ", "\u00a0", "\u2003"):
        made = text.outline(blank, font=FONT, height=9.0)
        assert made.points.shape == (0, 2) and made.ends.shape == (0,)
        assert text.size(blank, font=FONT, height=9.0) == (0.0, 0.0)
        assert text.extent(blank, font=FONT) == (0.0, 0.0, 0.0, 0.0)


def test_decomposed_and_composed_are_the_same() -> None:
    one, other = (text.outline(t, font=FONT, height=9.0) for t in ("Zoë Nguyễn", "Zoe\u0308 Nguye\u0302\u0303n "))
    assert np.array_equal(one.points, other.points)


def test_scripts_are_shaped_each_by_its_own_rules() -> None:
    """A line of two scripts holds the glyphs of its words set alone."""
    both = text.shape("AVA (Γα)", FONT).glyphs
    assert both[:3] == text.shape("AVA", FONT).glyphs
    runs = text._runs(string := "7 AV Γα я!", FONT)
    assert [(run.script, string[run.first : run.end]) for run in runs] == [("Latn", "7 AV "), ("Grek", "Γα "), ("Cyrl", "я!")]
    assert [run.script for run in text._runs("2024", FONT)] == ["Latn"]


@pytest.mark.parametrize(
    ("string", "pieces"),
    [
        (
            "Anna سارة 12 (x)",
            [("Anna ", FONT), ("12", ARABIC), ("سارة ", ARABIC), (" ", ARABIC), ("(", FONT), ("x)", FONT)],
        ),
        ("עדי & Tom", [("Tom", FONT), (" ", HEBREW), ("&", FONT), ("עדי ", HEBREW)]),
        ("Zoë 王🙂", [("Zoë ", FONT), ("王", "noto-cjk-bold"), ("🙂", "noto-emoji:700")]),
        ("אב (ab) גד", [("גד", HEBREW), (") ", FONT), ("ab", FONT), ("(", FONT), ("אב ", HEBREW)]),
    ],
)
def test_mixed_lines_stand_in_pieces_from_left_to_right(string: str, pieces: list[tuple[str, str]]) -> None:
    assert [(string[run.first : run.end], run.face) for run in text._runs(string, FONT)] == pieces


def test_pieces_are_as_they_are_alone_and_brackets_are_turned() -> None:
    """In a line from right to left an opening bracket is drawn as a closing one is from left to right."""
    line = text.shape("אב (גד)", FONT)
    assert len(line.faces) == 2
    latin = [glyph % glyphs.FACE for glyph in line.glyphs if line.faces[glyph // glyphs.FACE] == FONT]
    assert latin == list(text.shape("()", FONT).glyphs)
    alone = [tuple(glyph % glyphs.FACE for glyph in text.shape(word, FONT).glyphs) for word in ("גד", "אב")]
    assert tuple(glyph % glyphs.FACE for glyph in line.glyphs if line.faces[glyph // glyphs.FACE] != FONT) == sum(alone, ())


@pytest.mark.parametrize("sent", ["1\u0301", "-\u0301", "я\u0488", "Я\u0488V", "©\u0301"])
def test_a_mark_that_the_font_cannot_place_is_refused(sent: str) -> None:
    with pytest.raises(OrderError, match="no place for this mark") as told:
        text.outline(sent, font=FONT, height=9.0)
    assert told.value.value == characters.named(sent[1])


@pytest.mark.parametrize("height", [0.0, -1.0, 0.09, math.nan, math.inf, 1000.5])
def test_a_height_that_is_none_is_refused(height: float) -> None:
    with pytest.raises(OrderError, match="height"):
        text.outline("Zoë", font=FONT, height=height)


@pytest.mark.parametrize(
    ("at", "angle"),
    [((math.nan, 0.0), 0.0), ((0.0, math.inf), 0.0), ((0.0, 0.0), math.nan), ((1e300, 0.0), 0.0), ((0.0, 3e4), 0.0)],
)
def test_a_place_beyond_the_lattice_is_refused(at: tuple[float, float], angle: float) -> None:
    with pytest.raises(OrderError, match="at:"):
        text.outline("Zoë", font=FONT, height=9.0, at=at, angle=angle)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(STRINGS), st.floats(-180.0, 180.0), st.tuples(st.floats(5.0, 80.0), st.floats(5.0, 80.0)))
def test_the_highest_letters_just_fit(string: str, angle: float, room: tuple[float, float]) -> None:
    most = text.highest(string, font=FONT, room=room, angle=angle)
    x0, y0, x1, y1 = text.outline(string, font=FONT, height=most, angle=angle).bounds
    assert max(-x0, x1) <= room[0] / 2 + 2e-4 and max(-y0, y1) <= room[1] / 2 + 2e-4
    text.must_fit(string, font=FONT, height=most, room=room, angle=angle)
    with pytest.raises(Refused) as told:
        text.must_fit(string, font=FONT, height=most + 0.2, room=room, angle=angle)
    nearest = told.value.nearest
    assert isinstance(nearest, float) and most - 0.1 - 1e-6 <= nearest <= most + 1e-6


def test_upright_highest_letters_touch_the_room() -> None:
    most = text.highest("Zoë", font=FONT, room=(30.0, 500.0))
    assert text.size("Zoë", font=FONT, height=most)[0] == pytest.approx(30.0)
    with pytest.raises(Refused) as told:
        text.must_fit("Maximilian", font=FONT, height=9.0, room=(0.1, 0.1), field="letters")
    assert told.value.field == "letters" and told.value.nearest is None


@pytest.mark.parametrize("shift", [0, 100, 37])
def test_loops_that_touch_are_parted_or_joined(shift: int) -> None:
    """Squares at a corner, along a side, and overlapping: each comes out clean, with all the area but a hair."""
    square = np.array([[0, 0], [1000, 0], [1000, 1000], [0, 1000]], np.int32)
    for x, y, area in ((1000, 1000, 2e6), (1000, shift, 2e6), (500, shift, None)):
        points = np.concatenate([square, square + np.array([x, y], np.int32)])
        made = glyphs.united(points, np.array([4, 8], np.int32))
        assert made is not None and outlines.fault(*made) == outlines.CLEAN
        total = outlines.area(*made)
        overlap = 0 if area else (1000 - x) * (1000 - shift)
        assert total == pytest.approx(area or 2e6 - overlap, rel=0.02)


@pytest.mark.parametrize("letter", "ÇçşŢǪđɨҗҢȨ₣ﬀ")
def test_letters_drawn_in_overlapping_pieces_become_one(letter: str) -> None:
    """Roboto draws cedillas, bars and tails over their letters: taken as they are, their loops cross."""
    _must_be_right(text.outline(letter, font=FONT, height=9.0))


def test_the_font_does_draw_pieces_that_overlap() -> None:
    """Else the test above shows nothing: Ç with its pieces taken apart has more area than it has united."""
    drawn = glyphs._drawing(FONT, int(fonts.load(FONT).shaper.get_nominal_glyph(ord("Ç"))))
    chords = np.zeros(len(drawn.degrees), np.int32)
    points = np.zeros((curves.count(drawn.curves, drawn.degrees, 1.0, chords), 2), np.int32)
    ends = np.zeros(len(drawn.ends), np.int32)
    curves.flatten(drawn.curves, drawn.degrees, drawn.ends, chords, 1.0, points, ends)
    left = outlines.clean(points, ends, 0.0)
    assert outlines.fault(points[: ends[left - 1]].copy(), ends[:left].copy()) == outlines.TOUCHES


DIGEST = """
import hashlib
from engine.shape import text
digest = hashlib.sha256()
for string in {strings!r}:
    for angle in (0.0, 33.3):
        made = text.outline(string, font="roboto-bold", height=8.7, at=(1.25, -7.5), angle=angle)
        digest.update(made.points.tobytes() + made.ends.tobytes())
print(digest.hexdigest())
"""


def test_another_process_and_locale_give_the_same_bytes() -> None:
    digest = hashlib.sha256()
    for string in STRINGS:
        for angle in (0.0, 33.3):
            made = text.outline(string, font=FONT, height=8.7, at=(1.25, -7.5), angle=angle)
            digest.update(made.points.tobytes() + made.ends.tobytes())
    other = {
        "PYTHONHASHSEED": "7",
        "LC_ALL": "tr_TR.UTF-8",
        "TZ": "Asia/Tokyo",
        "OPENBLAS_CORETYPE": "Nehalem",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2",
    }
    ran = subprocess.run(
        [sys.executable, "-c", DIGEST.format(strings=STRINGS)],
        env={**os.environ, **other},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == digest.hexdigest()
