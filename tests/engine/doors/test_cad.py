"""The CAD door: closed meshes with patches, the same bytes every time, and every silent failure of OCCT said aloud."""

from __future__ import annotations

import pathlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.doors import cad
from engine.doors import cad_lattice as lat
from engine.doors.child import Child, shared
from engine.errors import ChildFault, EnvironmentFault, OrderError
from engine.model.mesh import STEPS_PER_MM, Mesh, Part
from engine.model.order import Finding
from engine.verify.checks import verify
from engine.verify.settle import settle

ROOT = pathlib.Path(__file__).parents[3]
DRAWINGS = """
import math
class Tagged:
    def __init__(self, shape, **tags): self.shape, self.tags = shape, tags
def plate(p, cq):
    body = cq.Workplane().box(40, 30, p.get("h", 3.0)).faces(">Z").workplane().hole(5)
    hole = [f for f in body.val().Faces() if f.geomType() == "CYLINDER"]
    return Tagged(body, back=body.faces("<Z"), top=body.faces(">Z").val(), side=body.faces(">X"), hole=hole, both=body.faces("<Z or >Z")), [("h", 3.0)]
def slanted(p, cq):
    body = cq.Workplane().box(40, 30, 5).rotate((0, 0, 0), (1, 0, 0), 30).translate((3, 1, 2))
    return Tagged(body, top=body.faces(">Z"))
def ball(p, cq): return cq.Workplane().sphere(5)
def ring(p, cq): return cq.Solid.makeTorus(10, 3)
def shell(p, cq):
    body = cq.Workplane().box(75, 155, 10).edges("|Z").fillet(9).faces("<Z").edges().fillet(3)
    return body.cut(cq.Workplane().box(71, 151, 8).translate((0, 0, 1.5)).edges("|Z").fillet(7))
def moved(p, cq): return cq.Workplane().box(1, 2, 3).val().moved(cq.Location(cq.Vector(1, 2, 3), cq.Vector(0, 0, 1), 90))
def mirrored(p, cq): return cq.Workplane().box(1, 2, 3).translate((5, 0, 0)).mirror("YZ")
def tight(p, cq):
    points = [(6.46, 65.56), (61.31, 44.0), (5.14, 98.27), (13.9, 12.6), (26.2, 74.1)]
    return cq.Workplane().spline(p or points, periodic=True).close().extrude(5)
def fillet_in_silence(p, cq): return cq.Workplane().box(1, 1, 1).edges().fillet(0.6)
def fillet_raises(p, cq): return cq.Workplane().box(1, 1, 1).edges("|Z").fillet(5)
def loops(p, cq): return cq.Workplane().spline([(0, 0), (100, 0), (0, 50), (100, 60)], periodic=True).close().extrude(5)
def bow_tie(p, cq): return cq.Workplane().polyline([(0, 0), (10, 10), (10, 0), (0, 10)]).close().extrude(5)
def two(p, cq): return cq.Workplane().box(1, 1, 1).union(cq.Workplane().box(1, 1, 1).translate((3, 0, 0)))
def nothing(p, cq): return cq.Workplane()
def a_face(p, cq): return cq.Workplane().box(1, 1, 1).faces(">Z")
def open_shell(p, cq):
    box = cq.Workplane().box(1, 1, 1).val()
    return cq.Solid(cq.Solid.makeSolid(cq.Shell.makeShell(box.Faces()[:5])).wrapped)
def inside_out(p, cq):
    return cq.Shape.cast(cq.Workplane().box(1, 1, 1).val().wrapped.Reversed())
def words(p, cq): return "a box"
def huge(p, cq): return cq.Workplane().box(3e4, 1, 1)
def stale(p, cq):
    before = cq.Workplane().box(10, 10, 10)
    return Tagged(before.faces(">Z").workplane().hole(2), top=before.faces(">Z"))
def endless(p, cq):
    while True:
        pass
def ours(p, cq):
    from engine.errors import OrderError
    raise OrderError("wall", "too thin")
def parallel(p, cq):
    from cadquery.occ_impl import shapes
    import threading, os
    cq.Workplane().box(9, 9, 9).cut(cq.Workplane().sphere(5))
    assert shapes.Shape._bool_op.__defaults__ == (False,) and os.environ["OPENBLAS_NUM_THREADS"] == "1"
    return cq.Workplane().box(1, 1, 1)
"""


