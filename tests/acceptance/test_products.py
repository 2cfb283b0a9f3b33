"""The real thing: products as customers order them, read by independent readers and sliced by a real slicer."""

from __future__ import annotations

import json
import shutil

import pytest

from engine.doors import slicer
from engine.export.gcode import accept, wanted
from engine.language import shelf
from engine.make import Workshop, make
from engine.model.order import Order, Product, Severity
from tests.gates import gate_lib3mf, gate_same, gate_xsd, gate_zip

NAMES = ("Zoë", "", "Łukasz", "Ελένη", "Владимир", "Ana & José", "Nguyễn", "Maximilian")
KEYS = list(shelf.find("phone-case").fields["phone"].rows)
SWEPT = [
    {
        "phone": KEYS[7 * at % len(KEYS)],
        "wall": (1.6, 2.0, 2.4, 1.8)[at % 4],
        "lip": (1.2, 1.5)[at % 2],
        "name": NAMES[at % len(NAMES)],
        "letter_height": (8.0, 9.0, 11.0)[at % 3],
        "letters": "embossed" if at % 5 == 4 else "engraved",
        "lanyard": at % 6 == 5,
    }
    for at in range(30)
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop()


def made(shop: Workshop, parameters: dict[str, object], process: str, formats: tuple[str, ...] = ("3mf", "stl")) -> Product:
    order = Order("phone-case", process=process, reference="acceptance", parameters=parameters)
    return make(order, shelf.find("phone-case"), formats=formats, workshop=shop)


def test_a_slicer_is_here() -> None:
    assert shutil.which("prusa-slicer"), "apt-get install prusa-slicer"


@pytest.mark.parametrize("at", range(-1, 30))
def test_a_product_passes_every_reader_and_slices(shop: Workshop, at: int) -> None:
    parameters = SWEPT[at] if at >= 0 else {}
    product = made(shop, parameters, ("fdm-tpu", "fdm-pla")[at % 2])
    if product.report.verdict == "refused":
        # a rule may refuse a swept order; then it says what would do
        errors = [f for f in product.report.findings if f.severity is Severity.ERROR]
        assert {f.code for f in errors} == {"rule"}, [f.message for f in errors]
        assert all(f.fix for f in errors)
        parameters = {**parameters, "name": "", "letters": "engraved", "wall": 2.0, "lanyard": False}
        product = made(shop, parameters, ("fdm-tpu", "fdm-pla")[at % 2])
    assert product.report.verdict == "printable", [f.message for f in product.report.findings]
    model, solid = product.files["model.3mf"], product.files["model.stl"]
    for gate in (gate_zip, gate_xsd, gate_lib3mf):
        assert gate(model) == []
    assert gate_same(model, product.parts) == []
    for data, suffix in ((model, ".3mf"), (solid, ".stl")):
        (told,) = slicer.inspect(data, suffix)
        assert told.manifold
        assert told.repairs == {}
        assert told.parts == 1
        assert told.volume == pytest.approx(product.report.figures["volume_mm3"], rel=1e-4)
    problems = accept(slicer.slice_model(model, placed=True), wanted(product.parts, product.process, product.report.figures))
    assert problems == []


@pytest.mark.parametrize("process", ["sla-resin", "sls-pa12", "mjf-pa12", "mjf-tpu"])
def test_other_processes_make_what_they_need(shop: Workshop, process: str) -> None:
    product = made(shop, {"name": "Zoë"}, process)
    assert product.report.verdict == "printable", [f.message for f in product.report.findings]
    assert gate_lib3mf(product.files["model.3mf"]) == []
    assert b"Metadata/Slic3r_PE.config" not in product.files["model.3mf"]


def test_a_report_says_what_ran(shop: Workshop) -> None:
    told = json.loads(made(shop, {}, "fdm-tpu").files["report.json"])
    waiting = {c["name"] for c in told["checks"] if c["required"] and not c["ran"]}
    assert waiting == set()
    assert told["verdict"] == "printable"
