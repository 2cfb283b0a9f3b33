"""A bounding volume hierarchy without pointers: faces in Morton order, eight to a leaf, eight nodes to a node above.

Level 0 has one box a face (in `order`, filled up to a multiple of eight with boxes that nothing meets), level k one box for
each eight of level k - 1, up to a level of at most eight (level 1 there always is). Children of node i are 8 i ... 8 i + 7 of the level below, so the
tree is a table of boxes and the rows where its levels begin: building it is one sort and one pass, refitting it the pass alone.

Boxes are the lattice's own integers, min and max of x, y, z as six rows: overlap is exact, and eight neighbours are one vector.
Order after Karras 2012 ("Maximizing parallelism in the construction of BVHs"): Morton codes of the boxes' centres.
O(m) time and about 30 bytes a face.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.exact import normal_of
from kernels.simd import bits, load, splat

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

WIDTH = 8
NOWHERE = (1 << 31) - 1
"""The min of a box that is none (its max is -NOWHERE): it meets nothing."""
DEEPEST = 12
"""Levels that 2^31 faces need, and one more."""


def levels_of(faces: int) -> Int64s:
    """Where each level of a tree of so many faces begins, and at the end the number of boxes: (levels + 1,)."""
    starts, size = [0], max(faces, 1)
    while True:
        starts.append(starts[-1] + -(-size // WIDTH) * WIDTH)
        if len(starts) > 2 and size <= WIDTH:
            return np.array(starts, dtype=np.int64)
        size = -(-size // WIDTH)


@kernel("int64(int32[:,::1], int32[:,::1], int64, int32[::1])", writes=("rows",))
def with_area(lattice: Int32s, faces: Int32s, first: int, rows: Int32s) -> int:
    """The rows from `first` on of faces that have an area, into rows (m - first,); returns how many. Every index is in range."""
    k = 0
    for f in range(first, faces.shape[0]):
        nx, ny, nz = normal_of(lattice, faces, f)
        if nx | ny | nz:
            rows[k] = f
            k += 1
    return k


@inlined
def _spread(v: int) -> int:
    """11 bits to every third bit."""
    v = (v | v << 16) & 0x070000FF
    v = (v | v << 8) & 0x0700F00F
    v = (v | v << 4) & 0x430C30C3
    return (v | v << 2) & 0x49249249


@inlined
def _middle(lattice: Int32s, a: int, b: int, c: int, axis: int) -> np.int64:
    """Twice the middle of a face's box along an axis."""
    x, y, z = lattice[a, axis], lattice[b, axis], lattice[c, axis]
    return np.int64(min(min(x, y), z)) + np.int64(max(max(x, y), z))


@kernel(
    "void(int32[:,::1], int32[:,::1], int32[::1], int32[::1], int64[::1], int64[::1], int32[::1], int64[::1])",
    writes=("order", "codes", "spare", "counts", "ends"),
)
def sort_faces(
    lattice: Int32s, faces: Int32s, rows: Int32s, order: Int32s, codes: Int64s, spare: Int64s, counts: Int32s, ends: Int64s
) -> None:
    """`order` (k,): `rows` (faces of the tree) along the Morton curve of their boxes' centres; equal codes keep their order.

    Workspace: codes, spare (k,), counts (2048,), ends (6,).
    """
    k = rows.shape[0]
    ends[:3] = 1 << 40
    ends[3:] = -(1 << 40)
    low_x, low_y, low_z, high_x, high_y, high_z = ends[0], ends[1], ends[2], ends[3], ends[4], ends[5]
    for i in range(k):
        f = rows[i]
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        x, y, z = _middle(lattice, a, b, c, 0), _middle(lattice, a, b, c, 1), _middle(lattice, a, b, c, 2)
        low_x, low_y, low_z = min(low_x, x), min(low_y, y), min(low_z, z)
        high_x, high_y, high_z = max(high_x, x), max(high_y, y), max(high_z, z)
        codes[i], spare[i] = x << 32 | (y & 0xFFFFFFFF), z
    extent = max(max(high_x - low_x, high_y - low_y), high_z - low_z)
    shift = 0
    while extent >> shift >= 2048:
        shift += 1
    for i in range(k):
        x, y = codes[i] >> 32, np.int64(np.int32(codes[i]))
        code = _spread((x - low_x) >> shift) << 2 | _spread((y - low_y) >> shift) << 1 | _spread((spare[i] - low_z) >> shift)
        codes[i] = code << 31 | i
    for turn in range(3):
        counts[:] = 0
        bits = 31 + 11 * turn
        for i in range(k):
            counts[codes[i] >> bits & 2047] += 1
        total = 0
        for b in range(2048):
            here = counts[b]
            counts[b] = total
            total += here
        if turn == 2:
            break
        for i in range(k):
            b = codes[i] >> bits & 2047
            spare[counts[b]] = codes[i]
            counts[b] += 1
        codes, spare = spare, codes
    for i in range(k):
        b = codes[i] >> 53 & 2047
        order[counts[b]] = rows[codes[i] & 0x7FFFFFFF]
        counts[b] += 1