@pytest.fixture(scope="module", autouse=True)
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pathlib.Path]:
    folder = tmp_path_factory.mktemp("cad")
    (folder / "cad_drawings.py").write_text(DRAWINGS, encoding="utf-8")
    sys.path.insert(0, str(folder))
    child = shared(cad.PRELOAD, memory_mb=cad.MEMORY_MB)
    child.close()  # a server started earlier would not know the folder
    yield folder
    child.close()
    sys.path.remove(str(folder))


def built(name: str, payload: Any = None, **options: Any) -> cad.Built:
    return cad.build(f"cad_drawings:{name}", payload if payload is not None else {}, deadline=30.0, **options)


def rows_at(made: cad.Built, name: str) -> np.ndarray:
    return made.mesh.points[made.mesh.faces[made.patches[name].faces]]


def assert_closed_on_the_lattice(made: cad.Built) -> None:
    lattice = np.rint(made.mesh.points * STEPS_PER_MM).astype(np.int32)
    assert np.array_equal(lattice / STEPS_PER_MM, made.mesh.points)
    assert lat.unpaired_edges(made.mesh.faces) == (0, 0)
    assert lat.crosses(lattice, made.mesh.faces).any(axis=1).all()
    assert np.array_equal(np.unique(made.mesh.faces), np.arange(len(lattice)))
    assert len(np.unique(lattice, axis=0)) == len(lattice)


