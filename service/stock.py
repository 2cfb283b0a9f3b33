"""`unikat compile --stock`: the charts that the packages of our own templates bring, so that a first product needs no CAD."""

from __future__ import annotations

import json
import pathlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.chart import shelf as charts
from engine.chart.form import SOURCE
from engine.compiling.compile import Compiled, Wanted, compile_stage
from engine.doors.cad import versions
from engine.errors import EngineFault, OrderError
from engine.language import shelf
from engine.language.charted import CHARTS, name_of, own_charts
from engine.language.source import source_digest
from engine.language.stages import CadStage
from engine.language.template import Template
from engine.sweep import axes
from service.compiling import lines_of
from service.progress import Progress

COMMAND = "uv run unikat compile --stock"
MOST_BYTES = 3_000_000
"""All of them together: they are committed."""
SCOUTED = 400
"""Orders of one lot that are looked through: what is held leaves few numbers."""


@dataclass(frozen=True)
class Lot:
    """Bodies of one structure: an order, of the default process unless it names one, and which of its numbers may be chosen freely."""

    order: Mapping[str, str]
    free: tuple[str, ...] = ()


STOCK: Mapping[str, tuple[Lot, ...]] = {
    "napkin-ring": (Lot({}, ("inner", "width", "wall")),),
    "phone-case": (
        Lot({"phone": "apple-iphone-15-pro-max"}, ("lip", "grip")),
        Lot({"phone": "google-pixel-6"}, ("lip", "grip")),
        Lot({"phone": "google-pixel-6", "process": "fdm-tpu"}, ("lip", "grip")),
    ),
    "shaft-knob": (Lot({}, ("shaft", "bore")),),
    "wall-hook": (Lot({}, ("reach",)),),
}
"""What is in the stock: what `unikat demo` orders, the default phone, and the order that the README shows first."""


def cad_stages(cls: type[Template]) -> list[str]:
    """The names of its @cad stages."""
    return [name for name, stage in cls.stages.items() if isinstance(stage, CadStage)]


def held(cls: type[Template], lot: Lot) -> dict[str, list[Any]]:
    """What a lot's orders are held to: the process, and every parameter that is not free."""
    told = {"process": cls.default_process, **{a.name: a.default for a in axes.read(axes.told_of(cls))}}
    return {name: [lot.order.get(name, value)] for name, value in told.items() if name not in lot.free}


def compiled(key: str, lot: Lot, jobs: int, say: Callable[[str], None]) -> Iterator[tuple[Compiled, dict[str, bytes]]]:
    """Of each @cad stage of a lot: its report, and its files below the package's folder of charts. Each is made anew."""
    cls = shelf.find(key)
    wanted = Wanted(held(cls, lot), scouted=SCOUTED, defaults=True)
    for stage in cad_stages(cls):
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            report = compile_stage({"key": key}, stage, wanted, root, jobs, say)
            folder = charts.folder_of(root, name_of(cls, stage), report.source)
            found = [folder / charts.INPUTS, *sorted(folder.glob(f"*{charts.SUFFIX}"))]
            yield report, {p.relative_to(root).as_posix(): p.read_bytes() for p in found}


def joined(parts: list[dict[str, bytes]]) -> dict[str, bytes]:
    """The files of several lots: charts of one structure are numbered on."""
    made: dict[str, bytes] = {}
    for files in parts:
        for path, data in files.items():
            if path.endswith(charts.SUFFIX):
                head = path.rpartition("-")[0]
                path = f"{head}-{sum(known.startswith(f'{head}-') for known in made)}{charts.SUFFIX}"
            elif made.get(path, data) != data:
                raise EngineFault("stock: two lots of one stage are given other inputs")
            made[path] = data
    return made


def stale() -> list[str]:
    """Which stages of the stock are drawn otherwise now, or by another CAD, than when their charts were made. Quick: no CAD."""
    found = []
    for key in STOCK:
        cls = shelf.find(key)
        for stage in cad_stages(cls):
            name = name_of(cls, stage)
            if charts.opened(own_charts(cls), name, source_digest(cls, stage)[:SOURCE], versions()) is None:
                found.append(name)
    return found


def run(among: bool, jobs: int, as_json: bool) -> int:
    """Make all of it anew, and put it in the place of what the packages bring now. 1: something stays off, or it is too large.

    `among`: templates were named, which is refused: they share folders.
    """
    if among:
        raise OrderError("template", "is not asked for: the stock is made whole")
    reports: list[Compiled] = []
    places: dict[pathlib.Path, list[dict[str, bytes]]] = {}
    with Progress(len(STOCK)) as progress:
        for key, lots in STOCK.items():
            for lot in lots:
                for report, files in compiled(key, lot, jobs, lambda said, key=key: progress.now(key, said)):  # type: ignore[misc]
                    reports.append(report)
                    places.setdefault(own_charts(shelf.find(key)), []).append(files)
            progress.done()
    size = 0
    for place, parts in places.items():
        shutil.rmtree(place, ignore_errors=True)
        for path, data in joined(parts).items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(data)
            size += len(data)
    whole = all(r.structures and not any(s.off for s in r.structures) for r in reports)
    status = 0 if whole and size <= MOST_BYTES else 1
    if as_json:
        print(json.dumps({"status": status, "bytes": size, "stages": [r.told() for r in reports]}))
        return status
    for report in reports:
        for line in lines_of(report):
            print(line)
    print(f"{size:,} bytes in the folders `{CHARTS}` of {', '.join(STOCK)}; at most {MOST_BYTES:,} may be committed")
    return status
