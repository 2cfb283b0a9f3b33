"""Winding numbers: face by face in numpy, by hand on boxes, and libigl's exact and fast ones on real meshes."""

from __future__ import annotations

import math
import pathlib

import igl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.reading.meshes import read_file
from kernels import winding

CUBE = np.array(
    [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4]]
    + [[1, 5, 7], [1, 7, 3]],
    np.int32,
)
EXACT = 1e9
"""A BETA so large that no node is ever far enough."""


def box(half: int) -> np.ndarray:
    ends = (-half, half)
    return np.array([[x, y, z] for x in ends for y in ends for z in ends], np.int32)


def asked(points: np.ndarray, faces: np.ndarray, places: object, beta: float = winding.BETA) -> np.ndarray:
    made = winding.expanded(np.ascontiguousarray(points), np.ascontiguousarray(faces, np.int32), beta)
    return winding.round_places(made, np.array(places, np.float64))


def by_face(points: np.ndarray, faces: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Van Oosterom and Strackee 1983, all faces for each place."""
    a, b, c = (points[faces[:, k]][None] - places[:, None] for k in range(3))
    la, lb, lc = (np.linalg.norm(v, axis=2) for v in (a, b, c))
    sine = (a * np.cross(b, c)).sum(axis=2)
    cosine = la * lb * lc + (a * b).sum(axis=2) * lc + (b * c).sum(axis=2) * la + (c * a).sum(axis=2) * lb
    return np.arctan2(sine, cosine).sum(axis=1) / (2 * math.pi)


@pytest.mark.parametrize("beta", [winding.BETA, EXACT])
@pytest.mark.parametrize(
    ("place", "told"),
    [
        ((0.0, 0.0, 0.0), 1.0),
        ((999.9999, 999.0, -3.0), 1.0),
        ((1000.0001, 999.0, -3.0), 0.0),
        ((1000.0, 20.0, -3.0), 0.5),  # on a face
        ((1000.0, 1000.0, -3.0), 0.25),  # on an edge
        ((1000.0, 1000.0, 1000.0), 0.125),  # at a corner
        ((1000.0, 3000.0, 0.0), 0.0),  # in a face's plane
        ((5e7, 1.0, 0.0), 0.0),
        ((1e300, 0.0, 0.0), 0.0),
    ],
)
def test_a_box_by_hand(place: tuple[float, ...], told: float, beta: float) -> None:
    assert asked(box(1000), CUBE, [place], beta)[0] == pytest.approx(told, abs=1e-9)


def test_shells_add_up_and_inverted_ones_take_off() -> None:
    """Many turns, all of them near: none is lost."""
    many = 9
    points = np.concatenate([box(1000 + 3 * k) for k in range(many)])
    faces = np.concatenate([CUBE + 8 * k for k in range(many)])
    turned = np.concatenate([faces[:, ::-1], CUBE])
    middle = [(0.0, 0.0, 0.0), (300.0, 998.0, -20.0), (3.0, 1010.5, 4.0), (2000.0, 0.0, 0.0)]
    assert asked(points, faces, middle, EXACT) == pytest.approx([9, 9, 5, 0], abs=1e-9)
    assert asked(points, turned, middle, EXACT) == pytest.approx([-8, -8, -5, 0], abs=1e-9)
    assert asked(points, faces, middle) == pytest.approx([9, 9, 5, 0], abs=0.01)


def test_an_open_box_is_part_of_a_turn() -> None:
    """Without the lid: five sixths in the middle."""
    lid = [k for k, f in enumerate(CUBE) if (box(1)[f][:, 2] == 1).all()]
    assert asked(box(1000), np.delete(CUBE, lid, axis=0), [(0, 0, 0)], EXACT) == pytest.approx([5 / 6], abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 200), st.sampled_from([3, 10**4, 10**8]))
def test_soups_face_by_face(seed: int, count: int, size: int) -> None:
    """Any triangles at all; with no dipole to float64, and with them to what they were seen to err."""
    chance = np.random.default_rng(seed)
    points = chance.integers(-size, size + 1, (3 * count, 3)).astype(np.int32)
    faces = chance.permutation(3 * count).reshape(-1, 3).astype(np.int32)
    places = chance.uniform(-2.0 * size, 2.0 * size, (20, 3))
    expected = by_face(points.astype(np.float64), faces, places)
    assert asked(points, faces, places, EXACT) == pytest.approx(expected, abs=1e-9)
    assert asked(points, faces, places) == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize("shift", [(0, 0, 0), (10**8, -(10**8), 10**8)], ids=["at the origin", "far from it"])
def test_dipoles_of_small_far_patches(shift: tuple[int, int, int]) -> None:
    """A patch seen from 3 and from 30 times its size: the error falls as the third power of the distance, and more."""
    chance = np.random.default_rng(5)
    points = (chance.integers(-1000, 1001, (24, 3)) + np.array(shift)).astype(np.int32)
    faces = np.arange(24, dtype=np.int32).reshape(-1, 3)
    ways = chance.normal(size=(50, 3))
    ways /= np.linalg.norm(ways, axis=1)[:, None]
    worst = []
    for far in (6000.0, 60_000.0):
        places = far * ways + np.array(shift)
        expected = by_face(points.astype(np.float64), faces, places)
        worst.append(np.abs(asked(points, faces, places) - expected).max() / np.abs(expected).max())
    assert worst[0] < 0.05 and worst[1] < worst[0] / 300


def lattice_of(path: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
    mesh = read_file(path, "mm")[0][1]
    points = mesh.points - mesh.points.min(axis=0)
    return np.round(points * (1e6 / points.max())).astype(np.int32), mesh.faces


@pytest.mark.parametrize("name", ["blobby.off", "knot1.off", "elalish__65004.stl", "fandisk.off", "mesh_with_border.off"])
def test_real_meshes_as_libigl_sums_them(shared_data: pathlib.Path, name: str) -> None:
    """Everywhere, and near the surface; libigl's own fast numbers (float32, second order too) err as much or more."""
    points, faces = lattice_of(shared_data / "mesh" / name)
    chance = np.random.default_rng(3)
    on = points[faces[chance.integers(0, len(faces), 1500)]].mean(axis=1)
    places = np.concatenate([on + chance.normal(size=on.shape) * 10_000, chance.uniform(-1e5, 1.1e6, (1500, 3))])
    expected = igl.winding_number(points.astype(np.float64), faces.astype(np.int64), places)
    theirs = np.abs(igl.fast_winding_number(points.astype(np.float64), faces.astype(np.int64), places) - expected)
    ours = np.abs(asked(points, faces, places) - expected)
    assert ours.max() < 5e-3 and ours.mean() < 6e-4
    assert ours.mean() < 1.2 * theirs.mean()
    assert asked(points, faces, places[::50], EXACT) == pytest.approx(expected[::50], abs=1e-8)


def test_answers_do_not_depend_on_the_other_places(shared_data: pathlib.Path) -> None:
    points, faces = lattice_of(shared_data / "mesh" / "blobby.off")
    places = np.random.default_rng(4).uniform(-1e5, 1.1e6, (300, 3))
    told = asked(points, faces, places)
    assert np.array_equal(told[::-1], asked(points, faces, places[::-1]))
    assert np.array_equal(told[:7], asked(points, faces, places[:7]))


def test_what_has_no_area_and_what_is_no_place() -> None:
    line = np.array([[0, 1, 1], [0, 1, 2]], np.int32)
    points = np.array([[0, 0, 0], [1, 1, 1], [2, 2, 2]], np.int32)
    assert asked(points, line, [(0.5, 0.0, 0.0)]).tolist() == [0.0]
    assert asked(points, line[:0], np.empty((0, 3))).tolist() == []
    with_line = np.concatenate([CUBE, [[0, 7, 7]]])
    assert asked(box(10), with_line, [(0.0, 0.0, 0.0)], EXACT) == pytest.approx([1.0])
    told = asked(box(10), CUBE, [(math.nan, 0.0, 0.0), (0.0, math.inf, 0.0), (1.0, 1.0, 1.0)])
    assert np.isnan(told).tolist() == [True, True, False]
