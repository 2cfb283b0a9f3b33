"""Boxing, smooth outlines, curves moved along their normals: against ellipses, dense sampling and real traces."""

from __future__ import annotations

import math
import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ellipe

from engine.body.lens import lenses_of
from engine.model.lens import LensCurve, LensOutline, Trace
from engine.shape import lens
from tests.traces import NAMES, egg, ellipse, length, real, trace

HALVES = st.tuples(st.floats(36.0, 60.0), st.floats(0.6, 1.0))


def arc(a: float, b: float) -> float:
    """The perimeter of an ellipse of that box."""
    return float(2.0 * a * ellipe(1.0 - (b / a) ** 2))


def outline(radii: np.ndarray, within: float = 1e-4) -> LensOutline:
    return lens.smooth(trace(radii), within=within)


def dense(made: LensOutline, n: int = 720) -> LensCurve:
    return lens.curve(made, lens.equal_angles(n))


# ---- boxing ----------------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(HALVES)
def test_the_box_of_an_ellipse(size: tuple[float, float]) -> None:
    a, b = size[0], size[0] * size[1]
    polygon, smooth = lens.box(trace(ellipse(a, b, 720))), outline(ellipse(a, b, 720)).boxed
    for found, near in ((polygon, 1e-9), (smooth, 4e-4)):
        assert (found.a, found.b, found.ed) == pytest.approx((a, b, a), abs=near)
        assert found.centre == pytest.approx((0.0, 0.0), abs=near)
    assert smooth.circumference == pytest.approx(arc(a, b), abs=3e-4)
    assert polygon.circumference == pytest.approx(arc(a, b), abs=0.005)


def test_the_box_round_a_centre_that_is_not_the_tracer_s() -> None:
    t = 2.0 * np.pi * np.arange(720) / 720
    off, half = 2.0, 23.0  # a circle about (2, 0)
    radii = off * np.cos(t) + np.sqrt(half**2 - (off * np.sin(t)) ** 2)
    for found in (lens.box(trace(radii)), outline(radii).boxed):
        assert found.centre == pytest.approx((2.0, 0.0), abs=3e-4)
        assert (found.a, found.b, found.ed) == pytest.approx((46.0, 46.0, 46.0), abs=1e-3)
    assert np.allclose(np.hypot(*dense(outline(radii)).points.T), half, atol=3e-4)


def test_the_extremes_lie_between_samples() -> None:
    made = outline(egg(3600), within=0.02)
    fine = lens.curve(made, lens.equal_angles(200_000)).points
    low, high = fine.min(axis=0), fine.max(axis=0)
    assert (made.boxed.a, made.boxed.b) == pytest.approx(tuple(high - low), abs=1e-8)
    assert np.allclose(0.5 * (low + high), 0.0, atol=1e-8)
    assert made.boxed.ed == pytest.approx(2.0 * float(np.hypot(*fine.T).max()), abs=1e-8)


def test_lengths() -> None:
    radii = egg()
    assert lens.length_of(lens.corners(trace(radii))) == pytest.approx(length(radii), abs=1e-9)
    raised = np.column_stack((lens.corners(trace(radii)), np.zeros(360)))
    assert lens.length_of(raised) == pytest.approx(length(radii), abs=1e-9)


# ---- the smooth outline ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_real_trace_is_held(shared_data: pathlib.Path, name: str) -> None:
    """Within 0.02 mm at every radius, 0.1 mm of circumference (0.01 of what the tracer says); no curvature is noise."""
    pair = lenses_of(real(shared_data, name))
    for one in (pair.right, pair.left):
        made, traced = lens.smooth(one), lens.box(one)
        at = dense(made, len(one.radii)).points + made.boxed.centre
        assert np.abs(np.hypot(*at.T) - one.radii).max() == pytest.approx(made.off, abs=1e-9)
        assert made.off <= 0.016 and len(made.cosines) <= 41
        assert abs(made.boxed.circumference - traced.circumference) < 0.07
        assert abs(made.boxed.a - traced.a) < 0.02 and abs(made.boxed.b - traced.b) < 0.02
        told = pair.told[one.side].circ
        assert told is None or abs(made.boxed.circumference - told) < 0.01
        curvatures = dense(made, 1440).curvatures
        assert curvatures.min() > -0.12 and curvatures.max() < 0.25


