"""Engrave or emboss an outline on a tagged patch.

On a patch that lies in a plane of the lattice (an axis-aligned one) its triangles are replaced: the patch less the outline,
walls, and a floor, all from exact integers; nothing else of the body is touched, so its rows lead the result unchanged
(`Kept`). On any other planar patch the outline is cut out of the body, or put on it, as a prism (`engine.doors.solid`).
On a curved patch the triangles are replaced, too: it is unrolled, stamped flat, and bent back (`engine.shape.bend`).

An outline that leaves its patch is never stamped: the triangulation of what would remain of the patch proves, exactly, that
every loop lies inside the border, that nothing meets anything else, and that each loop runs the right way round.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from engine.doors import cad_lattice
from engine.errors import EngineFault, UnikatError
from engine.model.mesh import STEPS_PER_MM, Faces, Mesh, Patch, Role
from engine.model.outline import Outline
from engine.shape.bend import Bent
from engine.shape.ground import Ground, prepare
from engine.shape.lay import lay
from kernels.loops import gap, overhang
from kernels.prism import fence, prism
from kernels.triangulate import CROSS, RANGE, SPIKE, TOUCH, WINDING, triangles_of

_CLEAR = 100
"""Steps (0.01 mm) by which a cutting prism passes the face it starts from."""
_WHY = {
    TOUCH: "two of its points are at one place, or one lies on another edge",
    CROSS: "two of its edges meet",
    WINDING: "a loop runs the wrong way round, or lies where it may not",
    SPIKE: "an edge turns back on the one before it",
    RANGE: "a loop has fewer than three points, or lies too far out",
}
_GROUNDS: WeakKeyDictionary[Mesh, dict[str, Ground]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Stamped:
    """A stamped body and its patches: the old ones renumbered, `on` (what is left of it), `on`.floor and `on`.sides."""

    mesh: Mesh
    patches: Mapping[str, Patch]


class OffPatch(UnikatError):
    """The outline leaves its patch, or comes nearer to its border than `margin` mm; `beyond`: by about how much, mm."""

    def __init__(self, patch: str, beyond: float, margin: float) -> None:
        super().__init__(f"the outline leaves patch {patch!r}, or its margin")
        self.patch = patch
        self.beyond = beyond
        self.margin = margin

    def for_sender(self) -> str:
        """Says by how much, too."""
        return f"{self} by about {self.beyond:.2f} mm (margin {self.margin:g} mm)"


class BadOutline(EngineFault):
    """The outline itself is unsound: it meets itself, or a loop runs the wrong way round."""

    def __init__(self, why: str) -> None:
        super().__init__(f"cannot stamp this outline: {why}")


class TooCurved(UnikatError):
    """The patch is curved too narrowly for a stamp of this depth; `deepest`: what would do, mm."""

    def __init__(self, patch: str, deepest: float) -> None:
        super().__init__(f"patch {patch!r} is curved too narrowly for letters of this depth")
        self.patch = patch
        self.deepest = deepest


def stamp(
    mesh: Mesh,
    patches: Mapping[str, Patch],
    on: str,
    outline: Outline,
    depth: float,
    *,
    emboss: bool = False,
    margin: float = 0.0,
    role: Role | None = None,
) -> Stamped:
    """Engrave `outline` (in the frame of patch `on`) `depth` mm deep, or with `emboss` raise it as high.

    The points of `mesh` are on the lattice; depth is rounded to it. Whether the wall is thick enough is a rule's to say and
    the wall check's to prove. `role`: what the new faces answer to, by default letters' limits. An empty outline changes nothing. OffPatch, BadOutline as they say; ValueError for a patch that
    is none, or not planar, and for a depth that is not above zero.
    """
    steps = _steps(depth)
    ground = _ground(mesh, patches, on)
    if not len(outline.points):
        return Stamped(mesh, patches)
    left = left_of(ground, outline, margin)
    role = role or _letters(emboss)
    if ground.bent is not None:
        return _bent(ground, ground.bent, outline, steps, emboss, role)
    if not ground.exact:
        return _by_csg(mesh, patches, ground, outline, steps, emboss, role)
    return _replaced(ground, outline, left, steps, emboss, role)


def stamp_by_csg(
    mesh: Mesh,
    patches: Mapping[str, Patch],
    on: str,
    outline: Outline,
    depth: float,
    *,
    emboss: bool = False,
    margin: float = 0.0,
) -> Stamped:
    """As `stamp`, by cutting with a prism whatever the patch: the same solid, other triangles, no rows kept.

    EngineFault when the body is no solid.
    """
    steps = _steps(depth)
    ground = _ground(mesh, patches, on)
    if not len(outline.points):
        return Stamped(mesh, patches)
    left_of(ground, outline, margin)
    if ground.bent is not None:
        raise ValueError(f"patch {on!r} is curved: no prism can be put on it")
    return _by_csg(mesh, patches, ground, outline, steps, emboss, _letters(emboss))


def _letters(emboss: bool) -> Role:
    return Role.EMBOSSING if emboss else Role.ENGRAVING


def covers(mesh: Mesh, patches: Mapping[str, Patch], on: str, outline: Outline, margin: float = 0.0) -> bool:
    """Would `stamp` accept this outline there? Exact; a margin (mm, at least one step) to the rounding of float64."""
    ground = _ground(mesh, patches, on)
    return not len(outline.points) or _remaining(ground, outline, _reach(margin)) is not None


def _steps(depth: float) -> int:
    if not math.isfinite(depth) or round(depth * STEPS_PER_MM) < 1:
        raise ValueError(f"a stamp's depth is above zero and finite, not {depth!r} mm")
    return round(depth * STEPS_PER_MM)


def _reach(margin: float) -> float:
    """The margin in steps: one at least, so that what only touches is off the patch."""
    if not (math.isfinite(margin) and margin >= 0.0):
        raise ValueError(f"a margin is at least 0 mm and finite, not {margin!r}")
    return max(margin * STEPS_PER_MM, 1.0)


def _ground(mesh: Mesh, patches: Mapping[str, Patch], on: str) -> Ground:
    """What is prepared once for a patch of a mesh."""
    if on not in patches:
        raise ValueError(f"no patch {on!r} to stamp on; there is {', '.join(sorted(patches)) or 'none'}")
    of_mesh = _GROUNDS.setdefault(mesh, {})
    ground = of_mesh.get(on)
    if ground is None or not ground.fits(patches):
        ground = of_mesh[on] = prepare(mesh, patches, on)
    return ground


def _remaining(ground: Ground, outline: Outline, reach: float) -> Faces | None:
    """Triangles of the patch less the outline, as rows of its border and then the outline's points; None when it leaves it.

    The outline's loops bound what remains of the patch from the other side: the sweep gets them in reverse order.
    """
    points, ends = outline.points, outline.ends
    border, every = len(ground.border), len(ground.border) + len(points)
    turned = np.empty(len(ground.ends) + len(ends), np.int32)
    turned[: len(ground.ends)] = ground.ends
    turned[len(ground.ends) : -1] = every - ends[-2::-1]
    turned[-1] = every
    status, cap = triangles_of(np.concatenate((ground.border, points[::-1])), turned)
    if status < 0 or gap(points, ends, ground.border, ground.ends, reach) < reach:
        return None
    cap[cap >= border] = (every + border - 1) - cap[cap >= border]
    return cap


def left_of(ground: Ground, outline: Outline, margin: float = 0.0) -> Faces:
    """Triangles of the patch less the outline, as rows of its border and then the outline's points; or the reason why not
    (OffPatch, BadOutline)."""
    reach = _reach(margin)
    cap = _remaining(ground, outline, reach)
    if cap is not None:
        return cap
    alone, _ = triangles_of(outline.points, outline.ends)
    if alone < 0:
        raise BadOutline(_WHY.get(alone, "its loops do not bound a region"))
    beyond = overhang(outline.points, outline.ends, ground.border, ground.ends, reach)
    raise OffPatch(ground.name, max(beyond, 1.0) / STEPS_PER_MM, margin)


def _replaced(ground: Ground, outline: Outline, cap: Faces, steps: int, emboss: bool, role: Role) -> Stamped:
    """The body with the patch's triangles replaced: rest rows, then cap, walls and floor."""
    level = steps if emboss else -steps
    status, floor = triangles_of(outline.points, outline.ends)
    n, old, rest = len(outline.points), len(ground.points), len(ground.faces)
    if status < 0 or len(cap) + len(floor) != ground.triangles + 2 * n:
        raise EngineFault(f"the triangulation of an outline on patch {ground.name!r} did not close (status {status})")
    points = np.empty((old + 2 * n, 3))
    points[:old] = ground.points
    faces = np.empty((rest + len(cap) + 2 * n + len(floor), 3), np.int32)
    faces[:rest] = ground.faces
    rows = np.empty(len(ground.border) + n, np.int32)
    rows[: len(ground.border)] = ground.rows
    rows[len(ground.border) :] = np.arange(old, old + n)
    at = rest + len(cap)
    np.take(rows, cap, out=faces[rest:at])
    prism(outline.points, outline.ends, ground.frame, 0.0, level, STEPS_PER_MM, points, old, faces, at)
    np.add(floor, np.int32(old + n), out=faces[at + 2 * n :])
    points.flags.writeable = faces.flags.writeable = False

    patches = ground.patches_with(
        ground.others,
        np.arange(rest, at, dtype=np.int32),
        np.arange(at + 2 * n, len(faces), dtype=np.int32),
        np.arange(at, at + 2 * n, dtype=np.int32),
        ground.lifted(level),
        role,
    )
    return Stamped(Mesh(points, faces, ground.kept, ground.member), patches)


