"""Between a curved patch and the plane that it unrolls to: both ways by the patch's own parameters, walls along its normals.

A patch is made of pieces (k, 21): kind, side, radius, sine and cosine of the half angle, origin (3), X, Y, Z (9), and the motion
(cosine, sine, x, y) that lays the piece's own plane into the patch's. side 1: seen from outside its curve; -1: from inside, and
then X, Y, Z is left-handed, so that x cross y looks out of the body either way. In a piece's own plane, mm:

    PLANE     (p . X, p . Y), p from the origin
    CYLINDER  (radius * angle, p . Z): axis Z through the origin, angle from X towards Y
    CONE      (s sin f, s cos f): apex the origin, opening along Z, s the distance from it, f = angle * sine of the half angle
    NET       the x and y of a grid of bicubic Hermite patches: net (nx, ny, 4, 3) holds position, d/dx, d/dy and d2/dxdy;
              the piece's origin holds x and y of its first node, X the two steps

Plane, cylinder and cone keep lengths. A net keeps them as nearly as the surface does: the caller decides how near that must be.
All numbers are float64 by +, -, *, /, sqrt and `kernels.portable`: the same on every machine.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel
from kernels.portable import atan2, cos, sin

PLANE, CYLINDER, CONE, NET = 0.0, 1.0, 2.0, 3.0
_ROUNDS = 30
"""Newton's steps towards a point on a net; it is quadratic, so a handful is used."""

Floats = npt.NDArray[np.float64]


@inlined
def _hermite(t):  # type: ignore[no-untyped-def]
    """The four cubics on [0, 1] (value at 0, at 1, slope at 0, at 1), and their derivatives."""
    s = 1.0 - t
    return (
        s * s * (1.0 + 2.0 * t),
        t * t * (3.0 - 2.0 * t),
        t * s * s,
        -t * t * s,
        -6.0 * t * s,
        6.0 * t * s,
        s * (1.0 - 3.0 * t),
        -t * (2.0 - 3.0 * t),
    )


@inlined
def _on_net(piece, net, x, y, out) -> None:  # type: ignore[no-untyped-def]
    """out (9,): position, d/dx, d/dy at (x, y) of the net's own plane; beyond the grid its outer patches are continued."""
    hx, hy = piece[8], piece[9]
    px, py = (x - piece[5]) / hx, (y - piece[6]) / hy
    i = min(max(int(math.floor(px)), 0), net.shape[0] - 2)
    j = min(max(int(math.floor(py)), 0), net.shape[1] - 2)
    a0, a1, b0, b1, da0, da1, db0, db1 = _hermite(px - i)
    c0, c1, e0, e1, dc0, dc1, de0, de1 = _hermite(py - j)
    for k in range(3):
        value, by_x, by_y = 0.0, 0.0, 0.0
        for u in range(2):
            f, g = (a0, b0 * hx) if u == 0 else (a1, b1 * hx)
            df, dg = (da0, db0 * hx) if u == 0 else (da1, db1 * hx)
            for v in range(2):
                p, q = (c0, e0 * hy) if v == 0 else (c1, e1 * hy)
                dp, dq = (dc0, de0 * hy) if v == 0 else (dc1, de1 * hy)
                n0, n1 = net[i + u, j + v, 0, k], net[i + u, j + v, 1, k]
                n2, n3 = net[i + u, j + v, 2, k], net[i + u, j + v, 3, k]
                value += f * (p * n0 + q * n2) + g * (p * n1 + q * n3)
                by_x += df * (p * n0 + q * n2) + dg * (p * n1 + q * n3)
                by_y += f * (dp * n0 + dq * n2) + g * (dp * n1 + dq * n3)
        out[k], out[3 + k], out[6 + k] = value, by_x / hx, by_y / hy


@inlined
def _point_and_normal(piece, net, u, v, out) -> None:  # type: ignore[no-untyped-def]
    """out (9,): the point at (u, v) of the patch's plane, mm, and then its unit normal, outward."""
    dx, dy = u - piece[19], v - piece[20]
    x, y = piece[17] * dx + piece[18] * dy, piece[17] * dy - piece[18] * dx
    kind, side = piece[0], piece[1]
    if kind == NET:
        _on_net(piece, net, x, y, out)
        nx = out[4] * out[8] - out[5] * out[7]
        ny = out[5] * out[6] - out[3] * out[8]
        nz = out[3] * out[7] - out[4] * out[6]
        length = math.sqrt(nx * nx + ny * ny + nz * nz)
        out[3], out[4], out[5] = nx / length, ny / length, nz / length
        return
    along_x, along_y, along_z, radial, axial = x, y, 0.0, 0.0, 0.0
    s, c = 0.0, 1.0
    if kind == CYLINDER:
        s, c = sin(x / piece[2]), cos(x / piece[2])
        along_x, along_y, along_z, radial = piece[2] * c, piece[2] * s, y, side
    elif kind == CONE:
        slant = math.sqrt(x * x + y * y)
        angle = atan2(x, y) / piece[3]
        s, c = sin(angle), cos(angle)
        along_x, along_y, along_z = slant * piece[3] * c, slant * piece[3] * s, slant * piece[4]
        radial, axial = side * piece[4], -side * piece[3]
    for k in range(3):
        out[k] = piece[5 + k] + along_x * piece[8 + k] + along_y * piece[11 + k] + along_z * piece[14 + k]
        out[3 + k] = radial * (c * piece[8 + k] + s * piece[11 + k]) + axial * piece[14 + k]
        if kind == PLANE:
            out[3 + k] = piece[14 + k]


