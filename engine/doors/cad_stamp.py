"""In the CAD child: stamps on the flat faces of an exact solid, without a Boolean.

An outline's loops become wires in the face, and the prism over what they enclose is swept from those very wires: they are holes of the
face and edges of the prism's walls at once, so that walls and floor close the shell where the face was opened. Nothing is intersected
and nothing is sewn. What lies within a loop of the outline that is a hole (of an O) stays, as a face of its own.

That a loop lies within its face was proved on the triangles; the exact face may be less, by the chord error beside a curved edge.
So it is asked again, of the exact face: where each piece begins, and then BRepCheck, which finds wires that meet.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.doors import cad
from engine.errors import UnikatError
from engine.model.mesh import STEPS_PER_MM
from engine.model.stamped import Placed

Floats = npt.NDArray[np.float64]
SLACK_MM = 2.0 / STEPS_PER_MM
"""How far an outline on the lattice may lie over the exact face's plane, or under it; it is dropped onto that."""
_SAME_WAY = 0.999
_ON_BORDER_MM = 1e-7


class Unstamped(UnikatError):
    """Why a stamp cannot be done on the exact faces: what a sentence says after a colon."""


@dataclass(frozen=True, eq=False)
class _Body:
    """The faces (outward) of each shell, the solid (a number) that each shell bounds, and tagged faces by name."""

    shells: list[list[Any]]
    solids: list[int]
    tags: dict[str, list[Any]]


@dataclass(frozen=True, eq=False)
class _Seat:
    """A flat face of a body: its shell, its row there, a point of its plane (3,) in mm, and its normal, outward and of length 1."""

    shell: int
    row: int
    point: Floats
    normal: Floats

    def over(self, points: Floats) -> Floats:
        """How far points (n, 3) lie over its plane, mm."""
        away = points - self.point
        told: Floats = away[:, 0] * self.normal[0] + away[:, 1] * self.normal[1] + away[:, 2] * self.normal[2]
        return told

    def dropped(self, points: Floats) -> Floats:
        """Points (n, 3) moved into its plane."""
        return points - self.over(points)[:, None] * self.normal


@dataclass(frozen=True, eq=False)
class _Prism:
    """Swept from one outer loop of an outline and the holes right within it; faces outward, as the prism has them. `shell`: its seat's."""

    shell: int
    base: Any
    last: Any
    walls: list[Any]


def stamped(solid: Any, tags: dict[str, list[Any]], stamps: Sequence[Placed], slack: float = SLACK_MM) -> Any:
    """As `carved`, and valid as BRepCheck sees it. Unstamped where it is not, too."""
    made = carved(solid, tags, stamps, slack)
    _must_be_valid(made, stamps)
    return made


def carved(solid: Any, tags: dict[str, list[Any]], stamps: Sequence[Placed], slack: float = SLACK_MM) -> Any:
    """A new solid (a compound of several, of what fills a pocket); the one given stays as it is.

    `tags`: its faces by name; `slack` mm: as SLACK_MM. Unstamped where a stamp cannot be done, or begins beside its face. That a pocket
    runs into what lies far behind its face is the verdict's to find, as on the mesh.
    """
    shells = [list(_parts(shell)) for shell in _parts(solid)]
    body = _Body(shells, [0] * len(shells), dict(tags))
    for placed in stamps:
        body = _one(body, placed, slack)
    return _shape(body)


def _one(body: _Body, placed: Placed, slack: float) -> _Body:
    """The body with one more stamp."""
    stamp, within, loops = placed.stamp, placed.within.tolist(), _in_space(placed)
    sunk = stamp.kind != "embossed"
    prisms, holes, islands = list[_Prism](), list[tuple[_Seat, Any]](), list[tuple[_Seat, Any]]()
    seats = _looking(body, stamp.on, placed.frame[3])
    far = _looking(body, stamp.behind, -placed.frame[3]) if stamp.kind == "cut" else []
    for piece in _pieces(within):
        root = loops[piece[0]]
        seat = _seat(body, stamp.on, seats, root, slack)
        wires = {k: _wire(seat.dropped(loops[k])) for k in piece}
        inner = {k: [wires[j] for j in piece if within[j] == k] for k in piece}
        deep, behind = stamp.depth, None
        if stamp.kind == "cut":
            if len(piece) > 1:
                raise Unstamped(f"a piece of {stamp.on} would fall out of the cut")
            behind = _seat(body, stamp.behind, far, root, math.inf)
            deep = _deep(seat, behind, seat.dropped(root), stamp.behind)
        for k in piece:
            if _is_outer(within, k):
                prisms.append(_prism(seat, _face(seat, wires[k], inner[k]), -deep if sunk else deep))
            else:
                islands.append((seat, _face(seat, wires[k].Reversed(), [wire.Reversed() for wire in inner[k]])))
            if behind is not None:
                holes.append((behind, _border(prisms[-1].last).Reversed()))
        holes.append((seat, wires[piece[0]].Reversed()))
    if stamp.kind == "filled":
        return _filling(prisms, placed.names)
    _open(body, holes, islands)
    ends, walls = list[Any](), list[Any]()
    for prism in prisms:
        around, end = [_turned(w, sunk) for w in prism.walls], [] if stamp.kind == "cut" else [_turned(prism.last, sunk)]
        body.shells[prism.shell].extend([*around, *end])
        walls += around
        ends += end
    body.tags.update(zip(placed.names, [walls] if stamp.kind == "cut" else [ends, walls], strict=True))
    return body


