"""The open edges of an oriented mesh, the plane they lie in, and what a new piece within them changes.

The edges are found without sorting: at a point on the border the neighbours out of it are not those into it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

Floats = npt.NDArray[np.float64]
Faces = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int32]


@inlined
def _mixed(v):  # type: ignore[no-untyped-def]
    """A number for point v that does not sum up with others': without it 1 + 4 would be 2 + 3. Below 2^60."""
    half = (v * 0x9E3779B1) & 0x3FFFFFFF
    return half * half + (v << 20)


def border(faces: Faces, count: int, points: int) -> Faces:
    """The half-edges (k, 2) that the surface faces[:count] lacks: b -> a for each a -> b of it that has no twin.

    They bound what closes the surface, counter-clockwise seen from outside. Order: by face, then corner.
    """
    found = np.empty((3 * count, 2), np.int32)
    return found[: open_edges(faces, count, points, found)].copy()


@kernel("int64(int32[:,::1], int64, int64, int32[:,::1])", writes=("found",))
def open_edges(faces: Faces, count: int, points: int, found: Faces) -> int:
    """The same into found (3 * count, 2); how many."""
    balance = np.zeros(points, np.int64)  # mixed neighbours out, less those in; whole numbers wrap, in any order
    for f in range(count):
        a, b, c = np.int64(faces[f, 0]), np.int64(faces[f, 1]), np.int64(faces[f, 2])
        p, q, r = _mixed(a), _mixed(b), _mixed(c)
        balance[a] += q - r
        balance[b] += r - p
        balance[c] += p - q
    total = 0
    tried = np.empty((3 * count, 2), np.int32)
    for f in range(count):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        x, y, z = balance[a] != 0, balance[b] != 0, balance[c] != 0
        if x and y:
            tried[total, 0], tried[total, 1] = a, b
            total += 1
        if y and z:
            tried[total, 0], tried[total, 1] = b, c
            total += 1
        if z and x:
            tried[total, 0], tried[total, 1] = c, a
            total += 1
    size = 16
    while size < 2 * total:
        size *= 2
    table = np.full(size, -1, np.int32)  # open addressing on (a, b)
    for n in range(total):
        slot = (np.int64(tried[n, 0]) * 73856093 ^ np.int64(tried[n, 1]) * 19349663) & (size - 1)
        while table[slot] >= 0:
            slot = (slot + 1) & (size - 1)
        table[slot] = n
    k = 0
    for e in range(total):
        a, b = tried[e, 1], tried[e, 0]
        slot = (np.int64(a) * 73856093 ^ np.int64(b) * 19349663) & (size - 1)
        while table[slot] >= 0 and not (tried[table[slot], 0] == a and tried[table[slot], 1] == b):
            slot = (slot + 1) & (size - 1)
        if table[slot] < 0:
            found[k, 0], found[k, 1] = a, b
            k += 1
    return k


@kernel("float64(float64[:,::1], int32[:,::1], float64[::1])", writes=("plane",))
def border_plane(points: Floats, rim: Faces, plane: Floats) -> float:
    """The farthest that an end of rim (k, 2) lies from the plane that is set: unit normal (3), a point of it (3).

    The normal is Newell's, right-handed round the edges; the point is the ends' mean. No area: infinity.
    """
    for k in range(6):
        plane[k] = 0.0
    count = rim.shape[0]
    if count == 0:
        return math.inf
    for e in range(count):
        for k in range(3):
            plane[3 + k] += points[rim[e, 0], k]
    for k in range(3):
        plane[3 + k] /= count
    for e in range(count):
        ax, ay, az = points[rim[e, 0], 0] - plane[3], points[rim[e, 0], 1] - plane[4], points[rim[e, 0], 2] - plane[5]
        bx, by, bz = points[rim[e, 1], 0] - plane[3], points[rim[e, 1], 1] - plane[4], points[rim[e, 1], 2] - plane[5]
        plane[0] += ay * bz - az * by
        plane[1] += az * bx - ax * bz
        plane[2] += ax * by - ay * bx
    length = math.sqrt(plane[0] * plane[0] + plane[1] * plane[1] + plane[2] * plane[2])
    if not (1e-12 < length < 1e18):
        return math.inf
    worst = 0.0
    for k in range(3):
        plane[k] /= length
    for e in range(count):
        away = 0.0
        for k in range(3):
            away += plane[k] * (points[rim[e, 0], k] - plane[3 + k])
        worst = max(worst, abs(away))
    return worst


@kernel("boolean(float64[:,::1], int32[:,::1], int64, int32[:,::1], float64[::1], float64, float64[::1])", writes=("box",))
def piece_box(seen: Floats, faces: Faces, first: int, rim: Faces, plane: Floats, near: float, box: Floats) -> bool:
    """box (4,) = y0, x0, y1, x1 of what faces[first:] change against the plain plane within rim; False when nothing.

    Where every face that touches the rim lies within `near` of the plane (unit normal, a
    point), only points off the rim count; else all that the faces use.
    """
    on_rim = np.zeros(seen.shape[0], np.uint8)
    for e in range(rim.shape[0]):
        on_rim[rim[e, 0]] = 1
        on_rim[rim[e, 1]] = 1
    flat = rim.shape[0] > 0
    for f in range(first, faces.shape[0]):
        if not flat:
            break
        if on_rim[faces[f, 0]] + on_rim[faces[f, 1]] + on_rim[faces[f, 2]] > 0:
            for k in range(3):
                away = 0.0
                for x in range(3):
                    away += plane[x] * (seen[faces[f, k], x] - plane[3 + x])
                if not (abs(away) <= near):
                    flat = False
    box[0] = box[1] = math.inf
    box[2] = box[3] = -math.inf
    for f in range(first, faces.shape[0]):
        for k in range(3):
            v = faces[f, k]
            if not (flat and on_rim[v] == 1):
                x, y = seen[v, 0], seen[v, 1]
                box[0], box[1] = min(box[0], y), min(box[1], x)
                box[2], box[3] = max(box[2], y), max(box[3], x)
    return bool(box[2] >= box[0] and box[3] >= box[1])


@kernel(
    "int64(int32[:,::1], int64, int64, int32[:,::1], int32[::1], int32[:,::1], int32[:,::1])", writes=("used", "own", "own_rim")
)
def renumber(faces: Faces, first: int, kept: int, rim: Faces, used: Numbers, own: Faces, own_rim: Faces) -> int:
    """Number the points of the new piece faces[first:] alone: n of the body's, which are returned in `used`, then its own.

    Point v >= kept becomes v - kept + n. used (kept,); own (m - first, 3) and own_rim like rim (k, 2): in the new numbers.
    """
    number = np.full(kept, -1, np.int32)
    n = 0
    for e in range(rim.shape[0]):
        for k in range(2):
            v = rim[e, k]
            if number[v] < 0:
                number[v] = n
                used[n] = v
                n += 1
            own_rim[e, k] = number[v]
    for f in range(first, faces.shape[0]):
        for k in range(3):
            v = faces[f, k]
            if v < kept and number[v] < 0:
                number[v] = n
                used[n] = v
                n += 1
    for f in range(first, faces.shape[0]):
        for k in range(3):
            v = faces[f, k]
            own[f - first, k] = number[v] if v < kept else v - kept + n
    return n
