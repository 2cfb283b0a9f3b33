"""What the machine code of a kernel depends on: its module, all of this package that this one imports, the compiler.

Numba itself does not notice that a callee in another file changed (numba #1833, #9483). Machine code is kept under a hash of
all these, so that an edit recompiles what depends on it and nothing else, and checkouts share what is the same in both.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import importlib.util
import json
import os
import pathlib
import threading

FOLDER = pathlib.Path(__file__).resolve().parent
LOWERED = "_lowering"
"""`simd_lowering.py` teaches the compiler what `simd.py` means: who imports the one depends on the other."""
Stamp = tuple[int, int]


def _stamp(path: pathlib.Path) -> Stamp:
    told = path.stat()
    return told.st_mtime_ns, told.st_size


IMPORTED: dict[pathlib.Path, Stamp] = {path: _stamp(path) for path in FOLDER.glob("*.py")}
"""The sources as this process imports them: what was edited since is compiled, but never kept under the new text's hash."""


def cache_home() -> pathlib.Path:
    """Where machine code is kept, a folder a module and state of its sources; NUMBA_CACHE_DIR moves it."""
    if moved := os.environ.get("NUMBA_CACHE_DIR"):
        return pathlib.Path(moved)
    named = os.environ.get("UNIKAT_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return (pathlib.Path(named) if named else pathlib.Path(base) / "unikat") / "kernels"


def write_whole(path: pathlib.Path, data: bytes) -> None:
    """The file at `path`, for whoever reads it either the old one or all of the new; OSError where it cannot be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


@functools.cache
def _sum(path: pathlib.Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _parsed(path: pathlib.Path) -> list[str]:
    """The modules of this package that the source at `path` imports, wherever in it, in order of name."""
    names: set[str] = set()
    wanted: list[ast.AST] = [ast.parse(path.read_bytes())]
    while wanted:  # statements alone: a walk through their expressions, too, is most of the cost
        node = wanted.pop()
        for block in ("body", "orelse", "handlers", "finalbody", "cases"):
            inner = getattr(node, block, ())
            wanted += inner if isinstance(inner, list) else ()
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(("kernels",) * (node.level > 0) + ((node.module,) if node.module else ()))
            names.update((base, *(f"{base}.{alias.name}" for alias in node.names)))
    heads = {parts[1] for name in names if (parts := name.split("."))[0] == "kernels" and len(parts) > 1}
    return sorted(found for head in heads for found in (head, head + LOWERED) if (FOLDER / f"{found}.py").is_file())


@functools.cache
def _graph() -> dict[pathlib.Path, list[str]]:
    """What each module here imports. Kept under a hash of all of them: to parse them was a tenth of a start."""
    paths = sorted(FOLDER.glob("*.py"))
    digest = hashlib.sha256("\n".join(f"{path.name} {_sum(path)}" for path in paths).encode()).hexdigest()
    kept = cache_home() / f"imports-{digest[:16]}.json"
    told = None
    with contextlib.suppress(OSError, ValueError):
        told = json.loads(kept.read_bytes())
    if not isinstance(told, dict) or told.keys() != {path.name for path in paths}:
        told = {path.name: _parsed(path) for path in paths}
        with contextlib.suppress(OSError):  # it is slower, and no reason to stop
            write_whole(kept, json.dumps(told, sort_keys=True).encode())
    return {path: told[path.name] for path in paths}


@functools.cache
def sources(path: pathlib.Path) -> tuple[pathlib.Path, ...]:
    """The file at `path` and all of this package that it imports, and they import, in order of name."""
    found, wanted = {path}, [path]
    while wanted:
        one = wanted.pop()
        names = _graph()[one] if one in _graph() else _parsed(one)
        new = {FOLDER / f"{name}.py" for name in names} - found
        found |= new
        wanted.extend(new)
    return tuple(sorted(found))


@functools.cache
def compiler() -> str:
    """The sha256 of the file in which numba says its version; numba itself is not imported."""
    found = importlib.util.find_spec("numba")
    if found is None or found.origin is None:
        raise ImportError("numba is not installed: kernels are compiled with it")
    return _sum(pathlib.Path(found.origin).with_name("_version.py"))


@functools.cache
def key(path: pathlib.Path) -> str:
    """sha256 over what compiled code of the module at `path` depends on: its sources and the compiler."""
    told = "\n".join([compiler(), *(f"{source.name} {_sum(source)}" for source in sources(path))])
    return hashlib.sha256(told.encode()).hexdigest()


def edited(path: pathlib.Path) -> list[str]:
    """Which sources of the module at `path` are not as this process imported them."""
    return [source.name for source in sources(path) if source.parent == FOLDER and IMPORTED.get(source) != _stamp(source)]


def folder_of(path: pathlib.Path) -> pathlib.Path:
    """Where the machine code of the module at `path` is kept, as its sources are now."""
    return cache_home() / f"{path.stem}-{key(path)[:16]}"
