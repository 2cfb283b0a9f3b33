"""A curved patch unrolled to the plane.

The plane's coordinates are lengths along the patch (`kernels.bend`); its own triangles go with it, and an outline is laid into
them (`engine.shape.lay`), so that every new triangle spans no more of the curve than they do. Pieces that join smoothly (a flat side,
a rounded corner, the next side) are laid side by side where they share an edge. What closes on itself is cut opposite its front.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.model.mesh import STEPS_PER_MM, Faces, Lattice, Mesh, Patch, Points
from engine.model.surface import CONE, CYLINDER, NET, Surface
from engine.shape.regrid import loops, regrid, twins
from kernels.bend import bend, true_points, unroll
from kernels.corners import join
from kernels.portable import arctangent2, cosine, sine

_Rows = npt.NDArray[np.int32]
_OFF_MM = 0.003
"""Points of a patch lie so near its surface, or it is not theirs."""
_CHORD_MM = 0.0095
"""Triangles lie so near it: what is bent is to stay within 0.010 mm, rounding included."""
_THIN = 200.0
"""Steps: triangles of a body are at least so high, or a patch gets others."""
_ROUNDS = 4
"""Triangles that look inward are looked for so often."""
_SAG_MM, _WIDEST = 0.002, 8.0
"""How far a line of our own grid may leave the surface between two others, and how far apart they may be, mm."""
_JOINT_STEPS = 5.0
"""Pieces side by side agree so nearly on where their common points lie."""
_CREASE = 0.02
"""Sine of the largest angle at which pieces may meet."""
_LEVEL = 0.9
"""Cosine of the slope up to which a patch lies level."""
_MOST_BEND = 0.5
"""A stamp is at most so deep as a share of the radius of the curve that it narrows towards."""


@dataclass(frozen=True, eq=False)
class Bent:
    """A patch in its plane. `points` int32 (n, 2) steps, `rows` (n,): of the mesh, or -1; `triangles` int32 (m, 3) of points,
    `twin` (3 m,) as in `kernels.walk`; `surface`: pieces laid into this plane.

    `own` float64 (n, 3): those points in space; `some` (n,): a triangle of each. `most`, `least`: curvature, 1/mm, above zero where the surface bulges outward.
    """

    points: Lattice
    rows: _Rows
    triangles: Faces
    twin: _Rows
    surface: Surface
    own: Points
    some: _Rows
    most: float
    least: float

    def deepest(self, raised: bool) -> float:
        """How deep a stamp may go, or how high, mm."""
        towards = -self.least if raised else self.most
        return _MOST_BEND / towards if towards > 0.0 else math.inf


def unrolled(mesh: Mesh, patch: Patch) -> Bent:
    """A curved patch in its plane: its middle at the origin, text upright as seen from outside. ValueError says why not."""
    surface = patch.surface
    if surface is None or surface.why:
        raise _cannot(patch, surface.why if surface else "nothing is known of its surface")
    faces = mesh.faces[patch.faces]
    corners = np.ascontiguousarray(mesh.points[faces.ravel()])
    owner = np.repeat(surface.owner, 3)
    found = np.empty((len(corners), 3))
    unroll(surface.pieces, surface.net, owner, corners, found)
    if float(found[:, 2].max()) > _OFF_MM:
        raise _cannot(patch, "its points do not lie on its surface")
    flat = np.ascontiguousarray(found[:, :2])
    _closed_up(surface, flat.reshape(-1, 3, 2))
    pieces = _laid_out(patch, surface, faces, flat.reshape(-1, 3, 2))
    _turned_upright(surface, pieces, flat, corners.reshape(-1, 3, 3))
    laid = replace(surface, pieces=pieces)
    points, rows, triangles = _joined(flat, faces, len(mesh.points))
    net = len(pieces) == 1 and pieces[0, 0] == NET
    try:
        if net:  # OCCT's triangles of these come in all shapes
            return _gridded(mesh, patch, laid, points, rows, triangles)
        return _bent(patch, laid, points, rows, mesh.points[rows], triangles, gridded=surface.gridded)
    except ValueError:
        if net or len(pieces) > 1:
            raise
        return _gridded(mesh, patch, laid, points, rows, triangles)  # stamped on before: slivers between the letters


def _bent(
    patch: Patch, laid: Surface, points: Lattice, rows: _Rows, own: Points, triangles: Faces, gridded: bool = False
) -> Bent:
    """A patch with its triangles looked at."""
    twin, some = twins(triangles, len(points)), np.empty(len(points), np.int32)
    a, b, c = (points[triangles[:, k]].astype(np.int64) for k in range(3))
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    longest = np.maximum(np.maximum(_square(b - a), _square(c - b)), _square(a - c))
    if (area <= 0).any():
        raise _cannot(patch, "its triangles do not lie flat beside each other")
    if not gridded and (area < _THIN * np.sqrt(longest)).any():
        raise _cannot(patch, "its triangles are too thin")
    some[triangles.ravel()] = np.repeat(np.arange(len(triangles), dtype=np.int32), 3)
    if gridded:
        triangles = _righted(patch, laid, points, own, triangles, some)
        twin = twins(triangles, len(points))
        some[triangles.ravel()] = np.repeat(np.arange(len(triangles), dtype=np.int32), 3)
    most, least = _shape(patch, laid, points, own, triangles, twin)
    for array in (points, rows, triangles, twin, own, some):
        array.flags.writeable = False
    return Bent(points, rows, triangles, twin, laid, own, some, most, least)


def _righted(patch: Patch, laid: Surface, points: Lattice, own: Points, triangles: Faces, some: _Rows) -> Faces:
    """The triangles, but that none looks inward where its points were rounded to, as an ear of three places of a tight curve may: that
    one and the triangle beyond its longest edge are divided the other way."""
    n = len(points)
    above = np.concatenate((own, np.empty((n, 3))))
    bend(laid.pieces, laid.net, np.ascontiguousarray(laid.owner[some]), points, 1.0, STEPS_PER_MM, above, n)
    for _ in range(_ROUNDS):
        wrong = _inward(own, above[n:] - own, triangles).tolist()
        if not wrong:
            return triangles
        triangles, twin = triangles.copy(), twins(triangles, n)
        done: set[int] = set()
        for t in wrong:
            corners, loop = triangles[t].tolist(), points[triangles[t]].astype(np.int64)
            e = int(np.argmax(_square(loop[[1, 2, 0]] - loop)))
            other = int(twin[3 * t + e])
            if other < 0 or {t, other // 3} & done:
                continue
            tip, far = corners[(e + 2) % 3], int(triangles[other // 3, (other + 2) % 3])
            triangles[t], triangles[other // 3] = (far, tip, corners[e]), (tip, far, corners[(e + 1) % 3])
            done |= {t, other // 3}
    raise _cannot(patch, "its triangles do not all look outward")


def _inward(own: Points, up: Points, triangles: Faces) -> npt.NDArray[np.intp]:
    """Which triangles do not look along the surface's normals `up` (n, 3) at their corners."""
    p, q, r = (own[triangles[:, k]] for k in range(3))
    (ux, uy, uz), (vx, vy, vz) = (q - p).T, (r - p).T
    x, y, z = (up[triangles[:, 0]] + up[triangles[:, 1]] + up[triangles[:, 2]]).T
    return np.flatnonzero(~((uy * vz - uz * vy) * x + (uz * vx - ux * vz) * y + (ux * vy - uy * vx) * z > 0.0))


