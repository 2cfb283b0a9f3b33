"""Cut an outline through a wall of which a side, or both, are curved: along the normals of the first to whatever is behind it.

The outline is laid into the first patch. From its corners lines run along that patch's normals to the second one, and where they
meet it is the outline there: it is laid into that patch too, whatever its triangles. Walls join the two rims. Between corners the walls
are straight in either patch's plane: on cylinders that is along the normals, elsewhere as near as the normals turn evenly.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from engine.model.mesh import STEPS_PER_MM, Faces, Lattice, Mesh, Patch, Points, Role
from engine.model.outline import Outline
from engine.shape.bend import Bent
from engine.shape.ground import Ground, kept_as, prepare
from engine.shape.lay import lay
from engine.shape.stamp import BadOutline, TooCurved, left_of
from kernels.meet import meet
from kernels.prism import panels
from kernels.triangulate import triangles_of

_Rows = npt.NDArray[np.int32]
_PROBE_MM = 0.05
"""So far into the body what is laid into a patch is proved to keep its sides."""


@dataclass(frozen=True, eq=False)
class _Rim:
    """A body open where the outline was, and the edge of that opening.

    `points`, `faces`: the body without it, `left` and `of` as `Ground.left` wants them. `rows`: of the edge's points, loop after
    loop; `path` int32 (k, 2): where they lie in the patch's plane; `corner` (k,): is it a corner of the outline? `lines` float64 (n, 6): at the
    corners, the place in mm and the way into the body.
    """

    points: Points
    faces: Faces
    left: _Rows
    of: _Rows | None
    rows: _Rows
    path: Lattice
    corner: npt.NDArray[np.bool_]
    lines: Points


def pierced(first: Ground, behind: str, outline: Outline, walls: str) -> tuple[Mesh, dict[str, Patch]]:
    """`outline` cut out from the prepared patch to the one `behind` it; `walls`: the name of the new ones.

    OffPatch where it leaves either patch; TooCurved where the wall is thicker than half the radius of the curve; ValueError where the
    second does not lie behind the first, looks another way, or lies in a plane askew to the lattice.
    """
    if behind == first.name:
        raise ValueError(f"patch {behind!r} does not lie behind itself")
    rim = _opened(first, outline)
    named = MappingProxyType(first.left(first.others, rim.left, rim.of))
    half_open = Mesh(rim.points, rim.faces)
    second = prepare(half_open, named, behind)
    turn = _turn(outline.ends)
    foot = _opened(second, _seen(first, second, rim.lines, outline.ends, turn))
    gone = len(half_open.points) - len(second.points)  # all of them before the rim's
    cut, broken = len(foot.faces), len(rim.rows) + len(foot.rows)
    faces = np.empty((cut + broken, 3), np.int32)
    faces[:cut] = foot.faces
    rows, starts, parts = _chain(rim, np.arange(len(rim.rows)), outline.ends)
    behind_rows, behind_starts, behind_parts = _chain(foot, _turned_back(foot, outline.ends), outline.ends)
    panels(outline.ends, rows - np.int32(gone), starts, parts, behind_rows, behind_starts, behind_parts, faces, cut)
    patches = second.left(second.others, foot.left, foot.of)
    patches[walls] = Patch(walls, np.arange(cut, cut + broken, dtype=np.int32), None, Role.OPENING)
    same, rest = len(first.points) - gone, len(second.faces) - len(rim.left)  # what no outline changes leads
    return Mesh(foot.points, faces, kept_as(foot.points[:same], faces[:rest])), patches


def _opened(ground: Ground, outline: Outline) -> _Rim:
    """The body with the outline taken out of the patch."""
    cap = left_of(ground, outline)
    if ground.bent is not None:
        return _opened_bent(ground, ground.bent, outline)
    if not ground.exact:
        raise ValueError(f"patch {ground.name!r} lies in a plane askew to the lattice: nothing is cut through it")
    n, old = len(outline.points), len(ground.points)
    u, v = (outline.points[:, k, None].astype(np.float64) for k in range(2))
    placed = (ground.frame[0] + ground.frame[1] * u + ground.frame[2] * v) / STEPS_PER_MM
    rows = np.concatenate((ground.rows, np.arange(old, old + n, dtype=np.int32)))
    faces = np.concatenate((ground.faces, rows[cap]))
    lines = np.concatenate((placed, np.broadcast_to(-ground.frame[3], (n, 3))), axis=1)
    left = np.arange(len(ground.faces), len(faces), dtype=np.int32)
    every = np.ones(n, np.bool_)
    return _Rim(np.concatenate((ground.points, placed)), faces, left, None, rows[-n:], outline.points, every, lines)


def _opened_bent(ground: Ground, bent: Bent, outline: Outline) -> _Rim:
    made = lay(bent, outline.points, outline.ends, -min(_PROBE_MM, bent.deepest(False)))
    n, level, rest = len(bent.points), len(made.points) // 2, len(ground.faces)
    number, points = ground.numbered(made.outside, made.points[:level])
    faces = np.concatenate((ground.faces, number[made.outside]))
    ring = int(made.ends[-1])
    corner = np.zeros(ring, np.bool_)
    corner[made.corners] = True
    lines = np.concatenate((made.points[n : n + ring][made.corners], -made.normals(bent)), axis=1)
    left = np.arange(rest, len(faces), dtype=np.int32)
    return _Rim(points, faces, left, made.of, number[n : n + ring], made.path[:ring], corner, lines)


def _seen(first: Ground, second: Ground, lines: Points, ends: _Rows, turn: _Rows) -> Outline:
    """Where the lines come out of the second patch: an outline there, seen from its outside."""
    bent = second.bent
    places, along = np.empty((len(lines), 2), np.int32), np.empty(len(lines))
    if bent is not None:
        net = bent.own, bent.points, bent.triangles
    else:
        _, triangles = triangles_of(second.border, second.ends)
        net = second.points[second.rows], second.border, triangles
    if meet(*net, np.ascontiguousarray(lines), places, along) < len(lines):
        raise ValueError(f"patch {second.name!r} does not lie behind {first.name!r}")
    if first.bent is not None and float(along.max()) > first.bent.deepest(False):
        raise TooCurved(first.name, first.bent.deepest(False))
    seen = Outline(places[turn], ends)
    try:
        left_of(second, seen)
    except BadOutline:
        raise ValueError(f"the normals of {first.name!r} come out of {second.name!r} in no clean outline") from None
    return seen


def _turn(ends: _Rows) -> _Rows:
    """Each loop the other way round, in its place: so it runs when it is seen from behind."""
    starts = (0, *ends[:-1].tolist())
    return np.concatenate([np.arange(end - 1, start - 1, -1) for start, end in zip(starts, ends.tolist(), strict=True)])


def _turned_back(foot: _Rim, ends: _Rows) -> npt.NDArray[np.intp]:
    """The edge's points in the first outline's order: loops run back, each from the corner that is its first there."""
    corners, made, begin, first = np.flatnonzero(foot.corner), [], 0, 0
    for end in ends.tolist():
        until = int(corners[end]) if end < len(corners) else len(foot.corner)
        last = int(corners[end - 1])
        made += [np.arange(last, begin - 1, -1), np.arange(until - 1, last, -1)]
        begin, first = until, end
    assert first == len(corners)
    return np.concatenate(made)


def _chain(rim: _Rim, order: npt.NDArray[np.intp], ends: _Rows) -> tuple[_Rows, _Rows, Points]:
    """What `kernels.prism.panels` wants of one side: rows, starts and parts."""
    path, corner = rim.path[order].astype(np.float64), rim.corner[order]
    at = np.flatnonzero(corner)
    following = np.arange(1, len(at) + 1)
    following[ends - 1] = (0, *ends[:-1].tolist())
    edge = np.cumsum(corner) - 1
    way, whole = path - path[at[edge]], path[at[following[edge]]] - path[at[edge]]
    part = (way[:, 0] * whole[:, 0] + way[:, 1] * whole[:, 1]) / (whole[:, 0] * whole[:, 0] + whole[:, 1] * whole[:, 1])
    starts = np.append(at, len(order)).astype(np.int32)
    return np.ascontiguousarray(rim.rows[order]), starts, np.ascontiguousarray(part)
