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

import io
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from engine.doors import cad_lattice as lat
from engine.doors.child import RemoteError, progress, shared
from engine.errors import EngineFault, EnvironmentFault, TemplateError
from engine.model.mesh import STEPS_PER_MM, Faces, Lattice, Mesh, Patch, Plane, Points

TOLERANCE_MM = 0.02
"""Chord error asked of OCCT: the largest gap between the true surface and the triangles (a sphere at 0.005 came out at 0.0086)."""
ANGLE_DEGREES = 15.0
"""The largest turn of the surface from one triangle to the next."""
MEMORY_MB = 4000
PRELOAD = ("engine.doors.cad:warm",)
BIGGEST_MM = 10_000.0
Code = Literal["BUILDING", "NOT_SOLID", "TAG"]


class CadInvalid(TemplateError):
    """What a @cad function gave is no solid that could be made. `code`: BUILDING (it raised), NOT_SOLID, TAG (no such face)."""

    def __init__(
        self,
        code: Code,
        why: str,
        template: str,
        stage: str,
        *,
        message: str = "",
        line: int | None = None,
        file: str | None = None,
    ) -> None:
        super().__init__(template, stage, f"{code}: {why}", message=message, line=line, file=file)
        self.code = code


@dataclass(frozen=True, eq=False)
class Built:
    """What `build` gives. `cpu_ms`: what drawing and meshing cost in the child. `volume_mm3`: of the mesh."""

    mesh: Mesh
    patches: Mapping[str, Patch]
    told: Any
    volume_mm3: float
    cpu_ms: float


def versions() -> str:
    """`cadquery 2.8.0, OCP 7.9.3.1.1`: what a body's bytes depend on besides its source; imports neither."""
    try:
        return f"cadquery {version('cadquery')}, OCP {version('cadquery-ocp')}"
    except PackageNotFoundError as missing:
        raise EnvironmentFault(f"CAD: {missing.name} is not installed: pip install cadquery==2.8.0") from missing


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
    child = shared(PRELOAD, memory_mb=MEMORY_MB)
    arguments = (target, payload, tolerance_mm, math.radians(angle_degrees), template, stage)
    try:
        made = child.call("engine.doors.cad:draw", *arguments, deadline=deadline, own=own)
    except RemoteError as error:
        line, file = (error.frame.line, error.frame.file) if error.frame else (None, None)
        raise CadInvalid("BUILDING", error.type_name, template, stage, message=error.message, line=line, file=file) from None
    return _accepted(made)


def _accepted(made: Any) -> Built:
    """What the child sent, with its promises checked: it is not trusted."""
    lattice, faces = made["lattice"], made["faces"]
    for array in (lattice, faces):
        if not (isinstance(array, np.ndarray) and array.dtype == np.int32 and array.ndim == 2 and array.shape[1] == 3):
            raise EngineFault("CAD: the child's mesh has not the promised shape")
    if faces.size and (faces.min() < 0 or faces.max() >= len(lattice)):
        raise EngineFault("CAD: the child's mesh names points that are not there")
    patches = {}
    for name, (rows, plane) in made["patches"].items():
        if (
            not isinstance(rows, np.ndarray)
            or rows.dtype != np.int32
            or (rows.size and not 0 <= rows.min() <= rows.max() < len(faces))
        ):
            raise EngineFault("CAD: the child's patches name faces that are not there")
        patches[str(name)] = Patch(str(name), rows, plane if isinstance(plane, Plane) else None)
    mesh = Mesh(lattice / STEPS_PER_MM, faces)
    return Built(mesh, MappingProxyType(patches), made["told"], float(made["volume"]), float(made["cpu_ms"]))


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


def draw(target: str, payload: object, tolerance: float, angle: float, template: str, stage: str) -> dict[str, Any]:
    """In the child: draw, check, mesh. tolerance mm, angle radians."""
    import cadquery as cq

    from engine.doors.child_server import resolve

    started = time.process_time()

    def invalid(code: Code, why: str) -> CadInvalid:
        return CadInvalid(code, why, template, stage)

    progress("drawing")
    drawn = resolve(target)(payload, cq)
    told = None
    if isinstance(drawn, tuple):
        drawn, told = drawn
    shape, tags = (drawn.shape, drawn.tags) if hasattr(drawn, "tags") and hasattr(drawn, "shape") else (drawn, {})
    progress("checking")
    try:
        solid = _solid(_shapes(shape, cq))
        progress("meshing")
        faces = _faces(solid)
        lattice, triangles, owner, volume = _mesh(solid, faces, tolerance, angle)
    except ValueError as error:
        raise invalid("NOT_SOLID", str(error)) from error
    try:
        patches = {name: _patch(_shapes(value, cq), faces, lattice, triangles, owner) for name, value in tags.items()}
    except LookupError as error:
        raise invalid("TAG", str(error)) from error
    cpu_ms = 1000.0 * (time.process_time() - started)
    return {"lattice": lattice, "faces": triangles, "patches": patches, "volume": volume, "told": told, "cpu_ms": cpu_ms}


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
        raise ValueError(f"OCCT built it without complaint, but it is not valid{_complaint(analyzer, solid)}")
    return solid


def _complaint(analyzer: Any, solid: Any) -> str:
    """What BRepCheck says of the first part that it does not like."""
    from OCP.BRepCheck import BRepCheck_Status
    from OCP.TopAbs import TopAbs_ShapeEnum as Kind
    from OCP.TopExp import TopExp
    from OCP.TopTools import TopTools_IndexedMapOfShape

    for kind in (
        Kind.TopAbs_VERTEX,
        Kind.TopAbs_EDGE,
        Kind.TopAbs_WIRE,
        Kind.TopAbs_FACE,
        Kind.TopAbs_SHELL,
        Kind.TopAbs_SOLID,
    ):
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


