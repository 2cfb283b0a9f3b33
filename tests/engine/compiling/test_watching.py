"""A @cad method run watched in the CAD child: its kinks are named with parameter, place and line; a smooth one has none."""

from __future__ import annotations

import itertools
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest

from engine.compiling.bends import bends
from engine.compiling.kinks import Sample, found
from engine.compiling.watching import sampled, with_leaves
from engine.doors import cad
from engine.errors import TemplateError
from engine.language.orders import accept
from engine.language.template import Run, Template, load_file
from engine.model.order import Order
from engine.process.limits import load_process

BRACKET = '''
import math
from dataclasses import dataclass
from math import hypot

from engine.authoring import Template, cad, flag, length, smooth_max, stage


@dataclass(frozen=True)
class Slot:
    wide: float
    deep: float


@dataclass(frozen=True)
class Plan:
    high: float
    slots: tuple[Slot, ...]

    def reach(self):
        return self.high + self.slots[0].wide


def thick(wall):
    return max(wall, 1.4)  # KINK


class Bracket(Template):
    """A plate with a hole, and what makes kinks."""
    key, version = "bracket", 1
    wall = length(1.6, low=1.0, high=3.0, step=0.001, label="Wall")
    wide = length(30.0, low=20.0, high=40.0, step=0.001, label="Width")
    kinked = flag(False, label="All of them")
    blended = flag(False, label="The same, smooth")

    @stage
    def plan(self):
        return Plan(max(self.wide / 4.0, 7.0), (Slot(min(self.wide, 30.0), 2.0),))  # harmless: nested

    @cad
    def body(self, cq):
        plan = self.plan()
        wall, corner = self.wall, 2.0
        if self.kinked:
            wall = thick(wall)
            corner = 2.0 + abs(self.wide - 31.0) / 10.0  # ABS
            if math.sqrt(plan.high) < math.sqrt(8.0):  # SQRT
                corner += 0.1
            corner += round(hypot(self.wide, 0.0)) / 100.0  # ROUND
        if self.blended:
            wall = smooth_max(self.wall, 1.4, within=0.2)
        body = cq.Workplane().box(self.wide, plan.reach(), wall).edges("|Z").fillet(corner)
        return body.faces(">Z").workplane().hole(plan.high / 2.0 + self.process.wall)

    @stage
    def product(self):
        return self.body()
'''


@pytest.fixture(scope="module")
def bracket(tmp_path_factory: pytest.TempPathFactory) -> type[Template]:
    path = tmp_path_factory.mktemp("kinks") / "bracket.py"
    path.write_text(BRACKET, encoding="utf-8")
    return load_file(path)


def line(mark: str) -> int:
    return next(i for i, row in enumerate(BRACKET.splitlines(), 1) if f"# {mark}" in row)


def drawn(cls: type[Template], stage: str, parameters: Mapping[str, object]) -> Sample:
    values, origins = accept(Order(cls.key, parameters=parameters), cls)
    return sampled(cls(Run(cls, values, origins, load_process("mjf-pa12").flat(), home=None)), stage)


WALLS, WIDTHS = (1.05, 1.35, 1.5, 2.9), (21.0, 29.0, 33.0, 39.0)


def over(cls: type[Template], **flags: bool) -> list[Sample]:
    grid = itertools.product(WALLS, WIDTHS)
    return [drawn(cls, "body", {"wall": a, "wide": b, **flags}) for a, b in grid]


def test_a_kinked_template_is_told_each(bracket: type[Template]) -> None:
    kinks = found(over(bracket, kinked=True))
    told = {k.line: k for k in kinks}
    assert set(told) == {line("KINK"), line("ABS"), line("SQRT"), line("ROUND")}
    assert len(kinks) == 4 and {k.file for k in kinks} == {"bracket.py"}
    wall = told[line("KINK")]
    assert (wall.kind, wall.code, wall.names) == ("pick", "max(wall, 1.4)", ("wall",))
    assert (wall.between[0].low, wall.between[0].high) == (1.35, 1.5) and wall.between[0].about == pytest.approx(1.4)
    assert wall.sentence() == (
        f"bracket.py:{line('KINK')}: `max(wall, 1.4)` picks another value near wall = 1.4 (between 1.35 and 1.5); no polynomial fits"
        " across it. Use smooth_max(..., within=...), declare breakpoints=(1.4,) on wall or work it out in a @stage, whose result the"
        " @cad method reads."
    )
    assert told[line("ABS")].between[0].about == pytest.approx(31.0)
    assert told[line("SQRT")].names == ("plan().high",) and "in the @stage plan" in told[line("SQRT")].sentence()
    assert told[line("ROUND")].names == ("wide",)


def test_a_smooth_template_has_none(bracket: type[Template]) -> None:
    assert found(over(bracket)) == ()
    assert found(over(bracket, blended=True)) == ()


