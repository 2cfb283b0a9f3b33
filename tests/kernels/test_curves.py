"""Chords stay within the tolerance, end where curves end, and the bounds are the curve's."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import curves

COORDINATE = st.integers(-3000, 3000).map(float)


def _one(degree: int, numbers: list[float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One curve and the line back, as a closed contour."""
    row = np.zeros((2, 8))
    row[0, : 2 * degree + 2] = numbers[: 2 * degree + 2]
    row[1, :4] = [row[0, 2 * degree], row[0, 2 * degree + 1], row[0, 0], row[0, 1]]
    return row, np.array([degree, 1], np.int8), np.array([2], np.int32)


def _bernstein(row: np.ndarray, degree: int, t: np.ndarray) -> np.ndarray:
    """The curve by its Bernstein sum: another formula than the kernel's."""
    weights = {1: (1, 1), 2: (1, 2, 1), 3: (1, 3, 3, 1)}[degree]
    made = np.zeros((len(t), 2))
    for k, w in enumerate(weights):
        made += w * np.outer(t**k * (1 - t) ** (degree - k), row[2 * k : 2 * k + 2])
    return made


def _flat(row: np.ndarray, degrees: np.ndarray, ends: np.ndarray, tolerance: float, steps: float) -> np.ndarray:
    chords = np.zeros(len(degrees), np.int32)
    points = np.zeros((curves.count(row, degrees, tolerance, chords), 2), np.int32)
    loops = np.zeros(len(ends), np.int32)
    curves.flatten(row, degrees, ends, chords, steps, points, loops)
    assert loops[-1] == len(points) == chords.sum()
    return points / steps


def _farthest(points: np.ndarray, line: np.ndarray) -> float:
    """Largest distance of points to a closed polyline."""
    a, b = line, np.roll(line, -1, axis=0)
    d = b - a
    t = ((points[:, None] - a) * d).sum(-1) / np.maximum((d * d).sum(-1), 1e-300)
    near = a + np.clip(t, 0, 1)[..., None] * d
    return float(np.sqrt(((points[:, None] - near) ** 2).sum(-1)).min(axis=1).max())


@settings(deadline=None, max_examples=150)
@given(st.sampled_from([1, 2, 3]), st.lists(COORDINATE, min_size=8, max_size=8), st.sampled_from([0.3, 1.5, 20.0]))
def test_chords_stay_within_the_tolerance(degree: int, numbers: list[float], tolerance: float) -> None:
    row, degrees, ends = _one(degree, numbers)
    line = _flat(row, degrees, ends, tolerance, 1024.0)
    curve = _bernstein(row[0], degree, np.linspace(0.0, 1.0, 201))
    assert _farthest(curve, line) <= tolerance + 2e-3


def test_the_chord_bound_of_a_quadratic_is_reached() -> None:
    row, degrees, ends = _one(2, [0.0, 0.0, 50.0, 100.0, 100.0, 0.0])
    # the apex of this parabola is 50 above its chord: one chord less than that needs two
    assert len(_flat(row, degrees, ends, 50.0, 1.0)) == 2
    assert len(_flat(row, degrees, ends, 49.9, 1.0)) == 3


def test_a_shared_point_is_written_once() -> None:
    row, degrees, ends = _one(1, [0.0, 0.0, 10.0, 0.0])
    assert _flat(row, degrees, ends, 1.0, 1.0).tolist() == [[0.0, 0.0], [10.0, 0.0]]


def test_no_curve_takes_more_than_the_most_chords() -> None:
    row, degrees, _ = _one(3, [0.0, 0.0, 1e9, 0.0, 0.0, 1e9, 5.0, 5.0])
    chords = np.zeros(2, np.int32)
    assert curves.count(row, degrees, 1e-9, chords) == curves.MOST_CHORDS + 1


@settings(deadline=None, max_examples=150)
@given(st.sampled_from([1, 2, 3]), st.lists(COORDINATE, min_size=8, max_size=8))
def test_bounds_are_those_of_the_curve(degree: int, numbers: list[float]) -> None:
    row, degrees, _ = _one(degree, numbers)
    box = np.zeros(4)
    curves.bounds(row, degrees, box)
    curve = _bernstein(row[0], degree, np.linspace(0.0, 1.0, 4001))
    sampled = np.concatenate([curve.min(axis=0), curve.max(axis=0)])
    # the sampled box lies inside, by no more than a step of the sampling can hide
    assert (box[:2] <= sampled[:2] + 1e-9).all() and (box[2:] >= sampled[2:] - 1e-9).all()
    assert np.abs(box - sampled).max() < 0.01


def test_no_curve_has_no_bounds() -> None:
    box = np.zeros(4)
    curves.bounds(np.zeros((0, 8)), np.zeros(0, np.int8), box)
    assert box.tolist() == [np.inf, np.inf, -np.inf, -np.inf]
