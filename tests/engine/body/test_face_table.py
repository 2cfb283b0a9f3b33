"""The shipped face model is what its command makes of the basis, and says whose it is."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from engine.body import face_table
from engine.errors import EnvironmentFault
from tests.engine.body.known_faces import BASIS


def test_the_command_makes_the_same_bytes(shared_data: pathlib.Path, tmp_path: pathlib.Path) -> None:
    face_table.main([str(shared_data / BASIS), str(tmp_path / "made")])
    assert (tmp_path / "made").read_bytes() == face_table.FILE.read_bytes()


def test_it_is_small_and_has_its_notice() -> None:
    assert len(face_table.FILE.read_bytes()) < 1_000_000
    notice = face_table.FILE.with_name("face_table.notice.txt").read_text(encoding="utf-8")
    assert "USC Institute for Creative Technologies" in notice and "Permission is hereby granted" in notice


def test_what_is_in_it(shared_data: pathlib.Path) -> None:
    table = face_table.table()
    assert table.mean.shape == table.normals.shape == (1500, 3) and table.modes.shape == (1500, 3, 90)
    assert np.linalg.norm(table.normals, axis=1) == pytest.approx(1.0, abs=1e-6)
    with np.load(shared_data / BASIS) as basis:
        row = face_table.NAMES.index("left_ear_root")
        assert table.mean[row] == pytest.approx(basis["neutral_mm"][8451])
        assert np.array_equal(table.modes[row].T, basis["modes_mm"][:90, 8451].astype(float))
    assert len({p.tobytes() for p in table.mean}) == len(table.mean)
    regions = face_table.regions(table)
    assert all(np.count_nonzero(there) > 60 for there in regions.values())
    assert max(np.sum(list(regions.values()), axis=0)) == 1


def test_what_is_not_whole_is_no_table(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    data = face_table.FILE.read_bytes()
    for bad in (b"", data[:-1], b"x" + data[1:], data + b"x"):
        with pytest.raises(EnvironmentFault, match="not whole"):
            face_table.parse(bad)
    monkeypatch.setattr(face_table, "FILE", tmp_path / "none")
    with pytest.raises(EnvironmentFault, match="missing"):
        face_table.table.__wrapped__()
