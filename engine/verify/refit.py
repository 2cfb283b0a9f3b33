"""The verdict on a mesh whose faces are those of a known one and whose points are elsewhere: one template, another size.

What follows from the faces alone is kept: which edges match, fans, shells, and in which order the tree has its leaves. Of the points
everything is asked again, and the tree's boxes are fitted to where they are now. A tree's order decides how fast an answer comes,
never which: where it no longer suits, where a face has lost its area, or where anything meets, the whole way is gone.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.model.mesh import Faces, Settled, sampled
from engine.model.shelf import Shelf
from engine.verify import anatomy
from engine.verify.anatomy import Anatomy, Topology
from engine.verify.tree import Seed, Tree


@dataclass(frozen=True, eq=False)
class Connectivity:
    """`faces` (m, 3) of a mesh of so many `points`, each with an area then; their `topology`, and the `seed` of their tree."""

    points: int
    faces: Faces
    topology: Topology
    seed: Seed

    @property
    def nbytes(self) -> int:
        """What it weighs: about 34 bytes a face."""
        shape = self.topology
        arrays = (self.faces, shape.twin, shape.degree, shape.shell, self.seed.order)
        return sum(a.nbytes for a in arrays)


class Connectivities:
    """Connectivities of the meshes verified last, at most `limit` bytes of them. Safe among threads."""

    def __init__(self, limit: int = 64 << 20) -> None:
        self._shelf: Shelf[Connectivity] = Shelf(limit, lambda known: known.nbytes)

    def of(self, points: int, faces: Faces) -> Connectivity | None:
        """What is known of a mesh of so many points and exactly these faces."""
        found = self._shelf.get(_key(points, faces))
        return found if found is not None and np.array_equal(found.faces, faces) else None

    def learn(self, body: Anatomy, trees: Sequence[Tree]) -> None:
        """Keep a body's connectivity when it comes for the second time. `trees`: of all its faces together."""
        shape = body.topology
        if shape is None or body.seed is not None or len(trees) != 1:
            return
        if len(trees[0].order) != len(body.faces) or not self._shelf.asked_before(_key(len(body.lattice), body.faces)):
            return
        seed = Seed(trees[0].order.copy(), trees[0].spread)
        made = Connectivity(len(body.lattice), body.faces.copy(), shape, seed)
        self._shelf.put(_key(made.points, made.faces), made)

    def forget(self) -> None:
        """Drop all of them."""
        self._shelf.clear()

    @property
    def held(self) -> int:
        """Bytes."""
        return self._shelf.held


def _key(points: int, faces: Faces) -> Hashable:
    return points, len(faces), sampled(faces)


def dissect(part: Settled, known: Connectivities) -> Anatomy:
    """`anatomy.dissect`, by what is known of a mesh with the same faces where there is such."""
    lattice, faces = anatomy.exact(part.lattice), anatomy.exact(part.faces)
    found = None if lattice is None or faces is None else known.of(len(lattice), faces)
    if found is None:
        return anatomy.dissect(part)
    body = anatomy.dissect(part, found.topology)
    return body if body.mass is None or body.mass.zero_faces else replace(body, seed=found.seed)
