"""How a part prints in each of many directions: overhang, footprint and height, without asking every face for each of them.

The faces' area vectors are summed in SIDE x SIDE bins of the octahedral map of their normals (Cigolle and others 2014, "A Survey of
Efficient Representations for Independent Unit Vectors"; the sums are an extended Gaussian image, Horn 1984), and a direction
sums bins. Sums of vectors are exact for every bin that lies on one side of the limit, so a figure errs by no more than the faces
whose normals lie within REACH of that limit: a plane alone in its bin is judged as its faces are. Heights are exact: points are
sorted into cells, and a direction asks only those that may hold its farthest point.

Directions come as axes: each stands for itself (up) and for its opposite. Lengths in lattice steps, areas in steps^2, float64 but
for the sums over bins (float32: 1e-5 of the area). O(m + axes * SIDE^2) and O(n + axes * cells). Workspaces are the caller's.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.portable import cos, sin
from kernels.simd import bits, load, lowest_bit, splat

Floats = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]

SIDE = 64
BINS = SIDE * SIDE
REACH = 0.133
"""Radians: how far the normals of two faces in one bin lie apart at most."""
AXES = 1000
CELLS = 8
"""Cells along the longest side of the part, at least; twice as many at most."""
TABLE = (2 * CELLS) ** 3
BLOCK = 256
"""Axes that are scored together: their sums stay in the nearest cache."""
NEIGHBOURS = (13, 21, 34, 55)
"""Axes so many rows apart lie close together on `spiral`: what one found is where the next begins."""
OVERHANG, FOOTPRINT, HEIGHT, CONTACT = range(4)
_TURN = 2.399963229728653  # the golden angle, radians
_LOOSE = 1e-6  # of the part's size: more than float32 loses in a product with a direction


@kernel("void(float64[:,::1])", writes=("axes",))
def spiral(axes: Float64s) -> None:
    """axes (k, 3): unit vectors spread evenly over the upper half of the sphere (Fibonacci's spiral; Swinbank and Purser 2006)."""
    for i in range(axes.shape[0]):
        z = (i + 0.5) / axes.shape[0]
        flat = math.sqrt(1.0 - z * z)
        axes[i, 0], axes[i, 1], axes[i, 2] = flat * cos(i * _TURN), flat * sin(i * _TURN), z


@inlined
def _area(lattice: Int32s, faces: Int32s, f: int) -> tuple[float, float, float]:
    """Twice the area of face f along its normal."""
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    ax, ay, az = float(lattice[a, 0]), float(lattice[a, 1]), float(lattice[a, 2])
    ux, uy, uz = float(lattice[b, 0]) - ax, float(lattice[b, 1]) - ay, float(lattice[b, 2]) - az
    vx, vy, vz = float(lattice[c, 0]) - ax, float(lattice[c, 1]) - ay, float(lattice[c, 2]) - az
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx


@inlined
def octahedral(x: float, y: float, z: float) -> int:
    """The bin of a direction of any length but 0."""
    scale = 1.0 / (abs(x) + abs(y) + abs(z))
    u, v = x * scale, y * scale
    if z < 0.0:
        u, v = math.copysign(1.0 - abs(v), x), math.copysign(1.0 - abs(u), y)
    i = min(int((u + 1.0) * (0.5 * SIDE)), SIDE - 1)
    j = min(int((v + 1.0) * (0.5 * SIDE)), SIDE - 1)
    return SIDE * i + j


@kernel("int64(int32[:,::1], int32[:,::1], float64[:,::1], float32[:,::1])", writes=("sums", "packed"))
def gather(lattice: Int32s, faces: Int32s, sums: Float64s, packed: Floats) -> int:
    """Sum area vectors by bin; returns how many bins have some.

    lattice (n, 3), faces (m, 3), every index in range. Out: sums (BINS, 3), steps^2; packed (4, BINS): x, y, z and length of those
    of the bins that have some, in order of the bins.
    """
    sums[:] = 0.0
    for f in range(faces.shape[0]):
        x, y, z = _area(lattice, faces, f)
        if x == 0.0 and y == 0.0 and z == 0.0:
            continue
        at = octahedral(x, y, z)
        sums[at, 0] += 0.5 * x
        sums[at, 1] += 0.5 * y
        sums[at, 2] += 0.5 * z
    count = 0
    for at in range(BINS):
        x, y, z = sums[at, 0], sums[at, 1], sums[at, 2]
        if x != 0.0 or y != 0.0 or z != 0.0:
            packed[0, count], packed[1, count], packed[2, count] = x, y, z
            packed[3, count] = math.sqrt(x * x + y * y + z * z)
            count += 1
    return count


@kernel("void(float32[:,::1], int64, float64[:,::1], float32, float32[:,::1], float64[:,::1])", writes=("work", "scores"))
def score(packed: Floats, count: int, axes: Float64s, cosine: np.float32, work: Floats, scores: Float64s) -> None:
    """Overhang and footprint of each axis and its opposite, from the first `count` bins.

    cosine: of the steepest overhang that still prints, from straight down (45 degrees: sqrt(1 / 2)). scores (2 k, 3): rows of the
    axes, then of their opposites; columns OVERHANG: what looks down more steeply, seen from below (steps^2; what lies on the bed
    counts: `judge` takes it off); FOOTPRINT: what looks down at all, seen from below. That is the shadow of a convex part; where
    one arm stands over another both count. Workspace: work (7, BLOCK).
    """
    for first in range(0, axes.shape[0], BLOCK):
        many = min(BLOCK, axes.shape[0] - first)
        x, y, z, up, down, high, low = work[0], work[1], work[2], work[3], work[4], work[5], work[6]
        for j in range(many):
            x[j], y[j], z[j] = axes[first + j, 0], axes[first + j, 1], axes[first + j, 2]
            up[j] = down[j] = high[j] = low[j] = np.float32(0.0)
        for b in range(count):
            nx, ny, nz, edge = packed[0, b], packed[1, b], packed[2, b], cosine * packed[3, b]
            for j in range(many):
                t = nx * x[j] + ny * y[j] + nz * z[j]
                down[j] += max(-t, np.float32(0.0))
                up[j] += max(t, np.float32(0.0))
                low[j] += -t if -t > edge else np.float32(0.0)
                high[j] += t if t > edge else np.float32(0.0)
        for j in range(many):
            scores[first + j, OVERHANG], scores[first + j, FOOTPRINT] = low[j], down[j]
            other = axes.shape[0] + first + j
            scores[other, OVERHANG], scores[other, FOOTPRINT] = high[j], up[j]


@kernel(
    "int64(int32[:,::1], int32[::1], int64[::1], int32[::1], float32[:,::1], int32[::1], float32[:,::1])",
    writes=("starts", "box", "rows", "places", "begins", "cells"),
)
def sort_points(
    lattice: Int32s, starts: Int32s, box: npt.NDArray[np.int64], rows: Int32s, places: Floats, begins: Int32s, cells: Floats
) -> int:
    """Points by cells; returns how many cells have some (at most n).

    Out: rows (n,) of the lattice by cells; places (3, n + 8): the points in that order, from the middle of `box`; begins (n + 1,)
    where each cell's begin; cells (6, n + 8): min and max of each, as places; what is past the last cell meets nothing.
    Workspace: starts (TABLE + 1,), box (6,).
    """
    n = lattice.shape[0]
    for c in range(3):
        box[c], box[c + 3] = lattice[0, c], lattice[0, c]
    for i in range(n):
        for c in range(3):
            box[c], box[c + 3] = min(box[c], np.int64(lattice[i, c])), max(box[c + 3], np.int64(lattice[i, c]))
    extent, shift = max(max(box[3] - box[0], box[4] - box[1]), box[5] - box[2]), 0
    while extent >> shift >= 2 * CELLS:
        shift += 1
    starts[:] = 0
    for i in range(n):
        starts[1 + _cell(lattice, i, box, shift)] += 1
    count = 0
    for cell in range(TABLE):
        if starts[cell + 1]:
            begins[count] = starts[cell]
            count += 1
        starts[cell + 1] += starts[cell]
    begins[count] = n
    for i in range(n):
        cell = _cell(lattice, i, box, shift)
        rows[starts[cell]] = i
        starts[cell] += 1
    for c in range(3):
        middle = (box[c] + box[c + 3]) // 2
        for k in range(n):
            places[c, k] = np.float32(lattice[rows[k], c] - middle)
        for k in range(n, n + 8):
            places[c, k] = places[c, n - 1]
        for k in range(count):
            least = most = places[c, begins[k]]
            for at in range(begins[k] + 1, begins[k + 1]):
                least, most = min(least, places[c, at]), max(most, places[c, at])
            cells[c, k], cells[c + 3, k] = least, most
        for k in range(count, count + 8):
            cells[c, k], cells[c + 3, k] = cells[c, count - 1], cells[c + 3, count - 1]
    return count


@inlined
def _cell(lattice: Int32s, i: int, box: npt.NDArray[np.int64], shift: int) -> int:
    """The cell of point i in the table."""
    x, y, z = (lattice[i, 0] - box[0]) >> shift, (lattice[i, 1] - box[1]) >> shift, (lattice[i, 2] - box[2]) >> shift
    return int((x * 2 * CELLS + y) * 2 * CELLS + z)


@inlined
def _along(lattice: Int32s, i: int, x: float, y: float, z: float) -> float:
    return float(lattice[i, 0]) * x + float(lattice[i, 1]) * y + float(lattice[i, 2]) * z


@inlined
def _farthest(
    lattice: Int32s,
    box: npt.NDArray[np.int64],
    rows: Int32s,
    places: Floats,
    begins: Int32s,
    cells: Floats,
    count: int,
    x: float,
    y: float,
    z: float,
    best: int,
) -> int:
    """The row that lies farthest along (x, y, z); `best`: a row to begin with."""
    far = _along(lattice, best, x, y, z)
    middle = 0.5 * (float(box[0] + box[3]) * x + float(box[1] + box[4]) * y + float(box[2] + box[5]) * z)
    loose = 2.0 + _LOOSE * float(max(max(box[3] - box[0], box[4] - box[1]), box[5] - box[2]))
    dx, dy, dz = splat(np.float32(x)), splat(np.float32(y)), splat(np.float32(z))
    sx, sy, sz = 3 if x > 0.0 else 0, 4 if y > 0.0 else 1, 5 if z > 0.0 else 2
    beyond = splat(np.float32(far - middle - loose))
    for first in range(0, count, 8):
        hits = bits(load(cells, sx, first) * dx + load(cells, sy, first) * dy + load(cells, sz, first) * dz > beyond)
        while hits:
            cell = first + lowest_bit(hits)
            hits &= hits - 1
            if cell >= count:
                continue
            for at in range(begins[cell], begins[cell + 1], 8):
                near = bits(load(places, 0, at) * dx + load(places, 1, at) * dy + load(places, 2, at) * dz > beyond)
                while near:
                    row = rows[min(at + lowest_bit(near), rows.shape[0] - 1)]
                    near &= near - 1
                    told = _along(lattice, row, x, y, z)
                    if told > far:
                        best, far = row, told
                        beyond = splat(np.float32(far - middle - loose))
    return best


@kernel(
    "void(int32[:,::1], int64[::1], int32[::1], float32[:,::1], int32[::1], float32[:,::1], int64, float64[:,::1], int32[:,::1], "
    "float64[:,::1])",
    writes=("ends", "scores"),
)
def heights(
    lattice: Int32s,
    box: npt.NDArray[np.int64],
    rows: Int32s,
    places: Floats,
    begins: Int32s,
    cells: Floats,
    count: int,
    axes: Float64s,
    ends: Int32s,
    scores: Float64s,
) -> None:
    """Column HEIGHT of scores (2 k, 3): how far the points reach along each axis, steps; what `sort_points` made is read.

    ends (k, 2): rows of the points that lie farthest up and down each axis.
    """
    for j in range(axes.shape[0]):
        x, y, z = axes[j, 0], axes[j, 1], axes[j, 2]
        top = bottom = 0
        for back in NEIGHBOURS:
            if back <= j:
                one, two = ends[j - back, 0], ends[j - back, 1]
                top = one if _along(lattice, one, x, y, z) > _along(lattice, top, x, y, z) else top
                bottom = two if _along(lattice, two, x, y, z) < _along(lattice, bottom, x, y, z) else bottom
        top = _farthest(lattice, box, rows, places, begins, cells, count, x, y, z, top)
        bottom = _farthest(lattice, box, rows, places, begins, cells, count, -x, -y, -z, bottom)
        ends[j, 0], ends[j, 1] = top, bottom
        height = _along(lattice, top, x, y, z) - _along(lattice, bottom, x, y, z)
        scores[j, HEIGHT] = scores[axes.shape[0] + j, HEIGHT] = height


@kernel("void(int32[:,::1], int32[:,::1], float64[::1], float64, float64, float64[::1])", writes=("figures",))
def judge(lattice: Int32s, faces: Int32s, up: Float64s, cosine: float, bed: float, figures: Float64s) -> None:
    """figures (4,) of one direction, `up` of length 1, face by face: CONTACT, what lies on the bed (all three corners at most
    `bed` steps above the lowest point), seen from below; OVERHANG without that; FOOTPRINT; HEIGHT."""
    x, y, z = up[0], up[1], up[2]
    low, high = math.inf, -math.inf
    for i in range(lattice.shape[0]):
        t = _along(lattice, i, x, y, z)
        low, high = min(low, t), max(high, t)
    figures[:] = 0.0
    figures[HEIGHT] = high - low
    for f in range(faces.shape[0]):
        nx, ny, nz = _area(lattice, faces, f)
        down = -(nx * x + ny * y + nz * z)
        if down <= 0.0:
            continue
        figures[FOOTPRINT] += 0.5 * down
        if down > cosine * math.sqrt(nx * nx + ny * ny + nz * nz):
            top = _along(lattice, faces[f, 0], x, y, z)
            top = max(max(top, _along(lattice, faces[f, 1], x, y, z)), _along(lattice, faces[f, 2], x, y, z))
            figures[CONTACT if top <= low + bed else OVERHANG] += 0.5 * down


def scores(lattice: Int32s, faces: Int32s, axes: Float64s, cosine: float) -> Float64s:
    """OVERHANG, FOOTPRINT and HEIGHT (2 k, 3) of the directions `axes` (k, 3) and of their opposites; at least one point."""
    return _scored(lattice, faces, axes, cosine)[0]


def _scored(lattice: Int32s, faces: Int32s, axes: Float64s, cosine: float) -> tuple[Float64s, Floats]:
    """The scores, and the bins that have some area."""
    n, k = len(lattice), len(axes)
    if n == 0:
        raise ValueError("nothing to orient: no points")
    packed, made = np.empty((4, BINS), np.float32), np.empty((2 * k, 3))
    count = gather(lattice, faces, np.empty((BINS, 3)), packed)
    score(packed, count, axes, np.float32(cosine), np.empty((7, BLOCK), np.float32), made)
    box, rows, begins = np.empty(6, np.int64), np.empty(n, np.int32), np.empty(n + 1, np.int32)
    places, cells = np.empty((3, n + 8), np.float32), np.empty((6, n + 8), np.float32)
    filled = sort_points(lattice, np.empty(TABLE + 1, np.int32), box, rows, places, begins, cells)
    heights(lattice, box, rows, places, begins, cells, filled, axes, np.empty((k, 2), np.int32), made)
    return made, packed[:, :count]


def best(
    lattice: Int32s, faces: Int32s, weights: tuple[float, float, float], cosine: float, bed: float, tried: int = 16
) -> tuple[Float64s, Float64s]:
    """The direction (3,) that is to point up, and its figures (4,) by `judge`: the least sum of overhang, footprint and height
    (steps^2, steps^2, steps) times `weights`.

    Judged face by face are the `tried` directions of `spiral` that the bins find cheapest, and as many that lay the part on one of
    its largest faces: only there has it contact.
    """
    axes = np.empty((AXES, 3))
    spiral(axes)
    made, packed = _scored(lattice, faces, axes, cosine)
    cheap = np.argsort(_cost(made, weights), kind="stable")[:tried]
    large = np.argsort(-packed[3], kind="stable")[:tried]
    flat = -packed[:3, large].T.astype(np.float64)
    flat /= np.sqrt(flat[:, 0] ** 2 + flat[:, 1] ** 2 + flat[:, 2] ** 2)[:, None]
    candidates = np.ascontiguousarray(np.concatenate([np.concatenate([axes, -axes])[cheap], flat]))
    figures = np.empty((len(candidates), 4))
    for up, told in zip(candidates, figures, strict=True):
        judge(lattice, faces, up, cosine, bed, told)
    first = int(np.argmin(_cost(figures, weights)))
    return candidates[first], figures[first]


def _cost(figures: Float64s, weights: tuple[float, float, float]) -> Float64s:
    return figures[:, OVERHANG] * weights[0] + figures[:, FOOTPRINT] * weights[1] + figures[:, HEIGHT] * weights[2]
