"""Bodies whose points move together: where a family of them lies, and how near any two of its points may come.

Point i of a body lies at middle[i] + the sum over k of y[k] * motions[k, i], each y[k] from -1 to 1 on its own, and then off that
by the rounding to the lattice. Along one direction the distance of two points is affine in y: it is least where every y[k] stands
at the end that brings them together. What two points have in common of their motion cancels, so this bound is exact, and
whatever is proved by it holds for every body of the family at once.

Above faces it goes up a tree: a node knows the mean motion of what is below it, and by how much any of that strays from the mean.
(Affine arithmetic: de Figueiredo and Stolfi 2004. Boxes along three axes.) Float64; who asks adds room for rounding.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.bvh import NOWHERE, WIDTH
from kernels.compiled import inlined, kernel

Float64s = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]


_BLOCK = 256
"""Points at a time: what is added up stays in the nearest cache, and is vector code."""


@kernel("float64(int32[:,::1], float64[:,::1], float64[:,:,::1], float64[::1], int64[::1])")
def astray(lattice: Int32s, middle: Float64s, motions: Float64s, at: Float64s, columns: Int64s) -> float:
    """How far a body's points lie from where `at` (k,) puts them, steps, wherever all of it was moved to: half the widest range of
    differences along an axis.

    lattice (n, 3); middle (m, 3), motions (k, m, 3) of its first n points (n <= m). columns (3,): each axis of the lattice as the
    family's axis + 1, negative where it is turned round. O(n k).
    """
    count, many = lattice.shape[0], motions.shape[0]
    sign, where = np.ones(3), np.zeros(3, np.int64)
    for c in range(3):
        # each axis of the family: where it is, and whether turned round
        axis = abs(columns[c]) - 1
        where[axis] = c
        sign[axis] = 1.0 if columns[c] > 0 else -1.0
    least, most = np.full(3, 1e300), np.full(3, -1e300)
    placed = np.empty(3 * _BLOCK)
    for start in range(0, count, _BLOCK):
        stop = min(start + _BLOCK, count)
        rows = middle[start:stop].ravel()
        for j in range(rows.shape[0]):
            placed[j] = rows[j]
        for k in range(many):
            rows = motions[k, start:stop].ravel()
            share = at[k]
            for j in range(rows.shape[0]):
                placed[j] += share * rows[j]
        for axis in range(3):
            turned, column, low, high = sign[axis], where[axis], least[axis], most[axis]
            for i in range(stop - start):
                off = lattice[start + i, column] - turned * placed[3 * i + axis]
                low, high = min(low, off), max(high, off)
            least[axis], most[axis] = low, high
    worst = 0.0
    for axis in range(3):
        worst = max(worst, 0.5 * (most[axis] - least[axis]))
    return worst


@inlined
def least(middle: Float64s, motions: Float64s, i: int, j: int, x: float, y: float, z: float) -> float:
    """The least that point i lies beyond point j along (x, y, z), over the whole family."""
    far = x * (middle[i, 0] - middle[j, 0]) + y * (middle[i, 1] - middle[j, 1]) + z * (middle[i, 2] - middle[j, 2])
    for k in range(motions.shape[0]):
        far -= abs(
            x * (motions[k, i, 0] - motions[k, j, 0])
            + y * (motions[k, i, 1] - motions[k, j, 1])
            + z * (motions[k, i, 2] - motions[k, j, 2])
        )
    return float(far)


@inlined
def along(middle: Float64s, i: int, j: int) -> tuple[float, float, float]:
    """From point i to point j of the middle body."""
    return middle[j, 0] - middle[i, 0], middle[j, 1] - middle[i, 1], middle[j, 2] - middle[i, 2]


@kernel(
    "void(float64[:,::1], float64[:,:,::1], int32[:,::1], int32[::1], int64[::1], float64[:,::1], float64[:,:,::1], float64[:,::1])",
    writes=("boxes", "drift", "loose"),
)
def cover(
    middle: Float64s,
    motions: Float64s,
    corners: Int32s,
    order: Int32s,
    levels: Int64s,
    boxes: Float64s,
    drift: Float64s,
    loose: Float64s,
) -> None:
    """A tree (`kernels.bvh`) of faces, edges or points by their corners (t, 3): boxes (levels[-1], 6) of the middle body, drift
    (levels[-1], k, 3) the mean motion, loose (levels[-1], 3) how far any point of it strays from that, axis by axis."""
    many = motions.shape[0]
    for i in range(levels[-1]):
        for c in range(3):
            boxes[i, c], boxes[i, c + 3], loose[i, c] = NOWHERE, -NOWHERE, 0.0
            for k in range(many):
                drift[i, k, c] = 0.0
    for i in range(order.shape[0]):
        for c in range(3):
            for v in range(3):
                p = corners[order[i], v]
                boxes[i, c], boxes[i, c + 3] = min(boxes[i, c], middle[p, c]), max(boxes[i, c + 3], middle[p, c])
                for k in range(many):
                    drift[i, k, c] += motions[k, p, c] / 3.0
            for v in range(3):
                p = corners[order[i], v]
                off = 0.0
                for k in range(many):
                    off += abs(motions[k, p, c] - drift[i, k, c])
                loose[i, c] = max(loose[i, c], off)
    for level in range(1, levels.shape[0] - 1):
        for i in range(levels[level], levels[level + 1]):
            begin = levels[level - 1] + WIDTH * (i - levels[level])
            _gather(boxes, drift, loose, begin, min(begin + WIDTH, levels[level]), i)


@inlined
def _gather(boxes: Float64s, drift: Float64s, loose: Float64s, begin: int, end: int, node: int) -> None:
    count = 0
    for j in range(begin, end):
        if boxes[j, 0] > boxes[j, 3]:
            continue
        count += 1
        for c in range(3):
            boxes[node, c], boxes[node, c + 3] = min(boxes[node, c], boxes[j, c]), max(boxes[node, c + 3], boxes[j, c + 3])
            for k in range(drift.shape[1]):
                drift[node, k, c] += drift[j, k, c]
    if count == 0:
        return
    for c in range(3):
        for k in range(drift.shape[1]):
            drift[node, k, c] /= count
        for j in range(begin, end):
            if boxes[j, 0] > boxes[j, 3]:
                continue
            off = loose[j, c]
            for k in range(drift.shape[1]):
                off += abs(drift[j, k, c] - drift[node, k, c])
            loose[node, c] = max(loose[node, c], off)


@inlined
def asunder(
    boxes: Float64s,
    drift: Float64s,
    loose: Float64s,
    i: int,
    others: Float64s,
    other_drift: Float64s,
    other_loose: Float64s,
    j: int,
    reach: float,
) -> bool:
    """Do node i and node j of the other tree stay farther apart than `reach` along an axis, in every body?"""
    for c in range(3):
        room = loose[i, c] + other_loose[j, c] + reach
        for k in range(drift.shape[1]):
            room += abs(drift[i, k, c] - other_drift[j, k, c])
        if others[j, c] - boxes[i, c + 3] > room or boxes[i, c] - others[j, c + 3] > room:
            return True
    return False
