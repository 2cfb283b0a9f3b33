"""The highest surface under given heights that nowhere rises more steeply than a slope.

low(x) = the least of d(y) + slope |x - y| over all nodes y: the infimal convolution with a cone, the Pasch-Hausdorff envelope
(Hiriart-Urruty, "Extension of Lipschitz functions", J. Math. Anal. Appl. 77, 1980). Distances are Euclidean and every node is
asked, so no direction is favoured, and lower heights never give a higher envelope.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel


@inlined
def _highest(heights: npt.NDArray[np.float64], row: npt.NDArray[np.float64]) -> float:
    """The highest of a row where there are heights at all."""
    highest = -math.inf
    for j in range(row.shape[0]):
        if heights[j] < math.inf and row[j] > highest:
            highest = row[j]
    return highest


@kernel("void(float64[:,::1], float64, float64[::1], float64[::1], float64[:,::1])", writes=("least", "line", "low"))
def envelope(
    heights: npt.NDArray[np.float64],
    rise: float,
    least: npt.NDArray[np.float64],
    line: npt.NDArray[np.float64],
    low: npt.NDArray[np.float64],
) -> None:
    """Fill low (n, m) under heights (n, m): `rise`, above 0, is the slope times the pitch, mm a node. What is inf lowers nothing, and stays.

    least: n; line: 3 m. O(n m r^2) at most, where a cone rises from the lowest height to the highest in r nodes; what cannot lower a row any
    more is passed over.
    """
    n, m = heights.shape
    line[:] = math.inf
    for i in range(n):
        least[i] = math.inf
        for j in range(m):
            least[i] = min(least[i], heights[i, j])
            low[i, j] = heights[i, j]
    for i in range(n):
        row, highest = low[i], _highest(heights[i], low[i])
        for turn in range(2 * n - 1):
            # nearest rows first: what they lower, farther ones need not
            away = (turn + 1) // 2
            k = i + away if turn % 2 else i - away
            if k < 0 or k >= n or least[k] + rise * away >= highest:
                continue
            line[m : 2 * m] = heights[k]
            for aside in range(m):
                lift = rise * math.sqrt(float(away * away + aside * aside))
                if least[k] + lift >= highest:
                    break
                left, right = line[m - aside :], line[m + aside :]
                for j in range(m):
                    lifted = (left[j] if left[j] < right[j] else right[j]) + lift
                    row[j] = lifted if lifted < row[j] else row[j]
            highest = _highest(heights[i], row)
        for j in range(m):
            if heights[i, j] == math.inf:
                row[j] = math.inf
