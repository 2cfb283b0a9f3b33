"""CadQuery and OCCT behind one door: a designer's function runs in a child, a closed mesh with tagged patches comes out.

    built = build("some.module:draw", {"width": 40.0}, deadline=60.0)
    built.mesh, built.patches["back"], built.told

where `draw(payload, cq)` runs in the child and returns a Workplane or a Shape, or an object with `.shape` and `.tags` (name ->
Workplane of faces, Face, or list of Faces; see `tagged` in engine.language), or a pair of one of those and anything that may
travel (`told`). The child is forked from a server that has imported CadQuery once (2.5 s); a warm call costs OCCT's own time.

The mesh is welded on the lattice that ships, without flat triangles, closed, and right way out: what OCCT gets wrong in
silence (invalid fillets, outlines that cross themselves, several solids, holes) is found here and raised as CadInvalid.
The same shape gives the same bytes in every process.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.doors import cad_lattice as lat
from engine.doors import cad_near, cad_surface
from engine.doors.cad_built import Built, CadInvalid, Code, accepted
from engine.doors.cad_steady import steadied
from engine.doors.cad_triangles import triangulations
from engine.doors.child import RemoteError, progress, shared
from engine.errors import EnvironmentFault
from engine.model.mesh import Faces, Lattice, Points

__all__ = ["Built", "CadInvalid", "at_hand", "build", "drawn", "in_child", "versions"]

TOLERANCE_MM = 0.02
"""Chord error asked of OCCT: the largest gap between the true surface and the triangles (a sphere at 0.005 came out at 0.0086)."""
ANGLE_DEGREES = 15.0
"""The largest turn of the surface from one triangle to the next."""
MEMORY_MB = 4000
PRELOAD = ("engine.doors.cad:warm",)
BIGGEST_MM = 10_000.0


def versions() -> str:
    """`cadquery 2.8.0, OCP 7.9.3.1.1`: what a body's bytes depend on besides its source; imports neither."""
    try:
        return f"cadquery {version('cadquery')}, OCP {version('cadquery-ocp')}"
    except PackageNotFoundError as missing:
        raise EnvironmentFault(f"CAD: {missing.name} is not installed: pip install cadquery==2.8.0") from missing


def at_hand() -> str:
    """The same, told by the child, which has imported CadQuery. EnvironmentFault: why it cannot, and what to install."""
    return str(shared(PRELOAD, memory_mb=MEMORY_MB).call("engine.doors.cad:versions", deadline=60.0))


def build(
    target: str,
    payload: object,
    *,
    tolerance_mm: float = TOLERANCE_MM,
    angle_degrees: float = ANGLE_DEGREES,
    deadline: float = 60.0,
    template: str = "template",
    stage: str = "cad",
    own: tuple[str, ...] = (),
) -> Built:
    """Run `target` ("module:function") as `function(payload, cq)` in the CAD child, check the solid, mesh it.

    `deadline`: seconds of wall clock for drawing and meshing together. `template` and `stage` are for the words of errors;
    `own`: how the paths of the designer's files begin, where they are installed among libraries.
    Raises CadInvalid, ChildFault (timeout, crash, exit, memory), EnvironmentFault, and what of engine.errors the function raises.
    """
    arguments = (target, payload, tolerance_mm, math.radians(angle_degrees), template, stage)
    return accepted(in_child("engine.doors.cad:draw", arguments, deadline, own))


def in_child(errand: str, arguments: tuple[Any, ...], deadline: float, own: tuple[str, ...]) -> Any:
    """An errand of this door in the CAD child; the last two arguments are template and stage, for the words of errors."""
    template, stage = arguments[-2:]
    try:
        return shared(PRELOAD, memory_mb=MEMORY_MB).call(errand, *arguments, deadline=deadline, own=own)
    except RemoteError as error:
        line, file = (error.frame.line, error.frame.file) if error.frame else (None, None)
        raise CadInvalid("BUILDING", error.type_name, template, stage, message=error.message, line=line, file=file) from None


# ---- in the child ------------------------------------------------------------------------------------------------------


