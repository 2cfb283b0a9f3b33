"""STEP of a body that came from a chart: the exact B-rep that it stands for, and no other file changes for it."""

from __future__ import annotations

import pathlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.chart.chart import Chart
from engine.compiling.compile import Wanted, compile_stage
from engine.errors import EngineFault
from engine.language.template import Home, Template, load_file
from engine.make import Workshop, make
from engine.model.order import Order, Product

SLAB = '''
from engine.authoring import Template, cad, length, stage, tagged, text

class Slab(Template):
    """A slab with round corners, and a name on it."""
    key, version = "slab", 1
    wide = length(40.0, low=30.0, high=50.0, step=0.5, label="Width")
    name = text("", max_graphemes=8, label="Name")

    @cad
    def body(self, cq):
        made = cq.Workplane().box(self.wide, 20, 5).edges("|Z").fillet(4)
        return tagged(made, top=made.faces(">Z"))

    @stage
    def product(self):
        return self.body().engrave(self.name.outlines(height=6.0), on="top", depth=0.5).part("slab")
'''


@pytest.fixture(scope="module")
def slab(tmp_path_factory: pytest.TempPathFactory) -> tuple[type[Template], pathlib.Path]:
    """The template, and where its charts lie."""
    folder = tmp_path_factory.mktemp("charted")
    path = folder / "slab.py"
    path.write_text(SLAB, encoding="utf-8")
    made = compile_stage({"file": str(path)}, "body", Wanted(), folder / "charts", 1, lambda said: None)
    assert not made.waiting and not any(s.off for s in made.structures)
    return load_file(path), folder / "charts"


def product(slab: tuple[type[Template], pathlib.Path], *formats: str, **parameters: Any) -> Product:
    cls, charts = slab
    order = Order("slab", parameters={"wide": 43.5, "name": "Bo", **parameters})
    return make(order, cls, formats=formats, workshop=Workshop(home=Home(None, charts)), keep_refused=True)


def test_asking_for_step_changes_no_other_file(slab: tuple[type[Template], pathlib.Path]) -> None:
    plain, whole = product(slab, "stl", "3mf"), product(slab, "stl", "3mf", "step")
    assert plain.report.figures["tier"] == whole.report.figures["tier"] == "chart"
    assert plain.files["model.stl"] == whole.files["model.stl"] and plain.files["model.3mf"] == whole.files["model.3mf"]
    assert b"the points of the mesh that ships are within 0.03 mm of it" in whole.files["model.step"]
    assert product(slab, "step", name="").files["model.step"] != whole.files["model.step"]


def test_a_chart_that_is_off_gives_no_step(slab: tuple[type[Template], pathlib.Path], monkeypatch: pytest.MonkeyPatch) -> None:
    real = Chart.at

    def off(self: Chart, values: Any) -> Any:
        made = real(self, values)
        assert made is not None
        points = made.mesh.points * (1.002, 1.0, 1.0)
        return replace(made, mesh=replace(made.mesh, points=np.rint(points * 1e4) / 1e4))

    monkeypatch.setattr(Chart, "at", off)
    assert product(slab, "stl").files["model.stl"]
    with pytest.raises(EngineFault, match=r"the chart of body is 0\.04\d+ mm off at its points \(limit 0\.03 mm\)"):
        product(slab, "step")
