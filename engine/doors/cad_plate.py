"""In the CAD child: a rolled plate as OCCT draws it from the same rings, face by face on exact surfaces.

Its faces are trimmed cylinders: a ring that lies in one is a spline in the cylinder's own parameters, so that rolling is exact. All other
rings are splines in space through the rolled points; walls are ruled between rings. Knuckles are prisms with true arcs, fused on.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.model.plate import Knuckle, Rings
from kernels.closed import closed

Floats = npt.NDArray[np.float64]
ARCS = 4
"""Pieces of a ring: closed edges make OCCT's sewing unsure."""
SEWN_MM = 1e-4
SUNK = 0.8
"""mm by which a knuckle reaches into the plate, so that fusing cuts no surface that it only touches."""


def plate_body(
    cq: Any, border: Rings, holes: Sequence[Rings], knuckles: Sequence[Knuckle], bosses: Sequence[Rings], thickness: float, radius: float
) -> Any:  # fmt: skip
    """A CadQuery solid: as `engine.authoring.plate` has it. ValueError: OCCT finds it invalid."""
    from OCP.BRepBuilderAPI import BRepBuilderAPI_MakeFace, BRepBuilderAPI_MakeWire, BRepBuilderAPI_Sewing
    from OCP.BRepFill import BRepFill
    from OCP.Geom import Geom_CylindricalSurface
    from OCP.gp import gp_Ax3, gp_Dir, gp_Pnt
    from OCP.ShapeFix import ShapeFix_Solid
    from OCP.TopoDS import TopoDS

    axis = gp_Ax3(gp_Pnt(0.0, 0.0, -radius), gp_Dir(0.0, 1.0, 0.0), gp_Dir(0.0, 0.0, 1.0))
    cylinders = [Geom_CylindricalSurface(axis, radius + z) for z in (thickness / 2, -thickness / 2)]
    sewing = BRepBuilderAPI_Sewing(SEWN_MM)
    wires: list[list[Any]] = [[], []]
    for number, ring in enumerate((border, *holes, *bosses)):
        last, stands = len(ring.points) - 1, number > len(holes)
        if stands:
            cap = len(cylinders)
            cylinders.append(Geom_CylindricalSurface(axis, radius + float(ring.points[last, 0, 2])))
            wires.append([])
            sides = {0: 1, last: cap}
        else:
            sides = {0: 0, last: 1}
        edges = [
            _on(points, ring.at, radius, cylinders[sides[k]]) if k in sides else _free(points, ring.at, radius)
            for k, points in enumerate(ring.points)
        ]
        for k, side in sides.items():
            wire = BRepBuilderAPI_MakeWire()
            for edge in edges[k]:
                wire.Add(edge)
            wires[side].append(wire.Wire())
        for over, under in itertools.pairwise(edges):
            for one, other in zip(over, under, strict=True):
                sewing.Add(BRepFill.Face_s(one, other))
    for cylinder, (outer, *inner) in zip(cylinders, wires, strict=True):
        face = BRepBuilderAPI_MakeFace(cylinder, outer, True)
        for wire in inner:
            face.Add(TopoDS.Wire_s(wire.Reversed()))
        sewing.Add(face.Face())
    sewing.Perform()
    body = cq.Solid(ShapeFix_Solid().SolidFromShell(TopoDS.Shell_s(sewing.SewedShape())))
    if knuckles:
        body = body.fuse(*[_knuckle(cq, one, thickness, radius) for one in knuckles])
    if not body.isValid() or body.Volume() <= 0.0:
        raise ValueError("OCCT drew no valid solid of these rings")
    return body


def _on(points: Floats, at: Floats, radius: float, cylinder: Any) -> list[Any]:
    """A ring in a cylinder, as edges in its own parameters: the angle and the height."""
    from OCP.BRepBuilderAPI import BRepBuilderAPI_MakeEdge
    from OCP.BRepLib import BRepLib
    from OCP.Geom2dAPI import Geom2dAPI_Interpolate
    from OCP.gp import gp_Pnt2d, gp_Vec2d
    from OCP.TColgp import TColgp_Array1OfVec2d, TColgp_HArray1OfPnt2d

    told = TColgp_HArray1OfPnt2d(1, len(points))
    for k, (x, y, _) in enumerate(points.tolist()):
        told.SetValue(k + 1, gp_Pnt2d(x / radius, y))
    flat = np.column_stack((points[:, 0] / radius, points[:, 1]))
    tangents, flags = TColgp_Array1OfVec2d(1, len(flat)), _first_alone(len(flat))
    tangents.SetValue(1, gp_Vec2d(*_seam(flat, at)))
    made = Geom2dAPI_Interpolate(told, _parameters(at), True, 1e-9)
    made.Load(tangents, flags, False)
    made.Perform()
    edges = []
    for first, last in _arcs(at):
        edge = BRepBuilderAPI_MakeEdge(made.Curve(), cylinder, first, last).Edge()
        BRepLib.BuildCurves3d_s(edge, 1e-6)
        edges.append(edge)
    return edges


