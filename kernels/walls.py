"""Walls and gaps: for each face the nearest surface across the material behind it and across the room before it.

No samples. A face is swept along its normal, inward by the wall's limit and outward by the gap's; of every face, edge and corner
within that prism which looks back at it (`kernels.facing`), the nearest point is found by clipping, in float64 on the lattice's
integers. Nothing within the limit is missed, however small it is and however the surfaces are cut into triangles:

- places on two faces count when the faces are parallel to within 8 degrees;
- a place on an edge or corner when the swept normal lies, to within 8 degrees (corners: exactly), among its normals there.

So a thickness that has a least value is seen at that least value (between smooth surfaces and in cones of edges alike), and so is
one that tapers by less than 8 degrees; the tip of a wedge, a chamfer, a knife's edge, where it runs down to nothing at a larger
angle without ever being least, is not. Distances are along the asking face's normal: for faces out of parallel at most 1 %
longer than the shortest. Faces that share a point with the asking one never count, nor what touches or crosses it.
Where two edges come near and no face looks straight at either, `kernels.ridges` sees them: so too two corners whose edges run on
one line, as the feet of two letters do, for what is between them widens at once beyond the line (`kernels.cones`).

The least thickness of Ma, Bae and Choi 2012 (shrinking ball) where it has a least value, without a ball to shrink.
O(log m + found) a face.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.bvh import NOWHERE, WIDTH, meeting
from kernels.compiled import inlined, kernel
from kernels.facing import looking
from kernels.simd import Vector, bits, floats, load, lowest_bit, splat
from kernels.swept import ask, ask_edge, framed

Floats = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

STACK = 128
CHANNELS = 4
"""Of a face: wall, gap, wall between letters, gap between letters."""
FACE, EDGE, RIDGE = range(3)
"""What faces a face: a face, a sharp edge; or its own edge is faced by another."""
_UNSURE = 2.0**-20
CORNERS = 16
"""Rows of a polygon's workspace: a triangle clipped by three planes has six."""


@kernel(
    "void(int32[:,::1], int32[:,::1], float64[:,::1], int32[::1], float64, float64, int32[:,::1], float32[:,::1], "
    "int32[:,::1])",
    writes=("asks", "aims", "hulls"),
)
def sweep(
    lattice: Int32s,
    faces: Int32s,
    units: Float64s,
    rows: Int32s,
    inward: float,
    outward: float,
    asks: Int32s,
    aims: Floats,
    hulls: Int32s,
) -> None:
    """asks (6, 8 k): the box of each face of `rows`, swept inward and outward by so many steps; beyond the last, boxes of none.
    aims (3, 8 k): its normal. hulls (6, k): the box of each eight."""
    for i in range(rows.shape[0]):
        f = rows[i]
        aims[0, i], aims[1, i], aims[2, i] = units[f, 0], units[f, 1], units[f, 2]
        a, b, d = faces[f, 0], faces[f, 1], faces[f, 2]
        for c in range(3):
            x, y, z = lattice[a, c], lattice[b, c], lattice[d, c]
            one, two = -inward * units[f, c], outward * units[f, c]
            asks[c, i] = np.int32(math.floor(min(min(x, y), z) + min(min(one, two), 0.0)))
            asks[c + 3, i] = np.int32(math.ceil(max(max(x, y), z) + max(max(one, two), 0.0)))
    for i in range(rows.shape[0], asks.shape[1]):
        for c in range(3):
            aims[c, i] = 0.0
            asks[c, i] = NOWHERE
            asks[c + 3, i] = -NOWHERE
    for group in range(hulls.shape[1]):
        for c in range(3):
            least, most = NOWHERE, -NOWHERE
            for i in range(WIDTH * group, WIDTH * group + WIDTH):
                least, most = min(least, asks[c, i]), max(most, asks[c + 3, i])
            hulls[c, group], hulls[c + 3, group] = least, most


@inlined
def _aiming(aims: Floats, base: int, lanes: Floats, at: int) -> int:
    """Which of the eight asking faces from `base` on something of node `at` may face."""
    dot = (
        load(aims, 0, base) * splat(lanes[0, at])
        + load(aims, 1, base) * splat(lanes[1, at])
        + load(aims, 2, base) * splat(lanes[2, at])
    )
    return bits(dot < splat(lanes[3, at]))


