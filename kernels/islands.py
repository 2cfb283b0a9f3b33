"""Which points hang together: the connected components of a mesh, and of each its surface and its box.

Union by the lower row with path halving (Tarjan, van Leeuwen 1984): O(m) in practice. Two faces that share a point, and no edge, are
of one island: a scan is noise, and a bridge of one point is as good a bridge as any.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]


@inlined
def _root(parent: Int32s, i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@kernel("int64(int32[:,::1], int32[::1], int32[::1])", writes=("parent", "island"))
def label(faces: Int32s, parent: Int32s, island: Int32s) -> int:
    """How many islands the faces (m, 3) are; island (m,) numbers each face's, in the order of their first faces.

    Workspace: parent (n,) for n points.
    """
    for i in range(parent.shape[0]):
        parent[i] = i
    for f in range(faces.shape[0]):
        a = _root(parent, faces[f, 0])
        for k in range(1, 3):
            b = _root(parent, faces[f, k])
            low, high = min(a, b), max(a, b)
            parent[high] = low
            a = low
    for i in range(parent.shape[0]):  # flat: the lower row comes first
        parent[i] = parent[parent[i]]
    count = 0
    for f in range(faces.shape[0]):
        root = parent[faces[f, 0]]
        if root >= 0:  # a root that is numbered says so by a number below zero
            if parent[root] >= 0:
                count += 1
                parent[root] = -count
            root = parent[root]
        island[f] = -root - 1
    return count


@kernel("void(float64[:,::1], int32[:,::1], int32[::1], float64[:,::1])", writes=("told",))
def sizes(points: Floats, faces: Int32s, island: Int32s, told: Floats) -> None:
    """told (count, 7): the surface of each island, mm2, and its box: least x, y, z, greatest x, y, z, mm."""
    for i in range(told.shape[0]):
        told[i, 0] = 0.0
        for k in range(3):
            told[i, 1 + k], told[i, 4 + k] = math.inf, -math.inf
    for f in range(faces.shape[0]):
        a, b, c, i = faces[f, 0], faces[f, 1], faces[f, 2], island[f]
        ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        told[i, 0] += 0.5 * math.sqrt(nx * nx + ny * ny + nz * nz)
        for k in range(3):
            for corner in (a, b, c):
                told[i, 1 + k] = min(told[i, 1 + k], points[corner, k])
                told[i, 4 + k] = max(told[i, 4 + k], points[corner, k])
