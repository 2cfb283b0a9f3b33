"""The CAD door's net: where each node of a triangulation lies on a solid, and the same nodes on another solid of its topology.

    net = net_of(shapes, drawn)                     # every node as a vertex, a place on an edge, or inside a face
    points = nodes_of(other, its_map, match, drawn, net)

It runs in the CAD child. A place on an edge is a fraction of its arc length; a node inside a face keeps mean-value weights of the
nodes round it, in the surface's own parameters (M. S. Floater, "Mean value coordinates", 2003).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.doors.cad_map import Drawn, Floats, Ints, Match, Shapes, xyz
from engine.doors.cad_steady import steadied
from engine.doors.cad_triangles import triangulations

PLANE = 0
"""OCCT's number of that kind of surface, as in `Drawn.surfaces`."""
LENGTH_ERROR = 1e-9
"""mm: how well a place at an arc length is found."""
TOGETHER = 64
"""Of so many nodes inside a face the weights are worked out at once: their tables stay in a near cache."""


@dataclass(frozen=True, eq=False)
class Net:
    """Nodes of a triangulation by where they lie: first the vertices, then each edge's inner nodes, then each face's.

    `fractions` of arc length, `ends` (e + 1): the span of each edge's. `inner` faces that have nodes inside, `weights` (k, boundary
    nodes of that face) of each: one row a node. `triangles` (m, 3) outward, `owner` (m,): the face of each.
    """

    fractions: Floats
    ends: Ints
    inner: Ints
    weights: tuple[Floats, ...]
    triangles: Ints
    owner: Ints


def net_of(shapes: Shapes, drawn: Drawn) -> Net:
    """Where the nodes of a meshed solid lie. ValueError where the triangulations of two faces do not meet."""
    from OCP.BRep import BRep_Tool
    from OCP.TopLoc import TopLoc_Location

    fractions: list[Floats | None] = [None] * len(shapes.edges)
    halves: dict[int, list[int]] = {}
    for half, number in enumerate(drawn.face.tolist()):
        halves.setdefault(number, []).append(half)
    at_edges: list[dict[int, list[int]]] = []
    nets = triangulations(shapes.faces_map)
    for number, face in enumerate(shapes.faces):
        place = TopLoc_Location()
        mesh = BRep_Tool.Triangulation_s(face, place)
        own: dict[int, list[int]] = {}
        for half in halves[number]:
            polygon = BRep_Tool.PolygonOnTriangulation_s(shapes.half[half], mesh, place)
            count = polygon.NbNodes()
            own[half] = [polygon.Node(k) - 1 for k in range(1, count + 1)]
            at = int(drawn.edge[half])
            if drawn.curves[at] < 0:
                fractions[at] = np.empty(0)
                continue
            places = polygon.Parameters()
            told = _fractions(shapes.edges[at], [places.Value(k) for k in range(places.Lower(), places.Upper() + 1)])
            if fractions[at] is None:
                fractions[at] = told
            elif len(fractions[at]) != len(told):  # type: ignore[arg-type]
                raise ValueError(f"the triangles of two faces do not meet along edge {at + 1}")
        at_edges.append(own)
    spans = [np.empty(0) if f is None else f for f in fractions]
    ends = np.concatenate(([0], np.cumsum([len(f) for f in spans]))).astype(np.int32)
    first_inner = len(shapes.vertices) + int(ends[-1])
    triangles, names, places, turned, nodes = [], [], [], [], [0]
    inner: list[int] = []
    weights: list[Floats] = []
    for number, (face, net, own) in enumerate(zip(shapes.faces, nets, at_edges, strict=True)):
        named = np.full(len(net.uv), -1, dtype=np.int64)
        for half, at_edge in own.items():
            edge = int(drawn.edge[half])
            along = bool(drawn.sense[half] > 0)
            a, b = int(drawn.start[half]), int(drawn.start[drawn.following[half]])
            a, b = (a, b) if along else (b, a)
            if drawn.curves[edge] < 0:
                named[at_edge] = a
                continue
            named[at_edge[0]], named[at_edge[-1]] = a, b
            named[at_edge[1:-1]] = len(shapes.vertices) + int(ends[edge]) + np.arange(len(at_edge) - 2)
        free = np.flatnonzero(named < 0)
        if len(free):
            named[free] = first_inner + sum(len(w) for w in weights) + np.arange(len(free))
            inner.append(number)
            weights.append(_mean_value(net.uv[free], _boundary_uv(shapes, drawn, number, spans), _stretch(face, net.uv)))
        triangles.append(net.triangles.astype(np.int64) + nodes[-1])
        names.append(named)
        places.append(net.uv)
        nodes.append(nodes[-1] + len(net.uv))
        turned.append(net.inward)
    owners = np.repeat(np.arange(len(triangles)), [len(t) for t in triangles])
    name, planes = np.concatenate(names), drawn.surfaces == PLANE
    steady = steadied(np.concatenate(triangles), owners, np.concatenate(places), np.array(nodes), planes, name)
    inside_out = np.array(turned)[owners]
    steady[inside_out] = steady[inside_out, ::-1]
    all_triangles = name[steady]
    a, b, c = all_triangles.T
    kept = (a != b) & (b != c) & (c != a)
    flat = np.concatenate([f for f in spans]) if len(spans) else np.empty(0)
    return Net(
        flat,
        ends,
        np.array(inner, dtype=np.int32),
        tuple(weights),
        all_triangles[kept].astype(np.int32),
        owners[kept].astype(np.int32),
    )


