"""Which way a surface looks: a normal for each face, and for each edge and corner all normals between those of its faces.

What lies across a wall or a gap is judged by these: two places face each other when the line between them lies, at both, along
one of the surface's normals there, or nearly. A face has one normal; an edge has the arc between its two faces' normals; a corner
has the cone that its faces' normals span (`kernels.cones`). So the nearest places of two coarse tubes, a corner over a plate or a ridge
over a face count as what they are, and neither of them is ever a matter of how finely a curve was cut.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.bvh import WIDTH
from kernels.compiled import inlined, kernel
from kernels.exact import along
from kernels.simd import bits, load, splat

Floats = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

TILT_SINE = 0.13917310096006544
TILT_COSINE = 0.9902680687415704
TILT_CHORD = 0.13951294748825060
"""Of 8 degrees: by so much may two places that face each other be out of parallel."""
SLIVER = 16.0
"""Below so many steps of height a face's own normal is rounding (off by up to 6 degrees at this height)."""
SHARP_COSINE = 0.875
_HALF = 1.4
"""A cone wider than nearly a half-sphere (a chord of it) may hold any normal."""
HOPS = 4
"""So many slivers in a row ask each other for a normal."""
UNTOLD = 3
"""`low` of a face that nobody has looked at yet."""


@inlined
def _longest(lattice: Int32s, faces: Int32s, f: int) -> int:
    """The longest edge of a face."""
    which, most = 0, -1.0
    for k in range(3):
        i, j = faces[f, k], faces[f, k + 1 if k < 2 else 0]
        x, y, z = along(lattice, i, j)
        length = x * x + y * y + z * z
        if length > most:
            which, most = k, length
    return which


@kernel(
    "int64(int32[:,::1], int32[:,::1], int32[::1], int32[::1], int8[::1], int8[::1], float64[:,::1], int8[::1], float64[::1], "
    "float64[:,::1], int32[::1])",
    writes=("units", "low", "spread", "corners", "sharp"),
)
def look(
    lattice: Int32s,
    faces: Int32s,
    twin: Int32s,
    rows: Int32s,
    asked: Int8s,
    fresh: Int8s,
    units: Float64s,
    low: Int8s,
    spread: Float64s,
    corners: Float64s,
    sharp: Int32s,
) -> int:
    """Which way the faces of `rows`, their edges and their corners look; returns how many sharp edges they have.

    rows (k,) rising, asked (m,): 1 for these. fresh (n,): 1 for corners that are not told yet; every face at one of them is asked.
    Of all other faces and corners that are looked at these arrays say it already: units (m, 3): each face's unit normal, zero for one without an
    area. low (m,): 1 for one lower than SLIVER, 2 for one without an area, UNTOLD where nobody asked. spread (m,): no normal of its other edges and corners
    is farther from its own than this (a chord of the unit sphere). corners (n, 6): a unit vector amid a corner's normals, how far (a
    chord) they lie from it, and 1 where a sharp edge ends (one more for the work). sharp (up to 3 k): the first half-edge of each edge whose faces turn by
    more than 29 degrees.

    A face lower than SLIVER takes the normal of the face across its longest edge, where that one is higher. twin (3 m): of
    `kernels.topology`. O(k + n).
    """
    for f in rows:
        _own_normal(lattice, faces, f, units, low)
        spread[f] = 0.0
    for f in rows:
        if low[f] == 1:
            _borrow(lattice, faces, twin, units, low, f)
    for i in range(corners.shape[0]):
        if fresh[i]:
            for c in range(3):
                corners[i, c], corners[i, c + 3] = 2.0, -2.0
    for f in rows:
        if low[f] == 2:
            continue
        for k in range(3):
            i = faces[f, k]
            if fresh[i]:
                for c in range(3):
                    corners[i, c] = min(corners[i, c], units[f, c])
                    corners[i, c + 3] = max(corners[i, c + 3], units[f, c])
    for i in range(corners.shape[0]):
        if fresh[i]:
            _middle(corners, i)
    found = 0
    for f in rows:
        if low[f] == 2:
            continue
        for k in range(3):
            i = faces[f, k]
            if fresh[i]:
                corners[i, 3] = max(corners[i, 3], _chord2(units, f, corners, i))
            h = 3 * f + k
            mate = twin[h]
            if mate < 0:
                continue
            g = mate // 3
            # an edge is looked at once, by the first of its half-edges that is asked
            if mate < h and asked[g]:
                continue
            if is_sharp(units, f, g):
                sharp[found] = min(h, mate)
                found += 1
                corners[i, 4] = corners[faces[f, k + 1 if k < 2 else 0], 4] = 1.0
            else:
                wide = _chord2(units, f, units, g)
                spread[f] = max(spread[f], wide)
                if asked[g]:
                    spread[g] = max(spread[g], wide)
    for i in range(corners.shape[0]):
        if fresh[i]:
            wide = math.sqrt(corners[i, 3])
            corners[i, 3] = wide if wide < _HALF else 2.0
    for f in rows:
        if low[f] == 2:
            continue
        widest = math.sqrt(spread[f])
        for k in range(3):
            i = faces[f, k]
            if corners[i, 4] == 0.0:
                widest = max(widest, math.sqrt(_chord2(units, f, corners, i)) + corners[i, 3])
        spread[f] = widest
    return found


