"""In the CAD child: the same nodes get the same triangles in the same order, however OCCT decided its ties. numpy only; exact integers.

OCCT's shapes differ from run to run by 1e-16 mm, and by that it turns diagonals of rectangles of its parameters. So its triangles are only
where this begins. Flat faces come out as the constrained Delaunay triangulation of their nodes, among co-circular ones with the diagonal
at the lowest node (C. L. Lawson, "Software for C1 surface interpolation", 1977; the tie rule pulls the lowest node of a cell, so every
road ends at the same fan). On curved faces, whose measure is OCCT's own, only diagonals are turned that are a tie in every measure.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

GRID = 2**22
"""Steps of the parameters across a face: noise is far below one, and what `_wrapped` says of determinants holds."""


def steadied(triangles: Int64, faces: Int64, uv: Floats, ends: Int64, flat: Bools, key: Int64) -> Int64:
    """The triangles (m, 3) of nodes in their canonical form: turned and sorted within each face, faces (m,) ascending as they were.

    triangles: counter-clockwise in `uv` (n, 2), the parameters of the nodes; nodes of face f are ends[f]:ends[f + 1]. flat (f,): which
    are planes (parameters in one unit). key (n,): what tells nodes apart from run to run; of equal keys the parameters decide.
    Only sides within a face are turned, and only where both new triangles have an area. O(m log m), and O(1) a turn.
    """
    if not len(triangles):
        return triangles
    at = _on_grid(uv, ends, flat)
    rank = np.empty(len(key), dtype=np.int64)
    rank[np.lexsort((at[:, 1], at[:, 0], key))] = np.arange(len(key))
    corner = triangles.reshape(-1).astype(np.int64)
    mate = _mates(corner)
    side, wanted = _judged(corner, mate, flat[faces], at, rank)
    curved = ~flat[faces[side // 3]]
    one = side[wanted & curved]
    two = mate[one]
    corner[one], corner[two] = corner[_before(two)], corner[_before(one)]
    rest = side[wanted & ~curved]
    for face in np.flatnonzero(np.bincount(faces[rest // 3])).tolist():
        first, last = (3 * np.searchsorted(faces, (face, face + 1))).tolist()
        begin, end = int(ends[face]), int(ends[face + 1])
        own = np.where(mate[first:last] < 0, -1, mate[first:last] - first).tolist()
        stack = (rest[(rest >= first) & (rest < last)] - first).tolist()
        corners = (corner[first:last] - begin).tolist()
        _turn(corners, own, stack, at[begin:end].tolist(), rank[begin:end].tolist())
        corner[first:last] = np.array(corners) + begin
    return _sorted(corner, faces, rank)


def _sorted(corner: Int64, faces: Int64, rank: Int64) -> Int64:
    """Each triangle from its lowest node, the triangles of a face in the order of their first sides."""
    ranks = rank[corner].reshape(-1, 3)
    first = np.argmin(ranks, axis=1)
    row, n = np.arange(len(ranks)), len(rank)
    order = np.argsort((faces * n + ranks[row, first]) * n + ranks[row, (first + 1) % 3], kind="stable")
    around = (first[order, None] + np.arange(3)) % 3 + 3 * order[:, None]
    return np.asarray(corner[around])


def _on_grid(uv: Floats, ends: Int64, flat: Bools) -> Int64:
    """Parameters as integers, 0 to GRID across each face; in planes both in one unit."""
    counts = np.diff(ends)
    there = np.flatnonzero(counts)
    low, size = np.zeros((len(counts), 2)), np.ones((len(counts), 2))
    low[there] = np.minimum.reduceat(uv, ends[:-1][there])
    size[there] = np.maximum.reduceat(uv, ends[:-1][there]) - low[there]
    size[flat] = size[flat].max(axis=1)[:, None]
    scale = GRID / np.where(size > 0.0, size, 1.0)
    return np.rint((uv - np.repeat(low, counts, axis=0)) * np.repeat(scale, counts, axis=0)).astype(np.int64)


def _mates(corner: Int64) -> Int64:
    """Of each side 3 * row + k (corner k to the next): the same side of the other triangle; -1 where it is not between exactly two."""
    end = corner.reshape(-1, 3)[:, (1, 2, 0)].reshape(-1)
    sides = np.minimum(corner, end) * (int(corner.max()) + 1) + np.maximum(corner, end)
    order = np.argsort(sides, kind="stable")
    ordered = sides[order]
    same = np.zeros(len(order) + 1, dtype=bool)
    same[1:-1] = ordered[1:] == ordered[:-1]
    pair = np.flatnonzero(same[1:-1] & ~same[:-2] & ~same[2:])
    one, two = order[pair], order[pair + 1]
    opposed = corner[one] == end[two]
    mate = np.full(len(order), -1, dtype=np.int64)
    mate[one[opposed]], mate[two[opposed]] = two[opposed], one[opposed]
    return mate


def _before(side: Int64) -> Int64:
    """The side before it in its triangle, whose corner is its apex."""
    return side - side % 3 + (side + 2) % 3


def _judged(corner: Int64, mate: Int64, flat: Bools, at: Int64, rank: Int64) -> tuple[Int64, Bools]:
    """The sides between two triangles (the lower of each two), and which of them give way.

    On a curved face it is one side of a triangle at most: where three points lie, two measures have but one fourth on both their circles.
    """
    side = np.flatnonzero(mate > np.arange(len(mate)))
    other = mate[side]
    p, q = corner[side], corner[other]
    r, s = corner[_before(side)], corner[_before(other)]
    (px, py), (qx, qy), (rx, ry) = ((at[v] - at[s]).T for v in (p, q, r))
    convex = (qx * ry - qy * rx > 0) & (rx * py - ry * px > 0) & (qx * py - qy * px >= 0)
    convex &= (qx - px) * (ry - py) - (qy - py) * (rx - px) >= 0
    lower = np.minimum(rank[r], rank[s]) < np.minimum(rank[p], rank[q])
    (u, in_u), (v, in_v) = (_wrapped(px, py, qx, qy, rx, ry, w) for w in ((px, qx, rx), (py, qy, ry)))
    inside, small = np.where(np.abs(u + v) < 2.0**61, (in_u + in_v).astype(np.float64), u + v), np.abs(u) + np.abs(v) < 2.0**61
    tie = small & (in_u == 0) & (in_v == 0)
    return side, convex & np.where(flat[side // 3], (inside > 0.0) | ((inside == 0.0) & lower), tie & lower)


def _wrapped(
    px: Int64, py: Int64, qx: Int64, qy: Int64, rx: Int64, ry: Int64, of: tuple[Int64, Int64, Int64]
) -> tuple[Floats, Int64]:
    """The determinant |x y w^2| of three points as a float and modulo 2^64: where the float is below 2^61 that is the determinant itself.

    Differences are at most 2^22, products at most 2^88: the float is wrong by less than 2^40.
    """
    minors = (qx * ry - qy * rx, rx * py - ry * px, px * qy - py * qx)
    squares = [w * w for w in of]
    exact = squares[0] * minors[0] + squares[1] * minors[1] + squares[2] * minors[2]
    floats = [s.astype(np.float64) * m.astype(np.float64) for s, m in zip(squares, minors, strict=True)]
    return floats[0] + floats[1] + floats[2], exact


def _gives_way(p: int, q: int, r: int, s: int, at: list[list[int]], rank: list[int]) -> bool:
    """Whether, in a plane, the side pq of the triangles pqr and qps gives way to rs."""
    x, y = at[s]
    px, py, qx, qy, rx, ry = at[p][0] - x, at[p][1] - y, at[q][0] - x, at[q][1] - y, at[r][0] - x, at[r][1] - y
    one, two, three = qx * ry - qy * rx, rx * py - ry * px, px * qy - py * qx
    if one <= 0 or two <= 0 or three > 0 or one + two + three < 0:
        return False
    inside = (px * px + py * py) * one + (qx * qx + qy * qy) * two + (rx * rx + ry * ry) * three
    return inside > 0 or (inside == 0 and min(rank[r], rank[s]) < min(rank[p], rank[q]))


def _turn(corner: list[int], mate: list[int], stack: list[int], at: list[list[int]], rank: list[int]) -> None:
    """All turns in one plane, in place, beginning with the sides of the stack, which is emptied."""
    while stack:
        a = stack.pop()
        b = mate[a]
        if b < 0:
            continue
        a1, a2 = a - a % 3 + (a + 1) % 3, a - a % 3 + (a + 2) % 3
        b1, b2 = b - b % 3 + (b + 1) % 3, b - b % 3 + (b + 2) % 3
        r, s = corner[a2], corner[b2]
        if not _gives_way(corner[a], corner[b], r, s, at, rank):
            continue
        corner[a], corner[b] = s, r
        for mine, its in ((a, mate[b2]), (b, mate[a2]), (a2, b2)):
            mate[mine] = its
            if its >= 0:
                mate[its] = mine
        stack += [a, a1, b, b1]
