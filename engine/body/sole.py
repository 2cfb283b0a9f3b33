"""The underside of a foot in its frame, as heights on a grid: what the scan shows of it, and what is filled in between."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.body import foot_frame
from engine.body.surface import Surface
from engine.model.grid import Grid
from engine.shape import heights
from kernels import stations

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SIGMA = 3.0
"""mm: the sole is smoothed by a Gaussian of that width; wider ones flatten the arch, narrower ones leave the noise in."""
_MARGIN = 3  # cells round the foot
_FROM, _TO = 0.3, 0.6  # of the length: where the arch is
_HEEL, _BALL = 0.15, 0.70  # of the length: where the foot is broad
_NEAR, _FAR = 0.12, 0.45  # of the width, in from each border
_RIM = (0.08, 0.75)  # of the length
_WALL = 3.0  # mm in a mm: steeper faces are walls
_SIDE = 1.0  # mm in a mm: how steep a foot's side is at its border
_TALL = 30.0  # mm: higher is the side of the foot, not its sole


@dataclass(frozen=True, eq=False)
class Underside:
    """`raw` (rows, columns) mm, NaN where the scan shows nothing; `inside`: within the foot's outline from above; `steep`: cells that
    only a wall covers, near which no height is told: what is scanned from above, foam above all, joins the last point that it saw to
    the next one, as far away as its own are apart."""

    raw: Floats
    inside: Bools
    steep: Bools
    origin: tuple[float, float]
    pitch: float

    def mirrored(self) -> Underside:
        """With y the other way round."""
        last = self.origin[1] + (self.raw.shape[1] - 1) * self.pitch
        raw, inside, steep = self.raw[:, ::-1].copy(), self.inside[:, ::-1].copy(), self.steep[:, ::-1].copy()
        return Underside(raw, inside, steep, (self.origin[0], -last), self.pitch)

    def seen(self) -> Bools:
        """The cells inside whose height the scan shows."""
        made: Bools = self.inside & ~np.isnan(self.raw) & ~self.steep
        return made

    def share(self) -> float:
        """How much of the inside the scan shows."""
        return int(np.count_nonzero(self.seen())) / max(1, int(np.count_nonzero(self.inside)))

    def rim(self, length: float, inwards: float) -> float:
        """How high the sole is so far inside the outline, mm: the median of both borders, of heel and midfoot; 0 where none is seen."""
        told = []
        for i in range(self.raw.shape[0]):
            cells = np.flatnonzero(self.inside[i])
            step = round(inwards / self.pitch)
            if _RIM[0] * length <= self.origin[0] + i * self.pitch <= _RIM[1] * length and len(cells) > 2 * step:
                told += [self.raw[i, cells[step]], self.raw[i, cells[-1 - step]]]
        known = sorted(float(z) for z in told if not math.isnan(z))
        return known[len(known) // 2] if known else 0.0

    def smooth(self) -> Grid:
        """Filled and smoothed; NaN outside. Beside the foot, and where a wall alone is seen, its side goes on rising for that: a mean of
        what lies within the border alone would be too low there, and one with the wall too high."""
        told = self.inside & ~self.steep
        filled, _ = heights.filled(Grid(np.where(told, self.raw, np.nan), self.origin, self.pitch))
        risen = heights.no_steeper(Grid(np.where(told, filled.z, _TALL), self.origin, self.pitch), _SIDE)
        whole = heights.smoothed(Grid(np.where(told, filled.z, risen.z), self.origin, self.pitch), SIGMA)
        return Grid(np.where(self.inside, whole.z, np.nan), self.origin, self.pitch)

    def arches(self, length: float) -> tuple[float, float]:
        """How high the sole is on average, mm, in the midfoot beside its right (lesser y) and its left border.

        A border that lies inside the line from heel to ball is no border of the sole, but where the scan ends: what is beyond is high.
        """
        sums, counts = [0.0, 0.0], [0, 0]
        tangents = [self._tangent(length, side) for side in (0, -1)]
        for i in range(self.raw.shape[0]):
            x = self.origin[0] + i * self.pitch
            cells = np.flatnonzero(self.inside[i])
            if not _FROM * length <= x <= _TO * length or len(cells) == 0:
                continue
            first = min(int(cells[0]), math.ceil(tangents[0][0] + tangents[0][1] * x))
            last = max(int(cells[-1]), math.floor(tangents[1][0] + tangents[1][1] * x))
            row = np.where(self.inside[i], np.minimum(self.raw[i], _TALL), _TALL)[first : last + 1]
            band = slice(int(_NEAR * len(row)), int(_FAR * len(row)))
            for side, across in enumerate((row, row[::-1])):
                told = across[band]
                told = told[~np.isnan(told)]
                sums[side] += math.fsum(told.tolist())
                counts[side] += len(told)
        return (sums[0] / counts[0], sums[1] / counts[1]) if min(counts) > 0 else (0.0, 0.0)

    def _tangent(self, length: float, side: int) -> tuple[float, float]:
        """The column of a border (0 the first inside, -1 the last) on the line from the heel's to the ball's: at x = 0, and a mm."""
        rows = [round((share * length - self.origin[0]) / self.pitch) for share in (_HEEL, _BALL)]
        one, two = (float(np.flatnonzero(self.inside[row])[side]) if self.inside[row].any() else math.nan for row in rows)
        slope = (two - one) / ((_BALL - _HEEL) * length)
        return (one - slope * _HEEL * length, slope) if math.isfinite(slope) else (math.nan, math.nan)

    def ends(self, length: float) -> float:
        """How high the scan of a sole ends, mm: the median of its outermost heights."""
        told = []
        for i in range(self.raw.shape[0]):
            if _RIM[0] * length <= self.origin[0] + i * self.pitch <= _RIM[1] * length:
                known = np.flatnonzero(~np.isnan(self.raw[i]))
                told += [float(self.raw[i, known[0]]), float(self.raw[i, known[-1]])] if len(known) else []
        return sorted(told)[len(told) // 2] if told else 0.0


def underside(surface: Surface, length: float, pitch: float) -> Underside:
    """Sampled from below: of the faces that look down, the lowest over each cell's middle."""
    top = foot_frame.LOW * length
    rows = math.ceil(length / pitch) + 1 + 2 * _MARGIN
    told = np.empty((rows, 4))
    stations.extents(surface.points, surface.faces, top, -_MARGIN * pitch, pitch, told)
    finite = np.isfinite(told[:, stations.LEAST])
    first = math.floor(float(told[finite, stations.LEAST].min()) / pitch) - _MARGIN
    last = math.ceil(float(told[finite, stations.MOST].max()) / pitch) + _MARGIN
    y = np.arange(first, last + 1) * pitch
    inside = (y >= told[:, stations.LEAST][:, None]) & (y <= told[:, stations.MOST][:, None])
    a, b, c = (surface.points[surface.faces[:, k]] for k in range(3))
    along, across = b - a, c - a
    down = along[:, 1] * across[:, 0] - along[:, 0] * across[:, 1]
    aside = [along[:, k] * across[:, 2] - along[:, 2] * across[:, k] for k in (0, 1)]
    wall = aside[0] * aside[0] + aside[1] * aside[1] > _WALL * _WALL * down * down
    looks = (down > 0.0) & (a[:, 2] < top)
    origin = (-_MARGIN * pitch, first * pitch)
    sole, walls = (
        heights.from_below(surface.points, np.ascontiguousarray(surface.faces[looks & kind]), origin, inside.shape, pitch).z
        for kind in (~wall, wall)
    )
    return Underside(np.fmin(sole, walls), inside, np.isnan(sole) & ~np.isnan(walls), origin, pitch)
