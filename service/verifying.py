"""`unikat verify`: the verdict on any mesh file, one line a finding."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import EngineFault, InputError, OrderError
from engine.model.mesh import Part
from engine.model.order import CheckRun, Finding
from engine.model.process import Process
from service.progress import Progress

STATUS = {"printable": 0, "refused": 1, "incomplete": 4}
WORST_FIRST = (3, 2, 4, 1, 0)
SMALL_MM, LARGE_MM = 1.0, 3000.0
"""Whole files smaller or larger than that have another unit, more often than not."""
CHECKS = {
    "mesh": "that there is a mesh",
    "topology": "that the surface is closed",
    "degenerate": "that every face has an area",
    "orientation": "that all faces look outward",
    "volume": "how large it is",
    "machine": "that it fits the machine",
    "bed": "how it stands on the bed",
    "crossings": "that no faces pass through each other",
    "walls": "how thick the walls are, once nothing is open or crosses",
    "gaps": "how wide the gaps are, once nothing is open or crosses",
    "shells": "what is inside and what outside, once nothing is open",
    "parts": "the room between parts",
}
"""What each check looks at, for who reads that it did not run."""


def run(
    files: Sequence[str],
    unit: str | None,
    process_key: str | None,
    picture: str | None,
    as_json: bool,
    faces: str | None = None,
) -> int:
    """The worst status of all files (3, 2, 4, 1, 0)."""
    from engine.process.limits import load_process

    for option, path in (("--picture", picture), ("--faces", faces)):
        if path is not None and len(files) > 1:
            raise OrderError(option, "draws one file", value=f"{len(files)} files", limit="1 file")
        if path is not None and (path in ("", "-") or path.endswith(os.sep)):
            raise OrderError(option, "is the name of a file to write", value=path)
    process = load_process(process_key) if process_key else None
    seen = set()
    with Progress(len(files)) as progress:
        for name in files:
            try:
                status, report, lines = _one(name, unit, process, picture, faces, progress)
            except EngineFault as fault:  # ours; the other files are still told
                status, report, lines = 3, {"error": fault.for_sender()}, [fault.for_sender()]
            progress.done()
            _tell(name, status, as_json, report, lines)
            seen.add(status)
    return next(s for s in WORST_FIRST if s in seen)


def _one(
    name: str, unit: str | None, process: Process | None, picture: str | None, faces: str | None, progress: Progress
) -> tuple[int, dict[str, Any], list[str]]:
    """Status, report, lines."""
    from engine.reading.meshes import read_file

    progress.now(name, "reading")
    try:
        found = read_file(pathlib.Path(name), unit)
    except InputError as error:
        told = error.for_sender()
        return 2, {"error": told}, [f"unusable: {told.removeprefix(f'{error.what}: ')}"]
    from engine.verify.checks import verdict, verify  # not before: what reads can be forked while no kernel is loaded
    from engine.verify.foreign import settle_as_drawn

    progress.now(name, "judging")
    parts = settle_as_drawn([Part(part, mesh) for part, mesh in found], bed=process is not None)
    checks, findings, figures = verify(parts, process)
    figures["lattice_mm"] = 1.0 / parts[0].steps_per_mm if parts else None
    said = verdict(checks, findings)
    status = STATUS[said]
    report = {"verdict": said, "checks": _rows(checks), "findings": _rows(findings), "figures": figures}
    lines = _lines(said, checks, findings, process, len(parts)) + _doubt(figures)
    try:
        lines += _show(parts, findings, picture, faces)
    except OrderError as error:  # a picture that cannot be written takes no verdict away
        return 2, {**report, "error": error.for_sender()}, [*lines, f"unusable: {error.for_sender()}"]
    return status, report, lines


def _lines(
    said: str, checks: Sequence[CheckRun], findings: Sequence[Finding], process: Process | None, parts: int
) -> list[str]:
    """The verdict, then a line a finding: what is wrong, where, and what to do about it."""
    head = said if process is not None else f"{said} (geometry alone: walls, gaps, machine and bed are asked with --process)"
    lines = [head if said == "printable" else said]
    for f in findings:
        where = f" in {f.part}" if parts > 1 and f.part is not None else ""
        lines.append(f"{f.severity} {f.code}{where}: {f.message}" + (f"; {f.fix}" if f.fix else ""))
    waiting = ", ".join(f"{c.name} ({CHECKS.get(c.name, c.name)})" for c in checks if c.required and not c.ran)
    return [*lines, f"not checked: {waiting}"] if waiting else lines


def _doubt(figures: Mapping[str, Any]) -> list[str]:
    """A file of metres or inches that was called one of mm: nearly nothing, or a house."""
    size = [high - low for low, high in zip(*figures["bounds_mm"], strict=True)]
    if SMALL_MM <= max(size) <= LARGE_MM or not any(size):
        return []
    return ["note: all of it is {:.3g} x {:.3g} x {:.3g} mm: is its unit the right one?".format(*size)]


def _rows(told: Sequence[CheckRun | Finding]) -> list[dict[str, Any]]:
    return [{name: value for name, value in vars(t).items() if name not in Finding.UNTOLD} for t in told]


def _tell(name: str, status: int, as_json: bool, report: dict[str, Any], lines: Sequence[str]) -> None:
    if as_json:
        print(json.dumps({"file": name, "status": status, **report}, default=str))
        return
    for line in lines:
        print(plain(f"{name}: {line}"))


def plain(line: str) -> str:
    """For a terminal: a file's name may hold bytes that are no UTF-8, or move its cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in line)


def _show(parts: Sequence[Any], findings: Sequence[Finding], picture: str | None, faces: str | None) -> list[str]:
    """Write what was asked for; a line where there is nothing to mark. OrderError where it cannot be written."""
    if picture is None and faces is None:
        return []
    from engine.export import marked
    from service.folder import put

    bad: dict[str, list[tuple[int, ...]]] = {}
    for f in findings:
        for part, rows in ((f.part, f.faces), *([f.beside] if f.beside else [])):
            if rows and part is not None:
                bad.setdefault(part, []).append(rows)
    for option, told, make in (("--picture", picture, marked.picture), ("--faces", faces, marked.mesh)):
        if told is not None:
            path = pathlib.Path(told)
            try:
                put({path.name: make(parts, bad)}, path.parent)
            except OrderError as error:
                raise OrderError(option, error.why, value=told) from None
    if bad:
        return []
    left = [f"{faces} is a mesh of no faces"] if faces is not None else []
    left += [f"{picture} shows the file as it is"] if picture is not None else []
    return [f"no faces to mark: {', '.join(left)}"]
