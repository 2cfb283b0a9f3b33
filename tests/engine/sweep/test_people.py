"""A sweep's people: measures that go together, and numbers near what is fitted to them."""

from __future__ import annotations

import functools

import pytest

from engine import check
from engine.authoring import Measurement, Solid, Template, fit, length, measure, stage
from engine.process.limits import load_process
from engine.sweep.axes import read, told_of
from engine.sweep.people import NUDGED, REACH, person
from engine.sweep.samples import ANYONE, Sample, samples
from templates.eyewear import Eyewear
from templates.insole import Insole


class Sleeve(Template):
    """A sleeve for an arm, as long as the arm is; the wrist is inferred of the arm."""

    key, version = "sleeve", 1
    arm = measure(low=400.0, high=900.0, label=("Arm", "Bras"))
    wrist = measure(low=100.0, high=300.0, label=("Wrist", "Poignet"))
    thumb = measure(low=10.0, high=90.0, label=("Thumb", "Pouce"))
    long = length(600, low=400, high=1000, step=1, label=("Length", "Longueur"))
    wall = length(2, low=1, high=5, step=0.5, label=("Wall", "Paroi"))

    @fit
    def of_the_arm(self) -> dict[str, object]:
        """Of everyone, then of this one."""
        arm = Measurement(650.0, "mm", None, "inferred", 40.0)
        if self.arm is not None and self.arm.value > 890.0:
            raise ZeroDivisionError("no such arm")
        long = 650.0 if self.arm is None else self.arm.value
        return {"arm": arm, "wrist": Measurement(0.25 * long, "mm", None, "inferred", 8.0)}

    @fit
    def of_both(self) -> dict[str, object]:
        """Its length, and a wall that only a thick wrist has fitted."""
        return {"long": round(self.arm.value) + 10.0} | ({"wall": 3.0} if self.wrist.value > 180.0 else {})

    @stage
    def sleeve(self) -> Solid:
        """Never made here."""
        raise NotImplementedError


AXES, PROCESS = read(told_of(Sleeve)), load_process("mjf-pa12")


def drawn(**changes: float) -> dict[str, float]:
    return person(Sleeve, AXES, changes, PROCESS)


def test_each_measure_lies_round_what_those_before_it_tell() -> None:
    near = functools.partial(pytest.approx, abs=0.002)
    assert drawn(arm=650.0) == {"arm": 650.0} and drawn(arm=400.0) == {"arm": near(650.0 - REACH * 40.0)}
    arm = 650.0 - REACH * 40.0
    assert drawn(arm=400.0, wrist=300.0) == {"arm": near(arm), "wrist": near(0.25 * arm + REACH * 8.0)}
    assert drawn(thumb=11.0) == {"thumb": 11.0}, "nothing is inferred of it"


def test_a_number_that_is_fitted_is_moved_a_little_and_any_other_more() -> None:
    found = drawn(arm=900.0, long=400.0, wall=5.0)
    arm = 650.0 + REACH * 40.0
    assert found == {"arm": pytest.approx(arm), "long": pytest.approx(arm + 10.0 - NUDGED * 600.0, abs=1.0), "wall": 2.5}
    assert drawn(arm=900.0, wrist=300.0, wall=5.0)["wall"] == 3.0, "fitted to this one; on its steps"


def test_who_cannot_be_fitted_stays_as_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    far = {"arm": 900.0, "wrist": 300.0, "long": 400.0}
    assert drawn(**far) != far
    monkeypatch.setattr("engine.sweep.people.REACH", 7.0)
    assert drawn(**far) == far


def test_a_few_of_a_sweep_are_nobody() -> None:
    planned = samples(read(told_of(Insole)), 64, 0)
    wide = [s for s in planned if s.kind in ("pair", "sobol")]
    assert {s.kind for s in planned if s.person} == {"pair", "sobol"}
    assert sum(not s.person for s in wide) == len(wide) // ANYONE > 0


def test_people_of_a_sweep_pass_the_rules_of_their_faces() -> None:
    """Most of those that are drawn one by one do not."""
    axes = read(told_of(Eyewear))
    planned = [s for s in samples(axes, 16, 0) if s.kind == "sobol" and s.person]
    told: list[list[bool]] = []
    for sample in planned:
        found = []
        for changes in (person(Eyewear, axes, sample.changes, PROCESS), sample.changes):
            pd, face, nose = (changes[name] for name in ("pd", "face_width", "nose_width"))
            found.append(0.34 * face < pd < 0.60 * face and 0.15 * pd < nose < 0.50 * pd)
        told.append(found)
    assert all(own for own, _ in told) and sum(any_ for _, any_ in told) < len(told) / 2


@pytest.mark.parametrize("measured", [True, False])
def test_people_are_asked_only_of_what_is_made_to_measure(measured: bool) -> None:
    class Crew:
        def ask(self, *asked: object) -> dict[str, float]:
            return {"arm": 1.0}

    planned = [Sample("sobol", {"arm": 900.0}, person=True), Sample("pair", {"arm": 800.0})]
    found = check._people(Crew(), {"made_to_measure": measured, "process": "mjf-pa12"}, planned, lambda *_: None)  # type: ignore[arg-type]
    assert [s.changes["arm"] for s in found] == [1.0 if measured else 900.0, 800.0]
