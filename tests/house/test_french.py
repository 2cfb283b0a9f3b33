"""Nothing that a customer is told lacks its French: the engine's sentences, and every text of our templates."""

from __future__ import annotations

import ast
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from engine.errors import OrderError
from engine.french import LIMITS, REASONS, SENTENCES, french, french_limit
from engine.language import shelf
from engine.language.judge import relations_of
from engine.language.orders import accept
from engine.language.template import Run, Template
from engine.model.order import Order
from engine.process.limits import list_processes
from engine.shape import characters

ROOT = pathlib.Path(__file__).parents[2]
SAYS = {"OrderError": 1, "Refused": 1, "wrong": 0}
"""What makes an error of a customer's, and where among its arguments the sentence stands."""


def sentences(tree: ast.AST, name: str) -> Iterator[str]:
    """All that is handed to such errors as `why`, `limit` or `nearest`, directly or by a variable; holes as {}."""
    for scope in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
        for call in (n for n in ast.walk(scope) if isinstance(n, ast.Call)):
            called = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if called not in SAYS:
                continue
            place = SAYS[called] + ("why", "value", "limit", "nearest").index(name)
            for value in [k.value for k in call.keywords if k.arg == name] + call.args[place : place + 1]:
                yield from literals(value, scope)


def literals(node: ast.expr, scope: ast.FunctionDef, via: tuple[str, ...] = ()) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from literals(node.body, scope, via)
        yield from literals(node.orelse, scope, via)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    elif isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant):
        yield f"{node.left.value}{{}}"
    elif isinstance(node, ast.Name) and node.id not in via:
        for assigned in (n for n in ast.walk(scope) if isinstance(n, ast.Assign)):
            for target in assigned.targets:
                pairs = [(target, assigned.value)]
                if isinstance(target, ast.Tuple):
                    both = (
                        [assigned.value.body, assigned.value.orelse]
                        if isinstance(assigned.value, ast.IfExp)
                        else [assigned.value]
                    )
                    pairs = [p for b in both if isinstance(b, ast.Tuple) for p in zip(target.elts, b.elts, strict=True)]
                for left, right in pairs:
                    if isinstance(left, ast.Name) and left.id == node.id:
                        yield from literals(right, scope, (*via, node.id))


def spoken(folder: str, name: str) -> set[str]:
    files = [
        p for p in sorted((ROOT / folder).rglob("*.py")) if "reading" not in p.relative_to(ROOT).parts
    ]  # its `wrong` makes InputErrors
    return {s for p in files for s in sentences(ast.parse(p.read_text(encoding="utf-8")), name)}


def untold(found: set[str]) -> set[str]:
    """Those without French: what has letters beside its holes and its units."""
    return {s for s in found if s not in SENTENCES and s not in ("{}: {}", "{}{}")}


@pytest.mark.parametrize("folder", ["engine", "service"])
def test_every_sentence_of_an_order_error(folder: str) -> None:
    found = spoken(folder, "why")
    assert len(found) > 4 and not untold(found)


def test_every_character_that_is_not_taken() -> None:
    tree = ast.parse(pathlib.Path(str(characters.__file__)).read_text(encoding="utf-8"))
    returned = {str(n.value.value) for n in ast.walk(tree) if isinstance(n, ast.Return) and isinstance(n.value, ast.Constant)}
    found = {r for r in returned if " " in r} | set(characters._CONTROLS.values())
    assert len(found) > 6 and not untold(found)


@pytest.mark.parametrize("name", ["limit", "nearest"])
def test_every_limit(name: str) -> None:
    plain = {"en", "{} {}", "{} mm"}  # numbers with units
    found = {s for folder in ("engine", "service") for s in spoken(folder, name) if any(c.isalpha() for c in s)} - plain
    assert found and not {s for s in found if french_limit(s.replace("{}", "7")) == s.replace("{}", "7")}


def test_every_reason_that_a_step_refusal_quotes() -> None:
    tree = ast.parse((ROOT / "engine/doors/cad_stamp.py").read_text(encoding="utf-8"))
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "Unstamped"]
    found = {"".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in c.args[0].values) for c in calls}  # type: ignore[attr-defined]
    assert len(found) > 6 and {f.removesuffix("{}") if "no valid solid" in f else f for f in found} <= set(REASONS)
    whole = (
        "there is no exact B-rep of case: a stamp cannot be done on its exact faces (the outline leaves the exact face back)"
    )
    assert str(french(whole)).endswith("sur ses faces exactes (le contour sort de la face exacte back)")
    assert str(french("cannot be read: nobody says this")) == "ne peut être lu : nobody says this"


