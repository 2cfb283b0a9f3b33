"""Letters cut through walls that are curved: both sides near their true surface, closed, of the right volume; or refused, and why."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from engine.doors import cad
from engine.doors.child import shared
from engine.errors import Refused
from engine.language.values import Letters, Solid, Text
from engine.model.mesh import STEPS_PER_MM, Mesh, Part, Patch, Role
from engine.model.outline import Outline
from engine.process.limits import load_process
from engine.shape.stamp import OffPatch, Stamped, TooCurved, stamp
from engine.shape.text import outline
from engine.shape.through import cut_through
from engine.verify.checks import verify
from engine.verify.delta import Certificates
from engine.verify.settle import settle

Floats = npt.NDArray[np.float64]
PLA = load_process("fdm-pla")
DRAWINGS = """
class Tagged:
    def __init__(self, shape, **tags): self.shape, self.tags = shape, tags
def of(body, kind, *at):
    found = [f for f in body.Faces() if f.geomType() == kind]
    return sorted(found, key=lambda f: -f.Area())
def tube(p, cq):
    body = cq.Workplane().circle(20).extrude(30).cut(cq.Workplane().center(p["off"], 0).circle(p["bore"]).extrude(30))
    out, bore = of(body.val(), "CYLINDER")
    return Tagged(body, out=out, bore=bore, top=body.faces(">Z"))
def cone(p, cq):
    body = cq.Solid.makeCone(14, 22, 40).cut(cq.Solid.makeCone(11, 19, 40))
    out, bore = of(body, "CONE")
    return Tagged(body, out=out, bore=bore)
def box(p, cq):
    body = cq.Workplane().box(40, 30, 24).edges("|Z").fillet(6).cut(cq.Workplane().box(36, 26, 24).edges("|Z").fillet(4))
    walls = lambda names, far: [f for n in names for f in body.faces(n).vals()]
    flat = lambda axis, at: [f for f in body.val().Faces() if f.geomType() == "PLANE" and abs(getattr(f.Center(), axis) - at) < 1e-6]
    round_one = lambda r: [f for f in body.val().Faces() if f.geomType() == "CYLINDER" and abs(f._geomAdaptor().Cylinder().Radius() - r) < 1e-6
                           and f.Center().x > 0 and f.Center().y < 0]
    return Tagged(body, out=flat("y", -15) + round_one(6) + flat("x", 20), bore=flat("y", -13) + round_one(4) + flat("x", 18))
def dome(p, cq):
    body = cq.Workplane().box(50, 34, 20).intersect(cq.Workplane().sphere(150).translate((0, 0, 10 - 150)))
    body = body.cut(cq.Workplane().box(90, 90, 40).translate((0, 0, -14)).rotate((0, 0, 6), (0, 1, 6), p.get("tilt", 0)))
    return Tagged(body, out=of(body.val(), "SPHERE"), bore=of(body.val(), "PLANE")[0])
def vault(p, cq):
    body = cq.Workplane().box(50, 34, 8).cut(cq.Workplane("XZ").center(0, -44).circle(46).extrude(34, both=True))
    return Tagged(body, out=body.faces(">Z"), bore=of(body.val(), "CYLINDER"), end=body.faces(">Y"))
