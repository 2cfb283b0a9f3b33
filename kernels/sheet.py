"""The points of a sheet: a body under a height field, within an outline, flat underneath with a bevelled edge.

All points lie on the lattice, and what could make the body cross itself is decided there, in integers: the top is a graph over
the outline; the underside's triangles and the bevel's all run the same way round seen from above, within borders that do not
cross, so that either covers its region once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.spline import cell, weights

FINE, OFF_GRID, NARROW, THIN, FOLDED = 0, 1, 2, 3, 4
_STEPS = 10_000.0


@inlined
def _steps(value: float) -> float:
    return float(np.rint(value * _STEPS))


@inlined
def _height(coefficients, u, v) -> tuple[bool, float]:  # type: ignore[no-untyped-def]
    """(is there a height, the height) at (u, v), in pitches from node (0, 0)."""
    i, f = cell(u, coefficients.shape[0] - 2)
    j, g = cell(v, coefficients.shape[1] - 2)
    if i < 0 or j < 0:
        return False, 0.0
    wx, wy = weights(f), weights(g)
    z = 0.0
    for a in range(4):
        row = coefficients[i + a]
        z += wx[a] * (wy[0] * row[j] + wy[1] * row[j + 1] + wy[2] * row[j + 2] + wy[3] * row[j + 3])
    return True, z


@inlined
def _left(a, b, c) -> bool:  # type: ignore[no-untyped-def]
    """Does c lie left of the way from a to b, seen from above? Exact: points are whole steps, below 2^25 of them."""
    return bool((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) > 0.0)


@kernel(
    "int64(float64[:,::1], float64, float64, float64, float64[::1], float64[::1], float64[::1], float64, float64,"
    "float64[::1], float64, float64, float64[::1], float64[:,::1], int64[::1])",
    writes=("line", "points", "where"),
)
def sheet(
    coefficients: npt.NDArray[np.float64],
    x0: float,
    y0: float,
    pitch: float,
    stations: npt.NDArray[np.float64],
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
    heel: float,
    toe: float,
    columns: npt.NDArray[np.float64],
    bevel: float,
    bevel_height: float,
    line: npt.NDArray[np.float64],
    points: npt.NDArray[np.float64],
    where: npt.NDArray[np.int64],
) -> int:
    """Fill points, in whole steps of 1e-4 mm; O(n (w + m)) for n stations, w columns and grid rows of m nodes.

    coefficients: of `kernels.spline`, with its node (0, 0) at (x0, y0). At x = stations[k] the outline runs from low[k] to high[k]; it
    closes in a point at `heel` and one at `toe`, all mm. columns (w,): rising from 0 to 1. line: m + 2.

    points: the top by stations, n w; the top of heel and toe; then the outline (heel, the low side, toe, the high side back: 2 n + 2) at
    `bevel_height`, left out where `bevel` is 0; then the outline moved inwards by `bevel`, at 0.

    FINE, or what is wrong at row `where[0]` of points: OFF_GRID, the grid ends before it; NARROW, it is not farther on than the
    one before it; THIN, it is not above the bevel; FOLDED, the bevel's lower border turns back or crosses itself there.
    """
    n, w, rows = stations.shape[0], columns.shape[0], coefficients.shape[1] - 2
    ring, top = 2 * n + 2, n * w
    floor = _steps(bevel_height)
    for k in range(n):
        i, f = cell((stations[k] - x0) / pitch, coefficients.shape[0] - 2)
        if i < 0:
            where[0] = k * w
            return OFF_GRID
        wx = weights(f)
        for c in range(rows + 2):
            line[c] = (
                wx[0] * coefficients[i, c]
                + wx[1] * coefficients[i + 1, c]
                + wx[2] * coefficients[i + 2, c]
                + wx[3] * coefficients[i + 3, c]
            )
        x = _steps(stations[k])
        if k and not x > points[(k - 1) * w, 0]:
            where[0] = k * w
            return NARROW
        for v in range(w):
            at = k * w + v
            y = low[k] + columns[v] * (high[k] - low[k])
            j, g = cell((y - y0) / pitch, rows)
            points[at, 0], points[at, 1] = x, _steps(y)
            if j < 0:
                where[0] = at
                return OFF_GRID
            wy = weights(g)
            z = wy[0] * line[j] + wy[1] * line[j + 1] + wy[2] * line[j + 2] + wy[3] * line[j + 3]
            points[at, 2] = _steps(z)
    for pole in range(2):
        at, k = top + pole, (n - 1) * pole
        x, y = (toe if pole else heel), 0.5 * (low[k] + high[k])
        points[at, 0], points[at, 1] = _steps(x), _steps(y)
        there, z = _height(coefficients, (x - x0) / pitch, (y - y0) / pitch)
        if not there:
            where[0] = at
            return OFF_GRID
        points[at, 2] = _steps(z)
    if not points[top, 0] < points[0, 0] or not points[top + 1, 0] > points[top - 1, 0]:
        where[0] = top if not points[top, 0] < points[0, 0] else top + 1
        return NARROW
    for k in range(n):
        for v in range(1, w):
            if not points[k * w + v, 1] > points[k * w + v - 1, 1]:
                where[0] = k * w + v
                return NARROW
    for at in range(top + 2):
        if not points[at, 2] > floor:
            where[0] = at
            return THIN

    first = top + 2
    for k in range(n):
        points[first + 1 + k, :2] = points[k * w, :2]
        points[first + ring - 1 - k, :2] = points[k * w + w - 1, :2]
    points[first, :2] = points[top, :2]
    points[first + n + 1, :2] = points[top + 1, :2]
    points[first : first + ring, 2] = floor
    if bevel > 0.0:
        foot = first + ring
        for o in range(ring):
            a, b, c = points[first + (o - 1) % ring], points[first + o], points[first + (o + 1) % ring]
            # the normal of the circle through the three: each side's, weighted by one over its length
            before = (b[0] - a[0]) * (b[0] - a[0]) + (b[1] - a[1]) * (b[1] - a[1])
            after = (c[0] - b[0]) * (c[0] - b[0]) + (c[1] - b[1]) * (c[1] - b[1])
            nx = -(b[1] - a[1]) / before - (c[1] - b[1]) / after
            ny = (b[0] - a[0]) / before + (c[0] - b[0]) / after
            far = bevel * _STEPS / np.sqrt(nx * nx + ny * ny)
            points[foot + o, 0] = np.rint(b[0] + far * nx)
            points[foot + o, 1] = np.rint(b[1] + far * ny)
            points[foot + o, 2] = 0.0
        folded = _folded(points[first:foot], points[foot:], n)
        if folded >= 0:
            where[0] = foot + folded
            return FOLDED
    return FINE


@inlined
def _folded(outer: npt.NDArray[np.float64], inner: npt.NDArray[np.float64], n: int) -> int:
    """Where the inner border of a bevel turns back, leaves the outer or crosses itself, by its place in the border; else -1."""
    ring = 2 * n + 2
    for o in range(ring):
        after = (o + 1) % ring
        if not (_left(outer[o], outer[after], inner[after]) and _left(outer[o], inner[after], inner[o])):
            return o
    for k in range(n + 1):
        # both sides run on from heel to toe
        if not (inner[k, 0] < inner[k + 1, 0] and inner[(ring - k) % ring, 0] < inner[ring - 1 - k, 0]):
            return k
    # each corner of one side lies beside the other side, inwards
    there = 0
    for k in range(1, n + 1):
        while inner[ring - 1 - there, 0] < inner[k, 0]:
            there += 1
        if not _left(inner[ring - 1 - there], inner[(ring - there) % ring], inner[k]):
            return k
    here = 0
    for k in range(1, n + 1):
        while inner[here + 1, 0] < inner[ring - k, 0]:
            here += 1
        if not _left(inner[here], inner[here + 1], inner[ring - k]):
            return ring - k
    # the triangles between the two
    for k in range(1, n):
        a, b, c, d = inner[k], inner[k + 1], inner[ring - 1 - k], inner[ring - k]
        if not (_left(a, b, c) and _left(a, c, d)):
            return k
    if not _left(inner[0], inner[1], inner[ring - 1]):
        return 0
    if not _left(inner[n], inner[n + 1], inner[n + 2]):
        return n + 1
    return -1