def test_a_sentence_without_french_is_seen() -> None:
    tree = ast.parse(
        "def f(x):\n  why = f'is {x} odd'\n  raise OrderError('a', why, limit='one of ' + x)\n"
        "def g(self):\n  w, n = ('new', 1) if 1 else ('newer', 2)\n  raise self.wrong(w, n)"
    )
    assert untold(set(sentences(tree, "why"))) == {"is {} odd", "new", "newer"}
    assert set(sentences(tree, "limit")) == {"one of {}"}


def test_the_tables_are_sound() -> None:
    for table in (SENTENCES, LIMITS, REASONS):
        for english, words in table.items():
            assert english.count("{}") == words.count("{}") and words.strip() == words != ""
    for english, words in SENTENCES.items():
        assert french(english.replace("{}", "7")) == words.replace("{}", "7") != english
    assert french("nobody says this") is None and french_limit("Zoé") == "Zoé" and french_limit(5) == 5
    assert french_limit("at least 1.05 mm") == "au moins 1.05 mm" and french_limit("one of 3: unikat fonts").startswith(
        "l'une de 3 :"
    )  # type: ignore[union-attr]  # a str


def test_both_languages_of_an_error() -> None:
    error = OrderError("a.b", "is too long", value="30 letters", limit="24 letters")
    assert error.for_sender() == "a.b: is too long (got '30 letters'; limit '24 letters')"
    assert error.for_sender("fr") == "a.b : est trop long (reçu '30 lettres' ; limite '24 lettres')"
    own = OrderError("a", ("is odd", "est étrange"), value="one of 5", nearest=2, rule="r")
    assert own.for_sender("fr") == "a : est étrange (reçu 'one of 5' ; plus proche admis 2) [règle r]"
    assert str(own) == "a: is odd" and OrderError("a", "alone").for_sender("fr") == "a : alone"


# ---- templates of ours ------------------------------------------------------------------------------------------------


def both(words: object) -> bool:
    """A pair of two texts; the same in both only where it is a name."""
    return isinstance(words, tuple) and len(words) == 2 and all(isinstance(w, str) and w.strip() for w in words)


OURS = [shelf.find(key) for key in shelf.installed() if shelf.ours(key)]


@pytest.mark.parametrize("cls", OURS)
def test_labels_helps_and_description(cls: type[Template]) -> None:
    assert cls.french and cls.schema("fr")["description"] != cls.schema("en")["description"]
    for field in cls.fields.values():
        assert both(field.label), field.name
        assert not field.help or both(field.help), field.name


def swept(cls: type[Template]) -> Iterator[dict[str, Any]]:
    """The defaults, each field at other values, and each key of a catalogue with letters on it."""
    texts = {n: "Zoé" for n, f in cls.fields.items() if f.kind == "text"}
    yield {}
    for name, field in cls.fields.items():
        nearby = list(field.nearby(field.default)) or list(getattr(field, "rows", ()))
        for value in [*nearby[:40], *nearby[-1:]]:
            yield {**texts, name: value}


@pytest.mark.parametrize("cls", OURS)
def test_rules_and_notes(cls: type[Template]) -> None:
    reasons: set[object] = set()
    notes: set[object] = set()
    for process in list_processes():
        for parameters in swept(cls):
            values, origins = accept(Order(cls.key, parameters=parameters), cls)
            template = cls(Run(cls, values, origins, process.flat(), home=None))
            asked = [relation for rule in cls.rules.values() for relation in relations_of(rule, template, process)]
            reasons.update(relation.why for relation in asked)
            if all(relation.holds for relation in asked):  # as on the road: of an order that is refused there are no notes
                notes.update(template.notes())
    assert len(reasons) >= max(3, len(cls.rules)) and len(notes) > 5
    assert not [words for words in (*reasons, *notes) if not both(words) or words[0] == words[1]]  # type: ignore[index]  # looked at before
