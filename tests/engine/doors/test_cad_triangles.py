"""Triangulations and surfaces told in one piece are those that OCCT tells node by node; what it does not tell is refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine.doors import cad
from engine.doors.child import Child, RemoteError

DRAWINGS = """
import math
import numpy as np
import cadquery as cq
from engine.doors import cad, cad_triangles
from OCP.BRep import BRep_Tool
from OCP.BRepAdaptor import BRepAdaptor_Surface
from OCP.gp import gp_Ax2, gp_Dir, gp_Pnt, gp_Trsf
from OCP.TopLoc import TopLoc_Location
from OCP.TopoDS import TopoDS

def wedge():
    return cq.Workplane().box(4, 3, 2, centered=False).edges("|Z and >X and >Y").chamfer(1.0).edges("|X and >Z and <Y").fillet(0.4)

def mirrored_in_place():
    turn = gp_Trsf()
    turn.SetMirror(gp_Ax2(gp_Pnt(0, 0, 0), gp_Dir(1, 0, 0)))
    return cq.Shape.cast(wedge().val().wrapped.Moved(TopLoc_Location(turn), False))

SHAPES = {
    "wedge": wedge,
    "turned": lambda: wedge().rotate((0, 0, 0), (1, 2, 3), 70).translate((5, 6, 7)),
    "moved": lambda: wedge().val().moved(cq.Location(cq.Vector(1, 2, 3), cq.Vector(0, 1, 1), 50)),
    "mirrored in place": mirrored_in_place,
    "ball": lambda: cq.Workplane().sphere(5),
}

def told(name):
    solid, _ = cad.solid_of(SHAPES[name](), {}, cq)
    cad.triangulate(solid, {}, 0.05, math.radians(15.0))
    faces, made = cad.faces_of(solid), []
    for i, one in enumerate(cad_triangles.triangulations(faces), start=1):
        face, place = TopoDS.Face_s(faces.FindKey(i)), TopLoc_Location()
        net, surface = BRep_Tool.Triangulation_s(face, place), BRepAdaptor_Surface(face, False)
        nodes = [net.Node(n).Transformed(place.Transformation()) for n in range(1, net.NbNodes() + 1)]
        uv = [net.UVNode(n) for n in range(1, net.NbNodes() + 1)]
        corners = [[n - 1 for n in net.Triangle(k).Get()] for k in range(1, net.NbTriangles() + 1)]
        values = [surface.Value(q.X(), q.Y()) for q in uv]
        made.append((
            (one.xyz, one.uv, one.triangles, cad_triangles.on_surface(faces.FindKey(i), one.uv)),
            (np.array([p.Coord() for p in nodes]), np.array([q.Coord() for q in uv]), np.array(corners), np.array([p.Coord() for p in values])),
            one.inward,
        ))
    return made

def unmeshed():
    cad_triangles.triangulations(cad.faces_of(cq.Workplane().box(1, 2, 3).val().wrapped))
"""  # fmt: skip


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    place = tmp_path_factory.mktemp("triangles")
    (place / "triangle_drawings.py").write_text(DRAWINGS, encoding="utf-8")
    sys.path.insert(0, str(place))
    with Child(cad.PRELOAD) as one:
        yield one
    sys.path.remove(str(place))


@pytest.mark.parametrize("name", ["wedge", "turned", "moved", "mirrored in place", "ball"])
def test_they_are_those_that_occt_tells_one_by_one(child: Child, name: str) -> None:
    made: list[Any] = child.call("triangle_drawings:told", name, deadline=30.0)
    middle = np.mean(np.concatenate([ours[0] for ours, _, _ in made]), axis=0)
    for (xyz, uv, triangles, places), (own_xyz, own_uv, own_triangles, own_places), inward in made:
        assert np.abs(xyz - own_xyz).max() < 1e-12 and np.array_equal(uv, own_uv) and np.array_equal(triangles, own_triangles)
        assert np.abs(places - own_places).max() < 1e-12
        a, b, c = xyz[triangles].transpose(1, 0, 2)
        out = (np.cross(b - a, c - a) * (a - middle)).sum(axis=1)  # convex: an outward triangle looks away from the middle
        assert ((out < 0) == inward)[np.abs(out) > 1e-9].all()


def test_a_face_without_triangles_is_named(child: Child) -> None:
    with pytest.raises(RemoteError) as failed:
        child.call("triangle_drawings:unmeshed", deadline=30.0)
    assert failed.value.type_name == "ValueError" and "face 1 of 6 has no triangles" in failed.value.message