def warm() -> None:
    """In the server: import CadQuery once, and take OCCT's Booleans off its thread pool (a fork after it would hang)."""
    try:
        from cadquery.occ_impl import shapes
    except ModuleNotFoundError as error:
        raise EnvironmentFault(f"CAD: {error.name} is not installed: pip install cadquery==2.8.0") from error
    except ImportError as error:
        if "libGL" in str(error) or "libEGL" in str(error):
            raise EnvironmentFault("CAD needs the system's OpenGL library: apt-get install libgl1 libegl1") from error
        raise EnvironmentFault(f"CAD: CadQuery cannot be imported: {error}") from error
    shapes.Shape._bool_op.__defaults__ = (False,)
    shapes._bool_op.__defaults__ = (0.0, False)


def library() -> Any:
    """In the child: CadQuery, as a designer's method is handed it."""
    import cadquery as cq

    return cq


def draw(target: str, payload: object, tolerance: float, angle: float, template: str, stage: str) -> dict[str, Any]:
    """In the child: draw, check, mesh. tolerance mm, angle radians."""
    return drawn(target, payload, tolerance, angle, template, stage)[2]


def drawn(
    target: str, payload: object, tolerance: float, angle: float, template: str, stage: str
) -> tuple[Any, dict[str, list[Any]], dict[str, Any]]:
    """In the child: the solid as OCCT holds it, with its triangulation; its tagged faces; and what `draw` tells of it."""
    import cadquery as cq

    from engine.doors.child_server import resolve

    started = time.process_time()

    def invalid(code: Code, why: str) -> CadInvalid:
        return CadInvalid(code, why, template, stage)

    progress("drawing")
    result = resolve(target)(payload, cq)
    told = None
    if isinstance(result, tuple):
        result, told = result
    shape, tags = (result.shape, result.tags) if hasattr(result, "tags") and hasattr(result, "shape") else (result, {})
    progress("checking")
    try:
        solid, named = solid_of(shape, tags, cq)
        progress("meshing")
        for faces_named in named.values():
            cad_surface.refine(faces_named, angle)
        faces = faces_of(solid)
        lattice, triangles, owner, volume = meshed(solid, faces, tolerance, angle)
    except ValueError as error:
        raise invalid("NOT_SOLID", str(error)) from error
    try:
        patches = {name: cad_surface.patch(tag, faces, lattice, triangles, owner) for name, tag in named.items()}
    except LookupError as error:
        raise invalid("TAG", str(error)) from error
    cpu_ms = 1000.0 * (time.process_time() - started)
    told_of = {"lattice": lattice, "faces": triangles, "patches": patches, "volume": volume, "told": told, "cpu_ms": cpu_ms}
    return solid, named, told_of


def solid_of(shape: Any, tags: Mapping[str, Any], cq: Any) -> tuple[Any, dict[str, list[Any]]]:
    """OCCT's own solid of what a method drew, and the faces of its tags; ValueError where it is not one valid solid."""
    return _solid(_shapes(shape, cq)), {name: _shapes(value, cq) for name, value in tags.items()}


def _shapes(value: Any, cq: Any) -> list[Any]:
    """The OCCT shapes of a Workplane, a Shape, or a list of them."""
    if isinstance(value, cq.Workplane):
        return [v.wrapped for v in value.vals() if isinstance(v, cq.Shape)]
    if isinstance(value, cq.Shape):
        return [value.wrapped]
    if isinstance(value, list | tuple):
        return [found for v in value for found in _shapes(v, cq)]
    raise ValueError(f"expected a Workplane, a Shape or a list of them, not {type(value).__name__}")


