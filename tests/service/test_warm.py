"""`unikat warm` forgets no kernel: what the sources declare is what it compiles."""

from __future__ import annotations

import ast
import pathlib
from collections.abc import Iterator

import pytest

import kernels
from kernels.compiled import Kernel
from service.health import warm_kernels

FOLDER = pathlib.Path(kernels.__path__[0])


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
    assert warm_kernels() == 0
    expected = sorted(declared())
    assert len(expected) > 80
    # a test may have declared kernels of its own in this process
    assert sorted(k for k in compiled if k.startswith("kernels.")) == expected
    assert f"{len(compiled)} kernels ready" in capsys.readouterr().out
    assert not [p for p in FOLDER.iterdir() if p.is_dir() and p.name != "__pycache__"], "a folder here would need a walk"
