"""The quick distance to faces: never below the true one, and near the surface no more than the true one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine.doors import cad, cad_near
from engine.doors.child import Child

DRAWINGS = """
import math
import numpy as np
import cadquery as cq
from engine.doors import cad, cad_near
from engine.doors.cad_triangles import triangulations
from OCP.BRepBuilderAPI import BRepBuilderAPI_MakeVertex
from OCP.BRepExtrema import BRepExtrema_DistShapeShape
from OCP.gp import gp_Pnt

def bumpy():
    heights = [[(x, y, math.sin(x / 7.0) * math.cos(y / 5.0)) for y in range(0, 41, 4)] for x in range(0, 61, 4)]
    points = [[cq.Vector(*place) for place in row] for row in heights]
    body = cq.Workplane().box(50, 30, 20, centered=False).translate((5, 5, -10))
    return body.split(cq.Face.makeSplineApprox(points)).solids("<Z")

SHAPES = {
    "box": lambda: cq.Workplane().box(20, 14, 6),
    "holed": lambda: cq.Workplane().box(20, 14, 6).faces(">Z").workplane().hole(7),
    "rounded": lambda: cq.Workplane().box(20, 14, 6).edges().fillet(1.5),
    "ball": lambda: cq.Workplane().sphere(6),
    "ring": lambda: cq.Solid.makeTorus(9, 3),
    "bumpy": bumpy,
    "placed": lambda: bumpy().val().moved(cq.Location(cq.Vector(3, -9, 4), cq.Vector(1, 2, 3), 40)),
    "mirrored": lambda: bumpy().mirror("XZ"),
}

def faces_of(name):
    solid, _ = cad.solid_of(SHAPES[name](), {}, cq)
    cad.triangulate(solid, {}, 0.05, math.radians(15.0))
    return solid, cad.faces_of(solid)

def places(faces, away, count):
    # nodes of the triangulation, which lie on the surface, each moved by `away` at random
    random = np.random.default_rng(8)
    nodes = np.concatenate([one.xyz for one in triangulations(faces)])
    chosen = nodes[random.integers(0, len(nodes), count)]
    way = random.normal(size=chosen.shape)
    return chosen + away * way / np.sqrt((way**2).sum(axis=1))[:, None]

def truth(solid, points):
    faces, told = cad.faces_of(solid), []
    for x, y, z in points.tolist():
        vertex = BRepBuilderAPI_MakeVertex(gp_Pnt(x, y, z)).Vertex()
        told.append(min(BRepExtrema_DistShapeShape(vertex, faces.FindKey(i)).Value() for i in range(1, faces.Extent() + 1)))
    return np.array(told)

def told(name, away, count):
    solid, faces = faces_of(name)
    return answers(solid, faces, places(faces, away, count))

def answers(solid, faces, points):
    return cad_near.upper_bounds(faces, cad_near.boxes(faces), points), cad.distances(faces, points), truth(solid, points)

def over_the_hole():
    return [float(found[0]) for found in answers(*faces_of("holed"), np.array([[0.0, 0.0, 3.01]]))]
"""
SHAPES = ("box", "holed", "rounded", "ball", "ring", "bumpy", "placed", "mirrored")


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    place = tmp_path_factory.mktemp("near")
    (place / "near_drawings.py").write_text(DRAWINGS, encoding="utf-8")
    sys.path.insert(0, str(place))
    with Child(cad.PRELOAD) as one:
        yield one
    sys.path.remove(str(place))


def told(child: Child, name: str, away: float, count: int = 60) -> tuple[Any, Any, Any]:
    made: tuple[Any, Any, Any] = child.call("near_drawings:told", name, away, count, deadline=60.0)
    return made


@pytest.mark.parametrize("name", SHAPES)
def test_it_is_never_below_the_true_distance(child: Child, name: str) -> None:
    for away in (0.0, 0.01, 0.4, 3.0):
        near, asked, true = told(child, name, away)
        assert (near >= true - 1e-6).all(), (away, float((true - near).max()))
        assert (asked >= true - 1e-6).all() and np.isfinite(asked).all()


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_told_too_large_is_near_all_the_same(child: Child, name: str) -> None:
    """Beside an edge the other face may be nearer still; what is farther is asked of OCCT, and right."""
    for away in (0.0, 0.01, 0.4):
        near, asked, true = told(child, name, away)
        close = near <= cad_near.ENOUGH_MM
        assert (asked[close] <= cad_near.ENOUGH_MM).all() and np.abs(asked - true)[~close].max(initial=0.0) < 1e-6
        if away <= 0.01:
            assert close.mean() > 0.3, "the quick way finds them; not beside a corner"
            assert np.median(np.abs(asked - true)) < 1e-6


def test_a_foot_point_in_a_hole_is_none(child: Child) -> None:
    """Above the middle of a hole the plane is near, and its face is not."""
    near, asked, true = child.call("near_drawings:over_the_hole", deadline=60.0)
    assert (
        true == pytest.approx(np.hypot(3.5, 0.01), abs=1e-6) and asked == pytest.approx(true, abs=1e-6) and near >= 3.5 - 1e-6
    )
