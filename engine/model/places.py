"""Where this installation keeps what it may lose."""

from __future__ import annotations

import os
import pathlib
import tempfile

CHARTS = "UNIKAT_CHARTS"
"""The environment variable that names the folder of charts, where they do not lie in the cache folder: a worker's come from elsewhere."""


def cache_folder() -> pathlib.Path:
    """Where bodies and compiled kernels are kept: UNIKAT_CACHE, or `unikat` in the user's cache folder."""
    named = os.environ.get("UNIKAT_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(named) if named else pathlib.Path(base) / "unikat"


def charts_folder() -> pathlib.Path:
    """Where compiled charts are: UNIKAT_CHARTS, or `charts` in the cache folder."""
    named = os.environ.get(CHARTS)
    return pathlib.Path(named) if named else cache_folder() / "charts"


def put_whole(path: pathlib.Path, data: bytes) -> None:
    """A file that is there whole or not at all. A cache that cannot be written is no cache: what it would hold is made again next time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except OSError:
        pathlib.Path(temporary).unlink(missing_ok=True)
