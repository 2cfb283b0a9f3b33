"""Letters that are cut through a wall: what they would let fall is held by bridges.

A counter (of O, A, B...) is an island once its letter is cut out. Two bridges hold it, straight above and below its middle, across
whatever ink lies between it and what is not cut: the one rule for every letter, as a stencil's maker cuts them. Where one counter
lies above another (B, 8) the bridge between them holds both.
"""

from __future__ import annotations

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
    half = np.int32(np.ceil((width * STEPS_PER_MM + OVER) / 2.0))
    bars: list[tuple[int, int, int, int]] = []
    for row in islands(outline):
        x0, y0 = loops[row].min(axis=0).tolist()
        x1, y1 = loops[row].max(axis=0).tolist()
        left = (x0 + x1) // 2 - int(half)
        ink = solid.within(outline.points, outline.ends, (left, left + 2 * int(half)))
        middle = (y0 + y1) / 2.0
        # a piece of ink within the strip is a bridge's when it is the next one above or below the island's middle
        above = [piece for piece in ink if (piece[0] + piece[1]) / 2.0 > middle]
        below = [piece for piece in ink if (piece[0] + piece[1]) / 2.0 <= middle]
        for piece in (min(above, default=None), max(below, default=None, key=lambda one: one[1])):
            if piece is not None:
                bars.append((left, int(np.floor(piece[0])) - 1, left + 2 * int(half), int(np.ceil(piece[1])) + 1))
    if not bars:
        return Bridged(outline, 0)
    points, ends = solid.less_boxes(outline.points, outline.ends, sorted(set(bars)))
    made = glyphs.clean_or_none(points, ends)
    if made is None:
        return None
    told = Outline(*made)
    return None if islands(told) else Bridged(told, len(set(bars)))
