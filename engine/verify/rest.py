"""What is known of a body's leading faces (the rest, under what is new on it): their tree, their twins, and what faces what there.

What the rest's faces see of the rest stays true whatever is put on it, but for faces at the border, whose neighbours are new: those
are asked again with the new ones. `doubtful` corners (of the border, and of slivers that take their normal from beyond it) make
their faces outer ones; what inner faces and edges are depends on inner corners alone (`kernels.facing.look`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.model.mesh import Faces, Lattice
from engine.verify import facing
from engine.verify.facing import Asking, Facing, Float64s, Int8s, Int32s, Surface, Target
from engine.verify.tree import Tree
from kernels.facing import open_ended

_KEPT = 2
"""Of one rest, for so many processes' limits."""
_FACING_BYTES = 420
"""What faces what among a rest's faces weighs so much a face, at most."""


@dataclass(frozen=True, eq=False)
class _Inner:
    """What inner faces and edges see of each other. `outer`: the other faces of the rest, whose looks are to be told anew;
    `doubtful` (n,): their corners."""

    surface: Surface
    outer: Target
    doubtful: Int8s
    faces: Target
    edges: Target
    asking: Asking
    told: Facing


@dataclass(frozen=True, eq=False)
class Rest:
    """A sound surface with a border, none of whose faces meets another: `tree` of them, `twin` (3 m; -1 at the border).

    What lies on it is asked by `face`: the answer is that of `engine.verify.facing.face`.
    """

    lattice: Lattice
    faces: Faces
    twin: Int32s
    tree: Tree
    _inner: dict[bytes, _Inner] = field(default_factory=dict)

    def face(self, lattice: Lattice, faces: Faces, twin: Int32s, roles: Int8s, limits: Float64s, new: Tree) -> Facing:
        """What faces each face of the whole: arrays that lead with the rest's rows, `new` the tree of the others. limits (2, 4, 4)
        of `walls.limits_of`."""
        m = len(self.faces)
        inner = self._known(roles[:m], limits)
        surface, sharp = _grown(inner, lattice, faces, twin, roles)
        added = facing.of_tree(surface, new), facing.looked_at(surface, inner.outer), facing.of_edges(surface, sharp)
        asking = facing.swept(surface, np.concatenate((inner.outer.order, new.order)), limits)
        edges = added[2]
        return facing.nearest(
            [
                inner.told,
                *facing.ask(surface, asking, (inner.faces, inner.edges, *added), limits),
                *facing.ask(surface, inner.asking, added, limits),
                facing.ask_ridges(surface, edges, edges, limits),
                facing.ask_ridges(surface, edges, inner.edges, limits),
            ]
        )

    @property
    def nbytes(self) -> int:
        """What it weighs beside the arrays that it was made of, with all that may be kept of it."""
        return self.tree.nbytes + _KEPT * _FACING_BYTES * len(self.faces)

    def _known(self, roles: Int8s, limits: Float64s) -> _Inner:
        key = limits.tobytes() + roles.tobytes()
        known = self._inner.get(key)
        if known is None:
            known = self._ask(roles.copy(), limits)
            if len(self._inner) >= _KEPT:
                self._inner.clear()
            self._inner[key] = known
        return known

    def _ask(self, roles: Int8s, limits: Float64s) -> _Inner:
        surface, sharp = facing.look(self.lattice, self.faces, self.twin, roles)
        doubtful = np.empty(len(self.lattice), np.int8)
        open_ended(self.lattice, self.faces, self.twin, surface.low, doubtful)
        outside: npt.NDArray[np.bool_] = np.any(doubtful[self.faces], axis=1)
        sharp = sharp[~(outside[sharp // 3] | outside[self.twin[sharp] // 3])]
        faces = facing.of_faces(surface, np.flatnonzero(~outside).astype(np.int32))
        edges = facing.of_edges(surface, sharp)
        asking = facing.swept(surface, faces.order, limits)
        told = [*facing.ask(surface, asking, (faces, edges), limits), facing.ask_ridges(surface, edges, edges, limits)]
        outer = facing.of_faces(surface, np.flatnonzero(outside).astype(np.int32))
        return _Inner(surface, outer, doubtful, faces, edges, asking, facing.nearest(told))


def _grown(inner: _Inner, lattice: Lattice, faces: Faces, twin: Int32s, roles: Int8s) -> tuple[Surface, Int32s]:
    """The whole surface, and the sharp edges of outer and new faces."""
    was = inner.surface
    n, m, first, row = len(lattice), len(faces), len(was.lattice), len(was.faces)
    units, low, spread, corners = np.empty((m, 3)), np.empty(m, np.int8), np.empty(m), np.empty((n, 6))
    units[:row], low[:row], spread[:row], corners[:first] = was.units, was.low, was.spread, was.corners
    surface = Surface(lattice, faces, twin, roles, units, low, spread, corners)
    rows = np.concatenate((np.sort(inner.outer.order), np.arange(row, m, dtype=np.int32)))
    asked, fresh = np.zeros(m, np.int8), np.ones(n, np.int8)
    asked[rows] = 1
    fresh[:first] = inner.doubtful
    return surface, facing.look_again(surface, rows, asked, fresh)
