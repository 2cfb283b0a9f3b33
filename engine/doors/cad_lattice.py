"""From the triangles of single faces to one closed mesh on the lattice that ships. numpy only; exact integers after rounding."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from engine.errors import EngineFault
from engine.model.mesh import STEPS_PER_MM, Faces, Lattice, Plane, Points

Rows = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

FINER = 10**6
"""Noise of OCCT (1e-13 mm) must not decide a tie: coordinates are first rounded to a millionth of a lattice step."""


def rounded(points: Points) -> Lattice:
    """mm to lattice steps, int32 (n, 3)."""
    finer = np.rint(points * float(STEPS_PER_MM * FINER)) / float(FINER)
    return np.rint(finer).astype(np.int32)


def triangulations(data: bytes, count: int) -> Iterable[tuple[Points, Faces]]:
    """Points and triangles (numbered from 1) of each triangulation in OCCT's binary format, version 4.

    Each is: nodes int32, triangles int32, has UV, has normals (a byte each), deflection float64, xyz of the nodes float64, triples int32.
    """
    head = f"\nTriangulations {count}\n".encode()
    at = data.find(head)
    if at < 0:
        raise EngineFault("CAD: OCCT's binary format is not the one this door reads")
    at += len(head)
    for _ in range(count):
        nodes, triples = np.frombuffer(data, "<i4", 2, at).tolist()
        if data[at + 8 : at + 10] != b"\0\0":
            raise EngineFault("CAD: OCCT wrote a triangulation in a form that this door does not read")
        at += 18
        xyz = np.frombuffer(data, "<f8", 3 * nodes, at).reshape(-1, 3)
        at += 24 * nodes
        yield xyz, np.frombuffer(data, "<i4", 3 * triples, at).reshape(-1, 3)
        at += 12 * triples


def moved(points: Points, by: list[list[float]]) -> Points:
    """The points under a 3x4 transformation, sums in fixed order."""
    made = np.empty_like(points)
    for r, (a, b, c, d) in enumerate(by):
        made[:, r] = points[:, 0] * a + points[:, 1] * b + points[:, 2] * c + d
    return made


def weld(lattice: Lattice, faces: Faces) -> tuple[Lattice, Faces]:
    """One point for each place, in order of first use by the faces; points that no face uses are left out."""
    used = lattice[faces.reshape(-1)]
    order = np.lexsort((used[:, 2], used[:, 1], used[:, 0]))  # stable: equal places keep their order of use
    ordered = used[order]
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.cumsum(new) - 1
    first = order[new]
    rank = np.empty(len(first), dtype=np.int32)
    by_use = np.argsort(first, kind="stable")
    rank[by_use] = np.arange(len(first), dtype=np.int32)
    return used[first[by_use]], rank[place].reshape(-1, 3)


def crosses(lattice: Lattice, faces: Faces) -> Int64:
    """Twice the area vector of each triangle, int64 (m, 3): exact up to edges of 200 m."""
    a, b, c = (lattice[faces[:, k]].astype(np.int64) for k in range(3))
    u, v = b - a, c - a
    made = np.empty_like(u)
    for k in range(3):
        i, j = (k + 1) % 3, (k + 2) % 3
        made[:, k] = u[:, i] * v[:, j] - u[:, j] * v[:, i]
    return made


def without_flat(lattice: Lattice, faces: Faces, owner: Rows) -> tuple[Faces, Rows]:
    """The same surface without triangles of zero area, closed where it was closed.

    A triangle with two corners in one place goes (its edge had collapsed). One with three corners on a line has its long
    edge flipped into the neighbour, which then owns both: the middle corner lies on that edge, so no point of the surface moves.
    """
    a, b, c = faces[:, 0], faces[:, 1], faces[:, 2]
    whole = (a != b) & (b != c) & (c != a)
    faces, owner = faces[whole], owner[whole]
    flat = ~crosses(lattice, faces).any(axis=1)
    if not flat.any():
        return faces, owner
    return _flipped(lattice, faces, owner, np.flatnonzero(flat).tolist())


def _flipped(lattice: Lattice, faces: Faces, owner: Rows, waiting: list[int]) -> tuple[Faces, Rows]:
    triangles = [tuple(t) for t in faces.tolist()]
    owners = owner.tolist()
    places = [tuple(p) for p in lattice.tolist()]
    half = {(t[k], t[(k + 1) % 3]): i for i, t in enumerate(triangles) for k in range(3)}
    gone: set[int] = set()
    tries = 20 * len(waiting) + 1000
    while waiting and tries:
        tries -= 1
        i = waiting.pop(0)
        if i in gone or not _on_a_line(places, triangles[i]):
            continue
        a, b, v = _long_edge_first(places, triangles[i])
        j = half.get((b, a))
        if j is None or j == i:
            continue
        d = next(p for p in triangles[j] if p not in (a, b))
        for t in (i, j):
            for k in range(3):
                half.pop((triangles[t][k], triangles[t][(k + 1) % 3]), None)
        if d == v:  # the neighbour lies on it, face down: both go
            gone.update((i, j))
            continue
        owners[i] = owners[j]
        for t, made in ((i, (b, v, d)), (j, (v, a, d))):
            triangles[t] = made
            for k in range(3):
                half[made[k], made[(k + 1) % 3]] = t
            if _on_a_line(places, made):
                waiting.append(t)
    kept = [t for t in range(len(triangles)) if t not in gone]
    return np.array([triangles[t] for t in kept], dtype=np.int32).reshape(-1, 3), np.array(
        [owners[t] for t in kept], dtype=np.int32
    )


def _on_a_line(places: list[tuple[int, ...]], triangle: tuple[int, ...]) -> bool:
    a, b, c = (places[p] for p in triangle)
    u, v = [b[k] - a[k] for k in range(3)], [c[k] - a[k] for k in range(3)]
    return all(u[(k + 1) % 3] * v[(k + 2) % 3] == u[(k + 2) % 3] * v[(k + 1) % 3] for k in range(3))


def _long_edge_first(places: list[tuple[int, ...]], triangle: tuple[int, ...]) -> tuple[int, int, int]:
    """The triangle turned so that its first edge is the longest (its third corner then lies between the two)."""

    def squared(k: int) -> int:
        p, q = places[triangle[k]], places[triangle[(k + 1) % 3]]
        return sum((x - y) ** 2 for x, y in zip(p, q, strict=True))

    k = max(range(3), key=squared)
    return triangle[k], triangle[(k + 1) % 3], triangle[(k + 2) % 3]


def open_edges(faces: Faces) -> tuple[int, int]:
    """(edges without exactly one neighbour of opposite direction, of which those used twice in the same direction)."""
    a = faces.astype(np.int64)
    n = int(a.max(initial=0)) + 1
    there = np.concatenate([a[:, k] * n + a[:, (k + 1) % 3] for k in range(3)])
    back = np.concatenate([a[:, (k + 1) % 3] * n + a[:, k] for k in range(3)])
    _, counts = np.unique(there, return_counts=True)
    alone = int(np.count_nonzero(~np.isin(there, back)))
    twice = int(np.count_nonzero(counts > 1))
    return alone + twice, twice


def volume(lattice: Lattice, faces: Faces) -> float:
    """mm3 enclosed, negative when inside out."""
    p = lattice.astype(np.float64) / STEPS_PER_MM
    a, b, c = p[faces[:, 0]], p[faces[:, 1]], p[faces[:, 2]]
    return float(
        np.add.reduce(
            a[:, 0] * (b[:, 1] * c[:, 2] - b[:, 2] * c[:, 1])
            + a[:, 1] * (b[:, 2] * c[:, 0] - b[:, 0] * c[:, 2])
            + a[:, 2] * (b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0])
        )
        / 6.0
    )


def level_plane(lattice: Lattice, faces: Faces) -> Plane | None:
    """The plane across an axis in which all these triangles lie exactly, seen from outside; None when there is none."""
    if not len(faces):
        return None
    corners = lattice[faces.reshape(-1)]
    out = crosses(lattice, faces)
    for axis in range(3):
        if (corners[:, axis] == corners[0, axis]).all():
            sign = 1 if out[0, axis] > 0 else -1
            if not (np.sign(out[:, axis]) == sign).all():
                return None
            at = [0.0, 0.0, 0.0]
            at[axis] = float(corners[0, axis]) / STEPS_PER_MM
            normal = [0.0, 0.0, 0.0]
            normal[axis] = float(sign)
            return frame((at[0], at[1], at[2]), (normal[0], normal[1], normal[2]))
    return None


Vector = tuple[float, float, float]


def frame(point: Vector, normal: Vector) -> Plane:
    """A plane through `point` with unit `normal`: y runs as far up (+z) as the plane lets it, in level planes along +y.

    The origin is the plane's point nearest the model's origin. So text reads upright from outside: x = y cross normal.
    """
    nx, ny, nz = normal
    up: Vector = (0.0, 1.0, 0.0) if abs(nz) > 0.999 else (0.0, 0.0, 1.0)
    along = up[0] * nx + up[1] * ny + up[2] * nz
    y = _unit((up[0] - along * nx, up[1] - along * ny, up[2] - along * nz))
    x = _unit((y[1] * nz - y[2] * ny, y[2] * nx - y[0] * nz, y[0] * ny - y[1] * nx))
    far = point[0] * nx + point[1] * ny + point[2] * nz
    return Plane(_clean((far * nx, far * ny, far * nz)), x, y)


def _unit(v: Vector) -> Vector:
    length = (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]) ** 0.5
    return _clean((v[0] / length, v[1] / length, v[2] / length))


def _clean(v: Vector) -> Vector:
    """Without negative zeros."""
    return (v[0] + 0.0, v[1] + 0.0, v[2] + 0.0)
