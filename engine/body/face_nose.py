"""The nose in the face's frame: heights of its skin from the front, and what its sections measure.

All angles and widths are of sections at fixed places (`engine.model.face`), each averaged over a few millimetres, since a section of a
scan is as noisy as the scan.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from engine.body.surface import Surface
from engine.model.grid import Grid
from engine.shape import heights
from kernels import portable

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PITCH = 0.5
LEFT, DOWN, UP = 22.0, -24.0, 12.0
"""mm: the grid's half-width, and from where to where along y."""
SMOOTH = 0.6
"""mm: a Gaussian of that width over the heights."""
BRIDGE, PADS, LEVEL = -5.0, -12.0, 9.0
"""y of the bridge's section and of the pads'; z of widths."""
_BAND = 1.5  # mm up and down of a section: averaged
_FLANK_Y, _FLANK_Z = (-14.0, -6.0), (6.0, 12.0)
_CREST = 8.0  # mm: the crest is no farther from the middle
_DEGREES = 57.29577951308232


def heights_of(surface: Surface, fitted: Floats) -> tuple[Grid, Bools]:
    """z of the skin over (x, y), and where the scan shows it; where it does not, through points (k, 3) of what was fitted to it.

    ValueError: neither is there.
    """
    shape = (round(2.0 * LEFT / PITCH) + 1, round((UP - DOWN) / PITCH) + 1)
    front = surface.faces[surface.normals()[:, 2] > 0.0]
    z = heights.from_above(surface.points, np.ascontiguousarray(front), (-LEFT, DOWN), shape, PITCH).z.copy()
    z[z < -LEFT] = np.nan
    shown = ~np.isnan(z)
    for place in fitted:
        i, j = _row(place[0]), _column(place[1])
        if 0 <= i < shape[0] and 0 <= j < shape[1] and not shown[i, j]:
            z[i, j] = place[2]
    full, _ = heights.filled(Grid(z, (-LEFT, DOWN), PITCH))
    return heights.smoothed(full, SMOOTH), shown


def seen(shown: Bools) -> float:
    """How much of the part that matters, both flanks from the bridge to the pads, the scan shows: 0 to 1."""
    i, j = _row(-14.0), _column(PADS - _BAND - 0.5)
    part = shown[i : len(shown) - i, j : _column(BRIDGE + _BAND) + 1]
    return int(np.count_nonzero(part)) / part.size


def measured(nose: Grid) -> dict[str, float]:
    """By name, mm and degrees; `middle`: x of the bridge's middle. What a flat nose has not is not there."""
    told = {
        "nose_depth": _average(nose, BRIDGE, crest),
        "bridge_width": _average(nose, BRIDGE, lambda z: _width(flanks(z, LEVEL))),
        "nose_width": _average(nose, PADS, lambda z: _width(flanks(z, LEVEL))),
        "middle": _average(nose, 0.5 * (BRIDGE + PADS), lambda z: _middle(flanks(z, LEVEL))),
        "nose_frontal_angle": _frontal(nose),
        "nose_splay_angle": _splay(nose),
    }
    return {name: value for name, value in told.items() if math.isfinite(value)}


def crest(z: Floats) -> float:
    """How high a section (rows,) is near the middle."""
    return float(z[_row(-_CREST) : _row(_CREST) + 1].max())


def flanks(z: Floats, level: float) -> tuple[float, float]:
    """x where the section falls to `level` on both sides of its crest; NaN where it does not, or is not as high."""
    first = _row(-_CREST)
    top = first + int(np.argmax(z[first : _row(_CREST) + 1]))
    if z[top] <= level:
        return math.nan, math.nan
    ends = []
    for way in (-1, 1):
        i = top
        while 0 <= i + way < len(z) and z[i] > level:
            i += way
        share = (level - z[i - way]) / (z[i] - z[i - way]) if z[i] <= level else math.nan
        ends.append(-LEFT + PITCH * (i - way + way * share))
    return ends[0], ends[1]


def across(nose: Grid, y: float, level: float) -> tuple[float, float]:
    """`flanks` of the section at y, between the two next to it; NaN beyond the grid."""
    at = (y - DOWN) / PITCH
    low = math.floor(at)
    if not 0 <= low < nose.z.shape[1] - 1:
        return math.nan, math.nan
    share = at - low
    return flanks(nose.z[:, low] * (1.0 - share) + nose.z[:, low + 1] * share, level)


def _row(x: float) -> int:
    return round((x + LEFT) / PITCH)


def _column(y: float) -> int:
    return round((y - DOWN) / PITCH)


def _width(ends: tuple[float, float]) -> float:
    return ends[1] - ends[0]


def _middle(ends: tuple[float, float]) -> float:
    return 0.5 * (ends[0] + ends[1])


def _average(nose: Grid, y: float, of: Callable[[Floats], float]) -> float:
    """Of the sections round y."""
    told = [of(nose.z[:, j]) for j in range(_column(y - _BAND), _column(y + _BAND) + 1)]
    return math.fsum(told) / len(told)


def _frontal(nose: Grid) -> float:
    """How fast half the width at LEVEL grows downwards."""
    columns = range(_column(_FLANK_Y[0]), _column(_FLANK_Y[1]) + 1)
    return _angle([(-PITCH * j, 0.5 * _width(flanks(nose.z[:, j], LEVEL))) for j in columns])


def _splay(nose: Grid) -> float:
    """How fast half the width at the pads grows backwards."""

    def half(level: float) -> float:
        return 0.5 * _average(nose, PADS, lambda z: _width(flanks(z, level)))

    levels = [_FLANK_Z[0] + 0.5 * k for k in range(round(2.0 * (_FLANK_Z[1] - _FLANK_Z[0])) + 1)]
    return _angle([(-level, half(level)) for level in levels])


def _angle(rows: list[tuple[float, float]]) -> float:
    """Degrees of the line through (along, across), by least squares."""
    x, y = (math.fsum(row[k] for row in rows) / len(rows) for k in range(2))
    steep = math.fsum((a - x) * (b - y) for a, b in rows) / math.fsum((a - x) * (a - x) for a, _ in rows)
    return _DEGREES * portable.arctangent(steep) if math.isfinite(steep) else math.nan
