"""Outlines that are no letters, angles, and how far something is off a skin. They load the engine late."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.model.outline import Outline
from engine.model.rounded import Rounded

if TYPE_CHECKING:
    from engine.model.face import Face
    from engine.model.mesh import Mesh


def pattern(kind: str, *, within: Rounded, clear: Sequence[Rounded] = (), cell: float, bar: float) -> Outline:
    """Cells to cut through a wall or to raise: kind hexagon, stripes or waves, `cell` mm wide, `bar` mm apart, in the patch's frame.

    All of them lie in `within`, none in what is to stay `clear`.
    """
    from engine.shape.cells import cells

    return cells(kind, within, clear, cell, bar)


def filled(shape: Rounded, *, less: Sequence[Rounded] = ()) -> Outline:
    """All within a shape's border, less others that lie within it: a ring is a disc less a disc. No chord is 0.01 mm off its arc."""
    from engine.shape.borders import filled

    return filled(shape, less)


def direction(angle: float) -> tuple[float, float]:
    """The unit vector so many degrees counter-clockwise from x, the same on every machine."""
    return _direction(angle + 0.0)  # never -0.0, which is kept as 0.0 is


@functools.lru_cache(maxsize=1024)
def _direction(angle: float) -> tuple[float, float]:
    """Kept: fits and rules ask for the same angles over and over."""
    from kernels.portable import cosine_degrees, sine_degrees

    return cosine_degrees(angle), sine_degrees(angle)


def angle_of(x: float, y: float) -> float:
    """Degrees counter-clockwise from x to the direction (x, y), above -180 and up to 180, the same on every machine."""
    from kernels.portable import arctangent2

    return arctangent2(y, x) * 57.29577951308232


def off_skin(skin: Mesh, places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """mm from each place (n, 3) to a scanned skin, below 0 in it; NaN where the nearest that was scanned is the scan's border."""
    from engine.body.face_gap import off_skin as made

    return made(skin, places)


def nose_section(face: Face, y: float, level: float) -> tuple[float, float]:
    """x at the right and the left where the scanned nose's section at y falls to z = `level`; NaN where it does not, or none was scanned."""
    from engine.body.face_nose import across

    return (math.nan, math.nan) if face.nose is None else across(face.nose, y, level)
