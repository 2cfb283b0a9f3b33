"""Does a part need supports in its print pose, and how much: flat ceilings that are too wide for a printer to bridge.

Sloped overhangs below the slicer's threshold are left to its own judgement once supports are on. Everything here is counted
in integers of the lattice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.model.mesh import STEPS_PER_MM, Settled
from engine.model.process import Process

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Support:
    """`needed`: a ceiling is wider than the process bridges. `area_mm2`, `volume_mm3`: of the columns under such ceilings."""

    needed: bool
    area_mm2: float = 0.0
    volume_mm3: float = 0.0


NONE = Support(False)


def support(lattice: npt.NDArray[np.int32], faces: npt.NDArray[np.int32], process: Process) -> Support:
    """The supports of one part. lattice int32 (n, 3) steps of 1e-4 mm in the print pose, faces int32 (m, 3).

    Only a process with a figure `bridge` has supports that we count (FDM); elsewhere the answer is `NONE`. A level of flat
    ceilings counts as one region of mean width 2 area / perimeter, which is exact for a long strip.
    """
    limit = process.limits.get("bridge")
    if limit is None or not len(faces):
        return NONE
    heights = np.ascontiguousarray(lattice[:, 2])
    foot = int(heights.min())
    first, second, third = (heights[faces[:, corner]] for corner in range(3))
    flat = np.flatnonzero((first == second) & (first == third) & (first > foot))
    rows = faces[flat]
    double = -_double_areas(lattice, rows)
    down = np.flatnonzero(double > 0)
    level = first[flat[down]]
    order = down[np.argsort(level, kind="stable")]
    levels, starts = np.unique(np.sort(level), return_index=True)
    area_mm2 = volume_mm3 = 0.0
    for at, (z, start) in enumerate(zip(levels.tolist(), starts.tolist(), strict=True)):
        here = order[start : starts[at + 1] if at + 1 < len(starts) else None]
        area = int(double[here].sum()) / 2.0 / STEPS_PER_MM**2
        # no shape has a smaller perimeter than a circle, of mean width r: most levels are settled by their area
        if area > math.pi * limit.value**2 and 2.0 * area > limit.value * _perimeter(lattice, rows[here]):
            area_mm2 += area
            volume_mm3 += area * (z - foot) / STEPS_PER_MM
    return Support(area_mm2 > 0.0, area_mm2, volume_mm3)


def support_figures(parts: Sequence[Settled], process: Process) -> dict[str, float]:
    """For the report and the estimate: what the supports of all parts hold up. Empty where no process counts supports."""
    if "bridge" not in process.limits:
        return {}
    told = [support(part.lattice, part.faces, process) for part in parts]
    return {
        "supported_area_mm2": math.fsum(one.area_mm2 for one in told),
        "supported_volume_mm3": math.fsum(one.volume_mm3 for one in told),
    }


def _double_areas(lattice: npt.NDArray[np.int32], rows: npt.NDArray[np.int32]) -> Integers:
    """Twice the signed area of each triangle seen from above, in square steps; negative where it faces down."""
    flat: Integers = lattice[rows][:, :, :2].astype(np.int64)
    one, two = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    crossed: Integers = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
    return crossed


def _perimeter(lattice: npt.NDArray[np.int32], rows: npt.NDArray[np.int32]) -> float:
    """The length, mm, of the edges that have no partner among these faces."""
    tails = rows.astype(np.int64).ravel()
    heads = rows[:, [1, 2, 0]].astype(np.int64).ravel()
    size = np.int64(len(lattice))
    border = ~np.isin(tails * size + heads, heads * size + tails)
    steps = (lattice[heads[border]].astype(np.int64) - lattice[tails[border]].astype(np.int64)).tolist()
    return math.fsum(math.sqrt(x * x + y * y) for x, y, _ in steps) / STEPS_PER_MM
