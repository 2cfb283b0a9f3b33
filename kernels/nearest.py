"""How far points are from a surface of triangles: a binary tree of boxes, walked nearest first.

Boxes are float64 (2^(levels + 1) - 1, 6): min x, y, z, max x, y, z; node i has the children 2 i + 1 and 2 i + 2, and the last
2^levels nodes are leaves of LEAF faces each, in the order of `order`. A leaf without faces has a box that is infinitely far.
Distance of a point to a triangle after Ericson, "Real-Time Collision Detection" (2005), 5.1.5. float64, + - * / and sqrt alone.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]

LEAF = 8
DEEPEST = 40
"""Nodes that can wait: one for each level of the tree, and one more."""


def levels_for(faces: int) -> int:
    """Levels below the root of a tree of so many faces (at least 0)."""
    return max(0, math.ceil(math.log2(max(1.0, faces / LEAF))))


@inlined
def _spread(v: int) -> int:
    """10 bits to every third bit."""
    v = (v | v << 16) & 0x030000FF
    v = (v | v << 8) & 0x0300F00F
    v = (v | v << 4) & 0x030C30C3
    return (v | v << 2) & 0x09249249


@kernel("void(float64[:,::1], int32[:,::1], int64[::1])", writes=("codes",))
def morton(points: Floats, faces: Int32s, codes: npt.NDArray[np.int64]) -> None:
    """`codes` (m,): the place of each face's centre along the Morton curve of all centres' box, 10 bits an axis."""
    low = np.full(3, math.inf)
    high = np.full(3, -math.inf)
    for f in range(faces.shape[0]):
        for k in range(3):
            centre = points[faces[f, 0], k] + points[faces[f, 1], k] + points[faces[f, 2], k]
            low[k] = min(low[k], centre)
            high[k] = max(high[k], centre)
    for f in range(faces.shape[0]):
        code = 0
        for k in range(3):
            centre = points[faces[f, 0], k] + points[faces[f, 1], k] + points[faces[f, 2], k]
            size = high[k] - low[k]
            cell = int((centre - low[k]) / size * 1023.0) if size > 0.0 else 0
            code |= _spread(cell) << k
        codes[f] = code


@kernel("void(float64[:,::1], int32[:,::1], int64[::1], float64[:,::1])", writes=("boxes",))
def build(points: Floats, faces: Int32s, order: npt.NDArray[np.int64], boxes: Floats) -> None:
    """Fill `boxes` for faces in `order` (m,) (a sort of `morton`'s codes)."""
    nodes = boxes.shape[0]
    first_leaf = nodes // 2
    boxes[:, :3] = math.inf
    boxes[:, 3:] = -math.inf
    for at in range(order.shape[0]):
        leaf = first_leaf + at // LEAF
        for j in range(3):
            for k in range(3):
                x = points[faces[order[at], j], k]
                boxes[leaf, k] = min(boxes[leaf, k], x)
                boxes[leaf, 3 + k] = max(boxes[leaf, 3 + k], x)
    for node in range(first_leaf - 1, -1, -1):
        for k in range(3):
            boxes[node, k] = min(boxes[2 * node + 1, k], boxes[2 * node + 2, k])
            boxes[node, 3 + k] = max(boxes[2 * node + 1, 3 + k], boxes[2 * node + 2, 3 + k])


@inlined
def _to_box(boxes: Floats, node: int, x: float, y: float, z: float) -> float:
    """Squared distance to a box, 0 inside."""
    dx = max(boxes[node, 0] - x, 0.0, x - boxes[node, 3])
    dy = max(boxes[node, 1] - y, 0.0, y - boxes[node, 4])
    dz = max(boxes[node, 2] - z, 0.0, z - boxes[node, 5])
    return float(dx * dx + dy * dy + dz * dz)


@inlined
def _dot(a: tuple[float, float, float], b: tuple[float, float, float]) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@inlined
def _off(
    p: tuple[float, float, float], u: tuple[float, float, float], v: tuple[float, float, float], s: float, t: float
) -> float:
    """Squared length of p - s u - t v."""
    x = p[0] - s * u[0] - t * v[0]
    y = p[1] - s * u[1] - t * v[1]
    z = p[2] - s * u[2] - t * v[2]
    return x * x + y * y + z * z


@inlined
def _share(part: float, whole: float) -> float:
    """part / whole between 0 and 1; 0 where the side has no length."""
    return min(max(part / whole, 0.0), 1.0) if whole > 0.0 else 0.0


@inlined
def _to_triangle(points: Floats, a: int, b: int, c: int, x: float, y: float, z: float) -> float:
    """Squared distance of (x, y, z) to a triangle: to its inside where the foot lies in it, else to the nearest of its sides."""
    u = (points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2])
    v = (points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2])
    p = (x - points[a, 0], y - points[a, 1], z - points[a, 2])
    uu, uv, vv, pu, pv = _dot(u, u), _dot(u, v), _dot(v, v), _dot(p, u), _dot(p, v)
    area = uu * vv - uv * uv
    s, t = pu * vv - pv * uv, pv * uu - pu * uv
    if area > 0.0 and s >= 0.0 and t >= 0.0 and s + t <= area:
        return _off(p, u, v, s / area, t / area)
    along = _share(pu, uu)
    best = _off(p, u, v, along, 0.0)
    along = _share(pv, vv)
    best = min(best, _off(p, u, v, 0.0, along))
    along = _share(pv - pu - uv + uu, uu - 2.0 * uv + vv)
    return min(best, _off(p, u, v, 1.0 - along, along))


@kernel(
    "void(float64[:,::1], int32[:,::1], int64[::1], float64[:,::1], float64[:,::1], float64[::1])",
    writes=("distances",),
)
def measure(
    points: Floats, faces: Int32s, order: npt.NDArray[np.int64], boxes: Floats, places: Floats, distances: Floats
) -> None:
    """`distances` (n,): from each of `places` (n, 3) to the nearest triangle; infinite where there are no faces."""
    first_leaf = boxes.shape[0] // 2
    waiting = np.empty(DEEPEST, np.int64)
    for i in range(places.shape[0]):
        x, y, z = places[i, 0], places[i, 1], places[i, 2]
        best = math.inf
        waiting[0] = 0
        count = 1
        while count > 0:
            count -= 1
            node = waiting[count]
            if _to_box(boxes, node, x, y, z) >= best:
                continue
            if node >= first_leaf:
                begin = (node - first_leaf) * LEAF
                for at in range(begin, min(begin + LEAF, order.shape[0])):
                    f = order[at]
                    best = min(best, _to_triangle(points, faces[f, 0], faces[f, 1], faces[f, 2], x, y, z))
                continue
            left, right = 2 * node + 1, 2 * node + 2
            if _to_box(boxes, left, x, y, z) < _to_box(boxes, right, x, y, z):
                left, right = right, left
            waiting[count] = left
            waiting[count + 1] = right
            count += 2
        distances[i] = math.sqrt(best)


def distances(points: Floats, faces: Int32s, places: Floats) -> Floats:
    """Distance (n,) from each of `places` (n, 3) to the surface: points float64 (p, 3), faces int32 (m, 3), one unit of length."""
    codes = np.empty(len(faces), np.int64)
    morton(points, faces, codes)
    order = np.argsort(codes, kind="stable")
    boxes = np.empty((2 ** (levels_for(len(faces)) + 1) - 1, 6))
    build(points, faces, order, boxes)
    made = np.empty(len(places))
    measure(points, faces, order, boxes, np.ascontiguousarray(places), made)
    return made
