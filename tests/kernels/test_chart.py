"""kernels/chart.py against plain numpy and exact integers; the same bits with and without a compiler."""

from __future__ import annotations

import hashlib
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import chart

STEPS = 10_000.0


def evaluated(z: list[float], base: list[float], linear: np.ndarray, terms: np.ndarray, high: np.ndarray) -> np.ndarray:
    columns = np.full(len(base), np.nan)
    chart.columns_at(
        np.array(z),
        np.array(base),
        linear.astype(np.float32).reshape(len(z), len(base)),
        terms.astype(np.int16).reshape(-1, 4),
        high.astype(np.float32),
        columns,
    )
    return columns


def polynomial(
    seed: int, d: int, u: int, t: int, h: int
) -> tuple[list[float], list[float], np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    terms = draw.integers(-1, d, (t, 4)) if d else np.full((t, 4), -1)
    z = draw.uniform(-1, 1, d)
    z[draw.random(d) < 0.2] = 0.0
    return z.tolist(), draw.uniform(-100, 100, u).tolist(), draw.uniform(-9, 9, (d, u)), terms, draw.uniform(-1, 1, (t, h))


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32), st.integers(0, 6), st.sampled_from([1, 7, 2048, 2049, 5000]), st.integers(0, 9), st.integers(0, 7)
)
def test_columns_are_the_polynomials(seed: int, d: int, u: int, t: int, h: int) -> None:
    """Across the ends of blocks, with numbers of z that are zero, with no term and no number at all."""
    h = min(h, u)
    z, base, linear, terms, high = polynomial(seed, d, u, t, h)
    expected = np.array(base) + np.array(z) @ linear.astype(np.float32).astype(np.float64)
    for term, row in zip(terms.tolist(), high.astype(np.float32).astype(np.float64), strict=True):
        expected[:h] += math.prod(z[k] for k in term if k >= 0) * row
    assert np.allclose(evaluated(z, base, linear, terms, high), expected, rtol=1e-13, atol=1e-11)


DIGEST = "afdd9a10d82ff52272334fb6721406abaf08be66782126866a22fd8c5a8bc409"
"""It must not change with processor, compiler or interpreter; the same where nothing is compiled."""


def test_the_bits_are_these_on_every_machine() -> None:
    digest = hashlib.sha256()
    for seed in range(6):
        draw = np.random.default_rng(100 + seed)
        columns = evaluated(*polynomial(seed, 5, 2500, 7, 40))
        nodes = draw.integers(0, len(columns), (200, 3)).astype(np.int32)
        faces = draw.integers(0, 200, (50, 3)).astype(np.int32)
        lattice, points, told = np.empty((200, 3), np.int32), np.empty((200, 3)), columns.tobytes()
        first = chart.laid(columns, nodes, faces, STEPS, np.empty(len(columns), np.int32), lattice, points)
        digest.update(told + lattice.tobytes() + bytes([first + 1]))
        assert (points == lattice / STEPS).all()
    assert digest.hexdigest() == DIGEST


def laid(points: list[list[float]], faces: list[list[int]]) -> tuple[np.ndarray, int]:
    """Points (n, 3) mm, each coordinate a column of its own."""
    columns = np.array(points, dtype=np.float64).reshape(-1)
    nodes = np.arange(len(columns), dtype=np.int32).reshape(-1, 3)
    lattice = np.empty((len(nodes), 3), np.int32)
    rows, points = np.array(faces, np.int32).reshape(-1, 3), np.empty((len(nodes), 3))
    found = chart.laid(columns, nodes, rows, STEPS, np.empty(len(columns), np.int32), lattice, points)
    assert (points == lattice / STEPS).all()
    return lattice, int(found)


@pytest.mark.parametrize(
    ("steps", "to"),
    [
        (0.5, 0),
        (1.5, 2),
        (2.5, 2),
        (-0.5, 0),
        (-1.5, -2),
        (-2.5, -2),
        (0.5 + 2e-6, 1),
        (0.5 - 2e-6, 0),
        (1.5 - 2e-6, 1),
        (0.5 + 1e-7, 0),
        (1.5 - 1e-7, 2),
        (2.5 + 3e-7, 2),
        (999_999_999.5, 1_000_000_000),
        (1e9 - 1.25, 999_999_999),
        (-1e9, -1_000_000_000),
    ],
)
def test_ties_go_to_even_and_noise_does_not_decide_them(steps: float, to: int) -> None:
    """A coordinate within half a millionth of a step of a tie is one."""
    lattice, _ = laid([[steps / STEPS, 0.0, 0.0]], [])
    assert lattice[0, 0] == to


