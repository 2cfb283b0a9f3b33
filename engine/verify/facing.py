"""What faces each face of a part from nearer than its limit: `kernels.walls` asked of faces and of sharp edges, by trees of both.

Of a known body's leading faces the answer is kept (`engine.verify.rest`), and only what is new is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.model.mesh import Faces, Lattice
from engine.verify.tree import Tree
from kernels import bvh, facing, ridges, walls

Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]

_NONE = np.empty(0, np.int32)


@dataclass(frozen=True, eq=False)
class Facing:
    """What faces what, nearer than its limit: a row for each asking face and channel (wall, gap, wall and gap of letters).

    hits int32 (k, 4): the asking face, the channel, the face across, FACE, EDGE or RIDGE of `kernels.walls`; found float64 (k, 4): steps, and the place half-way.
    """

    hits: Int32s
    found: Float64s


@dataclass(frozen=True, eq=False)
class Surface:
    """Faces, each half-edge's `twin` (3 m), each face's role (`engine.verify.walls`), and which way all of it looks: arrays of
    `kernels.facing.look`."""

    lattice: Lattice
    faces: Faces
    twin: Int32s
    roles: Int8s
    units: Float64s
    low: Int8s
    spread: Float64s
    corners: Float64s


@dataclass(frozen=True, eq=False)
class Target:
    """A tree of faces (`halves` empty), or of edges by a half-edge of each, with what eight lanes ask of it (`kernels.facing.pack`)
    and its corners (`kernels.crossings.pack`)."""

    halves: Int32s
    order: Int32s
    levels: Int64s
    boxes: Int32s
    ends: Int32s
    lanes: Float32s


@dataclass(frozen=True, eq=False)
class Asking:
    """Faces that ask, in the order of a tree, their swept boxes, their normals and the boxes of eight (`kernels.walls.sweep`)."""

    rows: Int32s
    asks: Int32s
    aims: Float32s
    hulls: Int32s


def look(lattice: Lattice, faces: Faces, twin: Int32s, roles: Int8s) -> tuple[Surface, Int32s]:
    """A surface, and its sharp edges by a half-edge of each. O(n + m)."""
    n, m = len(lattice), len(faces)
    surface = Surface(lattice, faces, twin, roles, np.empty((m, 3)), np.empty(m, np.int8), np.empty(m), np.empty((n, 6)))
    return surface, look_again(surface, np.arange(m, dtype=np.int32), np.ones(m, np.int8), np.ones(n, np.int8))


def look_again(surface: Surface, rows: Int32s, asked: Int8s, fresh: Int8s) -> Int32s:
    """Fill a surface's arrays for some of its faces; their sharp edges. Arguments of `kernels.facing.look`."""
    sharp = np.empty(3 * len(rows), np.int32)
    s = surface
    return sharp[: facing.look(s.lattice, s.faces, s.twin, rows, asked, fresh, s.units, s.low, s.spread, s.corners, sharp)]


def of_tree(surface: Surface, tree: Tree) -> Target:
    """The faces of a tree."""
    return _packed(surface, _NONE, tree.order, tree.levels, tree.boxes, tree.corners)


def of_faces(surface: Surface, rows: Int32s) -> Target:
    """Some faces, each of an area."""
    return _packed(surface, _NONE, *_planted(surface.lattice, surface.faces, rows))


def looked_at(surface: Surface, target: Target) -> Target:
    """The faces of a target, as they look now."""
    return _packed(surface, target.halves, target.order, target.levels, target.boxes, target.ends)


