"""The lowest surface of a mesh over the nodes of a grid, seen from below; or the highest, from above.

Corners are taken to 1/16384 of the pitch, the same for all faces that share them, and sides are decided in integers, borders
included: over a closed mesh no node falls between two faces. Pineda, "A parallel algorithm for polygon rasterization", SIGGRAPH 1988.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import kernel

SUB = 14
"""Bits of a pitch."""
_WIDEST = float(1 << 29)
NOWHERE = -(1 << 30)


@kernel(
    "int64(float64[:,::1], int32[:,::1], float64, float64, float64, float64, int32[:,::1], float64[:,::1])",
    writes=("corners", "z"),
)
def drape(
    points: npt.NDArray[np.float64],
    faces: npt.NDArray[np.int32],
    x0: float,
    y0: float,
    pitch: float,
    sense: float,
    corners: npt.NDArray[np.int32],
    z: npt.NDArray[np.float64],
) -> int:
    """Lower z (n, m) to the faces over (`sense` 1) or raise it (-1): z[i, j] lies at (x0 + i pitch, y0 + j pitch), mm.

    points (p, 3), faces (q, 3), in range; corners: int32 (p, 2). z comes in as what to begin with, inf or -inf. An upright face
    adds nothing: its neighbours end at its sides. Returns the faces left out, for a corner that is not finite or over 32768 pitches off.
    O(p + q + the nodes under all faces).
    """
    n, m = z.shape
    one = 1 << SUB
    for p in range(points.shape[0]):
        u = np.rint((points[p, 0] - x0) / pitch * one)
        v = np.rint((points[p, 1] - y0) / pitch * one)
        known = abs(u) < _WIDEST and abs(v) < _WIDEST and abs(points[p, 2]) < np.inf
        corners[p, 0] = np.int32(u) if known else np.int32(NOWHERE)
        corners[p, 1] = np.int32(v) if known else np.int32(NOWHERE)
    lost = 0
    for q in range(faces.shape[0]):
        a, b, c = faces[q, 0], faces[q, 1], faces[q, 2]
        au, bu, cu = int(np.int64(corners[a, 0])), int(np.int64(corners[b, 0])), int(np.int64(corners[c, 0]))
        least = min(au, bu, cu)
        if least == NOWHERE:
            lost += 1
            continue
        i0, i1 = max((least + one - 1) >> SUB, 0), min(max(au, bu, cu) >> SUB, n - 1)
        if i0 > i1:
            continue
        av, bv, cv = int(np.int64(corners[a, 1])), int(np.int64(corners[b, 1])), int(np.int64(corners[c, 1]))
        j0, j1 = max((min(av, bv, cv) + one - 1) >> SUB, 0), min(max(av, bv, cv) >> SUB, m - 1)
        if j0 > j1:
            continue
        area = (bu - au) * (cv - av) - (bv - av) * (cu - au)
        if area == 0:
            continue
        if area < 0:
            b, c, bu, bv, cu, cv, area = c, b, cu, cv, bu, bv, -area
        za, zb, zc = points[a, 2], points[b, 2], points[c, 2]
        low, high = min(za, zb, zc), max(za, zb, zc)
        share = 1.0 / area
        for i in range(i0, i1 + 1):
            u = i << SUB
            for j in range(j0, j1 + 1):
                v = j << SUB
                of_a = (cu - bu) * (v - bv) - (cv - bv) * (u - bu)
                of_b = (au - cu) * (v - cv) - (av - cv) * (u - cu)
                of_c = area - of_a - of_b
                if of_a < 0 or of_b < 0 or of_c < 0:
                    continue
                height = za + share * (of_b * (zb - za) + of_c * (zc - za))
                height = min(max(height, low), high)
                if sense * height < sense * z[i, j]:
                    z[i, j] = height
    return lost
