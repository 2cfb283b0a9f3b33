"""The chart of tests/charted_template.py, written by hand: right, or wrong by so much. Nothing tells a wrong one from its file."""

from __future__ import annotations

import json
import pathlib

import numpy as np

from engine.chart import form, shelf
from engine.chart.coordinates import taken
from engine.doors.cad import versions
from engine.language.charted import name_of
from engine.language.source import source_digest
from engine.language.template import Template, load_file
from engine.model.places import cache_folder
from service.dispatch.drifting import PRELOAD

FILE = pathlib.Path(__file__).with_name("charted_template.py")
SOURCE = {"file": str(FILE)}
STAGE = "body"
IN_A_HURRY = tuple(name for name in PRELOAD if not name.endswith(":step_back"))
"""What the lane that looks again has imported, where a test waits for it: it yields to nobody."""
INPUTS = ("depth", "height", "width")
MIDDLE = np.array([20.0, 5.0, 30.0])
CORNERS = [[x, y, z] for z in (4, 5) for y in (2, 3) for x in (0, 1)]
FACES = [[0, 2, 3], [0, 3, 1], [4, 5, 7], [4, 7, 6], [0, 1, 5], [0, 5, 4], [2, 6, 7], [2, 7, 3], [0, 4, 6], [0, 6, 2], [1, 3, 7], [1, 7, 5]]  # fmt: skip


def slab() -> type[Template]:
    """The template, as a designer's file."""
    return load_file(FILE)


def chart(
    wrong_mm: float = 0.0, *, moved: int = 5, widths: tuple[float, float] = (10.0, 50.0), of: type[Template] | None = None
) -> bytes:
    """Six columns: left, right, front, back, floor, top. `wrong_mm`: how much too far the one that is `moved` lies. `widths`: those
    that it covers. `of`: the class, where it is installed otherwise."""
    base = np.array([-15.0, 15.0, -10.0, 10.0, 0.0, 5.0])
    base[moved] += wrong_mm
    linear = np.zeros((3, 6), dtype=np.float32)
    linear[0, 2:4], linear[1, 5], linear[2, :2] = (-0.5, 0.5), 1.0, (-0.5, 0.5)
    arrays = {
        "pivots": np.arange(3, dtype=np.int32),
        "scale": np.ones(3),
        "origin": MIDDLE,
        "relation": np.eye(3),
        "watched": np.array([[0, -1], [1, -1], [2, -1]], dtype=np.int32),
        "low": np.array([10.0, 2.0, widths[0]]),
        "high_end": np.array([50.0, 20.0, widths[1]]),
        "base": base,
        "linear": linear,
        "terms": np.empty((0, 4), dtype=np.int16),
        "high": np.empty((0, 6), dtype=np.float32),
        "nodes": np.array(CORNERS, dtype=np.int32),
        "faces": np.array(FACES, dtype=np.int32),
        "extra": np.empty(0, dtype=np.int32),
        "rows.top": np.array([2, 3], dtype=np.int32),
    }
    about = {
        "source": source_digest(of or slab(), STAGE)[: form.SOURCE],
        "structure": taken(zip(INPUTS, MIDDLE.tolist(), strict=True))[1],
        "chord_mm": 0.0,
        "tags": {"top": {"kind": "level", "axis": 2, "sign": 1}},
    }
    return form.encoded(about, arrays)


def lay(root: pathlib.Path, data: bytes, number: int = 0) -> str:
    """Where an installation looks for it, as one of several; its sha256."""
    file = form.decoded(data)
    folder = shelf.folder_of(root, name_of(slab(), STAGE), file.about["source"])
    form.write(folder / f"{file.about['structure'][: shelf.STRUCTURE]}-{number}{shelf.SUFFIX}", data)
    form.write(folder / shelf.INPUTS, json.dumps({"direct": INPUTS, "stages": [], "cad": versions()}).encode())
    return file.sha256


def own_cache(folder: pathlib.Path) -> pathlib.Path:
    """A cache folder for UNIKAT_CACHE that has the machine code of this one, and nothing else."""
    folder.mkdir(parents=True)
    for kept in cache_folder().glob("kernels*"):
        (folder / kept.name).symlink_to(kept)
    return folder
