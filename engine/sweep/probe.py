"""One order of a sweep, in the child that may run the template: the whole road, and what it read, said and made."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from engine.doors.child_server import progress
from engine.errands import Source, template_of
from engine.errors import EnvironmentFault, OrderError, Refused, TemplateError, UnikatError
from engine.language.judge import check_rules, relations_of, run_fits
from engine.language.memory import Tracer
from engine.language.orders import accept
from engine.language.rules import Relation
from engine.language.shelf import code_hash
from engine.language.template import Home, Run, Template
from engine.make import Workshop, make
from engine.model.order import Order, Product, Severity
from engine.model.process import Process
from engine.process.limits import list_processes, load_process
from engine.sweep import axes as axes_module
from engine.sweep import people
from engine.sweep.findings import Outcome, failed
from engine.sweep.samples import order_of
from engine.sweep.source import reaches

MOST_ADVICE = 6
"""How often an order is changed as its refusals say before it counts as refused."""
_shops: dict[str, Workshop] = {}
"""Of each process in this child: what stays warm from order to order, as it does for a shop."""


def describe_here(source: Source, process: str | None) -> dict[str, Any]:
    """What a sweep must know of the template before it begins."""
    cls = template_of(source)
    own = load_process(process or cls.default_process)
    return {
        "key": cls.key,
        "process": own.key,
        "made_to_measure": cls.made_to_measure,
        "axes": axes_module.told_of(cls),
        "fields": list(cls.fields),
        "rules": list(cls.rules),
        "files": [name for name, f in cls.fields.items() if f.section == "inputs"],
        "reaches": reaches(cls),
        "english_only": _english_only(cls),
        "processes": [p.key for p in list_processes() if p.key != own.key],
    }


def _english_only(cls: type[Template]) -> list[str]:
    """What a French customer would read in English, as far as it is declared."""
    found = [] if cls.french else ["the description"]
    for name, field in cls.fields.items():
        words = [("label", field.label), ("help", field.help), *(("option", w) for w in getattr(field, "options", {}).values())]
        found += [
            f"{what} of {name}" for what, w in words if w and isinstance(w, str) and not (what == "option" and w == w.title())
        ]
    return list(dict.fromkeys(found))


def person_here(source: Source, process: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What a person would change, where everything is drawn (`people`)."""
    cls = template_of(source)
    axes = axes_module.read(axes_module.told_of(cls))
    return people.person(cls, axes, changes, load_process(process))


def try_here(source: Source, process: str, changes: Mapping[str, Any], picture: bool, kept: bool) -> Outcome:
    """The order with these changes, and with those that refusals name. Raises nothing of ours: what happened is the outcome.

    `picture`: the thumbnail too. `kept`: with what earlier orders left in this process and on disk; otherwise as the first ever.
    """
    cls = template_of(source)
    axes = axes_module.read(axes_module.told_of(cls))
    watch = Tracer()
    shop = _shop(process) if kept else Workshop(home=Home(None))
    shop.announce, shop.watch = progress, watch
    told: Outcome = {"changes": dict(changes), "advice": [], "rules": {}}
    started = time.monotonic()
    try:
        refusal = _until_ready(cls, axes, load_process(process), shop, told)
        if refusal is not None:
            told |= _refused(refusal, cls)
        else:
            order = order_of(axes, told["changes"], template=cls.key, process=process)
            made = make(order, cls, formats=("png",) if picture else (), workshop=shop, keep_refused=True)
            told |= _judged(made, cls)
            if not kept:
                told["results"] = {name: _digest_of(m.last()) for (_, name, _), m in shop.home.stages.items()}
    except TemplateError as error:
        told |= failed(error)
    except OrderError as error:
        told |= _refused(error, cls)
    except EnvironmentFault as error:
        told |= {"result": "left out", "why": str(error)}
    except UnikatError as error:
        told |= {"result": "failed", "cause": type(error).__name__, "where": "engine", "why": str(error)}
    told["read"] = sorted({name.partition(".")[0] for name in watch.pairs})
    told["seconds"] = time.monotonic() - started
    return told


def rules_here(source: Source, process: str, orders: list[Mapping[str, Any]], names: list[str]) -> list[str]:
    """Those of the named rules that refuse one of these orders, each given by its changes, in that process."""
    cls = template_of(source)
    axes = axes_module.read(axes_module.told_of(cls))
    shop, other = _shop(process), load_process(process)
    shop.watch = None
    fired: dict[str, None] = {}
    for changes in orders:
        try:
            template = _template(cls, order_of(axes, changes, template=cls.key, process=process), other, shop)
        except UnikatError:
            continue
        rules = _rules(template, other)
        fired |= {name: None for name in names if rules.get(name, {}).get("fired")}
        if len(fired) == len(names):
            break
    return list(fired)


def _shop(process: str) -> Workshop:
    if process not in _shops:
        _shops[process] = Workshop()
    return _shops[process]


def _template(cls: type[Template], order: Order, process: Process, shop: Workshop) -> Template:
    values, origins = accept(order, cls)
    run = Run(cls, values, origins, process.flat(), home=shop.home, code_hash=code_hash(cls))
    run.announce = shop.announce
    if shop.watch is not None:
        run.tracers.append(shop.watch)
    template = cls(run)
    run_fits(template)
    return template


