"""Kinks from runs that decided otherwise: each with its place, none where nothing changes, the same in whatever order runs come."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from engine.compiling.kinks import Kink, Sample, found
from engine.compiling.watched import Watch


def run(work: Callable[..., object], *values: float) -> Sample:
    watch = Watch(__file__)
    work(*(watch.coordinate(name, value) for name, value in zip("abc", values, strict=False)))
    return Sample(watch.coordinates, tuple(watch.decisions))


def kinks(work: Callable[..., object], *axes: Sequence[float]) -> tuple[Kink, ...]:
    return found([run(work, *values) for values in itertools.product(*axes)])


TENTHS = [0.05 + i / 10 for i in range(30)]


@pytest.mark.parametrize(
    ("work", "kind", "about", "does"),
    [
        (lambda a: max(a, 1.4), "pick", 1.4, "use smooth_max(..., within=...), declare breakpoints=(1.4,) on a or"),
        (lambda a: min(2.0 * a, 1.4), "pick", 0.7, "use smooth_min("),
        (lambda a: abs(a - 1.3), "abs", 1.3, "use smooth_abs("),
        (lambda a: 1 if a * a < 2.0 else 2, "compare", 1.414, "declare breakpoints=(1.41"),
        (lambda a: round(a / 3.0), "round", 1.5, "declare breakpoints=(1.5, ...)"),
        (lambda a: a // 2.0, "//", 2.0, "declare breakpoints=(2, ...)"),
    ],
)
def test_one_coordinate(work: Callable[..., object], kind: str, about: float, does: str) -> None:
    (kink,) = kinks(work, TENTHS)
    (between,) = kink.between
    assert (kink.kind, kink.names, kink.file) == (kind, ("a",), "test_kinks.py")
    assert between.low < about < between.high and between.high - between.low == pytest.approx(0.1)
    assert between.about == pytest.approx(about, abs=0.002)
    assert does.lower() in kink.sentence().lower()
    assert f"test_kinks.py:{kink.line} : `" in kink.sentence("fr") and "a = " in kink.sentence("fr")


@pytest.mark.parametrize(
    "work",
    [
        lambda a: max(a, 3.5),
        lambda a: a if a > 0.0 else -a,
        lambda a: int(a / 10.0),
        lambda a: round(a, 6),
        lambda a: abs(1e-7 * (a - 1.5)),
        lambda a: max(a, a + 1e-7 * (a - 1.5)),
        lambda a: max(a * a, a - 3.0) + sorted([a, a + 1.0, a + 2.0])[0],
    ],
)
def test_what_is_none(work: Callable[..., object]) -> None:
    assert kinks(work, TENTHS) == ()


def test_a_branch_on_noise_is_one() -> None:
    assert len(kinks(lambda a: 1 if 1e-7 * (a - 1.5) < 0.0 else 2, TENTHS)) == 1


def test_only_what_takes_part_and_varies_is_named() -> None:
    (kink,) = kinks(lambda a, b, c: max(a + c, 1.4) + b, TENTHS, (0.0, 1.0), (0.5,))
    assert kink.names == ("a",) and kink.between[0].about == pytest.approx(0.9)
    (kink,) = kinks(lambda a, b: max(a, b), TENTHS, (1.02, 1.93))
    assert kink.names == ("a", "b") and "breakpoints" not in kink.sentence()
    at = {b.name: b.about for b in kink.between}
    assert abs(at["a"] - at["b"]) < 0.01


def test_every_place_along_one_coordinate_is_told() -> None:
    told = kinks(lambda a: 1 if abs(a - 1.5) < 0.72 else 2, TENTHS)
    assert [(k.kind, round(k.between[0].about, 6)) for k in told] == [("abs", 1.5), ("compare", 0.78), ("compare", 2.22)]


def test_the_tightest_of_what_a_loop_decides() -> None:
    def holes(a: Any) -> None:
        for wide in (0.5, 1.5, 2.5):
            max(wide, a)
            max(a, wide)

    assert sorted(round(k.between[0].about, 6) for k in kinks(holes, TENTHS)) == [0.5, 0.5, 1.5, 1.5, 2.5, 2.5]


def test_a_kink_that_something_unwatched_moves_is_told_with_what_is_known() -> None:
    (kink,) = kinks(lambda a, b: max(a, float(b)), TENTHS, (1.02, 1.93))
    assert kink.names == ("a",) and kink.between[0].low < kink.between[0].high


def test_what_something_unwatched_decided_is_none() -> None:
    unwatched = iter([0.0, 1.0, 5.0])

    def work(a: Any) -> None:
        max(a, next(unwatched))

    assert found([run(work, 0.5) for _ in range(3)]) == ()


def test_a_loop_that_ends_earlier_names_its_own_condition() -> None:
    def steps(a: Any) -> None:
        x = 0.0
        while x < a:
            x += 1.0
        max(a, 10.0)

    (kink, *more) = kinks(steps, TENTHS)
    assert (kink.kind, kink.code) == ("compare", "x < a") and kink.names == ("a",)
    assert all(k.code == "x < a" for k in more)


def test_a_kink_behind_a_branch_is_told_too() -> None:
    def both(a: Any) -> float:
        if a < 1.0:
            return max(a, 0.5)
        return min(a, 2.0)

    assert [round(k.between[0].about, 6) for k in kinks(both, TENTHS)] == [1.0, 0.5, 2.0]


class Edge:
    """Stands for a shape of the CAD kernel."""

    def __init__(self, z: float) -> None:
        self.z = z


Edge.__module__ = "cadquery.test"


def test_shapes_in_another_order_are_none_and_another_number_of_them_is() -> None:
    def choose(a: Any, shapes: list[Edge]) -> list[Edge]:
        return [s for s in shapes if abs(s.z - a) < 1e-6]

    def shapes(a: float, *more: float) -> list[Edge]:
        return [Edge(z) for z in (sorted([0.0, a, 5.0, *more], reverse=a > 1.0))]

    levels = (0.5, 0.8, 1.2, 1.5)
    assert found([run(lambda w, a=a: choose(w, shapes(a)), a) for a in levels]) == ()
    (kink,) = found([run(lambda w, a=a: choose(w, shapes(a, a if a > 1.0 else 3.0)), a) for a in levels])
    assert kink.among and kink.kind == "compare" and kink.between[0].low == 0.8 and kink.between[0].high == 1.2
    assert "another number of faces or edges" in kink.sentence() and "un autre nombre" in kink.sentence("fr")
    # more shapes altogether: topology has changed, and that is seen where it is matched
    assert found([run(lambda w, a=a: choose(w, shapes(a, *([7.0] if a > 1.0 else []))), a) for a in levels]) == ()


def test_the_order_of_runs_says_nothing() -> None:
    def work(a: Any, b: Any) -> None:
        max(a, b), abs(a + b - 2.0), round(a * b)

    samples = [run(work, x, y) for x in TENTHS[::4] for y in (0.4, 1.1, 1.7)]
    told = found(samples)
    assert len(told) == 3 and [k.column for k in told] == sorted(k.column for k in told)
    assert found(samples[::-1]) == told and found(samples[7:] + samples[:7]) == told


def test_nothing_from_nothing() -> None:
    assert found([]) == () and found([run(lambda a: max(a, 1.0), 2.0)]) == ()
