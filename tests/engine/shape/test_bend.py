"""Letters on curved patches: near the true surface, of constant depth, closed, printable; and what cannot be unrolled is refused."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from engine.doors import cad
from engine.doors.child import shared
from engine.language.memory import pack, unpack
from engine.language.values import Solid
from engine.model import surface as model
from engine.model.mesh import STEPS_PER_MM, Mesh, Part, Patch
from engine.model.outline import Outline
from engine.process.limits import load_process
from engine.shape import bend
from engine.shape.printable import printable
from engine.shape.setting import Setting
from engine.shape.stamp import OffPatch, Stamped, TooCurved, covers, stamp, stamp_by_csg
from engine.shape.strokes import Widths, thinnest
from engine.shape.text import outline
from engine.verify.checks import verify
from engine.verify.delta import Certificates
from engine.verify.settle import settle
from kernels import bend as kernel

Floats = npt.NDArray[np.float64]
NAME = "Zoé 8Bo"
DRAWINGS = """
import math
class Tagged:
    def __init__(self, shape, **tags): self.shape, self.tags = shape, tags
def wall(body, radius):
    return [f for f in body.val().Faces() if f.geomType() == "CYLINDER" and abs(f._geomAdaptor().Cylinder().Radius() - radius) < 1e-6]
def pot(p, cq):
    body = cq.Workplane().circle(20).extrude(30).faces(">Z").workplane().circle(16.5).cutBlind(-26.5)
    return Tagged(body, outside=wall(body, 20), inside=wall(body, 16.5), floor=body.faces("<Z"))
def half(p, cq):
    body = cq.Workplane("XZ").moveTo(-30, 0).threePointArc((0, 12), (30, 0)).lineTo(26, 0).threePointArc((0, 8.5), (-26, 0)).close().extrude(30)
    return Tagged(body, top=body.faces(">Z"), under=[f for f in body.val().Faces() if f.geomType() == "CYLINDER"][1])
def cup(p, cq):
    body = cq.Solid.makeCone(14, 22, 40).cut(cq.Solid.makeCone(10, 18, 40).translate((0, 0, 4)))
    big = [f for f in body.Faces() if f.geomType() == "CONE"]
    big.sort(key=lambda f: -f.Area())
    return Tagged(body, outside=big[0])
def dome(p, cq):
    body = cq.Workplane().box(50, 34, 20).intersect(cq.Workplane().sphere(p["r"]).translate((0, 0, 10 - p["r"])))
    return Tagged(body, top=[f for f in body.val().Faces() if f.geomType() == "SPHERE"])
def wave(p, cq):
    rows = [[cq.Vector(6.0 * i - 30, 5.0 * j - 20, 1.2 * math.sin(0.05 * (6.0 * i - 30)) + 0.004 * (5.0 * j - 20) ** 2)
             for j in range(9)] for i in range(11)]
    top = cq.Face.makeSplineApprox(rows, tol=1e-3)
    body = cq.Solid.extrudeLinear(top, cq.Vector(0, 0, -4))
    found = max((f for f in body.Faces() if f.geomType() == "BSPLINE"), key=lambda f: f.Center().z)
    told = None
    if "points" in p:
        ask = lambda x, y, z: cq.Vertex.makeVertex(x, y, z).distance(found)
        told = [ask(*q) for q in p["points"]]
    return Tagged(body, top=found), told
def rod(p, cq):
    body = cq.Workplane().circle(2).extrude(10).union(cq.Workplane().circle(6).extrude(4).translate((0, 0, -4)))
    body = body.cut(cq.Workplane().circle(1.5).extrude(11).translate((0, 0, 0)))
    return Tagged(body, side=wall(body, 2), bore=wall(body, 1.5))
def ball(p, cq):
    body = cq.Workplane().sphere(20)
    return Tagged(body, all=body.faces())
def barrel(p, cq):
    body = cq.Workplane("XZ").moveTo(0, 0).lineTo(18, 0).threePointArc((20, 15), (18, 30)).lineTo(0, 30).close().revolve(360, (0, 0), (0, 1))
    return Tagged(body, side=[f for f in body.val().Faces() if f.geomType() not in ("PLANE",)])
def saucer(p, cq):
    body = cq.Solid.makeCone(20, 8, 10)
    return Tagged(body, both=[f for f in body.Faces() if f.geomType() == "CONE" or f.Center().z > 9])