def _solid(shapes: list[Any]) -> Any:
    """The one valid solid among them, or ValueError saying what is there instead."""
    from OCP.BRepCheck import BRepCheck_Analyzer
    from OCP.TopAbs import TopAbs_ShapeEnum as Kind
    from OCP.TopExp import TopExp
    from OCP.TopTools import TopTools_IndexedMapOfShape

    def distinct(kind: Any, among: list[Any]) -> Any:
        found = TopTools_IndexedMapOfShape()
        for shape in among:
            TopExp.MapShapes_s(shape, kind, found)
        return found

    solids, all_faces = distinct(Kind.TopAbs_SOLID, shapes), distinct(Kind.TopAbs_FACE, shapes)
    if solids.Extent() != 1:
        raise ValueError(f"{solids.Extent()} solids (and {all_faces.Extent()} faces) where one solid was expected")
    solid = solids.FindKey(1)
    loose = all_faces.Extent() - distinct(Kind.TopAbs_FACE, [solid]).Extent()
    if loose:
        raise ValueError(f"{loose} loose faces beside the solid")
    analyzer = BRepCheck_Analyzer(solid)
    if not analyzer.IsValid():
        raise ValueError(f"OCCT built it without complaint, but it is not valid{complaint(analyzer, solid)}")
    return solid


def complaint(analyzer: Any, solid: Any) -> str:
    """What BRepCheck says of the first part that it does not like."""
    from OCP.BRepCheck import BRepCheck_Status
    from OCP.TopAbs import TopAbs_ShapeEnum as Kind
    from OCP.TopExp import TopExp
    from OCP.TopTools import TopTools_IndexedMapOfShape

    kinds = (Kind.TopAbs_VERTEX, Kind.TopAbs_EDGE, Kind.TopAbs_WIRE, Kind.TopAbs_FACE, Kind.TopAbs_SHELL, Kind.TopAbs_SOLID)
    for kind in kinds:
        parts = TopTools_IndexedMapOfShape()
        TopExp.MapShapes_s(solid, kind, parts)
        for i in range(1, parts.Extent() + 1):
            part = parts.FindKey(i)
            if not analyzer.IsValid(part):
                said = [
                    s.name.removeprefix("BRepCheck_")
                    for s in analyzer.Result(part).Status()
                    if s != BRepCheck_Status.BRepCheck_NoError
                ]
                return f" ({kind.name.removeprefix('TopAbs_').lower()}: {', '.join(said) or 'in its context'})"
    return ""


def faces_of(solid: Any) -> Any:
    """The solid's faces, numbered from 1 in OCCT's order of walking, which does not depend on the process."""
    from OCP.TopAbs import TopAbs_ShapeEnum
    from OCP.TopExp import TopExp
    from OCP.TopTools import TopTools_IndexedMapOfShape

    found = TopTools_IndexedMapOfShape()
    TopExp.MapShapes_s(solid, TopAbs_ShapeEnum.TopAbs_FACE, found)
    return found


def meshed(solid: Any, faces: Any, tolerance: float, angle: float) -> tuple[Lattice, Faces, lat.Rows, float]:
    """Points, triangles, the face (from 0) of each triangle, and the volume; ValueError where no closed mesh comes out."""
    _triangulate(solid, tolerance, angle)
    flat = np.zeros(faces.Extent(), dtype=bool)
    flat[_planar(faces)] = True
    points, triangles, owner = _arrays(faces, flat)
    lattice, triangles = lat.weld(lat.rounded(points), triangles)
    triangles, owner = lat.without_flat(lattice, triangles, owner)
    lattice, triangles = lat.weld(lattice, triangles)
    unpaired, crowded = lat.unpaired_edges(triangles)
    if unpaired or crowded:
        raise ValueError(f"its surface is not closed or crosses itself: {unpaired} open edges, {crowded} with too many faces")
    volume = lat.volume(lattice, triangles)
    if volume <= 0.0:
        raise ValueError("it is inside out, or encloses nothing")
    if volume > lat.bulk(lattice):
        raise ValueError("its triangles enclose more than its bounding box holds: its surface runs round more than once")
    for number in np.flatnonzero(flat).tolist():
        if lat.outline_crosses(lattice, triangles[owner == number]):
            raise ValueError(f"the outline of its flat face {number + 1} crosses itself")
    return lattice, triangles, owner, volume


def triangulate(solid: Any, named: Mapping[str, list[Any]], tolerance: float, angle: float) -> None:
    """OCCT's triangulation of a solid, tagged curved faces finely; ValueError where it cannot be meshed."""
    for faces in named.values():
        cad_surface.refine(faces, angle)
    _triangulate(solid, tolerance, angle)


