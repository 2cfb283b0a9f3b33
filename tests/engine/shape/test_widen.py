"""Widened letters pass the verdict on the solid, stay what they were where they were wide enough, and say how far they moved."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.doors import solid
from engine.model.outline import Outline
from engine.process.limits import load_process
from engine.shape import printable as shown
from engine.shape import text
from engine.shape.printable import MOST, least_height, printable, without_small_counters
from engine.shape.setting import Setting
from engine.shape.setting import outline as as_set
from engine.shape.strokes import Widths, thinnest
from engine.shape.widen import widened
from kernels import outlines
from tests.engine.shape.test_strokes import FONTS, NAMES, PROCESSES, told_of_the_solid

TPU = Widths(1.0, 0.4)


def _away(points: np.ndarray, outline: Outline) -> float:
    """The farthest of some points from the edges of an outline, in mm: every pair."""
    a = outline.points.astype(np.float64)
    after = np.arange(1, len(a) + 1)
    after[outline.ends - 1] = np.r_[0, outline.ends[:-1]]
    edge = a[after] - a
    seen = points[:, None].astype(np.float64) - a
    share = np.clip((seen * edge).sum(axis=2) / (edge**2).sum(axis=1), 0.0, 1.0)
    return float(np.sqrt(((seen - share[..., None] * edge) ** 2).sum(axis=2).min(axis=1)).max()) / 1e4


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(NAMES), st.sampled_from(FONTS), st.floats(3.0, 14.0), st.sampled_from(PROCESSES), st.booleans())
def test_what_is_widened_passes_the_verdict(name: str, font: str, height: float, key: str, raised: bool) -> None:
    process = load_process(key)
    widths = Widths.of(process, raised=raised)
    before = as_set(Setting(name, font, height))
    made = widened(before, widths, MOST * height)
    if made is None:
        return
    after = made.outline
    assert told_of_the_solid(after, process, raised=raised) is None
    assert outlines.fault(after.points, after.ends) == outlines.CLEAN and len(after.ends) == len(before.ends)
    assert made.largest_move <= MOST * height
    # both ways: nothing was added, and nothing lost, farther from where it was than is said
    assert _away(after.points, before) <= made.largest_move + 1e-4
    assert _away(before.points, after) <= made.largest_move + 1e-4
    assert (made.largest_move > 0.0) is not (after is before)


def test_only_what_is_thin_is_moved_and_just_enough() -> None:
    before = text.outline("Chlo", font="roboto-bold", height=9.0)
    made = widened(before, TPU, 1.0)
    assert made is not None and 0.05 < made.largest_move < 0.1
    loops = [np.split(o.points, o.ends[:-1]) for o in (before, made.outline)]
    same = [one.shape == other.shape and bool((one == other).all()) for one, other in zip(*loops, strict=True)]
    assert same == [True, False, True, True, True]  # h alone
    told = thinnest(made.outline, Widths(1.002, 0.0))
    assert told is not None and told.width >= 1.0  # and no wider than it must be


def test_a_space_that_is_too_narrow_is_opened_and_strokes_beside_it_stay_wide_enough() -> None:
    before = text.outline("tt", font="roboto-bold", height=9.0)
    told = thinnest(before, TPU)
    assert told is not None and not told.stroke
    made = widened(before, TPU, 1.0)
    assert made is not None and thinnest(made.outline, TPU) is None


@pytest.mark.parametrize(
    "name, font, height, most", (("Charlotte", "roboto-thin", 6.0, 0.36), ("hamann", "roboto-bold", 9.0, 0.05))
)
def test_what_would_move_too_far_is_not_found(name: str, font: str, height: float, most: float) -> None:
    assert widened(text.outline(name, font=font, height=height), TPU, most) is None


def test_the_height_that_would_do_does_and_the_one_below_does_not() -> None:
    setting = Setting("Charlotte", "roboto-regular", 4.0)
    assert printable(setting, TPU) is None
    least = least_height(setting, TPU)
    assert least is not None and least == pytest.approx(round(least, 1))
    assert printable(setting.of_height(least), TPU) is not None and printable(setting.of_height(least - 0.1), TPU) is None
    assert least_height(Setting("Charlotte", "roboto-thin", 4.0), Widths(50.0, 0.4)) is None


def test_letters_are_spaced_wider_where_widening_alone_finds_no_way() -> None:
    made = printable(Setting("Charlotte", "roboto-black", 3.9), Widths.of(load_process("mjf-pa12"), raised=False))
    assert made is not None and made.spaced in shown.SPACINGS[1:]


def _ring(outer: int, inner: int) -> Outline:
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.int32)
    return Outline(np.concatenate((square * outer, square[::-1] * inner)), np.array([4, 8], np.int32))


@pytest.mark.parametrize("half, filled", ((900, True), (1100, False)))
def test_a_counter_under_half_the_gap_is_filled_a_wider_one_opened(half: int, filled: bool) -> None:
    """The gap is 0.4 mm, the counter twice `half` wide."""
    before = _ring(20_000, half)
    made, count = without_small_counters(before, 0.4)
    assert (count == 1) is filled and len(made.ends) == (1 if filled else 2)
    wide = widened(made, TPU, 1.0)
    assert wide is not None and thinnest(wide.outline, TPU) is None
    if not filled:
        hole = wide.outline.points[4:]
        assert np.ptp(hole, axis=0).min() >= 4000


def test_a_counter_that_shows_is_left_as_it_is() -> None:
    before = _ring(20_000, 2000)
    assert without_small_counters(before, 0.4) == (before, 0)
    assert widened(before, TPU, 1.0).outline is before  # type: ignore[union-attr]


def test_the_door_is_not_opened_where_letters_are_wide_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solid, "unite", None)
    before = as_set(Setting("Zoë", "roboto-bold", 9.0))
    made = shown.printable.__wrapped__(Setting("Zoë", "roboto-bold", 9.0), TPU)
    assert made is not None and made.outline is before and made.largest_move == 0.0
