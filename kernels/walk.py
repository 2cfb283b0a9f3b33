"""The way of closed loops through a triangulation of the plane: which triangles they visit, and where they cross edges.

Each edge of a loop walks from triangle to triangle (Devillers, Pion and Teillaud, Walking in a triangulation, IJFCS 2002); where it
leaves one, a point is put, rounded to the lattice. Loop points are first pushed off edges that they come nearer to than AWAY steps.
Signs are exact integers (`kernels.exact`). O(crossings), but for the first point of each loop, which asks all triangles.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.exact import orient2d

OUTSIDE = -1
"""The loops leave the triangles."""
CLOSE = -2
"""A point or a crossing comes too near to something: shift the loops a little."""
ROOM = -3
"""An output array is too small."""

AWAY = 8.0

Points = npt.NDArray[np.int32]
Rows = npt.NDArray[np.int32]


@inlined
def side(a, i, b, j, c, k) -> int:  # type: ignore[no-untyped-def]
    """orient2d of rows of three arrays."""
    return orient2d(int(a[i, 0]), int(a[i, 1]), int(b[j, 0]), int(b[j, 1]), int(c[k, 0]), int(c[k, 1]))


@inlined
def _home(points, triangles, line, i) -> int:  # type: ignore[no-untyped-def]
    """A triangle that holds point i of the line, by looking at all of them; -1 when none does."""
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        if (
            side(points, a, points, b, line, i) >= 0
            and side(points, b, points, c, line, i) >= 0
            and side(points, c, points, a, line, i) >= 0
        ):
            return t
    return -1


@inlined
def _exit(points, triangles, t, entered, line, i, j) -> int:  # type: ignore[no-untyped-def]
    """The half-edge by which the way from point i to j of the line leaves triangle t: -1 when j lies in it, -2 when in doubt."""
    beyond = False
    for e in range(3):
        h = 3 * t + e
        if h == entered:
            continue
        s, f = triangles[t, e], triangles[t, (e + 1) % 3]
        if side(points, s, points, f, line, j) < 0:
            beyond = True
            if side(line, i, line, j, points, s) <= 0 < side(line, i, line, j, points, f):
                return int(h)
    return -2 if beyond else -1


@inlined
def _pushed(points, triangles, t, line, i) -> bool:  # type: ignore[no-untyped-def]
    """Move point i of the line to at least AWAY steps from the edges of its triangle t; False when there is no room."""
    for _ in range(4):
        moved = False
        for e in range(3):
            s, f = triangles[t, e], triangles[t, (e + 1) % 3]
            dx, dy = float(points[f, 0] - points[s, 0]), float(points[f, 1] - points[s, 1])
            length = math.sqrt(dx * dx + dy * dy)
            away = float(side(points, s, points, f, line, i)) / length
            if away < AWAY:
                push = AWAY + 1.0 - away
                line[i, 0] += np.int32(math.floor(0.5 - push * dy / length))
                line[i, 1] += np.int32(math.floor(0.5 + push * dx / length))
                moved = True
        if not moved:
            return True
    return False


@kernel("int64(int32[:,::1], int32[:,::1], int32[::1], int32[:,::1], int32[::1], int32[::1])", writes=("line", "homes"))
def settle(points: Points, triangles: Rows, twin: Rows, line: Points, ends: Rows, homes: Rows) -> int:
    """Find the triangle of each point of closed loops, and push points off its edges.

    points (n, 2), triangles (m, 3): counter-clockwise. twin (3 m,): the half-edge 3 t + e on the other side of corner e to the next;
    -1 on the border. line (k, 2): loops one after another, ends as an outline's; moved by at most some AWAY. homes (k,): out.
    0, OUTSIDE or CLOSE.
    """
    begin = 0
    for k in range(ends.shape[0]):
        t = -1
        for i in range(begin, ends[k]):
            entered = -1
            while t >= 0:
                h = _exit(points, triangles, t, entered, line, i - 1, i)
                if h == -1:
                    break
                entered = twin[h] if h >= 0 else -1
                t = entered // 3 if entered >= 0 else -1
            if t < 0:
                t = _home(points, triangles, line, i)
            if t < 0:
                return OUTSIDE
            if not _pushed(points, triangles, t, line, i):
                return CLOSE
            homes[i] = t
        begin = ends[k]
    return 0


@kernel(
    "int64(int32[:,::1], int32[:,::1], int32[::1], int32[:,::1], int32[::1], int32[::1], int32[:,::1], int32[::1], int32[::1],"
    " int32[::1])",
    writes=("path", "path_ends", "homes_of", "crossed"),
)
def trace(
    points: Points,
    triangles: Rows,
    twin: Rows,
    line: Points,
    ends: Rows,
    homes: Rows,
    path: Points,
    path_ends: Rows,
    homes_of: Rows,
    crossed: Rows,
) -> int:
    """The settled loops with a point wherever they cross an edge: how many points, or OUTSIDE, CLOSE, ROOM.

    path (room, 2), path_ends (loops,): as line and ends. homes_of (room,): the triangle in which the way on from each point runs.
    crossed (room,): the half-edge of the triangle that is left at this point, or -1 for a point of the outline.
    """
    made, begin = 0, 0
    for k in range(ends.shape[0]):
        end = ends[k]
        for i in range(begin, end):
            j = i + 1 if i + 1 < end else begin
            if made >= path.shape[0]:
                return ROOM
            t, entered = homes[i], -1
            path[made, 0], path[made, 1] = line[i, 0], line[i, 1]
            homes_of[made], crossed[made] = t, -1
            made += 1
            while t != homes[j]:
                h = _exit(points, triangles, t, entered, line, i, j)
                if h < 0:
                    return CLOSE
                s, f = triangles[t, h % 3], triangles[t, (h + 1) % 3 if h % 3 < 2 else 0]
                if twin[h] < 0:
                    return OUTSIDE
                here = float(side(points, s, points, f, line, i))
                there = float(side(points, s, points, f, line, j))
                if made >= path.shape[0]:
                    return ROOM
                part = here / (here - there)
                path[made, 0] = np.int32(math.floor(line[i, 0] + part * (line[j, 0] - line[i, 0]) + 0.5))
                path[made, 1] = np.int32(math.floor(line[i, 1] + part * (line[j, 1] - line[i, 1]) + 0.5))
                entered = twin[h]
                t = entered // 3
                homes_of[made], crossed[made] = t, h
                made += 1
        path_ends[k] = made
        begin = end
    return made
