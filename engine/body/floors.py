"""Flat things that were scanned with a foot, and hang together with it: the floor it stood on, the top of a foam box."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.body import standing
from engine.body.pieces import FLAT, level
from engine.body.surface import Surface
from kernels import lying

Floats = npt.NDArray[np.float64]

FLOOR, ABOVE = 15_000.0, 20_000.0
"""mm2 that look up in one plane, and of what stands on it: less is no floor with a foot."""
FLANGE = 6_000.0
"""mm2 that look down in one plane above the sole: a foam's top, turned over with the imprint in it."""
_SHARE = 0.12  # of all that was scanned is the floor at least
_TRIED = 4
_CLEAR = 2.0  # mm above a floor is where what is kept begins
_LIP = 4.0  # mm below a foam's top it still bends over
_SOLE = -0.3  # faces that look down so much are the foot's own, even on the floor
_SHALLOW, _DEEP = 10.0, 80.0  # mm: how deep in a foam a foot stands


def off_the_floor(surface: Surface, notes: list[str]) -> tuple[Surface, tuple[Floats, float] | None]:
    """Without the floor that the foot was scanned on, and what lies below it; and that plane: its unit normal, and how far along."""
    least = max(FLOOR, _SHARE * _area(surface))
    for up in standing.ways(surface)[:_TRIED]:
        points = standing.along(surface.points, standing.frame_of(up))
        turned = surface.moved(points)
        found, much = level(turned, FLAT, float(points[:, 2].min()), float(points[:, 2].max()))
        if much < least:
            continue
        tops = points[:, 2][surface.faces].max(axis=1)
        above = surface.only(tops > found + _CLEAR) if (tops > found + _CLEAR).any() else None
        if above is None or _area(above) < ABOVE:
            continue
        notes.append("the floor that was scanned with the foot was cut away")
        normals = turned.normals()[:, 2]
        return surface.only((tops > found + _CLEAR) | ((tops > found - _CLEAR) & (normals < _SOLE))), (up, found)
    return surface, None


def without_flange(surface: Surface, notes: list[str]) -> Surface:
    """An imprint, turned over and upright, without the foam's top round it."""
    found, much = level(surface, -FLAT, _SHALLOW, _DEEP)
    if much < FLANGE:
        return surface
    notes.append(f"the foam's top, {found:.0f} mm above the sole, was cut away")
    return surface.only(surface.points[:, 2][surface.faces].max(axis=1) < found - _LIP)


def _area(surface: Surface) -> float:
    told = np.empty(8)
    lying.whole(surface.points, surface.faces, told)
    return float(told[0])
