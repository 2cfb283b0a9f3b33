"""What a @cad method is given, as numbers and structure; what is neither is said."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chart.coordinates import Unchartable, names, taken


class Kind(Enum):
    ROUND = "round"
    SQUARE = "square"


class Count(IntEnum):
    ONE = 1
    TWO = 2


class Share(float, Enum):
    HALF = 0.5


@dataclass(frozen=True)
class Slot:
    wide: float
    deep: float
    open: bool = False


@dataclass(frozen=True)
class Groove:
    wide: float
    deep: float
    open: bool = False


class Place(NamedTuple):
    x: float
    y: float


def structure(value: object) -> str:
    return taken([("it", value)])[1]


def numbers(value: object) -> list[float]:
    return taken([("it", value)])[0]


PLAN = {"slots": (Slot(1.0, 2.0), Slot(3.0, 4.0, True)), "kind": Kind.ROUND, "rows": [[1.5], [2.5, 3]], "none": None}


def test_every_float_is_a_coordinate_in_order_and_has_a_name() -> None:
    given = [("wall", 1.6), ("count", 3), ("plan", PLAN)]
    assert taken(given)[0] == [1.6, 1.5, 2.5, 1.0, 2.0, 3.0, 4.0]
    assert names(given) == [
        "wall",
        "plan()['rows'][0][0]",
        "plan()['rows'][1][0]",
        "plan()['slots'][0].wide",
        "plan()['slots'][0].deep",
        "plan()['slots'][1].wide",
        "plan()['slots'][1].deep",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 2),
        (1, 1.0),
        (True, 1),
        (True, False),
        ("a", "b"),
        (None, "None"),
        ((1.0,), (1.0, 2.0)),
        ((1.0, (2.0,)), ((1.0, 2.0),)),
        (Kind.ROUND, Kind.SQUARE),
        (Count.ONE, Count.TWO),
        (Slot(1.0, 2.0), Slot(1.0, 2.0, True)),
        (Slot(1.0, 2.0), Groove(1.0, 2.0)),
        ({"a": 1.0}, {"b": 1.0}),
        (b"a", b"b"),
        (Place(1.0, 2.0), (1.0, 2.0)),
        (math.inf, 1.0),
        (math.inf, -math.inf),
        ("a\0b", ("a", "b")),
    ],
)
def test_other_structures(one: object, other: object) -> None:
    assert structure(one) != structure(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1.0, 2.0),
        (0.0, -0.0),
        (1.0, np.float64(2.0)),
        (1.0, np.float32(2.0)),
        (3, np.int64(3)),
        (True, np.bool_(True)),
        ((1.0, 2.0), [3.0, 4.0]),
        ({"a": 1.0, "b": 2}, OrderedDict(b=2, a=3.0)),
        ({"a": 1.0}, MappingProxyType({"a": 1.0})),
        (Slot(1.0, 2.0), Slot(3.0, 4.0)),
        (1.0, Share.HALF),
    ],
)
def test_the_same_structure(one: object, other: object) -> None:
    assert structure(one) == structure(other) and len(numbers(one)) == len(numbers(other))


def test_unusual_numbers() -> None:
    assert numbers((np.float64(2.0), np.float32(0.5), Share.HALF)) == [2.0, 0.5, 0.5]
    assert all(type(v) is float for v in numbers((np.float64(2.0), np.float32(0.5), Share.HALF)))
    assert math.copysign(1.0, numbers(-0.0)[0]) == 1.0
    assert numbers((True, 1, Count.ONE, None, math.inf, math.nan)) == []


LEAVES = (
    st.floats() | st.integers() | st.booleans() | st.none() | st.text(max_size=3) | st.sampled_from([*Kind, *Count, *Share])
)
VALUES = st.recursive(
    LEAVES | st.builds(np.float32, st.floats(width=32)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.builds(Slot, inner, inner, inner)
        | st.builds(Place, inner, inner)
        | st.dictionaries(st.text(max_size=2) | st.integers() | st.sampled_from([*Kind]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_names_and_numbers_are_as_many(value: Any) -> None:
    found = numbers(value)
    assert len(names([("it", value)])) == len(found) and all(math.isfinite(v) for v in found)


@pytest.mark.parametrize(
    "value", [np.zeros(3), {1.0, 2.0}, object(), {object(): 1.0}, lambda: 1, 1j, Slot, (1.0, [np.zeros(2)]), np.longdouble(1)]
)
def test_what_is_neither_number_nor_word(value: object) -> None:
    with pytest.raises(Unchartable):
        structure(value)


def test_it_says_which_kind() -> None:
    with pytest.raises(Unchartable, match="it: ndarray is neither a number, a word, nor a container of them"):
        structure(np.zeros(3))


def test_the_structure_is_the_same_in_any_process() -> None:
    script = "from tests.engine.chart.test_coordinates import *; print(structure(PLAN))"
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        ended = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
        assert ended.stdout.strip() == structure(PLAN)
