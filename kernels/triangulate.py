"""Triangles inside closed loops, exactly: no new point, no zero-area triangle, every edge used once.

One sweep from left to right (ties from below) over integer points. Between two neighbouring edges of the sweep line that
bound the inside lies a chain of vertices that still wait for their triangles; it bulges to the right, so the newest vertex
is its rightmost. A new vertex cuts off what it sees from the end of the chain, strictly positive triangles only: points in
a straight line stay in the chain until a vertex off that line comes. (Hertel and Mehlhorn, Fast triangulation of simple
polygons, FCT 1983.) The same sweep proves the loops: two edges that meet are neighbours on the sweep line before they meet
(Shamos and Hoey, Geometric intersection problems, FOCS 1976), and the inside alternates along it.

O(n log n) but for shifting the sweep line's short array.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.exact import PLANAR_LIMIT, orient2d, segments_meet

TOUCH = -1
"""Two vertices at one place, or a vertex on another edge."""
CROSS = -2
"""Two edges cross, or touch along a stretch."""
WINDING = -3
"""A loop runs the wrong way round, or lies where its kind may not: an outer loop inside another, a hole outside."""
SPIKE = -4
"""An edge turns back on the one before it."""
RANGE = -5
"""A coordinate beyond PLANAR_LIMIT, or a loop with fewer than three points."""
ROOM = -6
"""The output array does not fit the number of triangles, or a promise of the sweep did not hold."""

WORK_PER_POINT = 15
"""int32 of workspace that a point needs; the keys need two int64."""


@inlined
def _sorted_by_place(points, keys, order, n) -> None:  # type: ignore[no-untyped-def]
    """order[:n]: the points by x, then y (a merge sort, bottom up). keys: int64 (2n,), order: int32 (2n,), the rest scratch."""
    for i in range(n):
        keys[i] = (np.int64(points[i, 0]) << 32) + np.int64(points[i, 1])
        order[i] = i
    run = 8
    for begin in range(0, n, run):
        for i in range(begin + 1, min(begin + run, n)):
            key, value, j = keys[i], order[i], i
            while j > begin and keys[j - 1] > key:
                keys[j] = keys[j - 1]
                order[j] = order[j - 1]
                j -= 1
            keys[j] = key
            order[j] = value
    source, target = 0, n
    while run < n:
        for begin in range(0, n, 2 * run):
            middle, end = min(begin + run, n), min(begin + 2 * run, n)
            i, j = begin, middle
            for k in range(begin, end):
                if j >= end or (i < middle and keys[source + i] <= keys[source + j]):
                    keys[target + k] = keys[source + i]
                    order[target + k] = order[source + i]
                    i += 1
                else:
                    keys[target + k] = keys[source + j]
                    order[target + k] = order[source + j]
                    j += 1
        source, target = target, source
        run *= 2
    if source:
        for i in range(n):
            order[i] = order[n + i]


@inlined
def _turn(points, a, b, c) -> int:  # type: ignore[no-untyped-def]
    """orient2d of three points by index."""
    return orient2d(
        int(points[a, 0]),
        int(points[a, 1]),
        int(points[b, 0]),
        int(points[b, 1]),
        int(points[c, 0]),
        int(points[c, 1]),
    )


@inlined
def _clash(points, after, e, f) -> bool:  # type: ignore[no-untyped-def]
    """Do the edges e and f meet? Edges with a common end are answered where they turn."""
    a, b, c, d = e, after[e], f, after[f]
    if a in (c, d) or b in (c, d):
        return False
    return segments_meet(
        int(points[a, 0]),
        int(points[a, 1]),
        int(points[b, 0]),
        int(points[b, 1]),
        int(points[c, 0]),
        int(points[c, 1]),
        int(points[d, 0]),
        int(points[d, 1]),
    )


@inlined
def _cut_from_top(points, triangles, m, vertex, up, down, head, a):  # type: ignore[no-untyped-def]
    """Emit what the chain's upper end `a` sees below it; the number of triangles so far."""
    v, t = vertex[a], down[a]
    while t != head and m < triangles.shape[0]:
        below = down[t]
        if _turn(points, vertex[below], v, vertex[t]) <= 0:
            break
        triangles[m, 0], triangles[m, 1], triangles[m, 2] = vertex[below], v, vertex[t]
        m += 1
        t = below
    down[a] = t
    up[t] = a
    return m


