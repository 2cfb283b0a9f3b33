"""What is known of all bodies of a family at once: of which faces it must be asked whether they meet, or face each other too near.

A chart's bodies share their faces, and their points move with a few numbers (`engine.model.family`). So most of a verdict can be
proved once, for every body that lies where its numbers put it to within what the lattice rounds: pairs of faces that a plane
always keeps apart (`kernels.apart`), and pairs that never face each other within a process's limits (`kernels.outlook`). What
could not be proved is listed, and asked of each body. That a body is one of these is no matter of trust: its faces are compared, and
every one of its points is held to where the numbers put it (`engine.verify.member`); one that is not goes the full way.
"""

from __future__ import annotations

import pathlib
from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.model.family import Family, Member
from engine.model.mesh import Faces
from engine.model.shelf import Shelf
from engine.verify import anatomy
from engine.verify.anatomy import Topology
from engine.verify.joined import Lead, leading
from engine.verify.proofs import Proofs
from kernels import apart, bvh, moving, outlook, topology
from kernels.facing import HOPS, SHARP_COSINE

Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ROUNDED = 0.51
"""Steps by which a point may lie off the place that the numbers give it, along each axis: half a step and the noise of floats."""
ROOM = 2.0
"""Steps by which the distance of two points may be off along a line: twice ROUNDED on three axes (1.77), and the kernels' float64."""
_LEVEL = 1e-3
"""Steps by which the points of one level may differ, or their motions: far below what the lattice rounds."""


AFTER, CROWDED, FEW = 16, 48, 3
"""So many bodies of a family that FEW numbers move come before it is proved; and where little room is left. A proof takes 0.3 s then and saves
20 ms of a body; with 6 to 12 numbers, which tell less, it takes 1 to 4 s and saves 5 to 16 ms: so many times more bodies come first as
the square of their number says. One that lies in the folder, which takes 0.1 s, needs no more than AFTER."""
ROOMY = 0.75
"""Of the limit: beyond it little room is left."""


@dataclass(frozen=True, eq=False)
class Tree:
    """Faces, edges or points of a family by their `corners` (t, 3), as `kernels.moving.cover` has them."""

    corners: Int32s
    order: Int32s
    levels: Int64s
    boxes: Floats
    drift: Floats
    loose: Floats


@dataclass(frozen=True, eq=False)
class Flat:
    """The patch that new faces replace lies square to `axis`, looks along it or (`sign` -1) against it, and all of its points, `rim`, stay."""

    axis: int
    sign: int
    rim: Int32s


@dataclass(frozen=True, eq=False)
class Known:
    """Of the bodies of a family, some leading faces of which lead a mesh.

    `rows` (m,): which faces of the whole body; `gone` (M,): 1 for the others, in whose place are new ones. `pairs` (q, 2) of
    faces of the whole body: all that may meet. `whole`: the topology where nothing is new; else `lead`, and where the new faces
    replace a flat patch, that.
    """

    family: Family
    faces: Faces
    rows: Int32s
    gone: Int8s
    lead: Lead | None
    whole: Topology | None
    pairs: Int32s
    looks: Floats
    twin: Int32s
    flat: Flat | None
    proofs: Proofs | None = None
    _active: dict[tuple[float, float], tuple[Int32s, bool]] = field(default_factory=dict)

    def active(self, inward: float, outward: float) -> tuple[Int32s, bool]:
        """Which of the leading faces must be asked what faces them from nearer than these limits (steps), among themselves, rising; and
        whether any of the others, which are gone, would have to be."""
        found = self._active.get((inward, outward))
        if found is None:
            marked = None if self.proofs is None else self.proofs.active(inward, outward)
            if marked is None:
                marked = active(self.family, self.looks, whole_tree(self.family), self.twin, self.gone, inward, outward)
                if self.proofs is not None:
                    self.proofs.keep_active(inward, outward, marked)
            rows, lost = np.flatnonzero(marked[self.rows]).astype(np.int32), bool(marked[self.gone > 0].any())
            found = self._active[inward, outward] = rows, lost
        return found

    @property
    def nbytes(self) -> int:
        """What it weighs."""
        arrays = (self.faces, self.rows, self.gone, self.pairs, self.looks, self.twin)
        return self.family.nbytes + sum(a.nbytes for a in arrays) + (0 if self.lead is None else self.lead.nbytes)