@inlined
def _middle(corners: Float64s, i: int) -> None:
    """From the least and greatest of a corner's normals, axis by axis, to a unit vector amid them: however many look one way."""
    x, y, z = corners[i, 0] + corners[i, 3], corners[i, 1] + corners[i, 4], corners[i, 2] + corners[i, 5]
    length = math.sqrt(x * x + y * y + z * z)
    empty = corners[i, 0] > corners[i, 3]
    corners[i, 3] = corners[i, 4] = corners[i, 5] = 0.0
    if empty or length < 1e-6:
        corners[i, 0] = corners[i, 1] = corners[i, 2] = 0.0
        corners[i, 3] = 0.0 if empty else 4.0
    else:
        corners[i, 0], corners[i, 1], corners[i, 2] = x / length, y / length, z / length


@inlined
def _own_normal(lattice: Int32s, faces: Int32s, f: int, units: Float64s, low: Int8s) -> None:
    x, y, z, length, longest = _area(lattice, faces, f)
    if length == 0.0:
        units[f, 0] = units[f, 1] = units[f, 2] = 0.0
        low[f] = 2
        return
    units[f, 0], units[f, 1], units[f, 2] = x / length, y / length, z / length
    low[f] = 1 if length * length < SLIVER * SLIVER * longest else 0


@inlined
def _area(lattice: Int32s, faces: Int32s, f: int) -> tuple[float, float, float, float, float]:
    """Twice the area along the normal, its length, and the square of the longest edge."""
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    ux, uy, uz = along(lattice, a, b)
    vx, vy, vz = along(lattice, a, c)
    x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    wx, wy, wz = vx - ux, vy - uy, vz - uz
    longest = max(max(ux * ux + uy * uy + uz * uz, vx * vx + vy * vy + vz * vz), wx * wx + wy * wy + wz * wz)
    return x, y, z, math.sqrt(x * x + y * y + z * z), longest


@inlined
def _is_low(lattice: Int32s, faces: Int32s, f: int) -> bool:
    """Is the face a sliver, or without an area?"""
    _, _, _, length, longest = _area(lattice, faces, f)
    return bool(length == 0.0 or length * length < SLIVER * SLIVER * longest)


@inlined
def is_sharp(units: Float64s, f: int, g: int) -> bool:
    """Do two neighbours turn by more than 29 degrees? Both have an area."""
    dot = units[f, 0] * units[g, 0] + units[f, 1] * units[g, 1] + units[f, 2] * units[g, 2]
    return bool(dot < SHARP_COSINE and has_normal(units, f) and has_normal(units, g))


