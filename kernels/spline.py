"""Heights on a square grid as one smooth surface: the bicubic spline through all of them, twice continuously differentiable.

Knots at the nodes along either axis, and at each end the slope of the cubic through the four nodes there. Inside it is the surface
that OCCT interpolates on a regular grid (`GeomAPI_PointsToBSplineSurface.Interpolate`): that takes the slope at an end from nine
nodes, ill-conditioned on a hundred or more, but what an end does is less by 3.7 at each node, so twelve nodes in it is gone. The
prefilter solves the tridiagonal systems of de Boor, "Bicubic Spline Interpolation", J. Math. Phys. 41 (1962), in a fixed order.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

LEAST = 4
"""Nodes along either axis, at least."""
_SLACK = 1e-9
"""So far beside the border, in steps of the pitch, a place is on it: its coordinates are rounded."""
_S0, _S1, _S2, _S3 = -11.0 / 6.0, 3.0, -1.5, 1.0 / 3.0


@inlined
def _pivots(n, pivot) -> None:  # type: ignore[no-untyped-def]
    """1 / the pivots of the matrix with rows (4, 2), (1, 4, 1) ... (2, 4)."""
    pivot[0] = 0.25
    before = 0.5
    for i in range(1, n - 1):
        pivot[i] = 1.0 / (4.0 - before)
        before = pivot[i]
    pivot[n - 1] = 1.0 / (4.0 - 2.0 * before)


@kernel("void(float64[:,::1], float64[:,::1], float64[::1])", writes=("coefficients", "work"))
def interpolate(z: npt.NDArray[np.float64], coefficients: npt.NDArray[np.float64], work: npt.NDArray[np.float64]) -> None:
    """B-spline coefficients of the surface through the heights `z` (n, m), mm; n, m >= 4. O(n m).

    Fills coefficients (n + 2, m + 2). work: at least the larger of n and m. A height that is not finite spoils all of them.
    """
    n, m = z.shape

    # down the columns, whole rows at a time
    _pivots(n, work)
    first, last = coefficients[0], coefficients[n + 1]
    for j in range(m):
        first[j + 1] = _S0 * z[0, j] + _S1 * z[1, j] + _S2 * z[2, j] + _S3 * z[3, j]
        last[j + 1] = -(_S0 * z[n - 1, j] + _S1 * z[n - 2, j] + _S2 * z[n - 3, j] + _S3 * z[n - 4, j])
    for j in range(m):
        coefficients[1, j + 1] = (6.0 * z[0, j] + 2.0 * first[j + 1]) * work[0]
    for i in range(1, n - 1):
        above, row = coefficients[i], coefficients[i + 1]
        for j in range(m):
            row[j + 1] = (6.0 * z[i, j] - above[j + 1]) * work[i]
    above, row = coefficients[n - 1], coefficients[n]
    for j in range(m):
        row[j + 1] = (6.0 * z[n - 1, j] - 2.0 * last[j + 1] - 2.0 * above[j + 1]) * work[n - 1]
    for i in range(n - 2, -1, -1):
        row, below = coefficients[i + 1], coefficients[i + 2]
        back = work[i] if i else 0.5
        for j in range(m):
            row[j + 1] -= back * below[j + 1]
    for j in range(m):
        first[j + 1] = coefficients[2, j + 1] - 2.0 * first[j + 1]
        last[j + 1] = coefficients[n - 1, j + 1] + 2.0 * last[j + 1]

    # along the rows
    _pivots(m, work)
    for i in range(n + 2):
        row = coefficients[i]
        left = _S0 * row[1] + _S1 * row[2] + _S2 * row[3] + _S3 * row[4]
        right = -(_S0 * row[m] + _S1 * row[m - 1] + _S2 * row[m - 2] + _S3 * row[m - 3])
        before = (6.0 * row[1] + 2.0 * left) * work[0]
        row[1] = before
        for j in range(1, m - 1):
            before = (6.0 * row[j + 1] - before) * work[j]
            row[j + 1] = before
        before = (6.0 * row[m] - 2.0 * right - 2.0 * before) * work[m - 1]
        row[m] = before
        for j in range(m - 2, 0, -1):
            before = row[j + 1] - work[j] * before
            row[j + 1] = before
        row[1] -= 0.5 * before
        row[0] = row[2] - 2.0 * left
        row[m + 1] = row[m - 1] + 2.0 * right


@inlined
def cell(place, nodes) -> tuple[int, float]:  # type: ignore[no-untyped-def]
    """(the cell that a place in steps of the pitch lies in, how far into it, 0 to 1); -1 where it lies beside the grid, or nowhere."""
    if not (place >= -_SLACK and place <= nodes - 1 + _SLACK):
        return -1, 0.0
    at = min(max(int(place), 0), nodes - 2)
    return at, place - at


@inlined
def weights(f) -> tuple[float, float, float, float]:  # type: ignore[no-untyped-def]
    """What the four coefficients round a cell add, `f` into it."""
    g = 1.0 - f
    return (
        g * g * g * (1.0 / 6.0),
        (4.0 + f * f * (3.0 * f - 6.0)) * (1.0 / 6.0),
        (4.0 + g * g * (3.0 * g - 6.0)) * (1.0 / 6.0),
        f * f * f * (1.0 / 6.0),
    )


@inlined
def _slopes(f) -> tuple[float, float, float, float]:  # type: ignore[no-untyped-def]
    """The derivatives of `weights`."""
    g = 1.0 - f
    return -0.5 * g * g, f * (1.5 * f - 2.0), g * (2.0 - 1.5 * g), 0.5 * f * f


@kernel("void(float64[:,::1], float64, float64, float64, float64[:,::1], float64[:,::1])", writes=("found",))
def evaluate(
    coefficients: npt.NDArray[np.float64],
    x0: float,
    y0: float,
    pitch: float,
    places: npt.NDArray[np.float64],
    found: npt.NDArray[np.float64],
) -> None:
    """Height and slope over places (k, 2), mm; the grid's node (0, 0) at (x0, y0). O(k).

    Fills found (k, 3): z, dz/dx, dz/dy; NaN beside the grid.
    """
    n, m = coefficients.shape[0] - 2, coefficients.shape[1] - 2
    for p in range(places.shape[0]):
        i, f = cell((places[p, 0] - x0) / pitch, n)
        j, g = cell((places[p, 1] - y0) / pitch, m)
        if i < 0 or j < 0:
            found[p, 0] = found[p, 1] = found[p, 2] = math.nan
            continue
        wx, dx, wy, dy = weights(f), _slopes(f), weights(g), _slopes(g)
        z = along_x = along_y = 0.0
        for a in range(4):
            row = coefficients[i + a]
            across = wy[0] * row[j] + wy[1] * row[j + 1] + wy[2] * row[j + 2] + wy[3] * row[j + 3]
            z += wx[a] * across
            along_x += dx[a] * across
            along_y += wx[a] * (dy[0] * row[j] + dy[1] * row[j + 1] + dy[2] * row[j + 2] + dy[3] * row[j + 3])
        found[p, 0], found[p, 1], found[p, 2] = z, along_x / pitch, along_y / pitch
