"""The digest of what draws a @cad stage: it changes with all that the drawing depends on, and with nothing else."""

from __future__ import annotations

import importlib
import os
import pathlib
import subprocess
import sys

import pytest

from engine.language.source import constant, source_digest

ROOT = pathlib.Path(__file__).parents[3]
CASE = '''
from __future__ import annotations
import functools
from dataclasses import dataclass
from drawn_package import shapes
from drawn_package.plans import Plan
from drawn_package.shapes import holes as punched
from engine.authoring import Template, cad, length, stage

LIP = 1.2
HOLES = [1.0, 2.0]
WORDS = frozenset({"one", "two", "three", "four"})
TABLE = {"round": shapes.rounded}
SEAT = Plan(3.0, 4.0)
half = functools.partial(shapes.scaled, by=0.5)


def unrelated(x):
    return x + 1


@functools.cache
def cached(x):
    return x * 2.0


class Case(Template):
    """A case."""
    key, version = "drawn-case", 1
    wall = length(1.6, low=1.0, high=3.0, step=0.1, label="Wall")
    RIM = 0.7

    @stage
    def plan(self):
        return Plan(10.0, self.wall)

    def corner(self):
        return self.wall * 2.0

    @staticmethod
    def flat(x):
        return x - 0.5

    @property
    def deep(self):
        return 4.0

    @cad
    def body(self, cq):
        """Draws."""
        from drawn_package.late import nosed
        plan = self.plan()
        box = cq.Workplane().box(plan.area(), self.corner(), LIP)  # a comment
        box = punched(box, HOLES, WORDS, self.RIM, self.flat(2.0), self.deep, plan.diagonal)
        return shapes.outer(TABLE["round"](box, half(2.0), cached(SEAT.wide))), nosed(box)

    @stage
    def product(self):
        return self.body().part("p")
'''
SHAPES = """
ROUND = 0.3
STEP = 0.25


def outer(box):
    return inner(box)


def inner(box, by=STEP):
    return box.edges().fillet(ROUND * by)


def holes(box, *what):
    return box


def rounded(box, *what):
    return box


def scaled(x, by):
    return x * by


def nobody_calls(x):
    return x
"""
PLANS = """
import functools
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    wide: float
    deep: float

    def area(self):
        return self.wide * self.deep

    @functools.cached_property
    def diagonal(self):
        return self.wide + self.deep

    def nobody_asks(self):
        return 1
"""
LATE = """
def nosed(box):
    return box
"""
FILES = {"__init__": "", "case": CASE, "shapes": SHAPES, "plans": PLANS, "late": LATE}


def digest(folder: pathlib.Path, file: str = "", old: str = "", new: str = "") -> str:
    """Of the package with one change, imported afresh."""
    package = folder / "drawn_package"
    package.mkdir(parents=True)
    for name, text in FILES.items():
        assert name != file or text.count(old) == 1
        (package / f"{name}.py").write_text(text.replace(old, new) if name == file else text, encoding="utf-8")
    for name in [n for n in sys.modules if n.partition(".")[0] == "drawn_package"]:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        return source_digest(importlib.import_module("drawn_package.case").Case, "body")
    finally:
        sys.path.remove(str(folder))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        pytest.param("case", "# a comment", "# another", id="comment"),
        pytest.param("case", '        """Draws."""\n', "", id="docstring"),
        pytest.param("case", "def corner(self):\n", 'def corner(self):\n        """Said."""\n', id="a new docstring"),
        pytest.param("case", "return x * 2.0", "return   (x\n        * 2.0)", id="layout"),
        pytest.param("case", "return x + 1", "return x + 2", id="unrelated function"),
        pytest.param(
            "shapes", "def nobody_calls(x):\n    return x", "def nobody_calls(x):\n    return 3", id="another module's"
        ),
        pytest.param("case", "return Plan(10.0, self.wall)", "return Plan(11.0, self.wall)", id="nested stage"),
        pytest.param("case", "step=0.1", "step=0.2", id="parameter"),
        pytest.param("case", 'part("p")', 'part("q")', id="another stage"),
    ],
)
def test_what_does_not_count(tmp_path: pathlib.Path, file: str, old: str, new: str) -> None:
    assert digest(tmp_path / "a") == digest(tmp_path / "b", file, old, new)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        pytest.param("case", "cq.Workplane()", "cq.Workplane('XZ')", id="the method"),
        pytest.param("case", "LIP = 1.2", "LIP = 1.3", id="constant"),
        pytest.param("case", "HOLES = [1.0, 2.0]", "HOLES = [1.0, 2.5]", id="list"),
        pytest.param("case", '"four"', '"five"', id="set"),
        pytest.param("case", "SEAT = Plan(3.0, 4.0)", "SEAT = Plan(3.5, 4.0)", id="dataclass"),
        pytest.param("case", "by=0.5", "by=0.6", id="partial"),
        pytest.param("case", "RIM = 0.7", "RIM = 0.8", id="constant of the class"),
        pytest.param("case", "return self.wall * 2.0", "return self.wall * 3.0", id="plain method"),
        pytest.param("case", "return x - 0.5", "return x - 0.6", id="static method"),
        pytest.param("case", "return 4.0", "return 5.0", id="property"),
        pytest.param("case", "return x * 2.0", "return x * 3.0", id="cached helper"),
        pytest.param("shapes", "return inner(box)", "return inner(box, 1.0)", id="helper"),
        pytest.param("shapes", "box.edges()", "box.faces()", id="helper's helper"),
        pytest.param("shapes", "ROUND = 0.3", "ROUND = 0.4", id="helper's constant"),
        pytest.param("shapes", "STEP = 0.25", "STEP = 0.5", id="default argument by name"),
        pytest.param("shapes", "def inner(box, by=STEP)", "def inner(box, by=2.0)", id="default argument"),
        pytest.param(
            "shapes", "def holes(box, *what):\n    return box", "def holes(box, *what):\n    return 1", id="by another name"
        ),
        pytest.param(
            "shapes", "def rounded(box, *what):\n    return box", "def rounded(box, *what):\n    return 1", id="in a table"
        ),
        pytest.param("shapes", "return x * by", "return x + by", id="what a partial calls"),
        pytest.param("plans", "self.wide * self.deep", "self.wide - self.deep", id="method of a value class"),
        pytest.param("plans", "self.wide + self.deep", "self.wide - self.deep", id="cached property of a value class"),
        pytest.param("late", "return box", "return None", id="imported in the method"),
    ],
)
def test_what_counts(tmp_path: pathlib.Path, file: str, old: str, new: str) -> None:
    assert digest(tmp_path / "a") != digest(tmp_path / "b", file, old, new)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"b", "a"}, "{'a','b'}"),
        ({"a": [1, 2.5]}, "{'a':list[1,2.5]}"),
        (len, None),
        (object(), None),
        ((1, None), "tuple[1,None]"),
    ],
)
def test_constants_as_words(value: object, said: str | None) -> None:
    assert constant(value) == said


def test_the_same_in_any_process(tmp_path: pathlib.Path) -> None:
    """A set's order and a function's address are of one process alone."""
    here = digest(tmp_path)
    script = "from drawn_package.case import Case; from engine.language.source import source_digest; print(source_digest(Case, 'body'))"
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
        ended = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
        assert ended.stdout.strip() == here


def test_the_language_does_without_numba() -> None:
    """The web process imports templates; charts and their kernels come with the first body."""
    script = "import sys, engine.language.stages, engine.authoring; print([m for m in ('numba', 'engine.chart.chart') if m in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
