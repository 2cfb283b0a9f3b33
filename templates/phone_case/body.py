"""The body as plain CadQuery: `build(cq, shell)`. Order of work: outline and its round edges, ring, one cut that hollows it and
opens the back, the round edges that this made, then one cut with everything that goes through the sides."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from templates.phone_case.extras import BLEND_RADIUS, BUMPER_FLAT, blend, bumper_reach
from templates.phone_case.facts import Box
from templates.phone_case.shell import AIR, BLEND, Block, Ear, Shell

RING_EDGE = 0.3


def build(cq: Any, shell: Shell) -> tuple[Any, Any, Any]:
    """-> the solid (a cq.Shape), its flat outer back face at z = 0, and the flat face that the phone lies on. ValueError where OCCT
    gives no single solid; whether that is valid the CAD door asks, of every solid."""
    body = _prism(cq, shell.outer, 0.0, shell.rim, shell.ear, shell.bumper)
    body = body.fillet(shell.edge, _level_edges(body, 0.0)).fillet(shell.rim_edge, _level_edges(body, shell.rim))
    for ring in shell.rings:
        pad = _prism(cq, ring, -shell.ring_height, shell.floor / 2)
        body = body.fuse(pad.fillet(0.45, _level_edges(pad, -shell.ring_height)))
    below = -shell.ring_height - AIR
    hollow = [_cavity(cq, shell), _prism(cq, shell.mouth, shell.ceiling - 0.5, shell.rim + AIR)]
    hollow += [_prism(cq, hole, below, shell.floor + AIR) for hole in shell.holes]
    body = body.cut(*hollow)
    body = body.fillet(shell.mouth_edge, _inner_edges(body, shell.rim))
    if shell.rings and shell.holes:
        body = body.fillet(RING_EDGE, _hole_edges(body, shell, -shell.ring_height))
    flat = _hole_edges(body, shell, 0.0)
    if flat and shell.hole_edge:
        body = body.fillet(shell.hole_edge, flat)
    for pad in shell.pads:
        body = body.fuse(_pad(cq, pad))
    tools = [_beside(cq, cut) for cut in shell.cuts]
    tools += [_slot(cq, shell, low, high) for low, high in shell.slots]
    if shell.ear is not None:
        tools.append(cq.Solid.makeCylinder(shell.ear.hole, shell.rim + 2 * AIR, cq.Vector(shell.ear.x, shell.ear.y, -AIR)))
    body = body.cut(*tools)
    return _only_solid(body), _flat_face(body, 0.0), _flat_face(body, shell.floor)


def _only_solid(body: Any) -> Any:
    solids = body.Solids()
    if len(solids) != 1:
        raise ValueError(f"the body came out as {len(solids)} solids")
    return solids[0]


def _flat_face(body: Any, z: float) -> Any:
    flat = _level_faces(body, z)
    if not flat:
        raise ValueError(f"the back has no flat face at {z:g} mm")
    return max(flat, key=lambda f: f.Area())


def _wire(cq: Any, box: Box, z: float, ear: Ear | None = None, bumper: float = 0.0) -> Any:
    """A rectangle with round corners; with `ear`, its bottom left corner drawn out round the lanyard's hole; with `bumper`, the
    others stand out by so much."""
    x0, x1, y0, y1, r = box.x - box.w / 2, box.x + box.w / 2, box.y - box.h / 2, box.y + box.h / 2, box.corner
    pen = _Pen(cq, z, (ear.x + ear.along if ear else x0 + r + bumper_reach(bumper), y0))
    _corner(pen, (x1, y0), (1.0, 0.0), r, bumper)
    _corner(pen, (x1, y1), (0.0, 1.0), r, bumper)
    _corner(pen, (x0, y1), (-1.0, 0.0), r, bumper)
    if ear is None:
        _corner(pen, (x0, y0), (0.0, -1.0), r, bumper)
        return pen.wire()
    # left side, blend, ear, blend; the second blend mirrors the first in the corner's diagonal
    centre = (x0 - BLEND, ear.y + ear.along)
    length = math.hypot(centre[0] - ear.x, centre[1] - ear.y)
    ux, uy = (centre[0] - ear.x) / length, (centre[1] - ear.y) / length
    touch = (ear.x + ear.radius * ux, ear.y + ear.radius * uy)
    mx, my = 1.0 - ux, -uy
    half = math.hypot(mx, my)
    middle = (centre[0] + BLEND * mx / half, centre[1] + BLEND * my / half)
    tip = ear.radius * math.sqrt(0.5)

    def mirrored(p: tuple[float, float]) -> tuple[float, float]:
        return (ear.x + p[1] - ear.y, ear.y + p[0] - ear.x)

    pen.line((x0, centre[1]))
    pen.arc(middle, touch)
    pen.arc((ear.x - tip, ear.y - tip), mirrored(touch))
    pen.arc(mirrored(middle), (ear.x + ear.along, y0))
    return pen.wire()


class _Pen:
    """Draws edge after edge at one height. A Workplane does the same and makes a new plane for each: a tenth of the whole drawing."""

    def __init__(self, cq: Any, z: float, start: tuple[float, float]) -> None:
        self.cq, self.z, self.at = cq, z, cq.Vector(*start, z)
        self.edges: list[Any] = []

    def line(self, end: tuple[float, float]) -> None:
        self._drawn(self.cq.Edge.makeLine(self.at, self.cq.Vector(*end, self.z)))

    def arc(self, middle: tuple[float, float], end: tuple[float, float]) -> None:
        """Round, through a place between."""
        self._drawn(self.cq.Edge.makeThreePointArc(self.at, self.cq.Vector(*middle, self.z), self.cq.Vector(*end, self.z)))

    def _drawn(self, edge: Any) -> None:
        self.edges.append(edge)
        self.at = edge.endPoint()

    def wire(self) -> Any:
        """All of them, closed: the last ends where the first begins."""
        return self.cq.Wire.assembleEdges(self.edges)


def _corner(pen: _Pen, tip: tuple[float, float], along: tuple[float, float], r: float, bumper: float) -> None:
    """From a side that runs along a direction, round its corner to the left; `tip`: where both sides would meet. A bumper begins and
    ends in two arcs each, tangent to all."""

    def at(back: float, out: float) -> tuple[float, float]:
        """So far before the tip, and so far out of the side: what lies on a side lies there to the last bit."""
        return (tip[0] - along[0] * back + along[1] * out, tip[1] - along[1] * back - along[0] * out)

    k = r * (1.0 - math.sqrt(0.5))
    if not bumper:
        pen.line(at(r, 0.0))
        pen.arc(at(k, -k), at(0.0, -r))
        return
    s, c = blend(bumper)
    # half the turn, by the half angle
    s2, c2 = math.sqrt((1.0 - c) / 2.0), math.sqrt((1.0 + c) / 2.0)
    start, end, turn = r + bumper_reach(bumper), r + BUMPER_FLAT, BLEND_RADIUS
    way = [(start, 0.0), (start - turn * s2, turn * (1.0 - c2)), (start - turn * s, bumper / 2)]
    way += [(end + turn * s2, bumper - turn * (1.0 - c2)), (end, bumper)]
    far = k - bumper * math.sqrt(0.5)
    back = [(-out, -before) for before, out in way[::-1]]  # mirrored in the diagonal
    pen.line(at(*way[0]))
    pen.arc(at(*way[1]), at(*way[2]))
    pen.arc(at(*way[3]), at(*way[4]))
    pen.line(at(r, bumper))
    pen.arc(at(far, -far), at(-bumper, -r))
    pen.line(at(*back[0]))
    pen.arc(at(*back[1]), at(*back[2]))
    pen.arc(at(*back[3]), at(*back[4]))


def _prism(cq: Any, box: Box, z0: float, z1: float, ear: Ear | None = None, bumper: float = 0.0) -> Any:
    return cq.Solid.extrudeLinear(_wire(cq, box, z0, ear, bumper), [], cq.Vector(0, 0, z1 - z0))


def _cavity(cq: Any, shell: Shell) -> Any:
    made = _prism(cq, shell.cavity, shell.floor, shell.ceiling)
    return made.fillet(0.2, _level_edges(made, shell.floor))


def _places(edge: Any) -> Iterator[Any]:
    """Its ends, and one place between that is not its middle: what is level at these, or within a convex border, is so all along.
    OCCT's exact boxes of edges say the same, and took two thirds of the whole drawing."""
    low, high = edge.bounds()
    return (edge.positionAt(t, mode="parameter") for t in (low, high, 0.6 * low + 0.4 * high))