def _fractions(edge: Any, places: list[float]) -> Floats:
    """The inner places along an edge as fractions of its arc length."""
    from OCP.BRepAdaptor import BRepAdaptor_Curve
    from OCP.GCPnts import GCPnts_AbscissaPoint

    curve = BRepAdaptor_Curve(edge)
    first, last = curve.FirstParameter(), curve.LastParameter()
    inner = np.array(places[1:-1], dtype=np.float64)
    if _even(curve) or not len(inner):
        return np.asarray((inner - first) / (last - first))
    whole = GCPnts_AbscissaPoint.Length_s(curve, first, last, LENGTH_ERROR)
    return np.array([GCPnts_AbscissaPoint.Length_s(curve, first, t, LENGTH_ERROR) / whole for t in inner.tolist()])


def _even(curve: Any) -> bool:
    """Lines and circles: equal steps of the parameter are equal lengths."""
    from OCP.GeomAbs import GeomAbs_CurveType as Type

    return curve.GetType() in (Type.GeomAbs_Line, Type.GeomAbs_Circle)


def _places(edge: Any, fractions: Floats) -> tuple[Any, list[float]]:
    """The edge's curve, and its parameters at fractions of its arc length."""
    from OCP.BRepAdaptor import BRepAdaptor_Curve
    from OCP.GCPnts import GCPnts_AbscissaPoint

    curve = BRepAdaptor_Curve(edge)
    first, last = curve.FirstParameter(), curve.LastParameter()
    if _even(curve) or not len(fractions):
        return curve, [first + f * (last - first) for f in fractions.tolist()]
    whole = GCPnts_AbscissaPoint.Length_s(curve, first, last, LENGTH_ERROR)
    made = []
    for f in fractions.tolist():
        guess = first + f * (last - first)
        made.append(GCPnts_AbscissaPoint(curve, whole * f, first, guess, LENGTH_ERROR).Parameter())
    return curve, made


def _boundary_uv(shapes: Shapes, drawn: Drawn, number: int, spans: list[Floats]) -> list[Floats]:
    """Each loop's nodes in the surface's parameters, as the half-edges run: a start vertex, then the inner nodes."""
    from OCP.BRep import BRep_Tool
    from OCP.TopAbs import TopAbs_Orientation
    from OCP.TopoDS import TopoDS

    forward = TopoDS.Face_s(shapes.faces[number].Oriented(TopAbs_Orientation.TopAbs_FORWARD))
    found: list[Floats] = []
    for loop in dict.fromkeys(drawn.loop[drawn.face == number].tolist()):
        uv: list[tuple[float, float]] = []
        for half in np.flatnonzero(drawn.loop == loop).tolist():
            edge, oriented = int(drawn.edge[half]), shapes.half[half]
            first, last = BRep_Tool.Range_s(oriented)
            curve = BRep_Tool.CurveOnSurface_s(oriented, forward, first, last)
            if drawn.curves[edge] < 0:
                places: list[float] = []
            else:
                places = _places(shapes.edges[edge], spans[edge])[1]
            at = [first, *places] if drawn.sense[half] > 0 else [last, *reversed(places)]
            for t in at:
                q = curve.Value(t)
                uv.append((q.X(), q.Y()))
        found.append(np.array(uv, dtype=np.float64))
    return found


def _stretch(face: Any, uv: Floats) -> Floats:
    """mm for a step of each parameter, in the face's middle: angles and lengths become alike."""
    from OCP.BRepAdaptor import BRepAdaptor_Surface
    from OCP.gp import gp_Pnt, gp_Vec

    surface = BRepAdaptor_Surface(face, False)
    u, v = ((uv.min(axis=0) + uv.max(axis=0)) / 2.0).tolist()
    p, du, dv = gp_Pnt(), gp_Vec(), gp_Vec()
    surface.D1(u, v, p, du, dv)
    return np.array([max(du.Magnitude(), 1e-9), max(dv.Magnitude(), 1e-9)])


