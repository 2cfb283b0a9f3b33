"""Which ways a surface may look in any body of a family whose points move together (`kernels.moving`), and what may face what.

A face's normal is a polynomial of the second degree in the family's numbers: along the middle body's normal at least so much, across
it at most so much, and what the lattice rounds with it. So it lies within a cone; an edge looks along what lies between its
faces' normals, a corner along what its faces' normals span (`kernels.facing`): wider cones, as long as they are less than a
half-sphere. Cones are a unit axis and a chord of the unit sphere, WIDE where anything is possible: faces that may be slivers on
the lattice, which take another's normal there.

`may_face` then finds all that `kernels.walls` and `kernels.ridges` could find in any of these bodies, and more: of a pair that it leaves out
either no normal of the asking face is met by the other's cone, or a plane of fixed direction lies between the asking face's prism
and the other.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.bvh import WIDTH
from kernels.compiled import inlined, kernel
from kernels.facing import SLIVER, TILT_CHORD
from kernels.moving import along, asunder, least

Float64s = npt.NDArray[np.float64]
Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

STACK = 128
WIDE = 2.0
"""The chord of a cone that holds every direction."""
_HALF = 1.4
_SURE = 1e-6


@inlined
def _squared(x: float, y: float, z: float, ax: float, ay: float, az: float) -> tuple[float, float]:
    """How much of a vector lies along the unit vector a, and how much across it; at least, so that none is lost to rounding."""
    d = x * ax + y * ay + z * az
    x, y, z = x - d * ax, y - d * ay, z - d * az
    return abs(d), math.sqrt(x * x + y * y + z * z)


@kernel("void(float64[:,::1], float64[:,:,::1], int32[:,::1], float64, float64[:,::1])", writes=("looks",))
def looks(middle: Float64s, motions: Float64s, faces: Int32s, room: float, looks: Float64s) -> None:
    """looks (m, 5): of each face (m, 3) a unit axis and two chords: every normal that it has in a body of the family is within the
    first; every one that it has where it is no sliver, within the second.

    room: steps by which the difference of two points may be off. WIDE where a face may be lower than SLIVER. O(m k k).
    """
    many = motions.shape[0]
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ux, uy, uz = along(middle, a, b)
        vx, vy, vz = along(middle, a, c)
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        length = math.sqrt(x * x + y * y + z * z)
        looks[f, 3] = looks[f, 4] = WIDE
        if length == 0.0:
            looks[f, 0] = looks[f, 1] = looks[f, 2] = 0.0
            continue
        nx, ny, nz = x / length, y / length, z / length
        looks[f, 0], looks[f, 1], looks[f, 2] = nx, ny, nz
        one, two = math.sqrt(ux * ux + uy * uy + uz * uz), math.sqrt(vx * vx + vy * vy + vz * vz)
        wx, wy, wz = vx - ux, vy - uy, vz - uz
        three, within, across = math.sqrt(wx * wx + wy * wy + wz * wz), length, 0.0
        more_one = more_two = more_three = 0.0
        for k in range(many):
            px, py, pz = along(motions[k], a, b)
            qx, qy, qz = along(motions[k], a, c)
            rx, ry, rz = qx - px, qy - py, qz - pz
            more_one += math.sqrt(px * px + py * py + pz * pz)
            more_two += math.sqrt(qx * qx + qy * qy + qz * qz)
            more_three += math.sqrt(rx * rx + ry * ry + rz * rz)
            x = uy * qz - uz * qy + py * vz - pz * vy
            y = uz * qx - ux * qz + pz * vx - px * vz
            z = ux * qy - uy * qx + px * vy - py * vx
            straight, aside = _squared(x, y, z, nx, ny, nz)
            within, across = within - straight, across + aside
            for j in range(k + 1):
                sx, sy, sz = along(motions[j], a, b)
                tx, ty, tz = along(motions[j], a, c)
                x, y, z = py * tz - pz * ty, pz * tx - px * tz, px * ty - py * tx
                if j != k:
                    x, y, z = x + sy * qz - sz * qy, y + sz * qx - sx * qz, z + sx * qy - sy * qx
                straight, aside = _squared(x, y, z, nx, ny, nz)
                within, across = within - straight, across + aside
        least_longest = max(max(one - more_one, two - more_two), three - more_three) - room
        one, two, three = one + more_one, two + more_two, three + more_three
        off = room * (one + two) + room * room
        within, across = within - off, across + off
        # a chord is shorter than the tangent of its angle
        if within > (SLIVER + 1.0) * (max(max(one, two), three) + room) and across < within:
            looks[f, 3] = looks[f, 4] = across / within + _SURE
        elif least_longest > 0.0:
            # no sliver is shorter than this, so that across it is a sine; and it looks this way, not back
            size = SLIVER * least_longest
            if across < 0.9 * size and within > -0.4 * size:
                sine = across / size
                looks[f, 4] = math.sqrt(2.0 - 2.0 * math.sqrt(1.0 - sine * sine)) + _SURE


@kernel("void(int32[:,::1], float64[:,::1], float64[:,::1])", writes=("cones",))
def cones(faces: Int32s, looks: Float64s, cones: Float64s) -> None:
    """cones (n, 4): of each point a unit axis and a chord: all that its faces' normals span. Of no face: a cone of nothing (chord -9)."""
    for i in range(cones.shape[0]):
        cones[i, 0] = cones[i, 1] = cones[i, 2] = 0.0
        cones[i, 3] = -9.0
    for f in range(faces.shape[0]):
        for v in range(3):
            i = faces[f, v]
            for c in range(3):
                cones[i, c] += looks[f, c]
            cones[i, 3] = max(cones[i, 3], 0.0)
    for i in range(cones.shape[0]):
        x, y, z = cones[i, 0], cones[i, 1], cones[i, 2]
        length = math.sqrt(x * x + y * y + z * z)
        if length > _SURE:
            cones[i, 0], cones[i, 1], cones[i, 2] = x / length, y / length, z / length
        elif cones[i, 3] == 0.0:
            cones[i, 3] = WIDE
    for f in range(faces.shape[0]):
        for v in range(3):
            i = faces[f, v]
            x, y, z = cones[i, 0] - looks[f, 0], cones[i, 1] - looks[f, 1], cones[i, 2] - looks[f, 2]
            wide = math.sqrt(x * x + y * y + z * z) + looks[f, 3] + _SURE
            cones[i, 3] = max(cones[i, 3], wide if wide < _HALF else WIDE)