@inlined
def _sides(
    ends: Int32s, first: int, frame: Float64s, k: int, ox: Vector, oy: Vector, oz: Vector
) -> tuple[Vector, Vector, Vector]:
    """How far the three corners of the eight from `first` on lie along row k of the frame, seen from its corner o."""
    x, y, z = splat(np.float32(frame[k, 0])), splat(np.float32(frame[k, 1])), splat(np.float32(frame[k, 2]))
    return (
        x * floats(load(ends, 0, first) - ox) + y * floats(load(ends, 1, first) - oy) + z * floats(load(ends, 2, first) - oz),
        x * floats(load(ends, 3, first) - ox) + y * floats(load(ends, 4, first) - oy) + z * floats(load(ends, 5, first) - oz),
        x * floats(load(ends, 6, first) - ox) + y * floats(load(ends, 7, first) - oy) + z * floats(load(ends, 8, first) - oz),
    )


@inlined
def _reaching(ends: Int32s, first: int, frame: Float64s, inward: float, outward: float, unsure: float) -> int:
    """Which of the eight from `first` on may reach into the prism: certified for those left out, which lie beyond one of its planes.

    `unsure`: what float32 may be off by, as of `kernels.crossings._reach`.
    """
    ox, oy, oz = splat(np.int32(frame[4, 0])), splat(np.int32(frame[4, 1])), splat(np.int32(frame[4, 2]))
    one, two, three = _sides(ends, first, frame, 0, ox, oy, oz)
    low, high = splat(np.float32(-inward - unsure)), splat(np.float32(outward + unsure))
    out = ((one < low) & (two < low) & (three < low)) | ((one > high) & (two > high) & (three > high))
    for k in range(1, 4):
        one, two, three = _sides(ends, first, frame, k, ox, oy, oz)
        high = splat(np.float32(frame[k, 3] + unsure))
        out = out | ((one > high) & (two > high) & (three > high))
    return 255 ^ bits(out)


@inlined
def _reach(boxes: Int32s, node: int, hulls: Int32s, group: int) -> float:
    """What float32 may be off by on distances within both boxes."""
    extent = np.int64(0)
    for c in range(3):
        extent = max(
            extent, np.int64(max(boxes[c + 3, node], hulls[c + 3, group])) - np.int64(min(boxes[c, node], hulls[c, group]))
        )
    return float(extent) * _UNSURE


@inlined
def _mean(units: Float64s, rows: Int32s, base: int) -> tuple[np.float32, np.float32, np.float32, np.float32]:
    """The mean normal of the eight faces from `base` on, and how far (a chord) the farthest lies from it, rounding included."""
    x = y = z = 0.0
    end = min(base + WIDTH, rows.shape[0])
    for i in range(base, end):
        g = rows[i]
        x, y, z = x + units[g, 0], y + units[g, 1], z + units[g, 2]
    n = end - base
    x, y, z = x / n, y / n, z / n
    more = 0.0
    for i in range(base, end):
        g = rows[i]
        dx, dy, dz = units[g, 0] - x, units[g, 1] - y, units[g, 2] - z
        more = max(more, dx * dx + dy * dy + dz * dz)
    return np.float32(x), np.float32(y), np.float32(z), np.float32(math.sqrt(more) + 1e-5)


