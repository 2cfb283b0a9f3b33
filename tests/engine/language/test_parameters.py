"""Every kind of field: what it takes, what it refuses, and what it says is nearest."""

from __future__ import annotations

import math
import pathlib
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.authoring import Measurement, Template, angle, choice, count, flag, length, measure, scan, text
from engine.errors import OrderError, TemplateError
from engine.language.parameters import Field, closest, slips
from engine.language.shelf import find
from engine.language.template import load_file


class Kinds(Template):
    """One field of each kind."""

    wall = length(1.6, low=1.0, high=3.0, step=0.1, label=("Wall", "Paroi"))
    tilt = angle(0.0, low=-90, high=90, step=1, label="Tilt")
    near_zero = length(0.1, low=-0.3, high=0.3, step=0.1, label="Around nothing")
    holes = count(2, low=0, high=9, label="Holes")
    loop = flag(False, label="Loop")
    style = choice("round", {"round": ("Round", "Rond"), "square": "Square"}, label="Style")
    name = text("", max_graphemes=4, label="Name")
    foot = measure(low=150, high=350, label="Foot")
    body = scan(label="Body")


TAKEN: list[tuple[str, object, object]] = [
    ("wall", 2, 2.0),
    ("wall", {"value": 0.2, "unit": "cm"}, 2.0),
    ("wall", {"value": 2.0 / 25.4, "unit": "in"}, 2.0),
    ("tilt", {"value": 0.25, "unit": "turn"}, 90.0),
    ("tilt", {"value": math.pi / 6, "unit": "rad"}, 30.0),
    ("holes", 0, 0),
    ("loop", True, True),
    ("style", "square", "square"),
    ("name", " Zoe\u0308 ", "Zo\u00eb"),
]


@pytest.mark.parametrize(("name", "raw", "value"), TAKEN)
def test_taken(name: str, raw: object, value: object) -> None:
    assert Kinds.fields[name].accept(raw) == value


REFUSED: list[tuple[str, object, object]] = [
    ("wall", 1.68, 1.7),
    ("wall", {"value": 0.1, "unit": "in"}, 2.5),
    ("wall", math.nan, 1.6),
    ("wall", math.inf, 1.6),
    ("wall", 1e300, 3.0),
    ("wall", 10**400, 1.6),
    ("wall", -1, 1.0),
    ("wall", True, 1.6),
    ("wall", "2", 1.6),
    ("wall", None, 1.6),
    ("wall", [2], 1.6),
    ("wall", {"value": 2}, None),
    ("wall", {"value": 2, "unit": "mm", "x": 1}, None),
    ("wall", {"value": True, "unit": "mm"}, 1.6),
    ("wall", {"value": 2, "unit": "mmm"}, "mm"),
    ("wall", {"value": 2, "unit": ["mm"]}, None),
    ("tilt", {"value": 2, "unit": "mm"}, None),
    ("holes", 10, 9),
    ("holes", True, 2),
    ("holes", 2.0, 2),
    ("loop", 1, False),
    ("loop", "true", False),
    ("style", "sqare", "square"),
    ("style", "zzz", "round"),
    ("style", {}, None),
    ("name", 5, None),
    ("name", "Maria", None),
    ("foot", 262, None),
    ("foot", Measurement(math.nan, "mm"), None),
    ("foot", Measurement(math.inf, "mm"), None),
    ("foot", Measurement(26.2, "mm"), 150.0),
    ("foot", Measurement(262, "kg"), None),
    ("body", "a path", None),
]


@pytest.mark.parametrize(("name", "raw", "nearest"), REFUSED)
def test_refused(name: str, raw: object, nearest: object) -> None:
    with pytest.raises(OrderError) as refused:
        Kinds.fields[name].accept(raw)
    assert refused.value.field.startswith(Kinds.fields[name].path)
    assert nearest is None or refused.value.nearest == nearest


def test_a_measure_keeps_its_source_and_doubt_in_millimetres() -> None:
    got = Kinds.fields["foot"].accept(Measurement(26.2, "cm", None, "tape", 0.2))
    assert (got.value, got.unit, got.source, got.uncertainty) == (262.0, "mm", "tape", 2.0)


def test_nothing_is_minus_zero() -> None:
    assert math.copysign(1.0, Kinds.fields["near_zero"].accept(-1e-12)) == 1.0


def test_nearby_values_come_nearest_first_and_are_all_allowed() -> None:
    wall: Field[Any] = Kinds.fields["wall"]
    near = wall.nearby(1.6)
    assert set(near[:2]) == {1.5, 1.7} and len(near) == 20
    assert [wall.accept(v) for v in near] == near


@pytest.mark.parametrize("fields", [{"low": 3, "high": 1}, {"step": 0}, {"low": 2}, {"low": 1.05}])
def test_a_field_that_contradicts_itself(fields: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"needs|off the step"):
        length(1.6, **{"low": 1.0, "high": 3.0, "step": 0.1, **fields}, label="Wall")


