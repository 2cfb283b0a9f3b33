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
def _left(points: npt.NDArray[np.float64], a: int, b: int, c: int) -> bool:
    """Does point c lie left of the way from a to b, seen from above? Exact: coordinates are whole steps, below 2^25 of them."""
    along = (points[b, 0] - points[a, 0]) * (points[c, 1] - points[a, 1])
    return bool(along > (points[b, 1] - points[a, 1]) * (points[c, 0] - points[a, 0]))


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
            a, b, c = first + (o - 1) % ring, first + o, first + (o + 1) % ring
            # the normal of the circle through the three: each side's, weighted by one over its length
            ax, ay = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1]
            cx, cy = points[c, 0] - points[b, 0], points[c, 1] - points[b, 1]
            before, after = ax * ax + ay * ay, cx * cx + cy * cy
            nx, ny = -ay / before - cy / after, ax / before + cx / after
            far = bevel * _STEPS / np.sqrt(nx * nx + ny * ny)
            points[foot + o, 0] = np.rint(points[b, 0] + far * nx)
            points[foot + o, 1] = np.rint(points[b, 1] + far * ny)
            points[foot + o, 2] = 0.0
        where[0] = _folded(points, first, foot, n)
        if where[0] >= 0:
            return FOLDED
    return FINE


@inlined
def _folded(points: npt.NDArray[np.float64], first: int, foot: int, n: int) -> int:
    """The point where the border of the underside (from row `foot`) turns back, leaves the outline (from `first`) or crosses itself; else -1."""
    ring = 2 * n + 2
    for o in range(ring):
        after = (o + 1) % ring
        if not (_left(points, first + o, first + after, foot + after) and _left(points, first + o, foot + after, foot + o)):
            return foot + o
    end = foot + ring
    for k in range(n + 1):
        # both sides run on from heel to toe
        behind = foot if k == 0 else end - k
        if not (points[foot + k, 0] < points[foot + k + 1, 0] and points[behind, 0] < points[end - 1 - k, 0]):
            return foot + k
    # each corner of one side lies beside the other side, inwards
    there = 0
    for k in range(1, n + 1):
        while points[end - 1 - there, 0] < points[foot + k, 0]:
            there += 1
        if not _left(points, end - 1 - there, foot if there == 0 else end - there, foot + k):
            return foot + k
    here = foot
    for k in range(1, n + 1):
        while points[here + 1, 0] < points[end - k, 0]:
            here += 1
        if not _left(points, here, here + 1, end - k):
            return end - k
    # the triangles between the two; those at heel and toe are right as both sides are
    for k in range(1, n):
        a, b, c, d = foot + k, foot + k + 1, end - 1 - k, end - k
        if not (_left(points, a, b, c) and _left(points, a, c, d)):
            return foot + k
    return -1
