"""A chart that was not compiled: a block, wide by deep by high from the origin, `high` being half of `wide` plus a curved part."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np

from engine.chart import form, shelf

SOURCE = "5" * form.SOURCE
FACES = np.array(
    [
        [0, 2, 1],
        [0, 3, 2],
        [4, 5, 6],
        [4, 6, 7],
        [0, 1, 5],
        [0, 5, 4],
        [1, 2, 6],
        [1, 6, 5],
        [2, 3, 7],
        [2, 7, 6],
        [3, 0, 4],
        [3, 4, 7],
    ]
)
"""Corner k < 4 below, k + 4 above it; from outside counter-clockwise: floor, top, front, right, back, left."""
COLUMNS = {"high": 0, "zero": 1, "wide": 2, "deep": 3}
"""The distinct coordinates: what has a curved part comes first."""
NODES = [
    [COLUMNS[x], COLUMNS[y], z]
    for z in (1, 0)
    for x, y in (("zero", "zero"), ("wide", "zero"), ("wide", "deep"), ("zero", "deep"))
]


def parts(structure: str = "s" * 64, source: str = SOURCE, **about: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and arrays: `wide` from 10 to 30, `deep` from 5 to 9 mm; a third coordinate is always twice `deep`."""
    told = {
        "structure": structure,
        "source": source,
        "chord_mm": 0.0,
        "tags": {
            "floor": {"kind": "level", "axis": 2, "sign": -1},
            "front": {"kind": "plane", "at": 0},
            "right": {"kind": "surface", "at": 9, "pieces": 1, "nx": 2, "ny": 2, "why": "not asked"},
        },
        **about,
    }
    extra = [1] * 3 + [4, 1, 1] + [1, 1, 4] + [1] * (21 + 48)
    arrays = {
        "pivots": np.array([0, 1], np.int32),
        "scale": np.array([0.0625, 0.5]),
        "origin": np.array([20.0, 7.0, 14.0]),
        "relation": np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 2.0]]),
        "watched": np.array([[0, -1], [1, -1], [0, 1]], np.int32),
        "low": np.array([10.0, 5.0, 2.0]),
        "high_end": np.array([30.0, 9.0, 24.0]),
        "base": np.array([10.0, 0.0, 20.0, 7.0, 1.0]),
        "linear": np.array([[8.0, 0.0, 16.0, 0.0, 0.0], [0.0, 0.0, 0.0, 2.0, 0.0]], np.float32),
        "terms": np.array([[0, 0, -1, -1], [0, 1, 1, -1]], np.int16),
        "high": np.array([[0.5], [0.25]], np.float32),
        "nodes": np.array(NODES, np.int32),
        "faces": FACES.astype(np.int32),
        "extra": np.array(extra, np.int32),
        "rows.floor": np.array([0, 1], np.int32),
        "rows.front": np.array([4, 5], np.int32),
        "rows.right": np.array([6, 7], np.int32),
        "owner.right": np.array([0, 0], np.int32),
    }
    return told, arrays


def corner(wide: float, deep: float) -> tuple[float, float, float]:
    """Where corner 6 of that block is, mm."""
    a, b = (wide - 20.0) * 0.0625, (deep - 7.0) * 0.5
    return wide, deep, 10.0 + 8.0 * a + 0.5 * a * a + 0.25 * a * b * b


def data(**changes: Any) -> bytes:
    """The bytes of its file."""
    return form.encoded(*parts(**changes))


def shelved(root: pathlib.Path, stage: str, source: str, structure: str, *, cad: str, **inputs: Any) -> pathlib.Path:
    """It lies on a shelf, as if compiled: the path of its file."""
    folder = shelf.folder_of(root, stage, source)
    folder.mkdir(parents=True, exist_ok=True)
    told = {"direct": [], "stages": [], "cad": cad, **inputs}
    (folder / shelf.INPUTS).write_text(json.dumps(told), encoding="utf-8")
    path = folder / f"{structure[: shelf.STRUCTURE]}-0{shelf.SUFFIX}"
    form.write(path, data(structure=structure, source=source))
    return path
