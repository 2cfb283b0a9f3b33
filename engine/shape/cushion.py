"""Pressure under a foot becomes relief, and zones where the print is softer.

Both begin with the same smoothed pressure S, and keep its order: where a map presses nowhere less than another, no place gets less
relief, nor a firmer zone. Figures: Bus et al. 2011 hold 200 kPa in the shoe for the most that a foot at risk should bear; the others are ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engine.model.grid import Grid
from engine.model.mesh import Modifier
from engine.shape.zones import contours, rectangle, standing
from kernels.portable import exponential

SIGMA_MM = 4.0
"""Of the smoothing. At 6 the mean foot's big toe (303 kPa on 2 cm) is left with 195 and gets no relief; at 4 with 238."""
BEGINS_KPA, FULL_KPA = 200.0, 400.0
"""Smoothed pressure at which relief begins, and from which on it is as deep as it gets."""
DEEPEST_MM = 4.0
DEPTHS_MM = (2.0, 6.0)
"""The deepest relief: default and range."""
SLOPE = 0.35
"""mm in a mm: no place of the relief is steeper."""
ZONES: tuple[tuple[str, float, int], ...] = (("firm", 0.0, 25), ("soft", 150.0, 17), ("softest", 250.0, 10))
"""Name, smoothed pressure from which on, infill in percent: the higher the pressure, the softer."""

Floats = npt.NDArray[np.float64]


def smoothed(pressure: Grid, sigma: float = SIGMA_MM) -> Grid:
    """S, kPa: a Gaussian mean of the pressure; beyond the grid there is none. All weights are above zero, so order is kept."""
    reach = math.ceil(4.0 * sigma / pressure.pitch)
    half = [exponential(-0.5 * (k * pressure.pitch / sigma) ** 2) for k in range(reach + 1)]
    whole = half[0] + 2.0 * math.fsum(half[1:])
    weights = [h / whole for h in half]
    return replace(pressure, z=_along(_along(pressure.z, weights).T, weights).T)


def _along(values: Floats, weights: Sequence[float]) -> Floats:
    """The weighted mean of each row and its neighbours, in a fixed order of adding."""
    n = len(values)
    total = values * weights[0]
    for k, weight in enumerate(weights[1:n], 1):
        total[k:] += weight * values[: n - k]
        total[: n - k] += weight * values[k:]
    return total


def relief(pressure: Grid, deepest: float = DEEPEST_MM) -> Grid:
    """How deep (mm, 0 to `deepest`) the insole's top is sunk under the foot, of pressure in kPa.

    `deepest` * (S - 200) / (400 - 200), held between its ends, then no steeper than SLOPE: each place takes the least, over all
    places, of the depth there and SLOPE times the way to it. ValueError for a depth outside DEPTHS_MM.
    """
    low, high = DEPTHS_MM
    if not low <= deepest <= high:
        raise ValueError(f"relief is {low:g} to {high:g} mm deep at its deepest, not {deepest!r}")
    share = (smoothed(pressure).z - BEGINS_KPA) / (FULL_KPA - BEGINS_KPA)
    return replace(pressure, z=_no_steeper(deepest * np.clip(share, 0.0, 1.0), pressure.pitch, deepest))


def soft_zones(pressure: Grid, low: float, high: float) -> tuple[Modifier, ...]:
    """ZONES as volumes from z = `low` to z = `high`, mm: the whole grid firm, within it the soft ones, each inside the one before.

    A zone that the pressure does not reach is left out.
    """
    field = smoothed(pressure)
    made = []
    for name, level, density in ZONES:
        outline = contours(field, level) if level else rectangle(field)
        if len(outline.points):
            made.append(Modifier(name, standing(outline, low, high), {"fill_density": f"{density}%"}))
    return tuple(made)


def _no_steeper(depth: Floats, pitch: float, deepest: float) -> Floats:
    """The lower envelope of cones: farther than `deepest` / SLOPE none is low enough to count. Beyond the grid the depth is 0."""
    reach = math.ceil(deepest / SLOPE / pitch)
    rows, columns = depth.shape
    wide = np.zeros((rows + 2 * reach, columns + 2 * reach))
    wide[reach : reach + rows, reach : reach + columns] = depth
    made = depth.copy()
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            rise = SLOPE * pitch * math.sqrt(i * i + j * j)
            if 0.0 < rise < deepest:
                np.minimum(made, wide[reach + i : reach + i + rows, reach + j : reach + j + columns] + rise, out=made)
    return made
