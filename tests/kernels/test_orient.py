"""Directions scored by bins: against every face by numpy, within the error that the docstring states; heights exact."""

from __future__ import annotations

import math
import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.reading.meshes import read_file
from kernels import orient

STEEP = math.sqrt(0.5)
CUBE = np.array(
    [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4]]
    + [[1, 5, 7], [1, 7, 3]],
    np.int32,
)


def spiral(many: int = orient.AXES) -> np.ndarray:
    axes = np.empty((many, 3))
    orient.spiral(axes)
    return axes


def box(x: int, y: int, z: int) -> np.ndarray:
    return np.array([[a, b, c] for a in (0, x) for b in (0, y) for c in (0, z)], np.int32)


def by_face(points: np.ndarray, faces: np.ndarray, up: np.ndarray, limit: float) -> tuple[float, float]:
    """Overhang and footprint of one direction; limit: an angle from straight down."""
    a, b, c = points[faces].astype(np.float64).transpose(1, 0, 2)
    area = np.cross(b - a, c - a) / 2
    down, length = -(area @ up), np.linalg.norm(area, axis=1)
    return float(down[(down > math.cos(limit) * length) & (down > 0)].sum()), float(down[down > 0].sum())


def test_the_spiral_is_even() -> None:
    """Unit, in the upper half, none doubled, and no direction farther than 0.07 from one of them or its opposite."""
    axes = spiral()
    assert np.abs(np.linalg.norm(axes, axis=1) - 1).max() < 1e-15 and axes[:, 2].min() > 0
    near = np.sort(np.abs(axes @ axes.T), axis=1)[:, -2]
    assert near.max() < math.cos(0.045)
    anywhere = np.random.default_rng(1).normal(size=(20_000, 3))
    anywhere /= np.linalg.norm(anywhere, axis=1)[:, None]
    assert np.abs(anywhere @ axes.T).max(axis=1).min() > math.cos(0.07)


def test_bins_reach_no_farther_than_stated() -> None:
    """The corners of every bin, pulled in a little: all fall in it, and lie within REACH of each other."""
    widest = 0.0
    for i in range(orient.SIDE):
        for j in range(orient.SIDE):
            corners = []
            for u in (i + 1e-9, i + 1 - 1e-9):
                for v in (j + 1e-9, j + 1 - 1e-9):
                    x, y = 2 * u / orient.SIDE - 1, 2 * v / orient.SIDE - 1
                    z = 1 - abs(x) - abs(y)
                    if z < 0:
                        x, y = math.copysign(1 - abs(y), x), math.copysign(1 - abs(x), y)
                    assert orient.octahedral(x, y, z) == orient.SIDE * i + j
                    corners.append(np.array([x, y, z]) / math.sqrt(x * x + y * y + z * z))
            widest = max(widest, *(math.acos(min(1.0, a @ b)) for a in corners for b in corners))
    assert 0.9 * orient.REACH < widest < orient.REACH


@pytest.mark.parametrize("name", ["blobby.off", "fandisk.off", "elalish__65004.stl", "hand.off"])
def test_real_meshes_err_no_more_than_stated(shared_data: pathlib.Path, name: str) -> None:
    points, faces = lattice_of(shared_data / "mesh" / name)
    axes = spiral(100)
    told = orient.scores(points, faces, axes, STEEP)
    area = by_face(points, faces, np.zeros(3), 0.0)
    a, b, c = points[faces].astype(np.float64).transpose(1, 0, 2)
    area = float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)
    along = axes @ points.T.astype(np.float64)
    extents = along.max(axis=1) - along.min(axis=1)
    assert told[:, orient.HEIGHT] == pytest.approx(np.concatenate([extents, extents]), rel=1e-12)
    wrong = []
    for up, (overhang, footprint, _) in zip(np.concatenate([axes, -axes]), told, strict=True):
        exact, under = by_face(points, faces, up, math.pi / 4)
        most, least = (by_face(points, faces, up, math.pi / 4 + side * orient.REACH)[0] for side in (1, -1))
        assert least - 1e-5 * area <= overhang <= most + 1e-5 * area
        assert -1e-5 * area <= under - footprint <= math.sin(orient.REACH) * area
        wrong.append(abs(overhang - exact) / area)
    assert np.mean(wrong) < 0.002


