"""The STL that is written: its layout, exact points, unit normals, and what two independent readers make of it."""

from __future__ import annotations

import io
import pathlib
import re
import shutil
import struct
import subprocess
from collections.abc import Callable

import numpy as np
import pytest
import trimesh

from engine.errors import EngineFault
from engine.export import stl
from engine.model.mesh import Settled

Make = Callable[..., Settled]
RECORD = np.dtype([("normal", "<f4", 3), ("points", "<f4", (3, 3)), ("attribute", "<u2")])


def read(data: bytes) -> np.ndarray:
    """Records, by numpy, as the format is written down; ValueError unless the size is right."""
    (count,) = struct.unpack_from("<I", data, 80)
    if len(data) != 84 + 50 * count or data[:5] == b"solid":
        raise ValueError("not a binary STL of that many triangles")
    return np.frombuffer(data, RECORD, count, 84)


def manifold(data: bytes, tmp_path: pathlib.Path) -> bool:
    """Whether PrusaSlicer, which repairs no silence here, calls it manifold without counting a repair."""
    file = tmp_path / "sample.stl"
    file.write_bytes(data)
    said = subprocess.run(["prusa-slicer", "--info", str(file)], capture_output=True, text=True, timeout=60).stdout
    return "manifold = yes" in said and not re.search("open_edges|facets_|degenerate_facets|edges_fixed", said)


def test_layout_points_and_normals(stand_in: Make, ball: Make) -> None:
    part = stand_in(ball(3))
    records = read(stl.write(part))
    expected = part.points[part.faces]
    assert (records["points"] == expected.astype(np.float32)).all()
    assert np.abs(records["points"] - expected).max() <= 0.5e-4
    cross = np.cross(expected[:, 1] - expected[:, 0], expected[:, 2] - expected[:, 0])
    unit = cross / np.linalg.norm(cross, axis=1)[:, None]
    assert np.abs(records["normal"] - unit).max() < 1e-6
    assert not records["attribute"].any()


def test_a_triangle_without_area_has_a_zero_normal(stand_in: Make) -> None:
    rows = np.array([[0, 0, 0], [10, 0, 0], [20, 0, 0], [0, 30, 0]]), np.array([[0, 1, 2], [0, 1, 3]])
    assert read(stl.write(stand_in(rows)))["normal"].tolist() == [[0, 0, 0], [0, 0, 1]]


def test_the_ends_of_the_lattice(stand_in: Make) -> None:
    low, high = -(2**31), 2**31 - 1
    part = stand_in((np.array([[low, low, low], [high, low, low], [low, high, low]]), np.array([[0, 1, 2]])))
    record = read(stl.write(part))[0]
    assert (record["points"] == part.points[part.faces[0]].astype(np.float32)).all()
    assert record["normal"].tolist() == [0, 0, 1]


def test_trimesh_reads_the_same(stand_in: Make, ball: Make) -> None:
    part = stand_in(ball(3))
    mesh = trimesh.load(io.BytesIO(stl.write(part)), file_type="stl")
    assert mesh.is_volume and len(mesh.faces) == len(part.faces)
    ours = trimesh.Trimesh(part.points, part.faces, process=False)
    assert mesh.volume == pytest.approx(ours.volume, rel=1e-5)


@pytest.mark.skipif(shutil.which("prusa-slicer") is None, reason="prusa-slicer is not installed")
def test_prusaslicer_finds_nothing_to_repair_and_sees_a_hole(stand_in: Make, cube: Make, tmp_path: pathlib.Path) -> None:
    lattice, faces = cube()
    assert manifold(stl.write(stand_in((lattice, faces))), tmp_path)
    assert not manifold(stl.write(stand_in((lattice, faces[1:]))), tmp_path)


def test_the_reader_refuses_what_was_cut_off(stand_in: Make, cube: Make) -> None:
    data = stl.write(stand_in(cube()))
    with pytest.raises(ValueError, match="binary STL"):
        read(data[:-1])


def test_nothing_and_an_index_outside_are_refused(stand_in: Make, cube: Make) -> None:
    lattice, faces = cube()
    with pytest.raises(EngineFault, match="no triangles"):
        stl.write(stand_in((lattice, faces[:0])))
    for bad in (-1, 8, 2**31 - 1):
        wrong = faces.copy()
        wrong[4, 2] = bad
        with pytest.raises(EngineFault, match="face 4"):
            stl.write(stand_in((lattice, wrong)))
