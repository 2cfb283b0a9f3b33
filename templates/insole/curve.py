"""A closed curve through points: the periodic cubic spline, twice continuously differentiable.

Source: C. de Boor, "A Practical Guide to Splines", Springer (2001), chapter IV, with periodic end conditions. It is the curve that
OCCT's GeomAPI_Interpolate draws through the same points with the same parameters. + - * / and sqrt alone: the same bits everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Pair = tuple[float, float]
DENSE = 16
"""Places a span that a search begins from."""
STEPS = 4
"""Of Newton's method: from a start that close, each doubles the digits."""


@dataclass(frozen=True, eq=False)
class Closed:
    """`points` (n, 2) mm, `slopes` (n, 2) mm a unit of parameter, `at` (n + 1,): the parameters, the last one closing it."""

    points: Floats
    slopes: Floats
    at: Floats

    def places(self, t: Floats) -> Floats:
        """Points of the curve (k, 2)."""
        p, m, a, b, u, _ = self._spans(t)
        return p + u * (m + u * (a + u * b))

    def ends(self) -> tuple[Pair, Pair, Pair]:
        """Where x is least and where it is greatest: both parameters, and both points."""
        dense = self._dense()
        x = self.places(dense)[:, 0]
        t = np.array([dense[int(np.argmin(x))], dense[int(np.argmax(x))]])
        for _ in range(STEPS):
            first, second = self._derived(t)
            t = t - first[:, 0] / second[:, 0]
        (a, b), (c, d) = self.places(t).tolist()
        return (float(t[0]), float(t[1])), (a, b), (c, d)

    def with_x(self, x: Floats, begin: float, end: float) -> Floats:
        """y (k,) where the curve has these x, between two parameters (end > begin) between which x only falls, or only rises."""
        dense = np.concatenate(([begin], self._dense(begin, end), [end]))
        known = self.places(dense)[:, 0]
        order = slice(None) if known[-1] > known[0] else slice(None, None, -1)
        t = np.interp(x, known[order], dense[order])
        for _ in range(STEPS):
            p, m, a, b, u, h = self._spans(t)
            off = (p + u * (m + u * (a + u * b)))[:, 0] - x
            t = np.clip(t - off * h[:, 0] / (m + u * (2.0 * a + 3.0 * u * b))[:, 0], begin, end)
        return self.places(t)[:, 1]

    def _dense(self, begin: float | None = None, end: float | None = None) -> Floats:
        """Parameters DENSE a span; past the last one the curve goes round again."""
        n = len(self.points)
        shares = np.arange(DENSE) / DENSE
        once = (self.at[:-1, None] + (self.at[1:] - self.at[:-1])[:, None] * shares).reshape(n * DENSE)
        if begin is None or end is None:
            return once
        twice = np.concatenate((once, once + self.at[-1]))
        return twice[(twice > begin) & (twice < end)]

    def _spans(self, t: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
        """The cubic of each parameter's span, p + u (m + u (a + u b)), its u in 0..1, and the span's length in parameters."""
        t = np.where(t >= self.at[-1], t - self.at[-1], t)
        t = np.where(t < 0.0, t + self.at[-1], t)
        k = np.clip(np.searchsorted(self.at, t, side="right") - 1, 0, len(self.points) - 1)
        h = (self.at[k + 1] - self.at[k])[:, None]
        p, q = self.points[k], np.concatenate((self.points[1:], self.points[:1]))[k]
        m, n = self.slopes[k] * h, np.concatenate((self.slopes[1:], self.slopes[:1]))[k] * h
        return p, m, 3.0 * (q - p) - 2.0 * m - n, m + n - 2.0 * (q - p), (t - self.at[k])[:, None] / h, h

    def _derived(self, t: Floats) -> tuple[Floats, Floats]:
        """First and second derivative by the parameter."""
        _, m, a, b, u, h = self._spans(t)
        return (m + u * (2.0 * a + 3.0 * u * b)) / h, (2.0 * a + 6.0 * u * b) / (h * h)


def through(points: Sequence[Pair]) -> Closed:
    """The closed curve through them, its parameters the lengths of the chords."""
    n = len(points)
    at = [0.0]
    for k in range(n):
        (x, y), (u, v) = points[k], points[(k + 1) % n]
        at.append(at[-1] + math.sqrt((u - x) * (u - x) + (v - y) * (v - y)))
    h = [at[k + 1] - at[k] for k in range(n)]
    slopes = [_slopes([p[axis] for p in points], h) for axis in (0, 1)]
    return Closed(np.array(points), np.array(slopes).T.copy(), np.array(at))


def _slopes(p: list[float], h: list[float]) -> list[float]:
    """The slopes that make the second derivative continuous: a cyclic system of three diagonals, solved by Sherman and Morrison."""
    n = len(p)
    low, main, high, right = [], [], [], []
    for k in range(n):
        before, after = h[k - 1], h[k]
        low.append(after)
        main.append(2.0 * (before + after))
        high.append(before)
        right.append(3.0 * (after * (p[k] - p[k - 1]) / before + before * (p[(k + 1) % n] - p[k]) / after))
    gamma = -main[0]
    corner, far = high[-1], low[0]
    main[0] -= gamma
    main[-1] -= corner * far / gamma
    x = _three(low, main, high, right)
    z = _three(low, main, high, [gamma] + [0.0] * (n - 2) + [corner])
    share = (x[0] + far * x[-1] / gamma) / (1.0 + z[0] + far * z[-1] / gamma)
    return [a - share * b for a, b in zip(x, z, strict=True)]


def _three(low: list[float], main: list[float], high: list[float], right: list[float]) -> list[float]:
    """Thomas's algorithm."""
    n = len(main)
    c, d = [0.0] * n, [0.0] * n
    c[0], d[0] = high[0] / main[0], right[0] / main[0]
    for k in range(1, n):
        pivot = main[k] - low[k] * c[k - 1]
        c[k] = high[k] / pivot
        d[k] = (right[k] - low[k] * d[k - 1]) / pivot
    for k in range(n - 2, -1, -1):
        d[k] -= c[k] * d[k + 1]
    return d
