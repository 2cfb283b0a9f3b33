"""Letters that are cut through a wall: what they would let fall is held by bridges.

A counter (of O, A, B...) is an island once its letter is cut out. Two bridges hold it, straight above and below its middle, across
whatever ink lies between it and what is not cut: the one rule for every letter, as a stencil's maker cuts them. Where one counter
lies above another (B, 8) the bridge between them holds both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.doors import solid
from engine.model.mesh import STEPS_PER_MM
from engine.model.outline import Outline
from engine.shape import glyphs
from engine.shape.widen import OVER
from kernels import outlines


@dataclass(frozen=True, eq=False)
class Bridged:
    """The outline without islands, and how many bridges hold them."""

    outline: Outline
    bridges: int


def islands(outline: Outline) -> list[int]:
    """The rows of the loops that run clockwise: what falls out when the outline is cut through."""
    loops = np.split(outline.points, outline.ends[:-1]) if len(outline.ends) else []
    return [row for row, loop in enumerate(loops) if outlines.area(loop, np.array([len(loop)], np.int32)) < 0.0]


def bridged(outline: Outline, width: float) -> Bridged | None:
    """`outline` with every island held by bridges `width` mm wide; None where that leaves no clean outline, or an island."""
    loops = np.split(outline.points, outline.ends[:-1]) if len(outline.ends) else []
    half = math.ceil((width * STEPS_PER_MM + OVER) / 2.0)
    bars: set[tuple[int, int, int, int]] = set()
    for row in islands(outline):
        x0, y0 = loops[row].min(axis=0).tolist()
        x1, y1 = loops[row].max(axis=0).tolist()
        left = (x0 + x1) // 2 - half
        right, middle = left + 2 * half, (y0 + y1) / 2.0
        ink = solid.within(outline.points, outline.ends, left, right)
        # the ink that bounds the island at its middle, above it and below it
        above = min((piece for piece in ink if sum(piece) / 2.0 > middle), default=None, key=lambda one: abs(one[0] - y1))
        below = min((piece for piece in ink if sum(piece) / 2.0 <= middle), default=None, key=lambda one: abs(one[1] - y0))
        bars |= {(left, math.floor(one[0]) - 1, right, math.ceil(one[1]) + 1) for one in (above, below) if one is not None}
    if not bars:
        return Bridged(outline, 0)
    points, ends = solid.less_boxes(outline.points, outline.ends, sorted(bars))
    if not len(ends):
        return None
    made = glyphs.united(np.floor(points + 0.5).astype(np.int32), ends)
    if made is None:
        return None
    told = Outline(*made)
    return None if islands(told) else Bridged(told, len(bars))