def _until_ready(cls: type[Template], axes: Any, process: Process, shop: Workshop, told: Outcome) -> Refused | None:
    """Change the order as each refusal says, until no rule refuses: None. The refusal that names nothing new is the answer."""
    seen: list[dict[str, Any]] = []
    while True:
        order = order_of(axes, told["changes"], template=cls.key, process=process.key)
        template = _template(cls, order, process, shop)
        if not told["rules"]:
            told["rules"] = _rules(template, process)
        try:
            check_rules(template, process)
            return None
        except Refused as refusal:
            names = {f.path: name for name, f in cls.fields.items()}
            all_told = [r for r in (refusal, *refusal.also) if r.nearest is not None and r.field in names]
            advice = [(r.rule, names[r.field], r.nearest) for r in all_told]
            changed = {**told["changes"], **{name: nearest for _, name, nearest in advice}}
            if refusal not in all_told or changed in seen or len(seen) >= MOST_ADVICE:
                return refusal
            seen.append(changed)
            told["changes"] = changed
            told["rounds"] = len(seen)
            told["advice"] += [list(piece) for piece in advice]


def _rules(template: Template, process: Process) -> dict[str, Any]:
    """Of every rule: whether it refuses, the least that it was away from it, and which files' fields it read. One that another guards may raise: then nothing."""
    found = {}
    files = axes_module.unchosen(type(template))
    for name, rule in type(template).rules.items():
        watch = Tracer()
        template.run.tracers.append(watch)
        try:
            relations = relations_of(rule, template, process)
        except (TemplateError, OrderError):
            continue
        finally:
            template.run.tracers.remove(watch)
        near = [gap for r in relations if (gap := _gap(r)) is not None]
        found[name] = {
            "fired": any(not r.holds for r in relations),
            "near": min(near, default=None),
            "unit": next((r.unit for r in relations if _gap(r) is not None), ""),
            "files": sorted(files & {read.partition(".")[0] for read in watch.pairs}),
            "english_only": [r.why for r in relations if isinstance(r.why, str)],
        }
    return found


def _gap(relation: Relation) -> float | None:
    """How far a relation that holds is from its limit."""
    numbers = (relation.value, relation.limit)
    if not all(isinstance(n, int | float) for n in numbers):
        return None
    gap = float(relation.value) - float(relation.limit)  # type: ignore[arg-type]  # looked at above
    return gap if relation.sign == "at least" else -gap


def _refused(error: OrderError, cls: type[Template]) -> Outcome:
    """An honest no: of a rule, of a field that cannot take what it was given, or of a stage (`late`) where no rule said it."""
    by_rule = error.rule in cls.rules
    return {
        "result": "refused",
        "rule": error.rule if by_rule else (error.rule or error.why),
        "late": isinstance(error, Refused) and not by_rule,
        "why": error.for_sender(),
        "field": error.field,
    }


def _judged(product: Product, cls: type[Template]) -> Outcome:
    report = product.report
    errors = [f for f in report.findings if f.severity is Severity.ERROR]
    told: Outcome = {"result": "made", "hash": _digest(product), "png": product.files.get("thumbnail.png")}
    if report.verdict == "incomplete":
        lacking = ", ".join(c.name for c in report.checks if c.required and not c.ran)
        return {
            **told,
            "result": "failed",
            "cause": "INCOMPLETE",
            "where": lacking,
            "why": f"required checks did not run: {lacking}",
        }
    if report.verdict == "refused":
        first = errors[0]
        if first.code == "rule":  # refused by a stage, or by a rule that changed its mind
            late = not any(f"[rule {name}]" in first.message for name in cls.rules)
            found = re.search(r"\[rule ([^\]]+)\]$", first.message)
            return {
                "result": "refused",
                "rule": found[1] if found else "a stage",
                "late": late,
                "why": first.message,
                "field": "",
            }
        return {**told, "result": "failed", "cause": first.code, "where": first.part or "", "why": first.message}
    return told


def _digest(product: Product) -> str:
    """Of all that a customer would hold: shapes, colours, materials and how they stand."""
    digest = hashlib.sha256()
    for settled in product.parts:
        part = settled.part
        digest.update(repr((part.name, part.colour, part.material, sorted(part.bonded), sorted(part.poses.items()))).encode())
        digest.update(np.ascontiguousarray(settled.lattice).tobytes() + np.ascontiguousarray(settled.faces).tobytes())
        _feed(digest.update, part.modifiers)
    return digest.hexdigest()


def _digest_of(result: object) -> str:
    """Of what a stage returned."""
    digest = hashlib.sha256()
    _feed(digest.update, result)
    return digest.hexdigest()


def _feed(update: Callable[[bytes], None], value: object) -> None:
    if isinstance(value, np.ndarray):
        update(repr((value.dtype.str, value.shape)).encode() + np.ascontiguousarray(value).tobytes())
    elif isinstance(value, Mapping):
        for key in value:
            update(repr(key).encode())
            _feed(update, value[key])
    elif isinstance(value, list | tuple):
        update(f"{len(value)} of ".encode())
        for item in value:
            _feed(update, item)
    elif is_dataclass(value):
        for told in fields(value):
            _feed(update, getattr(value, told.name))
    else:
        update(repr(value).encode() if isinstance(value, str | int | float | bool | None) else type(value).__name__.encode())
