"""Contours of any field are simple loops round what lies above the level; their prisms are closed, and softer where more presses."""

from __future__ import annotations

import math
import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from engine.body.pressure import on_foot, register
from engine.errors import EngineFault
from engine.model.grid import Grid
from engine.model.mesh import STEPS_PER_MM, Mesh, Modifier
from engine.model.outline import Outline
from engine.reading import pressure
from engine.shape import zones
from engine.shape.cushion import ZONES, smoothed, soft_zones
from engine.shape.zones import contours, must_be_closed, rectangle, standing
from kernels.triangulate import triangles_of

WIDE = st.sampled_from([1.0, 2.0, 5.0])


def loops(outline: Outline) -> list[np.ndarray]:
    return np.split(outline.points.astype(np.int64), outline.ends[:-1])


def area(outline: Outline) -> float:
    """mm2, holes less."""
    told = [np.sum(a[:, 0] * np.roll(a[:, 1], -1) - np.roll(a[:, 0], -1) * a[:, 1]) for a in loops(outline) if len(a)]
    return float(sum(told)) / 2 / STEPS_PER_MM**2


def inside(outline: Outline, x: float, y: float) -> bool:
    """Even and odd, written without the kernels."""
    odd = False
    for loop in loops(outline):
        a, b = loop / STEPS_PER_MM, np.roll(loop, -1, axis=0) / STEPS_PER_MM
        for (ax, ay), (bx, by) in zip(a, b, strict=True):
            if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
                odd = not odd
    return odd


fields = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.0])
)


@settings(max_examples=300, deadline=None)
@given(fields, WIDE, st.sampled_from([1.0, 2.0, 2.5]))
def test_any_field_s_contours_bound_what_is_above(z: np.ndarray, pitch: float, level: float) -> None:
    """Values on the level, saddles and borders included: simple and disjoint loops, each node on its side of them."""
    before = zones.LEAST_MM2, zones.STRAY_MM
    zones.LEAST_MM2 = zones.STRAY_MM = 0.0
    try:
        made = contours(Grid(z, (-3.0, 4.0), pitch), level)
    finally:
        zones.LEAST_MM2, zones.STRAY_MM = before
    assert triangles_of(made.points, made.ends)[0] >= 0
    for i, j in np.ndindex(z.shape):
        assert inside(made, -3.0 + i * pitch, 4.0 + j * pitch) == (z[i, j] >= level)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.floats(5.0, 60.0))
def test_smooth_fields_are_simplified_within_a_tenth_and_stand_closed(seed: int, level: float) -> None:
    field = ndimage.gaussian_filter(np.random.default_rng(seed).uniform(0.0, 100.0, (50, 30)), 2.0, mode="constant")
    grid = Grid(field, (0.0, 0.0), 2.0)
    made = contours(grid, level)
    if not len(made.points):
        return
    solid = standing(made, 0.5, 8.0)
    must_be_closed(Modifier("zone", solid, {}))
    assert area(made) * 7.5 == pytest.approx(volume(solid), rel=1e-9)
    stray, zones.STRAY_MM = zones.STRAY_MM, 0.0
    try:
        fine = contours(grid, level)
    finally:
        zones.STRAY_MM = stray
    border = sum(float(np.hypot(*(a - np.roll(a, 1, axis=0)).T).sum()) for a in loops(fine)) / STEPS_PER_MM
    assert len(made.points) <= len(fine.points) and abs(area(made) - area(fine)) <= 0.1 * border


def volume(mesh: Mesh) -> float:
    a, b, c = (mesh.points[mesh.faces[:, k]] for k in range(3))
    return float((a * np.cross(b, c)).sum()) / 6


def test_a_disc_by_hand() -> None:
    x, y = (v * 1.0 for v in np.mgrid[-30:31, -30:31])
    made = contours(Grid(100.0 - np.hypot(x, y), (-30.0, -30.0), 1.0), 80.0)
    assert len(made.ends) == 1 and area(made) == pytest.approx(math.pi * 400, rel=0.01)
    ring = contours(Grid(20.0 - np.abs(np.hypot(x, y) - 20.0), (-30.0, -30.0), 1.0), 15.0)
    assert len(ring.ends) == 2 and area(ring) == pytest.approx(math.pi * (25**2 - 15**2), rel=0.01)


def test_two_places_that_touch_at_a_corner_are_held_apart() -> None:
    made = contours(Grid(np.array(((100.0, 0.0), (0.0, 100.0))), (0.0, 0.0), 20.0), 50.0)
    assert len(made.ends) == 2


def test_what_is_smaller_than_a_nozzle_fills_is_left_out() -> None:
    z = np.zeros((30, 30))
    z[3:8, 3:8] = z[12, 12] = 100.0
    assert len(contours(Grid(z, (0.0, 0.0), 2.0), 50.0).ends) == 1
    z[:] = 100.0
    z[12, 12] = 0.0
    assert len(contours(Grid(z, (0.0, 0.0), 2.0), 50.0).ends) == 1, "nor a hole"


def test_what_is_not_known_does_not_press() -> None:
    z = np.full((20, 20), 100.0)
    z[:, 10:] = np.nan
    assert area(contours(Grid(z, (0.0, 0.0), 2.0), 50.0)) == pytest.approx(
        area(contours(Grid(z[:, :10], (0.0, 0.0), 2.0), 50.0)), rel=0.01
    )