@inlined
def _own(piece, net, x, y, z, work):  # type: ignore[no-untyped-def]
    """(u, v, how far off the piece): where a point in space lies in the piece's own plane, mm. work (9,): scratch."""
    if piece[0] == NET:
        return _own_on_net(piece, net, x, y, z, work)
    dx, dy, dz = x - piece[5], y - piece[6], z - piece[7]
    a = dx * piece[8] + dy * piece[9] + dz * piece[10]
    b = dx * piece[11] + dy * piece[12] + dz * piece[13]
    c = dx * piece[14] + dy * piece[15] + dz * piece[16]
    if piece[0] == PLANE:
        return a, b, abs(c)
    out = math.sqrt(a * a + b * b)
    angle = atan2(b, a)
    if piece[0] == CYLINDER:
        return piece[2] * angle, c, abs(out - piece[2])
    slant = out * piece[3] + c * piece[4]
    turn = angle * piece[3]
    return slant * sin(turn), slant * cos(turn), abs(out * piece[4] - c * piece[3])


@inlined
def _own_on_net(piece, net, x, y, z, work):  # type: ignore[no-untyped-def]
    """`_own` on a net: from its nearest node by Newton's way, without the surface's second derivatives."""
    best, at, bt = math.inf, 0, 0
    for i in range(net.shape[0]):
        for j in range(net.shape[1]):
            dx, dy, dz = net[i, j, 0, 0] - x, net[i, j, 0, 1] - y, net[i, j, 0, 2] - z
            square = dx * dx + dy * dy + dz * dz
            if square < best:
                best, at, bt = square, i, j
    u, v = piece[5] + at * piece[8], piece[6] + bt * piece[9]
    for _ in range(_ROUNDS):
        _on_net(piece, net, u, v, work)
        rx, ry, rz = x - work[0], y - work[1], z - work[2]
        e = work[3] * work[3] + work[4] * work[4] + work[5] * work[5]
        f = work[3] * work[6] + work[4] * work[7] + work[5] * work[8]
        g = work[6] * work[6] + work[7] * work[7] + work[8] * work[8]
        p = work[3] * rx + work[4] * ry + work[5] * rz
        q = work[6] * rx + work[7] * ry + work[8] * rz
        whole = e * g - f * f
        if not whole > 0.0:
            break
        du, dv = (g * p - f * q) / whole, (e * q - f * p) / whole
        u, v = u + du, v + dv
        if abs(du) + abs(dv) < 1e-9:
            break
    _on_net(piece, net, u, v, work)
    rx, ry, rz = x - work[0], y - work[1], z - work[2]
    return u, v, math.sqrt(rx * rx + ry * ry + rz * rz)


@kernel("void(float64[:,::1], float64[:,:,:,::1], int32[::1], float64[:,::1], float64[:,::1])", writes=("plane",))
def unroll(pieces: Floats, net: Floats, owner: npt.NDArray[np.int32], points: Floats, plane: Floats) -> None:
    """plane (n, 3): of each of points (n, 3), mm, its place in the own plane of piece owner[i], and its distance from the piece.

    A cylinder or cone is cut open where the angle is half a turn.
    """
    work = np.empty(9)
    for i in range(points.shape[0]):
        u, v, off = _own(pieces[owner[i]], net, points[i, 0], points[i, 1], points[i, 2], work)
        plane[i, 0], plane[i, 1], plane[i, 2] = u, v, off


@kernel(
    "void(float64[:,::1], float64[:,:,:,::1], int32[::1], int32[:,::1], float64, float64, float64[:,::1], int64)",
    writes=("points",),
)
def bend(
    pieces: Floats,
    net: Floats,
    owner: npt.NDArray[np.int32],
    plane: npt.NDArray[np.int32],
    level: float,
    unit: float,
    points: Floats,
    first: int,
) -> None:
    """points[first : first + n]: plane (n, 2), in steps of the patch's plane, bent onto piece owner[i] and lifted `level` mm along
    its normal; in mm, on the lattice of `unit` steps a mm."""
    work = np.empty(9)
    for i in range(plane.shape[0]):
        _point_and_normal(pieces[owner[i]], net, plane[i, 0] / unit, plane[i, 1] / unit, work)
        for k in range(3):
            points[first + i, k] = math.floor((work[k] + level * work[3 + k]) * unit + 0.5) / unit


@kernel("void(float64[:,::1], float64[:,:,:,::1], int32[::1], float64[:,::1], float64[:,::1])", writes=("found",))
def true_points(pieces: Floats, net: Floats, owner: npt.NDArray[np.int32], plane: Floats, found: Floats) -> None:
    """found (n, 6): the point and the outward unit normal at plane (n, 2), mm of the patch's plane, on piece owner[i]; not rounded."""
    work = np.empty(9)
    for i in range(plane.shape[0]):
        _point_and_normal(pieces[owner[i]], net, plane[i, 0], plane[i, 1], work)
        for k in range(6):
            found[i, k] = work[k]
