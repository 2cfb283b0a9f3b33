"""The plane a body lies on: against linear programmes, least squares and the body's own formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from kernels import lying, orient

COORDINATE = st.integers(-400, 400).map(lambda i: i / 4.0)


def rested(points: np.ndarray, x: float, y: float) -> np.ndarray | None:
    plane = np.empty(3)
    return plane if lying.rest(np.ascontiguousarray(points, np.float64), x, y, plane) else None


@settings(deadline=None)
@given(st.lists(st.tuples(COORDINATE, COORDINATE, COORDINATE), min_size=3, max_size=60), COORDINATE, COORDINATE)
def test_rest_is_the_highest_plane_below(points: list[tuple[float, float, float]], x: float, y: float) -> None:
    body = np.array(points)
    plane = rested(body, x, y)
    best = linprog([-x, -y, -1.0], np.column_stack([body[:, :2], np.ones(len(body))]), body[:, 2], bounds=[(None, None)] * 3)
    if plane is None:
        return
    assert best.status == 0
    assert (body[:, 2] - (body[:, :2] @ plane[:2] + plane[2])).min() > -1e-6
    assert plane[0] * x + plane[1] * y + plane[2] == pytest.approx(-best.fun, abs=1e-5)


@settings(deadline=None)
@given(st.integers(0, 1000))
def test_rest_is_found_wherever_there_is_one(seed: int) -> None:
    body = np.random.default_rng(seed).normal(size=(200, 3)) * 50.0
    assert rested(body, *body.mean(axis=0)[:2]) is not None
    assert rested(body, 1000.0, 0.0) is None


def test_a_box_rests_on_its_face() -> None:
    box = trimesh.creation.box((200, 80, 30))
    assert rested(box.vertices, 3.0, 2.0) == pytest.approx([0.0, 0.0, -15.0], abs=1e-9)


def slab(tilt: tuple[float, float], noise: float) -> tuple[np.ndarray, np.ndarray]:
    """A fine box of 200 x 80 x 30 whose underside is z = tilt . (x, y)."""
    made = trimesh.creation.box((200, 80, 30)).subdivide().subdivide().subdivide().subdivide()
    points = made.vertices + np.random.default_rng(4).normal(size=made.vertices.shape) * noise
    points[:, 2] += 15.0 + points[:, 0] * tilt[0] + points[:, 1] * tilt[1]
    return np.ascontiguousarray(points), np.ascontiguousarray(made.faces, np.int32)


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_refit(noise: float) -> None:
    points, faces = slab((0.05, -0.03), noise)
    plane, told = np.array([0.045, -0.03, 0.2]), np.empty(2)
    lying.refit(points, faces, 1.0, 8, plane, told)
    assert plane == pytest.approx([0.05, -0.03, 0.0], abs=1e-9 if noise == 0.0 else 0.02)
    area = 200 * 80 * math.sqrt(1.0 + 0.05**2 + 0.03**2)
    assert told[lying.AREA] == pytest.approx(area, rel=1e-6 if noise == 0.0 else 0.05)
    assert told[lying.SPREAD] == pytest.approx(4.0 * math.pi * 200.0 * 80.0 / 12.0, rel=0.01)


def test_refit_leaves_a_plane_that_nothing_lies_on() -> None:
    points, faces = slab((0.0, 0.0), 0.0)
    plane, told = np.array([0.0, 0.0, -50.0]), np.empty(2)
    lying.refit(points, faces, 1.0, 3, plane, told)
    assert plane.tolist() == [0.0, 0.0, -50.0] and told.tolist() == [0.0, 0.0]


def test_what_looks_up_does_not_lie() -> None:
    points, faces = slab((0.0, 0.0), 0.0)
    plane, told = np.array([0.0, 0.0, 30.0]), np.empty(2)
    lying.refit(points, faces, 1.0, 3, plane, told)
    assert told[lying.AREA] == 0.0


def test_whole() -> None:
    points, faces = slab((0.0, 0.0), 0.0)
    told = np.empty(8)
    lying.whole(points, faces, told)
    assert told[0] == pytest.approx(2 * (200 * 80 + 200 * 30 + 80 * 30))
    assert told[1:4] == pytest.approx([0.0, 0.0, 0.0], abs=1e-6)
    assert told[4:7] == pytest.approx([0.0, 0.0, 15.0])
    assert told[7] == pytest.approx(200 * 80 * 30)
    top = faces[points[faces][:, :, 2].min(axis=1) > 29.0]
    lying.whole(points, np.ascontiguousarray(top), told)
    assert told[:4] == pytest.approx([16000.0, 0.0, 0.0, 16000.0], abs=1e-6)


def test_under() -> None:
    points, faces = slab((0.0, 0.0), 0.0)
    middle = np.empty(2)
    assert lying.under(points + np.array([7.0, -4.0, 0.0]), faces, middle)
    assert middle == pytest.approx([7.0, -4.0], abs=1e-6)
    low = np.ascontiguousarray(faces[points[faces].mean(axis=1)[:, 0] > 0.0])
    assert lying.under(points, low, middle) and middle == pytest.approx([50.0, 0.0], abs=1e-6)
    top = np.ascontiguousarray(faces[points[faces][:, :, 2].min(axis=1) > 29.0])
    assert not lying.under(points, top, middle)


def test_levels() -> None:
    points, faces = slab((0.0, 0.0), 0.0)
    told = np.empty(8)
    for flat, bin_ in ((0.97, 6), (-0.97, 0)):
        lying.levels(points, faces, flat, 0.0, 5.0, told)
        assert told[bin_] == pytest.approx(16000.0) and np.count_nonzero(told) == 1
    lying.levels(points, faces, 0.97, 0.0, 3.0, told)
    assert not told.any()


def test_ways() -> None:
    """Half of a box's surface looks along each of its faces' normals; a way beside one is turned into it."""
    points, faces = slab((0.0, 0.0), 0.0)
    lattice, packed = np.round(points * 1000).astype(np.int32), np.empty((4, orient.BINS), np.float32)
    count = orient.gather(lattice, faces, np.empty((orient.BINS, 3)), packed)
    ways = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [math.sqrt(0.5), 0.0, math.sqrt(0.5)]])
    told = np.empty(3)
    lying.crowded(packed, count, ways, 0.94, told)
    assert told / (1000.0**2 * 0.06) == pytest.approx([16000.0, 6000.0, 0.0], rel=1e-4)
    way = np.array([0.2, 0.1, math.sqrt(0.95)])
    lying.gathered(packed, count, 0.94, way)
    assert way == pytest.approx([0.0, 0.0, 1.0], abs=1e-6)
    lost = np.array([math.sqrt(0.5), 0.0, math.sqrt(0.5)])
    lying.gathered(packed, count, 0.94, lost)
    assert lost.tolist() == [math.sqrt(0.5), 0.0, math.sqrt(0.5)]


def test_turned() -> None:
    points = np.random.default_rng(5).normal(size=(20, 3))
    axes, moved = np.linalg.qr(np.random.default_rng(6).normal(size=(3, 3)))[0], np.empty((20, 3))
    lying.turned(points, axes[0].copy(), axes[1].copy(), axes[2].copy(), moved)
    assert moved == pytest.approx(points @ axes.T, abs=1e-12)
