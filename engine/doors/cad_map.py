"""The CAD door's map of a solid: which edge runs beside which, of what kinds edges and faces are.

It runs in the CAD child. Loops run counter-clockwise seen from outside, whatever OCCT's orientation and place of face and edge, so that
a match of two maps never turns a solid inside out.
"""

from __future__ import annotations

import collections
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Drawn:
    """A solid's map. Half-edges (h): `edge`, `sense` (1: along the edge's own curve), `face`, `loop`, `following`, `twin` (itself
    at a pole), `start` (a vertex). Edges: `curves` (kind), `middles` (e, 3) mm. Faces: `surfaces` (kind), `wires` (how many loops)."""

    edge: Ints
    sense: Ints
    face: Ints
    loop: Ints
    following: Ints
    twin: Ints
    start: Ints
    curves: Ints
    middles: Floats
    surfaces: Ints
    wires: Ints
    vertices: Floats


@dataclass(frozen=True, eq=False)
class Match:
    """Where a reference's half-edges, edges and vertices are in another map; `turned` (e,): the edge's curve runs the other way."""

    half: Ints
    edge: Ints
    turned: npt.NDArray[np.bool_]
    vertex: Ints


def identity(drawn: Drawn) -> Match:
    """A map's match with itself."""
    half, edge, vertex = (np.arange(len(a), dtype=np.int32) for a in (drawn.edge, drawn.curves, drawn.vertices))
    return Match(half, edge, np.zeros(len(edge), dtype=bool), vertex)


class Shapes:
    """OCCT's own faces, edges and vertices of a solid, numbered from 0 in its order of walking, and the edges of each loop as they lie in it."""

    def __init__(self, solid: Any) -> None:
        from OCP.TopAbs import TopAbs_ShapeEnum as Kind
        from OCP.TopExp import TopExp
        from OCP.TopoDS import TopoDS
        from OCP.TopTools import TopTools_IndexedMapOfShape

        self._maps = []
        for kind in (Kind.TopAbs_FACE, Kind.TopAbs_EDGE, Kind.TopAbs_VERTEX):
            found = TopTools_IndexedMapOfShape()
            TopExp.MapShapes_s(solid, kind, found)
            self._maps.append(found)
        faces, edges, vertices = self._maps
        self.faces = [TopoDS.Face_s(faces.FindKey(i)) for i in range(1, faces.Extent() + 1)]
        self.edges = [TopoDS.Edge_s(edges.FindKey(i)) for i in range(1, edges.Extent() + 1)]
        self.vertices = [TopoDS.Vertex_s(vertices.FindKey(i)) for i in range(1, vertices.Extent() + 1)]
        self.half: list[Any] = []
        """The edge of each half-edge, oriented as in its (forward) face: what its curve on the surface depends on."""

    @property
    def faces_map(self) -> Any:
        """OCCT's own numbering of the faces, from 1."""
        return self._maps[0]

    def edge_number(self, edge: Any) -> int:
        """From 0."""
        return int(self._maps[1].FindIndex(edge)) - 1

    def vertex_number(self, vertex: Any) -> int:
        """From 0."""
        return int(self._maps[2].FindIndex(vertex)) - 1

    def face_number(self, face: Any) -> int:
        """From 0; -1 where it is none of the solid's."""
        return int(self._maps[0].FindIndex(face)) - 1


