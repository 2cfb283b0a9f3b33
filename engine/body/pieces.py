"""What of a scan is the foot: welded, cleared of plates and strays, turned the right way out, smoothed.

A scan is distrusted here: it may be empty, hold numbers that are none, be in another unit than was said, or hold two feet.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from engine.body.standing import along, facing, frame_of, length
from engine.body.surface import Surface
from engine.errors import InputError
from engine.model.mesh import Mesh
from engine.model.units import LENGTHS
from kernels import islands, lattice, lying, taubin, topology

Refusal = Callable[[str, float, str], NoReturn]
"""Of what is too large or too small: the field's name, mm across, the unit that it was read in."""
Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]

LEAST, MOST = 80.0, 620.0
"""mm across: of a small child's foot, and of a foot with its leg up to the knee."""
VAST = 2500.0
"""mm across, with the floor round it."""
SHORT, LONG = 100.0, 420.0
"""mm across, of what a unit may be suggested for."""
FEW = 200
"""Triangles: fewer show nothing."""
STEPS, BAND, EDGE = 10, 0.1, 4.0
"""Steps of Taubin's against a scanner's noise and their pass band, where an edge is so long, mm. They reach as far as edges are long:
ten of them round the borders of a coarse sole by half a millimetre, and leave a fine mesh its noise. So their number goes with
1 / edge^2, and the band with the edge's square."""
MOST_STEPS = 40
_RINGS = 4  # that normals are averaged over
_WELD = 10_000.0  # steps a mm: what lies so near together is one point
_EQUILATERAL = 2.309401076758503  # 4 / sqrt(3): the square of an edge over the area
_STRAY = 0.02  # of the surface of the largest piece: less is not looked at
FLAT = 0.97
"""Cosine, 14 degrees: what looks up so nearly may lie in one level."""
_PLATE = 0.85  # of a plate's surface lies in its two levels
_APART = 0.4  # of its length lies the middle of what is no fragment of it
_ANOTHER = 0.35  # of the surface of the largest piece has another foot
_SHUT = 0.08  # is a closed surface, or one cut at the ankle: it needs no fragments
_THIN = 0.15  # of its length is a plate thick at most


def _refuse_size(name: str, across: float, unit: str) -> NoReturn:
    fits = [u for u, mm in LENGTHS.items() if SHORT <= across / LENGTHS[unit] * mm <= LONG]
    told = f"{across / 1000.0:.3g} m" if across >= 1000.0 else f"{across:.0f} mm" if across >= 10.0 else f"{across:.2g} mm"
    would = " or ".join(f"{u} ({across / LENGTHS[unit] * LENGTHS[u]:.0f} mm)" for u in fits)
    helps = f"unit {would} would fit" if fits else "no unit that can be given makes a foot of it"
    raise InputError(name, "is no foot's size in its unit", message=f"{told} across with its numbers in {unit}: {helps}")


def welded(mesh: Mesh, name: str, unit: str, refuse_size: Refusal = _refuse_size) -> Surface:
    """The mesh with one point where several are equal, and no face without an area; InputError: empty, not finite, too large."""
    if not np.isfinite(mesh.points).all():
        raise InputError(name, "has points that are no numbers (NaN or infinite): export the scan again")
    if len(mesh.faces) == 0:
        raise InputError(name, "is empty: it has no triangles")
    if topology.first_bad_index(mesh.faces, len(mesh.points)) >= 0:
        raise InputError(name, "has triangles that name points it does not have")
    if len(mesh.faces) < FEW:
        raise InputError(name, "has too few triangles to show anything", message=f"{len(mesh.faces)}, and {FEW} at least")
    middle = 0.5 * (mesh.points.min(axis=0) + mesh.points.max(axis=0))
    points = mesh.points - middle
    steps = np.empty(points.shape, np.int32)
    if lattice.quantise(points, _WELD, steps) > 0:
        refuse_size(name, float(2.0 * np.abs(points).max()), unit)
    target, table = np.empty(len(steps), np.int32), np.empty(1 << (2 * len(steps)).bit_length(), np.int32)
    rows = np.empty((lattice.weld(steps, table, target, np.empty(1, np.int64)), 3), np.int32)
    lattice.gather(steps, target, rows)
    faces = np.empty(mesh.faces.shape, np.int32)
    lattice.remap(mesh.faces, target, faces)
    a, b, c = faces.T
    return Surface(rows / _WELD, faces).only((a != b) & (b != c) & (c != a))


def split(surface: Surface) -> tuple[Int32s, Floats]:
    """The piece of each face, and of each piece its surface and box (`islands.sizes`)."""
    island = np.empty(len(surface.faces), np.int32)
    count = islands.label(surface.faces, np.empty(len(surface.points), np.int32), island)
    told = np.empty((count, 7))
    islands.sizes(surface.points, surface.faces, island, told)
    return island, told


def without_plates(surface: Surface, name: str, notes: list[str]) -> Surface:
    """Without the flat pieces that a foot may have stood on; InputError where nothing else is left."""
    island, told = split(surface)
    large = np.flatnonzero(told[:, 0] >= _STRAY * told[:, 0].max())
    plates = [int(i) for i in large if _is_plate(surface.only(island == i))]
    if not plates:
        return surface
    kept = ~np.isin(island, plates)
    if not kept.any() or len(plates) == len(large):
        raise InputError(name, "is a flat plate: no foot stands on it")
    notes.append("a flat plate in the scan was left out")
    return surface.only(kept)


