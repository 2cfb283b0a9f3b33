"""Hostile orders: each is refused by the name of its field, and no message holds what was sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.authoring import Part, Solid, Template, choice, count, flag, length, measure, scan, stage, text
from engine.errors import OrderError
from engine.language.orders import accept, parse_order, with_words
from engine.model.order import Order, Origin


class Tag(Template):
    """A tag."""

    key, version = "order-tag", 1
    wall = length(1.6, low=1.0, high=3.0, step=0.1, label="Wall")
    holes = count(2, low=0, high=9, label="Holes")
    loop = flag(False, label="Loop")
    style = choice("round", ("round", "square"), label="Style")
    name = text("", max_graphemes=24, label="Name")
    foot = measure(low=150, high=350, path="left.foot_length", label="Foot")
    body = scan(label="Body")

    @stage
    def tag(self) -> Part:
        """Never run here."""
        return Solid(None, {}).part("tag")  # type: ignore[arg-type]


def told(**fields: Any) -> bytes:
    return json.dumps({"template": "order-tag", **fields}).encode()


MEASURED = {"value": 262, "unit": "mm"}
SHA = "0" * 64
BAD_ORDERS: list[tuple[bytes | str, str]] = [
    (b"", "order"),
    (b'{"template": "order-t', "order"),
    (b'{"template": "a", "template": "b"}', "template"),
    (b'{"template": "a", "parameters": {"wall": 1, "wall": 2}}', "wall"),
    (b'{"template": "\xff"}', "order"),
    ('{"template": "a"}'.encode("utf-16"), "order"),
    (b'{"template": "\xed\xa0\x80"}', "order"),
    (b'{"a":' * 200_000, "order"),
    (b"[" * 100_000, "order"),
    (b'{"template": ' + b"9" * 5000 + b"}", "order"),
    (b" " * 1_000_001, "order"),
    (b"[]", "order"),
    (b"null", "order"),
    (b"{}", "template"),
    (told(template=7), "template"),
    (told(proces="x"), "proces"),
    (told(**{"k\n" * 400: 1}), "k\\nk\\nk\\nk\\nk\\nk\\nk\\nk\\nk\\nk\\nk\\nk\\nk..."),
    (told(reference="a\nb"), "reference"),
    (told(reference="\ud800"), "reference"),
    (told(reference="x" * 201), "reference"),
    (told(reference=5), "reference"),
    (told(due="2026-02-33"), "due"),
    (told(quantity=0), "quantity"),
    (told(quantity=True), "quantity"),
    (told(quantity=1.0), "quantity"),
    (told(quantity=float("nan")), "quantity"),
    (told(parameters=[]), "parameters"),
    (told(measurements={"f": 262}), "measurements.f"),
    (told(measurements={"f": {"value": 262}}), "measurements.f"),
    (told(measurements={"f": {**MEASURED, "value": "262"}}), "measurements.f.value"),
    (told(measurements={"f": {**MEASURED, "value": True}}), "measurements.f.value"),
    (told(measurements={"f": {**MEASURED, "unit": 5}}), "measurements.f.unit"),
    (told(measurements={"f": {**MEASURED, "source": "\ud800"}}), "measurements.f.source"),
    (told(measurements={"f": {**MEASURED, "uncertainty": -1}}), "measurements.f.uncertainty"),
    (told(measurements={"f": {**MEASURED, "uncertainty": float("nan")}}), "measurements.f.uncertainty"),
    (told(measurements={"f": {**MEASURED, "uncertainty": 10**400}}), "measurements.f.uncertainty"),
    (told(measurements={"f": {**MEASURED, "units": "mm"}}), "measurements.f.units"),
    (told(inputs={"s": SHA}), "inputs.s"),
    (told(inputs={"s": {"sha256": SHA}}), "inputs.s.unit"),
    (told(inputs={"s": {"sha256": SHA, "unit": 1}}), "inputs.s.unit"),
    (told(inputs={"s": {"sha256": "0", "unit": "mm"}}), "inputs.s.sha256"),
    (told(inputs={"s": {"sha256": SHA, "unit": "mm", "side": ["left"]}}), "inputs.s.side"),
]


@pytest.mark.parametrize(("data", "field"), BAD_ORDERS)
def test_an_order_that_cannot_be_read(data: bytes | str, field: str) -> None:
    with pytest.raises(OrderError) as refused:
        parse_order(data)
    assert refused.value.field == field
    assert "\n" not in refused.value.for_sender()


def test_the_closest_key_is_named() -> None:
    with pytest.raises(OrderError) as refused:
        parse_order(told(quantty=2))
    assert refused.value.nearest == "quantity"


BAD_VALUES: list[tuple[dict[str, Any], str, object]] = [
    ({"parameters": {"wal": 2}}, "parameters.wal", "wall"),
    ({"parameters": {"wall": float("inf")}}, "parameters.wall", 1.6),
    ({"parameters": {"wall": {"value": 2, "unit": "ell"}}}, "parameters.wall.unit", None),
    ({"parameters": {"name": "é" * 500}}, "parameters.name", None),
    ({"parameters": {"name": "e\u0301" * 25}}, "parameters.name", None),
    ({"parameters": {"name": "Zo\ud800"}}, "parameters.name", None),
    ({"parameters": {"name": "Zo\x07"}}, "parameters.name", None),
    ({"parameters": {"name": "Zoe\n"}}, "parameters.name", None),
    ({"parameters": {"name": "Zo\u202e"}}, "parameters.name", None),
    ({"measurements": {"left.foot_lenth": MEASURED}}, "measurements.left.foot_lenth", "left.foot_length"),
    ({"measurements": {"left.foot_length": {"value": 26.2, "unit": "m"}}}, "measurements.left.foot_length", 350.0),
    ({"measurements": {"left.foot_length": {"value": 262, "unit": "kg"}}}, "measurements.left.foot_length.unit", None),
    ({"inputs": {"body": {"sha256": SHA, "unit": "ell"}}}, "inputs.body.unit", None),
    ({"inputs": {"bod": {"sha256": SHA, "unit": "mm"}}}, "inputs.bod", "body"),
]


@pytest.mark.parametrize(("fields", "field", "nearest"), BAD_VALUES)
def test_a_value_that_cannot_be_taken(fields: dict[str, Any], field: str, nearest: object) -> None:
    with pytest.raises(OrderError) as refused:
        accept(parse_order(told(**fields)), Tag)
    assert refused.value.field == field
    assert nearest is None or refused.value.nearest == nearest


def test_1e400_is_no_number() -> None:
    with pytest.raises(OrderError, match="finite"):
        accept(parse_order('{"template": "order-tag", "parameters": {"wall": 1e400}}'), Tag)


@pytest.mark.parametrize(
    "words", [["wall=2.777"], ["style=sqare7"], ["name=Zo\x07zzq"], ["holes=77"], ["measurements.left.foot_length=777mm"]]
)
def test_values_are_for_the_sender_alone(words: list[str]) -> None:
    with pytest.raises(OrderError) as refused:
        accept(with_words(Order("order-tag"), words, Tag), Tag)
    assert not any(sent in str(refused.value) for sent in ("777", "sqare7", "zzq", "77"))
    assert refused.value.value is not None and "got" in refused.value.for_sender()


def test_words_carry_units() -> None:
    order = with_words(Order("order-tag"), ["wall=0.2cm", "holes=3", "loop=yes", "measurements.left.foot_length=26.2cm"], Tag)
    values, origins = accept(order, Tag)
    assert (values["wall"], values["holes"], values["loop"], values["foot"].value) == (2.0, 3, True, 262.0)
    assert origins["wall"] is Origin.GIVEN and origins["style"] is Origin.DEFAULT


@pytest.mark.parametrize(
    "word",
    ["wall", "=2", "measurements.left.foot_length=262", "measurements.left.foot_length=long", "wall=" + "1" * 90_000 + "!"],
)
def test_words_that_say_nothing(word: str) -> None:
    with pytest.raises(OrderError):
        accept(with_words(Order("order-tag"), [word], Tag), Tag)
