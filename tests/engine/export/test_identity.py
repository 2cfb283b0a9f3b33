"""What a file says about its order: enough to find it again, nothing of what the customer wrote or measured."""

from __future__ import annotations

from collections.abc import Callable

from engine.export import glb, threemf
from engine.export.identity import application, identity_of
from engine.language.template import Template
from engine.model.mesh import Settled
from engine.model.order import Measurement, Order


class Bracket(Template):
    """A bracket.

    More about it.
    """

    key = "wall-bracket"
    licence = "CC BY 4.0"


ORDER = Order(
    "wall-bracket",
    reference="order-7/1",
    parameters={"name": "Zoé Secret"},
    measurements={"foot": Measurement(262.125, "mm")},
)


def test_fields() -> None:
    made = identity_of(ORDER, Bracket)
    assert (made.title, made.description, made.licence) == ("Wall bracket", "A bracket.", "CC BY 4.0")
    assert (made.template, made.version, made.reference) == ("wall-bracket", Bracket.version, "order-7/1")
    assert made.part_number.endswith(made.uuid.hex[:8])
    assert application().startswith("unikat ")


def test_another_order_is_another_uuid() -> None:
    other = Order("wall-bracket", reference="order-7/1", parameters={"name": "Zoë Secret"})
    assert identity_of(ORDER, Bracket) == identity_of(ORDER, Bracket)
    assert identity_of(ORDER, Bracket).uuid != identity_of(other, Bracket).uuid


def test_names_and_measures_stay_out(stand_in: Callable[..., Settled], cube: Callable[..., object]) -> None:
    identity = identity_of(ORDER, Bracket)
    text = repr(identity) + str(glb.write([stand_in(cube())], identity))
    text += str(b"".join(piece for s in threemf.model_segments([stand_in(cube())], identity) for piece in s.packed))
    assert "Secret" not in text and "262" not in repr(identity)
