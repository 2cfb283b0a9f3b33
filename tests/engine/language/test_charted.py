"""Charts at run time: within the box they serve, beside it and wherever anything is not as it should be CAD draws, and the report says so."""

from __future__ import annotations

import json
import logging
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.chart import form, shelf
from engine.language.charted import charts_digest
from engine.language.template import Home, Run, Template
from engine.model.order import Product
from tests.engine.language.charted_block import BLOCK, INPUTS, STRUCTURE, compiled, made, template

ROOT = pathlib.Path(__file__).parents[3]


def tier(product: Product) -> str:
    return str(product.report.figures["tier"])


def deep(product: Product) -> float:
    """What tells a body that was drawn from one of a chart: half a millimetre."""
    return float(np.ptp(product.parts[0].part.mesh.points[:, 1]))


def ran(cls: type[Template]) -> list[str]:
    found: list[str] = sys.modules[cls.__module__].RAN
    return found


@pytest.fixture
def block(tmp_path: pathlib.Path) -> type[Template]:
    return template(tmp_path / "designer")


def test_inside_the_box_a_chart_serves_and_the_record_names_it(block: type[Template], tmp_path: pathlib.Path) -> None:
    path = compiled(tmp_path / "charts", block)
    product = made(block, Home(None, tmp_path / "charts"))
    assert tier(product) == "chart" and deep(product) == 7.0 and ran(block) == []
    artifacts = json.loads(product.files["record.json"])["artifacts"]
    assert artifacts["body.chart"] == form.read(path).sha256 and len(artifacts["body"]) == 64
    other = json.loads(made(block, Home(None, tmp_path / "charts"), across=20.5).files["record.json"])["artifacts"]
    assert other["body.chart"] == artifacts["body.chart"] and other["body"] != artifacts["body"]


@pytest.mark.parametrize(
    ("parameters", "served"),
    [
        ({"across": 10.0, "back": 7.0}, True),
        ({"across": 9.9999, "back": 7.0}, False),
        ({"across": 30.0, "back": 7.0}, True),
        ({"across": 30.0001, "back": 7.0}, False),
        ({"across": 20.0, "back": 5.0}, True),
        ({"across": 20.0, "back": 4.9999}, False),
        ({"across": 29.0, "back": 5.0}, True),
        ({"across": 29.0001, "back": 5.0}, False),
        ({"across": 20.0, "back": 7.0, "closed": True}, False),
    ],
)
def test_a_step_beside_the_box_cad_draws(
    block: type[Template], tmp_path: pathlib.Path, parameters: dict[str, Any], served: bool
) -> None:
    compiled(tmp_path / "charts", block)
    product = made(block, Home(None, tmp_path / "charts"), **parameters)
    assert tier(product) == ("chart" if served else "cad")
    assert deep(product) == pytest.approx(parameters["back"] + (0.0 if served else 0.5), abs=1e-4)
    assert ("body.chart" in json.loads(product.files["record.json"])["artifacts"]) == served


def stale(root: pathlib.Path, cls: type[Template]) -> None:
    compiled(root, cls, source="1" * form.SOURCE)


def other_cad(root: pathlib.Path, cls: type[Template]) -> None:
    compiled(root, cls, cad="cadquery 0.0, OCP 0.0")


def other_structure(root: pathlib.Path, cls: type[Template]) -> None:
    path = compiled(root, cls, structure=STRUCTURE[: shelf.STRUCTURE] + "0" * (64 - shelf.STRUCTURE))
    assert path.name.startswith(STRUCTURE[: shelf.STRUCTURE])


def of_other_source(root: pathlib.Path, cls: type[Template]) -> None:
    """A file that was copied from another state's folder."""
    path = compiled(root, cls)
    elsewhere = compiled(root, cls, source="1" * form.SOURCE)
    path.write_bytes(elsewhere.read_bytes())


def damaged(root: pathlib.Path, cls: type[Template]) -> None:
    path = compiled(root, cls)
    whole = bytearray(path.read_bytes())
    whole[-200] ^= 1
    path.write_bytes(bytes(whole))


