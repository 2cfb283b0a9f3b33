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


def dense(ring: Rings) -> _Numbers:
    """(k, n per, 3): the rings' points that faces reach."""
    k, n = ring.points.shape[:2]
    columns = np.ascontiguousarray(ring.points.transpose(1, 0, 2).reshape(n, 3 * k))
    out, slopes, work = np.empty((n * ring.per, 3 * k)), np.empty((n, 3 * k)), np.empty((3, n))
    closed(columns, ring.at, np.arange(ring.per) / ring.per, out, slopes, work)
    made: _Numbers = np.ascontiguousarray(out.reshape(n * ring.per, k, 3).transpose(1, 0, 2))
    return made


def plate(
    border: Rings, holes: Sequence[Rings], knuckles: Sequence[Knuckle], bosses: Sequence[Rings] = (), *, thickness: float, radius: float
) -> tuple[Mesh, Mapping[str, Patch]]:  # fmt: skip
    """As `engine.authoring.plate`: the mesh on the lattice, and its patches."""
    through = 1 + len(holes)
    stacks = [dense(one) for one in (border, *holes, *bosses)]
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
        levels = [np.arange(start + j * m, start + (j + 1) * m, dtype=np.int32) for j in range(k)]
        standing = number >= through
        for j, name in enumerate(ring.walls):
            groups.setdefault(name, []).append(_strip(levels[j], levels[j + 1], outwards=number == 0 or standing))
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
        flat = np.concatenate((flat, np.c_[extra, np.full(len(extra), z)]))
    for name, loop, z in caps:
        faces, extra = _filled(flat, [loop], radius + z, len(flat))
        groups[name].append(faces[:, ::-1])
        flat = np.concatenate((flat, np.c_[extra, np.full(len(extra), z)]))
    rolled = np.empty_like(flat)
    roll(np.ascontiguousarray(flat), radius, rolled)
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
    return Surface(piece, np.zeros(faces, np.int32), np.zeros((0, 0, 4, 3)))


def _strip(over: _Rows, under: _Rows, *, outwards: bool) -> Faces:
    """The wall between two rings, counter-clockwise seen from the front; it looks away from what they go round, or into it."""
    p, q, r, s = under, np.roll(under, -1), np.roll(over, -1), over
    made = np.stack((np.stack((p, q, r), 1), np.stack((p, r, s), 1)), 1).reshape(-1, 3)
    return made if outwards else made[:, ::-1]


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
        low = np.c_[x, np.full(len(x), one.low), np.full(len(x), -thickness / 2)]
        high = low[::-1].copy()
        high[:, 1] = one.high
        feet.append(np.concatenate((low, high)))
        turn = one.at / radius
        s, c = sine(turn), cosine(turn)
        arc = np.array([(own * sine(d / own), own * 2.0 * sine(d / own / 2.0) * sine(d / own / 2.0)) for d in along.tolist()])
        away = np.concatenate((one.profile, one.hole))
        origin = (own * s, own * c - radius)
        world = np.stack((origin[0] + away[:, 0] * c - away[:, 1] * s, origin[1] - away[:, 0] * s - away[:, 1] * c), 1)
        points = np.concatenate([np.c_[world[:, 0], np.full(len(world), y), world[:, 1]] for y in (one.low, one.high)])
        bodies.append((points, _knuckle_faces(one, arc)))
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
        levels = []
        for k, own in ((0, foot[:base]), (1, foot[: base - 1 : -1])):
            start = first + k * (m + h)
            outer = np.concatenate((own, np.arange(start, start + m, dtype=np.int32)))
            levels.append((outer, np.arange(start + m, start + m + h, dtype=np.int32)[::-1]))
        (low, low_hole), (high, high_hole) = levels
        whole = [np.concatenate(level) for level in levels]
        walls = [_strip(high_hole, low_hole, outwards=True)]
        # the stretch along the base stands on the plate: no wall there
        walls.append(_strip(high, low, outwards=True).reshape(-1, 2, 3)[base - 1 :].reshape(-1, 3))
        return np.concatenate((whole[1][cap], whole[0][cap][:, ::-1], *walls))

    return faces
