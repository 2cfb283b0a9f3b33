"""Heights where none are known: the membrane stretched between those that are.

Laplace's equation on the unknown nodes of a grid, its border free, by successive over-relaxation in a red-black order (Young,
"Iterative methods for solving partial difference equations of elliptic type", 1954), each sweep in the same order on every machine.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.portable import sin


@inlined
def _deepest(z, unknown, steps) -> int:  # type: ignore[no-untyped-def]
    """The most steps along the grid from an unknown node to a known one; fills steps (n, m), and z with the height there.

    Rosenfeld & Pfaltz, "Sequential operations in digital picture processing", J. ACM 13 (1966).
    """
    n, m = unknown.shape
    far = n + m
    for i in range(n):
        for j in range(m):
            steps[i, j] = far if unknown[i, j] else 0
            if i > 0 and steps[i - 1, j] + 1 < steps[i, j]:
                steps[i, j], z[i, j] = steps[i - 1, j] + 1, z[i - 1, j]
            if j > 0 and steps[i, j - 1] + 1 < steps[i, j]:
                steps[i, j], z[i, j] = steps[i, j - 1] + 1, z[i, j - 1]
    most = 0
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            if i < n - 1 and steps[i + 1, j] + 1 < steps[i, j]:
                steps[i, j], z[i, j] = steps[i + 1, j] + 1, z[i + 1, j]
            if j < m - 1 and steps[i, j + 1] + 1 < steps[i, j]:
                steps[i, j], z[i, j] = steps[i, j + 1] + 1, z[i, j + 1]
            most = max(most, steps[i, j])
    return most


@kernel("int64(float64[:,::1], bool_[:,::1], float64, int64, int32[:,::1], int32[:,::1])", writes=("z", "steps", "order"))
def stretch(
    z: npt.NDArray[np.float64],
    unknown: npt.NDArray[np.bool_],
    enough: float,
    most: int,
    steps: npt.NDArray[np.int32],
    order: npt.NDArray[np.int32],
) -> int:
    """Fill z (n, m), n and m at least 2, where it is `unknown`; elsewhere it is finite and stays, at least at one node.

    Ends after the sweep that moves no height by more than `enough` mm, or `most` sweeps; returns their number, -1 where they did
    not do. steps: int32 (n, m). order: int32 (5, unknown nodes). O(n m + unknown nodes * sweeps); sweeps grow as the largest hole
    is wide.
    """
    n, m = z.shape
    deep = _deepest(z, unknown, steps)
    if deep == 0:
        return 0
    count = 0
    for colour in range(2):
        for i in range(n):
            for j in range((i + colour) % 2, m, 2):
                if unknown[i, j]:
                    # beyond the border lies what lies within it: the border is free
                    order[0, count] = i * m + j
                    order[1, count] = (i - 1 if i > 0 else 1) * m + j
                    order[2, count] = (i + 1 if i < n - 1 else n - 2) * m + j
                    order[3, count] = i * m + (j - 1 if j > 0 else 1)
                    order[4, count] = i * m + (j + 1 if j < m - 1 else m - 2)
                    count += 1
    flat = z.reshape(n * m)
    own, up, down, left, right = order[0], order[1], order[2], order[3], order[4]
    relax = 2.0 / (1.0 + sin(math.pi / (2 * deep + 1)))
    for sweep in range(1, most + 1):
        moved = 0.0
        for k in range(count):
            here = flat[own[k]]
            step = relax * (0.25 * ((flat[up[k]] + flat[down[k]]) + (flat[left[k]] + flat[right[k]])) - here)
            flat[own[k]] = here + step
            moved = max(moved, abs(step))
        if moved <= enough:
            return sweep
    return -1
