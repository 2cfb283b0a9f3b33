"""What a finished sweep gives away of a template: parameters nobody reads, rules that never speak, orders that come out differently."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from engine.errors import UnikatError
from engine.sweep.axes import Axis
from engine.sweep.crew import Crew
from engine.sweep.findings import Failure, Outcome, Suspicion
from engine.sweep.samples import Sample, order_of

STEADY_ORDERS = 4
STEADY_SECONDS = 15.0
"""How many orders are made again in fresh children, and after how long no other is begun."""
ASKED_ELSEWHERE = 60
Ended = Mapping[int, tuple[Sample, Outcome]]
About = Mapping[str, Any]
Said = Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
"""What was changed, and what each rule said of it."""


def declared(about: About, ended: Ended) -> list[Suspicion]:
    """What needs no further run: unused parameters, late refusals, forbidden reads, words without French."""
    results = [told for _, told in ended.values()]
    made = [t for t in results if t.get("hash")]
    read = {name for t in results for name in t["read"]}
    found = []
    if made:
        found += [
            Suspicion("unused", n, f"no stage, rule or note read it in {len(made)} products")
            for n in about["fields"]
            if n not in read
        ]
    late: dict[str, Outcome] = {}
    for told in results:
        if told.get("late"):
            first = late.setdefault(told["rule"], told)
            late[told["rule"]] = min(first, told, key=lambda t: len(t["changes"]))
    found += [
        Suspicion("late-refusal", rule, f"a stage refused what no rule had: {told['why']}", told["changes"])
        for rule, told in late.items()
    ]
    found += [Suspicion("outside", line.partition(" ")[0], line) for line in about["reaches"]]
    found += [Suspicion("french", what, "has no French") for what in about["english_only"]]
    plain = {(r, why): None for t in results for r, said in t["rules"].items() for why in said["english_only"]}
    return found + [Suspicion("french", f"rule {rule}", f"has no French: {why}") for rule, why in plain]


def dead_rules(crew: Crew, about: About, ended: Ended, until: float | None) -> list[Suspicion]:
    """Rules that refused nothing, in the sweep's process or in any other; how near the sweep came to each."""
    said = [(t["changes"], t["rules"]) for _, t in ended.values() if t["rules"]]
    quiet = [r for r in about["rules"] if said and not any(rules.get(r, {}).get("fired") for _, rules in said)]
    asked = [s.changes for s, _ in ended.values()][:ASKED_ELSEWHERE]
    for process in about["processes"]:
        if not quiet or (until is not None and time.monotonic() > until):
            break
        try:
            fired = crew.ask("rules_here", process, asked, quiet)
        except UnikatError:  # a rule that cannot be asked there says nothing
            continue
        quiet = [r for r in quiet if r not in fired]
    return [
        Suspicion("dead-rule", r, _how_near(r, said, len(about["processes"]) + 1), _nearest_order(r, said))
        for r in quiet
        if not _files(r, said)
    ]


def unheard(ended: Ended) -> dict[str, list[str]]:
    """Rules that refused nothing and told no number, and read fields that only a person's file fills: a sweep sends none, so whether they
    are dead it cannot say. Rule -> those fields."""
    said = [(t["changes"], t["rules"]) for _, t in ended.values() if t["rules"]]
    rules = dict.fromkeys(name for _, told in said for name in told)
    spoken = {name for _, told in said for name, one in told.items() if one["fired"]}
    return {r: files for r in rules if r not in spoken and (files := _files(r, said))}


def _files(rule: str, said: Said) -> list[str]:
    """The fields of files that a rule reads, where it told no number all along."""
    told = [rules[rule] for _, rules in said if rule in rules]
    numbers = any(one["near"] is not None for one in told)
    return [] if numbers else sorted({name for one in told for name in one["files"]})


