"""Bent onto pieces and unrolled again: the same place; lengths kept on what can be unrolled; normals outward and square."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.bend import CONE, CYLINDER, NET, PLANE, bend, true_points, unroll

NOTHING = np.zeros((2, 2, 4, 3))
HALF = 0.3


def piece(kind: float, side: float = 1.0) -> np.ndarray:
    made = np.zeros((1, 21))
    made[0, :5] = kind, side, 12.0, math.sin(HALF), math.cos(HALF)
    made[0, 5:8] = 3.0, -4.0, 5.0
    turn = np.array([[0.36, 0.48, -0.8], [-0.8, 0.6, 0.0], [0.48, 0.64, 0.6]])
    made[0, 8:17] = (turn * [[1], [side], [1]]).ravel()
    made[0, 17:21] = 0.6, 0.8, 2.0, -1.0
    return made


def places(kind: float, x: list[float], y: list[float]) -> np.ndarray:
    own = np.stack((np.array(x), np.array(y) + (60.0 if kind == CONE else 0.0)), axis=1)
    c, s = 0.6, 0.8
    return np.ascontiguousarray(np.stack((2.0 + c * own[:, 0] - s * own[:, 1], -1.0 + s * own[:, 0] + c * own[:, 1]), axis=1))


@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize("kind", [PLANE, CYLINDER, CONE])
@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-15, 15), min_size=4, max_size=4),
    st.lists(st.floats(-15, 15), min_size=4, max_size=4),
)
def test_there_and_back(kind: float, side: float, x: list[float], y: list[float]) -> None:
    pieces, owner, at = piece(kind, side), np.zeros(4, np.int32), places(kind, x, y)
    found, back = np.empty((4, 6)), np.empty((4, 3))
    true_points(pieces, NOTHING, owner, at, found)
    unroll(pieces, NOTHING, owner, np.ascontiguousarray(found[:, :3]), back)
    assert np.abs(back[:, 0] - np.array(x)).max() < 1e-9 and back[:, 2].max() < 1e-9
    assert np.abs(back[:, 1] - np.array(y) - (60.0 if kind == CONE else 0.0)).max() < 1e-9


@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize("kind", [PLANE, CYLINDER, CONE])
def test_lengths_and_normals(kind: float, side: float) -> None:
    pieces, step = piece(kind, side), 1e-5
    at = places(kind, [7.0, 7.0, 7.0], [-3.0, -3.0, -3.0]) + step * np.array([[0, 0], [1, 0], [0, 1]])
    found = np.empty((3, 6))
    true_points(pieces, NOTHING, np.zeros(3, np.int32), at, found)
    along_x, along_y = (found[1, :3] - found[0, :3]) / step, (found[2, :3] - found[0, :3]) / step
    assert along_x @ along_x == pytest.approx(1.0, abs=1e-5) and along_y @ along_y == pytest.approx(1.0, abs=1e-5)
    assert along_x @ along_y == pytest.approx(0.0, abs=1e-5)
    handed = 1.0 if kind != PLANE else side
    assert np.cross(along_x, along_y) * handed == pytest.approx(found[0, 3:], abs=2e-5)


def test_bent_points_are_on_the_lattice_and_lifted_along_the_normal() -> None:
    pieces, plane = piece(CYLINDER), np.array([[1234, 5678], [-40_000, 99]], np.int32)
    owner, made, found = np.zeros(2, np.int32), np.full((6, 3), np.nan), np.empty((2, 6))
    bend(pieces, NOTHING, owner, plane, 0.0, 1e4, made, 1)
    bend(pieces, NOTHING, owner, plane, 0.7, 1e4, made, 3)
    true_points(pieces, NOTHING, owner, plane / 1e4, found)
    assert np.isnan(made[[0, 5]]).all()
    assert np.array_equal(np.rint(made[1:5] * 1e4) / 1e4, made[1:5])
    assert np.abs(made[1:3] - found[:, :3]).max() <= 0.5e-4 + 1e-12
    assert np.abs(made[3:5] - found[:, :3] - 0.7 * found[:, 3:]).max() <= 0.5e-4 + 1e-12


def test_a_net_is_its_surface_and_finds_its_points() -> None:
    """z = x^3 / 600 + x y / 50 - y^2 / 40 is bicubic: a net of it is exact."""
    xs, ys = np.linspace(-10, 10, 5), np.linspace(-6, 6, 4)
    x, y = np.meshgrid(xs, ys, indexing="ij")
    net, zero, one = np.empty((5, 4, 4, 3)), np.zeros_like(x), np.ones_like(x)
    net[:, :, 0] = np.stack((x, y, x**3 / 600 + x * y / 50 - y**2 / 40), axis=-1)
    net[:, :, 1] = np.stack((one, zero, x**2 / 200 + y / 50), axis=-1)
    net[:, :, 2] = np.stack((zero, one, x / 50 - y / 20), axis=-1)
    net[:, :, 3] = np.stack((zero, zero, one / 50), axis=-1)
    pieces = np.zeros((1, 21))
    pieces[0, 0], pieces[0, 5:7], pieces[0, 8:10], pieces[0, 17] = NET, (-10.0, -6.0), (5.0, 4.0), 1.0
    rng = np.random.default_rng(3)
    at = np.ascontiguousarray(rng.uniform(-1, 1, (50, 2)) * (10, 6))
    found, back, owner = np.empty((50, 6)), np.empty((50, 3)), np.zeros(50, np.int32)
    true_points(pieces, net, owner, at, found)
    u, v = at.T
    assert np.abs(found[:, 2] - (u**3 / 600 + u * v / 50 - v**2 / 40)).max() < 1e-12
    slope = np.stack((-(u**2 / 200 + v / 50), -(u / 50 - v / 20), np.ones(50)), axis=1)
    assert np.abs(found[:, 3:] - slope / np.linalg.norm(slope, axis=1)[:, None]).max() < 1e-12
    unroll(pieces, net, owner, np.ascontiguousarray(found[:, :3] + 0.01 * found[:, 3:]), back)
    assert np.abs(back[:, :2] - at).max() < 1e-6 and np.abs(back[:, 2] - 0.01).max() < 1e-6