def _bent(ground: Ground, bent: Bent, outline: Outline, steps: int, emboss: bool, role: Role) -> Stamped:
    """The body with the curved patch's triangles replaced: rest rows, then what is left of them, walls and floor."""
    if steps / STEPS_PER_MM > bent.deepest(emboss):
        raise TooCurved(ground.name, bent.deepest(emboss))
    made = lay(bent, outline.points, outline.ends, (steps if emboss else -steps) / STEPS_PER_MM)
    n, lift, rest, out = len(bent.points), len(made.points) // 2, len(ground.faces), len(made.outside)
    # First as if all were used on both levels: the patch's points and the path's on its surface, then the same lifted.
    own = np.empty((out + 2 * int(made.ends[-1]) + len(made.inside), 3), np.int32)
    own[:out], own[len(own) - len(made.inside) :] = made.outside, made.inside + lift
    fence(made.ends, n, lift, own, out)
    number, points = ground.numbered(own, made.points)
    faces = np.concatenate((ground.faces, number[own]))
    at, walls = rest + out, len(faces) - len(made.inside)
    points.flags.writeable = faces.flags.writeable = False
    patches = ground.patches_with(
        ground.others,
        np.arange(rest, at, dtype=np.int32),
        np.arange(walls, len(faces), dtype=np.int32),
        np.arange(at, walls, dtype=np.int32),
        None,
        role,
        made.of,
    )
    return Stamped(Mesh(points, faces, ground.kept, ground.member), patches)


