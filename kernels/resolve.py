"""From brightness at 2 x 2 samples a pixel to colour bytes, through a table: the ramp of each part's colour, and white ground."""

from __future__ import annotations

import numpy as np

from kernels.compiled import kernel

LEVELS = 1024
"""Entries of a ramp, over brightness 0 to 1.5."""

_SCALE = LEVELS / 1.5


@kernel(
    "void(float32[:,::1], uint8[:,::1], float32[:,::1], float32[:,::1], uint8[:,:,::1], int64[::1], int64, uint8[:,:,::1])",
    writes=("picture",),
)
def resolve(light, owner, left, ground, ramps, window, margin, picture):  # type: ignore[no-untyped-def]
    """picture (h, w, 3) is set in the pixels of `window` = (y0, x0, y1, x1).

    light, owner: samples, `margin` beyond the window on each side; owner 0 is ground, n is ramps[n - 1] (n, LEVELS, 3).
    left: share of light at the window's samples. ground (h, w): the ground's brightness at each pixel, 0 to 1.
    """
    y0, x0 = window[0], window[1]
    top = np.float32(LEVELS - 1)
    for i in range(y0, window[2]):
        for j in range(x0, window[3]):
            r = g = b = 0
            for k in range(4):
                u, v = 2 * (i - y0) + (k >> 1), 2 * (j - x0) + (k & 1)
                who = owner[margin + u, margin + v]
                if who == 0:
                    white = int(np.float32(255.0) * ground[i, j] * left[u, v] + np.float32(0.5))
                    r += white
                    g += white
                    b += white
                else:
                    level = light[margin + u, margin + v] * left[u, v] * np.float32(_SCALE)
                    at = int(min(max(level, np.float32(0.0)), top))
                    r += ramps[who - 1, at, 0]
                    g += ramps[who - 1, at, 1]
                    b += ramps[who - 1, at, 2]
            picture[i, j, 0] = (r + 2) >> 2
            picture[i, j, 1] = (g + 2) >> 2
            picture[i, j, 2] = (b + 2) >> 2


@kernel("void(float32[:,::1], int64, float64, float64, float32[:,::1])", writes=("ground",))
def ground_light(soft, margin, cells, strength, ground):  # type: ignore[no-untyped-def]
    """ground (h, w) is multiplied by 1 - strength * soft at each pixel, bilinear; `cells` a pixel, the mask begins `margin` cells before it."""
    high, wide = soft.shape
    for i in range(ground.shape[0]):
        y = min(max((i + 0.5) * cells + margin - 0.5, 0.0), high - 1.001)
        p = int(y)
        fy = np.float32(y - p)
        for j in range(ground.shape[1]):
            x = min(max((j + 0.5) * cells + margin - 0.5, 0.0), wide - 1.001)
            q = int(x)
            fx = np.float32(x - q)
            upper = soft[p, q] + (soft[p, q + 1] - soft[p, q]) * fx
            lower = soft[p + 1, q] + (soft[p + 1, q + 1] - soft[p + 1, q]) * fx
            ground[i, j] *= np.float32(1.0) - np.float32(strength) * (upper + (lower - upper) * fy)
