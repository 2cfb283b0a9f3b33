"""kernels/chart.py against plain numpy and exact integers; the same bits with and without a compiler."""

from __future__ import annotations

import hashlib
import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import chart

STEPS = 10_000.0


MOST = 100_000.0


def evaluated(z: list[float], base: list[float], linear: np.ndarray, terms: np.ndarray, high: np.ndarray) -> np.ndarray:
    return together([z], base, linear, terms, high)[0]


def together(z: list[list[float]], base: list[float], linear: np.ndarray, terms: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The columns (b, u) of several bodies."""
    numbers = np.array(z, dtype=np.float64).reshape(len(z), len(linear))
    columns = np.full((len(z), len(base)), np.nan)
    chart.columns_at(
        numbers,
        np.array(base),
        linear.astype(np.float32).reshape(len(linear), len(base)),
        terms.astype(np.int16).reshape(-1, 4),
        high.astype(np.float32),
        columns,
    )
    return columns


def lay(columns: np.ndarray, nodes: np.ndarray, faces: np.ndarray, most: float = MOST) -> tuple[np.ndarray, list[bool]]:
    """Points (b, n, 3) of columns (b, u), which are rounded too, and whether each body is sound."""
    points, sound = np.full((len(columns), len(nodes), 3), np.nan), np.empty(len(columns), dtype=bool)
    chart.laid(columns, nodes, faces, STEPS, most, points, sound)
    return points, sound.tolist()


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


def test_a_number_that_is_zero_adds_nothing() -> None:
    """Not even to a negative zero."""
    some, terms, high = np.full((2, 3), 5.0), np.array([[0, 1, -1, -1]]), np.full((1, 2), 7.0)
    columns = together([[0.0, -0.0], [0.0, 1.0]], [-0.0, 0.0, -0.0], some, terms, high)
    assert np.signbit(columns).tolist() == [[True, False, True], [False] * 3] and columns[1].tolist() == [5.0] * 3


def test_a_millionth_as_a_float_is_near_enough() -> None:
    """What `_step` builds on."""
    assert abs(Fraction(1.0 / chart.FINER) * int(chart.FINER) - 1) < Fraction(1, 2**54)


DIGEST = "afdd9a10d82ff52272334fb6721406abaf08be66782126866a22fd8c5a8bc409"
"""It must not change with processor, compiler or interpreter; the same where nothing is compiled."""


def test_the_bits_are_these_on_every_machine() -> None:
    digest = hashlib.sha256()
    for seed in range(6):
        draw = np.random.default_rng(100 + seed)
        columns = evaluated(*polynomial(seed, 5, 2500, 7, 40))[None]
        nodes = draw.integers(0, columns.shape[1], (200, 3)).astype(np.int32)
        faces = draw.integers(0, 200, (50, 3)).astype(np.int32)
        told = columns.tobytes()
        flat_ones = [k for k in range(len(faces)) if not lay(columns.copy(), nodes, faces[k : k + 1])[1][0]]
        assert lay(columns.copy(), nodes, faces)[1] == [not flat_ones]
        points = lay(columns, nodes, faces)[0][0]
        lattice = np.rint(points * STEPS).astype(np.int32)
        digest.update(told + lattice.tobytes() + bytes([min(flat_ones, default=-1) + 1]))
        assert (points == lattice / STEPS).all() and (points == columns[0][nodes]).all()
    assert digest.hexdigest() == DIGEST


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32), st.integers(0, 9), st.integers(0, 4), st.sampled_from([1, 7, 1024, 1025, 2500]), st.integers(0, 5)
)
def test_a_body_is_the_same_alone_and_among_others(seed: int, count: int, d: int, u: int, t: int) -> None:
    """To the last bit, negative zeros and what is no number included; odd and even counts; some are not sound."""
    draw = np.random.default_rng(seed)
    _, base, linear, terms, high = polynomial(seed, d, u, t, min(u, 5))
    base[0] = -0.0
    z = draw.choice(
        [0.0, -0.0, 0.5, 1.0, -1.0, 1e5, math.nan, math.inf], (count, d), p=[0.2, 0.1, 0.2, 0.2, 0.2, 0.05, 0.025, 0.025]
    )
    z *= draw.uniform(0.5, 1.0, z.shape)
    nodes, faces = draw.integers(0, u, (20, 3)).astype(np.int32), draw.integers(0, 20, (2, 3)).astype(np.int32)
    with np.errstate(invalid="ignore"):
        columns = together(z.tolist(), base, linear, terms, high)
        alone = [together([own], base, linear, terms, high) for own in z.tolist()]
        assert [own.tobytes() for own in alone] == [row.tobytes() for row in columns]
        points, sound = lay(columns, nodes, faces)
        each = [lay(own, nodes, faces) for own in alone]
    assert [own for _, (own,) in each] == sound
    assert [own.tobytes() for own, _ in each] == [body.tobytes() for body in points]
    assert [own.tobytes() for own in alone] == [row.tobytes() for row in columns]


def laid(points: list[list[float]], faces: list[list[int]]) -> tuple[np.ndarray, bool]:
    """Points (n, 3) mm, each coordinate a column of its own: the lattice, and is the body sound?"""
    columns = np.array(points, dtype=np.float64).reshape(1, -1)
    nodes = np.arange(columns.size, dtype=np.int32).reshape(-1, 3)
    (found,), (sound,) = lay(columns, nodes, np.array(faces, np.int32).reshape(-1, 3))
    lattice = np.rint(found * STEPS).astype(np.int32)
    assert (found == lattice / STEPS).all()
    return lattice, sound


@settings(max_examples=500)
@given(st.lists(st.integers(-(10**9), 10**9) | st.integers(-(10**6), 10**6), min_size=1, max_size=40))
def test_millimetres_are_the_quotient_of_steps(steps: list[int]) -> None:
    """Though nothing is divided: correctly rounded, as division is."""
    lattice, _ = laid([[k / STEPS, 0.0, 0.0] for k in steps], [])  # compares with lattice / STEPS
    assert lattice[:, 0].tolist() == steps


@settings(max_examples=500)
@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=40))
def test_steps_are_those_of_two_roundings(millionths: list[int]) -> None:
    """Also of ties and their neighbours, a millionth of a step away: as np.rint has it, where it divides."""
    near = [k - k % 10**6 + 500_000 + off for k in millionths for off in (-1, 0, 1)]
    numbers = np.clip(np.array(millionths + near, dtype=np.float64), -1e15, 1e15) / (STEPS * 1e6)
    lattice, _ = laid([[x, 0.0, 0.0] for x in numbers.tolist()], [])
    assert np.array_equal(lattice[:, 0], np.rint(np.rint(numbers * (STEPS * 1e6)) / 1e6))


@pytest.mark.parametrize("far", [MOST + 1e-6, -MOST - 1e-6, math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_what_lies_beyond_is_not_sound(far: float, count: int) -> None:
    """Nor is what is no number; wherever it stands, and the others are."""
    nodes, none = np.array([[0, 1, 2]], np.int32), np.empty((0, 3), np.int32)
    for body in range(count):
        for column in range(3):
            columns = np.full((count, 3), MOST)
            columns[body, column] = far
            with np.errstate(invalid="ignore"):
                assert lay(columns, nodes, none)[1] == [k != body for k in range(count)]


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
    lattice, sound = laid([[k / STEPS for k in p] for p in [*far, a, b, c]], [[0, 1, 2], [3, 4, 5]])
    assert lattice.tolist() == [*far, a, b, c]
    assert sound is not flat(a, b, c)


def test_products_of_floats_that_tie_are_told_apart() -> None:
    """The rounded products of all three components are equal, the exact ones are not."""
    u, v = (FAR - 1, FAR, FAR - 1), (FAR - 2, FAR - 1, FAR - 2)
    for i, j in ((0, 1), (1, 2), (2, 0)):
        assert float(u[i]) * float(v[j]) == float(u[j]) * float(v[i])
    assert not flat([0, 0, 0], list(u), list(v))
    assert laid([[k / STEPS for k in p] for p in ((0, 0, 0), u, v)], [[0, 1, 2]])[1] is True


def test_any_flat_face_is_seen() -> None:
    points = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [2.0, 0.0, 0.0], [0.00004, 0.0, 0.0]]
    assert not laid(points, [[0, 1, 2], [0, 1, 3], [0, 2, 1]])[1]
    assert not laid(points, [[0, 1, 2], [0, 4, 2]])[1]  # two corners fall together on the lattice
    assert laid(points, [[0, 1, 2], [1, 2, 3]])[1]
    assert laid(points, [])[1]


def never_flat(middle: np.ndarray, motions: np.ndarray, faces: np.ndarray) -> list[bool]:
    sure = np.zeros(len(faces), dtype=bool)
    chart.never_flat(middle.astype(np.float64), motions.astype(np.float64), faces.astype(np.int32), sure)
    return sure.tolist()


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32), st.integers(0, 3), st.sampled_from([3, 30, 10**4]), st.sampled_from([0.0, 0.3, 1.0]))
def test_a_face_that_is_sure_is_flat_in_no_body(seed: int, k: int, size: int, moved: float) -> None:
    """At random numbers, and at the ends and middles of all of them; rounded to the lattice."""
    draw = np.random.default_rng(seed)
    middle = draw.integers(-size, size + 1, (6, 3)).astype(np.float64)
    motions = draw.integers(-size, size + 1, (k, 6, 3)) * (moved * draw.random((k, 1, 1)))
    faces = np.array([draw.permutation(6)[:3] for _ in range(20)])
    sure = np.array(never_flat(middle, motions, faces))
    ends = np.array(list(itertools.product([-1.0, 0.0, 1.0], repeat=k)), dtype=np.float64)
    for y in [*ends, *draw.uniform(-1.0, 1.0, (60, k))]:
        lattice = np.rint(middle + (y[:, None, None] * motions).sum(axis=0)).astype(np.int64).tolist()
        found = np.array([flat(*(lattice[c] for c in face)) for face in faces.tolist()])
        assert not (found & sure).any()


def test_most_faces_are_sure_and_no_flat_one_is() -> None:
    """A triangle that only moves is; one that collapses somewhere, or is thinner than the lattice tells, is not."""
    middle = np.array([[0, 0, 0], [1000, 0, 0], [0, 1000, 0], [500, 100, 0], [500, 1, 0]])
    motions = np.zeros((1, 5, 3))
    faces = np.array([[0, 1, 2], [2, 1, 0], [0, 1, 3], [0, 1, 4], [0, 1, 1]])
    assert never_flat(middle, motions, faces) == [True, True, True, False, False]
    motions[0, 3] = [0.0, 99.0, 0.0]
    assert never_flat(middle, motions, faces) == [True, True, False, False, False]
    motions[0] = [5000.0, -3000.0, 10.0]
    assert never_flat(middle, motions, faces) == [True, True, True, False, False]
    motions[0] = middle / 2.0
    assert never_flat(middle, motions, faces) == [True, True, True, False, False]


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
