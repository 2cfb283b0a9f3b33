"""A sheet: the body between a flat underside and a height field, within an outline given by sections. Insoles are made of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from engine.model.grid import Grid
from engine.model.mesh import STEPS_PER_MM, Faces, Mesh, Patch, Plane
from engine.shape.heights import smooth
from kernels.sheet import FINE, FOLDED, NARROW, OFF_GRID, THIN
from kernels.sheet import sheet as fill

_UNDERSIDE = Plane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, -1.0, 0.0))
_WHY = {
    OFF_GRID: "the top's grid does not reach so far",
    NARROW: "sections, or their columns, are not apart there",
    THIN: "the top is not above the bevel there",
    FOLDED: "moved inwards by the bevel, the outline crosses itself there",
}
_Numbers = npt.NDArray[np.float64]
_Patches = Mapping[str, Patch]


def sheet(
    top: Grid,
    *,
    stations: _Numbers,
    low: _Numbers,
    high: _Numbers,
    heel: float,
    toe: float,
    across: int = 48,
    bevel: float = 0.0,
    bevel_height: float | None = None,
    mirrored: bool = False,
) -> tuple[Mesh, _Patches]:
    """As `engine.authoring.sheet`: the mesh on the lattice, and its patches."""
    stations, low, high = (np.array(a, dtype=np.float64, order="C") for a in (stations, low, high))
    n = len(stations)
    if not (stations.ndim == low.ndim == high.ndim == 1 and n == len(low) == len(high) and n >= 2):
        raise ValueError("a sheet has at least two stations, and as many lows and highs")
    if across < 2:
        raise ValueError(f"a sheet has at least 2 columns, not {across!r}")
    lift = bevel if bevel_height is None else bevel_height
    if not (math.isfinite(bevel) and math.isfinite(lift) and bevel >= 0.0 and (lift > 0.0) == (bevel > 0.0)):
        raise ValueError(f"a bevel and its height are both above zero, or both zero, not {bevel!r} and {lift!r} mm")
    if bevel > 0.0 and min(bevel, lift) * STEPS_PER_MM < 1.0:
        raise ValueError(f"a bevel is at least one step of the lattice, not {bevel!r} by {lift!r} mm")
    if not all(np.isfinite(a).all() for a in (stations, low, high, (heel, toe))):
        raise ValueError("a sheet's outline is finite")
    faces, patches = _faces(n, across, bevel > 0.0, mirrored)
    points = np.empty((n * (across + 1) + 2 + (2 * n + 2) * (2 if bevel > 0.0 else 1), 3))
    where = np.zeros(1, np.int64)
    coefficients = smooth(top).coefficients
    status = fill(
        coefficients, *top.origin, top.pitch, stations, low, high, heel, toe,
        np.arange(across + 1) / across, bevel, lift, np.empty(coefficients.shape[1]), points, where,
    )  # fmt: skip
    if status != FINE:
        x, y = (
            points[where[0], :2] / STEPS_PER_MM
            if status != OFF_GRID
            else _asked(int(where[0]), stations, low, high, heel, toe, across)
        )
        raise ValueError(f"no sheet at x {x:.2f}, y {y:.2f} mm: {_WHY[status]}")
    points /= STEPS_PER_MM
    if mirrored:
        points[:, 1] = 0.0 - points[:, 1]
    points.flags.writeable = False
    return Mesh(points, faces), patches


def _asked(
    at: int, stations: _Numbers, low: _Numbers, high: _Numbers, heel: float, toe: float, across: int
) -> tuple[float, float]:
    """The place of a point of the top as it was asked for."""
    k, v = divmod(at, across + 1)
    if k < len(stations):
        return float(stations[k]), float(low[k] + v / across * (high[k] - low[k]))
    k = -(at - len(stations) * (across + 1))
    return (toe if k else heel), float(0.5 * (low[k] + high[k]))


@lru_cache(maxsize=16)
def _faces(n: int, across: int, bevelled: bool, mirrored: bool) -> tuple[Faces, _Patches]:
    """Faces and patches, which depend on nothing else."""
    w, ring = across + 1, 2 * n + 2
    top = n * w
    a = (np.arange(n - 1)[:, None] * w + np.arange(across)).ravel()
    b, c, d = a + w, a + w + 1, a + 1
    # diagonals mirror each other on either side of the middle
    one = 2 * (a % w) < across
    quads = [np.where(one, x, y) for x, y in ((a, a), (b, b), (c, d), (a, b), (c, c), (d, d))]
    upper = np.stack((np.stack(quads[:3], 1), np.stack(quads[3:], 1)), 1).reshape(-1, 3)
    j = np.arange(across)
    heel = np.stack((np.full(across, top), j, j + 1), 1)
    end = (n - 1) * w + j
    toe = np.stack((np.full(across, top + 1), end + 1, end), 1)

    sides = np.arange(n) * w
    rim = np.concatenate(([top], sides, [top + 1], sides[::-1] + across))
    levels = [rim, *(top + 2 + k * ring + np.arange(ring) for k in range(2 if bevelled else 1))]
    walls = []
    for over, under in pairwise(levels):
        p, q, r, s = under, np.roll(under, -1), np.roll(over, -1), over
        walls.append(np.stack((np.stack((p, q, r), 1), np.stack((p, r, s), 1)), 1).reshape(-1, 3))

    foot = levels[-1]
    lo, hi = foot[1 : n + 1], foot[: n + 1 : -1]
    zipped = np.stack((np.stack((lo[:-1], hi[1:], lo[1:]), 1), np.stack((lo[:-1], hi[:-1], hi[1:]), 1)), 1).reshape(-1, 3)
    ends = np.array([(foot[0], hi[0], lo[0]), (lo[-1], hi[-1], foot[n + 1])])
    groups = {"top": (upper, heel, toe), "edge": tuple(walls), "bottom": (zipped, ends)}
    faces = np.concatenate([part for group in groups.values() for part in group]).astype(np.int32)
    if mirrored:
        faces = faces[:, ::-1].copy()
    faces.flags.writeable = False
    patches, first = {}, 0
    for name, group in groups.items():
        many = sum(map(len, group))
        rows = np.arange(first, first + many, dtype=np.int32)
        rows.flags.writeable = False
        patches[name] = Patch(name, rows, _UNDERSIDE if name == "bottom" else None)
        first += many
    return faces, MappingProxyType(patches)