def _mean_value(points: Floats, loops: list[Floats], stretch: Floats) -> Floats:
    """Weights (points, nodes of all loops) by which linear functions are had from their values on the boundary."""
    made = np.empty((len(points), sum(len(loop) for loop in loops)))
    for first in range(0, len(points), TOGETHER):
        some = slice(first, first + TOGETHER)
        x, y = ((points[some, axis] * stretch[axis])[:, None] for axis in (0, 1))
        rows = np.concatenate([_of_loop(loop[:, 0] * stretch[0] - x, loop[:, 1] * stretch[1] - y) for loop in loops], axis=1)
        made[some] = rows / rows.sum(axis=1)[:, None]
    return made


def _of_loop(x: Floats, y: Floats) -> Floats:
    """Unscaled weights (k, b) of a loop's nodes, from where these lie as seen from each point."""
    r = np.sqrt(x * x + y * y)
    then_x, then_y = np.roll(x, -1, axis=1), np.roll(y, -1, axis=1)
    cross, dot = x * then_y - y * then_x, x * then_x + y * then_y
    with np.errstate(divide="ignore", invalid="ignore"):
        half = np.where(np.abs(cross) > 1e-300, (r * np.roll(r, -1, axis=1) - dot) / cross, 0.0)  # tangent of half the angle
    return np.asarray((np.roll(half, 1, axis=1) + half) / np.maximum(r, 1e-12))


def nodes_of(shapes: Shapes, drawn: Drawn, match: Match, reference: Drawn, net: Net) -> Floats:
    """The net's nodes (n, 3) mm on a solid that matches the reference."""
    from OCP.BRepAdaptor import BRepAdaptor_Surface

    points: list[tuple[float, float, float]] = [tuple(p) for p in drawn.vertices[match.vertex].tolist()]
    spans: list[Floats] = [np.empty(0)] * len(shapes.edges)
    for at, there in enumerate(match.edge.tolist()):
        wanted = net.fractions[net.ends[at] : net.ends[at + 1]]
        if not len(wanted):
            continue
        spans[there] = (1.0 - wanted)[::-1] if match.turned[at] else wanted
        curve, places = _places(shapes.edges[there], 1.0 - wanted if match.turned[at] else wanted)
        points += [xyz(curve.Value(t)) for t in places]
    for number, weights in zip(net.inner.tolist(), net.weights, strict=True):
        halves = np.flatnonzero(reference.face == number)
        there = int(drawn.face[match.half[halves[0]]])
        uv = _weighed(weights, _uv_as(shapes, drawn, match, reference, number, spans))
        surface = BRepAdaptor_Surface(shapes.faces[there], False)
        points += [xyz(surface.Value(u, v)) for u, v in uv.tolist()]
    return np.array(points, dtype=np.float64).reshape(-1, 3)


def _weighed(weights: Floats, uv: Floats) -> Floats:
    """Weights (k, b) times uv (b, 2), one after the other: a library's product differs from machine to machine."""
    made = np.zeros((len(weights), 2))
    for column, place in zip(weights.T, uv, strict=True):
        made += column[:, None] * place
    return made


def _uv_as(shapes: Shapes, drawn: Drawn, match: Match, reference: Drawn, number: int, spans: list[Floats]) -> Floats:
    """The boundary of the matching face in its parameters, in the order of the reference's loops and half-edges."""
    from OCP.BRep import BRep_Tool
    from OCP.TopAbs import TopAbs_Orientation
    from OCP.TopoDS import TopoDS

    halves = np.flatnonzero(reference.face == number)  # loop by loop, as they run
    there = int(drawn.face[match.half[halves[0]]])
    forward = TopoDS.Face_s(shapes.faces[there].Oriented(TopAbs_Orientation.TopAbs_FORWARD))
    uv: list[tuple[float, float]] = []
    for half in match.half[halves].tolist():
        edge, oriented = int(drawn.edge[half]), shapes.half[half]
        first, last = BRep_Tool.Range_s(oriented)
        curve = BRep_Tool.CurveOnSurface_s(oriented, forward, first, last)
        places = [] if drawn.curves[edge] < 0 else _places(shapes.edges[edge], spans[edge])[1]
        for t in [first, *places] if drawn.sense[half] > 0 else [last, *reversed(places)]:
            q = curve.Value(t)
            uv.append((q.X(), q.Y()))
    return np.array(uv, dtype=np.float64)
