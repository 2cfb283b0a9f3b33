"""The measures of a foot in its frame, each with what it may be off by (one standard deviation, mm).

x runs along the axis of `foot_frame`, y to the medial side, z up. Length and breadth as ISO 7250-1 has them, along and across the axis;
the others as the footwear trade has them, since no standard that we have read fixes them on a surface without its bones.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engine.body import foot_frame
from engine.body.pieces import borders, mean_edge
from engine.body.surface import Surface
from engine.model.grid import Grid
from engine.model.order import Measurement
from kernels import stations, taubin

Floats = npt.NDArray[np.float64]

UNCERTAIN = {
    "foot_length": 0.8,
    "ball_width": 1.0,
    "ball_girth": 2.0,
    "heel_width": 1.0,
    "arch_length": 4.0,
    "arch_height": 1.0,
    "instep_height": 1.5,
}
"""mm, of a whole foot on a fine mesh without a sock: noise, the axis, and how far the place itself can be told."""
IMPRINT = 2.5
"""mm: foam gives way, and more at the toes."""
SOCK = 1.0
"""Of a sock's thickness on both sides: half of it on each is not known."""
BROADEST = 0.07
"""Of the length: how high the border of a foot is, where it is broadest."""
_ROUND = 20.0  # mm: the radius of heel and toes, between whose points a mesh is flat
_STEP = 1.0
_TIBIALE, _FIBULARE, _BALL = (0.6, 0.82), (0.5, 0.78), (0.5, 0.85)
_HEEL_TOP = 0.15
_INSTEP = 0.5
_CUT = 3.0
"""mm below the top of the scan: what is higher is cut off with the leg, and tells nothing of the foot."""
_BESIDE = 0.05
_ARCH = (0.25, 0.6)
INSET = 0.15
"""Of the ball's width: how far inside the line along its medial side the arch is measured."""
_LEVEL = 0.5  # mm below the most medial point is as medial as can be told


def outline(surface: Surface, length: float) -> Floats:
    """The foot from above (n, 2), counter-clockwise, mm; a point every half millimetre along x on both sides."""
    count = math.ceil(2.0 * length)
    told = np.empty((count + 1, 4))
    stations.extents(surface.points, surface.faces, foot_frame.LOW * length, 0.0, length / count, told)
    told = np.column_stack([np.linspace(0.0, length, count + 1), told])[np.isfinite(told[:, stations.LEAST])]
    right, left = told[:, :2], told[::-1, [0, 2]]
    made: Floats = np.concatenate([right, left])
    return made[np.any(made != np.roll(made, 1, axis=0), axis=1)]


def measured(surface: Surface, length: float, sole: Grid, kind: str, *doubts: float) -> dict[str, Measurement]:
    """What can be told of this foot, by name; `doubts`: what every measure may be off by beside its own uncertainty, mm."""
    low = _rows(surface, length, foot_frame.LOW * length)
    x, right, left = low[:, 0], low[:, 1 + stations.LEAST], low[:, 1 + stations.MOST]
    tibiale = _most(x, left, length, _TIBIALE)
    fibulare = _most(x, -right, length, _FIBULARE)
    ball = _within(x, length, _BALL)
    width = float(left[ball].max() - right[ball].min())
    values = {"foot_length": length, "ball_width": width, "arch_length": tibiale[0]}
    around = foot_frame.profile(surface, _HEEL_TOP * length, 0.0, length, foot_frame.BACK + foot_frame.AROUND)
    values["heel_width"] = foot_frame.mean(around[:, stations.MOST] - around[:, stations.LEAST])
    heel_side = foot_frame.mean(around[:, stations.MOST])
    values["arch_height"] = arch(sole, (foot_frame.BACK * length, heel_side), tibiale, INSET * width, length)[1]
    if kind == "foot":
        girth, high = _girth(surface, tibiale, (fibulare[0], -fibulare[1]))
        every = _rows(surface, length, math.inf)
        instep = float(np.interp(_INSTEP * length, every[:, 0], every[:, 1 + stations.HIGH]))
        values |= {"ball_girth": girth} if _shut(surface, (fibulare[0], tibiale[0]), high, length) else {}
        values |= {"instep_height": instep} if _shut(surface, (_INSTEP * length,) * 2, instep, length) else {}
    more = (_coarse(surface), IMPRINT if kind == "imprint" else 0.0, *doubts)
    standards = {"foot_length": "ISO 7250-1", "ball_width": "ISO 7250-1"}
    return {
        name: Measurement(value, "mm", standards.get(name), "scan", _root(UNCERTAIN[name], *more))
        for name, value in values.items()
        if math.isfinite(value)
    }


