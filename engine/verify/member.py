"""The verdict on a body of a known family, with or without something new on it: only what the family leaves open, and what is new.

Why it is the full way's verdict:

- The faces are the family's, and each point lies where the body's numbers put it, to within the rounding that the proofs allow:
  both are looked at (`of`). So no pair of the body's faces meets but, maybe, those that the proof lists; these are asked.
- New faces stand where a patch was. Where they are a relief (`kernels.relief`) on a flat patch, those at the patch's level cover no
  place that it did not: what did not meet it does not meet them, and what did not face it does not face them. Nor do they face what
  is new beside them: of a relief every face looks as they do or square to that, every edge and corner along what lies between.
  The others (letters' walls and floors) are asked of all that comes into their reach. Where they are no relief, or a face at the patch's level
  looks another way (a sliver that takes its neighbour's normal), all new faces are.
- What is asked is asked by the same kernels; where anything meets, the full way is gone.
"""

from __future__ import annotations

import functools
import math
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.model.mesh import STEPS_PER_MM, Faces, Lattice, Settled
from engine.verify import anatomy
from engine.verify.anatomy import Anatomy, Topology
from engine.verify.crossings import Relief, find, relief_of
from engine.verify.facing import Facing, Float64s, Int8s, Int32s, face_some
from engine.verify.families import ROUNDED, Families, Known
from engine.verify.joined import attached
from engine.verify.settle import right_angles
from engine.verify.tree import plant, plant_rows
from kernels import apart, bvh, facing, moving

_BESIDE = 10_000
"""Steps (1 mm): no nearer to letters lies what is asked at all, but in a process of thick walls."""


@dataclass(frozen=True, eq=False)
class OfFamily:
    """One body of a family, and what is new on it. `columns`: how it was turned (`kernels.moving.astray`). twin (3 m): all closed."""

    known: Known
    lattice: Lattice
    faces: Faces
    twin: Int32s
    columns: tuple[int, int, int]

    def meets_nothing(self) -> bool:
        """Is it proved that no two faces meet but as neighbours do?"""
        known, first = self.known, len(self.known.faces)
        if apart.met(self.lattice, known.family.faces, known.pairs) >= 0:
            return False
        if first == len(self.faces):
            return True
        if self._relief is None and find(self.lattice, self.faces, plant(self.lattice, self.faces, first)).found:
            return False
        near = self._near(0)
        if not len(near):
            return True
        new, rest = (plant_rows(self.lattice, self.faces, rows) for rows in (self._letters, near))
        return not find(self.lattice, self.faces, new, rest).found

    def face(self, roles: Int8s, limits: Float64s) -> Facing | None:
        """What faces what: the answer of `engine.verify.facing.face`; None where the body's own faces have roles."""
        first = len(self.known.faces)
        if roles[:first].any():
            return None
        rows, patch = self.known.active(float(limits[0, 0, 0]), float(limits[1, 0, 0]))
        if first < len(self.faces):
            mine = np.zeros(len(self.faces), np.bool_)
            mine[rows] = mine[self._near(math.ceil(float(limits.max())))] = mine[self._letters] = True
            if patch:  # where it lay, something may face it
                mine[first:] = True
            rows = np.flatnonzero(mine).astype(np.int32)
        return face_some(self.lattice, self.faces, self.twin, roles, limits, rows)

    @functools.cached_property
    def _relief(self) -> Relief | None:
        return relief_of(self.lattice, self.faces, self.twin, len(self.known.faces))

    @functools.cached_property
    def _letters(self) -> Int32s:
        """The new faces that must be asked what of the body they come near to: all but those that lie where the patch lay, and look as
        it did."""
        first = len(self.known.faces)
        every = np.arange(first, len(self.faces), dtype=np.int32)
        relief, flat = self._relief, self.known.flat
        if relief is None or flat is None or abs(self.columns[relief.axis]) - 1 != flat.axis:
            return every
        heights = self.lattice[flat.rim, relief.axis]
        level = next((k for k in range(2) if relief.levels[k] == heights[0]), -1)
        sign = flat.sign * (1 if self.columns[relief.axis] > 0 else -1)
        if level < 0 or (heights != heights[0]).any() or int(relief.levels[2]) != sign:
            return every
        low = np.empty(len(every), np.int8)
        facing.slivers(self.lattice, self.faces, first, low)
        letters: Int32s = every[(relief.kinds != level) | (low != 0)]
        return letters

    def _near(self, reach: int) -> Int32s:
        """Which of the body's faces have boxes that come within reach (steps) of the box of letters."""
        box = self._box + np.array([-reach] * 3 + [reach] * 3)
        if reach > _BESIDE:
            return self._within(self.faces[: len(self.known.faces)], box)
        beside = self._beside
        return beside[self._within(np.ascontiguousarray(self.faces[beside]), box)]

    @functools.cached_property
    def _beside(self) -> Int32s:
        """The body's faces within _BESIDE: nearer ones are asked for more than once."""
        return self._within(self.faces[: len(self.known.faces)], self._box + np.array([-_BESIDE] * 3 + [_BESIDE] * 3))

    @functools.cached_property
    def _box(self) -> npt.NDArray[np.int64]:
        box = np.empty(6, np.int64)
        bvh.around(self.lattice, self.faces, self._letters, box)
        return box

    def _within(self, faces: Faces, box: npt.NDArray[np.int64]) -> Int32s:
        rows = np.empty(len(faces), np.int32)
        return rows[: int(bvh.within_reach(self.lattice, faces, len(faces), box, rows))]


def dissect(part: Settled, families: Families) -> Anatomy | None:
    """`anatomy.dissect` of a body whose family is known; None: go another way."""
    begin = time.thread_time()
    lattice, faces = anatomy.exact(part.lattice), anatomy.exact(part.faces)
    known = None if lattice is None or faces is None else families.of(part.member, faces)
    columns = right_angles(part.pose)
    if known is None or lattice is None or faces is None or columns is None or not _is_placed(part, lattice, known, columns):
        return None
    read = time.thread_time()
    shape = _matched(lattice, faces, known)
    if shape is None or shape.shells != 1:
        return None
    joined = time.thread_time()
    sizes = anatomy.measured(lattice, faces, shape)
    if sizes.zero_faces:
        return None
    spent = (1000.0 * (read - begin), 1000.0 * (joined - read), 1000.0 * (time.thread_time() - joined))
    family = OfFamily(known, lattice, faces, shape.twin, columns)
    return Anatomy(part.part.name, lattice, faces, (), shape, sizes, spent, family=family)


def _is_placed(part: Settled, lattice: Lattice, known: Known, columns: tuple[int, int, int]) -> bool:
    """Does every point of the body lie where its numbers put it, and are these the family's?"""
    family, member = known.family, part.member
    if member is None or part.steps_per_mm != STEPS_PER_MM or len(lattice) < len(family.middle):
        return False
    if member.at.shape != (len(family.motions),) or not np.abs(member.at).max(initial=0.0) <= 1.0:
        return False
    body = lattice[: len(family.middle)]
    return bool(moving.astray(body, family.middle, family.motions, member.at, np.array(columns, np.int64)) <= ROUNDED)


def _matched(lattice: Lattice, faces: Faces, known: Known) -> Topology | None:
    """The topology of the whole; None where it is not sound."""
    if known.lead is not None:
        told = attached(known.lead, lattice, faces)
        return None if told is None else told[0]
    return known.whole if len(faces) == len(known.faces) and len(lattice) == len(known.family.middle) else None