@given(st.lists(st.floats(-1e5, 1e5), min_size=3, max_size=30))
def test_what_is_no_tie_goes_to_the_nearest_step(numbers: list[float]) -> None:
    points = [numbers[k : k + 3] for k in range(0, len(numbers) - 2, 3)]
    lattice, _ = laid(points, [])
    for row, own in zip(lattice.tolist(), points, strict=True):
        for found, wanted in zip(row, own, strict=True):
            assert abs(Fraction(wanted) * 10_000 - found) <= Fraction(1, 2) + Fraction(1, 10**6)


def flat(a: list[int], b: list[int], c: list[int]) -> bool:
    """In integers without end."""
    u, v = [y - x for x, y in zip(a, b, strict=True)], [y - x for x, y in zip(a, c, strict=True)]
    return all(u[i] * v[j] == u[j] * v[i] for i, j in ((0, 1), (1, 2), (2, 0)))


FAR = 10**9
STEP = st.integers(-3, 3) | st.integers(-FAR, FAR) | st.sampled_from([-FAR, FAR, FAR - 1, 1 - FAR])


@settings(deadline=None)
@given(
    st.lists(st.tuples(STEP, STEP, STEP).map(list), min_size=3, max_size=3),
    st.integers(-2, 2),
    st.integers(-2, 2),
    st.booleans(),
)
def test_flat_faces_are_found_exactly(corners: list[list[int]], s: int, t: int, aligned: bool) -> None:
    a, b, c = corners
    if aligned:  # c on the line through a and b, or a step beside it
        c = [max(-FAR, min(FAR, x + s * (y - x))) for x, y in zip(a, b, strict=True)]
        c[0] = max(-FAR, min(FAR, c[0] + t))
    far = [[0, 0, 0], [FAR, 0, 0], [0, FAR, 0]]
    lattice, first = laid([[k / STEPS for k in p] for p in [*far, a, b, c]], [[0, 1, 2], [3, 4, 5]])
    assert lattice.tolist() == [*far, a, b, c]
    assert first == (1 if flat(a, b, c) else -1)


def test_the_first_flat_face_is_told() -> None:
    points = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [2.0, 0.0, 0.0], [0.00004, 0.0, 0.0]]
    assert laid(points, [[0, 1, 2], [0, 1, 3], [0, 4, 2]])[1] == 1
    assert laid(points, [[0, 1, 2], [0, 4, 2], [0, 1, 3]])[1] == 1  # two corners fall together on the lattice
    assert laid(points, [[0, 1, 2], [1, 2, 3]])[1] == -1
    assert laid(points, [])[1] == -1


def away(q: list[float], pivots: list[int], relation: list[list[float]]) -> float:
    return float(chart.away(np.array(q), np.array(pivots, np.int32), np.array(relation).reshape(len(q), len(pivots))))


@settings(deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=1, max_size=5), st.integers(0, 4), st.integers(0, 2**32))
def test_away_is_the_largest_miss(q: list[float], d: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    pivots = draw.permutation(len(q))[:d].astype(np.int32)
    relation = draw.uniform(-2, 2, (len(q), len(pivots)))
    expected = np.abs(np.array(q) - relation @ np.array(q)[pivots]).max()
    assert away(q, pivots.tolist(), relation.tolist()) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(
    "q", [[math.nan, 0.0, 0.0], [0.0, math.nan, 0.0], [0.0, 0.0, math.nan], [0.0, 0.0, math.inf], [math.inf, 0.0, 0.0]]
)
def test_what_is_no_number_is_away(q: list[float]) -> None:
    """Wherever it stands: what follows must not hide it."""
    found = away(q, [1], [[0.0], [1.0], [0.0]])
    assert not found <= 1e300


def test_nothing_is_at_home() -> None:
    assert away([], [], []) == 0.0 and away([0.0, 0.0], [], []) == 0.0 and away([0.0, -3.0], [], []) == 3.0
