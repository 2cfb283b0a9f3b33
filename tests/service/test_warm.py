"""`unikat warm` forgets no kernel: what the sources declare is what it compiles, each once, whether children do it or cannot."""

from __future__ import annotations

import ast
import importlib
import pathlib
from collections.abc import Iterator

import pytest

import kernels
from kernels.compiled import PLAIN, REGISTRY, Kernel
from service import warming

FOLDER = pathlib.Path(kernels.__path__[0])
MADE: list[bool] = []
"""Of each kernel that this process made ready: was it compiled?"""
SMALL = ("kernels.roll", "kernels.twins", "kernels.regress")


def declared() -> Iterator[str]:
    """module.name of every function with @kernel(...), by the sources alone."""
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for made in getattr(node, "decorator_list", ()):
                called = made.func if isinstance(made, ast.Call) else made
                if getattr(called, "attr", getattr(called, "id", "")) == "kernel":
                    yield f"kernels.{path.stem}.{node.name}"  # type: ignore[attr-defined]


def test_every_kernel_of_every_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    compiled: list[str] = []
    monkeypatch.setattr(Kernel, "compile", lambda self: compiled.append(f"{self.python.__module__}.{self.python.__qualname__}"))
    assert warming.run(jobs=1) == 0
    expected = sorted(declared())
    assert len(expected) > 80
    # a test may have declared kernels of its own in this process
    assert sorted(k for k in compiled if k.startswith("kernels.")) == expected
    assert f"{len(compiled)} kernels ready" in capsys.readouterr().out
    assert not [p for p in FOLDER.iterdir() if p.is_dir() and p.name != "__pycache__"], "a folder here would need a walk"


@pytest.fixture
def few(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> list[Kernel[..., object]]:
    """The kernels of three small modules are all there are, as before anything was compiled; machine code is kept in tmp_path."""
    if PLAIN:
        pytest.skip("only compiled kernels are kept")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))  # of children, too
    compiled, told = Kernel.compile, MADE
    told.clear()
    monkeypatch.setattr(Kernel, "compile", lambda self: told.append(compiled(self)))
    for name in SMALL:
        importlib.import_module(name)
    found = [Kernel(one.python, one.signature, one.writes) for one in REGISTRY if one.python.__module__ in SMALL]
    monkeypatch.setattr(warming, "REGISTRY", found)
    return found


def told_by(capsys: pytest.CaptureFixture[str], count: int) -> str:
    """What was told of trouble; how many kernels are ready is as ever."""
    out, trouble = capsys.readouterr()
    words = out.split()
    assert words[:4] == [str(count), "kernels", "ready", "after"] and words[5:] == ["s", "CPU"] and float(words[4]) > 0.0
    return trouble


def from_disk(some: list[Kernel[..., object]]) -> bool:
    """Whether this process loaded each of them, and compiled none."""
    return not any(MADE) and len(MADE) == len(some)


def test_children_compile_each_kernel_and_none_twice(
    few: list[Kernel[..., object]], tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(few) >= 3 and not any(one.kept for one in few)
    assert warming.run(jobs=2) == 0
    assert all(one.kept for one in few) and from_disk(few)
    assert len(list(tmp_path.rglob("*.code"))) == len(few)
    assert told_by(capsys, len(few)) == ""
    assert warming.missing(FOLDER) == []


def test_one_job_has_no_child(
    few: list[Kernel[..., object]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(warming, "Child", None)
    assert warming.run(jobs=1) == 0
    assert all(one.kept for one in few) and not from_disk(few)
    assert told_by(capsys, len(few)) == ""


def test_what_a_child_does_not_compile_is_told_and_compiled_here(
    few: list[Kernel[..., object]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(warming, "DEADLINE", 0.01)
    assert warming.run(jobs=2) == 0
    assert all(one.kept for one in few) and not from_disk(few)
    trouble = told_by(capsys, len(few)).splitlines()
    assert sorted(line.split()[0] for line in trouble) == sorted(SMALL)
    assert all("was not compiled by a child: " in line for line in trouble)


def test_what_a_child_raises_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert warming.by_children(["kernels.none", "kernels.never"], 2) == 0.0
    trouble = capsys.readouterr().err.splitlines()
    assert len(trouble) == 2 and all("ModuleNotFoundError" in line for line in trouble)


def test_the_largest_file_is_begun_first(few: list[Kernel[..., object]]) -> None:
    assert warming.missing(FOLDER) == ["kernels.twins", "kernels.regress", "kernels.roll"]
    for one in few:
        if one.python.__module__ == "kernels.regress":
            one.compile()
    assert warming.missing(FOLDER) == ["kernels.twins", "kernels.roll"]
