"""Files into a folder, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import pathlib
import tempfile
from collections.abc import Mapping

from engine.errors import OrderError

PRODUCT = (
    "model.3mf",
    "model.prusa.3mf",
    "model.stl",
    "model-*.stl",
    "model.gcode",
    "model-plate-*.gcode",
    "model.step",
    "model-*.step",
    "lenses.dxf",
    "lenses.svg",
    "lenses.oma",
    "deviation.png",
    "worn.png",
    "preview.glb",
    "thumbnail.png",
    "record.json",
    "report.json",
)
"""The files of one product: none of an earlier one may stay beside the report of this one."""


def put_product(files: Mapping[str, bytes], folder: pathlib.Path) -> list[pathlib.Path]:
    """`put`, and what an earlier product left in the folder goes: beside a refusal lies no model."""
    placed = put(files, folder)
    for pattern in PRODUCT:
        for stale in folder.glob(pattern):
            if stale.name not in files:
                stale.unlink()
    return placed


def put(files: Mapping[str, bytes], folder: pathlib.Path) -> list[pathlib.Path]:
    """Write every file beside its place, then move all into place; OrderError naming the folder where that cannot be."""
    waiting: list[tuple[str, pathlib.Path]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            handle, temporary = tempfile.mkstemp(dir=folder, prefix=".unikat-")
            waiting.append((temporary, folder / name))
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                os.fchmod(handle, 0o644)
        for _, place in waiting:
            if place.is_dir():
                raise IsADirectoryError(None, f"{place.name} is a folder")
        for temporary, place in waiting:
            os.replace(temporary, place)
    except OSError as error:
        for temporary, _ in waiting:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise OrderError("--out", f"cannot be written: {error.strerror or error}", value=str(folder)) from None
    return [place for _, place in waiting]
