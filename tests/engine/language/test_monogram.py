"""A monogram on the tagged patch of another stage's body: any template's, flat or curved, and the body is not made again for it."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from engine.authoring import Part, Solid, Template, cad, length, stage, tagged, text
from engine.errors import Refused
from engine.language.orders import accept
from engine.language.template import Home, Run
from engine.model.order import Order

PROCESS: dict[str, object] = {"wall": 1.0, "flexible": False}


class Beaker(Template):
    """A beaker, its patch round."""

    key, version = "beaker", 1
    radius = length(18.0, low=15.0, high=30.0, step=1.0, label="Radius")
    depth = length(0.6, low=0.2, high=12.0, step=0.1, label="Depth")
    initials = text("", max_graphemes=12, label="Initials")

    @cad
    def body(self, cq: Any) -> Any:
        """Knows nothing of initials."""
        made = cq.Workplane().circle(self.radius).extrude(30).faces(">Z").workplane().circle(self.radius - 3).cutBlind(-27)
        outside = [f for f in made.faces("%CYLINDER").vals() if f._geomAdaptor().Cylinder().Radius() > self.radius - 1]
        return tagged(made, front=outside)

    @stage
    def product(self) -> Part:
        """The body with initials."""
        body: Solid = self.body()
        return body.engrave(self.initials.outlines(height=8), on="front", depth=self.depth).part("beaker")


class Coaster(Template):
    """A plate, its patch flat."""

    key, version = "coaster", 1
    width = length(40.0, low=20.0, high=90.0, step=1.0, label="Width")
    initials = text("", max_graphemes=12, label="Initials")

    @cad
    def plate(self, cq: Any) -> Any:
        """Knows nothing of initials."""
        made = cq.Workplane().box(self.width, self.width, 4).edges("|Z").fillet(5)
        return tagged(made, top=made.faces(">Z"))

    @stage
    def product(self) -> Part:
        """The plate with initials."""
        plate: Solid = self.plate()
        return plate.emboss(self.initials.outlines(height=8), on="top", height=0.6).part("coaster")


def ask(cls: type[Template], home: Home, **parameters: Any) -> tuple[Part, dict[str, bool]]:
    """The product, and which stages were hits."""
    values, origins = accept(Order(cls.key, parameters=parameters), cls)
    run = Run(cls, values, origins, PROCESS, home=home, code_hash="c0de")
    made: Part = cls(run).product()  # type: ignore[attr-defined]
    return made, {s.name: s.hit for s in run.stages}


@pytest.mark.parametrize(("cls", "base", "other"), [(Beaker, "body", {"radius": 20.0}), (Coaster, "plate", {"width": 50.0})])
def test_another_monogram_does_not_rebuild_the_body(
    cls: type[Template], base: str, other: dict[str, float], tmp_path: pathlib.Path
) -> None:
    home = Home(disk=tmp_path)
    first, made = ask(cls, home, initials="A&B")
    second, again = ask(cls, home, initials="ZÖ8")
    assert made == {base: False, "product": False} and again == {base: True, "product": False}
    kept, same = first.mesh.kept, second.mesh.kept
    assert kept is not None and same is not None and kept.key == same.key
    assert len(first.mesh.faces) != len(second.mesh.faces)
    elsewhere, _ = ask(cls, Home(disk=tmp_path), initials="ZÖ8")  # the body from disk
    assert elsewhere.mesh.points.tobytes() == second.mesh.points.tobytes()
    assert elsewhere.mesh.faces.tobytes() == second.mesh.faces.tobytes()
    assert ask(cls, home, initials="A&B", **other)[1][base] is False


def test_what_does_not_fit_the_curve_is_refused_with_what_does(tmp_path: pathlib.Path) -> None:
    home = Home(disk=tmp_path)
    with pytest.raises(Refused, match="leave the front") as refused:
        ask(Beaker, home, initials="MMMMMMMMMMMM", radius=15.0)
    assert refused.value.nearest is not None and refused.value.nearest.startswith("height ")
    with pytest.raises(Refused, match="curved too narrowly") as deep:
        ask(Beaker, home, initials="A", radius=15.0, depth=9.0)
    assert deep.value.nearest in ("depth 7.49 mm", "depth 7.5 mm")
