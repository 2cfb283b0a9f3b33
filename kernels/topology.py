"""Is this the boundary of a solid? Half-edges matched, fans counted, shells found: all in linear time, all integers.

Half-edge h = 3 f + k runs from faces[f, k] to faces[f, (k + 1) % 3]. Faces with a repeated index bound nothing and are left out
(`SKIPPED`); the caller reports them as degenerate.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.simd import LANES, bits, load, lowest_bit, splat

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

OPEN = -1
SKIPPED = -2
_CROWDED = -3  # an edge of more than two faces: twin = _CROWDED - (first half-edge of that edge)

# where each count stands in `counts`; the first half-edge (or point) of its kind at the same place in `places`
OPEN_EDGES, CROWDED_EDGES, TURNED_EDGES, MAYBE_DOUBLED, REPEATED, PINCHED_POINTS, UNUSED_POINTS, SHELLS = range(8)
COUNTS = 8


@kernel("int64(int32[:,::1], int64)")
def first_bad_index(faces: Int32s, points: int) -> int:
    """The first face (row) with an index outside [0, points), -1 when there is none. Every other kernel relies on that."""
    most, least = np.int32(0), np.int32(0)
    flat = faces.reshape(faces.size)
    for i in range(flat.shape[0]):
        most, least = max(most, flat[i]), min(least, flat[i])
    if least >= 0 and (most < points or flat.shape[0] == 0):
        return -1
    for f in range(faces.shape[0]):
        for k in range(3):
            if faces[f, k] < 0 or faces[f, k] >= points:
                return f
    return -1


@inlined
def _following(h: int) -> int:
    return h + 1 if h % 3 < 2 else h - 2


@inlined
def _preceding(h: int) -> int:
    return h - 1 if h % 3 > 0 else h + 2


@kernel(
    "void(int32[:,::1], int32[::1], int32[::1], int32[::1], int32[::1], int32[::1], int64[::1], int64[::1])",
    writes=("start", "bucket", "mark", "degree", "twin", "counts", "places"),
)
def match_edges(
    faces: Int32s, start: Int32s, bucket: Int32s, mark: Int32s, degree: Int32s, twin: Int32s, counts: Int64s, places: Int64s
) -> None:
    """Find for each half-edge the other one of its edge; count open, crowded (> 2 faces) and inconsistently wound edges.

    faces (m, 3), every index in [0, n). Out: twin (3 m): the other half-edge, OPEN, SKIPPED, or for a crowded edge
    -3 - (its first half-edge); degree (n): corners at each point, -1 where only faces with a repeated index use it, 0 unused;
    counts and places (COUNTS): places are half-edges, points for UNUSED_POINTS, faces for REPEATED.
    MAYBE_DOUBLED counts faces that meet another over an edge and have their third point in common with it.
    Workspace: start (n + 2), bucket (3 m), mark (n).
    """
    m = faces.shape[0]
    n = degree.shape[0]
    start[:] = 0
    degree[:] = 0
    mark[:] = 0
    counts[:] = 0
    places[:] = -1
    # half-edges by the lower of their two points (counting sort)
    for f in range(m):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if a == b or b == c or c == a:
            counts[REPEATED] += 1
            if places[REPEATED] < 0:
                places[REPEATED] = f
            continue
        start[min(a, b) + 2] += 1
        start[min(b, c) + 2] += 1
        start[min(c, a) + 2] += 1
        degree[a] += 1
        degree[b] += 1
        degree[c] += 1
    for i in range(n):
        start[i + 2] += start[i + 1]
    for f in range(m):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if a == b or b == c or c == a:
            twin[3 * f] = twin[3 * f + 1] = twin[3 * f + 2] = SKIPPED
            for k in range(3):
                if degree[faces[f, k]] == 0:
                    degree[faces[f, k]] = -1
            continue
        low = min(a, b) + 1
        bucket[start[low]] = 3 * f
        start[low] += 1
        low = min(b, c) + 1
        bucket[start[low]] = 3 * f + 1
        start[low] += 1
        low = min(c, a) + 1
        bucket[start[low]] = 3 * f + 2
        start[low] += 1
    # now bucket[start[i] : start[i + 1]] are the half-edges whose lower point is i
    opened = 0
    for i in range(n):
        begin, end = start[i], start[i + 1]
        for at in range(begin, end):
            h = bucket[at]
            f, k = h // 3, h % 3
            origin = faces[f, k]
            target = faces[f, k + 1 if k < 2 else 0]
            other = target if origin == i else origin
            # mark[other] is the place in this bucket where the edge (i, other) was first seen, or rubbish
            seen = mark[other]
            head = -1
            if begin <= seen < at:
                g = bucket[seen]
                p, q = faces[g // 3, g % 3], faces[g // 3, g % 3 + 1 if g % 3 < 2 else 0]
                if (p == i and q == other) or (p == other and q == i):
                    head = g
            if head < 0:
                mark[other] = at
                twin[h] = OPEN
                opened += 1
                continue
            same = faces[head // 3, head % 3] == origin
            mate = twin[head]
            third = faces[f, k - 1 if k > 0 else 2]
            if third == faces[head // 3, head % 3 - 1 if head % 3 > 0 else 2]:
                counts[MAYBE_DOUBLED] += 1
                if places[MAYBE_DOUBLED] < 0:
                    places[MAYBE_DOUBLED] = h
            if mate == OPEN:
                twin[head] = h
                twin[h] = head
                opened -= 1
                if same:
                    counts[TURNED_EDGES] += 1
            else:
                if mate >= 0:
                    counts[CROWDED_EDGES] += 1
                    if faces[mate // 3, mate % 3] == faces[head // 3, head % 3]:
                        counts[TURNED_EDGES] -= 1
                    twin[head] = twin[mate] = _CROWDED - head
                counts[MAYBE_DOUBLED] += 1  # a third face may double the second: the exact count will tell
                twin[h] = _CROWDED - head
    counts[OPEN_EDGES] = opened
    for i in range(n):
        if degree[i] == 0:
            counts[UNUSED_POINTS] += 1
            if places[UNUSED_POINTS] < 0:
                places[UNUSED_POINTS] = i
    if opened or counts[CROWDED_EDGES] or counts[TURNED_EDGES]:
        for h in range(3 * m):
            t = twin[h]
            if t == OPEN and places[OPEN_EDGES] < 0:
                places[OPEN_EDGES] = h
            elif t <= _CROWDED and places[CROWDED_EDGES] < 0:
                places[CROWDED_EDGES] = h
            elif t >= 0 and places[TURNED_EDGES] < 0 and faces[t // 3, t % 3] == faces[h // 3, h % 3]:
                places[TURNED_EDGES] = h


@kernel("void(int32[:,::1], int32[::1], int32[::1], int32[::1], int64[::1], int64[::1])", writes=("corner", "counts", "places"))
def closed_fans(faces: Int32s, twin: Int32s, degree: Int32s, corner: Int32s, counts: Int64s, places: Int64s) -> None:
    """Count points where several fans of faces meet, on a mesh whose every edge has two faces of opposite direction.

    Walks once round each point; a walk shorter than the point's degree leaves another fan. Out: counts and places at
    PINCHED_POINTS (places holds a half-edge that starts there). Workspace: corner (n).
    """
    corner[:] = -1
    for f in range(faces.shape[0]):
        if twin[3 * f] != SKIPPED:
            for k in range(3):
                corner[faces[f, k]] = 3 * f + k
    for v in range(degree.shape[0]):
        if degree[v] <= 0:
            continue
        begin = corner[v]
        h = twin[_preceding(begin)]
        steps = 1
        while h != begin:
            h = twin[_preceding(h)]
            steps += 1
        if steps < degree[v]:
            counts[PINCHED_POINTS] += 1
            if places[PINCHED_POINTS] < 0:
                places[PINCHED_POINTS] = begin


_HUBS = 64
"""The edges of one point are looked through for each of them: a mesh where that is more than so many looks a face on the whole is
left to `match_edges`."""


@kernel(
    "boolean(int32[:,::1], int32[::1], int32[:,::1], int32[::1], int32[::1], int32[::1])",
    writes=("start", "ends", "halves", "twin", "degree"),
)
def match_sound(faces: Int32s, start: Int32s, ends: Int32s, halves: Int32s, twin: Int32s, degree: Int32s) -> bool:
    """Is this a closed, consistently wound surface, of one fan at every point it uses, without a face twice or with a repeated index?

    Where True, twin (3 m) and degree (n) are as `match_edges` makes them, and all that it and `closed_fans` count is nought, but for
    UNUSED_POINTS. False: something is amiss, or some points have very many edges; twin and degree are rubbish, and those two tell.
    Half-edges that rise (from the lower of their points to the higher) are sorted by where they begin; each that falls looks up its
    twin among those of its end. Then every point's fan is walked round: of a surface whose edges have two faces of opposite direction,
    all corners lie in walks, one a point, unless a point has two fans; a walk of two is a face and its back.
    faces (m, 3), every index in [0, n). Workspace: start (n + 3), ends (1, 3 m + 8), halves (3 m). O(m).
    """
    m, n = faces.shape[0], degree.shape[0]
    start[:] = 0
    repeated = False
    for f in range(m):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        repeated |= (a == b) | (b == c) | (c == a)
        # those that fall are kept under n: no branch that a processor could guess wrong
        start[(a if a < b else n) + 2] += 1
        start[(b if b < c else n) + 2] += 1
        start[(c if c < a else n) + 2] += 1
    if repeated or 2 * np.int64(start[n + 2]) != 3 * m:
        return False
    looks = np.int64(0)
    for i in range(n):
        looks += np.int64(start[i + 2]) * np.int64(start[i + 2])
        start[i + 2] += start[i + 1]
    if looks > _HUBS * m:
        return False
    for f in range(m):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        _file(start, ends, halves, a if a < b else n, b, 3 * f)
        _file(start, ends, halves, b if b < c else n, c, 3 * f + 1)
        _file(start, ends, halves, c if c < a else n, a, 3 * f + 2)
    for falling in range(start[n], 3 * m):
        h, low = halves[falling], ends[0, falling]
        high = faces[h // 3, h % 3]
        at, end = start[low], start[low + 1]
        alike = bits(load(ends, 0, at) == splat(high))
        while at + LANES < end and alike == 0:
            at += LANES
            alike = bits(load(ends, 0, at) == splat(high))
        at += lowest_bit(alike) if alike else LANES
        # the first of two alike is found by both that look for them
        if at >= end or halves[at] < 0:
            return False
        g = halves[at]
        halves[at] = -1
        twin[h], twin[g] = g, h
    degree[:] = 0
    walked = 0
    for f in range(m):
        for k in range(3):
            if degree[faces[f, k]]:
                continue
            h = twin[_preceding(3 * f + k)]
            steps = 1
            while h != 3 * f + k:
                h = twin[_preceding(h)]
                steps += 1
            if steps == 2:
                return False
            degree[faces[f, k]] = steps
            walked += steps
    return bool(walked == 3 * m)


@inlined
def _file(start: Int32s, ends: Int32s, halves: Int32s, low: int, end: int, half_edge: int) -> None:
    at = start[low + 1]
    start[low + 1] = at + 1
    ends[0, at], halves[at] = end, half_edge


@inlined
def _root(parent: Int32s, i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@inlined
def _join(parent: Int32s, a: int, b: int) -> None:
    a, b = _root(parent, a), _root(parent, b)
    if a < b:
        parent[b] = a
    elif b < a:
        parent[a] = b


@inlined
def _corner_at(faces: Int32s, f: int, v: int) -> int:
    if faces[f, 0] == v:
        return 3 * f
    return 3 * f + 1 if faces[f, 1] == v else 3 * f + 2


@kernel(
    "void(int32[:,::1], int32[::1], int32[::1], int32[::1], int64[::1], int64[::1])",
    writes=("parent", "fans", "counts", "places"),
)
def open_fans(faces: Int32s, twin: Int32s, parent: Int32s, fans: Int32s, counts: Int64s, places: Int64s) -> None:
    """As `closed_fans`, for meshes with open, crowded or inconsistent edges: corners joined across every shared edge.

    Faces round a crowded edge count as one fan, so that its two ends are not reported again. Workspace: parent (3 m), fans (n).
    """
    m = faces.shape[0]
    for h in range(3 * m):
        parent[h] = h
    fans[:] = 0
    for h in range(3 * m):
        t = twin[h]
        if t in (OPEN, SKIPPED):
            continue
        g = t if t >= 0 else _CROWDED - t
        if g >= h:
            continue
        a, b = faces[h // 3, h % 3], faces[h // 3, _following(h) % 3]
        _join(parent, h, _corner_at(faces, g // 3, a))
        _join(parent, _following(h), _corner_at(faces, g // 3, b))
    for h in range(3 * m):
        if twin[h] != SKIPPED and parent[h] == h:
            v = faces[h // 3, h % 3]
            fans[v] += 1
            if fans[v] == 2:
                counts[PINCHED_POINTS] += 1
                if places[PINCHED_POINTS] < 0:
                    places[PINCHED_POINTS] = h


@kernel("int64(int32[::1], int32[::1], int32[::1])", writes=("stack", "shell"))
def label_shells(twin: Int32s, stack: Int32s, shell: Int32s) -> int:
    """Number the shells: faces joined over edges of exactly two faces. Returns how many.

    twin (3 m). Out: shell (m): numbered by first face; -1 for faces with a repeated index. Workspace: stack (m).
    """
    m = shell.shape[0]
    shell[:] = -1
    found = 0
    for seed in range(m):
        if shell[seed] >= 0 or twin[3 * seed] == SKIPPED:
            continue
        shell[seed] = found
        stack[0] = seed
        top = 1
        while top:
            top -= 1
            f = stack[top]
            for h in range(3 * f, 3 * f + 3):
                if twin[h] >= 0:
                    g = twin[h] // 3
                    if shell[g] < 0:
                        shell[g] = found
                        stack[top] = g
                        top += 1
        found += 1
    return found


@kernel("void(int32[:,::1], int32[:,::1])", writes=("out",))
def sorted_rows(faces: Int32s, out: Int32s) -> None:
    """Each face's three indices in rising order: equal rows are duplicate faces, however they turn."""
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        low, high = min(min(a, b), c), max(max(a, b), c)
        out[f, 0], out[f, 2] = low, high
        out[f, 1] = max(min(a, b), min(max(a, b), c))
