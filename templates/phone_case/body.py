"""The body as plain CadQuery: `build(cq, plan)`. Order of work: outline and its round edges, ring, one cut that hollows it and
opens the back, the round edges that this made, then one cut with everything that goes through the sides."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from templates.phone_case.extras import BLEND_RADIUS, BUMPER_FLAT, Magnets, blend, bumper_reach
from templates.phone_case.facts import Box
from templates.phone_case.plan import BLEND, Ear, Opening, Plan

AIR = 3.0
"""How far a tool reaches beyond what it cuts: no face of a tool lies in a face of the body."""
PAD_HEIGHT = 0.6
RING_EDGE = 0.3
INWARD = 4.0


def build(cq: Any, plan: Plan) -> tuple[Any, Any, Any]:
    """-> the solid (a cq.Shape), its flat outer back face at z = 0, and the flat face that the phone lies on. ValueError where OCCT
    gives no single solid; whether that is valid the CAD door asks, of every solid."""
    body = _prism(cq, plan.outer, 0.0, plan.rim, plan.ear, plan.bumper)
    body = body.fillet(plan.edge, _level_edges(body, 0.0)).fillet(plan.rim_edge, _level_edges(body, plan.rim))
    for ring in plan.rings:
        pad = _prism(cq, ring, -plan.ring_height, plan.floor / 2)
        body = body.fuse(pad.fillet(0.45, _level_edges(pad, -plan.ring_height)))
    below = -plan.ring_height - AIR
    hollow = [_cavity(cq, plan), _prism(cq, plan.mouth, plan.ceiling - 0.5, plan.rim + AIR)]
    hollow += [_prism(cq, hole, below, plan.floor + AIR) for hole in plan.holes]
    body = body.cut(*hollow)
    body = body.fillet(plan.mouth_edge, _inner_edges(body, plan.rim))
    if plan.rings and plan.holes:
        body = body.fillet(RING_EDGE, _hole_edges(body, plan, -plan.ring_height))
    flat = _hole_edges(body, plan, 0.0)
    if flat and plan.hole_edge:
        body = body.fillet(plan.hole_edge, flat)
    for pad in plan.pads:
        body = body.fuse(_pad(cq, plan, pad))
    tools = [_opening(cq, plan, opening) for opening in plan.openings]
    tools += [_pocket(cq, plan, opening) for opening in plan.membranes]
    tools += [_slot(cq, plan, low, high) for low, high in plan.slots]
    if plan.ear is not None:
        tools.append(cq.Solid.makeCylinder(plan.ear.hole, plan.rim + 2 * AIR, cq.Vector(plan.ear.x, plan.ear.y, -AIR)))
    if plan.magnets is not None:
        tools.append(_ring_recess(cq, plan, plan.magnets))
    if plan.seat is not None:
        tools.append(_prism(cq, plan.seat.box, -AIR, plan.seat.deep))
    body = body.cut(*tools)
    return _only_solid(body), _flat_face(body, 0.0), _flat_face(body, plan.floor)


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


def _ring_recess(cq: Any, plan: Plan, ring: Magnets) -> Any:
    """In the inside of the back, open to the cavity."""
    foot, high = cq.Vector(0, ring.y, plan.floor - ring.deep), ring.deep + AIR
    return cq.Solid.makeCylinder(ring.outer / 2, high, foot).cut(cq.Solid.makeCylinder(ring.inner / 2, high, foot))


def _cavity(cq: Any, plan: Plan) -> Any:
    made = _prism(cq, plan.cavity, plan.floor, plan.ceiling)
    return made.fillet(0.2, _level_edges(made, plan.floor))


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


def _hole_edges(shape: Any, plan: Plan, z: float) -> list[Any]:
    """Edges at height z that bound a window of the back: those that lie within its box."""
    return [edge for edge in _level_edges(shape, z) if any(_within(edge, hole) for hole in plan.holes)]


def _within(edge: Any, hole: Box) -> bool:
    air = 0.01
    reach_x, reach_y = hole.w / 2 + air, hole.h / 2 + air
    return all(abs(place.x - hole.x) < reach_x and abs(place.y - hole.y) < reach_y for place in _places(edge))


def _block(cq: Any, size: tuple[float, float, float]) -> Any:
    """A box about the origin."""
    return cq.Solid.makeBox(*size, cq.Vector(-size[0] / 2, -size[1] / 2, -size[2] / 2))


def _edges_along_x(block: Any) -> list[Any]:
    return [e for e in block.Edges() if abs(e.startPoint().x - e.endPoint().x) > 1e-6]


def _beside(cq: Any, plan: Plan, o: Opening, depth: tuple[float, float], z1: float, corner: float, axis_low_only: bool) -> Any:
    """A box across a side wall: along the edge from o.low to o.high, `depth` from the phone's centre, z from o.z0 to z1."""
    near, far = depth
    size = (far - near, o.high - o.low, z1 - o.z0)
    made = _block(cq, size)
    low = (o.z0 - z1) / 2
    made = made.fillet(corner, [e for e in _edges_along_x(made) if not axis_low_only or _level(e, low)])
    made = made.translate(cq.Vector((near + far) / 2, (o.low + o.high) / 2, (o.z0 + z1) / 2))
    if o.edge == "right":
        return made
    if o.edge == "left":
        return made.mirror("YZ")
    # along the edge is x here: exchange x and y, which is a mirror in the diagonal
    turned = made.rotate(cq.Vector(0, 0, 0), cq.Vector(0, 0, 1), 90.0).mirror("YZ")
    return turned if o.edge == "top" else turned.mirror("XZ")


