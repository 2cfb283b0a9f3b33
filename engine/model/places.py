"""Where this installation keeps what it may lose."""

from __future__ import annotations

import os
import pathlib

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
