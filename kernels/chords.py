"""How many chords a span of closed splines needs to lie near them, and the places between which they run.

A cubic's chord over a share 1 / c of a span lies off it by at most |P''| / (8 c^2), and only what of P'' is across the curve counts; a wall
between two splines is a ruled surface, which its two triangles leave by a quarter of what its sides are twisted. + - * / and sqrt in a fixed
order: the same bits on every machine.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int32]


@inlined
def _across(x, y, z, u, v, w):  # type: ignore[no-untyped-def]
    """Squared: how much of (x, y, z) is across the direction of (u, v, w)."""
    a, b, c = y * w - z * v, z * u - x * w, x * v - y * u
    square = u * u + v * v + w * w
    return (a * a + b * b + c * c) / square if square > 0.0 else 0.0


@kernel(
    "int64(float64[:,::1], float64[::1], float64[:,::1], float64, float64, int64, int32[::1])",
    writes=("counts",),
)
def count(points: Floats, at: Floats, slopes: Floats, bent: float, within: float, most: int, counts: Rows) -> int:
    """Fill counts (n,): the places of every span, 1 to `most`, so that chords and walls come within about `within` mm; returns how many in all.

    points (n, 3 k): k splines side by side, x, y, z of each; at (n + 1,) and slopes (n, 3 k): as `kernels.closed` has them. `bent`: 1/mm, the
    curvature along x that all of it is given afterwards. O(n k).
    """
    n, columns = points.shape
    total = 0
    for i in range(n):
        j = i + 1 if i + 1 < n else 0
        h = at[i + 1] - at[i]
        bow, twist = 0.0, 0.0
        for c in range(0, columns, 3):
            x, y, z = points[j, c] - points[i, c], points[j, c + 1] - points[i, c + 1], points[j, c + 2] - points[i, c + 2]
            rolled = x * x * bent
            for end in range(2):
                p, q = (-4.0 * h, -2.0 * h) if end == 0 else (2.0 * h, 4.0 * h)
                six = 6.0 if end == 0 else -6.0
                u = six * x + p * slopes[i, c] + q * slopes[j, c]
                v = six * y + p * slopes[i, c + 1] + q * slopes[j, c + 1]
                w = six * z + p * slopes[i, c + 2] + q * slopes[j, c + 2]
                k = i if end == 0 else j
                bow = max(bow, _across(u, v, w, slopes[k, c], slopes[k, c + 1], slopes[k, c + 2]) + rolled * rolled)
            if c + 3 < columns:
                a, b, d = (
                    points[i, c + 3] - points[i, c],
                    points[i, c + 4] - points[i, c + 1],
                    points[i, c + 5] - points[i, c + 2],
                )
                nx, ny, nz = b * z - d * y, d * x - a * z, a * y - b * x
                size = math.sqrt(nx * nx + ny * ny + nz * nz)
                if size > 0.0:
                    tx = points[j, c + 3] - points[i, c + 3] - x
                    ty = points[j, c + 4] - points[i, c + 4] - y
                    tz = points[j, c + 5] - points[i, c + 5] - z
                    twist = max(twist, abs(tx * nx + ty * ny + tz * nz) / size)
        need = max(math.sqrt(math.sqrt(bow) / (8.0 * within)), twist / (4.0 * within))
        counts[i] = max(1, int(min(math.ceil(need), float(most))))
        total += counts[i]
    return total


@kernel("void(float64[:,::1], float64[::1], float64[:,::1], int32[::1], float64[:,::1])", writes=("out",))
def place(points: Floats, at: Floats, slopes: Floats, counts: Rows, out: Floats) -> None:
    """out (the sum of counts, c): counts[i] places of span i, evenly by the parameter from its beginning on. Else as `count`."""
    n, columns = points.shape
    row = 0
    for i in range(n):
        j = i + 1 if i + 1 < n else 0
        h = at[i + 1] - at[i]
        for part in range(counts[i]):
            u = part / counts[i]
            for c in range(columns):
                rise = points[j, c] - points[i, c]
                m, o = slopes[i, c] * h, slopes[j, c] * h
                out[row, c] = points[i, c] + u * (m + u * (3.0 * rise - 2.0 * m - o + u * (m + o - 2.0 * rise)))
            row += 1
