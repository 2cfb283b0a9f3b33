"""Exact predicates against Python's integers of any size, to the ends of their range."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kernels import exact

END = exact.SPATIAL_LIMIT
FLAT_END = exact.PLANAR_LIMIT - 1
Vector = tuple[int, int, int]
Point = tuple[int, int]


def numbers(end: int) -> st.SearchStrategy[int]:
    """Small ones, any, and those next to the ends."""
    near = st.integers(0, 2)
    return st.one_of(st.integers(-3, 3), st.integers(-end, end), near.map(lambda d: end - d), near.map(lambda d: d - end))


corner = st.tuples(*[numbers(END)] * 3)
flat = st.tuples(*[numbers(FLAT_END)] * 2)


def sign(value: int) -> int:
    return (value > 0) - (value < 0)


def minus(a: Vector, b: Vector) -> Vector:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def dot(a: Vector, b: Vector) -> int:
    return sum(x * y for x, y in zip(a, b, strict=True))


@given(corner, corner, corner, corner)
@example((-END, -END, -END), (END, END, -END), (-END, END, END), (END, -END, END))
@example((-END, -END, -END), (END, -END, -END), (-END, END, -END), (END, END, -END + 1))
@example((-END, -END, -END), (END, END, END - 1), (END - 1, END, END), (END, END - 1, END))
@settings(max_examples=400, deadline=None)
def test_orient3d_and_the_normal_are_as_in_whole_numbers(a: Vector, b: Vector, c: Vector, d: Vector) -> None:
    lattice = np.array([a, b, c, d], np.int32)
    normal = cross(minus(b, a), minus(c, a))
    assert exact.normal_of(lattice, np.array([[0, 1, 2]], np.int32), 0) == normal
    assert exact.orient3d(lattice, 0, 1, 2, 3) == sign(dot(normal, minus(d, a)))
    assert exact.orient3d(lattice, 1, 0, 2, 3) == -exact.orient3d(lattice, 0, 1, 2, 3)


@given(st.tuples(*[numbers((1 << 60) - 1)] * 3), st.tuples(*[numbers(1 << 29)] * 3))
@example(((1 << 60) - 1,) * 3, (1 << 29,) * 3)
@example((-(1 << 60) + 1,) * 3, (1 << 29,) * 3)
@example((1 << 32, -(1 << 32), 1), (1, 1, -1))
@example((1, 0, 0), (-1, 0, 0))
@example((1 << 31, 1 << 31, 0), (1, 1, 0))
@settings(max_examples=400, deadline=None)
def test_side_of_plane_is_the_sign_of_a_sum_wider_than_a_word(n: Vector, d: Vector) -> None:
    told = exact.side_of_plane(*(np.int64(v) for v in n), *(np.int64(v) for v in d))
    assert told == sign(dot(n, d))


@given(st.tuples(*[numbers((1 << 60) - 1)] * 2), st.tuples(*[numbers(1 << 29)] * 2), st.integers(-1, 1))
@settings(max_examples=200, deadline=None)
def test_side_of_plane_next_to_zero(n: tuple[int, int], d: tuple[int, int], step: int) -> None:
    """Two products that cancel, and a third of -1, 0 or 1: nothing below the last bit."""
    limit = 1 << 29
    x, y = n[0] % limit, d[0]
    told = exact.side_of_plane(*(np.int64(v) for v in (x << 30, -y << 30, step)), *(np.int64(v) for v in (y, x, 1)))
    assert told == step


@given(flat, flat, flat)
@example((-FLAT_END, -FLAT_END), (FLAT_END, -FLAT_END), (FLAT_END, FLAT_END))
@settings(max_examples=200, deadline=None)
def test_orient2d_is_the_value_itself(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> None:
    told = exact.orient2d(*(np.int64(v) for v in (*a, *b, *c)))
    assert told == (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def test_an_area_that_int32_would_lose() -> None:
    """Differences of 2^29: int32 products wrap to 0, and the face would be taken for a point."""
    lattice = np.array([(-END, -END, 0), (END, -END, 0), (-END, END, 0)], np.int32)
    assert exact.normal_of(lattice, np.array([[0, 1, 2]], np.int32), 0) == (0, 0, 1 << 58)


def by_fractions(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Have the closed segments a-b and c-d a point in common? Solved, or, on one line, by their spans."""
    (ux, uy), (vx, vy), (wx, wy) = (b[0] - a[0], b[1] - a[1]), (d[0] - c[0], d[1] - c[1]), (c[0] - a[0], c[1] - a[1])
    turn = ux * vy - uy * vx
    if turn:
        s, t = Fraction(wx * vy - wy * vx, turn), Fraction(wx * uy - wy * ux, turn)
        return 0 <= s <= 1 and 0 <= t <= 1
    two = next(((p, q) for p, q in ((a, b), (c, d), (a, c)) if p != q), None)
    if two is None:
        return True
    (px, py), (qx, qy) = two
    x, y = qx - px, qy - py
    if any(x * (v - py) != y * (u - px) for u, v in (a, b, c, d)):
        return False
    first, second = ([x * u + y * v for u, v in ends] for ends in ((a, b), (c, d)))
    return max(min(first), min(second)) <= min(max(first), max(second))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=4, max_size=4), st.integers(0, 28))
def test_segments_meet_as_fractions_say(points: list[Point], power: int) -> None:
    a, b, c, d = ((x << power, y << power) for x, y in points)
    assert bool(exact.segments_meet(*a, *b, *c, *d)) == by_fractions(a, b, c, d)
