"""An outline laid into the triangles of an unrolled patch (`engine.shape.bend`), and bent back onto its true surface with them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import EngineFault
from engine.model.mesh import STEPS_PER_MM, Faces, Lattice, Points
from engine.shape.bend import Bent
from kernels import overlay, walk
from kernels.bend import bend, true_points
from kernels.feet import feet

_Rows = npt.NDArray[np.int32]
_SHIFTS = ((0, 0), (17, 23), (-29, 13), (11, -37), (-41, -31), (53, 7), (-7, 59), (61, -43))
"""Steps by which an outline is tried elsewhere when a point of it comes too near to an edge."""


@dataclass(frozen=True, eq=False)
class Laid:
    """An outline laid into a patch of n points. `points` float64 (2 (n + k), 3): the patch's, k new ones of which the first are the
    outline's loops (`ends`) with a point wherever they cross an edge of the patch, and then all of them lifted. `outside`,
    `inside`: triangles of the first n + k; `of`: for those outside, which triangle of the patch each is a piece of.

    `path` int32 (k, 2): the new points in the plane; `corners`: which of them are the outline's own; `owner`: the piece each lies on.
    """

    points: Points
    ends: _Rows
    outside: Faces
    inside: Faces
    of: _Rows
    path: Lattice
    corners: _Rows
    owner: _Rows

    def normals(self, bent: Bent) -> Points:
        """(corners, 3): outward at the outline's own points, not rounded."""
        at = np.ascontiguousarray(self.path[self.corners] / STEPS_PER_MM)
        found = np.empty((len(at), 6))
        true_points(bent.surface.pieces, bent.surface.net, np.ascontiguousarray(self.owner[self.corners]), at, found)
        return found[:, 3:]


def lay(bent: Bent, outline: Lattice, ends: _Rows, level: float) -> Laid:
    """Lay an outline, which lies within the patch, into its triangles, and bend what comes out, `level` mm over the surface, too.

    EngineFault where that cannot be done.
    """
    for dx, dy in _SHIFTS:
        made = _lay_once(bent, outline + np.array((dx, dy), dtype=np.int32), ends, level)
        if made is not None:
            return made
    raise EngineFault("an outline could not be laid into the triangles of a curved patch")


def _lay_once(bent: Bent, line: Lattice, ends: _Rows, level: float) -> Laid | None:
    """`lay` without moving the outline first; None where something came too near to something."""
    n, m, given = len(bent.points), len(bent.triangles), len(line)
    net = (bent.points, bent.triangles, bent.twin)
    homes, path_ends = np.empty(given, np.int32), np.empty(len(ends), np.int32)
    if walk.settle(*net, line, ends, homes) < 0:
        return None
    room = 6 * given + 20_000
    while True:
        path, of_path, crossed = np.empty((room, 2), np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
        made = walk.trace(*net, line, ends, homes, path, path_ends, of_path, crossed)
        made = feet(*net, made, path, of_path, crossed) if made >= 0 else made
        if made != walk.ROOM:
            break
        room *= 4
    if made < 0:
        return None
    path, of_path, crossed = path[:made], of_path[:made], crossed[:made]
    inside, told = np.empty(n, np.int32), np.empty(2, np.int64)
    pieces, of = np.empty((m + 6 * made, 3), np.int32), np.empty(m + 6 * made, np.int32)
    if overlay.divide(*net, path, path_ends, of_path, crossed, inside, pieces, of, told) < 0:
        return None
    out, within = told.tolist()
    outside, inner = pieces[:out], pieces[len(pieces) - within :][::-1].copy()
    plane = np.concatenate((bent.points, path))
    owner = bent.surface.owner[np.concatenate((bent.some, np.where(of_path < 0, crossed // 3, of_path)))]
    points = np.empty((2 * (n + made), 3))
    for first, height in ((0, 0.0), (n + made, level)):
        bend(bent.surface.pieces, bent.surface.net, owner, plane, height, STEPS_PER_MM, points, first)
    points[:n] = bent.own
    way = math.copysign(1.0, level)
    if overlay.turned(points, outside, 0, n + made, way) or overlay.turned(points, inner, n + made, n + made, way):
        return None
    corners = np.flatnonzero((crossed < 0) & (of_path >= 0)).astype(np.int32)
    return Laid(points, path_ends, outside, inner, of[:out], path, corners, owner[n:])
