"""A height field as a mesh: what some scanners of soles tell is nothing else."""

from __future__ import annotations

import numpy as np

from engine.model.grid import Grid
from engine.model.mesh import Mesh


def sheet_of(grid: Grid) -> Mesh:
    """The heights that are known, as an open sheet whose outside is below; a cell with a corner unknown is a hole."""
    rows, columns = grid.z.shape
    known = ~np.isnan(grid.z)
    x, y = np.meshgrid(
        grid.origin[0] + np.arange(rows) * grid.pitch, grid.origin[1] + np.arange(columns) * grid.pitch, indexing="ij"
    )
    number = (np.cumsum(known.ravel()) - 1).reshape(known.shape).astype(np.int32)
    cells = known[:-1, :-1] & known[1:, :-1] & known[:-1, 1:] & known[1:, 1:]
    a, b, c, d = (part[cells] for part in (number[:-1, :-1], number[1:, :-1], number[:-1, 1:], number[1:, 1:]))
    faces = np.concatenate([np.column_stack([a, c, b]), np.column_stack([b, c, d])])
    return Mesh(np.column_stack([x[known], y[known], grid.z[known]]), faces)