def of_edges(surface: Surface, sharp: Int32s) -> Target:
    """Sharp edges."""
    ends = np.empty((len(sharp), 3), np.int32)
    ends[:, 0] = surface.faces.ravel()[sharp]
    ends[:, 1] = ends[:, 2] = surface.faces[sharp // 3, (sharp + 1) % 3]
    return _packed(surface, sharp, *_planted(surface.lattice, ends, np.arange(len(sharp), dtype=np.int32)))


def _planted(lattice: Lattice, faces: Faces, rows: Int32s) -> tuple[Int32s, Int64s, Int32s, Int32s]:
    """order, levels, boxes and corners of a tree."""
    k = len(rows)
    levels, order = bvh.levels_of(k), np.empty(k, np.int32)
    codes = np.empty((2, k), np.int64)
    bvh.sort_faces(lattice, faces, rows, order, codes[0], codes[1], np.empty(2048, np.int32), np.empty(6, np.int64))
    boxes, ends = np.empty((6, int(levels[-1])), np.int32), np.empty((9, int(levels[1])), np.int32)
    bvh.fit_corners(lattice, faces, order, levels, boxes, ends)
    return order, levels, boxes, ends


def _packed(surface: Surface, halves: Int32s, order: Int32s, levels: Int64s, boxes: Int32s, ends: Int32s) -> Target:
    s = surface
    lanes = np.empty((4, int(levels[-1])), np.float32)
    facing.pack(s.faces, s.twin, s.units, s.spread, s.corners, halves, order, levels, lanes)
    return Target(halves, order, levels, boxes, ends, lanes)


def swept(surface: Surface, rows: Int32s, limits: Float64s) -> Asking:
    """Faces that ask up to the largest of the limits (`engine.verify.walls.limits_of`)."""
    groups = -(-len(rows) // bvh.WIDTH)
    asks, aims = np.empty((6, bvh.WIDTH * groups), np.int32), np.empty((3, bvh.WIDTH * groups), np.float32)
    hulls = np.empty((6, groups), np.int32)
    inward, outward = float(limits[0].max()), float(limits[1].max())
    walls.sweep(surface.lattice, surface.faces, surface.units, rows, inward, outward, asks, aims, hulls)
    return Asking(rows, asks, aims, hulls)


def ask(surface: Surface, asking: Asking, targets: Iterable[Target], limits: Float64s) -> list[Facing]:
    """What faces the asking faces among each of the targets."""
    s, told = surface, []
    stack, work = np.empty(walls.STACK, np.int64), np.empty((96, 5))
    for t in targets:
        if not len(t.order) or not len(asking.rows):
            continue
        # at most a row for each face and channel; without letters there are two channels
        cap = (2 if limits.shape[1] == 1 else walls.CHANNELS) * len(asking.rows)
        hits, found = np.empty((cap, 4), np.int32), np.empty((cap, 4))
        count = walls.across(
            s.lattice, s.faces, s.twin, s.units, s.corners, s.roles, limits, asking.rows, asking.asks, asking.aims, asking.hulls,
            t.halves, t.order, t.levels, t.boxes, t.ends, t.lanes, hits, found, stack, work,
        )  # fmt: skip
        told.append(Facing(hits[:count].copy(), found[:count].copy()))
    return told


def ask_ridges(surface: Surface, edges: Target, others: Target, limits: Float64s) -> Facing:
    """Which of the edges face others, or each other where both are one target."""
    s, cap = surface, 4 * len(edges.order) + 64
    stack = np.empty(walls.STACK, np.int64)
    while True:
        hits, found = np.empty((cap, 4), np.int32), np.empty((cap, 4))
        count = ridges.across(
            s.lattice, s.faces, s.twin, s.units, s.roles, limits, edges is others,
            edges.halves, edges.order, edges.boxes, edges.lanes,
            others.halves, others.order, others.levels, others.boxes, others.lanes, hits, found, stack, np.empty((2, 3)),
        )  # fmt: skip
        if count <= cap:
            return Facing(hits[:count], found[:count])
        cap = count


def face(lattice: Lattice, faces: Faces, twin: Int32s, roles: Int8s, limits: Float64s, trees: Sequence[Tree]) -> Facing:
    """Ask every face of the trees what faces it, nearer than `limits` (of `engine.verify.walls.limits_of`).

    The trees hold all faces with an area between them. twin (3 m); roles (m,).
    """
    surface, sharp = look(lattice, faces, twin, roles)
    edges = of_edges(surface, sharp)
    targets = [*(of_tree(surface, t) for t in trees), edges]
    told = [f for t in trees for f in ask(surface, swept(surface, t.order, limits), targets, limits)]
    return nearest([*told, ask_ridges(surface, edges, edges, limits)])


def face_some(lattice: Lattice, faces: Faces, twin: Int32s, roles: Int8s, limits: Float64s, rows: Int32s) -> Facing:
    """What faces what among the faces of `rows` (rising, each of an area) of a closed surface: rows of `face`, all of those that
    speak of two of these."""
    n, m = len(lattice), len(faces)
    asked, fresh, around = np.zeros(m, np.int8), np.zeros(n, np.int8), np.empty(m, np.int32)
    around = around[: facing.surroundings(faces, rows, asked, fresh, around)]
    low = np.full(m, facing.UNTOLD, np.int8)
    surface = Surface(lattice, faces, twin, roles, np.zeros((m, 3)), low, np.empty(m), np.zeros((n, 6)))
    sharp = look_again(surface, around, asked, fresh)
    mine = np.zeros(m, np.bool_)
    mine[rows] = True
    edges = of_edges(surface, sharp[mine[sharp // 3] | mine[twin[sharp] // 3]])
    some = of_faces(surface, rows)
    told = ask(surface, swept(surface, some.order, limits), (some, edges), limits)
    return nearest([*told, ask_ridges(surface, edges, edges, limits)])


def nearest(told: Iterable[Facing]) -> Facing:
    """Of all rows of a face and channel the nearest; of equals the lowest place, a face before an edge, the lower one."""
    some = [f for f in told if len(f.hits)]
    if not some:
        return Facing(np.empty((0, 4), np.int32), np.empty((0, 4)))
    hits, found = np.concatenate([f.hits for f in some]), np.concatenate([f.found for f in some])
    order = np.lexsort((hits[:, 2], hits[:, 3], found[:, 3], found[:, 2], found[:, 1], found[:, 0], hits[:, 1], hits[:, 0]))
    hits, found = hits[order], found[order]
    first = np.ones(len(hits), np.bool_)
    first[1:] = (hits[1:, :2] != hits[:-1, :2]).any(axis=1)
    return Facing(hits[first], found[first])
