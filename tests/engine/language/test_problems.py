"""Every problem of an order at once: none where the order is taken, and always the one that the order alone would give."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import OrderError
from engine.language import shelf
from engine.language.orders import accept, order_from, problems, raised

CASE = shelf.find("phone-case")
BAD: dict[str, Any] = {
    "parameters.name": "x" * 99,
    "parameters.wall": 99,
    "parameters.wal": 1,
    "measurements.left": {"value": 1, "unit": "mm"},
    "inputs.scan": {"sha256": "0", "unit": "mm"},
    "quantity": 0,
    "priority": True,
    "due": "soon",
    "colour": "red",
    "reference": "a\nb",
}
GOOD: dict[str, Any] = {"parameters.depth": 0.6, "quantity": 2, "due": "2027-01-15", "reference": "a"}


def order(**flat: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"template": "phone-case"}
    for path, value in flat.items():
        section, _, name = path.partition(".")
        if name:
            told.setdefault(section, {})[name] = value
        else:
            told[section] = value
    return told


def named(found: list[OrderError]) -> set[str]:
    return {error.field for error in found}


def taken(told: Any) -> None:
    accept(order_from(told), CASE)


@settings(max_examples=80, deadline=None)
@given(st.sets(st.sampled_from(sorted(BAD))), st.sets(st.sampled_from(sorted(GOOD))))
def test_all_of_them_and_no_other(bad: set[str], good: set[str]) -> None:
    told = order(**{**{path: GOOD[path] for path in good}, **{path: BAD[path] for path in bad}})
    found = problems(told, CASE)
    first = raised(lambda: taken(told))
    assert bool(found) == bool(first) == bool(bad)
    assert {f"{error.field}: {error.why}" for error in first} <= {f"{error.field}: {error.why}" for error in found}
    assert {field.removesuffix(".sha256") for field in named(found)} == bad


@pytest.mark.parametrize("told", [None, 1, "x", [], {"parameters": 3}, {"parameters": {"name": None}}, {"template": 7}])
def test_what_is_no_order(told: Any) -> None:
    assert problems(told, CASE)


def test_values_stay_out_of_what_a_log_may_say() -> None:
    told = order(**{"parameters.Zoé-Martin": 1, "quantity": 0})
    assert "Martin" not in json.dumps([str(error) for error in problems(told, CASE)])