def _level(edge: Any, z: float) -> bool:
    return all(abs(place.z - z) < 1e-6 for place in _places(edge))


def _level_edges(shape: Any, z: float) -> list[Any]:
    """Edges that lie in the plane at height z."""
    return [edge for edge in shape.Edges() if _level(edge, z)]


def _level_faces(shape: Any, z: float) -> list[Any]:
    """Flat faces at height z."""
    planes = ((face, face.toPln()) for face in shape.Faces() if face.geomType() == "PLANE")
    return [f for f, plane in planes if abs(plane.Axis().Direction().Z()) > 1.0 - 1e-9 and abs(plane.Location().Z() - z) < 1e-6]


def _inner_edges(shape: Any, z: float) -> list[Any]:
    """Edges of the holes in the flat face at height z."""
    return [edge for face in _level_faces(shape, z) for wire in face.innerWires() for edge in wire.Edges()]


def _hole_edges(shape: Any, shell: Shell, z: float) -> list[Any]:
    """Edges at height z that bound a window of the back: those that lie within its box."""
    return [edge for edge in _level_edges(shape, z) if any(_within(edge, hole) for hole in shell.holes)]


def _within(edge: Any, hole: Box) -> bool:
    air = 0.01
    reach_x, reach_y = hole.w / 2 + air, hole.h / 2 + air
    return all(abs(place.x - hole.x) < reach_x and abs(place.y - hole.y) < reach_y for place in _places(edge))


