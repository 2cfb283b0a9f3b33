"""A patch made ready to be stamped on: its border in its own frame (unrolled, where it is curved), and the body without it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from weakref import ref

import numpy as np
import numpy.typing as npt

from engine.errors import EngineFault
from engine.model.family import Member
from engine.model.mesh import STEPS_PER_MM, Faces, Kept, Lattice, Mesh, Patch, Plane, Points, Role
from engine.model.surface import Surface
from engine.shape.bend import Bent, unrolled
from engine.shape.regrid import loops
from kernels.loops import twice_areas
from kernels.triangulate import triangles_of

_Rows = npt.NDArray[np.int32]
_AXIS_PARALLEL = 1e-12
_TILTED_SLACK = 2.0  # steps by which the rounded points of a tilted plane may leave it


@dataclass(frozen=True, eq=False)
class Ground:
    """One patch of one mesh, prepared. All arrays are read-only.

    `exact`: the patch lies in a plane of the lattice, its frame along the axes. `frame` float64 (4, 3): origin in
    steps, x, y, normal. `border` int32 (b, 2): the loops around the
    patch in its frame, in steps, `ends` as an Outline's, `rows` which points they are. `triangles`: how many fill them.
    `points`, `faces`, `kept`: the body without the patch's triangles and the points that only they used; `others`: its other
    patches there; `around`: those of them that hold this one, and so what will be left of it.
    """

    name: str
    patches: Mapping[str, Patch]
    plane: Plane | None
    exact: bool
    frame: Points
    border: Lattice
    ends: _Rows
    rows: _Rows
    triangles: int
    points: Points
    faces: Faces
    kept: Kept
    others: Mapping[str, Patch]
    around: frozenset[str]
    bent: Bent | None = None
    at: _Rows | None = None
    member: Member | None = None

    def fits(self, patches: Mapping[str, Patch]) -> bool:
        """Was this prepared for these very patches?"""
        return patches is self.patches or (
            len(patches) == len(self.patches) and all(self.patches.get(name) is patch for name, patch in patches.items())
        )

    def _surface_of(self, surface: Surface, of: _Rows | None) -> Surface:
        """Of what is left of a curved patch: the same pieces, as the body has them."""
        if of is None or self.bent is None:
            return surface
        return replace(surface, owner=self.bent.surface.owner[of], gridded=False)

    def lifted(self, above: int) -> Plane | None:
        """The plane `above` steps over the patch, if it has one."""
        if self.plane is None:
            return None
        x, y, z = ((self.frame[0] + above * self.frame[3]) / STEPS_PER_MM).tolist()
        return replace(self.plane, origin=(x, y, z))

    def left(self, others: Mapping[str, Patch], left: _Rows, of: _Rows | None = None) -> dict[str, Patch]:
        """The patches in their old order: of this one `left`, of those that hold it that and what they have beside it. `of`: as below."""
        made: dict[str, Patch] = {}
        for name, patch in self.patches.items():
            if name == self.name:
                made[name] = replace(patch, faces=left, surface=patch.surface and self._surface_of(patch.surface, of))
            elif name in self.around:
                made[name] = replace(patch, faces=np.concatenate((others[name].faces, left)), surface=None)
            else:
                made[name] = others[name]
        return made

    def numbered(self, used: Faces, points: Points) -> tuple[_Rows, Points]:
        """(n,) rows in a new body of points (n, 3) laid into this curved patch, its own first; and that body's points: the old ones, and
        those that triangles `used` have and the old body has not."""
        assert self.at is not None
        fresh = np.zeros(len(points), np.bool_)
        fresh[used] = True
        there = np.flatnonzero(self.at >= 0)
        fresh[there] = False
        number = (np.cumsum(fresh) + (len(self.points) - 1)).astype(np.int32)
        number[there] = self.at[there]
        return number, np.concatenate((self.points, points[fresh]))

    def patches_with(
        self,
        others: Mapping[str, Patch],
        left: _Rows,
        floor: _Rows,
        sides: _Rows,
        plane: Plane | None,
        role: Role,
        of: _Rows | None = None,
    ) -> Mapping[str, Patch]:
        """The patches in their old order, then the new `.floor` and `.sides` (a second stamp's are `.floor.2`...).

        `of`: on a curved patch, of which of its triangles each of those that are left is a piece.
        """
        made = self.left(others, left, of)
        number, tail = 1, ""
        while f"{self.name}.floor{tail}" in made or f"{self.name}.sides{tail}" in made:
            number += 1
            tail = f".{number}"
        for kind, rows, where in (("floor", floor, plane), ("sides", sides, None)):
            made[f"{self.name}.{kind}{tail}"] = Patch(f"{self.name}.{kind}{tail}", rows, where, role)
        return MappingProxyType(made)


def prepare(mesh: Mesh, patches: Mapping[str, Patch], on: str) -> Ground:
    """Ground from a mesh on the lattice and one of its patches.

    ValueError when the patch is neither planar nor of a surface that unrolls, looks into the body, its border touches itself, or it
    shares some faces with another patch; EngineFault when its points are not on the lattice.
    """
    patch = patches[on]
    plane = patch.plane
    if not len(patch.faces):
        raise ValueError(f"patch {on!r} is empty: nothing can be stamped on it")
    bent = None if plane is not None else unrolled(mesh, patch)
    cut = _cut(mesh, patch, bent)
    rows, ends, outside, lost = cut.rows, cut.ends, cut.outside, cut.lost
    if bent is not None:
        exact, origin, border, rows = False, (0.0, 0.0, 0.0), bent.points[rows], bent.rows[rows]
    elif plane is not None:
        exact, origin, border = _framed(mesh, cut.used, rows, plane, on)
    areas = np.empty(len(ends), np.int64)
    twice_areas(border, ends, areas)
    if sum(areas.tolist()) <= 0:
        raise ValueError(f"the frame of patch {on!r} looks into the body")
    status, triangles = triangles_of(border, ends)
    if status < 0:
        raise ValueError(f"the border of patch {on!r} touches itself: nothing can be stamped on it")

    points, rest = mesh.points, cut.rest
    at = None if bent is None else np.where((bent.rows < 0) | lost[bent.rows], -1, bent.rows)
    if lost.any():
        renumbered = (np.cumsum(~lost) - 1).astype(np.int32)
        points, rows = mesh.points[~lost], renumbered[rows]
        at = None if at is None else np.where(at < 0, -1, renumbered[at])
    others, around = _others(patches, on, cut)
    plane = _snapped(plane) if exact and plane else plane
    frame = np.array([origin, plane.x, plane.y, plane.normal]) if plane else np.zeros((4, 3))
    for array in (points, rest, rows, ends, border, frame):
        array.flags.writeable = False
    return Ground(
        name=on,
        patches=MappingProxyType(dict(patches)),
        plane=plane,
        exact=exact,
        frame=frame,
        border=border,
        ends=ends,
        rows=rows,
        triangles=len(triangles),
        points=points,
        faces=rest,
        kept=_kept(mesh, patch, lost, points, rest),
        others=others,
        around=around,
        bent=bent,
        at=at,
        member=_member(mesh, outside, lost),
    )


@dataclass(frozen=True, eq=False)
class _Cut:
    """What follows from a mesh's faces alone where a patch is cut out. `used`: the patch's points; `rows`, `ends`: its border's loops;
    `outside` (m,): which faces stay, `row` (m,): where among them, `rest`: these, numbered anew; `lost` (n,): which points go."""

    used: _Rows
    rows: _Rows
    ends: _Rows
    outside: npt.NDArray[np.bool_]
    row: _Rows
    lost: npt.NDArray[np.bool_]
    rest: Faces


class _Cuts:
    """Cuts by the very array of faces that they were made in, as long as it is there: all bodies of a chart share one."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[ref[Faces], dict[tuple[int, bytes], _Cut]]] = {}

    def of(self, faces: Faces) -> dict[tuple[int, bytes], _Cut]:
        """Those that are known, by how many points the mesh has and which faces are the patch's."""
        at = id(faces)
        held = self._of.get(at)
        if held is None or held[0]() is not faces:
            held = self._of[at] = ref(faces, lambda gone: self._forget(at, gone)), {}
        return held[1]

    def _forget(self, at: int, gone: ref[Faces]) -> None:
        if at in self._of and self._of[at][0] is gone:
            del self._of[at]

    def __len__(self) -> int:
        return len(self._of)


_CUTS = _Cuts()
_MOST_CUTS = 16
"""Of the same faces."""


def _cut(mesh: Mesh, patch: Patch, bent: Bent | None) -> _Cut:
    """The cut; that of a flat patch is kept for all meshes with these faces. ValueError when the border touches itself."""
    if bent is not None:
        return _cut_out(mesh, patch, bent)
    known, name = _CUTS.of(mesh.faces), (len(mesh.points), patch.faces.tobytes())
    found = known.get(name)
    if found is None:
        if len(known) >= _MOST_CUTS:
            known.clear()
        found = known[name] = _cut_out(mesh, patch, None)
    return found


def _is_whole(mesh: Mesh) -> bool:
    """Is it a whole body of a family, as its chart made it?"""
    whole = mesh.member
    return whole is not None and mesh.faces is whole.family.faces and len(mesh.points) == len(whole.family.middle)


def _cut_out(mesh: Mesh, patch: Patch, bent: Bent | None) -> _Cut:
    faces = mesh.faces[patch.faces]
    found = loops(faces, len(mesh.points)) if bent is None else loops(bent.triangles, len(bent.points))
    if found is None:
        raise ValueError(f"the border of patch {patch.name!r} touches itself: nothing can be stamped on it")
    rows = np.concatenate([np.zeros(0, np.int32), *found])
    ends = np.cumsum([len(loop) for loop in found], dtype=np.int32)
    outside = np.ones(len(mesh.faces), np.bool_)
    outside[patch.faces] = False
    rest = mesh.faces[outside]
    lost = np.zeros(len(mesh.points), np.bool_)
    lost[faces] = True
    lost[rest] = False
    lost[rows if bent is None else bent.rows[rows]] = False
    if lost.any():
        rest = (np.cumsum(~lost) - 1).astype(np.int32)[rest]
    row = (np.cumsum(outside) - 1).astype(np.int32)
    for array in (rows, ends, outside, row, lost, rest):
        array.flags.writeable = False
    return _Cut(np.unique(faces), rows, ends, outside, row, lost, rest)


def _member(mesh: Mesh, outside: npt.NDArray[np.bool_], lost: npt.NDArray[np.bool_]) -> Member | None:
    """What is left of a body of a family leads on, where all of its points stay."""
    was = mesh.member
    if was is None or lost[: len(was.family.middle)].any():
        return None
    return replace(was, faces=int(np.count_nonzero(outside[: was.faces])))


def _framed(
    mesh: Mesh, used: npt.NDArray[np.int32], rows: _Rows, plane: Plane, on: str
) -> tuple[bool, tuple[float, float, float], Lattice]:
    """(is it a plane of the lattice; where the frame's origin lies, in steps; the border in the frame, in steps)."""
    own = mesh.points[used]
    steps = np.rint(own * STEPS_PER_MM)
    if np.any(steps / STEPS_PER_MM != own):
        raise EngineFault(f"the points of patch {on!r} are not on the lattice")
    origin = [float(round(o * STEPS_PER_MM)) for o in plane.origin]
    aligned = _snapped(plane)
    if _is_axis(plane.x) and _is_axis(plane.y):
        axis = next(i for i in range(3) if aligned.normal[i])
        heights = steps[:, axis]
        if heights.min() == heights.max():
            origin[axis] = float(heights[0])
            local = np.rint(mesh.points[rows] * STEPS_PER_MM) - np.array(origin)
            u = sum(local[:, i] * aligned.x[i] for i in range(3))
            v = sum(local[:, i] * aligned.y[i] for i in range(3))
            return True, (origin[0], origin[1], origin[2]), np.stack((u, v), axis=1).astype(np.int32)
    start = tuple(o * STEPS_PER_MM for o in plane.origin)
    local = steps - np.array(start)
    off = sum(local[:, i] * plane.normal[i] for i in range(3))
    if np.abs(off).max() > _TILTED_SLACK:
        raise ValueError(f"the points of patch {on!r} do not lie in its plane: nothing can be stamped on it")
    local = np.rint(mesh.points[rows] * STEPS_PER_MM) - np.array(start)
    u = sum(local[:, i] * plane.x[i] for i in range(3))
    v = sum(local[:, i] * plane.y[i] for i in range(3))
    return False, (start[0], start[1], start[2]), np.rint(np.stack((u, v), axis=1)).astype(np.int32)


def _is_axis(direction: tuple[float, float, float]) -> bool:
    return sorted(abs(c) <= _AXIS_PARALLEL for c in direction) == [False, True, True] and (
        abs(max(map(abs, direction)) - 1.0) <= _AXIS_PARALLEL
    )


def _snapped(plane: Plane) -> Plane:
    """With directions of whole numbers."""
    (a, b, c), (d, e, f) = plane.x, plane.y
    return replace(plane, x=(_whole(a), _whole(b), _whole(c)), y=(_whole(d), _whole(e), _whole(f)))


def _whole(c: float) -> float:
    return float(round(c))


def _others(patches: Mapping[str, Patch], on: str, cut: _Cut) -> tuple[dict[str, Patch], frozenset[str]]:
    """(the other patches by their rows among the rest; the names of those that hold all of this one)."""
    outside, gone = cut.outside, len(cut.outside) - len(cut.rest)
    others, around = {}, []
    for name, patch in patches.items():
        if name == on:
            continue
        stays = outside[patch.faces]
        if not stays.all():
            if len(patch.faces) - int(stays.sum()) != gone:
                raise ValueError(f"patches {on!r} and {name!r} share some of their faces: nothing can be stamped on {on!r}")
            around.append(name)
        others[name] = patch.moved(cut.row[patch.faces[stays]], stays)
    return others, frozenset(around)


def _kept(mesh: Mesh, patch: Patch, lost: npt.NDArray[np.bool_], points: Points, rest: Faces) -> Kept:
    """Of a stamped mesh, the first body's rows where all of them stay; else all that stays, under a name of its own."""
    before = mesh.kept
    if before is not None and int(patch.faces.min()) >= before.faces and not lost[: before.points].any():
        return before
    if mesh.member is not None and _is_whole(mesh):
        # a chart's name tells all of its body, and the patch what is left of it
        digest = hashlib.sha256(f"{mesh.member.name} {len(points)} {len(rest)} ".encode())
        digest.update(patch.faces.tobytes())
        return Kept(digest.hexdigest(), len(points), len(rest))
    return kept_as(points, rest)


def kept_as(points: Points, faces: Faces) -> Kept:
    """These rows, under a name made of them."""
    digest = hashlib.sha256(f"{len(points)} {len(faces)} ".encode())
    digest.update(points.tobytes())
    digest.update(faces.tobytes())
    return Kept(digest.hexdigest(), len(points), len(faces))