def one_foot(surface: Surface, name: str, unit: str, notes: list[str]) -> Surface:
    """The largest piece and its fragments, without strays; InputError: no foot's size, two feet.

    Fragments lie round the middle of the largest piece; what lies apart is a stray, or as large and then another foot.
    """
    island, told = split(surface)
    order = np.argsort(-told[:, 0], kind="stable")
    main = surface.only(island == order[0])
    across = _across(main.points)
    if not LEAST <= across <= MOST:
        _refuse_size(name, across, unit)
    whole = openness(main)
    kept, dropped = [int(order[0])], len(order) - 1
    for i in order[1:].tolist():
        if told[i, 0] < _STRAY * told[order[0], 0]:
            break
        piece = surface.only(island == i)
        gap = openness(piece).middle - whole.middle
        apart = length(gap) > _APART * across
        alike = told[i, 0] > _ANOTHER * told[order[0], 0] and _across(piece.points) > 0.5 * across
        if alike and (apart or whole.share < _SHUT):
            raise InputError(name, "holds two feet, or two other things: one foot in a file, please")
        if not apart and whole.share >= _SHUT:
            kept.append(i)
            dropped -= 1
    if len(kept) > 1:
        notes.append(f"the scan is in {len(kept)} pieces")
    if dropped:
        notes.append(f"stray pieces were left out: {dropped}")
    return surface.only(np.isin(island, kept)) if len(kept) < len(order) else surface


@dataclass(frozen=True, eq=False)
class Openness:
    """`share`: of a surface, the sum of its area vectors over its area (0: closed, 1: flat); `way` (3,): where that sum points;
    `middle` (3,) of its surface; `volume` about that, mm3 (less than 0: wrong side out)."""

    share: float
    way: Floats
    middle: Floats
    volume: float


def openness(surface: Surface) -> Openness:
    """How open the surface is, and what goes with it."""
    told = np.empty(8)
    lying.whole(surface.points, surface.faces, told)
    total = length(told[1:4])
    way = told[1:4] / total if total > 0.0 else np.array([0.0, 0.0, 1.0])
    return Openness(total / float(told[0]), way, told[4:7].copy(), float(told[7]))


def hollow(surface: Surface, told: Openness) -> bool:
    """Does the border of an open surface lie farther along its normals than its middle: is it a cavity?"""
    rim = surface.points[borders(surface)[:, 0] != taubin.INSIDE] - told.middle
    heights = rim[:, 0] * told.way[0] + rim[:, 1] * told.way[1] + rim[:, 2] * told.way[2]
    return len(heights) > 0 and math.fsum(heights.tolist()) > 0.0


def borders(surface: Surface) -> Int32s:
    """`taubin.borders` of its points."""
    n = len(surface.points)
    ends = np.empty((n, 2), np.int32)
    taubin.borders(surface.faces, np.empty((n, 3), np.int64), ends)
    return ends


def smoothed(surface: Surface, sock_mm: float) -> Surface:
    """Without a scanner's noise, and moved in by the thickness of a sock."""
    points, n = surface.points.copy(), len(surface.points)
    finer = EDGE / mean_edge(surface)
    steps = min(MOST_STEPS, round(STEPS * finer * finer))
    band = BAND * min(1.0, STEPS / max(1, steps))
    taubin.smooth(surface.faces, borders(surface), steps, band, np.empty((n, 4)), points)
    if sock_mm > 0.0:
        taubin.inwards(surface.faces, sock_mm, min(_RINGS, math.ceil(2.0 * finer)), np.empty((2, n, 3)), points)
    return surface.moved(points)


def mean_edge(surface: Surface) -> float:
    """How long an edge would be, were all faces alike and equilateral, mm."""
    told = np.empty(8)
    lying.whole(surface.points, surface.faces, told)
    return math.sqrt(_EQUILATERAL * float(told[0]) / len(surface.faces))


def check_size(surface: Surface, name: str, unit: str) -> None:
    """InputError where not even with the floor it stands on it can be a foot."""
    island, told = split(surface)
    across = _across(surface.only(island == int(np.argmax(told[:, 0]))).points)
    if not LEAST <= across <= VAST:
        _refuse_size(name, across, unit)


def _across(points: Floats) -> float:
    """The distance of two points that lie far apart: at least 0.8 of that of the farthest two."""
    at = points[0]
    for _ in range(3):
        away = points - at
        far = away[:, 0] ** 2 + away[:, 1] ** 2 + away[:, 2] ** 2
        at = points[int(np.argmax(far))]
    return float(np.sqrt(far.max()))


def _is_plate(piece: Surface) -> bool:
    """Does nearly all of its surface lie in one plane, or in two that are near to one another?"""
    if len(piece.faces) < 2:
        return False
    moved = piece.moved(along(piece.points, frame_of(facing(piece))))
    low, high = float(moved.points[:, 2].min()), float(moved.points[:, 2].max())
    if high - low > _THIN * _across(piece.points):
        return False
    whole = np.empty(8)
    lying.whole(moved.points, moved.faces, whole)
    return sum(level(moved, flat, low, high)[1] for flat in (FLAT, -FLAT)) >= _PLATE * float(whole[0])


def level(surface: Surface, flat: float, low: float, high: float) -> tuple[float, float]:
    """At what height, between these, most of the surface lies in one level, looking up (flat > 0) or down; and how much, mm2."""
    told = np.empty(max(3, int(high - low) + 2))
    lying.levels(surface.points, surface.faces, flat, low, 1.0, told)
    around = told[:-2] + told[1:-1] + told[2:]
    at = int(np.argmax(around))
    much = float(around[at])
    middle = (told[at] * 0.5 + told[at + 1] * 1.5 + told[at + 2] * 2.5) / much if much > 0.0 else 1.5
    return low + at + float(middle), much
