"""What a designer's files reach for that no stage may: clocks, chance, files, the network, processes. By reading, not by running."""

from __future__ import annotations

import ast
import pathlib
import sys

from engine.language.stages import own_folder
from engine.language.template import Template

FORBIDDEN = {
    "time": "the clock",
    "datetime": "the clock",
    "calendar": "the clock",
    "random": "chance",
    "secrets": "chance",
    "uuid": "chance",
    "os": "the machine",
    "sys": "the machine",
    "platform": "the machine",
    "subprocess": "other programs",
    "socket": "the network",
    "urllib": "the network",
    "http": "the network",
    "pathlib": "files",
    "io": "files",
    "tempfile": "files",
    "threading": "threads",
}
CALLS = {"open": "files", "id": "memory addresses", "hash": "a seed of the process", "input": "the terminal"}


def reaches(cls: type[Template]) -> list[str]:
    """`tag.py:12 reads the clock (time)`, a line for each place in the template's own files."""
    own = pathlib.Path(own_folder(cls))
    files = sorted(own.rglob("*.py")) if own.is_dir() else [pathlib.Path(str(sys.modules[cls.__module__].__file__))]
    return [line for path in files for line in reached(path.name, path.read_text(encoding="utf-8"))]


def reached(name: str, text: str) -> list[str]:
    """The same of one file."""
    found = []
    for node in ast.walk(ast.parse(text)):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules = [node.module]
        elif isinstance(node, ast.Attribute) and node.attr == "random" and isinstance(node.value, ast.Name):
            modules = ["random"] if node.value.id in ("np", "numpy") else []
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in CALLS:
                found.append((node.lineno, CALLS[node.func.id], f"{node.func.id}()"))
            elif node.func.id == "__import__" and node.args and isinstance(node.args[0], ast.Constant):
                modules = [str(node.args[0].value)]
        found += [(node.lineno, FORBIDDEN[m], m) for m in (m.partition(".")[0] for m in modules) if m in FORBIDDEN]  # type: ignore[attr-defined]
    return [f"{name}:{line} reads {what} ({how})" for line, what, how in sorted(found)]