"""


@pytest.fixture(scope="module", autouse=True)
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("pierced")
    (folder / "pierced_drawings.py").write_text(DRAWINGS, encoding="utf-8")
    sys.path.insert(0, str(folder))
    child = shared(cad.PRELOAD, memory_mb=cad.MEMORY_MB)
    child.close()
    yield
    child.close()
    sys.path.remove(str(folder))


KNOWN: dict[str, cad.Built] = {}


def built(name: str, **payload: float) -> cad.Built:
    key = f"{name} {payload}"
    if key not in KNOWN:
        KNOWN[key] = cad.build(f"pierced_drawings:{name}", payload, deadline=60.0)
    return KNOWN[key]


def tube(bore: float = 17.5, off: float = 0.0) -> cad.Built:
    return built("tube", bore=bore, off=off)


def stencilled(text: str, height: float, narrowed: float) -> Letters:
    return Text(text, "name", lambda _: None).outlines(height=height).printable(PLA, "cut", narrowed)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> Outline:
    corners = np.rint(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]) * STEPS_PER_MM)
    return Outline(corners.astype(np.int32), np.array([4], np.int32))


def sampled(mesh: Mesh, patch: Patch) -> Floats:
    """Points (k, 3) all over the triangles of a patch."""
    corners = mesh.points[mesh.faces[patch.faces]]
    weights = np.concatenate((np.eye(3), np.random.default_rng(1).dirichlet((1.0, 1.0, 1.0), 25)))
    return np.einsum("wc,tcx->wtx", weights, corners).reshape(-1, 3)


def volume(mesh: Mesh) -> float:
    a, b, c = (mesh.points[mesh.faces[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6.0)


def assert_sound(made: Stamped) -> None:
    """Closed, on the lattice, in one piece, and printable but for what these bodies are too thin for."""
    edges = Counter((t[k], t[(k + 1) % 3]) for t in made.mesh.faces.tolist() for k in range(3))
    assert max(edges.values()) == 1 and all((b, a) in edges for a, b in edges)
    assert np.array_equal(np.rint(made.mesh.points * STEPS_PER_MM) / STEPS_PER_MM, made.mesh.points)
    assert len(np.unique(made.mesh.faces)) == len(made.mesh.points)
    _, findings, figures = verify([settle(Part("body", made.mesh, made.patches))], PLA)
    assert not [f for f in findings if f.severity == "error" and f.code != "off-bed"], findings
    assert figures["shells"] == 1 and figures["crossing_pairs"] == 0


def round_z(radius: float) -> Callable[[Floats], Floats]:
    return lambda p: np.hypot(p[:, 0], p[:, 1]) - radius


def slanted(base: float) -> Callable[[Floats], Floats]:
    """Distance from a cone that is `base` wide at z = 0 and opens by 0.2."""
    return lambda p: (np.hypot(p[:, 0], p[:, 1]) - base - 0.2 * p[:, 2]) / math.hypot(1.0, 0.2)


def walled(half_x: float, half_y: float, round_by: float) -> Callable[[Floats], Floats]:
    def away(p: Floats) -> Floats:
        x, y = np.abs(p[:, 0]) - (half_x - round_by), np.abs(p[:, 1]) - (half_y - round_by)
        return np.hypot(np.maximum(x, 0.0), np.maximum(y, 0.0)) + np.minimum(np.maximum(x, y), 0.0) - round_by

    return away


CASES: dict[str, tuple[str, Mapping[str, float], float, float, Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "tube": ("tube", {"bore": 17.5, "off": 0.0}, 12.0, 0.875, round_z(20.0), round_z(17.5)),
    "eccentric": (
        "tube",
        {"bore": 16.0, "off": 1.5},
        12.0,
        0.74,
        round_z(20.0),
        lambda p: np.hypot(p[:, 0] - 1.5, p[:, 1]) - 16.0,
    ),
    "cone": ("cone", {}, 12.0, 0.75, slanted(14.0), slanted(11.0)),
    "corner": ("box", {}, 12.0, 0.6, walled(20.0, 15.0, 6.0), walled(18.0, 13.0, 4.0)),
    "dome": (
        "dome",
        {},
        12.0,
        0.95,
        lambda p: np.sqrt(p[:, 0] ** 2 + p[:, 1] ** 2 + (p[:, 2] + 140.0) ** 2) - 150.0,
        lambda p: p[:, 2] - 6.0,
    ),
    "vault": ("vault", {}, 12.0, 0.95, lambda p: p[:, 2] - 4.0, lambda p: np.hypot(p[:, 0], p[:, 2] + 44.0) - 46.0),
}


@pytest.mark.parametrize("case", CASES)
def test_both_sides_lie_on_their_true_surfaces_and_the_body_is_whole(case: str) -> None:
    name, payload, height, narrowed, out, bore = CASES[case]
    body = built(name, **payload)
    made = cut_through(body.mesh, body.patches, "out", "bore", stencilled("BoA8", height, narrowed).outline)
    assert np.abs(out(sampled(made.mesh, made.patches["out"]))).max() <= 0.010
    assert np.abs(bore(sampled(made.mesh, made.patches["bore"]))).max() <= 0.010
    walls = made.patches["out.through"]
    assert walls.role is Role.OPENING
    points = sampled(made.mesh, walls)
    assert out(points).max() <= 0.010 and bore(points).min() >= -0.010
    assert np.abs(out(points)).min() <= 1e-4 and np.abs(bore(points)).min() <= 1e-4
    assert_sound(made)
    kept = made.mesh.kept
    assert kept is not None
    rows = {t.tobytes() for t in body.mesh.points[body.mesh.faces]}
    assert all(t.tobytes() in rows for t in made.mesh.points[made.mesh.faces[: kept.faces]])


def test_a_bar_through_a_tube_takes_the_sector_that_it_should() -> None:
    body = tube()
    made = cut_through(body.mesh, body.patches, "out", "bore", rectangle(-15.0, -6.0, 15.0, 6.0))
    expected = (30.0 / 20.0) * (20.0**2 - 17.5**2) / 2.0 * 12.0
    assert volume(body.mesh) - volume(made.mesh) == pytest.approx(expected, rel=2e-3)
    walls = sampled(made.mesh, made.patches["out.through"])
    ends = walls[np.abs(walls[:, 2] - 15.0) < 5.99]
    assert np.abs(np.abs(np.arctan2(ends[:, 0], -ends[:, 1])) - 0.75).max() < 1e-4  # the ends run along the radius


def test_a_bar_through_a_cone_takes_what_its_normals_sweep() -> None:
    """Along the normals a cone's lengths round its axis shrink as its radius does; those up its side stay."""
    body, thick = built("cone"), 3.0 * math.cos(math.atan(0.2))
    made = cut_through(body.mesh, body.patches, "out", "bore", rectangle(-8.0, -5.0, 8.0, 5.0))
    removed = sampled(made.mesh, made.patches["out.through"])
    sine, cosine = math.sin(math.atan(0.2)), math.cos(math.atan(0.2))
    slant = np.hypot(np.hypot(removed[:, 0], removed[:, 1]), removed[:, 2] + 70.0)
    x, y = np.meshgrid(np.linspace(-8.0, 8.0, 101), np.linspace(-5.0, 5.0, 101))
    middle = (slant.min() + slant.max()) / 2.0
    expected = 160.0 * thick - thick**2 / 2.0 * cosine / sine * 160.0 * float((1.0 / np.hypot(x, y + middle)).mean())
    assert volume(body.mesh) - volume(made.mesh) == pytest.approx(expected, rel=4e-3)