def _filling(prisms: Sequence[_Prism], names: Sequence[str]) -> _Body:
    """The prisms alone, each a solid."""
    shells = [[prism.base, prism.last, *prism.walls] for prism in prisms]
    found = ([p.base for p in prisms], [p.last for p in prisms], [w for p in prisms for w in p.walls])
    return _Body(shells, list(range(len(shells))), dict(zip(names, found, strict=True)))


def _open(body: _Body, holes: Sequence[tuple[_Seat, Any]], islands: Sequence[tuple[_Seat, Any]]) -> None:
    """Wires become holes of the faces that they lie in; an island is a face beside its own, of the same tags."""
    from OCP.BRep import BRep_Builder
    from OCP.TopoDS import TopoDS

    builder = BRep_Builder()
    for where in dict.fromkeys((seat.shell, seat.row) for seat, _ in holes):
        face = body.shells[where[0]][where[1]]
        made = TopoDS.Face_s(face.EmptyCopied())
        for wire in (*_parts(face), *(wire for seat, wire in holes if (seat.shell, seat.row) == where)):
            builder.Add(made, wire)
        beside = [island for seat, island in islands if (seat.shell, seat.row) == where]
        body.shells[where[0]][where[1]] = made
        body.shells[where[0]].extend(beside)
        for tag, faces in body.tags.items():
            if any(face.IsSame(one) for one in faces):
                body.tags[tag] = [*(made if face.IsSame(one) else one for one in faces), *beside]


# ---- where ---------------------------------------------------------------------------------------------------------------


def _in_space(placed: Placed) -> list[Floats]:
    """The outline's loops (n, 3), mm."""
    origin, x, y, _ = placed.frame
    flat = placed.stamp.outline.points / STEPS_PER_MM
    return np.split(origin + flat[:, :1] * x + flat[:, 1:] * y, placed.stamp.outline.ends[:-1])


def _pieces(within: Sequence[int]) -> list[list[int]]:
    """Each loop that lies in no other, and all that lie in it."""

    def root(k: int) -> int:
        return k if within[k] < 0 else root(within[k])

    roots = [root(k) for k in range(len(within))]
    return [[first, *(k for k, own in enumerate(roots) if own == first != k)] for first in dict.fromkeys(roots)]


def _is_outer(within: Sequence[int], loop: int) -> bool:
    """Loops within loops are holes and outer ones by turns."""
    return within[loop] < 0 or not _is_outer(within, within[loop])


def _looking(body: _Body, name: str, normal: Floats) -> list[_Seat]:
    """The flat ones of the tagged faces that look along `normal`; one at least."""
    if not body.tags.get(name):
        raise Unstamped(f"the exact body has no face {name}")
    seats = [seat for face in body.tags[name] if (seat := _flat(body, face)) is not None]
    found = [seat for seat in seats if float(np.multiply(seat.normal, normal).sum()) > _SAME_WAY]
    if not found:
        raise Unstamped(f"the exact face {name} is not flat, or looks another way")
    return found


def _seat(body: _Body, name: str, seats: Sequence[_Seat], loop: Floats, slack: float) -> _Seat:
    """The one in which the loop (n, 3) begins, at most `slack` mm from its plane."""
    near = [seat for seat in seats if float(np.abs(seat.over(loop)).max()) <= slack]
    if not near:
        raise Unstamped(f"the exact face {name} lies in another plane")
    for seat in near:
        if _holds(body.shells[seat.shell][seat.row], seat.dropped(loop[:1])[0]):
            return seat
    raise Unstamped(f"the outline leaves the exact face {name}")


def _deep(seat: _Seat, behind: _Seat, loop: Floats, name: str) -> float:
    """How far one face lies behind the other, mm, on whose loop (n, 3) they are joined."""
    deep = -float(behind.over(loop).max())
    if deep <= 0.0:
        raise Unstamped(f"the exact face {name} does not lie behind the one that is cut")
    if behind.shell != seat.shell:
        raise Unstamped(f"the cut opens a cavity of the body at {name}")
    return deep


