"""A plate with shaped borders, holes with shaped walls, knuckles and bosses on its back, rolled onto a cylinder: one closed mesh, without a
Boolean.

Both faces are triangulated flat, once each, exactly; walls are strips between rings. What is rolled is the flat body's points:
lengths along the middle surface are kept, and the faces become exact cylinders, on which stamps can be laid.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from engine.model.mesh import STEPS_PER_MM, Faces, Lattice, Mesh, Patch, Role
from engine.model.plate import Knuckle, Rings
from engine.model.surface import CYLINDER, PIECE, Surface
from engine.shape.regrid import regrid
from kernels import chords, rings
from kernels.closed import closed
from kernels.portable import cosine, sine
from kernels.roll import roll
from kernels.triangulate import triangles_of

_Numbers = npt.NDArray[np.float64]
_Rows = npt.NDArray[np.int32]
_SAG_MM, _UP = 0.001, 4.0
"""How far a face of a side may leave its cylinder, mm; and how far apart the lines of its grid are upwards."""
_BASE = 3
"""Pieces of a knuckle's base along the plate."""


def dense(ring: Rings, radius: float) -> _Numbers:
    """(k, m, 3): the rings' places that faces reach, of a plate that is rolled to that radius."""
    k, n = ring.points.shape[:2]
    columns = np.ascontiguousarray(ring.points.transpose(1, 0, 2).reshape(n, 3 * k))
    slopes, counts = np.empty((n, 3 * k)), np.empty(n, np.int32)
    closed(columns, ring.at, np.zeros(0), np.zeros((0, 3 * k)), slopes, np.empty((3, n)))
    many = chords.count(columns, ring.at, slopes, 1.0 / radius, ring.within, ring.per, counts)
    out = np.empty((many, 3 * k))
    chords.place(columns, ring.at, slopes, counts, out)
    made: _Numbers = np.ascontiguousarray(out.reshape(many, k, 3).transpose(1, 0, 2))
    return made


def plate(
    border: Rings, holes: Sequence[Rings], knuckles: Sequence[Knuckle], bosses: Sequence[Rings] = (), *, thickness: float, radius: float
) -> tuple[Mesh, Mapping[str, Patch]]:  # fmt: skip
    """As `engine.authoring.plate`: the mesh on the lattice, and its patches."""
    through = 1 + len(holes)
    stacks = [dense(one, radius) for one in (border, *holes, *bosses)]
    for number, stack in enumerate(stacks):
        ends = (thickness / 2, -thickness / 2) if number < through else (-thickness / 2, float(stack[-1, 0, 2]))
        if any(np.abs(z - side).max() > 1e-9 for z, side in zip((stack[0, :, 2], stack[-1, :, 2]), ends, strict=True)):
            raise ValueError(
                "the first ring lies in the front face, the last one in the back face; a boss's in the back face and at one depth"
            )
    flat = np.concatenate([s.reshape(-1, 3) for s in stacks])
    starts = np.cumsum([0, *(s.shape[0] * s.shape[1] for s in stacks)]).tolist()
    groups: dict[str, list[Faces]] = {}
    fronts, backs, caps = [], [], []
    for number, (ring, stack, start) in enumerate(zip((border, *holes, *bosses), stacks, starts, strict=False)):
        k, m = stack.shape[:2]
        levels = np.arange(start, start + k * m, dtype=np.int32).reshape(k, m)
        standing = number >= through
        walls = _walls(levels, outwards=number == 0 or standing)
        for j, name in enumerate(ring.walls):
            groups.setdefault(name, []).append(walls[2 * m * j : 2 * m * (j + 1)])
        if standing:
            backs.append(levels[0][::-1])
            caps.append((ring.walls[-1], levels[-1], float(stack[-1, 0, 2])))
        else:
            fronts.append(levels[0] if number == 0 else levels[0][::-1])
            backs.append(levels[-1] if number == 0 else levels[-1][::-1])

    feet, bodies = _standing(knuckles, thickness, radius)
    flat = np.concatenate((flat, *feet))
    number = starts[-1]
    for foot in feet:
        backs.append(np.arange(number, number + len(foot), dtype=np.int32)[::-1])
        number += len(foot)
    sides: list[tuple[str, Faces]] = []
    for name, loops, z in (("front", fronts, thickness / 2), ("back", backs, -thickness / 2)):
        faces, extra = _filled(flat, loops, radius + z, len(flat))
        sides.append((name, faces if z > 0.0 else faces[:, ::-1]))
        flat = np.concatenate((flat, _at(extra, z)))
    for name, loop, z in caps:
        faces, extra = _filled(flat, [loop], radius + z, len(flat))
        groups[name].append(faces[:, ::-1])
        flat = np.concatenate((flat, _at(extra, z)))
    rolled = np.empty_like(flat)
    roll(flat, radius, rolled)
    points = [rolled]
    first = len(flat)
    for stands, (own, make) in zip(_spans(feet, starts[-1]), bodies, strict=True):
        points.append(own)
        groups.setdefault("hinge", []).append(make(stands, first))
        first += len(own)
    placed = np.floor(np.concatenate(points) * STEPS_PER_MM + 0.5) / STEPS_PER_MM
    return _named([*sides, *((name, np.concatenate(parts)) for name, parts in groups.items())], placed, thickness, radius)