def _faces(solid: Any) -> Any:
    """The solid's faces, numbered from 1 in OCCT's order of walking, which does not depend on the process."""
    from OCP.TopAbs import TopAbs_ShapeEnum
    from OCP.TopExp import TopExp
    from OCP.TopTools import TopTools_IndexedMapOfShape

    found = TopTools_IndexedMapOfShape()
    TopExp.MapShapes_s(solid, TopAbs_ShapeEnum.TopAbs_FACE, found)
    return found


def _mesh(solid: Any, faces: Any, tolerance: float, angle: float) -> tuple[Lattice, Faces, lat.Rows, float]:
    """Points, triangles, the face (from 0) of each triangle, and the volume; ValueError where no closed mesh comes out."""
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
    points, triangles, owner = _arrays(faces)
    if not len(triangles) or not np.isfinite(points).all() or float(np.abs(points).max()) > BIGGEST_MM:
        raise ValueError(f"its bounds are nonsense (empty, or beyond {BIGGEST_MM:g} mm)")
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
    for number in _planar(faces):
        if lat.outline_crosses(lattice, triangles[owner == number]):
            raise ValueError(f"the outline of its flat face {number + 1} crosses itself")
    return lattice, triangles, owner, volume


def _planar(faces: Any) -> list[int]:
    """Which of the faces (from 0) are flat."""
    from OCP.BRepAdaptor import BRepAdaptor_Surface
    from OCP.GeomAbs import GeomAbs_SurfaceType
    from OCP.TopoDS import TopoDS

    kinds = (BRepAdaptor_Surface(TopoDS.Face_s(faces.FindKey(i)), False).GetType() for i in range(1, faces.Extent() + 1))
    return [i for i, kind in enumerate(kinds) if kind == GeomAbs_SurfaceType.GeomAbs_Plane]


def _arrays(faces: Any) -> tuple[Points, Faces, lat.Rows]:
    """All faces' triangulations as points (mm), triangles (outward) and the face of each triangle.

    They leave OCCT in one piece: faces that have nothing but a triangulation, in OCCT's binary format, written to memory.
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
        copy.RemoveUVNodes()
        builder.MakeFace(carrier, copy)
        builder.Add(bare, carrier)
        turned = face.Orientation() == TopAbs_Orientation.TopAbs_REVERSED
        placed.append((turned, None if location.IsIdentity() else location.Transformation()))
    stream = io.BytesIO()
    BinTools.Write_s(bare, stream, True, False, BinTools_FormatVersion.BinTools_FormatVersion_VERSION_4)
    points, triangles, owner, offset = [], [], [], 0
    for i, (own, corners) in enumerate(lat.triangulations(stream.getvalue(), len(placed))):
        turned, moved = placed[i]
        if moved is not None:
            own = lat.moved(own, [[float(moved.Value(r, k)) for k in range(1, 5)] for r in range(1, 4)])
            turned ^= bool(moved.IsNegative())
        points.append(own)
        triangles.append((corners[:, ::-1] if turned else corners) + (offset - 1))
        owner.append(np.full(len(corners), i, dtype=np.int32))
        offset += len(own)
    return np.concatenate(points), np.concatenate(triangles).astype(np.int32), np.concatenate(owner)


def _patch(shapes: list[Any], faces: Any, lattice: Lattice, triangles: Faces, owner: lat.Rows) -> tuple[lat.Rows, Plane | None]:
    """Rows of the tagged faces' triangles, and their plane; LookupError when a face is not one of the solid's."""
    numbers = [faces.FindIndex(shape) - 1 for shape in shapes]
    if not numbers or min(numbers) < 0:
        raise LookupError(
            "a tag names no face of the result: take the faces from the finished body (its last Boolean makes new ones)"
        )
    rows = np.flatnonzero(np.isin(owner, np.array(numbers, dtype=np.int32))).astype(np.int32)
    plane = lat.level_plane(lattice, triangles[rows])
    return rows, plane or _slanted_plane(shapes, lattice, triangles[rows])


def _slanted_plane(shapes: list[Any], lattice: Lattice, triangles: Faces) -> Plane | None:
    """The plane that these faces share, where it crosses the axes: its points lie within a lattice step of it. None if there is none."""
    from OCP.BRepAdaptor import BRepAdaptor_Surface
    from OCP.GeomAbs import GeomAbs_SurfaceType
    from OCP.TopoDS import TopoDS

    surface = BRepAdaptor_Surface(TopoDS.Face_s(shapes[0]), True)
    if surface.GetType() != GeomAbs_SurfaceType.GeomAbs_Plane or not len(triangles):
        return None
    direction, place = surface.Plane().Axis().Direction(), surface.Plane().Location()
    normal = np.array([direction.X(), direction.Y(), direction.Z()])
    out = lat.crosses(lattice, triangles)
    facing = out[:, 0] * normal[0] + out[:, 1] * normal[1] + out[:, 2] * normal[2]
    if facing[0] < 0.0:
        normal, facing = -normal, -facing
    corners = lattice[triangles.reshape(-1)] / STEPS_PER_MM - np.array([place.X(), place.Y(), place.Z()])
    away = corners[:, 0] * normal[0] + corners[:, 1] * normal[1] + corners[:, 2] * normal[2]
    if (facing <= 0.0).any() or float(np.abs(away).max()) > 1.0 / STEPS_PER_MM:
        return None
    x, y, z = (float(n) for n in normal)
    return lat.frame((place.X(), place.Y(), place.Z()), (x, y, z))
