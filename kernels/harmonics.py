"""A closed outline in polar form as a sum of few harmonics: fitted to radii at equal angles, and evaluated with its derivatives.

    radius(t) = cosines[0] + sum over k of cosines[k] cos k t + sines[k] sin k t

Direct sums in a fixed order: no transform's library, the same bits everywhere.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.portable import cos_degrees, sin_degrees

Floats = npt.NDArray[np.float64]

_FARTHER = 1.9
"""Each step goes so many times as far as the nearest radii that hold: between 0 and 2 it converges (Youla and Webb, 1982), here soonest."""
_NARROWER = 0.95
"""The tube that is projected onto, of the one that is asked for: the last of the way is endless."""

_HOPELESS = 1.5
"""Least squares that are off by so many times what is asked are not drawn so far in: more harmonics are needed."""
_NARROWINGS, _WITHIN = 2, 38
"""How often an extreme is looked for more closely, and at how many places either side."""


@inlined
def _sums(values, turns, cosines, sines) -> None:  # type: ignore[no-untyped-def]
    """The harmonics of `values` at equal angles (least squares)."""
    n = len(values)
    for k in range(len(cosines)):
        a = b = 0.0
        at = 0
        for i in range(n):
            a += values[i] * turns[at, 0]
            b += values[i] * turns[at, 1]
            at += k
            if at >= n:
                at -= n
        share = 1.0 / n if k == 0 else 2.0 / n
        cosines[k] = share * a
        sines[k] = share * b


@kernel(
    "float64(float64[::1], float64, int64, float64[::1], float64[::1], float64[:,::1])",
    writes=("cosines", "sines", "work"),
)
def fit(radii: Floats, within: float, rounds: int, cosines: Floats, sines: Floats, work: Floats) -> float:
    """Fill cosines, sines (k + 1,) with harmonics 0 to k that keep `within` of `radii` (n,) at the angles i * 360 / n; 2 k < n.

    Returns how far they are off, at most. First by least squares; where that is off by somewhat more, it is projected in turns onto the
    tube round the radii and onto the harmonics (projections onto convex sets: Youla and Webb, 1982), up to `rounds` times: what is
    returned says whether they met. work: (n, 4). O(n k) a round.
    """
    n = len(radii)
    turns = work[:, 2:]
    wanted = work[:, 0]
    for i in range(n):
        angle = 360.0 * i / n
        turns[i, 0] = cos_degrees(angle)
        turns[i, 1] = sin_degrees(angle)
        wanted[i] = radii[i]
    off = math.inf
    for _ in range(rounds + 1):
        _sums(wanted, turns, cosines, sines)
        off = 0.0
        for i in range(n):
            r = cosines[0]
            at = 0
            for k in range(1, len(cosines)):
                at += i
                if at >= n:
                    at -= n
                r += cosines[k] * turns[at, 0] + sines[k] * turns[at, 1]
            work[i, 1] = r
            off = max(off, abs(r - radii[i]))
        if off <= within or off > _HOPELESS * within:
            break
        for i in range(n):
            r = work[i, 1]
            held = radii[i] + min(max(r - radii[i], -_NARROWER * within), _NARROWER * within)
            wanted[i] += _FARTHER * (held - r)
    return off


@inlined
def _place(cosines, sines, degrees):  # type: ignore[no-untyped-def]
    """(x, y, speed by the angle in radians) of the outline there."""
    c, s = cos_degrees(degrees), sin_degrees(degrees)
    r, slope = cosines[0], 0.0
    ck, sk = 1.0, 0.0
    for k in range(1, len(cosines)):
        ck, sk = ck * c - sk * s, sk * c + ck * s
        a, b = cosines[k], sines[k]
        r += a * ck + b * sk
        slope += k * (b * ck - a * sk)
    return r * c, r * s, math.sqrt(r * r + slope * slope)


@inlined
def _measure(x, y, which, u, v):  # type: ignore[no-untyped-def]
    """What is to be largest: x, -x, y, -y, or the distance from (u, v)."""
    if which == 0:
        return x
    if which == 1:
        return -x
    if which == 2:
        return y
    if which == 3:
        return -y
    return math.sqrt((x - u) * (x - u) + (y - v) * (y - v))


@inlined
def _most(cosines, sines, work, which, u, v) -> float:  # type: ignore[no-untyped-def]
    """The largest of a measure along the outline, whose places at equal angles `work` has."""
    n = len(work)
    best, at = -math.inf, 0.0
    for i in range(n):
        told = _measure(work[i, 0], work[i, 1], which, u, v)
        if told > best:
            best, at = told, 360.0 * i / n
    step = 360.0 / n
    for _ in range(_NARROWINGS):
        middle = at
        step /= _WITHIN
        for i in range(-_WITHIN, _WITHIN + 1):
            x, y, _ = _place(cosines, sines, middle + step * i)
            told = _measure(x, y, which, u, v)
            if told > best:
                best, at = told, middle + step * i
    return best


@kernel("void(float64[::1], float64[::1], float64[:,::1], float64[::1])", writes=("work", "found"))
def extent(cosines: Floats, sines: Floats, work: Floats, found: Floats) -> None:
    """Fill found (6,): the outline's largest x, -x, y and -y; the largest distance from the middle of the box that these bound; its length.

    work (n, 2): scratch, its places at n equal angles. Between the neighbours of the best an extreme is looked for again, twice: its error
    is of second order in a 1,444th of their distance. The length is the mean of the speed times a turn: for a smooth closed curve that converges beyond
    all powers. O(n k).
    """
    n = len(work)
    whole = lost = 0.0
    for i in range(n):
        work[i, 0], work[i, 1], speed = _place(cosines, sines, 360.0 * i / n)
        # Kahan, "Further remarks on reducing truncation errors" (1965)
        term = speed - lost
        more = whole + term
        lost = (more - whole) - term
        whole = more
    for which in range(4):
        found[which] = _most(cosines, sines, work, which, 0.0, 0.0)
    found[4] = _most(cosines, sines, work, 4, 0.5 * (found[0] - found[1]), 0.5 * (found[2] - found[3]))
    found[5] = 2.0 * math.pi / n * whole


@kernel("float64(float64[::1], float64[::1], float64, float64, float64[:,::1])", writes=("work",))
def farthest(cosines: Floats, sines: Floats, x: float, y: float, work: Floats) -> float:
    """The largest distance of the outline from (x, y), as `extent` finds it. work (n, 2): scratch."""
    n = len(work)
    for i in range(n):
        work[i, 0], work[i, 1], _ = _place(cosines, sines, 360.0 * i / n)
    return float(_most(cosines, sines, work, 4, x, y))


@kernel("void(float64[::1], float64[::1], float64[::1], float64[:,::1])", writes=("found",))
def evaluate(cosines: Floats, sines: Floats, degrees: Floats, found: Floats) -> None:
    """Fill found (m, 5): radius, its first and second derivative by the angle in radians, and the angle's cosine and sine.

    cosines, sines (k + 1,); degrees (m,). O(m k). Harmonics by repeated turning: the error grows as k ulps.
    """
    for i in range(len(degrees)):
        c, s = cos_degrees(degrees[i]), sin_degrees(degrees[i])
        r, slope, bend = cosines[0], 0.0, 0.0
        ck, sk = 1.0, 0.0
        for k in range(1, len(cosines)):
            ck, sk = ck * c - sk * s, sk * c + ck * s
            a, b = cosines[k], sines[k]
            even, odd = a * ck + b * sk, b * ck - a * sk
            r += even
            slope += k * odd
            bend -= k * k * even
        found[i, 0], found[i, 1], found[i, 2], found[i, 3], found[i, 4] = r, slope, bend, c, s
