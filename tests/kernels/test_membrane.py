"""Heights where none are known: a sparse solver's, planes exactly, never beyond what is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import spsolve

from kernels.membrane import stretch


def stretched(z: np.ndarray, enough: float = 1e-10, most: int = 20_000) -> tuple[np.ndarray, int]:
    unknown, out = np.isnan(z), z.copy()
    order = np.empty((5, int(unknown.sum())), np.int32)
    return out, stretch(out, unknown, enough, most, np.empty(z.shape, np.int32), order)


def solved(z: np.ndarray) -> np.ndarray:
    """Each unknown node the mean of its four neighbours; beyond the border lies what lies within it."""
    n, m = z.shape
    unknown = np.isnan(z)
    rows, columns, values, known = [], [], [], np.zeros(n * m)
    for i in range(n):
        for j in range(m):
            at = i * m + j
            rows.append(at), columns.append(at), values.append(1.0)
            if not unknown[i, j]:
                known[at] = z[i, j]
                continue
            for a, b in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
                a, b = (1 if a < 0 else n - 2 if a == n else a), (1 if b < 0 else m - 2 if b == m else b)
                rows.append(at), columns.append(a * m + b), values.append(-0.25)
    return np.asarray(spsolve(csr_matrix((values, (rows, columns)), (n * m, n * m)), known)).reshape(n, m)


@settings(max_examples=40, deadline=None)
@given(n=st.integers(2, 14), m=st.integers(2, 14), share=st.floats(0.0, 1.0), seed=st.integers(0, 2**32 - 1))
def test_it_is_what_a_sparse_solver_finds(n: int, m: int, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, m))
    z[rng.random((n, m)) < share] = np.nan
    z[rng.integers(n), rng.integers(m)] = 2.0
    told, sweeps = stretched(z)
    known = ~np.isnan(z)
    assert sweeps >= 0 and np.array_equal(told[known], z[known])
    assert told == pytest.approx(solved(z), abs=1e-7)
    assert told.min() >= z[known].min() - 1e-7 and told.max() <= z[known].max() + 1e-7


def test_a_hole_in_a_plane_is_the_plane() -> None:
    i, j = np.meshgrid(np.arange(20.0), np.arange(15.0), indexing="ij")
    plane, z = 3.0 + 0.5 * i - 0.2 * j, 3.0 + 0.5 * i - 0.2 * j
    z[4:15, 3:12] = np.nan
    assert stretched(z)[0] == pytest.approx(plane, abs=1e-7)


def test_nothing_to_fill() -> None:
    z = np.random.default_rng(0).normal(size=(4, 5))
    told, sweeps = stretched(z)
    assert sweeps == 0 and np.array_equal(told, z)


def test_too_few_sweeps_are_told() -> None:
    z = np.full((12, 12), np.nan)
    z[0], z[-1] = 0.0, 1.0
    z[0, 0] = 5.0
    assert stretched(z, most=3)[1] == -1
    assert 3 < stretched(z)[1] < 200
