"""What a file says about its order: enough to find it again, nothing of what the customer wrote or measured."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from engine.authoring import Template, stage
from engine.export import glb, threemf
from engine.export.identity import application, identity_of
from engine.model.mesh import Settled
from engine.model.order import Measurement, Order


class Bracket(Template):
    """A bracket.

    More about it.
    """

    key = "wall-bracket"
    version = 1
    licence = "CC BY 4.0"

    @stage
    def plate(self) -> None:
        """Never run here."""


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
    with zipfile.ZipFile(io.BytesIO(threemf.write([stand_in(cube())], identity))) as archive:
        model = archive.read(threemf.MODEL)
    scene = glb.write([stand_in(cube())], identity)
    for told in (model, scene):
        assert b"order-7/1" in told
        assert b"Secret" not in told and b"262.125" not in told
