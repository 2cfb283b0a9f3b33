"""The plane that a soft body stood on: touched by its hull, then fitted to what lies flat on it.

`rest` is the facet of the convex hull that a line meets: the lower hull is climbed down by exchanging one of three points at a time
(the simplex method on Dantzig's "centre of gravity" problem, 1963), O(n) an exchange and a few dozen of them. It hangs on three
points alone, so on noise. `refit` is therefore the least-squares plane of the faces that look down and lie within a reach of it,
weighted by their area; asked again and again, it settles.

A plane is (a, b, c) with z = a x + b y + c, in a frame whose z is roughly up. Lengths in mm.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]

AREA, SPREAD = 0, 1
_FAR = 1e4  # mm: the corners of the triangle that the descent begins with, and how high they are
_ROUNDS = 200
_STEEP = 0.7071067811865476  # faces that look down by less than 45 degrees do not lie on anything


@kernel("void(float64[:,::1], float64[::1], float64[::1], float64[::1], float64[:,::1])", writes=("moved",))
def turned(points: Floats, x: Floats, y: Floats, z: Floats, moved: Floats) -> None:
    """moved (n, 3): the points (n, 3) along three axes (3,)."""
    for i in range(points.shape[0]):
        px, py, pz = points[i, 0], points[i, 1], points[i, 2]
        moved[i, 0] = px * x[0] + py * x[1] + pz * x[2]
        moved[i, 1] = px * y[0] + py * y[1] + pz * y[2]
        moved[i, 2] = px * z[0] + py * z[1] + pz * z[2]


@kernel("void(float64[:,::1], int32[:,::1], float64[::1])", writes=("told",))
def whole(points: Floats, faces: Int32s, told: Floats) -> None:
    """told (8,): surface, mm2; sum of the area vectors (x, y, z), mm2; the surface's middle (x, y, z); volume about it, mm3."""
    told[:] = 0.0
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        nx, ny, nz = _area(points, a, b, c)
        area = 0.5 * math.sqrt(nx * nx + ny * ny + nz * nz)
        told[0] += area
        told[1] += 0.5 * nx
        told[2] += 0.5 * ny
        told[3] += 0.5 * nz
        for k in range(3):
            told[4 + k] += area * (points[a, k] + points[b, k] + points[c, k]) / 3.0
    if told[0] > 0.0:
        for k in range(3):
            told[4 + k] /= told[0]
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        nx, ny, nz = _area(points, a, b, c)
        told[7] += ((points[a, 0] - told[4]) * nx + (points[a, 1] - told[5]) * ny + (points[a, 2] - told[6]) * nz) / 6.0


@kernel("boolean(float64[:,::1], int32[:,::1], float64[::1])", writes=("middle",))
def under(points: Floats, faces: Int32s, middle: Floats) -> bool:
    """middle (2,): x and y of the middle of what looks down, seen from below; False where nothing does."""
    s, sx, sy = 0.0, 0.0, 0.0
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        nx, ny, nz = _area(points, a, b, c)
        if -nz > _STEEP * math.sqrt(nx * nx + ny * ny + nz * nz):
            s -= nz
            sx -= nz * (points[a, 0] + points[b, 0] + points[c, 0]) / 3.0
            sy -= nz * (points[a, 1] + points[b, 1] + points[c, 1]) / 3.0
    if s > 0.0:
        middle[0], middle[1] = sx / s, sy / s
    return s > 0.0


@inlined
def _area(points: Floats, a: int, b: int, c: int) -> tuple[float, float, float]:
    """Twice the area of a triangle along its normal."""
    ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
    vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx


@inlined
def _solve(m: Floats, plane: Floats) -> bool:
    """Three equations m (3, 4) for `plane`, by elimination with the largest pivot; m is used up. False: singular."""
    for k in range(3):
        best = k
        for i in range(k + 1, 3):
            if abs(m[i, k]) > abs(m[best, k]):
                best = i
        if m[best, k] == 0.0:
            return False
        for j in range(4):
            m[k, j], m[best, j] = m[best, j], m[k, j]
        for i in range(k + 1, 3):
            factor = m[i, k] / m[k, k]
            for j in range(k, 4):
                m[i, j] -= factor * m[k, j]
    for k in range(2, -1, -1):
        told = m[k, 3]
        for j in range(k + 1, 3):
            told -= m[k, j] * plane[j]
        plane[k] = told / m[k, k]
    return True