@dataclass(frozen=True, eq=False)
class _Told:
    """An answer, `None` among them: what cannot be known is not asked again."""

    known: Known | None


class Families:
    """What is known of the families used last, at most `limit` bytes of it. Safe among threads. `disk`: the folder where proofs are kept.

    A family is proved when `after` bodies of it came, more where many numbers move it (FEW). Where more families are in turn than there is
    room for, none must be proved again for each body: then only one of which CROWDED bodies came is, which pays by itself.
    """

    def __init__(self, limit: int = 192 << 20, disk: pathlib.Path | None = None, after: int = AFTER) -> None:
        self._disk, self._after = disk, after
        self._shelf: Shelf[_Told] = Shelf(limit, lambda told: 256 if told.known is None else told.known.nbytes)

    def of(self, member: Member | None, faces: Faces) -> Known | None:
        """What is known of the family, proved when its like has come often enough; None: go the full way."""
        if member is None or not 0 < member.faces <= len(faces):
            return None
        key: Hashable = (member.family.key, member.faces, faces[member.faces // 2].tobytes())
        told = self._shelf.get(key)
        if told is None:
            if not self._pays(self._shelf.asked(key), member.family, faces[: member.faces]):
                return None
            self._shelf.unasked(key)
            told = _Told(prove(member.family, faces[: member.faces].copy(), self._disk))
            self._shelf.put(key, told)
        known = told.known
        return known if known is not None and np.array_equal(faces[: member.faces], known.faces) else None

    def _pays(self, came: int, family: Family, faces: Faces) -> bool:
        """Is it time to prove a family of which so many bodies came?"""
        least = self._after if self._shelf.held <= ROOMY * self._shelf.limit else CROWDED
        if came >= least * max(1.0, (len(family.motions) / FEW) ** 2):
            return True
        return came == least and self._disk is not None and Proofs.of(self._disk, family, faces).begun

    def forget(self) -> None:
        """Drop all of it."""
        self._shelf.clear()

    @property
    def held(self) -> int:
        """Bytes."""
        return self._shelf.held


def prove(family: Family, faces: Faces, disk: pathlib.Path | None = None) -> Known | None:
    """What is known of the bodies of a family that a mesh leads with `faces` of, in the body's order; None where its faces bound no solid
    of one shell, those are not its, or they touch themselves at the border. What was proved before is read from that folder."""
    rows = _rows_of(family.faces, faces)
    rounded = np.rint(family.middle)
    if rows is None or not np.abs(rounded).max() < 1 << 28:
        return None
    lattice = rounded.astype(np.int32)
    shape = anatomy.matched_up(lattice, family.faces)
    if shape.shells != 1 or any(n for k, n in enumerate(shape.counts) if k != topology.UNUSED_POINTS):
        return None
    gone = np.ones(len(family.faces), np.int8)
    gone[rows] = 0
    lead = leading(lattice, faces) if gone.any() else None
    if gone.any() and lead is None:
        return None
    looks = np.empty((len(family.faces), 5))
    outlook.looks(family.middle, family.motions, family.faces, ROOM, looks)
    whole = None if gone.any() else shape
    proofs = None if disk is None else Proofs.of(disk, family, faces)
    pairs = None if proofs is None else proofs.pairs()
    if pairs is None:
        pairs = _pairs(family, looks, whole_tree(family))
        if proofs is not None:
            proofs.keep_pairs(pairs)
    flat = _flat(family, looks, gone, lead) if lead is not None else None
    _lend(family, looks, shape.twin, gone)
    if flat is not None:
        # what replaces it looks just so, or is asked
        looks[gone > 0] = 0.0
        looks[gone > 0, flat.axis] = flat.sign
    return Known(family, faces, rows, gone, lead, whole, pairs, looks, shape.twin, flat, proofs)


def _rows_of(faces: Faces, some: Faces) -> Int32s | None:
    """Which faces these are; None where they are not all there, in rising order, or in part."""
    if not some.size or some.min() < 0 or some.max() > faces.max():
        return None
    wide = np.int64(faces.max()) + 1
    one, two = ((f[:, 0] * wide + f[:, 1]) * wide + f[:, 2] for f in (faces.astype(np.int64), some.astype(np.int64)))
    rank = np.argsort(one, kind="stable")
    at = rank[np.minimum(np.searchsorted(one[rank], two), len(one) - 1)]
    if not np.array_equal(one[at], two) or (np.diff(at) <= 0).any() or wide > 1 << 20:
        return None
    return at.astype(np.int32)


def whole_tree(family: Family) -> Tree:
    """Of all faces. It weighs more than all that is proved by it, and is let go."""
    return _tree(family, np.rint(family.middle).astype(np.int32), family.faces)


def _tree(family: Family, lattice: Int32s, corners: Int32s) -> Tree:
    k = len(corners)
    order, levels, codes = np.empty(k, np.int32), bvh.levels_of(k), np.empty((2, k), np.int64)
    every = np.arange(k, dtype=np.int32)
    bvh.sort_faces(lattice, corners, every, order, codes[0], codes[1], np.empty(2048, np.int32), np.empty(6, np.int64))
    nodes, many = int(levels[-1]), len(family.motions)
    tree = Tree(corners, order, levels, np.empty((nodes, 6)), np.empty((nodes, many, 3)), np.empty((nodes, 3)))
    moving.cover(family.middle, family.motions, corners, order, levels, tree.boxes, tree.drift, tree.loose)
    return tree


def _pairs(family: Family, looks: Floats, tree: Tree) -> Int32s:
    size, stack = 4096, np.empty(apart.STACK, np.int64)
    while True:
        pairs = np.empty((size, 2), np.int32)
        found = apart.may_meet(
            family.middle, family.motions, family.faces, looks, tree.order, tree.levels, tree.boxes, tree.drift, tree.loose,
            ROOM, pairs, stack,
        )  # fmt: skip
        if found <= size:
            return pairs[:found].copy()
        size = found


def _flat(family: Family, looks: Floats, gone: Int8s, lead: Lead) -> Flat | None:
    """The patch of the faces that are gone, where it is one, at one level in every body."""
    lost = np.flatnonzero(gone)
    rim = np.unique(lead.faces.ravel()[lead.border])
    axis = int(np.argmax(np.abs(looks[lost[0], :3])))
    moves = np.concatenate((family.middle[None, rim, axis], family.motions[:, rim, axis]))
    ways = looks[lost, axis]
    if not np.isin(family.faces[lost], rim).all() or np.ptp(moves, axis=1).max() > _LEVEL or ways.min() * ways.max() <= 0.0:
        return None
    return Flat(axis, 1 if ways[0] > 0.0 else -1, rim.astype(np.int32))


def _lend(family: Family, looks: Floats, twin: Int32s, gone: Int8s) -> None:
    """Narrow what slivers may look along: their own normal where they are none, else that of a face beyond their longest edge
    (`kernels.facing.look`), of which only what stays is known."""
    wide = looks[:, 3] >= outlook.WIDE
    slivers = np.flatnonzero(wide)
    over = _over_longest(family, twin, slivers)
    told = {}
    for f in over:
        found, ring = [f], {f}
        for _ in range(HOPS):
            beyond = {h for g in ring for h in over[g]}
            found += beyond
            ring = beyond & over.keys()
        if not ring and not gone[found].any():
            cone = looks[found[:1]][:, [0, 1, 2, 4]]
            for g in found[1:]:
                cone = _joined(cone, looks[g : g + 1][:, [0, 1, 2, 4]])
            told[f] = float(cone[0, 3]), cone[0, :3]
    for f, (chord, axis) in told.items():
        looks[f, :3], looks[f, 3] = axis, chord


def _over_longest(family: Family, twin: Int32s, rows: npt.NDArray[np.intp]) -> dict[int, tuple[int, ...]]:
    """Of each of these faces, those beyond any edge that may be its longest."""
    ends = np.stack((family.faces[rows], np.roll(family.faces[rows], -1, axis=1)))
    length = np.sqrt(((family.middle[ends[1]] - family.middle[ends[0]]) ** 2).sum(axis=2))
    more = np.sqrt(((family.motions[:, ends[1]] - family.motions[:, ends[0]]) ** 2).sum(axis=3)).sum(axis=0) + ROOM
    longest = length + more >= (length - more).max(axis=1, keepdims=True)
    beyond = (twin.reshape(-1, 3)[rows] // 3).tolist()
    return {
        f: tuple(g for g, may in zip(those, ways, strict=True) if may)
        for f, those, ways in zip(rows.tolist(), beyond, longest.tolist(), strict=True)
    }


def active(
    family: Family, looks: Floats, tree: Tree, twin: Int32s, gone: Int8s, inward: float, outward: float
) -> npt.NDArray[np.bool_]:
    """Faces of a whole body that may face others, or be faced (by a normal, an edge or a corner), from nearer than these limits."""
    faces, lattice = family.faces, np.rint(family.middle).astype(np.int32)
    marked = np.zeros(len(faces), np.bool_)
    here = np.flatnonzero(twin > np.arange(len(twin))).astype(np.int32)
    one, two = here // 3, twin[here] // 3
    ends = np.stack((faces.ravel()[here], faces[one, (here + 1) % 3]), axis=1)
    ends = np.concatenate((ends, ends[:, 1:]), axis=1).astype(np.int32)
    cones = np.empty((len(family.middle), 4))
    outlook.cones(faces, looks, cones)
    between = _joined(looks[one], looks[two])
    both_gone = (gone[one] & gone[two]).astype(np.int8)

    edges, points = _tree(family, lattice, ends), _points(family, lattice, cones)
    stack = np.empty(outlook.STACK, np.int64)

    def ask(of: Tree, ways: Floats, lost: Int8s, on: Tree, others: Floats, none: Int8s, ball: bool) -> tuple[Int8s, Int8s]:
        asking, asked = np.zeros(len(of.corners), np.int8), np.zeros(len(on.corners), np.int8)
        outlook.may_face(
            family.middle, family.motions, of.corners, ways, lost, of.order, of.boxes, of.drift, of.loose,
            on.corners, others, none, on.order, on.levels, on.boxes, on.drift, on.loose,
            ball, inward, outward, ROOM, asking, asked, stack,
        )  # fmt: skip
        return asking, asked

    asking, asked = ask(tree, looks, gone, tree, looks, gone, False)
    marked |= (asking | asked).astype(np.bool_)
    asking, asked = ask(tree, looks, gone, edges, between, both_gone, False)
    marked |= asking.astype(np.bool_)
    marked[one[asked > 0]] = marked[two[asked > 0]] = True
    asking, asked = ask(tree, looks, gone, points, cones[points.corners[:, 0]], np.zeros(len(points.corners), np.int8), False)
    marked |= asking.astype(np.bool_)
    touched = np.zeros(len(family.middle), np.bool_)
    touched[points.corners[asked > 0, 0]] = True
    marked |= touched[faces].any(axis=1)

    # edges that may be sharp, and face each other
    turn = np.sqrt(((looks[one, :3] - looks[two, :3]) ** 2).sum(axis=1)) + looks[one, 3] + looks[two, 3]
    sharp = np.flatnonzero(turn >= np.sqrt(2.0 - 2.0 * SHARP_COSINE) - 1e-6)
    if len(sharp):
        ridges = _tree(family, lattice, np.ascontiguousarray(ends[sharp]))
        ways = _joined(cones[ends[sharp, 0]], cones[ends[sharp, 1]])
        none = np.zeros(len(sharp), np.int8)
        asking, asked = ask(ridges, ways, none, ridges, ways, none, True)
        met = sharp[(asking | asked) > 0]
        marked[one[met]] = marked[two[met]] = True
    return marked


def _points(family: Family, lattice: Int32s, cones: Floats) -> Tree:
    """The points that a face has."""
    used = np.flatnonzero(cones[:, 3] >= 0.0).astype(np.int32)
    return _tree(family, lattice, np.ascontiguousarray(np.repeat(used[:, None], 3, axis=1)))


def _joined(one: Floats, two: Floats) -> Floats:
    """Cones (k, 4) that hold two cones each, and all between."""
    made = np.empty_like(one)
    axis = one[:, :3] + two[:, :3]
    length = np.sqrt((axis**2).sum(axis=1))
    made[:, :3] = axis / np.maximum(length, 1e-6)[:, None]
    wide = [np.sqrt(((made[:, :3] - c[:, :3]) ** 2).sum(axis=1)) + c[:, 3] for c in (one, two)]
    made[:, 3] = np.maximum(*wide) + 1e-6
    made[(length < 1e-6) | (made[:, 3] >= 1.4), 3] = outlook.WIDE
    return made
