"""The font catalogue: fonts.toml as data, what of it is installed, and a font loaded only when its file is the one named.

Fonts come from packages; a file whose sha256 is not the catalogue's is never used, so a text looks the same everywhere.
A *face* is a font at a weight: its key, and where it has several, a colon and the weight: `noto-arabic:700`.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import importlib.util
import os
import pathlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from engine.errors import EnvironmentFault, OrderError

EM = 2048
"""Units to the em in every text, whatever a font's file has: fonts of one line are of one size."""

VARIABLE = "UNIKAT_FONTS"
"""The environment variable that names the folder of Debian's fonts; otherwise DEBIAN."""
DEBIAN = "/usr/share/fonts"

OUTLINES = ("glyf", "CFF ", "CFF2")
"""Tables that hold outlines; a font without one has pictures alone."""


@dataclass(frozen=True)
class FontInfo:
    """A row of the catalogue. `scripts`: ISO 15924. `file`: inside `module`, the Python package; without one, inside the folder
    of Debian's fonts. `weights`: least and largest. `face`: its number in a collection. `status`: "ready", or what to do."""

    key: str
    name: str
    package: str
    version: str
    file: str
    sha256: str
    scripts: tuple[str, ...]
    licence: str
    weights: tuple[int, int]
    module: str = ""
    face: int = 0
    status: str = ""

    @property
    def ready(self) -> bool:
        """Installed, and the file that the catalogue names."""
        return self.status == "ready"


@dataclass(frozen=True, eq=False)
class Font:
    """A loaded face: uharfbuzz's `Font` at one unit of its file a step, what such a unit is in units of EM to the em, and the
    height of its capitals in the latter.

    `plain`: the script of each character that is set rightly wherever it stands, from left to right (see characters.accepted).
    `boxes`: the ink box of each glyph that a text has needed, None for a blank.
    """

    key: str
    info: FontInfo
    weight: int
    shaper: Any
    unit: float
    cap_height: float
    plain: dict[str, str] = field(default_factory=dict)
    boxes: dict[int, tuple[float, float, float, float] | None] = field(default_factory=dict)

    def covers(self, character: str) -> bool:
        """Has the font a glyph for this one character?"""
        return bool(self.shaper.get_nominal_glyph(ord(character)))

    def has_variant(self, character: str, selector: str) -> bool:
        """Has the font the variant of a character that a variation selector asks for? A joiner asks for none."""
        if selector in "\u200c\u200d":
            return True
        return bool(self.shaper.get_variation_glyph(ord(character), ord(selector)))


@functools.cache
def _read() -> tuple[str, Mapping[str, FontInfo], tuple[str, ...]]:
    """The default font, every row, and the keys that stand in for others."""
    data = tomllib.loads(pathlib.Path(__file__).with_name("fonts.toml").read_text(encoding="utf-8"))
    rows = {
        key: FontInfo(key=key, **{**row, "scripts": tuple(row["scripts"]), "weights": tuple(row["weights"])})
        for key, row in data["fonts"].items()
    }
    return data["default"], MappingProxyType(rows), tuple(data["fallback"])


def _catalogue() -> tuple[str, Mapping[str, FontInfo]]:
    return _read()[:2]


def default() -> str:
    """The key of the font that is used where none is asked for."""
    return _catalogue()[0]


def keys() -> tuple[str, ...]:
    """Every font of the catalogue, in its order."""
    return tuple(_catalogue()[1])


def info(key: str, *, field: str = "font") -> FontInfo:
    """The row of a font, or of a face, without looking whether it is installed. Raises OrderError with the closest key."""
    rows = _catalogue()[1]
    if isinstance(key, str) and ":" in key:
        font, _, weight = key.partition(":")
        if font in rows and weight.isdecimal() and rows[font].weights[0] <= int(weight) <= rows[font].weights[1]:
            return rows[font]
    if not isinstance(key, str) or key not in rows:
        close = difflib.get_close_matches(str(key), rows, n=1, cutoff=0.0)
        raise OrderError(field, "no such font", value=key, limit=f"one of {len(rows)}: unikat fonts", nearest=close[0])
    return rows[key]


