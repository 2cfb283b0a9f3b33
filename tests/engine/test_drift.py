"""A chart is looked at again: one that is right stays, one that is wrong is found by how, and set aside it serves no more."""

from __future__ import annotations

import json
import pathlib
from dataclasses import replace
from typing import Any

import pytest

from engine import drift
from engine.chart import aside
from engine.compiling.charting import WORST_MM
from engine.errors import EnvironmentFault
from engine.language.charted import name_of
from engine.language.template import Home
from engine.make import Workshop, make
from engine.model.drift import NODES_MM, SURFACE_MM, Body, Looked
from engine.model.order import Order, Origin, Product
from tests import charted

RIGHT = Looked(0.0, 0.05, 0.05, 0.0, 0.0, 0.0, 1.0, same=True)


def made(root: pathlib.Path, shop: Workshop | None = None, **parameters: Any) -> Product:
    return make(
        Order("slab", parameters=parameters), charted.slab(), formats=("stl",), workshop=shop or Workshop(home=Home(None, root))
    )


def body(root: pathlib.Path, **parameters: Any) -> Body:
    product = made(root, **parameters)
    assert product.report.figures["tier"] == "chart"
    (found,) = drift.charted(product, charted.slab(), Home(None, root), drift.chosen(product.artifacts, {}, 1))
    return found


def look(root: pathlib.Path, one: Body) -> Looked:
    return drift.look(charted.slab(), one, Home(None, root), deadline=60.0)


# ---- which ---------------------------------------------------------------------------------------------------------------


def test_one_in_n_is_chosen_and_always_the_same() -> None:
    products = [{"model.3mf": f"{n:064x}"} for n in range(4000)]
    artifacts = {"body": "a" * 64, "body.chart": "b" * 64, "other": "c" * 64}
    chosen = [n for n, models in enumerate(products) if drift.chosen(artifacts, models, 20)]
    assert 150 < len(chosen) < 250, "of 4,000, 200 are expected"
    assert chosen == [n for n, models in enumerate(products) if drift.chosen(artifacts, models, 20) == ["body"]]
    assert all(drift.chosen(artifacts, models, 1) == ["body"] for models in products[:10]), (
        "what no chart made is not looked at"
    )
    assert not any(drift.chosen(artifacts, models, 0) for models in products)
    bodies = [n for n in range(4000) if drift.chosen({**artifacts, "body": f"{n:064x}"}, {}, 20)]
    assert 150 < len(bodies) < 250 and bodies != chosen


def test_nothing_of_a_person_travels(tmp_path: pathlib.Path) -> None:
    charted.lay(tmp_path, charted.chart())
    one = body(tmp_path, width=31.0, name="Xqzvy")
    assert one.values == {"width": 31.0, "depth": 20.0, "height": 5.0} and "Xqzvy" not in repr(one)


def test_nothing_that_was_fitted_to_a_person_travels(tmp_path: pathlib.Path) -> None:
    charted.lay(tmp_path, charted.chart())
    product = made(tmp_path, width=31.0)
    stages = drift.chosen(product.artifacts, {}, 1)
    assert stages and len(drift.charted(product, charted.slab(), Home(None, tmp_path), stages)) == 1
    fitted = replace(product, origins={**product.origins, "width": Origin.FITTED})
    assert drift.charted(fitted, charted.slab(), Home(None, tmp_path), stages) == []


@pytest.mark.parametrize("changed", [{"chart": "x"}, {"stage": "../x"}, {"key": 5}, {"version": "1"}, {"values": {"w": [1]}}, {"mesh": None}])  # fmt: skip
def test_a_body_that_cannot_be_is_none(changed: dict[str, Any]) -> None:
    good = Body("slab", 1, "body", "a" * 64, "b" * 64, "c" * 64, "mjf-pa12", "m", {"w": 1.0})
    with pytest.raises(ValueError, match="a body of"):
        replace(good, **changed)


# ---- right or wrong ------------------------------------------------------------------------------------------------------


def test_a_chart_that_is_right_is_found_right(tmp_path: pathlib.Path) -> None:
    charted.lay(tmp_path, charted.chart())
    looked = look(tmp_path, body(tmp_path, width=44.5, depth=12.0))
    assert looked.why == "" and looked.to_brep_mm == looked.to_mesh_mm == looked.volume_mm3 == 0.0


