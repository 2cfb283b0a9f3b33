"""The README tells the truth: its template runs, its order is accepted, its figures are those of the data."""

from __future__ import annotations

import json
import pathlib
import re
import tomllib

import pytest

from engine.errands import make_files
from engine.language import shelf
from engine.language.orders import accept, parse_order
from engine.model.order import Order

ROOT = pathlib.Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.S)
    assert found
    return found[1]


def test_the_template_makes_a_tag(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "tag.py"
    file.write_text(block("python"), encoding="utf-8")
    made = make_files({"file": str(file)}, Order("", process="mjf-pa12"), ["name=Élise"], ["3mf", "png"], False)
    report = json.loads(made["files"]["report.json"])
    assert made["verdict"] == "printable", made["findings"]
    assert report["figures"]["bounds_mm"] == [[-30.0, -10.0, 0.0], [30.0, 10.0, 3.0]]
    plain = make_files({"file": str(file)}, Order("", process="mjf-pa12"), ["name="], ["3mf"], False)
    cut = json.loads(plain["files"]["report.json"])["figures"]["volume_mm3"] - report["figures"]["volume_mm3"]
    assert 20.0 < cut < 120.0


def test_the_template_refuses_what_its_rule_says(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "tag.py"
    file.write_text(block("python").replace("return at_least(3 -", "return at_least(1 -"), encoding="utf-8")
    made = make_files({"file": str(file)}, Order("", process="mjf-pa12"), ["name=Élise", "depth=0.9"], ["3mf"], False)
    assert made["verdict"] == "refused"
    assert list(made["files"]) == ["report.json"]
    assert "nearest allowed 0.5" in made["findings"][0]


def test_the_order_is_accepted() -> None:
    values, _ = accept(parse_order(block("json")), shelf.find("phone-case"))
    assert values["wall"] == 2.0


def test_estimate_errors_are_those_of_the_fit() -> None:
    told = tomllib.loads((ROOT / "engine/process/estimates.toml").read_text(encoding="utf-8"))
    for process, families in told.items():
        for family, fit in families.items():
            assert fit["parts"] >= 40
            line = (
                f"{process} {family}: time {100 * fit['time_error']:.1f} % (worst {100 * fit['time_worst']:.1f} %), "
                f"grams {100 * fit['mass_error']:.1f} % (worst {100 * fit['mass_worst']:.1f} %)"
            )
            assert line in README


@pytest.mark.parametrize("command", sorted(set(re.findall(r"unikat ([a-z]+)", README)) - {"a"}))
def test_commands_that_are_named_exist(command: str) -> None:
    from service.cli import app

    assert command in app.commands


PRODUCT = ("kernels", "engine", "templates", "service")
VARIABLE = re.compile(r"\bUNIKAT_[A-Z_]+\b")


def variables(sources: list[str]) -> set[str]:
    return {name for text in sources for name in VARIABLE.findall(text)}


def test_every_variable_is_in_the_table_and_no_other() -> None:
    code = variables([p.read_text(encoding="utf-8") for folder in PRODUCT for p in sorted((ROOT / folder).rglob("*.py"))])
    rows = set(re.findall(r"^\| `(UNIKAT_[A-Z_]+)` \| \S", README, re.M))
    assert rows == code and {"UNIKAT_CACHE", "UNIKAT_SLICER"} <= code
    assert variables(['os.environ["UNIKAT_NEW"]']) - rows == {"UNIKAT_NEW"}
