"""What the depth buffer alone says of light: hollows are dark, and what stands before the key light throws a short shadow.

Hollow: the mean of two opposite samples lies nearer to the viewer than the sample between them. On a plane, however tilted,
it does not, so flat faces stay clean. Depth counts in the same unit as x and y.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.raster import FILLED
from kernels.simd import LANES, Vector, least, load, most, splat, store

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]

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
_VECTOR = 32  # samples: a run is so many, or a multiple of it, or the whole row
_WORTH = 48  # samples: a shorter plain stretch is not worth a second run


@inlined
def _plain(owner: Bytes) -> tuple[Bytes, Int64s]:
    """Tiles of MARGIN samples each way. (tiles down, tiles across): 1 where it and the eight tiles around it are the filled plane of one
    part. (tiles down, 2): between which samples of its rows all owners lie."""
    down, across = owner.shape[0] // MARGIN + 1, owner.shape[1] // MARGIN + 1
    ends = np.empty((down, 2), np.int64)
    ends[:, 0], ends[:, 1] = 0, owner.shape[1]
    same = np.zeros((down, across), np.uint8)
    every = np.empty(owner.shape[1], np.uint8)
    some = np.empty(owner.shape[1], np.uint8)
    for t in range(owner.shape[0] // MARGIN):
        every[:] = 255
        some[:] = 0
        for i in range(t * MARGIN, (t + 1) * MARGIN):
            for j in range(owner.shape[1]):
                every[j] &= owner[i, j]
                some[j] |= owner[i, j]
        begin, end = owner.shape[1] // MARGIN * MARGIN, 0
        for s in range(owner.shape[1] // MARGIN):
            both, either = np.uint8(255), np.uint8(0)
            for j in range(s * MARGIN, (s + 1) * MARGIN):
                both &= every[j]
                either |= some[j]
            same[t, s] = both if both == either and both & FILLED else 0
            if either != 0:
                begin, end = min(begin, s * MARGIN), (s + 1) * MARGIN
        # beyond the last whole tile nobody looked
        ends[t, 0], ends[t, 1] = begin, end if owner.shape[1] % MARGIN == 0 else owner.shape[1]
    plain = np.zeros((down, across), np.uint8)
    for t in range(1, down - 1):
        for s in range(1, across - 1):
            who = same[t, s]
            alike = who != 0
            for k in range(9):
                alike = alike and same[t - 1 + k // 3, s - 1 + k % 3] == who
            plain[t, s] = 1 if alike else 0
    return plain, ends


@inlined
def _longest(row: Bytes) -> tuple[int, int]:
    """The longest run of ones: its first place, and the one after its last."""
    best = best_end = begin = 0
    for j in range(row.shape[0]):
        if row[j] == 0:
            begin = j + 1
        elif j + 1 - begin > best_end - best:
            best, best_end = begin, j + 1
    return best, best_end


@inlined
def _shares(depth: Singles, light: Singles, i: int, j: int, steps: Int64s, rises: Singles) -> Vector:
    """The share of light at eight samples, of row i from j on."""
    one, zero = splat(np.float32(1.0)), splat(np.float32(0.0))
    here, hollow, dark = load(depth, i, j), zero, zero
    for r in range(_RINGS.shape[0]):
        di, dj = int(_RINGS[r, 0]), int(_RINGS[r, 1])
        low, high = splat(np.float32(-_RINGS[r, 2])), splat(np.float32(_RINGS[r, 2]))
        p = least(most(load(depth, i + di, j + dj) - here, low), high)
        q = least(most(load(depth, i - di, j - dj) - here, low), high)
        hollow = hollow + most(p + q, zero) * splat(np.float32(_RINGS[r, 3] / (8.0 * _RINGS[r, 2])))
    for s in range(steps.shape[0]):
        over = load(depth, i + steps[s, 0], j + steps[s, 1]) - here - splat(rises[s, 0])
        dark = most(dark, least(over * splat(rises[s, 1]), one))
    share = one - splat(np.float32(_HOLLOW)) * least(hollow, splat(np.float32(0.8)))
    faces_it = least(most((load(light, i, j) - splat(np.float32(0.4))) * splat(np.float32(2.0)), zero), one)
    return share * (one - splat(np.float32(_SHADOW)) * dark * faces_it)


@inlined
def _share(depth: Singles, lit: np.float32, i: int, j: int, steps: Int64s, rises: Singles) -> np.float32:
    """The same at one sample: a window may be narrower than eight."""
    one, zero = np.float32(1.0), np.float32(0.0)
    here, hollow, dark = depth[i, j], zero, zero
    for r in range(_RINGS.shape[0]):
        di, dj = int(_RINGS[r, 0]), int(_RINGS[r, 1])
        reach = np.float32(_RINGS[r, 2])
        p = min(max(depth[i + di, j + dj] - here, -reach), reach)
        q = min(max(depth[i - di, j - dj] - here, -reach), reach)
        hollow += max(p + q, zero) * np.float32(_RINGS[r, 3] / (8.0 * _RINGS[r, 2]))
    for s in range(steps.shape[0]):
        over = depth[i + steps[s, 0], j + steps[s, 1]] - here - rises[s, 0]
        dark = max(dark, min(over * rises[s, 1], one))
    share = one - np.float32(_HOLLOW) * min(hollow, np.float32(0.8))
    faces_it = min(max((lit - np.float32(0.4)) * np.float32(2.0), zero), one)
    return np.float32(share * (one - np.float32(_SHADOW) * dark * faces_it))


@kernel("void(float32[:,::1], float32[:,::1], uint8[:,::1], float64[::1], float32[:,::1])", writes=("left",))
def light_left(depth: Singles, light: Singles, owner: Bytes, towards: Floats, left: Singles) -> None:
    """left (h, w): the share of light, 0.1 to 1, at each sample of depth (h + 2 MARGIN, w + 2 MARGIN) but for the margin.

    The inside of a filled plane is left as it is, 1, unlooked at. A row without an owner (not 0) is not set, and others not far beyond their owners. light, owner: like depth; what is dark
    by itself (below 0.4) looks away from the key light and takes no shadow from it. towards (3,): the direction to the key light on the screen (x right, y down, z towards the viewer).
    """
    high, wide = left.shape
    plain, ends = _plain(owner)
    # for the whole picture: where each step towards the light lies, how far the light rises on the way, and how soft its shadow is
    run = np.sqrt(towards[0] * towards[0] + towards[1] * towards[1])
    steps = np.zeros((_STEPS.shape[0] if run > 1e-6 else 0, 2), np.int64)
    rises = np.empty((steps.shape[0], 2), np.float32)
    for s in range(steps.shape[0]):
        steps[s, 0], steps[s, 1] = round(_STEPS[s] * towards[1] / run), round(_STEPS[s] * towards[0] / run)
        rises[s, 0] = np.float32(_STEPS[s] * towards[2] / run + 0.35)
        rises[s, 1] = np.float32(1.0 / (1.0 + 0.35 * _STEPS[s]))
    for i in range(high):
        at = i + MARGIN
        first = min(max(ends[at // MARGIN, 0] - MARGIN, 0), wide)
        last = max(min(ends[at // MARGIN, 1] - MARGIN, wide), first)
        while first < last and owner[at, MARGIN + first] == 0:
            first += 1
        while last > first and owner[at, MARGIN + last - 1] == 0:
            last -= 1
        # The longest plain stretch is left out, where it is worth it: beside it two runs remain.
        skip, skip_end = _longest(plain[at // MARGIN])
        skip, skip_end = max(first, (skip - 1) * MARGIN), min(last, (skip_end - 1) * MARGIN)
        if skip_end - skip < _WORTH:
            skip = skip_end = last
        for j in range(skip, skip_end):
            left[i, j] = np.float32(1.0)
        for part in range(2):
            begin, end = (first, skip) if part == 0 else (skip_end, last)
            if begin >= end:
                continue
            count = min((end - begin + _VECTOR - 1) // _VECTOR * _VECTOR, wide)
            begin = min(begin, wide - count)
            if count < LANES:
                for j in range(begin, begin + count):
                    left[i, j] = _share(depth, light[at, MARGIN + j], at, MARGIN + j, steps, rises)
                continue
            for k in range(0, count, LANES):
                j = begin + min(k, count - LANES)
                for v in range(j, j + LANES):
                    if owner[at, MARGIN + v] != 0:
                        store(left, i, j, _shares(depth, light, at, MARGIN + j, steps, rises))
                        break