def _named(
    groups: Sequence[tuple[str, Faces]], points: _Numbers, thickness: float, radius: float
) -> tuple[Mesh, Mapping[str, Patch]]:
    """The mesh, and a patch of each group of faces in their order."""
    patches, first = {}, 0
    for name, faces in groups:
        rows = np.arange(first, first + len(faces), dtype=np.int32)
        first += len(faces)
        surface = None
        if name in ("front", "back"):
            surface = _cylinder(
                radius + (thickness if name == "front" else -thickness) / 2, radius, len(faces), name == "front"
            )
        role = Role.GROOVE if name.endswith("groove") else Role.WALL
        patches[name] = Patch(name, rows, None, role, surface)
    faces = np.ascontiguousarray(np.concatenate([f for _, f in groups]), dtype=np.int32)
    points.flags.writeable = faces.flags.writeable = False
    return Mesh(points, faces), MappingProxyType(patches)


def _cylinder(own: float, radius: float, faces: int, outside: bool) -> Surface:
    """The true surface of one side: text runs along the plate, seen from its own side."""
    piece = np.zeros((1, PIECE))
    along = 1.0 if outside else -1.0
    piece[0, :3] = CYLINDER, along, own
    piece[0, 7] = -radius
    piece[0, 8:17] = 0.0, 0.0, 1.0, along, 0.0, 0.0, 0.0, 1.0, 0.0
    piece[0, 17] = 1.0
    return Surface(piece, np.zeros(faces, np.int32), np.zeros((0, 0, 4, 3)), gridded=True)


def _walls(levels: _Rows, *, outwards: bool) -> Faces:
    """The walls between rings (k, n), counter-clockwise seen from the front; they look away from what they go round, or into it."""
    k, n = levels.shape
    made = np.empty((2 * (k - 1) * n, 3), np.int32)
    rings.walls(levels, outwards, made)
    return made


def _at(flat: _Numbers, z: float) -> _Numbers:
    """Places (n, 2) at one height: (n, 3)."""
    made = np.empty((len(flat), 3))
    made[:, :2], made[:, 2] = flat, z
    return made


def _filled(flat: _Numbers, loops: Sequence[_Rows], own: float, first: int) -> tuple[Faces, _Numbers]:
    """Triangles within the loops, as rows of `flat` and from `first` on of the points (k, 2), mm, that were put among them."""
    rows = np.concatenate(loops)
    border = np.floor(flat[rows, :2] * STEPS_PER_MM + 0.5).astype(np.int32)
    ends = np.cumsum([len(loop) for loop in loops], dtype=np.int32)
    across = min(math.sqrt(8.0 * _SAG_MM * own), 8.0)
    made = regrid(border, ends, across * STEPS_PER_MM, _UP * STEPS_PER_MM)
    if made is None:
        raise ValueError(f"the borders of a plate meet each other: {_which(border, ends)}")
    points, triangles = made
    whose = np.concatenate((rows, np.arange(first, first + len(points) - len(rows), dtype=np.int32)))
    return whose[triangles], points[len(rows) :] / STEPS_PER_MM


