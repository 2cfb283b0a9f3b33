"""Fits fill what was not given; rules refuse with value, limit and the nearest value that all of them take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from engine.authoring import (
    Part,
    Solid,
    Template,
    at_least,
    at_most,
    between,
    choice,
    fit,
    forbid,
    length,
    measure,
    require,
    rule,
    stage,
)
from engine.errors import Refused, TemplateError
from engine.language.judge import check_rules, run_fits
from engine.language.orders import accept
from engine.language.template import Run
from engine.model.order import Measurement, Order, Origin
from engine.process.limits import load_process

PROCESS = load_process("mjf-pa12")


class Base(Template):
    """Fields for rules."""

    wall = length(2.0, low=1.0, high=5.0, step=0.1, label="Wall")
    depth = length(0.5, low=0.1, high=3.0, step=0.1, label="Depth")
    style = choice("round", ("round", "square"), label="Style")
    foot = measure(low=150, high=350, label="Foot")


class Ruled(Base):
    """Rules on them."""

    key, version = "ruled", 1

    @fit
    def from_foot(self) -> dict[str, Any] | None:
        """A longer foot, a thicker wall."""
        return {"wall": 3.0, "depth": 1.0} if self.foot else None

    @rule
    def floor(self, process: Any) -> Any:
        """What is left under the letters."""
        return at_least(self.wall - self.depth, 1.0, change="wall", why=("the floor is thin", "le fond est mince"))

    @rule
    def heavy(self, process: Any) -> Iterator[Any]:
        """Generators are lists too."""
        yield at_most(self.wall, 4.0, change="wall", why="the wall is heavy")
        yield forbid(self.style == "square" and self.wall > 3.5, change="style", why="square and thick")

    @stage
    def product(self) -> Part:
        """Never run here."""
        return Solid(None, {}).part("p")  # type: ignore[arg-type]


def judged(cls: type[Template], measurements: Any = None, **parameters: Any) -> Run:
    values, origins = accept(Order(cls.key, parameters=parameters, measurements=measurements or {}), cls)
    run = Run(cls, values, origins, PROCESS.flat(), home=None)
    run_fits(cls(run))
    check_rules(cls(run), PROCESS)
    return run


def refusal(cls: type[Template], **parameters: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        judged(cls, **parameters)
    return refused.value


def test_value_limit_and_nearest() -> None:
    got = refusal(Ruled, wall=2.0, depth=1.5)
    assert (got.field, got.value, got.limit, got.nearest, got.rule) == (
        "parameters.wall",
        "0.5 mm",
        "at least 1 mm",
        2.5,
        "floor",
    )
    assert str(got) == "parameters.wall: the floor is thin"
    assert "got '0.5 mm'" in got.for_sender() and "[rule floor]" in got.for_sender()


def test_a_limit_met_on_paper_is_met() -> None:
    judged(Ruled, wall=1.3, depth=0.3)


def test_the_nearest_suits_all_rules_or_else_this_one_or_else_is_not_told() -> None:
    assert refusal(Ruled, wall=4.5).nearest == 4.0
    assert refusal(Ruled, wall=3.0, depth=3.0).nearest == 4.0
    assert refusal(Ruled, wall=3.8, style="square").nearest == "round"


def test_two_broken_demands_of_one_rule_are_told_one_after_the_other() -> None:
    class Two(Base):
        """Two."""

        @rule
        def both(self, process: Any) -> Any:
            """No one change cures both."""
            thick = at_least(self.wall, 2.0, change="wall", why="thick")
            return [thick, at_least(self.depth, 1.0, change="depth", why="deep")]

    first = refusal(Two, wall=1.0, depth=0.5)
    assert (first.field, first.nearest) == ("parameters.wall", 2.0)
    second = refusal(Two, wall=2.0, depth=0.5)
    assert (second.field, second.nearest) == ("parameters.depth", 1.0)
    judged(Two, wall=2.0, depth=1.0)


def test_two_demands_in_the_same_words_are_told_apart_by_what_they_would_change() -> None:
    class Same(Base):
        """One sentence for both."""

        @rule
        def both(self, process: Any) -> Any:
            """A wall of 2 cures the first; only then can depth be asked for."""
            return [
                at_least(self.wall, 2.0, change="wall", why="no room"),
                at_least(self.depth, 1.0, change="depth", why="no room"),
            ]

    assert refusal(Same, wall=1.0, depth=0.5).nearest == 2.0


def test_what_other_rules_refuse_is_told_with_it_of_the_order_as_it_would_then_be() -> None:
    class Three(Base):
        """Three."""

        @rule
        def thick(self, process: Any) -> Any:
            """One."""
            return at_least(self.wall, 2.0, change="wall", why="thick")

        @rule
        def deep(self, process: Any) -> Any:
            """Half the wall, which is 2 by then; and it would raise on the wall that was ordered."""
            if self.wall < 1.5:
                raise ValueError("counts on the first")
            return at_least(self.depth, self.wall / 2, change="depth", why="deep")

        @rule
        def round(self, process: Any) -> Any:
            """Broken, too, and nothing cures it."""
            return require(self.style == "oval", change="style", why="oval")

    told = refusal(Three, wall=1.0, depth=0.5)
    assert [(r.rule, r.nearest) for r in (told, *told.also)] == [("thick", 2.0), ("deep", 1.0), ("round", None)]
    assert not refusal(Three, wall=2.0, depth=1.0).also


def test_what_a_rule_raises_that_counts_on_a_refused_one_is_no_fault_yet() -> None:
    class Guarded(Base):
        """The second needs what the first demands, and nothing gives it."""

        @rule
        def style_is(self, process: Any) -> Any:
            """Never."""
            return require(self.depth > 3.0, change="depth", why="never")

        @rule
        def after(self, process: Any) -> Any:
            """Raises."""
            return 1 / 0

    assert refusal(Guarded).also == ()


def test_nothing_would_do() -> None:
    class Never(Base):
        """Never."""

        @rule
        def never(self, process: Any) -> Any:
            """Never."""
            return require(False, change="depth", why="never")

    assert refusal(Never).nearest is None and refusal(Never).value == 0.5


@pytest.mark.parametrize(
    ("value", "holds"), [(0.9, False), (1.0, True), (1.5, True), (2.0, True), (2.1, False), (float("nan"), False)]
)
def test_between(value: float, holds: bool) -> None:
    assert between(value, 1.0, 2.0, change="wall", why="x").holds is holds


def test_a_fit_fills_only_what_was_not_given() -> None:
    run = judged(Ruled, {"foot": Measurement(262, "mm")}, depth=0.3)
    assert (run.values["wall"], run.origins["wall"]) == (3.0, Origin.FITTED)
    assert (run.values["depth"], run.origins["depth"]) == (0.3, Origin.GIVEN)
    assert judged(Ruled).origins["wall"] is Origin.DEFAULT


WRONG: list[tuple[Any, str]] = [
    (lambda: at_least(1, 2, change="wal", why="x"), "what is no parameter: 'wal'"),
    (lambda: True, "must return relations"),
    (lambda: [True], "must return relations"),
    (lambda: 1 / 0, "ZeroDivisionError"),
    (lambda: (1 / 0 for _ in "x"), "ZeroDivisionError"),
]


@pytest.mark.parametrize(("said", "why"), WRONG)
def test_a_rule_that_is_wrong(said: Any, why: str) -> None:
    class Wrong(Base):
        """Wrong."""

        @rule
        def bad(self, process: Any) -> Any:
            """Bad."""
            return said()

    with pytest.raises(TemplateError) as failed:
        judged(Wrong)
    assert why in failed.value.for_sender() and failed.value.stage == "bad"


@pytest.mark.parametrize(
    ("found", "why"), [({"wal": 1.0}, "no parameter"), (5, "must return a dict"), ("x", "must return a dict")]
)
def test_a_fit_that_is_wrong(found: Any, why: str) -> None:
    class Wrong(Base):
        """Wrong."""

        @fit
        def bad(self) -> Any:
            """Bad."""
            return found

    with pytest.raises(TemplateError, match=why):
        judged(Wrong)
