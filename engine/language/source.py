"""Which code draws a @cad stage: a digest of the method and of all that it calls in its template's own package.

Comments, docstrings and layout do not count. Of nested stages only the results reach a chart, as numbers, so their code does not
count either; plain methods that the @cad method calls do. The digest is the same in every process and under every Python that is
supported: a chart that was made under one serves the others.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import sys
import textwrap
import types
from collections.abc import Iterator
from typing import Any

from engine.language.parameters import Field
from engine.language.stages import CadStage, Step, vars_of
from engine.language.template import Template

_PLAIN = (bool, int, float, str, bytes, type(None))


def source_digest(cls: type[Template], stage: str) -> str:
    """sha256 over the normalised source of what draws that @cad stage, and over the constants that it uses."""
    known = _KNOWN.get((cls, stage))
    if known is None:
        known = _KNOWN[cls, stage] = _digest(cls, stage)
    return known


_KNOWN: dict[tuple[type[Template], str], str] = {}


def _digest(cls: type[Template], stage: str) -> str:
    step = cls.stages[stage]
    assert isinstance(step, CadStage)
    found: dict[str, str] = {}
    seen: set[int] = set()
    names: set[str] = set()
    waiting: list[Any] = [step.function]
    modules = list(_modules(cls))
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        found[f"{one.__module__}.{one.__qualname__}"] = _text(one)
        used = _names_of(one)
        fresh = used - names
        names |= used
        waiting += _called(one, used, cls, found)
        waiting += [c for m in modules for c in _classes(m) if id(c) not in seen and any(_plain_member(c, n) for n in fresh)]
    digest = hashlib.sha256()
    for name in sorted(found):
        digest.update(f"{name}\0{found[name]}\0".encode())
    return digest.hexdigest()


def _modules(cls: type[Template]) -> Iterator[types.ModuleType]:
    """The template's own modules, as far as they are imported."""
    name = cls.__module__
    package = name.rpartition(".")[0]
    for key in sorted(sys.modules):
        module = sys.modules[key]
        if module is not None and (key == name or (package and (key == package or key.startswith(package + ".")))):
            yield module


def _own(thing: Any, cls: type[Template]) -> bool:
    name = cls.__module__
    package = name.rpartition(".")[0]
    where = getattr(thing, "__module__", None) or ""
    return where == name or bool(package and (where == package or where.startswith(package + ".")))


def _classes(module: types.ModuleType) -> list[type]:
    """Classes that are defined there, templates apart: what their numbers become is a stage's affair."""
    return [
        c
        for _, c in sorted(vars(module).items())
        if isinstance(c, type) and c.__module__ == module.__name__ and not issubclass(c, Template)
    ]


def _plain_member(cls: type, name: str) -> bool:
    """Has the class code of that name: a method, a property?"""
    found = vars(cls).get(name)
    return isinstance(found, types.FunctionType | property | classmethod | staticmethod)


def _text(thing: Any) -> str:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    except (OSError, TypeError, SyntaxError):
        code = getattr(thing, "__code__", None)
        return repr((code.co_code, code.co_consts)) if code else repr(thing)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first: object = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            assert isinstance(body, list)
            body[0] = ast.Pass()
    return _dumped(tree)


def _dumped(node: Any) -> str:
    """As `ast.dump`, without what is empty (fields, pieces of an f-string): which of those there are depends on Python's version."""
    if isinstance(node, ast.JoinedStr):
        return f"JoinedStr({', '.join(_dumped(v) for v in node.values if getattr(v, 'value', None) != '')})"
    if isinstance(node, ast.AST):
        told = [(name, getattr(node, name, None)) for name in node._fields]
        return f"{type(node).__name__}({', '.join(f'{name}={_dumped(v)}' for name, v in told if v is not None and v != [])})"
    return f"[{', '.join(map(_dumped, node))}]" if isinstance(node, list) else repr(node)


def _told(value: Any) -> str:
    """As `repr`, without what differs between two processes: the order of a set, an address."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_told(k)}: {_told(v)}' for k, v in value.items())}}}"
    if type(value) in (list, tuple):
        return f"{type(value).__name__}({', '.join(map(_told, value))})"
    if isinstance(value, set | frozenset):
        return f"{type(value).__name__}({', '.join(sorted(map(_told, value)))})"
    if isinstance(value, type | types.FunctionType):
        return f"{value.__module__}.{value.__qualname__}"
    return type(value).__qualname__ if repr(value) == object.__repr__(value) else repr(value)


def _codes(thing: Any) -> Iterator[types.CodeType]:
    if isinstance(thing, type):
        for _, member in sorted(vars(thing).items()):
            for inner in (member, getattr(member, "fget", None), getattr(member, "__func__", None)):
                if (
                    isinstance(inner, types.FunctionType) and inner.__code__.co_filename != "<string>"
                ):  # not what a dataclass wrote
                    yield from _nested(inner.__code__)
    elif isinstance(thing, types.FunctionType):
        yield from _nested(thing.__code__)


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _nested(inner)


def _names_of(thing: Any) -> set[str]:
    return {name for code in _codes(thing) for name in code.co_names}


def _called(thing: Any, names: set[str], cls: type[Template], found: dict[str, str]) -> list[Any]:
    """Own functions and classes by the names that the code uses; constants are noted at once."""
    spaces: list[tuple[str, dict[str, Any]]] = [(thing.__module__, vars(sys.modules[thing.__module__]))]
    own: list[Any] = []
    for name in sorted(names):
        value = spaces[0][1].get(name)
        if isinstance(value, types.ModuleType) and _own(types.SimpleNamespace(__module__=value.__name__), cls):
            spaces.append((value.__name__, vars(value)))
    for where, space in spaces:
        for name in sorted(names & space.keys()):
            value = space[name]
            if isinstance(value, types.FunctionType | type) and _own(value, cls) and not _is_template(value):
                own.append(value)
            elif isinstance(value, _PLAIN) or (isinstance(value, tuple | dict | frozenset) and not callable(value)):
                found[f"{where}.{name}"] = _told(value)
    members = vars_of(cls)
    for name in sorted(names):
        member = members.get(name)
        function = member.fget if isinstance(member, property) else member
        if isinstance(function, types.FunctionType) and not isinstance(member, Step | Field) and _own(function, cls):
            own.append(function)
    return own


def _is_template(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Template)
