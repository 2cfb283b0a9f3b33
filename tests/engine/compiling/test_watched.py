"""A watched float counts as a float does, knows what reached it, and tells what is decided on it: by the designer's code alone."""

from __future__ import annotations

import copy
import math
import operator
import statistics
from collections.abc import Callable
from math import hypot
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.compiling.watched import Decision, Watch, Watched, watched_math
from engine.language.smooth import smooth_max

numbers = st.floats(-1e6, 1e6)
TWO: list[Callable[[Any, Any], Any]] = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow, divmod,
    operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne, min, max,
]  # fmt: skip
ONE: list[Callable[[Any], Any]] = [
    operator.neg, operator.pos, abs, bool, int, round, math.floor, math.ceil, math.trunc, hash, repr, str, copy.copy, copy.deepcopy,
    lambda x: round(x, 2), lambda x: f"{x:.3f}", lambda x: sum([x, 1.0]), lambda x: float(np.sqrt(x)), lambda x: float(np.sign(x)), math.atan,
]  # fmt: skip


def same(one: Callable[[], Any], other: Callable[[], Any]) -> None:
    """Both give the same, or fail in the same way."""
    try:
        wanted = one()
    except (ZeroDivisionError, OverflowError) as error:
        with pytest.raises(type(error)):
            other()
        return
    assert repr(wanted) == repr(other()) or (wanted != wanted)


@given(numbers, numbers, st.sampled_from(TWO))
def test_two_of_them(a: float, b: float, work: Callable[[Any, Any], Any]) -> None:
    watch = Watch(__file__)
    one, two = watch.coordinate("a", a), watch.coordinate("b", b)
    for left, right in ((one, two), (one, b), (a, two)):
        same(lambda: work(a, b), lambda left=left, right=right: work(left, right))  # type: ignore[misc]


@given(numbers, st.sampled_from(ONE))
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_one_of_them(a: float, work: Callable[[Any], Any]) -> None:
    same(lambda: work(a), lambda: work(Watch(__file__).coordinate("a", a)))


def test_names_go_along() -> None:
    watch = Watch(__file__)
    a, b = watch.coordinate("a", 2.0), watch.coordinate("b", 3.0)
    for made in (
        a + b,
        1.0 - a * b,
        a**b,
        2.0**a / b,
        sum([a, b]),
        np.float64(2.0) * a - b,
        np.int64(3) * a + b,
        np.arctan2(a, b),
    ):
        assert isinstance(made, Watched) and made.names == {"a", "b"}
    assert isinstance(-a, Watched) and (-a).names == {"a"}
    assert watch.coordinates == {"a": 2.0, "b": 3.0} and not watch.decisions


def decided(work: Callable[[Any, Any], Any], own: str = __file__) -> list[Decision]:
    watch = Watch(own)
    work(watch.coordinate("a", 1.75), watch.coordinate("b", -0.5))
    return watch.decisions


MADE: list[tuple[Callable[[Any, Any], Any], list[tuple[str, float, tuple[str, ...], float, float]]]] = [
    (lambda a, b: a < 2, [("compare", 1, ("a",), 1.75, 2)]),
    (lambda a, b: (lambda two: two < a)(2), [("compare", 0, ("a",), 1.75, 2)]),
    (lambda a, b: a * b >= b, [("compare", 0, ("a", "b"), -0.875, -0.5)]),
    (lambda a, b: max(a, 1.4), [("pick", 0, ("a",), 1.75, 1.4)]),
    (lambda a, b: sorted((a, b)), [("pick", 1, ("a", "b"), -0.5, 1.75)]),
    (lambda a, b: a == 1, [("equal", 0, ("a",), 1.75, 1)]),
    (lambda a, b: a in (1.75, 3), [("equal", 1, ("a",), 1.75, 1.75)]),
    (lambda a, b: 1 if a else 2, [("truth", 1, ("a",), 1.75, 0)]),
    (lambda a, b: abs(b), [("abs", 0, ("b",), -0.5, 0)]),
    (lambda a, b: round(a), [("round", 2, ("a",), 1.75, 1)]),
    (lambda a, b: round(a, 1), [("round", 1.8, ("a",), 1.75, 0.1)]),
    (lambda a, b: int(a), [("int", 1, ("a",), 1.75, 1)]),
    (lambda a, b: math.floor(b), [("floor", -1, ("b",), -0.5, 1)]),
    (lambda a, b: math.ceil(a), [("ceil", 2, ("a",), 1.75, 1)]),
    (lambda a, b: math.trunc(a), [("trunc", 1, ("a",), 1.75, 1)]),
    (lambda a, b: a // 0.5, [("//", 3, ("a",), 1.75, 0.5)]),
    (lambda a, b: a % 0.5, [("%", 3, ("a",), 1.75, 0.5)]),
    (lambda a, b: np.maximum(a, 2.0), [("pick", 0, ("a",), 1.75, 2)]),
    (lambda a, b: np.abs(b), [("abs", 0, ("b",), -0.5, 0)]),
    (lambda a, b: np.floor(a), [("floor", 1, ("a",), 1.75, 1)]),
    (lambda a, b: math.fabs(b), [("abs", 0, ("b",), -0.5, 0)]),
    (lambda a, b: math.fmod(b, 0.3), [("%", -1, ("b",), -0.5, 0.3)]),
    (lambda a, b: math.copysign(2.0, b), [("abs", 0, ("b",), -0.5, 0)]),
    (lambda a, b: math.sqrt(a + 2.25) < hypot(a, 0.0), [("compare", 0, ("a",), 2.0, 1.75)]),
]


@pytest.mark.parametrize(("work", "told"), MADE)
def test_what_is_decided(work: Callable[[Any, Any], Any], told: list[tuple[str, float, tuple[str, ...], float, float]]) -> None:
    with watched_math(__file__):
        made = decided(work)
    assert [(d.kind, d.outcome, d.names, d.left, d.right) for d in made] == told
    assert all(d.file == "test_watched.py" and d.line == work.__code__.co_firstlineno and d.occurrence == 1 for d in made)


def test_what_decides_nothing() -> None:
    def smooth(a: Any, b: Any) -> None:
        assert a is not None and a != "a" and isinstance(a, float)
        smooth_max(a, b, 0.1)  # the engine's own branches
        statistics.median([a, b, 2.0])  # a library's
        assert f"{a:.2f} {a + b}" == "1.75 1.25"

    with watched_math(__file__):
        assert decided(smooth) == []
        assert decided(lambda a, b: a < b, own="/some/where/else.py") == []


def test_where_and_how_often() -> None:
    def loop(a: Any, b: Any) -> None:
        for i in range(3):
            _ = a < i if b < 0 else None

    made = decided(loop)
    assert [d.occurrence for d in made] == [1, 2, 3, 4, 5, 6]
    assert [d.code for d in made[:2]] == ["b < 0", "a < i"] and made[0].column > made[1].column


def test_a_watch_that_is_closed_hears_nothing() -> None:
    watch = Watch(__file__)
    a = watch.coordinate("a", 1.0)
    watch.open = False
    assert a < 2 and not watch.decisions


def test_math_is_itself_again() -> None:
    before = math, hypot
    with watched_math(__file__):
        assert hypot is not before[1] and math.pi == before[0].pi and math.sqrt(4.0) == 2.0
        assert type(math.sqrt(4.0)) is float
    assert (math, hypot) == before
