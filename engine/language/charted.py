"""A @cad stage from its compiled chart, where one covers the order: no CAD, and no child."""

from __future__ import annotations

import pathlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.chart.aside import of_stage
from engine.errors import EnvironmentFault, TemplateError
from engine.language.values import Solid

if TYPE_CHECKING:
    from engine.chart.shelf import Folder
    from engine.language.stages import CadStage
    from engine.language.template import Run, Template

OF_CHART = ".chart"
"""What follows a stage's name where a record names its chart."""
CHARTS = "charts"
"""The folder of a template's own package that brings charts."""


def name_of(cls: type[Template], stage: str) -> str:
    """Below which name the charts of a stage lie."""
    return name_in(cls.key, cls.version, stage)


def name_in(key: str, version: int, stage: str) -> str:
    """The same where the class is not at hand."""
    return f"{key}-{version}-{stage}"


def own_charts(cls: type[Template]) -> pathlib.Path:
    """Where the template's package would bring charts."""
    return pathlib.Path(str(sys.modules[cls.__module__].__file__)).parent / CHARTS


def folders_of(run: Run, stage: str) -> tuple[Folder, ...]:
    """The folders of charts that serve a stage: those that its package brings first, then those of this installation."""
    if run.home.charts is None:
        return ()
    key = (run.cls, stage, run.home.charts, of_stage(run.home.aside, name_of(run.cls, stage)))
    found = _FOLDERS.get(key)
    if found is None:
        found = _FOLDERS[key] = _folders(*key)
    return found


_FOLDERS: dict[tuple[type[Template], str, pathlib.Path, frozenset[str]], tuple[Folder, ...]] = {}
"""Looked for once a process: a product must not change between two orders because somebody compiles meanwhile. What was set aside
since is another matter."""


def charts_digest(run: Run, stage: str) -> str:
    """Of which charts serve a stage; empty where none does."""
    folders = folders_of(run, stage)
    if not folders:
        return ""
    from engine.chart.shelf import digest

    return digest(folders)


def _folders(cls: type[Template], stage: str, root: pathlib.Path, aside: frozenset[str]) -> tuple[Folder, ...]:
    from engine.chart.form import SOURCE
    from engine.chart.shelf import opened
    from engine.doors.cad import versions
    from engine.language.source import source_digest

    roots = [r for r in (own_charts(cls), root) if (r / name_of(cls, stage)).is_dir()]
    if not roots:
        return ()
    try:
        cad: str | None = versions()
    except EnvironmentFault:  # no CAD here: what was compiled elsewhere is all that there is
        cad = None
    source = source_digest(cls, stage)[:SOURCE]
    found = [opened(r, name_of(cls, stage), source, cad, aside) for r in roots]
    return tuple(f for f in found if f is not None and _asks(cls, f))


def _asks(cls: type[Template], folder: Folder) -> bool:
    """Does the template have all that its charts ask it for, and nothing personal among it?"""
    heads = {name.partition(".")[0] for name in folder.direct}
    return heads <= {*cls.fields, "process", "font"} - cls.personal_fields and {*folder.stages} <= cls.stages.keys()


@dataclass(frozen=True)
class Charted:
    """A body from a chart: the solid, what it is addressed by, the chart's sha256, and how far CAD's own triangles, which the chart
    took over, came from the exact surface in its middle (mm)."""

    solid: Solid
    artifact: str
    sha256: str
    chord_mm: float


def from_chart(stage: CadStage, template: Template) -> Charted | None:
    """The stage's body; None where no chart covers this order. What was read is noted."""
    from engine.chart.coordinates import Unchartable, taken

    run = template.run
    known: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    for folder in folders_of(run, stage.name):
        if known != (folder.direct, folder.stages):
            known = folder.direct, folder.stages
            try:
                given = [(n, run.read(n)) for n in folder.direct] + [(n, getattr(template, n)()) for n in folder.stages]
                values, structure = taken(given)
            except (Unchartable, TemplateError):  # a stage that is called sometimes, or was changed since: CAD decides
                return None
        chart = folder.find(values, structure)
        if chart is not None:
            made = chart.at(values)
            if made is not None:
                return Charted(Solid(made.mesh, made.patches), made.artifact, chart.sha256, float(chart.about["chord_mm"]))
    return None
