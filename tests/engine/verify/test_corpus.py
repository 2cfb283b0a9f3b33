"""Real meshes, good and broken: our topology against what trimesh and manifold said of them (_verdicts.csv)."""

from __future__ import annotations

import csv
import math
import pathlib

import numpy as np
import pytest

from engine.model.mesh import Mesh, Part, Pose, Settled
from engine.verify.anatomy import dissect
from kernels import lattice as grid
from kernels.topology import CROWDED_EDGES, OPEN_EDGES, TURNED_EDGES, UNUSED_POINTS

trimesh = pytest.importorskip("trimesh")


def _welded(points: np.ndarray, faces: np.ndarray, steps: float) -> tuple[np.ndarray, np.ndarray]:
    rows = np.empty(points.shape, dtype=np.int32)
    assert grid.quantise(points, steps, rows) == 0
    target, first = np.empty(len(rows), dtype=np.int32), np.empty(1, dtype=np.int64)
    n = grid.weld(rows, np.empty(1 << (2 * len(rows)).bit_length(), dtype=np.int32), target, first)
    fewer, renamed = np.empty((n, 3), dtype=np.int32), np.empty(faces.shape, dtype=np.int32)
    grid.gather(rows, target, fewer)
    grid.remap(faces, target, renamed)
    return fewer, renamed


@pytest.mark.filterwarnings("ignore")
def test_topology_of_every_mesh_is_as_the_oracles_said(shared_data: pathlib.Path) -> None:
    folder = shared_data / "mesh"
    rows = list(csv.DictReader((folder / "_verdicts.csv").open()))
    assert len(rows) >= 140
    for row in rows:
        read = trimesh.load(folder / row["file"], process=False, force="mesh")
        points = np.ascontiguousarray(read.vertices, dtype=np.float64)
        faces = np.ascontiguousarray(read.faces, dtype=np.int32)
        points = points - (points.max(axis=0) + points.min(axis=0)) / 2
        # a power of two that uses the whole range: no two points of a float32 file fall together
        steps = 2.0 ** math.floor(math.log2((grid.RANGE - 1) / np.abs(points).max()))
        lattice, renamed = _welded(points, faces, steps)
        body = dissect(Settled(Part("x", Mesh(points, faces)), Pose(), lattice, renamed))
        assert body.topology is not None and body.mass is not None, row["file"]
        counts = body.topology.counts
        ours = {
            "tri": len(renamed),
            "verts": len(lattice) - counts[UNUSED_POINTS],
            "boundary_edges": counts[OPEN_EDGES],
            "nonmanifold_edges": counts[CROWDED_EDGES],
            "comps": body.topology.shells,
        }
        assert ours == {name: int(row[name]) for name in ours}, row["file"]
        assert (counts[TURNED_EDGES] == 0) == (row["winding"] == "True"), row["file"]
        assert (counts[OPEN_EDGES] + counts[CROWDED_EDGES] == 0) == (row["watertight"] == "True"), row["file"]
        if body.topology.closed:  # elsewhere a volume means nothing
            volume = sum(body.mass.six_volumes) / 6 / steps**3
            assert volume == pytest.approx(float(row["volume"]), rel=1e-4), row["file"]
