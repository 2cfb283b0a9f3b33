"""Lens shapes by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.authoring import direction

Floats = npt.NDArray[np.float64]
POINTS = 96
"""Of an outline: 1.5 to 2 mm apart."""


@dataclass(frozen=True, eq=False)
class Lens:
    """points (n, 2) about the box's centre, counter-clockwise facing the wearer, x to the wearer's left; normals (n, 2), outwards; mm."""

    points: Floats
    normals: Floats

    def mirrored(self) -> Lens:
        """For the other eye."""
        turn = np.array((-1.0, 1.0))
        return Lens((self.points * turn)[::-1].copy(), (self.normals * turn)[::-1].copy())

    def grown(self, by: float) -> Lens:
        """Moved outwards along its normals."""
        return Lens(self.points + by * self.normals, self.normals)


SQUARE = {"round": 0.0, "panto": 0.25, "rectangle": 0.8, "square": 0.6}


def shaped(name: str, a: float, b: float) -> Lens:
    """The left eye's lens of that shape, A wide and B high."""
    square = SQUARE[name]
    turns = np.array([direction(360.0 * k / POINTS) for k in range(POINTS)])
    u, v = turns[:, 0] / (a / 2), turns[:, 1] / (b / 2)
    u, v = u * u, v * v
    two = 1.0 / np.sqrt(u + v)
    four = 1.0 / np.sqrt(np.sqrt(u * u + v * v))
    points = turns * ((1.0 - square) * two + square * four)[:, None]
    return Lens(points, outward(points))


def outward(points: Floats) -> Floats:
    """Unit normals of a closed counter-clockwise curve at its points (n, 2): across the parabola through each and its neighbours."""
    before, after = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
    p, q = _length(before), _length(after)
    along = before * (q / p)[:, None] + after * (p / q)[:, None]
    return np.stack((along[:, 1], -along[:, 0]), axis=1) / _length(along)[:, None]


def _length(way: Floats) -> Floats:
    made: Floats = np.sqrt(way[:, 0] * way[:, 0] + way[:, 1] * way[:, 1])
    return made
