"""One insole with a name by CadQuery alone: the body as the template's own truth draws it, and one Boolean cut. Pinned: see `insole_case.PINNED`.

Tuned, each step measured against what one would write first (4.6 s; so 2.5 s):
- the outline is drawn in PIECES edges: a single closed one has one side face whose box holds every letter, which costs the cut 3.7 s
  more; more pieces cost the split by the bed's surface more than they save the cut;
- the letters are cut from the prism, before the bed's surface is there; they come as `cadquery_case` makes them;
- no `clean()`, no history, one thread; the mesh at the chord error of our own bodies.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.peers import cadquery_case
from benchmarks.peers.cadquery_case import ANGLE, TOLERANCE_MM, Lettering

PIECES = 3


def drawn(curve: Any, top: Any, bevel: float, said: tuple[tuple[str, Lettering], ...]) -> Any:
    """The meshed solid of a left foot. `curve`: the outline (points, slopes, at); `top`: the bed's heights on a grid; `said`: texts and
    how they are set, the middle in the world's x and y."""
    import cadquery as cq

    from engine.doors.cad_heights import spline_face

    tall = cq.Workplane(cq.Solid.extrudeLinear(_base(cq, curve), cq.Vector(0.0, 0.0, float(top.z.max()) + 5.0)))
    if bevel:
        tall = tall.faces("<Z").chamfer(bevel)
    solid = tall.val().mirror("XZ")
    for text, how in said:
        solid = _engraved(solid, text, how)
    body = cq.Workplane(solid).split(spline_face(top).mirror("XZ")).solids("<Z").val()
    body.mesh(TOLERANCE_MM, ANGLE)
    return body


def _base(cq: Any, curve: Any) -> Any:
    from OCP.BRep import BRep_Tool
    from OCP.BRepBuilderAPI import BRepBuilderAPI_MakeEdge

    points = [cq.Vector(x, y, 0.0) for x, y in curve.points.tolist()]
    told = [cq.Vector(*curve.slopes[0].tolist(), 0.0), *[None] * (len(points) - 1)]
    whole = cq.Edge.makeSpline(points, told, periodic=True, parameters=curve.at.tolist(), scale=False)
    spline = BRep_Tool.Curve_s(whole.wrapped, 0.0, 1.0)
    at = np.linspace(curve.at[0], curve.at[-1], PIECES + 1).tolist()
    edges = [cq.Edge(BRepBuilderAPI_MakeEdge(spline, u, v).Edge()) for u, v in pairwise(at)]
    return cq.Face.makeFromWires(cq.Wire.assembleEdges(edges))


def _engraved(body: Any, text: str, how: Lettering) -> Any:
    """The body less the letters, read from below with x along x."""
    import cadquery as cq

    below = cq.Plane((how.x, how.y, 0), (1, 0, 0), (0, 0, -1))
    return cadquery_case.cut(body, text, how, below).Solids()[0]


def triangles(body: Any) -> Any:
    """Its triangulation as corners (n, 3, 3) mm."""
    vertices, faces = body.tessellate(TOLERANCE_MM, ANGLE)
    return np.array([v.toTuple() for v in vertices])[np.array(faces)]
