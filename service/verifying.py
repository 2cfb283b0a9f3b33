"""`unikat verify`: the verdict on any mesh file, one line a finding."""

from __future__ import annotations

import json
import pathlib
import sys
from collections.abc import Sequence
from typing import Any

from engine.errors import EngineFault, InputError, OrderError
from engine.model.order import CheckRun, Finding
from engine.model.process import Process

STATUS = {"printable": 0, "refused": 1, "incomplete": 4}
WORST_FIRST = (3, 2, 4, 1, 0)


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
    process = load_process(process_key) if process_key else None
    seen = set()
    for at, name in enumerate(files, start=1):
        if sys.stderr.isatty() and len(files) > 1:
            print(f"{at}/{len(files)} {name}", file=sys.stderr)
        try:
            seen.add(_one(name, unit, process, picture, as_json, faces))
        except EngineFault as fault:  # ours; the other files are still told
            _tell(name, 3, as_json, {"error": fault.for_sender()}, [fault.for_sender()])
            seen.add(3)
    return next(s for s in WORST_FIRST if s in seen)


def _one(name: str, unit: str | None, process: Process | None, picture: str | None, as_json: bool, faces: str | None) -> int:
    from engine.model.mesh import Part
    from engine.reading.meshes import read_file
    from engine.verify.checks import verdict, verify
    from engine.verify.foreign import settle_as_drawn

    try:
        found = read_file(pathlib.Path(name), unit)
    except InputError as error:
        _tell(name, 2, as_json, {"error": error.for_sender()}, [error.for_sender()])
        return 2
    drawn = [Part(part, mesh) for part, mesh in found]
    parts = settle_as_drawn(drawn, bed=process is not None)
    checks, findings, figures = verify(parts, process)
    figures["lattice_mm"] = 1.0 / parts[0].steps_per_mm if parts else None
    _show(parts, findings, picture, faces)
    said = verdict(checks, findings)
    status = STATUS[said]
    report = {"verdict": said, "checks": _rows(checks), "findings": _rows(findings), "figures": figures}
    lines = [f"{f.severity} {f.code}: {f.message}" for f in findings]
    waiting = ", ".join(c.name for c in checks if c.required and not c.ran)
    lines += [f"not checked: {waiting}"] if waiting else []
    _tell(name, status, as_json, report, [said, *lines])
    return status


def _rows(told: Sequence[CheckRun | Finding]) -> list[dict[str, Any]]:
    return [{name: value for name, value in vars(t).items() if name != "faces"} for t in told]


def _tell(name: str, status: int, as_json: bool, report: dict[str, Any], lines: Sequence[str]) -> None:
    if as_json:
        print(json.dumps({"file": name, "status": status, **report}, default=str))
        return
    for line in lines:
        told = f"{name}: {line}"  # a file's name may hold bytes that are no UTF-8, or move a terminal's cursor
        print("".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in told))


def _show(parts: Sequence[Any], findings: Sequence[Finding], picture: str | None, faces: str | None) -> None:
    if picture is None and faces is None:
        return
    from engine.export import marked
    from service.folder import put

    bad: dict[str, list[tuple[int, ...]]] = {}
    for f in findings:
        if f.faces and f.part is not None:
            bad.setdefault(f.part, []).append(f.faces)
    for told, make in ((picture, marked.picture), (faces, marked.mesh)):
        if told is not None:
            path = pathlib.Path(told)
            put({path.name: make(parts, bad)}, path.parent)
