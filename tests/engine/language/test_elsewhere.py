"""A body that one machine has drawn serves another, and no body of a person's goes anywhere."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest

from engine.authoring import Part, Solid, Template, flag, length, measure, stage
from engine.language.elsewhere import MOST, Lent
from engine.language.memory import Trace, pack
from engine.language.orders import accept
from engine.language.stages import CadStage
from engine.language.template import Home, Run
from engine.model.mesh import Mesh
from engine.model.order import Order, Origin

RAN: list[float] = []


class Drawn(CadStage):
    """A @cad stage that draws without CadQuery."""

    def execute(self, template: Template) -> Solid:
        made: Solid = self.function(template)
        return made


class Lamp(Template):
    """A body by two numbers, one of which is read sometimes."""

    key, version = "lamp", 1
    wide = length(2.0, low=1.0, high=9.0, step=0.5, label="Width")
    ribbed = flag(False, label="Ribs")
    ribs = length(1.0, low=0.5, high=2.0, step=0.5, label="Ribs")
    foot = measure(low=200.0, high=320.0, label="Foot")

    @Drawn
    def body(self) -> Solid:
        """A body."""
        size = self.wide + (self.ribs if self.ribbed else 0.0)
        RAN.append(size)
        points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]]) * size
        return Solid(Mesh(points, np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.int32)), {})

    @stage
    def product(self) -> Part:
        """The product."""
        return self.body().part("p")  # type: ignore[no-any-return]


class Place(dict[str, bytes]):
    """A shared place in memory; `asked`: the addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def __bool__(self) -> bool:
        return True

    def take(self, address: str) -> bytes | None:
        self.asked.append(address)
        return self.get(address)

    def put(self, address: str, data: bytes) -> None:
        self[address] = data


@pytest.fixture(autouse=True)
def quiet() -> None:
    RAN.clear()


@pytest.fixture
def place() -> Place:
    return Place()


def ask(
    place: Place | None, disk: pathlib.Path | None = None, fitted: str | None = None, **parameters: Any
) -> tuple[Run, Solid]:
    """The body on a machine that has nothing but what is on that disk."""
    values, origins = accept(Order("lamp", parameters=parameters), Lamp)
    run = Run(Lamp, values, origins, {}, home=Home(disk, elsewhere=place), code_hash="c0de" * 8)
    if fitted is not None:
        run.settle(fitted, values[fitted], Origin.FITTED)
    return run, Lamp(run).body()


def bodies(place: Place) -> list[str]:
    return [address for address in place if not address.endswith("/names")]


def test_the_second_machine_does_not_draw(place: Place) -> None:
    first, one = ask(place, wide=3.0)
    second, two = ask(place, wide=3.0)
    assert RAN == [3.0] and pack(one) == pack(two)
    assert second.artifacts == first.artifacts != {}
    assert [run.stages[0].hit for run in (first, second)] == [False, True]
    with pytest.raises(ValueError, match="read-only"):
        two.mesh.points[0] = 1.0


def test_another_order_another_branch_and_another_code_are_drawn(place: Place) -> None:
    for parameters in (
        {"wide": 3.0},
        {"wide": 4.0},
        {"wide": 3.0, "ribbed": True},
        {"wide": 3.0, "ribbed": True, "ribs": 2.0},
    ) * 2:
        ask(place, **parameters)
    assert RAN == [3.0, 4.0, 4.0, 5.0] and len(bodies(place)) == 4
    values, origins = accept(Order("lamp", parameters={"wide": 3.0}), Lamp)
    Lamp(Run(Lamp, values, origins, {}, home=Home(elsewhere=place), code_hash="0dd" * 8)).body()
    assert RAN[4:] == [3.0]


def test_what_came_from_elsewhere_is_kept_here(place: Place, tmp_path: pathlib.Path) -> None:
    ask(place, wide=3.0)
    ask(place, tmp_path, wide=3.0)
    asked = len(place.asked)
    ask(place, tmp_path, wide=3.0)
    assert RAN == [3.0] and len(place.asked) == asked, "the disk has it"
    ask(None, tmp_path, wide=3.0)
    assert RAN == [3.0]


@pytest.mark.parametrize("damage", [b"", b"x", b"0" * 64 + b"\nbody"])
def test_a_body_that_is_not_what_its_hash_says_is_drawn_anew(place: Place, damage: bytes) -> None:
    _, one = ask(place, wide=3.0)
    (address,) = bodies(place)
    whole, place[address] = place[address], damage
    _, two = ask(place, wide=3.0)
    assert RAN == [3.0, 3.0] and pack(one) == pack(two) and place[address] == whole


def test_what_was_fitted_to_a_person_is_neither_asked_for_nor_put_there(place: Place) -> None:
    ask(place, fitted="wide", wide=3.0)
    ask(place, fitted="wide", wide=3.0)
    assert RAN == [3.0, 3.0] and place == {}, "drawn by each, and nothing of it anywhere"
    ask(place, wide=3.0)
    place.asked.clear()
    ask(place, fitted="wide", wide=3.0)
    assert RAN == [3.0] * 4 and not set(place.asked) & set(bodies(place)), "its address would tell its measures"


def test_no_more_names_are_known_than_told(place: Place) -> None:
    lent = Lent(place, "a")
    for n in range(MOST + 3):
        lent.keep(Trace.of((f"n{n}",), (1,)), b"body")

    def told(names: tuple[str, ...]) -> tuple[object, ...]:
        if names == ("n5",):
            return (1,)
        raise LookupError

    found = lent.find(told, lambda names: False)
    assert found is not None and found[0].names == ("n5",) and found[1] == b"body"
    assert len([a for a in place.asked if a != "a/names"]) == 1
    assert lent.find(lambda names: (2,), lambda names: False) is None, "other values"
