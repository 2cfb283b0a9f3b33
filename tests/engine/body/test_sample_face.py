"""The head of the demonstration: what is shipped is what the basis gives, and it is read as any scan is."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from engine.body import face_table, sample_face
from engine.body.face import face_of
from engine.errors import EnvironmentFault
from kernels import topology
from tests.engine.body.known_faces import BASIS, basis


def test_the_same_basis_gives_the_same_head(shared_data: pathlib.Path, tmp_path: pathlib.Path) -> None:
    sample_face.main([str(shared_data / BASIS), str(tmp_path / "head.bin")])
    made, shipped = sample_face.parse((tmp_path / "head.bin").read_bytes()), sample_face.sample()
    assert np.array_equal(made.mesh.points, shipped.mesh.points) and np.array_equal(made.mesh.faces, shipped.mesh.faces)
    assert made.pd == shipped.pd
    told = basis(shared_data / BASIS)
    apart = np.linalg.norm(
        shipped.mesh.points[: int(told["tri"].max()) + 1] - told["neutral_mm"][: int(told["tri"].max()) + 1], axis=1
    )
    assert 1.0 < np.median(apart) < 15.0, "a person, and not the mean"


def test_eyes_and_mouth_are_closed() -> None:
    faces = sample_face.sample().mesh.faces
    edges = {(int(a), int(b)) for row in faces for a, b in zip(row, np.roll(row, -1), strict=True)}
    open_ = [a for a, b in edges if (b, a) not in edges]
    assert len(open_) == 54, "the neck's end alone"
    assert topology.first_bad_index(faces, len(sample_face.sample().mesh.points)) < 0


def test_it_is_read_as_any_scan() -> None:
    head = sample_face.sample()
    face = face_of(head.mesh, pd_mm=head.pd)
    pd = face.measures["pd"]
    assert abs(pd.value - head.pd) < 2.0 * (pd.uncertainty or 0.0)
    assert not any("unlikely" in note or "not show" in note for note in face.notes)


def test_it_is_small() -> None:
    assert sample_face.FILE.stat().st_size + face_table.FILE.stat().st_size < 1_000_000


def test_a_file_that_is_not_whole(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = sample_face.FILE.read_bytes()
    for bad in (b"", data[:-1], b"x" + data[1:], data[:40] + b"\0" + data[41:]):
        with pytest.raises(EnvironmentFault, match="not whole"):
            sample_face.parse(bad)
    monkeypatch.setattr(sample_face, "FILE", tmp_path / "none")
    with pytest.raises(EnvironmentFault, match="missing"):
        sample_face.sample()
