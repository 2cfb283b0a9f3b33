"""The soft shadow on the ground: where the faces fall along the light, blurred by three running means (nearly a Gaussian)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Faces = npt.NDArray[np.int32]


@kernel("void(float64[:,::1], int32[:,::1], int64, int64, int64, float64, int64, float32[:,::1])", writes=("mask",))
def cover(seen: Floats, faces: Faces, first: int, last: int, sides: int, cell: float, margin: int, mask: Singles) -> None:
    """mask = 1 in each cell whose centre lies under a face of faces[first:last]: of those that face the light (sides 1), or away (2), or all (3).

    Either half of a closed surface casts the whole shadow. A cell spans `cell` units of seen (n, 3); the mask begins `margin` cells before the picture's corner.
    """
    high, wide = mask.shape
    scale, shift = 1.0 / cell, margin - 0.5
    for f in range(first, last):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        sx, sy = seen[a, 0], seen[a, 1]
        towards = (seen[b, 0] - sx) * (seen[c, 1] - sy) < (seen[b, 1] - sy) * (seen[c, 0] - sx)  # y runs down
        if sides & (1 if towards else 2) == 0:
            continue
        ay, by, cy = sy * scale + shift, seen[b, 1] * scale + shift, seen[c, 1] * scale + shift
        low, top = min(ay, by, cy), max(ay, by, cy)
        if not (low < high and top > 0.0) or math.ceil(max(low, 0.0)) >= math.ceil(min(top, float(high))):
            continue  # outside, no number, or between two rows of centres
        if not abs(ay) + abs(by) + abs(cy) < 1e9:
            continue
        ax, bx, cx = seen[a, 0] * scale + shift, seen[b, 0] * scale + shift, seen[c, 0] * scale + shift
        if not abs(ax) + abs(bx) + abs(cx) < 1e9:
            continue
        i0, i1 = math.ceil(max(low, 0.0)), math.ceil(min(top, float(high)))
        if by < ay:
            ax, ay, bx, by = bx, by, ax, ay
        if cy < by:
            bx, by, cx, cy = cx, cy, bx, by
            if by < ay:
                ax, ay, bx, by = bx, by, ax, ay
        slope = (cx - ax) / (cy - ay)
        for i in range(i0, i1):
            left = ax + (i - ay) * slope
            right = ax + (i - ay) * ((bx - ax) / (by - ay)) if i < by else bx + (i - by) * ((cx - bx) / (cy - by))
            if right < left:
                left, right = right, left
            j0 = math.ceil(min(max(left, 0.0), float(wide)))
            j1 = math.ceil(min(max(right, 0.0), float(wide)))
            for j in range(j0, j1):
                mask[i, j] = np.float32(1.0)


@inlined
def _down(source: Singles, radius: int, total: Singles, out: Singles) -> None:
    """out = the running mean of source along its columns: rows are added and taken off whole, in vector code."""
    high, wide = source.shape
    scale = np.float32(1.0 / (2 * radius + 1))
    for j in range(wide):
        total[j] = np.float32(0.0)
    for i in range(min(radius, high)):
        for j in range(wide):
            total[j] += source[i, j]
    for i in range(high):
        if i + radius < high:
            for j in range(wide):
                total[j] += source[i + radius, j]
        for j in range(wide):
            out[i, j] = total[j] * scale
        if i >= radius:
            for j in range(wide):
                total[j] -= source[i - radius, j]


@inlined
def _across(source: Singles, out: Singles) -> None:
    for i in range(source.shape[0]):
        for j in range(source.shape[1]):
            out[j, i] = source[i, j]


@kernel("void(float32[:,::1], int64, float32[:,::1])", writes=("soft",))
def blur(mask: Singles, radius: int, soft: Singles) -> None:
    """soft (n, n) = mask (n, n) after three running means over 2 radius + 1 cells along each axis; zero beyond the edges."""
    side = mask.shape[0]
    total = np.empty(side, np.float32)
    other = np.empty((side, side), np.float32)
    _down(mask, radius, total, soft)
    _down(soft, radius, total, other)
    _down(other, radius, total, soft)
    _across(soft, other)
    _down(other, radius, total, soft)
    _down(soft, radius, total, other)
    _down(other, radius, total, soft)
    _across(soft, other)
    for i in range(side):
        for j in range(side):
            soft[i, j] = other[i, j]
