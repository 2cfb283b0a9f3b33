"""What a sweep takes for the same product."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.authoring import Modifier, Part, Solid, Template, choice, stage
from engine.make import Workshop, make
from engine.model.mesh import Mesh
from engine.model.order import Order
from engine.sweep.probe import _digest

POINTS = np.array([[0, 0, 0], [40, 0, 0], [0, 40, 0], [0, 0, 40.0]])
FACES = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.int32)


class Cushion(Template):
    """Its inside alone differs."""

    key, version = "cushion", 1
    inside = choice("even", {k: (k, k) for k in ("even", "soft", "softer", "smaller")}, label=("Inside", "Intérieur"))

    @stage
    def cushion(self) -> Part:
        """A tetrahedron."""
        zones: Sequence[Modifier] = ()
        if self.inside != "even":
            size = 0.4 if self.inside == "smaller" else 0.5
            zones = [Modifier("zone", Mesh(POINTS * size, FACES), {"fill_density": "5%" if self.inside == "softer" else "10%"})]
        return Solid(Mesh(POINTS, FACES), {}).part("cushion", modifiers=zones)


def test_products_that_are_printed_differently_are_not_the_same() -> None:
    shop = Workshop()
    made = [
        make(Order("cushion", process="fdm-tpu", parameters={"inside": inside}), Cushion, formats=(), workshop=shop)
        for inside in ("even", "soft", "softer", "smaller", "soft")
    ]
    told = [_digest(product) for product in made]
    assert len(set(told)) == 4 and told[1] == told[4]