def test_the_coordinates_are_what_the_method_reads(bracket: type[Template]) -> None:
    sample = drawn(bracket, "body", {"wall": 1.25, "wide": 36.0})
    assert sample.values == {
        "wall": 1.25,
        "wide": 36.0,
        "process.wall": load_process("mjf-pa12").wall,
        "plan().high": 9.0,
        "plan().slots[0].wide": 30.0,
        "plan().slots[0].deep": 2.0,
    }


def test_what_fails_watched_fails_as_it_would_unwatched(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text(BRACKET.replace("corner += 0.1", "corner /= 0.0").replace('"bracket"', '"broken"'), encoding="utf-8")
    with pytest.raises(TemplateError) as failed:
        drawn(load_file(path), "body", {"wide": 25.0, "kinked": True})
    assert (failed.value.stage, failed.value.line) == ("body", line("SQRT") + 1)


HIDDEN = '''
from engine.authoring import Template, cad, length, stage

class Hidden(Template):
    """A box whose kink is out of sight, and declared."""
    key, version = "hidden", 1
    wide = length(30.0, low=20.0, high=40.0, step=0.001, label="Width", breakpoints=(30.4,))

    @cad
    def body(self, cq):
        return cq.Workplane().box(max(float(self.wide), 30.4), self.wide, 5.0)

    @stage
    def product(self):
        return self.body()
'''


def test_a_kink_that_nobody_watched_shows_in_the_geometry(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "hidden.py"
    path.write_text(HIDDEN, encoding="utf-8")
    cls = load_file(path)
    widths = np.linspace(27.0, 35.0, 17)
    assert found([drawn(cls, "body", {"wide": round(float(w), 3)}) for w in widths[::4]]) == ()
    corners = []
    for wide in widths:
        values, origins = accept(Order("hidden", parameters={"wide": round(float(wide), 3)}), cls)
        points = cls(Run(cls, values, origins, load_process("mjf-pa12").flat(), home=None)).body().mesh.points
        corners.append(points[np.lexsort(points.T)])
    (bend,) = bends(widths, np.array(corners))
    (declared,) = cls.fields["wide"].breakpoints
    assert bend.low <= declared <= bend.high and bend.about == pytest.approx(declared, abs=0.01)


def test_drawn_watched_is_drawn_the_same(bracket: type[Template]) -> None:
    values, origins = accept(Order("bracket", parameters={"kinked": True}), bracket)
    template = bracket(Run(bracket, values, origins, load_process("mjf-pa12").flat(), home=None))
    plain, watched = (
        bracket.stages["body"].in_child(template, lambda _, payload, t=target, **told: cad.build(t, payload, **told))  # type: ignore[attr-defined]
        for target in ("engine.language.stages:run_cad", "engine.compiling.watching:run_watched")
    )
    assert np.array_equal(plain.mesh.points, watched.mesh.points) and np.array_equal(plain.mesh.faces, watched.mesh.faces)
    assert plain.told == watched.told[0]


def test_our_own_case_is_drawn_watched() -> None:
    """cadquery and OCP take watched numbers wherever a real template hands them on."""
    from templates.phone_case import PhoneCase

    samples = [drawn(PhoneCase, "shell", {"phone": "google-pixel-6", "wall": w}) for w in (1.2, 1.9)]
    assert len(samples[0].values) > 40 and samples[0].decisions
    assert all(n.startswith("drawn()") for n in samples[0].values)
    assert found(samples) == ()  # faces and edges come in another order, and that is no kink


@dataclass(frozen=True)
class Leaf:
    far: float
    count: int
    sound: bool = True
    tally: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        if self.far < 0.0:  # must not be asked again
            raise ValueError("negative")

    @cached_property
    def double(self) -> float:
        return 2.0 * self.far


class Pair(NamedTuple):
    near: float
    word: str


def test_every_float_of_a_tree_is_a_leaf_with_its_name() -> None:
    array = np.ones(3)
    tree = {"leaf": Leaf(1.5, 2), "pair": Pair(2.5, "x"), "rest": ([3.5, None], array, float("inf"), frozenset((1.0,)))}
    assert tree["leaf"].double == 3.0  # type: ignore[attr-defined]
    names: dict[str, float] = {}

    def leaf(name: str, value: float) -> float:
        names[name] = value
        return -value

    made = with_leaves("plan()", MappingProxyType(tree), leaf)
    assert names == {
        "plan()['leaf'].far": 1.5,
        "plan()['leaf'].tally": 0.0,
        "plan()['pair'].near": 2.5,
        "plan()['rest'][0][0]": 3.5,
    }
    assert (made["leaf"].far, made["leaf"].count, made["leaf"].sound, made["leaf"].double) == (-1.5, 2, True, -3.0)
    assert made["pair"] == Pair(-2.5, "x") and made["rest"][0] == [-3.5, None] and made["rest"][1] is array
    assert made["rest"][2:] == tree["rest"][2:]  # type: ignore[index]
    assert tree["leaf"].far == 1.5  # type: ignore[attr-defined]


def test_a_tree_without_floats_stays_what_it_is() -> None:
    made: Any = with_leaves("size()", (1, True, "a", None), lambda name, value: pytest.fail(name))
    assert made == (1, True, "a", None)
