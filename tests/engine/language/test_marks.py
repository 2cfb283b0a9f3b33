"""Words that are the template's own: set as text is, no customer's, and refused where no font sets them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.authoring import Outline, Solid, Template, choice, mark, stage, text
from engine.errors import EngineFault, OrderError
from engine.language.marks import MOST_LETTERS
from engine.language.orders import accept
from engine.language.template import Run
from engine.model.mesh import Mesh, Patch, Plane
from engine.model.order import Order
from tests.scanned_template import BOX, FACES


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


def slab() -> Solid:
    top = Patch("top", np.array([2, 3], np.int32), Plane((25.0, 20.0, 3.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    return Solid(Mesh(BOX * (50.0, 40.0, 3.0), FACES), {"top": top})


def volume(solid: Solid) -> float:
    a, b, c = (solid.mesh.points[solid.mesh.faces[:, k]] for k in range(3))
    return float((a * np.cross(b, c)).sum() / 6.0)


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


def test_two_texts_are_stamped_at_once_as_one_after_the_other() -> None:
    made = template(name="Zoé")
    name, sign = made.name.outlines(height=6.0), mark(made, "B").outlines(height=6.0, at=(0.0, -12.0))
    plate = slab()
    both = plate.engrave(name.beside(sign), on="top", depth=0.5)
    apart = plate.engrave(name, on="top", depth=0.5).engrave(sign, on="top", depth=0.5)
    assert volume(both) == pytest.approx(volume(apart), rel=1e-9) and len(both.mesh.faces) == len(apart.mesh.faces)
    assert volume(both) < volume(plate.engrave(name, on="top", depth=0.5)) - 1.0
    over = mark(made, "B").outlines(height=6.0)
    with pytest.raises(EngineFault, match="cannot stamp this outline"):
        plate.engrave(name.beside(over), on="top", depth=0.5)
