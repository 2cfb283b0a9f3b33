"""The axes along which a surface is spread: its covariance by area, and the turns that make that diagonal.

Sums in fixed order; eigenvectors by Jacobi's rotations (Golub and Van Loan, Matrix Computations, 8.5), cyclic, by rows. + - * / and sqrt
alone.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import kernel

Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]

SWEEPS = 12
"""Enough for three axes: each sweep squares what is left beside the diagonal."""
FEW = 1e-17
"""Of the diagonal: what is no more beside it turns nothing."""


@kernel("float64(float64[:,::1], int32[:,::1], float64[::1], float64[:,::1])", writes=("middle", "spread"))
def spread_of(points: Floats, faces: Int32s, middle: Floats, spread: Floats) -> float:
    """middle (3,) and spread (3, 3), the covariance, of the middles of faces (m, 3), each by its area; returns the area. O(m).

    Nothing is written but zeros where the surface has no area.
    """
    middle[:] = 0.0
    spread[:] = 0.0
    whole = 0.0
    for turn in range(2):
        for f in range(faces.shape[0]):
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
            vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
            nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
            area = 0.5 * math.sqrt(nx * nx + ny * ny + nz * nz)
            if turn == 0:
                whole += area
                for d in range(3):
                    middle[d] += area * (points[a, d] + points[b, d] + points[c, d]) / 3.0
            else:
                for d in range(3):
                    away = (points[a, d] + points[b, d] + points[c, d]) / 3.0 - middle[d]
                    for e in range(3):
                        spread[d, e] += area * away * ((points[a, e] + points[b, e] + points[c, e]) / 3.0 - middle[e])
        if not whole > 0.0:
            return 0.0
        for d in range(3):
            if turn == 0:
                middle[d] /= whole
            else:
                for e in range(3):
                    spread[d, e] /= whole
    return whole


@kernel("void(float64[:,::1], float64[:,::1])", writes=("square", "axes"))
def axes_of(square: Floats, axes: Floats) -> None:
    """axes (3, 3), unit rows, a right-handed frame in which the symmetric square (3, 3) is diagonal, the largest first; square is that
    diagonal, in place."""
    for i in range(3):
        for j in range(3):
            axes[i, j] = 1.0 if i == j else 0.0
    for _ in range(SWEEPS):
        for p in range(2):
            for q in range(p + 1, 3):
                beside = square[p, q]
                apart = square[q, q] - square[p, p]
                if abs(beside) <= FEW * (abs(apart) + abs(square[p, p])):
                    continue
                t = apart / (2.0 * beside)
                tangent = (1.0 if t >= 0.0 else -1.0) / (abs(t) + math.sqrt(t * t + 1.0))
                c = 1.0 / math.sqrt(tangent * tangent + 1.0)
                s = tangent * c
                for k in range(3):
                    a, b = square[k, p], square[k, q]
                    square[k, p], square[k, q] = c * a - s * b, s * a + c * b
                for k in range(3):
                    a, b = square[p, k], square[q, k]
                    square[p, k], square[q, k] = c * a - s * b, s * a + c * b
                for k in range(3):
                    a, b = axes[p, k], axes[q, k]
                    axes[p, k], axes[q, k] = c * a - s * b, s * a + c * b
    for p in range(2):
        for q in range(2, p, -1):
            if square[q, q] > square[q - 1, q - 1]:
                square[q, q], square[q - 1, q - 1] = square[q - 1, q - 1], square[q, q]
                for k in range(3):
                    axes[q, k], axes[q - 1, k] = axes[q - 1, k], axes[q, k]
    for k in range(3):
        axes[2, k] = axes[0, (k + 1) % 3] * axes[1, (k + 2) % 3] - axes[0, (k + 2) % 3] * axes[1, (k + 1) % 3]