def cut_short(root: pathlib.Path, cls: type[Template]) -> None:
    path = compiled(root, cls)
    path.write_bytes(path.read_bytes()[:500])


def foreign(root: pathlib.Path, cls: type[Template]) -> None:
    compiled(root, cls).write_bytes(b"GIF89a")


def pipe(root: pathlib.Path, cls: type[Template]) -> None:
    path = compiled(root, cls)
    path.unlink()
    os.mkfifo(path)


def inputs(text: str) -> Callable[[pathlib.Path, type[Template]], None]:
    def put(root: pathlib.Path, cls: type[Template]) -> None:
        compiled(root, cls).with_name(shelf.INPUTS).write_text(text, encoding="utf-8")

    return put


@pytest.mark.parametrize(
    ("put", "why"),
    [
        (stale, "of other code"),
        (other_cad, "other versions of CadQuery"),
        (other_structure, "of another body"),
        (of_other_source, "of another body"),
        (damaged, "is damaged"),
        (cut_short, "is damaged"),
        (foreign, "no chart of this format"),
        (pipe, "no file of a chart's size"),
        pytest.param(inputs(""), "cannot be used", id="no inputs"),
        pytest.param(inputs("[1]"), "cannot be used", id="inputs are a list"),
        pytest.param(inputs('{"direct": 3, "stages": [], "cad": ""}'), "cannot be used", id="inputs are numbers"),
    ],
)
def test_what_cannot_be_used_is_passed_by_and_said_once(
    block: type[Template],
    tmp_path: pathlib.Path,
    caplog: pytest.LogCaptureFixture,
    put: Callable[[pathlib.Path, type[Template]], None],
    why: str,
) -> None:
    put(tmp_path / "charts", block)
    home = Home(None, tmp_path / "charts")
    with caplog.at_level(logging.WARNING, logger="unikat.chart"):
        products = [made(block, home, across=across) for across in (20.1234, 21.4321)]
    assert [tier(p) for p in products] == ["cad", "cad"] and ran(block) == ["body", "body"]
    assert deep(products[0]) == pytest.approx(7.5)
    (said,) = [r for r in caplog.records if r.name == "unikat.chart"]
    assert why in said.__dict__["why"] and "1234" not in str(said.__dict__)


@pytest.mark.parametrize(
    "changes",
    [
        {"direct": ["across", "back", "colour"]},
        {"direct": ["across", "back", "name"]},
        {"stages": ["twice", "thrice"]},
        {"stages": ["schema"]},
        {"direct": "across"},
    ],
    ids=["no parameter", "a person's", "no stage", "no stage but a method", "a word"],
)
def test_a_shelf_that_asks_for_what_is_not_there(
    block: type[Template], tmp_path: pathlib.Path, changes: dict[str, Any]
) -> None:
    compiled(tmp_path / "charts", block, **{**INPUTS, **changes})
    assert tier(made(block, Home(None, tmp_path / "charts"))) == "cad"


def test_the_code_changes_and_the_chart_no_longer_serves(tmp_path: pathlib.Path) -> None:
    compiled(tmp_path / "charts", template(tmp_path / "before"))
    for name, change, served in [
        ("constant", ("DEEPER = 0.5", "DEEPER = 0.75"), False),
        ("helper", ("deep + DEEPER", "deep - DEEPER"), False),
        ("docstring", ('"""Draws."""', '"""Draws a block."""'), True),
        ("nested", ("else 2.0 * self.back", "else self.back + self.back"), True),
    ]:
        cls = template(tmp_path / name, *change)
        assert tier(made(cls, Home(None, tmp_path / "charts"))) == ("chart" if served else "cad"), name


def test_a_nested_stage_that_now_returns_an_array(tmp_path: pathlib.Path) -> None:
    """Its code is not in the digest: CAD draws, and nobody's order fails."""
    compiled(tmp_path / "charts", template(tmp_path / "before"))
    cls = template(tmp_path / "after", "else 2.0 * self.back", "else __import__('numpy').zeros(3)")
    assert tier(made(cls, Home(None, tmp_path / "charts"))) == "cad"


