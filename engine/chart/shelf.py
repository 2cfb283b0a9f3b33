"""Where charts lie, and which of them serves an order: DIR/<key>-<version>-<stage>/<source>/<structure>-<n>.chart.

A template's own package may bring charts (its folder `charts`); those that `unikat compile` made lie in the cache folder. Beside
them, `inputs.json` says what the @cad method is given. A file that cannot be used is passed by, and said once in the log; a chart that
was set aside (`engine.chart.aside`) is passed by wherever it lies.
"""

from __future__ import annotations

import hashlib
import json
import logging
import pathlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.chart.chart import Chart
from engine.chart.form import HEAD, BadChart, read

log = logging.getLogger("unikat.chart")

INPUTS = "inputs.json"
SUFFIX = ".chart"
STRUCTURE = 24
"""So many digits of a structure's digest name its charts."""


@dataclass(eq=False)
class Folder:
    """The charts of one state of one @cad stage in one place. `direct`, `stages`: what the method reads and calls. `aside`: the sha256
    of those that must not serve."""

    path: pathlib.Path
    direct: tuple[str, ...]
    stages: tuple[str, ...]
    files: dict[str, list[pathlib.Path]]
    mark: str
    """Of which charts there were when it was opened."""
    aside: frozenset[str] = frozenset()
    _open: dict[str, list[Chart]] = field(default_factory=dict)

    def find(self, values: Sequence[float], structure: str) -> Chart | None:
        """The chart that covers these coordinates of that structure."""
        for chart in self._charts(structure):
            if chart.sha256 not in self.aside and chart.covers(values):
                return chart
        return None

    def _charts(self, structure: str) -> list[Chart]:
        known = self._open.get(structure)
        if known is None:
            known = self._open[structure] = [
                c for p in self.files.get(structure[:STRUCTURE], ()) if (c := self._read(p, structure))
            ]
        return known

    def _read(self, path: pathlib.Path, structure: str) -> Chart | None:
        try:
            chart = Chart.of(read(path))
            if chart.about.get("structure") != structure or chart.about.get("source") != self.path.name:
                raise BadChart("is of another body than its name says")
        except BadChart as bad:
            log.warning("a chart is not used", extra={"chart": path.name, "why": str(bad)})
            return None
        return chart


def folder_of(root: pathlib.Path, stage: str, source: str) -> pathlib.Path:
    """Where the charts of that state of a stage (`key-version-stage`) lie below a root."""
    return root / stage / source


def opened(root: pathlib.Path, stage: str, source: str, cad: str | None, aside: frozenset[str] = frozenset()) -> Folder | None:
    """What lies there; None where there is nothing that can be used. `cad`: the versions at hand, None where there are none.
    `aside`: what was found wrong."""
    path = folder_of(root, stage, source)
    mark = hashlib.sha256(source.encode())
    if not path.is_dir():
        log.warning("charts are not used", extra={"chart": stage, "why": "they are of other code than the template's"})
        return None
    try:
        told = json.loads((path / INPUTS).read_text(encoding="utf-8"))
        direct, stages = tuple(map(str, told["direct"])), tuple(map(str, told["stages"]))
        if cad is not None and told["cad"] != cad:
            log.warning("charts are not used", extra={"chart": stage, "why": "they are of other versions of CadQuery or OCCT"})
            return None
        files: dict[str, list[pathlib.Path]] = {}
        for file in sorted(path.glob(f"*{SUFFIX}")):
            files.setdefault(file.name.partition("-")[0], []).append(file)
            mark.update(f"/{file.name}/".encode() + _head(file))
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("charts are not used", extra={"chart": stage, "why": f"{INPUTS} cannot be used ({type(error).__name__})"})
        return None
    return Folder(path, direct, stages, files, mark.hexdigest(), aside) if files else None


def _head(file: pathlib.Path) -> bytes:
    """The line that names a chart's sha256; nothing where there is none to be read, which `read` then tells."""
    if not file.is_file():
        return b""
    try:
        with file.open("rb") as opened_:
            return opened_.read(HEAD)
    except OSError:
        return b""


def digest(folders: Sequence[Folder]) -> str:
    """Of which charts there are: bodies that were remembered beside others are not mixed with theirs. Empty where there are none."""
    if not folders:
        return ""
    names = [f.mark for f in folders] + sorted({sha256 for f in folders for sha256 in f.aside})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()
