"""Processes and machines from their data files, with a shop's own figures merged over ours.

A shop's file is TOML with the same tables as ours (`[process.KEY.limits]`, `[process.KEY.costs]`, `[process.KEY.settings]`,
`[process.KEY.checks]`, `[machine.KEY]`). It is named by the environment variable UNIKAT_PROCESSES. What it says replaces our
figure; the rest stays. `base = "other-key"` starts a new process from another one. A figure without unit or source, or a name
that nothing reads, is refused with the nearest name that exists.
"""

from __future__ import annotations

import difflib
import functools
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.errors import EngineFault, InputError, OrderError
from engine.model.process import CHECKS, Limit, Machine, Process

HERE = Path(__file__).parent
OURS = (HERE / "machines.toml", HERE / "processes.toml")
VARIABLE = "UNIKAT_PROCESSES"

LIMITS = frozenset(
    [
        "wall",
        "gap",
        "hole",
        "emboss_width",
        "emboss_height",
        "engrave_width",
        "engrave_depth",
        "tolerance",
        "clearance",
        "lip_overhang",
        "bridge",
    ]
)
REQUIRED_LIMITS = LIMITS - {"bridge"}
COSTS = frozenset(
    [
        "density",
        "layer",
        "material",
        "waste",
        "machine",
        "handling",
        "flow",
        "warm_up",
        "exposure",
        "lift",
        "build_speed",
        "packing",
    ]
)
REQUIRED_COSTS = frozenset({"density", "layer", "material", "waste", "machine", "handling"})
RECKONED = {
    "first_layer_height": "",
    "perimeters": "",
    "perimeter_extrusion_width": "",
    "top_solid_layers": "",
    "bottom_solid_layers": "",
    "fill_density": "",
    "extrusion_multiplier": "1",
}
"""Settings that the estimate and the acceptance of G-code read: plain numbers in any FDM process, and their default."""
METHODS = ("FDM", "SLA", "SLS", "MJF")
POWDER = frozenset({"SLS", "MJF"})

_PROCESS_FIELDS = frozenset(
    ["name", "method", "material", "machine", "flexible", "base", "limits", "checks", "settings", "costs"]
)
_MACHINE_FIELDS = frozenset(["name", "methods", "size", "bed", "source", "settings"])

_FAR = 10_000.0
_HUGE = 1e9

Table = dict[str, Any]


def load_process(key: str, machine: str | None = None, *, extra: Path | None = None) -> Process:
    """The process `key` on that machine (default: the process's own).

    `extra`: a shop's file, merged over ours; without it, the one that UNIKAT_PROCESSES names. Raises OrderError (process,
    machine) for what is unknown or does not go together, InputError for a shop's file that cannot be used.
    """
    stamp = _stamp(extra)
    tables = _merged(stamp)
    if key not in tables["process"]:
        raise _unknown("process", key, tables["process"])
    return _load(key, machine, stamp)


def list_processes(*, extra: Path | None = None) -> tuple[Process, ...]:
    """Every process on its own machine, in the order of the files."""
    return tuple(load_process(key, extra=extra) for key in _tables(extra)["process"])


def list_machines(*, extra: Path | None = None) -> tuple[Machine, ...]:
    """Every machine, in the order of the files."""
    return tuple(_machine(key, table) for key, table in _tables(extra)["machine"].items())


def machines_for(process: str, *, extra: Path | None = None) -> tuple[str, ...]:
    """The keys of the machines that can run that process."""
    tables = _tables(extra)
    if process not in tables["process"]:
        raise _unknown("process", process, tables["process"])
    return _suitable(tables, _resolved(tables, process)["method"])


def takers(process: Process, size: Sequence[float]) -> tuple[str, ...]:
    """Keys of the machines that can run that process and take a box of that size (mm), upright, as it stands or turned a quarter."""
    if process.key not in _tables(None)["process"]:
        return ()
    x, y, z = size
    sizes = {machine.key: machine.size for machine in list_machines() if machine.key in machines_for(process.key)}
    return tuple(key for key, (w, d, h) in sizes.items() if z <= h and ((x <= w and y <= d) or (x <= d and y <= w)))


def currency(process: Process) -> str:
    """What the process's prices are in, such as EUR."""
    return str(process.costs["material"].unit.partition("/")[0])


# --- the files


