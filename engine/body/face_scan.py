"""A scan made ready for a face to be looked for in it: welded, thinned where it is finer than needed, smoothed, its borders known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from engine.body import pieces
from engine.body.standing import length
from engine.body.surface import Surface
from engine.errors import InputError
from engine.model.mesh import Mesh
from engine.model.units import LENGTHS
from kernels import lattice, lying, register

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LEAST, MOST = 90.0, 1500.0
"""mm, the diagonal of the box: of a child's face, and of a person down to the waist."""
SHORT, LONG = 130.0, 650.0
"""Likewise, of what a unit may be suggested for unseen."""
CELL, ENOUGH = 2.0, 60_000
"""mm and triangles: what is finer than both is thinned to that; the mean of what is in a cell has less noise."""
BORDER = 2.5
"""mm from a border: what is nearest to it there may belong to what the scan does not show."""
_RINGS = 6
_STRAY = 0.02  # of the surface: less is left out


@dataclass(frozen=True, eq=False)
class FaceScan:
    """`onto`: the surface and its tree; normals (m, 3) of its faces; lost (m,): those within BORDER of a border."""

    surface: Surface
    onto: register.Surface
    normals: Floats
    lost: Bools


def prepared(mesh: Mesh, name: str, unit: str) -> Surface:
    """Welded, thinned, without strays, smoothed. InputError: not finite, empty, of another size."""
    welded = pieces.welded(mesh, name, unit, _refuse_size)
    if len(welded.faces) == 0 or not may_be(welded):
        _refuse_size(name, across(welded), unit)
    thin = thinned(welded.points, welded.faces)
    surface = without_strays(Surface(thin.points, thin.faces).only(np.ones(len(thin.faces), np.bool_)))
    if not may_be(surface):
        _refuse_size(name, across(surface), unit)
    return pieces.smoothed(surface, 0.0)


def may_be(surface: Surface) -> bool:
    """Is it as large as something that shows a face?"""
    return LEAST <= across(surface) <= MOST


def across(surface: Surface) -> float:
    """The diagonal of its box, mm."""
    return length(surface.points.max(axis=0) - surface.points.min(axis=0)) if len(surface.points) else 0.0


def refuse(name: str, unit: str, fits: str | None) -> NoReturn:
    """What is no face in its unit: but in another one, if it `fits`."""
    if fits is not None:
        raise InputError(
            name, "is no face in its unit, but would be in another", message=f"its numbers look like {fits}, not {unit}"
        )
    raise InputError(name, "shows no face: nose, both eyes and the forehead must be seen, without glasses")


def _refuse_size(name: str, wide: float, unit: str) -> NoReturn:
    fits = [u for u, mm in LENGTHS.items() if SHORT <= wide / LENGTHS[unit] * mm <= LONG]
    told = f"{wide / 1000.0:.3g} m" if wide >= 1000.0 else f"{wide:.3g} mm"
    would = " or ".join(f"{u} ({wide / LENGTHS[unit] * LENGTHS[u]:.0f} mm)" for u in fits)
    helps = f"unit {would} would fit" if fits else "no unit that can be given makes a face of it"
    raise InputError(name, "is no face's size in its unit", message=f"{told} across with its numbers in {unit}: {helps}")


def ready(surface: Surface) -> FaceScan:
    """The surface with its tree."""
    onto = register.surface(surface.points, surface.faces)
    normals = np.empty((len(surface.faces), 3))
    register.planes(surface.points, surface.faces, np.arange(len(surface.faces), dtype=np.int32), normals)
    return FaceScan(surface, onto, normals, _lost(surface))


def without_strays(surface: Surface) -> Surface:
    """Without pieces that are small beside the whole."""
    island, told = pieces.split(surface)
    kept = np.flatnonzero(told[:, 0] >= _STRAY * float(told[:, 0].max()))
    return surface if len(kept) == len(told) else surface.only(np.isin(island, kept))


def thinned(points: Floats, faces: npt.NDArray[np.int32]) -> Mesh:
    """One point for all in a cell of a cubic grid, their mean; as it is where it is no finer than that."""
    told = np.empty(8)
    lying.whole(points, faces, told)
    cell = max(CELL, math.sqrt(2.0 * float(told[0]) / ENOUGH))
    if cell * cell * len(faces) < 4.0 * float(told[0]):
        return Mesh(points, faces)
    steps = np.empty(points.shape, np.int32)
    middle = 0.5 * (points.min(axis=0) + points.max(axis=0))
    if not cell > 0.0 or lattice.quantise(points - middle, 1.0 / cell, steps) > 0:
        return Mesh(points, faces)
    target, table = np.empty(len(steps), np.int32), np.empty(1 << (2 * len(steps)).bit_length(), np.int32)
    count = lattice.weld(steps, table, target, np.empty(1, np.int64))
    share = np.bincount(target, minlength=count)
    made = np.column_stack([np.bincount(target, points[:, d], count) / share for d in range(3)])
    rows = np.empty(faces.shape, np.int32)
    lattice.remap(faces, target, rows)
    a, b, c = rows.T
    rows = rows[(a != b) & (b != c) & (c != a)]
    return Mesh(np.ascontiguousarray(made), _unfolded(rows))


def _unfolded(faces: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Each face once; and none that another one covers from behind: left alone, it would have a border."""
    sides = np.sort(faces, axis=1)
    first = faces == sides[:, :1]
    after = np.where(first[:, 0], faces[:, 1], np.where(first[:, 1], faces[:, 2], faces[:, 0]))
    way = np.where(after == sides[:, 1], 1.0, -1.0)
    order = np.lexsort((sides[:, 2], sides[:, 1], sides[:, 0]))
    new = np.concatenate([[True], (sides[order][1:] != sides[order][:-1]).any(axis=1)])
    net = np.bincount(np.cumsum(new) - 1, way[order])
    kept = np.sort(order[new][net != 0.0])
    return np.ascontiguousarray(faces[kept])


def _lost(surface: Surface) -> Bools:
    near = pieces.borders(surface)[:, 0] >= 0  # a knot inside is no border
    rings = min(_RINGS, math.ceil(BORDER / pieces.mean_edge(surface)))
    lost: Bools = np.asarray(near[surface.faces].any(axis=1))
    for _ in range(rings - 1):
        near[surface.faces[lost]] = True
        lost = np.asarray(near[surface.faces].any(axis=1))
    return lost
