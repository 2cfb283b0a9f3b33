"""Zones of a field as closed bodies: its contours at a level, and the prisms that stand on them.

A contour crosses each edge of the grid at most once, strictly between its ends, and each cell in straight pieces that do not meet
(marching squares: Lorensen and Cline, Marching cubes, SIGGRAPH 1987, in the plane; where two opposite corners of a cell are inside,
they are held apart). So loops are simple and disjoint by construction, on integers.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import numpy.typing as npt

from engine.errors import EngineFault
from engine.model.grid import Grid
from engine.model.mesh import STEPS_PER_MM, Mesh, Modifier
from engine.model.outline import Outline
from kernels import topology
from kernels.prism import prism
from kernels.triangulate import triangles_of

STRAY_MM = 0.1
"""A contour's points may be left out while the line stays so near to them."""
LEAST_MM2 = 20.0
"""Smaller islands and holes are left out: no nozzle fills them otherwise than what is around (ours)."""

_Edge = tuple[int, int, int]
_Loop = list[tuple[int, int]]
_AROUND: tuple[_Edge, ...] = ((0, 0, 0), (1, 1, 0), (0, 0, 1), (1, 0, 0))
"""A cell's edges counter-clockwise: along x (0) or y (1), and the corner each starts from."""


def contours(field: Grid, level: float) -> Outline:
    """Where the field is at least `level`: outer loops counter-clockwise, holes clockwise. Beyond the grid it is nowhere.

    ValueError for a level that is not above zero, which is what lies beyond the grid.
    """
    if not level > 0.0:
        raise ValueError(f"a contour's level lies above zero, not at {level!r}")
    z = np.zeros((field.z.shape[0] + 2, field.z.shape[1] + 2))
    z[1:-1, 1:-1] = np.where(np.isnan(field.z), 0.0, field.z)
    following = _pieces(z >= level)
    place = functools.partial(_place, z, level, field)
    loops: list[_Loop] = []
    while following:
        start, edge = following.popitem()
        loop = [place(start)]
        while edge != start:
            loop.append(place(edge))
            edge = following.pop(edge)
        loops.append(loop)
    kept = [loop for loop in loops if abs(_twice_area(loop)) >= 2.0 * LEAST_MM2 * STEPS_PER_MM**2]
    kept.sort(key=min)
    simple = _outline([_simplified(loop) for loop in kept])
    return simple if triangles_of(simple.points, simple.ends)[0] >= 0 else _outline(kept)


