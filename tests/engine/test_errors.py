"""What a customer sent is in no str() and no traceback of an error, whichever way it fails; the sender alone sees it again."""

from __future__ import annotations

import pathlib
import textwrap
import traceback
from typing import Any

import pytest

from engine import errands
from engine.errors import InputError, OrderError, TemplateError, UnikatError
from engine.language.orders import order_from, parse_order
from engine.language.template import load_file
from engine.make import make
from engine.model.order import Order

CANARY = "Kanarienvogel"
FILE = '''
from engine.authoring import Part, Template, at_least, cad, fit, measure, rule, stage, text, length
class Bird(Template):
    """A bird."""
    key, version = "bird", 1
    name = text("", max_graphemes=30, label="Name")
    size = length(9, low=1, high=900, step=1, label="Size")
    @cad
    def body(self, cq):
        {cad}
    @fit
    def sized(self):
        {fit}
    @rule
    def fine(self, process):
        {rule}
    @stage
    def bird(self):
        {stage}
    def notes(self):
        {notes}
'''
SOUND = {
    "cad": "return cq.Workplane().box(9, 9, 9)",
    "fit": "return None",
    "rule": "return None",
    "stage": "return self.body()",
    "notes": "return []",
}
RAISES = 'raise ValueError(f"of {self.name}")'
ROADS: list[tuple[str, str, str]] = [
    ("stage", RAISES, "bird"),
    ("rule", RAISES, "fine"),
    ("fit", RAISES, "sized"),
    ("notes", RAISES, "notes"),
    ("fit", "return {str(self.name): 1.0}", "sized"),
    ("rule", "return at_least(1, 2, change=str(self.name), why='x')", "fine"),
    ("stage", "return getattr(self, str(self.name))", "bird"),
    ("stage", "return self.body().engrave(None, on=str(self.name), depth=1)", "bird"),
    ("stage", "return self.body().part(str(self.name) + ' the bird')", "bird"),
    ("stage", "\n        try: 1 / 0\n        except ZeroDivisionError: raise KeyError(str(self.name))", "bird"),
    ("notes", "return [len(self.name.value), str(self.name)]", "notes"),
]


def shown(error: BaseException) -> str:
    """All that a log would hold: the text, its repr, and the traceback with its causes."""
    return "\n".join((str(error), repr(error), *traceback.format_exception(error)))


def written(folder: pathlib.Path, **parts: str) -> pathlib.Path:
    path = folder / "bird.py"
    path.write_text(textwrap.dedent(FILE.format(**SOUND | parts)), encoding="utf-8")
    return path


@pytest.mark.parametrize(("part", "code", "stage"), ROADS)
def test_a_template_that_quotes_its_customer(tmp_path: pathlib.Path, part: str, code: str, stage: str) -> None:
    """In this process, as ours run, and in a child, as a designer's."""
    path = written(tmp_path, **{part: code})
    order = Order("bird", parameters={"name": CANARY})
    with pytest.raises(TemplateError) as here:
        make(order, load_file(path), formats=["stl"])
    with pytest.raises(TemplateError) as there:
        errands.make_files({"file": str(path)}, order, [], ["stl"], False)
    for failed in (here.value, there.value):
        assert CANARY not in shown(failed) and failed.stage == stage
    assert here.value.for_sender() == there.value.for_sender()
    if "raise" in code or "return {" in code or "change=" in code:
        assert CANARY in here.value.for_sender()


def test_a_cad_stage_that_quotes_what_was_ordered(tmp_path: pathlib.Path) -> None:
    path = written(tmp_path, cad='raise ValueError(f"of {self.size} mm")')
    ordered = Order("bird", parameters={"size": 700 + 31})  # not as digits: a traceback shows this line
    with pytest.raises(TemplateError) as failed:
        make(ordered, load_file(path), formats=["stl"])
    assert "731" not in shown(failed.value) and "731" in failed.value.for_sender()
    assert failed.value.stage == "body" and failed.value.line == 10


ORDERS: list[Any] = [
    {"template": "bird", CANARY: 1},
    {"template": "bird", "parameters": {"name": 5, "size": CANARY}},
    {"template": "bird", "parameters": {CANARY: 5}},
    {"template": "bird", "parameters": {"size": {"value": 1, "unit": CANARY}}},
    {"template": "bird", "parameters": {"size": {"value": 1, CANARY: "mm"}}},
    {"template": "bird", "parameters": {"name": CANARY + "\n"}},
    {"template": "bird", "parameters": {"name": 9 * CANARY}},
    {"template": "bird", "measurements": {CANARY: {"value": 1, "unit": "mm"}}},
    {"template": "bird", "measurements": {CANARY: 5}},
    {"template": "bird", "measurements": {CANARY: {"value": CANARY, "unit": "mm"}}},
    {"template": "bird", "measurements": {"foot": {"value": 1, "unit": "mm", CANARY: 5}}},
    {"template": "bird", "inputs": {CANARY: {"unit": "mm", "sha256": "0"}}},
    {"template": "bird", "reference": [CANARY]},
    {"template": "bird", "reference": CANARY + "\n"},
    {"template": "bird", "due": CANARY},
    {"template": "bird", "quantity": CANARY},
    {"template": "bird", "process": CANARY},
    {"template": "bird", "machine": CANARY},
    {"template": [CANARY]},
    CANARY,
]


@pytest.mark.parametrize("told", ORDERS)
def test_an_order_that_cannot_be_taken(tmp_path: pathlib.Path, told: Any) -> None:
    with pytest.raises(OrderError) as failed:
        make(order_from(told), load_file(written(tmp_path)), formats=["stl"])
    assert CANARY not in str(failed.value) and CANARY not in repr(failed.value)


@pytest.mark.parametrize("text", [f'{{"{CANARY}": 1, "{CANARY}": 2}}', f'{{"a": {CANARY}}}', f'{{"a": "{CANARY}'])
def test_an_order_that_is_no_json(text: str) -> None:
    with pytest.raises(OrderError) as failed:
        parse_order(text)
    assert CANARY not in shown(failed.value)


@pytest.mark.parametrize("name", ["name", "size", CANARY])
def test_words_that_cannot_be_taken(tmp_path: pathlib.Path, name: str) -> None:
    path = written(tmp_path)
    for word in (f"{CANARY}", f"{name}={CANARY}\t", f"measurements.{CANARY}=5", f"measurements.{CANARY}=five"):
        with pytest.raises(OrderError) as failed:
            errands.make_files({"file": str(path)}, Order(""), [word], ["stl"], False)
        assert CANARY not in str(failed.value)


def test_the_sender_sees_it_in_one_line() -> None:
    errors: list[UnikatError] = [
        TemplateError("t", "s", "ValueError", message=f"a\nb {CANARY}"),
        InputError("f", "is none", message=f"a\nb {CANARY}"),
        OrderError(CANARY, "is not known", value="x").called("a key"),
    ]
    for error in errors:
        assert CANARY in error.for_sender() and "\n" not in error.for_sender() and CANARY not in str(error)
