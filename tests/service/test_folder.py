"""Files appear whole or not at all, and nothing of an earlier product stays."""

from __future__ import annotations

import pathlib

import pytest

from engine.errors import OrderError
from service.folder import put, put_product


def test_a_refusal_leaves_no_earlier_model(tmp_path: pathlib.Path) -> None:
    put_product({"model.3mf": b"1", "model-left.stl": b"2", "report.json": b"3"}, tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    put_product({"report.json": b"4"}, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notes.txt", "report.json"]


def test_nothing_is_left_of_a_write_that_fails(tmp_path: pathlib.Path) -> None:
    (tmp_path / "model.3mf").mkdir()
    with pytest.raises(OrderError, match="--out"):
        put({"report.json": b"1", "model.3mf": b"2"}, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["model.3mf"]
