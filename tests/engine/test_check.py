"""A sweep finds what is wrong with a template, each planted fault by its name and by an order that shows it; and nothing in a sound one."""

from __future__ import annotations

import pathlib
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.check import Checked, check
from engine.doors.child import Child
from engine.errors import TemplateError
from engine.sweep import crew

BOX = '''
import numpy as np
from engine.authoring import Solid, Template, at_least, at_most, between, choice, flag, length, rule, stage, text
from engine.model.mesh import Mesh, Patch, Plane
{top}
FACES = np.array([[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
                  [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]], np.int32)

def box(x, y, z):
    points = np.array([[a, b, c] for a in (0.0, x) for b in (0.0, y) for c in (0.0, z)])
    top = Patch("top", np.array([10, 11], np.int32), Plane((x / 2, y / 2, z), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    return Solid(Mesh(points, FACES), {{"top": top}})

class Block(Template):
    """A block."""
    french = "Un bloc."
    key, version = "block", 1
    wide = length(40, low=20, high=60, step=1, label=("Width", "Largeur"))
    high = length(6, low=2, high=9, step=0.5, label=("Height", "Hauteur"))
    {fields}

    @stage
    def block(self):
        return box(self.wide, 20.0, self.high)

    {more}
'''
FLOOR = """
    @rule
    def floor(self, process):
        return at_least(self.high, {limit}, change="high", why=("the height", "la hauteur"))
"""


def source(top: str = "", fields: str = "", more: str = "") -> str:
    return BOX.format(top=top, fields=fields, more=more.strip())


@pytest.fixture(scope="module")
def children() -> Iterator[list[Child]]:
    made = crew.hired(2)
    yield made
    for child in made:
        child.close()


@pytest.fixture
def checked(children: list[Child], tmp_path: pathlib.Path) -> Callable[..., Checked]:
    def run(written: str, **how: Any) -> Checked:
        path = tmp_path / "block.py"
        path.write_text(textwrap.dedent(written), encoding="utf-8")
        return check({"file": str(path)}, children=children, **{"points": 4, **how})

    return run


def suspicions(found: Checked) -> set[tuple[str, str]]:
    return {(s.kind, s.what) for s in found.suspicions}


def test_a_sound_template_passes_and_nothing_is_said(checked: Callable[..., Checked]) -> None:
    found = checked(source(more=FLOOR.format(limit="2.4")))
    assert found.passed and not found.failures and not found.suspicions
    assert found.made + found.made_as_told == found.tried == found.planned > 10
    assert found.made_as_told and found.advised == {"floor": found.made_as_told}
    again = checked(source(more=FLOOR.format(limit="2.4")))
    assert (again.made, again.advised) == (found.made, found.advised)


def test_what_matters_only_with_a_name_on_it_is_not_suspected(checked: Callable[..., Checked]) -> None:
    fields = """
    name = text('', max_graphemes=8, label=('Name', 'Prénom'))
    place = length(0, low=-90, high=90, step=1, label=('Place', 'Place'))"""
    more = """
    @rule
    def there(self, process):
        return at_most(abs(self.place) if self.name else 0, 50, change='place', why=('off', 'dehors'))

    @stage
    def product(self):
        return box(self.wide, 200.0 + (self.place + len(str(self.name)) if self.name else 0.0), self.high)"""
    found = checked(source(fields=fields, more=more))
    assert not found.failures and {k for k, _ in suspicions(found)} <= {"french"}, found.suspicions


UNDER = """
    carries = flag(False, label=('Carries', 'Porte'))
    deep = length(1, low=0.5, high=9, step=0.5, label=('Deep', 'Profond'))"""
SHALLOW = """
    @rule
    def shallow(self, process):
        return at_most(abs(self.deep - 1.5) if self.carries else 0, 0.5, change='deep', why=('deep', 'profond'))

    @stage
    def product(self):
        return box(self.wide, 20.0 + {counts}, self.high)"""


@pytest.mark.parametrize(
    ("counts", "told"), [("(3 + self.deep if self.carries else 0)", set()), ("(3 if self.carries else 0)", {("idle", "deep")})]
)
def test_what_matters_under_an_option_alone_is_not_suspected_and_what_never_does_is(
    checked: Callable[..., Checked], counts: str, told: set[tuple[str, str]]
) -> None:
    """Where it matters most values are refused, and most orders do not ask for the option."""
    found = checked(source(fields=UNDER, more=SHALLOW.format(counts=counts)), points=24)
    assert not found.failures and suspicions(found) == told


