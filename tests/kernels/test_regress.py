"""kernels/regress.py against numpy and scipy; the same bits with and without a compiler."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import regress

SIZES = st.tuples(st.integers(0, 2**32), st.integers(1, 30), st.integers(0, 40))


def drawn(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-10, 10, shape)


@settings(deadline=None)
@given(SIZES)
def test_project_takes_what_lies_along(sizes: tuple[int, int, int]) -> None:
    seed, n, u = sizes
    rows, unit = drawn(seed, n, u), drawn(seed + 1, n) + 11.0
    unit /= np.linalg.norm(unit)
    rest, out = rows.copy(), np.full(u, np.nan)
    regress.project(unit, rest, out)
    assert np.allclose(out, unit @ rows, atol=1e-11)
    assert np.allclose(rest, rows - np.outer(unit, out), atol=1e-11)
    assert np.allclose(unit @ rest, 0.0, atol=1e-11)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.integers(6, 20), st.integers(1, 5), st.integers(1, 6))
def test_step_by_step_it_is_least_squares(seed: int, n: int, d: int, u: int) -> None:
    """What is left after every column in turn is what scipy leaves."""
    features, rows = drawn(seed, n, d), drawn(seed + 1, n, u)
    rest, units, along = rows.copy(), features.copy(), np.empty(u)
    for k in range(d):
        unit = np.ascontiguousarray(units[:, k] / np.linalg.norm(units[:, k]))
        regress.project(unit, units, np.empty(d))
        regress.project(unit, rest, along)
    expected = rows - features @ scipy.linalg.lstsq(features, rows)[0]
    assert np.allclose(rest, expected, atol=1e-6)


@settings(deadline=None)
@given(SIZES)
def test_gram(sizes: tuple[int, int, int]) -> None:
    rows = drawn(*sizes)
    out = np.full((len(rows), len(rows)), np.nan)
    regress.gram(rows, out)
    assert np.allclose(out, rows @ rows.T, atol=1e-9) and np.array_equal(out, out.T)


@settings(deadline=None)
@given(SIZES, st.integers(0, 5))
def test_energies_are_squares_along_each_candidate(sizes: tuple[int, int, int], count: int) -> None:
    rows = drawn(*sizes)
    candidates = drawn(sizes[0] + 1, count, len(rows))
    square, out = np.empty((len(rows), len(rows))), np.full(count, np.nan)
    regress.gram(rows, square)
    regress.energies(candidates, square, out)
    units = candidates / np.linalg.norm(candidates, axis=1)[:, None] if count else candidates
    assert np.allclose(out, ((units @ rows) ** 2).sum(axis=1), atol=1e-7)


def test_a_candidate_without_length_has_none() -> None:
    square, out = np.eye(3), np.full(2, np.nan)
    regress.energies(np.array([[0.0, 0.0, 0.0], [0.0, 2.0, 0.0]]), square, out)
    assert out.tolist() == [0.0, 1.0]


def test_more_data_give_more_energy() -> None:
    rows = np.array([[1.0, 2.0], [0.0, 1.0]])
    square, out = np.empty((2, 2)), np.empty(1)
    regress.gram(rows, square)
    regress.energies(np.array([[1.0, 0.0]]), square, out)
    assert out[0] == pytest.approx(5.0)


DIGEST = "67d5e05a1bc3a155a7b30a80109f8f673cc44191707915d491323ac55c1dea98"
"""It must not change with processor, compiler or interpreter; the same where nothing is compiled."""


def test_the_bits_are_these_on_every_machine() -> None:
    digest = hashlib.sha256()
    for seed in range(4):
        rows, unit, out = drawn(seed, 23, 37), drawn(seed + 9, 23) / 30.0, np.empty(37)
        regress.project(unit, rows, out)
        square, gains = np.empty((23, 23)), np.empty(5)
        regress.gram(rows, square)
        regress.energies(drawn(seed + 5, 5, 23), square, gains)
        digest.update(rows.tobytes() + out.tobytes() + square.tobytes() + gains.tobytes())
    assert digest.hexdigest() == DIGEST
