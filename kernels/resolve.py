"""From brightness at 2 x 2 samples a pixel to colour bytes, through a table: the ramp of each part's colour, and white ground."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import kernel
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
    y0, x0 = window[0], window[1]
    top = np.float32(LEVELS - 1)
    for i in range(y0, window[2]):
        u = 2 * (i - y0)
        row = _SCALE * (_NEAR_LAMP - _FALL * i / picture.shape[0])
        slope = -_SCALE * _FALL / picture.shape[1]
        for j in range(x0, window[3]):
            v = 2 * (j - x0)
            if (
                owner[margin + u, margin + v]
                | owner[margin + u, margin + v + 1]
                | owner[margin + u + 1, margin + v]
                | owner[margin + u + 1, margin + v + 1]
            ) == 0:
                white = int(np.float32(255.0) * ground[i, j] + np.float32(0.5))
                picture[i, j, 0] = picture[i, j, 1] = picture[i, j, 2] = white
                continue
            total = 0
            lamp = np.float32(row + slope * j)
            for k in range(4):
                p, q = u + (k >> 1), v + (k & 1)
                who = int(owner[margin + p, margin + q]) & (FILLED - 1)
                if who == 0:
                    total += int(np.float32(255.0) * ground[i, j] + np.float32(0.5)) * 0x100401
                else:
                    level = light[margin + p, margin + q] * left[p, q] * lamp
                    total += int(ramps[who - 1, int(min(max(level, np.float32(0.0)), top))])
            picture[i, j, 0] = ((total & 0x3FF) + 2) >> 2
            picture[i, j, 1] = (((total >> 10) & 0x3FF) + 2) >> 2
            picture[i, j, 2] = ((total >> 20) + 2) >> 2


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
