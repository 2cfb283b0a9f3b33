"""A surface while it is worked on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Surface:
    """Points (n, 3) mm and faces (m, 3) that use all of them."""

    points: Floats
    faces: Int32s

    def only(self, chosen: npt.NDArray[np.bool_]) -> Surface:
        """Those faces, and the points that they use."""
        kept = self.faces[chosen]
        used = np.zeros(len(self.points), np.bool_)
        used[kept] = True
        rows = np.cumsum(used, dtype=np.int32) - np.int32(1)
        return Surface(np.ascontiguousarray(self.points[used]), np.ascontiguousarray(rows[kept]))

    def turned_over(self) -> Surface:
        """The other side out."""
        return Surface(self.points, np.ascontiguousarray(self.faces[:, ::-1]))

    def moved(self, points: Floats) -> Surface:
        """The same faces on other points."""
        return Surface(points, self.faces)

    def normals(self) -> Floats:
        """The unit normal of each face (m, 3); 0 where it has no area."""
        a, b, c = (self.points[self.faces[:, k]] for k in range(3))
        u, v = b - a, c - a
        made = np.column_stack([
            u[:, 1] * v[:, 2] - u[:, 2] * v[:, 1],
            u[:, 2] * v[:, 0] - u[:, 0] * v[:, 2],
            u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0],
        ])  # fmt: skip
        length = np.sqrt(made[:, 0] ** 2 + made[:, 1] ** 2 + made[:, 2] ** 2)
        unit: Floats = made / np.maximum(length, 1e-300)[:, None]
        return unit
