"""Which code draws a @cad stage: a digest of the method and of all that it calls in its template's own package.

Comments, docstrings and layout do not count. Of nested stages only the results reach a chart, as numbers, so their code does not
count either; plain methods that the @cad method calls do. The digest is the same in every process and under every Python that is
supported: a chart that was made under one serves the others.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import hashlib
import importlib
import importlib.util
import inspect
import sys
import textwrap
import types
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

import numpy as np

from engine.language.parameters import Field
from engine.language.stages import CadStage, Step, vars_of
from engine.language.template import Template

_PLAIN = (bool, int, float, str, bytes, type(None))
_FILLED = (list, set, dict, np.ndarray)


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
        found[f"{_within(one.__module__, cls)}.{one.__qualname__}"] = _text(one)
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
    return _own_name(getattr(thing, "__module__", None) or "", cls)


def _own_name(where: str, cls: type[Template]) -> bool:
    """Is that module the template's, or of its package?"""
    name = cls.__module__
    package = name.rpartition(".")[0]
    return where == name or bool(package and (where == package or where.startswith(package + ".")))


def _within(where: str, cls: type[Template]) -> str:
    """A module's name within the template's package: a designer's file that lies elsewhere is the same file."""
    name = cls.__module__
    return where.removeprefix(name.rpartition(".")[0] or name)


def _classes(module: types.ModuleType) -> list[type]:
    """Classes that are defined there, templates apart: what their numbers become is a stage's affair."""
    return [
        c
        for _, c in sorted(vars(module).items())
        if isinstance(c, type) and c.__module__ == module.__name__ and not issubclass(c, Template)
    ]


def _plain_member(cls: type, name: str) -> bool:
    """Has the class code of that name: a method, a property?"""
    return isinstance(_wrapped(vars(cls).get(name)), types.FunctionType)


@functools.lru_cache(64)
def _tree(thing: Any) -> ast.Module | None:
    """Its source without docstrings; None where there is none, or it is not all of a line."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    except (OSError, TypeError, SyntaxError):
        return None
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first: object = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            assert isinstance(body, list)
            body[:1] = [] if len(body) > 1 else [ast.Pass()]
    return tree


def _text(thing: Any) -> str:
    """What it does, as words, with the values of its default arguments and of what it closes over."""
    tree = _tree(thing)
    words = [_compiled(thing) if tree is None else _dumped(tree)]
    if isinstance(thing, types.FunctionType):
        given = [*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()]
        closed = [c.cell_contents for c in thing.__closure__ or () if not _empty(c)]
        words += [constant(value) or "" for value in [*given, *closed]]
    return "\0".join(words)


def _dumped(node: Any) -> str:
    """As `ast.dump`, without what is empty (fields, pieces of an f-string): which of those there are depends on Python's version."""
    if isinstance(node, ast.JoinedStr):
        return f"JoinedStr({', '.join(_dumped(v) for v in node.values if getattr(v, 'value', None) != '')})"
    if isinstance(node, ast.AST):
        told = [(name, getattr(node, name, None)) for name in node._fields]
        return f"{type(node).__name__}({', '.join(f'{name}={_dumped(v)}' for name, v in told if v is not None and v != [])})"
    return f"[{', '.join(map(_dumped, node))}]" if isinstance(node, list) else repr(node)


