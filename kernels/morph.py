"""A surface that is a mean and a sum of modes, laid on a scan: the small turn, shift and change of amounts that bring it nearest.

Blanz and Vetter 1999 ("A morphable model for the synthesis of 3D faces") for the model; point-to-plane steps (Chen and Medioni 1992)
for the fit; the amounts are held near 0, each with variance 1 (ridge). Unknowns: a turn about a centre, a shift, then the amounts.
Sums run in fixed order, and the normal equations are solved by Cholesky here: the same scan gives the same bits. + - * / and sqrt
alone. One unit of length throughout, mm as a rule.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import kernel

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

POSE = 6
"""Unknowns before the amounts: a turn as a vector, radians times the size, and a shift."""


@kernel("void(float64[:,::1], float64[:,:,::1], float64[::1], float64[:,::1])", writes=("made",))
def shaped(mean: Floats, modes: Floats, amounts: Floats, made: Floats) -> None:
    """made (n, 3) = mean (n, 3) and the first modes (n, 3, k) times `amounts` (at most k,). O(n k)."""
    for i in range(made.shape[0]):
        for d in range(3):
            total = mean[i, d]
            for k in range(amounts.shape[0]):
                total += amounts[k] * modes[i, d, k]
            made[i, d] = total


@kernel(
    "int64(float64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1], boolean[::1], float64[::1], float64, float64, float64, "
    "float64[::1], float64[::1])",
    writes=("offs", "weights"),
)
def trusted(
    places: Floats,
    feet: Floats,
    normals: Floats,
    own: Floats,
    lost: Bools,
    motion: Floats,
    cosine: float,
    far: float,
    scale: float,
    offs: Floats,
    weights: Floats,
) -> int:
    """offs (n,): how far each of places (n, 3) is along the normal (n, 3) of its foot (n, 3) on the scan; weights (n,): how much it counts.

    None where the foot is `lost` (n,), farther than `far`, or where the normals of scan and model (own (n, 3), turned by the quaternion
    in motion) have a cosine below `cosine`; else Cauchy's, 1 / (1 + (off / scale)^2). Returns how many count. O(n).
    """
    w, x, y, z = motion[0], motion[1], motion[2], motion[3]
    a, b, c = 1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)
    d, e, f = 2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)
    g, h, k = 2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)
    count = 0
    for i in range(places.shape[0]):
        px, py, pz = places[i, 0] - feet[i, 0], places[i, 1] - feet[i, 1], places[i, 2] - feet[i, 2]
        nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
        ox, oy, oz = own[i, 0], own[i, 1], own[i, 2]
        alike = nx * (a * ox + b * oy + c * oz) + ny * (d * ox + e * oy + f * oz) + nz * (g * ox + h * oy + k * oz)
        offs[i] = nx * px + ny * py + nz * pz
        weights[i] = 0.0
        if not lost[i] and alike >= cosine and px * px + py * py + pz * pz <= far * far:
            away = offs[i] / scale
            weights[i] = 1.0 / (1.0 + away * away)
            count += 1
    return count


@kernel(
    "void(float64[:,::1], float64[::1], float64[:,::1], float64[::1], float64[:,:,::1], float64[::1], float64[::1], float64, float64[::1], "
    "float64[:,::1], float64[::1])",
    writes=("row", "square", "right"),
)
def gathered(
    places: Floats,
    offs: Floats,
    normals: Floats,
    weights: Floats,
    modes: Floats,
    motion: Floats,
    centre: Floats,
    size: float,
    row: Floats,
    square: Floats,
    right: Floats,
) -> None:
    """The normal equations of a step: `square` (u, u), its upper triangle, and `right` (u,), u = POSE and as many modes as asked.

    places (n, 3) lie off the scan by offs (n,) along its unit normals (n, 3), and weigh (n,); modes (n, 3, k) are turned by the
    quaternion in `motion`; turns are about `centre`, as arcs at `size` from it. Workspace: row (u,). O(n u^2).
    """
    u = right.shape[0]
    w, x, y, z = motion[0], motion[1], motion[2], motion[3]
    a, b, c = 1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)
    d, e, f = 2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)
    g, h, m = 2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)
    square[:] = 0.0
    right[:] = 0.0
    scale = 1.0 / size
    for i in range(places.shape[0]):
        weight = weights[i]
        if weight <= 0.0:
            continue
        nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
        px, py, pz = (places[i, 0] - centre[0]) * scale, (places[i, 1] - centre[1]) * scale, (places[i, 2] - centre[2]) * scale
        row[0], row[1], row[2] = py * nz - pz * ny, pz * nx - px * nz, px * ny - py * nx
        row[3], row[4], row[5] = nx, ny, nz
        ox, oy, oz = a * nx + d * ny + g * nz, b * nx + e * ny + h * nz, c * nx + f * ny + m * nz
        for k in range(POSE, u):
            row[k] = ox * modes[i, 0, k - POSE] + oy * modes[i, 1, k - POSE] + oz * modes[i, 2, k - POSE]
        for j in range(u):
            part = weight * row[j]
            right[j] -= part * offs[i]
            for k in range(j, u):
                square[j, k] += part * row[k]


@kernel("boolean(float64[:,::1])", writes=("square",))
def factored(square: Floats) -> bool:
    """square (u, u), symmetric, its upper triangle given, to the upper triangular factor whose transpose times it is it, in place.

    False where it is not positive definite. Cholesky by outer products (Golub and Van Loan, Matrix Computations, 4.2.6). O(u^3).
    """
    u = square.shape[0]
    for j in range(u):
        if not square[j, j] > 0.0:
            return False
        pivot = math.sqrt(square[j, j])
        square[j, j] = pivot
        for k in range(j + 1, u):
            square[j, k] /= pivot
        for i in range(j + 1, u):
            part = square[j, i]
            for k in range(i, u):
                square[i, k] -= part * square[j, k]
    return True


@kernel("void(float64[:,::1], float64[::1])", writes=("right",))
def forward(factor: Floats, right: Floats) -> None:
    """right (u,), solved in place by the transpose of the upper triangular factor (u, u); its square is the variance along it. O(u^2)."""
    for j in range(right.shape[0]):
        right[j] /= factor[j, j]
        for k in range(j + 1, right.shape[0]):
            right[k] -= factor[j, k] * right[j]


@kernel("void(float64[:,::1], float64[::1])", writes=("right",))
def backward(factor: Floats, right: Floats) -> None:
    """right (u,), solved in place by the upper triangular factor (u, u). O(u^2)."""
    for j in range(right.shape[0] - 1, -1, -1):
        for k in range(j + 1, right.shape[0]):
            right[j] -= factor[j, k] * right[k]
        right[j] /= factor[j, j]