def test_no_charts_at_all(block: type[Template], tmp_path: pathlib.Path) -> None:
    assert tier(made(block, Home(None, tmp_path / "nowhere"))) == "cad"
    compiled(tmp_path / "charts", block)
    assert tier(made(block, Home(None, None))) == "cad"


def test_a_body_from_a_chart_is_remembered_in_the_process(block: type[Template], tmp_path: pathlib.Path) -> None:
    compiled(tmp_path / "charts", block)
    home = Home(tmp_path / "disk", tmp_path / "charts")
    first, again = made(block, home), made(block, home)
    hits = [[s["hit"] for s in p.report.figures["stages"] if s["name"] == "body"] for p in (first, again)]
    assert hits[0] == [False] and (hits[1] == [True] or hits[1] == [])
    assert tier(again) == "chart" and again.files["record.json"] == first.files["record.json"]
    assert not [p for p in tmp_path.rglob("*.body")], "what is made faster than read does not go to disk"


def test_bodies_of_cad_and_of_charts_are_not_mixed(block: type[Template], tmp_path: pathlib.Path) -> None:
    """What CAD drew before there was a chart is on disk; a chart serves none the less. And the other way round."""
    disk = tmp_path / "disk"
    drawn = made(block, Home(disk, tmp_path / "charts"))
    assert tier(drawn) == "cad" and len(list(disk.rglob("*.body"))) == 1
    compiled(tmp_path / "charts", block)
    fresh = template(tmp_path / "again")
    charted = made(fresh, Home(disk, tmp_path / "charts"))
    assert tier(charted) == "chart" and deep(charted) == 7.0
    without = made(template(tmp_path / "once more"), Home(disk, None))
    assert deep(without) == pytest.approx(7.5)


def run_of(cls: type[Template], charts: pathlib.Path) -> Run:
    return Run(cls, {}, {}, {}, home=Home(None, charts))


def test_the_digest_of_charts_is_of_what_they_hold(tmp_path: pathlib.Path) -> None:
    """Another chart of the same name and size is another one."""
    found = []
    for k, worth in enumerate((1.0, 1.0, 2.0)):
        cls, root = template(tmp_path / f"t{k}"), tmp_path / f"charts{k}"
        path = compiled(root, cls)
        about, arrays = form.read(path).about, dict(form.read(path).arrays)
        form.write(path, form.encoded(about, {**arrays, "scale": arrays["scale"] * worth}))
        found.append((charts_digest(run_of(cls, root), "body"), path.stat().st_size))
    assert found[0] == found[1] and found[0][0] != found[2][0] and found[0][1] == found[2][1]
    assert charts_digest(run_of(template(tmp_path / "t9"), tmp_path / "nowhere"), "body") == ""


def test_charts_that_go_while_a_process_serves(block: type[Template], tmp_path: pathlib.Path) -> None:
    """Somebody compiles anew meanwhile: a process that knew them goes on."""
    path = compiled(tmp_path / "charts", block)
    assert charts_digest(run_of(block, tmp_path / "charts"), "body")
    path.unlink()
    home = Home(tmp_path / "disk", tmp_path / "charts")
    assert tier(made(block, home)) == "cad"


def test_the_same_bytes_in_other_processes(tmp_path: pathlib.Path) -> None:
    """Two processes; another BLAS, another libm, another order of sets."""
    cls = template(tmp_path)
    compiled(tmp_path / "charts", cls)
    told = []
    for variation in (
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "2", "OPENBLAS_CORETYPE": "Nehalem", "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2"},
    ):
        command = [sys.executable, "-m", "tests.engine.language.charted_block", str(tmp_path)]
        ended = subprocess.run(command, cwd=ROOT, env={**os.environ, **variation}, capture_output=True, text=True, check=True)
        told.append(json.loads(ended.stdout))
    assert [name for name, _ in told[0]] == ["chart"] * 3
    assert told[0] == told[1] and len({json.dumps(files) for _, files in told[0]}) == 3


def test_the_template_of_these_tests_draws_otherwise() -> None:
    """Were it drawn as its chart has it, none of these would tell the two apart."""
    assert "deep + DEEPER" in BLOCK and "DEEPER = 0.5" in BLOCK
