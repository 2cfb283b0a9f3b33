"""Pressure under a foot becomes relief, and zones where the print is softer.

Both begin with the same smoothed pressure S, and keep its order: where a map presses nowhere less than another, no place gets less
relief, nor a firmer zone. Figures: Bus et al. 2011 hold 200 kPa in the shoe for the most that a foot at risk should bear; the others are ours.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.model.grid import Grid
from engine.model.mesh import Modifier
from engine.model.pressure import DEEPEST_MM
from engine.shape import heights, zones

SIGMA_MM = 4.0
"""Of the smoothing. At 6 the mean foot's big toe (303 kPa on 2 cm) is left with 195 and gets no relief; at 4 with 238."""
BEGINS_KPA, FULL_KPA = 200.0, 400.0
"""Smoothed pressure at which relief begins, and from which on it is as deep as it gets."""
DEPTHS_MM = (2.0, 6.0)
"""The deepest relief may be so deep."""
SLOPE = 0.35
"""mm in a mm: no place of the relief is steeper."""
ZONES: tuple[tuple[str, float, int], ...] = (("firm", 0.0, 25), ("soft", 150.0, 17), ("softest", 250.0, 10))
"""Name, smoothed pressure from which on, infill in percent: the higher the pressure, the softer."""


def smoothed(pressure: Grid) -> Grid:
    """S, kPa: a Gaussian mean of the pressure. All its weights are above zero, so order is kept."""
    return heights.smoothed(pressure, SIGMA_MM)


def relief(pressure: Grid, deepest: float = DEEPEST_MM) -> Grid:
    """How deep (mm, 0 to `deepest`) the insole's top is sunk under the foot, of pressure in kPa.

    `deepest` * (S - 200) / (400 - 200), held between its ends, then no steeper than SLOPE: each place takes the least, over all
    places, of the depth there and SLOPE times the way to it. ValueError for a depth outside DEPTHS_MM.
    """
    low, high = DEPTHS_MM
    if not low <= deepest <= high:
        raise ValueError(f"relief is {low:g} to {high:g} mm deep at its deepest, not {deepest!r}")
    share = (smoothed(pressure).z - BEGINS_KPA) / (FULL_KPA - BEGINS_KPA)
    return heights.no_steeper(replace(pressure, z=deepest * np.clip(share, 0.0, 1.0)), SLOPE)


def soft_zones(pressure: Grid, low: float, high: float, *, mirrored: bool = False) -> tuple[Modifier, ...]:
    """ZONES as volumes from z = `low` to z = `high`, mm: the whole grid firm, within it the soft ones, each inside the one before.

    A zone that the pressure does not reach is left out. `mirrored`: y becomes -y, for the other foot.
    """
    field = smoothed(pressure)
    made = []
    for name, level, density in ZONES:
        outline = zones.contours(field, level) if level else zones.rectangle(field)
        if len(outline.points):
            outline = zones.mirrored(outline) if mirrored else outline
            made.append(Modifier(name, zones.standing(outline, low, high), {"fill_density": f"{density}%"}))
    return tuple(made)
