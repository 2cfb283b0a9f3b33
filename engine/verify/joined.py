"""New faces on a surface with a border of which the matching is known: the topology of the whole from the new faces and the rim."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.model.mesh import Faces, Lattice
from engine.verify import anatomy
from engine.verify.anatomy import Int32s, Int64s, Topology
from kernels import collar, topology


@dataclass(frozen=True, eq=False)
class Rim:
    """Where new faces may meet the rest; arrays as `kernels.collar.attach` takes them. `points`: how many points it has."""

    slot: Int32s
    edges: Int32s
    before: Int32s
    chords: Int32s
    points: int


@dataclass(frozen=True, eq=False)
class Lead:
    """What follows from the faces of a sound surface with a border alone.

    `points`: how many it has, used or not; `faces` (m, 3). `degree` (n), `shell` (m), `shells`, `twin` (3 m; -1 at the border): as of a
    Topology, its components in place of shells. `border`: its open half-edges, in rising order.
    """

    points: int
    faces: Faces
    degree: Int32s
    shell: Int32s
    shells: int
    rim: Rim
    twin: Int32s
    border: Int32s

    def leads(self, faces: Faces) -> bool:
        """Do these rows begin with exactly its faces?"""
        return np.array_equal(faces[: len(self.faces)], self.faces)

    @property
    def nbytes(self) -> int:
        """What it weighs."""
        arrays = (self.faces, self.degree, self.shell, self.twin, self.border)
        return sum(a.nbytes for a in (*arrays, self.rim.slot, self.rim.edges, self.rim.before, self.rim.chords))


def leading(lattice: Lattice, faces: Faces) -> Lead | None:
    """What is known of a surface with a border, indices in range, from faces that nobody will change; None when something is wrong with it."""
    shape = anatomy.matched_up(lattice, faces)
    wrong = (topology.CROWDED_EDGES, topology.TURNED_EDGES, topology.MAYBE_DOUBLED, topology.REPEATED)
    if any(shape.counts[k] for k in wrong):
        return None
    rim = _rim(faces, shape.twin, shape)
    if rim is None:
        return None
    border = np.flatnonzero(shape.twin < 0).astype(np.int32)
    return Lead(len(lattice), faces, shape.degree, shape.shell, shape.shells, rim, shape.twin, border)


def _rim(faces: Faces, twin: Int32s, shape: Topology) -> Rim | None:
    """The border of a rest; None where its surface touches itself in a point."""
    tails, heads, thirds = (faces[:, columns].ravel() for columns in ((0, 1, 2), (1, 2, 0), (2, 0, 1)))
    border = np.flatnonzero(twin < 0)
    before = np.empty(len(border), dtype=np.int32)
    corners = np.empty(len(shape.degree), dtype=np.int32)
    if not collar.rim_loops(faces, twin, shape.degree, np.empty_like(twin), before, corners):
        return None
    slot = np.full(len(shape.degree), -1, dtype=np.int32)
    points = np.unique(np.concatenate((tails[border], np.flatnonzero(shape.degree == 0))))
    slot[points] = np.arange(len(points), dtype=np.int32)
    edges = np.stack((slot[tails[border]], slot[thirds[border]], shape.shell[border // 3]), axis=1).astype(np.int32)
    chord = (twin > np.arange(len(twin))) & (slot[tails] >= 0) & (slot[heads] >= 0)
    chords = np.stack((slot[tails[chord]], slot[heads[chord]]), axis=1).ravel()
    return Rim(slot, np.ascontiguousarray(edges), before, np.ascontiguousarray(chords), len(points))


def attached(rest: Lead, lattice: Lattice, faces: Faces) -> tuple[Topology, list[int], Int64s] | None:
    """The topology of the whole, the shell of each of the rest's components, and the box of the new points; None when in doubt."""
    n, m = rest.points, len(rest.faces)
    rim, new = rest.rim, faces[m:]
    half_edges = 3 * len(new) + len(rim.before) + len(rim.chords)
    points = rim.points + len(lattice) - n
    work = np.empty(5 * half_edges + 2 * points + 1 + rest.shells + len(new), dtype=np.int32)
    degree, shell = np.zeros(len(lattice), dtype=np.int32), np.empty(len(faces), dtype=np.int32)
    degree[:n] = rest.degree
    component, told = np.empty(rest.shells, dtype=np.int32), np.empty(7, dtype=np.int64)
    answer = collar.attach(
        lattice, new, n, rim.slot, rim.edges, rim.before, rim.chords, work, degree, component, shell[m:], told
    )
    if answer != collar.SOUND:
        return None
    renamed: list[int] = component.tolist()
    if rest.shells == 1:
        shell[:m] = 0
    else:
        np.take(component, rest.shell, out=shell[:m])
    counts, places = [0] * topology.COUNTS, [-1] * topology.COUNTS
    twin = _twins(rest, len(new), work[4 * half_edges : 4 * half_edges + 3 * len(new) + len(rim.before)])
    return Topology(counts, places, twin, degree, shell, int(told[0]), 0, -1), renamed, told[1:]


def _twins(rest: Lead, new: int, matched: Int32s) -> Int32s:
    """Each half-edge's other one: of the rest as it was, of its border and the new faces as `matched` (numbers of `kernels.collar`:
    the new faces' half-edges, then the border's)."""
    first = len(rest.twin)
    row = np.concatenate((np.arange(first, first + 3 * new, dtype=np.int32), rest.border))
    twin = np.empty(first + 3 * new, np.int32)
    twin[:first] = rest.twin
    twin[row] = row[matched]
    return twin
