"""How far places are off a skin: known for a ball, and for a bowl that is open."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.authoring import off_skin as of_templates
from engine.body.face_gap import off_skin
from engine.model.mesh import Mesh
from tests.engine.body.known_faces import halved

RADIUS, NEAR = 40.0, 0.35
"""mm: of a ball, and how far its triangles are from it at most."""


def round_ball() -> Mesh:
    """An octahedron, its triangles halved four times and blown up."""
    points = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], float)
    faces = np.array([[x, y, z] if (x + y + z) % 2 == 0 else [x, z, y] for x in (0, 1) for y in (2, 3) for z in (4, 5)])
    for _ in range(4):
        points, faces = halved(points, faces)
        points = points / np.linalg.norm(points, axis=1)[:, None]
    return Mesh(RADIUS * points, np.ascontiguousarray(faces.astype(np.int32)))


BALL = round_ball()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1)), min_size=1, max_size=8), st.floats(-15, 30))
def test_before_it_and_in_it(ways: list[tuple[float, float, float]], off: float) -> None:
    way = np.array([w for w in ways if np.linalg.norm(w) > 0.1])
    if not len(way):
        return
    unit = way / np.linalg.norm(way, axis=1)[:, None]
    told = off_skin(BALL, (RADIUS + off) * unit)
    assert np.abs(told - off).max() < NEAR


def test_beyond_the_border_nothing_is_told() -> None:
    points = BALL.points
    bowl = Mesh(points, np.ascontiguousarray(BALL.faces[points[BALL.faces].mean(axis=1)[:, 2] > 0.0]))
    told = off_skin(bowl, np.array([[0.0, 0.0, RADIUS + 3.0], [0.0, 0.0, RADIUS - 3.0], [RADIUS + 5.0, 0.0, -20.0]]))
    assert told[:2] == pytest.approx([3.0, -3.0], abs=NEAR) and np.isnan(told[2])
    assert np.array_equal(of_templates(bowl, points[:3]), off_skin(bowl, points[:3]), equal_nan=True)
