"""How coarse a mesh is, from the mesh alone: exact on a cylinder, nothing on what is flat, nothing across an edge of the B-rep."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.compiling.coarse import Turning


def tube(strips: int, radius: float, height: float = 30.0) -> tuple[np.ndarray, np.ndarray]:
    """A quarter of a cylinder's side in so many flat strips, two triangles each."""
    angle = np.linspace(0.0, math.pi / 2, strips + 1)
    ring = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = np.concatenate([np.column_stack([ring, np.full(strips + 1, z)]) for z in (0.0, height)])
    low = np.arange(strips)
    high = low + strips + 1
    faces = np.concatenate([np.stack([low, low + 1, high], axis=1), np.stack([low + 1, high + 1, high], axis=1)])
    return points, faces.astype(np.int32)


@pytest.mark.parametrize("strips", [2, 5, 16])
@pytest.mark.parametrize("radius", [0.5, 12.0])
def test_it_is_the_height_of_the_arc_on_a_cylinder(strips: int, radius: float) -> None:
    points, faces = tube(strips, radius)
    true = radius * (1.0 - math.cos(math.pi / 4 / strips))
    assert Turning(faces, np.zeros(len(faces), np.int32)).sagitta(points) == pytest.approx(true, rel=1e-9)


def test_an_edge_of_the_brep_is_no_chord() -> None:
    points, faces = tube(2, 5.0)
    owner = np.array([0, 1, 0, 1], dtype=np.int32)  # each strip a face of its own
    assert Turning(faces, owner).sagitta(points) == pytest.approx(0.0, abs=1e-12)


def test_what_is_flat_has_none_and_nothing_has_none() -> None:
    points, faces = tube(1, 5.0)
    assert Turning(faces, np.zeros(2, np.int32)).sagitta(points) == pytest.approx(0.0, abs=1e-12)
    assert Turning(faces[:1], np.zeros(1, np.int32)).sagitta(points) == 0.0


def test_a_body_twice_as_large_is_twice_as_coarse() -> None:
    points, faces = tube(4, 3.0)
    turning = Turning(faces, np.zeros(len(faces), np.int32))
    assert turning.sagitta(2.0 * points) == pytest.approx(2.0 * turning.sagitta(points))
