"""Chords of closed splines: near enough, no more of them than that takes, and the places are the curve's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from kernels import chords
from kernels.closed import closed


def drawn(points: np.ndarray, at: np.ndarray, bent: float, within: float, most: int) -> tuple[np.ndarray, np.ndarray]:
    n, columns = points.shape
    slopes, counts = np.empty((n, columns)), np.full(n, -1, np.int32)
    closed(points, at, np.zeros(0), np.zeros((0, columns)), slopes, np.empty((3, n)))
    many = chords.count(points, at, slopes, bent, within, most, counts)
    assert many == counts.sum() and counts.min() >= 1 and counts.max() <= most
    out = np.full((many, columns), np.nan)
    chords.place(points, at, slopes, counts, out)
    return counts, out


def ring(n: int, radius: float, high: float, seed: int) -> np.ndarray:
    """A wavy circle of n points."""
    rng = np.random.default_rng(seed)
    t = 2.0 * np.pi * np.arange(n) / n
    away = radius + 0.1 * radius * np.cos(3.0 * t + rng.uniform(0.0, 6.0))
    return np.stack((away * np.cos(t), away * np.sin(t), np.full(n, high)), axis=1)


def parameters(points: np.ndarray) -> np.ndarray:
    return np.concatenate(([0.0], np.cumsum(np.sqrt(((np.roll(points, -1, axis=0) - points) ** 2).sum(axis=1)))))


@settings(max_examples=40, deadline=None)
@given(st.integers(14, 60), st.floats(5.0, 60.0), st.sampled_from([0.002, 0.01, 0.05]), st.integers(0, 99))
def test_no_chord_is_farther_than_asked(n: int, radius: float, within: float, seed: int) -> None:
    one, other = ring(n, radius, 1.0, seed), ring(n, 0.97 * radius, 0.0, seed)
    points, at = np.concatenate((one, other), axis=1), parameters(one)
    counts, out = drawn(points, at, 0.0, within, 1000)
    known = CubicSpline(at, np.vstack((points, points[:1])), bc_type="periodic")
    t = np.concatenate([at[i] + (at[i + 1] - at[i]) * np.arange(c) / c for i, c in enumerate(counts.tolist())])
    assert out == pytest.approx(known(t), abs=1e-7)
    ends = np.append(t[1:], at[-1])
    for ring_of in (slice(0, 3), slice(3, 6)):
        a, b = known(t)[:, ring_of], known(ends)[:, ring_of]
        way = (b - a) / np.sqrt(((b - a) ** 2).sum(axis=1))[:, None]
        for share in (0.25, 0.5, 0.75):
            off = known(t + share * (ends - t))[:, ring_of] - a
            off -= (off * way).sum(axis=1)[:, None] * way
            assert np.sqrt((off**2).sum(axis=1)).max() <= within * 1.15 + 1e-9


def test_a_circle_has_as_many_as_it_needs() -> None:
    """A chord of s leaves a circle of radius r by s^2 / 8 r: 30 points on one of 20 mm, 4.19 mm apart, by 0.11 mm."""
    points = ring(30, 20.0, 0.0, 0)
    points[:, :2] *= 20.0 / np.hypot(points[:, 0], points[:, 1])[:, None]
    at = parameters(points)
    for within, count in ((0.12, 1), (0.10, 2), (0.03, 2), (0.025, 3), (0.001, 11)):
        counts, _ = drawn(points, at, 0.0, within, 100)
        assert set(counts.tolist()) == {count}
    assert drawn(points, at, 0.0, 0.001, 5)[0].max() == 5


def test_what_is_bent_afterwards_asks_for_more_along_x() -> None:
    points = ring(60, 20.0, 0.0, 0)
    at = parameters(points)
    plain, rolled = (drawn(points, at, bent, 0.01, 50)[0] for bent in (0.0, 0.2))
    way = np.abs(np.roll(points, -1, axis=0) - points)
    along = way[:, 0] > 3.0 * way[:, 1]
    assert along.any() and (rolled[along] > plain[along]).all() and (rolled >= plain).all()
    assert (rolled == plain)[way[:, 1] > 10.0 * way[:, 0]].all()


def test_a_twisted_wall_asks_for_more() -> None:
    """A circle over an ellipse of the same width: the wall between them turns most between the axes."""
    t = 2.0 * np.pi * np.arange(30) / 30
    one = np.stack((20.0 * np.cos(t), 20.0 * np.sin(t), np.ones(30)), axis=1)
    other = np.stack((20.0 * np.cos(t), 30.0 * np.sin(t), np.zeros(30)), axis=1)
    at = parameters(one)
    alone = np.maximum(*(drawn(ring_of, at, 0.0, 0.05, 50)[0] for ring_of in (one, other)))
    both = drawn(np.concatenate((one, other), axis=1), at, 0.0, 0.05, 50)[0]
    assert (both >= alone).all() and (both > alone).any()
