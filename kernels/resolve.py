"""From brightness at 2 x 2 samples a pixel to colour bytes, through a table: the ramp of each part's colour, and white ground."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.raster import FILLED

Singles = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Window = npt.NDArray[np.int64]
Ramps = npt.NDArray[np.uint32]

LEVELS = 1024
"""Entries of a ramp, over brightness 0 to 1.5."""

_SCALE = LEVELS / 1.5
_NEAR_LAMP, _FALL = 1.075, 0.075  # the lamp stands at the upper left: how light the corner is, the fall along each side


@kernel(
    "void(float32[:,::1], uint8[:,::1], float32[:,::1], float32[:,::1], uint32[:,::1], int64[::1], int64, uint8[:,:,::1])",
    writes=("picture",),
)
def resolve(
    light: Singles, owner: Bytes, left: Singles, ground: Singles, ramps: Ramps, window: Window, margin: int, picture: Bytes
) -> None:
    """picture (h, w, 3) is set in the pixels of `window` = (y0, x0, y1, x1).

    light, owner: samples, `margin` beyond the window on each side; owner 0 is ground, n is ramps[n - 1]; ramps (parts, LEVELS):
    red, green and blue packed 10 bits apart, so that four can be added at once. left: share of light at the window's samples.
    ground (h, w): the ground's brightness at each pixel, 0 to 1.
    """
    y0, x0, wide = window[0], window[1], window[3] - window[1]
    top, zero = np.float32(LEVELS - 1), np.float32(0.0)
    fall = np.empty(2 * wide)
    for v in range(2 * wide):
        fall[v] = -_SCALE * _FALL / picture.shape[1] * (x0 + (v >> 1))
    level = np.empty((2, 2 * wide), np.int32)
    for i in range(y0, window[2]):
        u = 2 * (i - y0)
        row = _SCALE * (_NEAR_LAMP - _FALL * i / picture.shape[0])
        above, below = owner[margin + u, margin:], owner[margin + u + 1, margin:]
        first, last = 0, wide
        while first < last and above[2 * first] | above[2 * first + 1] | below[2 * first] | below[2 * first + 1] == 0:
            first += 1
        while last > first and above[2 * last - 2] | above[2 * last - 1] | below[2 * last - 2] | below[2 * last - 1] == 0:
            last -= 1
        # Every sample's place in the ramp first, a row at a time: vector code. Where there is no owner it is anything.
        start = 2 * first
        for k in range(2):
            lit, share = light[margin + u + k, margin + start :], left[u + k, start:]
            there, fallen = level[k, start:], fall[start:]
            for v in range(2 * (last - first)):
                bright = lit[v] * share[v] * np.float32(row + fallen[v])
                there[v] = np.int32(min(max(bright, zero), top))
        bright, pixels = ground[i, x0:], picture[i, x0:]
        for j in range(first):
            pixels[j, 0] = pixels[j, 1] = pixels[j, 2] = _white(bright[j])
        for j in range(last, wide):
            pixels[j, 0] = pixels[j, 1] = pixels[j, 2] = _white(bright[j])
        for j in range(first, last):
            v = 2 * j
            who = above[v]
            total = np.int64(0)
            if who != 0 and who == above[v + 1] and who == below[v] and who == below[v + 1]:
                colours = ramps[(int(who) & (FILLED - 1)) - 1]
                total = np.int64(colours[level[0, v]]) + np.int64(colours[level[0, v + 1]])
                total += np.int64(colours[level[1, v]]) + np.int64(colours[level[1, v + 1]])
            else:
                for k in range(2):
                    for q in range(v, v + 2):
                        other = int(owner[margin + u + k, margin + q]) & (FILLED - 1)
                        if other == 0:
                            total += _white(bright[j]) * 0x100401
                        else:
                            total += np.int64(ramps[other - 1, level[k, q]])
            pixels[j, 0] = ((total & 0x3FF) + 2) >> 2
            pixels[j, 1] = (((total >> 10) & 0x3FF) + 2) >> 2
            pixels[j, 2] = ((total >> 20) + 2) >> 2


@inlined
def _white(bright: np.float32) -> int:
    """The ground's byte."""
    return int(np.float32(255.0) * bright + np.float32(0.5))


@kernel("void(float32[:,::1], int64, float64, float32[:,::1])", writes=("ground",))
def ground_light(dark: Singles, margin: int, cells: float, ground: Singles) -> None:
    """ground (h, w): 1 - dark at each pixel, bilinear; `cells` of dark a pixel, it begins `margin` cells before the picture."""
    high, wide = dark.shape
    column = np.empty(ground.shape[1], np.int64)
    share = np.empty(ground.shape[1], np.float32)
    row = np.empty(wide, np.float32)
    for j in range(ground.shape[1]):
        x = min(max((j + 0.5) * cells + margin - 0.5, 0.0), wide - 1.001)
        column[j] = int(x)
        share[j] = np.float32(x - int(x))
    for i in range(ground.shape[0]):
        y = min(max((i + 0.5) * cells + margin - 0.5, 0.0), high - 1.001)
        p = int(y)
        part = np.float32(y - p)
        for q in range(wide):
            row[q] = np.float32(1.0) - (dark[p, q] + (dark[p + 1, q] - dark[p, q]) * part)
        for j in range(ground.shape[1]):
            q = column[j]
            ground[i, j] = row[q] + (row[q + 1] - row[q]) * share[j]