def _flat(body: _Body, face: Any) -> _Seat | None:
    """A face of the body by its plane, turned as its shell has it; None where it is curved."""
    from OCP.BRepAdaptor import BRepAdaptor_Surface
    from OCP.GeomAbs import GeomAbs_SurfaceType
    from OCP.TopAbs import TopAbs_Orientation
    from OCP.TopoDS import TopoDS

    surface = BRepAdaptor_Surface(TopoDS.Face_s(face), False)
    if surface.GetType() != GeomAbs_SurfaceType.GeomAbs_Plane:
        return None
    at = next((s, r) for s, faces in enumerate(body.shells) for r, one in enumerate(faces) if one.IsSame(face))
    plane = surface.Plane().Position()
    normal, point = plane.XDirection().Crossed(plane.YDirection()), plane.Location()
    turn = -1.0 if body.shells[at[0]][at[1]].Orientation() == TopAbs_Orientation.TopAbs_REVERSED else 1.0
    away = np.array((normal.X(), normal.Y(), normal.Z())) * turn
    return _Seat(*at, np.array((point.X(), point.Y(), point.Z())), away)


def _holds(face: Any, point: Floats) -> bool:
    """Does the point of its plane lie inside the face, not on its border?"""
    from OCP.BRepClass import BRepClass_FaceClassifier
    from OCP.gp import gp_Pnt
    from OCP.TopAbs import TopAbs_State
    from OCP.TopoDS import TopoDS

    found = BRepClass_FaceClassifier(TopoDS.Face_s(face), gp_Pnt(*point.tolist()), _ON_BORDER_MM)
    return bool(found.State() == TopAbs_State.TopAbs_IN)


# ---- what OCCT makes -----------------------------------------------------------------------------------------------------


def _parts(shape: Any) -> Iterator[Any]:
    """The parts of a shape, as they lie and are turned in it."""
    from OCP.TopoDS import TopoDS_Iterator

    parts = TopoDS_Iterator(shape)
    while parts.More():
        yield parts.Value()
        parts.Next()


def _turned(face: Any, over: bool) -> Any:
    return face.Reversed() if over else face


def _wire(loop: Floats) -> Any:
    from OCP.BRepBuilderAPI import BRepBuilderAPI_MakePolygon
    from OCP.gp import gp_Pnt

    polygon = BRepBuilderAPI_MakePolygon()
    for x, y, z in loop.tolist():
        polygon.Add(gp_Pnt(x, y, z))
    polygon.Close()
    return polygon.Wire()


def _face(seat: _Seat, border: Any, holes: Sequence[Any]) -> Any:
    """A face in the seat's plane that looks the same way."""
    from OCP.BRepBuilderAPI import BRepBuilderAPI_MakeFace
    from OCP.gp import gp_Dir, gp_Pln, gp_Pnt
    from OCP.TopoDS import TopoDS

    plane = gp_Pln(gp_Pnt(*seat.point.tolist()), gp_Dir(*seat.normal.tolist()))
    made = BRepBuilderAPI_MakeFace(plane, TopoDS.Wire_s(border), True)
    for hole in holes:
        made.Add(TopoDS.Wire_s(hole))
    return made.Face()


def _border(face: Any) -> Any:
    from OCP.BRepTools import BRepTools
    from OCP.TopoDS import TopoDS

    return BRepTools.OuterWire_s(TopoDS.Face_s(face))


def _prism(seat: _Seat, base: Any, up: float) -> _Prism:
    """`base`, a face in the seat, swept `up` mm over it."""
    from OCP.BRepPrimAPI import BRepPrimAPI_MakePrism
    from OCP.gp import gp_Vec

    swept = BRepPrimAPI_MakePrism(base, gp_Vec(*(up * seat.normal).tolist()))
    first, last = swept.FirstShape(), swept.LastShape()
    faces = [face for shell in _parts(swept.Shape()) for face in _parts(shell)]
    ends = [next(face for face in faces if face.IsSame(end)) for end in (first, last)]
    return _Prism(seat.shell, ends[0], ends[1], [f for f in faces if not (f.IsSame(first) or f.IsSame(last))])


def _shape(body: _Body) -> Any:
    """Shells and solids of the body's faces; a compound where there are several solids."""
    from OCP.BRep import BRep_Builder
    from OCP.TopoDS import TopoDS_Compound, TopoDS_Shell, TopoDS_Solid

    builder, solids = BRep_Builder(), dict[int, Any]()
    for faces, number in zip(body.shells, body.solids, strict=True):
        shell = TopoDS_Shell()
        builder.MakeShell(shell)
        for face in faces:
            builder.Add(shell, face)
        shell.Closed(True)
        if number not in solids:
            solids[number] = TopoDS_Solid()
            builder.MakeSolid(solids[number])
        builder.Add(solids[number], shell)
    if len(solids) == 1:
        return solids[0]
    whole = TopoDS_Compound()
    builder.MakeCompound(whole)
    for solid in solids.values():
        builder.Add(whole, solid)
    return whole


def _must_be_valid(shape: Any, stamps: Sequence[Placed]) -> None:
    from OCP.BRepCheck import BRepCheck_Analyzer

    analyzer = BRepCheck_Analyzer(shape)
    if not analyzer.IsValid():
        where = ", ".join(dict.fromkeys(placed.stamp.on for placed in stamps))
        raise Unstamped(f"stamped on {where}, it is no valid solid{cad.complaint(analyzer, shape)}")
