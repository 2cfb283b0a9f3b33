"""Maps and nets of real solids in the CAD child: twins, loops from outside, nodes that come back, triangles that close."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine.compiling.matching import match
from engine.doors import cad
from engine.doors import cad_lattice as lat
from engine.doors.cad_map import Drawn
from engine.doors.child import Child, RemoteError

DRAWINGS = """
import math
import cadquery as cq
from engine.doors import cad, cad_map, cad_net
from OCP.gp import gp_Ax2, gp_Dir, gp_Pnt, gp_Trsf
from OCP.TopLoc import TopLoc_Location

def mirrored_in_place(shape):
    turn = gp_Trsf()
    turn.SetMirror(gp_Ax2(gp_Pnt(0, 0, 0), gp_Dir(1, 0, 0)))
    return cq.Shape.cast(shape.wrapped.Moved(TopLoc_Location(turn), False))

def wedge(w=4.0):
    body = cq.Workplane().box(w, 3, 2, centered=False).edges("|Z and >X and >Y").chamfer(1.0).edges("|X and >Z and <Y").fillet(0.4)
    return body.faces(">X").workplane().center(0.3, 0.2).hole(0.5, 1.0)

SHAPES = {
    "block": lambda: cq.Workplane().box(3, 2, 1),
    "plate": lambda: cq.Workplane().box(20, 12, 3).faces(">Z").workplane().rarray(6, 1, 3, 1).hole(2.5),
    "cone": lambda: cq.Solid.makeCone(5, 2, 7),
    "pointed": lambda: cq.Solid.makeCone(5, 0, 7),
    "ball": lambda: cq.Workplane().sphere(5),
    "dome": lambda: cq.Workplane().sphere(5).cut(cq.Workplane().box(20, 20, 10).translate((0, 0, -4))),
    "ring": lambda: cq.Solid.makeTorus(10, 3),
    "half ring": lambda: cq.Workplane("XZ").center(10, 0).circle(3).revolve(180, (-10, 0), (-10, 1)),
    "spline": lambda: cq.Workplane().spline([(0, 0), (9, 1), (11, 7), (3, 8)], periodic=True).close().extrude(5),
    "loft": lambda: cq.Workplane().rect(8, 6).workplane(offset=5).circle(2).loft(combine=True),
    "rounded": lambda: cq.Workplane().box(10, 8, 5).edges().fillet(1.2),
    "ellipse": lambda: cq.Workplane().ellipse(6, 3).extrude(4).faces(">Z").edges().chamfer(0.5),
    "wedge": wedge,
    "wider": lambda: wedge(4.5),
    "turned": lambda: wedge().rotate((0, 0, 0), (1, 2, 3), 70).translate((5, 6, 7)),
    "moved": lambda: wedge().val().moved(cq.Location(cq.Vector(1, 2, 3), cq.Vector(0, 1, 1), 50)),
    "mirrored": lambda: wedge().mirror("YZ"),
    "mirrored in place": lambda: mirrored_in_place(wedge().val()),
    "a block mirrored in place": lambda: mirrored_in_place(cq.Workplane().box(3, 2, 1, centered=False).val()),
    "a ball mirrored in place": lambda: mirrored_in_place(cq.Workplane().sphere(5).translate((1, 0, 0)).val()),
}

def made(name):
    solid, _ = cad.solid_of(SHAPES[name](), {}, cq)
    cad.triangulate(solid, {}, 0.05, math.radians(15.0))
    shapes = cad_map.Shapes(solid)
    drawn = cad_map.map_of(shapes)
    net = cad_net.net_of(shapes, drawn)
    points = cad_net.nodes_of(shapes, drawn, cad_map.identity(drawn), drawn, net)
    return dict(vars(drawn)), net.triangles, net.owner, points, nodes(shapes)

def nodes(shapes):
    import numpy as np
    from OCP.BRep import BRep_Tool
    from OCP.TopLoc import TopLoc_Location
    found = []
    for face in shapes.faces:
        place = TopLoc_Location()
        net = BRep_Tool.Triangulation_s(face, place)
        found += [cad_map.xyz(net.Node(k).Transformed(place.Transformation())) for k in range(1, net.NbNodes() + 1)]
    return np.array(found)

def two_on_an_edge():
    box = cq.Workplane().box(1, 1, 1, centered=False)
    both = box.union(box.translate((1, 1, 0)))
    return len(cad_map.map_of(cad_map.Shapes(both.val().wrapped)).edge)

def unmeshed():
    shapes = cad_map.Shapes(cq.Workplane().box(1, 1, 1).val().wrapped)
    return cad_net.net_of(shapes, cad_map.map_of(shapes))

def open_shell():
    box = cq.Workplane().box(1, 1, 1).val()
    return cad_map.map_of(cad_map.Shapes(cq.Shell.makeShell(box.Faces()[:5]).wrapped)) and 0