def test_all_that_one_refusal_tells_is_taken_up_at_once(checked: Callable[..., Checked]) -> None:
    """Nine rules of nine parameters, each broken at its least value: one answer names them all."""
    fields = "".join(f"\n    f{k} = length(5, low=1, high=9, step=1, label=('F', 'F'))" for k in range(9))
    rule = """
    @rule
    def r{k}(self, process):
        return at_least(self.f{k}, 5, change='f{k}', why=('low', 'bas'))
"""
    used = "    @stage\n    def product(self):\n        return box(self.wide + " + " + ".join(f"self.f{k}" for k in range(9))
    rules = "".join(rule.format(k=k) for k in range(9))
    found = checked(source(fields=fields, more=rules + used + ", 20.0, self.high)"))
    assert not found.failures and not found.refused and found.made_as_told > 9


def test_too_many_refusals_without_a_way_out(checked: Callable[..., Checked]) -> None:
    more = """
    @rule
    def square(self, process):
        return at_least(self.wide, 1000 if self.high > 6 else 0, change='wide', why=('odd', 'étrange'))"""
    found = checked(source(more=more))
    assert not found.passed and not found.failures and list(found.refused) == ["square"] and found.refused_share > 0.1


STAGE = "\n    @stage\n    def product(self):\n        {}\n"
PLANTED = {
    "a clock": (dict(top="import time", more=STAGE.format("return box(20 + time.time_ns() % 997 / 100, 20.0, self.high)")),
                ("UNSTEADY", "product"), "block.py:5 reads the clock (time)"),
    "state": (dict(top="SEEN = []", more=STAGE.format("SEEN.append(1); return box(self.wide + len(SEEN), 20.0, self.high)")),
              ("UNSTEADY", "product"), "keeps state"),
    "the order of a set": (
        dict(more=STAGE.format("return box(20 + int(''.join({*'123456789'})) / 1e8, 20.0, self.high)")),
        ("UNSTEADY", "product"), "order of a set"),
    "an endless loop": (dict(more=STAGE.format("\n        while self.high == 9: pass\n        return self.block()")),
                        ("TIMEOUT", "product"), "block.py"),
    "an error": (dict(more=STAGE.format("return box(self.wide, 20.0, self.high if self.wide < 50 else 1 / 0)")),
                 ("BUILDING", "product"), "ZeroDivisionError"),
    "an exit": (dict(more=STAGE.format("return self.block() if self.wide < 60 else __import__('os')._exit(3)")),
                ("EXIT", "product"), "block.py"),
    "an error behind a rule": (
        dict(more=FLOOR.format(limit="8 if self.wide >= 50 else 2")
             + STAGE.format("return box(self.wide, 20.0, self.high if self.wide < 50 or self.high < 8 else 1 / 0)")),
        ("BUILDING", "product"), "ZeroDivisionError"),
    "a thin wall": (dict(fields="thin = length(1, low=0.2, high=2, step=0.1, label=('T', 'T'))",
                         more=STAGE.format("return box(self.wide, 20.0, self.thin)")), ("thin-wall", "block"), "0.5 mm"),
    "inside out": (dict(more=STAGE.format("n = self.wide if self.high < 9 else -self.wide; return box(n, 20.0, self.high)")),
                   ("inverted-shell", "block"), ""),
    "swapped limits of a rule": (dict(more="@rule\n    def room(self, process):\n        "
                                      "return between(self.high, 9, 2, change='high', why=('room', 'place'))"),
                                 ("DEFAULTS_REFUSED", "room"), "the defaults are refused"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_named_and_its_order_shows_it(
    checked: Callable[..., Checked], monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, name: str
) -> None:
    monkeypatch.setattr(crew, "FIRST_DEADLINE", 1.5)
    monkeypatch.setattr(crew, "LEAST_DEADLINE", 0.7)
    parts, (cause, where), word = PLANTED[name]
    found = checked(source(**parts))
    told = {(f.cause, f.where): f for f in found.failures}
    assert not found.passed and list(told) == [(cause, where)], found.failures
    assert word in told[cause, where].why
    smallest = {"an endless loop": {"high": 9.0}, "an error": {"wide": 50.0}, "an exit": {"wide": 60.0},
                "inside out": {"high": 9.0}, "an error behind a rule": {"wide": 50.0, "high": 8.0}}  # fmt: skip
    if name in smallest:
        assert told[cause, where].changes == smallest[name]


SUSPECT = {
    "an unused parameter": (dict(fields="ghost = flag(False, label=('Ghost', 'Fantôme'))"), ("unused", "ghost"), "no stage"),
    "an option that changes nothing": (
        dict(fields="shape = choice('a', {'a': ('A', 'A'), 'b': ('B', 'B')}, label=('Shape', 'Forme'))",
             more=STAGE.format("return box(self.wide, 20.0 + (self.shape == 'c'), self.high)")),
        ("idle", "shape"), "changes nothing: a, b make the same"),
    "two options that are one": (
        dict(fields="shape = choice('a', {k: (k.upper(), k.upper()) for k in 'abc'}, label=('Shape', 'Forme'))",
             more=STAGE.format("return box(self.wide, 20.0 + (self.shape == 'c'), self.high)")),
        ("idle", "shape"), "a makes the same as b"),
    "a rule that never fires": (dict(more=FLOOR.format(limit="1.5")), ("dead-rule", "floor"), "no nearer than 0.5 mm"),
    "a name that leaves its patch": (
        dict(fields="name = text('', max_graphemes=12, label=('Name', 'Prénom'))",
             more=STAGE.format("n = self.name; return self.block().engrave(n.outlines(height=16), on='top', depth=1) if n else self.block()")),
        ("late-refusal", "text-on-patch"), "a stage refused"),
    "a label without French": (dict(fields="deep = length(1, low=1, high=2, step=1, label='Depth')",
                                    more=STAGE.format("return box(self.wide, 20.0 + self.deep, self.high)")),
                               ("french", "label of deep"), "has no French"),
    "a rule without French": (dict(more=FLOOR.format(limit="2.4").replace("('the height', 'la hauteur')", "'x'").replace(
        '("the height", "la hauteur")', '"low"')), ("french", "rule floor"), "low"),
    "today's date": (dict(top="import datetime", more=STAGE.format("return box(self.wide, 20.0 + datetime.date.today().day, self.high)")),
                     ("outside", "block.py:5"), "the clock (datetime)"),
}  # fmt: skip


@pytest.mark.parametrize("name", SUSPECT)
def test_what_fails_nothing_is_suspected_by_name(checked: Callable[..., Checked], name: str) -> None:
    parts, told, word = SUSPECT[name]
    found = checked(source(**parts))
    assert not found.failures and suspicions(found) == {told}
    assert word in found.suspicions[0].why


def test_swapped_limits_of_a_parameter_are_told_at_its_line(checked: Callable[..., Checked]) -> None:
    with pytest.raises(TemplateError, match=r"block\.py:\d+: stage import: ValueError") as failed:
        checked(source(fields="deep = length(1, low=2, high=1, step=1, label=('D', 'P'))"))
    assert "low < high" in failed.value.for_sender()


CAD = '''
from engine.authoring import Template, cad, length, stage

class Tag(Template):
    """A tag."""
    french = "Une étiquette."
    key, version = "tag", 1
    edge = length(0.2, low=0.1, high=0.6, step=0.1, label=("Edge", "Arête"))
    curl = length(0, low=0, high=9, step=1, label=("Curl", "Boucle"))

    @cad
    def rounded(self, cq):
        return cq.Workplane().box(1, 9, 9).edges().fillet(self.edge)

    @cad
    def looped(self, cq):
        n = self.curl
        points = [(0, 0), (10, 0 + 2 * n), (10, 10 - 2 * n), (0, 10)]
        return cq.Workplane().spline(points).close().extrude(3)

    @stage
    def tag(self):
        return [self.rounded().part("rounded"), self.looped().part("looped", shown_pose=ASIDE, print_pose=ASIDE, assembled_pose=ASIDE)]
'''


def test_what_cad_builds_wrongly_without_a_word(children: list[Child], tmp_path: pathlib.Path) -> None:
    """A fillet that eats the box, and an outline that crosses itself: OCCT calls both done."""
    path = tmp_path / "tag.py"
    aside = "from engine.authoring import Pose\nASIDE = Pose(translation=(20.0, 0.0, 0.0))\n"
    path.write_text(aside + textwrap.dedent(CAD), encoding="utf-8")
    found = check({"file": str(path)}, children=children, points=0, jobs=1)
    told = {(f.cause, f.where): f for f in found.failures}
    assert list(told) == [("NOT_SOLID", "looped"), ("NOT_SOLID", "rounded")], found
    assert told["NOT_SOLID", "rounded"].changes["edge"] in (0.5, 0.6)  # at exactly half the box, OCCT ends now so, now so
    assert set(told["NOT_SOLID", "rounded"].changes) == {"edge"} and "not valid" in told["NOT_SOLID", "rounded"].why
    assert set(told["NOT_SOLID", "looped"].changes) == {"curl"}
    assert found.made and not {s.kind for s in found.suspicions} & {"unused", "idle"}