def test_a_plate_with_a_hole_and_its_patches() -> None:
    made = built("plate")
    assert_closed_on_the_lattice(made)
    assert made.told == [("h", 3.0)]
    assert made.volume_mm3 == pytest.approx(40 * 30 * 3 - np.pi * 2.5**2 * 3, rel=1e-3)
    back, top, side = (made.patches[n].plane for n in ("back", "top", "side"))
    assert back is not None and top is not None and side is not None
    assert (back.origin, back.x, back.y) == ((0.0, 0.0, -1.5), (-1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    assert (top.origin, top.x, top.y) == ((0.0, 0.0, 1.5), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    assert (side.origin, side.x, side.y) == ((20.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    assert (rows_at(made, "back")[..., 2] == -1.5).all() and (rows_at(made, "side")[..., 0] == 20.0).all()
    assert made.patches["hole"].plane is None and made.patches["both"].plane is None
    radius = np.hypot(*np.moveaxis(rows_at(made, "hole")[..., :2], -1, 0))
    assert np.allclose(radius, 2.5, atol=1e-4)
    assert len(made.patches["both"].faces) == len(made.patches["back"].faces) + len(made.patches["top"].faces)


def test_a_level_face_halfway_between_lattice_steps_stays_level() -> None:
    made = built("plate", {"h": 2 * 1.60005})
    plane = made.patches["top"].plane
    assert plane is not None and (rows_at(made, "top")[..., 2] == plane.origin[2]).all()


def test_a_slanted_plane_faces_out_and_holds_its_points() -> None:
    made = built("slanted")
    plane = made.patches["top"].plane
    assert plane is not None
    normal, origin = np.array(plane.normal), np.array(plane.origin)
    assert np.allclose(normal, [0, np.sqrt(0.75), 0.5]) and np.allclose(np.cross(normal, origin), 0, atol=1e-12)
    assert np.abs((rows_at(made, "top") - origin) @ normal).max() < 1e-4


@pytest.mark.parametrize(
    ("name", "volume"),
    [("ball", 523.6), ("ring", 1776.5), ("shell", None), ("moved", 6.0), ("mirrored", 6.0)],
)
def test_curved_and_placed_bodies_close(name: str, volume: float | None) -> None:
    made = built(name)
    assert_closed_on_the_lattice(made)
    if volume is not None:
        assert made.volume_mm3 == pytest.approx(volume, rel=2e-2)


def test_a_moved_body_is_where_it_was_moved() -> None:
    points = built("moved").mesh.points
    assert points.min(axis=0).tolist() == [0.0, 1.5, 1.5] and points.max(axis=0).tolist() == [2.0, 2.5, 4.5]


def test_the_tolerance_is_a_chord_error() -> None:
    for tolerance in (0.1, 0.005):
        points = built("ball", tolerance_mm=tolerance, angle_degrees=60.0)
        corners = points.mesh.points[points.mesh.faces]
        inwards = 5.0 - np.linalg.norm(corners.mean(axis=1), axis=1)
        assert 0.2 * tolerance < inwards.max() < 2.0 * tolerance


def test_the_same_bytes_from_another_process() -> None:
    first = built("shell")
    with Child(cad.PRELOAD, memory_mb=2000) as other:
        made = other.call("engine.doors.cad:draw", "cad_drawings:shell", {}, 0.02, np.radians(15.0).item(), "", "", deadline=60)
    assert cad.TOLERANCE_MM == 0.02 and cad.ANGLE_DEGREES == 15.0
    assert (made["lattice"] / STEPS_PER_MM).tobytes() == first.mesh.points.tobytes()
    assert made["faces"].tobytes() == first.mesh.faces.tobytes()


INVALID = [
    ("fillet_in_silence", "NOT_SOLID", "not valid"),
    ("fillet_raises", "BUILDING", "StdFail_NotDone"),
    ("loops", "NOT_SOLID", "SelfIntersectingWire"),
    ("bow_tie", "NOT_SOLID", "not valid"),
    ("two", "NOT_SOLID", "2 solids"),
    ("nothing", "NOT_SOLID", "0 solids"),
    ("a_face", "NOT_SOLID", "0 solids"),
    ("open_shell", "NOT_SOLID", "not"),
    ("inside_out", "NOT_SOLID", "inside out"),
    ("words", "NOT_SOLID", "expected a Workplane"),
    ("huge", "NOT_SOLID", "bounds"),
    ("stale", "TAG", "no face of the result"),
]


@pytest.mark.parametrize(("name", "code", "why"), INVALID, ids=[c[0] for c in INVALID])
def test_what_is_no_solid_is_said(name: str, code: str, why: str) -> None:
    with pytest.raises(cad.CadInvalid) as caught:
        built(name, template="plate", stage="front")
    assert why in caught.value.for_sender()
    assert caught.value.code == code and caught.value.stage == "front" and f"{code}: " in str(caught.value)
    if code == "BUILDING":
        line = caught.value.line
        assert line is not None and name in DRAWINGS.splitlines()[line - 1]


def test_a_hang_and_our_own_errors() -> None:
    with pytest.raises(ChildFault) as hung:
        cad.build("cad_drawings:endless", {}, deadline=0.5)
    assert hung.value.kind == "timeout" and hung.value.line is not None and hung.value.stage == "drawing"
    with pytest.raises(OrderError, match="too thin"):
        built("ours")


def test_booleans_and_blas_keep_to_one_thread() -> None:
    assert built("parallel").volume_mm3 == 1.0


def test_without_libgl_one_line_says_what_to_install(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cadquery").mkdir()
    lost = 'raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")'
    (tmp_path / "cadquery" / "__init__.py").write_text(lost, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    with Child(cad.PRELOAD) as child, pytest.raises(EnvironmentFault, match="apt-get install libgl1 libegl1") as caught:
        child.start()
    assert "\n" not in str(caught.value)


def test_importing_the_door_imports_no_cadquery() -> None:
    words = "import engine.doors.cad, sys; sys.exit('cadquery' in sys.modules or 'OCP' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", words], cwd=ROOT, check=False).returncode == 0
    assert cad.versions().startswith("cadquery 2.8.0, OCP 7.9.3")


# ---- the lattice ---------------------------------------------------------------------------------------------------------

TETRAHEDRON = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]], dtype=np.int32)


def test_noise_does_not_decide_a_tie() -> None:
    ties = np.array([[0.00005 + n, 1.60005 - n, -3.00015 + n] for n in (0.0, 1e-14, -1e-14, 4e-13)])
    assert (lat.rounded(ties) == lat.rounded(ties)[0]).all()


def test_a_side_with_points_on_it_is_cut_there_and_the_body_stays_closed() -> None:
    # the side 0-1 of one face carries two more points, joined to it by flat triangles
    lattice = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9], [3, 0, 0], [6, 0, 0]], dtype=np.int32)
    faces = np.array([[0, 2, 1], [0, 4, 3], [4, 5, 3], [5, 1, 3], [1, 2, 3], [2, 0, 3], [0, 1, 4], [4, 1, 5]], dtype=np.int32)
    assert lat.unpaired_edges(faces) == (0, 0)
    owner = np.arange(len(faces), dtype=np.int32)
    made, owners = lat.without_flat(lattice, faces, owner)
    assert lat.unpaired_edges(made) == (0, 0) and lat.crosses(lattice, made).any(axis=1).all()
    assert lat.volume(lattice, made) == lat.volume(lattice, faces) and len(made) == 8
    assert np.count_nonzero(owners == 0) == 3  # the face with the long side, in three pieces
    open_after_dropping = faces[lat.crosses(lattice, faces).any(axis=1)]
    assert lat.unpaired_edges(open_after_dropping) != (0, 0)


