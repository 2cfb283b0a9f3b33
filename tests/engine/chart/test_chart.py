"""A chart at work: what it covers, the body at some numbers, its tags."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.chart.chart import Chart
from engine.chart.form import decoded, encoded
from engine.doors import cad_lattice as lat
from engine.model.mesh import STEPS_PER_MM
from tests.engine.chart.small import FACES, corner, data, parts

CHART = Chart.of(decoded(data()))


def inside(wide: float, deep: float) -> list[float]:
    return [wide, deep, 2.0 * deep]


@settings(deadline=None)
@given(st.floats(10.0, 30.0), st.floats(5.0, 9.0))
def test_a_body_within_the_box(wide: float, deep: float) -> None:
    values = inside(wide, deep)
    if not 2.0 <= wide - deep <= 24.0:
        assert not CHART.covers(values)
        return
    assert CHART.covers(values)
    made = CHART.at(values)
    assert made is not None
    lattice = np.rint(made.mesh.points * STEPS_PER_MM).astype(np.int32)
    assert np.array_equal(lattice / STEPS_PER_MM, made.mesh.points)
    assert np.abs(made.mesh.points[6] - corner(wide, deep)).max() <= 0.5 / STEPS_PER_MM + 1e-9
    assert lat.unpaired_edges(made.mesh.faces) == (0, 0)
    assert lat.volume(lattice, FACES) == pytest.approx(math.prod(made.mesh.points[6].tolist()), rel=1e-9)


@pytest.mark.parametrize(
    "values",
    [
        [9.99999, 7.0, 14.0],
        [30.00001, 7.0, 14.0],
        [20.0, 4.9999, 9.9998],
        [30.0, 5.0, 10.0],  # their difference
        [20.0, 7.0, 14.00001],  # not where the others put it
        [20.0, 7.0],
        [20.0, 7.0, 14.0, 1.0],
        [],
        [math.nan, 7.0, 14.0],
        [20.0, math.nan, 14.0],
        [20.0, 7.0, math.nan],
        [20.0, 7.0, math.inf],
    ],
)
def test_what_it_does_not_cover(values: list[float]) -> None:
    assert CHART.covers([20.0, 7.0, 14.0])
    assert not CHART.covers(values)


def test_a_coordinate_that_is_no_number_is_seen_wherever_it_stands() -> None:
    about, arrays = parts()
    arrays["origin"] = np.array([20.0, 7.0, 14.0, 1.0])
    arrays["relation"] = np.vstack([arrays["relation"], [0.0, 0.0]])
    chart = Chart.of(decoded(encoded(about, arrays)))
    assert chart.covers([20.0, 7.0, 14.0, 1.0])
    assert not chart.covers([20.0, 7.0, math.nan, 1.0]) and not chart.covers([20.0, 7.0, 14.0, math.nan])


def test_its_tags() -> None:
    made = CHART.at(inside(24.0, 6.0))
    assert made is not None
    floor, front, right = (made.patches[n] for n in ("floor", "front", "right"))
    assert floor.plane is not None and front.plane is not None and right.plane is None and right.surface is not None
    assert floor.plane.origin == (0.0, 0.0, 0.0) and np.cross(floor.plane.x, floor.plane.y).tolist() == [0.0, 0.0, -1.0]
    assert (front.plane.x, front.plane.y) == ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    assert floor.faces.tolist() == [0, 1] and right.surface.pieces.shape == (1, 21) and right.surface.net.shape == (2, 2, 4, 3)
    assert right.surface.why == "not asked"


def test_a_flat_face_is_no_body() -> None:
    about, arrays = parts()
    arrays["base"][3] = arrays["linear"][1, 3] = 0.0
    assert Chart.of(decoded(encoded(about, arrays))).at(inside(20.0, 7.0)) is None


def test_what_addresses_a_body() -> None:
    """Chart and numbers, nothing else."""
    one, again, other = (CHART.at(inside(w, 7.0)) for w in (20.0, 20.0, 20.001))
    assert one is not None and again is not None and other is not None
    assert one.artifact == again.artifact != other.artifact
    elsewhere = Chart.of(decoded(data(bodies=3))).at(inside(20.0, 7.0))
    assert elsewhere is not None and elsewhere.artifact != one.artifact
    with pytest.raises(ValueError, match="read-only"):
        one.mesh.points[0] = 1.0
