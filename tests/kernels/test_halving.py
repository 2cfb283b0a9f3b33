"""Halving: every face once, every group full and cut off from the others by a plane, whatever the coordinates are."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import halving
from kernels.bvh import WIDTH

PLAIN = bool(numba.config.DISABLE_JIT)
BIG = 2**30


def ordered(lattice: np.ndarray, faces: np.ndarray, rows: np.ndarray) -> np.ndarray:
    order = np.full(len(rows), -1, np.int32)
    items, spare = np.empty((2, len(rows), 2), np.int64)
    halving.sort_faces(
        lattice, faces, rows, order, items, spare, np.empty(halving.BINS, np.int64), np.empty(halving.STACK, np.int64)
    )
    return order


def middles(lattice: np.ndarray, faces: np.ndarray) -> np.ndarray:
    corners = lattice[faces].astype(np.int64)
    return (corners.min(axis=1) + corners.max(axis=1)) // 2


def looked_over(where: np.ndarray) -> None:
    """Each node's faces (k, 3 middles, in order): cut in two by a plane at a full group, and so on."""
    waiting = [where]
    while waiting:
        here = waiting.pop()
        if len(here) <= WIDTH:
            continue
        full = WIDTH
        while full * WIDTH < len(here):
            full *= WIDTH
        axis = int(np.argmax(here.max(axis=0) - here.min(axis=0)))
        cuts = [at for at in range(full, len(here), full) if here[:at, axis].max() <= here[at:, axis].min()]
        # as near to the middle as groups come out full
        best = min(abs(2 * at - len(here)) for at in range(full, len(here), full))
        cuts = [at for at in cuts if abs(2 * at - len(here)) == best]
        assert cuts
        waiting += [here[: cuts[-1]], here[cuts[-1] :]]


COUNTS = [0, 1, 7, 8, 9, 16, 17, 31, 33, 64, 65, 100, 513]


@pytest.mark.parametrize("count", [c for c in COUNTS if not PLAIN or c < 100])
@settings(max_examples=3 if PLAIN else 20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), spread=st.sampled_from([0, 1, 3, 1000, 2**20, BIG]), flat=st.booleans())
def test_groups_are_full_and_apart(count: int, seed: int, spread: int, flat: bool) -> None:
    chance = np.random.default_rng(seed)
    lattice = chance.integers(-spread, spread + 1, (3 * count + 9, 3)).astype(np.int32)
    if flat:
        lattice[:, seed % 3] = BIG
    if seed % 4 == 0:  # all but one close together: bins within bins
        lattice[0] = BIG
        lattice[1:] //= 2**12
    faces = chance.integers(0, len(lattice), (count + 5, 3)).astype(np.int32)
    rows = np.sort(chance.permutation(count + 5)[:count]).astype(np.int32)
    order = ordered(lattice, faces, rows)
    assert np.sort(order).tolist() == rows.tolist()
    looked_over(middles(lattice, faces[order]))


def test_what_is_equal_keeps_its_order() -> None:
    lattice = np.full((3, 3), -7, np.int32)
    faces = np.tile(np.array([[0, 1, 2]], np.int32), (100, 1))
    rows = np.arange(99, -1, -1, dtype=np.int32)
    assert ordered(lattice, faces, rows).tolist() == rows.tolist()
    lattice = np.array([[0, 0, 0], [9, 0, 0]], np.int32)
    faces = np.array([[0, 0, 0], [1, 1, 1]] * 8, np.int32)
    assert ordered(lattice, faces, rows[-16:]).tolist() == [*range(14, -1, -2), *range(15, 0, -2)]


def test_boxes_are_smaller_than_along_a_curve() -> None:
    from kernels import bvh

    chance, count = np.random.default_rng(2), 2_000 if PLAIN else 20_000
    ball = chance.normal(size=(count, 1, 3))
    ball /= np.linalg.norm(ball, axis=2, keepdims=True)
    lattice = np.round(1e6 * ball + chance.normal(0, 5e3, (count, 3, 3))).reshape(-1, 3).astype(np.int32)
    faces = np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
    rows = np.arange(count, dtype=np.int32)
    curve, codes = np.empty_like(rows), np.empty((2, count), np.int64)
    bvh.sort_faces(lattice, faces, rows, curve, codes[0], codes[1], np.empty(2048, np.int32), np.empty(6, np.int64))

    def area(order: np.ndarray) -> float:
        corners = lattice[faces[order]].reshape(-1, 3 * WIDTH, 3).astype(np.float64)
        x, y, z = (corners.max(axis=1) - corners.min(axis=1)).T
        return float((x * y + y * z + z * x).sum())

    assert area(ordered(lattice, faces, rows)) < 0.75 * area(curve)
