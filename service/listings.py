"""`unikat templates`, `fonts`, `processes`: what there is, in lines or as JSON."""

from __future__ import annotations

import json
from typing import Any


def templates(key: str | None, schema: bool, language: str) -> None:
    """All templates; the fields of one; or its JSON Schema."""
    from engine import errands
    from engine.errors import OrderError
    from engine.language import shelf

    if language not in ("en", "fr"):
        raise OrderError("--language", "is not offered", value=language, limit="en or fr", nearest="en")
    if key is None:
        for name in shelf.installed():
            print(f"{name}  {_described(name, language)}")
        return
    told = errands.schema(errands.source_of(key), language)
    if schema:
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return
    print(f"{told['title']}: {told['description']}")
    for section in ("parameters", "measurements", "inputs"):
        for name, field in told["properties"].get(section, {}).get("properties", {}).items():
            prefix = "" if section == "parameters" else f"{section}."
            print(f"  {prefix}{name}  {field['title']}: {_range(field)}")


def _described(key: str, language: str) -> str:
    """One line; a template of somebody else's is asked in a child, and may be broken."""
    from engine import errands
    from engine.errors import TemplateError

    try:
        told = errands.schema({"key": key}, language)
    except TemplateError as error:
        return f"cannot be used: {error.for_sender()}"
    count = sum(len(section.get("properties", ())) for section in told["properties"].values())
    return f"{told['description']}  (version {told['x-version']}, {count} fields)"


def _range(field: dict[str, Any]) -> str:
    default = f", {field['default']} unless said" if field.get("default") not in (None, "") else ""
    number = field["anyOf"][0] if "anyOf" in field else field
    if "minimum" in number:
        unit = f" {field['x-unit']}" if "x-unit" in field else ""
        step = f" by {field['x-step']:g}" if "x-step" in field else ""
        return f"{number['minimum']:g} to {number['maximum']:g}{unit}{step}{default}"
    if "oneOf" in field:
        words = [str(o["const"]) for o in field["oneOf"]]
        return (" | ".join(words) if len(words) < 9 else f"one of {len(words)}: {', '.join(words[:4])}, ...") + default
    if "x-max-graphemes" in field:
        return f"at most {field['x-max-graphemes']} letters"
    if "x-range" in field:
        return f"{field['x-range'][0]:g} to {field['x-range'][1]:g} {field['x-unit']}"
    return str(field.get("type", "")) + default


def fonts(as_json: bool) -> None:
    """The catalogue of fonts with the state of each, which scripts can be set now, and what to install for the rest."""
    from engine.shape.characters import SCRIPTS
    from engine.shape.fonts import available, default, folder, install

    rows = available()
    now = {s for r in rows if r.ready for s in r.scripts}
    missing = {s: install(r) for r in rows if not r.ready for s in r.scripts if s not in now}
    if as_json:
        told = {"default": default(), "scripts": sorted(now), "to_install": missing, "fonts": [vars(r) for r in rows]}
        print(json.dumps(told, ensure_ascii=False))
        return
    for row in rows:
        mark = "*" if row.key == default() else " "
        names = ", ".join(SCRIPTS[s] for s in row.scripts)
        print(
            f"{mark} {row.key}  {names}  {row.status}  ({row.package} {row.version}, {row.licence}, sha256 {row.sha256[:12]})"
        )
    print(f"scripts that can be set now: {', '.join(SCRIPTS[s] for s in SCRIPTS if s in now) or 'none'}")
    for command in dict.fromkeys(missing.values()):
        print(f"{command}: for {', '.join(SCRIPTS[s] for s in missing if missing[s] == command)}")
    print(f"fonts of Debian's packages are looked for in {folder()}; letters of any other script are refused by name")


def processes(key: str | None, as_json: bool) -> None:
    """All processes and machines; or every figure of one, with its source."""
    from engine.process.limits import list_machines, list_processes, load_process, machines_for

    if key is not None:
        process = load_process(key)
        if as_json:
            print(json.dumps(told(process), ensure_ascii=False))
            return
        print(f"{process.key}: {process.name}; machines {', '.join(machines_for(key))}")
        for name, limit in sorted({**process.limits, **process.costs}.items()):
            print(f"  {name} {limit.value:g} {limit.unit}  ({limit.source})")
        return
    every = list_processes()
    if as_json:
        print(json.dumps({"processes": [told(p) for p in every]}, ensure_ascii=False))
        return
    for process in every:
        print(f"{process.key}  {process.name}, wall {process.wall:g} mm; machines {', '.join(machines_for(process.key))}")
    for machine in list_machines():
        size = " x ".join(f"{s:g}" for s in machine.size)
        print(f"{machine.key}  {machine.name}, {size} mm, {'bed' if machine.bed else 'powder, no bed'}  ({machine.source})")


def told(process: Any) -> dict[str, Any]:
    limits = {n: {"value": x.value, "unit": x.unit, "source": x.source} for n, x in process.limits.items()}
    return {
        "key": process.key,
        "name": process.name,
        "method": process.method,
        "limits": limits,
        "checks": dict(process.checks),
    }
