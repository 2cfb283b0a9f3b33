"""A temple before it is rolled: seen from outside, x from the hinge's axis backwards, y up from the hinge's middle; mm.

Its end stands before the end piece's back, leaning as the open temple does; then it narrows, runs down by the pitch, bends down behind
the ear, and ends round.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.authoring import Rings, direction
from templates.eyewear.hinge import Hinge
from templates.eyewear.plan import edged

Floats = npt.NDArray[np.float64]
FULL, SLENDER = 5.0, 60.0
"""mm from the axis up to which a temple is as high as its end, and from which it is slender."""
BEND = 14.0
"""mm: the radius of the bend behind the ear, of its middle line."""
STEP = 3.5
ROUND = (60.0, 30.0, 0.0, -30.0, -60.0)
"""Degrees of the tip's round end."""
MITRED = 10.0
"""mm over which the lean of the end is gone."""


@dataclass(frozen=True)
class Bar:
    """One temple's numbers, mm and degrees. `to_bend`: along its middle line, from the axis; `drop`: from there on, along it, too."""

    to_bend: float
    drop: float
    turn: float
    """By how much it bends down behind the ear."""
    pitch: float
    high: float
    """At the hinge."""
    slender: float
    """Behind it."""
    tip: float
    """At the tip's widest."""
    hinge: Hinge

    def place(self, s: float) -> tuple[float, float]:
        """Of the middle line, so far along it from the axis."""
        arc = self.turn * BEND / 57.29577951308232
        return _place(self, s, self.to_bend - arc / 2, arc)

    def half(self, s: float) -> float:
        """Half its height there."""
        arc = self.turn * BEND / 57.29577951308232
        bend = self.to_bend - arc / 2
        slim = _smooth((s - FULL) / (SLENDER - FULL))
        made = self.high / 2 + (self.slender / 2 - self.high / 2) * slim
        return made + (self.tip / 2 - self.slender / 2) * _smooth((s - bend - arc) / 18.0)


def border(bar: Bar, *, mirrored: bool) -> Rings:
    """Its border, x negated for the other side."""
    hinge, thick = bar.hinge, bar.hinge.temple
    inner = hinge.start(hinge.beside)
    middle, halves = _line(bar, inner)
    normals = _across(middle)
    over, under = middle + normals * halves[:, None], middle - normals * halves[:, None]
    half, r = bar.high / 2, 1.5
    k = r * (1.0 - math.sqrt(0.5))
    end = [(inner + r, half), (inner + k, half - k), (inner, half - r)]
    end += [(inner, (half - r) * (1.0 - 2.0 * i / 5.0)) for i in range(1, 5)]
    end += [(inner, r - half), (inner + k, k - half), (inner + r, -half)]
    tip = []
    (ax, ay), (nx, ny) = middle[-1].tolist(), normals[-1].tolist()
    for degrees in ROUND:
        c, s = direction(degrees)
        # ahead is the normal turned back by a right angle
        tip.append((ax + halves[-1] * (s * nx + c * ny), ay + halves[-1] * (s * ny - c * nx)))
    flat = np.concatenate((np.array(end), under, np.array(tip[::-1]), over[::-1]))
    gone = np.clip((flat[:, 0] - inner - 1.0) / MITRED, 0.0, 1.0)
    cos, sin = direction(hinge.lean)
    shift = (1.0 - gone * gone * (3.0 - 2.0 * gone)) * (sin / cos)
    if mirrored:
        flat, shift = (flat * (-1.0, 1.0))[::-1].copy(), -shift[::-1]
    return edged(flat, thick, shift)


def _line(bar: Bar, inner: float) -> tuple[Floats, Floats]:
    """Its middle line behind the end (n, 2), and half its height there (n,)."""
    long = bar.to_bend + bar.drop - bar.tip / 2
    begin, arc = inner + 4.0, bar.turn * BEND / 57.29577951308232
    bend = bar.to_bend - arc / 2
    stations = [begin + (bend - begin) * i / _pieces(bend - begin) for i in range(_pieces(bend - begin))]
    stations += [bend + arc * i / 6.0 for i in range(6)]
    rest = long - bend - arc
    stations += [bend + arc + rest * i / _pieces(rest) for i in range(_pieces(rest) + 1)]
    points: list[tuple[float, float]] = []
    halves = []
    for s in stations:
        points.append(_place(bar, s, bend, arc))
        halves.append(bar.half(s))
    return np.array(points), np.array(halves)


def _place(bar: Bar, s: float, bend: float, arc: float) -> tuple[float, float]:
    """Of the middle line, so far along it: level at the hinge, then pitched, then round the bend, then straight on."""
    cos, sin = direction(-bar.pitch)
    level = FULL
    if s <= level:
        return s, 0.0
    run = min(s, bend) - level
    x, y = level + run * cos, run * sin
    if s <= bend:
        return x, y
    turned = bar.turn * min((s - bend) / arc, 1.0)
    c, n = direction(-bar.pitch - turned)
    # the arc's centre lies under its begin
    x, y = x + BEND * (sin - n), y + BEND * (c - cos)
    beyond = max(s - bend - arc, 0.0)
    return x + beyond * c, y + beyond * n


def _across(line: Floats) -> Floats:
    """Unit normals of an open line, to its left as it runs."""
    ahead = np.concatenate((line[1:2] - line[:1], line[2:] - line[:-2], line[-1:] - line[-2:-1]))
    length = np.sqrt(ahead[:, 0] * ahead[:, 0] + ahead[:, 1] * ahead[:, 1])
    return np.stack((-ahead[:, 1], ahead[:, 0]), axis=1) / length[:, None]


def _pieces(length: float) -> int:
    return max(1, math.ceil(length / STEP))


def _smooth(u: float) -> float:
    u = min(max(u, 0.0), 1.0)
    return u * u * (3.0 - 2.0 * u)
