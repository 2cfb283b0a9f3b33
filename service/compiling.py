"""`unikat compile`: charts of a template's @cad stages, and what a designer learns from them."""

from __future__ import annotations

import json
import os
import pathlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from engine.compiling.compile import Compiled, Wanted, compile_stage, stages_of
from engine.errands import source_of
from engine.errors import OrderError
from engine.language import shelf
from engine.model.places import charts_folder
from service.progress import Progress

SHOWN = 8


def run(
    template: str | None,
    stage: str | None,
    every: bool,
    sets: Sequence[str],
    wanted: Wanted,
    jobs: int,
    out: str | None,
    as_json: bool,
) -> int:
    """The command: its exit status. 0: every structure that was begun is covered; 1: something stays off the charts, or waits."""
    if every == (template is not None):
        raise OrderError("template", "give one template, or --all")
    root = pathlib.Path(out) if out else charts_folder()
    keys = shelf.installed() if every else [str(template)]
    reports: list[Compiled] = []
    with Progress(1) as progress:
        for key in keys:
            source = source_of(key)
            about = stages_of(source)
            fixed = _held(sets, about["axes"], about["processes"])
            for name in [stage] if stage else about["stages"]:
                asked = Wanted(**{**vars(wanted), "fixed": fixed})
                reports.append(compile_stage(source, name, asked, root, jobs, lambda said, key=key: progress.now(key, said)))  # type: ignore[misc]
    status = 0 if all(not r.waiting and all(not s.off for s in r.structures) for r in reports) else 1
    if as_json:
        told = [r.told() for r in reports]
        print(json.dumps({"status": status, "out": os.fspath(root), "stages": told}))
        return status
    for report in reports:
        for line in lines_of(report):
            print(line)
    if not reports:
        print("no @cad stage to compile", file=sys.stderr)
    return status


def _held(sets: Sequence[str], axes: Sequence[Mapping[str, Any]], processes: Sequence[str]) -> dict[str, list[Any]]:
    """`--set field=value`, as values: given several times, a parameter may be any of them."""
    known = {a["name"]: a for a in axes}
    found: dict[str, list[Any]] = {}
    for one in sets:
        name, equals, text = one.partition("=")
        if not equals:
            raise OrderError("--set", "must be field=value", value=one)
        axis = known.get(name)
        if axis is None and name != "process":
            raise OrderError(name, "is no parameter that may be held", limit="one of " + ", ".join([*known, "process"]))
        found.setdefault(name, []).append(text if axis is None else _value(axis, text))
    return found


def _value(axis: Mapping[str, Any], text: str) -> Any:
    if axis["kind"] == "flag":
        if text not in ("true", "false"):
            raise OrderError(axis["path"] or axis["name"], "must be true or false", value=text)
        return text == "true"
    if axis["grid"] is None:
        return text
    try:
        value = float(text)
    except ValueError:
        raise OrderError(axis["name"], "is no number", value=text) from None
    low, high, _ = axis["grid"]
    if not low <= value <= high:
        raise OrderError(
            axis["name"], "is out of range", value=text, limit=f"{low:g} to {high:g}", nearest=min(max(value, low), high)
        )
    return int(value) if axis["kind"] == "count" else value


def lines_of(report: Compiled) -> list[str]:
    """What a designer reads: how much is covered, how well, where the topology changes and by what."""
    charts = [c for s in report.structures for c in s.charts if c["holds"]]
    found = [
        f"{report.template}.{report.stage}: {len(charts)} charts of {len(report.structures)} structures cover "
        f"{100.0 * report.covered:.1f} % of the orders that the rules take ({report.taken} of {report.tried} scouted, seed {report.seed})",
    ]
    if report.waiting:
        found.append(f"  {report.waiting} structures wait: the same command goes on")
    measured = [c for c in charts if c["bodies"]]
    if measured:
        worst = max(measured, key=lambda c: float(c["max_mm"]))
        rms = max(float(c["rms_mm"]) for c in measured)
        bodies = sum(int(c["bodies"]) for c in measured)
        found.append(
            f"  certified on {bodies} bodies that no fit has seen: nodes within {1000.0 * float(worst['max_mm']):.2f} um, "
            f"rms {1000.0 * rms:.2f} um or less; volume within {100.0 * max(float(c['volume']) for c in measured):.4f} %"
        )
        both = [c for c in measured if c["to_mesh_mm"] is not None]
        if both:
            found.append(
                f"  B-rep to mesh, chord error included: {1000.0 * max(float(c['to_mesh_mm']) for c in both):.0f} um at most"
            )
    if report.paid is not None:
        hours, bodies = sum(s.seconds for s in report.structures) / 3600.0, sum(s.bodies for s in report.structures)
        found.append(
            f"  took {hours:.2f} hours of CPU; of a body by CAD {sum(s.drawing for s in report.structures) / bodies:.2f} s: "
            f"paid after {report.paid:,} orders that a chart covers"
        )
    if unmeasured := len(charts) - len(measured):
        found.append(
            f"  {unmeasured} charts were compared with no body: every order of theirs that was found was drawn for them"
        )
    found += [f"  the charts are cut at {cut}" for s in report.structures for cut in s.cuts[:SHOWN]]
    for structure in report.structures:
        found += [
            f"  off the charts, {n} of {structure.orders} orders of one structure: {why}" for n, why in structure.off[:SHOWN]
        ]
    found += [f"  kink: {said}" for said in report.kinks]
    return found
