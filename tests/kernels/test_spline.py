"""The spline through heights: SciPy's with the same ends, cubics exactly, OCCT's own surface inside the grid."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from kernels import spline

ENDS = np.array([-11.0 / 6.0, 3.0, -1.5, 1.0 / 3.0])


def through(z: np.ndarray) -> np.ndarray:
    coefficients = np.full((z.shape[0] + 2, z.shape[1] + 2), np.nan)
    spline.interpolate(z, coefficients, np.empty(max(z.shape)))
    return coefficients


def at(z: np.ndarray, places: np.ndarray, x0: float = 0.0, y0: float = 0.0, pitch: float = 1.0) -> np.ndarray:
    found = np.empty((len(places), 3))
    spline.evaluate(through(z), x0, y0, pitch, np.ascontiguousarray(places), found)
    return found


def along(z: np.ndarray) -> CubicSpline:
    """SciPy's spline along the first axis, with the slopes of the same cubics at its ends."""
    first, last = np.tensordot(ENDS, z[:4], 1), -np.tensordot(ENDS, z[:-5:-1], 1)
    return CubicSpline(np.arange(len(z)), z, axis=0, bc_type=((1, first), (1, last)))


def noise(n: int, m: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, m))


@settings(max_examples=40, deadline=None)
@given(n=st.integers(4, 24), m=st.integers(4, 24), seed=st.integers(0, 2**32 - 1), pitch=st.floats(0.1, 5.0))
def test_values_and_slopes_are_scipys(n: int, m: int, seed: int, pitch: float) -> None:
    z, rng = noise(n, m, seed), np.random.default_rng(seed)
    u, v = rng.random(6) * (n - 1), rng.random(6) * (m - 1)
    u[0], v[0], u[1], v[1] = 0.0, 0.0, n - 1, m - 1
    found = at(z, np.stack((3.0 + pitch * u, -2.0 + pitch * v), axis=1), 3.0, -2.0, pitch)
    rows, slopes = along(z.T)(v), along(z.T)(v, 1)  # (place, row): the height over each row at v, and its slope
    wanted = [(along(over)(x), along(over)(x, 1), along(across)(x)) for over, across, x in zip(rows, slopes, u, strict=True)]
    assert found * (1.0, pitch, pitch) == pytest.approx(np.array(wanted), abs=1e-9)


@pytest.mark.parametrize(("n", "m"), [(4, 4), (4, 9), (11, 5)])
def test_cubics_come_out_exactly(n: int, m: int) -> None:
    def cubic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (1.0 + 2.0 * x - 0.3 * x**2 + 0.02 * x**3) * (2.0 - y + 0.1 * y**3)

    x, y = np.meshgrid(np.arange(n) * 1.0, np.arange(m) * 1.0, indexing="ij")
    places = np.random.default_rng(1).random((50, 2)) * (n - 1, m - 1)
    assert at(cubic(x, y), places)[:, 0] == pytest.approx(cubic(places[:, 0], places[:, 1]), abs=1e-9)


def test_it_goes_through_its_heights() -> None:
    z = noise(9, 7, 3)
    i, j = np.meshgrid(np.arange(9), np.arange(7), indexing="ij")
    assert at(z, np.stack((i.ravel(), j.ravel()), axis=1) * 1.0)[:, 0] == pytest.approx(z.ravel(), abs=1e-12)


def test_beside_the_grid_is_nothing() -> None:
    places = np.array([(-1e-8, 1.0), (1.0, -1e-8), (3.0 + 1e-8, 1.0), (1.0, 4.0 + 1e-8), (np.nan, 1.0), (1.0, np.nan)])
    found = at(np.ones((4, 5)), places)
    assert np.isnan(found).all()
    assert not np.isnan(at(np.ones((4, 5)), np.array([(0.0, 0.0), (3.0, 4.0)]))).any()


@given(pitch=st.floats(0.01, 10.0), x0=st.floats(-100.0, 100.0))
def test_the_border_is_on_the_grid(pitch: float, x0: float) -> None:
    """However x0 + 3 pitch was rounded, less x0, over the pitch."""
    places = np.array([(x0, x0), (x0 + 3 * pitch, x0 + 4 * pitch)])
    assert at(np.ones((4, 5)), places, x0, x0, pitch)[:, 0] == pytest.approx(1.0, abs=1e-12)


def test_one_height_that_is_none_spoils_it() -> None:
    z = np.ones((6, 6))
    z[2, 3] = np.nan
    assert np.isnan(through(z)[1:-1, 1:-1]).any()


OCCT = """
import json, sys
import numpy as np
from OCP.GeomAPI import GeomAPI_PointsToBSplineSurface
from OCP.TColStd import TColStd_Array2OfReal
from OCP.gp import gp_Pnt, gp_Vec
given = json.load(sys.stdin)
z = np.array(given["z"])
heights = TColStd_Array2OfReal(1, z.shape[0], 1, z.shape[1])
for i, row in enumerate(z):
    for j, height in enumerate(row):
        heights.SetValue(i + 1, j + 1, float(height))
made = GeomAPI_PointsToBSplineSurface()
made.Interpolate(heights, 5.0, 1.5, -3.0, 1.5)
told = []
for x, y in given["places"]:
    place, along, across = gp_Pnt(), gp_Vec(), gp_Vec()
    made.Surface().D1(x, y, place, along, across)
    told.append((place.X() - x, place.Y() - y, place.Z(), along.Z(), across.Z()))
print(json.dumps(told))
"""


@pytest.mark.parametrize(("n", "m"), [(40, 44), (150, 60)])
def test_inside_it_is_occts_surface(n: int, m: int) -> None:
    """Of noise of 1 mm, which OCCT's ends swing by several times that; twelve nodes and more from the border."""
    z = noise(n, m, 5)
    places = np.array((5.0, -3.0)) + 1.5 * (13.0 + np.random.default_rng(2).random((400, 2)) * (n - 27, m - 27))
    asked = json.dumps({"z": z.tolist(), "places": places.tolist()})
    ran = subprocess.run([sys.executable, "-c", OCCT], input=asked, capture_output=True, text=True, check=True)
    told = np.array(json.loads(ran.stdout))
    assert np.abs(told[:, :2]).max() < 1e-9  # its parameters are x and y
    assert np.abs(told[:, 2:] - at(z, places, 5.0, -3.0, 1.5)).max() < 1e-6
