"""How far a surface reaches at stations along x, and where a standing plane cuts it. Lengths in mm; O(m) and the crossings found.

What is told of a station are the places where edges cross it: the surface's own extremes, for it is flat between them.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]

LEAST, MOST, LOW, HIGH = range(4)


@inlined
def _widen(points: Floats, a: int, b: int, t: float, top: float, told: Floats, i: int) -> None:
    y = points[a, 1] + t * (points[b, 1] - points[a, 1])
    z = points[a, 2] + t * (points[b, 2] - points[a, 2])
    if z <= top:
        told[i, LEAST], told[i, MOST] = min(told[i, LEAST], y), max(told[i, MOST], y)
        told[i, LOW], told[i, HIGH] = min(told[i, LOW], z), max(told[i, HIGH], z)


@kernel("void(float64[:,::1], int32[:,::1], float64, float64, float64, float64[:,::1])", writes=("told",))
def extents(points: Floats, faces: Int32s, top: float, first: float, step: float, told: Floats) -> None:
    """told (k, 4): at x = first + i step the least y, the greatest, the least z and the greatest of the surface's edges below z = `top`;
    inf and -inf where there is nothing. points (n, 3), faces (m, 3)."""
    for i in range(told.shape[0]):
        told[i, LEAST] = told[i, LOW] = math.inf
        told[i, MOST] = told[i, HIGH] = -math.inf
    last = told.shape[0] - 1
    for f in range(faces.shape[0]):
        for k in range(3):
            a, b = faces[f, k], faces[f, (k + 1) % 3]
            if points[a, 0] > points[b, 0] or (points[a, 0] == points[b, 0] and a > b):
                a, b = b, a
            xa, xb = points[a, 0], points[b, 0]
            if points[a, 2] > top and points[b, 2] > top:
                continue
            i = max(0, math.ceil((xa - first) / step - 1e-9))
            while i <= last and first + i * step <= xb:
                t = min(1.0, max(0.0, (first + i * step - xa) / (xb - xa))) if xb > xa else 0.0
                _widen(points, a, b, t, top, told, i)
                if xb == xa:  # it lies in the station: its other end too
                    _widen(points, a, b, 1.0, top, told, i)
                i += 1


@kernel("void(float64[:,::1], float64, float64[:,::1], float64[:,::1])", writes=("told",))
def spans(points: Floats, top: float, ways: Floats, told: Floats) -> None:
    """told (k, 2): the least and the greatest of points (n, 3) below z = `top` along each of `ways` (k, 2), unit vectors in x and y."""
    for j in range(ways.shape[0]):
        told[j, 0], told[j, 1] = math.inf, -math.inf
    for i in range(points.shape[0]):
        if points[i, 2] <= top:
            x, y = points[i, 0], points[i, 1]
            for j in range(ways.shape[0]):
                along = x * ways[j, 0] + y * ways[j, 1]
                told[j, 0], told[j, 1] = min(told[j, 0], along), max(told[j, 1], along)


@kernel("int64(float64[:,::1], int32[:,::1], float64[::1], float64[:,::1])", writes=("cut",))
def section(points: Floats, faces: Int32s, plane: Floats, cut: Floats) -> int:
    """Where edges cross the standing plane through (plane[0], plane[1]) along the unit vector (plane[2], plane[3]).

    cut (k, 2): how far along it, and z; returns how many there are, of which the first k are told (an edge of two faces twice).
    """
    count = 0
    for f in range(faces.shape[0]):
        for k in range(3):
            a, b = faces[f, k], faces[f, (k + 1) % 3]
            if a > b:
                a, b = b, a
            ax, ay = points[a, 0] - plane[0], points[a, 1] - plane[1]
            bx, by = points[b, 0] - plane[0], points[b, 1] - plane[1]
            one, two = ay * plane[2] - ax * plane[3], by * plane[2] - bx * plane[3]
            if (one < 0.0) == (two < 0.0):
                continue
            if count < cut.shape[0]:
                t = one / (one - two)
                along_a, along_b = ax * plane[2] + ay * plane[3], bx * plane[2] + by * plane[3]
                cut[count, 0] = along_a + t * (along_b - along_a)
                cut[count, 1] = points[a, 2] + t * (points[b, 2] - points[a, 2])
            count += 1
    return count


@kernel("float64(float64[:,::1])")
def tape(points: Floats) -> float:
    """Round the convex hull of points (n, 2), sorted by x, then y, as a tape goes: its length (Andrew 1979)."""
    n = points.shape[0]
    chain, length = np.empty(n, np.int32), 0.0
    for side in (1.0, -1.0):
        m = 0
        for i in range(n):
            while m > 1:
                a, b = chain[m - 2], chain[m - 1]
                ux, uy = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1]
                if side * (ux * (points[i, 1] - points[a, 1]) - uy * (points[i, 0] - points[a, 0])) > 0.0:
                    break
                m -= 1
            chain[m] = i
            m += 1
        for j in range(1, m):
            ux = points[chain[j], 0] - points[chain[j - 1], 0]
            uy = points[chain[j], 1] - points[chain[j - 1], 1]
            length += math.sqrt(ux * ux + uy * uy)
    return length