@inlined
def _beyond(
    middle: Float64s, motions: Float64s, ones: Int32s, i: int, others: Int32s, j: int, x: float, y: float, z: float, far: float
) -> bool:
    """Does j lie beyond i along (x, y, z) by more than `far`, in every body?"""
    for v in range(3):
        for w in range(3):
            if least(middle, motions, others[j, w], ones[i, v], x, y, z) <= far:
                return False
    return True


@inlined
def _past(
    middle: Float64s,
    motions: Float64s,
    ones: Int32s,
    looks: Float64s,
    i: int,
    others: Int32s,
    j: int,
    inward: float,
    outward: float,
    room: float,
    x: float,
    y: float,
    z: float,
) -> bool:
    """Does a plane square to (x, y, z) lie between j and the prism of i, on either side? The prism reaches `outward` along a normal of i's
    cone and `inward` against it; where the cone is WIDE, so far every way."""
    length = math.sqrt(x * x + y * y + z * z)
    if length < 1e-9:
        return False
    x, y, z = x / length, y / length, z / length
    along_, off = looks[i, 0] * x + looks[i, 1] * y + looks[i, 2] * z, looks[i, 3]
    for way in range(2):
        if way == 1:
            x, y, z, along_ = -x, -y, -z, -along_
        reach = max(0.0, max(outward * min(1.0, along_ + off), inward * min(1.0, off - along_)))
        if _beyond(middle, motions, ones, i, others, j, x, y, z, reach + room):
            return True
    return False


