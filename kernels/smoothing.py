"""Gaussian smoothing of heights on a grid, in the plane: one pass along either axis, sums in a fixed order.

With unknown heights, or weights, it is a normalised convolution (Knutsson & Westin, "Normalized and differential convolution",
CVPR 1993): weighted heights and weights are smoothed alike, and divided. What lies beyond the grid has no weight.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.portable import exp

TRUNCATE = 4.0
"""The weights end so many sigmas out: what is left out is 6e-5 of them."""


@kernel("void(float64, float64[::1])", writes=("taps",))
def weigh(sigma: float, taps: npt.NDArray[np.float64]) -> None:
    """taps[d] = the weight at `d` nodes, exp(-d^2 / 2 sigma^2) over the sum of all of them to both sides; sigma in nodes, above 0."""
    total = 0.0
    for d in range(taps.shape[0]):
        taps[d] = exp(-0.5 * (d / sigma) * (d / sigma))
        total += taps[d] if d == 0 else 2.0 * taps[d]
    for d in range(taps.shape[0]):
        taps[d] /= total


@inlined
def _add_four(taps, d, a0, a1, a2, a3, b0, b1, b2, b3, row) -> None:  # type: ignore[no-untyped-def]
    """row += four taps from the d-th on, times what lies so far to either side: one pass over the row instead of four."""
    t0, t1, t2, t3 = taps[d], taps[d + 1], taps[d + 2], taps[d + 3]
    for j in range(row.shape[0]):
        row[j] += (t0 * (a0[j] + b0[j]) + t1 * (a1[j] + b1[j])) + (t2 * (a2[j] + b2[j]) + t3 * (a3[j] + b3[j]))


@kernel(
    "void(float64[:,::1], float64[::1], float64[::1], float64[:,::1], float64[:,::1])", writes=("line", "between", "smooth")
)
def blur(
    values: npt.NDArray[np.float64],
    taps: npt.NDArray[np.float64],
    line: npt.NDArray[np.float64],
    between: npt.NDArray[np.float64],
    smooth: npt.NDArray[np.float64],
) -> None:
    """smooth = values (n, m) under the taps (reach + 1,) along both axes, 0 beyond the grid. O(n m reach).

    line: m + 2 reach; between: (n, m). Every value is finite.
    """
    n, m = values.shape
    reach = taps.shape[0] - 1
    for j in range(m + 2 * reach):
        line[j] = 0.0
    for i in range(n):
        line[reach : reach + m] = values[i]
        for j in range(m):
            between[i, j] = taps[0] * line[reach + j]
        for d in range(1, reach - 2, 4):
            _add_four(
                taps,
                d,
                line[reach - d :],
                line[reach - d - 1 :],
                line[reach - d - 2 :],
                line[reach - d - 3 :],
                line[reach + d :],
                line[reach + d + 1 :],
                line[reach + d + 2 :],
                line[reach + d + 3 :],
                between[i],
            )
        for d in range(1 + reach // 4 * 4, reach + 1):
            for j in range(m):
                between[i, j] += taps[d] * (line[reach - d + j] + line[reach + d + j])
    for i in range(n):
        row = smooth[i]
        for j in range(m):
            row[j] = taps[0] * between[i, j]
        inside = min(i, n - 1 - i, reach)
        for d in range(1, inside - 2, 4):
            _add_four(
                taps,
                d,
                between[i - d],
                between[i - d - 1],
                between[i - d - 2],
                between[i - d - 3],
                between[i + d],
                between[i + d + 1],
                between[i + d + 2],
                between[i + d + 3],
                row,
            )
        for d in range(1 + inside // 4 * 4, inside + 1):
            above, below = between[i - d], between[i + d]
            for j in range(m):
                row[j] += taps[d] * (above[j] + below[j])
        for d in range(inside + 1, reach + 1):
            if i - d >= 0 or i + d < n:
                other = between[i - d] if i - d >= 0 else between[i + d]
                for j in range(m):
                    row[j] += taps[d] * other[j]
