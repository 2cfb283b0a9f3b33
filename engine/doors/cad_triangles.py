"""The CAD door's triangulations, out of OCCT in one piece, and its exact surfaces at many parameters at once. It runs in the CAD child."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.doors import cad_lattice as lat
from engine.model.mesh import Faces, Points


@dataclass(frozen=True, eq=False)
class Triangulation:
    """Of a face: nodes (n, 3) mm, their parameters (n, 2), triangles (m, 3) of them from 0, and whether these run inward."""

    xyz: Points
    uv: Points
    triangles: Faces
    inward: bool


def triangulations(faces: Any) -> list[Triangulation]:
    """Those of all faces of a meshed solid. ValueError where one has none.

    Faces that have nothing but a triangulation are written to memory in OCCT's binary format: asked node by node, OCCT takes longer to
    tell them than to make them.
    """
    from OCP.BinTools import BinTools, BinTools_FormatVersion
    from OCP.BRep import BRep_Builder, BRep_Tool
    from OCP.TopAbs import TopAbs_Orientation
    from OCP.TopLoc import TopLoc_Location
    from OCP.TopoDS import TopoDS, TopoDS_Compound, TopoDS_Face

    builder, bare = BRep_Builder(), TopoDS_Compound()
    builder.MakeCompound(bare)
    placed: list[tuple[bool, Any]] = []
    for i in range(1, faces.Extent() + 1):
        face, location = TopoDS.Face_s(faces.FindKey(i)), TopLoc_Location()
        surface = BRep_Tool.Triangulation_s(face, location)
        if surface is None:
            raise ValueError(f"face {i} of {faces.Extent()} has no triangles")
        copy, carrier = surface.Copy(), TopoDS_Face()  # a copy: a triangulation that two faces share would be written once
        builder.MakeFace(carrier, copy)
        builder.Add(bare, carrier)
        turned = face.Orientation() == TopAbs_Orientation.TopAbs_REVERSED
        placed.append((turned, None if location.IsIdentity() else location.Transformation()))
    stream = io.BytesIO()
    BinTools.Write_s(bare, stream, True, False, BinTools_FormatVersion.BinTools_FormatVersion_VERSION_4)
    made = []
    for (turned, moved), (xyz, uv, corners) in zip(placed, lat.triangulations(stream.getvalue(), len(placed)), strict=True):
        if moved is not None:
            xyz = lat.moved(xyz, [[float(moved.Value(r, k)) for k in range(1, 5)] for r in range(1, 4)])
        made.append(Triangulation(xyz, uv, corners - 1, turned != bool(moved is not None and moved.IsNegative())))
    return made


def on_surface(face: Any, uv: npt.NDArray[np.float64]) -> Points:
    """Points (n, 3) mm of a face's exact surface at its parameters (n, 2). A plane is told in one sum, any other one point by point."""
    from OCP.BRepAdaptor import BRepAdaptor_Surface
    from OCP.GeomAbs import GeomAbs_SurfaceType
    from OCP.TopoDS import TopoDS

    surface = BRepAdaptor_Surface(TopoDS.Face_s(face), False)
    if surface.GetType() != GeomAbs_SurfaceType.GeomAbs_Plane:
        value = surface.Value
        return np.array([value(u, v).Coord() for u, v in uv.tolist()], dtype=np.float64).reshape(-1, 3)
    place = surface.Plane().Position()
    x, y, o = (np.array(one.Coord()) for one in (place.XDirection(), place.YDirection(), place.Location()))
    return np.asarray(uv[:, :1] * x + uv[:, 1:] * y + o)
