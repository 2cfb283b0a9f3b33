"""Scans laid on surfaces: known motions of real heads and feet found again, parts of them, with noise, and what must not fit."""

from __future__ import annotations

import math
import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from engine.reading.meshes import read_file
from kernels import register
from kernels.register import Registered, Surface

Mesh = tuple[np.ndarray, np.ndarray]
TURN = Rotation.from_rotvec(0.17 * np.array([1.0, -2.0, 2.0]) / 3.0)
SHIFT = np.array([6.0, -9.0, 4.0])
FILES = {"head": ("head/ict_sample_00.ply", 1.0), "foot": ("foot/dupontgu_left_foot.stl", 1000.0)}


def mesh_of(shared_data: pathlib.Path, name: str) -> Mesh:
    """In mm, and about its middle."""
    file, scale = FILES[name]
    mesh = read_file(shared_data / file, "mm")[0][1]
    points = mesh.points * scale
    return np.ascontiguousarray(points - (points.min(axis=0) + points.max(axis=0)) / 2), mesh.faces


def away(points: np.ndarray) -> np.ndarray:
    """Where a scan lies that TURN and SHIFT bring back."""
    return TURN.inv().apply(points - SHIFT)


def off(found: Registered, scan: np.ndarray, points: np.ndarray) -> tuple[float, float]:
    """How far the turn (radians) and the farthest point (mm) are from the truth."""
    turned = Rotation.from_matrix(found.rotation) * TURN.inv()
    return float(turned.magnitude()), float(np.abs(scan @ found.rotation.T + found.shift - points).max())


def proper(found: Registered) -> bool:
    one = np.abs(found.rotation @ found.rotation.T - np.eye(3)).max() < 1e-15 * 4
    return bool(one and np.linalg.det(found.rotation) > 0.5)


@pytest.mark.parametrize("name", FILES)
def test_a_known_motion_is_found_again(shared_data: pathlib.Path, name: str) -> None:
    points, faces = mesh_of(shared_data, name)
    scan = away(points)
    found = register.register(scan, register.surface(points, faces), within=1e-3)
    turned, moved = off(found, scan, points)
    assert found.converged and proper(found) and found.rounds < 15
    assert turned < 1e-8 and moved < 1e-6 and found.error < 1e-7 and found.far < 1e-7


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_half_of_the_points_onto_all(shared_data: pathlib.Path, name: str, axis: int) -> None:
    points, faces = mesh_of(shared_data, name)
    half = points[points[:, axis] > np.median(points[:, axis])]
    found = register.register(away(half), register.surface(points, faces), within=1e-3)
    turned, moved = off(found, away(half), half)
    assert found.converged and proper(found) and turned < 1e-8 and moved < 1e-6


@pytest.mark.parametrize("name", FILES)
def test_all_points_onto_half_of_the_surface(shared_data: pathlib.Path, name: str) -> None:
    """What has nothing to lie on is among the worst, and left out."""
    points, faces = mesh_of(shared_data, name)
    half = faces[(points[faces][:, :, 0] > 0).all(axis=1)]
    belongs = float((points[:, 0] > 0).mean())
    found = register.register(away(points), register.surface(points, half), within=1e-3, keep=0.8 * belongs)
    turned, moved = off(found, away(points), points)
    assert found.converged and proper(found) and turned < 1e-8 and moved < 1e-6
    everything = register.register(away(points), register.surface(points, half), within=1e-3)
    assert not everything.converged and off(everything, away(points), points)[1] > 0.1


@pytest.mark.parametrize("name", FILES)
def test_noise_is_averaged(shared_data: pathlib.Path, name: str) -> None:
    """0.3 mm on each coordinate of thousands of points: a hundredth of that and less is left in the mean."""
    points, faces = mesh_of(shared_data, name)
    scan = away(points + np.random.default_rng(2).normal(size=points.shape) * 0.3)
    found = register.register(scan, register.surface(points, faces), within=2.0)
    assert found.converged and proper(found) and 0.2 < found.error < 0.4
    turned = Rotation.from_matrix(found.rotation) * TURN.inv()
    placed = away(points) @ found.rotation.T + found.shift
    assert turned.magnitude() < 1e-3 and np.abs(placed - points).max() < 0.1


def test_what_does_not_fit_has_not_converged(shared_data: pathlib.Path) -> None:
    """Another body, and the other half of the same: it lies still somewhere, and is no fit."""
    head, faces = mesh_of(shared_data, "head")
    foot, _ = mesh_of(shared_data, "foot")
    onto = register.surface(head, faces)
    other = register.register(foot, onto, within=1.0)
    assert not other.converged and other.far > 1.0 and proper(other)
    left = register.surface(head, faces[(head[faces][:, :, 0] > 20).all(axis=1)])
    right = head[head[:, 0] < -20] + np.array([0.0, 300.0, 0.0])
    assert not register.register(right, left, within=1.0, keep=0.5).converged


def test_too_few_rounds_are_said(shared_data: pathlib.Path) -> None:
    points, faces = mesh_of(shared_data, "head")
    found = register.register(away(points), register.surface(points, faces), within=1e3, rounds=2)
    assert found.rounds == 2 and not found.converged


