"""What is done to heights on a grid: taken from a mesh, filled, smoothed, kept from rising too steeply, made one smooth surface."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import EngineFault
from engine.model.grid import Grid
from engine.model.mesh import Faces, Points
from kernels import drape, envelope, membrane, smoothing, spline, topology

_STILL_MM = 1e-7
"""A membrane that moves by no more in a sweep is at rest."""
_SWEEPS = 20_000
_Heights = npt.NDArray[np.float64]


def from_below(points: Points, faces: Faces, origin: tuple[float, float], shape: tuple[int, int], pitch: float) -> Grid:
    """The lowest surface of a mesh over each node of a grid, as seen from below; NaN where there is none.

    points (n, 3) mm, finite and within 32768 pitches, faces int32 (m, 3) of them: ValueError where they are not.
    """
    return _draped(points, faces, origin, shape, pitch, 1.0)


def from_above(points: Points, faces: Faces, origin: tuple[float, float], shape: tuple[int, int], pitch: float) -> Grid:
    """The highest surface of a mesh, as seen from above; otherwise `from_below`."""
    return _draped(points, faces, origin, shape, pitch, -1.0)


def _draped(
    points: Points, faces: Faces, origin: tuple[float, float], shape: tuple[int, int], pitch: float, sense: float
) -> Grid:
    if not (pitch > 0.0 and all(math.isfinite(x) for x in (*origin, pitch))):
        raise ValueError(f"a grid has a finite origin and a pitch above zero, not {origin!r} and {pitch!r}")
    points, faces = np.ascontiguousarray(points, np.float64), np.ascontiguousarray(faces, np.int32)
    bad = topology.first_bad_index(faces, len(points))
    if bad >= 0:
        raise ValueError(f"face {bad} names a point that is none")
    z = np.full(shape, sense * math.inf)
    lost = drape.drape(points, faces, *origin, pitch, sense, np.empty((len(points), 2), np.int32), z)
    if lost:
        raise ValueError(f"{lost} faces have corners that are not finite, or too far from the grid")
    z[np.isinf(z)] = math.nan
    return Grid(z, origin, pitch)


def filled(grid: Grid) -> tuple[Grid, npt.NDArray[np.bool_]]:
    """(every height known, bool (rows, columns): which were not): as a membrane lies between what is known, free at the border.

    ValueError where nothing is known, or the grid has a single row or column.
    """
    unknown = np.isnan(grid.z)
    if min(grid.z.shape) < 2 or unknown.all():
        raise ValueError("no height of this grid is known" if unknown.all() else "a membrane wants two rows and two columns")
    z = grid.z.copy()
    steps, order = np.empty(z.shape, np.int32), np.empty((5, int(np.count_nonzero(unknown))), np.int32)
    if membrane.stretch(z, unknown, _STILL_MM, _SWEEPS, steps, order) < 0:
        raise EngineFault(f"heights of {order.shape[1]} nodes do not settle in {_SWEEPS} sweeps")
    return Grid(z, grid.origin, grid.pitch), unknown


def smoothed(grid: Grid, sigma: float, weights: _Heights | None = None) -> Grid:
    """Smoothed by a Gaussian of `sigma` mm; what is not known has no weight and stays unknown.

    `weights` (rows, columns), at least 0: how much each height counts; where none within reach counts the result is unknown. Four
    sigmas are its reach. ValueError for a sigma that is not above zero.
    """
    if not (math.isfinite(sigma) and sigma > 0.0):
        raise ValueError(f"a sigma is above zero and finite, not {sigma!r} mm")
    known = ~np.isnan(grid.z)
    weight = known.astype(np.float64)
    if weights is not None:
        if weights.shape != grid.z.shape or not (np.isfinite(weights).all() and (weights >= 0.0).all()):
            raise ValueError("weights are finite, at least 0, and as many as heights")
        weight *= weights
    nodes = sigma / grid.pitch
    taps = np.empty(1 + int(smoothing.TRUNCATE * nodes + 0.5))
    smoothing.weigh(nodes, taps)
    n, m = grid.z.shape
    line, between = np.empty(m + 2 * len(taps)), np.empty((n, m))
    above, below = np.empty((n, m)), np.empty((n, m))
    smoothing.blur(np.where(known, grid.z, 0.0) * weight, taps, line, between, above)
    smoothing.blur(weight, taps, line, between, below)
    below[~known | (below <= 0.0)] = math.nan
    return Grid(above / below, grid.origin, grid.pitch)


def no_steeper(grid: Grid, slope: float, *, above: bool = False) -> Grid:
    """The highest surface under this one that rises by at most `slope` mm a mm; with `above`, the lowest over it.

    Order is kept: where one grid is nowhere above another, its envelope is not either. What is not known limits nothing, and stays.
    ValueError for a slope that is not above zero.
    """
    if not (math.isfinite(slope) and slope > 0.0):
        raise ValueError(f"a slope is above zero and finite, not {slope!r}")
    unknown = np.isnan(grid.z)
    z = np.where(unknown, math.inf, -grid.z if above else grid.z)
    low = np.empty(z.shape)
    envelope.envelope(z, slope * grid.pitch, np.empty(len(z)), np.empty(3 * z.shape[1]), low)
    low[unknown] = math.nan
    return Grid(0.0 - low if above else low, grid.origin, grid.pitch)


@dataclass(frozen=True, eq=False)
class Smooth:
    """The bicubic spline through all heights of a grid, twice continuously differentiable. `coefficients` (rows + 2, columns + 2)."""

    grid: Grid
    coefficients: _Heights

    def at(self, places: _Heights) -> _Heights:
        """float64 (k, 3): height, and its slopes along x and y, over places (k, 2), mm; NaN beside the grid."""
        places = np.ascontiguousarray(places, np.float64)
        if places.ndim != 2 or places.shape[1] != 2:
            raise ValueError(f"places are (k, 2), not {places.shape}")
        found = np.empty((len(places), 3))
        spline.evaluate(self.coefficients, *self.grid.origin, self.grid.pitch, places, found)
        return found


def smooth(grid: Grid) -> Smooth:
    """The spline through a grid; ValueError where heights are missing, or fewer than four either way."""
    n, m = grid.z.shape
    if min(n, m) < spline.LEAST:
        raise ValueError(f"a surface wants at least {spline.LEAST} heights either way, not {n} by {m}")
    unknown = int(np.count_nonzero(~np.isfinite(grid.z)))
    if unknown:
        raise ValueError(f"a surface wants all heights of its grid: {unknown} are not known")
    coefficients = np.empty((n + 2, m + 2))
    spline.interpolate(grid.z, coefficients, np.empty(max(n, m)))
    return Smooth(grid, coefficients)
