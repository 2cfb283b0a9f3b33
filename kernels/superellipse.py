"""A closed outline of four superellipse arcs, smoothed along its length and drawn into a box, as radii at equal angles.

A superellipse (Lamé, 1818) has |x / p|^e + |y / q|^e = 1: an ellipse for e = 2, squarer for more. Own sines, exponentials and logarithms
and sums in a fixed order: the same bits everywhere.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.portable import cos_degrees, exp, log, sin_degrees

Floats = npt.NDArray[np.float64]

COLUMNS = 7
"""Of the workspace."""


@inlined
def _power(value: float, exponent: float) -> float:
    return 0.0 if value <= 0.0 else exp(exponent * log(value))


@inlined
def _arcs(form, exponents, a, b, points) -> None:  # type: ignore[no-untyped-def]
    """Columns 0 and 1: the four arcs, counter-clockwise from the side at +x."""
    each = len(points) // 4
    for quarter in range(4):
        x = a * (form[0] if quarter < 2 else form[1])
        y = b * (form[2] if quarter == 0 or quarter == 3 else form[3])
        across = (0.5 * a if quarter == 0 or quarter == 3 else -0.5 * a) - x
        upwards = (0.5 * b if quarter < 2 else -0.5 * b) - y
        share = 2.0 / exponents[quarter]
        for k in range(each):
            degrees = 90.0 * k / each
            one, other = _power(cos_degrees(degrees), share), _power(sin_degrees(degrees), share)
            if quarter % 2 == 1:
                one, other = other, one
            points[quarter * each + k, 0] = x + across * one
            points[quarter * each + k, 1] = y + upwards * other


@inlined
def _evenly(points) -> None:  # type: ignore[no-untyped-def]
    """Columns 2 and 3: as many points, equally far apart along the closed polygon of columns 0 and 1; 4: its length so far."""
    n = len(points)
    total = 0.0
    for i in range(n):
        points[i, 4] = total
        j = i + 1 if i + 1 < n else 0
        x, y = points[j, 0] - points[i, 0], points[j, 1] - points[i, 1]
        total += math.sqrt(x * x + y * y)
    at = 0
    for i in range(n):
        wanted = total * i / n
        while at + 1 < n and points[at + 1, 4] <= wanted:
            at += 1
        j = at + 1 if at + 1 < n else 0
        ends = points[j, 4] if j > 0 else total
        share = (wanted - points[at, 4]) / (ends - points[at, 4])
        points[i, 2] = points[at, 0] + share * (points[j, 0] - points[at, 0])
        points[i, 3] = points[at, 1] + share * (points[j, 1] - points[at, 1])


@inlined
def _smoothed(points, soft) -> None:  # type: ignore[no-untyped-def]
    """Columns 0 and 1: columns 2 and 3 with the k-th harmonic along the outline less by exp(-(k / soft)^2 / 2)."""
    n = len(points)
    for i in range(n):
        points[i, 0] = points[i, 1] = 0.0
        points[i, 5], points[i, 6] = cos_degrees(360.0 * i / n), sin_degrees(360.0 * i / n)
    for k in range(int(3.3 * soft) + 1):  # beyond, less than half a percent is left
        keep = exp(-0.5 * (k / soft) * (k / soft)) * (1.0 if k == 0 else 2.0) / n
        xc = xs = yc = ys = 0.0
        at = 0
        for i in range(n):
            c, s = points[at, 5], points[at, 6]
            xc += points[i, 2] * c
            xs += points[i, 2] * s
            yc += points[i, 3] * c
            ys += points[i, 3] * s
            at += k
            if at >= n:
                at -= n
        at = 0
        for i in range(n):
            c, s = points[at, 5], points[at, 6]
            points[i, 0] += keep * (xc * c + xs * s)
            points[i, 1] += keep * (yc * c + ys * s)
            at += k
            if at >= n:
                at -= n


@inlined
def _into_box(points, axis, size) -> None:  # type: ignore[no-untyped-def]
    low, high = math.inf, -math.inf
    for i in range(len(points)):
        low, high = min(low, points[i, axis]), max(high, points[i, axis])
    for i in range(len(points)):
        points[i, axis] = (points[i, axis] - 0.5 * (low + high)) * (size / (high - low))


@kernel(
    "void(float64[::1], float64[::1], float64, float64, float64, float64[::1], float64[:,::1])",
    writes=("radii", "work"),
)
def draw(form: Floats, exponents: Floats, a: float, b: float, soft: float, radii: Floats, work: Floats) -> None:
    """Fill radii (m,), at the angles i * 360 / m counter-clockwise from +x, of the outline in a box of a x b about the origin.

    form (4,): where it touches the box: x of the top and of the bottom in shares of a, y at +x and at -x in shares of b, within +-0.5.
    exponents (4,): of the arcs in the order of the quadrants, 2 or more. soft: harmonics along the outline that are kept are about so many.
    work: (n, COLUMNS), n a multiple of 4 and more than 7 soft: points that it is drawn by. O(n soft + m). The outline must cross each ray
    from the origin once, which arcs of exponents of 2 and more do.
    """
    n, m = len(work), len(radii)
    _arcs(form, exponents, a, b, work)
    _evenly(work)
    _smoothed(work, soft)
    _into_box(work, 0, a)
    _into_box(work, 1, b)
    at = 0
    for i in range(m):
        c, s = cos_degrees(360.0 * i / m), sin_degrees(360.0 * i / m)
        for _ in range(n):  # the chord from at to j that the ray leaves by
            j = at + 1 if at + 1 < n else 0
            before, after = c * work[at, 1] - s * work[at, 0], c * work[j, 1] - s * work[j, 0]
            if before <= 0.0 < after and c * work[at, 0] + s * work[at, 1] > 0.0:
                share = before / (before - after)
                x = work[at, 0] + share * (work[j, 0] - work[at, 0])
                y = work[at, 1] + share * (work[j, 1] - work[at, 1])
                radii[i] = c * x + s * y
                break
            at = j
