"""Fits and rules at work: parameters and missing measures from what was given, and refusals that name what would do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace

from engine.errors import OrderError, Refused, TemplateError
from engine.language.derived import without
from engine.language.person import Input, Measure
from engine.language.rules import Relation
from engine.language.stages import Rule, designers
from engine.language.table import Heights
from engine.language.template import Run, Template
from engine.model.order import Measurement, Origin
from engine.model.process import Process

FITTED_SOURCES = ("scan", "landmarks", "inferred")
"""Where a measure that nobody typed may come from."""


def run_fits(template: Template, until: str = "", taken: Callable[[str, object], object] | None = None) -> None:
    """Every @fit in turn; what was given stays as it was given. A measure that is fitted says where from, and how surely.

    `until`: a field's name; no fit after the one that tells it. `taken(name, value)`: what is taken of a fitted value, if not all of it.
    """
    run = template.run
    for fit in type(template).fits.values():
        if until and run.origins[until] is not Origin.DEFAULT:
            return
        with designers(template, fit.name):
            found: object = fit.function(template)
        if found is not None and not isinstance(found, Mapping):
            raise TemplateError(type(template).key, fit.name, f"must return a dict or None; it returned {type(found).__name__}")
        for name, value in (found or {}).items():
            field = type(template).fields.get(name)
            if field is None or isinstance(field, Input):
                raise TemplateError(type(template).key, fit.name, "fits what is no parameter or measure", message=repr(name))
            if isinstance(field, Measure) and not _tells(value):
                why = f"a fitted measure is a Measurement with an uncertainty and its source, {' or '.join(FITTED_SOURCES)}"
                raise TemplateError(type(template).key, fit.name, why, message=repr(name))
            if run.origins[name] is Origin.DEFAULT:
                run.settle(name, field.accept(value if taken is None else taken(name, value)), Origin.FITTED)


def _tells(value: object) -> bool:
    return isinstance(value, Measurement) and value.source in FITTED_SOURCES and value.uncertainty is not None


def fitted(run: Run) -> dict[str, dict[str, object]]:
    """What was fitted, by its path in an order: value, unit, source, and of a measure its standard and uncertainty."""
    found: dict[str, dict[str, object]] = {}
    for name, origin in run.origins.items():
        if origin is Origin.FITTED:
            field, value = run.cls.fields[name], run.values[name]
            told = {
                "value": value.told() if isinstance(value, Heights) else value,
                "unit": getattr(field, "unit", None),
                "source": "fitted",
            }
            if isinstance(value, Measurement):
                told = {one.name: getattr(value, one.name) for one in fields(value)}
            found[field.path] = {n: v for n, v in told.items() if v is not None}
    return found


def check_rules(template: Template, process: Process) -> None:
    """Every @rule in turn; the first broken relation raises Refused with value, limit and the nearest allowed.

    With it (`also`) go those of the rules after it that refuse the order once it is changed as told so far: who changes all of it
    at once is not refused again for each.
    """
    found: list[Refused] = []
    for rule in type(template).rules.values():
        try:
            relation = next((r for r in relations_of(rule, template, process) if not r.holds), None)
        except (OrderError, TemplateError):
            if found:  # it may count on what an earlier one demands
                continue
            raise
        if relation is not None:
            found.append(_refusal(rule, relation, template, process))
            if found[-1].nearest is not None:
                template = _with(template, relation.change, found[-1].nearest)
    if found:
        found[0].also = tuple(found[1:])
        raise found[0]


def keeps_rules(template: Template, process: Process) -> bool:
    """Whether `check_rules` would refuse nothing; what would be allowed instead is not looked for."""
    try:
        return all(r.holds for rule in type(template).rules.values() for r in relations_of(rule, template, process))
    except OrderError:
        return False


def relations_of(rule: Rule, template: Template, process: Process) -> list[Relation]:
    """What one rule demands of this order."""
    with designers(template, rule.name):
        said: object = rule.function(template, process)
        found = [said] if isinstance(said, Relation) else list(said) if isinstance(said, Iterable) else said
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(r, Relation) for r in found):
        why = "must return relations (at_least, at_most, between, require, forbid) or None"
        raise TemplateError(type(template).key, rule.name, f"{why}; it returned {type(said).__name__}")
    for relation in found:
        if relation.change not in type(template).fields:
            raise TemplateError(
                type(template).key, rule.name, "would change what is no parameter", message=repr(relation.change)
            )
    return found


def _refusal(rule: Rule, relation: Relation, template: Template, process: Process) -> Refused:
    field = type(template).fields[relation.change]
    unit = f" {relation.unit}" if relation.unit else ""
    value = f"{relation.value:g}{unit}" if isinstance(relation.value, int | float) else relation.value
    limit = f"{relation.limit:g}{unit}" if isinstance(relation.limit, int | float) else relation.limit
    limit = f"{relation.sign} {limit}" if limit is not None and relation.sign else limit
    now, nearest = template.run.values[relation.change], _nearest(rule, relation, template, process)
    return Refused(
        field.path,
        relation.why,
        value=value if value is not None else now,
        limit=limit,
        nearest=nearest.value if isinstance(nearest, Measurement) else nearest,
        rule=rule.name,
    )


def _nearest(rule: Rule, broken: Relation, template: Template, process: Process) -> object:
    """The nearest value of what to change that all rules take; failing that, that this rule takes; failing that, that this relation
    takes, whose rule will then ask for another change; failing that, None."""
    change = broken.change
    found: list[object] = [None, None]
    for candidate in type(template).fields[change].nearby(template.run.values[change]):
        other = _with(template, change, candidate)
        if not _cures(rule, broken, other, process):
            continue
        if _holds(type(template).rules.values(), other, process):
            return candidate
        tier = 0 if _holds([rule], other, process) else 1
        found[tier] = candidate if found[tier] is None else found[tier]
    return found[0] if found[0] is not None else found[1]


def _cures(rule: Rule, broken: Relation, template: Template, process: Process) -> bool:
    """Whether the relation, known by its words and by what it would change, holds for this order, or is not asked of it."""
    try:
        same = [r for r in relations_of(rule, template, process) if (r.why, r.change) == (broken.why, broken.change)]
        return all(r.holds for r in same)
    except (OrderError, TemplateError):
        return False


def _holds(rules: Iterable[Rule], template: Template, process: Process) -> bool:
    try:
        return all(relation.holds for rule in rules for relation in relations_of(rule, template, process))
    except (OrderError, TemplateError):
        return False


def _with(template: Template, name: str, value: object) -> Template:
    run = template.run
    now = run.values[name]
    if isinstance(now, Measurement) and isinstance(value, float):
        value = replace(now, value=value)
    values = {**run.values, name: value}
    changed = Run(run.cls, values, run.origins, run.process, home=run.home, code_hash=run.code_hash, inputs=run.inputs)
    changed.derived = without(run.derived, name)
    return type(template)(changed)
