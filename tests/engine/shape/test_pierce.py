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
from engine.language.values import Letters, Solid, Text
from engine.model.mesh import STEPS_PER_MM, Mesh, Part, Patch, Role
from engine.model.outline import Outline
from engine.process.limits import load_process
from engine.shape import stencil
from engine.shape.stamp import OffPatch, Stamped, TooCurved, stamp
from engine.shape.text import outline
from engine.shape.through import cut_through
from engine.verify.checks import verify
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
    body = body.cut(cq.Workplane().box(50, 34, 16).translate((0, 0, -2)))
    return Tagged(body, out=of(body.val(), "SPHERE"), bore=body.faces("<Z"))
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
    "eccentric": ("tube", {"bore": 16.0, "off": 1.5}, 12.0, 0.74, round_z(20.0), lambda p: np.hypot(p[:, 0] - 1.5, p[:, 1]) - 16.0),
    "cone": ("cone", {}, 12.0, 0.75, slanted(14.0), slanted(11.0)),
    "corner": ("box", {}, 12.0, 0.6, walled(20.0, 15.0, 6.0), walled(18.0, 13.0, 4.0)),
    "dome": ("dome", {}, 12.0, 0.95, lambda p: np.sqrt(p[:, 0] ** 2 + p[:, 1] ** 2 + (p[:, 2] + 140.0) ** 2) - 150.0, lambda p: p[:, 2] - 6.0),
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
