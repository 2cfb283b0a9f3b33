"""From the triangles of single faces to one closed mesh on the lattice that ships. numpy only; exact integers after rounding."""

from __future__ import annotations

import itertools
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


def triangulations(data: bytes, count: int) -> Iterable[tuple[Points, Points, Faces]]:
    """Points, their parameters (n, 2) and triangles (numbered from 1) of each triangulation in OCCT's binary format, version 4.

    Each is: nodes int32, triangles int32, has parameters, has normals (a byte each), deflection float64, xyz of the nodes float64, their
    parameters float64, triples int32.
    """
    head = f"\nTriangulations {count}\n".encode()
    at = data.find(head)
    if at < 0:
        raise EngineFault("CAD: OCCT's binary format is not the one this door reads")
    at += len(head)
    for _ in range(count):
        nodes, triples = np.frombuffer(data, "<i4", 2, at).tolist()
        if data[at + 8 : at + 10] != b"\1\0":
            raise EngineFault("CAD: OCCT wrote a triangulation in a form that this door does not read")
        at += 18
        xyz = np.frombuffer(data, "<f8", 3 * nodes, at).reshape(-1, 3)
        at += 24 * nodes
        uv = np.frombuffer(data, "<f8", 2 * nodes, at).reshape(-1, 2)
        at += 16 * nodes
        yield xyz, uv, np.frombuffer(data, "<i4", 3 * triples, at).reshape(-1, 3)
        at += 12 * triples


def moved(points: Points, by: list[list[float]]) -> Points:
    """The points under a 3x4 transformation, sums in fixed order."""
    made = np.empty_like(points)
    for r, (a, b, c, d) in enumerate(by):
        made[:, r] = points[:, 0] * a + points[:, 1] * b + points[:, 2] * c + d
    return made


def places(lattice: Lattice) -> Int64:
    """The rank (n,) of each point's place among all places, by x, then y, then z: equal places have one rank."""
    order = np.lexsort((lattice[:, 2], lattice[:, 1], lattice[:, 0]))
    ordered = lattice[order]
    rank = np.zeros(len(order), dtype=np.int64)
    rank[order[1:]] = np.cumsum((ordered[1:] != ordered[:-1]).any(axis=1))
    return rank


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
    """The same surface without triangles of zero area, closed where it was closed; `owner` follows.

    Rounding lays columns of points on one line (OCCT meshes strips thinner than a lattice step). Flat triangles go; a side that
    then has no partner is cut at every point that lies on it, which moves nothing. What a flat triangle had joined meets again
    at those points, because its own outline, cut so, runs to and fro along one line. Two triangles back to back go too.
    """
    a, b, c = faces[:, 0], faces[:, 1], faces[:, 2]
    flat = (a == b) | (b == c) | (c == a) | ~crosses(lattice, faces).any(axis=1)
    if not flat.any():
        return faces, owner
    faces, owner = faces[~flat], owner[~flat]
    sides, backs = _sides(faces)
    single = np.flatnonzero(~np.isin(sides, backs) | _repeated(sides))
    at = np.unique(faces[single % len(faces)].reshape(-1))
    cuts: dict[int, dict[tuple[int, int], list[int]]] = {}
    for place in single.tolist():
        row, k = place % len(faces), place // len(faces)
        side = (int(faces[row, k]), int(faces[row, (k + 1) % 3]))
        inside = _on_segment(lattice, side, at)
        if inside:
            cuts.setdefault(row, {})[side] = inside
    made, owners = [], []
    for row, sides_cut in cuts.items():
        pieces = _cut(tuple(faces[row].tolist()), sides_cut)
        made += pieces
        owners += [int(owner[row])] * len(pieces)
    kept = np.ones(len(faces), dtype=bool)
    kept[list(cuts)] = False
    faces = np.concatenate([faces[kept], np.array(made, dtype=np.int32).reshape(-1, 3)])
    owner = np.concatenate([owner[kept], np.array(owners, dtype=np.int32)])
    return _without_pairs(faces, owner)


