"""The highest surface under given heights that nowhere rises more steeply than a slope.

low(x) = the least of d(y) + slope |x - y| over all nodes y: the infimal convolution with a cone, the Pasch-Hausdorff envelope
(Hiriart-Urruty, "Extension of Lipschitz functions", J. Math. Anal. Appl. 77, 1980). Distances are Euclidean and every node is
asked, so no direction is favoured, and lower heights never give a higher envelope.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import kernel


@kernel("void(float64[:,::1], float64, float64[::1], float64[:,::1])", writes=("least", "low"))
def envelope(
    heights: npt.NDArray[np.float64], rise: float, least: npt.NDArray[np.float64], low: npt.NDArray[np.float64]
) -> None:
    """Fill low (n, m) under heights (n, m): `rise`, above 0, is the slope times the pitch, mm a node. What is inf lowers nothing, and stays.

    least: n. O(n m r^2) at most, where a cone rises from the lowest height to the highest in r nodes; what cannot lower a row any
    more is passed over.
    """
    n, m = heights.shape
    for i in range(n):
        least[i] = math.inf
        for j in range(m):
            least[i] = min(least[i], heights[i, j])
            low[i, j] = heights[i, j]
    for i in range(n):
        row = low[i]
        for turn in range(2 * n - 1):
            # nearest rows first: what they lower, farther ones need not
            away = (turn + 1) // 2
            k = i + away if turn % 2 else i - away
            if k < 0 or k >= n:
                continue
            highest = -math.inf
            for j in range(m):
                highest = max(highest, row[j] if heights[i, j] < math.inf else -math.inf)
            if least[k] + rise * away >= highest:
                continue
            source = heights[k]
            for aside in range(m):
                lift = rise * math.sqrt(float(away * away + aside * aside))
                if least[k] + lift >= highest:
                    break
                for j in range(m - aside):
                    row[j] = min(row[j], source[j + aside] + lift)
                for j in range(aside, m):
                    row[j] = min(row[j], source[j - aside] + lift)
        for j in range(m):
            if heights[i, j] == math.inf:
                row[j] = math.inf
