"""Every mesh of the corpus: nearest points against libigl's, and rays from within that must not leak."""

from __future__ import annotations

import csv
import pathlib
from collections.abc import Iterator

import igl
import numpy as np

from engine.reading.meshes import read_file
from kernels import nearest, rays, wide


def corpus(folder: pathlib.Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    for row in csv.DictReader((folder / "mesh/_verdicts.csv").open()):
        read = read_file(folder / "mesh" / row["file"], "mm")
        starts = np.cumsum([0, *(len(m.points) for _, m in read)])
        faces = np.concatenate([m.faces + n for (_, m), n in zip(read, starts, strict=False)])
        if len(faces):
            points = np.concatenate([m.points for _, m in read])
            yield row["file"], np.ascontiguousarray(points), np.ascontiguousarray(faces, np.int32)


def test_nearest_points_are_libigls(shared_data: pathlib.Path) -> None:
    chance = np.random.default_rng(1)
    seen = 0
    for name, points, faces in corpus(shared_data):
        size = np.ptp(points, axis=0).max()
        near = points[faces[chance.integers(0, len(faces), 100)]].mean(axis=1) + chance.normal(0, 0.02 * size, (100, 3))
        far = points.mean(axis=0) + chance.normal(0, size, (30, 3))
        places = np.concatenate([near, far, points[faces[chance.integers(0, len(faces), 20), 0]]])
        tree = wide.grown(points, faces)
        told = nearest.find(points, faces, tree, nearest.lanes_of(points, faces, tree), places)
        judge = np.sqrt(igl.point_mesh_squared_distance(places, points, faces.astype(np.int64))[0])
        assert np.abs(told.distances - judge).max() < 1e-12 * size, name
        assert np.abs(np.linalg.norm(places - told.points, axis=1) - judge).max() < 1e-12 * size, name
        seen += 1
    assert seen > 100


def closed(points: np.ndarray, faces: np.ndarray) -> bool:
    """Whether an even number of faces meets at every edge, points of equal coordinates being one."""
    _, same = np.unique(points, axis=0, return_inverse=True)
    corners = same.reshape(-1)[faces]
    edges = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    return bool((counts % 2 == 0).all())


def test_no_ray_from_within_leaks_at_corners_and_edges(shared_data: pathlib.Path) -> None:
    """Within: between the first and second hit from outside. An odd number of faces lies on every ray from there."""
    chance = np.random.default_rng(2)
    asked = 0
    for name, points, faces in corpus(shared_data):
        if not closed(points, faces):
            continue
        surface = rays.targets(points, faces, wide.grown(points, faces))
        size = np.ptp(points, axis=0).max()
        aims = points[faces[chance.integers(0, len(faces), 8)]].mean(axis=1)
        ways = chance.normal(size=(8, 3))
        ways /= np.linalg.norm(ways, axis=1, keepdims=True)
        ends = np.tile([0.0, np.inf], (8, 1))
        first = rays.cast(surface, np.concatenate([aims - 4 * size * ways, ways, ends], axis=1)).along
        ends[:, 0] = first + 1e-9 * size
        second = rays.cast(surface, np.concatenate([aims - 4 * size * ways, ways, ends], axis=1)).along
        within = np.isfinite(second) & (second - first > 1e-3 * size)
        depth = (first + second)[within, None] / 2 - 4 * size
        for place in (aims[within] + depth * ways[within])[:3]:
            corners = points[faces[:: 1 + len(faces) // 3000]]
            targets = np.concatenate([corners[:, 0], (corners[:, 0] + corners[:, 1]) / 2, place + np.eye(3), place - np.eye(3)])
            beams = np.concatenate([np.tile(place, (len(targets), 1)), targets - place], axis=1)
            beams = np.concatenate([beams, np.tile([0.0, np.inf], (len(targets), 1))], axis=1)
            beams = beams[(beams[:, 3:6] != 0).any(axis=1)]
            assert (rays.cast(surface, beams).faces >= 0).all() and rays.hidden(surface, beams).all(), name
            asked += len(beams)
    assert asked > 100_000