def without_folds(lattice: Lattice, faces: Faces, owner: Rows) -> tuple[Faces, Rows]:
    """The same surface where no thin triangle lies folded back on its neighbour; `owner` follows.

    Rounding may carry the tip of a sliver across its longest side. That side is then turned (the sliver and the triangle across
    it become the two others of their four points), which moves nothing. No triangle of zero area comes in; what cannot be cured so
    stays, for `verify` to find.
    """
    faces, owner = faces.copy(), owner.copy()
    for _ in range(_TURNS):
        folded = _folded(lattice, faces)
        if not len(folded) or not any([_turned(lattice, faces, owner, row) for row in folded.tolist()]):
            break
    return faces, owner


_TURNS = 8
_BACK = -0.9
_THIN = 4.0
"""Steps: rounding folds no triangle that is higher."""


def _folded(lattice: Lattice, faces: Faces) -> Rows:
    """Of each two neighbours whose normals are opposite, the row of the lower, where it is thin enough for rounding to have done it."""
    normals = crosses(lattice, faces).astype(np.float64)
    sizes = np.sqrt((normals * normals).sum(axis=1))
    normals /= np.maximum(sizes, 1.0)[:, None]
    sides, backs = _sides(faces)
    order = np.argsort(sides, kind="stable")
    at = np.minimum(np.searchsorted(sides[order], backs), len(order) - 1)
    mate = order[at] % len(faces)
    row = np.arange(len(backs)) % len(faces)
    back = (sides[order][at] == backs) & ((normals[row] * normals[mate]).sum(axis=1) < _BACK)
    longest = np.zeros(len(faces))
    for k in range(3):
        side = (lattice[faces[:, (k + 1) % 3]] - lattice[faces[:, k]]).astype(np.float64)
        longest = np.maximum(longest, np.sqrt((side * side).sum(axis=1)))
    height = sizes / np.maximum(longest, 1.0)
    lower = np.where(height[row] < height[mate], row, mate)[back]
    return np.unique(lower[height[lower] < _THIN]).astype(np.int32)


def _turned(lattice: Lattice, faces: Faces, owner: Rows, row: int) -> bool:
    """Turn the longest side of a triangle, in place; False where that is not allowed."""
    corners = faces[row].tolist()
    spans = [lattice[corners[(k + 1) % 3]].astype(np.int64) - lattice[corners[k]] for k in range(3)]
    k = max(range(3), key=lambda i: int((spans[i] * spans[i]).sum()))
    p, q, r = corners[k], corners[(k + 1) % 3], corners[(k + 2) % 3]
    across = np.flatnonzero((faces == p).any(axis=1) & (faces == q).any(axis=1))
    mates = [m for m in across.tolist() if m != row]
    if len(mates) != 1:
        return False
    mate = mates[0]
    s = next(v for v in faces[mate].tolist() if v not in (p, q))
    if s == r or np.any((faces == r).any(axis=1) & (faces == s).any(axis=1)):
        return False
    made = np.array([(q, r, s), (r, p, s)], dtype=np.int32)
    if not crosses(lattice, made).any(axis=1).all():
        return False
    faces[row], faces[mate] = made
    owner[row] = owner[mate]
    return True


def _sides(faces: Faces) -> tuple[Int64, Int64]:
    """Each side (a, b) as one number, the first sides of all faces first, and likewise (b, a)."""
    a = faces.astype(np.int64)
    n = int(a.max(initial=0)) + 1
    there = np.concatenate([a[:, k] * n + a[:, (k + 1) % 3] for k in range(3)])
    back = np.concatenate([a[:, (k + 1) % 3] * n + a[:, k] for k in range(3)])
    return there, back


def _repeated(numbers: Int64) -> npt.NDArray[np.bool_]:
    _, which, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    return np.asarray(counts[which.reshape(-1)] > 1)


def _on_segment(lattice: Lattice, side: tuple[int, int], candidates: npt.NDArray[np.int32]) -> list[int]:
    """Those of the candidates that lie strictly inside the side, from its first end to its second."""
    first, last = lattice[side[0]].astype(np.int64), lattice[side[1]].astype(np.int64)
    along, away = last - first, lattice[candidates].astype(np.int64) - first
    at = away[:, 0] * along[0] + away[:, 1] * along[1] + away[:, 2] * along[2]
    inside = (at > 0) & (at < int(along[0]) ** 2 + int(along[1]) ** 2 + int(along[2]) ** 2)
    for k in range(3):
        i, j = (k + 1) % 3, (k + 2) % 3
        inside &= away[:, i] * along[j] == away[:, j] * along[i]
    found = np.flatnonzero(inside)
    return [int(candidates[f]) for f in found[np.argsort(at[found], kind="stable")]]


