"""@derived: made once, again when what it read is another, and read by who asks."""

from __future__ import annotations

import pytest

from engine.authoring import Template, derived, length, stage
from engine.language.template import Run
from engine.model.order import Origin

MADE: list[str] = []


class Box(Template):
    """A box of two numbers, for this test."""

    key, version = "derived-box", 1
    wide = length(4.0, low=1.0, high=9.0, step=0.5, label="Width")
    high = length(3.0, low=1.0, high=9.0, step=0.5, label="Height")

    @derived
    def doubled(self, times: int) -> float:
        """Of the width alone."""
        MADE.append(f"doubled {times}")
        return float(times * self.wide)

    @derived
    def around(self) -> float:
        """Of both."""
        MADE.append("around")
        return self.doubled(2) + 2.0 * float(self.high)

    @derived
    def broken(self) -> float:
        """Never there."""
        MADE.append("broken")
        raise ValueError("no")

    @stage
    def first(self) -> float:
        """Asks."""
        return self.doubled(2)

    @stage
    def product(self) -> float:
        """Asks again."""
        return self.around() + self.doubled(2)


def box() -> Box:
    MADE.clear()
    values = {"wide": 4.0, "high": 3.0}
    return Box(Run(Box, values, dict.fromkeys(values, Origin.GIVEN), {}, home=None))


def test_it_is_made_once() -> None:
    made = box()
    assert (made.doubled(2), made.doubled(2), made.doubled(3), made.around()) == (8.0, 8.0, 12.0, 14.0)
    assert MADE == ["doubled 2", "doubled 3", "around"]


def test_another_value_makes_again_what_read_it() -> None:
    made = box()
    made.around()
    made.run.settle("high", 5.0, Origin.FITTED)
    assert made.around() == 18.0 and MADE == ["around", "doubled 2", "around"]
    made.run.settle("wide", 1.0, Origin.FITTED)
    assert made.around() == 12.0 and MADE == ["around", "doubled 2", "around", "around", "doubled 2"]


def test_who_asks_has_read_what_it_read() -> None:
    """A stage's trace names the fields beneath, whether the value was made for it or long before."""
    made = box()
    made.around()
    assert made.first() == 8.0 and made.product() == 22.0
    assert made.run.done["first"].trace.names == ("wide",)
    assert set(made.run.done["product"].trace.names) == {"wide", "high"}


def test_an_error_is_not_remembered() -> None:
    made = box()
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            made.broken()
    assert MADE == ["broken", "broken"]
