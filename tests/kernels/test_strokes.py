"""Strokes and spaces of loops: widths that are known, the rule of 8 degrees, and the same answer however an outline lies."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import outlines, strokes, widen
from kernels.strokes import SPACE, STROKE

Ints = np.ndarray


def face(points: Ints, ends: Ints, stroke: float, space: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    n, k = len(points), len(ends)
    found, across, units, around = np.empty((n, 2, 3)), np.empty((n, 2), np.int32), np.empty((n, 2)), np.empty((2, n), np.int32)
    runs, hulls = np.empty((n // strokes.RUN + k, 6), np.int32), np.empty((k, 6), np.int32)
    strokes.facing(points, ends, stroke, space, found, across, units, around, runs, hulls)
    return found, across, units, around


def loops(*made: list[tuple[int, int]]) -> tuple[Ints, Ints]:
    return np.array([p for loop in made for p in loop], np.int32), np.cumsum([len(loop) for loop in made], dtype=np.int32)


def box(x0: int, y0: int, x1: int, y1: int) -> list[tuple[int, int]]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def least(points: Ints, ends: Ints, stroke: float, space: float) -> list[float]:
    found = face(points, ends, stroke, space)[0]
    return found[:, :, 0].min(axis=0).tolist()


def test_a_bar_is_as_wide_as_it_is_and_a_space_as_its_sides_are_apart() -> None:
    points, ends = loops(box(0, 0, 700, 9000), box(1100, 3000, 1900, 5000))
    found, across, _, _ = face(points, ends, 1000.0, 1000.0)
    assert found[:, :, 0].min(axis=0).tolist() == [700.0, 400.0]
    assert found[1, STROKE, 0] == 700.0 and across[1, STROKE] in (3, ~0, ~3)
    # the short side faces part of the long one: nearest there, and half-way
    assert (found[1, SPACE, 0], across[1, SPACE]) == (400.0, 7) and found[1, SPACE, 1:].tolist() == [900.0, 3000.0]
    assert np.isinf(found[[0, 2], STROKE, 0]).all()


@pytest.mark.parametrize("channel, order", ((STROKE, 1), (SPACE, -1)))
def test_what_is_wide_enough_is_not_told(channel: int, order: int) -> None:
    outer, inner = box(-5000, -5000, 5700, 15000), box(0, 0, 700, 9000)[::order]
    points, ends = loops(inner) if order == 1 else loops(outer, inner)
    limits = [0.0, 0.0]
    for limit, there in ((700.0, False), (700.001, True), (0.0, False)):
        limits[channel] = limit
        assert np.isfinite(least(points, ends, *limits)[channel]) is np.bool_(there)


@pytest.mark.parametrize("degrees, seen", ((7.9, True), (8.1, False)))
def test_a_taper_is_seen_below_eight_degrees(degrees: float, seen: bool) -> None:
    high = 200_000
    narrow = round(high * math.tan(math.radians(degrees)))
    points, ends = loops([(0, 0), (narrow + 500, 0), (500, high), (0, high)])
    assert math.isfinite(least(points, ends, 600.0, 0.0)[STROKE]) is seen


@pytest.mark.parametrize("degrees, seen", ((7.9, True), (8.1, False)))
def test_a_fold_is_seen_below_eight_degrees(degrees: float, seen: bool) -> None:
    long = 10_000
    points, ends = loops(
        [(0, 0), (long, 0), (round(long * math.cos(math.radians(degrees))), round(long * math.sin(math.radians(degrees))))]
    )
    told = least(points, ends, 900.0, 0.0)[STROKE]
    assert math.isfinite(told) is seen
    if seen:
        assert told == pytest.approx(long / 2 * math.sin(math.radians(degrees)), rel=0.01)


def test_two_tips_that_face_each_other_are_near() -> None:
    points, ends = loops([(0, 0), (900, 900), (0, 1800), (-900, 900)], [(2200, 0), (3100, 900), (2200, 1800), (1300, 900)])
    assert least(points, ends, 0.0, 500.0)[SPACE] == 400.0
    assert math.isinf(least(points, ends, 0.0, 400.0)[SPACE])
    # moved past each other they face as long as the line between the tips lies among the normals at both; then a tip faces an edge
    for up, far in ((300, 500.0), (500, 900.0 / math.sqrt(2.0))):
        moved = points + np.array([[0, 0]] * 4 + [[0, up]] * 4, np.int32)
        assert least(moved, ends, 0.0, 700.0)[SPACE] == pytest.approx(far, abs=1e-3)


LEFT, RIGHT = [(-3000, 0), (0, 0), (-1500, 4000), (-2500, 4000)], [(100, 0), (3100, 0), (2600, 4000), (1600, 4000)]


@pytest.mark.parametrize("up", (0, 1, -1, 8, -8))
@pytest.mark.parametrize("tilt", (0, 1, -1, 40))
def test_feet_on_one_line_are_near(up: int, tilt: int) -> None:
    """What stands between them is least at their corners, whether their bases run on one line, or nearly, or look at each other or away."""
    right = [(x, y + up + (tilt if x == 3100 else 0)) for x, y in RIGHT]
    points, ends = loops(LEFT, right)
    assert least(points, ends, 0.0, 500.0)[SPACE] == pytest.approx(math.hypot(100, up), abs=1e-3)
    assert math.isinf(least(points, ends, 0.0, 100.0)[SPACE])
    # cut out of ink they leave as thin a stroke
    points, ends = loops(box(-9000, -9000, 9000, 9000), LEFT[::-1], right[::-1])
    assert least(points, ends, 500.0, 0.0)[STROKE] == pytest.approx(math.hypot(100, up), abs=1e-3)


def test_points_of_one_straight_edge_are_no_neck() -> None:
    """Nor are two corners whose room closes at once, nor a wedge's two."""
    split = [(x, 0) for x in range(-3000, 1, 100)] + LEFT[2:]
    points, ends = loops(split)
    assert np.isinf(least(points, ends, 400.0, 400.0)).all()
    notched = [(-9000, -9000), (9000, -9000), (9000, 0), (300, 0), (150, -600), (0, 0), (-9000, 0)]
    points, ends = loops(notched)
    assert np.isinf(least(points, ends, 250.0, 350.0)).all()


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(-4000, 4000), st.integers(-4000, 4000)), min_size=3, max_size=14, unique=True),
    st.integers(0, 30),
)
def test_turned_mirrored_and_begun_elsewhere_an_outline_is_as_wide(corners: list[tuple[int, int]], first: int) -> None:
    middle = np.mean(corners, axis=0)
    corners.sort(key=lambda p: (math.atan2(p[1] - middle[1], p[0] - middle[0]), p))
    points, ends = loops(corners)
    points, ends = points.copy(), ends.copy()
    left = outlines.clean(points, ends, 0.0)
    ends = ends[:left]
    points = points[: ends[-1] if left else 0]
    if not left or outlines.fault(points, ends) != outlines.CLEAN:
        return
    told = least(points, ends, 1500.0, 1500.0)
    same = [
        np.roll(points, first % len(points), axis=0),
        points * np.array([-1, -1], np.int32),
        np.stack((-points[:, 1], points[:, 0]), axis=1),
        (points * np.array([-1, 1], np.int32))[::-1],
        points + np.array([100_000_000, -7], np.int32),
    ]
    for other in same:
        assert least(np.ascontiguousarray(other), ends, 1500.0, 1500.0) == told


