"""In the CAD child: the exact surface through heights on a grid, as OCCT interpolates it."""

from __future__ import annotations

from typing import Any

from engine.doors import cad
from engine.model.grid import Grid


def spline_face(grid: Grid) -> Any:
    """A CadQuery face: the bicubic B-spline, twice continuously differentiable, through every height of the grid (mm)."""
    from OCP.Approx import Approx_ParametrizationType
    from OCP.BRepBuilderAPI import BRepBuilderAPI_MakeFace
    from OCP.GeomAPI import GeomAPI_PointsToBSplineSurface
    from OCP.gp import gp_Pnt
    from OCP.TColgp import TColgp_Array2OfPnt

    rows, columns = grid.z.shape
    points = TColgp_Array2OfPnt(1, rows, 1, columns)
    x, y = grid.origin
    for i, row in enumerate(grid.z.tolist()):
        for j, z in enumerate(row):
            points.SetValue(i + 1, j + 1, gp_Pnt(x + i * grid.pitch, y + j * grid.pitch, z))
    made = GeomAPI_PointsToBSplineSurface()
    # parameters as the rows and columns go: x and y stay what they are on the grid, and z is a spline over them
    made.Interpolate(points, Approx_ParametrizationType.Approx_IsoParametric, False)
    return cad.wrapped(BRepBuilderAPI_MakeFace(made.Surface(), 1e-6).Face())
