"""Wide trees: boxes round what is below them, in float32 and a frame of their own; places in order along a curve."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import wide
from kernels.bvh import WIDTH


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 7, 8, 9, 64, 65, 600]), st.sampled_from([1e-20, 1.0, 1e20]))
def test_boxes_are_those_of_the_faces_below(seed: int, count: int, scale: float) -> None:
    chance = np.random.default_rng(seed)
    points = scale * chance.normal(5.0, 3.0, (3 * count, 3))
    tree = wide.grown(points, np.arange(3 * count, dtype=np.int32).reshape(-1, 3))
    assert np.sort(tree.order).tolist() == list(range(count))
    assert math.frexp(tree.frame[3])[0] == 0.5  # a power of two: local coordinates are as exact as the points
    local = (points - tree.frame[:3]) * tree.frame[3]
    assert 0.49 < np.abs(local).max() <= 1.0
    corners = local.reshape(-1, 3, 3)[tree.order]
    lows, highs = corners.min(axis=1), corners.max(axis=1)
    boxes = tree.boxes.reshape(-1, 6, WIDTH)
    first = 0
    for level in range(1, len(tree.levels) - 1):
        slots = int(tree.levels[level + 1] - tree.levels[level])
        starts = np.arange(0, len(lows), WIDTH)
        lows, highs = np.minimum.reduceat(lows, starts), np.maximum.reduceat(highs, starts)
        here = boxes[first : first + slots // WIDTH].transpose(0, 2, 1).reshape(slots, 6)
        assert (here[: len(lows), :3] == lows.astype(np.float32)).all()
        assert (here[: len(lows), 3:] == highs.astype(np.float32)).all()
        assert (here[len(lows) :, :3] == math.inf).all() and (here[len(lows) :, 3:] == -math.inf).all()
        first += slots // WIDTH
    assert first == len(boxes) and len(lows) <= WIDTH


def test_points_of_one_place_and_no_faces() -> None:
    points = np.full((3, 3), 7.0)
    assert wide.grown(points, np.array([[0, 1, 2]], np.int32)).frame.tolist() == [7.0, 7.0, 7.0, 1.0]
    assert wide.grown(points, np.empty((0, 3), np.int32)).frame.tolist() == [0.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf, 1e300])
def test_places_in_order_whatever_they_are(odd: float) -> None:
    chance = np.random.default_rng(4)
    places = chance.uniform(-1, 1, (2000, 3))
    places[::9, 1] = odd
    frame = np.array([0.0, 0.0, 0.0, 1.0])
    order = wide.curve(places, frame)
    assert np.sort(order).tolist() == list(range(2000))
    kept = places[order][np.abs(places[order][:, 1]) <= 1]
    steps = np.linalg.norm(np.diff(kept, axis=0), axis=1).mean()
    assert steps < 0.3 * np.linalg.norm(np.diff(places[np.abs(places[:, 1]) <= 1], axis=0), axis=1).mean()