def map_of(shapes: Shapes) -> Drawn:
    """The map of a solid. ValueError where an edge lies between other than two faces."""
    from OCP.BRep import BRep_Tool
    from OCP.BRepAdaptor import BRepAdaptor_Curve, BRepAdaptor_Surface
    from OCP.TopAbs import TopAbs_Orientation
    from OCP.TopExp import TopExp

    edge: list[int] = []
    sense: list[int] = []
    face: list[int] = []
    loop: list[int] = []
    following: list[int] = []
    start: list[int] = []
    wires: list[int] = []
    ends = [
        (shapes.vertex_number(TopExp.FirstVertex_s(e, False)), shapes.vertex_number(TopExp.LastVertex_s(e, False)))
        for e in shapes.edges
    ]
    shapes.half.clear()
    loops = 0
    for number, one in enumerate(shapes.faces):
        turned = (one.Orientation() == TopAbs_Orientation.TopAbs_REVERSED) != mirrored(one)
        rounds = _loops(one)
        wires.append(len(rounds))
        for edges in rounds:
            first = len(edge)
            for oriented in reversed(edges) if turned else edges:
                along = (oriented.Orientation() == TopAbs_Orientation.TopAbs_FORWARD) != turned
                at = shapes.edge_number(oriented)
                edge.append(at)
                sense.append(1 if along else -1)
                face.append(number)
                loop.append(loops)
                start.append(ends[at][0 if along else 1])
                shapes.half.append(oriented)
            following += [*range(first + 1, len(edge)), first]
            loops += 1
    curves: list[int] = []
    middles: list[tuple[float, float, float]] = []
    for one in shapes.edges:
        if BRep_Tool.Degenerated_s(one):
            curves.append(-1)
            middles.append(xyz(BRep_Tool.Pnt_s(shapes.vertices[ends[len(curves) - 1][0]])))
            continue
        curve = BRepAdaptor_Curve(one)
        curves.append(int(curve.GetType().value))
        middles.append(xyz(curve.Value((curve.FirstParameter() + curve.LastParameter()) / 2.0)))
    surfaces = [int(BRepAdaptor_Surface(one, False).GetType().value) for one in shapes.faces]
    vertices = [xyz(BRep_Tool.Pnt_s(v)) for v in shapes.vertices]
    whole = np.array([edge, sense, face, loop, following], dtype=np.int32)
    return Drawn(
        whole[0],
        whole[1],
        whole[2],
        whole[3],
        whole[4],
        _twins(edge, curves),
        np.array(start, dtype=np.int32),
        np.array(curves, dtype=np.int32),
        np.array(middles, dtype=np.float64),
        np.array(surfaces, dtype=np.int32),
        np.array(wires, dtype=np.int32),
        np.array(vertices, dtype=np.float64),
    )


def _loops(face: Any) -> list[list[Any]]:
    """The edges of each loop of a face, in order, the outer one first."""
    from OCP.BRepTools import BRepTools, BRepTools_WireExplorer
    from OCP.TopAbs import TopAbs_Orientation, TopAbs_ShapeEnum
    from OCP.TopExp import TopExp_Explorer
    from OCP.TopoDS import TopoDS

    forward = TopoDS.Face_s(face.Oriented(TopAbs_Orientation.TopAbs_FORWARD))
    outer = BRepTools.OuterWire_s(forward)
    found: list[list[Any]] = []
    explorer = TopExp_Explorer(forward, TopAbs_ShapeEnum.TopAbs_WIRE)
    while explorer.More():
        wire = TopoDS.Wire_s(explorer.Current())
        walk, edges = BRepTools_WireExplorer(wire, forward), []
        while walk.More():
            edges.append(walk.Current())
            walk.Next()
        found.insert(0 if wire.IsSame(outer) else len(found), edges)
        explorer.Next()
    return found


def _twins(edge: list[int], curves: list[int]) -> Ints:
    seen: dict[int, int] = {}
    twin = np.full(len(edge), -1, dtype=np.int32)
    for at, count in collections.Counter(edge).items():
        if count > 2:
            raise ValueError(f"edge {at + 1} lies between {count} faces")
    for half, at in enumerate(edge):
        other = seen.pop(at, None)
        if other is None:
            seen[at] = half
        else:
            twin[half], twin[other] = other, half
    for at, half in seen.items():
        if curves[at] != -1:
            raise ValueError(f"edge {at + 1} lies at one face alone")
        twin[half] = half
    return twin


def mirrored(face: Any) -> bool:
    """Whether the face's place turns it inside out."""
    place = face.Location()
    return not place.IsIdentity() and bool(place.Transformation().IsNegative())


def xyz(p: Any) -> tuple[float, float, float]:
    x, y, z = p.Coord()
    return (x, y, z)
