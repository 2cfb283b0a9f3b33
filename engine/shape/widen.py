"""Letters made wide enough for a process: where a stroke or a space is too thin, and only there, its sides are moved just enough.

What stands between strokes is kept: sides that have no room draw the other way, and where neither will do nothing is returned.
No loop is lost or merged, and the result is proved clean and wide enough by the same check that finds thin strokes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.model.mesh import STEPS_PER_MM
from engine.model.outline import Outline
from engine.shape.strokes import Facing, Widths, face, facing
from kernels import outlines, widen

ROUNDS = 40
SLOPE = 0.12
"""A move fades by so much of the way along the outline."""
CRUMB = 40
"""Steps: two points nearer than this become one; a verdict takes the sliver that they would span for a wall."""
OVER = 6.0
"""Steps that are aimed at above a limit: what rounding takes back."""


@dataclass(frozen=True, eq=False)
class Widened:
    """An outline wide enough, and the largest move of any of its points in mm."""

    outline: Outline
    largest_move: float


def widened(outline: Outline, widths: Widths, most: float, told: Facing | None = None) -> Widened | None:
    """`outline` with every stroke and space at least `widths`, no point moved by more than `most` mm; None where that is not found.

    `told`: what `facing` says of it, where that is known.
    """
    points, ends = outline.points, outline.ends
    wanted = (widths.stroke * STEPS_PER_MM, widths.space * STEPS_PER_MM)
    stroke, space = (limit + OVER if limit > 0.0 else 0.0 for limit in wanted)
    n = len(points)
    told = facing(outline, widths) if told is None else told
    now, far = points, 0.0
    if np.isinf(told.found[:, :, 0]).all():
        return Widened(outline, 0.0)
    ways, moves, asked = np.empty((n, 2)), np.zeros(n), np.empty((2, n))
    widen.ways(points, told.units, told.around, ways)
    for _ in range(ROUNDS):
        out = np.empty((n, 2), np.int32)
        far = widen.widen(points, ends, told.found, told.across, told.around, stroke, space, SLOPE, ways, moves, asked, out)
        if far > most * STEPS_PER_MM:
            return None
        now = out
        if (now[told.around[1]] == now).all(axis=1).any():
            return None
        told = face(now, ends, *wanted)
        if np.isinf(told.found[:, :, 0]).all():
            return _proved(now, ends, wanted, far)
    return None


def _proved(points: outlines.Loops, ends: outlines.Loops, wanted: tuple[float, float], far: float) -> Widened | None:
    """The outline tidied and proved clean and wide enough; None where it is not."""
    after = points[np.r_[1 : len(points) + 1] % len(points)]
    after[ends - 1] = points[np.r_[0, ends[:-1]]]
    kept = ((after - points).astype(np.int64) ** 2).sum(axis=1) >= CRUMB**2
    points, tidy = points[kept], np.cumsum(kept, dtype=np.int32)[ends - 1]
    left = outlines.clean(points, tidy, 0.0)
    if left != len(ends):
        return None
    points = points[: tidy[-1]]
    if outlines.fault(points, tidy) != outlines.CLEAN or not np.isinf(face(points, tidy, *wanted).found[:, :, 0]).all():
        return None
    return Widened(Outline(points, tidy), far / STEPS_PER_MM)