def test_many_edges_are_no_different_from_few() -> None:
    """Whatever is cut into short edges, and lies in other runs and loops, is as near."""
    bar = [(0, y) for y in range(9000, 0, -90)] + [(700, y) for y in range(0, 9000, 90)]
    far = [[(x + a, b) for a, b in bar] for x in range(0, 20_000, 1100)]
    points, ends = loops(*far)
    found = face(points, ends, 1000.0, 1000.0)[0]
    per_loop = found[:, :, 0].reshape(len(far), -1, 2).min(axis=1)
    assert (per_loop == [700.0, 400.0]).all()


def test_a_round_moves_both_sides_by_half_and_fades_along_them() -> None:
    side = [(0, y) for y in range(20_000, -1, -1000)]
    # 800 wide, but 600 at one place
    other = [(600 if y == 10_000 else 800, y) for y in range(0, 20_001, 1000)]
    points, ends = loops(side + other)
    found, across, units, around = face(points, ends, 700.0, 0.0)
    ways, moves = np.empty((len(points), 2)), np.zeros(len(points))
    widen.ways(points, units, around, ways)
    out = np.empty_like(points)
    far = widen.widen(points, ends, found, across, around, 700.0, 0.0, 0.02, ways, moves, np.empty((2, len(points))), out)
    assert far == pytest.approx(50.0, rel=0.05)
    left = out[: len(side), 0]
    assert left.min() == pytest.approx(-50, abs=1) and left[0] == left[-1] == 0
    assert (np.abs(np.diff(moves[: len(side)])) <= 0.02 * 1000 + 1e-9).all()
    # nothing lacks: nothing moves
    found, across, _, _ = face(points, ends, 500.0, 0.0)
    moves[:] = 0.0
    assert (
        widen.widen(points, ends, found, across, around, 500.0, 0.0, 0.02, ways, moves, np.empty((2, len(points))), out) == 0.0
    )
    assert np.array_equal(out, points)