@inlined
def _cut_from_bottom(points, triangles, m, vertex, up, down, tail, b):  # type: ignore[no-untyped-def]
    """Emit what the chain's lower end `b` sees above it; the number of triangles so far."""
    v, t = vertex[b], up[b]
    while t != tail and m < triangles.shape[0]:
        above = up[t]
        if _turn(points, vertex[t], v, vertex[above]) <= 0:
            break
        triangles[m, 0], triangles[m, 1], triangles[m, 2] = vertex[t], v, vertex[above]
        m += 1
        t = above
    up[b] = t
    down[t] = b
    return m


@inlined
def sweep(points, ends, triangles, work, keys) -> int:  # type: ignore[no-untyped-def]
    """As `triangulate`, for kernels."""
    n = points.shape[0]
    after, before = work[0:n], work[n : 2 * n]
    order, rank = work[2 * n : 4 * n], work[4 * n : 5 * n]
    vertex, up, down = work[5 * n : 7 * n], work[7 * n : 9 * n], work[9 * n : 11 * n]
    head, tail, last = work[11 * n : 12 * n], work[12 * n : 13 * n], work[13 * n : 14 * n]
    line = work[14 * n : 15 * n]
    begin = 0
    for k in range(ends.shape[0]):
        end = ends[k]
        if end - begin < 3 or end > n:
            return RANGE
        for i in range(begin, end):
            after[i] = i + 1
            before[i] = i - 1
        after[end - 1] = begin
        before[begin] = end - 1
        begin = end
    if begin != n:
        return RANGE
    for i in range(n):
        if not (-PLANAR_LIMIT < points[i, 0] < PLANAR_LIMIT and -PLANAR_LIMIT < points[i, 1] < PLANAR_LIMIT):
            return RANGE
    _sorted_by_place(points, keys, order, n)
    for i in range(n):
        rank[order[i]] = i
    for i in range(1, n):
        a, b = order[i - 1], order[i]
        if points[a, 0] == points[b, 0] and points[a, 1] == points[b, 1]:
            return TOUCH

    m = 0
    nodes = 0
    count = 0  # edges on the sweep line; the inside lies above those at even places
    for event in range(n):
        v = order[event]
        p, q = before[v], after[v]
        p_left, q_left = rank[p] < event, rank[q] < event

        low, high = 0, count  # at: how many edges lie strictly below v
        while low < high:
            mid = (low + high) >> 1
            e = line[mid]
            a, b = e, after[e]
            if rank[a] > rank[b]:
                a, b = b, a
            if _turn(points, a, b, v) > 0:
                low = mid + 1
            else:
                high = mid
        at = low
        upward = at & 1 == 0  # outside lies just below v

        if p_left != q_left:
            old, new = (p, v) if p_left else (v, p)
            if at >= count or line[at] != old:
                return TOUCH
            if upward != p_left:
                return WINDING
            line[at] = new
            if (at > 0 and _clash(points, after, line[at - 1], new)) or (
                at + 1 < count and _clash(points, after, line[at + 1], new)
            ):
                return CROSS
            vertex[nodes] = v
            if p_left:
                up[nodes] = head[old]
                down[head[old]] = nodes
                m = _cut_from_bottom(points, triangles, m, vertex, up, down, tail[old], nodes)
                head[new], tail[new], last[new] = nodes, tail[old], nodes
            else:
                key = line[at - 1]
                down[nodes] = tail[key]
                up[tail[key]] = nodes
                m = _cut_from_top(points, triangles, m, vertex, up, down, head[key], nodes)
                tail[key], last[key] = nodes, nodes
            nodes += 1
            continue

        turn = _turn(points, p, v, q)
        if turn == 0:
            return SPIKE
        if not p_left:  # both edges begin here: a new piece of the inside, or an obstacle in one
            if at < count:
                e = line[at]
                a, b = e, after[e]
                if _turn(points, a, b, v) == 0:
                    return TOUCH
            if upward != (turn > 0):
                return WINDING
            for k in range(count - 1, at - 1, -1):
                line[k + 2] = line[k]
            line[at], line[at + 1] = (v, p) if turn > 0 else (p, v)
            count += 2
            if (at > 0 and _clash(points, after, line[at - 1], line[at])) or (
                at + 2 < count and _clash(points, after, line[at + 2], line[at + 1])
            ):
                return CROSS
            vertex[nodes] = v
            if turn > 0:
                head[v], tail[v], last[v] = nodes, nodes, nodes
                nodes += 1
            else:
                # The newest vertex of the chain sees v: cut the chain there, in two that share both.
                key = line[at - 1]
                seen = last[key]
                lower, upper, twin = nodes, nodes + 1, nodes + 2
                nodes += 3
                vertex[upper], vertex[twin] = v, vertex[seen]
                head[v] = upper
                tail[v] = twin if tail[key] == seen else tail[key]
                last[v] = upper
                up[upper], down[twin] = twin, upper
                if tail[key] != seen:
                    up[twin] = up[seen]
                    down[up[seen]] = twin
                up[seen], down[lower] = lower, seen
                tail[key], last[key] = lower, lower
                m = _cut_from_top(points, triangles, m, vertex, up, down, head[key], lower)
                m = _cut_from_bottom(points, triangles, m, vertex, up, down, tail[v], upper)
            continue

        first, second = (p, v) if turn > 0 else (v, p)
        if at + 1 >= count or line[at] != first or line[at + 1] != second:
            return TOUCH
        if upward != (turn > 0):
            return WINDING
        vertex[nodes] = v
        if turn > 0:  # a piece of the inside ends: v sees the whole chain
            t = head[first]
            while t != tail[first]:
                if m >= triangles.shape[0] or _turn(points, vertex[t], v, vertex[up[t]]) <= 0:
                    return ROOM
                triangles[m, 0], triangles[m, 1], triangles[m, 2] = vertex[t], v, vertex[up[t]]
                m += 1
                t = up[t]
        else:  # two pieces meet behind an obstacle: their chains become one, with v between
            key = line[at - 1]
            down[nodes], up[tail[key]] = tail[key], nodes
            m = _cut_from_top(points, triangles, m, vertex, up, down, head[key], nodes)
            up[nodes], down[head[second]] = head[second], nodes
            m = _cut_from_bottom(points, triangles, m, vertex, up, down, tail[second], nodes)
            tail[key], last[key] = tail[second], nodes
            nodes += 1
        for k in range(at + 2, count):
            line[k - 2] = line[k]
        count -= 2
        if 0 < at < count and _clash(points, after, line[at - 1], line[at]):
            return CROSS
    return m


