"""Words that are the template's own: set as text is, no customer's, and refused where no font sets them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.authoring import Outline, Template, choice, mark, stage, text
from engine.errors import OrderError
from engine.language.marks import MOST_LETTERS
from engine.language.orders import accept
from engine.language.template import Run
from engine.model.order import Order


class Marked(Template):
    """Has a size and a name."""

    key, version = "marked", 1
    size = choice("S", {"S": "S", "M": "M"}, label="Size")
    name = text("", max_graphemes=9, label="Name")

    @stage
    def product(self) -> Outline:
        """Its size, drawn."""
        return mark(self, str(self.size)).outlines(height=12.0).outline


def template(**parameters: Any) -> Marked:
    values, origins = accept(Order("marked", parameters=parameters), Marked)
    return Marked(Run(Marked, values, origins, {}, home=None))


def test_a_mark_is_drawn_as_the_same_text_is() -> None:
    made = template(name="L")
    one, other = (t.outlines(height=12.0, at=(3.0, 4.0)).outline for t in (mark(made, "L"), made.name))
    assert np.array_equal(one.points, other.points) and np.array_equal(one.ends, other.ends)
    assert not np.array_equal(mark(made, "R").outlines(height=12.0, at=(3.0, 4.0)).outline.points, one.points)


def test_it_reads_no_field_of_the_customers() -> None:
    """A stage that sets a mark alone may be remembered as one that read no name."""
    made = template(name="Zoé")
    made.product()
    names = made.run.done["product"].trace.names
    assert "size" in names and "name" not in names


@pytest.mark.parametrize("said", ["\x07", "L" * (MOST_LETTERS + 1)])
def test_what_cannot_be_set_is_refused(said: str) -> None:
    with pytest.raises(OrderError, match="mark"):
        mark(template(), said)
