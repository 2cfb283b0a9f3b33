"""Letters that a process can show: set, small counters filled, islands bridged where they are cut through, thin places widened.

What is done, in this order:
1. cut through: every island (a counter's middle) is held by two bridges, straight up and down from its middle (`stencil`);
2. a counter that is narrower than half of the process's gap at its widest is filled; a wider one is opened to the gap;
3. strokes and spaces below their limits are made as wide, where they are thin and only there (`widen`);
4. where that finds no way, letters are spaced wider by SPACINGS, as far as their script may be;
5. where that does not help either there is no such outline, and `least_height` says which height would do.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace

import numpy as np

from engine.doors import solid
from engine.errors import OrderError
from engine.model.mesh import STEPS_PER_MM
from engine.model.outline import Outline
from engine.shape import setting as set_text
from engine.shape import stencil
from engine.shape.setting import Setting
from engine.shape.strokes import Facing, Widths, facing, thinnest
from engine.shape.widen import widened
from kernels import outlines, strokes

MOST = 0.06
"""Of the letters' height: a point that had to move farther would leave another letter."""
SPACINGS = (0.0, 0.06, 0.12)
"""In heights of a capital: what is added between letters, the least that does."""
LARGEST_MM = 200.0


@dataclass(frozen=True, eq=False)
class Printable:
    """An outline that the process shows, and what it took: the largest move (mm), filled counters, spacing added (heights), bridges."""

    outline: Outline
    largest_move: float = 0.0
    filled: int = 0
    spaced: float = 0.0
    bridges: int = 0


@functools.lru_cache(maxsize=256)
def printable(setting: Setting, widths: Widths, bridge: float = 0.0) -> Printable | None:
    """The text as the process can show it, or None. `bridge` mm: it is cut through, its islands held by bridges so wide.

    A turned line is made printable at the origin, upright, which serves every place and turn of it; what rounding then leaves is proved again.
    """
    if setting.plain and setting.angle:
        made = printable(replace(setting, at=(0.0, 0.0), angle=0.0), widths, bridge)
        placed = None if made is None else _placed(made, setting, widths)
        if made is None or placed is not None:
            return placed
    return _printable(setting, widths, bridge)


def _placed(made: Printable, setting: Setting, widths: Widths) -> Printable | None:
    """Turned and moved; None where the lattice takes too much of it."""
    outline = set_text.placed(made.outline, setting)
    whole = len(outline.ends) == len(made.outline.ends) and thinnest(outline, widths) is None
    return replace(made, outline=outline) if whole else None


def _printable(setting: Setting, widths: Widths, bridge: float) -> Printable | None:
    for more in SPACINGS:
        spaced = replace(setting, spacing=setting.spacing + more) if more else setting
        try:
            made = _made(set_text.outline(spaced), widths, bridge, MOST * _capital(setting))
        except OrderError:
            if not more:
                raise
            return None
        if made is not None:
            return replace(made, spaced=more)
        if setting.frame:
            return None
    return None


def _capital(setting: Setting) -> float:
    """What a move is measured by."""
    return setting.height / 3.0 if setting.frame else setting.height


def _made(outline: Outline, widths: Widths, bridge: float, most: float) -> Printable | None:
    bridges = 0
    if bridge > 0.0:
        told = stencil.bridged(outline, bridge)
        if told is None:
            return None
        outline, bridges = told.outline, told.bridges
    told = facing(outline, widths)
    if thinnest(outline, widths, told) is None:
        return Printable(outline, bridges=bridges)
    left, filled = without_small_counters(outline, widths.space, told)
    made = widened(left, widths, most, None if filled else told)
    return None if made is None else Printable(made.outline, made.largest_move, filled, bridges=bridges)


def without_small_counters(outline: Outline, space: float, told: Facing | None = None) -> tuple[Outline, int]:
    """Less the counters that are narrower than half of `space` (mm) at their widest, and how many those were. `told`: as of `widened`."""
    told = facing(outline, Widths(0.0, space)) if told is None else told
    kept, filled, first = [], 0, 0
    for end in outline.ends.tolist():
        loop = outline.points[first:end]
        narrow = np.isfinite(told.found[first:end, strokes.SPACE, 0]).any()
        first = end
        if narrow and outlines.area(loop, np.array([len(loop)], np.int32)) < 0.0:
            turned = np.ascontiguousarray(loop[::-1])
            left, _ = solid.unite(turned, np.array([len(loop)], np.int32), shrink=space * STEPS_PER_MM / 4.0)
            if not len(left):
                filled += 1
                continue
        kept.append(loop)
    if not filled:
        return outline, 0
    return Outline(np.concatenate(kept), np.cumsum([len(loop) for loop in kept], dtype=np.int32)), filled


@functools.lru_cache(maxsize=64)
def least_height(setting: Setting, widths: Widths, bridge: float = 0.0) -> float | None:
    """The least height above the setting's own, in steps of 0.1 mm, at which its text can be shown; None up to LARGEST_MM.

    By halving between one that will not do and one that will; heights between may do, too.
    """

    def does(height: float) -> bool:
        try:
            return printable(setting.of_height(height), widths, bridge) is not None
        except OrderError:
            return False

    low, high = math.floor(setting.height * 10.0), math.floor(setting.height * 10.0) * 2
    while not does(high / 10.0):
        low, high = high, high * 2
        if high > LARGEST_MM * 10.0:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if does(middle / 10.0) else (middle, high)
    return high / 10.0