"""
SHAPES = [
    "block", "plate", "cone", "pointed", "ball", "dome", "ring", "half ring", "spline", "loft", "rounded", "ellipse", "wedge", "turned",
    "moved", "mirrored", "mirrored in place", "a block mirrored in place", "a ball mirrored in place",
]  # fmt: skip

FLAT = ["block", "plate", "wedge", "turned", "moved", "mirrored", "mirrored in place", "a block mirrored in place"]


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    folder = tmp_path_factory.mktemp("cad")
    (folder / "net_drawings.py").write_text(DRAWINGS, encoding="utf-8")
    sys.path.insert(0, str(folder))
    with_drawings = Child((*cad.PRELOAD, "net_drawings"), memory_mb=cad.MEMORY_MB)
    yield with_drawings
    with_drawings.close()
    sys.path.remove(str(folder))


MADE: dict[str, Any] = {}


def made(child: Child, name: str) -> tuple[Drawn, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Map, triangles, the face of each, nodes, and OCCT's own nodes; drawn once."""
    if name not in MADE:
        MADE[name] = child.call("net_drawings:made", name, deadline=60.0)
    drawn, triangles, owner, points, nodes = MADE[name]
    return Drawn(**drawn), triangles, owner, points, nodes


@pytest.mark.parametrize("name", SHAPES)
def test_nodes_come_back_and_triangles_close(child: Child, name: str) -> None:
    _, triangles, _, points, nodes = made(child, name)
    away = np.sqrt(((points[:, None] - nodes[None]) ** 2).sum(axis=2))
    assert away.min(axis=1).max() < 1e-8 and away.min(axis=0).max() < 1e-8
    assert lat.unpaired_edges(triangles) == (0, 0)
    assert np.array_equal(np.unique(triangles), np.arange(len(points)))
    assert lat.volume(lat.rounded(points), triangles) > 0.0


@pytest.mark.parametrize("name", SHAPES)
def test_the_map_is_one_of_a_closed_surface(child: Child, name: str) -> None:
    drawn = made(child, name)[0]
    half = np.arange(len(drawn.edge))
    assert np.array_equal(drawn.twin[drawn.twin], half) and np.array_equal(drawn.edge[drawn.twin], drawn.edge)
    poles = drawn.curves[drawn.edge] < 0
    assert np.array_equal(drawn.twin == half, poles)
    ends = drawn.start[drawn.following]
    assert np.array_equal(drawn.start[drawn.twin][~poles], ends[~poles]) and np.array_equal(ends[poles], drawn.start[poles])
    assert (drawn.sense[drawn.twin][~poles] == -drawn.sense[~poles]).all()
    assert sorted(drawn.following.tolist()) == half.tolist() and np.array_equal(drawn.loop[drawn.following], drawn.loop)
    assert np.array_equal(np.bincount(drawn.face[np.unique(drawn.loop, return_index=True)[1]]), drawn.wires)


@pytest.mark.parametrize("name", FLAT)
def test_loops_run_counter_clockwise_from_outside(child: Child, name: str) -> None:
    """A half-edge of a straight edge between flat faces runs the way the triangles of its own face run along it."""
    drawn, triangles, owner, _, _ = made(child, name)
    along = {
        (a, b): f
        for t, f in zip(triangles.tolist(), owner.tolist(), strict=True)
        for a, b in zip(t, [*t[1:], t[0]], strict=True)
    }
    looked = 0
    for a, b, face, edge in zip(drawn.start, drawn.start[drawn.following], drawn.face, drawn.edge, strict=True):
        if drawn.curves[edge] == 0 and (int(a), int(b)) in along and (int(b), int(a)) in along:
            looked += 1
            assert along[int(a), int(b)] == face
    assert looked >= 12


@pytest.mark.parametrize("name", ["turned", "moved", "wider"])
def test_the_same_shape_elsewhere_matches(child: Child, name: str) -> None:
    reference, other = made(child, "wedge")[0], made(child, name)[0]
    found = match(reference, other, reference.middles)
    assert not isinstance(found, str)
    assert np.array_equal(other.curves[found.edge], reference.curves)


@pytest.mark.parametrize("name", ["mirrored", "mirrored in place"])
def test_its_mirror_image_does_not(child: Child, name: str) -> None:
    reference, other = made(child, "wedge")[0], made(child, name)[0]
    assert isinstance(match(reference, other, reference.middles), str)
    assert isinstance(match(reference, other, reference.middles * [-1, 1, 1]), str)
    twice = made(child, "mirrored")[0], made(child, "mirrored in place")[0]
    assert not isinstance(match(*twice, twice[0].middles), str), "the two ways to mirror it give one body"


@pytest.mark.parametrize(
    ("errand", "why"),
    [
        ("unmeshed", "face 1 of 6 has no triangles"),
        ("open_shell", "lies at one face alone"),
        ("two_on_an_edge", "lies between 4 faces"),
    ],
)
def test_what_has_no_map_or_net(child: Child, errand: str, why: str) -> None:
    with pytest.raises(RemoteError) as failed:
        child.call(f"net_drawings:{errand}", deadline=30.0)
    assert failed.value.type_name == "ValueError" and why in failed.value.message