def _free(points: Floats, at: Floats, radius: float) -> list[Any]:
    """A ring in space, as edges."""
    from OCP.BRepBuilderAPI import BRepBuilderAPI_MakeEdge
    from OCP.GeomAPI import GeomAPI_Interpolate
    from OCP.gp import gp_Pnt, gp_Vec
    from OCP.TColgp import TColgp_Array1OfVec, TColgp_HArray1OfPnt

    told = TColgp_HArray1OfPnt(1, len(points))
    rolled = np.empty_like(points)
    for k, (x, y, z) in enumerate(points.tolist()):
        far = radius + z
        rolled[k] = far * math.sin(x / radius), y, far * math.cos(x / radius) - radius
        told.SetValue(k + 1, gp_Pnt(*rolled[k].tolist()))
    tangents, flags = TColgp_Array1OfVec(1, len(points)), _first_alone(len(points))
    tangents.SetValue(1, gp_Vec(*_seam(rolled, at)))
    made = GeomAPI_Interpolate(told, _parameters(at), True, 1e-9)
    made.Load(tangents, flags, False)
    made.Perform()
    return [BRepBuilderAPI_MakeEdge(made.Curve(), first, last).Edge() for first, last in _arcs(at)]


def _first_alone(n: int) -> Any:
    from OCP.TColStd import TColStd_HArray1OfBoolean

    flags = TColStd_HArray1OfBoolean(1, n)
    flags.Init(False)
    flags.SetValue(1, True)
    return flags


def _seam(points: Floats, at: Floats) -> list[float]:
    """The slope where a closed curve begins: OCCT takes a parabola's there, which bends it; it is told the one that does not."""
    n, columns = points.shape
    slopes = np.empty((n, columns))
    closed(np.ascontiguousarray(points), at, np.zeros(1), np.empty((n, columns)), slopes, np.empty((3, n)))
    made: list[float] = slopes[0].tolist()
    return made


def _parameters(at: Floats) -> Any:
    from OCP.TColStd import TColStd_HArray1OfReal

    made = TColStd_HArray1OfReal(1, len(at))
    for k, value in enumerate(at.tolist()):
        made.SetValue(k + 1, value)
    return made


def _arcs(at: Floats) -> list[tuple[float, float]]:
    n = len(at) - 1
    ends = [float(at[n * k // ARCS]) for k in range(ARCS + 1)]
    return list(itertools.pairwise(ends))


def _knuckle(cq: Any, one: Knuckle, thickness: float, radius: float) -> Any:
    """A prism: its base sunk into the plate, its sides tangents, its barrel an arc, its hole round."""
    own, turn = radius - thickness / 2, one.at / radius
    s, c = math.sin(turn), math.cos(turn)

    def placed(t: float, b: float) -> Any:
        return cq.Vector(own * s + t * c - b * s, one.low, own * c - radius - t * s - b * c)

    def foot(along: float, deeper: float = 0.0) -> Any:
        far = own + deeper
        return placed(far * math.sin(along / own), own - far * math.cos(along / own))

    profile = one.profile.tolist()
    first, middle, last = (placed(*profile[k]) for k in (0, len(profile) // 2, -1))
    left, right = one.base
    corners = [foot(left), foot(left, SUNK), foot(right, SUNK), foot(right)]
    edges = [cq.Edge.makeLine(a, b) for a, b in zip([last, *corners], [*corners, first], strict=True)]
    edges.append(cq.Edge.makeThreePointArc(first, middle, last))
    face = cq.Face.makeFromWires(cq.Wire.assembleEdges(edges))
    up = cq.Vector(0.0, one.high - one.low, 0.0)
    t, b = one.hole.mean(axis=0).tolist()
    bore = float(np.sqrt(((one.hole[0] - (t, b)) ** 2).sum()))
    hole = cq.Solid.makeCylinder(
        bore, one.high - one.low + 2.0, placed(t, b) - cq.Vector(0.0, 1.0, 0.0), cq.Vector(0.0, 1.0, 0.0)
    )
    return cq.Solid.extrudeLinear(face, up).cut(hole)
