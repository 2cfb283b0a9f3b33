"""Distances to a surface: known ones by hand, and every point against every triangle."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import nearest

TRIANGLE = np.array([[0.0, 0, 0], [4, 0, 0], [0, 4, 0]])
ONE = np.array([[0, 1, 2]], np.int32)
BY_HAND = [
    ((1.0, 1.0, 3.0), 3.0),  # over the inside
    ((2.0, -2.0, 0.0), 2.0),  # beside a side
    ((4.0, 4.0, 0.0), 2.0 * math.sqrt(2.0)),  # beside the slanted side
    ((-3.0, -4.0, 0.0), 5.0),  # at a corner
    ((6.0, -1.0, 2.0), 3.0),  # at another
    ((1.0, 2.0, 0.0), 0.0),  # in it
]


@pytest.mark.parametrize(("place", "far"), BY_HAND)
def test_by_hand(place: tuple[float, float, float], far: float) -> None:
    assert nearest.distances(TRIANGLE, ONE, np.array([place]))[0] == pytest.approx(far, abs=1e-12)


def by_segments(points: np.ndarray, corners: np.ndarray, place: np.ndarray) -> float:
    """Another way: the plane's foot by solving for it, and each side as a segment."""
    a, b, c = points[corners]
    found = []
    for p, q in ((a, b), (b, c), (c, a)):
        length = float((q - p) @ (q - p))
        t = min(max(float((place - p) @ (q - p)) / length, 0.0), 1.0) if length else 0.0
        found.append(float(np.linalg.norm(place - p - t * (q - p))))
    normal = np.cross(b - a, c - a)
    if normal @ normal > 1e-9:
        s, t = np.linalg.lstsq(np.stack([b - a, c - a], axis=1), place - a, rcond=None)[0]
        if s >= 0 and t >= 0 and s + t <= 1:
            found.append(abs(float((place - a) @ normal)) / float(np.linalg.norm(normal)))
    return min(found)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.booleans())
def test_against_every_triangle(seed: int, count: int, flat: bool) -> None:
    chance = np.random.default_rng(seed)
    points = chance.integers(-6, 7, (3 * count, 3)).astype(np.float64)
    if flat:
        points[:, 2] = 1.0
    faces = chance.integers(0, len(points), (count, 3)).astype(np.int32)
    places = chance.uniform(-9.0, 9.0, (5, 3))
    told = nearest.distances(points, faces, places)
    expected = [min(by_segments(points, corners, place) for corners in faces) for place in places]
    assert told == pytest.approx(expected, abs=1e-9)


def test_no_faces_is_infinitely_far() -> None:
    assert nearest.distances(TRIANGLE, ONE[:0], np.zeros((1, 3)))[0] == math.inf
