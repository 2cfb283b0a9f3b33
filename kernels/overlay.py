"""An outline laid into a triangulation of the plane: every triangle is cut along it into what lies outside and what lies inside.

What is bent onto a curved surface must follow the triangles that were made for it: each piece of a cut triangle lies within
it, so it is as near the surface as the triangle was. The outline has walked through the triangles (`kernels.walk`); the loops of each
cut triangle go through `kernels.triangulate`, which proves them: nothing meets, nothing is of no area.

Near misses would leave triangles that rounding in space could turn over. So thin ones are smoothed away, and crossings nearer than
NEAR steps to an end or to each other are refused: the caller shifts the outline by a hair and asks again.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.feet import along, grouped
from kernels.triangulate import sweep
from kernels.walk import CLOSE, ROOM, Points, Rows, side

UNSOUND = -4
"""The loops within a triangle do not bound a region: the outline meets itself."""

NEAR = 3.0
SLIM = 300.0
"""Triangles lower than this are smoothed, and those lower than LEAST steps are refused: rounding in space would turn them over."""
LEAST = 0.7


@inlined
def _in_order(points, triangles, h, path, rows, low, high) -> bool:  # type: ignore[no-untyped-def]
    """Sort rows[low:high], crossings of half-edge h, along it; False when one comes too near to another or to an end."""
    t, e = h // 3, h % 3
    s, f = triangles[t, e], triangles[t, (e + 1) % 3]
    for a in range(low + 1, high):
        row = rows[a]
        place, b = along(points, s, f, path, row), a
        while b > low and along(points, s, f, path, rows[b - 1]) > place:
            rows[b] = rows[b - 1]
            b -= 1
        rows[b] = row
    dx, dy = float(points[f, 0] - points[s, 0]), float(points[f, 1] - points[s, 1])
    last = 0.0
    for a in range(low, high):
        place = along(points, s, f, path, rows[a])
        if place < last + NEAR:
            return False
        last = place
    return low == high or math.sqrt(dx * dx + dy * dy) >= last + NEAR


@inlined
def _thin(points, triangles, t) -> tuple[int, float]:  # type: ignore[no-untyped-def]
    """(the corner at which a triangle's longest edge begins, its height over that edge in steps)."""
    a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
    longest, at = 0.0, 0
    for e in range(3):
        s, f = triangles[t, e], triangles[t, (e + 1) % 3]
        dx, dy = float(points[f, 0] - points[s, 0]), float(points[f, 1] - points[s, 1])
        square = dx * dx + dy * dy
        if square > longest:
            longest, at = square, e
    return at, float(side(points, a, points, b, points, c)) / math.sqrt(longest)


@inlined
def smooth(points, triangles, m) -> float:  # type: ignore[no-untyped-def]
    """Exchange the longest edge of each triangle of triangles[:m] lower than SLIM for the other diagonal where that is better.

    Outlines have edges in line with each other (both sides of an N), and a point a step beside a long edge of the triangulation
    may come to lie beyond it when it is bent and rounded. -> the least height that is left, steps. Time m squared for each pass;
    each exchange raises the lower of two heights, so passes come to an end: a few as a rule, about m where many points lie in two lines.
    """
    least = math.inf
    for _ in range(8 + m):
        changed, least = False, math.inf
        for t in range(m):
            e, height = _thin(points, triangles, t)
            if height < SLIM:
                s, f, tip = triangles[t, e], triangles[t, (e + 1) % 3], triangles[t, (e + 2) % 3]
                for o in range(m):
                    for g in range(3):
                        if triangles[o, g] == f and triangles[o, (g + 1) % 3] == s:
                            far = triangles[o, (g + 2) % 3]
                            if side(points, tip, points, s, points, far) > 0 and side(points, far, points, f, points, tip) > 0:
                                _, other = _thin(points, triangles, o)
                                triangles[t, 0], triangles[t, 1], triangles[t, 2] = tip, s, far
                                triangles[o, 0], triangles[o, 1], triangles[o, 2] = far, f, tip
                                _, first = _thin(points, triangles, t)
                                _, second = _thin(points, triangles, o)
                                if min(first, second) > min(height, other):
                                    changed = True
                                    height = min(first, second)
                                else:
                                    triangles[t, 0], triangles[t, 1], triangles[t, 2] = s, f, tip
                                    triangles[o, 0], triangles[o, 1], triangles[o, 2] = f, s, far
                            break
            least = min(least, height)
        if not changed:
            break
    return least


@kernel(
    "int64(int32[:,::1], int32[:,::1], int32[::1], int32[:,::1], int32[::1], int32[::1], int32[::1], int32[::1], int32[:,::1],"
    " int32[::1], int64[::1])",
    writes=("inside", "cut", "of", "told"),
)
def divide(
    points: Points,
    triangles: Rows,
    twin: Rows,
    path: Points,
    path_ends: Rows,
    homes_of: Rows,
    crossed: Rows,
    inside: Rows,
    cut: Rows,
    of: Rows,
    told: npt.NDArray[np.int64],
) -> int:
    """Triangles outside the traced loops, then those inside: 0, or CLOSE, ROOM, UNSOUND.

    path and what goes with it: of `trace`, and of `feet` where they were added. inside (n,): 1 where a point of the triangulation lies within the loops. cut
    (room, 3): corners below n are points, n + i is point i of the path. of (room,): the triangle that each was cut from.
    told (2,): how many lie outside, and inside; the inside ones are written from the end of the room, last first.
    Room: a triangle for each old one and 4 for each point of the path are enough. O(n + m + crossings of an edge squared).
    """
    n, m, k = points.shape[0], triangles.shape[0], path.shape[0]
    edge = np.empty(k, np.int32)
    turns = np.zeros(3 * m, np.int32)  # how often an edge goes from the outside to the inside, or back
    for i in range(k):
        h = crossed[i]
        edge[i] = -1 if h < 0 else min(h, twin[h])
        if h >= 0 and homes_of[i] >= 0:
            turns[edge[i]] += 1
    at_edge, on_edge = np.empty(3 * m + 1, np.int32), np.empty(k, np.int32)
    at_home, in_home = np.empty(m + 1, np.int32), np.empty(k, np.int32)
    grouped(edge, k, 3 * m, at_edge, on_edge)
    grouped(homes_of, k, m, at_home, in_home)
    after = np.empty(k, np.int32)
    begin = 0
    for loop in range(path_ends.shape[0]):
        for i in range(begin, path_ends[loop]):
            after[i] = i + 1
        after[path_ends[loop] - 1] = begin
        begin = path_ends[loop]

    # Which points lie inside: told by the crossings of their edges, and spread along edges without one.
    for v in range(n):
        inside[v] = -1
    todo, waiting = np.empty(n, np.int32), 0
    for h in range(3 * m):
        low, high = at_edge[h], at_edge[h + 1]
        if low == high:
            continue
        if not _in_order(points, triangles, h, path, on_edge, low, high):
            return CLOSE
        if turns[h] == 0:
            continue
        while homes_of[on_edge[low]] < 0:
            low += 1
        while homes_of[on_edge[high - 1]] < 0:
            high -= 1
        t, e = h // 3, h % 3
        for end in range(2):
            v = triangles[t, (e + end) % 3]
            # the outline leaves t over h at a place where h runs on into the inside: its left
            leaves = crossed[on_edge[low if end == 0 else high - 1]] == h
            state = 1 if leaves == (end == 1) else 0
            if inside[v] >= 0 and inside[v] != state:
                return UNSOUND
            if inside[v] < 0:
                inside[v] = state
                todo[waiting] = v
                waiting += 1
    first, links = np.full(n, -1, np.int32), np.empty(3 * m, np.int32)
    for h in range(3 * m):
        v = triangles[h // 3, h % 3]
        links[h] = first[v]
        first[v] = h
    while waiting > 0:
        waiting -= 1
        v = todo[waiting]
        h = first[v]
        while h >= 0:
            t, e = h // 3, h % 3
            for way in range(2):  # the half-edge from v, and the one to it
                g = h if way == 0 else 3 * t + (e + 2) % 3
                u = triangles[t, (e + 1) % 3] if way == 0 else triangles[t, (e + 2) % 3]
                key = g if twin[g] < 0 else min(g, twin[g])
                if turns[key] == 0 and inside[u] < 0:
                    inside[u] = inside[v]
                    todo[waiting] = u
                    waiting += 1
            h = links[h]
    for v in range(n):
        inside[v] = max(inside[v], 0)

    room = cut.shape[0]
    out, within = 0, 0
    onward = np.full((2, n + k), -1, np.int32)
    nodes, loop_ends = np.empty(3 + 2 * k, np.int32), np.empty(3 + 2 * k, np.int32)
    local, made = np.empty((3 + 2 * k, 2), np.int32), np.empty((3 + 6 * k, 3), np.int32)
    work, keys = np.empty(15 * (3 + 2 * k), np.int32), np.empty(2 * (3 + 2 * k), np.int64)
    members = np.empty(3 + 2 * k, np.int32)
    for t in range(m):
        whole = at_home[t] == at_home[t + 1]
        for e in range(3):
            key = 3 * t + e if twin[3 * t + e] < 0 else min(3 * t + e, twin[3 * t + e])
            whole = whole and at_edge[key] == at_edge[key + 1]
        if whole:
            if out + within >= room:
                return ROOM
            row = out if inside[triangles[t, 0]] == 0 else room - 1 - within
            cut[row, 0], cut[row, 1], cut[row, 2] = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            of[row] = t
            if row == out:
                out += 1
            else:
                within += 1
            continue
        count = 0
        for e in range(3):
            h = 3 * t + e
            here, state = triangles[t, e], inside[triangles[t, e]]
            members[count] = here
            count += 1
            key, forward = h, True
            if twin[h] >= 0 and twin[h] < h:
                key, forward = twin[h], False
            for step in range(at_edge[key], at_edge[key + 1]):
                i = on_edge[step] if forward else on_edge[at_edge[key] + at_edge[key + 1] - 1 - step]
                onward[state, here] = n + i
                here, state = n + i, 1 - state if homes_of[i] >= 0 else state
                members[count] = here
                count += 1
            onward[state, here] = triangles[t, (e + 1) % 3]
            if inside[triangles[t, (e + 1) % 3]] != state:
                return UNSOUND
        for step in range(at_home[t], at_home[t + 1]):
            i = in_home[step]
            onward[1, n + i] = n + after[i]
            onward[0, n + after[i]] = n + i
            if crossed[i] < 0:
                members[count] = n + i
                count += 1
        for region in range(2):
            size, loops = 0, 0
            for q in range(count):
                v = members[q]
                if onward[region, v] < 0:
                    continue
                while onward[region, v] >= 0:
                    nodes[size] = v
                    if v < n:
                        local[size, 0], local[size, 1] = points[v, 0], points[v, 1]
                    else:
                        local[size, 0], local[size, 1] = path[v - n, 0], path[v - n, 1]
                    size += 1
                    following = onward[region, v]
                    onward[region, v] = -1
                    v = following
                loop_ends[loops] = size
                loops += 1
            if size == 0:
                continue
            found = sweep(local[:size], loop_ends[:loops], made, work[: 15 * size], keys[: 2 * size])
            if found < 0:
                return CLOSE if found == -1 else UNSOUND
            if smooth(local, made, found) < LEAST:
                return CLOSE
            if out + within + found > room:
                return ROOM
            for q in range(found):
                row = out if region == 0 else room - 1 - within
                for c in range(3):
                    cut[row, c] = nodes[made[q, c]]
                of[row] = t
                if region == 0:
                    out += 1
                else:
                    within += 1
    told[0], told[1] = out, within
    return 0


@kernel("int64(float64[:,::1], int32[:,::1], int64, int64, float64)")
def turned(points: npt.NDArray[np.float64], triangles: Rows, first: int, lifted: int, way: float) -> int:
    """How many triangles look the wrong way, once in space and rounded: against the normals of the surface at their corners.

    points (n, 3); corner c of a triangle is row first + c; rows c and lifted + c lie across the surface from each other: the way from
    the one to the other, times `way`, is its normal there.
    """
    count = 0
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        p, q, r = points[first + a], points[first + b], points[first + c]
        ux, uy, uz = q[0] - p[0], q[1] - p[1], q[2] - p[2]
        vx, vy, vz = r[0] - p[0], r[1] - p[1], r[2] - p[2]
        facing = 0.0
        for corner in (a, b, c):
            n, o = points[lifted + corner], points[corner]
            facing += (uy * vz - uz * vy) * (n[0] - o[0])
            facing += (uz * vx - ux * vz) * (n[1] - o[1])
            facing += (ux * vy - uy * vx) * (n[2] - o[2])
        if not facing * way > 0.0:
            count += 1
    return count
