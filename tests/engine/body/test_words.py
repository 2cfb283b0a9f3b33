"""Whatever is told of a scan, a note or a refusal, has its French; no refusal's sentence holds a measure."""

from __future__ import annotations

import ast
import pathlib
from collections.abc import Iterator

from engine.french import SENTENCES

BODY = pathlib.Path(__file__).parents[3] / "engine" / "body"
ROOMS = [
    BODY / f"{room}.py"
    for room in (
        "face", "face_landmarks", "face_measures", "face_scan", "floors", "foot", "foot_doubt", "foot_frame", "foot_measures",
        "pieces", "sole", "standing",
    )
]  # fmt: skip


def literals(node: ast.expr, tree: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body, tree)
        yield from literals(node.orelse, tree)
    elif isinstance(node, ast.BinOp):
        yield from (a + b for a in literals(node.left, tree) for b in literals(node.right, tree))
    elif isinstance(node, ast.Name):
        for given in (n for n in ast.walk(tree) if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == node.id):
            yield from literals(given.value, tree)


def told(tree: ast.AST) -> tuple[set[str], set[str]]:
    """The sentences of refusals, and the notes; holes as {}."""
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    refused = {s for n in calls if ast.unparse(n.func) == "InputError" for s in literals(n.args[1], tree)}
    noted = {s for n in calls if ast.unparse(n.func) == "notes.append" for s in literals(n.args[0], tree)}
    return refused, noted


def test_all_of_it() -> None:
    found = [told(ast.parse(room.read_text(encoding="utf-8"))) for room in ROOMS]
    refused, noted = (set().union(*sentences) for sentences in zip(*found, strict=True))
    assert len(refused) > 25 and len(noted) > 14
    assert refused | noted <= set(SENTENCES)
    assert not {sentence for sentence in refused if "{}" in sentence}


def test_all_of_a_pressure_map() -> None:
    """Its sentences do hold counts: rows and columns of the file."""
    rooms = [BODY / "pressure.py", *(BODY.parent / "reading" / f"{room}.py" for room in ("pressure", "contact"))]
    refused = set().union(*(told(ast.parse(room.read_text(encoding="utf-8")))[0] for room in rooms))
    assert len(refused) > 20 and refused <= set(SENTENCES), refused - set(SENTENCES)


def test_a_sentence_without_french_is_seen() -> None:
    tree = ast.parse(
        "def f(x):\n  why = 'is odd'\n  notes.append(f'odd by {x}')\n  raise InputError(x, why if x else f'is {x}')"
    )
    assert told(tree) == ({"is odd", "is {}"}, {"odd by {}"})
