"""Tidying keeps the region; `fault` agrees with brute force on every pair of segments and every nesting."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import outlines
from kernels.outlines import CLEAN, NESTED, TOUCHES

Loop = list[tuple[int, int]]
SQUARE: Loop = [(0, 0), (100, 0), (100, 100), (0, 100)]


def _arrays(*loops: Loop) -> tuple[np.ndarray, np.ndarray]:
    points = np.array([p for loop in loops for p in loop], np.int32).reshape(-1, 2)
    return points, np.cumsum([len(loop) for loop in loops], dtype=np.int32)


def _moved(loop: Loop, x: int, y: int, scale: int = 1) -> Loop:
    return [(scale * a + x, scale * b + y) for a, b in loop]


def _cleaned(*loops: Loop, least: float = 0.0) -> list[Loop]:
    points, ends = _arrays(*loops)
    left = outlines.clean(points, ends, least)
    starts = [0, *ends.tolist()]
    return [[tuple(p) for p in points[starts[k] : ends[k]].tolist()] for k in range(left)]


@pytest.mark.parametrize(
    ("loop", "kept"),
    [
        ([(0, 0), (50, 0), (100, 0), (100, 100), (0, 100)], 4),
        ([(50, 0), (100, 0), (100, 100), (0, 100), (0, 0)], 4),
        ([(0, 0), (0, 0), (100, 0), (100, 100), (100, 100), (0, 100), (0, 0)], 4),
        ([(0, 0), (100, 0), (150, 0), (100, 0), (100, 100), (0, 100)], 4),
        ([(0, 0), (100, 0), (100, 100), (0, 100), (0, 130)], 4),
        ([(0, 30), (0, 0), (100, 0), (100, 100), (0, 100), (0, 60)], 4),
        ([(0, 0), (100, 0), (50, 0)], 0),
        ([(0, 0), (100, 100)], 0),
        ([(7, 7)], 0),
        ([(7, 7)] * 5, 0),
    ],
)
def test_repeats_collinear_points_and_spikes_go(loop: Loop, kept: int) -> None:
    made = _cleaned(loop)
    assert [len(one) for one in made] == ([kept] if kept else [])
    if kept:
        assert {(0, 0), (100, 0), (100, 100), (0, 100)} == set(made[0])


def test_a_loop_that_collapses_does_not_take_its_neighbours() -> None:
    assert _cleaned([(0, 0), (5, 5)], SQUARE, [(1, 1), (2, 2), (3, 3)], _moved(SQUARE, 500, 0)) == [
        SQUARE,
        _moved(SQUARE, 500, 0),
    ]


def test_crumbs_below_the_least_area_go() -> None:
    crumb = [(0, 0), (9, 0), (9, 10), (0, 10)]
    assert _cleaned(crumb, SQUARE, least=90.5) == [SQUARE]
    assert _cleaned(crumb, SQUARE, least=89.5) == [crumb, SQUARE]


def _area(loop: Loop) -> Fraction:
    return Fraction(sum(ax * by - bx * ay for (ax, ay), (bx, by) in zip(loop, loop[1:] + loop[:1], strict=True)), 2)


SMALL = st.lists(st.tuples(st.integers(-6, 6), st.integers(-6, 6)), min_size=1, max_size=9)


@settings(deadline=None, max_examples=300)
@given(SMALL)
def test_tidying_keeps_the_area_and_leaves_nothing_to_tidy(loop: Loop) -> None:
    made = _cleaned(loop)
    assert _area(loop) == (_area(made[0]) if made else 0)
    if made:
        n = len(made[0])
        for i in range(n):
            (ax, ay), (bx, by), (cx, cy) = made[0][i - 2], made[0][i - 1], made[0][i]
            assert (bx - ax) * (cy - ay) != (by - ay) * (cx - ax)
        assert _cleaned(made[0]) == made


def _meet(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int], d: tuple[int, int]) -> bool:
    """Do closed segments meet? By rational parameters, not by orientations."""
    ux, uy, vx, vy = b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]
    det = ux * vy - uy * vx
    wx, wy = c[0] - a[0], c[1] - a[1]
    if det:
        s, t = Fraction(wx * vy - wy * vx, det), Fraction(wx * uy - wy * ux, det)
        return 0 <= s <= 1 and 0 <= t <= 1
    if wx * uy - wy * ux:
        return False
    along = ux * ux + uy * uy
    s, t = Fraction(wx * ux + wy * uy, along), Fraction((d[0] - a[0]) * ux + (d[1] - a[1]) * uy, along)
    return max(min(s, t), Fraction(0)) <= min(max(s, t), Fraction(1))


def _brute(loops: list[Loop]) -> int:
    """What `fault` must say: all pairs, and the winding around a point just beside each loop."""
    segments = [(k, i, loop[i], loop[(i + 1) % len(loop)]) for k, loop in enumerate(loops) for i in range(len(loop))]
    for (k, i, a, b), (m, j, c, d) in itertools.combinations(segments, 2):
        n = len(loops[k])
        if k == m and (j == (i + 1) % n or i == (j + 1) % n):
            continue
        if _meet(a, b, c, d):
            return TOUCHES
    for k, loop in enumerate(loops):
        around = sum(_wound(other, loop[0]) for m, other in enumerate(loops) if m != k)
        if around != (0 if _area(loop) > 0 else 1):
            return NESTED
    return CLEAN


def _wound(loop: Loop, p: tuple[int, int]) -> int:
    """Winding number by angles."""
    z = np.array([complex(x - p[0], y - p[1]) for x, y in loop])
    return round(float(np.angle(np.roll(z, -1) / z).sum()) / (2 * np.pi))


@settings(deadline=None, max_examples=500)
@given(st.lists(SMALL, min_size=1, max_size=3))
def test_fault_agrees_with_brute_force(loops: list[Loop]) -> None:
    made = _cleaned(*loops)
    points, ends = _arrays(*made)
    assert outlines.fault(points, ends) == (_brute(made) if made else CLEAN)


HOLE = [(20, 20), (20, 80), (80, 80), (80, 20)]


@pytest.mark.parametrize(
    ("loops", "found"),
    [
        ([], CLEAN),
        ([SQUARE], CLEAN),
        ([SQUARE, HOLE], CLEAN),
        ([HOLE, SQUARE], CLEAN),
        ([SQUARE, HOLE, [(40, 40), (60, 40), (60, 60), (40, 60)]], CLEAN),
        ([SQUARE, _moved(SQUARE, 200, 0)], CLEAN),
        ([SQUARE[::-1]], NESTED),
        ([SQUARE, HOLE[::-1]], NESTED),
        ([SQUARE, _moved(HOLE, 200, 0)], NESTED),
        ([SQUARE, HOLE, [(40, 40), (40, 60), (60, 60), (60, 40)]], NESTED),
        ([SQUARE, _moved(SQUARE, 50, 50)], TOUCHES),
        ([SQUARE, _moved(SQUARE, 100, 100)], TOUCHES),
        ([SQUARE, _moved(SQUARE, 100, 30)], TOUCHES),
        ([SQUARE, SQUARE], TOUCHES),
        ([SQUARE, [(50, 0), (60, 20), (40, 20)][::-1]], TOUCHES),
        ([[(0, 0), (100, 100), (100, 0), (0, 100)]], TOUCHES),
        ([[(0, 0), (50, 50), (100, 0), (100, 100), (50, 50), (0, 100)]], TOUCHES),
    ],
)
def test_fault_names_what_is_wrong(loops: list[Loop], found: int) -> None:
    assert outlines.fault(*_arrays(*loops)) == found


def test_one_step_apart_is_clean_at_the_end_of_the_lattice() -> None:
    """Products of the largest coordinates are exact: a triangle's tip one step off a long edge, then on it."""
    far = outlines.LARGEST
    big = [(-far, -far), (far, -far), (far, far)]
    apart = [(-10, 1), (-10, 0), (-1, 0)]
    assert outlines.fault(*_arrays(big, [(x - 1, y) for x, y in apart])) == CLEAN
    assert outlines.fault(*_arrays(big, [(x + 1, y) for x, y in apart])) == TOUCHES


def test_area_counts_holes_off() -> None:
    assert outlines.area(*_arrays(SQUARE, HOLE)) == 100 * 100 - 60 * 60