@inlined
def has_normal(units: Float64s, f: int) -> bool:
    """False for a face without an area."""
    return bool(units[f, 0] != 0.0 or units[f, 1] != 0.0 or units[f, 2] != 0.0)


@inlined
def _lender(lattice: Int32s, faces: Int32s, twin: Int32s, low: Int8s, f: int) -> int:
    """The face whose normal a sliver takes; -1 when there is none near, -2 when the way to it leaves the surface."""
    g = f
    for _ in range(HOPS):
        mate = twin[3 * g + _longest(lattice, faces, g)]
        if mate < 0:
            return -2
        g = np.int64(mate) // 3  # type: ignore[assignment]  # an int where nothing is compiled, too
        if low[g] == 0 or (low[g] == UNTOLD and not _is_low(lattice, faces, g)):
            return g
    return -1


@inlined
def _borrow(lattice: Int32s, faces: Int32s, twin: Int32s, units: Float64s, low: Int8s, f: int) -> None:
    """A sliver takes the normal of the next face that is none."""
    g = _lender(lattice, faces, twin, low, f)
    if g >= 0:
        if low[g] == UNTOLD:
            _own_normal(lattice, faces, g, units, low)
        units[f, 0], units[f, 1], units[f, 2] = units[g, 0], units[g, 1], units[g, 2]


@kernel("void(int32[:,::1], int32[:,::1], int32[::1], int8[::1], int8[::1])", writes=("doubtful",))
def open_ended(lattice: Int32s, faces: Int32s, twin: Int32s, low: Int8s, doubtful: Int8s) -> None:
    """doubtful (n,): 1 for corners of a surface with a border whose looks depend on what is beyond it: those of the border, those
    of slivers that would take their normal from there, and those of no face. low (m,) of `look`. O(n + m)."""
    doubtful[:] = 1
    for f in range(faces.shape[0]):
        for k in range(3):
            doubtful[faces[f, k]] = 0
    for f in range(faces.shape[0]):
        for k in range(3):
            if twin[3 * f + k] < 0:
                doubtful[faces[f, k]] = doubtful[faces[f, k + 1 if k < 2 else 0]] = 1
        if low[f] == 1 and _lender(lattice, faces, twin, low, f) == -2:
            for k in range(3):
                doubtful[faces[f, k]] = 1


@kernel("void(int32[:,::1], int32[:,::1], int64, int8[::1])", writes=("low",))
def slivers(lattice: Int32s, faces: Int32s, first: int, low: Int8s) -> None:
    """low (m - first,): 1 for faces from row `first` on that `look` takes for slivers."""
    for f in range(first, faces.shape[0]):
        low[f - first] = 1 if _is_low(lattice, faces, f) else 0


@kernel(
    "int64(int32[:,::1], int32[::1], int8[::1], int8[::1], int32[::1])",
    writes=("asked", "fresh", "rows"),
)
def surroundings(faces: Int32s, some: Int32s, asked: Int8s, fresh: Int8s, rows: Int32s) -> int:
    """All faces that `look` must ask to tell which way the faces of `some` look, their edges and corners; how many.

    Out: fresh (n,): 1 for the corners of `some` (zero before); rows (up to m) the faces at these, rising; asked (m,): 1 for them. O(m).
    """
    for f in some:
        for k in range(3):
            fresh[faces[f, k]] = 1
    count = 0
    for f in range(faces.shape[0]):
        near = fresh[faces[f, 0]] | fresh[faces[f, 1]] | fresh[faces[f, 2]]
        asked[f] = near
        rows[count] = f
        count += near
    return count


@inlined
def _chord2(units: Float64s, f: int, others: Float64s, i: int) -> float:
    x, y, z = units[f, 0] - others[i, 0], units[f, 1] - others[i, 1], units[f, 2] - others[i, 2]
    return float(x * x + y * y + z * z)