def _block(cq: Any, size: tuple[float, float, float]) -> Any:
    """A box about the origin."""
    return cq.Solid.makeBox(*size, cq.Vector(-size[0] / 2, -size[1] / 2, -size[2] / 2))


def _edges_along_x(block: Any) -> list[Any]:
    return [e for e in block.Edges() if abs(e.startPoint().x - e.endPoint().x) > 1e-6]


def _beside(cq: Any, block: Block) -> Any:
    """A block in its place at a side wall."""
    made = _block(cq, (block.far - block.near, block.high - block.low, block.z1 - block.z0))
    low = (block.z0 - block.z1) / 2
    made = made.fillet(block.corner, [e for e in _edges_along_x(made) if not block.open_above or _level(e, low)])
    made = made.translate(cq.Vector((block.near + block.far) / 2, (block.low + block.high) / 2, (block.z0 + block.z1) / 2))
    if block.edge == "right":
        return made
    if block.edge == "left":
        return made.mirror("YZ")
    # along the edge is x here: exchange x and y, which is a mirror in the diagonal
    turned = made.rotate(cq.Vector(0, 0, 0), cq.Vector(0, 0, 1), 90.0).mirror("YZ")
    return turned if block.edge == "top" else turned.mirror("XZ")


def _pad(cq: Any, block: Block) -> Any:
    """One whose far face has round edges."""
    made = _beside(cq, block)
    far = [e for e in made.Edges() if all(_across(place, block.edge) > block.far - 1e-6 for place in _places(e))]
    return made.fillet(0.35, far)


def _across(place: Any, side: str) -> float:
    """Distance from the phone's middle across that side."""
    return float({"right": place.x, "left": -place.x, "top": place.y, "bottom": -place.y}[side])


def _slot(cq: Any, shell: Shell, low: float, high: float) -> Any:
    """Through the back and both sides, up to a little over the floor."""
    below = -shell.ring_height - AIR
    size = (shell.outer.w + 2 * AIR, high - low, shell.slot_top - below)
    made = _block(cq, size)
    made = made.fillet(1.0, [e for e in _edges_along_x(made) if _level(e, size[2] / 2)])
    return made.translate(cq.Vector(0, (low + high) / 2, (below + shell.slot_top) / 2))
