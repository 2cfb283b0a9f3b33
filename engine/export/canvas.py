"""A sheet of pixels to draw on: rectangles, and text by the outlines that products are lettered with; same bytes on every machine."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.model.mesh import STEPS_PER_MM
from engine.shape import text as set_text
from kernels import raster

Colour = tuple[int, int, int]
Anchor = Literal["left", "centre", "right"]
BOLD, PLAIN = "roboto-bold", "roboto-regular"

_FINE = 4
"""Samples a side of a pixel."""
_MARGIN = 1.0
"""Capitals: how far letters may reach over and under them, and beside their ink."""


class Canvas:
    """`pixels` uint8 (height, width, 3), sRGB. Places are in pixels, x to the right, y down."""

    def __init__(self, width: int, height: int, paper: Colour = (255, 255, 255)) -> None:
        self.pixels = np.empty((height, width, 3), np.uint8)
        self.pixels[:] = paper

    def bar(self, x0: int, y0: int, x1: int, y1: int, ink: Colour) -> None:
        """A filled rectangle, from the first pixel to before the last."""
        self.pixels[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = ink

    def text(
        self, words: str, x: float, y: float, capital: float, ink: Colour, font: str = PLAIN, anchor: Anchor = "left"
    ) -> float:
        """A line of text, its capitals `capital` pixels high with their middle at `y`; returns how wide its ink is."""
        width, _ = set_text.size(words, font=font, height=capital)
        middle = x + {"left": 0.5, "centre": 0.0, "right": -0.5}[anchor] * width
        outline = set_text.outline(words, font=font, height=capital)
        reach, rise = int(width / 2 + _MARGIN * capital) + 1, int((0.5 + _MARGIN) * capital) + 1
        left, top = int(middle) - reach, int(y) - rise
        at = outline.points / STEPS_PER_MM
        seen = np.zeros((len(at), 3))
        seen[:, 0], seen[:, 1] = (at[:, 0] + (middle - left)) * _FINE, (y - top - at[:, 1]) * _FINE
        following = np.arange(1, len(at) + 1)
        following[outline.ends - 1] = np.concatenate(([0], outline.ends[:-1]))
        rim = np.stack((np.arange(len(at)), following), axis=1).astype(np.int32)
        self._ink(_covered(seen, rim, 2 * rise, 2 * reach), top, left, ink)
        return width

    def _ink(self, covered: npt.NDArray[np.int64], top: int, left: int, ink: Colour) -> None:
        """Ink as far as it covers each pixel, in parts of _FINE x _FINE; what lies beside the sheet is lost."""
        high, wide = self.pixels.shape[:2]
        i0, j0 = max(0, -top), max(0, -left)
        i1, j1 = min(covered.shape[0], high - top), min(covered.shape[1], wide - left)
        if i0 >= i1 or j0 >= j1:
            return
        share, whole = covered[i0:i1, j0:j1, None], _FINE * _FINE
        here = self.pixels[top + i0 : top + i1, left + j0 : left + j1]
        here[:] = (here * (whole - share) + np.array(ink) * share + whole // 2) // whole


def _covered(seen: npt.NDArray[np.float64], rim: npt.NDArray[np.int32], high: int, wide: int) -> npt.NDArray[np.int64]:
    """int64 (high, wide): how many of each pixel's samples lie inside."""
    shape = (high * _FINE, wide * _FINE)
    owner = np.zeros(shape, np.uint8)
    window = np.array((0, 0, *shape))
    depth, light = np.full(shape, -1.0, np.float32), np.zeros(shape, np.float32)
    raster.rasterise_plane(seen, rim, np.zeros(3), np.float32(1.0), 1, window, depth, light, owner)
    counts: npt.NDArray[np.int64] = (owner != 0).reshape(high, _FINE, wide, _FINE).astype(np.int64).sum(axis=(1, 3))
    return counts
