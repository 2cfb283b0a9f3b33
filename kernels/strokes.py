"""Strokes and spaces of an outline: for each edge the nearest part of the outline across the ink, and across the room beside it.

The plane's own form of `kernels.walls`: what it judges of the walls of letters that stand straight, judged of their outline, by the
same rules and so with the same answer. No samples: an edge is swept along its normal, inwards by the limit of strokes and outwards by
that of spaces; of every edge and point within that strip which looks back at it, the nearest place is found by clipping,
in float64 on the lattice's integers. Nothing within a limit is missed, however short it is:

- places on two edges count when the edges are parallel to within 8 degrees;
- a point where two edges meet counts when the swept normal lies, to within 8 degrees, among the normals between theirs;
- two points count when the line between them lies among the normals at both (`kernels.ridges`, of the letters' rims), though an
  edge there runs along the line or away from it: so the feet of two letters that stand on one line.

So a stroke is measured where its width is least, or tapers by less than 8 degrees; the tip of a wedge, where it runs down to
nothing at a larger angle, is no thin stroke. Edges that share a point do not face each other, but where they fold back within those 8 degrees.

Loops as `kernels.outlines` has them, clean: outer ones counter-clockwise. Boxes of a loop, then of eight edges in a row, then of
one edge tell what is near: O(n (loops + near)).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.facing import TILT_COSINE

Floats = npt.NDArray[np.float64]
Loops = npt.NDArray[np.int32]

STROKE, SPACE = 0, 1
RUN = 8
_FINE = 1024.0
"""Distances and places are rounded to this share of a step, as those of walls are."""
_TOUCH = 1e-6


@inlined
def _keep(found: Floats, across: Loops, g: int, channel: int, far: float, x: float, y: float, partner: int) -> None:
    """Take a distance and its place (half-way) when it is nearer than what edge g has; of equals the lower place, an edge before a point."""
    d = math.floor(far * _FINE + 0.5) / _FINE
    if d > found[g, channel, 0]:
        return
    x, y = math.floor(x * _FINE + 0.5) / _FINE, math.floor(y * _FINE + 0.5) / _FINE
    if d == found[g, channel, 0] and (x, y, -partner) >= (found[g, channel, 1], found[g, channel, 2], -across[g, channel]):
        return
    found[g, channel, 0], found[g, channel, 1], found[g, channel, 2] = d, x, y
    across[g, channel] = partner


@inlined
def _told(
    points: Loops, units: Floats, found: Floats, across: Loops, g: int, stroke: float, space: float,
    low: float, low_along: float, high: float, high_along: float, partner: int,
) -> None:  # fmt: skip
    """A piece of the outline that looks back at edge g, its depths under it from `low` to `high`, and where along the edge they are."""
    nx, ny = units[g, 0], units[g, 1]
    if low > 0.0 and low < stroke:
        x, y = points[g, 0] - ny * low_along - 0.5 * low * nx, points[g, 1] + nx * low_along - 0.5 * low * ny
        _keep(found, across, g, STROKE, low, x, y, partner)
    elif high < 0.0 and -high < space:
        x, y = points[g, 0] - ny * high_along - 0.5 * high * nx, points[g, 1] + nx * high_along - 0.5 * high * ny
        _keep(found, across, g, SPACE, -high, x, y, partner)


@inlined
def _between(units: Floats, p: int, q: int, x: float, y: float) -> bool:
    """Is (x, y) within 8 degrees of the normals from edge p's to edge q's?"""
    if units[p, 0] * x + units[p, 1] * y >= TILT_COSINE or units[q, 0] * x + units[q, 1] * y >= TILT_COSINE:
        return True
    turn = units[p, 0] * units[q, 1] - units[p, 1] * units[q, 0]
    if abs(turn) < 1e-9:
        return False
    after = turn * (units[p, 0] * y - units[p, 1] * x)
    before = turn * (x * units[q, 1] - y * units[q, 0])
    return bool(after >= 0.0 and before >= 0.0)


@inlined
def _among(points: Loops, before: Loops, after: Loops, units: Floats, i: int, x: float, y: float) -> bool:
    """Does (x, y), a difference of points, lie among the normals round point i: between them, or along one of two that look its way?

    Between them one of the edges may run along (x, y) or look away from it: of two letters that stand on one line, the feet's.
    """
    p, j = before[i], after[i]
    left, right = units[p, 0] * x + units[p, 1] * y, units[i, 0] * x + units[i, 1] * y
    if left + right <= 0.0:
        return False
    # how far each edge runs along it: exact, of whole numbers
    one = (points[i, 0] - points[p, 0]) * x + (points[i, 1] - points[p, 1]) * y
    two = (points[j, 0] - points[i, 0]) * x + (points[j, 1] - points[i, 1]) * y
    if one == 0.0 or two == 0.0:
        return bool(left > 0.0 and right > 0.0)
    return bool((one < 0.0) != (two < 0.0))


@inlined
def _points_face(
    points: Loops, before: Loops, after: Loops, units: Floats, found: Floats, across: Loops,
    p: int, q: int, stroke: float, space: float,
) -> None:  # fmt: skip
    """Two points: told of both edges of each."""
    x, y = float(points[q, 0]) - points[p, 0], float(points[q, 1]) - points[p, 1]
    far = math.sqrt(x * x + y * y)
    if far >= max(stroke, space) or far <= 0.0:
        return
    if far < stroke and _among(points, before, after, units, p, -x, -y) and _among(points, before, after, units, q, x, y):
        channel = STROKE
    elif far < space and _among(points, before, after, units, p, x, y) and _among(points, before, after, units, q, -x, -y):
        channel = SPACE
    else:
        return
    mx, my = points[p, 0] + 0.5 * x, points[p, 1] + 0.5 * y
    for k in range(4):
        edge = (p if k == 0 else before[p]) if k < 2 else (q if k == 2 else before[q])
        _keep(found, across, edge, channel, far, mx, my, ~q if k < 2 else ~p)


@inlined
def _ask_point(
    points: Loops,
    before: Loops,
    units: Floats,
    found: Floats,
    across: Loops,
    g: int,
    f: int,
    t: float,
    d: float,
    stroke: float,
    space: float,
) -> None:
    """Edge f's first point, at t along edge g and at depth d under it."""
    if _between(units, before[f], f, -units[g, 0], -units[g, 1]):
        _told(points, units, found, across, g, stroke, space, d, t, d, t, ~f)


