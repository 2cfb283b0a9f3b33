"""The tree of a part's faces: made once, asked by crossings, walls and shells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.model.mesh import Faces, Lattice
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
    def nbytes(self) -> int:
        """What it weighs: about 100 bytes a face."""
        arrays = (self.order, self.levels, self.boxes, self.corners, self.ids, self.normals)
        return sum(a.nbytes for a in arrays)


def plant(lattice: Lattice, faces: Faces, first: int = 0) -> Tree:
    """The tree of the faces from row `first` on, every index in range. O(m)."""
    rows = np.empty(len(faces) - first, dtype=np.int32)
    rows = rows[: bvh.with_area(lattice, faces, first, rows)]
    k = len(rows)
    levels, order = bvh.levels_of(k), np.empty(k, dtype=np.int32)
    codes = np.empty((2, k), dtype=np.int64)
    bvh.sort_faces(lattice, faces, rows, order, codes[0], codes[1], np.empty(2048, dtype=np.int32), np.empty(6, dtype=np.int64))
    boxes = np.empty((6, int(levels[-1])), dtype=np.int32)
    bvh.fit(lattice, faces, order, levels, boxes)
    slots = int(levels[1])
    corners, ids = np.empty((9, slots), dtype=np.int32), np.empty((3, slots), dtype=np.int32)
    normals = np.empty((3, slots), dtype=np.float32)
    crossings.pack(lattice, faces, order, corners, ids, normals)
    return Tree(order, levels, boxes, corners, ids, normals)