@pytest.mark.parametrize("name", ["process", "run", "notes", "schema", "key"])
def test_a_field_may_not_take_a_name_of_the_engines(name: str) -> None:
    with pytest.raises(TemplateError, match="engine's own"):
        type("Clash", (Template,), {name: flag(True, label="x")})


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_schema_is_one_and_judges_orders(language: str) -> None:
    for cls in (Kinds, find("phone-case")):
        jsonschema.Draft202012Validator.check_schema(cls.schema(language))
    judge = jsonschema.Draft202012Validator(Kinds.schema(language))
    good = {
        "template": "",
        "parameters": {"wall": {"value": 2, "unit": "mm"}, "style": "round"},
        "measurements": {"foot": {"value": 1, "unit": "mm"}},
    }
    assert judge.is_valid(good)
    for bad in ({"wall": 9}, {"wall": "2"}, {"style": "x"}, {"wal": 2}, {"loop": 1}, {"wall": {"value": 2}}):
        assert not judge.is_valid({**good, "parameters": bad})
    told = Kinds.schema(language)["properties"]["parameters"]["properties"]["wall"]["title"]
    assert told == {"en": "Wall", "fr": "Paroi"}[language]


def test_a_catalogue_reads_its_columns(tmp_path: pathlib.Path) -> None:
    phone = find("phone-case").fields["phone"]
    with pytest.raises(OrderError) as refused:
        phone.accept("google-pixel-66")
    assert refused.value.nearest and str(refused.value.nearest).startswith("google-pixel")


def test_a_row_whose_model_begins_with_its_brand_is_called_so_once() -> None:
    titles = {row["const"]: row["title"] for row in find("phone-case").fields["phone"].schema("en")["oneOf"]}
    assert titles["fairphone-4"] == "Fairphone 4" and titles["google-pixel-5"] == "Google Pixel 5"


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("widht", "width"),
        ("hieght", "height"),
        ("Width", "width"),
        ("text", "text_x"),
        ("wibble", None),
        ("x", None),
        ("", None),
    ],
)
def test_a_misspelt_word_is_told_what_is_near_and_nothing_else(word: str, near: str | None) -> None:
    assert closest(word, ["fit", "width", "height", "text_x"]) == near
    phones = ["apple-iphone-15-pro-max", "google-pixel-6", "google-pixel-6a", "apple-iphone-15-pro"]
    assert [closest(w, phones) for w in ("pixel6", "Pixel 6a", "iphone15pro", "px")] == [phones[1], phones[2], phones[3], None]
    assert closest("widht", ["fit", "grip", "bumpers"]) is None, "not the least bad of what is far"


WORDS = st.text("abc", max_size=6)


@given(WORDS, WORDS)
def test_slips_are_a_measure(one: str, other: str) -> None:
    assert slips(one, other) == slips(other, one) and (slips(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= slips(one, other) <= max(len(one), len(other))
    if len(one) > 1 and one[0] != one[1]:
        assert slips(one, one[1] + one[0] + one[2:]) == 1 == slips(one, one[1:])


@pytest.mark.parametrize("kind", [length, angle])
def test_breakpoints_are_kept_and_not_published(kind: Any) -> None:
    asked = {"low": 1.0, "high": 3.0, "step": 0.1, "label": "Wall"}
    declared = kind(1.6, **asked, breakpoints=[1.4, 2])
    assert declared.breakpoints == (1.4, 2.0) and kind(1.6, **asked).breakpoints == ()
    assert declared.schema("en") == kind(1.6, **asked).schema("en")


@pytest.mark.parametrize(
    ("breakpoints", "why"),
    [
        ("(1.0,)", "breakpoint 1 is not between 1 and 3"),
        ("(1.4, 3.0)", "breakpoint 3 is not between 1 and 3"),
        ("(float('nan'),)", "breakpoint nan is not between"),
        ("(1.4, 1.4)", "breakpoints must rise: 1.4 does not"),
        ("(2.0, 1.4)", "breakpoints must rise: 1.4 does not"),
        ("(True,)", "breakpoints must be numbers, not True"),
        ("('1.4',)", "breakpoints must be numbers, not '1.4'"),
        ("1.4", "breakpoints must be a sequence, as (1.4,), not 1.4"),
        ("'1.4'", "breakpoints must be a sequence, as (1.4,), not '1.4'"),
    ],
)
def test_breakpoints_that_are_none(tmp_path: pathlib.Path, breakpoints: str, why: str) -> None:
    path = tmp_path / "broken.py"
    lines = [
        "from engine.authoring import Template, length",
        "class Broken(Template):",
        f"    wall = length(1.6, low=1.0, high=3.0, step=0.1, label='Wall', breakpoints={breakpoints})",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(TemplateError) as failed:
        load_file(path)
    assert failed.value.line == 3 and why in failed.value.for_sender()
