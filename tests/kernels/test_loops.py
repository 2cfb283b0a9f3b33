"""Distances between loops against brute force; overhang and areas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.loops import gap, overhang, twice_areas

Loop = list[tuple[int, int]]


def arrays(loops: list[Loop]) -> tuple[np.ndarray, np.ndarray]:
    points = np.array([p for loop in loops for p in loop], np.int32).reshape(-1, 2)
    return points, np.cumsum([len(loop) for loop in loops], dtype=np.int32)


def square(x: int, y: int, size: int) -> Loop:
    return [(x, y), (x + size, y), (x + size, y + size), (x, y + size)]


def edges(loops: list[Loop]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    return [(loop[i - 1], loop[i]) for loop in loops for i in range(len(loop))]


def apart(one: list[Loop], other: list[Loop]) -> float:
    """The distance of two sets of loops that do not cross, by all pairs."""

    def to_segment(p: tuple[int, int], a: tuple[int, int], b: tuple[int, int]) -> float:
        length = (b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2
        along = ((p[0] - a[0]) * (b[0] - a[0]) + (p[1] - a[1]) * (b[1] - a[1])) / length
        t = min(1.0, max(0.0, along))
        return math.hypot(p[0] - a[0] - t * (b[0] - a[0]), p[1] - a[1] - t * (b[1] - a[1]))

    pairs = [(e, f) for e in edges(one) for f in edges(other)]
    return min(min(to_segment(e[0], *f), to_segment(f[0], *e)) for e, f in pairs)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-900, -10), st.integers(-900, 900)), min_size=3, max_size=9, unique=True),
    st.lists(st.tuples(st.integers(10, 900), st.integers(-900, 900)), min_size=3, max_size=9, unique=True),
    st.sampled_from([1.0, 50.0, 400.5, 1e5]),
)
def test_gap_is_the_smallest_of_all_pairs(left: Loop, right: Loop, limit: float) -> None:
    found = gap(*arrays([left]), *arrays([right]), limit)
    assert found == pytest.approx(min(limit, apart([left], [right])), rel=1e-12)
    assert gap(*arrays([right]), *arrays([left]), limit) == pytest.approx(found, rel=1e-12)


def test_gap_far_out_is_exact() -> None:
    """Products of differences of 2^31 still fit."""
    edge = (1 << 30) - 1
    wide = [(-edge, -edge), (edge, -edge), (edge, edge), (-edge, edge)]
    assert gap(*arrays([square(0, 0, 5)]), *arrays([wide]), 2.0**31) == edge - 5
    assert gap(*arrays([square(-edge, -edge, 1)]), *arrays([square(edge - 1, edge - 1, 1)]), 2.0**32) == pytest.approx(
        math.hypot(2 * edge - 2, 2 * edge - 2)
    )


def test_no_loops_are_as_far_as_the_limit() -> None:
    nothing = (np.empty((0, 2), np.int32), np.empty(0, np.int32))
    assert gap(*nothing, *arrays([square(0, 0, 5)]), 7.0) == 7.0
    assert gap(*arrays([square(0, 0, 5)]), *nothing, 7.0) == 7.0


@pytest.mark.parametrize(
    ("loops", "margin", "expected"),
    [
        ([square(10, 10, 10)], 0.0, 0.0),
        ([square(10, 10, 10)], 10.0, 0.0),
        ([square(10, 10, 10)], 12.0, 2.0),  # within, but nearer to the border than the margin
        ([square(95, 10, 10)], 0.0, 5.0),
        ([square(95, 10, 10)], 3.0, 8.0),
        ([square(45, 45, 8)], 0.0, 5.0),  # a corner in the hole, 5 from its sides
        ([square(30, 30, 40)], 0.0, 20.0),  # over the whole hole: its far corner lies that deep in the letter
        ([square(200, 10, 10)], 0.0, 110.0),  # its far side
    ],
)
def test_overhang(loops: list[Loop], margin: float, expected: float) -> None:
    region = [square(0, 0, 100), square(40, 40, 10)[::-1]]
    assert overhang(*arrays(loops), *arrays(region), margin) == pytest.approx(expected)


def test_areas() -> None:
    points, ends = arrays([square(1, 1, 10), square(3, 3, 4)[::-1], [(0, 0), (1 << 29, 0), (0, 1 << 29)]])
    areas = np.empty(3, np.int64)
    twice_areas(points, ends, areas)
    assert areas.tolist() == [200, -32, 1 << 58]
