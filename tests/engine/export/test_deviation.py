"""The deviation map says by its pixels what the distances are: where, how far, and whether they pass."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.export.canvas import BOLD, Canvas
from engine.export.deviation import HEIGHT, WIDTH, colours, deviation_png, on_grid
from engine.model.deviation import Compared, Deviation, DeviationLimits, deviation
from engine.model.foot import Side
from engine.model.grid import Grid

GOOD = Deviation(-0.4, 0.1, 0.5, -0.6, 0.9)
BAD = Deviation(-0.4, 0.1, 1.5, -0.6, 2.9)
RED, BLUE = (120, 8, 24), (10, 38, 96)
PASS, FAIL, UNKNOWN = (20, 110, 96), (178, 24, 24), (196, 196, 200)


def plate(side: Side = "left", figures: Deviation = GOOD, **patches: tuple[slice, slice]) -> Compared:
    """A flat sole 260 x 90 without deviation, but for patches with too much, too little, or nothing known."""
    z = np.zeros((131, 46))
    for name, where in patches.items():
        z[where] = {"more": 3.0, "less": -3.0, "unknown": math.nan}[name]
    return on_grid(side, Grid(z, (0.0, -45.0), 2.0), figures, Grid(np.full(z.shape, 5.0), (0.0, -45.0), 2.0))


def pixels(data: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    picture = Image.open(io.BytesIO(data))
    assert picture.size == (WIDTH, HEIGHT) and picture.mode == "RGB"
    return np.asarray(picture)


def place(picture: np.ndarray[Any, Any], colour: tuple[int, int, int], near: int = 12) -> tuple[float, float, int]:
    """Middle (x, y) and count of the pixels of nearly that colour left of the scale."""
    field = picture[110:750, :960].astype(int)
    i, j = np.nonzero((np.abs(field - colour) <= near).all(axis=2))
    return float(j.mean()), float(i.mean()) + 110, len(i)


def inks(picture: np.ndarray[Any, Any], colour: tuple[int, int, int]) -> int:
    return int((picture[760:] == colour).all(axis=2).sum())


TOES, MEDIAL, LATERAL, HEEL = slice(100, 125), slice(33, 42), slice(4, 13), slice(5, 30)


@pytest.mark.parametrize(("side", "x"), [("left", 1), ("right", -1)])
def test_toes_are_up_and_the_medial_side_is_inside(side: Side, x: int) -> None:
    picture = pixels(deviation_png([plate(side, more=(TOES, MEDIAL), less=(HEEL, LATERAL))], title="Insole"))
    toe, heel = place(picture, RED), place(picture, BLUE)
    assert x * (toe[0] - 504) > 30 and x * (heel[0] - 504) < -30, "the left foot's big toe is to the right"
    assert toe[1] < 350 and heel[1] > 550
    scale = 600 / 260
    for found, (rows, columns) in ((toe, (TOES, MEDIAL)), (heel, (HEEL, LATERAL))):
        area = 4 * (rows.stop - rows.start) * (columns.stop - columns.start) * scale**2
        assert found[2] == pytest.approx(area, rel=0.15)


def test_a_pair_stands_as_its_wearer_sees_it() -> None:
    pair = [plate("right", more=(TOES, MEDIAL)), plate("left", less=(TOES, MEDIAL))]
    picture = pixels(deviation_png(pair, title="Insoles"))
    red, blue = place(picture, RED), place(picture, BLUE)
    assert blue[0] < 504 < red[0], "left is left, whichever came first"
    assert red[0] < 732 and blue[0] > 276, "both big toes towards the middle"


def test_the_same_surfaces_give_the_same_bytes() -> None:
    def again() -> bytes:
        return deviation_png([plate(more=(TOES, MEDIAL)), plate("right")], title="Insole", subtitle="order 7")

    assert again() == again()
    assert again() != deviation_png([plate(less=(TOES, MEDIAL)), plate("right")], title="Insole", subtitle="order 7")


def test_the_verdict_is_said_in_its_colour() -> None:
    good, bad = (pixels(deviation_png([plate(figures=f)], title="Insole")) for f in (GOOD, BAD))
    assert inks(good, PASS) > 30 and not inks(good, FAIL)
    assert inks(bad, FAIL) > 30 and not inks(bad, PASS)
    mixed = pixels(deviation_png([plate(figures=GOOD), plate("right", BAD)], title="Insole"))
    assert inks(mixed[:, :504], PASS) > 30 and inks(mixed[:, 504:], FAIL) > 30


def test_what_was_not_compared_is_grey_and_the_legend_says_so() -> None:
    whole = plate()
    values = whole.values.copy()
    values[whole.points[:, 0] > 200.0] = math.nan
    some = pixels(deviation_png([replace(whole, values=values)], title="Insole"))
    all_of_it = pixels(deviation_png([whole], title="Insole"))
    assert place(some, UNKNOWN, 25)[2] > 15_000
    legend = np.s_[772:790, 1034:1060]
    assert (some[legend] == UNKNOWN).all() and (all_of_it[legend] == 255).all()


def test_a_grid_s_unknown_cells_are_no_surface() -> None:
    assert len(plate(unknown=(slice(0, 65), slice(0, 46))).faces) == 2 * 65 * 45


def test_faces_may_look_either_way() -> None:
    one = plate(more=(TOES, MEDIAL))
    other = replace(one, faces=np.ascontiguousarray(one.faces[:, ::-1]))
    assert deviation_png([one], title="Insole") == deviation_png([other], title="Insole")


def test_colours_step_at_the_limits_and_end_at_twice_as_much() -> None:
    limits = DeviationLimits(-1.0, 0.5, 0.3)
    made = colours(np.array((0.0, 0.499, 0.501, 1.0, 9.0, -0.999, -1.001, -2.0, -9.0)), limits)
    assert made[0] == pytest.approx((238, 242, 238))
    assert made[1] == pytest.approx((242, 207, 150), abs=1) and made[2] == pytest.approx((246, 150, 80), abs=1)
    assert made[3] == pytest.approx(RED) and made[4] == pytest.approx(RED)
    assert made[5] == pytest.approx((140, 199, 190), abs=1) and made[6] == pytest.approx((96, 160, 214), abs=1)
    assert made[7] == pytest.approx(BLUE) and made[8] == pytest.approx(BLUE)


def test_the_scale_shows_those_colours_and_marks_both_limits() -> None:
    wide = Deviation(-0.4, 0.1, 0.5, -0.6, 0.9, DeviationLimits(-2.0, 2.0, 0.3))
    for figures in (GOOD, wide):
        picture = pixels(deviation_png([plate(figures=figures)], title="Insole"))
        bar = picture[196:740, 1040]
        dark = np.nonzero((bar == (32, 32, 36)).all(axis=1))[0] + 196
        assert dark.tolist() == [331, 332, 603, 604], "a quarter from either end, whatever the limits"
        assert np.abs(bar[0].astype(int) - RED).max() < 3 and np.abs(bar[-1].astype(int) - BLUE).max() < 3
    assert not np.array_equal(pixels(deviation_png([plate()], title="Insole"))[196:740, 1066:], picture[196:740, 1066:]), (
        "their figures stand beside it"
    )


def test_french_is_another_picture() -> None:
    assert deviation_png([plate()], title="Semelle", language="fr") != deviation_png([plate()], title="Semelle")


def test_a_real_surface_s_own_figures() -> None:
    z = np.where(np.arange(46) < 23, -0.5, 0.5) * np.ones((131, 1))
    surface = on_grid("left", Grid(z, (0.0, -45.0), 2.0), deviation(z))
    assert surface.figures.within
    picture = pixels(deviation_png([surface], title="Insole"))
    teal, sand = picture[430, 440], picture[430, 570]
    assert teal[1] > teal[0] and sand[0] > sand[2], "a gap to the left, and it presses in to the right"


@pytest.mark.parametrize("count", [0, 3])
def test_one_or_two(count: int) -> None:
    with pytest.raises(ValueError, match="one or two surfaces with faces"):
        deviation_png([plate()] * count, title="Insole")


def test_nothing_to_draw() -> None:
    empty = plate()
    with pytest.raises(ValueError, match="one or two surfaces with faces"):
        deviation_png([replace(empty, faces=empty.faces[:0])], title="Insole")


@pytest.mark.parametrize("anchor", ["left", "centre", "right"])
def test_text_stands_by_its_anchor(anchor: Any) -> None:
    sheet = Canvas(220, 60)
    width = sheet.text("HIH", 100, 30, 20, (0, 0, 0), BOLD, anchor)
    rows, columns = np.nonzero((sheet.pixels < 128).all(axis=2))
    start = {"left": 100.0, "centre": 100 - width / 2, "right": 100 - width}[anchor]
    assert columns.min() == pytest.approx(start, abs=1.0) and columns.max() == pytest.approx(start + width, abs=1.5)
    assert (rows.min(), rows.max()) == pytest.approx((20, 39), abs=1)
    assert len(np.unique(sheet.pixels[..., 0])) > 3, "edges are soft"


def test_what_runs_over_the_sheet_is_lost() -> None:
    sheet = Canvas(40, 20)
    for x, y in ((-10, 10), (38, 10), (20, -2), (20, 21), (500, 500), (-500, -500)):
        sheet.text("WIDE", x, y, 9, (0, 0, 0))
    sheet.bar(-5, -5, 3, 3, (1, 2, 3))
    assert (sheet.pixels[:3, :3] == (1, 2, 3)).all() and sheet.pixels.shape == (20, 40, 3)
