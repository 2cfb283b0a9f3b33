"""The loops around some triangles, and other triangles within them: a regular grid, joined to the loops by a band."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engine.model.mesh import Faces, Lattice
from kernels.cells import well_within
from kernels.flips import flip_all
from kernels.triangulate import triangles_of

_Rows = npt.NDArray[np.int32]
_AIR = 1.25
"""A cell of the grid is so much nearer to its farthest point than to the border."""


def loops(faces: Faces, points: int) -> list[list[int]] | None:
    """The loops of edges that bound some faces, each in the faces' direction; None where they touch themselves or each other."""
    a, b = faces.ravel().astype(np.int64), faces[:, (1, 2, 0)].ravel().astype(np.int64)
    open_edges = ~np.isin(a * points + b, b * points + a)
    after = dict(zip(a[open_edges].tolist(), b[open_edges].tolist(), strict=True))
    if len(after) != int(open_edges.sum()) or len(set(after.values())) != len(after):
        return None
    found = []
    while after:
        start, here = after.popitem()
        loop = [start]
        while here != start:
            loop.append(here)
            here = after.pop(here)
        found.append(loop)
    return found


def twins(triangles: Faces) -> _Rows:
    """The half-edge on the other side of each, or -1: 3 t + e runs from corner e of triangle t to the next."""
    if not len(triangles):
        return np.zeros(0, np.int32)
    a, b = triangles.ravel().astype(np.int64), triangles[:, (1, 2, 0)].ravel().astype(np.int64)
    many = int(triangles.max()) + 1
    keys, other = a * many + b, b * many + a
    order = np.argsort(keys, kind="stable")
    at = np.minimum(np.searchsorted(keys[order], other), len(keys) - 1)
    found = order[at]
    return np.where(keys[found] == other, found, -1).astype(np.int32)


def regrid(border: Lattice, ends: _Rows, across: float, up: float) -> tuple[Lattice, Faces] | None:
    """Points of a grid of cells of `across` x `up` steps within loops (int32 (b, 2), outer ones counter-clockwise), and triangles.

    Triangles int32 (m, 3) fill the loops: their corners are rows of the border, and then of the grid's points. None where the
    loops are unsound.
    """
    (x0, y0), (x1, y1) = border.min(axis=0).tolist(), border.max(axis=0).tolist()
    columns, lines = max(1, math.ceil((x1 - x0) / across)), max(1, math.ceil((y1 - y0) / up))
    xs = np.rint(x0 + (x1 - x0) * (np.arange(columns + 1) / columns)).astype(np.int32)
    ys = np.rint(y0 + (y1 - y0) * (np.arange(lines + 1) / lines)).astype(np.int32)
    whole = _cells_within(border, ends, xs, ys)
    i, j = np.nonzero(whole)
    number = np.full((columns + 1, lines + 1), -1, np.int32)
    for u, v in ((0, 0), (1, 0), (0, 1), (1, 1)):
        number[i + u, j + v] = 0
    at = np.nonzero(number == 0)
    number[at] = np.arange(len(at[0]), dtype=np.int32) + len(border)
    grid = np.stack((xs[at[0]], ys[at[1]]), axis=1)
    a, b, c, d = number[i, j], number[i + 1, j], number[i + 1, j + 1], number[i, j + 1]
    cells = np.concatenate((np.stack((a, b, c), axis=1), np.stack((a, c, d), axis=1))).astype(np.int32)
    points = np.concatenate((border, grid))
    rows, stops = list(range(len(border))), ends.tolist()
    for loop in loops(cells, len(points)) or ():
        rows += loop[::-1]
        stops.append(len(rows))
    order = np.array(rows, np.int32)
    status, band = triangles_of(points[order], np.array(stops, np.int32))
    if status < 0:
        return None
    band = band.copy()
    flip_all(np.ascontiguousarray(points[order]), band, twins(band))
    return points, np.concatenate((order[band], cells))


def _cells_within(border: Lattice, ends: _Rows, xs: _Rows, ys: _Rows) -> npt.NDArray[np.bool_]:
    """Which cells lie well within the loops; no two of them touch in a corner alone."""
    x, y = (xs[1:] + xs[:-1]) / 2.0, (ys[1:] + ys[:-1]) / 2.0
    reach = _AIR * 0.5 * math.sqrt(float(xs[1] - xs[0]) ** 2 + float(ys[1] - ys[0]) ** 2)
    whole = np.empty((len(x), len(y)), np.bool_)
    well_within(border, ends, x, y, reach, whole)
    while True:
        a, b, c, d = whole[:-1, :-1], whole[1:, :-1], whole[:-1, 1:], whole[1:, 1:]
        corners = (a & d & ~b & ~c) | (b & c & ~a & ~d)
        if not corners.any():
            return whole
        whole[1:, 1:] &= ~corners
        whole[1:, :-1] &= ~corners
