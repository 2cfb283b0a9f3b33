"""How a scan is to be moved so that it lies on a surface: closest points, and the distance to their planes made least.

Chen and Medioni 1992 ("Object modelling by registration of multiple range images"): each point of the scan has the nearest point of
the surface (`kernels.nearest`) and the plane of its face; the small motion that makes the squares of the distances to the planes
least is the solution of six normal equations (sums in fixed order, Cholesky by hand), and is applied as a rotation proper: a unit
quaternion by `kernels.portable`. The worst share of the points is left out each time (Chetverikov and others 2005, "Robust Euclidean
alignment", trimmed ICP). Where the surface fits, steps shrink quadratically.

It finds the nearest fit, not the best: begin within some 20 degrees and a tenth of the size. A motion that the surface does not
fix (of a ball, a cylinder) is no error: what is not fixed is left as it is. O(n log m) a round. One unit of length throughout, mm as
a rule.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels import nearest
from kernels.compiled import inlined, kernel
from kernels.portable import cos, sin
from kernels.wide import Wide, grown

Float64s = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]

SUMS = 29
"""21 of the upper triangle, row by row, 6 of the right side, the weighted squares, the weights."""
_SQUARES, _WEIGHTS = 27, 28
_LOOSE = 1e-9
"""Of the largest pivot: below this share a motion is not fixed by the surface."""
ROUNDS = 60
THIN, FEW = 8, 500
"""The first rounds ask one point in THIN, where that leaves FEW and more."""
MOVING = 1e-3
"""Of the scan's size: steps shorter than this end the first rounds."""
NOISE, PATIENCE = 1e-2, 4
"""Steps below NOISE times `within` that have not halved for PATIENCE rounds are noise: points change faces to and fro."""


class Surface(NamedTuple):
    """points (p, 3), faces (m, 3), their tree and its lanes (`nearest.lanes_of`)."""

    points: Float64s
    faces: Int32s
    tree: Wide
    lanes: npt.NDArray[np.float32]


class Registered(NamedTuple):
    """Move x to rotation x + shift: rotation (3, 3) a proper rotation, orthonormal to rounding, shift (3,).

    error: root of the mean square of the kept points' distances to their planes; far: the largest of their distances to the surface.
    converged: the last step moved no point by more than the tolerance (or than noise), and far is within what was asked for.
    """

    rotation: Float64s
    shift: Float64s
    error: float
    far: float
    rounds: int
    converged: bool


@kernel("void(float64[:,::1], float64[::1], float64[:,::1])", writes=("moved",))
def move(places: Float64s, motion: Float64s, moved: Float64s) -> None:
    """moved (n, 3) = R places + t; motion (7,): a unit quaternion w, x, y, z and t."""
    w, x, y, z = motion[0], motion[1], motion[2], motion[3]
    a, b, c = 1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)
    d, e, f = 2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)
    g, h, k = 2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)
    for i in range(places.shape[0]):
        px, py, pz = places[i, 0], places[i, 1], places[i, 2]
        moved[i, 0] = a * px + b * py + c * pz + motion[4]
        moved[i, 1] = d * px + e * py + f * pz + motion[5]
        moved[i, 2] = g * px + h * py + k * pz + motion[6]


@kernel("void(float64[:,::1], int32[:,::1], int32[::1], float64[:,::1])", writes=("normals",))
def planes(points: Float64s, faces: Int32s, rows: Int32s, normals: Float64s) -> None:
    """normals (n, 3), unit, of the faces `rows` (n,); 0 for a face without area, and for row -1."""
    for i in range(rows.shape[0]):
        normals[i, 0] = normals[i, 1] = normals[i, 2] = 0.0
        if rows[i] < 0:
            continue
        a, b, c = faces[rows[i], 0], faces[rows[i], 1], faces[rows[i], 2]
        ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        length = math.sqrt(x * x + y * y + z * z)
        if length > 0.0:
            normals[i, 0], normals[i, 1], normals[i, 2] = x / length, y / length, z / length


