"""Strokes and spaces of letters against a process's limits: which are too thin, by how much, and where.

The plane's form of the check `thin-letter` (`engine.verify.walls`): what passes here passes there, for letters cut straight down or raised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.model.mesh import STEPS_PER_MM
from engine.model.outline import Outline
from engine.model.process import Process
from kernels import strokes

SLACK = 2.0
"""Steps: `engine.verify.walls.SLACK`."""


@dataclass(frozen=True)
class Widths:
    """Least widths in mm that a process shows: of a stroke of letters, and of the space between two. 0: not asked."""

    stroke: float
    space: float

    @staticmethod
    def of(process: Process, *, raised: bool) -> Widths:
        """Those of engraved or raised letters."""
        width, gap = (
            process.limits[name].value if name in process.limits else 0.0
            for name in ("emboss_width" if raised else "engrave_width", "gap")
        )
        return Widths(width, gap)


@dataclass(frozen=True)
class Thin:
    """The place that lacks most: `stroke` or a space, its width and limit in mm, and where it is, mm in the letters' frame."""

    stroke: bool
    width: float
    limit: float
    at: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Facing:
    """Arrays of `kernels.strokes.facing`."""

    found: npt.NDArray[np.float64]
    across: npt.NDArray[np.int32]
    units: npt.NDArray[np.float64]
    around: npt.NDArray[np.int32]


def face(points: npt.NDArray[np.int32], ends: npt.NDArray[np.int32], stroke: float, space: float) -> Facing:
    """What faces each edge from nearer than so many steps."""
    n, k = len(points), len(ends)
    told = Facing(np.empty((n, 2, 3)), np.empty((n, 2), np.int32), np.empty((n, 2)), np.empty((2, n), np.int32))
    runs, hulls = np.empty((n // strokes.RUN + k, 6), np.int32), np.empty((k, 6), np.int32)
    strokes.facing(points, ends, stroke, space, told.found, told.across, told.units, told.around, runs, hulls)
    return told


def facing(outline: Outline, widths: Widths) -> Facing:
    """What faces each edge of an outline from nearer than a stroke's or a space's least width."""
    return face(outline.points, outline.ends, widths.stroke * STEPS_PER_MM, widths.space * STEPS_PER_MM)


def thinnest(outline: Outline, widths: Widths, told: Facing | None = None) -> Thin | None:
    """The place of an outline that lacks most of its limit; None where all is wide enough. `told`: what `facing` says of it, where that is known."""
    limits = (widths.stroke, widths.space)
    found = (facing(outline, widths) if told is None else told).found
    worst: Thin | None = None
    for channel, limit in enumerate(limits):
        asked = limit * STEPS_PER_MM - SLACK
        if not len(found) or limit <= 0.0 or not float(found[:, channel, 0].min()) < asked:
            continue
        g = int(np.lexsort((found[:, channel, 2], found[:, channel, 1], found[:, channel, 0]))[0])
        far, x, y = (float(v) / STEPS_PER_MM for v in found[g, channel])
        if far < limit and (worst is None or far / limit < worst.width / worst.limit):
            worst = Thin(channel == strokes.STROKE, far, limit, (x, y))
    return worst