def test_corners_are_refused() -> None:
    t = 2.0 * np.pi * np.arange(360) / 360
    square = 20.0 / np.maximum(np.abs(np.cos(t)), np.abs(np.sin(t)))
    with pytest.raises(ValueError, match=r"no smooth outline comes within 0\.016 mm of the trace; the nearest is off by 0\."):
        lens.smooth(trace(square))


def test_few_radii_have_few_harmonics() -> None:
    made = lens.smooth(trace(ellipse(50.0, 44.0, 36)), within=0.05)
    assert len(made.cosines) == 17
    with pytest.raises(ValueError, match="no smooth outline"):
        lens.smooth(trace(egg(36)), within=1e-6)


@settings(max_examples=30, deadline=None)
@given(HALVES, st.floats(0.0, 360.0))
def test_points_normals_and_curvature_of_an_ellipse(size: tuple[float, float], degrees: float) -> None:
    a, b = size[0], size[0] * size[1]
    at = lens.curve(outline(ellipse(a, b, 720), within=1e-6), np.array([degrees]))
    (x, y), normal = at.points[0], at.normals[0]
    p, q = 0.5 * a, 0.5 * b
    steep = math.hypot(x / p**2, y / q**2)
    assert (x / p) ** 2 + (y / q) ** 2 == pytest.approx(1.0, abs=1e-6)
    assert normal == pytest.approx((x / p**2 / steep, y / q**2 / steep), abs=1e-4)
    assert at.curvatures[0] == pytest.approx(1.0 / (p * q) ** 2 / steep**3, rel=2e-3)


def test_places_along_it() -> None:
    made = outline(ellipse(50.0, 40.0, 720))
    line = dense(made)
    assert line.lengths[0] == 0.0 and (np.diff(line.lengths) > 0.0).all()
    assert line.lengths[180] == pytest.approx(0.25 * line.circumference, abs=1e-3)
    angles = lens.even_angles(made, 60)
    ends = lens.curve(made, angles).points
    steps = np.hypot(*np.diff(ends, axis=0, append=ends[:1]).T)
    assert angles[0] == 0.0 and np.ptp(steps) < 0.01


def strays(polygon: np.ndarray, points: np.ndarray) -> float:
    """How far the points are from a closed polygon, at most."""
    ahead = np.roll(polygon, -1, axis=0) - polygon
    share = np.clip(((points[:, None] - polygon) * ahead).sum(axis=2) / (ahead * ahead).sum(axis=1), 0.0, 1.0)
    off = polygon + share[..., None] * ahead - points[:, None]
    return float(np.sqrt((off * off).sum(axis=2)).min(axis=1).max())


@pytest.mark.parametrize("name", NAMES)
def test_two_hundred_points_hold_a_real_trace_to_two_hundredths(shared_data: pathlib.Path, name: str) -> None:
    right = lenses_of(real(shared_data, name)).right
    made = lens.smooth(right)
    polygon = lens.curve(made, lens.bent_angles(made, 200))
    assert strays(polygon.points, dense(made, 2000).points) < 0.0036
    assert strays(polygon.points, lens.corners(right) - made.boxed.centre) < 0.02
    assert abs(lens.length_of(polygon.points) - lens.box(right).circumference) < 0.1
    even = lens.curve(made, lens.even_angles(made, 200))
    assert strays(even.points, dense(made, 2000).points) > 0.0055  # where they are not denser where it bends


def test_on_a_circle_they_are_even() -> None:
    made = outline(np.full(360, 22.0))
    assert np.allclose(lens.bent_angles(made, 90), 4.0 * np.arange(90), atol=1e-6)


