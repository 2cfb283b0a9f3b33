"""kernels/mass.py against exact fractions, and the same bits under every order and lattice symmetry."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import mass

CORNERS = list(itertools.product((0, 1), repeat=3))
QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
CUBE = [t for a, b, c, d in QUADS for t in ((a, b, c), (a, c, d))]


def _box(x: int, y: int, z: int, at: tuple[int, int, int] = (0, 0, 0)) -> np.ndarray:
    return np.array([[at[0] + x * a, at[1] + y * b, at[2] + z * c] for a, b, c in CORNERS], dtype=np.int32)


def _room() -> np.ndarray:
    return np.full((11, mass.BLOCK), 77, dtype=np.int64)


def _measure(points: np.ndarray, faces: np.ndarray, shell: np.ndarray | None = None) -> tuple[list[int], list[int]]:
    shell = np.zeros(len(faces), dtype=np.int32) if shell is None else shell
    volumes, sums = np.empty((int(shell.max()) + 1, 2), dtype=np.int64), np.empty((mass.SUMS, 2), dtype=np.int64)
    places, nothing = np.empty(1, dtype=np.int64), np.empty(0, dtype=np.int64)
    mass.measure(points, faces, shell, _room(), volumes, sums, places, nothing, 0.0, 0.0, nothing)
    return [(h << 32) + low for h, low in volumes.tolist()], [(h << 32) + low for h, low in sums.tolist()]


def _six_volume(points: np.ndarray, faces: np.ndarray) -> int:
    total = 0
    for a, b, c in faces.tolist():
        (ax, ay, az), (bx, by, bz), (cx, cy, cz) = (points[i].tolist() for i in (a, b, c))
        total += ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
    return total


def test_a_box_in_every_figure() -> None:
    points, faces = _box(30, 20, 10, (-5, 3, 0)), np.array(CUBE, dtype=np.int32)
    volumes, sums = _measure(points, faces)
    assert volumes == [6 * 6000]
    assert sums[mass.AREA] == 2 * (2 * 600 + 2 * 300 + 2 * 200)
    assert sums[mass.SIDE] == 2 * (2 * 300 + 2 * 200)
    assert sums[mass.UP] == sums[mass.DOWN] == sums[mass.CONTACT] == 2 * 600
    assert sums[mass.OVERHANG] == sums[mass.ZERO_FACES] == 0
    lifted = _measure(points + np.array([0, 0, 1 << 20], dtype=np.int32), faces)[1]
    assert lifted[mass.CONTACT] == 0 and lifted[mass.OVERHANG] == 2 * 600 and lifted[mass.OVERHANG_HEIGHT] == 2 * 600


@given(st.integers(0, 2**32), st.sampled_from([10, 1000, 10**6, 2**28]))
@settings(max_examples=80, deadline=None)
def test_volume_is_exact_whatever_the_size(seed: int, size: int) -> None:
    draw = random.Random(seed)
    points = np.array([[draw.randint(-size, size) for _ in range(3)] for _ in range(8)], dtype=np.int32)
    faces = np.array(CUBE, dtype=np.int32)
    assert _measure(points, faces)[0] == [_six_volume(points, faces)]
    area = sum(
        math.isqrt(4 * sum(n * n for n in map(int, np.cross(b - a, c - a)))) / 2
        for a, b, c in (points[f].astype(object) for f in faces)
    )
    assert abs(_measure(points, faces)[1][mass.AREA] - area) <= 12 + 1e-15 * area


@pytest.mark.parametrize("seed", range(5))
def test_no_order_and_no_symmetry_changes_a_bit(seed: int) -> None:
    draw = random.Random(seed)
    points = np.array([[draw.randint(-(10**6), 10**6) for _ in range(3)] for _ in range(8)], dtype=np.int32)
    faces = np.array(CUBE, dtype=np.int32)
    volumes, sums = _measure(points, faces)
    for _ in range(30):
        axes, signs = draw.sample(range(3), 3), [draw.choice((-1, 1)) for _ in range(3)]
        names = np.array(draw.sample(range(8), 8))
        moved = np.empty_like(points)
        moved[names] = points[:, axes] * np.array(signs, dtype=np.int32)
        inverse_names = names[faces].astype(np.int32)
        shuffled = inverse_names[draw.sample(range(12), 12)]
        rolled = np.array([np.roll(f, draw.randrange(3)) for f in shuffled], dtype=np.int32)
        parity = sum(axes[i] > axes[j] for i in range(3) for j in range(i + 1, 3)) + signs.count(-1)
        told, areas = _measure(moved, rolled)
        assert told == [volumes[0] * (-1) ** parity] and areas[mass.AREA] == sums[mass.AREA]


def test_shells_are_measured_apart_and_left_out_faces_not_at_all() -> None:
    points = np.concatenate([_box(10, 10, 10), _box(2, 2, 2, (4, 4, 4))])
    inner = np.array(CUBE, dtype=np.int32)[:, ::-1] + 8
    faces = np.ascontiguousarray(np.concatenate([np.array(CUBE, dtype=np.int32), inner, [[0, 0, 1]]]).astype(np.int32))
    shell = np.array([0] * 12 + [1] * 12 + [-1], dtype=np.int32)
    assert _measure(points, faces, shell)[0] == [6000, -48]
    boxes = np.empty((2, 6), dtype=np.int64)
    mass.shell_bounds(points, faces, shell, boxes)
    assert boxes.tolist() == [[0, 0, 0, 10, 10, 10], [4, 4, 4, 6, 6, 6]]


def test_faces_without_area_are_counted() -> None:
    points = np.array([[0, 0, 0], [5, 5, 5], [10, 10, 10], [1, 0, 0]], dtype=np.int32)
    faces = np.array([[0, 3, 2], [0, 1, 2]], dtype=np.int32)
    places = np.empty(1, dtype=np.int64)
    sums = np.empty((mass.SUMS, 2), dtype=np.int64)
    volumes, nothing = np.empty((1, 2), dtype=np.int64), np.empty(0, dtype=np.int64)
    mass.measure(points, faces, np.zeros(2, dtype=np.int32), _room(), volumes, sums, places, nothing, 0.0, 0.0, nothing)
    assert sums[mass.ZERO_FACES].tolist() == [0, 1] and places[0] == 1


@pytest.mark.parametrize(("slope", "counted"), [((10, 9), False), ((10, 10), False), ((10, 11), True)])
def test_overhang_begins_beyond_45_degrees(slope: tuple[int, int], counted: bool) -> None:
    """A face that leans out by `run` over `rise`: exactly 45 degrees still prints."""
    rise, run = slope
    points = np.array([[0, 0, 5], [run, 0, 5 + rise], [0, 10, 5]], dtype=np.int32)
    faces = np.array([[0, 2, 1]], dtype=np.int32)
    sums = _measure(points, faces)[1]
    assert sums[mass.DOWN] == 10 * run and (sums[mass.OVERHANG] > 0) is counted


def test_moments_of_a_box_and_any_order_of_faces() -> None:
    x, y, z = 300_000, 200_000, 100_000
    points, faces = _box(x, y, z, (70_000, -30_000, 10_000)), np.array(CUBE, dtype=np.int32)
    origin = np.array([220_000, 70_000, 60_000], dtype=np.int64) + np.array([500, -700, 900])
    first, second = mass.moment_scales(x, 12)
    sums = np.empty(9, dtype=np.int64)
    mass.moments(points, faces, np.zeros(12, dtype=np.int32), _room(), origin, first, second, sums)
    v = Fraction(x * y * z)
    told = [s / first / float(v) for s in sums[:3].tolist()]
    assert told == pytest.approx([-500, 700, -900], rel=1e-9)
    squares = [s / second / float(v) for s in sums[3:].tolist()]
    d = (-500, 700, -900)
    expected = [n * n / 12 + c * c for n, c in zip((x, y, z), d, strict=True)] + [d[0] * d[1], d[1] * d[2], d[2] * d[0]]
    assert squares == pytest.approx(expected, rel=1e-9, abs=1.0)
    again = np.empty(9, dtype=np.int64)
    for seed in range(5):
        order = random.Random(seed).sample(range(12), 12)
        mass.moments(points, faces[order].copy(), np.zeros(12, dtype=np.int32), _room(), origin, first, second, again)
        assert again.tolist() == sums.tolist()


def test_bounds_pass_by_points_not_in_use() -> None:
    points = np.array([[9, 9, 9], [1, 2, 3], [4, -5, 6]], dtype=np.int32)
    box = np.empty(6, dtype=np.int64)
    assert mass.bounds(points, np.array([0, 1, 1], dtype=np.int32), box) == 2
    assert box.tolist() == [1, -5, 3, 4, 2, 6]


@given(
    st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=1, max_size=7), st.integers(-4, 4), st.integers(-4, 4)
)
@settings(max_examples=300, deadline=None)
def test_stands_is_being_in_the_convex_hull(feet: list[tuple[int, int]], x: int, y: int) -> None:
    """Truth: no line through (x, y) in a direction that could separate leaves all feet strictly on one side."""
    points = np.array([(a, b, 0) for a, b in feet] + [(x, y, 0), (x, y, 5)], dtype=np.int32)
    degree = np.array([1] * len(feet) + [0, 1], dtype=np.int32)
    ways = [(a - x, b - y) for a, b in feet]
    # a separating direction can be turned until it is nearly square to a foot's direction: try both sides of each, slightly off
    tries = [(s * (-64 * wy) + t * wx, s * (64 * wx) + t * wy) for wx, wy in ways for s in (-1, 1) for t in (1, -1, 0)]
    tries += [(64 * wx, 64 * wy) for wx, wy in ways]
    separated = any(all(p * wx + q * wy > 0 for wx, wy in ways) for p, q in tries)
    assert mass.stands(points, degree, x, y) is (not separated)


def test_nothing_at_zero_stands_nowhere() -> None:
    assert mass.stands(np.array([[0, 0, 1]], dtype=np.int32), np.array([1], dtype=np.int32), 0, 0) is False
