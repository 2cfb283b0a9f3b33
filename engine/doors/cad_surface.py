"""In the CAD child: which rows a tag names, the plane that they share, or the exact surface that they approximate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.doors import cad_lattice as lat
from engine.model.mesh import STEPS_PER_MM, Faces, Lattice, Plane
from engine.model.surface import CONE, CYLINDER, NET, PIECE, PLANE, Surface

ROUND_MM, FINE_MM = 0.012, 0.004
"""Chord error asked of OCCT on tagged cylinders, and on other curved faces, for triangles within 0.0095 mm: it stays under half of
it on cylinders, and goes up to twice it elsewhere."""
_NET_ERROR_MM = 0.0005
_NET_NODES = (9, 17, 33, 65, 129)
MOST_STRETCH = 0.05
"""Letters may come out so much longer, shorter or slanted where a doubly curved face is unrolled."""
_TURN = 2.0 * math.pi - 1e-6

Floats = npt.NDArray[np.float64]


NO_FACE = "a tag names no face of the result: take the faces from the finished body (its last Boolean makes new ones)"


def refine(shapes: list[Any], angle: float) -> None:
    """Mesh tagged curved faces finely, before the body: OCCT keeps what is fine enough."""
    from OCP.BRepAdaptor import BRepAdaptor_Surface
    from OCP.BRepMesh import BRepMesh_IncrementalMesh
    from OCP.GeomAbs import GeomAbs_SurfaceType as Type
    from OCP.TopAbs import TopAbs_ShapeEnum
    from OCP.TopoDS import TopoDS

    for shape in shapes:
        if shape.ShapeType() == TopAbs_ShapeEnum.TopAbs_FACE:
            kind = BRepAdaptor_Surface(TopoDS.Face_s(shape), False).GetType()
            if kind != Type.GeomAbs_Plane:
                fine = ROUND_MM if kind == Type.GeomAbs_Cylinder else FINE_MM
                BRepMesh_IncrementalMesh(shape, fine, False, angle, False)


def patch(
    shapes: list[Any], faces: Any, lattice: Lattice, triangles: Faces, owner: lat.Rows
) -> tuple[lat.Rows, Plane | None, Surface | None]:
    """Rows of the tagged faces' triangles, and their plane or surface; LookupError when a face is not one of the solid's."""
    numbers = [faces.FindIndex(shape) - 1 for shape in shapes]
    if not numbers or min(numbers) < 0:
        raise LookupError(NO_FACE)
    rows = np.flatnonzero(np.isin(owner, np.array(numbers, dtype=np.int32))).astype(np.int32)
    plane = lat.level_plane(lattice, triangles[rows]) or _slanted_plane(shapes, lattice, triangles[rows])
    return rows, plane, None if plane else _surface(shapes, numbers, lattice, triangles[rows], owner[rows])


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


def _surface(shapes: list[Any], numbers: list[int], lattice: Lattice, triangles: Faces, owner: lat.Rows) -> Surface | None:
    """The pieces that the faces lie on; None where there is no triangle."""
    if not len(triangles):
        return None
    pieces, net, why = np.zeros((len(shapes), PIECE)), np.zeros((2, 2, 4, 3)), ""
    piece_of = {number: i for i, number in enumerate(numbers)}
    mine = np.array([piece_of[int(n)] for n in owner], dtype=np.int32)
    for i, shape in enumerate(shapes):
        own = triangles[mine == i]
        if not len(own):
            continue
        corner = lattice[own[:, 0]].astype(np.float64) + lattice[own[:, 1]] + lattice[own[:, 2]]
        made, grid, wrong = _piece(shape, corner / (3.0 * STEPS_PER_MM), lat.crosses(lattice, own).astype(np.float64))
        pieces[i] = made
        if grid is not None:
            net = grid
            wrong = wrong or ("it has a doubly curved face among others" if len(shapes) > 1 else "")
        why = why or wrong
    return Surface(pieces, mine, net, why)


def _piece(shape: Any, centres: Floats, out: Floats) -> tuple[Floats, Floats | None, str]:
    """The numbers of one face's surface, its net where it is doubly curved, and why it cannot be unrolled, if so.

    centres (m, 3) mm and out (m, 3): a point in each of its triangles, and a vector out of the body there.
    """
    from OCP.BRepAdaptor import BRepAdaptor_Surface
    from OCP.BRepTools import BRepTools
    from OCP.GeomAbs import GeomAbs_SurfaceType as Type
    from OCP.TopoDS import TopoDS

    face = TopoDS.Face_s(shape)
    surface = BRepAdaptor_Surface(face, False)
    u0, u1, v0, v1 = BRepTools.UVBounds_s(face)
    kind = surface.GetType()
    made = np.zeros(PIECE)
    made[1], made[17] = 1.0, 1.0
    if kind == Type.GeomAbs_Plane:
        axis = _xyz(surface.Plane().Axis().Direction())
        axis = axis if _dot(out[0], axis) > 0.0 else -axis
        frame = lat.frame(tuple(_xyz(surface.Plane().Location())), tuple(axis))
        made[0], made[5:17] = PLANE, np.concatenate((frame.origin, frame.x, frame.y, frame.normal))
        return made, None, ""
    if kind == Type.GeomAbs_Sphere:
        return _netted(*_about(surface.Sphere(), centres), made, centres, out)
    if kind not in (Type.GeomAbs_Cylinder, Type.GeomAbs_Cone):
        bounded = BRepAdaptor_Surface(face, True)
        if bounded.IsUClosed() or bounded.IsVClosed():
            made[0] = NET
            return made, None, "it is doubly curved and closes on itself"
        return _netted(surface, (u0, u1, v0, v1), made, centres, out)
    if kind == Type.GeomAbs_Cylinder:
        round_one = surface.Cylinder()
        made[0], made[2] = CYLINDER, round_one.Radius()
        origin, axis = _xyz(round_one.Axis().Location()), _xyz(round_one.Axis().Direction())
        axis = axis if (axis[2], axis[1], axis[0]) > (0.0, 0.0, 0.0) else -axis  # text stands along it: upwards
    else:
        round_one = surface.Cone()
        made[0], half = CONE, abs(round_one.SemiAngle())
        made[3], made[4] = math.sin(half), math.cos(half)
        origin, axis = _xyz(round_one.Apex()), _xyz(round_one.Axis().Direction())
        axis = axis if _dot(centres[0] - origin, axis) > 0.0 else -axis
    middle = _xyz(surface.Value((u0 + u1) / 2.0, (v0 + v1) / 2.0)) - origin
    if u1 - u0 >= _TURN:
        middle = np.array([0.0, -1.0, 0.0]) if abs(axis[1]) < 0.999 else np.array([0.0, 0.0, 1.0])
    x = middle - _dot(middle, axis) * axis
    x /= math.sqrt(_dot(x, x))
    radial = centres[0] - origin
    radial -= _dot(radial, axis) * axis
    made[1] = 1.0 if _dot(radial, out[0]) > 0.0 else -1.0
    y = np.cross(axis, x) * made[1]
    made[5:17] = np.concatenate((origin, x, y, axis)) + 0.0
    return made, None, ""


def _dot(a: Floats, b: Floats) -> float:
    return float(a[0] * b[0] + a[1] * b[1] + a[2] * b[2])


def _xyz(thing: Any) -> Floats:
    return np.array([thing.X(), thing.Y(), thing.Z()], dtype=np.float64)


def _about(ball: Any, centres: Floats) -> tuple[Any, tuple[float, float, float, float]]:
    """A sphere with its equator and first meridian through the middle of a patch, and the patch's bounds there, with some air."""
    from OCP.Geom import Geom_SphericalSurface
    from OCP.GeomAdaptor import GeomAdaptor_Surface
    from OCP.gp import gp_Ax3, gp_Dir, gp_Pnt

    middle = _xyz(ball.Location())
    way = centres - middle
    x = np.round(way.sum(axis=0) / len(way), 6)  # what the libraries may differ in does not reach the net
    if _dot(x, x) < 1e-12:
        x = np.array([1.0, 0.0, 0.0])
    frame = lat.frame((0.0, 0.0, 0.0), tuple(x / math.sqrt(_dot(x, x))))
    turned = gp_Ax3(gp_Pnt(*middle), gp_Dir(*frame.y), gp_Dir(*frame.normal))
    surface = GeomAdaptor_Surface(Geom_SphericalSurface(turned, ball.Radius()))
    across, up, ahead = (way[:, 0] * a + way[:, 1] * b + way[:, 2] * c for a, b, c in (frame.x, frame.y, frame.normal))
    east, north = np.arctan2(across, ahead), np.arctan2(up, np.hypot(across, ahead))
    air = 0.1 * (float(east.max() - east.min()) + float(north.max() - north.min()))
    ends = (float(east.min()) - air, float(east.max()) + air, float(north.min()) - air, float(north.max()) + air)
    return surface, (round(ends[0], 6), round(ends[1], 6), round(ends[2], 6), round(ends[3], 6))


