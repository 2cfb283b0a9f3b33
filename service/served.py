"""Templates that are not installed: the designers' files that `unikat serve --template FILE.py` was given.

Their code never runs in the web process or the dispatcher: a child is asked for the key, the schema and whether an order fits.
"""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Mapping, Sequence

from engine import errands
from engine.errors import EnvironmentFault, OrderError

FILE = "templates.json"
"""In the data folder: key -> source, as the last start was told. Web process and dispatcher read it when they begin."""


def serve_files(folder: pathlib.Path, files: Sequence[str]) -> dict[str, errands.Source]:
    """These files are served from now on, and no others; their keys. Errors as engine.errands raises them."""
    found: dict[str, errands.Source] = {}
    for file in files:
        source = errands.source_of(file)
        if "file" not in source:
            raise OrderError("--template", "there is no such file", value=file)
        key = str(errands.schema(source, "en")["properties"]["template"]["const"])
        if key in found:
            raise OrderError("--template", "there is another template of that key", value=key)
        found[key] = source
    place = folder / FILE
    beside = place.with_suffix(".new")
    try:
        beside.write_text(json.dumps(found, sort_keys=True), encoding="utf-8")
        os.replace(beside, place)
    except OSError as error:
        raise EnvironmentFault(f"the data folder cannot be written: {error.strerror}") from None
    return found


def sources(folder: pathlib.Path) -> Mapping[str, errands.Source]:
    """Where each template that is served besides the installed ones comes from."""
    try:
        return json.loads((folder / FILE).read_text(encoding="utf-8"))  # type: ignore[no-any-return]
    except FileNotFoundError:
        return {}
