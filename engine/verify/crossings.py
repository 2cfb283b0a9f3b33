"""Faces that meet otherwise than neighbours do, and what to call it.

A pair that only touches may still belong to surfaces that go through each other there: a corner on a face, its neighbours on
both sides. That two surfaces merely touch is proved by a plane with all faces round the touched place of the one on its one side,
and of the other on its other; without such a plane they count as crossing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.model.mesh import Faces, Lattice
from engine.verify.rest import Rest
from engine.verify.tree import Seed, Tree, grown, plant
from kernels import crossings as kernel
from kernels import relief
from kernels.pairs import CROSS, DOUBLE, TOUCH

if TYPE_CHECKING:
    from engine.verify.member import OfFamily

KEPT = kernel.ENOUGH
"""At most so many pairs are told and counted."""
PROVED = 2_000
"""At most so many touching pairs are looked into; the others count as crossing."""

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Pairs = npt.NDArray[np.int32]
Point = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Crossings:
    """`pairs` (k, 2) rows of faces in rising order, the lower first, without faces that are there twice; `kinds` (k,) of
    `kernels.pairs`, TOUCH only where it is proved, else CROSS. `found`: how many there are, KEPT at most."""

    pairs: Pairs
    kinds: npt.NDArray[np.int8]
    found: int

    @property
    def crosses(self) -> npt.NDArray[np.bool_]:
        """Which of the pairs cross or overlap."""
        return np.not_equal(self.kinds, TOUCH)

    @property
    def crossing(self) -> int:
        """How many pairs cross or overlap."""
        return self.found - int(np.count_nonzero(self.kinds == TOUCH))


NONE = Crossings(np.empty((0, 2), dtype=np.int32), np.empty(0, dtype=np.int8), 0)


def among(
    lattice: Lattice,
    faces: Faces,
    twin: Int32s,
    rest: Rest | None,
    seed: Seed | None = None,
    family: OfFamily | None = None,
) -> tuple[tuple[Tree, ...], Crossings]:
    """The trees of all faces, and every pair. `rest`: what is known of the leading faces, which meet nothing among themselves.

    Then only the other faces are asked, and where one of them meets anything the whole way is gone. So it is where anything meets in a
    tree that grew from a `seed`: of very many pairs those are told that the tree's order brings first. twin (3 m): of a closed
    surface where there is a `rest`. Of a body of a `family` no tree is needed, where nothing meets.
    """
    if family is not None and family.meets_nothing():
        return (), NONE
    if rest is not None:
        first = len(rest.faces)
        new = plant(lattice, faces, first)
        alone = relief_of(lattice, faces, twin, first) is not None or not find(lattice, faces, new).found
        if alone and not find(lattice, faces, new, rest.tree).found:
            return (rest.tree, new), NONE
    known = None if seed is None else grown(lattice, faces, seed)
    if known is not None and not find(lattice, faces, known).found:
        return (known,), NONE
    tree = plant(lattice, faces)
    return (tree,), find(lattice, faces, tree)


def find(lattice: Lattice, faces: Faces, tree: Tree, other: Tree | None = None) -> Crossings:
    """Every pair of faces of the tree, or of a face of it with one of the `other` tree."""
    size = 1024
    stack = np.empty(kernel.STACK, dtype=np.int64)
    mine, theirs = ((t.order, t.levels, t.boxes, t.corners, t.ids, t.normals) for t in (tree, other or tree))
    while True:
        pairs, kinds = np.empty((size, 2), dtype=np.int32), np.empty(size, dtype=np.int8)
        found = kernel.meetings(lattice, faces, other is None, *mine, *theirs, pairs, kinds, stack)
        if found <= size or size == KEPT:
            break
        size = min(KEPT, 1 << (found - 1).bit_length())
    return _told(lattice, faces, pairs[:found], kinds[:found], found) if found else NONE


def _told(lattice: Lattice, faces: Faces, pairs: Pairs, kinds: npt.NDArray[np.int8], found: int) -> Crossings:
    single = kinds != DOUBLE  # topology counts those
    found -= len(kinds) - int(np.count_nonzero(single))
    pairs, kinds = pairs[single], kinds[single]
    rank = np.lexsort((pairs[:, 1], pairs[:, 0]))
    pairs, kinds = pairs[rank], kinds[rank]
    touching = np.flatnonzero(kinds == TOUCH)
    if len(touching):
        around = _Around(lattice, faces)
        kinds[touching[PROVED:]] = CROSS
        for at in touching[:PROVED].tolist():
            if not around.merely_touch(int(pairs[at, 0]), int(pairs[at, 1])):
                kinds[at] = CROSS
    return Crossings(pairs, kinds, found)


@dataclass(frozen=True, eq=False)
class Relief:
    """New faces that are proved to meet nothing among themselves: flat at two levels along `axis`, or walls between them. `levels`
    (3,): both heights, and which way flat faces turn; `kinds`: of each new face its level (0, 1), or `kernels.relief.WALL`."""

    axis: int
    levels: Int64s
    kinds: npt.NDArray[np.int8]


def relief_of(lattice: Lattice, faces: Faces, twin: Int32s, first: int) -> Relief | None:
    """The relief that the faces from row `first` on are (`kernels.relief`); None when that is not proved."""
    new = len(faces) - first
    levels, kinds = np.empty(3, np.int64), np.empty(new, np.int8)
    border, lows = np.empty((3 * new, 2), np.int32), np.empty(3 * new, np.int64)
    leaving = np.empty(len(lattice), np.int32)
    for axis in (2, 0, 1):
        count = relief.outlined(lattice, faces, twin, first, axis, levels, kinds, border, leaving, lows)
        if count != relief.DOUBT:
            found, low = border[:count], lows[:count]
            loops = np.empty(count, np.int32)
            sound = relief.simple(lattice, axis, levels, found, leaving, low, np.argsort(low, kind="stable"), loops)
            return Relief(axis, levels, kinds) if sound else None
    return None


def depths(lattice: Lattice, faces: Faces, pairs: Pairs) -> npt.NDArray[np.float64]:
    """How far one face of each pair reaches through the plane of the other, in steps: the smaller of both ways (float64)."""
    corners = lattice[faces[pairs]].astype(np.float64)  # (k, 2, 3, 3)
    least = np.full(len(pairs), np.inf)
    for one, two in ((0, 1), (1, 0)):
        a, b, c = (corners[:, one, k] for k in range(3))
        normal = np.cross(b - a, c - a)
        normal /= np.sqrt((normal * normal).sum(axis=1))[:, None]
        side = ((corners[:, two] - a[:, None]) * normal[:, None]).sum(axis=2)
        least = np.minimum(least, np.minimum(side.max(axis=1), -side.min(axis=1)))
    told: npt.NDArray[np.float64] = np.maximum(least, 0.0)
    return told


class _Around:
    """Exact looks at the faces round a place, in integers of any size."""

    def __init__(self, lattice: Lattice, faces: Faces) -> None:
        self._points = lattice
        self._faces = faces
        self._corners = np.argsort(faces.ravel(), kind="stable")
        self._starts = np.searchsorted(faces.ravel()[self._corners], np.arange(len(lattice) + 1))

    def merely_touch(self, f: int, g: int) -> bool:
        """Is there a plane between all that belongs to where f and g touch?"""
        ones, others = self._touched(f, g), self._touched(g, f)
        if ones & others:
            return False
        low, high = self._corners_of(ones), self._corners_of(others)
        planes = [(_cross(a, b, c), a) for a, b, c in (tuple(self._triangle(h)) for h in sorted(ones | others))]
        sides = [itertools.pairwise([*(tuple(self._triangle(h))), next(self._triangle(h))]) for h in (f, g)]
        planes += [(_cross((0, 0, 0), _minus(b, a), _minus(d, c)), a) for (a, b), (c, d) in itertools.product(*sides)]
        return any(_between(normal, at, low, high) for normal, at in planes if normal != (0, 0, 0))

    def _touched(self, f: int, g: int) -> set[int]:
        """f and the faces that meet it in a corner that lies on g, or over an edge that meets g."""
        found = {f}
        a, b, c = self._triangle(g)
        rows = self._faces[f].tolist()
        for v in rows:
            if _on_triangle(self._point(v), a, b, c):
                found |= self._at(v)
        for u, v in itertools.pairwise([*rows, rows[0]]):
            if _segment_meets(self._point(u), self._point(v), a, b, c):
                found |= self._at(u) & self._at(v)
        return found

    def _at(self, v: int) -> set[int]:
        return set((self._corners[self._starts[v] : self._starts[v + 1]] // 3).tolist())

    def _corners_of(self, rows: set[int]) -> list[Point]:
        return [self._point(v) for v in {v for f in rows for v in self._faces[f].tolist()}]

    def _triangle(self, f: int) -> Iterator[Point]:
        return (self._point(v) for v in self._faces[f].tolist())

    def _point(self, v: int) -> Point:
        x, y, z = self._points[v].tolist()
        return x, y, z


def _cross(a: Point, b: Point, c: Point) -> Point:
    (ux, uy, uz), (vx, vy, vz) = ((q[0] - a[0], q[1] - a[1], q[2] - a[2]) for q in (b, c))
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx


def _dot(n: Point, a: Point, p: Point) -> int:
    return n[0] * (p[0] - a[0]) + n[1] * (p[1] - a[1]) + n[2] * (p[2] - a[2])


def _minus(p: Point, q: Point) -> Point:
    return p[0] - q[0], p[1] - q[1], p[2] - q[2]


def _between(normal: Point, at: Point, ones: Iterable[Point], others: Iterable[Point]) -> bool:
    """Is the plane through `at` between them, its own points on either side?"""
    first = {_sign(_dot(normal, at, p)) for p in ones} - {0}
    second = {_sign(_dot(normal, at, p)) for p in others} - {0}
    return len(first) <= 1 and len(second) <= 1 and not first & second


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


def _side(a: Point, b: Point, c: Point, p: Point) -> int:
    return _sign(_dot(_cross(a, b, c), a, p))


def _on_triangle(p: Point, a: Point, b: Point, c: Point) -> bool:
    normal = _cross(a, b, c)
    if _dot(normal, a, p):
        return False
    return all(_dot(normal, (0, 0, 0), _cross(u, v, p)) >= 0 for u, v in ((a, b), (b, c), (c, a)))


def _segment_meets(u: Point, v: Point, a: Point, b: Point, c: Point) -> bool:
    """The closed segment and the closed triangle; where both lie in one plane, its ends on it or its crossing an edge."""
    su, sv = _side(a, b, c, u), _side(a, b, c, v)
    if su * sv > 0:
        return False
    if su or sv:
        turns = {_side(u, v, p, q) for p, q in ((a, b), (b, c), (c, a))}
        return not {1, -1} <= turns
    if _on_triangle(u, a, b, c) or _on_triangle(v, a, b, c):
        return True
    normal = _cross(a, b, c)

    def turn(p: Point, q: Point, r: Point) -> int:
        return _sign(_dot(normal, (0, 0, 0), _cross(p, q, r)))

    return any(
        turn(u, v, p) * turn(u, v, q) <= 0 and turn(p, q, u) * turn(p, q, v) <= 0 and {turn(u, v, p), turn(u, v, q)} != {0}
        for p, q in ((a, b), (b, c), (c, a))
    )