def standing(outline: Outline, low: float, high: float) -> Mesh:
    """The closed prism over what the outline encloses, from z = `low` to z = `high`, mm, both rounded to the lattice.

    ValueError where that has no height, or nothing is enclosed; EngineFault for an outline that meets itself.
    """
    bottom, top = round(low * STEPS_PER_MM), round(high * STEPS_PER_MM)
    if bottom >= top or not len(outline.points):
        raise ValueError(f"no prism stands from {low!r} to {high!r} mm on {len(outline.ends)} loops")
    status, lid = triangles_of(outline.points, outline.ends)
    if status < 0:
        raise EngineFault(f"a zone's contour bounds no region (status {status})")
    n, lids = len(outline.points), len(lid)
    points, faces = np.empty((2 * n, 3)), np.empty((2 * lids + 2 * n, 3), np.int32)
    faces[:lids], faces[lids : 2 * lids] = lid[:, ::-1], lid + n
    upright = np.array(((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))
    prism(outline.points, outline.ends, upright, float(bottom), float(top), STEPS_PER_MM, points, 0, faces, 2 * lids)
    return Mesh(points, faces)


def must_be_closed(modifier: Modifier) -> None:
    """ValueError where a modifier's mesh does not bound a volume: an edge without exactly two faces, the wrong way out, flat."""
    faces, n = modifier.mesh.faces, len(modifier.mesh.points)
    m = len(faces)
    work = (np.empty(n + 3, np.int32), np.empty((1, 3 * m + 8), np.int32), np.empty(3 * m, np.int32))
    sound = m > 0 and topology.first_bad_index(faces, n) < 0
    if not sound or not topology.match_sound(faces, *work, np.empty(3 * m, np.int32), np.empty(n, np.int32)):
        raise ValueError(f"modifier {modifier.name!r} is no closed mesh")
    (a, b, c), (d, e, f), (g, h, i) = (modifier.mesh.points[faces[:, k]].T for k in range(3))
    if not math.fsum((a * (e * i - f * h) + b * (f * g - d * i) + c * (d * h - e * g)).tolist()) > 0.0:
        raise ValueError(f"modifier {modifier.name!r} is inside out, or encloses nothing")


def rectangle(field: Grid) -> Outline:
    """The border of the grid."""
    x, y = _steps(field, 0), _steps(field, 1)
    return _outline([[(x[0], y[0]), (x[-1], y[0]), (x[-1], y[-1]), (x[0], y[-1])]])


def mirrored(outline: Outline) -> Outline:
    """The outline with y as -y, each loop still the right way round."""
    loops = [loop[::-1] for loop in np.split(outline.points * np.array((1, -1), np.int32), outline.ends[:-1])]
    return Outline(np.concatenate(loops), outline.ends)


def _pieces(inside: npt.NDArray[np.bool_]) -> dict[_Edge, _Edge]:
    """From the grid's edge where a straight piece of the contour begins to the one where it ends, the inside to its left."""
    corners = inside[:-1, :-1].astype(np.int8) + inside[1:, :-1] + inside[1:, 1:] + inside[:-1, 1:]
    following = {}
    for i, j in np.argwhere((corners > 0) & (corners < 4)).tolist():
        around = (inside[i, j], inside[i + 1, j], inside[i + 1, j + 1], inside[i, j + 1])
        edges = [(axis, i + di, j + dj) for axis, di, dj in _AROUND]
        for k in range(4):
            if around[k] and not around[(k + 1) % 4]:  # the border of the cell leaves the inside here
                entered = next(m for m in (k - 1, k - 2, k - 3) if not around[m % 4] and around[(m + 1) % 4])
                following[edges[k]] = edges[entered % 4]
    return following


def _place(z: npt.NDArray[np.float64], level: float, field: Grid, edge: _Edge) -> tuple[int, int]:
    """Where the level is reached on an edge, in steps, strictly between its ends."""
    axis, i, j = edge
    here, there = float(z[i, j]), float(z[i + (axis == 0), j + (axis == 1)])
    x, y = _steps(field, 0), _steps(field, 1)
    along, at = (x, i) if axis == 0 else (y, j)
    long = along[at + 1] - along[at]
    step = along[at] + min(max(round((level - here) / (there - here) * long), 1), long - 1)
    return (step, y[j]) if axis == 0 else (x[i], step)


@functools.lru_cache(maxsize=8)
def _ruler(origin: float, pitch: float, count: int) -> tuple[int, ...]:
    return tuple(round((origin + k * pitch) * STEPS_PER_MM) for k in range(-1, count + 1))


def _steps(field: Grid, axis: int) -> tuple[int, ...]:
    """The grid's places along an axis, one more at either end, on the lattice."""
    return _ruler(field.origin[axis], field.pitch, field.z.shape[axis])


def _outline(loops: list[_Loop]) -> Outline:
    points = np.array([p for loop in loops for p in loop], dtype=np.int32).reshape(-1, 2)
    return Outline(points, np.cumsum([len(loop) for loop in loops], dtype=np.int32))


def _twice_area(loop: _Loop) -> int:
    return sum(x * q - p * y for (x, y), (p, q) in zip(loop, loop[1:] + loop[:1], strict=True))


def _simplified(loop: _Loop) -> _Loop:
    """Without the points that lie within STRAY_MM of the line through those that stay (Douglas and Peucker, 1973); exact.

    The loop is halved at its first point by place and the farthest from it.
    """
    first = loop.index(min(loop))
    turned = loop[first:] + loop[:first]
    far = max(range(len(turned)), key=lambda k: (_square(turned[0], turned[k]), -k))
    kept = {0, far}
    spans = [(0, far), (far, len(turned))]
    closed = [*turned, turned[0]]
    while spans:
        begin, end = spans.pop()
        inner = range(begin + 1, end)
        worst = max(inner, key=lambda k: (_aside(closed[begin], closed[end], closed[k]), -k), default=None)
        if worst is None:
            continue
        aside = _aside(closed[begin], closed[end], closed[worst])
        if aside * aside > (STRAY_MM * STEPS_PER_MM) ** 2 * _square(closed[begin], closed[end]):
            kept.add(worst)
            spans += [(begin, worst), (worst, end)]
    return [turned[k] for k in sorted(kept)]


def _square(a: tuple[int, int], b: tuple[int, int]) -> int:
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2


def _aside(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> int:
    """Distance of c from the line a b, times that line's length."""
    return abs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