@kernel(
    "void(int32[:,::1], int32[::1], float64[:,::1], float64[::1], float64[:,::1], int32[::1], int32[::1], int64[::1], float32[:,::1])",
    writes=("lanes",),
)
def pack(
    faces: Int32s,
    twin: Int32s,
    units: Float64s,
    spread: Float64s,
    corners: Float64s,
    halves: Int32s,
    order: Int32s,
    levels: Int64s,
    lanes: Floats,
) -> None:
    """What eight lanes ask of a tree of faces (halves empty), or of edges (halves (k,): a half-edge of each).

    lanes (4, levels[-1]), beside the tree's boxes: a direction x, y, z, and the highest dot product with a unit normal at which
    something of that face, edge or node may still face a face that looks along the normal; -9 where there is none.
    """
    k = order.shape[0]
    edges = halves.shape[0] > 0
    for i in range(k):
        if edges:
            h = halves[order[i]]
            # both ends' normals, the edge's own among them, lie round the middle of both
            a, b = faces[h // 3, h % 3], faces[h // 3, (h + 1) % 3]
            x, y, z = corners[a, 0] + corners[b, 0], corners[a, 1] + corners[b, 1], corners[a, 2] + corners[b, 2]
            length = math.sqrt(x * x + y * y + z * z)
            length = length if length > 0.0 else 1.0
            x, y, z = x / length, y / length, z / length
            wide = 0.0
            for j in (a, b):
                dx, dy, dz = x - corners[j, 0], y - corners[j, 1], z - corners[j, 2]
                wide = max(wide, math.sqrt(dx * dx + dy * dy + dz * dz) + corners[j, 3])
        else:
            f = order[i]
            x, y, z = units[f, 0], units[f, 1], units[f, 2]
            wide = spread[f]
        wide += TILT_CHORD
        lanes[0, i], lanes[1, i], lanes[2, i], lanes[3, i] = x, y, z, 0.5 * wide * wide - 0.9999
    for i in range(k, levels[1]):
        lanes[0, i] = lanes[1, i] = lanes[2, i] = 0.0
        lanes[3, i] = -9.0
    for level in range(1, levels.shape[0] - 1):
        for i in range(levels[level], levels[level + 1]):
            begin = levels[level - 1] + WIDTH * (i - levels[level])
            _gather(lanes, begin, min(begin + WIDTH, levels[level]), i)


@inlined
def _gather(lanes: Floats, begin: int, end: int, node: int) -> None:
    """A node's direction is its children's mean; its bound is theirs, each raised by how far its direction lies off the mean."""
    x = y = z = 0.0
    n = 0
    for j in range(begin, end):
        if lanes[3, j] > -9.0:
            x, y, z, n = x + lanes[0, j], y + lanes[1, j], z + lanes[2, j], n + 1
    bound = -9.0
    if n:
        x, y, z = x / n, y / n, z / n
        for j in range(begin, end):
            if lanes[3, j] > -9.0:
                dx, dy, dz = x - lanes[0, j], y - lanes[1, j], z - lanes[2, j]
                bound = max(bound, lanes[3, j] + math.sqrt(dx * dx + dy * dy + dz * dz) + 1e-5)
    lanes[0, node], lanes[1, node], lanes[2, node], lanes[3, node] = x, y, z, bound


@inlined
def looking(lanes: Floats, first: int, x: np.float32, y: np.float32, z: np.float32, more: np.float32) -> int:
    """Which of the eight of `pack` from `first` on may face something whose normal is (x, y, z), or no farther (a chord) than `more` from it."""
    dot = load(lanes, 0, first) * splat(x) + load(lanes, 1, first) * splat(y) + load(lanes, 2, first) * splat(z)
    return bits(dot < load(lanes, 3, first) + splat(more))