def _gridded(mesh: Mesh, patch: Patch, laid: Surface, points: Lattice, rows: _Rows, triangles: Faces) -> Bent:
    """As `_bent`, with triangles of our own within the same border: as large as the surface lets them be."""
    found = loops(triangles, len(points))
    if found is None:
        raise _cannot(patch, "its border touches itself")
    order = np.concatenate(found)
    ends = np.cumsum([len(loop) for loop in found], dtype=np.int32)
    across, up = _spacing(laid, points)
    for fine in (1.0, 1.5, 2.5):
        made = regrid(points[order], ends, across * STEPS_PER_MM / fine, up * STEPS_PER_MM / fine)
        if made is None:
            raise _cannot(patch, "its border touches itself")
        every, fresh = made
        inner = len(every) - len(order)
        own = np.empty((len(every), 3))
        own[: len(order)] = mesh.points[rows[order]]
        owner = np.zeros(inner, np.int32)
        bend(laid.pieces, laid.net, owner, np.ascontiguousarray(every[len(order) :]), 0.0, STEPS_PER_MM, own, len(order))
        whose = np.concatenate((rows[order], np.full(inner, -1, np.int32)))
        of_one = replace(laid, owner=np.zeros(len(fresh), np.int32))
        try:
            return _bent(patch, of_one, every, whose, own, fresh, gridded=True)
        except ValueError as error:
            why = error
    raise why