@kernel(
    "boolean(float64[:,::1], float64[:,::1], float64[:,::1], float64[::1], float64[::1], float64, float64[::1], float64[::1])",
    writes=("sums", "increment"),
)
def step(
    sources: Float64s,
    feet: Float64s,
    normals: Float64s,
    weights: Float64s,
    centre: Float64s,
    size: float,
    sums: Float64s,
    increment: Float64s,
) -> bool:
    """The small motion that brings sources (n, 3) onto the planes through feet (n, 3) with unit normals (n, 3); weights (n,).

    increment (6,): a rotation about `centre` as a vector, radians, then a shift; 0 where the planes do not fix it. size: a length
    like that of the scan, so that turns and shifts weigh alike. Out: sums (SUMS,). False where no weight is above 0.
    """
    sums[:] = 0.0
    row = np.empty(6)
    scale = 1.0 / size
    for i in range(sources.shape[0]):
        w = weights[i]
        if w <= 0.0:
            continue
        x, y, z = (sources[i, 0] - centre[0]) * scale, (sources[i, 1] - centre[1]) * scale, (sources[i, 2] - centre[2]) * scale
        nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
        off = nx * (sources[i, 0] - feet[i, 0]) + ny * (sources[i, 1] - feet[i, 1]) + nz * (sources[i, 2] - feet[i, 2])
        row[0], row[1], row[2] = y * nz - z * ny, z * nx - x * nz, x * ny - y * nx
        row[3], row[4], row[5] = nx, ny, nz
        at = 0
        for j in range(6):
            wj = w * row[j]
            for k in range(j, 6):
                sums[at] += wj * row[k]
                at += 1
            sums[21 + j] -= wj * off
        sums[_SQUARES] += w * off * off
        sums[_WEIGHTS] += w
    increment[:] = 0.0
    if sums[_WEIGHTS] <= 0.0:
        return False
    _solve(sums, increment)
    for k in range(3):
        increment[k] *= scale
    return True


@inlined
def _solve(sums: Float64s, x: Float64s) -> None:
    """x (6,) of the normal equations by Cholesky, the largest pivot first; 0 for what the pivots that are left do not fix."""
    a, order = np.empty((6, 6)), np.arange(6)
    at = 0
    for j in range(6):
        for k in range(j, 6):
            a[j, k] = a[k, j] = sums[at]
            at += 1
    rank = 6
    largest = 0.0
    for j in range(6):
        best = j
        for k in range(j + 1, 6):
            if a[k, k] > a[best, best]:
                best = k
        if j == 0:
            largest = a[best, best]
        if a[best, best] <= _LOOSE * largest:
            rank = j
            break
        if best != j:
            order[j], order[best] = order[best], order[j]
            for k in range(6):
                a[j, k], a[best, k] = a[best, k], a[j, k]
            for k in range(6):
                a[k, j], a[k, best] = a[k, best], a[k, j]
        a[j, j] = math.sqrt(a[j, j])
        for k in range(j + 1, 6):
            a[k, j] /= a[j, j]
        for k in range(j + 1, 6):
            for n in range(j + 1, k + 1):
                a[k, n] -= a[k, j] * a[n, j]
                a[n, k] = a[k, n]
    y = np.zeros(6)
    for j in range(rank):
        y[j] = sums[21 + order[j]]
        for k in range(j):
            y[j] -= a[j, k] * y[k]
        y[j] /= a[j, j]
    for j in range(rank - 1, -1, -1):
        for k in range(j + 1, rank):
            y[j] -= a[k, j] * y[k]
        y[j] /= a[j, j]
    for j in range(rank):
        x[order[j]] = y[j]