def test_letters_from_the_inside_out_and_beside_what_is_stamped_and_cut_already() -> None:
    body = tube()
    made = cut_through(body.mesh, body.patches, "bore", "out", rectangle(-8.0, -5.0, 2.0, 5.0))
    assert_sound(made)
    solid = Solid(made.mesh, made.patches).engrave(rectangle(12.0, -4.0, 16.0, 4.0), on="out", depth=0.6)
    again = cut_through(solid.mesh, solid.patches, "bore", "out", rectangle(16.0, -5.0, 26.0, 5.0))
    assert {"bore.through", "bore.through.2", "out.floor"} <= set(again.patches)
    assert np.abs(round_z(20.0)(sampled(again.mesh, again.patches["out"]))).max() <= 0.010
    assert_sound(again)


def test_long_strokes_where_a_stamp_left_triangles_of_our_own() -> None:
    """A long triangle of the grid beside a long stroke: two dozen points, all but in two lines, take many exchanges of diagonals."""
    body = tube()
    first = stamp(body.mesh, body.patches, "bore", rectangle(-5.0, 9.0, 5.0, 11.0), 0.5)
    second = stamp(first.mesh, first.patches, "bore", stencilled("MM", 12.0, 0.875).outline, 0.5)
    assert np.abs(round_z(17.5)(sampled(second.mesh, second.patches["bore"]))).max() <= 0.010


def test_the_short_verdict_on_letters_that_are_cut_through_is_the_full_one() -> None:
    body, known = tube(), Certificates()
    for text in ("Ann", "Bob", "8&B", "Ann"):
        made = cut_through(body.mesh, body.patches, "out", "bore", stencilled(text, 12.0, 0.875).outline)
        part = settle(Part("body", made.mesh, made.patches))
        assert verify([part], PLA, known)[1:] == verify([part], PLA)[1:]
    rest = known.of(part.kept, part.lattice, part.faces)
    assert rest is not None and rest.rest is not None