def test_levels_and_heights_that_are_none() -> None:
    z = Grid(np.full((9, 9), 100.0), (0.0, 0.0), 2.0)
    for level in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="level lies above zero"):
            contours(z, level)
    with pytest.raises(ValueError, match="no prism stands from"):
        standing(rectangle(z), 3.0, 3.0)
    with pytest.raises(ValueError, match="on 0 loops"):
        standing(contours(z, 200.0), 0.0, 1.0)
    bow = np.array([[0, 0], [90, 90], [90, 0], [0, 90]], np.int32)
    with pytest.raises(EngineFault, match="bounds no region"):
        standing(Outline(bow, np.array([4], np.int32)), 0.0, 1.0)


def test_a_modifier_that_is_open_or_inside_out_is_refused() -> None:
    whole = standing(rectangle(Grid(np.zeros((9, 9)), (0.0, 0.0), 2.0)), 0.0, 4.0)
    must_be_closed(Modifier("zone", whole, {}))
    for wrong, told in (
        (Mesh(whole.points, whole.faces[1:]), "no closed mesh"),
        (Mesh(whole.points, whole.faces + 1), "no closed mesh"),
        (Mesh(whole.points[:0], whole.faces[:0]), "no closed mesh"),
        (Mesh(whole.points, np.vstack((whole.faces, whole.faces))), "no closed mesh"),
        (Mesh(whole.points, whole.faces[:, ::-1]), "inside out"),
        (Mesh(whole.points * (1.0, 1.0, 0.0), whole.faces), "encloses nothing"),
    ):
        with pytest.raises(ValueError, match=told):
            must_be_closed(Modifier("zone", wrong, {}))


def test_the_mean_foot_s_zones(shared_data: pathlib.Path) -> None:
    """Firm all over, softer under ball, heel and toe; each zone within the one before; the same bytes again."""
    for side in "LR":
        mean = pressure.read((shared_data / f"pressure/MUN104{side}.csv").read_bytes(), pitch_mm=5.0, unit="kPa")
        grid = on_foot(mean, register(mean, 273.0))
        made = soft_zones(grid, 0.0, 6.0)
        assert [(m.name, m.settings["fill_density"]) for m in made] == [("firm", "25%"), ("soft", "17%"), ("softest", "10%")]
        firm, soft, softest = (volume(m.mesh) / 6.0 / 100 for m in made)
        assert firm > 300 and 30 < soft < 55 and 10 < softest < 25, "cm2"
        for m in made:
            must_be_closed(m)
        again = soft_zones(grid, 0.0, 6.0)
        assert all(a.mesh.points.tobytes() == b.mesh.points.tobytes() for a, b in zip(made, again, strict=True))
        field = smoothed(grid)
        for (_, level, _), m in zip(ZONES[1:], made[1:], strict=True):
            outline = contours(field, level)
            x, y = (v * 1.0 for v in outline.points.T)
            i, j = (np.round((v / STEPS_PER_MM - o) / 2.0).astype(int) for v, o in zip((x, y), field.origin, strict=True))
            assert np.abs(field.z[i, j] - level).max() < 60.0
            assert len(m.mesh.points) == 2 * len(outline.points)


def test_the_other_foot_s_zones_are_mirrored() -> None:
    z = np.zeros((60, 40))
    z[20:40, 5:15] = 300.0
    grid = Grid(z, (0.0, -30.0), 2.0)
    for one, other in zip(soft_zones(grid, 0.0, 5.0), soft_zones(grid, 0.0, 5.0, mirrored=True), strict=True):
        must_be_closed(other)
        assert volume(one.mesh) == pytest.approx(volume(other.mesh))
        assert (np.sort(one.mesh.points[:, 1]) == np.sort(-other.mesh.points[:, 1])).all()
        assert (np.sort(one.mesh.points[:, 0]) == np.sort(other.mesh.points[:, 0])).all()


def test_nothing_presses_hard_and_all_is_firm() -> None:
    (only,) = soft_zones(Grid(np.full((60, 40), 100.0), (0.0, 0.0), 2.0), 0.0, 5.0)
    assert only.name == "firm"


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_pressure_is_nowhere_firmer(seed: int, more: int) -> None:
    """The zone that holds at a place, by the later one that encloses it, never gets a higher density; but for the 0.1 of simplifying."""
    less = 400.0 * ndimage.gaussian_filter(np.random.default_rng(seed).uniform(0.0, 1.0, (40, 25)) > 0.7, 1.0, output=float)
    added = less + 400.0 * ndimage.gaussian_filter(
        np.random.default_rng(more).uniform(0.0, 1.0, (40, 25)) > 0.9, 1.0, output=float
    )
    grid = Grid(less, (0.0, 0.0), 4.0)
    chance = np.random.default_rng(seed + more)
    before, after = (smoothed(Grid(z, grid.origin, grid.pitch)) for z in (less, added))
    for _, level, _ in ZONES[1:]:
        low, high = contours(before, level), contours(after, level)
        assert level > 200.0 or len(low.ends) > 1
        stray = zones.STRAY_MM
        for x, y in chance.uniform((0.0, 0.0), (156.0, 96.0), (60, 2)):
            near = [(x + a, y + b) for a in (-2 * stray, 0.0, 2 * stray) for b in (-2 * stray, 0.0, 2 * stray)]
            if all(inside(low, *p) for p in near):
                assert inside(high, x, y)