def block(p, cq):
    body = cq.Workplane().box(40, 30, 24).edges("|Z").fillet(6)
    side = lambda name: body.faces(name).val()
    round_ones = sorted((f for f in body.val().Faces() if f.geomType() == "CYLINDER"), key=lambda f: (f.Center().y, f.Center().x))
    front, right, left, back = side("<Y"), side(">X"), side("<X"), side(">Y")
    tags = dict(corner=[front, round_ones[1], right], all_round=[front, *round_ones, right, left, back],
                apart=[front, back], sharp=[front, body.faces(">Z").val()])
    return Tagged(body, **{p["tag"]: tags[p["tag"]]})
"""


@pytest.fixture(scope="module", autouse=True)
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("curved")
    (folder / "curved_drawings.py").write_text(DRAWINGS, encoding="utf-8")
    sys.path.insert(0, str(folder))
    child = shared(cad.PRELOAD, memory_mb=cad.MEMORY_MB)
    child.close()
    yield
    child.close()
    sys.path.remove(str(folder))


KNOWN: dict[str, cad.Built] = {}


def built(name: str, **payload: Any) -> cad.Built:
    key = f"{name} {payload}"
    if key not in KNOWN:
        KNOWN[key] = cad.build(f"curved_drawings:{name}", payload, deadline=60.0)
    return KNOWN[key]


def sampled(stamped: Stamped, name: str) -> Floats:
    """Points (k, 3) all over the triangles of a patch, its corners first."""
    corners = stamped.mesh.points[stamped.mesh.faces[stamped.patches[name].faces]]
    weights = np.random.default_rng(1).dirichlet((1.0, 1.0, 1.0), 25)
    within = np.einsum("wc,tcx->wtx", weights, corners).reshape(-1, 3)
    return np.concatenate((corners.reshape(-1, 3), within))


def round_z(radius: float) -> Callable[[Floats], Floats]:
    return lambda p: np.hypot(p[:, 0], p[:, 1]) - radius


def cone(p: Floats) -> Floats:
    """Signed distance from the outside of the cup, outward: radius 14 at z = 0, 22 at z = 40."""
    length = math.hypot(8.0, 40.0)
    return (np.hypot(p[:, 0], p[:, 1]) - 14.0 - 0.2 * p[:, 2]) * 40.0 / length


def arch(p: Floats) -> Floats:
    """Outward from the top of `half`: a circle through (-30, 0), (0, 12), (30, 0)."""
    radius = (30.0**2 + 12.0**2) / 24.0
    return np.hypot(p[:, 0], p[:, 2] - (12.0 - radius)) - radius


def block(p: Floats) -> Floats:
    """Outward from the walls of the block: a rectangle with round corners."""
    x, y = np.abs(p[:, 0]) - 14.0, np.abs(p[:, 1]) - 9.0
    return np.hypot(np.maximum(x, 0.0), np.maximum(y, 0.0)) + np.minimum(np.maximum(x, y), 0.0) - 6.0


def dome(p: Floats) -> Floats:
    return np.sqrt(p[:, 0] ** 2 + p[:, 1] ** 2 + (p[:, 2] + 140.0) ** 2) - 150.0


CASES: dict[str, tuple[str, dict[str, Any], str, float, float, Callable[[Floats], Floats]]] = {
    "convex": ("pot", {}, "outside", 8.0, 0.6, round_z(20.0)),
    "concave": ("pot", {}, "inside", 7.0, 0.6, lambda p: -round_z(16.5)(p)),
    "arch": ("half", {}, "top", 8.0, 0.6, arch),
    "cone": ("cup", {}, "outside", 7.0, 0.8, cone),
    "dome": ("dome", {"r": 150.0}, "top", 7.0, 0.6, dome),
    "corner": ("block", {"tag": "corner"}, "corner", 9.0, 0.6, block),
    "all round": ("block", {"tag": "all_round"}, "all_round", 9.0, 0.6, block),
}


@pytest.mark.parametrize("raised", [False, True], ids=["engraved", "embossed"])
@pytest.mark.parametrize("case", CASES)
def test_letters_lie_on_the_true_surface_and_go_equally_deep(case: str, raised: bool) -> None:
    name, payload, patch, height, depth, away = CASES[case]
    body = built(name, **payload)
    made = stamp(body.mesh, body.patches, patch, outline(NAME, font="roboto-bold", height=height), depth, emboss=raised)
    assert np.abs(away(sampled(made, patch))).max() <= 0.010
    assert np.abs(away(sampled(made, f"{patch}.floor")) - (depth if raised else -depth)).max() <= 0.020
    walls = away(sampled(made, f"{patch}.sides"))
    assert walls.min() >= -0.010 - (0.0 if raised else depth) and walls.max() <= 0.010 + (depth if raised else 0.0)
    assert_printable(made)
    assert_kept(body, made)


@pytest.mark.parametrize("raised", [False, True], ids=["engraved", "embossed"])
@pytest.mark.parametrize("case, radius", [("convex", 20.0), ("concave", 16.5)])
@pytest.mark.parametrize("name", ["AX", "KX", "WAX"])
def test_feet_on_one_line_are_thin_on_a_curve_as_in_the_plane(name: str, case: str, radius: float, raised: bool) -> None:
    """As the font sets them a hair is left between the letters, on the curve too; what the plane calls printable, there is."""
    drawing, payload, patch, _, depth, _ = CASES[case]
    body, process, font, height = built(drawing, **payload), load_process("mjf-pa12"), "roboto-bold", 7.0
    # what the curve draws together between its surface and the letters' other end
    narrowed = 1.0 - depth / radius
    limits = Widths.of(process, raised=raised)
    widths = Widths(limits.stroke / narrowed, limits.space / narrowed)
    tight, made = outline(name, font=font, height=height), printable(Setting(name, font, height), widths)
    plane = thinnest(tight, limits)
    assert plane is not None and not plane.stroke and made is not None
    for letters, thin in ((tight, True), (made.outline, False)):
        stamped = stamp(body.mesh, body.patches, patch, letters, depth, emboss=raised)
        findings = verify([settle(Part("body", stamped.mesh, stamped.patches))], process)[1]
        told = [f for f in findings if f.code in ("thin-letter", "thin-wall", "narrow-gap")]
        assert bool(told) is thin
        if thin:
            assert told[0].code == "thin-letter"
            assert narrowed * plane.width - 1e-3 <= told[0].value <= plane.width / narrowed + 1e-3


def assert_printable(made: Stamped) -> None:
    lattice = np.rint(made.mesh.points * STEPS_PER_MM)
    assert np.array_equal(lattice / STEPS_PER_MM, made.mesh.points)
    process = load_process("fdm-pla")
    _, findings, figures = verify([settle(Part("body", made.mesh, made.patches))], process)
    assert not [f for f in findings if f.code not in ("thin-letter", "thin-wall", "off-bed")], findings
    assert figures["shells"] == 1 and figures["crossing_pairs"] == 0


def assert_kept(body: cad.Built, made: Stamped) -> None:
    """What is not of the patch leads, unchanged."""
    kept = made.mesh.kept
    assert kept is not None and kept.faces < len(made.mesh.faces)
    before = body.mesh.points[body.mesh.faces]
    after = made.mesh.points[made.mesh.faces[: kept.faces]]
    rows = {t.tobytes() for t in before}
    assert all(t.tobytes() in rows for t in after)


def test_what_leaves_the_patch_is_off_it_and_what_fits_is_not() -> None:
    body = built("pot")
    around = 2 * math.pi * 20.0
    for width, fits in ((around - 2.0, True), (around + 0.1, False)):
        bar = rectangle(-width / 2, -5.0, width / 2, 5.0)
        assert covers(body.mesh, body.patches, "outside", bar) is fits
    for height, fits in ((29.9, True), (30.0, False)):
        bar = rectangle(-5.0, -height / 2, 5.0, height / 2)
        assert covers(body.mesh, body.patches, "outside", bar) is fits
        if not fits:
            with pytest.raises(OffPatch, match="leaves patch 'outside'"):
                stamp(body.mesh, body.patches, "outside", bar, 0.5)
    with pytest.raises(OffPatch) as off:
        stamp(body.mesh, body.patches, "outside", rectangle(-5.0, 5.0, 5.0, 18.0), 0.5)
    assert off.value.beyond == pytest.approx(3.0, abs=0.01)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> Outline:
    corners = np.rint(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]) * STEPS_PER_MM)
    return Outline(corners.astype(np.int32), np.array([4], np.int32))


def test_a_bar_takes_away_and_adds_what_it_should() -> None:
    """A block of `angle` about the axis: its volume is angle / 2 times the difference of the squared radii times its height."""
    body = built("pot")
    bar = rectangle(-15.0, -6.0, 15.0, 6.0)
    for patch, radius, way in (("outside", 20.0, 1.0), ("inside", 16.5, -1.0)):
        for raised in (False, True):
            made = stamp(body.mesh, body.patches, patch, bar, 0.8, emboss=raised)
            other = radius + way * (0.8 if raised else -0.8)
            expected = abs(other**2 - radius**2) / 2.0 * (30.0 / radius) * 12.0 * (1.0 if raised else -1.0)
            assert volume(made.mesh) - volume(body.mesh) == pytest.approx(
                expected, rel=1e-2
            )  # the patch beside it comes nearer its surface, too


def volume(mesh: Mesh) -> float:
    a, b, c = (mesh.points[mesh.faces[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6.0)


def test_letters_all_within_one_triangle_of_the_patch_and_islands_in_holes() -> None:
    body = built("block", tag="corner")
    loops = [rectangle(a, -b, c, b).points for a, b, c in ((-0.3, 0.3, 0.3), (-0.2, 0.2, 0.2), (-0.1, 0.1, 0.1))]
    loops[1] = loops[1][::-1]
    nested = Outline(np.concatenate(loops) + np.array((-61234, 5432), np.int32), np.array([4, 8, 12], np.int32))
    made = stamp(body.mesh, body.patches, "corner", nested, 0.4)
    assert volume(made.mesh) - volume(body.mesh) == pytest.approx(-0.4 * (0.36 - 0.16 + 0.04), rel=1e-2)
    assert verify([settle(Part("body", made.mesh, made.patches))], load_process("fdm-pla"))[2]["crossing_pairs"] == 0


def test_a_second_stamp_on_what_is_left() -> None:
    body = built("pot")
    first = stamp(body.mesh, body.patches, "outside", rectangle(-20.0, -4.0, -10.0, 4.0), 0.6)
    second = stamp(first.mesh, first.patches, "outside", outline("Bo", font="roboto-bold", height=7.0), 0.6, emboss=True)
    assert "outside.floor.2" in second.patches
    assert np.abs(round_z(20.0)(sampled(second, "outside"))).max() <= 0.010
    assert np.abs(round_z(20.6)(sampled(second, "outside.floor.2"))).max() <= 0.020
    assert_printable(second)
    with pytest.raises(OffPatch):
        stamp(first.mesh, first.patches, "outside", rectangle(-12.0, -1.0, 0.0, 1.0), 0.6)


def test_a_curve_narrower_than_the_letters_are_deep_is_refused() -> None:
    body = built("rod")
    bar = rectangle(-1.0, -4.0, 1.0, 4.0)
    with pytest.raises(TooCurved) as curved:
        stamp(body.mesh, body.patches, "side", bar, 1.1)
    assert curved.value.deepest == pytest.approx(1.0, rel=0.02)
    stamp(body.mesh, body.patches, "side", bar, 0.9)
    stamp(body.mesh, body.patches, "side", bar, 5.0, emboss=True)  # outward there is room
    with pytest.raises(TooCurved):
        stamp(body.mesh, body.patches, "bore", bar, 0.9, emboss=True)


@pytest.mark.parametrize(
    ("drawing", "payload", "patch", "why"),
    [
        ("dome", {"r": 31.0}, "top", "too strongly curved both ways: letters would be stretched"),
        ("ball", {}, "all", "too strongly curved both ways"),
        ("barrel", {}, "side", "doubly curved and closes on itself"),
        ("block", {"tag": "apart"}, "apart", "do not hang together"),
        ("block", {"tag": "sharp"}, "sharp", "meet at an angle"),
        ("saucer", {}, "both", "do not lie flat beside each other"),
    ],
)
def test_what_cannot_be_unrolled_says_why(drawing: str, payload: dict[str, Any], patch: str, why: str) -> None:
    body = built(drawing, **payload)
    with pytest.raises(ValueError, match=why):
        stamp(body.mesh, body.patches, patch, rectangle(-1.0, -1.0, 1.0, 1.0), 0.3)


def test_a_curved_patch_of_unknown_surface_and_a_prism_on_a_curve_are_refused() -> None:
    body = built("pot")
    bare = {name: replace(patch, surface=None) for name, patch in body.patches.items()}
    with pytest.raises(ValueError, match="nothing is known of its surface"):
        stamp(body.mesh, bare, "outside", rectangle(-1.0, -1.0, 1.0, 1.0), 0.3)
    with pytest.raises(ValueError, match="is curved"):
        stamp_by_csg(body.mesh, body.patches, "outside", rectangle(-1.0, -1.0, 1.0, 1.0), 0.3)
    surface = body.patches["outside"].surface
    assert surface is not None
    wider = replace(surface, pieces=surface.pieces + np.eye(21)[2] * 0.01)
    moved = {**body.patches, "outside": replace(body.patches["outside"], surface=wider)}
    with pytest.raises(ValueError, match="do not lie on its surface"):
        stamp(body.mesh, moved, "outside", rectangle(-1.0, -1.0, 1.0, 1.0), 0.3)


def test_the_short_verdict_on_bent_letters_is_the_full_one() -> None:
    body, known, process = built("pot"), Certificates(), load_process("fdm-pla")
    for text in ("Ann", "Bob", "Zoé", "8&B", "Ann"):
        made = stamp(body.mesh, body.patches, "outside", outline(text, font="roboto-bold", height=9.0), 0.6)
        part = settle(Part("body", made.mesh, made.patches))
        short, full = verify([part], process, known), verify([part], process)
        assert short[1:] == full[1:]
    rest = known.of(part.kept, part.lattice, part.faces)
    assert rest is not None and rest.rest is not None


def test_a_solid_with_surfaces_is_kept_whole_on_disk() -> None:
    for drawing in ("pot", "wave"):
        body = built(drawing)
        solid = unpack(pack(Solid(body.mesh, body.patches)))
        assert pack(solid) == pack(Solid(body.mesh, body.patches))
        for name, patch in body.patches.items():
            mine, its = patch.surface, solid.patches[name].surface
            assert (mine is None) == (its is None)
            if mine is not None and its is not None:
                assert all(np.array_equal(getattr(mine, f), getattr(its, f)) for f in ("pieces", "owner", "net"))


def test_a_spline_face_curved_gently_both_ways() -> None:
    body = built("wave")
    for raised in (False, True):
        made = stamp(body.mesh, body.patches, "top", outline(NAME, font="roboto-bold", height=8.0), 0.5, emboss=raised)
        assert_printable(made)
        assert_kept(body, made)
        for patch, height in (("top", 0.0), ("top.floor", 0.5)):
            corners = len(made.patches[patch].faces) * 3
            points = sampled(made, patch)
            some = np.concatenate((points[:corners:7], points[corners::97]))
            away = np.array(cad.build("curved_drawings:wave", {"points": some.tolist()}, deadline=60.0).told)
            assert np.abs(away - height).max() <= (0.020 if height else 0.010)


def test_the_kinds_of_pieces_are_the_kernels() -> None:
    kinds = ("PLANE", "CYLINDER", "CONE", "NET")
    assert [getattr(model, k) for k in kinds] == [getattr(kernel, k) for k in kinds]


def ear(sunk: float) -> tuple[model.Surface, npt.NDArray[np.int32], Floats, npt.NDArray[np.int32]]:
    """Three places of a border, nearly on a line, with a fourth far inside; `sunk`: steps that rounding moves the middle one inward."""
    plane = np.zeros(model.PIECE)
    plane[[0, 1, 17]] = model.PLANE, 1.0, 1.0
    plane[8:17] = np.eye(3).ravel()
    points = np.array([[0, 0], [50, -1], [100, 0], [50, 1000]], np.int32)
    own = np.column_stack((points, np.zeros(4))) / STEPS_PER_MM
    own[1, 1] += sunk / STEPS_PER_MM
    return (
        model.Surface(plane[None], np.zeros(2, np.int32), np.zeros((0, 0, 4, 3))),
        points,
        own,
        np.array([[0, 1, 2], [0, 2, 3]], np.int32),
    )


def test_an_ear_that_rounding_turned_is_divided_the_other_way() -> None:
    def righted(sunk: float) -> list[list[int]]:
        laid, points, own, triangles = ear(sunk)
        some = np.array([0, 0, 0, 1], np.int32)
        return bend._righted(model_patch(), laid, points, own, triangles, some).tolist()

    assert righted(0.0) == [[0, 1, 2], [0, 2, 3]]
    assert sorted(sorted(t) for t in righted(2.0)) == [[0, 1, 3], [1, 2, 3]]
    with pytest.raises(ValueError, match="look outward"):
        righted(1500.0)


def model_patch() -> Patch:
    return Patch("back", np.arange(2, dtype=np.int32), None)
