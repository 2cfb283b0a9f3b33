"""Equal orders computed once: what each gets is what it would have got alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from engine import make as road
from engine.equals import Equals
from engine.language import shelf
from engine.make import Workshop, make
from engine.model.order import Order, Product

FORMATS = ("3mf", "stl", "glb", "png")
ONE = Order("phone-case", parameters={"name": "Zoé"}, reference="a-1")
OTHER = replace(ONE, reference="a-2", quantity=2, due="2027-01-15", priority=3)
REFUSED = Order("phone-case", parameters={"name": "Zoé", "wall": 1.0, "depth": 1.2})


def made(order: Order, shop: Workshop, equal: object = None, **more: Any) -> Product:
    return make(order, shelf.find("phone-case"), formats=FORMATS, workshop=shop, equal=equal, **more)


def untimed(told: Any) -> Any:
    """A report without what a clock said, and what of it was there already."""
    if isinstance(told, dict):
        return {k: untimed(v) for k, v in told.items() if k not in ("cpu_ms", "road_cpu_ms", "stages", "tier")}
    return [untimed(v) for v in told] if isinstance(told, list) else told


def alike(one: Product, other: Product) -> None:
    assert one.files.keys() == other.files.keys()
    for name, data in one.files.items():
        if name == "report.json":
            assert untimed(json.loads(data)) == untimed(json.loads(other.files[name]))
        else:
            assert data == other.files[name], name


def test_bytes_are_those_of_an_order_made_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, built = Workshop(), []
    build = road._build
    monkeypatch.setattr(road, "_build", lambda template: built.append(1) or build(template))
    first, second = made(ONE, shop, "same"), made(OTHER, shop, "same")
    assert len(built) == 1
    alike(first, made(ONE, Workshop()))
    alike(second, made(OTHER, Workshop()))
    assert first.files["model.3mf"] != second.files["model.3mf"]  # part number and UUID are each one's own
    serials = [json.loads(p.files["record.json"])["serials"] for p in (first, second)]
    assert len(serials[1]) == 2 and not set(serials[0]) & set(serials[1])
    report = json.loads(second.files["report.json"])
    assert all(stage["hit"] for stage in report["figures"]["stages"]) and "verify" not in report["figures"]["road_cpu_ms"]


def test_a_refusal_serves_too() -> None:
    shop = Workshop()
    first = made(REFUSED, shop, "bad")
    assert first.report.verdict == "refused" and not first.parts
    alike(first, made(replace(REFUSED, reference="b"), shop, "bad"))


def test_what_has_no_name_or_another_is_made() -> None:
    shop = Workshop()
    made(ONE, shop, "same")
    other = replace(ONE, parameters={"name": "Bo"})
    alike(made(other, shop, "other"), made(other, Workshop()))
    alike(made(other, shop), made(other, Workshop()))


def test_another_process_is_another_product() -> None:
    shop = Workshop()
    made(ONE, shop, "same")
    elsewhere = replace(ONE, process="sls-pa12")
    alike(made(elsewhere, shop, "same"), made(elsewhere, Workshop()))


def test_memory_is_bounded() -> None:
    kept = Equals(held=2)
    shop = Workshop(equals=kept)
    for at in range(4):
        made(ONE, shop, at)
    assert list(kept._kept) == [2, 3]
