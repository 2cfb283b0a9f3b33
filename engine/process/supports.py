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

from engine.model.bonded import outside, settled_groups
from engine.model.mesh import STEPS_PER_MM, Settled
from engine.model.process import Process
from kernels import ceilings


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
    if limit is None or not len(faces) or not len(lattice):
        return NONE
    rows, level, heights = (np.empty(len(faces), dtype=np.int32) for _ in range(3))
    doubles, told = np.empty(len(faces), dtype=np.int64), np.empty(2, dtype=np.int64)
    table = np.empty(1 << len(faces).bit_length(), dtype=np.int32)
    found = ceilings.gather(lattice, faces, rows, level, table, heights, doubles, told)
    foot, levels = told.tolist()
    area_mm2 = volume_mm3 = 0.0
    for z, double, at in sorted(zip(heights[:levels].tolist(), doubles[:levels].tolist(), range(levels), strict=True)):
        area = double / 2.0 / STEPS_PER_MM**2
        # no shape has a smaller perimeter than a circle, of mean width r: most levels are settled by their area
        if area <= math.pi * limit.value**2:
            continue
        edges = np.empty(1 << (3 * found).bit_length(), dtype=np.int64)
        if 2.0 * area > limit.value * ceilings.border(lattice, faces, rows, level, found, at, edges) / STEPS_PER_MM:
            area_mm2 += area
            volume_mm3 += area * (z - foot) / STEPS_PER_MM
    return Support(area_mm2 > 0.0, area_mm2, volume_mm3)


def support_figures(parts: Sequence[Settled], process: Process) -> dict[str, float]:
    """For the report and the estimate: what the supports of all parts hold up. Empty where no process counts supports.

    Bonded parts are one: what fills a pocket holds up its ceiling.
    """
    if "bridge" not in process.limits:
        return {}
    told = [support(*outside([parts[at] for at in group]), process) for group in settled_groups(parts)]
    return {
        "supported_area_mm2": math.fsum(one.area_mm2 for one in told),
        "supported_volume_mm3": math.fsum(one.volume_mm3 for one in told),
    }