def _which(border: Lattice, ends: _Rows) -> str:
    """The first loop that is unsound by itself, if one is."""
    begin = 0
    for k, end in enumerate(ends.tolist()):
        loop = border[begin:end] if k == 0 else border[begin:end][::-1]
        if triangles_of(np.ascontiguousarray(loop), np.array([end - begin], np.int32))[0] < 0:
            return f"loop {k} meets itself"
        begin = end
    return "two of them"


def _spans(feet: Sequence[_Numbers], first: int) -> list[_Rows]:
    made = []
    for foot in feet:
        made.append(np.arange(first, first + len(foot), dtype=np.int32))
        first += len(foot)
    return made


def _standing(
    knuckles: Sequence[Knuckle], thickness: float, radius: float
) -> tuple[list[_Numbers], list[tuple[_Numbers, Callable[[_Rows, int], Faces]]]]:
    """Each knuckle's foot on the flat back face (2 _BASE + 2, 3), counter-clockwise; and its own points with what makes its faces."""
    feet, bodies = [], []
    own = radius - thickness / 2
    for one in knuckles:
        along = one.base[0] + (one.base[1] - one.base[0]) * np.arange(_BASE + 1) / _BASE
        stretch = radius / own  # a length along the face, as one along the middle surface
        x = one.at + along * stretch
        foot = np.full((2 * len(x), 3), -thickness / 2)
        foot[: len(x), 0], foot[len(x) :, 0] = x, x[::-1]
        foot[: len(x), 1], foot[len(x) :, 1] = one.low, one.high
        feet.append(foot)
        turn = one.at / radius
        s, c = sine(turn), cosine(turn)
        arc = np.array([(own * sine(d / own), own * 2.0 * sine(d / own / 2.0) * sine(d / own / 2.0)) for d in along.tolist()])
        away = np.concatenate((one.profile, one.hole))
        origin = (own * s, own * c - radius)
        ends = np.empty((2, len(away), 3))
        ends[:, :, 0] = origin[0] + away[:, 0] * c - away[:, 1] * s
        ends[:, :, 1] = ((one.low,), (one.high,))
        ends[:, :, 2] = origin[1] - away[:, 0] * s - away[:, 1] * c
        bodies.append((ends.reshape(-1, 3), _knuckle_faces(one, arc)))
    return feet, bodies


def _knuckle_faces(one: Knuckle, arc: _Numbers) -> Callable[[_Rows, int], Faces]:
    """What makes a knuckle's faces of the rows of its foot and of its own first point."""
    m, h = len(one.profile), len(one.hole)
    corners = np.floor(np.concatenate((arc, one.profile, one.hole[::-1])) * STEPS_PER_MM + 0.5).astype(np.int32)
    base = len(arc)
    status, cap = triangles_of(corners, np.array([base + m, base + m + h], np.int32))
    if status < 0:
        raise ValueError("a knuckle's profile meets itself, its base or its hole")

    def faces(foot: _Rows, first: int) -> Faces:
        # rows of both ends, the high one first: the base, the barrel, and the hole the other way round
        rows = np.empty((2, base + m + h), np.int32)
        rows[0, :base], rows[1, :base] = foot[: base - 1 : -1], foot[:base]
        own = np.arange(first, first + m + h, dtype=np.int32)
        own[m:] = own[m:][::-1].copy()
        rows[0, base:], rows[1, base:] = own + (m + h), own
        hole, around = (
            _walls(np.ascontiguousarray(part), outwards=True) for part in (rows[:, base + m :], rows[:, : base + m])
        )
        # the stretch along the base stands on the plate: no wall there
        return np.concatenate((rows[0][cap], rows[1][cap][:, ::-1], hole, around[2 * (base - 1) :]))

    return faces
