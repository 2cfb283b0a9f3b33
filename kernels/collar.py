"""New faces put on a rest that is known to be sound: is the whole closed and manifold? Asked of the new faces and the rim alone.

The rest is an oriented surface with a border. Round its border it is told as polygons, one a loop of border half-edges, the rest
on their left: a polygon's corner at a point stands for the whole fan of rest faces between the loop's two edges there. So the whole
is the boundary of a solid just when the new faces and those polygons are, and no new edge runs along an inner edge of the rest
between two points of the border (a chord). Everything here is integers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.lattice import RANGE

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

# what `attach` answers
SOUND, BAD_INDEX, NO_PLACE, REPEATED, INNER_POINT, UNMATCHED, DOUBLED, PINCHED, UNUSED = range(9)


@inlined
def _after(h: int) -> int:
    return h + 1 if h % 3 < 2 else h - 2


@kernel(
    "boolean(int32[:,::1], int32[::1], int32[::1], int32[::1], int32[::1], int32[::1])",
    writes=("number", "before", "corners"),
)
def rim_loops(faces: Int32s, twin: Int32s, degree: Int32s, number: Int32s, before: Int32s, corners: Int32s) -> bool:
    """The border half-edges of a surface in loops; False where surfaces touch in a point.

    faces (m, 3), twin (3 m) and degree (n) as `topology.match_edges` left them where no edge is crowded or turned and no face
    repeats a point. Out: number (3 m): of each border half-edge, -1 else, counted in their order; before (their count): the
    border half-edge that ends where this one begins, in the same fan of faces. Workspace: corners (n).
    """
    found = 0
    for h in range(twin.shape[0]):
        number[h] = -1
        if twin[h] < 0:
            number[h] = found
            found += 1
    corners[:] = 0
    for h in range(twin.shape[0]):
        if twin[h] < 0:
            # round the point where h ends, through the faces on its left, to the border half-edge that leaves it
            g, size = _after(h), 1
            while twin[g] >= 0:
                g = _after(twin[g])
                size += 1
            before[number[g]] = number[h]
            corners[faces[g // 3, g % 3]] += size
    # points inside: one walk round, from any corner, must see them all. `corners` of a point that was walked: its degree
    for h in range(twin.shape[0]):
        v = faces[h // 3, h % 3]
        if corners[v] == 0:
            g, size = h, 0
            while True:
                g = _after(twin[g])
                size += 1
                if g == h:
                    break
            corners[v] = size
    missed = 0
    for v in range(degree.shape[0]):
        missed += degree[v] > 0 and corners[v] != degree[v]
    return missed == 0


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
def _previous(h: int, faces3: int, before: Int32s) -> int:
    """The half-edge before h round its face, its polygon or (chords) its pair."""
    if h < faces3:
        return h - 1 if h % 3 > 0 else h + 2
    e = h - faces3
    border = before.shape[0]
    return faces3 + int(before[e]) if e < border else faces3 + border + ((e - border) ^ 1)


@inlined
def _shells(faces3: int, rim: Int32s, twin: Int32s, parent: Int32s, component: Int32s, shell: Int32s, told: Int64s) -> None:
    """Join the rest's components (k) and the new faces over their edges, and number what results by first faces."""
    known = component.shape[0]
    m = shell.shape[0]
    for i in range(known + m):
        parent[i] = i
    for h in range(faces3):
        g = twin[h]
        _join(parent, known + h // 3, known + g // 3 if g < faces3 else rim[g - faces3, 2])
    shells = 0
    for i in range(known + m):
        root = _root(parent, i)  # never above i: the smaller always leads
        name = shells
        if root == i:
            shells += 1
        else:
            name = component[root] if root < known else shell[root - known]
        if i < known:
            component[i] = name
        else:
            shell[i - known] = name
    told[0] = shells


@kernel(
    "int64(int32[:,::1], int32[:,::1], int64, int32[::1], int32[:,::1], int32[::1], int32[::1],"
    " int32[::1], int32[::1], int32[::1], int32[::1], int64[::1])",
    writes=("work", "degree", "component", "shell", "told"),
)
def attach(
    lattice: Int32s,
    faces: Int32s,
    kept: int,
    slot: Int32s,
    rim: Int32s,
    before: Int32s,
    chords: Int32s,
    work: Int32s,
    degree: Int32s,
    component: Int32s,
    shell: Int32s,
    told: Int64s,
) -> int:
    """SOUND when the rest and the new faces bound solids together and use every point; otherwise the first reason why not.

    lattice (n, 3): the rest's `kept` points, then the new ones; faces (m, 3): the new ones, as rows of it. The rest: slot
    (kept): the number of each point of its rim (a border edge's, or no face's: r of them), -1 inside; rim (e, 3): border
    half-edges as slot of origin, slot of the opposite point (-1: not of the rim), component; before (e) as from `rim_loops`;
    chords (2 c): origins, by slots, of inner half-edges between points of the rim, each followed by its twin.
    In and out: degree (n): corners at each point, those of the rest before, of all after; component (k): out, the shell of each
    of the rest's components; shell (m): out, of each new face. Shells are numbered by their first face, the rest's first. Told (7): how
    many shells; min x, y, z, max x, y, z of the new points (unset without one).
    Workspace: work (5 (3 m + e + 2 c) + 2 (r + n - kept) + 1 + k + m).
    """
    m, n = faces.shape[0], lattice.shape[0]
    border = before.shape[0]
    faces3 = 3 * m
    real = faces3 + border
    every = real + chords.shape[0]
    inside = 0
    for v in range(kept):
        inside += slot[v] < 0
    points = n - inside
    rims = kept - inside
    origin, target, last = work[:every], work[every : 2 * every], work[2 * every : 3 * every]
    bucket, twin = work[3 * every : 4 * every], work[4 * every : 5 * every]
    rest = work[5 * every :]
    start, mark, parent = rest[: points + 1], rest[points + 1 : 2 * points + 1], rest[2 * points + 1 :]

    for i in range(kept, n):
        x, y, z = np.int64(lattice[i, 0]), np.int64(lattice[i, 1]), np.int64(lattice[i, 2])
        if abs(x) > RANGE or abs(y) > RANGE or abs(z) > RANGE:
            return NO_PLACE
        if i == kept:
            told[1] = told[4] = x
            told[2] = told[5] = y
            told[3] = told[6] = z
        told[1], told[4] = min(told[1], x), max(told[4], x)
        told[2], told[5] = min(told[2], y), max(told[5], y)
        told[3], told[6] = min(told[3], z), max(told[6], z)

    for f in range(m):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if a < 0 or b < 0 or c < 0 or a >= n or b >= n or c >= n:
            return BAD_INDEX
        if a == b or b == c or c == a:
            return REPEATED
        for k in range(3):
            v = faces[f, k]
            at = np.int32(v - kept + rims) if v >= kept else slot[v]
            if at < 0:
                return INNER_POINT
            origin[3 * f + k] = at
    for e in range(border):
        origin[faces3 + e] = rim[e, 0]
    for e in range(chords.shape[0]):
        origin[real + e] = chords[e]

    # half-edges by the point where they begin (counting sort)
    for i in range(points):
        start[i] = 0
        mark[i] = -1
    start[points] = 0
    for h in range(every):
        g = _previous(h, faces3, before)
        last[h] = g
        target[g] = origin[h]
        start[origin[h]] += 1
    for i in range(points):
        start[i + 1] += start[i]
    for h in range(every):
        start[origin[h]] -= 1
        bucket[start[origin[h]]] = h

    # every half-edge has one twin, when at each point each half-edge that leaves it finds one that comes from where it goes,
    # and no two come from the same point
    for i in range(points):
        begin, end = start[i], start[i + 1]
        for at in range(begin, end):
            g = last[bucket[at]]
            if mark[origin[g]] >= 0:
                return UNMATCHED
            mark[origin[g]] = g
        for at in range(begin, end):
            h = bucket[at]
            g = mark[target[h]]
            if g < 0:
                return UNMATCHED
            twin[h] = g
        for at in range(begin, end):
            mark[origin[last[bucket[at]]]] = -1

    for h in range(faces3):
        g = twin[h]
        third = origin[last[g]] if g < faces3 else rim[g - faces3, 1]
        if origin[last[h]] == third:
            return DOUBLED

    # one walk round each point must see all its corners; chords are no corners
    for i in range(points):
        size = 0
        first = -1
        for at in range(start[i], start[i + 1]):
            if bucket[at] < real:
                size += 1
                first = bucket[at]
        if first < 0:
            return UNUSED
        h = twin[last[first]]
        while h != first:
            h = twin[last[h]]
            size -= 1
        if size > 1:
            return PINCHED

    for f in range(m):
        for k in range(3):
            degree[faces[f, k]] += 1
    _shells(faces3, rim, twin, parent, component, shell, told)
    return SOUND
