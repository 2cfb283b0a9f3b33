"""The tree of a part's faces: made once, asked by crossings, walls and shells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.model.mesh import Faces, Lattice
from engine.model.slab import carved
from kernels import bvh, crossings

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tree:
    """Faces with an area, in the order of `kernels.bvh`: `order` (k,) their rows, `levels` and `boxes` of the tree, and what eight
    lanes read of them (`kernels.crossings.pack`): `corners` (9, slots), `ids` and `normals` (3, slots)."""

    order: Int32s
    levels: Int64s
    boxes: Int32s
    corners: Int32s
    ids: Int32s
    normals: npt.NDArray[np.float32]

    @property
    def spread(self) -> float:
        """How far all leaves together reach, as so many times the whole."""
        leaves = self.boxes[:, self.levels[1] : self.levels[1] + self.levels[1] // bvh.WIDTH].astype(np.int64)
        whole = leaves[3:].max(axis=1) - leaves[:3].min(axis=1)
        return int((leaves[3:] - leaves[:3]).sum()) / max(1, int(whole.sum()))

    @property
    def nbytes(self) -> int:
        """What it weighs: about 100 bytes a face."""
        arrays = (self.order, self.levels, self.boxes, self.corners, self.ids, self.normals)
        return sum(a.nbytes for a in arrays)


@dataclass(frozen=True, eq=False)
class Seed:
    """Of a tree of the same faces, each of some area: its `order`, and how spread it was."""

    order: Int32s
    spread: float


TOO_WIDE = 2.0
"""A seed is given up when its tree is so many times as spread as it was: what is near is no longer kept together."""


def grown(lattice: Lattice, faces: Faces, seed: Seed) -> Tree | None:
    """The tree of all faces in a seed's order, its boxes as the points are now; None when it has become too wide."""
    levels = bvh.levels_of(len(seed.order))
    slots = int(levels[1])
    boxes, corners, ids, normals = carved(
        ((6, int(levels[-1])), np.int32), ((9, slots), np.int32), ((3, slots), np.int32), ((3, slots), np.float32)
    )
    crossings.pack(lattice, faces, seed.order, levels, boxes, corners, ids, normals)
    tree = Tree(seed.order, levels, boxes, corners, ids, normals)
    return tree if tree.spread <= TOO_WIDE * seed.spread else None


def plant(lattice: Lattice, faces: Faces, first: int = 0) -> Tree:
    """The tree of the faces from row `first` on, every index in range. O(m)."""
    rows = np.empty(len(faces) - first, np.int32)
    return plant_rows(lattice, faces, rows[: int(bvh.with_area(lattice, faces, first, rows))])


def plant_rows(lattice: Lattice, faces: Faces, rows: Int32s) -> Tree:
    """The tree of some faces, each of an area, every index in range. O(k)."""
    k = len(rows)
    levels = bvh.levels_of(k)
    slots = int(levels[1])
    order, boxes, corners, ids, normals = carved(
        ((k,), np.int32),
        ((6, int(levels[-1])), np.int32),
        ((9, slots), np.int32),
        ((3, slots), np.int32),
        ((3, slots), np.float32),
    )
    # what is sorted lies where what is read by lanes will
    codes = corners.ravel()[: 4 * k].view(np.int64).reshape(2, k)
    bvh.sort_faces(lattice, faces, rows, order, codes[0], codes[1], np.empty(2048, dtype=np.int32), np.empty(6, dtype=np.int64))
    crossings.pack(lattice, faces, order, levels, boxes, corners, ids, normals)
    return Tree(order, levels, boxes, corners, ids, normals)
