"""A triangulation of given points made Delaunay by exchanging diagonals: its triangles as fat as the points allow.

(Lawson, Software for C1 surface interpolation, 1977.) The borders stay. Which of two diagonals is better is decided in floating point,
with a margin, so that the exchange ends; that it keeps every triangle counter-clockwise, in exact integers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.exact import orient2d

_ROUNDS = 500


@inlined
def _turn(points, a, b, c) -> int:  # type: ignore[no-untyped-def]
    """orient2d of three points by index."""
    return orient2d(
        int(points[a, 0]), int(points[a, 1]), int(points[b, 0]), int(points[b, 1]), int(points[c, 0]), int(points[c, 1])
    )


@inlined
def _apart(points, a, s, f) -> float:  # type: ignore[no-untyped-def]
    """Cotangent of the angle at a between s and f."""
    ux, uy = float(points[s, 0] - points[a, 0]), float(points[s, 1] - points[a, 1])
    vx, vy = float(points[f, 0] - points[a, 0]), float(points[f, 1] - points[a, 1])
    return (ux * vx + uy * vy) / abs(ux * vy - uy * vx)


@kernel("int64(int32[:,::1], int32[:,::1], int32[::1], boolean[::1])", writes=("triangles", "twin", "asked"))
def flip_all(
    points: npt.NDArray[np.int32], triangles: npt.NDArray[np.int32], twin: npt.NDArray[np.int32], asked: npt.NDArray[np.bool_]
) -> int:
    """points (n, 2), triangles (m, 3): counter-clockwise, of some area, changed. twin (3 m,): the half-edge on the other side, or -1;
    3 t + e runs from corner e of triangle t to the next; kept true. -> how many diagonals were exchanged.

    Two angles across from an edge that add up to more than half a turn have cotangents of a sum below zero. Rounds in the order of
    half-edges; an edge is looked at again once one of its two triangles is another. Workspace: asked (3 m,).
    """
    flips = 0
    asked[:] = True
    for _ in range(_ROUNDS):
        before = flips
        for h in range(twin.shape[0]):
            o = twin[h]
            if o < h or not asked[h]:
                continue
            asked[h] = False
            t, e, u, g = h // 3, h % 3, o // 3, o % 3
            s, f = triangles[t, e], triangles[t, (e + 1) % 3]
            tip, far = triangles[t, (e + 2) % 3], triangles[u, (g + 2) % 3]
            if _apart(points, tip, s, f) + _apart(points, far, s, f) >= -1e-6:
                continue
            if _turn(points, tip, s, far) <= 0 or _turn(points, far, f, tip) <= 0:
                continue
            # t: tip, s, far; u: far, f, tip; their common edge first, then what lay around them
            outer = (twin[3 * t + (e + 2) % 3], twin[3 * u + (g + 1) % 3], twin[3 * u + (g + 2) % 3], twin[3 * t + (e + 1) % 3])
            triangles[t, 0], triangles[t, 1], triangles[t, 2] = far, tip, s
            triangles[u, 0], triangles[u, 1], triangles[u, 2] = tip, far, f
            twin[3 * t], twin[3 * u] = 3 * u, 3 * t
            places = (3 * t + 1, 3 * t + 2, 3 * u + 1, 3 * u + 2)
            for k in range(4):
                twin[places[k]] = outer[k]
                asked[places[k]] = True
                if outer[k] >= 0:
                    twin[outer[k]] = places[k]
                    asked[outer[k]] = True
            asked[3 * t] = asked[3 * u] = True
            flips += 1
        if flips == before:
            break
    return flips
