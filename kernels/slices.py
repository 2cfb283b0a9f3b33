"""Outlines of a body at many heights, as closed loops with the material on their left (seen from above).

A plane z = h counts as lying a vanishing bit below h: a corner at h is above it (Edelsbrunner and Muecke 1990, "Simulation of
Simplicity"). So integers decide which edges cross it, a face crosses it over two edges or none, faces that lie in it need no rule,
and a body from z = 0 to z = h has an outline at h and none at 0. Of each face the outline leaves over the edge that rises, and the
face beyond that edge carries on: on a closed body each (face, height) is used once and every loop closes. Where a plane just
touches a peak from below the loop has no area.

Points in lattice steps, float64, each from one division. O(m + crossings + heights).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels import topology
from kernels.compiled import inlined, kernel

Floats = npt.NDArray[np.float64]
Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

TABLE = 1024
"""Places of the table that says where among the heights to begin to look."""


@kernel(
    "void(int32[:,::1], int32[:,::1], int32[::1], int32[::1], int32[::1], int32[::1], int64[::1])",
    writes=("table", "rank", "begins"),
)
def count(lattice: Int32s, faces: Int32s, twin: Int32s, heights: Int32s, table: Int32s, rank: Int32s, begins: Int64s) -> None:
    """Which heights cross which faces, counted.

    lattice (n, 3), faces (m, 3), every index in range; twin (3 m) of `topology.match_edges`; heights (k,), k > 0, never falling.
    Out: rank (n,): how many heights are at most at each point; begins (k + 1,): where the faces of each height begin in a list of
    all, and how many there are. Workspace: table (TABLE,).
    """
    k, shift = heights.shape[0], 0
    lowest, highest = np.int64(heights[0]), np.int64(heights[k - 1])
    while (highest - lowest) >> shift >= TABLE:
        shift += 1
    at = 0
    for place in range(TABLE):
        while at < k and (heights[at] - lowest) >> shift < place:
            at += 1
        table[place] = at
    for i in range(lattice.shape[0]):
        z = lattice[i, 2]
        at = 0
        if z >= lowest:
            at = table[min((z - lowest) >> shift, TABLE - 1)]
            while at < k and heights[at] <= z:
                at += 1
        rank[i] = at
    begins[:] = 0
    for f in range(faces.shape[0]):
        if twin[3 * f] != topology.SKIPPED:
            a, b, c = rank[faces[f, 0]], rank[faces[f, 1]], rank[faces[f, 2]]
            begins[min(min(a, b), c)] += 1
            begins[max(max(a, b), c)] -= 1
    here = total = 0
    for i in range(k + 1):
        here += begins[i]
        begins[i] = total
        total += here


@inlined
def _rising(faces: Int32s, rank: Int32s, f: int, i: int) -> int:
    """The corner of face f, which crosses height i, where the half-edge begins that rises through it."""
    a, b, c = rank[faces[f, 0]] > i, rank[faces[f, 1]] > i, rank[faces[f, 2]] > i
    if b and not a:
        return 0
    return 1 if c and not b else 2


@inlined
def _falling(faces: Int32s, rank: Int32s, f: int, i: int) -> int:
    """The corner where the other one begins."""
    a, b, c = rank[faces[f, 0]] > i, rank[faces[f, 1]] > i, rank[faces[f, 2]] > i
    if a and not b:
        return 0
    return 1 if b and not c else 2


@inlined
def _ends(faces: Int32s, twin: Int32s, f: int, k: int) -> bool:
    """Is there, over the half-edge from corner k, no face, or several, or one that is turned the other way?"""
    t = twin[3 * f + k]
    return bool(t < 0 or faces[t // 3, t % 3] == faces[f, k])


@inlined
def _put(lattice: Int32s, low: int, top: int, h: int, points: Floats, at: int) -> None:
    """points[at]: where the edge from point `low` up to `top` crosses height h."""
    x, y, z = np.int64(lattice[low, 0]), np.int64(lattice[low, 1]), np.int64(lattice[low, 2])
    part = float(h - z) / float(lattice[top, 2] - z)
    points[at, 0] = float(x) + float(lattice[top, 0] - x) * part
    points[at, 1] = float(y) + float(lattice[top, 1] - y) * part


@kernel(
    "int64(int32[:,::1], int32[:,::1], int32[::1], int32[::1], int32[::1], int64[::1], boolean, int64[::1], int32[::1], int32[::1], "
    "float64[:,::1], int64[::1], int32[::1], int8[::1])",
    writes=("ends", "members", "mark", "points", "starts", "slice_of", "closed"),
)
def trace(
    lattice: Int32s,
    faces: Int32s,
    twin: Int32s,
    heights: Int32s,
    rank: Int32s,
    begins: Int64s,
    sound: bool,
    ends: Int64s,
    members: Int32s,
    mark: Int32s,
    points: Floats,
    starts: Int64s,
    slice_of: Int32s,
    closed: Int8s,
) -> int:
    """Link the crossings; returns how many contours there are.

    sound: every edge has two faces that agree. Out: points (s, 2), x and y; s is the sum that `count` gave, twice that if not
    sound; starts (s + 1,) rows of points where contours begin, and the end; slice_of (s,) the row of each one's height, rising;
    closed (s,): 0 for one that begins and ends at an edge that has not two faces that agree: its first and last point lie on such.
    Workspace: ends (k,), members (s,), mark (m,).
    """
    for i in range(heights.shape[0]):
        ends[i] = begins[i]
    for f in range(faces.shape[0]):
        mark[f] = -1
        if twin[3 * f] != topology.SKIPPED:
            a, b, c = rank[faces[f, 0]], rank[faces[f, 1]], rank[faces[f, 2]]
            for i in range(min(min(a, b), c), max(max(a, b), c)):
                members[ends[i]] = f
                ends[i] += 1
    found = at = 0
    starts[0] = 0
    for i in range(heights.shape[0]):
        h = int(heights[i])
        for turn in range(1 if sound else 0, 2):  # what begins where an edge is bad first: all that is left then goes round
            for place in range(begins[i], begins[i + 1]):
                f = members[place]
                if mark[f] == i:
                    continue
                if turn == 0:
                    k = _falling(faces, rank, f, i)
                    if not _ends(faces, twin, f, k):
                        continue
                    _put(lattice, faces[f, (k + 1) % 3], faces[f, k], h, points, at)
                    at += 1
                k = _rising(faces, rank, f, i)
                low, top = faces[f, k], faces[f, (k + 1) % 3]
                while mark[f] != i:
                    mark[f] = i
                    _put(lattice, low, top, h, points, at)
                    at += 1
                    if not sound and _ends(faces, twin, f, k):
                        break
                    t = twin[3 * f + k]  # falls from top to low
                    f = t // 3
                    k = t - 3 * f
                    third = faces[f, k - 1 if k > 0 else 2]
                    if rank[third] > i:
                        top, k = third, k + 1 if k < 2 else 0
                    else:
                        low, k = third, k - 1 if k > 0 else 2
                closed[found], slice_of[found] = turn, i
                found += 1
                starts[found] = at
    return found


@kernel("void(float64[:,::1], int64[::1], float64[::1])", writes=("areas",))
def enclosed(points: Floats, starts: Int64s, areas: Floats) -> None:
    """areas (contours,): what each encloses, steps^2; below zero for a hole. Shoelace from the contour's first point."""
    for c in range(areas.shape[0]):
        x, y = points[starts[c], 0], points[starts[c], 1]
        twice = 0.0
        for i in range(starts[c] + 1, starts[c + 1] - 1):
            ux, uy = points[i, 0] - x, points[i, 1] - y
            twice += ux * (points[i + 1, 1] - y) - uy * (points[i + 1, 0] - x)
        areas[c] = 0.5 * twice