def short(ends: float, length: float) -> float:
    """How far a sheet that ends `ends` above the ground stays inside a border that is round: mm, on both sides, one standard deviation."""
    broadest = BROADEST * length
    below = max(0.0, broadest - ends)
    return broadest - math.sqrt(max(0.0, broadest * broadest - below * below))


def arch(sole: Grid, heel: tuple[float, float], ball: tuple[float, float], inset: float, length: float) -> tuple[float, float]:
    """Where along x, and how high, the sole is highest in the midfoot on the line from `heel` to `ball`, both on the medial border,
    moved in by `inset`. Beside the border the skin is so steep that a height there says nothing."""
    dx, dy = ball[0] - heel[0], ball[1] - heel[1]
    long = math.sqrt(dx * dx + dy * dy)
    best = (math.nan, -math.inf)
    for i in range(sole.z.shape[0]):
        x = sole.origin[0] + i * sole.pitch
        if _ARCH[0] * length <= x <= _ARCH[1] * length:
            at = (heel[1] + dy / dx * (x - heel[0]) - inset * long / dx - sole.origin[1]) / sole.pitch
            j = min(max(int(at), 0), sole.z.shape[1] - 2)
            z = float(sole.z[i, j] + (at - j) * (sole.z[i, j + 1] - sole.z[i, j]))
            best = (x, z) if z > best[1] else best
    return best


def _rows(surface: Surface, length: float, top: float) -> Floats:
    """Stations a millimetre apart that show something: x, and `stations.extents` of it."""
    count = math.ceil(length / _STEP)
    told = np.empty((count + 1, 4))
    stations.extents(surface.points, surface.faces, top, 0.0, length / count, told)
    made = np.column_stack([np.linspace(0.0, length, count + 1), told])
    return made[np.isfinite(told[:, stations.LEAST])]


def _within(x: Floats, length: float, part: tuple[float, float]) -> npt.NDArray[np.bool_]:
    chosen: npt.NDArray[np.bool_] = (x >= part[0] * length) & (x <= part[1] * length)
    return chosen


def _most(x: Floats, y: Floats, length: float, part: tuple[float, float]) -> tuple[float, float]:
    """Where y is greatest in that part: the middle of what is as great as can be told."""
    chosen = _within(x, length, part)
    most = float(y[chosen].max())
    level = x[chosen & (y >= most - _LEVEL)]
    return 0.5 * float(level[0] + level[-1]), most


def _shut(surface: Surface, along: tuple[float, float], high: float, length: float) -> bool:
    """Does the skin close above, so high, between these two x? Not where the leg was cut so low, nor where the scan has a hole."""
    rim = surface.points[borders(surface)[:, 0] != taubin.INSIDE]
    near = (rim[:, 0] > along[0] - _BESIDE * length) & (rim[:, 0] < along[1] + _BESIDE * length) & (rim[:, 2] > 0.5 * high)
    return high < float(surface.points[:, 2].max()) - _CUT and not near.any()


def _girth(surface: Surface, tibiale: tuple[float, float], fibulare: tuple[float, float]) -> tuple[float, float]:
    """Round the ball, over the most medial and the most lateral point, as a tape goes: in a standing plane; and how high that is."""
    dx, dy = fibulare[0] - tibiale[0], fibulare[1] - tibiale[1]
    long = math.sqrt(dx * dx + dy * dy)
    plane = np.array([tibiale[0], tibiale[1], dx / long, dy / long])
    cut = np.empty((20_000, 2))
    count = min(stations.section(surface.points, surface.faces, plane, cut), len(cut))
    cut = cut[:count]
    return stations.tape(np.ascontiguousarray(cut[np.lexsort((cut[:, 1], cut[:, 0]))])), float(cut[:, 1].max())


def _coarse(surface: Surface) -> float:
    """How far a flat face lies inside a round heel or toe."""
    edge = mean_edge(surface)
    return edge * edge / (8.0 * _ROUND)


def _root(*parts: float) -> float:
    return math.sqrt(math.fsum(part * part for part in parts))
