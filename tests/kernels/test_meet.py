"""Lines out of a triangulated patch: against planes and a sphere known in closed form, and against fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.meet import meet

PLANE = np.array([[0, 0], [100, 0], [100, 100], [0, 100]], np.int32)
SQUARE = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
TWO = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def met(
    lines: list[tuple[float, ...]], points: np.ndarray = SQUARE, triangles: np.ndarray = TWO
) -> tuple[int, list[list[int]], list[float]]:
    places, along = np.full((len(lines), 2), -7, np.int32), np.full(len(lines), -7.0)
    count = meet(points, np.ascontiguousarray(np.resize(PLANE, (len(points), 2))), triangles, np.array(lines), places, along)
    return count, places.tolist(), along.tolist()


def test_straight_up_through_a_square_and_beside_it() -> None:
    up = (0.0, 0.0, 1.0)
    count, places, along = met([(0.25, 0.5, -2.0, *up), (1.0, 1.0, -3.0, *up), (0.5, 0.5, -1.0, *up), (2.0, 0.5, -1.0, *up)])
    assert count == 4 and along == [2.0, 3.0, 1.0, 1.0]
    assert places == [[25, 50], [100, 100], [50, 50], [200, 50]]  # the last is carried on beyond the border


@pytest.mark.parametrize(
    "line", [(0.5, 0.5, 1.0, 0.0, 0.0, 1.0), (0.5, 0.5, 1.0, 0.0, 0.0, -1.0), (-1.0, 0.5, -0.05, 0.9987, 0.0, 0.05)]
)
def test_what_lies_behind_looks_back_or_is_grazed_is_not_met(line: tuple[float, ...]) -> None:
    assert met([(0.5, 0.5, -1.0, 0.0, 0.0, 1.0), line])[0] == 1


def test_the_nearest_of_two_layers() -> None:
    points = np.concatenate((SQUARE + [0.0, 0.0, 5.0], SQUARE + [0.0, 0.0, 2.0]))
    count, places, along = met([(0.1, 0.2, 0.0, 0.0, 0.0, 1.0)], points, np.concatenate((TWO, TWO + 4)).astype(np.int32))
    assert (count, places, along) == (1, [[10, 20]], [2.0])


@given(st.lists(st.integers(-50, 50), min_size=9, max_size=9), st.lists(st.integers(1, 30), min_size=3, max_size=3))
@settings(max_examples=60, deadline=None)
def test_a_line_to_a_place_within_a_triangle_is_met_there(corners: list[int], weights: list[int]) -> None:
    points = np.array(corners, dtype=float).reshape(3, 3)
    normal = np.cross(points[1] - points[0], points[2] - points[0])
    length = math.sqrt(float(normal @ normal))
    if length < 1.0:
        return
    share = [Fraction(w, sum(weights)) for w in weights]
    place = [float(sum(s * Fraction(corners[3 * k + c]) for k, s in enumerate(share))) for c in range(3)]
    flat = np.array([[0, 0], [900_000, 100_000], [-300_000, 800_000]], np.int32)
    way = normal / length
    places, along = np.empty((1, 2), np.int32), np.empty(1)
    lines = np.concatenate((np.array(place) - 4.0 * way, way))[None]
    assert meet(points, flat, np.array([[0, 1, 2]], np.int32), lines, places, along) == 1
    assert along[0] == pytest.approx(4.0, abs=1e-9)
    expected = [float(sum(s * int(flat[k, c]) for k, s in enumerate(share))) for c in range(2)]
    assert np.abs(places[0] - expected).max() <= 0.51
