"""The nearest point of a surface of triangles, for many places: a tree eight boxes wide, right to float64's last digits.

Float32 lanes only leave out what is certainly farther; what is left is measured in float64. For a triangle they see a frame of its
own: the longest side along x from 0 to its length, the third corner above it, the normal along z. In it the place's distance is at
least that to the box around the triangle, and that to the lines along its other two sides: sums of products with unit vectors, so
what is rounded is bounded by the lengths alone, however thin the triangle is. SLACK covers it, and the boxes' rounding too.

In float64 the same frame, not normed: the foot of the place counts where it lies above the longest side and within the others,
else the nearest of the three sides. The normal is made square to the longest side once more, so its error is float64's times the
triangle's length, not times its length over its height. A triangle lower than FLAT times its length is its sides.

Of faces equally near (in float64) the lowest row counts, so the answer does not depend on the tree or on the other places.
Regions of a triangle after Ericson, "Real-Time Collision Detection" (2005), 5.1.5. + - * / and sqrt alone. O(log m) a place near a
surface, O(m) at the middle of a sphere.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.bvh import WIDTH
from kernels.compiled import inlined, kernel
from kernels.simd import Vector, bits, load, most, ordered, splat, store
from kernels.wide import ROWS, STACK, UNIT, Wide, curve, grown, push

Floats = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

FRAME = 18
"""Rows of a leaf: a corner, three unit vectors, length and height, and the other two sides' unit normals in the plane."""
SLACK = 128 * UNIT
"""Local, for places within the tree's box. With Q the largest coordinate of a place (at least 1) and u = UNIT: a difference of two
coordinates is off by 4 Q u, a product with a unit vector by at most 21 Q u (difference, vector, products, sums), one with two such by
42 Q u, so a distance by 47 Q u and a relative 4 u of at most 3.5 Q: below 64 Q u, and below half of this."""
FLAT = 2.0**-46
FARTHEST = 1e18
"""Local: places farther away are asked as if they were here, where every box is nearer than the truth."""

MOST = 3e38
"""A square that float32 has, and above that of any place asked from."""


class Nearest(NamedTuple):
    """For each place: `distances` (n,), `faces` (n,) rows, -1 where there is none, `points` (n, 3) of the surface, NaN likewise."""

    distances: Float64s
    faces: Int32s
    points: Float64s


@inlined
def _cross(a: tuple[float, float, float], b: tuple[float, float, float]) -> tuple[float, float, float]:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@inlined
def _dot(a: tuple[float, float, float], b: tuple[float, float, float]) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@inlined
def _side(points: Float64s, i: int, j: int) -> tuple[float, float, float]:
    return points[j, 0] - points[i, 0], points[j, 1] - points[i, 1], points[j, 2] - points[i, 2]


@inlined
def _scaled(points: Float64s, i: int, j: int, scale: float) -> tuple[float, float, float]:
    return scale * (points[j, 0] - points[i, 0]), scale * (points[j, 1] - points[i, 1]), scale * (points[j, 2] - points[i, 2])


@inlined
def _longest_first(points: Float64s, faces: Int32s, f: int) -> tuple[int, int, int]:
    """The corners of f, turned so that the side from the first to the second is the longest; of equals the first of them."""
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    ab, bc, ca = _side(points, a, b), _side(points, b, c), _side(points, c, a)
    one, two, three = _dot(ab, ab), _dot(bc, bc), _dot(ca, ca)
    if two > one and two >= three:
        return b, c, a
    if three > one:
        return c, a, b
    return a, b, c


@inlined
def _normal(w: tuple[float, float, float], v: tuple[float, float, float], ww: float) -> tuple[float, float, float]:
    """w x v, made square to w (ww: its square, above 0) once more."""
    n = _cross(w, v)
    t = _dot(n, w) / ww
    return n[0] - t * w[0], n[1] - t * w[1], n[2] - t * w[2]