class Contours(NamedTuple):
    """points (s, 2) steps; contour c is points[starts[c] : starts[c + 1]], at the height slice_of[c], a loop where closed[c]."""

    points: Floats
    starts: Int64s
    slice_of: Int32s
    closed: Int8s

    @property
    def areas(self) -> Floats:
        """What each contour encloses, steps^2, below zero for a hole."""
        areas = np.empty(len(self.slice_of))
        enclosed(self.points, self.starts, areas)
        return areas


def contours(lattice: Int32s, faces: Int32s, twin: Int32s, heights: Int32s, sound: bool) -> Contours:
    """The outlines at `heights` (k,), steps, never falling; `twin` (3 m) of `topology.match_edges`, `sound` where that counted no
    open, crowded or turned edge; every index in range."""
    if not len(heights):
        return Contours(np.empty((0, 2)), np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.int8))
    if (heights[1:] < heights[:-1]).any():
        raise ValueError("heights fall: they are to be in order")
    rank, begins = np.empty(len(lattice), np.int32), np.empty(len(heights) + 1, np.int64)
    count(lattice, faces, twin, heights, np.empty(TABLE, np.int32), rank, begins)
    total = int(begins[-1])
    members, mark, ends = np.empty(total, np.int32), np.empty(len(faces), np.int32), np.empty(len(heights), np.int64)
    points, starts = np.empty((total if sound else 2 * total, 2)), np.empty(total + 1, np.int64)
    slice_of, closed = np.empty(total, np.int32), np.empty(total, np.int8)
    found = trace(
        lattice, faces, twin, heights, rank, begins, sound, ends, members, mark, points, starts, slice_of, closed
    )  # fmt: skip
    return Contours(points[: starts[found]], starts[: found + 1], slice_of[:found], closed[:found])