def _spacing(laid: Surface, points: Lattice) -> tuple[float, float]:
    """How far apart the lines of a grid may be, mm, across and up, by how the normals turn over the patch's box."""
    (x0, y0), (x1, y1) = (points.min(axis=0) / STEPS_PER_MM).tolist(), (points.max(axis=0) / STEPS_PER_MM).tolist()
    parts = 24
    x, y = np.meshgrid(
        x0 + (x1 - x0) * np.arange(parts + 1) / parts, y0 + (y1 - y0) * np.arange(parts + 1) / parts, indexing="ij"
    )
    found = np.empty((x.size, 6))
    plane = np.ascontiguousarray(np.stack((x.ravel(), y.ravel()), axis=1))
    true_points(laid.pieces, laid.net, np.zeros(len(plane), np.int32), plane, found)
    normals = found[:, 3:].reshape(parts + 1, parts + 1, 3)
    made = []
    for turn, length in ((normals[1:] - normals[:-1], x1 - x0), (normals[:, 1:] - normals[:, :-1], y1 - y0)):
        square = turn[:, :, 0] * turn[:, :, 0] + turn[:, :, 1] * turn[:, :, 1] + turn[:, :, 2] * turn[:, :, 2]
        curved = math.sqrt(float(square.max())) * parts / length
        made.append(min(_WIDEST, math.sqrt(8.0 * _SAG_MM / max(curved, 1e-9))))
    return min(made[0], 2.0 * made[1]), min(made[1], 2.0 * made[0])


def _cannot(patch: Patch, why: str) -> ValueError:
    return ValueError(f"patch {patch.name!r} cannot be unrolled: {why}")


def _closed_up(surface: Surface, flat: Points) -> None:
    """Put the corners of triangles that lie across the cut of a cylinder or cone to one side of it. flat (m, 3, 2): changed."""
    for i, piece in enumerate(surface.pieces):
        mine = np.flatnonzero(surface.owner == i)
        if piece[0] == CYLINDER:
            turn = 2.0 * math.pi * piece[2]
            x = flat[mine, :, 0]
            for row in mine[x.max(axis=1) - x.min(axis=1) > turn / 2.0].tolist():
                x = np.where(flat[row, :, 0] < 0.0, flat[row, :, 0] + turn, flat[row, :, 0])
                flat[row, :, 0] = x - turn if float(x[0] + x[1] + x[2]) > 1.5 * turn else x
        elif piece[0] == CONE:
            for row in mine[(flat[mine, :, 0] < 0.0).any(axis=1) & (flat[mine, :, 0] > 0.0).any(axis=1)].tolist():
                angles = [arctangent2(x, y) for x, y in flat[row].tolist()]
                turn = 2.0 * math.pi * piece[3]
                if max(angles) - min(angles) > turn / 2.0:
                    wrapped = [a + turn if a < 0.0 else a for a in angles]
                    back = turn if sum(wrapped) > 1.5 * turn else 0.0
                    for corner, angle in enumerate(wrapped):
                        x, y = flat[row, corner].tolist()
                        r = math.sqrt(x * x + y * y)
                        flat[row, corner] = r * sine(angle - back), r * cosine(angle - back)


