"""An order with a tracer's file: read in the child, remembered, made, and given to the optician in three formats."""

from __future__ import annotations

import hashlib
import pathlib
import re
from typing import Any

import numpy as np
import pytest

from engine.body.lens import lenses_of
from engine.equals import Equals
from engine.errors import InputError, OrderError, TemplateError
from engine.language.acceptance import takes_lenses
from engine.language.template import Home, Template
from engine.make import FORMATS, LENSES, Workshop, make
from engine.model.lens import LensPair
from engine.model.mesh import Part
from engine.model.order import InputFile, Order, Product
from engine.rebuild import differences, formats_of, read_record
from templates.examples.wall_hook import WallHook
from tests.lens_template import Plate
from tests.traces import egg, real, written


def made(
    data: bytes | None = None, *, cls: type[Template] = Plate, unit: str = "mm", side: str | None = None, **how: Any
) -> Product:
    digest = hashlib.sha256(data or b"").hexdigest()
    told = {} if data is None else {"trace": InputFile(digest, unit, side)}
    how.setdefault("formats", tuple(LENSES))
    how.setdefault("workshop", Workshop(Home()))
    files = {} if data is None else {digest: data}
    return make(Order(cls.key, inputs=told, parameters=how.pop("parameters", {})), cls, inputs=files, **how)


def test_a_trace_becomes_files_for_the_optician(shared_data: pathlib.Path) -> None:
    data = real(shared_data, "R360_3")
    product = made(data)
    assert {"lenses.dxf", "lenses.svg", "lenses.oma", "report.json", "record.json"} == set(product.files)
    again, pair = lenses_of(product.files["lenses.oma"]), lenses_of(data)
    assert np.array_equal(again.right.radii, pair.right.radii) and again.told == pair.told and again.dbl == 20.0
    assert [run["name"] for run in product.report.figures["stages"]][:1] == ["trace.lenses"]
    assert set(product.report.figures["road_cpu_ms"]) >= {"dxf", "svg", "oma"}
    assert product.parts[0].points[:, 0].max() == pytest.approx(2.0 * 51.0038 + 18.0, abs=1e-3)


def test_one_reading_serves_the_next_order() -> None:
    shop = Workshop(Home())
    first, second = (made(written("DBL=18"), workshop=shop) for _ in "12")
    hits = [product.report.figures["stages"][0]["hit"] for product in (first, second)]
    assert hits == [False, True] and first.files["lenses.oma"] == second.files["lenses.oma"]


def test_a_shape_without_a_trace() -> None:
    product = made(parameters={"shape": "cat-eye", "wide": 52.0}, formats=("oma",))
    pair = lenses_of(product.files["lenses.oma"])
    assert pair.told["left"].hbox == 52.0 and pair.dbl == 18.0
    assert set(made(formats=()).files) == {"report.json", "record.json"}  # who does not ask gets none


def test_equal_orders_have_them_too() -> None:
    shop = Workshop(Home(), equals=Equals())
    first = made(formats=(), workshop=shop, equal="same")
    second = made(workshop=shop, equal="same")
    assert "lenses.oma" not in first.files and second.files["lenses.oma"] == made().files["lenses.oma"]


def test_the_same_bytes_again() -> None:
    one, two = made(), made()
    assert all(one.files[f"lenses.{name}"] == two.files[f"lenses.{name}"] for name in LENSES)


def test_a_rebuild_makes_them_again() -> None:
    record, order = read_record(made(written("DBL=18")).files["record.json"])
    assert formats_of(record) == sorted(LENSES) and order.inputs["trace"].unit == "mm"
    assert differences(record, made(written("DBL=18"))) == []
    other = made(written("DBL=18.5"))
    assert {d.what for d in differences(record, other)} >= {f"files.lenses.{name}" for name in LENSES}


@pytest.mark.parametrize("name", list(LENSES))
def test_a_product_without_lenses_offers_no_such_format(name: str) -> None:
    assert takes_lenses(Plate) and not takes_lenses(WallHook)
    with pytest.raises(OrderError) as refused:
        make(Order(WallHook.key), WallHook, formats=(name,))
    assert refused.value.field == "formats" and refused.value.why == "is for lenses, and this product takes none"
    assert refused.value.limit == "one of " + ", ".join(f for f in FORMATS if f not in LENSES)
    assert "est pour des verres" in refused.value.for_sender("fr")
    with pytest.raises(OrderError, match="is not known"):
        made(formats=("eps",))


@pytest.mark.parametrize(
    ("data", "unit", "side", "why"),
    [
        (written()[:3000], "mm", None, "does not hold as many radii as it says"),
        (
            b"TRCFMT=4;512;E;R;F\r\nR=\x00\x80",
            "mm",
            None,
            "ask who traced the lens for format 1, ASCII radii: it is of format 4",
        ),
        (written(), "cm", None, "brings its own unit"),
        (written("CIRC=180"), "mm", None, r"says a circumference \(CIRC\)"),
        (
            "\n".join(["TRCFMT=0", *written().decode().split("\r\n")[-47:]]).encode(),
            "mm",
            "right",
            "the other eye's lens alone",
        ),
    ],
)
def test_a_bad_trace_is_refused_by_the_name_of_its_field(data: bytes, unit: str, side: str | None, why: str) -> None:
    with pytest.raises(InputError, match=r"inputs\.trace: cannot be used") as refused:
        made(data, unit=unit, side=side)
    assert str(refused.value) == "inputs.trace: cannot be used"
    assert re.search(why, refused.value.for_sender())


def without(cls: type[Template], told: object) -> type[Template]:
    class Other(cls):  # type: ignore[valid-type, misc]  # any template
        """Says something else of its lenses."""

        key, version = "other-plate", 1

        def lenses(self, parts: Any) -> Any:
            assert isinstance(parts["plate"], Part)
            return told

    return Other


@pytest.mark.parametrize("told", [None, "round", LensPair(lenses_of(written()).right, lenses_of(written()).left)])
def test_what_a_template_must_say(told: object) -> None:
    with pytest.raises(TemplateError, match="must return a LensPair, with the distance between the lenses"):
        made(cls=without(Plate, told))


def test_a_left_trace_alone_is_mirrored_and_said() -> None:
    lines = written().decode().split("\r\n")
    start = next(i for i, line in enumerate(lines) if line.startswith("TRCFMT") and ";L;" in line)
    pair = lenses_of("\n".join(lines[start:]).encode(), side="left")
    assert pair.mirrored == "right" and np.array_equal(pair.right.radii, egg())