def test_a_sliver_that_rounding_folded_back_is_turned() -> None:
    """Two triangles of a lid share a side; the tip of the thin one lies a step beyond it."""
    lattice = np.array([[0, 0, 0], [900, 0, 0], [450, 900, 0], [450, 1, 0], [450, 300, -800]], dtype=np.int32)
    lid = [(0, 1, 2), (1, 0, 3)]
    folded = np.array([*lid, (1, 3, 4), (3, 0, 4), (2, 1, 4), (0, 2, 4)], dtype=np.int32)
    assert lat.unpaired_edges(folded) == (0, 0)
    assert [f.code for f in judged(lattice, folded)] == ["self-intersection", "coplanar-overlap"]
    made, owners = lat.without_folds(lattice, folded, np.arange(6, dtype=np.int32))
    assert judged(lattice, made) == [] and lat.volume(lattice, made) == lat.volume(lattice, folded)
    assert owners.tolist() == [0, 0, 2, 3, 4, 5]
    sharp = folded.copy()  # a wedge of nothing thin is no fold: it stays
    tall = lattice * np.array([1, 100, 1], dtype=np.int32)
    assert (lat.without_folds(tall, sharp, owners)[0] == sharp).all()


def judged(lattice: np.ndarray, faces: np.ndarray) -> list[Finding]:
    return list(verify([settle(Part("part", Mesh(lattice / STEPS_PER_MM, faces)))])[1])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.integers(-4, 4)] * 3), min_size=12, max_size=12))
def test_whatever_rounding_brings_together_a_closed_surface_stays_closed(places: list[tuple[int, int, int]]) -> None:
    """A closed surface (an icosahedron's net) on any places at all: its boundary stays empty, its volume the same."""
    pairs = [
        (0, 11, 5),
        (0, 5, 1),
        (0, 1, 7),
        (0, 7, 10),
        (0, 10, 11),
        (1, 5, 9),
        (5, 11, 4),
        (11, 10, 2),
        (10, 7, 6),
        (7, 1, 8),
    ]
    pairs += [(3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1)]
    before = np.array(pairs, dtype=np.int32)
    lattice, faces = lat.weld(np.array(places, dtype=np.int32), before)
    made, _ = lat.without_flat(lattice, faces, np.arange(20, dtype=np.int32))
    there: dict[tuple[int, int], int] = {}
    for a, b, c in made.tolist():
        for p, q in ((a, b), (b, c), (c, a)):
            there[p, q] = there.get((p, q), 0) + 1
    assert all(there.get((q, p), 0) == n for (p, q), n in there.items())
    assert lat.volume(lattice, made) == pytest.approx(lat.volume(lattice, faces), abs=1e-15)
    assert lat.crosses(lattice, made).any(axis=1).all()


def test_open_and_crowded_surfaces_are_told() -> None:
    assert lat.unpaired_edges(TETRAHEDRON) == (0, 0)
    assert lat.unpaired_edges(TETRAHEDRON[1:]) == (3, 0)
    assert lat.unpaired_edges(np.concatenate([TETRAHEDRON, TETRAHEDRON])) == (0, 24)


def fan(outline: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """A flat face with that outline, whatever its triangles do."""
    lattice = np.array([(x * 1000, y * 1000, 0) for x, y in outline], dtype=np.int32)
    return lattice, np.array([(0, k, k + 1) for k in range(1, len(outline) - 1)], dtype=np.int32)


def test_an_outline_that_crosses_itself_is_seen() -> None:
    assert not lat.outline_crosses(*fan([(0, 0), (9, 0), (9, 9), (0, 9)]))
    assert not lat.outline_crosses(*fan([(0, 0), (9, 0), (3, 3), (0, 9)]))
    assert lat.outline_crosses(*fan([(0, 0), (9, 0), (0, 9), (9, 10)]))
    lattice, faces = fan([(0, 0), (9, 0), (0, 9), (9, 10)])
    assert lat.outline_crosses(np.ascontiguousarray(lattice[:, [2, 0, 1]]), faces)


def test_a_plane_only_where_all_faces_look_the_same_way() -> None:
    lattice, faces = fan([(0, 0), (9, 0), (9, 9), (0, 9)])
    up, down = lat.level_plane(lattice, faces), lat.level_plane(lattice, faces[:, ::-1].copy())
    assert up is not None and up.normal == (0.0, 0.0, 1.0) and down is not None and down.normal == (0.0, 0.0, -1.0)
    assert lat.level_plane(lattice, np.concatenate([faces, faces[:, ::-1]])) is None
    assert lat.level_plane(lattice, faces[:0]) is None
    bent = lattice.copy()
    bent[2, 2] = 1
    assert lat.level_plane(bent, faces) is None
