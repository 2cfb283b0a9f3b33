"""Points on the edges of a triangulation beside loops that run through it, so that no triangle need reach far along an edge.

A long edge close beside a loop leaves nothing but triangles that are long and all but flat: bent and rounded in space, they turn over.
"""

from __future__ import annotations

import math

import numpy as np

from kernels.compiled import inlined, kernel
from kernels.walk import ROOM, Points, Rows, side

BESIDE, STRIDE, APART, ALONE = 600.0, 10_000.0, 40.0, 2500.0
"""Points are put on edges of the triangulation beside the outline's that are nearer than BESIDE, at least APART from each other, and
every STRIDE steps along it, ALONE; neither nearer to an end than BESIDE."""


@inlined
def grouped(keys, n, groups, start, rows) -> None:  # type: ignore[no-untyped-def]
    """start (groups + 1,), rows: the numbers 0..n by their key, those below zero left out."""
    for g in range(groups + 1):
        start[g] = 0
    for i in range(n):
        if keys[i] >= 0:
            start[keys[i] + 1] += 1
    for g in range(groups):
        start[g + 1] += start[g]
    for i in range(n):
        if keys[i] >= 0:
            rows[start[keys[i]]] = i
            start[keys[i]] += 1
    for g in range(groups, 0, -1):
        start[g] = start[g - 1]
    start[0] = 0


@inlined
def along(points, s, f, path, i) -> float:  # type: ignore[no-untyped-def]
    """How far along the edge from s to f point i of the path lies, in steps."""
    dx, dy = float(points[f, 0] - points[s, 0]), float(points[f, 1] - points[s, 1])
    way = dx * (path[i, 0] - points[s, 0]) + dy * (path[i, 1] - points[s, 1])
    return float(way / math.sqrt(dx * dx + dy * dy))


@kernel(
    "int64(int32[:,::1], int32[:,::1], int32[::1], int64, int32[:,::1], int32[::1], int32[::1])",
    writes=("path", "homes_of", "crossed"),
)
def feet(points: Points, triangles: Rows, twin: Rows, made: int, path: Points, homes_of: Rows, crossed: Rows) -> int:
    """Points on inner edges beside the first `made` points of a traced path, so that no triangle need reach far along an edge.

    Appended to path, crossed and homes_of (-1: not a part of any loop): below every point that is nearer than BESIDE steps to an
    edge of its triangle, and every STRIDE steps as far as the path runs along it. -> how many points there are now, or ROOM.
    """
    m = triangles.shape[0]
    edge = np.empty(made, np.int32)
    for i in range(made):
        h = crossed[i]
        edge[i] = -1 if h < 0 else min(h, twin[h])
    at_edge, on_edge = np.empty(3 * m + 1, np.int32), np.empty(made, np.int32)
    at_home, in_home = np.empty(m + 1, np.int32), np.empty(made, np.int32)
    grouped(edge, made, 3 * m, at_edge, on_edge)
    grouped(homes_of, made, m, at_home, in_home)
    total = made
    for h in range(3 * m):
        other = twin[h]
        if other < h or (at_home[h // 3] == at_home[h // 3 + 1] and at_home[other // 3] == at_home[other // 3 + 1]):
            continue
        s, f = triangles[h // 3, h % 3], triangles[h // 3, (h + 1) % 3]
        dx, dy = float(points[f, 0] - points[s, 0]), float(points[f, 1] - points[s, 1])
        length = math.sqrt(dx * dx + dy * dy)
        first, low, high = total, length, 0.0
        for way in range(2):
            t = h // 3 if way == 0 else other // 3
            for row in range(at_home[t], at_home[t + 1]):
                i = in_home[row]
                place = along(points, s, f, path, i)
                low, high = min(low, place), max(high, place)
                if abs(float(side(points, s, points, f, path, i))) < BESIDE * length and crossed[i] < 0:
                    total = _with_foot(
                        points, s, f, length, place, APART, h, first, total, at_edge, on_edge, path, homes_of, crossed
                    )
        stride = 1 + int(max(low - STRIDE, 0.0) / STRIDE)
        while stride * STRIDE < min(high + STRIDE, length):
            total = _with_foot(
                points, s, f, length, stride * STRIDE, ALONE, h, first, total, at_edge, on_edge, path, homes_of, crossed
            )
            stride += 1
        if total >= path.shape[0]:
            return ROOM
    return total


@inlined
def _with_foot(  # type: ignore[no-untyped-def]
    points, s, f, length, place, apart, h, first, total, at_edge, on_edge, path, homes_of, crossed
) -> int:
    """Append a point at `place` on the edge from s to f, unless another one (from row `first`, or a crossing) or an end is near."""
    if total >= path.shape[0] or place < BESIDE or place > length - BESIDE:
        return int(total)
    for i in range(first, total):
        if abs(along(points, s, f, path, i) - place) < apart:
            return int(total)
    for row in range(at_edge[h], at_edge[h + 1]):
        if abs(along(points, s, f, path, on_edge[row]) - place) < apart:
            return int(total)
    for k in range(2):
        path[total, k] = np.int32(math.floor(points[s, k] + (points[f, k] - points[s, k]) * (place / length) + 0.5))
    homes_of[total], crossed[total] = -1, h
    return int(total + 1)