# ---- moved along its normals -----------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(HALVES, st.floats(-6.0, 12.0))
def test_its_length_grows_by_two_pi_as_much(size: tuple[float, float], by: float) -> None:
    line = dense(outline(ellipse(size[0], size[0] * size[1], 720)))
    low, high = lens.room(line)
    if not low + 0.5 < by < high:
        return
    made = lens.moved(line, by)
    assert made.circumference == pytest.approx(line.circumference + 2.0 * math.pi * by, abs=1e-9)
    assert lens.length_of(made.points) == pytest.approx(made.circumference, abs=0.01)
    assert np.allclose(np.hypot(*(made.points - line.points).T), abs(by))
    back = lens.moved(made, -by)
    assert np.allclose(back.points, line.points, atol=1e-9) and np.allclose(back.curvatures, line.curvatures, atol=1e-9)
    assert np.allclose(back.lengths, line.lengths, atol=0.05)


def test_the_room_there_is() -> None:
    line = dense(outline(ellipse(50.0, 40.0, 720)))
    low, high = lens.room(line)
    assert low == pytest.approx(-(20.0**2) / 25.0, rel=0.01) and high == math.inf
    assert lens.moved(line, low + 0.05).circumference < line.circumference
    for by in (low - 0.05, -30.0, math.nan):
        with pytest.raises(ValueError, match="folds: between"):
            lens.moved(line, by)


def waisted() -> LensOutline:
    """A bone of 40 mm, with a waist of 12 mm: it can be moved in by less than its curvature alone allows."""
    t = 2.0 * np.pi * np.arange(720) / 720
    return lens.smooth(trace(13.0 + 7.0 * np.cos(2.0 * t)))


def test_a_hollow_outline_has_room_outwards_alone_so_far() -> None:
    line = dense(waisted())
    high = lens.room(line)[1]
    assert math.isfinite(high) and high > 1.0
    lens.moved(line, high - 0.2)
    with pytest.raises(ValueError, match="folds"):
        lens.moved(line, high + 0.2)


def test_a_waist_that_closes_is_seen() -> None:
    tight = lens.smooth(trace(11.0 + 9.0 * np.cos(2.0 * 2.0 * np.pi * np.arange(720) / 720)))
    line = dense(tight)
    assert lens.room(line)[0] < -2.5
    lens.moved(line, -1.8)
    with pytest.raises(ValueError, match=r"moved by -2\.4 mm crosses itself"):
        lens.moved(line, -2.4)


# ---- the blank -------------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.floats(-5.0, 5.0), st.floats(-5.0, 5.0))
def test_the_smallest_blank(x: float, y: float) -> None:
    made = outline(egg(), within=0.01)
    fine = lens.curve(made, lens.equal_angles(20_000)).points
    farthest = np.hypot(*(fine - (x, y)).T).max()
    assert lens.blank(made, (x, y)) == pytest.approx(2.0 * farthest + 2.0, abs=1e-5)
    usual = made.boxed.ed + 2.0 * math.hypot(x, y) + 2.0  # what opticians reckon with
    assert lens.blank(made, (x, y)) <= usual + 1e-9
    assert lens.blank(made, (0.0, 0.0)) == pytest.approx(made.boxed.ed + 2.0, abs=1e-9)


def test_the_left_lens_is_the_right_one_s_mirror_image() -> None:
    one = Trace("right", egg())
    right, left = lens.smooth(one), lens.smooth(one.mirrored())
    assert left.boxed.centre == pytest.approx((-right.boxed.centre[0], right.boxed.centre[1]), abs=1e-9)
    there, here = dense(right, 360).points, dense(left, 360).points
    assert np.allclose(here[(180 - np.arange(360)) % 360], there * (-1.0, 1.0), atol=1e-9)
    assert left.side == "left" and lens.blank(left, (-2.0, 1.0)) == pytest.approx(lens.blank(right, (2.0, 1.0)), abs=1e-6)
