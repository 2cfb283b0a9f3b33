"""Bad places, shown: a picture with the offending faces red and ringed, and those faces alone as a mesh."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.export import png
from engine.export.studio import Piece, draw_base, draw_over
from engine.model.mesh import Settled

_BODY, _BAD, _RING = (176, 182, 188), (226, 30, 30), (200, 0, 0)
_UPRIGHT = np.array(((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0)))
RINGS = 12
"""At most so many rings: of each finding the largest place, then the second of each, and so on."""
CELL = 24.0
"""Pixels: places of one finding in squares of that side, side by side, share a ring."""

Rows = Mapping[str, Sequence[tuple[int, ...]]]


def picture(parts: Sequence[Settled], bad: Rows, size: int = 512) -> bytes:
    """The PNG, size x size: parts as drawn, grey; `bad`: of each part by name, the rows of faces of each of its findings.

    Rings are drawn over everything, round a place at the back too. A face that cannot be drawn is left out.
    """
    pieces: list[Piece] = []
    groups: list[tuple[int, npt.NDArray[np.int32]]] = []
    for part in parts:
        points, faces = part.part.mesh.points, part.part.mesh.faces
        sound = _drawable(points, faces)
        red = np.zeros(len(faces), dtype=np.bool_)
        for rows in bad.get(part.part.name, ()):
            mine = np.array([r for r in rows if r < len(faces) and sound[r]], dtype=np.int64)
            red[mine] = True
            if len(mine):
                groups.append((len(pieces), faces[mine]))
        for which, colour in ((sound & ~red, _BODY), (sound & red, _BAD)):
            rows_of = np.ascontiguousarray(faces[which])
            pieces.append(Piece(points, rows_of, len(points), len(rows_of), np.ones(len(rows_of)), _UPRIGHT, colour))
    base = draw_base(pieces, size, keep=True)
    drawn = draw_over(base, pieces).copy()
    places = [_places(base.bodies[at].seen[faces, :2] / 2.0) for at, faces in groups]  # two samples a pixel
    ranked = [place for rank in itertools.zip_longest(*places) for place in rank if place is not None]
    for low, high in ranked[:RINGS]:
        radius = min(max(float(np.hypot(*(high - low))) / 2.0 + 6.0, 10.0), 0.48 * size)
        _ring(drawn, (low + high) / 2.0, radius)
    return png.write(drawn)


def _places(corners: npt.NDArray[Any]) -> list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]:
    """The boxes of places that lie apart on the picture, that of the most faces first. corners (k, 3, 2): pixels, of each face."""
    corners = corners[np.isfinite(corners).all(axis=(1, 2))]
    cells = np.floor(corners / CELL).astype(np.int64)
    used, which = np.unique(cells.reshape(-1, 2), axis=0, return_inverse=True)
    of_face = which.reshape(-1, 3)
    root = list(range(len(used)))

    def find(cell: int) -> int:
        while root[cell] != cell:
            root[cell] = root[root[cell]]
            cell = root[cell]
        return cell

    number = {(x, y): n for n, (x, y) in enumerate(used.tolist())}
    beside = [(n, number.get((x + i, y + j), n)) for (x, y), n in number.items() for i, j in ((1, -1), (1, 0), (1, 1), (0, 1))]
    for a, b in (*np.unique(np.concatenate((of_face[:, :2], of_face[:, 1:])), axis=0).tolist(), *beside):
        root[find(a)] = find(b)
    place = np.array([find(n) for n in range(len(used))], dtype=np.int64)[of_face[:, 0]]
    names, count = np.unique(place, return_counts=True)
    ranked = names[np.argsort(-count, kind="stable")].tolist()
    return [(corners[place == p].min(axis=(0, 1)), corners[place == p].max(axis=(0, 1))) for p in ranked[:RINGS]]


def mesh(parts: Sequence[Settled], bad: Rows) -> bytes:
    """A binary PLY of all offending faces, each once, mm as in the file that was read; none: an empty one."""
    points, faces, start = [np.empty((0, 3))], [np.empty((0, 3), dtype=np.int32)], 0
    for part in parts:
        every = part.part.mesh.faces
        sound = _drawable(part.part.mesh.points, every)
        rows = sorted({r for told in bad.get(part.part.name, ()) for r in told if r < len(every) and sound[r]})
        used, renamed = np.unique(every[rows], return_inverse=True)
        points.append(part.part.mesh.points[used])
        faces.append(renamed.reshape(-1, 3).astype(np.int32) + start)
        start += len(used)
    told = np.concatenate(faces)
    table = np.empty(len(told), dtype=np.dtype([("n", "u1"), ("v", "<i4", 3)]))
    table["n"], table["v"] = 3, told
    head = (
        "ply\nformat binary_little_endian 1.0\ncomment millimetres\n"
        f"element vertex {start}\nproperty double x\nproperty double y\nproperty double z\n"
        f"element face {len(told)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    return head.encode() + np.concatenate(points).astype("<f8").tobytes() + table.tobytes()


def _drawable(points: npt.NDArray[np.float64], faces: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Faces whose indices are in range and whose corners have a place."""
    within: npt.NDArray[np.bool_] = np.all((faces >= 0) & (faces < len(points)), axis=1)
    if len(points):
        finite = np.all(np.isfinite(points), axis=1)
        within &= np.all(finite[np.where(within[:, None], faces, 0)], axis=1)
    return within


def _ring(drawn: npt.NDArray[np.uint8], centre: npt.NDArray[np.float64], radius: float) -> None:
    if not np.isfinite(centre).all():
        return
    down, right = np.mgrid[: drawn.shape[0], : drawn.shape[1]]
    away = np.abs(np.hypot(right + 0.5 - centre[0], down + 0.5 - centre[1]) - radius)
    drawn[away <= 1.25] = _RING