def _netted(
    surface: Any, bounds: tuple[float, float, float, float], made: Floats, centres: Floats, out: Floats
) -> tuple[Floats, Floats | None, str]:
    """A smooth face as a grid over lengths along its middle lines: the coarsest that comes within _NET_ERROR_MM of it."""
    made[0] = NET
    u0, u1, v0, v1 = bounds
    at = ((u0 + u1) / 2.0, (v0 + v1) / 2.0)
    _, du, dv, _ = _derivatives(surface, *at)
    near = int(np.argmin(((centres - _xyz(surface.Value(*at))) ** 2).sum(axis=1)))
    turned = _dot(np.cross(du, dv), out[near]) < 0.0  # x runs along v then, so that x cross y looks out of the body
    for nodes in _NET_NODES:
        us, ud = _by_length(surface, (u0, u1), at[1], nodes, True)
        vs, vd = _by_length(surface, (v0, v1), at[0], nodes, False)
        steps = (ud[0], vd[0])
        net = np.empty((nodes, nodes, 4, 3))
        for i in range(nodes):
            for j in range(nodes):
                p, a, b, ab = _derivatives(surface, us[2 * i], vs[2 * j])
                net[i, j] = p, a / ud[2 * i + 1], b / vd[2 * j + 1], ab / (ud[2 * i + 1] * vd[2 * j + 1])
        worst = 0.0
        for i in range(0, nodes - 1, max(1, nodes // 16)):
            for j in range(0, nodes - 1, max(1, nodes // 16)):
                true = _xyz(surface.Value(us[2 * i + 1], vs[2 * j + 1]))
                worst = max(worst, float(np.abs(_middle(net, i, j, steps) - true).max()))
        if worst <= _NET_ERROR_MM:
            break
    else:
        return made, None, f"it is not smooth: a grid of {nodes} lines each way misses it by {1000.0 * worst:.1f} um"
    if turned:
        net, steps = np.ascontiguousarray(net.transpose(1, 0, 2, 3)[:, :, (0, 2, 1, 3)]), (steps[1], steps[0])
    made[8], made[9] = steps
    return made, net, _stretched(net)


def _derivatives(surface: Any, u: float, v: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Position, d/du, d/dv and d2/dudv."""
    from OCP.gp import gp_Pnt, gp_Vec

    p, du, dv, duu, dvv, duv = gp_Pnt(), gp_Vec(), gp_Vec(), gp_Vec(), gp_Vec(), gp_Vec()
    surface.D2(u, v, p, du, dv, duu, dvv, duv)
    return _xyz(p), _xyz(du), _xyz(dv), _xyz(duv)


def _by_length(
    surface: Any, bounds: tuple[float, float], other: float, nodes: int, along_u: bool
) -> tuple[list[float], list[float]]:
    """Parameters at 2 * nodes - 1 places at equal lengths along a middle line; and [step of the nodes, speed at each place...]."""

    def speed(t: float) -> float:
        _, du, dv, _ = _derivatives(surface, *((t, other) if along_u else (other, t)))
        d = du if along_u else dv
        return math.sqrt(_dot(d, d))

    low, high = bounds
    parts = 256
    width = (high - low) / parts
    sums = [0.0]
    for k in range(parts):
        a = low + k * width
        sums.append(sums[-1] + width / 6.0 * (speed(a) + 4.0 * speed(a + width / 2.0) + speed(a + width)))
    places: list[float] = []
    for k in range(2 * nodes - 1):
        wanted = sums[-1] * k / (2 * nodes - 2)
        at = min(int(np.searchsorted(sums, wanted, side="right")) - 1, parts - 1)
        t = low + at * width + width * (wanted - sums[at]) / (sums[at + 1] - sums[at])
        for _ in range(4):  # Newton's steps on the length within this part
            a = low + at * width
            gone = (t - a) / 6.0 * (speed(a) + 4.0 * speed((a + t) / 2.0) + speed(t))
            t += (wanted - sums[at] - gone) / speed(t)
        places.append(t)
    return places, [sums[-1] / (nodes - 1), *(speed(t) for t in places)]


def _middle(net: Floats, i: int, j: int, steps: tuple[float, float]) -> Floats:
    """The net's point in the middle of a cell."""
    total = np.zeros(3)
    for u in range(2):
        for v in range(2):
            p, x, y, xy = net[i + u, j + v]
            sx, sy = steps[0] * (1 - 2 * u), steps[1] * (1 - 2 * v)
            total += 0.25 * p + 0.0625 * (sx * x + sy * y) + 0.015625 * sx * sy * xy
    return total


def _stretched(net: Floats) -> str:
    """Why letters would be out of shape on this net; nothing where they would not."""
    x, y = net[:, :, 1], net[:, :, 2]
    e, f, g = ((a * b).sum(axis=2) for a, b in ((x, x), (x, y), (y, y)))
    lengths = np.sqrt(np.stack((e, g)))
    worst = max(float(np.abs(lengths - 1.0).max()), float(np.abs(f / (lengths[0] * lengths[1])).max()))
    return "" if worst <= MOST_STRETCH else f"it is too strongly curved both ways: letters would be stretched by {worst:.0%}"