def _how_near(rule: str, said: Said, processes: int) -> str:
    near = [
        (rules[rule]["near"], rules[rule]["unit"]) for _, rules in said if rule in rules and rules[rule]["near"] is not None
    ]
    told = f"refused none of {len(said)} orders, in none of {processes} processes"
    if not near:
        return told
    gap, unit = min(near)
    return f"{told}; it came no nearer than {gap:.4g} {unit}".rstrip()


def _nearest_order(rule: str, said: Said) -> Mapping[str, Any]:
    near = [(rules[rule]["near"], k) for k, (_, rules) in enumerate(said) if rule in rules and rules[rule]["near"] is not None]
    return said[min(near)[1]][0] if near else {}


def refused_defaults(about: About, axes: Sequence[Axis], ended: Ended) -> list[Failure]:
    """The defaults must be an order that can be made."""
    found = []
    for sample, told in ended.values():
        rule = told["advice"][0][0] if told["advice"] else told.get("rule")
        if not sample.changes and rule is not None:
            why = f"the defaults are refused{'' if told['advice'] else ': ' + str(told.get('why', ''))}"
            order = order_of(axes, {}, template=about["key"], process=about["process"])
            found.append(Failure("DEFAULTS_REFUSED", rule, why, 1, {}, order))
    return found


def unsteady(crew: Crew, about: About, axes: Sequence[Axis], ended: Ended, until: float | None) -> list[Failure]:
    """Orders that come out differently when they are made again: by the clock, by chance, or by what was made before.

    A few are made again without memory or disk, by two children of different servers, forwards in one and backwards in the other.
    """
    made = sorted((t for _, t in ended.values() if t["result"] == "made"), key=lambda t: len(t["changes"]))
    picked = made[:: max(len(made) // STEADY_ORDERS, 1)][:STEADY_ORDERS]
    begun = time.monotonic()

    def again(member: int) -> list[tuple[int, Outcome]]:
        turns = [*range(len(picked)), *range(bool(picked))] if member else list(reversed(range(len(picked))))
        found: list[tuple[int, Outcome]] = []
        for at in turns:
            late = time.monotonic() - begun > STEADY_SECONDS or (until is not None and time.monotonic() > until)
            if not (late and found):
                task = (about["process"], picked[at]["changes"], False, False)
                found.append((at, crew.outcome(*task, member=member, renewed=not found)))
        return found

    with ThreadPoolExecutor(2) as both:
        ran = [pair for found in both.map(again, (0, 1)) for pair in found]
    for at, told in ran:
        others = [t for k, t in ran if k == at] + [picked[at]]
        other = next((t for t in others if t.get("hash") and told.get("hash") and t["hash"] != told["hash"]), None)
        if other is not None:
            return [_unsteady(crew, about, axes, picked[at]["changes"], [told, *others])]
    return []


def _unsteady(crew: Crew, about: About, axes: Sequence[Axis], changes: Mapping[str, Any], ran: Sequence[Outcome]) -> Failure:
    """Why: two children that have made nothing are asked for that one order."""
    one, other = (crew.outcome(about["process"], changes, False, False, member=m, renewed=True) for m in (0, 1))
    if one.get("hash") != other.get("hash"):
        why, where = (
            "two fresh runs of one order differ: it reads the clock, chance, or the order of a set",
            _differs(one, other),
        )
    else:
        worn = next((t for t in ran if t.get("results") and t.get("hash") != one.get("hash")), one)
        why, where = "it depends on what was made before: something keeps state from order to order", _differs(one, worn)
    hints = "".join(f"; {line}" for line in about["reaches"][:3])
    order = order_of(axes, changes, template=about["key"], process=about["process"])
    return Failure("UNSTEADY", where, why + hints, 1, changes, order)


def _differs(one: Outcome, other: Outcome) -> str:
    """The innermost stage whose result differs: a stage is entered after those that call it."""
    names = [n for n in one.get("results", {}) if one["results"][n] != other.get("results", {}).get(n)]
    return names[-1] if names else "the product"
