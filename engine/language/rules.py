"""Relations: a rule that says value, limit and what to change, so that a refusal can name the nearest allowed value."""

from __future__ import annotations

from dataclasses import dataclass

from engine.language.parameters import Words


@dataclass(frozen=True)
class Relation:
    """One demand. `change`: the parameter that would cure it. `value`, `limit`: what is compared, in `unit`."""

    holds: bool
    change: str
    why: Words
    value: object = None
    limit: object = None
    unit: str = "mm"
    sign: str = ""


_SLACK = 1e-9
"""Parameters are rounded to 9 decimals: sums of them meet a limit that is equal on paper."""


def at_least(value: float, limit: float, *, change: str, why: Words, unit: str = "mm") -> Relation:
    """value >= limit."""
    return Relation(value >= limit - _SLACK, change, why, value, limit, unit, "at least")


def at_most(value: float, limit: float, *, change: str, why: Words, unit: str = "mm") -> Relation:
    """value <= limit."""
    return Relation(value <= limit + _SLACK, change, why, value, limit, unit, "at most")


def between(value: float, low: float, high: float, *, change: str, why: Words, unit: str = "mm") -> Relation:
    """low <= value <= high; the limit told is the one that is broken."""
    if value < low:
        return at_least(value, low, change=change, why=why, unit=unit)
    return at_most(value, high, change=change, why=why, unit=unit)


def require(condition: bool, *, change: str, why: Words) -> Relation:
    """The condition holds."""
    return Relation(condition, change, why, unit="")


def forbid(condition: bool, *, change: str, why: Words) -> Relation:
    """The condition does not hold."""
    return Relation(not condition, change, why, unit="")
