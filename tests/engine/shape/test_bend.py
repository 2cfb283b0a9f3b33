"""Letters on curved patches: near the true surface, of constant depth, closed, printable; and what cannot be unrolled is refused."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from engine.doors import cad
from engine.doors.child import shared
from engine.model.mesh import STEPS_PER_MM, Part
from engine.process.limits import load_process
from engine.shape.stamp import Stamped, stamp
from engine.shape.text import outline
from engine.verify.checks import verify
from engine.verify.settle import settle

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
