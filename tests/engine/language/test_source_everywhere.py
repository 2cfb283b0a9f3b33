"""The digest of what draws a @cad stage: the same under every Python, in every process, on every machine; another where the code is."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

from engine.language.source import source_digest

ROOT = pathlib.Path(__file__).parents[3]
SOURCE = '''"""A tag."""

from dataclasses import dataclass

from engine.authoring import Template, cad, length, tagged

EDGES = frozenset({"front", "back", "left", "right", "top", "bottom"})


def double(x: float) -> float:
    """Twice."""
    return 2 * x


TABLE = {"a": (1.0, 2), "b": [None, True], "c": double, "d": object()}


@dataclass(frozen=True)
class Box:
    """A box."""

    wide: float
    deep: float = 0.0

    @property
    def area(self) -> float:
        """Of its floor."""
        return self.wide * self.deep


class Tag(Template):
    """A tag."""

    key, version = "tag-of-digest", 1
    width = length(40.0, low=20.0, high=60.0, step=1.0, label=("Width", "Largeur"))

    @cad
    def body(self, cq):
        """Drawn."""
        sizes = [double(w) for w in (1, 2) if w]
        if box := Box(sum(sizes), len(EDGES)):
            box = lambda *, d=box.area, **more: [f"{k:>{d}} {v!r}" for k, v in more.items()]
        return tagged(cq.Workplane().box(self.width, *sizes), top=[i for i in TABLE if i in box(a="x")])
'''
GOLDEN = "24e1b9fae0216258f4b744574c739e9b571f61dd103fe049a5840b059d5595fe"
"""As 3.11, 3.12 and 3.13 have it. Where the way to digest is changed on purpose, all charts are made anew, and this line."""


def digest(path: pathlib.Path, source: str, name: str = "tag_of_digest") -> str:
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
        return source_digest(module.Tag, "body")
    finally:
        del sys.modules[name]


def test_it_depends_on_neither_python_nor_place(tmp_path: pathlib.Path) -> None:
    assert digest(tmp_path / "tag.py", SOURCE) == GOLDEN


@pytest.mark.parametrize("seed", ["1", "2"])
def test_it_does_not_depend_on_the_process(tmp_path: pathlib.Path, seed: str) -> None:
    """Sets have another order in each process, and objects another address."""
    code = "import pathlib, sys; sys.path.insert(0, sys.argv[2]); import test_source_everywhere as t; "
    code += "print(t.digest(pathlib.Path(sys.argv[1]), t.SOURCE))"
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "tag.py"), str(pathlib.Path(__file__).parent)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.strip() == GOLDEN


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return 2 * x", "return 3 * x"),
        ("self.wide * self.deep", "self.wide + self.deep"),
        ("(1.0, 2)", "(1.5, 2)"),
        ('"front", ', ""),
        ("for w in (1, 2)", "for w in (1, 3)"),
        ("{k:>{d}}", "{k:<{d}}"),
        ("v!r", "v!s"),
        ("*, d=box.area", "d=box.area"),
        ('"c": double', '"c": Box'),
    ],
)
def test_what_draws_counts(tmp_path: pathlib.Path, old: str, new: str) -> None:
    assert old in SOURCE
    source = SOURCE.replace(old, new)
    if new == '"c": Box':  # it must be known by then
        head, table, rest = source.partition('TABLE = {"a": (1.0, 2), "b": [None, True], "c": Box, "d": object()}\n')
        source = head + rest.replace("\n\nclass Tag", f"\n{table}\n\nclass Tag")
    assert digest(tmp_path / "tag.py", source) != GOLDEN


@pytest.mark.parametrize(
    ("old", "new"),
    [('"""Twice."""', '"""Two times."""'), ("    return 2 * x", "    # so much\n    return (2 *\n            x)")],
)
def test_comments_and_layout_do_not(tmp_path: pathlib.Path, old: str, new: str) -> None:
    assert old in SOURCE
    assert digest(tmp_path / "tag.py", SOURCE.replace(old, new)) == GOLDEN
