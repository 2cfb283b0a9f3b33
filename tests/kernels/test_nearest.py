"""Nearest points: known ones by hand, exact rationals, and every face alone; no tree and no order of places changes an answer."""

from __future__ import annotations

import math
from fractions import Fraction

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import nearest, wide
from kernels.compiled import inlined
from kernels.simd import splat, store

PLAIN = bool(numba.config.DISABLE_JIT)
TRIANGLE = np.array([[0.0, 0, 0], [4, 0, 0], [0, 4, 0]])
ONE = np.array([[0, 1, 2]], np.int32)
BY_HAND = [
    ((1.0, 1.0, 3.0), 3.0, (1, 1, 0)),  # over the inside
    ((2.0, -2.0, 0.0), 2.0, (2, 0, 0)),  # beside a side
    ((4.0, 4.0, 0.0), 2.0 * math.sqrt(2.0), (2, 2, 0)),  # beside the slanted side
    ((-3.0, -4.0, 0.0), 5.0, (0, 0, 0)),  # at a corner
    ((6.0, -1.0, 2.0), 3.0, (4, 0, 0)),  # at another
    ((1.0, 2.0, 0.0), 0.0, (1, 2, 0)),  # in it
]
Vector = list[Fraction]


def found(points: np.ndarray, faces: np.ndarray, places: np.ndarray) -> nearest.Nearest:
    tree = wide.grown(points, faces)
    return nearest.find(points, faces, tree, nearest.lanes_of(points, faces, tree), places)


@pytest.mark.parametrize(("place", "far", "foot"), BY_HAND)
@pytest.mark.parametrize("turn", range(3))
def test_by_hand(place: tuple[float, float, float], far: float, foot: tuple[float, float, float], turn: int) -> None:
    told = found(TRIANGLE, np.roll(ONE, turn, axis=1).copy(), np.array([place]))
    assert told.distances[0] == pytest.approx(far, abs=1e-12) and told.faces[0] == 0
    assert told.points[0] == pytest.approx(foot, abs=1e-12)
    assert nearest.distances(TRIANGLE, ONE, np.array([place]))[0] == pytest.approx(far, abs=1e-12)


def minus(a: Vector, b: Vector) -> Vector:
    return [x - y for x, y in zip(a, b, strict=True)]


def dot(a: Vector, b: Vector) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def cross(a: Vector, b: Vector) -> Vector:
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def by_rationals(corners: np.ndarray, place: np.ndarray) -> float:
    """The distance to one triangle, from an exact square: the plane's foot where it lies inside, and each side."""
    a, b, c = ([Fraction(float(x)) for x in p] for p in corners)
    p = [Fraction(float(x)) for x in place]
    squares = []
    for q, r in ((a, b), (b, c), (c, a)):
        side, away = minus(r, q), minus(p, q)
        whole = dot(side, side)
        t = min(max(dot(side, away) / whole, Fraction(0)), Fraction(1)) if whole else Fraction(0)
        rest = minus(away, [t * x for x in side])
        squares.append(dot(rest, rest))
    n = cross(minus(b, a), minus(c, a))
    if any(n) and all(dot(n, cross(minus(r, q), minus(p, q))) >= 0 for q, r in ((a, b), (b, c), (c, a))):
        squares.append(dot(n, minus(p, a)) ** 2 / dot(n, n))
    return root(min(squares))


