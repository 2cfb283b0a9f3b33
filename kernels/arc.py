"""An outline laid round a circle, turned and moved: straight edges cut so finely that they follow the curve.

A point x along the line and y above its middle goes to the angle x / radius and the distance radius + y from the centre, which
lies `radius` below the middle of the line; below zero the centre lies above it, and the text smiles. Widths are kept on the middle
line, and grow by (radius + y) / radius elsewhere.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.portable import cos, sin

Loops = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


@inlined
def _pieces(points: Loops, i: int, j: int, radius: float, chord: float) -> int:
    """Into how many pieces edge i-j is cut, so that none leaves its curve by more than `chord`."""
    wide = abs(float(points[j, 0]) - points[i, 0])
    high = abs(float(points[j, 1]) - points[i, 1])
    turn = wide / abs(radius)
    # of the curve's second derivative: across, (radius + y) turn^2, and along, 2 high turn
    far = abs(radius) + max(abs(float(points[i, 1])), abs(float(points[j, 1])))
    return max(1, int(math.ceil(math.sqrt((far * turn * turn + 2.0 * high * turn) / (8.0 * chord)))))


@kernel("int64(int32[:,::1], int32[::1], float64, float64)")
def count(points: Loops, ends: Loops, radius: float, chord: float) -> int:
    """How many points `bend` makes. points int32 (n, 2) and ends: loops in steps; radius and chord in steps."""
    total = 0
    first = 0
    for k in range(ends.shape[0]):
        for i in range(first, ends[k]):
            total += _pieces(points, i, i + 1 if i + 1 < ends[k] else first, radius, chord)
        first = ends[k]
    return total


@kernel(
    "void(int32[:,::1], int32[::1], float64, float64, int32[:,::1], int32[::1])",
    writes=("out", "out_ends"),
)
def bend(points: Loops, ends: Loops, radius: float, chord: float, out: Loops, out_ends: Loops) -> None:
    """The loops round the circle, in steps, rounded once. out (count(...), 2), out_ends (k,).

    No edge leaves the curve that it stands for by more than `chord`. O(n).
    """
    to = 0
    first = 0
    for k in range(ends.shape[0]):
        for i in range(first, ends[k]):
            j = i + 1 if i + 1 < ends[k] else first
            pieces = _pieces(points, i, j, radius, chord)
            for piece in range(pieces):
                t = piece / pieces
                x = points[i, 0] + t * (float(points[j, 0]) - points[i, 0])
                y = points[i, 1] + t * (float(points[j, 1]) - points[i, 1])
                angle = x / radius
                out[to, 0] = np.int32(np.floor((radius + y) * sin(angle) + 0.5))
                out[to, 1] = np.int32(np.floor((radius + y) * cos(angle) - radius + 0.5))
                to += 1
        out_ends[k] = to
        first = ends[k]


@kernel("void(int32[:,::1], float64, float64, float64, float64, int32[:,::1])", writes=("out",))
def place(points: Loops, cosine: float, sine: float, x: float, y: float, out: Loops) -> None:
    """Turned about the origin, then moved to (x, y) in steps, rounded once. out (n, 2)."""
    for i in range(points.shape[0]):
        out[i, 0] = np.int32(np.floor(cosine * points[i, 0] - sine * points[i, 1] + x + 0.5))
        out[i, 1] = np.int32(np.floor(sine * points[i, 0] + cosine * points[i, 1] + y + 0.5))
