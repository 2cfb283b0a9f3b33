"""What a template measures of its own parts: beyond a limit it is a misfit and no product; what it may return, and what not."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.authoring import (
    Compared,
    DeviationLimits,
    Fitted,
    Panel,
    Part,
    Pose,
    Solid,
    Template,
    Worn,
    choice,
    deviation,
    length,
    stage,
)  # fmt: skip
from engine.errors import TemplateError
from engine.make import Workshop, make
from engine.model.mesh import Mesh
from engine.model.order import Order, Product
from tests.scanned_template import BOX, FACES


class Measured(Template):
    """A block that measures itself, and is compared with a block 10 mm high."""

    key, version = "measured", 1
    wide = length(10.0, low=1.0, high=90.0, step=0.1, label=("Width", "Largeur"))
    high = length(10.0, low=1.0, high=90.0, step=0.1, label=("Height", "Hauteur"))
    tells = choice(
        "fit",
        {t: t.title() for t in ("fit", "nothing", "words", "nan", "raises", "three", "other", "worn", "bare", "odd")},
        label="Tells",
    )

    @stage
    def block(self) -> Solid:
        """As asked."""
        return Solid(Mesh(BOX * (self.wide, 10.0, self.high), FACES), {})

    def acceptance(self, parts: Mapping[str, Part]) -> list[Any]:
        """Its width must be 8 to 12 mm."""
        if self.tells == "raises":
            return [parts["none"]]
        wide = float(np.ptp(parts["measured"].mesh.points[:, 0]))
        value = math.nan if self.tells == "nan" else wide
        told = Fitted("width", value, 8.0, 12.0, ("its width", "sa largeur"), "measured")
        return {"nothing": [], "words": ["its width"]}.get(self.tells, [told])

    def compared(self, parts: Mapping[str, Part]) -> list[Any]:
        """Its top, with how far it lies above 10 mm."""
        points = parts["measured"].mesh.points[4:]
        away = points[:, 2] - 10.0
        faces = np.array([[0, 1, 3], [0, 3, 2]], np.int32)
        one = Compared("left", points, faces, away, deviation(away, DeviationLimits(-1.0, 1.0, 0.3)))
        return {"nothing": [], "three": [one] * 3, "other": [points]}.get(self.tells, [one])

    def worn(self, parts: Mapping[str, Part]) -> Any:
        """On a skin that is its own."""
        part = parts["measured"]
        panel = Panel(("its top", "son dessus"), part.mesh.points, part.mesh.faces, np.full(len(part.mesh.points), 0.5))
        told = Worn(part.mesh, Pose(), (panel,), DeviationLimits(), 5.0)
        return {"worn": told, "bare": replace(told, panels=()), "odd": [told]}.get(self.tells)


def made(formats: tuple[str, ...] = (), shop: Workshop | None = None, equal: str | None = None, **parameters: Any) -> Product:
    return make(Order("measured", parameters=parameters), Measured, formats=formats, workshop=shop, equal=equal)


def test_the_road_s_milliseconds_hold_what_a_template_compares(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(self: Measured, parts: Mapping[str, Part]) -> list[Any]:
        until = time.process_time() + 0.03
        while time.process_time() < until:
            pass
        return []

    monkeypatch.setattr(Measured, "compared", slow)
    assert made().report.figures["road_cpu_ms"]["acceptance"] >= 30.0


def test_within_its_limits_it_is_told_and_no_finding() -> None:
    report = made().report
    assert report.verdict == "printable" and not report.findings
    assert report.figures["fit"] == [
        {"name": "width", "part": "measured", "value": 10.0, "low": 8.0, "high": 12.0, "unit": "mm"}
    ]
    (check,) = [c for c in report.checks if c.name == "fit"]
    assert check.required and check.ran
    assert [made(wide=w).report.verdict for w in (7.9, 8.0, 12.0, 12.1)] == ["refused", "printable", "printable", "refused"]


@pytest.mark.parametrize(
    ("wide", "limit", "words"), [(5.0, 8.0, ("at least 8", "au moins 8")), (20.0, 12.0, ("at most 12", "au plus 12"))]
)
def test_a_misfit_names_the_measure_and_the_limit(wide: float, limit: float, words: tuple[str, str]) -> None:
    product = made(("stl",), wide=wide)
    (finding,) = product.report.findings
    assert (finding.code, finding.severity, finding.value, finding.limit, finding.part) == (
        "misfit", "error", wide, limit, "measured",
    )  # fmt: skip
    assert finding.message.startswith(f"its width: {wide:g} mm, {words[0]} mm") and finding.message_fr is not None
    assert finding.message_fr.startswith(f"sa largeur : {wide:g} mm, {words[1]} mm")
    assert product.report.verdict == "refused" and set(product.files) == {"report.json", "record.json"}


def test_what_is_no_number_does_not_fit() -> None:
    report = made(tells="nan").report
    assert report.verdict == "refused" and report.findings[0].value is None and report.figures["fit"][0]["value"] is None
    assert b"NaN" not in made(("stl",), tells="nan").files["report.json"]


def test_a_template_that_measures_nothing_has_no_such_check() -> None:
    report = made(tells="nothing").report
    assert report.verdict == "printable" and "fit" not in report.figures and not any(c.name == "fit" for c in report.checks)


@pytest.mark.parametrize(
    ("tells", "step", "why"),
    [
        ("words", "acceptance", "must return a list of Fitted"),
        ("raises", "acceptance", "KeyError"),
        ("three", "compared", "at most two Compared"),
        ("other", "compared", "at most two Compared"),
        ("bare", "worn", "a panel at least"),
        ("odd", "worn", "must return a Worn"),
    ],
)
def test_what_is_no_measure_is_the_designers_mistake(tells: str, step: str, why: str) -> None:
    with pytest.raises(TemplateError, match=why) as refused:
        made(tells=tells)
    assert refused.value.stage == step


def test_there_are_pictures_on_the_person_where_one_was_scanned() -> None:
    both, record = {"worn.png", "deviation.png"}, json.loads(made(("png",), tells="worn").files["record.json"])
    assert both <= set(made(("png",), tells="worn").files) and both <= set(record["files"])
    assert "worn.png" not in made(("png",)).files and not both & set(made(("stl",), tells="worn").files)
    shop = Workshop()
    first, second = (made(("png",), shop, "same", tells="worn", high=10.5) for _ in range(2))
    assert all(first.files[name] == second.files[name] for name in both)


# ---- deviation.png ----------------------------------------------------------------------------------------------------------


def test_there_is_a_map_where_something_was_compared_and_a_picture_is_asked_for() -> None:
    assert "deviation.png" in made(("png",)).files
    assert "deviation.png" not in made(("stl",)).files
    assert "deviation.png" not in made(("png",), tells="nothing").files
    assert "deviation.png" not in made(("png",), wide=20.0).files, "refused"
    record = json.loads(made(("png",)).files["record.json"])
    assert "deviation.png" in record["files"]


def test_the_map_shows_what_was_compared() -> None:
    low, high, again = (made(("png",), high=h).files["deviation.png"] for h in (9.8, 10.9, 9.8))
    assert low != high and low == again


def test_an_equal_order_has_the_same_map() -> None:
    """What was judged once serves it, the map too."""
    shop = Workshop()
    first, second = made(("png",), shop, "same", high=10.5), made(("png",), shop, "same", high=10.5)
    assert second.report.figures["stages"][0]["hit"] and first.files["deviation.png"] == second.files["deviation.png"]
    assert second.files["deviation.png"] == made(("png",), high=10.5).files["deviation.png"]
    other = made(("png",), shop, "other", high=10.9)
    assert other.files["deviation.png"] != first.files["deviation.png"]
