"""Six shapes without a trace: each fills its box, can be ground and framed, and looks like what it is called."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.language.lenses import LENS_SHAPES, lens_aspect
from engine.shape import lens
from engine.shape.lens_shapes import FORMS, shape


def test_templates_are_told_of_all() -> None:
    assert tuple(FORMS) == LENS_SHAPES and all(lens_aspect(name) == form.aspect for name, form in FORMS.items())


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(LENS_SHAPES), st.floats(40.0, 60.0), st.floats(0.9, 1.1))
def test_a_shape_fills_its_box_and_can_be_framed(name: str, a: float, share: float) -> None:
    b = a * lens_aspect(name) * share
    made = shape(name, a, b)
    found = lens.box(made)
    assert (found.a, found.b) == pytest.approx((a, b), abs=0.002) and found.centre == pytest.approx((0.0, 0.0), abs=0.002)
    smooth = lens.smooth(made, within=0.004)
    assert smooth.boxed.a == pytest.approx(a, abs=0.01) and smooth.boxed.b == pytest.approx(b, abs=0.01)
    line = lens.curve(smooth, lens.equal_angles(720))
    low, high = lens.room(line)
    assert low < -3.0 and high > 25.0  # a groove inside, a rim outside
    lens.moved(line, -1.5)
    lens.moved(line, 5.0)


def test_the_left_one_is_mirrored() -> None:
    right, left = (shape("aviator", 56.0, 48.0, side=side) for side in ("right", "left"))  # type: ignore[arg-type]  # sides
    assert left.side == "left" and np.array_equal(left.radii, right.mirrored().radii)
    assert not np.allclose(left.radii, right.radii, atol=0.5)


def widths(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """At 90, 50 and 10 % of its height: x of the nasal side, x of the temporal side, and the width, in shares of A."""
    points = lens.corners(shape(name, 50.0, 50.0 * lens_aspect(name))) / 50.0
    heights = (np.array((0.9, 0.5, 0.1)) - 0.5) * lens_aspect(name)
    nasal, temporal = [], []
    for y in heights:
        before, after = points, np.roll(points, -1, axis=0)
        cut = (before[:, 1] - y) * (after[:, 1] - y) <= 0.0
        nasal.append(before[cut, 0].max())
        temporal.append(before[cut, 0].min())
    return np.array(nasal), np.array(temporal), np.array(nasal) - np.array(temporal)


def test_they_look_as_they_are_called() -> None:
    told = {name: widths(name) for name in LENS_SHAPES}
    _, _, round_ = told["round"]
    assert round_[0] == pytest.approx(0.6, abs=0.02) and round_[0] == pytest.approx(round_[2], abs=0.01)
    assert told["panto"][2][0] > told["panto"][2][2] + 0.15  # wider above than below
    assert told["rectangle"][2].min() > 0.75  # as wide everywhere
    assert told["square"][2].min() > 0.65 and lens_aspect("square") > lens_aspect("rectangle") + 0.1
    nasal, temporal, _ = told["aviator"]
    assert nasal[2] < 0.25 < nasal[0] and -temporal[2] > nasal[2] + 0.1  # cut away at the nose, below
    nasal, temporal, _ = told["cat-eye"]
    assert -temporal[0] > nasal[0] + 0.2  # up and out


@pytest.mark.parametrize(
    ("name", "a", "b"), [("oval", 50, 40), ("round", 19.9, 40), ("round", 50, 80.1), ("round", 50, float("nan"))]
)
def test_no_shape_and_no_lens_s_size(name: str, a: float, b: float) -> None:
    with pytest.raises(ValueError, match=r"no shape 'oval': one of round, panto|a lens is 20 to 80 mm"):
        shape(name, a, b)


def test_the_same_radii_everywhere() -> None:
    """On any machine: no libm, no BLAS."""
    made = b"".join(shape(name, 51.0, 40.0).radii.astype("<f8").tobytes() for name in LENS_SHAPES)
    assert hashlib.sha256(made).hexdigest() == "ddd097710910987306fcd097fa33ed0e2a22485698a0790e3f41e290370a9b4b"
