"""The loops around some triangles, and other triangles within them: a regular grid, joined to the loops by a band."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engine.model.mesh import Faces, Lattice
from kernels import cells
from kernels.flips import flip_all
from kernels.triangulate import triangles_of
from kernels.twins import TOUCH, open_loops, pair

_Rows = npt.NDArray[np.int32]
_AIR = 1.25
"""A cell of the grid is so much nearer to its farthest point than to the border."""


def loops(faces: Faces, points: int) -> list[_Rows] | None:
    """The loops of edges that bound some faces, each in the faces' direction; None where they touch themselves or each other."""
    return _loops(faces, twins(faces, points), points)


def _loops(faces: Faces, twin: _Rows, points: int) -> list[_Rows] | None:
    rows, ends = np.empty(len(twin), np.int32), np.empty(len(twin), np.int32)
    many = open_loops(faces, twin, rows, ends, np.empty(2 * points, np.int32))
    if many == TOUCH:
        return None
    stops = ends[:many].tolist()
    return [rows[begin:end] for begin, end in zip([0, *stops], stops, strict=False)]


def twins(triangles: Faces, points: int) -> _Rows:
    """The half-edge on the other side of each, or -1: 3 t + e runs from corner e of triangle t to the next. Corners are below `points`."""
    twin = np.empty(3 * len(triangles), np.int32)
    pair(triangles, twin, np.empty(points, np.int32), np.empty_like(twin))
    return twin


def regrid(border: Lattice, ends: _Rows, across: float, up: float) -> tuple[Lattice, Faces] | None:
    """Points of a grid of cells of `across` x `up` steps within loops (int32 (b, 2), outer ones counter-clockwise), and triangles.

    Triangles int32 (m, 3) fill the loops: their corners are rows of the border, and then of the grid's points. None where the
    loops are unsound.
    """
    points, squares = _squares(border, ends, across, up)
    parts, stops = [np.arange(len(border), dtype=np.int32)], ends.tolist()
    for loop in loops(squares, len(points)) or ():
        parts.append(loop[::-1])
        stops.append(stops[-1] + len(loop))
    order = np.concatenate(parts)
    status, band = triangles_of(points[order], np.array(stops, np.int32))
    if status < 0:
        return None
    band = band.copy()
    flip_all(points[order], band, twins(band, len(order)), np.empty(3 * len(band), np.bool_))
    return points, np.concatenate((order[band], squares))


def _squares(border: Lattice, ends: _Rows, across: float, up: float) -> tuple[Lattice, Faces]:
    """The border's points and those of the grid's cells that lie well within it, and the cells' triangles."""
    (x0, y0), (x1, y1) = border.min(axis=0).tolist(), border.max(axis=0).tolist()
    columns, lines = max(1, math.ceil((x1 - x0) / across)), max(1, math.ceil((y1 - y0) / up))
    xs = np.rint(x0 + (x1 - x0) * (np.arange(columns + 1) / columns)).astype(np.int32)
    ys = np.rint(y0 + (y1 - y0) * (np.arange(lines + 1) / lines)).astype(np.int32)
    reach = _AIR * 0.5 * math.sqrt(float(xs[1] - xs[0]) ** 2 + float(ys[1] - ys[0]) ** 2)
    whole, first = np.empty((columns, lines), np.bool_), len(border)
    cells.well_within(border, ends, (xs[1:] + xs[:-1]) / 2.0, (ys[1:] + ys[:-1]) / 2.0, reach, whole)
    number, told = np.empty((columns + 1, lines + 1), np.int32), np.empty(2, np.int64)
    points, squares = np.empty((first + number.size, 2), np.int32), np.empty((2 * whole.size, 3), np.int32)
    points[:first] = border
    cells.grid(whole, xs, ys, first, number, points, squares, told)
    nodes, triangles = told.tolist()
    return points[: first + nodes], squares[:triangles]
