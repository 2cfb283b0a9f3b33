"""What the depth buffer alone says of light: hollows are dark, and what stands before the key light throws a short shadow.

Hollow: the mean of two opposite samples lies nearer to the viewer than the sample between them. On a plane, however tilted,
it does not, so flat faces stay clean. Depth counts in the same unit as x and y.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import kernel

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

MARGIN = 16
"""Samples that a buffer must hold beyond what is asked for, on each side."""

# Pairs of opposite samples (row, column) on three rings, the ring's radius (the steepest step that counts), its weight.
_RINGS = np.array(
    [
        (0, 2, 2, 0.34), (2, 0, 2, 0.34), (1, 2, 2, 0.34), (2, -1, 2, 0.34),
        (2, 5, 5, 0.26), (5, -2, 5, 0.26), (5, 3, 5, 0.26), (-3, 5, 5, 0.26),
        (4, 13, 13, 0.30), (13, -4, 13, 0.30),
    ],
    dtype=np.float64,
)  # fmt: skip
_STEPS = np.array((1.0, 2.0, 4.0, 8.0, 16.0))  # samples along the screen towards the light
_HOLLOW, _SHADOW = 1.0, 0.42


@kernel("void(float32[:,::1], float32[:,::1], uint8[:,::1], float64[::1], float32[:,::1])", writes=("left",))
def light_left(depth: Singles, light: Singles, owner: Bytes, towards: Floats, left: Singles) -> None:
    """left (h, w): the share of light, 0.1 to 1, at each sample of depth (h + 2 MARGIN, w + 2 MARGIN) but for the margin.

    Only set between the first and the last sample of a row that has an owner (not 0). light, owner: like depth; what is dark
    by itself (below 0.4) looks away from the key light and takes no shadow from it. towards (3,): the direction to the key light on the screen (x right, y down, z towards the viewer).
    """
    high, wide = left.shape
    one, zero = np.float32(1.0), np.float32(0.0)
    hollow = np.empty(wide, np.float32)
    dark = np.empty(wide, np.float32)
    run = np.sqrt(towards[0] * towards[0] + towards[1] * towards[1])
    for i in range(high):
        at = i + MARGIN
        first, last = 0, wide
        while first < last and owner[at, MARGIN + first] == 0:
            first += 1
        while last > first and owner[at, MARGIN + last - 1] == 0:
            last -= 1
        # Views that start at the row's first sample: indices from 0 are what the compiler makes vector code of.
        count = last - first
        start = MARGIN + first
        here = depth[at, start:]
        for j in range(count):
            hollow[j] = zero
            dark[j] = zero
        for r in range(_RINGS.shape[0]):
            di, dj = int(_RINGS[r, 0]), int(_RINGS[r, 1])
            reach = np.float32(_RINGS[r, 2])
            share = np.float32(_RINGS[r, 3] / (8.0 * _RINGS[r, 2]))
            ahead, behind = depth[at + di, start + dj :], depth[at - di, start - dj :]
            for j in range(count):
                p = min(max(ahead[j] - here[j], -reach), reach)
                q = min(max(behind[j] - here[j], -reach), reach)
                hollow[j] += max(p + q, zero) * share
        if run > 1e-6:
            for s in range(_STEPS.shape[0]):
                di, dj = round(_STEPS[s] * towards[1] / run), round(_STEPS[s] * towards[0] / run)
                rise = np.float32(_STEPS[s] * towards[2] / run + 0.35)
                soft = np.float32(1.0 / (1.0 + 0.35 * _STEPS[s]))
                ahead = depth[at + di, start + dj :]
                for j in range(count):
                    dark[j] = max(dark[j], min((ahead[j] - here[j] - rise) * soft, one))
        result, lit = left[i, first:], light[at, start:]
        for j in range(count):
            share = one - np.float32(_HOLLOW) * min(hollow[j], np.float32(0.8))
            faces_it = min(max((lit[j] - np.float32(0.4)) * np.float32(2.0), zero), one)
            result[j] = share * (one - np.float32(_SHADOW) * dark[j] * faces_it)