@kernel(
    "void(float64[:,::1], int32[:,::1], int32[::1], float64[::1], float32[:,::1])",
    writes=("lanes",),
)
def pack(points: Float64s, faces: Int32s, order: Int32s, frame: Float64s, lanes: Floats) -> None:
    """lanes (leaves * FRAME, 8): each leaf's eight triangles in frames of their own, local; the last face fills the last leaf."""
    scale = frame[3]
    for slot in range(lanes.shape[0] // FRAME * WIDTH):
        a, b, c = _longest_first(points, faces, order[min(slot, order.shape[0] - 1)])
        row, lane = FRAME * (slot // WIDTH), slot % WIDTH
        w, v, e = _scaled(points, a, b, scale), _scaled(points, a, c, scale), _scaled(points, b, c, scale)
        ww = _dot(w, w)
        length = math.sqrt(ww)
        x, y, z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
        high = 0.0
        if length > 0.0:
            x = (w[0] / length, w[1] / length, w[2] / length)
            z = _normal(w, v, ww)
            high = math.sqrt(_dot(z, z))
            if high <= FLAT * ww:
                # no plane is its own: any that holds the side, and nothing beside it
                z = _cross(x, (0.0, 1.0, 0.0) if abs(x[0]) > 0.6 else (1.0, 0.0, 0.0))
                high = 0.0
            size = math.sqrt(_dot(z, z))
            z = (z[0] / size, z[1] / size, z[2] / size)
            y = _cross(z, x)
        for k in range(3):
            lanes[row + k, lane] = (points[a, k] - frame[k]) * scale
            lanes[row + 3 + k, lane] = x[k]
            lanes[row + 6 + k, lane] = y[k]
            lanes[row + 9 + k, lane] = z[k]
        lanes[row + 12, lane] = length
        lanes[row + 13, lane] = _dot(v, y)
        for k in range(14, FRAME):
            lanes[row + k, lane] = 0.0
        if high > 0.0:
            foot, rise, back, up = _dot(v, x), _dot(v, y), _dot(e, x), _dot(e, y)
            one, two = math.sqrt(foot * foot + rise * rise), math.sqrt(back * back + up * up)
            lanes[row + 14, lane], lanes[row + 15, lane] = -rise / one, foot / one
            lanes[row + 16, lane], lanes[row + 17, lane] = up / two, -back / two


@inlined
def _closest(points: Float64s, faces: Int32s, f: int, x: float, y: float, z: float) -> tuple[float, float, float, float]:
    """Squared distance of (x, y, z) to face f, and its nearest point."""
    a, b, c = _longest_first(points, faces, f)
    w, v, e = _side(points, a, b), _side(points, a, c), _side(points, b, c)
    p = (x - points[a, 0], y - points[a, 1], z - points[a, 2])
    q = (x - points[b, 0], y - points[b, 1], z - points[b, 2])
    ww, along = _dot(w, w), _dot(w, p)
    if 0.0 <= along <= ww and ww > 0.0:
        n = _normal(w, v, ww)
        nn = _dot(n, n)
        if (
            nn > (FLAT * ww) * (FLAT * ww)
            and _dot(n, _cross(w, p)) >= 0.0
            and _dot(n, _cross(p, v)) >= 0.0
            and _dot(n, _cross(e, q)) >= 0.0
        ):
            h = _dot(p, n)
            t = h / nn
            return h * t, x - t * n[0], y - t * n[1], z - t * n[2]
    best, mx, my, mz = _on_side(points, a, w, ww, along, x, y, z)
    d, sx, sy, sz = _on_side(points, a, v, _dot(v, v), _dot(v, p), x, y, z)
    if d < best:
        best, mx, my, mz = d, sx, sy, sz
    d, sx, sy, sz = _on_side(points, b, e, _dot(e, e), _dot(e, q), x, y, z)
    if d < best:
        best, mx, my, mz = d, sx, sy, sz
    return best, mx, my, mz


@inlined
def _on_side(
    points: Float64s, a: int, side: tuple[float, float, float], whole: float, along: float, x: float, y: float, z: float
) -> tuple[float, float, float, float]:
    """Squared distance to the side from point a, and its nearest point; whole: its squared length, 0 where it has none."""
    t = min(max(along / whole, 0.0), 1.0) if whole > 0.0 else 0.0
    sx, sy, sz = points[a, 0] + t * side[0], points[a, 1] + t * side[1], points[a, 2] + t * side[2]
    return (x - sx) * (x - sx) + (y - sy) * (y - sy) + (z - sz) * (z - sz), sx, sy, sz


@inlined
def _limit(square: float, scale: float, slack: float) -> np.float32:
    """The local square, in float32, above which nothing can be nearer than the root of `square`."""
    reach = (math.sqrt(square) * scale + slack) * (1.0 + 16.0 * UNIT)
    return np.float32(min(reach * reach * (1.0 + 16.0 * UNIT), MOST))


@kernel(
    "void(float64[:,::1], int32[:,::1], int32[::1], int64[::1], float64[::1], float32[:,::1], float32[:,::1], float64[:,::1], "
    "int32[::1], float64[::1], int32[::1], float64[:,::1], int64[::1], int32[:,::1])",
    writes=("distances", "rows", "feet", "stack", "nearness"),
)
def measure(
    points: Float64s,
    faces: Int32s,
    order: Int32s,
    levels: Int64s,
    frame: Float64s,
    boxes: Floats,
    lanes: Floats,
    places: Float64s,
    turns: Int32s,
    distances: Float64s,
    rows: Int32s,
    feet: Float64s,
    stack: Int64s,
    nearness: Int32s,
) -> None:
    """Distance (n,), face (n,) and nearest point (n, 3) of each of `places` (n, 3), asked in the order of `turns` (n,).

    The tree is that of `kernels.wide`, lanes of `pack`. Where there is no face, or a place is not finite: infinitely far, -1, NaN.
    Workspace: stack (STACK,), nearness (2, 8).
    Each place begins with how far it is from the nearest point of the one before: turns that run along the surface are four times as
    fast as any others (`wide.curve`), the answers are the same.
    """
    scale = frame[3]
    zero = splat(np.float32(0.0))
    last = -1
    for i in turns:
        x, y, z = places[i, 0], places[i, 1], places[i, 2]
        distances[i], rows[i] = math.inf, -1
        feet[i, 0] = feet[i, 1] = feet[i, 2] = math.nan
        if order.shape[0] == 0 or not (math.isfinite(x) and math.isfinite(y) and math.isfinite(z)):
            continue
        lx = min(max((x - frame[0]) * scale, -FARTHEST), FARTHEST)
        ly = min(max((y - frame[1]) * scale, -FARTHEST), FARTHEST)
        lz = min(max((z - frame[2]) * scale, -FARTHEST), FARTHEST)
        slack = SLACK * max(1.0, max(abs(lx), max(abs(ly), abs(lz))))
        px, py, pz = splat(np.float32(lx)), splat(np.float32(ly)), splat(np.float32(lz))
        best, face = math.inf, -1
        limit = np.float32(math.inf)
        if last >= 0:
            dx, dy, dz = x - feet[last, 0], y - feet[last, 1], z - feet[last, 2]
            limit = _limit(dx * dx + dy * dy + dz * dz, scale, slack)
        store(nearness, 1, 0, ordered(splat(limit)))
        stack[0] = (levels.shape[0] - 2) << 28
        top = 1
        while top:
            top -= 1
            entry = stack[top]
            if entry >> 32 > nearness[1, 0]:
                continue
            level, node = entry >> 28 & 15, entry & 0xFFFFFFF
            if level > 0:
                row = ROWS * ((levels[level] - levels[1]) // WIDTH + node)
                dx = most(most(load(boxes, row, 0) - px, px - load(boxes, row + 3, 0)), zero)
                dy = most(most(load(boxes, row + 1, 0) - py, py - load(boxes, row + 4, 0)), zero)
                dz = most(most(load(boxes, row + 2, 0) - pz, pz - load(boxes, row + 5, 0)), zero)
                away = dx * dx + dy * dy + dz * dz
                hits = bits(away < splat(limit))
                store(nearness, 0, 0, ordered(away))
                top = push(stack, top, nearness, hits, (level - 1) << 28 | WIDTH * node)
                continue
            away = _at_least(lanes, FRAME * node, px, py, pz)
            hits = bits(away < splat(limit))
            if hits == 0:
                continue
            store(nearness, 0, 0, ordered(away))
            first = push(stack, top, nearness, hits, 0)
            while first > top:
                first -= 1
                if stack[first] >> 32 > nearness[1, 0]:
                    break
                f = order[min(WIDTH * node + (stack[first] & 7), order.shape[0] - 1)]
                square, _, _, _ = _closest(points, faces, f, x, y, z)
                if square < best or (square == best and f < face):
                    face = f
                    if square < best:
                        best = square
                        limit = min(limit, _limit(best, scale, slack))
                        store(nearness, 1, 0, ordered(splat(limit)))
        square, feet[i, 0], feet[i, 1], feet[i, 2] = _closest(points, faces, face, x, y, z)
        distances[i], rows[i] = math.sqrt(square), face
        last = i


@inlined
def _at_least(lanes: Floats, row: int, px: Vector, py: Vector, pz: Vector) -> Vector:
    """Squared local distance of a place to the eight triangles of a leaf: no more than it is, but for SLACK."""
    zero = splat(np.float32(0.0))
    rx, ry, rz = px - load(lanes, row, 0), py - load(lanes, row + 1, 0), pz - load(lanes, row + 2, 0)
    x = rx * load(lanes, row + 3, 0) + ry * load(lanes, row + 4, 0) + rz * load(lanes, row + 5, 0)
    y = rx * load(lanes, row + 6, 0) + ry * load(lanes, row + 7, 0) + rz * load(lanes, row + 8, 0)
    z = rx * load(lanes, row + 9, 0) + ry * load(lanes, row + 10, 0) + rz * load(lanes, row + 11, 0)
    beyond = x - load(lanes, row + 12, 0)
    dx = most(most(zero - x, beyond), zero)
    dy = most(most(zero - y, y - load(lanes, row + 13, 0)), zero)
    left = x * load(lanes, row + 14, 0) + y * load(lanes, row + 15, 0)
    right = beyond * load(lanes, row + 16, 0) + y * load(lanes, row + 17, 0)
    beside = most(most(left, right), zero)
    return z * z + most(dx * dx + dy * dy, beside * beside)


def lanes_of(points: Float64s, faces: Int32s, tree: Wide) -> Floats:
    """What `measure` reads of a tree's triangles."""
    lanes = np.empty((-(-len(tree.order) // WIDTH) * FRAME, WIDTH), np.float32)
    pack(points, faces, tree.order, tree.frame, lanes)
    return lanes


def find(points: Float64s, faces: Int32s, tree: Wide, lanes: Floats, places: Float64s) -> Nearest:
    """The nearest point of a surface whose tree is there, for each of `places` (n, 3)."""
    n, places = len(places), np.ascontiguousarray(places)
    told = Nearest(np.empty(n), np.empty(n, np.int32), np.empty((n, 3)))
    stack, nearness = np.empty(STACK, np.int64), np.empty((2, WIDTH), np.int32)
    measure(points, faces, *tree, lanes, places, curve(places, tree.frame), *told, stack, nearness)
    return told


def distances(points: Float64s, faces: Int32s, places: Float64s) -> Float64s:
    """Distance (n,) from each of `places` (n, 3) to the surface: points float64 (p, 3), faces int32 (m, 3), one unit of length."""
    tree = grown(points, faces)
    return find(points, faces, tree, lanes_of(points, faces, tree), places).distances
