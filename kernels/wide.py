"""A tree's boxes as eight lanes read them, in float32: what is asked from any place, of points in float64.

The tree is that of `kernels.bvh` (faces in an order, eight to a leaf, `levels_of`). Lengths are local: from the middle of the faces'
box and scaled by a power of two, so that every coordinate of a face lies between -1 and 1 and float32 is off by UNIT at most.
Eight boxes stand together, 6 rows of 8 (min x, y, z, max x, y, z): one group is three lines of cache. Of the leaves' groups on;
single faces have no boxes here. Group g of a level has the boxes 8 g ... 8 g + 7, children of box g of the level above.

Who asks allows for what is rounded; no box is widened here. O(m), 4 bytes a face.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels import bvh, halving
from kernels.bvh import WIDTH
from kernels.compiled import inlined, kernel
from kernels.simd import lowest_bit

Floats = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

UNIT = 2.0**-24
"""Half the space between float32 numbers just below 1."""
STACK = 128
"""Nodes that a walk keeps: seven for each level and one."""
STEPS = 1 << 20
"""Of the lattice along which faces are put in order."""
NEAR = 8.0
"""Local: places are put in order as if none were farther."""
ROWS = 6
"""Of a group: min x, y, z, max x, y, z."""


class Wide(NamedTuple):
    """`order` (m,) of the faces, `levels` (kernels.bvh), `frame` (4,) middle and scale, `boxes` (groups * ROWS, 8)."""

    order: Int32s
    levels: Int64s
    frame: Float64s
    boxes: Floats


@kernel("void(float64[:,::1], int32[:,::1], float64[::1])", writes=("frame",))
def frame_of(points: Float64s, faces: Int32s, frame: Float64s) -> None:
    """frame (4,): the middle x, y, z of the faces' box, and the scale, a power of two: (x - middle) * scale is in -1 ... 1."""
    reach = 0.0
    for c in range(3):
        low, high = math.inf, -math.inf
        for f in range(faces.shape[0]):
            for j in range(3):
                x = points[faces[f, j], c]
                low, high = min(low, x), max(high, x)
        middle = 0.5 * low + 0.5 * high if low <= high else 0.0
        frame[c] = middle
        if low <= high:
            reach = max(reach, max(high - middle, middle - low))
    frame[3] = math.ldexp(1.0, -math.frexp(reach)[1]) if reach > 0.0 else 1.0


@kernel("void(float64[:,::1], int32[:,::1], float64[::1], int32[:,::1])", writes=("lattice",))
def round_off(points: Float64s, faces: Int32s, frame: Float64s, lattice: Int32s) -> None:
    """lattice (p, 3): local coordinates in STEPS, of the points that faces use; others are left as they are."""
    for f in range(faces.shape[0]):
        for j in range(3):
            i = faces[f, j]
            for c in range(3):
                lattice[i, c] = np.int32((points[i, c] - frame[c]) * frame[3] * STEPS)