def _laid_out(patch: Patch, surface: Surface, faces: Faces, flat: Points) -> Points:
    """The pieces with their motions into one plane, outward from the first; flat (m, 3, 2) is moved with them."""
    pieces = surface.pieces.copy()
    if len(pieces) == 1:
        return pieces
    placed, todo = {0}, [0]
    places = {i: _by_row(surface, faces, flat, i) for i in range(len(pieces))}
    while todo:
        here = todo.pop(0)
        for other in range(len(pieces)):
            if other in placed:
                continue
            shared = sorted(places[here].keys() & places[other].keys())
            if len(shared) < 2:
                continue
            mine, its = (np.array([places[p][row] for row in shared]) for p in (here, other))
            _move(pieces[other], mine, its)
            moved = _forward(pieces[other], its)
            if float(np.abs(moved - mine).max()) > _JOINT_STEPS / STEPS_PER_MM:
                raise _cannot(patch, "two of its faces do not lie flat beside each other where they meet")
            of = surface.owner == other
            flat[of] = _forward(pieces[other], flat[of].reshape(-1, 2)).reshape(-1, 3, 2)
            places[other] = _by_row(surface, faces, flat, other)
            placed.add(other)
            todo.append(other)
    if len(placed) < len(pieces):
        raise _cannot(patch, "its faces do not hang together")
    return pieces


def _by_row(surface: Surface, faces: Faces, flat: Points, piece: int) -> dict[int, tuple[float, float]]:
    """Where the points of one piece lie, by their rows in the mesh."""
    of = surface.owner == piece
    return dict(zip(faces[of].ravel().tolist(), map(tuple, flat[of].reshape(-1, 2).tolist()), strict=True))


def _move(piece: Points, mine: Points, its: Points) -> None:
    """Write the motion that lays its points on mine: both ends of the longest stretch between them."""
    far = its - its[0]
    end = int(np.argmax(far[:, 0] * far[:, 0] + far[:, 1] * far[:, 1]))
    (ax, ay), (bx, by) = (its[end] - its[0]).tolist(), (mine[end] - mine[0]).tolist()
    c, s = ax * bx + ay * by, ax * by - ay * bx
    length = math.sqrt(c * c + s * s)
    c, s = c / length, s / length
    x, y = ((its[0] + its[end]) / 2.0).tolist()
    u, v = ((mine[0] + mine[end]) / 2.0).tolist()
    piece[17:21] = c, s, u - (c * x - s * y), v - (s * x + c * y)


def _forward(piece: Points, own: Points) -> Points:
    """From the piece's plane to the patch's."""
    c, s, u, v = piece[17:21].tolist()
    x, y = own[:, 0], own[:, 1]
    return np.stack((u + c * x - s * y, v + s * x + c * y), axis=1)


def _turned_upright(surface: Surface, pieces: Points, flat: Points, corners: Points) -> None:
    """Move the plane so that the patch's middle is its origin, and turn it by quarters so that y runs upwards there.

    flat (3 m, 2) and the motions of the pieces are changed. Upwards is +z, and +y where the patch lies about level.
    """
    (x0, y0), (x1, y1) = flat.min(axis=0).tolist(), flat.max(axis=0).tolist()
    alone = len(pieces) == 1 and pieces[0, 0] in (CYLINDER, CONE)
    middle = np.array((0.0 if alone else (x0 + x1) / 2.0, (y0 + y1) / 2.0))
    flat -= middle
    near = flat[0::3] + flat[1::3] + flat[2::3]
    t = int(np.argmin(near[:, 0] * near[:, 0] + near[:, 1] * near[:, 1]))
    (a, b, c), (p, q, r) = flat.reshape(-1, 3, 2)[t], corners[t]
    (e, f), (g, h) = (b - a).tolist(), (c - a).tolist()
    whole = e * h - f * g
    along_x, along_y = ((q - p) * h - (r - p) * f) / whole, ((r - p) * e - (q - p) * g) / whole
    normal_z = float(along_x[0] * along_y[1] - along_x[1] * along_y[0])
    length = math.sqrt(float(_dot(along_x[None], along_x[None])[0] * _dot(along_y[None], along_y[None])[0]))
    up = 1 if abs(normal_z) > _LEVEL * length else 2
    ways = [float(along_y[up]), float(along_x[up]), float(-along_y[up]), float(-along_x[up])]
    quarter = max(range(4), key=lambda k: (round(ways[k], 6), -k))
    c, s = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[quarter]
    x, y = flat[:, 0].copy(), flat[:, 1].copy()
    flat[:, 0], flat[:, 1] = c * x - s * y, s * x + c * y
    for piece in pieces:
        pc, ps, u, v = piece[17:21].tolist()
        u, v = u - float(middle[0]), v - float(middle[1])
        piece[17:21] = c * pc - s * ps, s * pc + c * ps, c * u - s * v, s * u + c * v