@inlined
def _past_sides(
    middle: Float64s,
    motions: Float64s,
    ones: Int32s,
    looks: Float64s,
    i: int,
    others: Int32s,
    j: int,
    inward: float,
    outward: float,
    room: float,
    of: Int32s,
    of_looks: Float64s,
    f: int,
) -> bool:
    """`_past`, by planes along the face f of `of`, or square to it through one of its edges."""
    nx, ny, nz = of_looks[f, 0], of_looks[f, 1], of_looks[f, 2]
    if _past(middle, motions, ones, looks, i, others, j, inward, outward, room, nx, ny, nz):
        return True
    for v in range(3):
        ux, uy, uz = along(middle, of[f, v], of[f, (v + 1) % 3])
        x, y, z = uy * nz - uz * ny, uz * nx - ux * nz, ux * ny - uy * nx
        if _past(middle, motions, ones, looks, i, others, j, inward, outward, room, x, y, z):
            return True
    return False


@inlined
def _out_of_reach(
    middle: Float64s,
    motions: Float64s,
    ones: Int32s,
    looks: Float64s,
    i: int,
    others: Int32s,
    other_looks: Float64s,
    j: int,
    inward: float,
    outward: float,
    room: float,
) -> bool:
    if _past_sides(middle, motions, ones, looks, i, others, j, inward, outward, room, ones, looks, i):
        return True
    for c in range(3):
        x, y, z = 1.0 if c == 0 else 0.0, 1.0 if c == 1 else 0.0, 1.0 if c == 2 else 0.0
        if _past(middle, motions, ones, looks, i, others, j, inward, outward, room, x, y, z):
            return True
    if _past_sides(middle, motions, ones, looks, i, others, j, inward, outward, room, others, other_looks, j):
        return True
    for v in range(3):
        ux, uy, uz = along(middle, ones[i, v], ones[i, (v + 1) % 3])
        for w in range(3):
            vx, vy, vz = along(middle, others[j, w], others[j, (w + 1) % 3])
            x, y, z = vy * uz - vz * uy, vz * ux - vx * uz, vx * uy - vy * ux
            if _past(middle, motions, ones, looks, i, others, j, inward, outward, room, x, y, z):
                return True
    x, y, z = along(middle, ones[i, 0], others[j, 0])
    return _past(middle, motions, ones, looks, i, others, j, inward, outward, room, x, y, z)


@inlined
def _most(
    middle: Float64s, motions: Float64s, ones: Int32s, i: int, others: Int32s, j: int, x: float, y: float, z: float
) -> float:
    """The most that a corner of j ever lies beyond one of i along (x, y, z)."""
    far = -math.inf
    for v in range(3):
        for w in range(3):
            far = max(far, -least(middle, motions, ones[i, v], others[j, w], x, y, z))
    return far


@inlined
def _look_apart(
    middle: Float64s,
    motions: Float64s,
    ones: Int32s,
    looks: Float64s,
    i: int,
    others: Int32s,
    other_looks: Float64s,
    j: int,
    room: float,
) -> bool:
    """Does no line from edge i to edge j run within i's cone, and back within j's, nor the other way round? The line is as long, at
    least, as the edges stay apart along the one between their middles."""
    x, y, z = along(middle, ones[i, 0], others[j, 0])
    px, py, pz = along(middle, ones[i, 1], others[j, 1])
    x, y, z = x + px, y + py, z + pz
    length = math.sqrt(x * x + y * y + z * z)
    if length < 1.0:
        return False
    x, y, z = x / length, y / length, z / length
    apart = math.inf
    for v in range(3):
        for w in range(3):
            apart = min(apart, least(middle, motions, others[j, w], ones[i, v], x, y, z))
    apart -= room
    if apart <= 0.0:
        return False
    for way in (1.0, -1.0):
        ax, ay, az = way * looks[i, 0], way * looks[i, 1], way * looks[i, 2]
        bx, by, bz = -way * other_looks[j, 0], -way * other_looks[j, 1], -way * other_looks[j, 2]
        one = _most(middle, motions, ones, i, others, j, ax, ay, az) + room
        two = _most(middle, motions, ones, i, others, j, bx, by, bz) + room
        if one > _cosine(looks[i, 3]) * apart and two > _cosine(other_looks[j, 3]) * apart:
            return False
    return True


@inlined
def _cosine(chord: float) -> float:
    """The least cosine to its axis of what lies within 8 degrees of a cone; below zero where that is not less than a half-sphere: then
    no bound."""
    chord += TILT_CHORD + _SURE
    return -math.inf if chord >= _HALF else 1.0 - 0.5 * chord * chord


