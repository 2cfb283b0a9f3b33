"""Where lines through a wall come out of a triangulated patch, in the plane that the patch was unrolled to.

Every line asks every triangle (Moeller and Trumbore, Fast, minimum storage ray/triangle intersection, JGT 1997): an outline has few
corners and a patch few triangles. The place in space is carried to the plane by its weights in the triangle.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import kernel

GRAZING = 0.1
"""Sine of the flattest angle to a triangle at which a line is said to meet it."""
_WITHIN = 1e-9
"""Weights so little below zero are rounding's."""
_FAR = 1.0e9

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int32]


@kernel(
    "int64(float64[:,::1], int32[:,::1], int32[:,::1], float64[:,::1], int32[:,::1], float64[::1])",
    writes=("places", "along"),
)
def meet(points: Floats, plane: Rows, triangles: Rows, lines: Floats, places: Rows, along: Floats) -> int:
    """places (k, 2), steps of the plane, and along (k,), mm: where each line leaves the patch, and how far that is.

    points (n, 3) mm and plane (n, 2) steps: the patch's points in both; triangles (m, 3), seen from outside counter-clockwise. lines
    (k, 6): a point, mm, and a unit direction. A line meets triangles before it that look the way it goes: the nearest that it runs
    through, or where it runs through none the one that it misses least, carried on in its plane: what then lies beyond the patch's border
    is for the caller to see. -> the lines, from the first, that meet something: less than k where one has nothing before it. O(k m).
    """
    for i in range(lines.shape[0]):
        ox, oy, oz = lines[i, 0], lines[i, 1], lines[i, 2]
        dx, dy, dz = lines[i, 3], lines[i, 4], lines[i, 5]
        best, nearest = math.inf, math.inf
        for t in range(triangles.shape[0]):
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            px, py, pz = points[a, 0], points[a, 1], points[a, 2]
            ex, ey, ez = points[b, 0] - px, points[b, 1] - py, points[b, 2] - pz
            fx, fy, fz = points[c, 0] - px, points[c, 1] - py, points[c, 2] - pz
            nx, ny, nz = ey * fz - ez * fy, ez * fx - ex * fz, ex * fy - ey * fx
            square = nx * nx + ny * ny + nz * nz
            facing = dx * nx + dy * ny + dz * nz
            if not facing > GRAZING * math.sqrt(square):
                continue
            way = ((px - ox) * nx + (py - oy) * ny + (pz - oz) * nz) / facing
            if not way > 0.0:
                continue
            hx, hy, hz = ox + way * dx - px, oy + way * dy - py, oz + way * dz - pz
            v = ((hy * fz - hz * fy) * nx + (hz * fx - hx * fz) * ny + (hx * fy - hy * fx) * nz) / square
            w = ((ey * hz - ez * hy) * nx + (ez * hx - ex * hz) * ny + (ex * hy - ey * hx) * nz) / square
            beside = -min(v, w, 1.0 - v - w)
            miss = beside * math.sqrt(math.sqrt(square)) if beside > _WITHIN else 0.0
            if miss < best or (miss == best and way < nearest):
                best, nearest = miss, way
                for k in range(2):
                    at = plane[a, k] + v * (plane[b, k] - plane[a, k]) + w * (plane[c, k] - plane[a, k])
                    places[i, k] = np.int32(math.floor(min(max(at, -_FAR), _FAR) + 0.5))
        if best == math.inf:
            return i
        along[i] = nearest
    return int(lines.shape[0])