@kernel("void(float64[:,::1], int32[:,::1], int32[::1], int64[::1], float64[::1], float32[:,::1])", writes=("boxes",))
def fit(points: Float64s, faces: Int32s, order: Int32s, levels: Int64s, frame: Float64s, boxes: Floats) -> None:
    """All boxes, rounded to the nearest float32; where there is none, one that is infinitely far (min inf, max -inf)."""
    boxes[:] = math.inf
    for group in range(boxes.shape[0] // ROWS):
        boxes[ROWS * group + 3 : ROWS * group + ROWS] = -math.inf
    for i in range(order.shape[0]):
        f, leaf = order[i], i // WIDTH
        row, lane = ROWS * (leaf // WIDTH), leaf % WIDTH
        for c in range(3):
            x, y, z = points[faces[f, 0], c], points[faces[f, 1], c], points[faces[f, 2], c]
            least = np.float32((min(min(x, y), z) - frame[c]) * frame[3])
            most = np.float32((max(max(x, y), z) - frame[c]) * frame[3])
            boxes[row + c, lane] = min(boxes[row + c, lane], least)
            boxes[row + 3 + c, lane] = max(boxes[row + 3 + c, lane], most)
    for level in range(1, levels.shape[0] - 2):
        above = (levels[level + 1] - levels[1]) // WIDTH
        below = (levels[level] - levels[1]) // WIDTH
        for node in range((levels[level + 1] - levels[level]) // WIDTH):
            row, lane = ROWS * (above + node // WIDTH), node % WIDTH
            for c in range(3):
                least, most = np.float32(math.inf), np.float32(-math.inf)
                for k in range(WIDTH):
                    least = min(least, boxes[ROWS * (below + node) + c, k])
                    most = max(most, boxes[ROWS * (below + node) + 3 + c, k])
                boxes[row + c, lane] = least
                boxes[row + 3 + c, lane] = most


@inlined
def push(stack: Int64s, top: int, nearness: Int32s, hits: int, code: int) -> int:
    """Put the groups below the eight boxes of `hits` (bits) on the stack, the nearest on top; returns the new top.

    nearness (., 8): in row 0 the bits of a float32 that is not negative, for each lane. An entry is nearness << 32 | level << 28 |
    number of a group, level 0: of a leaf; `code`: the last two, of lane 0.
    """
    bottom = top
    while hits:
        lane = lowest_bit(hits)
        hits &= hits - 1
        entry = np.int64(nearness[0, lane]) << 32 | (code + lane)
        at = top
        while at > bottom and stack[at - 1] < entry:
            stack[at] = stack[at - 1]
            at -= 1
        stack[at] = entry
        top += 1
    return top


@kernel("void(float64[:,::1], float64[::1], int32[:,::1])", writes=("lattice",))
def round_places(places: Float64s, frame: Float64s, lattice: Int32s) -> None:
    """lattice (n, 3): local coordinates of any places in STEPS, at most NEAR from the middle; 0 where one is no number."""
    for i in range(places.shape[0]):
        for c in range(3):
            x = (places[i, c] - frame[c]) * frame[3]
            lattice[i, c] = np.int32(min(max(x, -NEAR), NEAR) * STEPS) if x == x else 0


def curve(places: Float64s, frame: Float64s) -> Int32s:
    """The order (n,) of `places` (n, 3) along a Morton curve around a tree: what is asked in it finds its boxes in the cache."""
    n = len(places)
    lattice, itself = np.empty((n, 3), np.int32), np.empty((n, 3), np.int32)
    round_places(places, frame, lattice)
    itself[:] = np.arange(n, dtype=np.int32)[:, None]
    order, codes = np.empty(n, np.int32), np.empty((2, n), np.int64)
    bvh.sort_faces(
        lattice, itself, itself[:, 0].copy(), order, codes[0], codes[1], np.empty(2048, np.int32), np.empty(6, np.int64)
    )
    return order


def grown(points: Float64s, faces: Int32s) -> Wide:
    """The tree of all faces, by halving: points float64 (p, 3), finite and below 1e100, one unit of length; faces int32 (m, 3)."""
    m = len(faces)
    frame = np.empty(4)
    frame_of(points, faces, frame)
    lattice = np.zeros(points.shape, np.int32)
    round_off(points, faces, frame, lattice)
    order, rows = np.empty(m, np.int32), np.arange(m, dtype=np.int32)
    items, spare = np.empty((2, m, 2), np.int64)
    halving.sort_faces(
        lattice, faces, rows, order, items, spare, np.empty(halving.BINS, np.int64), np.empty(halving.STACK, np.int64)
    )
    levels = bvh.levels_of(m)
    boxes = np.empty((ROWS * (int(levels[-1] - levels[1]) // WIDTH), WIDTH), np.float32)
    fit(points, faces, order, levels, frame, boxes)
    return Wide(order, levels, frame, boxes)
