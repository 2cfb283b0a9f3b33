"""What a sweep says of a template: failures, each with its smallest order, and suspicions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import TemplateError
from engine.model.order import Order

Outcome = dict[str, Any]
"""Of one order: `result` made, refused, failed or left out; `changes` as it was last asked, `advice` what refusals had changed of it,
`rules` what each said, `read` which fields; then `hash`, or `rule`, or `cause` and `where`, with `why`."""


@dataclass(frozen=True)
class Failure:
    """One way to fail. `cause`: BUILDING, NOT_SOLID, TIMEOUT, UNSTEADY, DEFAULTS_REFUSED, a verdict's code; `where`: stage, part, rule.

    `changes`: the fewest and smallest against the defaults that still end so; `order`: the order that makes them.
    """

    cause: str
    where: str
    why: str
    count: int
    changes: Mapping[str, Any]
    order: Order


@dataclass(frozen=True)
class Suspicion:
    """What looks wrong although nothing failed. `kind`: unused, idle, dead-rule, late-refusal, outside, french; `what`: the parameter,
    option, rule or line; `changes`: an order that shows it, where one does."""

    kind: str
    what: str
    why: str
    changes: Mapping[str, Any] = field(default_factory=dict)


def failed(error: TemplateError) -> Outcome:
    """The designer's failure: its cause in one word, and where."""
    word = re.match(r"[A-Z][A-Z_]+\b", error.why)
    where = {"stage": error.stage, "line": error.line, "file": error.file}
    return {
        "result": "failed",
        "cause": word[0] if word else "BUILDING",
        "where": error.stage,
        "why": error.for_sender(),
        "at": where,
    }