@pytest.mark.parametrize(
    ("wrong", "moved", "why"),
    [(0.02, 5, ""), (0.04, 5, "to-brep"), (0.04, 0, "corners"), (-0.5, 3, "to-mesh"), (0.5, 3, "to-brep")],
)
def test_a_chart_that_is_wrong_is_found(tmp_path: pathlib.Path, wrong: float, moved: int, why: str) -> None:
    charted.lay(tmp_path, charted.chart(wrong, moved=moved))
    looked = look(tmp_path, body(tmp_path, width=40.0))
    assert looked.why == why and looked.to_mesh_mm == pytest.approx(abs(wrong), abs=1e-4)
    assert abs(looked.volume_mm3) > 1.0


def test_another_mesh_than_the_one_that_shipped_is_found(tmp_path: pathlib.Path) -> None:
    charted.lay(tmp_path, charted.chart())
    assert look(tmp_path, replace(body(tmp_path), mesh="0" * 64)).why == "mesh"


@pytest.mark.parametrize(
    ("why", "changed"),
    [
        ("", {"to_brep_mm": NODES_MM, "to_mesh_mm": SURFACE_MM + 0.05, "volume_mm3": -1.0}),
        ("to-brep", {"to_brep_mm": 0.0301}),
        ("to-brep", {"to_brep_mm": float("nan")}),
        ("to-mesh", {"to_mesh_mm": 0.16}),
        ("to-mesh", {"to_mesh_mm": 0.15, "chord_mm": 0.0}),
        ("corners", {"corners_mm": 0.04}),
        ("tags", {"tags_mm": float("inf")}),
        ("volume", {"volume_mm3": -1.1}),
        ("volume", {"volume_mm3": float("nan")}),
    ],
)
def test_each_limit_is_one(why: str, changed: dict[str, float]) -> None:
    assert replace(RIGHT, **changed).why == why


def test_the_limit_is_the_certificates() -> None:
    assert NODES_MM == WORST_MM


def test_what_another_chart_made_is_not_judged(tmp_path: pathlib.Path) -> None:
    charted.lay(tmp_path / "then", charted.chart())
    charted.lay(tmp_path / "now", charted.chart(0.001))
    one = body(tmp_path / "then")
    for root in (tmp_path / "now", tmp_path / "nowhere"):
        with pytest.raises(drift.Unseen):
            look(root, one)
    with pytest.raises(drift.Unseen, match="no such"):
        look(tmp_path / "then", replace(one, stage="product"))


# ---- set aside -----------------------------------------------------------------------------------------------------------


def test_what_is_set_aside_serves_no_more_and_serves_again_when_the_mark_is_gone(tmp_path: pathlib.Path) -> None:
    sha256 = charted.lay(tmp_path, charted.chart(0.05))
    shop = Workshop(home=Home(tmp_path / "bodies", tmp_path))
    assert made(tmp_path, shop).report.figures["tier"] == "chart" and shop.home.holds
    mark = aside.put(tmp_path, name_of(charted.slab(), charted.STAGE), sha256, {"why": "to-brep"})
    assert json.loads(mark.read_text())["chart"] == sha256
    assert not shop.home.holds, "who keeps a workshop must take a new one"
    shop = Workshop(home=Home(tmp_path / "bodies", tmp_path))
    product = made(tmp_path, shop)
    assert product.report.figures["tier"] == "cad" and "body.chart" not in product.artifacts
    assert product.report.figures["bounds_mm"][1][2] == 5.0
    mark.unlink()
    again = made(tmp_path, Workshop(home=Home(tmp_path / "bodies", tmp_path)))
    assert again.report.figures["tier"] == "chart", "the body that CAD drew meanwhile lies on the disk, and is another"
    assert again.report.figures["bounds_mm"][1][2] == 5.05


def test_a_mark_is_of_one_chart_of_one_stage(tmp_path: pathlib.Path) -> None:
    sha256 = charted.lay(tmp_path, charted.chart())
    aside.put(tmp_path, name_of(charted.slab(), charted.STAGE), "0" * 64, {})
    aside.put(tmp_path, "slab-2-body", sha256, {})
    (tmp_path / aside.FOLDER / "README.txt").write_text("no mark")
    assert len(aside.names(tmp_path)) == 2
    assert made(tmp_path).report.figures["tier"] == "chart"
    assert aside.names(None) == () == aside.names(tmp_path / "nowhere")


def test_marks_that_cannot_be_read_let_no_chart_serve(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: object) -> list[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("engine.chart.aside.os.listdir", refused)
    with pytest.raises(EnvironmentFault, match="cannot be read"):
        Home(None, tmp_path)
