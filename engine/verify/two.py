"""Two parts as the check between them takes them: in one array each, in one pose, with a tree of each."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.model.mesh import STEPS_PER_MM, Faces, Lattice, Pose, Settled
from engine.verify import anatomy
from engine.verify.anatomy import Anatomy, Int32s, Int64s, Topology
from engine.verify.crossings import Crossings
from engine.verify.settle import posed
from engine.verify.shells import Kind
from engine.verify.tree import Tree, plant


@dataclass(frozen=True, eq=False)
class Sound:
    """A part that may be asked: closed, nothing of it crossing itself, every face with an area, every shell a solid's or a
    hollow's. `trees`: of all its faces together."""

    settled: Settled
    body: Anatomy
    shape: Topology
    trees: tuple[Tree, ...]

    @property
    def name(self) -> str:
        """The part's."""
        return self.body.name


@dataclass(frozen=True, eq=False)
class Two:
    """Two parts in one array each: rows of the second follow those of the first, and no point is shared.

    `split`: the first face of the second. `trees`: of each.
    """

    one: Sound
    other: Sound
    lattice: Lattice
    faces: Faces
    split: int
    trees: tuple[tuple[Tree, ...], tuple[Tree, ...]]

    @functools.cached_property
    def twin(self) -> Int32s:
        """Each half-edge's other one."""
        return np.concatenate((_twin(self.one), _twin(self.other) + np.int32(3 * self.split)))

    @functools.cached_property
    def shell(self) -> Int32s:
        """Each face's shell; those of the second follow those of the first."""
        return np.concatenate((self.one.shape.shell, self.other.shape.shell + np.int32(self.one.shape.shells)))

    @property
    def bonded(self) -> bool:
        """Whether either part names the other as one that it may touch."""
        return self.other.name in self.one.settled.part.bonded or self.one.name in self.other.settled.part.bonded


def is_sound(body: Anatomy, kinds: Sequence[Kind] | None, met: Crossings) -> bool:
    """Whether a part is one that may be asked."""
    whole = body.mass is not None and not body.mass.zero_faces and not met.crossing
    return whole and kinds is not None and all(kind in (Kind.SOLID, Kind.CAVITY) for kind in kinds)


def box_of(trees: Sequence[Tree]) -> tuple[int, ...]:
    """Min and max of x, y, z over all faces, steps."""
    tops = [t.boxes[:, int(t.levels[-2]) : int(t.levels[-1])] for t in trees if len(t.order)]
    low, high = (np.concatenate([t[k : k + 3] for t in tops], axis=1) for k in (0, 3))
    return (*low.min(axis=1).tolist(), *high.max(axis=1).tolist())


def as_printed(one: Sound, other: Sound) -> Two:
    """As they ship."""
    bodies = one.body, other.body
    return _joined(
        one, other, (bodies[0].lattice, bodies[1].lattice), (one.trees, other.trees), bodies[0].faces, bodies[1].faces
    )


@dataclass(frozen=True, eq=False)
class Moved:
    """A part with its points as drawn moved to `rows` of the lattice; the tree of its faces there is planted when it is asked for."""

    part: Sound
    rows: Lattice

    @property
    def faces(self) -> Faces:
        """The part's, as drawn."""
        return self.part.settled.part.mesh.faces

    @functools.cached_property
    def tree(self) -> Tree:
        """Of all faces."""
        return plant(self.rows, self.faces)

    @functools.cached_property
    def box(self) -> tuple[Int64s, Int64s]:
        """Its least and its most."""
        columns = np.ascontiguousarray(self.rows.T).astype(np.int64)
        return columns.min(axis=1), columns.max(axis=1)


def moved(part: Sound, pose: Pose) -> Moved | None:
    """Rounded to the lattice; None where it has no place on it."""
    rows, lost = posed(part.settled.part.mesh.points, pose)
    return None if lost else Moved(part, rows)


def planted(one: Moved, other: Moved) -> Two:
    """The two where they were moved to: the second as seen from the first, so that what is turned together is not rounded apart."""
    return _joined(one.part, other.part, (one.rows, other.rows), ((one.tree,), (other.tree,)), one.faces, other.faces)


def far(one: Moved, other: Moved, limit: float) -> bool:
    """Are the boxes of all points farther apart than so many steps?"""
    (low, high), (least, most) = one.box, other.box
    return bool(((least - high > limit) | (low - most > limit)).any())


def same(stance: Pose, other: Pose) -> bool:
    """Are they one on the lattice?"""
    moves = zip(stance.translation, other.translation, strict=True)
    return stance.rotation == other.rotation and all(round(a * STEPS_PER_MM) == round(b * STEPS_PER_MM) for a, b in moves)


def relative(frame: Pose, pose: Pose) -> Pose:
    """`pose` as seen from `frame`; not turned at all where both are turned alike."""
    turned, shift = frame.rotation, [b - a for a, b in zip(frame.translation, pose.translation, strict=True)]
    x, y, z = (sum((turned[r][c] * shift[r] for r in range(3)), 0.0) for c in range(3))
    if frame.rotation == pose.rotation:
        return Pose(translation=(x, y, z))
    a, b, c = (tuple(sum((turned[r][i] * pose.rotation[r][k] for r in range(3)), 0.0) for k in range(3)) for i in range(3))
    return Pose(((a[0], a[1], a[2]), (b[0], b[1], b[2]), (c[0], c[1], c[2])), (x, y, z))


def _joined(
    one: Sound,
    other: Sound,
    rows: tuple[Lattice, Lattice],
    trees: tuple[tuple[Tree, ...], tuple[Tree, ...]],
    faces: Faces,
    other_faces: Faces,
) -> Two:
    n, m = len(rows[0]), len(faces)
    return Two(
        one,
        other,
        np.concatenate(rows),
        np.concatenate((faces, other_faces + np.int32(n))),
        m,
        (trees[0], tuple(_after(t, n, m) for t in trees[1])),
    )


def _twin(part: Sound) -> Int32s:
    """Each half-edge's other one; matched here where a known body's topology was not matched again."""
    if part.shape.twin is not None:
        return part.shape.twin
    twin = anatomy.matched_up(part.body.lattice, part.body.faces).twin
    assert twin is not None
    return twin


def _after(tree: Tree, points: int, faces: int) -> Tree:
    """The tree of faces that follow so many points and faces."""
    ids = np.where(tree.ids < 0, tree.ids, tree.ids + np.int32(points))
    return dataclasses.replace(tree, order=tree.order + np.int32(faces), ids=ids)
