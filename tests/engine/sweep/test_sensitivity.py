"""What follows a measure, and how far: against numbers that are known, and a frame's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from engine.authoring import Solid, Template, fit, length, measure, stage
from engine.model.order import Measurement, Order
from engine.sweep.sensitivity import REACH, sensitivity
from templates.eyewear import Eyewear


class Follows(Template):
    """One parameter follows a measure by half, one does not, one is given."""

    key, version = "follows", 1
    wide = measure(low=10.0, high=30.0, label=("Wide", "Large"))
    half = length(8.0, low=1.0, high=40.0, step=0.1, label=("Half", "Moitié"))
    still = length(8.0, low=1.0, high=40.0, step=0.1, label=("Still", "Fixe"))

    @fit
    def from_wide(self) -> Mapping[str, Any]:
        return {} if self.wide is None else {"half": round(self.wide.value / 2.0, 1)}

    @stage
    def body(self) -> Solid:
        raise NotImplementedError


def moved(told: float) -> dict[str, float]:
    found = sensitivity(Follows, Order("follows", process="mjf-pa12", measurements={"wide": Measurement(told, "mm")}))
    return {one.parameter: one.by for one in found}


def test_what_follows_a_measure_is_told_with_its_slope() -> None:
    assert moved(20.0) == {"half": pytest.approx(0.05)}
    assert moved(30.0) == {"half": pytest.approx(0.05)}, "as far as the range goes"
    given = Order("follows", process="mjf-pa12", parameters={"half": 9.0}, measurements={"wide": Measurement(20.0, "mm")})
    assert not sensitivity(Follows, given) and REACH > 0.5


def test_a_frame_follows_its_face() -> None:
    found = {(one.measure, one.parameter): one.by for one in sensitivity(Eyewear, Order("eyewear"))}
    assert found["nose_width", "bearing"] == pytest.approx(0.1, abs=0.03)
    assert found["left_ear_depth", "left_to_bend"] == pytest.approx(0.1, abs=0.03)
    assert ("left_ear_depth", "right_to_bend") not in found and found["face_width", "width"] > 0.05
