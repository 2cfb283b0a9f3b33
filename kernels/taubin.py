"""Noise taken off a mesh without shrinking it: Taubin's lambda | mu steps (1995, "A Signal Processing Approach to Fair Surface Design").

A point moves towards the mean of its neighbours by LAMBDA of the way, then away from it by a little more, |mu|: high frequencies go,
low ones stay, below the pass band (1 / LAMBDA - 1 / |mu|) they grow a little. A point on the border follows its two neighbours on
that border alone, so that an open sheet is not drawn inwards.

Where a fan of faces is open is told without matching edges: round a closed fan the rows of "next" points are those of "previous"
ones, so their sums are equal; where they differ, the differences of sums and of squares give the two ends of the gap, in integers.
O(m) a step.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

LAMBDA = 0.5
INSIDE, HELD = -1, -2
"""`ends` of a point inside the surface, and of one where more than one gap, or other knots, meet: it stays where it is."""


@inlined
def _scrambled(row: np.int64) -> np.int64:
    """A number of 64 bits for a row, without order in it (the finish of splitmix64; Steele, Lea, Flood 2014)."""
    h = (row + np.int64(1)) * np.int64(-7046029254386353131)
    h = (h ^ (h >> np.int64(30))) * np.int64(-4658895280553007687)
    return h ^ (h >> np.int64(27))


@kernel("int64(int32[:,::1], int64[:,::1], int32[:,::1])", writes=("sums", "ends"))
def borders(faces: Int32s, sums: Int64s, ends: Int32s) -> int:
    """ends (n, 2): of a point on the border its two neighbours there, else INSIDE or HELD; returns how many points are no INSIDE.

    Workspace: sums (n, 3). n is at most 2^31, so sums of squares wrap around without harm: their difference does not. Two gaps at one
    point may add up to what another pair would give: a third sum, of the rows scrambled, tells them from it.
    """
    sums[:] = 0
    for f in range(faces.shape[0]):
        for k in range(3):
            v, after, before = faces[f, k], np.int64(faces[f, (k + 1) % 3]), np.int64(faces[f, (k + 2) % 3])
            sums[v, 0] += after - before
            sums[v, 1] += after * after - before * before
            sums[v, 2] += _scrambled(after) - _scrambled(before)
    count = 0
    for v in range(ends.shape[0]):
        apart, squares = sums[v, 0], sums[v, 1]
        if apart == 0:
            ends[v, 0] = ends[v, 1] = INSIDE if squares == 0 and sums[v, 2] == 0 else HELD
        else:
            total = squares // apart
            first, last = (total + apart) // 2, (total - apart) // 2
            sound = first >= 0 and last >= 0 and first < ends.shape[0] and last < ends.shape[0]
            sound = sound and first - last == apart and _scrambled(first) - _scrambled(last) == sums[v, 2]
            ends[v, 0] = first if sound else HELD
            ends[v, 1] = last if sound else HELD
        count += ends[v, 0] != INSIDE
    return count


@inlined
def _step(faces: Int32s, ends: Int32s, factor: float, means: Floats, points: Floats) -> None:
    means[:] = 0.0
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        for k in range(3):
            pa, pb, pc = points[a, k], points[b, k], points[c, k]
            means[a, k] += pb + pc
            means[b, k] += pc + pa
            means[c, k] += pa + pb
        means[a, 3] += 2.0
        means[b, 3] += 2.0
        means[c, 3] += 2.0
    for v in range(points.shape[0]):  # the neighbours on the border, before any of them has moved
        if ends[v, 0] >= 0:
            for k in range(3):
                means[v, k] = points[ends[v, 0], k] + points[ends[v, 1], k]
            means[v, 3] = 2.0
    for v in range(points.shape[0]):
        if ends[v, 0] != HELD and means[v, 3] > 0.0:
            for k in range(3):
                points[v, k] += factor * (means[v, k] / means[v, 3] - points[v, k])


@kernel("void(int32[:,::1], int32[:,::1], int64, float64, float64[:,::1], float64[:,::1])", writes=("means", "points"))
def smooth(faces: Int32s, ends: Int32s, steps: int, band: float, means: Floats, points: Floats) -> None:
    """`steps` pairs of steps on points (n, 3), in place, that keep frequencies below the pass `band`; `ends` (n, 2) of `borders`.

    Workspace: means (n, 4).
    """
    back = LAMBDA / (band * LAMBDA - 1.0)
    for _ in range(steps):
        _step(faces, ends, LAMBDA, means, points)
        _step(faces, ends, back, means, points)


@kernel("void(int32[:,::1], float64, int64, float64[:,:,::1], float64[:,::1])", writes=("normals", "points"))
def inwards(faces: Int32s, by: float, rings: int, normals: npt.NDArray[np.float64], points: Floats) -> None:
    """Move points (n, 3) against their normals by `by`, in place. Workspace: normals (2, n, 3).

    A normal is that of the faces round a point, by area, and of those of its neighbours, so many rings far: slivers that smoothing
    has turned over do not count for much among them.
    """
    now, then = normals[0], normals[1]
    now[:] = 0.0
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for v in (a, b, c):
            now[v, 0] += nx
            now[v, 1] += ny
            now[v, 2] += nz
    for _ in range(rings):
        then[:] = 0.0
        for f in range(faces.shape[0]):
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            for k in range(3):
                total = now[a, k] + now[b, k] + now[c, k]
                then[a, k] += total
                then[b, k] += total
                then[c, k] += total
        now, then = then, now
    for v in range(points.shape[0]):
        length = math.sqrt(now[v, 0] * now[v, 0] + now[v, 1] * now[v, 1] + now[v, 2] * now[v, 2])
        if length > 0.0:
            for k in range(3):
                points[v, k] -= by * now[v, k] / length
