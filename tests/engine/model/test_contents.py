"""What a dataclass holds, by its fields in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from engine.model.contents import contents


@dataclass(frozen=True)
class Two:
    wide: float
    high: tuple[float, ...]


@dataclass(frozen=True)
class One:
    only: str


@dataclass(frozen=True)
class Empty:
    pass


@pytest.mark.parametrize(("held", "expected"), [(Two(1.0, (2.0,)), (1.0, (2.0,))), (One("a"), ("a",)), (Empty(), ())])
def test_the_values_of_all_fields_in_order(held: Any, expected: tuple[object, ...]) -> None:
    asked = contents(type(held))
    assert asked is not None and asked(held) == expected


@pytest.mark.parametrize("kind", [float, dict, tuple, object])
def test_what_is_no_dataclass_has_none(kind: type) -> None:
    assert contents(kind) is None