@inlined
def _ask_edge(
    points: Loops, units: Floats, found: Floats, across: Loops,
    g: int, f: int, long: float, t0: float, d0: float, t1: float, d1: float, stroke: float, space: float,
) -> None:  # fmt: skip
    """Edge f, which runs against edge g of length `long`: from t0 along it at depth d0 to t1 at d1."""
    if t1 > long - _TOUCH or t0 < _TOUCH or min(d0, d1) >= stroke or max(d0, d1) <= -space:
        return
    slope = (d1 - d0) / (t1 - t0)
    if t0 > long:
        d0, t0 = d0 + slope * (long - t0), long
    if t1 < 0.0:
        d1, t1 = d1 - slope * t1, 0.0
    if d0 <= d1:
        _told(points, units, found, across, g, stroke, space, d0, t0, d1, t1, f)
    else:
        _told(points, units, found, across, g, stroke, space, d1, t1, d0, t0, f)


@inlined
def _ask_fold(
    points: Loops, units: Floats, found: Floats, across: Loops,
    g: int, f: int, long: float, start: float, t: float, d: float, stroke: float, space: float,
) -> None:  # fmt: skip
    """Edge f, which folds back from edge g's end at `start` to t along it and depth d: seen where the walls' two triangles meet."""
    share = long / (long + math.sqrt((t - start) * (t - start) + d * d))
    along = start + share * (t - start)
    _told(points, units, found, across, g, stroke, space, share * d, along, share * d, along, f)