def _stamp(extra: Path | None) -> tuple[str, int, int] | None:
    """What tells one state of the shop's file from another: path, time and size."""
    named = extra if extra is not None else (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if named is None:
        return None
    try:
        told = named.stat()
    except OSError as broken:
        raise InputError(str(named), f"the file of processes cannot be read ({broken.strerror})") from broken
    return (str(named), told.st_mtime_ns, told.st_size)


def _tables(extra: Path | None) -> Table:
    return _merged(_stamp(extra))


@functools.lru_cache(maxsize=8)
def _merged(stamp: tuple[str, int, int] | None) -> Table:
    tables: Table = {"process": {}, "machine": {}}
    for path in OURS:
        _merge(tables, tomllib.loads(path.read_text(encoding="utf-8")))
    if stamp is not None:
        path = Path(stamp[0])
        try:
            theirs = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as broken:
            raise InputError(str(path), f"no TOML file of processes: {broken}") from broken
        problem = _complaint(theirs)
        if problem:
            raise InputError(str(path), problem)
        _merge(tables, theirs)
    problem = _incomplete(tables)
    if problem:
        raise InputError(stamp[0], problem) if stamp else EngineFault(problem)
    return tables


def _merge(into: Table, new: Mapping[str, Any]) -> None:
    """Deep: tables merge, everything else (a figure's own table included) replaces."""
    for name, value in new.items():
        if isinstance(value, dict) and "value" not in value and isinstance(into.get(name), dict):
            _merge(into[name], value)
        elif isinstance(value, dict) and "value" not in value:
            into[name] = {}
            _merge(into[name], value)
        else:
            into[name] = value


def _closest(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.0)
    return near[0] if near else ""


def _complaint(theirs: Mapping[str, Any]) -> str | None:
    """What is wrong with a shop's file, in one line that names the field; None when it can be merged."""
    for top, tables in theirs.items():
        if top not in ("process", "machine") or not isinstance(tables, dict):
            return f"{top}: no such table; there are process and machine"
        fields = _PROCESS_FIELDS if top == "process" else _MACHINE_FIELDS
        for key, table in tables.items():
            where = f"{top}.{key}"
            if not isinstance(table, dict):
                return f"{where}: must be a table"
            for name, value in table.items():
                if name not in fields:
                    return f"{where}.{name}: no such field; closest is {_closest(name, fields)}"
                problem = _field(f"{where}.{name}", name, value)
                if problem:
                    return problem
    return None


def _field(where: str, name: str, value: Any) -> str | None:
    """What is wrong with one field of a process or machine."""
    if name in ("limits", "costs", "checks", "settings") and not isinstance(value, dict):
        return f"{where}: must be a table"
    if name in ("limits", "costs"):
        return _figures_complaint(where, LIMITS if name == "limits" else COSTS, value)
    if name == "checks":
        return _checks_complaint(where, value)
    if name == "settings":
        return _settings_complaint(where, value)
    if name == "size" and not (isinstance(value, list) and len(value) == len("xyz") and all(map(_length, value))):
        return f"{where}: must be three lengths in mm, above 0 and below {_FAR:g}"
    if name == "method" and value not in METHODS:
        return f"{where}: must be one of {', '.join(METHODS)}"
    return None


def _figures_complaint(where: str, known: frozenset[str], table: Table) -> str | None:
    for figure, told in table.items():
        if figure not in known:
            return f"{where}.{figure}: no such figure; closest is {_closest(figure, known)}"
        problem = _figure(f"{where}.{figure}", figure, told)
        if problem:
            return problem
    return None


def _checks_complaint(where: str, table: Table) -> str | None:
    for check, required in table.items():
        if check not in CHECKS:
            return f"{where}.{check}: no such check; closest is {_closest(check, CHECKS)}"
        if not isinstance(required, bool):
            return f"{where}.{check}: must be true or false"
    return None


def _settings_complaint(where: str, table: Table) -> str | None:
    """A setting must stay one line of the slicer's file; `post_process` would run a program."""
    for setting, text in table.items():
        if not re.fullmatch("[a-z][a-z0-9_]*", setting) or setting == "post_process":
            return f"{where}: {setting!r} is no setting that is passed on"
        if not isinstance(text, str) or "\n" in text or "\r" in text:
            return f"{where}.{setting}: must be text on one line"
    return None


def _length(value: Any) -> bool:
    return _number(value) and 0 < value < _FAR


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _HUGE  # also refuses NaN


def _figure(where: str, figure: str, told: Any) -> str | None:
    if not isinstance(told, dict) or set(told) != {"value", "unit", "source"}:
        return f'{where}: a figure is {{ value = 1.0, unit = "mm", source = "where it comes from" }}'
    if not _number(told["value"]):
        return f"{where}: value must be a finite number"
    if told["value"] < 0 and figure != "clearance":
        return f"{where}: value must not be negative"
    if told["value"] == 0 and figure in ("density", "layer", "flow", "build_speed", "packing"):
        return f"{where}: value must be above 0"
    if not all(isinstance(told[name], str) and told[name].strip() for name in ("unit", "source")):
        return f"{where}: unit and source must be text"
    return None


def _resolved(tables: Table, key: str, seen: tuple[str, ...] = ()) -> Table:
    """A process with all that its `base` says under it."""
    table: Table = tables["process"][key]
    base = table.get("base")
    if base is None:
        return table
    whole: Table = {}
    if base in tables["process"] and base not in seen:
        _merge(whole, _resolved(tables, base, (*seen, key)))
    _merge(whole, {name: value for name, value in table.items() if name != "base"})
    return whole


def _incomplete(tables: Table) -> str | None:
    """What a merged set of processes and machines lacks, in one line; None when it is whole."""
    for key, table in tables["machine"].items():
        for name in ("name", "methods", "size", "bed", "source"):
            if name not in table:
                return f"machine.{key}: {name} is missing"
    for key, own in tables["process"].items():
        base = own.get("base")
        if base is not None and base not in tables["process"]:
            return f"process.{key}.base: no process {base!r}; closest is {_closest(str(base), tables['process'])}"
        table = _resolved(tables, key)
        for name in ("name", "method", "material", "machine", "flexible", "limits", "checks", "costs"):
            if name not in table:
                return f"process.{key}: {name} is missing"
        for name, needed in (("limits", REQUIRED_LIMITS), ("costs", REQUIRED_COSTS), ("checks", CHECKS)):
            for figure in sorted(needed):
                if figure not in table[name]:
                    return f"process.{key}.{name}: {figure} is missing"
        for name, default in RECKONED.items() if table["method"] == "FDM" else ():
            if not re.fullmatch(r"\d+(\.\d+)?%?", str(table.get("settings", {}).get(name, default))):
                return f"process.{key}.settings.{name}: must be a plain number"
        if table["machine"] not in _suitable(tables, table["method"]):
            return f"process.{key}.machine: no {table['method']} machine {table['machine']!r}"
    return None


# --- from tables to types


def _suitable(tables: Table, method: str) -> tuple[str, ...]:
    return tuple(key for key, table in tables["machine"].items() if method in table["methods"])


def _unknown(field: str, key: str, known: Any) -> OrderError:
    return OrderError(field, f"there is no such {field}", value=key, limit=", ".join(known), nearest=_closest(str(key), known))


@functools.lru_cache(maxsize=64)
def _load(key: str, machine: str | None, stamp: tuple[str, int, int] | None) -> Process:
    tables = _merged(stamp)
    table = _resolved(tables, key)
    method = table["method"]
    chosen = machine if machine is not None else table["machine"]
    suitable = _suitable(tables, method)
    if chosen not in tables["machine"]:
        raise _unknown("machine", chosen, suitable)
    if chosen not in suitable:
        raise OrderError(
            "machine", f"is no {method} machine, and process {key} is {method}",
            value=chosen, limit=", ".join(suitable), nearest=table["machine"],
        )  # fmt: skip
    place = _machine(chosen, tables["machine"][chosen])
    costs = _figures(table["costs"])
    settings: dict[str, str] = {}
    if method == "FDM":
        settings = {**table.get("settings", {}), **tables["machine"][chosen].get("settings", {}), **_bed(place)}
        # The figures of the estimate and the slicer's are the same ones: said once, in costs.
        settings["layer_height"] = f"{costs['layer'].value:g}"
        settings["filament_density"] = f"{costs['density'].value:g}"
        settings["filament_cost"] = f"{costs['material'].value:g}"
    return Process(
        key=key,
        name=table["name"],
        method=method,
        material=table["material"],
        machine=place,
        flexible=table["flexible"],
        density=costs["density"].value,
        limits=MappingProxyType(_figures(table["limits"])),
        checks=MappingProxyType({name: bool(table["checks"][name]) for name in CHECKS}),
        layer=costs["layer"].value,
        settings=MappingProxyType(dict(sorted(settings.items()))),
        costs=MappingProxyType(costs),
    )


def _machine(key: str, table: Table) -> Machine:
    x, y, z = (float(side) for side in table["size"])
    return Machine(key=key, name=table["name"], size=(x, y, z), bed=table["bed"], source=table["source"])


def _figures(table: Table) -> dict[str, Limit]:
    return {name: Limit(float(told["value"]), told["unit"], told["source"]) for name, told in sorted(table.items())}


def _bed(machine: Machine) -> dict[str, str]:
    """The slicer's words for a machine's size."""
    x, y, z = machine.size
    return {"bed_shape": f"0x0,{x:g}x0,{x:g}x{y:g},0x{y:g}", "max_print_height": f"{z:g}"}
