"""The verdict on a known body with something new on it: what was proven of the rest is kept, and only what is new is looked at.

A stamped mesh leads with the rows of the body that it was stamped on (`Kept`). Of those a `Certificate` is made once, when they
come for the second time; then the topology and the sizes of the whole follow from it and from the new faces, to the last bit as
`anatomy.dissect` would find them. It speaks of sound bodies alone: whatever is doubtful (a hole, a pinch, an unknown body, rows
that are not those that the key promised) takes the full way, so that a wrong key costs time and never a wrong verdict.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from engine.model.mesh import Faces, Kept, Lattice, Settled
from engine.model.shelf import Shelf
from engine.verify import anatomy
from engine.verify.anatomy import Anatomy, Int32s, Int64s, Mass, Topology
from engine.verify.crossings import find
from engine.verify.rest import Rest
from engine.verify.tree import plant
from kernels import collar, mass, topology
from kernels import lattice as grid

_MOMENTS = 8
"""Moments of one rest are kept for so many boxes of the whole (letters that stand out make it taller)."""


@dataclass(frozen=True, eq=False)
class Rim:
    """Where new faces may meet the rest; arrays as `kernels.collar.attach` takes them. `points`: how many points it has."""

    slot: Int32s
    edges: Int32s
    before: Int32s
    chords: Int32s
    points: int


@dataclass(frozen=True, eq=False)
class Certificate:
    """What is known of a rest: a sound surface with a border, all of its points in range and all of its faces with an area.

    `lattice` (n, 3), `faces` (m, 3): the rows themselves, in the print pose. `degree` (n), `shell` (m), `shells`: as of a Topology, its
    components in place of shells. `six_volumes` a component and `total`: integers of `anatomy.summed`; `box`: min and max of all
    its points in steps, used or not. `rest`: when none of its faces meets another. `border`: its open half-edges, in rising order.
    `moments`: by origin and scales.
    """

    lattice: Lattice
    faces: Faces
    degree: Int32s
    shell: Int32s
    shells: int
    rim: Rim
    six_volumes: list[int]
    total: list[int]
    box: list[int]
    twin: Int32s
    border: Int32s
    rest: Rest | None
    moments: dict[tuple[tuple[int, ...], float, float], list[int]] = field(default_factory=dict)

    def covers(self, lattice: Lattice, faces: Faces) -> bool:
        """Do these arrays lead with exactly its rows?"""
        n, m = len(self.lattice), len(self.faces)
        return np.array_equal(lattice[:n], self.lattice) and np.array_equal(faces[:m], self.faces)

    def moment_sums(self, origin: tuple[int, ...], first: float, second: float) -> list[int]:
        """`anatomy.moment_sums` of the rest; the last ones are kept."""
        key = (origin, first, second)
        known = self.moments.get(key)
        if known is None:
            known = anatomy.moment_sums(self.lattice, self.faces, self.shell, origin, first, second)
            if len(self.moments) >= _MOMENTS:
                self.moments.clear()
            self.moments[key] = known
        return known

    @property
    def nbytes(self) -> int:
        """What it weighs."""
        arrays = (self.lattice, self.faces, self.degree, self.shell, self.twin, self.border)
        rim = (self.rim.slot, self.rim.edges, self.rim.before, self.rim.chords)
        return sum(a.nbytes for a in arrays + rim) + (0 if self.rest is None else self.rest.nbytes)


@dataclass(frozen=True, eq=False)
class _Told:
    """An answer, `None` among them: a rest that is not sound is not asked again."""

    certificate: Certificate | None


class Certificates:
    """Certificates of the bodies used last, at most `limit` bytes of them. Safe among threads."""

    def __init__(self, limit: int = 64 << 20) -> None:
        self._shelf: Shelf[_Told] = Shelf(limit, lambda told: 256 if told.certificate is None else told.certificate.nbytes)

    def of(self, kept: Kept | None, lattice: Lattice, faces: Faces) -> Certificate | None:
        """The certificate of the rows that `kept` speaks of, made when they come for the second time; None: go the full way."""
        if kept is None or not (0 < kept.points <= len(lattice) and 0 < kept.faces <= len(faces)):
            return None
        key = (kept.key, kept.points, kept.faces)
        told = self._shelf.get(key)
        if told is None:
            if not self._shelf.asked_before(key):
                return None
        elif told.certificate is None or told.certificate.covers(lattice, faces):
            return told.certificate
        made = certify(lattice[: kept.points].copy(), faces[: kept.faces].copy())
        self._shelf.put(key, _Told(made))
        return made

    def forget(self) -> None:
        """Drop all of them."""
        self._shelf.clear()

    @property
    def held(self) -> int:
        """Bytes."""
        return self._shelf.held


def certify(lattice: Lattice, faces: Faces) -> Certificate | None:
    """The certificate of a body with a border, from arrays that nobody will change; None when something is wrong with it."""
    if grid.unheld(lattice, np.empty(4, dtype=np.int64)) or topology.first_bad_index(faces, len(lattice)) >= 0:
        return None
    shape = anatomy.matched_up(lattice, faces)
    wrong = (topology.CROWDED_EDGES, topology.TURNED_EDGES, topology.MAYBE_DOUBLED, topology.REPEATED)
    if any(shape.counts[k] for k in wrong):
        return None
    six, total, _ = anatomy.summed(lattice, faces, shape.shell, shape.shells)
    rim = None if total[mass.ZERO_FACES] else _rim(faces, shape.twin, shape)
    if rim is None:
        return None
    box = [int(c) for c in (*lattice.min(axis=0), *lattice.max(axis=0))]
    tree, twin = plant(lattice, faces), shape.twin
    rest = None if find(lattice, faces, tree).found else Rest(lattice, faces, twin, tree)
    border = np.flatnonzero(twin < 0).astype(np.int32)
    return Certificate(lattice, faces, shape.degree, shape.shell, shape.shells, rim, six, total, box, twin, border, rest)


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


def dissect(part: Settled, known: Certificates) -> Anatomy:
    """`anatomy.dissect`, by what is known of its kept rows where there is such, and nothing is wrong."""
    begin = time.thread_time()
    lattice, faces = anatomy.exact(part.lattice), anatomy.exact(part.faces)
    rest = None if lattice is None or faces is None else known.of(part.kept, lattice, faces)
    if rest is None or lattice is None or faces is None:
        return anatomy.dissect(part)
    read = time.thread_time()
    shape = attached(rest, lattice, faces)
    if shape is None:
        return anatomy.dissect(part)
    joined = time.thread_time()
    sizes = _sized(rest, lattice, faces, *shape)
    if sizes is None:
        return anatomy.dissect(part)
    spent = (1000.0 * (read - begin), 1000.0 * (joined - read), 1000.0 * (time.thread_time() - joined))
    return Anatomy(part.part.name, lattice, faces, (), shape[0], sizes, spent, rest.rest)


def attached(rest: Certificate, lattice: Lattice, faces: Faces) -> tuple[Topology, list[int], Int64s] | None:
    """The topology of the whole, the shell of each of the rest's components, and the box of the new points; None when in doubt."""
    n, m = len(rest.lattice), len(rest.faces)
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


