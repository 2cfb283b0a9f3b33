"""Templates that are not ours: designers' files that `unikat serve --template FILE.py` was given, and installed packages of others.

Their code never runs in the web process or the dispatcher: a child is asked for the key, the schema, and whether an order fits.
"""

from __future__ import annotations

import functools
import json
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine import errands
from engine.errors import EnvironmentFault, OrderError
from engine.language import shelf

if TYPE_CHECKING:
    from engine.doors.child import Child

FILE = "templates.json"
"""In the data folder: key -> source, as the last start was told. Web process and dispatcher read it when they begin."""
PRELOAD = ("service.lanes.quiet:hush", "engine.language.orders", "service.fitting")
"""What the child that is asked about orders has imported: no kernel, no CAD."""
MEMORY_MB = 1000
DEADLINE = 10.0
"""Seconds of CPU that a designer's file may take to be read and to look at an order: on a crowded machine an order is late, and not refused."""
PATIENCE = 40.0
"""Seconds of wall clock: for what sleeps."""
_files: dict[str, errands.Source] = {}


def serve_files(folder: pathlib.Path, files: Sequence[str]) -> dict[str, errands.Source]:
    """These files are served from now on, and no others: by their keys. Errors as engine.errands raises them."""
    found: dict[str, errands.Source] = {}
    for file in files:
        source = errands.source_of(file)
        key = str(ask(source, "key_here"))
        if "file" not in source or key in found or key in shelf.installed():
            raise OrderError("--template", "there is another template of that key", value=key)
        found[key] = source
    if files:
        _child().close()  # whoever serves has no use for it
    place = folder / FILE
    beside = place.with_suffix(".new")
    try:
        beside.write_text(json.dumps(found, sort_keys=True), encoding="utf-8")
        os.replace(beside, place)
    except OSError as error:
        raise EnvironmentFault(f"the data folder cannot be written: {error.strerror}") from None
    return found


def files_of(folder: pathlib.Path) -> Mapping[str, errands.Source]:
    """Where each template that is served besides the installed ones comes from."""
    try:
        return json.loads((folder / FILE).read_text(encoding="utf-8"))  # type: ignore[no-any-return]
    except FileNotFoundError:
        return {}


def use(folder: pathlib.Path) -> None:
    """This process takes orders for the files that this data folder serves."""
    _files.clear()
    _files.update(files_of(folder))


def outside(key: str) -> errands.Source | None:
    """Where a template of somebody else comes from; none where it is ours, or not known."""
    if key in _files:
        return _files[key]
    return {"key": key} if _others(key) else None


@functools.lru_cache(maxsize=256)
def _others(key: str) -> bool:
    """Whether somebody else installed it; looked for once, for it reads what every package offers: 4 ms an order."""
    return key in shelf.installed() and not shelf.ours(key)


def known() -> list[str]:
    """Of all templates that orders are taken for."""
    return sorted({*shelf.installed(), *_files})


def ask(source: errands.Source, errand: str, *args: Any) -> Any:
    """A function of service.fitting in the child, given the source first."""
    with errands.blamed(source):
        own = errands.own_files(source)
        return _child().call(f"service.fitting:{errand}", dict(source), *args, deadline=PATIENCE, cpu=DEADLINE, own=own)


def _child() -> Child:
    from engine.doors import child

    return child.shared(PRELOAD, memory_mb=MEMORY_MB)
