"""A line of letters: where each comes to stand, and that what is not looked at again was proved before."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import letters, outlines
from kernels.outlines import CLEAN

Loop = list[tuple[int, int]]
SQUARE: Loop = [(0, 0), (100, 0), (100, 100), (0, 100)]
HOLE: Loop = [(20, 20), (20, 80), (80, 80), (80, 20)]
DOT: Loop = [(40, 40), (60, 40), (60, 60), (40, 60)]
ELL: Loop = [(0, 0), (90, 0), (90, 20), (15, 20), (15, 130), (0, 130)]
LETTERS = ([SQUARE], [SQUARE, HOLE], [DOT], [ELL], [])


def _arrays(loops: list[Loop]) -> tuple[np.ndarray, np.ndarray]:
    points = np.array([point for loop in loops for point in loop], np.int32).reshape(-1, 2)
    return points, np.cumsum([len(loop) for loop in loops], dtype=np.int32)


def _laid(
    kept: tuple[list[Loop], ...], line: list[int], pens: list[tuple[float, float]], turn: list[float], steps: float = 1.0
) -> tuple[int, np.ndarray, np.ndarray]:
    points, ends = _arrays([loop for letter in kept for loop in letter])
    lasts = np.cumsum([len(letter) for letter in kept], dtype=np.int32)
    rows = np.stack([np.concatenate(([0], lasts[:-1])), lasts], axis=1).astype(np.int32)
    clear = np.array([letters.clearance(*_arrays(letter)) for letter in kept])
    out = np.zeros((max(sum(len(loop) for i in line for loop in kept[i]), 1), 2), np.int32)
    out_ends = np.zeros(sum(len(kept[i]) for i in line), np.int32)
    at = np.array(pens, np.float64).reshape(-1, 2)
    told = np.array([*turn, 0.0, 0.0, steps])
    left = letters.lay(points, ends, rows, clear, np.array(line, np.int32), at, told, out, out_ends)
    return left, out, out_ends


def test_a_letter_is_turned_scaled_shifted_and_rounded() -> None:
    left, out, out_ends = _laid(([SQUARE],), [0], [(0.0, 0.0)], [0.0, 2.0, 10.4, -0.5])
    assert left == 1 and out_ends.tolist() == [4]
    assert out.tolist() == [[10, 0], [10, 200], [-190, 200], [-190, 0]]


def test_pens_are_in_units_and_letters_in_steps_of_them() -> None:
    left, out, _ = _laid(([SQUARE],), [0, 0], [(-50.0, 0.0), (70.0, 1.0)], [0.5, 0.0, 0.0, 0.0], steps=10.0)
    assert left == 2 and out[[0, 4]].tolist() == [[-250, 0], [350, 5]]


def test_what_rounding_flattens_is_dropped() -> None:
    small = [(1000 + x, 50 + y) for x, y in SQUARE]
    left, out, out_ends = _laid(([[(50 * x, 50 * y) for x, y in SQUARE], small],), [0], [(0.0, 0.0)], [0.004, 0.0, 0.0, 0.0])
    assert left == 1 and out_ends[0] == 4 and out[:4].tolist() == [[0, 0], [20, 0], [20, 20], [0, 20]]


@pytest.mark.parametrize("turn", [[1e30, 0.0, 0.0, 0.0], [1.0, 0.0, float("nan"), 0.0], [1.0, 0.0, 0.0, 2.0**28 + 1]])
def test_what_lies_beyond_the_lattice_is_said(turn: list[float]) -> None:
    assert _laid(([SQUARE],), [0], [(0.0, 0.0)], turn)[0] == letters.BEYOND


def test_clearance_is_the_nearest_of_point_and_edge() -> None:
    assert letters.clearance(*_arrays([SQUARE])) == 100.0
    assert letters.clearance(*_arrays([SQUARE, HOLE])) == 20.0
    assert letters.clearance(*_arrays([ELL])) == 15.0
    assert letters.clearance(*_arrays([[(0, 0), (100, 0), (50, 3)]])) == 3.0
    assert letters.clearance(*_arrays([])) == math.inf


@pytest.mark.parametrize(
    ("line", "pens", "clean"),
    [
        ([0, 0], [(0, 0), (101, 0)], True),
        ([0, 0], [(0, 0), (100, 0)], False),
        ([0, 0], [(0, 0), (100, 100)], False),
        ([3, 2], [(0, 0), (0, 0)], True),
        ([2, 3], [(0, 0), (0, 0)], True),
        ([3, 2], [(0, 0), (-30, 0)], False),
        ([1, 2], [(0, 0), (0, 0)], True),
        ([2, 1], [(0, 0), (0, 0)], True),
        ([0, 2], [(0, 0), (0, 0)], False),
        ([2, 0], [(0, 0), (0, 0)], False),
        ([1, 2], [(0, 0), (30, 0)], False),
        ([4, 0, 4], [(0, 0), (0, 0), (9, 9)], True),
    ],
)
def test_letters_that_meet_or_lie_in_each_others_ink_are_unclean(
    line: list[int], pens: list[tuple[float, float]], clean: bool
) -> None:
    left, _, _ = _laid(LETTERS, line, pens, [1.0, 0.0, 0.0, 0.0])
    assert (left >= 0) == clean


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(st.integers(0, len(LETTERS) - 1), st.integers(-150, 150), st.integers(-60, 60)), max_size=5),
    st.floats(0.02, 3.0),
    st.floats(-math.pi, math.pi),
)
def test_the_verdict_is_that_of_looking_at_everything(line: list[tuple[int, int, int]], scale: float, angle: float) -> None:
    """At sizes where rounding breaks letters, and at those where it cannot; apart, touching, overlapping, one in another."""
    pens = [(float(x), float(y)) for _, x, y in line]
    turn = [scale * math.cos(angle), scale * math.sin(angle), 0.3, -0.7]
    left, out, ends = _laid(LETTERS, [i for i, _, _ in line], pens, turn)
    loops = left if left >= 0 else -1 - left
    points = out[: ends[loops - 1] if loops else 0]
    assert (left >= 0) == (outlines.fault(points, ends[:loops]) == CLEAN)