def _reach(plan: Plan, edge: str) -> tuple[float, float]:
    """Half width of the cavity, and of the outside, across that edge."""
    if edge in ("right", "left"):
        return plan.cavity.w / 2, plan.outer.w / 2
    return plan.cavity.h / 2, plan.outer.h / 2


def _opening(cq: Any, plan: Plan, o: Opening) -> Any:
    inside, outside = _reach(plan, o.edge)
    top = plan.rim + AIR if o.to_rim else o.z1
    corner = min(1.5 if not o.to_rim else 2.5, 0.45 * (o.z1 - o.z0), 0.45 * (o.high - o.low))
    return _beside(cq, plan, o, (inside - INWARD, outside + AIR), top, corner, o.to_rim)


def _pocket(cq: Any, plan: Plan, o: Opening) -> Any:
    inside, outside = _reach(plan, o.edge)
    return _beside(cq, plan, o, (inside - INWARD, outside - plan.membrane), o.z1, 1.5, False)


def _pad(cq: Any, plan: Plan, o: Opening) -> Any:
    _, outside = _reach(plan, o.edge)
    small = Opening(o.edge, o.low + 1.2, o.high - 1.2, o.z0 + 0.8, o.z1 - 0.8)
    made = _beside(cq, plan, small, (outside - 0.4, outside + PAD_HEIGHT), small.z1, 1.2, False)
    far = [e for e in made.Edges() if all(_across(place, o.edge) > outside + PAD_HEIGHT - 1e-6 for place in _places(e))]
    return made.fillet(0.35, far)


def _across(place: Any, side: str) -> float:
    """Distance from the phone's middle across that side."""
    return float({"right": place.x, "left": -place.x, "top": place.y, "bottom": -place.y}[side])


def _slot(cq: Any, plan: Plan, low: float, high: float) -> Any:
    """Through the back and both sides, up to a little over the floor."""
    below = -plan.ring_height - AIR
    size = (plan.outer.w + 2 * AIR, high - low, plan.slot_top - below)
    made = _block(cq, size)
    made = made.fillet(1.0, [e for e in _edges_along_x(made) if _level(e, size[2] / 2)])
    return made.translate(cq.Vector(0, (low + high) / 2, (below + plan.slot_top) / 2))
