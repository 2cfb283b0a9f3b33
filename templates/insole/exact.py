"""The truth of an insole: the solid that OCCT draws from the same numbers."""

from __future__ import annotations

from typing import Any

from engine.authoring import Grid, spline_face, tagged
from templates.insole.bed import Bed, heights
from templates.insole.last import Last
from templates.insole.plan import Plan, sections


def solid(
    cq: Any, plan: Plan, bed: Bed, tables: tuple[Grid | None, Grid | None], bevel: float, last: Last, *, mirrored: bool
) -> Any:
    """The outline drawn up, its lower edge broken, and cut by the surface through the bed's heights; over a last that is not flat also by
    the last's, its edge left as it is. `tables`: a scanned sole, a relief."""
    curve = plan.curve()
    top = heights(plan, sections(curve), bed, *tables)
    points = [cq.Vector(x, y, 0.0) for x, y in curve.points.tolist()]
    # OCCT takes a parabola's slope where a closed curve begins, which bends it there: it is told the one that does not
    seam = cq.Vector(*curve.slopes[0].tolist(), 0.0)
    told = [seam, *[None] * (len(points) - 1)]
    edge = cq.Edge.makeSpline(points, told, periodic=True, parameters=curve.at.tolist(), scale=False)
    # in two: OCCT breaks the edge under a single closed one in most outlines, and not in all
    half = float(curve.at[len(points) // 2])
    base = cq.Face.makeFromWires(cq.Wire.assembleEdges([edge.trim(0.0, half), edge.trim(half, float(curve.at[-1]))]))
    if last.flat:
        tall = cq.Workplane(cq.Solid.extrudeLinear(base, cq.Vector(0.0, 0.0, float(top.z.max()) + 5.0)))
        if bevel:
            tall = tall.faces("<Z").chamfer(bevel)
        body = tall.split(spline_face(top)).solids("<Z")
    else:
        top, sole = last.under(plan.length, top)
        low = base.moved(cq.Location(cq.Vector(0.0, 0.0, -5.0)))
        tall = cq.Workplane(cq.Solid.extrudeLinear(low, cq.Vector(0.0, 0.0, float(top.z.max()) + 10.0)))
        body = tall.split(spline_face(top)).solids("<Z").split(spline_face(sole)).solids(">Z")
    if mirrored:
        body = body.mirror("XZ")
    return tagged(body, bottom=body.faces("<Z"), top=body.faces(">Z")) if last.flat else tagged(body)
