"""Which pairs of faces meet otherwise than neighbours do: every pair, none invented, exact on the lattice.

Boxes of a tree pick the candidates (integers, so no pair is lost to rounding), determinants of integers decide
(`kernels.pairs`). Faces without an area are left out: they are errors already, and their pairs would depend on the packing.
O(m log m) for surfaces; the pairs found are bounded by the caller's arrays, and counted beyond them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.bvh import WIDTH
from kernels.compiled import inlined, kernel
from kernels.exact import side_of_plane
from kernels.pairs import APART, DOUBLE, at_a_point, at_an_edge, strangers

Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

STACK = 128
"""Nodes that a walk keeps: seven for each level and one."""


@inlined
def _shared(faces: Int32s, f: int, i: int) -> int:
    """The corner of f at point i, or -1."""
    if faces[f, 0] == i:
        return 0
    if faces[f, 1] == i:
        return 1
    return 2 if faces[f, 2] == i else -1


@inlined
def kind_of(lattice: Int32s, faces: Int32s, f: int, g: int, nx: int, ny: int, nz: int) -> int:
    """The kind of faces f and g; n: the normal of f (twice its area)."""
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    d, e, h = faces[g, 0], faces[g, 1], faces[g, 2]
    p, q, r = _shared(faces, f, d), _shared(faces, f, e), _shared(faces, f, h)
    shared = (p >= 0) + (q >= 0) + (r >= 0)
    if shared == 3:
        return DOUBLE
    ax, ay, az = np.int64(lattice[a, 0]), np.int64(lattice[a, 1]), np.int64(lattice[a, 2])
    sd = 0 if p >= 0 else side_of_plane(nx, ny, nz, lattice[d, 0] - ax, lattice[d, 1] - ay, lattice[d, 2] - az)
    se = 0 if q >= 0 else side_of_plane(nx, ny, nz, lattice[e, 0] - ax, lattice[e, 1] - ay, lattice[e, 2] - az)
    sh = 0 if r >= 0 else side_of_plane(nx, ny, nz, lattice[h, 0] - ax, lattice[h, 1] - ay, lattice[h, 2] - az)
    if shared == 0:
        if (sd > 0 and se > 0 and sh > 0) or (sd < 0 and se < 0 and sh < 0):
            return APART
        return strangers(lattice, a, b, c, d, e, h, sd, se, sh)
    if shared == 1:
        # turn both so that the shared point leads
        if q >= 0:
            d, e, h, sd, se, sh, p = e, h, d, se, sh, sd, q
        elif r >= 0:
            d, e, h, sd, se, sh, p = h, d, e, sh, sd, se, r
        if se * sh > 0:
            return APART
        if p == 1:
            a, b, c = b, c, a
        elif p == 2:
            a, b, c = c, a, b
        return at_a_point(lattice, a, b, c, e, h, se, sh)
    other, side = (d, sd) if p < 0 else ((e, se) if q < 0 else (h, sh))
    if _shared(faces, g, a) < 0:
        a, b, c = b, c, a
    elif _shared(faces, g, b) < 0:
        a, b, c = c, a, b
    return at_an_edge(lattice, a, b, c, other, side)


@inlined
def _meet(boxes: Int32s, i: int, j: int) -> bool:
    return (
        (boxes[0, i] <= boxes[3, j])
        & (boxes[0, j] <= boxes[3, i])
        & (boxes[1, i] <= boxes[4, j])
        & (boxes[1, j] <= boxes[4, i])
        & (boxes[2, i] <= boxes[5, j])
        & (boxes[2, j] <= boxes[5, i])
    )


@kernel(
    "int64(int32[:,::1], int32[:,::1], int32[::1], int64[::1], int32[:,::1], int32[:,::1], int8[::1], int64[::1])",
    writes=("pairs", "kinds", "stack"),
)
def within(
    lattice: Int32s, faces: Int32s, order: Int32s, levels: Int64s, boxes: Int32s, pairs: Int32s, kinds: Int8s, stack: Int64s
) -> int:
    """Every pair of faces of one tree that meets otherwise than neighbours do. Returns how many there are.

    Out: pairs (cap, 2) rows of faces, the lower first; kinds (cap,) of `kernels.pairs`; filled up to cap. Workspace: stack (STACK,).
    """
    found = 0
    cap = pairs.shape[0]
    top_level = levels.shape[0] - 2
    k = order.shape[0]
    groups = (levels[1] - levels[0]) // WIDTH
    for group in range(groups):
        mine = levels[1] + group
        top = 0
        for i in range(levels[top_level + 1] - levels[top_level]):
            stack[top] = top_level << 40 | i
            top += 1
        while top:
            top -= 1
            level, node = stack[top] >> 40, stack[top] & 0xFFFFFFFFFF
            # the last group below this node: pairs with groups before ours were found from there
            if ((node + 1) << (3 * (level - 1))) <= group or not _meet(boxes, levels[level] + node, mine):
                continue
            if level > 1:
                for child in range(WIDTH):
                    stack[top] = (level - 1) << 40 | (WIDTH * node + child)
                    top += 1
                continue
            for at in range(WIDTH * group, min(WIDTH * group + WIDTH, k)):
                if not _meet(boxes, at, levels[1] + node):
                    continue
                f = order[at]
                a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
                ax, ay, az = np.int64(lattice[a, 0]), np.int64(lattice[a, 1]), np.int64(lattice[a, 2])
                ux, uy, uz = lattice[b, 0] - ax, lattice[b, 1] - ay, lattice[b, 2] - az
                vx, vy, vz = lattice[c, 0] - ax, lattice[c, 1] - ay, lattice[c, 2] - az
                nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
                begin = at + 1 if node == group else WIDTH * node
                for other in range(begin, min(WIDTH * node + WIDTH, k)):
                    if not _meet(boxes, at, other):
                        continue
                    g = order[other]
                    kind = kind_of(lattice, faces, f, g, nx, ny, nz)
                    if kind != APART:
                        if found < cap:
                            pairs[found, 0] = min(f, g)
                            pairs[found, 1] = max(f, g)
                            kinds[found] = kind
                        found += 1
    return found
