"""The font catalogue: fonts.toml as data, what of it is installed, and a font loaded only when its file is the one named.

Fonts come from packages; a file whose sha256 is not the catalogue's is never used, so a text looks the same everywhere.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import importlib.util
import pathlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from engine.errors import EnvironmentFault, OrderError


@dataclass(frozen=True)
class FontInfo:
    """A row of the catalogue. `scripts`: ISO 15924. `file`: inside `package`. `status`: "ready", or what to do."""

    key: str
    name: str
    package: str
    version: str
    module: str
    file: str
    sha256: str
    scripts: tuple[str, ...]
    licence: str
    status: str = ""

    @property
    def ready(self) -> bool:
        """Installed, and the file that the catalogue names."""
        return self.status == "ready"


@dataclass(frozen=True, eq=False)
class Font:
    """A loaded font: uharfbuzz's `Font` at one font unit a step, units per em, and the height of its capitals in units.

    `plain`: the script of each character that was found to be set rightly wherever it stands (see characters.accepted).
    `boxes`: the ink box of each glyph that a text has needed, None for a blank.
    """

    info: FontInfo
    shaper: Any
    upem: int
    cap_height: int
    plain: dict[str, str] = field(default_factory=dict)
    boxes: dict[int, tuple[float, float, float, float] | None] = field(default_factory=dict)

    def covers(self, character: str) -> bool:
        """Has the font a glyph for this one character?"""
        return bool(self.shaper.get_nominal_glyph(ord(character)))


@functools.cache
def _catalogue() -> tuple[str, Mapping[str, FontInfo]]:
    data = tomllib.loads(pathlib.Path(__file__).with_name("fonts.toml").read_text(encoding="utf-8"))
    rows = {key: FontInfo(key=key, **{**row, "scripts": tuple(row["scripts"])}) for key, row in data["fonts"].items()}
    return data["default"], MappingProxyType(rows)


def default() -> str:
    """The key of the font that is used where none is asked for."""
    return _catalogue()[0]


def keys() -> tuple[str, ...]:
    """Every font of the catalogue, in its order."""
    return tuple(_catalogue()[1])


def info(key: str, *, field: str = "font") -> FontInfo:
    """The row of one font, without looking whether it is installed. Raises OrderError with the closest key."""
    rows = _catalogue()[1]
    if not isinstance(key, str) or key not in rows:
        close = difflib.get_close_matches(str(key), rows, n=1, cutoff=0.0)
        raise OrderError(field, "no such font", value=key, limit=f"one of {len(rows)}: unikat fonts", nearest=close[0])
    return rows[key]


def sha256(key: str) -> str:
    """The hash of the font's file: what a record names."""
    return info(key).sha256


def path(row: FontInfo) -> pathlib.Path | None:
    """Where the font's file is, or None when its package is not installed. The package is not imported."""
    spec = importlib.util.find_spec(row.module)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        file = pathlib.Path(folder) / row.file
        if file.is_file():
            return file
    return None


def _install(row: FontInfo) -> str:
    return f"uv pip install {row.package}=={row.version}"


def _altered(row: FontInfo, found: str) -> str:
    return f"{row.file} is another file (sha256 {found[:12]}..., expected {row.sha256[:12]}...): {_install(row)}"


def available() -> list[FontInfo]:
    """The catalogue with the status of each font: "ready", not installed (and the command), or altered."""
    rows = []
    for row in _catalogue()[1].values():
        file = path(row)
        found = hashlib.sha256(file.read_bytes()).hexdigest() if file else None
        if found is None:
            status = f"not installed: {_install(row)}"
        else:
            status = "ready" if found == row.sha256 else _altered(row, found)
        rows.append(FontInfo(**{**vars(row), "status": status}))
    return rows


@functools.lru_cache(maxsize=64)
def load(key: str) -> Font:
    """The font `key`, its file checked by sha256. Raises OrderError (unknown key), EnvironmentFault (missing, altered)."""
    import uharfbuzz as hb

    row = info(key)
    file = path(row)
    if file is None:
        raise EnvironmentFault(f"font {key} is not installed: {_install(row)}")
    data = file.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != row.sha256:
        raise EnvironmentFault(f"font {key}: {_altered(row, found)}")
    face = hb.Face(data)
    shaper = hb.Font(face)
    shaper.scale = (face.upem, face.upem)
    cap = shaper.get_metric_position_with_fallback(hb.OTMetricsTag.CAP_HEIGHT)
    return Font(row, shaper, face.upem, int(cap))