def test_letters_that_leave_a_side_are_told_the_height_that_fits_both() -> None:
    body = tube()
    letters = stencilled("MM", 24.0, 0.875)
    blocked = stamp(body.mesh, body.patches, "bore", rectangle(-25.0, 9.0, 25.0, 11.0), 0.5)
    solid = Solid(blocked.mesh, blocked.patches)
    with pytest.raises(Refused) as told:
        solid.cut(letters, on="out", behind="bore")
    assert told.value.rule == "text-on-patch" and "the letters leave the bore" in str(told.value)
    fitting = float(str(told.value.nearest).split()[1])
    assert 15.0 < fitting < 18.5
    solid.cut(letters.at_height(fitting), on="out", behind="bore")
    with pytest.raises(OffPatch, match="'out'"):
        cut_through(body.mesh, body.patches, "out", "bore", rectangle(-5.0, -16.0, 5.0, 5.0))
    with pytest.raises(ValueError, match="leaves patch 'bore'"):
        solid.cut(rectangle(-5.0, 0.0, 5.0, 12.0), on="out", behind="bore")


def test_a_wall_thicker_than_half_the_radius_is_refused() -> None:
    thick = tube(bore=9.0)
    with pytest.raises(TooCurved) as curved:
        cut_through(thick.mesh, thick.patches, "out", "bore", rectangle(-3.0, -3.0, 3.0, 3.0))
    assert curved.value.deepest == pytest.approx(10.0, rel=0.02)
    solid = Solid(thick.mesh, thick.patches)
    with pytest.raises(Refused, match="curved too narrowly"):
        solid.cut(stencilled("Bo", 12.0, 0.45), on="out", behind="bore")
    with pytest.raises(ValueError, match="curved too narrowly"):
        solid.cut(rectangle(-3.0, -3.0, 3.0, 3.0), on="out", behind="bore")
    cut_through(thick.mesh, thick.patches, "bore", "out", rectangle(-3.0, -3.0, 3.0, 3.0))  # outward nothing narrows


def test_what_would_fall_out_is_refused_on_planes_too() -> None:
    for body in (tube(), built("vault")):
        with pytest.raises(ValueError, match="2 pieces of the out would fall out"):
            Solid(body.mesh, body.patches).cut(outline("B", font="roboto-bold", height=9.0), on="out", behind="bore")


@pytest.mark.parametrize(
    ("name", "payload", "behind", "why"),
    [
        ("tube", {"bore": 17.5, "off": 0.0}, "top", "does not lie behind 'out'"),
        ("tube", {"bore": 17.5, "off": 0.0}, "out", "does not lie behind itself"),
        ("tube", {"bore": 17.5, "off": 0.0}, "lid", "no patch 'lid'"),
        ("vault", {}, "end", "not the two faces of a wall"),
        ("dome", {"tilt": 3.0}, "bore", "askew to the lattice"),
    ],
)
def test_patches_that_are_no_pair(name: str, payload: dict[str, float], behind: str, why: str) -> None:
    body = built(name, **payload)
    with pytest.raises(ValueError, match=why):
        cut_through(body.mesh, body.patches, "out", behind, rectangle(-3.0, -3.0, 3.0, 3.0))


def test_an_outline_across_the_far_side_s_own_cut_is_refused() -> None:
    """The outside is made to look the other way, so that the bore, which closes on itself, is cut open right behind it."""
    body = tube()
    surface = body.patches["out"].surface
    assert surface is not None
    pieces = surface.pieces.copy()
    pieces[0, 8:14] *= -1.0
    turned = {**body.patches, "out": replace(body.patches["out"], surface=replace(surface, pieces=pieces))}
    with pytest.raises((ValueError, OffPatch), match=r"no clean outline|leaves patch 'bore'"):
        cut_through(body.mesh, turned, "out", "bore", rectangle(-3.0, -3.0, 3.0, 3.0))


def test_nothing_to_cut_changes_nothing() -> None:
    body = tube()
    empty = Outline(np.empty((0, 2), dtype=np.int32), np.empty(0, dtype=np.int32))
    assert cut_through(body.mesh, body.patches, "out", "bore", empty).mesh is body.mesh