def _triangulate(solid: Any, tolerance: float, angle: float) -> None:
    from OCP.BRepMesh import BRepMesh_IncrementalMesh

    flags = int(BRepMesh_IncrementalMesh(solid, tolerance, False, angle, False).GetStatusFlags())
    bad = {
        1: "an open wire",
        2: "an outline that crosses itself",
        4: "a face that cannot be meshed",
        16: "a wire without direction",
    }
    if said := [words for bit, words in bad.items() if flags & bit]:
        raise ValueError(f"it cannot be meshed: {', '.join(said)}")


def _planar(faces: Any) -> list[int]:
    """Which of the faces (from 0) are flat."""
    from OCP.BRepAdaptor import BRepAdaptor_Surface
    from OCP.GeomAbs import GeomAbs_SurfaceType
    from OCP.TopoDS import TopoDS

    kinds = (BRepAdaptor_Surface(TopoDS.Face_s(faces.FindKey(i)), False).GetType() for i in range(1, faces.Extent() + 1))
    return [i for i, kind in enumerate(kinds) if kind == GeomAbs_SurfaceType.GeomAbs_Plane]


def _arrays(faces: Any, flat: npt.NDArray[np.bool_]) -> tuple[Points, Faces, lat.Rows]:
    """All faces' triangulations, steadied, as points (mm), triangles (outward) and the face of each triangle. ValueError for bounds that
    are nonsense."""
    found = triangulations(faces)
    ends = np.cumsum([0, *(len(one.xyz) for one in found)])
    owner = np.repeat(np.arange(len(found)), [len(one.triangles) for one in found])
    xyz = np.concatenate([one.xyz for one in found])
    if not len(owner) or not np.isfinite(xyz).all() or float(np.abs(xyz).max()) > BIGGEST_MM:
        raise ValueError(f"its bounds are nonsense (empty, or beyond {BIGGEST_MM:g} mm)")
    corners = np.concatenate([one.triangles + first for one, first in zip(found, ends[:-1], strict=True)])
    uv = np.concatenate([one.uv for one in found])
    steady = steadied(corners, owner, uv, ends, flat, lat.places(lat.rounded(xyz)))
    inward = np.array([one.inward for one in found])[owner]
    steady[inward] = steady[inward, ::-1]
    return xyz, steady.astype(np.int32), owner.astype(np.int32)


def wrapped(face: Any) -> Any:
    """An OCCT face as CadQuery's own."""
    from cadquery import Face

    return Face(face)


def distances(faces: Any, points: Points) -> Points:
    """Distance (n,) from each point to the nearest face, its edges and corners included: OCCT's own extrema on the exact surfaces.

    Where a foot point within cad_near.ENOUGH_MM is at hand, its distance is taken, which is never too small. Of the others only faces
    whose box is nearer than what was found are asked, nearest box first.
    """
    from OCP.BRepBuilderAPI import BRepBuilderAPI_MakeVertex
    from OCP.BRepExtrema import BRepExtrema_DistShapeShape
    from OCP.gp import gp_Pnt

    askers = [BRepExtrema_DistShapeShape() for _ in range(faces.Extent())]
    for i, asker in enumerate(askers):
        asker.LoadS2(faces.FindKey(i + 1))
    bounds = cad_near.boxes(faces)
    made = cad_near.upper_bounds(faces, bounds, points)
    for i in np.flatnonzero(made > cad_near.ENOUGH_MM).tolist():
        point = points[i]
        gap = np.maximum(0.0, np.maximum(bounds[:, :3] - point, point - bounds[:, 3:]))
        least = np.sqrt(gap[:, 0] ** 2 + gap[:, 1] ** 2 + gap[:, 2] ** 2)
        vertex = BRepBuilderAPI_MakeVertex(gp_Pnt(float(point[0]), float(point[1]), float(point[2]))).Vertex()
        for face in np.argsort(least, kind="stable").tolist():
            if least[face] >= made[i]:
                break
            asker = askers[face]
            asker.LoadS1(vertex)
            if asker.Perform() and asker.IsDone():
                made[i] = min(made[i], asker.Value())
    return made
