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
from engine.verify.anatomy import Anatomy, Int64s, Mass, Topology
from engine.verify.crossings import find
from engine.verify.joined import Lead, attached, leading
from engine.verify.rest import Rest
from engine.verify.tree import plant
from kernels import lattice as grid
from kernels import mass, topology

_COUNTED = 1000
"""Of so many rests it is counted how often they came."""
_MOMENTS = 8
"""Moments of one rest are kept for so many boxes of the whole (letters that stand out make it taller)."""


@dataclass(frozen=True, eq=False)
class Certificate:
    """What is known of a rest: a sound surface with a border, all of its points in range and all of its faces with an area.

    `lead`: what follows from its faces. `lattice` (n, 3): its points, in the print pose. `six_volumes` a component and `total`: integers
    of `anatomy.summed`; `box`: min and max of all its points in steps, used or not. `rest`: when none of its faces meets another.
    `moments`: by origin and scales.
    """

    lead: Lead
    lattice: Lattice
    six_volumes: list[int]
    total: list[int]
    box: list[int]
    rest: Rest | None
    moments: dict[tuple[tuple[int, ...], float, float], list[int]] = field(default_factory=dict)

    def covers(self, lattice: Lattice, faces: Faces) -> bool:
        """Do these arrays lead with exactly its rows?"""
        return np.array_equal(lattice[: len(self.lattice)], self.lattice) and self.lead.leads(faces)

    def moment_sums(self, origin: tuple[int, ...], first: float, second: float) -> list[int]:
        """`anatomy.moment_sums` of the rest; the last ones are kept."""
        key = (origin, first, second)
        known = self.moments.get(key)
        if known is None:
            known = anatomy.moment_sums(self.lattice, self.lead.faces, self.lead.shell, origin, first, second)
            if len(self.moments) >= _MOMENTS:
                self.moments.clear()
            self.moments[key] = known
        return known

    @property
    def nbytes(self) -> int:
        """What it weighs."""
        return self.lead.nbytes + self.lattice.nbytes + (0 if self.rest is None else self.rest.nbytes)


@dataclass(frozen=True, eq=False)
class _Told:
    """An answer, `None` among them: a rest that is not sound is not asked again."""

    certificate: Certificate | None


class Certificates:
    """Certificates of the bodies used last, at most `limit` bytes of them. Safe among threads."""

    def __init__(self, limit: int = 64 << 20) -> None:
        self._shelf: Shelf[_Told] = Shelf(limit, lambda told: 256 if told.certificate is None else told.certificate.nbytes)
        self._came: Shelf[int] = Shelf(_COUNTED, lambda _: 1)

    def of(self, kept: Kept | None, lattice: Lattice, faces: Faces, after: int = 1) -> Certificate | None:
        """The certificate of the rows that `kept` speaks of, made when they came `after` times before; None: go another way."""
        if kept is None or not (0 < kept.points <= len(lattice) and 0 < kept.faces <= len(faces)):
            return None
        key = (kept.key, kept.points, kept.faces)
        told = self._shelf.get(key)
        if told is None:
            came = self._came.get(key) or 0
            if came < after:
                self._came.put(key, came + 1)
                return None
        elif told.certificate is None or told.certificate.covers(lattice, faces):
            return told.certificate
        made = certify(lattice[: kept.points].copy(), faces[: kept.faces].copy())
        self._shelf.put(key, _Told(made))
        return made

    def forget(self) -> None:
        """Drop all of them."""
        self._shelf.clear()
        self._came.clear()

    @property
    def held(self) -> int:
        """Bytes."""
        return self._shelf.held


def certify(lattice: Lattice, faces: Faces) -> Certificate | None:
    """The certificate of a body with a border, from arrays that nobody will change; None when something is wrong with it."""
    if grid.unheld(lattice, np.empty(4, dtype=np.int64)) or topology.first_bad_index(faces, len(lattice)) >= 0:
        return None
    lead = leading(lattice, faces)
    if lead is None:
        return None
    six, total, _ = anatomy.summed(lattice, faces, lead.shell, lead.shells)
    if total[mass.ZERO_FACES]:
        return None
    box = [int(c) for c in (*lattice.min(axis=0), *lattice.max(axis=0))]
    tree = plant(lattice, faces)
    rest = None if find(lattice, faces, tree).found else Rest(lattice, faces, lead.twin, tree)
    return Certificate(lead, lattice, six, total, box, rest)


def dissect(part: Settled, known: Certificates) -> Anatomy:
    """`anatomy.dissect`, by what is known of its kept rows where there is such, and nothing is wrong."""
    return short(part, known) or anatomy.dissect(part)


def short(part: Settled, known: Certificates, after: int = 1) -> Anatomy | None:
    """The same; None where nothing is known, or something is wrong. `after`: of `Certificates.of`."""
    begin = time.thread_time()
    lattice, faces = anatomy.exact(part.lattice), anatomy.exact(part.faces)
    rest = None if lattice is None or faces is None else known.of(part.kept, lattice, faces, after)
    if rest is None or lattice is None or faces is None:
        return None
    read = time.thread_time()
    shape = attached(rest.lead, lattice, faces)
    if shape is None:
        return None
    joined = time.thread_time()
    sizes = _sized(rest, lattice, faces, *shape)
    if sizes is None:
        return None
    spent = (1000.0 * (read - begin), 1000.0 * (joined - read), 1000.0 * (time.thread_time() - joined))
    return Anatomy(part.part.name, lattice, faces, (), shape[0], sizes, spent, rest.rest)


def _sized(
    rest: Certificate, lattice: Lattice, faces: Faces, shape: Topology, renamed: list[int], new_box: Int64s
) -> Mass | None:
    """The sizes of the whole; None when a new face has no area."""
    m = len(rest.lead.faces)
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
