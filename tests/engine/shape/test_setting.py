"""Lines, spacing, arcs, mirrored text and monograms: where the ink lies, that it is clean, and every refusal by name."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.errors import OrderError, Refused
from engine.language.values import Solid, Text
from engine.model.outline import Outline
from engine.process.limits import load_process
from engine.shape import setting, text
from engine.shape.setting import LEAST_SHRINK, Setting, outline, weighted
from engine.shape.strokes import Widths, thinnest
from kernels import arc, outlines
from tests.engine.shape.test_strokes import plate

FONT = "roboto-bold"


def _set(value: str, height: float = 9.0, **how: object) -> Outline:
    made = outline(Setting(value, FONT, height, **how))  # type: ignore[arg-type]
    assert outlines.fault(made.points, made.ends) == outlines.CLEAN
    return made


def _wide(made: Outline) -> float:
    return made.bounds[2] - made.bounds[0]


def _refused(value: str, error: type[OrderError] = OrderError, **how: object) -> OrderError:
    with pytest.raises(error) as caught:
        outline(Setting(value, FONT, how.pop("height", 9.0), **how))  # type: ignore[arg-type]
    return caught.value


def _area(made: Outline) -> float:
    return outlines.area(made.points, made.ends) / 1e8


def test_a_plain_line_is_the_text_itself() -> None:
    at, angle = (3.0, -2.0), 17.0
    made, same = _set("Zoë", at=at, angle=angle), text.outline("Zoë", font=FONT, height=9.0, at=at, angle=angle)
    assert np.array_equal(made.points, same.points) and np.array_equal(made.ends, same.ends)


def test_kerning_can_be_left_out() -> None:
    assert _wide(_set("AVATAR", kerning=False)) > _wide(_set("AVATAR")) + 1.0
    assert _wide(_set("HHH", kerning=False)) == _wide(_set("HHH"))


def test_spacing_is_added_between_letters_and_none_before_marks() -> None:
    for word, letters in (("HHH", 3), ("Zoë", 3), ("x\u0301x\u0301", 2)):
        assert _wide(_set(word, spacing=0.2)) - _wide(_set(word)) == pytest.approx((letters - 1) * 0.2 * 9.0, abs=0.01)
    # a ligature would be one letter
    assert len(_set("fi", spacing=0.01).ends) >= len(_set("fi").ends)


def test_joined_letters_are_not_spaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setting, "JOINED", frozenset({"Cyrl"}))
    told = _refused("ab Жж", spacing=0.1)
    assert told.field == "spacing" and told.why == "joined letters cannot be spaced" and "CYRILLIC" in str(told.value)
    _set("ab", spacing=0.1)


@pytest.mark.parametrize("align, side", (("left", 0), ("right", 2)))
def test_lines_are_aligned(align: str, side: int) -> None:
    lines = ("Anna", "Maximilian", "B")
    made = _set("/".join(lines), break_at="/", align=align, line_spacing=2.0)
    middle = _set("/".join(lines), break_at="/", line_spacing=2.0)
    widest = made.bounds
    for row, line in enumerate(lines):
        alone = text.outline(line, font=FONT, height=9.0)
        low, high = (1 - row) * 18.0 - 8.0, (1 - row) * 18.0 + 8.0
        inside = [(made, side), (middle, None)]
        for block, edge in inside:
            ys = block.points[:, 1] / 1e4
            xs = block.points[(ys > low) & (ys < high), 0] / 1e4
            assert np.ptp(xs) == pytest.approx(_wide(alone), abs=1e-3)
            if edge is None:
                assert xs.min() + xs.max() == pytest.approx(0.0, abs=1e-3)
            else:
                assert (xs.min() if side == 0 else xs.max()) == pytest.approx(widest[side], abs=1e-3)


def test_lines_that_meet_are_refused_with_the_spacing_that_would_do() -> None:
    told = _refused("gjp/ÂÊÔ", Refused, break_at="/", line_spacing=1.2)
    assert told.rule == "lines-apart"
    least = float(str(told.nearest).split()[-1])
    _set("gjp/ÂÊÔ", break_at="/", line_spacing=least)
    # where tails and accents pass each other, lines may be nearer than that
    _set("nnn/aaa", break_at="/", line_spacing=1.1)


@pytest.mark.parametrize("radius", (18.0, -16.0, 60.0))
def test_an_arc_keeps_widths_on_its_middle_line_and_distances_from_its_centre(radius: float) -> None:
    flat, made = _set("Hamburg"), _set("Hamburg", radius=radius)
    x, y = (made.points / 1e4).T
    away = np.hypot(x, y + radius) * math.copysign(1.0, radius) - radius
    assert (away.min(), away.max()) == pytest.approx((flat.bounds[1], flat.bounds[3]), abs=1e-3)
    turn = np.arctan2(x * math.copysign(1.0, radius), (y + radius) * math.copysign(1.0, radius)) * radius
    assert sorted((turn.min(), turn.max())) == pytest.approx([flat.bounds[0], flat.bounds[2]], abs=1e-3)
    # a strip at height y grows by (radius + y) / radius
    low, high = -4.5, 4.5
    assert _area(_set("III", radius=radius)) / _area(_set("III")) == pytest.approx(1.0 + (low + high) / 2 / radius, abs=2e-3)


def test_edges_follow_the_circle() -> None:
    """A line far along: its pieces leave the circle by no more than FINE."""
    line = np.array([(-200_000, -5000), (200_000, -5000), (200_000, 5000), (-200_000, 5000)], np.int32)
    ends, chord = np.array([4], np.int32), 100.0
    made = np.empty((arc.count(line, ends, 150_000.0, chord), 2), np.int32)
    arc.bend(line, ends, 150_000.0, chord, made, np.empty(1, np.int32))
    half = (made + np.roll(made, -1, axis=0)) / 2.0
    away = np.abs(np.hypot(half[:, 0], half[:, 1] + 150_000.0) - 150_000.0)
    ends_of_it = np.hypot(half[:, 0], half[:, 1] + 150_000.0) - 150_000.0
    assert away.max() <= 5000.0 + chord + 1.0 and 40 < len(made) < 400
    assert (np.abs(ends_of_it) >= 5000.0 - chord - 1.0).sum() >= len(made) - 2  # all but the two upright ends


@pytest.mark.parametrize("radius", (5.0, -3.0))
def test_a_path_that_is_too_tight_is_refused_with_the_least_radius(radius: float) -> None:
    told = _refused("Charlotte", Refused, radius=radius)
    assert told.rule == "path-too-tight" and told.why == "the path is too tight for the text"
    least = float(str(told.nearest).split()[1])
    _set("Charlotte", radius=math.copysign(least, radius))
    _refused("Charlotte", Refused, radius=math.copysign(least - 0.2, radius))
    short = _refused("I", Refused, radius=2.0)
    assert float(str(short.nearest).split()[1]) == pytest.approx(4.5 / (1.0 - LEAST_SHRINK), abs=0.11)


def test_mirrored_text_is_the_text_seen_from_behind() -> None:
    made, seen = _set("Zoë", mirrored=True, at=(5.0, 1.0)), _set("Zoë", at=(-5.0, 1.0))
    assert sorted(map(tuple, (made.points * np.array([-1, 1])).tolist())) == sorted(map(tuple, seen.points.tolist()))
    assert _area(made) == pytest.approx(_area(seen))


@pytest.mark.parametrize("frame", ("circle", "square", "diamond"))
@pytest.mark.parametrize("initials", ("A", "JK", "J É K", "gWj", "ЖЩЮ"))
def test_a_monogram_fits_its_frame_and_the_middle_one_is_larger(frame: str, initials: str) -> None:
    made = _set(initials, 24.0, frame=frame)
    assert made.bounds == pytest.approx((-12.0, -12.0, 12.0, 12.0), abs=1e-3)
    loops = np.split(made.points / 1e4, made.ends[:-1])
    norm = {
        "circle": lambda p: np.hypot(*p.T),
        "square": lambda p: np.abs(p).max(axis=1),
        "diamond": lambda p: np.abs(p).sum(axis=1),
    }[frame]
    inner, ink = norm(loops[1]).min(), max(norm(loop).max() for loop in loops[2:])
    assert 0.4 < inner - ink < 3.0
    if initials == "JK":
        assert abs(made.points[made.ends[1] :, 0].min() + made.points[made.ends[1] :, 0].max()) <= 2


def test_the_middle_initial_of_three_is_larger() -> None:
    made = _set("HHH", 24.0, frame="circle")
    highs = sorted((np.ptp(loop[:, 1]), loop[:, 0].mean()) for loop in np.split(made.points, made.ends[:-1])[2:])
    assert highs[2][0] / highs[0][0] == pytest.approx(1 / 0.7, rel=1e-3) and abs(highs[2][1]) < 100


@pytest.mark.parametrize(
    "value, how, field",
    (
        ("ABCD", {"frame": "circle", "height": 20.0}, "text"),
        (" ", {"frame": "circle", "height": 20.0}, "text"),
        ("A", {"frame": "heart", "height": 20.0}, "frame"),
        ("A", {"frame": "circle", "height": 1.0}, "height"),
        ("A/B", {"break_at": "/", "at": (math.nan, 0.0)}, "at"),
        ("A/B", {"break_at": "/", "at": (1e9, 0.0)}, "at"),
    ),
)
def test_what_cannot_be_set_is_named(value: str, how: dict[str, object], field: str) -> None:
    assert _refused(value, **how).field == field


def test_a_weight_is_a_font_of_the_family() -> None:
    assert (
        weighted("roboto-regular", "bold") == "roboto-bold" and weighted("roboto-bold-italic", "light") == "roboto-light-italic"
    )
    with pytest.raises(OrderError) as caught:
        weighted("roboto-regular", "heavy")
    assert caught.value.field == "weight" and "medium" in str(caught.value.limit)


def test_a_text_is_set_by_its_arguments_and_made_printable_by_the_process() -> None:
    fonts: list[str] = []
    name = Text("Charlotte", "parameters.name", fonts.append)
    letters = name.outlines(height=9.0, weight="bold", font="roboto-thin", radius=30.0)
    assert fonts == ["font.roboto-bold"] and letters.height == 9.0
    process = load_process("fdm-tpu")
    shown = letters.printable(process, "engraved")
    assert 0.0 < shown.largest_move < 0.2 and shown.setting is letters.setting
    assert letters.least_height(process) == 9.0
    # larger letters are shown again, as they then need
    assert shown.at_height(30.0).largest_move == 0.0 and shown.at_height(30.0).setting.radius == pytest.approx(100.0)
    with pytest.raises(Refused) as caught:
        name.outlines(height=4.0).printable(process, "embossed")
    least = float(str(caught.value.nearest).split()[1])
    assert (caught.value.field, caught.value.rule) == ("parameters.name", "thin-letter")
    assert name.outlines(height=least).printable(process, "embossed").largest_move > 0.0
    assert name.outlines(height=4.0).least_height(process, "embossed") == least
    with pytest.raises(ValueError, match="not 'etched'"):
        letters.printable(process, "etched")  # type: ignore[arg-type]
    framed = Text("AB", "parameters.name", fonts.append).monogram(height=40.0, frame="diamond")
    assert framed.printable(process).outline.bounds[3] == pytest.approx(20.0, abs=0.3)


def test_what_is_narrowed_on_the_far_side_is_made_wide_enough_for_it() -> None:
    process, name = load_process("fdm-pla"), Text("Bo", "parameters.name", lambda _: None)
    letters = name.outlines(height=12.0)
    flat, round_one = letters.printable(process, "cut"), letters.printable(process, "cut", 0.8)
    gap, wall = process.limits["gap"].value, process.limits["wall"].value
    assert flat.bridges == round_one.bridges == 6
    assert thinnest(flat.outline, Widths(gap, wall)) is None and thinnest(flat.outline, Widths(gap, wall / 0.8)) is not None
    assert thinnest(round_one.outline, Widths(gap / 0.8, wall / 0.8)) is None
    low = name.outlines(height=4.0)
    assert low.least_height(process, "cut") < low.least_height(process, "cut", 0.5)  # type: ignore[operator]
    for how, width in (("engraved", process.engrave_width), ("embossed", process.emboss_width)):
        wide = Widths(width / 0.8, process.gap / 0.8)
        plain, round_one = (low.at_height(6.5).printable(process, how, share) for share in (1.0, 0.8))  # type: ignore[arg-type]
        assert thinnest(plain.outline, wide) is not None and thinnest(round_one.outline, wide) is None
    for how, narrowed in (("cut", 0.0), ("cut", 1.1), ("engraved", -0.1)):
        with pytest.raises(ValueError, match="narrowed to a share of 0 to 1"):
            letters.printable(process, how, narrowed)  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "nearest"), (("Charlotte", "height 6"), ("Charlotte Amalie", "another place")))
def test_letters_that_leave_their_patch_are_told_a_height_that_fits_and_shows(value: str, nearest: str) -> None:
    """A plate of 40 by 8 mm."""
    solid, process = Solid(*plate((0, 16, 0, -16))), load_process("fdm-tpu")
    name = Text(value, "parameters.name", lambda _: None)
    with pytest.raises(Refused) as caught:
        solid.engrave(name.outlines(height=9.0).printable(process), on="top", depth=0.6)
    assert caught.value.rule == "text-on-patch" and str(caught.value.nearest).startswith(nearest)
    if nearest != "another place":
        height = float(str(caught.value.nearest).split()[1])
        solid.engrave(name.outlines(height=height).printable(process), on="top", depth=0.6)