@inlined
def _share(corners: Floats, i: int, x: float, y: float) -> float:
    """Twice the area of the triangle of (x, y) and the two corners after i."""
    j, k = (i + 1) % 3, (i + 2) % 3
    return float((corners[j, 0] - x) * (corners[k, 1] - y) - (corners[j, 1] - y) * (corners[k, 0] - x))


@kernel("boolean(float64[:,::1], float64, float64, float64[::1])", writes=("plane",))
def rest(points: Floats, x: float, y: float, plane: Floats) -> bool:
    """plane (3,) below all points (n, 3) that is highest at (x, y): where the body comes to rest if it is pressed down there.

    False where (x, y) lies outside of what the points cover, or the descent does not end: then `plane` is of no use.
    """
    corners, m, trial = np.empty((3, 3)), np.empty((3, 4)), np.empty((3, 3))
    for i in range(3):  # counter-clockwise, far round (x, y), and far above
        corners[i, 0] = x + _FAR * (1.0 if i == 0 else -0.5)
        corners[i, 1] = y + _FAR * (0.0 if i == 0 else 0.8660254037844386 if i == 1 else -0.8660254037844386)
        corners[i, 2] = _FAR * _FAR
    for _ in range(_ROUNDS):
        for i in range(3):
            m[i, 0], m[i, 1], m[i, 2], m[i, 3] = corners[i, 0], corners[i, 1], 1.0, corners[i, 2]
        if not _solve(m, plane):
            return False
        low, deepest = -1, -1e-7
        for p in range(points.shape[0]):
            over = points[p, 2] - (plane[0] * points[p, 0] + plane[1] * points[p, 1] + plane[2])
            if over < deepest:
                low, deepest = p, over
        if low < 0:
            return bool(max(max(corners[0, 2], corners[1, 2]), corners[2, 2]) < 0.5 * _FAR * _FAR)
        leaves, best = -1, -math.inf
        for i in range(
            3
        ):  # which corner may go, so that the triangle still holds (x, y): the one that leaves it deepest inside
            trial[:] = corners
            trial[i] = points[low]
            inner = min(min(_share(trial, 0, x, y), _share(trial, 1, x, y)), _share(trial, 2, x, y))
            if inner > best:
                leaves, best = i, inner
        if best < 0.0:
            return False
        corners[leaves] = points[low]
    return False


