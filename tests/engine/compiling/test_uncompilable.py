"""A @cad method that is given an array: `unikat compile` says so in a sentence that names stage and input."""

from __future__ import annotations

import pathlib

import pytest

from engine.compiling.compile import Wanted, compile_stage
from engine.errands import source_of
from engine.errors import TemplateError

ARRAYS = '''
import numpy as np
from engine.authoring import Template, cad, length, stage


class Arrays(Template):
    """A prism whose outline is an array."""
    key, version = "arrays", 1
    wide = length(20.0, low=10.0, high=30.0, step=0.1, label="Width")

    @stage
    def outline(self):
        return np.array([[0.0, 0.0], [self.wide, 0.0], [self.wide, 5.0]])

    @cad
    def body(self, cq):
        return cq.Workplane().polyline([tuple(p) for p in self.outline().tolist()]).close().extrude(3.0)

    @stage
    def product(self):
        return self.body().part("prism")
'''


def test_an_array_is_no_coordinate(tmp_path: pathlib.Path) -> None:
    (tmp_path / "arrays.py").write_text(ARRAYS, encoding="utf-8")
    source = source_of(str(tmp_path / "arrays.py"))
    with pytest.raises(TemplateError) as failed:
        compile_stage(source, "body", Wanted(scouted=8), tmp_path / "charts", 1, lambda said: None)
    assert failed.value.stage == "body"
    assert "outline: ndarray is neither a number, a word, nor a container of them" in failed.value.for_sender()
    assert not list(tmp_path.rglob("*.chart"))
