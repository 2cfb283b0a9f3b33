"""Bodies under height fields, made of numbers in a stage. They load the engine late."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engine.language.values import Solid
from engine.model.grid import Grid
from engine.model.mesh import Mesh


def sheet(
    top: Grid,
    *,
    stations: npt.NDArray[np.float64],
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
    heel: float,
    toe: float,
    across: int = 48,
    bevel: float = 0.0,
    bevel_height: float | None = None,
    mirrored: bool = False,
) -> Solid:
    """The body between z = 0 and the smooth surface through `top` (every height known), within an outline seen from above.

    At x = stations[k], rising, the outline runs from y = low[k] to high[k]; it closes in points at x = heel before the first and x = toe
    after the last, in the middle between the neighbour's low and high; all mm. `across` columns of faces, evenly spaced. The
    underside is the outline moved inwards by `bevel`; the edge rises from it to the outline at `bevel_height` (as `bevel` where none is
    given), then upright. mirrored: y becomes -y, for the other foot.

    Patches: top, edge, and bottom, which is flat: letters there run along x and read from below, y downwards. The triangles' order
    depends on the number of stations, `across`, and whether there is a bevel. ValueError, with the place: the grid ends before the
    outline, sections that are not apart, a top that is not above the bevel, a bevel that makes the outline cross itself.
    """
    from engine.shape.sheet import sheet

    mesh, patches = sheet(
        top,
        stations=stations,
        low=low,
        high=high,
        heel=heel,
        toe=toe,
        across=across,
        bevel=bevel,
        bevel_height=bevel_height,
        mirrored=mirrored,
    )
    return Solid(mesh, patches)


def raised(solid: Solid, by: npt.NDArray[np.float64]) -> Solid:
    """Every point of the solid moved up by its own entry of `by` (n,), mm. No patch is flat any more, and none can be stamped."""
    if len(solid.stamps):
        raise ValueError("a solid with letters is not raised: their faces are too long to bend")
    points = solid.mesh.points + np.stack((np.zeros(len(by)), np.zeros(len(by)), by), axis=1)
    patches = {name: replace(patch, plane=None, surface=None) for name, patch in solid.patches.items()}
    return Solid(Mesh(points, solid.mesh.faces), patches)