@kernel("float64(float64[::1], float64[::1], float64, float64[::1])", writes=("motion",))
def turn(increment: Float64s, centre: Float64s, size: float, motion: Float64s) -> float:
    """Put `increment` (6,), a turn about `centre` and a shift, after `motion` (7,); returns how far it moves a point that lies `size`
    from the centre, at most."""
    x, y, z = increment[0], increment[1], increment[2]
    angle = math.sqrt(x * x + y * y + z * z)
    share = sin(0.5 * angle) / angle if angle > 1e-8 else 0.5
    w, x, y, z = cos(0.5 * angle), share * x, share * y, share * z
    a, b, c, d = motion[0], motion[1], motion[2], motion[3]
    motion[0], motion[1] = w * a - x * b - y * c - z * d, w * b + x * a + y * d - z * c
    motion[2], motion[3] = w * c - x * d + y * a + z * b, w * d + x * c - y * b + z * a
    length = math.sqrt(motion[0] * motion[0] + motion[1] * motion[1] + motion[2] * motion[2] + motion[3] * motion[3])
    for k in range(4):
        motion[k] /= length
    px, py, pz = motion[4] - centre[0], motion[5] - centre[1], motion[6] - centre[2]
    # v + 2 w (q x v) + 2 q x (q x v)
    ux, uy, uz = 2.0 * (y * pz - z * py), 2.0 * (z * px - x * pz), 2.0 * (x * py - y * px)
    motion[4] = centre[0] + px + w * ux + (y * uz - z * uy) + increment[3]
    motion[5] = centre[1] + py + w * uy + (z * ux - x * uz) + increment[4]
    motion[6] = centre[2] + pz + w * uz + (x * uy - y * ux) + increment[5]
    shift = increment[3] * increment[3] + increment[4] * increment[4] + increment[5] * increment[5]
    return angle * size + math.sqrt(shift)


def surface(points: Float64s, faces: Int32s) -> Surface:
    """What is registered to: its tree is made once."""
    tree = grown(points, faces)
    return Surface(points, faces, tree, nearest.lanes_of(points, faces, tree))


def register(
    scan: Float64s, onto: Surface, *, within: float, keep: float = 1.0, tolerance: float = 1e-7, rounds: int = ROUNDS
) -> Registered:
    """The motion that lays the points of `scan` (n, 3) on a surface, from where they are.

    keep: the share of the points that belongs there, 0 to 1: the farther ones are left out; within: how far the farthest of those
    kept may be from the surface; tolerance: a length that is nothing.
    """
    scan = np.ascontiguousarray(scan)
    if not 0.0 < keep <= 1.0 or not len(scan) or not len(onto.faces):
        raise ValueError("register: no points, no faces, or a share that is not above 0 and at most 1")
    low, high = scan.min(axis=0), scan.max(axis=0)
    size = max(float((high - low).max()) / 2.0, tolerance)
    middle, motion = (low + high) / 2.0, np.array([1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    error, far, done, still = math.inf, math.inf, 0, False
    for thin in (THIN, 1) if len(scan) >= THIN * FEW else (1,):
        some, still = np.ascontiguousarray(scan[::thin]), False
        least, since = math.inf, 0
        while done < rounds and not still:
            moved, error, far = _round(some, onto, keep, middle, size, motion)
            done += 1
            least, since = (moved, 0) if moved < 0.5 * least else (least, since + 1)
            noise = moved <= NOISE * within and since >= PATIENCE
            still = noise or moved <= (tolerance if thin == 1 else MOVING * size)
    return Registered(_matrix(motion), motion[4:].copy(), error, far, done, still and far <= within)


def _round(
    scan: Float64s, onto: Surface, keep: float, middle: Float64s, size: float, motion: Float64s
) -> tuple[float, float, float]:
    """One step, put after `motion`: how far it moves the scan, and before it the error, and how far the farthest point kept was."""
    places, centre = np.empty_like(scan), np.empty((1, 3))
    move(scan, motion, places)
    move(middle[None], motion, centre)
    near = nearest.find(onto.points, onto.faces, onto.tree, onto.lanes, places)
    normals = np.empty_like(scan)
    planes(onto.points, onto.faces, near.faces, normals)
    kept = max(1, math.ceil(keep * len(scan)))
    limit = float(np.partition(near.distances, kept - 1)[kept - 1])
    weights = (near.distances <= limit).astype(np.float64)
    sums, increment = np.empty(SUMS), np.empty(6)
    step(places, near.points, normals, weights, centre[0], size, sums, increment)
    return turn(increment, centre[0], 2.0 * size, motion), math.sqrt(sums[_SQUARES] / sums[_WEIGHTS]), limit


def _matrix(motion: Float64s) -> Float64s:
    """The rotation of a motion: what it makes of the three axes."""
    columns = np.empty((3, 3))
    move(np.eye(3), np.concatenate([motion[:4], np.zeros(3)]), columns)
    return np.ascontiguousarray(columns.T)
