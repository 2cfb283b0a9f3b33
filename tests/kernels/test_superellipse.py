"""Arcs of superellipses as radii: ellipses exactly, the box that was asked for, squarer for larger exponents."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import superellipse
from tests.traces import ellipse

MIDDLE, TWO = np.zeros(4), np.full(4, 2.0)


def drawn(form: np.ndarray, exponents: np.ndarray, a: float, b: float, soft: float = 11.0, n: int = 1440) -> np.ndarray:
    radii = np.full(720, np.nan)
    superellipse.draw(form, exponents, a, b, soft, radii, np.full((n, superellipse.COLUMNS), np.nan))
    return radii


def points(radii: np.ndarray) -> np.ndarray:
    t = 2.0 * np.pi * np.arange(len(radii)) / len(radii)
    return np.stack((radii * np.cos(t), radii * np.sin(t)), axis=1)


def test_a_circle_and_an_ellipse() -> None:
    assert np.allclose(drawn(MIDDLE, TWO, 46.0, 46.0), 23.0, atol=2e-4)
    assert np.allclose(drawn(MIDDLE, TWO, 50.0, 40.0, soft=60.0), ellipse(50.0, 40.0, 720), atol=2e-3)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(-0.3, 0.3), min_size=4, max_size=4),
    st.lists(st.floats(2.0, 5.0), min_size=4, max_size=4),
    st.floats(36.0, 60.0),
    st.floats(26.0, 50.0),
)
def test_any_form_fills_its_box(form: list[float], exponents: list[float], a: float, b: float) -> None:
    radii = drawn(np.array(form), np.array(exponents), a, b)
    assert np.isfinite(radii).all() and radii.min() > 5.0
    assert np.allclose(np.ptp(points(radii), axis=0), (a, b), atol=0.01)
    x, y = points(radii).T
    assert x.max() == pytest.approx(a / 2, abs=0.01) and y.min() == pytest.approx(-b / 2, abs=0.01)


def test_larger_exponents_are_squarer_where_they_are() -> None:
    plain, squarer = (drawn(MIDDLE, np.array((e, 2.0, 2.0, 2.0)), 50.0, 40.0) for e in (2.0, 4.0))
    assert squarer[90] > plain[90] + 2.0  # 45 degrees, the first quadrant
    assert abs(squarer[450] - plain[450]) < 0.5  # and not its opposite


def test_where_it_touches_the_box() -> None:
    radii = drawn(np.array((-0.2, 0.1, 0.15, 0.0)), np.full(4, 2.3), 50.0, 40.0, soft=60.0)
    top, nasal = points(radii)[:, 1].argmax(), points(radii)[:, 0].argmax()
    bottom, temporal = points(radii)[:, 1].argmin(), points(radii)[:, 0].argmin()
    assert points(radii)[top, 0] == pytest.approx(-10.0, abs=0.5)
    assert points(radii)[nasal, 1] == pytest.approx(6.0, abs=0.5)
    assert points(radii)[bottom, 0] == pytest.approx(5.0, abs=0.5)
    assert points(radii)[temporal, 1] == pytest.approx(0.0, abs=0.5)