@kernel("void(float64[:,::1], int32[:,::1], float64, int64, float64[::1], float64[::1])", writes=("plane", "told"))
def refit(points: Floats, faces: Int32s, reach: float, rounds: int, plane: Floats, told: Floats) -> None:
    """Fit `plane` (3,) to the faces that look down on it and whose middles lie within `reach` of it, `rounds` times; told (2,):
    AREA of what lies within `reach` in the end, mm2; SPREAD, the area over which it is scattered (4 pi times the root of the
    determinant of its second moments: that of an evenly covered ellipse), mm2. Fewer than three such faces leave `plane` as it is.
    """
    m = np.empty((3, 4))
    for done in range(rounds + 1):
        tilt = math.sqrt(plane[0] * plane[0] + plane[1] * plane[1] + 1.0)
        m[:] = 0.0
        count, s, sx, sy, sz = 0, 0.0, 0.0, 0.0, 0.0
        sxx, sxy, syy, sxz, syz = 0.0, 0.0, 0.0, 0.0, 0.0
        for f in range(faces.shape[0]):
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            x, y = (points[a, 0] + points[b, 0] + points[c, 0]) / 3.0, (points[a, 1] + points[b, 1] + points[c, 1]) / 3.0
            z = (points[a, 2] + points[b, 2] + points[c, 2]) / 3.0 - (plane[0] * x + plane[1] * y + plane[2])
            if abs(z) > reach * tilt:
                continue
            nx, ny, nz = _area(points, a, b, c)
            length = math.sqrt(nx * nx + ny * ny + nz * nz)
            if -(nz - plane[0] * nx - plane[1] * ny) < _STEEP * length * tilt:
                continue
            w = 0.5 * length
            count += 1
            s, sx, sy, sz = s + w, sx + w * x, sy + w * y, sz + w * z
            sxx, sxy, syy = sxx + w * x * x, sxy + w * x * y, syy + w * y * y
            sxz, syz = sxz + w * x * z, syz + w * y * z
        told[AREA], told[SPREAD] = s, 0.0
        if count < 3:
            return
        cxx, cxy, cyy = sxx / s - sx / s * (sx / s), sxy / s - sx / s * (sy / s), syy / s - sy / s * (sy / s)
        told[SPREAD] = 4.0 * math.pi * math.sqrt(max(0.0, cxx * cyy - cxy * cxy))
        if done == rounds:
            return
        m[0, 0], m[0, 1], m[0, 2], m[0, 3] = sxx, sxy, sx, sxz
        m[1, 0], m[1, 1], m[1, 2], m[1, 3] = sxy, syy, sy, syz
        m[2, 0], m[2, 1], m[2, 2], m[2, 3] = sx, sy, s, sz
        more = np.empty(3)
        if not _solve(m, more):
            return
        for k in range(3):
            plane[k] += more[k]


@kernel("void(float32[:,::1], int64, float64[:,::1], float64, float64[::1])", writes=("told",))
def crowded(packed: npt.NDArray[np.float32], count: int, ways: Floats, cosine: float, told: Floats) -> None:
    """told (k,): how much of a surface looks along each of `ways` (k, 3), unit vectors, what looks aside up to `cosine` counting ever
    less. `packed` and `count`: the bins of `orient.gather`."""
    for j in range(ways.shape[0]):
        told[j] = 0.0
        for b in range(count):
            along = float(packed[0, b]) * ways[j, 0] + float(packed[1, b]) * ways[j, 1] + float(packed[2, b]) * ways[j, 2]
            told[j] += max(0.0, along - cosine * float(packed[3, b]))


@kernel("void(float64[:,::1], int32[:,::1], float64, float64, float64, float64[::1])", writes=("told",))
def levels(points: Floats, faces: Int32s, flat: float, first: float, step: float, told: Floats) -> None:
    """told (k,): the surface, mm2, that looks up (flat > 0) or down (flat < 0) with a cosine of at least |flat|, by the height of its
    middle: bin i from first + i step on. What lies below or above is left out."""
    for i in range(told.shape[0]):
        told[i] = 0.0
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        z = ((points[a, 2] + points[b, 2] + points[c, 2]) / 3.0 - first) / step
        if z < 0.0 or z >= told.shape[0]:
            continue
        nx, ny, nz = _area(points, a, b, c)
        length = math.sqrt(nx * nx + ny * ny + nz * nz)
        if (nz if flat > 0.0 else -nz) >= abs(flat) * length:
            told[int(z)] += 0.5 * length


@kernel("void(float32[:,::1], int64, float64, float64[::1])", writes=("way",))
def gathered(packed: npt.NDArray[np.float32], count: int, cosine: float, way: Floats) -> None:
    """Turn `way` (3,), a unit vector, to where the surface looks on average that looks along it by at least `cosine`; as `crowded`."""
    x, y, z = 0.0, 0.0, 0.0
    for b in range(count):
        bx, by, bz = float(packed[0, b]), float(packed[1, b]), float(packed[2, b])
        if bx * way[0] + by * way[1] + bz * way[2] >= cosine * float(packed[3, b]):
            x, y, z = x + bx, y + by, z + bz
    length = math.sqrt(x * x + y * y + z * z)
    if length > 0.0:
        way[0], way[1], way[2] = x / length, y / length, z / length