@inlined
def _prepare(points: Loops, ends: Loops, units: Floats, before: Loops, after: Loops, runs: Loops, hulls: Loops) -> None:
    """Normals and neighbours; boxes (x0, y0, x1, y1) of runs with their edges, and of loops with their runs."""
    first, row = 0, 0
    for k in range(ends.shape[0]):
        last = ends[k]
        hulls[k, 4] = row
        for i in range(first, last):
            j = i + 1 if i + 1 < last else first
            after[i], before[j] = j, i
            x, y = float(points[j, 0]) - points[i, 0], float(points[j, 1]) - points[i, 1]
            size = math.sqrt(x * x + y * y)
            units[i, 0], units[i, 1] = y / size, -x / size
        for begin in range(first, last, RUN):
            end = min(begin + RUN, last)
            x0, y0, x1, y1 = points[begin, 0], points[begin, 1], points[begin, 0], points[begin, 1]
            for i in range(begin, end):
                j = after[i]
                x0, x1 = min(x0, points[i, 0], points[j, 0]), max(x1, points[i, 0], points[j, 0])
                y0, y1 = min(y0, points[i, 1], points[j, 1]), max(y1, points[i, 1], points[j, 1])
            runs[row, 0], runs[row, 1], runs[row, 2], runs[row, 3], runs[row, 4], runs[row, 5] = x0, y0, x1, y1, begin, end
            if begin == first:
                hulls[k, 0], hulls[k, 1], hulls[k, 2], hulls[k, 3] = x0, y0, x1, y1
            else:
                hulls[k, 0], hulls[k, 1] = min(hulls[k, 0], x0), min(hulls[k, 1], y0)
                hulls[k, 2], hulls[k, 3] = max(hulls[k, 2], x1), max(hulls[k, 3], y1)
            row += 1
        hulls[k, 5] = row
        first = last


@kernel(
    "void(int32[:,::1], int32[::1], float64, float64, float64[:,:,::1], int32[:,::1], float64[:,::1], int32[:,::1], int32[:,::1], "
    "int32[:,::1])",
    writes=("found", "across", "units", "around", "runs", "hulls"),
)
def facing(
    points: Loops,
    ends: Loops,
    stroke: float,
    space: float,
    found: Floats,
    across: Loops,
    units: Floats,
    around: Loops,
    runs: Loops,
    hulls: Loops,
) -> None:
    """What faces each edge from nearer than `stroke` (across ink) and `space` (across none), in steps; 0: not asked.

    Edge i runs from point i to the next of its loop. found (n, 2, 3): the least distance (infinity: none within the limit) and
    the place half-way, by STROKE and SPACE; across (n, 2): the edge there, or ~ the point. Of the outline, too: units (n, 2),
    each edge's normal away from the ink; around (2, n): the edge before, the point after. Workspace: runs (n // 8 + k, 6), hulls (k, 6). Coordinates below 2^28.
    """
    before, after = around[0], around[1]
    _prepare(points, ends, units, before, after, runs, hulls)
    found[:] = math.inf
    across[:] = -1
    most = max(stroke, space)
    reach = np.int64(math.ceil(most))
    for g in range(points.shape[0]):
        b = after[g]
        ax, ay, nx, ny = float(points[g, 0]), float(points[g, 1]), units[g, 0], units[g, 1]
        long = nx * (points[b, 1] - ay) - ny * (points[b, 0] - ax)
        x0, x1 = min(points[g, 0], points[b, 0]) - reach, max(points[g, 0], points[b, 0]) + reach
        y0, y1 = min(points[g, 1], points[b, 1]) - reach, max(points[g, 1], points[b, 1]) + reach
        for k in range(ends.shape[0]):
            if hulls[k, 0] > x1 or hulls[k, 2] < x0 or hulls[k, 1] > y1 or hulls[k, 3] < y0:
                continue
            for r in range(hulls[k, 4], hulls[k, 5]):
                if runs[r, 0] > x1 or runs[r, 2] < x0 or runs[r, 1] > y1 or runs[r, 3] < y0:
                    continue
                for f in range(runs[r, 4], runs[r, 5]):
                    if f == g:
                        continue
                    x, y = points[f, 0] - ax, points[f, 1] - ay
                    square = x * x + y * y
                    t0, d0 = nx * y - ny * x, -(nx * x + ny * y)
                    if 0.0 <= t0 <= long and -space < d0 < stroke and f != b:
                        _ask_point(points, before, units, found, across, g, f, t0, d0, stroke, space)
                    if units[f, 0] * nx + units[f, 1] * ny <= -TILT_COSINE:
                        x, y = points[after[f], 0] - ax, points[after[f], 1] - ay
                        t1, d1 = nx * y - ny * x, -(nx * x + ny * y)
                        if f == b:
                            _ask_fold(points, units, found, across, g, f, long, long, t1, d1, stroke, space)
                        elif f == before[g]:
                            _ask_fold(points, units, found, across, g, f, long, 0.0, t0, d0, stroke, space)
                        else:
                            _ask_edge(points, units, found, across, g, f, long, t0, d0, t1, d1, stroke, space)
                    if f > g and square < most * most:
                        _points_face(points, before, after, units, found, across, g, f, stroke, space)
