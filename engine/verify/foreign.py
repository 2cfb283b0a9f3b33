"""Foreign files on a lattice of their own: as they are drawn, each step a power of two of a millimetre, as fine as kernels hold.

What we make has its points on 1e-4 mm; a file of any size and place has not, and rounding it there would change the verdict.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.model.mesh import STEPS_PER_MM, Lattice, Part, Pose, Settled
from engine.verify.settle import UPRIGHT, welded
from kernels import lattice as grid

_EXPONENTS = (-120, 150)
"""Of the steps in a millimetre: so far volumes and moments stay within float64."""


def settle_as_drawn(parts: Sequence[Part], bed: bool = False) -> list[Settled]:
    """All parts of one file, unturned, on one lattice about the middle of all their points; equal points become one.

    Its step is the power of two mm by which the box is 2^28 to 2^29 steps long, so powers of two and translations that float64
    holds change nothing. A point that is not finite, or beyond 2^148 mm, becomes a mark that `verify` reports; nothing raises.

    `bed`: all of it is then dropped by whole steps, so that the lowest point that a face uses has z = 0; `origin` follows, and
    places are still told as they are drawn. For z to hold the whole height, the lattice of a file that is taller than it is long or
    wide is half as fine.
    """
    (x, y, z), steps = _lattice(parts, bed)
    told = []
    for part in parts:
        rows = np.empty(part.mesh.points.shape, dtype=np.int32)
        with np.errstate(over="ignore"):  # far beyond any lattice, and told so
            lost = grid.quantise(part.mesh.points - np.array((x, y, z)), steps, rows)
        told.append((part, rows, lost))
    drop = _drop([(rows, part) for part, rows, _ in told]) if bed else 0
    made = []
    for part, rows, lost in told:
        lost += grid.turn(rows, UPRIGHT, np.array((0, 0, drop), dtype=np.int64)) if drop else 0
        lattice, faces, _ = (rows, part.mesh.faces, 0) if lost else welded(rows, part.mesh.faces)
        for array in (lattice, faces):
            array.flags.writeable = False
        made.append(Settled(part, Pose(), lattice, faces, None, steps, (x, y, z - drop / steps)))
    return made


def _drop(told: Sequence[tuple[Lattice, Part]]) -> int:
    """By how many steps to raise all of it, so that the lowest point in use is at 0."""
    lowest = min((grid.lowest(rows, part.mesh.faces) for rows, part in told), default=grid.TOO_FAR)
    return 0 if lowest == grid.TOO_FAR else -lowest


def _lattice(parts: Sequence[Part], bed: bool) -> tuple[tuple[float, float, float], float]:
    """Its origin, mm, and how many steps a mm has."""
    finite = [p.mesh.points[np.isfinite(p.mesh.points).all(axis=1)] for p in parts]
    boxes = [(f.min(axis=0), f.max(axis=0)) for f in finite if len(f)]
    if not boxes:
        return (0.0, 0.0, 0.0), STEPS_PER_MM
    low, high = np.min([b[0] for b in boxes], axis=0), np.max([b[1] for b in boxes], axis=0)
    middle = low / 2 + high / 2
    above, below = high - middle, middle - low
    reach = max(float(above.max()), float(below.max()), float(above[2] + below[2]) if bed else 0.0)
    if reach == 0.0:
        return (0.0, 0.0, 0.0), STEPS_PER_MM
    exponent = min(max(28 - math.frexp(reach)[1], _EXPONENTS[0]), _EXPONENTS[1])
    x, y, z = middle.tolist()
    return (x, y, z), math.ldexp(1.0, exponent)
