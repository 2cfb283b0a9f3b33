"""Plates: closed, of the volume that they should have, their grooves on the lens's own sphere; and what is no plate is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.doors import cad_lattice
from engine.model.mesh import Mesh, Part
from engine.model.plate import Knuckle, Rings, rings
from engine.process.limits import load_process
from engine.shape.plate import plate
from engine.shape.seat import seat
from engine.verify.checks import verify
from engine.verify.settle import settle
from kernels.roll import unroll

THICK, RADIUS = 4.0, 400.0


def circle(r: float, x: float = 0.0, n: int = 96) -> np.ndarray:
    turns = 2.0 * math.pi * np.arange(n) / n
    return np.c_[x + r * np.cos(turns), r * np.sin(turns)]


def upright(flat: np.ndarray, walls: str = "edge", thick: float = THICK) -> Rings:
    """Straight walls."""
    return rings(np.stack([np.c_[flat, np.full(len(flat), z)] for z in (thick / 2, -thick / 2)]), walls=(walls,))


def volume(mesh: Mesh) -> float:
    return cad_lattice.volume(cad_lattice.rounded(mesh.points), mesh.faces)


def test_a_ring_is_closed_and_holds_what_it_should() -> None:
    mesh, patches = plate(upright(circle(30.0)), [upright(circle(20.0), "bore")], [], thickness=THICK, radius=RADIUS)
    # rolled about the middle surface, a plate keeps its volume
    assert volume(mesh) == pytest.approx(math.pi * (900.0 - 400.0) * THICK, rel=2e-4)
    assert set(patches) == {"front", "back", "edge", "bore"}
    assert sum(len(p.faces) for p in patches.values()) == len(mesh.faces)
    far = np.hypot(mesh.points[:, 0], mesh.points[:, 2] + RADIUS)
    assert np.abs(np.abs(far - RADIUS) - THICK / 2).max() < 1e-4
    sides = np.sort(mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    assert (np.unique(sides, axis=0, return_counts=True)[1] == 2).all()


def test_no_face_leaves_its_cylinder() -> None:
    mesh, patches = plate(upright(circle(30.0)), [], [], thickness=THICK, radius=150.0)
    corners = mesh.points[mesh.faces[patches["front"].faces]]
    middle = corners.mean(axis=1)
    assert np.abs(np.hypot(middle[:, 0], middle[:, 2] + 150.0) - 152.0).max() < 0.01


def knuckle(at: float = 0.0) -> Knuckle:
    turns = math.pi * np.arange(17) / 16
    barrel = np.c_[2.0 * np.cos(turns), 2.5 + 2.0 * np.sin(turns)]
    return Knuckle(at, (-2.0, 2.0), -1.0, 1.0, barrel, circle(0.8, 0.0, 32) + (0.0, 2.5))


def test_a_knuckle_stands_on_the_back() -> None:
    bare = volume(plate(upright(circle(30.0)), [], [], thickness=THICK, radius=RADIUS)[0])
    mesh, patches = plate(upright(circle(30.0)), [], [knuckle(12.0)], thickness=THICK, radius=RADIUS)
    half = 0.5 * 16 * math.sin(math.pi / 16) * 4.0
    hole = 0.5 * 32 * math.sin(math.pi / 16) * 0.64
    assert volume(mesh) - bare == pytest.approx(2.0 * (4.0 * 2.5 + half - hole), abs=0.1)
    assert "hinge" in patches
    _, findings, _ = verify([settle(Part("plate", mesh, patches))], load_process("mjf-pa12"))
    assert not [f for f in findings if f.severity == "error"]


def boss(x: float = 0.0, deep: float = 3.0) -> Rings:
    """Upright, its foot 10 mm across."""
    flat = circle(5.0, x, 24)
    return rings(np.stack([np.c_[flat, np.full(24, z)] for z in (-THICK / 2, -THICK / 2 - deep)]), walls=("pad",))


def test_a_boss_stands_on_the_back() -> None:
    bare = volume(plate(upright(circle(30.0)), [], [], thickness=THICK, radius=RADIUS)[0])
    mesh, patches = plate(upright(circle(30.0)), [], [], [boss(8.0), boss(-8.0)], thickness=THICK, radius=RADIUS)
    # behind the middle surface lengths along it shrink, by what lies behind it
    shrunk = 1.0 - (THICK / 2 + 1.5) / RADIUS
    assert volume(mesh) - bare == pytest.approx(2.0 * math.pi * 25.0 * 3.0 * shrunk, rel=3e-3)
    assert len(patches["pad"].faces) > 100
    _, findings, _ = verify([settle(Part("plate", mesh, patches))], load_process("mjf-pa12"))
    assert not [f for f in findings if f.severity == "error"]


def test_a_boss_that_leaves_its_back_is_refused() -> None:
    for bosses in ([boss(27.0)], [boss(0.0), boss(4.0)]):
        with pytest.raises(ValueError, match="meet each other"):
            plate(upright(circle(30.0)), [], [], bosses, thickness=THICK, radius=RADIUS)
    sloped = boss()
    points = sloped.points.copy()
    points[-1, 3, 2] -= 0.5
    with pytest.raises(ValueError, match="at one depth"):
        plate(upright(circle(30.0)), [], [], [Rings(points, sloped.at, sloped.walls)], thickness=THICK, radius=RADIUS)


def test_what_meets_is_refused() -> None:
    border = upright(circle(30.0))
    for holes, knuckles in (
        ([upright(circle(20.0, 15.0))], []),
        ([], [knuckle(29.0)]),
        ([upright(circle(20.0))], [knuckle(19.0)]),
    ):
        with pytest.raises(ValueError, match="meet each other"):
            plate(border, holes, knuckles, thickness=THICK, radius=RADIUS)
    with pytest.raises(ValueError, match="first ring lies in the front face"):
        plate(upright(circle(30.0), thick=3.0), [], [], thickness=THICK, radius=RADIUS)
    with pytest.raises(ValueError, match="parameters rise"):
        Rings(border.points, np.zeros(97), ("edge",))
    with pytest.raises(ValueError, match="three points or more"):
        Knuckle(0.0, (-1.0, 1.0), 0.0, 1.0, np.zeros((2, 2)), circle(0.8))


@pytest.mark.parametrize("base", [2.0, 4.0, 6.0])
def test_a_groove_lies_on_the_lenss_own_sphere(base: float) -> None:
    outline, at, sphere = circle(25.0), 34.0, 530.0 / base
    told = dict(base_radius=sphere, radius=RADIUS, thickness=6.0, depth=0.6, mouth=1.04, chamfer=0.4)
    made = seat(outline, outline / 25.0, at=at, **told)
    mesh, patches = plate(
        upright(circle(60.0), thick=6.0),
        [rings(made.rings, walls=("bore", "bore", "groove", "groove", "bore", "bore"), along=3)],
        [], thickness=6.0, radius=RADIUS,
    )  # fmt: skip
    before, behind = np.split(mesh.faces[patches["groove"].faces], 2)
    root = mesh.points[np.intersect1d(before, behind)]
    # in the lens's own frame: turned back about the cylinder's axis
    turn = at / RADIUS
    x, z = root[:, 0], root[:, 2] + RADIUS
    own = np.c_[
        x * math.cos(turn) - z * math.sin(turn), root[:, 1], x * math.sin(turn) + z * math.cos(turn) - RADIUS - made.apex
    ]
    assert np.abs(np.hypot(own[:, 0], own[:, 1]) - 25.0).max() < 0.002
    away = np.sqrt(own[:, 0] ** 2 + own[:, 1] ** 2 + (own[:, 2] + sphere) ** 2) - sphere
    assert np.abs(away).max() < 0.002
    # what the lens needs of the rim lies in its middle
    flat = np.empty_like(root)
    unroll(root, RADIUS, flat)
    assert flat[:, 2].max() + flat[:, 2].min() == pytest.approx(0.0, abs=0.02)


def test_a_lens_larger_than_its_sphere_is_refused() -> None:
    outline = circle(25.0)
    with pytest.raises(ValueError, match="larger than the sphere"):
        seat(outline, outline / 25.0, at=0.0, base_radius=24.0, radius=RADIUS, thickness=4.0, depth=0.6, mouth=1.0, chamfer=0.4)