def root(square: Fraction) -> float:
    """To the last digits, however large or small."""
    if square == 0:
        return 0.0
    size = max(0, 160 - square.numerator.bit_length() + square.denominator.bit_length())
    size += size % 2
    return float(Fraction(math.isqrt((square.numerator << size) // square.denominator), 1 << size // 2))


@settings(max_examples=8 if PLAIN else 40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.booleans())
def test_against_every_triangle(seed: int, count: int, flat: bool) -> None:
    chance = np.random.default_rng(seed)
    points = chance.integers(-6, 7, (3 * count, 3)).astype(np.float64)
    if flat:
        points[:, 2] = 1.0
    faces = chance.integers(0, len(points), (count, 3)).astype(np.int32)
    places = np.concatenate([chance.uniform(-9.0, 9.0, (3, 3)), chance.integers(-7, 8, (3, 3))])
    told = found(points, faces, places)
    each = [[by_rationals(points[corners], place) for corners in faces] for place in places]
    assert told.distances == pytest.approx(np.min(each, axis=1), abs=1e-13)
    for i, place in enumerate(places):
        assert each[i][told.faces[i]] == pytest.approx(told.distances[i], abs=1e-13)
        assert by_rationals(points[faces[told.faces[i]]], told.points[i]) < 1e-13
        assert np.linalg.norm(place - told.points[i]) == pytest.approx(told.distances[i], abs=1e-13)


@settings(max_examples=40 if PLAIN else 400, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(-12, 2), st.floats(0.0, 1.0), st.sampled_from([0.0, 1e-9, 1e-4, 0.05, 3.0]))
def test_slivers_are_measured_as_well_as_others(seed: int, thin: int, where: float, away: float) -> None:
    """100 long and 10^thin high, in any direction, the third corner anywhere along: to 1e-11, over it, beside it and beyond its tips."""
    chance = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(chance.normal(size=(3, 3)))
    flat = np.array([[0.0, 0], [100, 0], [100 * where, 10.0**thin]])
    corners = chance.uniform(-50, 50, 3) + flat @ axes[:2]
    shares = chance.dirichlet([0.5, 0.5, 0.5], 4) * 1.02 - 0.01
    places = shares @ corners + away * chance.normal(size=(4, 3)) * (seed % 2) + away * axes[2]
    told = found(np.ascontiguousarray(corners), np.roll(ONE, seed % 3, axis=1).copy(), places)
    for i, place in enumerate(places):
        assert told.distances[i] == pytest.approx(by_rationals(corners, place), abs=1e-11)
        assert np.linalg.norm(place - told.points[i]) == pytest.approx(told.distances[i], abs=1e-11)


def alone(points: np.ndarray, faces: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every face measured by itself: distances (m, n) and points (m, n, 3)."""
    told = [found(points, faces[f : f + 1], places) for f in range(len(faces))]
    return np.array([t.distances for t in told]), np.array([t.points for t in told])


KINDS = ("any", "round", "slivers", "short sides", "lines")


def soup(chance: np.random.Generator, count: int, size: float, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Triangles anywhere: of any shape, on integers, ever thinner, with ever shorter sides, without an area."""
    corners = chance.uniform(-9, 9, (count, 1, 3)) + chance.normal(0, size, (count, 3, 3))
    thin = 10.0 ** chance.uniform(-16, 0, (count, 1))
    if kind == "round":
        corners = np.round(corners)
    elif kind == "slivers":
        along = chance.uniform(0, 1, (count, 1))
        corners[:, 2] = corners[:, 0] + along * (corners[:, 1] - corners[:, 0]) + thin * chance.normal(size=(count, 3))
    elif kind == "short sides":
        corners[:, 2] = corners[:, 0] + thin * chance.normal(size=(count, 3))
    faces = np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
    if kind == "lines":
        faces[:, 2] = faces[:, chance.integers(0, 2)]
    return corners.reshape(-1, 3), np.roll(faces, chance.integers(0, 3), axis=1).copy()


@inlined
def _bounds(lanes: np.ndarray, row: int, place: np.ndarray, made: np.ndarray) -> None:
    px, py, pz = splat(np.float32(place[0])), splat(np.float32(place[1])), splat(np.float32(place[2]))
    store(made, 0, 0, nearest._at_least(lanes, row, px, py, pz))


@settings(max_examples=5 if PLAIN else 150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(KINDS), st.floats(0.001, 5.0), st.sampled_from([0.5, 3.0, 1e3]))
def test_lanes_never_say_more_than_half_the_slack_too_much(seed: int, kind: str, size: float, away: float) -> None:
    chance = np.random.default_rng(seed)
    points, faces = soup(chance, 8, size, kind)
    tree = wide.grown(points, faces)
    lanes, made = nearest.lanes_of(points, faces, tree), np.empty((1, 8), np.float32)
    places = chance.normal(0, away, (6, 3))
    places[3:] += points[:3]
    for place in places:
        local = (place - tree.frame[:3]) * tree.frame[3]
        _bounds(lanes, 0, local, made)
        exact = np.array([by_rationals(points[faces[f]], place) for f in tree.order]) * tree.frame[3]
        slack = nearest.SLACK * max(1.0, np.abs(local).max())
        assert (np.sqrt(made[0].astype(np.float64)) <= exact + slack / 2).all()
        assert kind == "slivers" or (made[0] >= 0.04 * np.maximum(exact - slack, 0) ** 2).all()  # nor far too little


@settings(max_examples=4 if PLAIN else 60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 200), st.floats(0.001, 5.0), st.sampled_from(KINDS))
def test_no_tree_and_no_order_changes_an_answer(seed: int, count: int, size: float, kind: str) -> None:
    """To the last bit what the nearest face says when it is asked alone, the lowest of equals: nothing nearer is ever left out."""
    chance = np.random.default_rng(seed)
    count = count // 8 + 1 if PLAIN else count
    points, faces = soup(chance, count, size, kind)
    faces[seed % count] = faces[0]
    places = np.concatenate([chance.uniform(-20, 20, (20, 3)), points[:10], points[faces[:10]].mean(axis=1)])
    places = np.concatenate([places, chance.normal(size=(8, 3)) * 10.0 ** chance.uniform(1, 8, (8, 1))])
    told = found(points, faces, places)
    distances, feet = alone(points, faces, places)
    assert (told.distances == distances.min(axis=0)).all()
    squares_tie = distances == distances.min(axis=0)
    assert all(squares_tie[f, i] for i, f in enumerate(told.faces))
    assert (told.points == feet[told.faces, np.arange(len(places))]).all()
    shuffled = chance.permutation(len(places))
    again = found(points, faces, places[shuffled])
    assert all((a == b[shuffled]).all() for a, b in zip(again, told, strict=True))
    tree = wide.grown(points, faces)
    for order in (tree.order[::-1].copy(), np.arange(count, dtype=np.int32)):
        boxes = np.empty_like(tree.boxes)
        wide.fit(points, faces, order, tree.levels, tree.frame, boxes)
        other = tree._replace(order=order, boxes=boxes)
        again = nearest.find(points, faces, other, nearest.lanes_of(points, faces, other), places)
        assert all((a == b).all() for a, b in zip(again, told, strict=True))


def test_of_equals_the_lowest_row() -> None:
    points = np.array([[0.0, 0, 0], [4, 0, 0], [0, 4, 0], [4, 4, 0], [9, 9, 9]])
    faces = np.array([[4, 4, 4]] * 5 + [[0, 1, 2], [1, 3, 2]] * 20, np.int32)
    told = found(points, faces, np.array([[1.0, 1, 1], [3, 3, 1], [0, 0, 0], [4, 4, 2], [9, 9, 9]]))
    assert told.faces.tolist() == [5, 6, 5, 6, 0]


def test_no_faces_is_infinitely_far_and_so_is_what_is_no_place() -> None:
    told = found(TRIANGLE, ONE[:0], np.zeros((1, 3)))
    assert (told.distances[0], told.faces[0]) == (math.inf, -1) and np.isnan(told.points).all()
    odd = np.array([[math.nan, 0, 0], [0, math.inf, 0], [1, 1, 1], [0, 0, -math.inf]])
    told = found(TRIANGLE, ONE, odd)
    assert told.distances.tolist() == [math.inf, math.inf, 1.0, math.inf] and told.faces.tolist() == [-1, -1, 0, -1]
    assert np.isnan(told.points[[0, 1, 3]]).all() and len(found(TRIANGLE, ONE, odd[:0]).faces) == 0


@pytest.mark.parametrize("faces", [[[0, 0, 0]], [[0, 1, 0]], [[0, 1, 3]], [[3, 0, 1]], [[1, 3, 0], [0, 0, 0]]])
def test_faces_without_an_area_are_their_sides(faces: list[list[int]]) -> None:
    points = np.concatenate([TRIANGLE, [[2.0, 0, 0]]])
    places = np.array([[1.0, 3, 4], [-3, 0, 4], [2, 0, 0]])
    told = nearest.distances(points, np.array(faces, np.int32), places)
    expected = [min(by_rationals(points[f], p) for f in faces) for p in places]
    assert told == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("scale", [1e-30, 1e-6, 1.0, 1e30])
@pytest.mark.parametrize("away", [1.0, 1e6, 1e12, 1e25])
def test_any_size_and_distance(scale: float, away: float) -> None:
    """Points that no face uses lie where they like."""
    chance = np.random.default_rng(5)
    count = 20 if PLAIN else 60
    points = np.concatenate([chance.normal(0, 10 * scale, (3 * count, 3)), [(1e40, -1e40, 0.0)]])
    faces = np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
    places = chance.normal(0, 10, (5, 3)) * away * scale
    told = found(points, faces, places)
    exact = [min(by_rationals(points[f], p) for f in faces) for p in places]
    assert told.distances == pytest.approx(exact, rel=1e-12) and (told.faces >= 0).all()


def test_places_on_the_surface() -> None:
    chance = np.random.default_rng(8)
    points = chance.uniform(-50, 50, (90, 3))
    faces = np.arange(90, dtype=np.int32).reshape(-1, 3)
    on = np.concatenate([points, points[faces].mean(axis=1), (points[faces] + points[faces[:, [1, 2, 0]]]).reshape(-1, 3) / 2])
    told = found(points, faces, on)
    assert told.distances.max() < 1e-13 and np.abs(told.points - on).max() < 1e-13


def test_strided_and_read_only_places_are_taken() -> None:
    places = np.asfortranarray(np.array([[1.0, 1, 3], [2, -2, 0]]))
    places.setflags(write=False)
    assert nearest.distances(TRIANGLE, ONE, places).tolist() == pytest.approx([3.0, 2.0])
