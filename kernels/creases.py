"""Smooth faces, sharp edges: the vertices that a viewer draws, and their normals.

Two faces that share an edge and turn by less than the crease angle share a normal at its ends; everywhere else the point is
split. Normals are weighted by area, so large flat faces stay flat and fillets run into them. Edges are matched by two
counting sorts (linear, also for a point that thousands of faces share), corners joined by union-find.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel


@inlined
def _root(parent, corner):  # type: ignore[no-untyped-def]
    while parent[corner] != corner:
        parent[corner] = parent[parent[corner]]
        corner = parent[corner]
    return corner


@inlined
def _join(parent, a, b):  # type: ignore[no-untyped-def]
    a, b = _root(parent, a), _root(parent, b)
    if a < b:
        parent[b] = a
    elif b < a:
        parent[a] = b


@inlined
def _sorted_by(key, order, points):  # type: ignore[no-untyped-def]
    """`order` stably sorted by key[order], keys 0 <= key < points."""
    start = np.zeros(points + 1, np.int32)
    for i in range(len(order)):
        start[key[order[i]] + 1] += 1
    for v in range(points):
        start[v + 1] += start[v]
    made = np.empty_like(order)
    for i in range(len(order)):
        v = key[order[i]]
        made[start[v]] = order[i]
        start[v] += 1
    return made


@kernel(
    "int64(int32[:,::1], int32[:,::1], float64, int32[:,::1], int32[::1], int8[:,::1])",
    writes=("corners", "source", "normals"),
)
def split(
    lattice: npt.NDArray[np.int32],
    faces: npt.NDArray[np.int32],
    cosine: float,
    corners: npt.NDArray[np.int32],
    source: npt.NDArray[np.int32],
    normals: npt.NDArray[np.int8],
) -> int:
    """Split the points of faces (m, 3) over lattice (n, 3) at creases; returns how many vertices k <= 3 m there are.

    cosine: of the crease angle. corners (m, 3): each face's vertices; source (3 m,): the point of each vertex; normals
    (3 m, 3): its unit normal * 127 (rows from k on are untouched). Vertices are numbered as the faces first use them.
    Returns -1 - row at the first face that names a point outside the lattice.
    """
    points, count = len(lattice), len(faces)
    area = np.empty((count, 4))
    low = np.empty(3 * count, np.int32)
    high = np.empty(3 * count, np.int32)
    parent = np.empty(3 * count, np.int32)
    for f in range(count):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if min(a, b, c) < 0 or max(a, b, c) >= points:
            return -1 - f
        x, y, z = np.float64(lattice[a, 0]), np.float64(lattice[a, 1]), np.float64(lattice[a, 2])
        ux, uy, uz = lattice[b, 0] - x, lattice[b, 1] - y, lattice[b, 2] - z
        vx, vy, vz = lattice[c, 0] - x, lattice[c, 1] - y, lattice[c, 2] - z
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        area[f, 0], area[f, 1], area[f, 2], area[f, 3] = nx, ny, nz, math.sqrt(nx * nx + ny * ny + nz * nz)
        for k in range(3):
            here, there = faces[f, k], faces[f, (k + 1) % 3]
            low[3 * f + k], high[3 * f + k] = min(here, there), max(here, there)
            parent[3 * f + k] = 3 * f + k
    order = _sorted_by(low, _sorted_by(high, np.arange(3 * count).astype(np.int32), points), points)
    at = 0
    while at < 3 * count:
        end = at + 1
        while end < 3 * count and low[order[end]] == low[order[at]] and high[order[end]] == high[order[at]]:
            end += 1
        if end - at == 2:
            p, q = order[at], order[at + 1]
            f, g = p // 3, q // 3
            dot = area[f, 0] * area[g, 0] + area[f, 1] * area[g, 1] + area[f, 2] * area[g, 2]
            opposite = faces[f, p % 3] == faces[g, (q % 3 + 1) % 3]
            if f != g and opposite and dot > 0.0 and dot >= cosine * area[f, 3] * area[g, 3]:
                # half-edge p runs from its corner to the next, q the other way
                _join(parent, p, 3 * g + (q % 3 + 1) % 3)
                _join(parent, 3 * f + (p % 3 + 1) % 3, q)
        at = end
    number = np.full(3 * count, -1, np.int32)
    total = np.zeros((3 * count, 3))
    used = 0
    for f in range(count):
        for k in range(3):
            root = _root(parent, 3 * f + k)
            if number[root] < 0:
                number[root] = used
                source[used] = faces[f, k]
                used += 1
            v = number[root]
            corners[f, k] = v
            for axis in range(3):
                total[v, axis] += area[f, axis]
    for v in range(used):
        x, y, z = total[v, 0], total[v, 1], total[v, 2]
        length = math.sqrt(x * x + y * y + z * z)
        if length > 0.0:
            for axis in range(3):
                normals[v, axis] = np.int8(math.floor(total[v, axis] / length * 127.0 + 0.5))
        else:
            normals[v, 0], normals[v, 1], normals[v, 2] = np.int8(0), np.int8(0), np.int8(127)
    return int(used)
