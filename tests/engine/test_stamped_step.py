"""STEP of what a template stamped: base and stamps are found, done again, drawn and weighed; a record that tells something else is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine import truth
from engine.errors import EngineFault, OrderError, TemplateError
from engine.language.stages import CadStage
from engine.language.template import Home, Template, load_file
from engine.language.values import Solid
from engine.make import Workshop, make
from engine.model.mesh import Mesh, Part
from engine.model.order import Order
from engine.model.outline import Outline

PLAQUE = '''
import numpy as np
from engine.authoring import Outline, Solid, Template, cad, choice, length, stage, tagged, text
from engine.model.mesh import Mesh, Patch, Plane

SQUARE = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * 10_000

class Plaque(Template):
    """A plaque, drawn by CAD or made fast."""
    key, version = "plaque", 1
    name = text("", max_graphemes=12, label="Name")
    made = choice("drawn", {"drawn": "By CAD", "fast": "Fast"}, label="How")
    kind = choice("engraved", {"engraved": "Engraved", "round": "On the curved side", "bent": "Afterwards bent"}, label="What")
    off = length(0.0, low=0.0, high=1.0, step=0.01, label="How much too high the fast one is")

    @cad
    def drawn(self, cq):
        body = cq.Workplane().box(40, 20, 4) if self.made == "fast" else cq.Workplane().box(40, 20, 4).edges("|Z").fillet(5)
        return tagged(body, top=body.faces(">Z"), back=body.faces("<Z"))

    @cad
    def rod(self, cq):
        body = cq.Workplane().circle(20).extrude(20)
        return tagged(body, side=body.faces("%CYLINDER"))

    @stage(truth="drawn")
    def fast(self):
        points = np.array([(20.0 * x, 10.0 * y, 2.0 * z) for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)])
        points[4:, 2] += self.off
        faces = [(0, 2, 1), (1, 2, 3), (4, 5, 6), (5, 7, 6), (0, 1, 4), (1, 5, 4), (2, 6, 3), (3, 6, 7), (0, 4, 2), (2, 4, 6), (1, 3, 5), (3, 7, 5)]
        top = Patch("top", np.array([2, 3], np.int32), Plane((0.0, 0.0, 2.0 + self.off), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
        return Solid(Mesh(points, np.array(faces, np.int32)), {"top": top})

    @stage
    def product(self):
        if self.kind == "round":
            return self.rod().engrave(self.name.outlines(height=5), on="side", depth=0.5).part("plaque")
        body = self.fast() if self.made == "fast" else self.drawn()
        body = body.engrave(self.name.outlines(height=5.0), on="top", depth=0.5)
        if self.made == "drawn":
            body = body.engrave(Outline(SQUARE, np.array([4])), on="back", depth=0.3)
        if self.kind == "bent":
            body = Solid(Mesh(body.mesh.points * 1.001, body.mesh.faces), body.patches, body.stamps)
        return body.part("plaque")
'''


@pytest.fixture(scope="module")
def plaque(tmp_path_factory: pytest.TempPathFactory) -> type[Template]:
    path = tmp_path_factory.mktemp("stamped") / "plaque.py"
    path.write_text(PLAQUE, encoding="utf-8")
    return load_file(path)


def step(cls: type[Template], **parameters: Any) -> bytes:
    """Nothing is remembered: bodies are spoilt here."""
    order = Order("plaque", parameters={"name": "Bo", **parameters})
    return make(order, cls, formats=["step"], workshop=Workshop(home=Home()), keep_refused=True).files["model.step"]


def test_what_is_stamped_on_what_cad_drew(plaque: type[Template]) -> None:
    made = step(plaque)
    assert made == step(plaque) and made != step(plaque, name="Bob") and b"the mesh that ships" not in made


def test_what_is_stamped_on_a_fast_stage_lies_on_its_truth(plaque: type[Template]) -> None:
    """Its top is off by less than is allowed: the letters are dropped onto the exact one."""
    assert b"the mesh that ships is within 0.1 mm of it" in step(plaque, made="fast", off=0.05)
    with pytest.raises(TemplateError, match="its truth drawn is another shape"):
        step(plaque, made="fast", off=0.2)


def test_what_has_none_says_why(plaque: type[Template]) -> None:
    for kind, why in (
        ("round", "only what is stamped on flat faces has one yet, and side is curved"),
        ("bent", "something else than"),
    ):
        with pytest.raises(OrderError, match=f"no exact B-rep of plaque: {why}") as refused:
            step(plaque, kind=kind)
        assert (refused.value.field, refused.value.value) == ("formats", "step")


def spoilt(monkeypatch: pytest.MonkeyPatch, how: Callable[[Part], Part]) -> None:
    real = truth.step_files
    monkeypatch.setattr("engine.make.step_files", lambda template, parts, who: real(template, [how(p) for p in parts], who))


def other(stamps: Any, row: int, **fields: Any) -> Any:
    return (*stamps[:row], replace(stamps[row], **fields), *stamps[row + 1 :])


def moved(outline: Outline, by: int) -> Outline:
    points = outline.points.copy()
    points[0, 0] += by
    return Outline(points, outline.ends)


SPOILT: dict[str, Callable[[Part], Part]] = {
    "a point of its outline": lambda p: p.changed(stamps=other(p.stamps, 0, outline=moved(p.stamps[0].outline, 1))),
    "its patch": lambda p: p.changed(stamps=other(p.stamps, 0, on="back")),
    "no patch": lambda p: p.changed(stamps=other(p.stamps, 0, on="lid")),
    "its depth": lambda p: p.changed(stamps=other(p.stamps, 1, depth=0.3001)),
    "its kind": lambda p: p.changed(stamps=other(p.stamps, 0, kind="embossed")),
    "what fills it": lambda p: p.changed(stamps=other(p.stamps, 1, kind="filled")),
    "the order": lambda p: p.changed(stamps=p.stamps[::-1]),
    "one too few": lambda p: p.changed(stamps=p.stamps[:1]),
    "none": lambda p: p.changed(stamps=()),
    "one too many": lambda p: p.changed(stamps=(*p.stamps, replace(p.stamps[1], on="back.floor", depth=0.1))),
    "a point of the mesh": lambda p: p.changed(mesh=Mesh(np.nextafter(p.mesh.points, np.inf), p.mesh.faces)),
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_record_that_tells_another_body(plaque: type[Template], monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    spoilt(monkeypatch, SPOILT[what])
    with pytest.raises(OrderError, match="something else than stamps changed"):
        step(plaque)


def test_a_stamp_that_the_child_does_otherwise_is_weighed(plaque: type[Template], monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters a thousandth of a millimetre deeper than those of the mesh are another body; no chord error hides them."""
    real = truth.replay

    def deeper(by: float) -> Any:
        def replayed(*told: Any) -> Any:
            made = real(*told)
            assert made is not None
            stamp = made.placed[0].stamp
            first = replace(made.placed[0], stamp=replace(stamp, depth=stamp.depth + by))
            return replace(made, placed=(first, *made.placed[1:]))

        return replayed

    monkeypatch.setattr(truth, "replay", deeper(0.0))
    assert step(plaque)
    monkeypatch.setattr(truth, "replay", deeper(0.001))
    with pytest.raises(EngineFault, match="STEP: stamped, plaque holds"):
        step(plaque)


def test_a_body_that_did_not_come_from_cad_is_measured(plaque: type[Template], monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in for a @cad stage's mesh: refused as CAD's own, taken within the limit that is told for it."""
    real = CadStage.execute

    def near(self: CadStage, template: Template) -> Solid:
        made = real(self, template)
        points = made.mesh.points.copy()
        points[np.abs(points[:, 1]) > 9.0] *= (1.0, 0.998, 1.0)  # at most 0.02 mm
        return Solid(Mesh(np.rint(points * 1e4) / 1e4, made.mesh.faces), made.patches)

    monkeypatch.setattr(CadStage, "execute", near)
    with pytest.raises(EngineFault, match="drawn, drawn again, is another body"):
        step(plaque)
    monkeypatch.setattr(truth, "_limit_mm", lambda template, stage: 0.03)
    assert b"the points of the mesh that ships are within 0.03 mm of it" in step(plaque)
    monkeypatch.setattr(
        truth, "_chords_mm", lambda template, stage, exact: -0.02
    )  # its points slid along its faces: only what lies between them tells
    with pytest.raises(EngineFault, match=r"the chart of drawn is 0\.0000 mm off at its points .* at most 0\.0\d+ mm"):
        step(plaque)