def _twins(rest: Certificate, new: int, matched: Int32s) -> Int32s:
    """Each half-edge's other one: of the rest as it was, of its border and the new faces as `matched` (numbers of `kernels.collar`:
    the new faces' half-edges, then the border's)."""
    first = len(rest.twin)
    row = np.concatenate((np.arange(first, first + 3 * new, dtype=np.int32), rest.border))
    twin = np.empty(first + 3 * new, np.int32)
    twin[:first] = rest.twin
    twin[row] = row[matched]
    return twin


def _sized(
    rest: Certificate, lattice: Lattice, faces: Faces, shape: Topology, renamed: list[int], new_box: Int64s
) -> Mass | None:
    """The sizes of the whole; None when a new face has no area."""
    m = len(rest.faces)
    new, shell = faces[m:], shape.shell[m:]
    six, total, _ = anatomy.summed(lattice, new, shell, shape.shells)
    if total[mass.ZERO_FACES]:
        return None
    for component, volume in zip(renamed, rest.six_volumes, strict=True):
        six[component] += volume
    box = rest.box
    if len(lattice) > len(rest.lattice):
        added = new_box.tolist()
        box = [min(box[k], added[k]) if k < 3 else max(box[k], added[k]) for k in range(6)]

    def moments(origin: tuple[int, ...], first: float, second: float) -> list[int]:
        added = anatomy.moment_sums(lattice, new, shell, origin, first, second)
        return [a + b for a, b in zip(rest.moment_sums(origin, first, second), added, strict=True)]

    return anatomy.sized(six, [a + b for a, b in zip(rest.total, total, strict=True)], -1, box, len(faces), moments)
