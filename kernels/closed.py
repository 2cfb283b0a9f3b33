"""Closed curves through points: periodic cubic splines, twice continuously differentiable, any number of columns at once.

Source: C. de Boor, "A Practical Guide to Splines", Springer (2001), chapter IV, with periodic end conditions; the cyclic system of
three diagonals by Thomas's elimination and the formula of Sherman and Morrison. It is the curve that OCCT interpolates through the
same points at the same parameters. + - * / alone, in a fixed order: the same bits on every machine.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

Floats = npt.NDArray[np.float64]


@inlined
def _slopes(points, at, slopes, work) -> None:  # type: ignore[no-untyped-def]
    """slopes (n, c): by the parameter, at each point. work (3, n): scratch."""
    n, columns = points.shape
    share, pivot, spike = work[0], work[1], work[2]
    first_after, first_before = at[1] - at[0], at[n] - at[n - 1]
    corner, far = at[n - 1] - at[n - 2], first_after
    gamma = -2.0 * (first_before + first_after)
    # the corners taken off, and their column solved with the rest
    before = first_before
    for k in range(n):
        after = at[k + 1] - at[k]
        main = 2.0 * (before + after)
        if k == 0:
            main -= gamma
        if k == n - 1:
            main -= corner * far / gamma
        inverse = 1.0 / (main - (after * share[k - 1] if k else 0.0))
        share[k], pivot[k] = before * inverse, inverse
        right = gamma if k == 0 else (corner if k == n - 1 else 0.0)
        spike[k] = (right - (after * spike[k - 1] if k else 0.0)) * inverse
        for c in range(columns):
            ahead = points[k + 1, c] if k + 1 < n else points[0, c]
            behind = points[k - 1, c] if k else points[n - 1, c]
            right = 3.0 * (after * (points[k, c] - behind) / before + before * (ahead - points[k, c]) / after)
            slopes[k, c] = (right - (after * slopes[k - 1, c] if k else 0.0)) * inverse
        before = after
    for k in range(n - 2, -1, -1):
        spike[k] -= share[k] * spike[k + 1]
        for c in range(columns):
            slopes[k, c] -= share[k] * slopes[k + 1, c]
    whole = 1.0 + spike[0] + far * spike[n - 1] / gamma
    for c in range(columns):
        part = (slopes[0, c] + far * slopes[n - 1, c] / gamma) / whole
        for k in range(n):
            slopes[k, c] -= part * spike[k]


@kernel(
    "void(float64[:,::1], float64[::1], float64[::1], float64[:,::1], float64[:,::1], float64[:,::1])",
    writes=("out", "slopes", "work"),
)
def closed(points: Floats, at: Floats, shares: Floats, out: Floats, slopes: Floats, work: Floats) -> None:
    """out (n s, c): at the `shares` (s,), 0 to below 1, of every span the curve through points (n, c) at parameters `at` (n + 1,).

    n >= 3; at rises strictly, and its last one closes the curve. slopes (n, c): the derivatives by the parameter at the points, filled, too.
    work (3, n): scratch. O(n s c).
    """
    n, columns = points.shape
    _slopes(points, at, slopes, work)
    row = 0
    for k in range(n):
        j = k + 1 if k + 1 < n else 0
        h = at[k + 1] - at[k]
        for i in range(shares.shape[0]):
            u = shares[i]
            for c in range(columns):
                rise = points[j, c] - points[k, c]
                m, o = slopes[k, c] * h, slopes[j, c] * h
                out[row, c] = points[k, c] + u * (m + u * (3.0 * rise - 2.0 * m - o + u * (m + o - 2.0 * rise)))
            row += 1
