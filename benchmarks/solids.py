"""Meshes for the verdict's benchmark: an organic shell and CAD's slivers, of any size, as solids and with planted crossings."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from engine.model.mesh import Mesh, Part, Settled
from engine.verify.settle import settle

SIDES = 400
"""Of a tube: its faces are a hundred times as long as they are wide."""

Body = tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]


def _grid(rows: int, columns: int) -> npt.NDArray[np.int64]:
    """Faces of a grid of points that is closed along its columns."""
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns), indexing="ij")
    a, b = i * columns + j, i * columns + (j + 1) % columns
    c, d = a + columns, b + columns
    return np.stack([np.stack([a, b, d], axis=-1), np.stack([a, d, c], axis=-1)], axis=2).reshape(-1, 3)


def organic(triangles: int) -> Body:
    """A sphere of 100 mm with bumps: two poles and a grid between them."""
    rows = max(8, int(np.sqrt(triangles / 4)))
    columns = 2 * rows
    polar = np.pi * (np.arange(rows) + 0.5) / rows
    round_it = 2 * np.pi * np.arange(columns) / columns
    p, r = np.meshgrid(polar, round_it, indexing="ij")
    radius = 50 + 3 * np.sin(5 * r) * np.sin(p) ** 2 + 2 * np.cos(7 * p)
    ring = np.stack([radius * np.sin(p) * np.cos(r), radius * np.sin(p) * np.sin(r), radius * np.cos(p)], axis=-1)
    points = np.concatenate([ring.reshape(-1, 3), [(0, 0, radius[0].mean()), (0, 0, -radius[-1].mean())]])
    k, last = np.arange(columns), rows * columns
    after = (k + 1) % columns
    top = np.stack([after, k, k * 0 + last], axis=1)
    bottom = np.stack([k, after, k * 0], axis=1) + (rows - 1) * columns
    bottom[:, 2] = last + 1
    faces = np.concatenate([_grid(rows, columns)[:, ::-1], top[:, ::-1], bottom[:, ::-1]])
    return points, _outward(points, faces)


def slivers(triangles: int) -> Body:
    """Tubes in a square, each of 6 mm with a bore of 4 mm and 12 mm long, of SIDES sides: what CAD makes of a cylinder."""
    many = max(1, round(triangles / (8 * SIDES)))
    side = int(np.ceil(np.sqrt(many)))
    angle = 2 * np.pi * np.arange(SIDES) / SIDES
    ring = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    profile = [(3.0, 0.0), (3.0, 12.0), (2.0, 12.0), (2.0, 0.0), (3.0, 0.0)]
    tube = np.concatenate([ring * r + (0, 0, z) for r, z in profile[:-1]])
    faces = _grid(len(profile), SIDES) % len(tube)
    faces = _outward(tube, faces)
    points = np.concatenate([tube + (8.0 * (n % side), 8.0 * (n // side), 0) for n in range(many)])
    return points, np.concatenate([faces + n * len(tube) for n in range(many)])


def _outward(points: npt.NDArray[np.float64], faces: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    a, b, c = (points[faces[:, k]] for k in range(3))
    return faces if (a * np.cross(b, c)).sum() > 0 else np.ascontiguousarray(faces[:, ::-1])


@functools.cache
def settled(kind: str, triangles: int, planted: bool = False) -> Settled:
    """As it ships; `planted`: a second, small body pushed a little into the first."""
    points, faces = {"organic": organic, "slivers": slivers}[kind](triangles)
    if planted:
        low = points[:, 2].max() - 0.01
        top = points[points[:, 2].argmax()]
        spike = np.array([(0, 0, low), (1.5, 0, low + 4), (-1, 1, low + 4), (-1, -1, low + 4)]) + (top[0], top[1], 0)
        pin = _outward(spike - spike.mean(axis=0), np.array([(0, 1, 2), (0, 2, 3), (0, 3, 1), (1, 3, 2)]))
        points, faces = np.concatenate([points, spike]), np.concatenate([faces, pin + len(points)])
    return settle(Part("part", Mesh(points, faces.astype(np.int32))))