@inlined
def lift(levels: Int64s, boxes: Int32s) -> None:
    """All boxes above level 0 from those of level 0."""
    for level in range(1, levels.shape[0] - 1):
        nodes = (levels[level] - levels[level - 1]) // WIDTH
        for c in range(3):
            for i in range(nodes):
                least, most = NOWHERE, -NOWHERE
                for at in range(levels[level - 1] + WIDTH * i, levels[level - 1] + WIDTH * i + WIDTH):
                    least = min(least, boxes[c, at])
                    most = max(most, boxes[c + 3, at])
                boxes[c, levels[level] + i] = least
                boxes[c + 3, levels[level] + i] = most
            for i in range(nodes, levels[level + 1] - levels[level]):
                boxes[c, levels[level] + i] = NOWHERE
                boxes[c + 3, levels[level] + i] = -NOWHERE


@inlined
def _none_from(k: int, levels: Int64s, boxes: Int32s) -> None:
    """Beyond the last face of level 0 there are boxes of none."""
    for i in range(k, levels[1]):
        for c in range(3):
            boxes[c, i] = NOWHERE
            boxes[c + 3, i] = -NOWHERE


@kernel("void(int32[:,::1], int32[:,::1], int32[::1], int64[::1], int32[:,::1])", writes=("boxes",))
def fit(lattice: Int32s, faces: Int32s, order: Int32s, levels: Int64s, boxes: Int32s) -> None:
    """All boxes of a tree from the points as they are: after a sort, or again for moved points (refit).

    boxes (6, levels[-1]): rows min x, min y, min z, max x, max y, max z.
    """
    k = order.shape[0]
    for i in range(k):
        f = order[i]
        a, b, d = faces[f, 0], faces[f, 1], faces[f, 2]
        for c in range(3):
            x, y, z = lattice[a, c], lattice[b, c], lattice[d, c]
            boxes[c, i] = min(min(x, y), z)
            boxes[c + 3, i] = max(max(x, y), z)
    _none_from(k, levels, boxes)
    lift(levels, boxes)


@kernel(
    "void(int32[:,::1], int32[:,::1], int32[::1], int64[::1], int32[:,::1], int32[:,::1])",
    writes=("boxes", "corners"),
)
def fit_corners(lattice: Int32s, faces: Int32s, order: Int32s, levels: Int64s, boxes: Int32s, corners: Int32s) -> None:
    """As `fit`; and corners (9, levels[1]): x, y, z of each face's first point, second and third, zero beyond the last."""
    k = order.shape[0]
    for i in range(k):
        f = order[i]
        a, b, d = faces[f, 0], faces[f, 1], faces[f, 2]
        for c in range(3):
            x, y, z = lattice[a, c], lattice[b, c], lattice[d, c]
            corners[c, i], corners[c + 3, i], corners[c + 6, i] = x, y, z
            boxes[c, i] = min(min(x, y), z)
            boxes[c + 3, i] = max(max(x, y), z)
    corners[:, k:] = 0
    _none_from(k, levels, boxes)
    lift(levels, boxes)


@inlined
def meeting(boxes: Int32s, first: int, box: Int32s, i: int) -> int:
    """Which of the eight boxes from `first` on meet box i of `box`, as bits."""
    return bits(
        (load(boxes, 0, first) <= splat(box[3, i]))
        & (load(boxes, 3, first) >= splat(box[0, i]))
        & (load(boxes, 1, first) <= splat(box[4, i]))
        & (load(boxes, 4, first) >= splat(box[1, i]))
        & (load(boxes, 2, first) <= splat(box[5, i]))
        & (load(boxes, 5, first) >= splat(box[2, i]))
    )


@kernel("void(int32[:,::1], int32[:,::1], int32[::1], int64[::1])", writes=("box",))
def around(lattice: Int32s, faces: Int32s, rows: Int32s, box: Int64s) -> None:
    """box (6,): min x, y, z, max x, y, z of some faces; of none, NOWHERE and -NOWHERE."""
    for c in range(3):
        least, most = NOWHERE, -NOWHERE
        for f in rows:
            for k in range(3):
                x = lattice[faces[f, k], c]
                least, most = min(least, x), max(most, x)
        box[c], box[c + 3] = least, most


@kernel("int64(int32[:,::1], int32[:,::1], int64, int64[::1], int32[::1])", writes=("rows",))
def within_reach(lattice: Int32s, faces: Int32s, end: int, box: Int64s, rows: Int32s) -> int:
    """The rows before `end` of faces whose boxes meet one box (min x, y, z, max x, y, z), rising, into rows (end,); returns how many."""
    k = 0
    for f in range(end):
        a, b, d = faces[f, 0], faces[f, 1], faces[f, 2]
        meets = True
        # what is new lies on one side more often than over the middle: most are told by the last axis
        for c in (2, 1, 0):
            x, y, z = lattice[a, c], lattice[b, c], lattice[d, c]
            if min(min(x, y), z) > box[c + 3] or max(max(x, y), z) < box[c]:
                meets = False
                break
        if meets:
            rows[k] = f
            k += 1
    return k
