"""The tree of errors is drawn whole: every exception class of the engine stands in the docstring, under its parent."""

from __future__ import annotations

import ast
import builtins
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]
INDENT = "    "


def drawn(docstring: str) -> dict[str, str | None]:
    """class -> parent, from the indented drawing."""
    found: dict[str, str | None] = {}
    above: list[str] = []
    for line in docstring.splitlines():
        row = re.match(r"( {4,})([A-Z]\w+)(?= {2,}|$)", line)
        if row:
            depth = (len(row[1]) - len(INDENT)) // 2
            above[depth:] = [row[2]]
            found[row[2]] = above[depth - 1] if depth else None
    return found


def defined(sources: dict[str, str]) -> dict[str, str | None]:
    """Every public exception class -> its base, in these sources; the root's is None."""
    bases = {
        node.name: [ast.unparse(b).rpartition(".")[2] for b in node.bases]
        for text in sources.values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }

    def raised(name: str) -> bool:
        known = getattr(builtins, name, None)
        if isinstance(known, type):
            return issubclass(known, BaseException)
        return any(raised(base) for base in bases.get(name, ()))

    return {n: b[0] if b[0] in bases else None for n, b in bases.items() if any(raised(base) for base in b)}


SOURCES = {str(p): p.read_text(encoding="utf-8") for p in sorted((ROOT / "engine").rglob("*.py"))}
DRAWING = ast.get_docstring(ast.parse(SOURCES[str(ROOT / "engine/errors.py")]), clean=False) or ""


def test_the_drawing_is_the_tree() -> None:
    assert drawn(DRAWING) == defined(SOURCES)
    assert len(drawn(DRAWING)) > 10


def test_a_class_that_is_not_drawn_or_stands_elsewhere_is_seen() -> None:
    more = {**SOURCES, "new.py": "from engine.errors import EngineFault\nclass Melted(EngineFault): ..."}
    assert set(defined(more)) - set(drawn(DRAWING)) == {"Melted"}
    assert drawn(DRAWING.replace("        ChildFault", "      ChildFault"))["ChildFault"] != defined(SOURCES)["ChildFault"]
    assert set(drawn(DRAWING.replace("      InputError", "      OutputError"))) - set(defined(SOURCES)) == {"OutputError"}