def _by_csg(
    mesh: Mesh, patches: Mapping[str, Patch], ground: Ground, outline: Outline, steps: int, emboss: bool, role: Role
) -> Stamped:
    """The body less the outline's prism, or with it; rounded to the lattice, no flat triangle."""
    from engine.doors.solid import combine

    _, floor = triangles_of(outline.points, outline.ends)
    n, lids = len(outline.points), len(floor)
    # The prism's lid stands off the patch, or its foot within the body, so that no two faces lie in one plane.
    low, high = (-_CLEAR, steps) if emboss else (-steps, _CLEAR)
    tool, faces = np.empty((2 * n, 3)), np.empty((2 * lids + 2 * n, 3), np.int32)
    faces[:lids], faces[lids : 2 * lids] = floor[:, ::-1], floor + n
    prism(outline.points, outline.ends, ground.frame, low, high, STEPS_PER_MM, tool, 0, faces, 2 * lids)
    points, made, source = combine(mesh.points, mesh.faces, tool, faces, add=emboss)
    lattice, made = cad_lattice.weld(cad_lattice.rounded(points), made)
    made, source = cad_lattice.without_folds(lattice, *cad_lattice.without_flat(lattice, made, source))

    of_tool = source - len(mesh.faces)
    bottom = (of_tool >= 0) & (of_tool < lids)
    lid = (of_tool >= lids) & (of_tool < 2 * lids)
    others = {}
    for name, patch in patches.items():
        belongs = np.zeros(len(mesh.faces) + len(faces), np.bool_)
        belongs[patch.faces] = True
        left = np.flatnonzero(belongs[source]).astype(np.int32)
        others[name] = patch.moved(left, np.searchsorted(patch.faces, source[left]))
    named = ground.patches_with(
        others,
        others[ground.name].faces,
        np.flatnonzero(lid if emboss else bottom).astype(np.int32),
        np.flatnonzero(of_tool >= 2 * lids).astype(np.int32),
        ground.lifted(steps if emboss else -steps),
        role,
    )
    return Stamped(Mesh(lattice / STEPS_PER_MM, made), named)
