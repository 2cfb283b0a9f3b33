"""A mean and its modes laid on places: sums, weights and steps against numpy's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from kernels import morph

SEEDS = st.integers(0, 2**32 - 1)


def motion_of(chance: np.random.Generator) -> tuple[np.ndarray, Rotation]:
    turn = Rotation.random(random_state=int(chance.integers(2**31)))
    x, y, z, w = turn.as_quat()
    return np.array([w, x, y, z, *chance.normal(size=3)]), turn


def unit(rows: np.ndarray) -> np.ndarray:
    made: np.ndarray = rows / np.linalg.norm(rows, axis=1)[:, None]
    return made


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(1, 20), st.integers(0, 6))
def test_a_shape_is_its_mean_and_its_modes(seed: int, n: int, asked: int) -> None:
    chance = np.random.default_rng(seed)
    mean, modes, amounts = chance.normal(size=(n, 3)), chance.normal(size=(n, 3, 6)), chance.normal(size=asked)
    made = np.empty((n, 3))
    morph.shaped(mean, modes, amounts, made)
    assert made == pytest.approx(mean + modes[:, :, :asked] @ amounts, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_weights(seed: int) -> None:
    chance = np.random.default_rng(seed)
    n = 60
    motion, turn = motion_of(chance)
    places, feet = chance.normal(size=(2, n, 3))
    normals, own, lost = unit(chance.normal(size=(n, 3))), unit(chance.normal(size=(n, 3))), chance.random(n) < 0.3
    offs, weights = np.empty(n), np.empty(n)
    count = morph.trusted(places, feet, normals, own, lost, motion, 0.1, 2.0, 0.7, offs, weights)
    expected = ((places - feet) * normals).sum(axis=1)
    taken = ~lost & ((turn.apply(own) * normals).sum(axis=1) >= 0.1) & (np.linalg.norm(places - feet, axis=1) <= 2.0)
    assert offs == pytest.approx(expected, abs=1e-12)
    assert weights == pytest.approx(np.where(taken, 1.0 / (1.0 + (expected / 0.7) ** 2), 0.0), abs=1e-12)
    assert count == taken.sum() == (weights > 0.0).sum()


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(0, 5))
def test_a_step_is_least_squares(seed: int, modes_asked: int) -> None:
    chance = np.random.default_rng(seed)
    n, size, u = 40, 30.0, morph.POSE + modes_asked
    motion, turn = motion_of(chance)
    places, centre = chance.normal(size=(n, 3)) * size, chance.normal(size=3) * size
    offs, normals, modes = chance.normal(size=n), unit(chance.normal(size=(n, 3))), chance.normal(size=(n, 3, 5))
    weights = chance.uniform(size=n) * (chance.random(n) > 0.2)
    square, right = np.empty((u, u)), np.empty(u)
    morph.gathered(places, offs, normals, weights, modes, motion, centre, size, np.empty(u), square, right)
    turned = np.stack([turn.apply(modes[:, :, k]) for k in range(modes_asked)], axis=2) if modes_asked else np.empty((n, 3, 0))
    rows = np.concatenate(
        [np.cross((places - centre) / size, normals), normals, np.einsum("nd,ndk->nk", normals, turned)], axis=1
    )
    whole = rows.T @ (weights[:, None] * rows)
    assert np.triu(square) == pytest.approx(np.triu(whole), abs=1e-9)
    assert right == pytest.approx(-rows.T @ (weights * offs), abs=1e-9)
    square += np.eye(u)
    assert morph.factored(square)
    morph.forward(square, right)
    morph.backward(square, right)
    assert right == pytest.approx(np.linalg.solve(whole + np.eye(u), -rows.T @ (weights * offs)), rel=1e-8, abs=1e-10)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(1, 12))
def test_forward_gives_the_variance(seed: int, u: int) -> None:
    chance = np.random.default_rng(seed)
    root = chance.normal(size=(u + 3, u))
    whole, along = root.T @ root + 0.1 * np.eye(u), chance.normal(size=u)
    factor, right = whole.copy(), along.copy()
    assert morph.factored(factor)
    morph.forward(factor, right)
    assert right @ right == pytest.approx(along @ np.linalg.solve(whole, along), rel=1e-8)


def test_what_is_not_positive_definite_has_no_factor() -> None:
    assert not morph.factored(np.zeros((2, 2)))
    assert not morph.factored(np.array([[1.0, 2.0], [2.0, 1.0]]))
    assert not morph.factored(np.array([[np.nan]]))