def _cut(triangle: tuple[int, ...], cuts: dict[tuple[int, int], list[int]]) -> list[tuple[int, ...]]:
    """The triangle in pieces, with those points on those of its sides."""
    for k in range(3):
        a, b, c = triangle[k], triangle[(k + 1) % 3], triangle[(k + 2) % 3]
        if (a, b) in cuts:
            chain = [a, *cuts[a, b], b]
            rest = {side: points for side, points in cuts.items() if side != (a, b)}
            return [piece for p, q in itertools.pairwise(chain) for piece in _cut((p, q, c), rest)]
    return [triangle]


def _without_pairs(faces: Faces, owner: Rows) -> tuple[Faces, Rows]:
    """Without pairs of triangles on the same corners, one face up and one face down: they enclose nothing."""
    low = np.argmin(faces, axis=1)
    turned = np.take_along_axis(faces, (low[:, None] + np.arange(3)) % 3, axis=1)
    down: dict[tuple[int, ...], list[int]] = {}
    gone: list[int] = []
    for row, corners in enumerate(map(tuple, turned.tolist())):
        other = down.get((corners[0], corners[2], corners[1]))
        if other:
            gone += [row, other.pop()]
        else:
            down.setdefault(corners, []).append(row)
    kept = np.ones(len(faces), dtype=bool)
    kept[gone] = False
    return faces[kept], owner[kept]


def unpaired_edges(faces: Faces) -> tuple[int, int]:
    """(sides that no face runs along the other way, sides that two faces run along the same way): (0, 0) when closed."""
    there, back = _sides(faces)
    return int(np.count_nonzero(~np.isin(there, back))), int(np.count_nonzero(_repeated(there)))


CLEARLY = 2
"""Lattice steps by which two segments must reach past each other to cross: slanted planes are rounded by half a step."""


def outline_crosses(lattice: Lattice, faces: Faces) -> bool:
    """Whether the outline of these triangles, all of one planar face, clearly crosses itself, seen along the plane's main axis."""
    there, back = _sides(faces)
    rim = there[~np.isin(there, back)]
    if not len(rim):
        return False
    n = int(faces.max()) + 1
    facing = np.abs(crosses(lattice, faces)).max(axis=0)
    seen = [k for k in range(3) if k != int(np.argmax(facing))]
    starts, ends = (lattice[index][:, seen].astype(np.int64) for index in (rim // n, rim % n))
    left, right = np.minimum(starts[:, 0], ends[:, 0]), np.maximum(starts[:, 0], ends[:, 0])
    order = np.argsort(left, kind="stable")
    for at in range(0, len(order), 256):
        some = order[at : at + 256]
        later = order[at:]
        near = later[left[later] <= int(right[some].max())]
        if _any_crossing(starts[some], ends[some], starts[near], ends[near]):
            return True
    return False


def _any_crossing(a: Int64, b: Int64, c: Int64, d: Int64) -> bool:
    """Whether any segment ab clearly crosses any segment cd: the ends of each lie on both sides of the other."""

    def beside(p: Int64, q: Int64, r: Int64) -> npt.NDArray[np.float64]:
        """How far each r lies left of each line pq, in steps."""
        u, v = q[:, None] - p[:, None], r[None] - p[:, None]
        length = np.sqrt((u[..., 0] ** 2 + u[..., 1] ** 2).astype(np.float64))
        return np.asarray((u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]) / np.maximum(length, 1.0))

    def parted(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        return np.asarray((np.minimum(one, other) < -CLEARLY) & (np.maximum(one, other) > CLEARLY))

    across = parted(beside(a, b, c), beside(a, b, d))
    return bool((across & parted(beside(c, d, a), beside(c, d, b)).T).any())


def bulk(lattice: Lattice) -> float:
    """Volume of the bounding box, mm3, and what the sum of a volume may be rounded by."""
    size = (lattice.max(axis=0).astype(np.float64) - lattice.min(axis=0)) / STEPS_PER_MM
    return float(size[0] * size[1] * size[2]) * (1.0 + 1e-9)


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
