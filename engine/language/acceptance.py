"""Does what was made fit the person? A template measures its own parts, each measure against its limits; and says which lenses they take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import TemplateError
from engine.language.parameters import Words, in_language
from engine.language.stages import designers
from engine.language.template import Template
from engine.model.deviation import Compared
from engine.model.lens import LensPair
from engine.model.mesh import Part
from engine.model.order import Finding, Severity
from engine.model.worn import Worn


@dataclass(frozen=True)
class Fitted:
    """One measure of a finished part: `value` has to lie between `low` and `high`, all in `unit`. `name`: as figures.fit has it."""

    name: str
    value: float
    low: float
    high: float
    what: Words
    part: str | None = None
    unit: str = "mm"

    @property
    def holds(self) -> bool:
        """Whether it lies there; what is no number does not."""
        return self.low <= self.value <= self.high


def accepted(template: Template, parts: Sequence[Part]) -> tuple[list[Finding], list[dict[str, Any]]]:
    """Findings `misfit` for every measure beyond its limits, and all measures as the report's figures.fit."""
    with designers(template, "acceptance"):
        told = list(template.acceptance({part.name: part for part in parts}))
    if not all(isinstance(one, Fitted) for one in told):
        raise TemplateError(type(template).key, "acceptance", "must return a list of Fitted")
    return [_finding(one) for one in told if not one.holds], [_figure(one) for one in told]


def compared(template: Template, parts: Sequence[Part]) -> tuple[Compared, ...]:
    """What `deviation.png` is drawn of."""
    with designers(template, "compared"):
        told = tuple(template.compared({part.name: part for part in parts}))
    if len(told) > 2 or not all(isinstance(one, Compared) for one in told):
        raise TemplateError(type(template).key, "compared", "must return a list of at most two Compared")
    return told


def worn(template: Template, parts: Sequence[Part]) -> Worn | None:
    """What `worn.png` and its map are drawn of; None where nobody was scanned."""
    with designers(template, "worn"):
        told: object = template.worn({part.name: part for part in parts})
    if told is not None and not (isinstance(told, Worn) and told.panels):
        raise TemplateError(type(template).key, "worn", "must return a Worn, with a panel at least, or None")
    return told


def takes_lenses(cls: type[Template]) -> bool:
    """Does this product take lenses: does its template say which?"""
    return cls.lenses is not Template.lenses


def lenses(template: Template, parts: Sequence[Part]) -> LensPair | None:
    """The lenses that the product takes, with the distance between them; None for a product that takes none."""
    if not takes_lenses(type(template)):
        return None
    with designers(template, "lenses"):
        told: object = template.lenses({part.name: part for part in parts})
    if not isinstance(told, LensPair) or told.dbl is None:
        raise TemplateError(type(template).key, "lenses", "must return a LensPair, with the distance between the lenses")
    return told


def _figure(one: Fitted) -> dict[str, Any]:
    value = round(one.value, 4) if math.isfinite(one.value) else None
    return {"name": one.name, "part": one.part, "value": value, "low": one.low, "high": one.high, "unit": one.unit}


def _finding(one: Fitted) -> Finding:
    below = not one.value > one.high
    limit = one.low if below else one.high
    english, french = (in_language(one.what, language) for language in ("en", "fr"))
    return Finding(
        "misfit",
        Severity.ERROR,
        f"{english}: {one.value:.3g} {one.unit}, {'at least' if below else 'at most'} {limit:g} {one.unit}",
        value=one.value if math.isfinite(one.value) else None,
        limit=limit,
        unit=one.unit,
        part=one.part,
        message_fr=f"{french} : {one.value:.3g} {one.unit}, {'au moins' if below else 'au plus'} {limit:g} {one.unit}",
    )