def test_the_same_again_bit_by_bit(shared_data: pathlib.Path) -> None:
    points, faces = mesh_of(shared_data, "foot")
    one, two = (register.register(away(points), register.surface(points, faces), within=1.0) for _ in range(2))
    assert np.array_equal(one.rotation, two.rotation) and np.array_equal(one.shift, two.shift) and one[2:] == two[2:]


def grid() -> Surface:
    """A flat sheet z = 0 of 20 mm."""
    x, y = np.meshgrid(np.linspace(-10.0, 10.0, 11), np.linspace(-10.0, 10.0, 11))
    points = np.stack([x.ravel(), y.ravel(), np.zeros(121)], axis=1)
    corner = np.array([r * 11 + c for r in range(10) for c in range(10)])
    faces = np.concatenate([np.stack([corner, corner + 1, corner + 12], 1), np.stack([corner, corner + 12, corner + 11], 1)])
    return register.surface(points, faces.astype(np.int32))


def test_what_a_plane_does_not_fix_is_left_alone() -> None:
    """Onto a sheet: height and tilt are found; nothing turns or slides in it."""
    tilt = Rotation.from_rotvec([0.1, -0.05, 0.0])
    scan = tilt.apply(np.random.default_rng(3).uniform(-6, 6, (200, 3)) * (1, 1, 0)) + (0.5, -0.25, 2.0)
    found = register.register(scan, grid(), within=1e-6)
    placed = scan @ found.rotation.T + found.shift
    assert found.converged and np.abs(placed[:, 2]).max() < 1e-9
    assert np.abs(placed[:, :2].mean(axis=0) - scan[:, :2].mean(axis=0)).max() < 0.3


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(12, 60), st.floats(0.01, 1000.0))
def test_a_step_is_least_squares(seed: int, count: int, size: float) -> None:
    chance = np.random.default_rng(seed)
    centre = chance.normal(size=3) * size * 10
    sources = centre + chance.normal(size=(count, 3)) * size
    feet = sources + chance.normal(size=(count, 3)) * size / 10
    normals = chance.normal(size=(count, 3))
    normals /= np.linalg.norm(normals, axis=1)[:, None]
    weights = chance.uniform(0.0, 1.0, count) * (chance.uniform(size=count) > 0.2)
    sums, increment = np.empty(register.SUMS), np.empty(6)
    assert register.step(sources, feet, normals, weights, centre, size, sums, increment)
    rows = np.concatenate([np.cross((sources - centre) / size, normals), normals], axis=1)
    gaps = ((sources - feet) * normals).sum(axis=1)
    root = np.sqrt(weights)
    expected = np.linalg.lstsq(rows * root[:, None], -gaps * root, rcond=None)[0]
    told = np.concatenate([increment[:3] * size, increment[3:]])
    if np.linalg.cond(rows * root[:, None]) < 1e3:
        assert told == pytest.approx(expected, rel=1e-6, abs=1e-8 * size)
    assert sums[-2:].tolist() == pytest.approx([float((weights * gaps**2).sum()), float(weights.sum())])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1e-12, 1e-3, 1.0, 3.1]))
def test_turns_are_rotations_one_after_the_other(seed: int, angle: float) -> None:
    chance = np.random.default_rng(seed)
    first, axis, shift, centre = Rotation.random(random_state=seed % 2**31), *chance.normal(size=(3, 3))
    x, y, z, w = first.as_quat()
    motion = np.array([w, x, y, z, 3.0, -2.0, 1.0])
    turned = axis / np.linalg.norm(axis) * angle
    moved = register.turn(np.concatenate([turned, shift]), centre, 5.0, motion)
    assert moved == pytest.approx(5.0 * angle + math.sqrt(shift @ shift))
    places, made = chance.normal(size=(9, 3)), np.empty((9, 3))
    register.move(places, motion, made)
    before = first.apply(places) + (3.0, -2.0, 1.0)
    assert made == pytest.approx(Rotation.from_rotvec(turned).apply(before - centre) + centre + shift, abs=1e-13)
    assert math.sqrt(motion[:4] @ motion[:4]) == pytest.approx(1.0, abs=1e-15)


def test_no_weight_no_step_and_no_points_no_answer() -> None:
    three, sums, increment = np.ones((1, 3)), np.empty(register.SUMS), np.ones(6)
    assert not register.step(three, three, three, np.zeros(1), np.zeros(3), 1.0, sums, increment)
    assert increment.tolist() == [0.0] * 6
    normals = np.ones((3, 3))
    rows = np.array([-1, 0, 1], np.int32)
    flat = np.array([[0, 1, 2], [0, 1, 1]], np.int32)
    register.planes(np.array([[0.0, 0, 0], [2, 0, 0], [0, 3, 0]]), flat, rows, normals)
    assert normals.tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 0]]
    onto = grid()
    for scan, keep in ((np.empty((0, 3)), 1.0), (three, 0.0), (three, 1.1), (three, math.nan)):
        with pytest.raises(ValueError, match="register"):
            register.register(scan, onto, within=1.0, keep=keep)
    with pytest.raises(ValueError, match="register"):
        register.register(three, register.surface(onto.points, onto.faces[:0]), within=1.0)
