"""What is affine is fitted exactly, what is curved is found, noise is left alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compiling import fitting
from engine.compiling.fitting import GOOD_MM, GRID, SAME_MM, axes_of, distinct, fit


def drawn(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, shape)


def columns_of(z: np.ndarray, coefficients: dict[tuple[int, ...], float]) -> np.ndarray:
    made = np.zeros(len(z))
    for term, worth in coefficients.items():
        made += worth * np.prod([z[:, k] for k in term], axis=0) if term else worth
    return made


def misses(found: fitting.Fit, z: np.ndarray, columns: np.ndarray) -> float:
    return max(float(np.abs(fitting.at(found, own)[found.of] - row).max()) for own, row in zip(z, columns, strict=True))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32), st.integers(0, 6), st.integers(1, 40))
def test_affine_data_are_met_and_have_no_higher_terms(seed: int, d: int, c: int) -> None:
    z = drawn(seed, d + 8, d)
    slope = np.rint(drawn(seed + 1, d, c) * 40) / 4
    columns = 50.0 * drawn(seed + 2, c) + z @ slope
    found = fit(z, columns)
    assert found.residual.max() < 1e-10 and found.terms.shape == (0, 4) and found.high.shape == (0, 0)
    fresh = drawn(seed + 3, 5, d)
    assert misses(found, fresh, 50.0 * drawn(seed + 2, c) + fresh @ slope) < (d + 1) * GRID


@pytest.mark.parametrize("term", [(0, 0), (0, 1), (1, 2), (0, 0, 0), (0, 1, 1), (0, 1, 2), (2, 2, 2, 2)])
def test_one_curved_term_is_found(term: tuple[int, ...]) -> None:
    """Alone, and first of its columns."""
    z = drawn(3, 40, 3)
    columns = np.column_stack([columns_of(z, {(): 5.0, (0,): 2.0}), columns_of(z, {(): 1.0, (1,): 3.0, term: 0.75})])
    found = fit(z, columns)
    assert [tuple(k for k in t if k >= 0) for t in found.terms.tolist()] == [term]
    assert found.high.shape == (1, 1) and found.high[0, 0] == pytest.approx(0.75, abs=1e-8)
    assert found.of.tolist() == [1, 0]
    fresh = drawn(4, 9, 3)
    truth = np.column_stack([columns_of(fresh, {(): 5.0, (0,): 2.0}), columns_of(fresh, {(): 1.0, (1,): 3.0, term: 0.75})])
    assert misses(found, fresh, truth) < 1e-7


def test_quadratics_and_cubics_together() -> None:
    z = drawn(5, 80, 4)
    terms = [(0, 0), (1, 3), (2, 2, 3), (0, 1, 2)]
    some = [{(): float(k), (k % 4,): 7.0, **{t: 0.3 * (j + 1) - 0.1 * k for j, t in enumerate(terms)}} for k in range(6)]
    found = fit(z, np.column_stack([columns_of(z, c) for c in some]))
    fresh = drawn(6, 20, 4)
    assert misses(found, fresh, np.column_stack([columns_of(fresh, c) for c in some])) < GOOD_MM
    assert {tuple(k for k in t if k >= 0) for t in found.terms.tolist()} == set(terms)


def noisy(seed: int, most: float) -> tuple[np.ndarray, np.ndarray]:
    """z (40, 3), and columns of it from which an affine function through all samples is off by `most` at worst."""
    z = drawn(seed, 40, 3)
    affine = np.column_stack([np.ones(40), z])
    noise = drawn(seed + 1, 40, 3)
    noise -= affine @ np.linalg.lstsq(affine, noise, rcond=None)[0]
    return z, np.column_stack([columns_of(z, {(k,): 2.0, (): 9.0}) for k in range(3)]) + noise * (most / np.abs(noise).max())


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32), st.sampled_from([1e-9, 1e-6, 2e-5, 0.99 * GOOD_MM]))
def test_noise_gets_no_terms(seed: int, most: float) -> None:
    """What lies within what is good enough is not explained."""
    found = fit(*noisy(seed, most))
    assert len(found.terms) == 0 and found.residual.max() < most + 1e-8


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32))
def test_what_is_not_good_enough_gets_terms(seed: int) -> None:
    assert len(fit(*noisy(seed, 1.5 * GOOD_MM)).terms) > 0


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32))
def test_more_noise_than_samples_can_explain_is_not_learnt_by_heart(seed: int) -> None:
    """A term more needs more samples: what is left is still told as a miss."""
    z, noise = drawn(seed, 32, 3), 0.05 * drawn(seed + 1, 32, 8)
    found = fit(z, noise + columns_of(z, {(0,): 2.0})[:, None])
    assert 1 + 3 + len(found.terms) <= 32 / fitting.SAMPLES_A_TERM
    assert found.residual.max() > 0.005


def test_columns_that_are_curved_stand_first_and_all_are_where_they_say() -> None:
    z = drawn(8, 30, 2)
    straight = [columns_of(z, {(): float(k), (0,): 1.0}) for k in range(5)]
    curved = [columns_of(z, {(): float(k), (0, 1): 1.0}) for k in range(3)]
    columns = np.column_stack(
        [straight[0], curved[0], straight[1], curved[1], straight[0], curved[2], *straight[2:], curved[0]]
    )
    found = fit(z, columns)
    assert found.high.shape[1] == 3 and set(found.of[[1, 3, 5]].tolist()) == {0, 1, 2}
    assert found.of[0] == found.of[4] and found.of[1] == found.of[-1] and len(found.base) == 8
    assert misses(found, z, columns) < 1e-7


def test_coefficients_are_multiples_of_the_grid() -> None:
    z = drawn(9, 30, 2)
    found = fit(z, np.column_stack([columns_of(z, {(): 1 / 3, (0,): 1 / 7, (1, 1): 1 / 9})]))
    for numbers in (found.base, found.linear, found.high):
        assert np.array_equal(np.rint(numbers / GRID) * GRID, numbers)


def test_data_on_fewer_dimensions_than_numbers() -> None:
    """A number that never moves, and one that moves with another, get no slope."""
    z = drawn(10, 20, 3)
    z[:, 1], z[:, 2] = 0.25, z[:, 0]
    found = fit(z, columns_of(z, {(): 1.0, (0,): 2.0})[:, None])
    assert found.residual.max() < 1e-10 and (found.linear != 0.0).sum() == 1


def test_one_sample_and_none() -> None:
    found = fit(np.zeros((1, 2)), np.array([[1.5, 2.5, 1.5]]))
    assert found.of.tolist() == [0, 1, 0] and found.base.tolist() == [1.5, 2.5] and not found.linear.any()


# ---- distinct


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32), st.integers(1, 8), st.integers(1, 60))
def test_distinct_columns_are_told_apart(seed: int, n: int, c: int) -> None:
    """Against all pairs: few different numbers, so that there are many ties, and many columns whose sums tie."""
    columns = np.random.default_rng(seed).integers(0, 3, (n, c)).astype(float)
    kept, of = distinct(columns)
    assert np.array_equal(kept[:, of], columns)
    assert kept.shape[1] == len(np.unique(columns, axis=1).T)


def test_columns_within_a_hair_are_one_and_beyond_it_are_not() -> None:
    base = drawn(11, 12, 1)
    columns = np.hstack([base, base + 0.9 * SAME_MM, base - 0.9 * SAME_MM, base + 3.0 * SAME_MM])
    kept, of = distinct(columns)
    assert np.abs(kept[:, of] - columns).max() <= SAME_MM
    assert of[3] not in of[[0, 2]].tolist()


def test_columns_that_differ_in_one_sample_alone() -> None:
    columns = np.zeros((50, 3))
    columns[49, 1], columns[0, 2] = 1e-6, 1e-6
    assert len(set(distinct(columns)[1].tolist())) == 3


# ---- axes


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(0, 4))
def test_axes_are_as_many_as_the_numbers_that_are_free(seed: int, d: int, more: int) -> None:
    free = 10.0 * drawn(seed, 30, d)
    mixed = np.hstack([free, free @ np.rint(4 * drawn(seed + 1, d, more)), np.full((30, 1), 3.0)])[
        :, np.random.default_rng(seed).permutation(d + more + 1)
    ]
    axes = axes_of(mixed, mixed[0])
    assert len(axes.pivots) == d
    z = axes.z(mixed)
    assert np.abs(z).max() <= 1.0 + 1e-12 and np.array_equal(np.exp2(np.rint(np.log2(axes.scale))), axes.scale)
    again = axes.origin + (mixed[:, axes.pivots] - axes.origin[axes.pivots]) @ axes.relation.T
    assert np.allclose(again, mixed, atol=1e-8)


def test_bodies_that_are_all_the_same_have_no_axes() -> None:
    same = np.full((5, 3), 2.0)
    axes = axes_of(same, same[0])
    assert len(axes.pivots) == 0 and axes.relation.shape == (3, 0) and axes.z(same).shape == (5, 0)
    assert fit(axes.z(same), np.tile([1.0, 2.0, 1.0], (5, 1))).base.tolist() == [1.0, 2.0]


def test_a_fit_is_evaluated_term_by_term() -> None:
    """Which chart is kept hangs on what `at` says: the same on any machine, term by term."""
    z = drawn(12, 30, 4)
    dense = 1 / 3 + z @ drawn(13, 4, 50) + 0.1 * (z[:, 1] * z[:, 2])[:, None]
    found = fit(z, dense)
    own = z[5]
    expected = found.base.copy()
    for k in range(4):
        expected = expected + own[k] * found.linear[k]
    for term, row in zip(found.terms.tolist(), found.high, strict=True):
        expected[: len(row)] += float(np.prod([own[k] for k in term if k >= 0])) * row
    assert fitting.at(found, own).tobytes() == expected.tobytes()