@kernel(
    "int64(int32[:,::1], int32[:,::1], int32[::1], float64[:,::1], float64[:,::1], int8[::1], float64[:,:,::1], int32[::1], int32[:,::1], "
    "float32[:,::1], int32[:,::1], int32[::1], int32[::1], int64[::1], int32[:,::1], int32[:,::1], float32[:,::1], int32[:,::1], float64[:,::1], int64[::1], "
    "float64[:,::1])",
    writes=("hits", "found", "stack", "work"),
)
def across(
    lattice: Int32s,
    faces: Int32s,
    twin: Int32s,
    units: Float64s,
    corners: Float64s,
    roles: Int8s,
    limits: Float64s,
    rows: Int32s,
    asks: Int32s,
    aims: Floats,
    hulls: Int32s,
    halves: Int32s,
    order: Int32s,
    levels: Int64s,
    boxes: Int32s,
    ends: Int32s,
    lanes: Floats,
    hits: Int32s,
    found: Float64s,
    stack: Int64s,
    work: Float64s,
) -> int:
    """What faces each face of `rows` from nearer than its limit, among the faces of a tree, or the edges of one of edges. Returns how
    many rows there are.

    units (m, 3), corners of `look`, lanes of `pack`, asks, aims and hulls of `sweep` (by limits at least as large as these). halves: empty for a
    tree of faces, or the half-edges that a tree of edges has in its rows. ends (9, slots): the corners of a tree's faces as
    `kernels.crossings.pack` has them; of edges the second end twice. roles (m,) of each face: 0, or 1 and above for letters;
    limits (2, r, r) steps: of walls and gaps between two roles (0: not asked). Out, up to their length: hits (cap, 4) the
    asking face, its channel (CHANNELS), the face across, and whether it is that (FACE) or an edge of it (EDGE); found (cap, 4) the least distance and the place half-way, steps. One
    row at most for a face and channel, in the order of `rows`. `rows` in the order of a tree are asked fastest.
    Workspace: stack (STACK,), work (96, 5).
    """
    count = 0
    cap = hits.shape[0]
    edges = halves.shape[0] > 0
    best = work[:32]
    frames = np.empty((WIDTH, 5, 4))
    inward, outward = limits[0].max(), limits[1].max()
    poly = np.empty((2, CORNERS, 4))
    at = np.empty((2, 3))
    top_level = levels.shape[0] - 2
    for group in range(-(-rows.shape[0] // WIDTH)):
        base = WIDTH * group
        if not meeting(boxes, levels[top_level], hulls, group):
            continue
        known = 0
        mx, my, mz, more = _mean(units, rows, base)
        top = 1
        stack[0] = top_level << 40
        while top:
            top -= 1
            level, block = stack[top] >> 40, stack[top] & 0xFFFFFFFFFF
            first = levels[level] + WIDTH * block
            near = meeting(boxes, first, hulls, group)
            if near:
                near &= looking(lanes, first, mx, my, mz, more)
            while near:
                node = WIDTH * block + lowest_bit(near)
                near &= near - 1
                if level > 1:
                    stack[top] = (level - 1) << 40 | node
                    top += 1
                    continue
                first = WIDTH * node
                touched = _aiming(aims, base, lanes, levels[1] + node)
                if touched:
                    touched &= meeting(asks, base, boxes, levels[1] + node)
                unsure = 0.0
                while touched:
                    lane = lowest_bit(touched)
                    touched &= touched - 1
                    g = rows[base + lane]
                    left = looking(
                        lanes, first, aims[0, base + lane], aims[1, base + lane], aims[2, base + lane], np.float32(0.0)
                    )
                    if left:
                        left &= meeting(boxes, first, asks, base + lane)
                    if left == 0:
                        continue
                    if known == 0:
                        best[:, 0] = math.inf
                    frame = frames[lane]
                    if known >> lane & 1 == 0:
                        framed(lattice, faces, units, g, frame)
                        known |= 1 << lane
                    if unsure == 0.0:
                        unsure = _reach(boxes, levels[1] + node, hulls, group)
                    left &= _reaching(ends, first, frame, inward, outward, unsure)
                    while left:
                        f = order[first + lowest_bit(left)]
                        left &= left - 1
                        if edges:
                            ask_edge(
                                lattice,
                                faces,
                                twin,
                                units,
                                roles,
                                limits,
                                g,
                                halves[f],
                                frame,
                                poly[0],
                                at,
                                best,
                                CHANNELS * lane,
                            )
                        elif f != g:
                            ask(
                                lattice,
                                faces,
                                twin,
                                units,
                                corners,
                                roles,
                                limits,
                                g,
                                f,
                                frame,
                                poly,
                                at,
                                best,
                                CHANNELS * lane,
                            )
        for row in range(CHANNELS * WIDTH if known else 0):
            if best[row, 0] < math.inf:
                if count < cap:
                    hits[count, 0] = rows[base + row // CHANNELS]
                    hits[count, 1] = row % CHANNELS
                    hits[count, 2] = np.int32(best[row, 4])
                    hits[count, 3] = EDGE if edges else FACE
                    for c in range(4):
                        found[count, c] = best[row, c]
                count += 1
    return count
