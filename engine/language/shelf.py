"""Where templates are found: the entry-point group `unikat.templates`; and the hash of the code that makes a product."""

from __future__ import annotations

import functools
import hashlib
import pathlib
import sys
from importlib import metadata

from engine.errors import OrderError, TemplateError
from engine.language.parameters import closest
from engine.language.template import Template

GROUP = "unikat.templates"
_LIBRARIES = ("numpy", "numba", "cadquery", "cadquery-ocp", "manifold3d", "uharfbuzz", "isal")
_ENGINE = pathlib.Path(__file__).parents[1]


def installed() -> list[str]:
    """The keys of all templates that are installed."""
    return sorted(entry.name for entry in metadata.entry_points(group=GROUP))


def ours(key: str) -> bool:
    """Whether the template is part of this product; others run in a child."""
    return any(e.name == key and e.value.split(".")[0] == "templates" for e in metadata.entry_points(group=GROUP))


def find(key: str) -> type[Template]:
    """The template of that key; OrderError naming the closest where there is none."""
    for entry in metadata.entry_points(group=GROUP):
        if entry.name == key:
            try:
                found: type[Template] = entry.load()
            except ImportError as error:
                raise TemplateError(key, "import", type(error).__name__, message=str(error)) from error
            return found
    limit = "one of " + ", ".join(installed())
    raise OrderError("template", "is not known", value=key, limit=limit, nearest=closest(key, installed()))


@functools.cache
def libraries() -> dict[str, str]:
    """Version of each library whose work is in the product."""
    return {name: metadata.version(name) for name in _LIBRARIES}


def code_hash(cls: type[Template]) -> str:
    """sha256 over the template's package, the engine, the kernels and the versions of the libraries: stale bodies never serve."""
    return _hash_of(cls.__module__)


@functools.cache
def _hash_of(module: str) -> str:
    digest = hashlib.sha256(repr(sorted(libraries().items())).encode())
    own = pathlib.Path(str(sys.modules[module].__file__))
    package = sorted(own.parent.rglob("*")) if "." in module else [own, *sorted(own.parent.glob("*.csv"))]
    for path in [*package, *sorted(_ENGINE.rglob("*")), *sorted((_ENGINE.parent / "kernels").glob("*.py"))]:
        if path.suffix in (".py", ".csv", ".toml") and path.is_file():
            digest.update(path.name.encode() + b"\0")
            digest.update(path.read_bytes())
    return digest.hexdigest()
