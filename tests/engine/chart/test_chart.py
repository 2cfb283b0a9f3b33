"""A chart at work: what it covers, the body at some numbers, its tags."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.chart.chart import AFTER, TOGETHER, Chart, Made
from engine.chart.form import MOST_MM, decoded, encoded
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


def varied(**changed: object) -> Chart:
    """The small chart with some of its arrays changed."""
    about, arrays = parts()
    return Chart.of(decoded(encoded(about, {**arrays, **changed})))


CHARTS = {
    "with a family": CHART,
    "flat within its box": varied(low=np.array([10.0, 0.0, 2.0])),
    "without a family": varied(watched=np.array([[0, -1], [0, -1], [0, 1]], np.int32)),
    "without products": varied(terms=np.empty((0, 4), np.int16), high=np.empty((0, 0), np.float32)),
    "of huge sums": varied(base=np.array([10.0, 0.0, 20.0, 7.0, 1e300])),
}


def told(made: Made) -> tuple[object, ...]:
    """All that there is of a body, to the last bit."""
    patches = []
    for name, patch in made.patches.items():
        s = patch.surface
        surface = None if s is None else (s.pieces.tobytes(), s.net.tobytes(), s.owner.tobytes(), s.why)
        patches.append((name, patch.faces.tobytes(), repr(patch.plane), patch.role, surface))
    member = made.mesh.member
    at = None if member is None else (member.at.tobytes(), member.name, member.faces)
    return made.mesh.points.tobytes(), made.mesh.faces.tobytes(), made.artifact, at, patches


def expected(chart: Chart, values: list[float]) -> np.ndarray | None:
    """The points in plain numpy and integers, term by term in the same order."""
    a = chart.arrays
    z = [(values[p] - float(a["origin"][p])) * float(s) for p, s in zip(chart.pivots, a["scale"], strict=True)]
    columns = a["base"].copy()
    with np.errstate(invalid="ignore", over="ignore"):
        for number, row in zip(z, a["linear"].astype(np.float64), strict=True):
            if number != 0.0:
                columns += number * row
        for term, row in zip(a["terms"].tolist(), a["high"].astype(np.float64), strict=True):
            product = 1.0
            for k in term:
                product *= z[k] if k >= 0 else 1.0
            if product != 0.0:
                columns[: len(row)] += product * row
        if not np.abs(columns).max() <= MOST_MM:
            return None
    lattice = np.rint(np.rint(columns * (STEPS_PER_MM * 1e6)) / 1e6)[a["nodes"]]
    if not lat.crosses(lattice.astype(np.int32), chart.faces).any(axis=1).all():
        return None
    return np.asarray(lattice / STEPS_PER_MM)


WIDE = st.floats(10.0, 30.0) | st.sampled_from([10.0, 20.0, 30.0, 0.0, -0.0, 1e-4, 2e5, 1e300, math.nan, math.inf])
DEEP = st.floats(5.0, 9.0) | st.sampled_from([5.0, 7.0, 9.0, 0.0, 4e-5, 1e-4, -3.0, 3e5, math.nan, -math.inf])


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(sorted(CHARTS)), st.lists(st.tuples(WIDE, DEEP), max_size=2 * TOGETHER + 5))
@pytest.mark.filterwarnings("ignore:(overflow|invalid)")
def test_bodies_together_are_those_alone(which: str, sizes: list[tuple[float, float]]) -> None:
    """Each as `at` makes it and as plain numpy does: those without an area somewhere and those too far out are none, beside any others."""
    chart, values = CHARTS[which], [inside(*size) for size in sizes]
    found = chart.at_all(values)
    assert len(found) == len(values)
    for made, own in zip(found, values, strict=True):
        alone, points = chart.at(own), expected(chart, own)
        assert (made is None) == (alone is None) == (points is None)
        if made is not None and alone is not None and points is not None:
            assert made.mesh.points.tobytes() == points.tobytes()
            assert told(made) == told(alone)
    again = chart.at_all(np.array(values, dtype=np.float64).reshape(-1, 3))
    assert [made and told(made) for made in again] == [made and told(made) for made in found]


@pytest.mark.parametrize("count", [1, 2, TOGETHER - 1, TOGETHER, TOGETHER + 1, 3 * TOGETHER + 3])
@pytest.mark.parametrize("bad", [[20.0, 0.0, 0.0], [2e6, 7.0, 14.0], [20.0, math.nan, 14.0]])
def test_one_that_is_none_leaves_the_others(count: int, bad: list[float]) -> None:
    good = inside(20.0, 7.0)
    for at in range(count):
        found = CHART.at_all([good] * at + [bad] + [good] * (count - at - 1))
        assert [made is None for made in found] == [k == at for k in range(count)]


def test_no_coordinates_are_no_bodies() -> None:
    assert CHART.at_all([]) == CHART.at_all(np.empty((0, 3))) == []


def test_which_faces_are_looked_at() -> None:
    """Within the box only those that may be flat in it; all of them beyond it, and where there is no family to tell."""
    unsure = {name: None if chart.family is None else len(chart.family.unsure) for name, chart in CHARTS.items()}
    assert unsure["with a family"] == unsure["without products"] == 0 and unsure["without a family"] is None
    assert unsure["of huge sums"] == len(FACES)
    assert 0 < (unsure["flat within its box"] or 0) < len(FACES)
    assert CHART.at(inside(20.0, 0.0)) is None and CHARTS["flat within its box"].at(inside(20.0, 0.0)) is None
    assert CHARTS["without a family"].at(inside(20.0, 0.0)) is None


def test_what_can_be_flat_is_told_when_it_pays() -> None:
    """And a flat face is found before and after, within the box and beyond it."""
    chart = varied(low=np.array([10.0, 0.0, 2.0]))
    for _ in range(AFTER // 2):
        assert chart.at(inside(20.0, 0.0)) is None and chart.at(inside(20.0, 7.0)) is not None
    assert chart.family is not None and "unsure" not in vars(chart.family)
    for deep in (0.0, -3.0, 7.0):
        assert (chart.at(inside(20.0, deep)) is None) == (deep == 0.0)
    assert "unsure" in vars(chart.family)
    at_once = varied()
    at_once.at_all([inside(20.0, 7.0)] * (AFTER + 1))
    assert at_once.family is not None and "unsure" in vars(at_once.family)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_level_patch_has_the_plane_of_its_faces(axis: int, sign: int) -> None:
    """As the CAD door makes it."""
    about, arrays = parts(tags={"side": {"kind": "level", "axis": axis, "sign": sign}})
    chart = Chart.of(decoded(encoded(about, {**arrays, "rows.side": np.array([6], np.int32)})))
    made, point, normal = chart.at(inside(23.4567, 8.7654)), [0.0] * 3, [0.0] * 3
    assert made is not None
    point[axis], normal[axis] = float(made.mesh.points[FACES[6, 0], axis]), float(sign)
    assert repr(made.patches["side"].plane) == repr(lat.frame(tuple(point), tuple(normal)))
    assert made.patches["side"] is made.patches["side"]


def test_what_addresses_a_body() -> None:
    """Chart and numbers, nothing else."""
    one, again, other = (CHART.at(inside(w, 7.0)) for w in (20.0, 20.0, 20.001))
    assert one is not None and again is not None and other is not None
    assert one.artifact == again.artifact != other.artifact
    elsewhere = Chart.of(decoded(data(bodies=3))).at(inside(20.0, 7.0))
    assert elsewhere is not None and elsewhere.artifact != one.artifact
    with pytest.raises(ValueError, match="read-only"):
        one.mesh.points[0] = 1.0
