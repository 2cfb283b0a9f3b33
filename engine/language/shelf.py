"""Where templates are found: the entry-point group `unikat.templates`; and the hash of the code that makes a product."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import pathlib
import sys
from importlib import metadata

from engine.errors import OrderError, TemplateError, UnikatError
from engine.language.parameters import closest
from engine.language.stages import import_blame
from engine.language.template import Template

GROUP = "unikat.templates"
_LIBRARIES = ("numpy", "numba", "cadquery", "cadquery-ocp", "manifold3d", "uharfbuzz", "isal")
ABSENT = "absent"
_ENGINE = pathlib.Path(__file__).parents[1]


def installed() -> list[str]:
    """The keys of all templates that are installed."""
    return sorted(entry.name for entry in metadata.entry_points(group=GROUP))


def ours(key: str) -> bool:
    """Whether the template is part of this product; others run in a child."""
    found = _entry(key)
    return found is not None and _ours(found)


def _ours(entry: metadata.EntryPoint) -> bool:
    return entry.module.split(".")[0] == "templates"


def _entry(key: str) -> metadata.EntryPoint | None:
    """The entry point of that key; ours where a package of somebody else's claims it too."""
    found = [entry for entry in metadata.entry_points(group=GROUP) if entry.name == key]
    return max(found, key=_ours, default=None)


def home(key: str) -> tuple[str, ...]:
    """How the paths of an installed template's files begin: its top package's folders, or its file. Imports nothing."""
    entry = _entry(key)
    spec = importlib.util.find_spec(entry.module.split(".")[0]) if entry else None
    folders = tuple(os.path.join(f, "") for f in (spec.submodule_search_locations or ())) if spec else ()
    return folders or ((spec.origin,) if spec and spec.origin else ())


def find(key: str) -> type[Template]:
    """The template of that key; OrderError naming the closest where there is none."""
    entry = _entry(key)
    if entry is not None:
        try:
            found: object = entry.load()
        except UnikatError:
            raise
        except Exception as error:  # a designer's package may raise anything: it becomes a TemplateError with its line
            raise import_blame(key, home(key), error) from error
        if not (isinstance(found, type) and issubclass(found, Template) and found.key == key):
            raise TemplateError(key, "import", f"{entry.value} is no Template of that key")
        return found
    limit = "one of " + ", ".join(installed())
    raise OrderError("template", "is not known", value=key, limit=limit, nearest=closest(key, installed()))


@functools.cache
def libraries() -> dict[str, str]:
    """Version of each library whose work is in the product; ABSENT where it is not installed: charts stand in for CAD."""
    return {name: _version(name) for name in _LIBRARIES}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ABSENT


def code_hash(cls: type[Template]) -> str:
    """sha256 over the template's package, the engine, the kernels and the versions of the libraries: stale bodies never serve."""
    return _hash_of(cls.__module__)


@functools.cache
def _hash_of(module: str) -> str:
    digest = hashlib.sha256(repr(sorted(libraries().items())).encode())
    own = pathlib.Path(str(sys.modules[module].__file__))
    whole = "." in module or hasattr(sys.modules[module], "__path__")
    package = sorted(own.parent.rglob("*")) if whole else [own, *sorted(own.parent.glob("*.csv"))]
    for path in [*package, *sorted(_ENGINE.rglob("*")), *sorted((_ENGINE.parent / "kernels").glob("*.py"))]:
        if path.suffix in (".py", ".csv", ".toml") and path.is_file():
            digest.update(path.name.encode() + b"\0")
            digest.update(path.read_bytes())
    return digest.hexdigest()
