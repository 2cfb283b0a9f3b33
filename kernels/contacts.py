"""Where two solids meet: do they share room there, or do they only touch? Exact, from the signs of integer determinants alone.

Two solids whose surfaces meet share room near the meeting place when their wedges of material there do. Along a piece of a line
where two faces meet, each solid is a wedge about that line: a half-space where the line runs inside a face, the room between two
faces where it runs along an edge. Two wedges about one line share room when their sectors do, seen along the line. Where faces
lie in one plane on top of each other the solids share room when both faces look the same way. A single point decides nothing: see
`engine.verify.parts` for why that is enough.

Of two faces out of parallel, the parts of the planes' common line that lie in each are compared end by end, as Guigue and
Devillers 2003 do ("Fast and robust triangle-triangle overlap test using orientation predicates"), here with zeros.
O(1) a pair.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.exact import coordinate, normal_of, orient3d
from kernels.pairs import COPLANAR, CROSS

Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]

POINT, SEAM, FLUSH, SHARED = range(4)
"""Two faces meet: at a point at most, or where other pairs tell more; along a line, over an area, without sharing room; sharing it."""

_SAME, _LEFT, _OPPOSITE, _RIGHT = range(4)


@inlined
def _past(lattice: Int32s, u: int, v: int, x: int) -> tuple[int, int, int]:
    """The normal of the half-plane from the line u-v through x; zero where x is on the line."""
    ux, uy, uz = coordinate(lattice, u, 0), coordinate(lattice, u, 1), coordinate(lattice, u, 2)
    wx, wy, wz = lattice[v, 0] - ux, lattice[v, 1] - uy, lattice[v, 2] - uz
    px, py, pz = lattice[x, 0] - ux, lattice[x, 1] - uy, lattice[x, 2] - uz
    return wy * pz - wz * py, wz * px - wx * pz, wx * py - wy * px


@inlined
def _alike(ax: int, ay: int, az: int, bx: int, by: int, bz: int) -> bool:
    """Do two parallel vectors, none of them zero, point the same way? (Their product would be too long.)"""
    if ax != 0:
        return (ax > 0) == (bx > 0)
    if ay != 0:
        return (ay > 0) == (by > 0)
    return (az > 0) == (bz > 0)


@inlined
def _turn(lattice: Int32s, u: int, v: int, s: int, x: int) -> int:
    """Which way the ray from the line u-v to x lies, counter-clockwise about u to v from the ray to s."""
    side = orient3d(lattice, u, v, s, x)
    if side != 0:
        return _LEFT if side > 0 else _RIGHT
    ax, ay, az = _past(lattice, u, v, s)
    bx, by, bz = _past(lattice, u, v, x)
    return _SAME if _alike(ax, ay, az, bx, by, bz) else _OPPOSITE


@inlined
def _within(lattice: Int32s, u: int, v: int, s: int, t: int, x: int) -> bool:
    """Is the ray to x in the sector from the ray to s, itself included, counter-clockwise to the one to t, without it?"""
    end, way = _turn(lattice, u, v, s, t), _turn(lattice, u, v, s, x)
    if end == _SAME or way < end:
        return True
    if way > end:
        return False
    # both on one side of the ray to s, or both opposite to it, and then neither is past the other
    return orient3d(lattice, u, v, x, t) > 0


@inlined
def _apex(faces: Int32s, half: int) -> int:
    """The corner across a half-edge."""
    k = half % 3
    return int(faces[half // 3, k - 1 if k > 0 else 2])


@inlined
def _zeros(a: int, b: int, c: int) -> int:
    return (a == 0) + (b == 0) + (c == 0)


@inlined
def _at_a_corner(a: int, b: int, c: int) -> bool:
    """Signs of a face that has one corner on a plane and both others on one side of it."""
    return _zeros(a, b, c) == 1 and not (min(min(a, b), c) < 0 and max(max(a, b), c) > 0)


@inlined
def _edge(a: int, b: int, c: int, way: int) -> int:
    """The first edge along which the signs rise (way 1), fall (-1)."""
    if (b - a) * way > 0:
        return 0
    return 1 if (c - b) * way > 0 else 2


@inlined
def _flat_edge(a: int, b: int, c: int) -> int:
    """The edge whose ends both have sign zero; -1: none."""
    if a == 0 and b == 0:
        return 0
    if b == 0 and c == 0:
        return 1
    return 2 if c == 0 and a == 0 else -1


@inlined
def _on_side(faces: Int32s, g: int, a: int, b: int, c: int, sign: int) -> int:
    """A corner of g whose sign (a, b, c) is so."""
    k = 0 if a == sign else (1 if b == sign else 2)
    return int(faces[g, k])


@inlined
def _along_edge(lattice: Int32s, faces: Int32s, twin: Int32s, half: int, across: int, g: int, a: int, b: int, c: int) -> int:
    """SEAM or SHARED: the half-edge's wedge and g's material, along the half-edge; a, b, c: the sides of g's corners to the
    half-edge's face, `across` the side of its apex to g."""
    k = half % 3
    u, v = faces[half // 3, k], faces[half // 3, k + 1 if k < 2 else 0]
    end, start = _apex(faces, half), _apex(faces, twin[half])
    flat = _flat_edge(a, b, c)
    if flat < 0:
        # g is cut in two by the line: its material is clockwise from its half on the left of u to v
        far, near = _on_side(faces, g, a, b, c, -across), _on_side(faces, g, a, b, c, across)
    else:
        other = 3 * g + flat
        x, y = faces[g, flat], faces[g, flat + 1 if flat < 2 else 0]
        way = (
            np.int64(lattice[y, 0] - lattice[x, 0]) * (lattice[v, 0] - lattice[u, 0])
            + np.int64(lattice[y, 1] - lattice[x, 1]) * (lattice[v, 1] - lattice[u, 1])
            + np.int64(lattice[y, 2] - lattice[x, 2]) * (lattice[v, 2] - lattice[u, 2])
        )
        far, near = _apex(faces, other), _apex(faces, twin[other])
        if way < 0:
            far, near = near, far
    for x in (end, start, far, near):
        px, py, pz = _past(lattice, u, v, x)
        if px == 0 and py == 0 and pz == 0:
            return SHARED  # a neighbour without an area says nothing: not proved
    if _within(lattice, u, v, start, end, near) or _within(lattice, u, v, near, far, start):
        return SHARED
    return SEAM


@inlined
def meeting_of(lattice: Int32s, faces: Int32s, twin: Int32s, f: int, g: int, kind: int) -> int:
    """POINT, SEAM, FLUSH or SHARED, of a face of one solid and a face of another whose `kernels.pairs` kind is not APART."""
    if kind == CROSS:
        return SHARED
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    d, e, h = faces[g, 0], faces[g, 1], faces[g, 2]
    sd, se, sh = orient3d(lattice, a, b, c, d), orient3d(lattice, a, b, c, e), orient3d(lattice, a, b, c, h)
    if sd == 0 and se == 0 and sh == 0:
        if kind != COPLANAR:
            return POINT
        ax, ay, az = normal_of(lattice, faces, f)
        bx, by, bz = normal_of(lattice, faces, g)
        return SHARED if _alike(ax, ay, az, bx, by, bz) else FLUSH
    sa, sb, sc = orient3d(lattice, d, e, h, a), orient3d(lattice, d, e, h, b), orient3d(lattice, d, e, h, c)
    if _at_a_corner(sa, sb, sc) or _at_a_corner(sd, se, sh):
        return POINT
    # along normal(f) x normal(g): f begins on an edge that rises through g's plane and ends on one that falls, g the other way round
    i, j = _edge(sa, sb, sc, 1), _edge(sd, se, sh, 1)
    if orient3d(lattice, faces[f, i], faces[f, (i + 1) % 3], faces[g, j], faces[g, (j + 1) % 3]) <= 0:
        return POINT
    i, j = _edge(sa, sb, sc, -1), _edge(sd, se, sh, -1)
    if orient3d(lattice, faces[f, i], faces[f, (i + 1) % 3], faces[g, j], faces[g, (j + 1) % 3]) >= 0:
        return POINT
    flat = _flat_edge(sa, sb, sc)
    if flat >= 0:
        return _along_edge(lattice, faces, twin, 3 * f + flat, sa + sb + sc, g, sd, se, sh)
    flat = _flat_edge(sd, se, sh)
    if flat >= 0:
        return _along_edge(lattice, faces, twin, 3 * g + flat, sd + se + sh, f, sa, sb, sc)
    return SHARED


@kernel(
    "int64(int32[:,::1], int32[:,::1], int32[::1], int32[:,::1], int8[::1], int8[::1])",
    writes=("told",),
)
def judge(lattice: Int32s, faces: Int32s, twin: Int32s, pairs: Int32s, kinds: Int8s, told: Int8s) -> int:
    """What each pair of `kernels.crossings.meetings` is, into told (k,); returns how many are SHARED.

    Both solids' points and faces in one array each, none of them shared: twin (3 m) of `kernels.topology`, every edge of two faces.
    A face of each pair is the one solid's, the other the other's; both have an area. pairs (k, 2), kinds (k,).
    """
    shared = 0
    for i in range(pairs.shape[0]):
        told[i] = meeting_of(lattice, faces, twin, pairs[i, 0], pairs[i, 1], kinds[i])
        shared += told[i] == SHARED
    return shared
