"""The two lenses as points along their outlines: a shape by its name, or an optician's trace."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.authoring import LensOutline, LensPair, Side, Trace, lens_curve, lens_outline, lens_shape

Floats = npt.NDArray[np.float64]
POINTS = 96
"""Of an outline, evenly along it: 1.5 mm apart."""


@dataclass(frozen=True, eq=False)
class Lens:
    """points (n, 2) about the box's centre, counter-clockwise facing the wearer, x to the wearer's left; normals (n, 2), outwards; mm."""

    points: Floats
    normals: Floats
    outline: LensOutline


def traced(pair: LensPair) -> tuple[Lens, Lens]:
    """Right and left lens of a trace. ValueError: it has corners, or noise."""
    right, left = (_smoothed(trace.side, trace.radii.tobytes()) for trace in (pair.right, pair.left))
    return right, left


@functools.lru_cache(maxsize=16)
def _smoothed(side: Side, radii: bytes) -> Lens:
    """An order asks for its lenses again and again."""
    return on(lens_outline(Trace(side, np.frombuffer(radii))))


def shaped(name: str, a: float, b: float) -> tuple[Lens, Lens]:
    """Right and left lens of that shape, A wide and B high."""
    return one(name, a, b, "right"), one(name, a, b, "left")


@functools.lru_cache(maxsize=64)
def one(name: str, a: float, b: float, side: Side) -> Lens:
    """One lens of that shape."""
    return on(lens_outline(lens_shape(name, a, b, side=side)))


def on(outline: LensOutline) -> Lens:
    """The points of an outline that a front is made of."""
    curve = lens_curve(outline, POINTS, even=True)
    return Lens(curve.points, curve.normals, outline)


def outward(points: Floats) -> Floats:
    """Unit normals of a closed counter-clockwise curve at its points (n, 2): across the parabola through each and its neighbours."""
    after = np.concatenate((points[1:], points[:1])) - points
    before = np.concatenate((after[-1:], after[:-1]))
    q = _length(after)
    p = np.concatenate((q[-1:], q[:-1]))
    along = before * (q / p)[:, None] + after * (p / q)[:, None]
    return np.stack((along[:, 1], -along[:, 0]), axis=1) / _length(along)[:, None]


def _length(way: Floats) -> Floats:
    made: Floats = np.sqrt(way[:, 0] * way[:, 0] + way[:, 1] * way[:, 1])
    return made
