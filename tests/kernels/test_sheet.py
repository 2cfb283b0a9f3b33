"""The points of a sheet by hand, and its bevel: whatever is accepted crosses nowhere, told by every pair of edges."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.sheet import FINE, FOLDED, NARROW, OFF_GRID, THIN, sheet
from kernels.spline import interpolate

HIGH = 8.0


def flat(height: float = HIGH) -> np.ndarray:
    """A level top from (-20, -20) to (60, 20), 4 mm apart."""
    coefficients = np.empty((23, 13))
    interpolate(np.full((21, 11), height), coefficients, np.empty(21))
    return coefficients


def asked(
    stations: list[float], low: list[float], high: list[float], heel: float, toe: float, bevel: float = 0.0, lift: float = 1.0,
    top: np.ndarray | None = None,
) -> tuple[int, int, np.ndarray]:  # fmt: skip
    n, columns = len(stations), np.array((0.0, 0.5, 1.0))
    points, where = np.full((3 * n + 2 + (2 * n + 2) * (2 if bevel else 1), 3), np.nan), np.full(1, -1)
    line = np.empty(13)
    status = sheet(
        flat() if top is None else top, -20.0, -20.0, 4.0, np.array(stations), np.array(low), np.array(high), heel, toe, columns,
        bevel, lift if bevel else 0.0, line, points, where,
    )  # fmt: skip
    return status, int(where[0]), points


def test_by_hand() -> None:
    status, _, points = asked([2.0, 8.0], [-5.0, -5.0], [5.0, 7.0], 0.0, 10.0)
    assert status == FINE
    top = [
        (20000, -50000),
        (20000, 0),
        (20000, 50000),
        (80000, -50000),
        (80000, 10000),
        (80000, 70000),
        (0, 0),
        (100000, 10000),
    ]
    assert points[:8].tolist() == [[x, y, 80000] for x, y in top]
    border = [(0, 0), (20000, -50000), (80000, -50000), (100000, 10000), (80000, 70000), (20000, 50000)]
    assert points[8:].tolist() == [[x, y, 0] for x, y in border]


def test_a_bevel_by_hand() -> None:
    status, _, points = asked([0.0, 10.0, 20.0], [-10.0] * 3, [10.0] * 3, -10.0, 30.0, bevel=1.0, lift=2.0)
    assert status == FINE and np.all(points[11:19, 2] == 20000) and np.all(points[19:, 2] == 0)
    outer, inner = points[11:19, :2], points[19:, :2]
    assert (inner - outer)[[0, 2, 4, 6]].tolist() == [[10000, 0], [0, 10000], [-10000, 0], [0, -10000]]
    assert np.linalg.norm(inner - outer, axis=1) == pytest.approx(10000.0, abs=1.0)


def test_the_normal_is_the_circles() -> None:
    """Points anywhere on a circle move straight to its middle, however far apart."""
    angles = np.radians([20.0, 55.0, 70.0, 110.0, 160.0])
    x, y = -15.0 * np.cos(angles), 15.0 * np.sin(angles)
    status, _, points = asked(x.tolist(), (-y).tolist(), y.tolist(), -15.0, 15.0, bevel=3.0)
    assert status == FINE
    assert np.hypot(*points[-12:, :2].T) == pytest.approx(120000.0, abs=1.5)


REFUSED = [
    (OFF_GRID, 0, ([70.0, 80.0], [-5.0, -5.0], [5.0, 5.0], 0.0, 90.0)),
    (OFF_GRID, 5, ([2.0, 8.0], [-5.0, -5.0], [5.0, 25.0], 0.0, 10.0)),
    (OFF_GRID, 6, ([2.0, 8.0], [-5.0, -5.0], [5.0, 5.0], -21.0, 10.0)),
    (OFF_GRID, 7, ([2.0, 8.0], [-5.0, -5.0], [5.0, 5.0], 0.0, 61.0)),
    (NARROW, 3, ([2.0, 2.00001], [-5.0, -5.0], [5.0, 5.0], 0.0, 10.0)),
    (NARROW, 1, ([2.0, 8.0], [5.0, -5.0], [5.00005, 5.0], 0.0, 10.0)),
    (NARROW, 4, ([2.0, 8.0], [-5.0, 5.0], [5.0, -5.0], 0.0, 10.0)),
    (NARROW, 6, ([2.0, 8.0], [-5.0, -5.0], [5.0, 5.0], 2.0, 10.0)),
    (NARROW, 7, ([2.0, 8.0], [-5.0, -5.0], [5.0, 5.0], 0.0, 8.0)),
]


@pytest.mark.parametrize(("why", "row", "outline"), REFUSED)
def test_it_is_refused(why: int, row: int, outline: tuple[list[float], list[float], list[float], float, float]) -> None:
    assert asked(*outline)[:2] == (why, row)


def test_a_top_that_is_not_above_the_bevel() -> None:
    outline = ([2.0, 8.0], [-5.0, -5.0], [5.0, 5.0], 0.0, 10.0)
    assert asked(*outline, bevel=1.0, lift=7.9999)[0] == FINE
    assert asked(*outline, bevel=1.0, lift=8.0)[:2] == (THIN, 0)
    assert asked(*outline, top=flat(0.0))[:2] == (THIN, 0)


def left(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> int:
    turn = (int(b[0]) - int(a[0])) * (int(c[1]) - int(a[1])) - (int(b[1]) - int(a[1])) * (int(c[0]) - int(a[0]))
    return (turn > 0) - (turn < 0)


def meet(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> bool:
    """Do two segments share a place? Exact."""
    one, two, three, four = left(a, b, c), left(a, b, d), left(c, d, a), left(c, d, b)
    if one == two == 0:
        return bool(np.all(np.maximum(np.minimum(a, b), np.minimum(c, d)) <= np.minimum(np.maximum(a, b), np.maximum(c, d))))
    return one * two <= 0 and three * four <= 0


def crosses(outer: np.ndarray, inner: np.ndarray) -> bool:
    """Does the inner border meet itself or the outer one, or a triangle of the bevel or underside turn over?"""
    ring = len(inner)
    edges = [(border[o], border[(o + 1) % ring]) for border in (outer, inner) for o in range(ring)]
    for (p, one), (q, two) in itertools.combinations(enumerate(edges), 2):
        beside = (q - p) % ring in (1, ring - 1) and p // ring == q // ring
        if not beside and q >= ring and meet(*one, *two):
            return True
    n = ring // 2 - 1
    bevel = [
        t
        for o in range(ring)
        for t in ((outer[o], outer[(o + 1) % ring], inner[(o + 1) % ring]), (outer[o], inner[(o + 1) % ring], inner[o]))
    ]
    low, high = inner[1 : n + 1], inner[: n + 1 : -1]
    under = [(inner[0], low[0], high[0]), (low[-1], inner[n + 1], high[-1])]
    for k in range(n - 1):
        under += [(low[k], low[k + 1], high[k + 1]), (low[k], high[k + 1], high[k])]
    return any(left(*t) <= 0 for t in (*bevel, *under))


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 8), bevel=st.floats(0.05, 6.0), rough=st.floats(0.0, 8.0))
def test_what_is_accepted_crosses_nowhere(seed: int, n: int, bevel: float, rough: float) -> None:
    rng = np.random.default_rng(seed)
    stations = 35.0 * np.sort(rng.random(n) + 0.01) + 1.0
    half = 9.0 * np.sin(np.pi * stations / 38.0) + 0.3
    low, high = -half + rough * rng.normal(size=n) / 3.0, half + rough * rng.normal(size=n) / 3.0
    low, high = np.clip(np.minimum(low, high), -19.0, 19.0), np.clip(np.maximum(low, high) + 0.1, -19.0, 19.5)
    status, where, points = asked(stations.tolist(), low.tolist(), high.tolist(), 0.0, 38.0, bevel=bevel)
    ring = 2 * n + 2
    if status == FINE:
        assert not crosses(points[-2 * ring : -ring, :2], points[-ring:, :2])
    else:
        assert status in (FOLDED, NARROW) and 0 <= where < len(points)
        if status == FOLDED:
            assert where >= len(points) - ring


FOLDS = [
    ("an edge of the border turns round", 3, 2.0, ([19.1, 21.1, 21.5], [-9.7, -8.2, -11.2], [11.0, 7.4, 8.9])),
    (
        "a side runs back",
        5,
        3.19,
        (
            [15.65, 19.21, 22.17, 24.84, 28.63, 29.21, 29.76],
            [-7.5, -7.9, -6.3, -8.2, -8.6, -3.7, -1.4],
            [5.0, 8.2, 4.5, 2.2, -0.4, 1.5, 8.3],
        ),
    ),
    ("the low side crosses the high", 2, 3.54, ([11.75, 17.59, 25.32, 32.55], [-10.8, 1.7, 1.6, -7.2], [3.5, 3.3, 3.5, 5.8])),
    ("the high side crosses the low", 7, 5.95, ([8.56, 15.23, 19.08], [-5.1, -7.2, -8.0], [6.0, 7.0, 8.7])),
    (
        "a triangle underneath turns round",
        1,
        0.45,
        ([2.74, 3.14, 7.53, 17.89, 25.06], [0.8, -5.1, -0.8, -6.0, -9.8], [4.2, 3.9, 0.9, 11.0, 6.7]),
    ),
]


@pytest.mark.parametrize(("row", "bevel", "sections"), [f[1:] for f in FOLDS], ids=[f[0] for f in FOLDS])
def test_each_way_of_folding(row: int, bevel: float, sections: tuple[list[float], list[float], list[float]]) -> None:
    status, where, points = asked(*sections, 0.0, 38.0, bevel=bevel)
    assert (status, where) == (FOLDED, len(points) - 2 * len(sections[0]) - 2 + row)


def test_a_waist() -> None:
    waist = ([5.0, 10.0, 15.0, 20.0, 25.0], [-9.0, -3.0, -1.0, -3.0, -9.0], [9.0, 3.0, 1.0, 3.0, 9.0], 0.0, 30.0)
    assert asked(*waist, bevel=0.8)[0] == FINE
    assert asked(*waist, bevel=1.1)[0] == FOLDED