def sha256(key: str) -> str:
    """The hash of the font's file: what a record names."""
    return info(key).sha256


@functools.cache
def face(script: str, weight: int) -> str | None:
    """The face that letters of a script are taken from where the font asked for has none, nearest in weight; None without."""
    rows = [info(key) for key in _read()[2]]
    claim = [row for row in rows if script in row.scripts]
    if not claim:
        return None

    def near(row: FontInfo) -> int:
        return min(max(weight, row.weights[0]), row.weights[1])

    best = min(claim, key=lambda row: abs(near(row) - weight))
    return best.key if best.weights[0] == best.weights[1] else f"{best.key}:{near(best)}"


def folder() -> pathlib.Path:
    """Where Debian's fonts are looked for: what UNIKAT_FONTS names, or /usr/share/fonts."""
    return pathlib.Path(os.environ.get(VARIABLE) or DEBIAN)


def path(row: FontInfo) -> pathlib.Path | None:
    """Where the font's file is, or None when its package is not installed. The package is not imported.

    A Debian font may also lie in the folder itself, without its subfolders.
    """
    if not row.module:
        places = (folder() / row.file, folder() / pathlib.PurePosixPath(row.file).name)
        return next((file for file in places if file.is_file()), None)
    spec = importlib.util.find_spec(row.module)
    for place in (spec.submodule_search_locations or []) if spec else []:
        file = pathlib.Path(place) / row.file
        if file.is_file():
            return file
    return None


def install(row: FontInfo) -> str:
    """The command that brings a font."""
    return f"uv pip install {row.package}=={row.version}" if row.module else f"apt-get install {row.package}"


def _altered(row: FontInfo, found: str) -> str:
    return f"{row.file} is another file (sha256 {found[:12]}..., expected {row.sha256[:12]}...): {install(row)}"


def available() -> list[FontInfo]:
    """The catalogue with the status of each font: "ready", not installed (and the command), or altered."""
    rows = []
    for row in _catalogue()[1].values():
        file = path(row)
        found = hashlib.sha256(file.read_bytes()).hexdigest() if file else None
        if found is None:
            status = f"not installed: {install(row)}"
        else:
            status = "ready" if found == row.sha256 else _altered(row, found)
        rows.append(FontInfo(**{**vars(row), "status": status}))
    return rows


@functools.lru_cache(maxsize=64)
def load(key: str) -> Font:
    """The face `key`, its file checked by sha256.

    Raises OrderError (unknown key), EnvironmentFault (missing, altered, broken, or without outlines).
    """
    import uharfbuzz as hb

    row = info(key)
    file = path(row)
    if file is None:
        raise EnvironmentFault(f"font {key} is not installed: {install(row)}")
    data = file.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != row.sha256:
        raise EnvironmentFault(f"font {key}: {_altered(row, found)}")
    opened = hb.Face(data, row.face)
    if not opened.glyph_count or not opened.unicodes:
        raise EnvironmentFault(f"font {key}: {row.file} is no font, or broken: {install(row)}")
    if not any(table in opened.table_tags for table in OUTLINES):
        raise EnvironmentFault(f"font {key} has no outlines, pictures alone: nothing can be cut after it")
    shaper = hb.Font(opened)
    shaper.scale = (opened.upem, opened.upem)
    weight = int(key.partition(":")[2] or row.weights[0])
    if row.weights[0] < row.weights[1]:
        shaper.set_variations({"wght": float(weight)})
    cap = shaper.get_metric_position_with_fallback(hb.OTMetricsTag.CAP_HEIGHT)
    unit = EM / opened.upem
    return Font(key, row, weight, shaper, unit, cap * unit)
