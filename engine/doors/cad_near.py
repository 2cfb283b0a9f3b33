"""In the CAD child: distances to faces of many spans, found from the last point's place on them rather than from nowhere."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.model.mesh import Points

Floats = npt.NDArray[np.float64]
ENOUGH_MM = 0.03
"""A foot point that near is not looked for again. It is never nearer than the surface: what is told is the distance or more."""
PRECISION_MM = 1e-7
MOST_MM = 1.0
"""Newton's method that ends farther away starts anew from a grid."""


def boxes(faces: Any) -> Floats:
    """Boxes round faces (f, 6), mm: no face reaches out of its own, which may be wider than it."""
    from OCP.Bnd import Bnd_Box
    from OCP.BRepBndLib import BRepBndLib

    found = []
    for i in range(1, faces.Extent() + 1):
        box = Bnd_Box()
        BRepBndLib.Add_s(faces.FindKey(i), box, False)
        found.append(box.Get())
    return np.array(found, dtype=np.float64).reshape(-1, 6)


def upper_bounds(faces: Any, bounds: Floats, points: Points) -> Floats:
    """For each point (n, 3) mm a distance (n,) at which one of the faces has a point: the nearest foot point that Newton's method
    finds within a face's bounds. Infinite where it finds none. `bounds` (f, 6): boxes round the faces, mm."""
    made = np.full(len(points), math.inf)
    for i in range(1, faces.Extent() + 1):
        _lowered(faces.FindKey(i), bounds[i - 1], points, made)
    return made


def _lowered(shape: Any, bounds: Floats, points: Points, made: Floats) -> None:
    from OCP.BRep import BRep_Tool
    from OCP.BRepTopAdaptor import BRepTopAdaptor_FClass2d
    from OCP.gp import gp_Pnt
    from OCP.ShapeAnalysis import ShapeAnalysis_Surface
    from OCP.TopAbs import TopAbs_State
    from OCP.TopoDS import TopoDS

    face = TopoDS.Face_s(shape)
    near = ((points >= bounds[:3] - ENOUGH_MM) & (points <= bounds[3:] + ENOUGH_MM)).all(axis=1) & (made > PRECISION_MM)
    surface = ShapeAnalysis_Surface(BRep_Tool.Surface_s(face))
    within = BRepTopAdaptor_FClass2d(face, PRECISION_MM)
    uv = None
    for k in np.flatnonzero(near).tolist():
        x, y, z = points[k].tolist()
        point = gp_Pnt(x, y, z)
        found = None if uv is None else surface.NextValueOfUV(uv, point, PRECISION_MM)
        if found is None or surface.Gap() > MOST_MM:
            found = surface.ValueOfUV(point, PRECISION_MM)
        uv = found
        if surface.Gap() < made[k] and within.Perform(uv) in (TopAbs_State.TopAbs_IN, TopAbs_State.TopAbs_ON):
            made[k] = surface.Value(uv).Distance(point)