def lattice_of(path: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
    mesh = read_file(path, "mm")[0][1]
    points = mesh.points - mesh.points.min(axis=0)
    return np.round(points * (1e6 / points.max())).astype(np.int32), mesh.faces


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.sampled_from([1, 40, 10**6, 2**27]), st.booleans())
def test_heights_are_exact_for_any_points(seed: int, count: int, size: int, flat: bool) -> None:
    chance = np.random.default_rng(seed)
    points = chance.integers(-size, size + 1, (count, 3)).astype(np.int32)
    points[:, 2] = 7 if flat else points[:, 2]
    axes = np.concatenate([spiral(20), np.eye(3), -np.eye(3)])
    told = orient.scores(points, np.zeros((0, 3), np.int32), axes, STEEP)
    along = axes @ points.T.astype(np.float64)
    extents = along.max(axis=1) - along.min(axis=1)
    assert told[:, orient.HEIGHT] == pytest.approx(np.concatenate([extents, extents]), rel=1e-12, abs=1e-7)
    assert not told[:, : orient.HEIGHT].any()


def test_a_box_by_hand() -> None:
    """Turned so that x is up: what lies on the bed is contact for `judge`, and overhang for the bins."""
    points = box(30_000, 20_000, 10_000)
    up = np.array([[1.0, 0.0, 0.0]])
    told = orient.scores(points, CUBE, up, STEEP)
    assert told.tolist() == [[2e8, 2e8, 30_000.0]] * 2
    figures = np.empty(4)
    orient.judge(points, CUBE, up[0], STEEP, 0.0, figures)
    assert figures.tolist() == [0.0, 2e8, 30_000.0, 2e8]
    lifted = np.concatenate([points, [[-5, 0, 0]]]).astype(np.int32)
    orient.judge(lifted, CUBE, up[0], STEEP, 4.0, figures)
    assert figures.tolist() == [2e8, 2e8, 30_005.0, 0.0]
    orient.judge(lifted, CUBE, up[0], STEEP, 5.0, figures)
    assert figures.tolist() == [0.0, 2e8, 30_005.0, 2e8]


@pytest.mark.parametrize(("weights", "up"), [((1.0, 0.0, 1.0), 2), ((0.0, 1.0, 0.0), 0)])
def test_the_best_lies_on_a_face(weights: tuple[float, float, float], up: int) -> None:
    """Least height, or least footprint, and no overhang: laid on the large face, or stood on the small one."""
    direction, figures = orient.best(box(30_000, 20_000, 10_000), CUBE, weights, STEEP, 1.0)
    assert np.abs(direction[up]) == pytest.approx(1.0, abs=1e-6)
    assert figures[orient.OVERHANG] == 0.0 and figures[orient.CONTACT] > 1e8


def test_the_best_is_rescored_by_its_faces(shared_data: pathlib.Path) -> None:
    points, faces = lattice_of(shared_data / "mesh" / "hand.off")
    direction, figures = orient.best(points, faces, (1.0, 0.0, 0.0), STEEP, 0.0)
    assert by_face(points, faces, direction, math.pi / 4)[0] == pytest.approx(
        figures[orient.OVERHANG] + figures[orient.CONTACT]
    )
    rest = [by_face(points, faces, up, math.pi / 4)[0] for up in np.concatenate([spiral(), -spiral()])]
    assert figures[orient.OVERHANG] <= np.sort(rest)[2]


def test_any_order_of_faces_and_no_points() -> None:
    points = box(50_000, 40_000, 30_000)
    mixed = np.ascontiguousarray(CUBE[::-1])
    assert np.array_equal(orient.scores(points, CUBE, spiral(30), STEEP), orient.scores(points, mixed, spiral(30), STEEP))
    with pytest.raises(ValueError, match="no points"):
        orient.scores(points[:0], CUBE[:0], spiral(30), STEEP)


@pytest.mark.parametrize(("run", "counted"), [(9_000, False), (11_000, True)])
def test_overhang_begins_at_the_limit(run: int, counted: bool) -> None:
    """A face that leans out by `run` over 10,000, its plane alone in its bin: judged as by itself; and a stricter process counts it."""
    points = np.array([[0, 0, 5_000], [run, 0, 15_000], [0, 10_000, 5_000]], np.int32)
    faces, up, figures = np.array([[0, 2, 1]], np.int32), np.array([[0.0, 0.0, 1.0]]), np.empty(4)
    shown = 5_000.0 * run
    for cosine, expected in ((STEEP, shown if counted else 0.0), (0.5, shown)):
        orient.judge(points, faces, up[0], cosine, 0.0, figures)
        assert figures[[orient.OVERHANG, orient.FOOTPRINT]].tolist() == [expected, shown]
        told = orient.scores(points, faces, up, cosine)
        assert told[0, :2].tolist() == pytest.approx([expected, shown], rel=1e-6) and told[1, :2].tolist() == [0.0, 0.0]
