"""Charts that were found wrong: set aside by this installation, and used no more until somebody has looked and deletes the mark.

A mark is a file of JSON: CHARTS/aside/<key-version-stage>.<the chart's sha256>.json. It lies with the charts of the installation, since
the folder of a package that brings its own may be read-only. The name alone counts; what is in the file is for who looks.
"""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

from engine.errors import EnvironmentFault

FOLDER = "aside"
SUFFIX = ".json"


def names(root: pathlib.Path | None) -> tuple[str, ...]:
    """The marks below a folder of charts, by name. EnvironmentFault where they cannot be read: a wrong chart must not serve for that."""
    if root is None:
        return ()
    try:
        return tuple(sorted(n for n in os.listdir(root / FOLDER) if n.endswith(SUFFIX)))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise EnvironmentFault(f"which charts are set aside cannot be read: {error.strerror}") from None


def of_stage(marks: Iterable[str], stage: str) -> frozenset[str]:
    """Of these marks, the sha256 of the charts of one stage (`key-version-stage`)."""
    found = (name.removesuffix(SUFFIX).rpartition(".") for name in marks)
    return frozenset(sha256 for of, _, sha256 in found if of == stage)


def put(root: pathlib.Path, stage: str, sha256: str, told: Mapping[str, Any]) -> pathlib.Path:
    """Set a chart aside; the mark's file. EnvironmentFault where the disk takes it not."""
    from engine.chart.form import write

    path = root / FOLDER / f"{stage}.{sha256}{SUFFIX}"
    write(path, json.dumps({"stage": stage, "chart": sha256, **told}, sort_keys=True, indent=1).encode() + b"\n")
    return path
