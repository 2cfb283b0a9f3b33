"""Least squares by columns made orthogonal one after the other: sums in fixed order, so that the same data give the same bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.compiled import kernel

Floats = npt.NDArray[np.float64]


@kernel("void(float64[::1], float64[:,::1], float64[::1])", writes=("rows", "out"))
def project(unit: Any, rows: Any, out: Any) -> None:
    """Take from rows (n, u) what lies along `unit` (n,), of length 1: `out` (u,) is how much. O(n u).

    A step of modified Gram-Schmidt (Golub and Van Loan, Matrix Computations, 5.2.8).
    """
    n, u = rows.shape
    for k in range(u):
        out[k] = 0.0
    for i in range(n):
        a = unit[i]
        for k in range(u):
            out[k] += a * rows[i, k]
    for i in range(n):
        a = unit[i]
        for k in range(u):
            rows[i, k] -= a * out[k]


@kernel("void(float64[:,::1], float64[:,::1])", writes=("out",))
def gram(rows: Any, out: Any) -> None:
    """out (n, n) = rows (n, u) times its transpose. O(n^2 u)."""
    n, u = rows.shape
    for i in range(n):
        for j in range(i + 1):
            total = 0.0
            for k in range(u):
                total += rows[i, k] * rows[j, k]
            out[i, j] = total
            out[j, i] = total


@kernel("void(float64[:,::1], float64[:,::1], float64[::1])", writes=("out",))
def energies(candidates: Any, gram_of: Any, out: Any) -> None:
    """Of each candidate (k, n), how much of the rows that `gram_of` (n, n) is of lies along it, squared. 0 for one of length 0. O(k n^2)."""
    count, n = candidates.shape
    for c in range(count):
        length = 0.0
        for i in range(n):
            length += candidates[c, i] * candidates[c, i]
        out[c] = 0.0
        if length <= 0.0:
            continue
        total = 0.0
        for i in range(n):
            part = 0.0
            for j in range(n):
                part += gram_of[i, j] * candidates[c, j]
            total += part * candidates[c, i]
        out[c] = total / length