@kernel("int64(int32[:,::1], int32[::1], int32[:,::1], int32[::1], int64[::1])", writes=("triangles", "work", "keys"))
def triangulate(
    points: npt.NDArray[np.int32],
    ends: npt.NDArray[np.int32],
    triangles: npt.NDArray[np.int32],
    work: npt.NDArray[np.int32],
    keys: npt.NDArray[np.int64],
) -> int:
    """Triangles of the region that the loops bound: how many there are, or one of the refusals above, below zero.

    points (n, 2): loops one after another, outer ones counter-clockwise, holes clockwise, islands in holes allowed, in
    lattice steps below PLANAR_LIMIT. ends (k,): one past the last point of each loop. triangles (m, 3): out, indices into
    points, each strictly positive; m = n - 2 outer loops + 2 holes fits exactly. work: WORK_PER_POINT * n, keys: 2 n.

    Not negative: proof that no two edges meet, no vertex lies on another edge, and the inside (winding 1) and the outside
    (winding 0) alternate. Which refusal is returned is the first that the sweep meets, not the only one.
    """
    return sweep(points, ends, triangles, work, keys)


def triangles_of(points: npt.NDArray[np.int32], ends: npt.NDArray[np.int32]) -> tuple[int, npt.NDArray[np.int32]]:
    """`triangulate` with its arrays made: (status, triangles int32 (m, 3)); no triangle when status is below zero."""
    n = len(points)
    room = np.empty((max(n + 2 * len(ends), 1), 3), np.int32)
    status = triangulate(
        np.ascontiguousarray(points, np.int32),
        np.ascontiguousarray(ends, np.int32),
        room,
        np.empty(WORK_PER_POINT * n, np.int32),
        np.empty(2 * n, np.int64),
    )
    return int(status), room[: max(status, 0)]
