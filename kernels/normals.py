"""Smooth shading with crisp edges: at each point the faces within 35 degrees of one another share one normal.

Normals are weighted by area (large flat faces stay flat, fillets run into them smoothly). Faces are gathered in clusters
round the first face met, so a point with many faces costs no more than its number of clusters times its faces.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.shade import brightness

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Faces = npt.NDArray[np.int32]

_JOIN = 0.8191520442889918  # cos 35 degrees
_MOST = 8  # clusters at a point; more join the nearest one
_SMOOTH, _CRISP = 1, 2


@inlined
def _bright(x: float, y: float, z: float) -> float:
    length = math.sqrt(x * x + y * y + z * z)
    return brightness(x / length, y / length, z / length) if length > 0.0 else 0.0


@kernel(
    "void(float64[:,::1], float64[:,::1], int32[:,::1], int64, int64, float64[::1], int32[:,::1], float64[::1], float32[:,::1])",
    writes=("light",),
)
def corner_light(
    world: Floats, seen: Floats, faces: Faces, first: int, last: int, tone: Floats, rim: Faces, up: Floats, light: Singles
) -> None:
    """light (m, 3) at the corners of faces[first:last]: the joined normal's brightness times the tone of the face.

    Points that no face shows to the viewer are left out. world (n, 3) mm, seen (n, 3) in the picture (y down), faces (m, 3),
    tone (m,). `rim` (k, 2) are edges whose missing neighbour is a plane with unit normal `up` (3,): faces there join it.
    """
    points = world.shape[0]
    count = last - first
    shows = np.zeros(points, np.uint8)
    for f in range(first, last):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        sx, sy = seen[a, 0], seen[a, 1]
        if (seen[b, 0] - sx) * (seen[c, 1] - sy) < (seen[b, 1] - sy) * (seen[c, 0] - sx):
            shows[a] = 1
            shows[b] = 1
            shows[c] = 1
    # Most points have a single cluster: its sum grows as the faces come by; only the others are gathered and sorted out.
    state = np.zeros(points, np.uint8)
    one = np.empty((points, 6))  # the first normal, the sum
    for e in range(rim.shape[0]):
        for side in range(2):
            v = rim[e, side]
            state[v] = _SMOOTH
            for k in range(3):
                one[v, k] = up[k]
                one[v, 3 + k] = up[k] * 1e6
    normal = np.empty((count, 4))
    for f in range(count):
        a, b, c = faces[first + f, 0], faces[first + f, 1], faces[first + f, 2]
        if shows[a] + shows[b] + shows[c] == 0:
            continue
        ux, uy, uz = world[b, 0] - world[a, 0], world[b, 1] - world[a, 1], world[b, 2] - world[a, 2]
        vx, vy, vz = world[c, 0] - world[a, 0], world[c, 1] - world[a, 1], world[c, 2] - world[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        area = math.sqrt(nx * nx + ny * ny + nz * nz)
        scale = 1.0 / area if area > 0.0 else 0.0
        nx, ny, nz = nx * scale, ny * scale, nz * scale
        normal[f, 0], normal[f, 1], normal[f, 2], normal[f, 3] = nx, ny, nz, area
        for k in range(3):
            v = faces[first + f, k]
            if shows[v] == 0 or state[v] == _CRISP:
                continue
            if state[v] == 0:
                state[v] = _SMOOTH
                one[v, 0], one[v, 1], one[v, 2] = nx, ny, nz
                one[v, 3], one[v, 4], one[v, 5] = nx * area, ny * area, nz * area
            elif one[v, 0] * nx + one[v, 1] * ny + one[v, 2] * nz >= _JOIN:
                one[v, 3] += nx * area
                one[v, 4] += ny * area
                one[v, 5] += nz * area
            else:
                state[v] = _CRISP
    smooth = np.empty(points)
    for v in range(points):
        if state[v] == _SMOOTH and shows[v] == 1:
            smooth[v] = _bright(one[v, 3], one[v, 4], one[v, 5])
    chain = np.empty(
        3 * count, np.int32
    )  # the corners at each crisp point, in order: backwards, so that each comes before the later ones
    head = np.full(points, -1, np.int32)
    for f in range(count - 1, -1, -1):
        for k in range(2, -1, -1):
            v = faces[first + f, k]
            if shows[v] == 0:
                continue
            if state[v] == _SMOOTH:
                light[first + f, k] = smooth[v] * tone[first + f]
            else:
                chain[3 * f + k] = head[v]
                head[v] = 3 * f + k
    on_rim = np.zeros(points, np.uint8)
    for e in range(rim.shape[0]):
        on_rim[rim[e, 0]] = 1
        on_rim[rim[e, 1]] = 1
    seed = np.empty((_MOST, 3))
    total = np.empty((_MOST, 3))
    bright = np.empty(_MOST)
    cluster = np.empty(3 * count, np.uint8)
    for v in range(points):
        if head[v] < 0:
            continue
        used = 0
        if on_rim[v] == 1:
            used = 1
            for k in range(3):
                seed[0, k] = up[k]
                total[0, k] = up[k] * 1e6
        at = head[v]
        while at >= 0:
            f = at // 3
            nx, ny, nz, area = normal[f, 0], normal[f, 1], normal[f, 2], normal[f, 3]
            best, most = 0, -2.0
            for g in range(used):
                cosine = seed[g, 0] * nx + seed[g, 1] * ny + seed[g, 2] * nz
                if cosine > most:
                    best, most = g, cosine
            if most < _JOIN and used < _MOST:
                best = used
                used += 1
                seed[best, 0], seed[best, 1], seed[best, 2] = nx, ny, nz
                total[best, 0], total[best, 1], total[best, 2] = 0.0, 0.0, 0.0
            total[best, 0] += nx * area
            total[best, 1] += ny * area
            total[best, 2] += nz * area
            cluster[at] = best
            at = chain[at]
        for g in range(used):
            bright[g] = _bright(total[g, 0], total[g, 1], total[g, 2])
        at = head[v]
        while at >= 0:
            light[first + at // 3, at % 3] = bright[cluster[at]] * tone[first + at // 3]
            at = chain[at]
