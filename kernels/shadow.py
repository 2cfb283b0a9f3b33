"""The soft shadow on the ground: where the faces fall along the light, blurred by three running means (nearly a Gaussian)."""

from __future__ import annotations

import math

import numpy as np

from kernels.compiled import kernel


@kernel("void(float64[:,::1], int32[:,::1], int64, int64, int64, float64, int64, float32[:,::1])", writes=("mask",))
def cover(seen, faces, first, last, sides, cell, margin, mask):  # type: ignore[no-untyped-def]
    """mask = 1 in each cell whose centre lies under a face of faces[first:last]: of those that face the light (sides 1), or away (2), or all (3).

    Either half of a closed surface casts the whole shadow. A cell spans `cell` units of seen (n, 3); the mask begins `margin` cells before the picture's corner.
    """
    high, wide = mask.shape
    scale, shift = 1.0 / cell, margin - 0.5
    for f in range(first, last):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ay, by, cy = seen[a, 1] * scale + shift, seen[b, 1] * scale + shift, seen[c, 1] * scale + shift
        low, top = min(ay, by, cy), max(ay, by, cy)
        if math.ceil(low) == math.ceil(top):
            continue
        ax, bx, cx = seen[a, 0] * scale + shift, seen[b, 0] * scale + shift, seen[c, 0] * scale + shift
        towards = (bx - ax) * (cy - ay) < (by - ay) * (cx - ax)  # y runs down
        if sides & (1 if towards else 2) == 0:
            continue
        if not (low < high and top > 0.0 and abs(ax) + abs(bx) + abs(cx) < 1e9):
            continue
        i0, i1 = int(math.ceil(max(low, 0.0))), int(math.ceil(min(top, float(high))))
        if i0 >= i1:
            continue
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
            j0 = int(math.ceil(min(max(left, 0.0), float(wide))))
            j1 = int(math.ceil(min(max(right, 0.0), float(wide))))
            for j in range(j0, j1):
                mask[i, j] = np.float32(1.0)


@kernel("void(float32[:,::1], int64, float32[:,::1])", writes=("soft",))
def blur(mask, radius, soft):  # type: ignore[no-untyped-def]
    """soft (h, w) = mask (h, w) after three running means over 2 radius + 1 cells along each axis; zero beyond the edges."""
    high, wide = mask.shape
    scale = np.float32(1.0 / (2 * radius + 1))
    line = np.empty(max(high, wide), np.float32)
    total = np.empty(wide, np.float32)
    for i in range(high):
        for j in range(wide):
            soft[i, j] = mask[i, j]
        for _ in range(3):
            for j in range(wide):
                line[j] = soft[i, j]
            run = np.float32(0.0)
            for j in range(min(radius, wide)):
                run += line[j]
            for j in range(wide):
                if j + radius < wide:
                    run += line[j + radius]
                soft[i, j] = run * scale
                if j >= radius:
                    run -= line[j - radius]
    other = np.empty((high, wide), np.float32)
    for _ in range(3):
        for i in range(high):
            for j in range(wide):
                other[i, j] = soft[i, j]
        for j in range(wide):
            total[j] = np.float32(0.0)
        for i in range(min(radius, high)):
            for j in range(wide):
                total[j] += other[i, j]
        for i in range(high):
            if i + radius < high:
                for j in range(wide):
                    total[j] += other[i + radius, j]
            for j in range(wide):
                soft[i, j] = total[j] * scale
            if i >= radius:
                for j in range(wide):
                    total[j] -= other[i - radius, j]
