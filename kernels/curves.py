"""Bézier contours to chords: how many chords each curve needs, the points, and the exact bounds.

A contour is a row of segments in order, each starting where the one before it ends: `curves` float64 (m, 8), x and y of up
to four control points; `degrees` int8 (m,), 1 line, 2 quadratic, 3 cubic; `ends` int32 (k,), one past the last segment of
each contour. Only + - * / and sqrt are used, so the points are the same on every machine.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

MOST_CHORDS = 256
"""No curve is cut finer than this, whatever the tolerance."""


@kernel("int64(float64[:,::1], int8[::1], float64, int32[::1])", writes=("chords",))
def count(
    curves: npt.NDArray[np.float64], degrees: npt.NDArray[np.int8], tolerance: float, chords: npt.NDArray[np.int32]
) -> int:
    """Fill `chords` int32 (m,) with how many equal steps of the parameter keep each curve within `tolerance`; return the sum.

    A polynomial curve of degree d cut into n equal steps lies within d (d - 1) / 8 * max |second difference| / n^2 of its
    chords (Wang 1984); for a quadratic the bound is reached.
    """
    total = 0
    for i in range(curves.shape[0]):
        bend = 0.0
        for j in range(degrees[i] - 1):
            x = curves[i, 2 * j] - 2.0 * curves[i, 2 * j + 2] + curves[i, 2 * j + 4]
            y = curves[i, 2 * j + 1] - 2.0 * curves[i, 2 * j + 3] + curves[i, 2 * j + 5]
            bend = max(bend, math.sqrt(x * x + y * y))
        need = math.sqrt(degrees[i] * (degrees[i] - 1) / 8.0 * bend / tolerance)
        chords[i] = max(math.ceil(min(need, float(MOST_CHORDS))), 1)
        total += chords[i]
    return total


@inlined
def _at(curves: npt.NDArray[np.float64], i: int, axis: int, degree: int, t: float) -> float:
    """One coordinate of curve i at t, by de Casteljau."""
    s = 1.0 - t
    a = float(curves[i, axis])
    b = float(curves[i, 2 + axis])
    if degree == 1:
        return s * a + t * b
    c = float(curves[i, 4 + axis])
    if degree == 2:
        return s * (s * a + t * b) + t * (s * b + t * c)
    d = float(curves[i, 6 + axis])
    ab, bc, cd = s * a + t * b, s * b + t * c, s * c + t * d
    return s * (s * ab + t * bc) + t * (s * bc + t * cd)


@kernel(
    "void(float64[:,::1], int8[::1], int32[::1], int32[::1], float64, int32[:,::1], int32[::1])",
    writes=("points", "loops"),
)
def flatten(
    curves: npt.NDArray[np.float64],
    degrees: npt.NDArray[np.int8],
    ends: npt.NDArray[np.int32],
    chords: npt.NDArray[np.int32],
    steps: float,
    points: npt.NDArray[np.int32],
    loops: npt.NDArray[np.int32],
) -> None:
    """Write each contour's points, rounded to 1/`steps` of a unit.

    `chords` and the length of `points` int32 (sum of chords, 2) come from `count`; `loops` int32 (k,) gets one past the last
    point of each contour. The end of a segment is the start of the next, so it is written once.
    """
    n = 0
    first = 0
    for c in range(ends.shape[0]):
        for i in range(first, ends[c]):
            for j in range(chords[i]):
                t = j / chords[i]
                points[n, 0] = math.floor(steps * _at(curves, i, 0, degrees[i], t) + 0.5)
                points[n, 1] = math.floor(steps * _at(curves, i, 1, degrees[i], t) + 0.5)
                n += 1
        first = ends[c]
        loops[c] = n


@kernel("void(float64[:,::1], int8[::1], float64[::1])", writes=("box",))
def bounds(curves: npt.NDArray[np.float64], degrees: npt.NDArray[np.int8], box: npt.NDArray[np.float64]) -> None:
    """The exact bounds x0, y0, x1, y1 of all curves (not of their control points) into `box` float64 (4,).

    With no curve the box is left inside out: +inf, +inf, -inf, -inf.
    """
    box[0] = box[1] = math.inf
    box[2] = box[3] = -math.inf
    for i in range(curves.shape[0]):
        degree = degrees[i]
        for axis in range(2):
            for end in range(2):
                value = curves[i, 2 * degree * end + axis]
                box[axis] = min(box[axis], value)
                box[2 + axis] = max(box[2 + axis], value)
            a, b = curves[i, axis], curves[i, 2 + axis]
            # the roots of the derivative: u t^2 + v t + w
            u = v = w = 0.0
            if degree == 2:
                v, w = a - 2.0 * b + curves[i, 4 + axis], b - a
            elif degree == 3:
                c, d = curves[i, 4 + axis], curves[i, 6 + axis]
                u, v, w = d - 3.0 * c + 3.0 * b - a, 2.0 * (a - 2.0 * b + c), b - a
            for sign in range(2):
                t = -1.0
                if u != 0.0:
                    under = v * v - 4.0 * u * w
                    if under >= 0.0:
                        t = (-v + (1.0 - 2.0 * sign) * math.sqrt(under)) / (2.0 * u)
                elif v != 0.0:
                    t = -w / v
                if 0.0 < t < 1.0:
                    value = _at(curves, i, axis, degree, t)
                    box[axis] = min(box[axis], value)
                    box[2 + axis] = max(box[2 + axis], value)
