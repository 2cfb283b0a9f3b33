"""Does an edge or a corner look along a given vector: is it among the normals that its faces span?

An edge has the arc between its two faces' normals, a corner the cone of those of its faces (`kernels.facing`). A face need not
look along the vector for its edge or corner to do so: where the feet of two letters stand on one line, the nearest places are the
corners between them, each foot runs along the line from one to the other, and what is between widens at once beyond it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined
from kernels.facing import TILT_COSINE, TILT_SINE, has_normal

Float64s = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]

_MOST = 4096
"""No walk round a corner is longer."""


@inlined
def arc_holds(px: float, py: float, pz: float, qx: float, qy: float, qz: float, x: float, y: float, z: float) -> bool:
    """Is the unit vector (x, y, z) within 8 degrees of the arc from p to q?"""
    if px * x + py * y + pz * z >= TILT_COSINE or qx * x + qy * y + qz * z >= TILT_COSINE:
        return True
    cx, cy, cz = py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx
    sine = math.sqrt(cx * cx + cy * cy + cz * cz)
    if abs(cx * x + cy * y + cz * z) > TILT_SINE * sine or sine < 1e-9:
        return False
    after = cx * (py * z - pz * y) + cy * (pz * x - px * z) + cz * (px * y - py * x)
    before = cx * (y * qz - z * qy) + cy * (z * qx - x * qz) + cz * (x * qy - y * qx)
    return after >= 0.0 and before >= 0.0


@inlined
def _around(twin: Int32s, at: int, way: int) -> int:
    """The next half-edge that begins at the same corner, one way round or the other; below zero beyond a border."""
    if way == 0:
        return int(twin[at + 2 if at % 3 == 0 else at - 1])
    mate = twin[at]
    return -1 if mate < 0 else (int(mate) + 1 if mate % 3 < 2 else int(mate) - 2)


@inlined
def _turn(units: Float64s, f: int, g: int, x: float, y: float, z: float) -> float:
    """The determinant of two faces' normals and (x, y, z)."""
    px, py, pz, qx, qy, qz = units[f, 0], units[f, 1], units[f, 2], units[g, 0], units[g, 1], units[g, 2]
    return float((py * qz - pz * qy) * x + (pz * qx - px * qz) * y + (px * qy - py * qx) * z)


@inlined
def corner_holds(twin: Int32s, units: Float64s, h: int, x: float, y: float, z: float) -> bool:
    """Does the cone of the normals round the corner where half-edge h begins hold the unit vector (x, y, z)?

    Seen along the vector, the normals that look its way lie all round it: one walk round the corner keeps the sector they fill.
    Where others are square to it or look away, a second walk asks each two neighbours' normals and the one that looks most its
    way for a cone with the vector in it: the surface of a cone counts, its edges (one of the normals) do not.
    """
    # two directions square to the vector
    if abs(x) <= abs(y) and abs(x) <= abs(z):
        ex, ey, ez = 0.0, z, -y
    elif abs(y) <= abs(z):
        ex, ey, ez = -z, 0.0, x
    else:
        ex, ey, ez = y, -x, 0.0
    fx, fy, fz = y * ez - z * ey, z * ex - x * ez, x * ey - y * ex
    ax = ay = bx = by = 0.0
    begun = others = False
    pivot, most = -1, 0.0
    for way in range(2):
        at = h
        for _ in range(_MOST):
            f = at // 3
            nx, ny, nz = units[f, 0], units[f, 1], units[f, 2]
            d = nx * x + ny * y + nz * z
            if d > 0.0:
                u, v = nx * ex + ny * ey + nz * ez, nx * fx + ny * fy + nz * fz
                if d > most or (d == most and (nx, ny, nz) < (units[pivot, 0], units[pivot, 1], units[pivot, 2])):
                    pivot, most = f, d
                if not begun:
                    ax, ay, bx, by, begun = u, v, u, v, True
                else:
                    left, right = ax * v - ay * u, u * by - v * bx
                    if left < 0.0 and right < 0.0:
                        return True
                    if left >= 0.0 and right < 0.0:
                        bx, by = u, v
                    elif left < 0.0:
                        ax, ay = u, v
                    elif left == 0.0 and right == 0.0 and ax * u + ay * v <= 0.0:
                        return True
            else:
                others = others or has_normal(units, f)
            at = _around(twin, at, way)
            if at < 0 or at == h:
                break
        if at == h:
            break
    return begun and others and _fan_holds(twin, units, h, pivot, x, y, z)


@inlined
def _fan_holds(twin: Int32s, units: Float64s, h: int, pivot: int, x: float, y: float, z: float) -> bool:
    """Is (x, y, z) in a cone of face `pivot`'s normal and those of two neighbours round the corner, and along none of the three?"""
    for way in range(2):
        at, f = h, h // 3
        for _ in range(_MOST):
            at = _around(twin, at, way)
            if at < 0:
                break
            g = at // 3
            if not has_normal(units, g):
                continue
            whole = _turn(units, f, g, units[pivot, 0], units[pivot, 1], units[pivot, 2])
            if whole != 0.0:
                one, two, three = _turn(units, f, g, x, y, z), _turn(units, g, pivot, x, y, z), _turn(units, pivot, f, x, y, z)
                if whole < 0.0:
                    one, two, three = -one, -two, -three
                none = (1 if one == 0.0 else 0) + (1 if two == 0.0 else 0) + (1 if three == 0.0 else 0)
                if one >= 0.0 and two >= 0.0 and three >= 0.0 and none < 2:
                    return True
            f = g
            if at == h:
                return False
    return False