def _empty(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is cell
    except ValueError:
        return True


def _compiled(thing: Any) -> str:
    """What stands for the source of a function that has none."""
    told = [(c.co_code, c.co_names, [constant(k) for k in c.co_consts]) for c in _codes(thing)]
    return repr(told) if told else str(getattr(thing, "__qualname__", ""))


def constant(value: object) -> str | None:
    """A constant as words, the same in every process; None where it is none: a function, a class, a module, something else's state."""
    kind = type(value)
    if isinstance(value, Enum):
        return f"{kind.__qualname__}.{value.name}={constant(value.value)}"
    if isinstance(value, _PLAIN):
        return repr(value)
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"
    if isinstance(value, tuple | list):
        return f"{kind.__qualname__}[{','.join(map(_part, value))}]"
    if isinstance(value, set | frozenset):
        return f"{{{','.join(sorted(map(_part, value)))}}}"
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{_part(k)}:{_part(v)}' for k, v in value.items())}}}"
    if dataclasses.is_dataclass(kind):
        told = [f"{f.name}={constant(getattr(value, f.name, None))}" for f in dataclasses.fields(kind)]
        return f"{kind.__qualname__}({','.join(told)})"
    return None


def _part(value: object) -> str:
    """What a container holds: a constant, or which function or class."""
    if isinstance(value, type | types.FunctionType):
        return f"{value.__module__}.{value.__qualname__}"
    return str(constant(value))


def _held(value: object) -> Iterator[object]:
    """It, and what it holds or wraps: a table of functions, a cached one, one with arguments filled in."""
    yield value
    if isinstance(value, tuple | list | set | frozenset):
        for one in value:
            yield from _held(one)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _held(one)
    elif isinstance(value, functools.partial):
        yield from _held((value.func, value.args, value.keywords))
    elif not isinstance(value, _PLAIN) and not isinstance(value, types.FunctionType | type | types.ModuleType):
        if dataclasses.is_dataclass(value):
            yield type(value)
        if (inside := _wrapped(value)) is not value:
            yield from _held(inside)


def _wrapped(member: Any) -> Any:
    """The function in a property, a static or class method, or a cache."""
    if member is None or (type(member) is types.FunctionType and not vars(member)):  # most: what follows looks long
        return member
    for name in ("fget", "__func__", "func", "__wrapped__"):
        inside = inspect.getattr_static(member, name, None)
        if inside is not None:
            return getattr(member, name)
    return member


def _codes(thing: Any) -> Iterator[types.CodeType]:
    if isinstance(thing, type):
        for _, member in sorted(vars(thing).items()):
            inner = _wrapped(member)
            if isinstance(inner, types.FunctionType) and inner.__code__.co_filename != "<string>":  # not what a dataclass wrote
                yield from _nested(inner.__code__)
    elif isinstance(thing, types.FunctionType):
        yield from _nested(thing.__code__)


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _nested(inner)


def _names_of(thing: Any) -> set[str]:
    """Names that its code uses, those of its decorators and base classes too."""
    tree = _tree(thing)
    outside: set[str] = set()
    for node in tree.body if tree is not None else ():
        above = [*getattr(node, "decorator_list", ()), *getattr(node, "bases", ())]
        outside |= {n.id for one in above for n in ast.walk(one) if isinstance(n, ast.Name)}
    return outside | {name for code in _codes(thing) for name in code.co_names}


def _called(thing: Any, names: set[str], cls: type[Template], found: dict[str, str]) -> list[Any]:
    """Own functions and classes by the names that the code uses; constants are noted at once."""
    spaces: list[tuple[str, Mapping[str, Any]]] = [(thing.__module__, vars(sys.modules[thing.__module__]))]
    spaces += [(m.__name__, vars(m)) for m in _imported(thing, cls)]
    for _, space in spaces:  # grows: a module in a module
        for name in sorted(names):
            value = space.get(name)
            known = isinstance(value, types.ModuleType) and any(value.__name__ == one for one, _ in spaces)
            if isinstance(value, types.ModuleType) and _own_name(value.__name__, cls) and not known:
                spaces.append((value.__name__, vars(value)))
    spaces.append((f"{cls.__module__}.{cls.__qualname__}", vars_of(cls)))
    own: list[Any] = []
    waiting = [(where, space, name) for where, space in spaces for name in sorted(names & space.keys())]
    for where, space, name in waiting:
        if isinstance(space[name], Step | Field):
            continue
        if isinstance(space[name], _FILLED) and (told := _assigned(where, name)) is not None:
            found[f"{_within(where, cls)}.{name}"] = _dumped(told)
            more = {n.id for n in ast.walk(told) if isinstance(n, ast.Name)} & space.keys()
            waiting += [one for n in sorted(more) if (one := (where, space, n)) not in waiting]
            own += [v for v in _held(space[name]) if isinstance(v, types.FunctionType) and _own(v, cls)]
        else:
            for value in _held(space[name]):
                if isinstance(value, types.FunctionType | type) and _own(value, cls) and not _is_template(value):
                    own.append(value)
            if (said := constant(space[name])) is not None:
                found[f"{_within(where, cls)}.{name}"] = said
            elif isinstance(space[name], functools.partial):
                found[f"{_within(where, cls)}.{name}"] = str(constant((space[name].args, space[name].keywords)))
    return own


def _assigned(module: str, name: str) -> ast.expr | None:
    """What a module says that a name is: a list or table may have been filled since."""
    tree = _tree(sys.modules[module]) if module in sys.modules else None
    for node in tree.body if tree is not None else ():
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(t, ast.Name) and t.id == name for t in targets):
                return node.value
    return None


def _imported(thing: Any, cls: type[Template]) -> Iterator[types.ModuleType]:
    """Own modules that the code itself imports."""
    tree = _tree(thing)
    package = thing.__module__ if hasattr(sys.modules[thing.__module__], "__path__") else thing.__module__.rpartition(".")[0]
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            name = importlib.util.resolve_name(base, package) if node.level else base
            wanted = [name, *(f"{name}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            wanted = [alias.name for alias in node.names]
        else:
            continue
        for one in wanted:
            if _own_name(one, cls) and _is_module(one):
                yield importlib.import_module(one)


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # a name in a module
        return False


def _is_template(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Template)
