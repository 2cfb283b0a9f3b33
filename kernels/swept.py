"""One face's prism against one face, edge or corner: what of it lies within, looks back, and how near it comes.

The prism is the face swept along its normal both ways; its frame (5, 4) holds the normal, the three sides (outward, with their
offset) and the corner that all is seen from. What is found goes into rows of a table (distance, place half-way, face across).
float64 on differences of lattice integers: exact but for the rounding of products, far below a step.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined
from kernels.cones import arc_holds, corner_holds
from kernels.exact import along
from kernels.facing import TILT_COSINE, is_sharp

Float64s = npt.NDArray[np.float64]
Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]

_TOUCH = 1e-6
"""Steps: what overlaps by less does not overlap; far above what float64 rounds at 2^28 and far below a step."""
_FINE = 1024.0
"""Distances and places are rounded to this share of a step, so that the order of faces cannot show."""


@inlined
def _keep(best: Float64s, row: int, far: float, x: float, y: float, z: float, partner: int) -> None:
    """Take a distance and its place (half-way) when it is nearer than what the row has; of equals the lower place."""
    d = math.floor(far * _FINE + 0.5) / _FINE
    if d > best[row, 0]:
        return
    x, y, z = math.floor(x * _FINE + 0.5) / _FINE, math.floor(y * _FINE + 0.5) / _FINE, math.floor(z * _FINE + 0.5) / _FINE
    if d == best[row, 0] and (x, y, z, partner) >= (best[row, 1], best[row, 2], best[row, 3], int(best[row, 4])):
        return
    best[row, 0], best[row, 1], best[row, 2], best[row, 3], best[row, 4] = d, x, y, z, partner


@inlined
def _told(
    frame: Float64s,
    limits: Float64s,
    mine: int,
    its: int,
    best: Float64s,
    row: int,
    low: float,
    high: float,
    at: Float64s,
    f: int,
) -> None:
    """A piece of a face, edge or corner that looks back: `low` and `high` its depths under the asking face, `at` (2, 3) where."""
    nx, ny, nz = frame[0, 0], frame[0, 1], frame[0, 2]
    letters = 2 if mine and its else 0
    if low > 0.0 and low < limits[0, mine, its]:
        h = 0.5 * low
        _keep(
            best,
            row + letters,
            low,
            frame[4, 0] + at[0, 0] + h * nx,
            frame[4, 1] + at[0, 1] + h * ny,
            frame[4, 2] + at[0, 2] + h * nz,
            f,
        )
    elif high < 0.0 and -high < limits[1, mine, its]:
        h = 0.5 * high
        _keep(
            best,
            row + letters + 1,
            -high,
            frame[4, 0] + at[1, 0] + h * nx,
            frame[4, 1] + at[1, 1] + h * ny,
            frame[4, 2] + at[1, 2] + h * nz,
            f,
        )


@inlined
def _depth(frame: Float64s, x: float, y: float, z: float) -> float:
    return float(-(frame[0, 0] * x + frame[0, 1] * y + frame[0, 2] * z))


@inlined
def _beyond(frame: Float64s, k: int, x: float, y: float, z: float) -> float:
    """How far outside side k of the prism a place is; below zero inside."""
    return float(frame[k, 0] * x + frame[k, 1] * y + frame[k, 2] * z - frame[k, 3])


@inlined
def framed(lattice: Int32s, faces: Int32s, units: Float64s, g: int, frame: Float64s) -> None:
    """frame (5, 4): the normal; the three sides of the prism, outward, with their offset; the corner that all is seen from."""
    nx, ny, nz = units[g, 0], units[g, 1], units[g, 2]
    frame[0, 0], frame[0, 1], frame[0, 2] = nx, ny, nz
    # begun at the same corner wherever the face's row begins
    start = 0
    for k in range(1, 3):
        i, j = faces[g, start], faces[g, k]
        if (lattice[j, 0], lattice[j, 1], lattice[j, 2]) < (lattice[i, 0], lattice[i, 1], lattice[i, 2]):
            start = k
    for c in range(3):
        frame[4, c] = lattice[faces[g, start], c]
    for k in range(3):
        i, j = faces[g, (start + k) % 3], faces[g, (start + k + 1) % 3]
        ex, ey, ez = along(lattice, i, j)
        mx, my, mz = ey * nz - ez * ny, ez * nx - ex * nz, ex * ny - ey * nx
        length = math.sqrt(mx * mx + my * my + mz * mz)
        if length > 0.0:
            mx, my, mz = mx / length, my / length, mz / length
        frame[k + 1, 0], frame[k + 1, 1], frame[k + 1, 2] = mx, my, mz
        frame[k + 1, 3] = (
            mx * (lattice[i, 0] - frame[4, 0]) + my * (lattice[i, 1] - frame[4, 1]) + mz * (lattice[i, 2] - frame[4, 2])
        )


@inlined
def _clip(frame: Float64s, poly: Float64s, size: int) -> int:
    """Cut the polygon poly[0] (size corners: x, y, z, depth) to the prism; how many corners are left, in poly[1]."""
    now = 0
    for k in range(1, 4):
        other = 1 - now
        made = 0
        for i in range(size):
            j = i + 1 if i + 1 < size else 0
            one = _beyond(frame, k, poly[now, i, 0], poly[now, i, 1], poly[now, i, 2])
            two = _beyond(frame, k, poly[now, j, 0], poly[now, j, 1], poly[now, j, 2])
            if one <= 0.0:
                for c in range(4):
                    poly[other, made, c] = poly[now, i, c]
                made += 1
            if (one < 0.0 and two > 0.0) or (one > 0.0 and two < 0.0):
                t = one / (one - two)
                for c in range(4):
                    poly[other, made, c] = poly[now, i, c] + t * (poly[now, j, c] - poly[now, i, c])
                made += 1
        size, now = made, other
        if size == 0:
            return 0
    return size


@inlined
def _edge(frame: Float64s, tri: Float64s, k: int, at: Float64s) -> tuple[float, float]:
    """The part of edge k of a triangle (rows x, y, z, depth) within the prism: its least and greatest depth; at (2, 3) where.
    (1, -1) when there is none."""
    j = k + 1 if k < 2 else 0
    if (tri[j, 0], tri[j, 1], tri[j, 2]) < (tri[k, 0], tri[k, 1], tri[k, 2]):
        # from the same end whichever of its two faces it is seen in
        j, k = k, j
    begin, end = 0.0, 1.0
    for s in range(1, 4):
        one = _beyond(frame, s, tri[k, 0], tri[k, 1], tri[k, 2])
        two = _beyond(frame, s, tri[j, 0], tri[j, 1], tri[j, 2])
        if one > 0.0 and two > 0.0:
            return 1.0, -1.0
        if one > 0.0:
            begin = max(begin, one / (one - two))
        elif two > 0.0:
            end = min(end, one / (one - two))
    if begin > end:
        return 1.0, -1.0
    low, high = tri[k, 3] + begin * (tri[j, 3] - tri[k, 3]), tri[k, 3] + end * (tri[j, 3] - tri[k, 3])
    if low > high:
        low, high, begin, end = high, low, end, begin
    for c in range(3):
        at[0, c] = tri[k, c] + begin * (tri[j, c] - tri[k, c])
        at[1, c] = tri[k, c] + end * (tri[j, c] - tri[k, c])
    return low, high


@inlined
def _corner(
    twin: Int32s,
    units: Float64s,
    limits: Float64s,
    h: int,
    mine: int,
    its: int,
    frame: Float64s,
    tri: Float64s,
    k: int,
    at: Float64s,
    best: Float64s,
    row: int,
    partner: int,
) -> None:
    """A corner, where half-edge h begins, at row k of `tri`; told as of face `partner`."""
    px, py, pz, d = tri[k, 0], tri[k, 1], tri[k, 2], tri[k, 3]
    if d >= limits[0, mine, its] or d <= -limits[1, mine, its]:
        return
    if _beyond(frame, 1, px, py, pz) > 0.0 or _beyond(frame, 2, px, py, pz) > 0.0 or _beyond(frame, 3, px, py, pz) > 0.0:
        return
    if corner_holds(twin, units, h, -frame[0, 0], -frame[0, 1], -frame[0, 2]):
        at[0, 0], at[0, 1], at[0, 2] = px, py, pz
        at[1, 0], at[1, 1], at[1, 2] = px, py, pz
        _told(frame, limits, mine, its, best, row, d, d, at, partner)


@inlined
def ask_edge(
    lattice: Int32s,
    faces: Int32s,
    twin: Int32s,
    units: Float64s,
    roles: Int8s,
    limits: Float64s,
    g: int,
    h: int,
    frame: Float64s,
    tri: Float64s,
    at: Float64s,
    best: Float64s,
    row: int,
) -> None:
    """The same for a sharp edge and its ends, by its half-edge h. An edge of a letter's face and another is the letter's, and told so."""
    f, o = h // 3, twin[h] // 3
    mine, its = roles[g], max(roles[f], roles[o])
    partner = f if roles[f] == its else o
    a, b, c = faces[g, 0], faces[g, 1], faces[g, 2]
    i, j = faces[f, h % 3], faces[f, (h + 1) % 3]
    if (i in (a, b, c)) and (j in (a, b, c)):
        return
    for k in range(2):
        p = i if k == 0 else j
        x, y, z = lattice[p, 0] - frame[4, 0], lattice[p, 1] - frame[4, 1], lattice[p, 2] - frame[4, 2]
        tri[k, 0], tri[k, 1], tri[k, 2], tri[k, 3] = x, y, z, _depth(frame, x, y, z)
    if min(tri[0, 3], tri[1, 3]) >= limits[0, mine, its] or max(tri[0, 3], tri[1, 3]) <= -limits[1, mine, its]:
        return
    for s in range(1, 4):
        if (
            _beyond(frame, s, tri[0, 0], tri[0, 1], tri[0, 2]) > 0.0
            and _beyond(frame, s, tri[1, 0], tri[1, 1], tri[1, 2]) > 0.0
        ):
            return
    one, two = i in (a, b, c), j in (a, b, c)
    x, y, z = -frame[0, 0], -frame[0, 1], -frame[0, 2]
    if not (one or two) and arc_holds(units[f, 0], units[f, 1], units[f, 2], units[o, 0], units[o, 1], units[o, 2], x, y, z):
        for c in range(4):
            tri[2, c] = tri[0, c]
        low, high = _edge(frame, tri, 0, at)
        if low <= high:
            _told(frame, limits, mine, its, best, row, low, high, at, partner)
            return
    if not one:
        _corner(twin, units, limits, h, mine, its, frame, tri, 0, at, best, row, partner)
    if not two:
        _corner(twin, units, limits, h + 1 if h % 3 < 2 else h - 2, mine, its, frame, tri, 1, at, best, row, partner)


@inlined
def ask(
    lattice: Int32s,
    faces: Int32s,
    twin: Int32s,
    units: Float64s,
    corners: Float64s,
    roles: Int8s,
    limits: Float64s,
    g: int,
    f: int,
    frame: Float64s,
    poly: Float64s,
    at: Float64s,
    best: Float64s,
    row: int,
) -> None:
    """What of face f, its edges and corners, faces g and is within the limits: into the rows of `best` from `row` on."""
    mine, its = roles[g], roles[f]
    wall, gap = limits[0, mine, its], limits[1, mine, its]
    tri = poly[0]
    least, most = math.inf, -math.inf
    for k in range(3):
        i = faces[f, k]
        x, y, z = lattice[i, 0] - frame[4, 0], lattice[i, 1] - frame[4, 1], lattice[i, 2] - frame[4, 2]
        d = _depth(frame, x, y, z)
        tri[k, 0], tri[k, 1], tri[k, 2], tri[k, 3] = x, y, z, d
        least, most = min(least, d), max(most, d)
    if least >= wall or most <= -gap or (least >= 0.0 and most <= 0.0):
        return
    for s in range(1, 4):
        if (
            _beyond(frame, s, tri[0, 0], tri[0, 1], tri[0, 2]) > -_TOUCH
            and _beyond(frame, s, tri[1, 0], tri[1, 1], tri[1, 2]) > -_TOUCH
            and _beyond(frame, s, tri[2, 0], tri[2, 1], tri[2, 2]) > -_TOUCH
        ):
            return
    x, y, z = -frame[0, 0], -frame[0, 1], -frame[0, 2]
    a, b, c = faces[g, 0], faces[g, 1], faces[g, 2]
    shared = 0
    for k in range(3):
        i = faces[f, k]
        shared |= (1 << k) if i in (a, b, c) else 0
    for k in range(3):
        j = k + 1 if k < 2 else 0
        mate = twin[3 * f + k]
        o = mate // 3 if mate >= 0 else f
        if shared >> k & 1 or shared >> j & 1 or is_sharp(units, f, o):
            continue
        if arc_holds(units[f, 0], units[f, 1], units[f, 2], units[o, 0], units[o, 1], units[o, 2], x, y, z):
            low, high = _edge(frame, tri, k, at)
            if low <= high:
                _told(frame, limits, mine, its, best, row, low, high, at, f)
    for k in range(3):
        if not shared >> k & 1 and corners[faces[f, k], 4] == 0.0:
            _corner(twin, units, limits, 3 * f + k, mine, its, frame, tri, k, at, best, row, f)
    if shared == 0 and units[f, 0] * x + units[f, 1] * y + units[f, 2] * z >= TILT_COSINE:
        size = _clip(frame, poly, 3)
        if size:
            low, high = math.inf, -math.inf
            for i in range(size):
                d = poly[1, i, 3]
                if d < low or (d == low and (poly[1, i, 0], poly[1, i, 1], poly[1, i, 2]) < (at[0, 0], at[0, 1], at[0, 2])):
                    low = d
                    at[0, 0], at[0, 1], at[0, 2] = poly[1, i, 0], poly[1, i, 1], poly[1, i, 2]
                if d > high or (d == high and (poly[1, i, 0], poly[1, i, 1], poly[1, i, 2]) < (at[1, 0], at[1, 1], at[1, 2])):
                    high = d
                    at[1, 0], at[1, 1], at[1, 2] = poly[1, i, 0], poly[1, i, 1], poly[1, i, 2]
            _told(frame, limits, mine, its, best, row, low, high, at, f)
