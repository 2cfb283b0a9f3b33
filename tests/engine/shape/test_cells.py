"""Patterns of cells: whole, apart by their bars, clear of what is to stay, and there where there is room."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from engine.model.outline import Outline
from engine.model.rounded import Rounded
from engine.shape.cells import cells
from kernels.loops import twice_areas
from kernels.triangulate import triangles_of

KINDS = ("hexagon", "stripes", "waves")
BACK = Rounded(0.0, 0.0, 70.0, 140.0, 10.0)
CAMERA = Rounded(20.0, 50.0, 26.0, 32.0, 8.0)
PANEL = Rounded(0.0, -20.0, 200.0, 18.0, 0.0, (math.sqrt(0.75), 0.5))


def loops(drawn: Outline) -> list[np.ndarray]:
    return np.split(drawn.points / 10_000, drawn.ends[:-1])


def dense(loop: np.ndarray, spacing: float = 0.1) -> np.ndarray:
    """Places along a closed line."""
    made = []
    for a, b in zip(loop, np.roll(loop, -1, axis=0), strict=True):
        parts = max(1, math.ceil(float(np.hypot(*(b - a))) / spacing))
        made.append(a + (b - a) * np.arange(parts)[:, None] / parts)
    return np.concatenate(made)


def nearest(drawn: Outline) -> float:
    """The least distance between two cells, from places along them."""
    every = [dense(loop) for loop in loops(drawn)]
    trees = [cKDTree(places) for places in every]
    boxes = [(e.min(axis=0), e.max(axis=0)) for e in every]
    best = math.inf
    for k in range(len(every)):
        for j in range(k):
            if (boxes[j][0] - boxes[k][1] < 6.0).all() and (boxes[k][0] - boxes[j][1] < 6.0).all():
                best = min(best, float(trees[k].query(every[j])[0].min()))
    return best


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("cell", "bar"), [(3.0, 1.2), (7.0, 2.0), (12.0, 4.0)])
def test_bars_stand_between_cells_that_are_as_wide_as_asked(kind: str, cell: float, bar: float) -> None:
    drawn = cells(kind, BACK, [CAMERA, PANEL], cell, bar)
    assert triangles_of(drawn.points, drawn.ends)[0] > 0, "they do not meet, and run the right way round"
    told = np.empty(len(drawn.ends), np.int64)
    twice_areas(drawn.points, drawn.ends, told)
    assert (told > 0).all()
    apart = nearest(drawn)
    assert bar - 0.03 <= apart <= 1.25 * bar + 0.05
    least = {"hexagon": math.sqrt(0.75) * cell**2, "stripes": cell**2, "waves": cell**2}[kind]
    assert told.min() / 2e8 >= least * 0.99
    assert told.sum() / 2e8 >= 0.22 * (70 * 140 - 26 * 32 - 70 * 20), "the back is laid with them"


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.floats(2.0, 14.0),
    st.floats(1.0, 5.0),
    st.tuples(*[st.floats(-30, 30)] * 2, *[st.floats(1, 60)] * 2, st.floats(0, 1), st.floats(0, 6.28)),
)
def test_they_keep_clear_of_what_is_to_stay(kind: str, cell: float, bar: float, at: tuple[float, ...]) -> None:
    x, y, w, h, share, turn = at
    obstacle = Rounded(x, y, w, h, share * min(w, h) / 2, (math.cos(turn), math.sin(turn)))
    drawn = cells(kind, BACK, [obstacle], cell, bar)
    for px, py in (drawn.points / 10_000).tolist():
        assert BACK.distance(px, py) <= 0.03
        assert obstacle.distance(px, py) >= -0.03
    for loop in loops(drawn):
        middle = loop.mean(axis=0)
        assert kind != "hexagon" or obstacle.distance(*middle) >= 0.0


def test_a_small_thing_in_the_middle_of_a_cell_is_seen() -> None:
    whole, holed = (cells("hexagon", BACK, clear, 10.0, 2.0) for clear in ([], [Rounded(0.0, 0.0, 1.0, 1.0, 0.5)]))
    assert len(whole.ends) - len(holed.ends) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_where_there_is_no_room_there_are_none(kind: str) -> None:
    drawn = cells(kind, Rounded(0.0, 0.0, 4.0, 4.0), [], 6.0, 2.0)
    assert drawn.points.shape == (0, 2) and drawn.ends.shape == (0,)


def test_what_is_no_pattern() -> None:
    with pytest.raises(ValueError, match="no pattern 'dots'"):
        cells("dots", BACK, [], 6.0, 2.0)
    for cell, bar in ((0.0, 2.0), (6.0, -1.0), (math.nan, 2.0)):
        with pytest.raises(ValueError, match="above 0"):
            cells("hexagon", BACK, [], cell, bar)


def test_distances_to_a_rounded_rectangle() -> None:
    shape = Rounded(1.0, 2.0, 8.0, 4.0, 1.0, (0.0, 1.0))
    assert shape.distance(1.0, 2.0) == -2.0
    assert shape.distance(1.0, 7.0) == 1.0  # its width runs along y
    assert shape.distance(4.0, 2.0) == 1.0
    assert shape.distance(1.0 + 4.0, 2.0 + 7.0) == pytest.approx(math.hypot(3.0, 4.0) - 1.0 + 0.0, abs=1.5)
    assert shape.grown(1.0).distance(1.0, 7.0) == 0.0


def test_a_thing_narrower_than_a_bar_parts_a_stripe_by_a_whole_bar() -> None:
    post = Rounded(0.0, 0.0, 0.4, 0.4, 0.2)
    assert nearest(cells("stripes", BACK, [post], 5.0, 3.0)) >= 2.97