@inlined
def _share(ones: Int32s, i: int, others: Int32s, j: int) -> bool:
    for v in range(3):
        for w in range(3):
            if ones[i, v] == others[j, w]:
                return True
    return False


@kernel(
    "void(float64[:,::1], float64[:,:,::1], int32[:,::1], float64[:,::1], int8[::1], int32[::1], float64[:,::1], float64[:,:,::1], "
    "float64[:,::1], int32[:,::1], float64[:,::1], int8[::1], int32[::1], int64[::1], float64[:,::1], float64[:,:,::1], float64[:,::1], "
    "boolean, float64, float64, float64, int8[::1], int8[::1], int64[::1])",
    writes=("asking", "asked", "stack"),
)
def may_face(
    middle: Float64s,
    motions: Float64s,
    ones: Int32s,
    looks: Float64s,
    gone: Int8s,
    order: Int32s,
    boxes: Float64s,
    drift: Float64s,
    loose: Float64s,
    others: Int32s,
    other_looks: Float64s,
    other_gone: Int8s,
    other_order: Int32s,
    other_levels: Int64s,
    other_boxes: Float64s,
    other_drift: Float64s,
    other_loose: Float64s,
    ball: bool,
    inward: float,
    outward: float,
    room: float,
    asking: Int8s,
    asked: Int8s,
    stack: Int64s,
) -> None:
    """Mark what may ask and what may be asked: asking (a,) of `ones`, asked (b,) of `others`, 1 where a pair is not left out.

    ones (a, 3), others (b, 3): the corners of faces, edges (one end twice) or points (thrice); looks, other_looks (., 4) their cones.
    gone, other_gone: 1 for those of which only the ground stays, under other faces that look the same: that they share a point with
    another is then no reason to leave it out. Trees of both: `kernels.moving.cover`. ball: what asks reaches every way (edges that
    face edges). inward, outward: the limits, steps; room as in `kernels.apart.may_meet`. Workspace: stack (STACK,).
    """
    reach = max(inward, outward)
    top_level = other_levels.shape[0] - 2
    every = np.empty((1, 4))
    for i in range(order.shape[0]):
        a = order[i]
        top = 1
        stack[0] = top_level << 40
        while top:
            top -= 1
            level, block = stack[top] >> 40, stack[top] & 0xFFFFFFFFFF
            end = min(WIDTH * block + WIDTH, other_levels[level + 1] - other_levels[level])
            for node in range(WIDTH * block, end):
                at = other_levels[level] + node
                if other_boxes[at, 0] > other_boxes[at, 3]:
                    continue
                if asunder(boxes, drift, loose, i, other_boxes, other_drift, other_loose, at, reach + room):
                    continue
                if level > 0:
                    stack[top] = (level - 1) << 40 | node
                    top += 1
                    continue
                b = other_order[node]
                if asking[a] and asked[b]:
                    continue
                x, y, z = looks[a, 0] + other_looks[b, 0], looks[a, 1] + other_looks[b, 1], looks[a, 2] + other_looks[b, 2]
                tilt = 2.0 * TILT_CHORD if ball else TILT_CHORD
                if math.sqrt(x * x + y * y + z * z) > looks[a, 3] + other_looks[b, 3] + tilt + _SURE:
                    continue
                near = _share(ones, a, others, b)
                if near and not (gone[a] or other_gone[b]):
                    continue
                if not near:
                    if ball and _look_apart(middle, motions, ones, looks, a, others, other_looks, b, room):
                        continue
                    if ball:
                        # as a face that may look anywhere
                        every[0, 0], every[0, 1], every[0, 2], every[0, 3] = looks[a, 0], looks[a, 1], looks[a, 2], WIDE
                    else:
                        every[0, 0], every[0, 1], every[0, 2], every[0, 3] = looks[a, 0], looks[a, 1], looks[a, 2], looks[a, 3]
                    if _out_of_reach(middle, motions, ones[a : a + 1], every, 0, others, other_looks, b, inward, outward, room):
                        continue
                asking[a] = asked[b] = 1
    return