def _joined(flat: Points, faces: Faces, rows: int) -> tuple[Lattice, _Rows, Faces]:
    """Corners at one place of one row, of so many, made one point: (points in steps, rows, triangles)."""
    places = np.rint(flat * STEPS_PER_MM).astype(np.int32)
    n = len(places)
    points, of, corners = np.empty((n, 2), np.int32), np.empty(n, np.int32), np.empty(n, np.int32)
    many = join(
        faces.ravel(), places, round(_JOINT_STEPS), points, of, corners, np.empty(rows, np.int32), np.empty(n, np.int32)
    )
    return points[:many].copy(), of[:many].copy(), corners.reshape(-1, 3)


def _edges(triangles: Faces, twin: _Rows) -> Iterator[npt.NDArray[np.int64]]:
    """Edges as (first point, last point, triangle), each once."""
    h = np.flatnonzero(twin < np.arange(len(twin)))
    yield triangles[h // 3, h % 3].astype(np.int64)
    yield triangles[h // 3, (h + 1) % 3].astype(np.int64)
    yield h // 3


def _shape(patch: Patch, laid: Surface, points: Lattice, own: Points, triangles: Faces, twin: _Rows) -> tuple[float, float]:
    """The largest and least curvature along the patch's edges; ValueError where they are too coarse or pieces meet at an angle."""
    first, last, of = _edges(triangles, twin)
    plane = points / STEPS_PER_MM
    owner = np.ascontiguousarray(laid.owner[of])
    found = np.empty((3, len(first), 6))
    for k, at in enumerate((plane[first], plane[last], (plane[first] + plane[last]) / 2.0)):
        true_points(laid.pieces, laid.net, owner, np.ascontiguousarray(at), found[k])
    p, q = own[first], own[last]
    off = np.abs(_dot((p + q) / 2.0 - found[2, :, :3], found[2, :, 3:]))
    if float(off.max()) > _CHORD_MM:
        raise _cannot(patch, f"its triangles leave its surface by {1000.0 * float(off.max()):.0f} um")
    both = np.flatnonzero(twin[: len(twin)] > np.arange(len(twin)))
    one, other = laid.owner[both // 3], laid.owner[twin[both] // 3]
    meet = both[one != other]
    if len(meet):
        at = np.ascontiguousarray(plane[triangles[meet // 3, meet % 3]])
        sides = np.empty((2, len(meet), 6))
        true_points(laid.pieces, laid.net, np.ascontiguousarray(laid.owner[meet // 3]), at, sides[0])
        true_points(laid.pieces, laid.net, np.ascontiguousarray(laid.owner[twin[meet] // 3]), at, sides[1])
        if float(np.abs(sides[0, :, 3:] - sides[1, :, 3:]).max()) > _CREASE:
            raise _cannot(patch, "two of its faces meet at an angle")
    way = q - p
    curved = _dot(found[1, :, 3:] - found[0, :, 3:], way) / _dot(way, way)
    return float(curved.max()), float(curved.min())


def _square(way: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Squared lengths."""
    return (way[:, 0] * way[:, 0] + way[:, 1] * way[:, 1]).astype(np.float64)


def _dot(a: Points, b: Points) -> Points:
    product: Points = a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1] + a[:, 2] * b[:, 2]
    return product
