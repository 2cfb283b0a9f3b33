"""The files of a piece that a lease holds: which they are, and their bytes."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any

from service.api.files import damaged
from service.api.problems import Problem
from service.house import House
from service.packs import Lost
from service.store import slices
from service.vault import Unreadable, unseal

Place = tuple[str, Sequence[Any]]
"""The pack, and in it: offset, bytes, plain bytes, sha256."""
PATTERNS: Mapping[str, tuple[str, ...]] = {
    "3mf": ("model.3mf",),
    "stl": ("model.stl", "model-*.stl"),
    "glb": ("preview.glb",),
    "png": ("thumbnail.png",),
    "step": ("model.step", "model-*.step"),
    "prusa": ("model.prusa.3mf",),
    "gcode": ("model.gcode", "model-plate-*.gcode"),
}
"""The files of each format. Report and record are in none: they are the sender's."""


def files_of(house: House, row: Mapping[str, Any]) -> dict[str, Place]:
    """Name -> pack and place, of the files that the lease names."""
    formats = (row["formats"] or "").split(",")
    told = [pattern for name in formats for pattern in PATTERNS.get(name, ())]
    found = {n: (row["pack"], at) for n, at in (row["files"] or {}).items() if any(fnmatch.fnmatchcase(n, p) for p in told)}
    if "gcode" in formats:
        with house.database.read() as conn:
            made = slices.find(conn, row["job"])
        if made is not None:
            pack, files = made
            found |= {name: (pack, at) for name, at in files.items()}
    return found


def opened(house: House, row: Mapping[str, Any], name: str) -> tuple[bytes, str]:
    """The bytes of one of them and their sha256; 404 where the lease names no such file."""
    entry = files_of(house, row).get(name)
    if entry is None:
        raise Problem(404, "There is no such file")
    pack, (offset, size, _, digest) = entry
    key = house.vault.unwrap(row["wrapped"], row["job"])
    try:
        return unseal(key, house.packs.read(pack, offset, size), f"{row['job']}/{name}".encode()), digest
    except (Lost, Unreadable):
        raise damaged(house, row["job"], pack) from None
