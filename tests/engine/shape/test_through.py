"""Cutting through a wall: exact, closed, both patches less the outline; and every pair that is none is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from engine.language.figures import pattern
from engine.language.values import Solid
from engine.model.mesh import Mesh, Patch, Plane, Role
from engine.model.outline import Outline
from engine.model.rounded import Rounded
from engine.process.limits import load_process
from engine.shape.stamp import OffPatch, stamp
from engine.shape.text import outline
from engine.shape.through import cut_through
from engine.verify.checks import verify
from engine.verify.settle import settle
from kernels.loops import twice_areas

STEPS = 10_000
TOP = Plane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
BOTTOM = Plane((0.0, 0.0, -2.0), (-1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
TURNS = {
    "as drawn": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "upright": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "on its side": ((0, 0, 1), (1, 0, 0), (0, 1, 0)),
}


def plate(turn: str = "as drawn", inner: bool = False) -> tuple[Mesh, Mapping[str, Patch]]:
    """A plate 60 x 40 x 2 mm; with `inner`, the bottom has a point in its middle, which a cut takes away."""
    corners = [(x, y, z) for z in (-2.0, 0.0) for y in (-20.0, 20.0) for x in (-30.0, 30.0)]
    quads = ((4, 5, 7, 6), (0, 1, 5, 4), (1, 3, 7, 5), (3, 2, 6, 7), (2, 0, 4, 6))
    faces = [face for a, b, c, d in quads for face in ((a, b, c), (a, c, d))]
    rim = (0, 2, 3, 1)
    if inner:
        # first of all points, so that every row behind it moves when it goes
        corners = [(0.0, 0.0, -2.0), *corners]
        faces = [tuple(i + 1 for i in face) for face in faces]
        faces += [(rim[k] + 1, rim[(k + 1) % 4] + 1, 0) for k in range(4)]
    else:
        faces += [(0, 2, 3), (0, 3, 1)]
    bottom = np.arange(10, len(faces), dtype=np.int32)
    turned = np.array(corners) @ np.array(TURNS[turn], dtype=float).T

    def plane(flat: Plane) -> Plane:
        rows = [tuple((np.array(TURNS[turn], dtype=float) @ np.array(v) + 0.0).tolist()) for v in (flat.origin, flat.x, flat.y)]
        return Plane(*rows)

    patches = {
        "top": Patch("top", np.array([0, 1], dtype=np.int32), plane(TOP)),
        "bottom": Patch("bottom", bottom, plane(BOTTOM)),
        "side": Patch("side", np.array([2, 3], dtype=np.int32)),
        "all flat": Patch("all flat", np.concatenate(([0, 1], bottom))),
    }
    return Mesh(turned, np.array(faces, dtype=np.int32)), patches


def six_volumes(mesh: Mesh) -> int:
    points = np.rint(mesh.points * STEPS).astype(np.int64).astype(object)
    return sum(int(np.dot(points[a], np.cross(points[b], points[c]))) for a, b, c in mesh.faces)


def area2(drawn: Outline) -> int:
    told = np.empty(len(drawn.ends), np.int64)
    twice_areas(drawn.points, drawn.ends, told)
    return int(told.sum())


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("inner", [False, True])
def test_what_is_cut_out_is_the_outlines_prism_to_the_step(turn: str, inner: bool) -> None:
    mesh, patches = plate(turn, inner)
    drawn = outline("B8é", font="roboto-bold", height=12.0)
    made = cut_through(mesh, patches, "top", "bottom", drawn)
    assert six_volumes(mesh) - six_volumes(made.mesh) == 3 * area2(drawn) * 2 * STEPS
    edges = Counter((t[k], t[(k + 1) % 3]) for t in made.mesh.faces.tolist() for k in range(3))
    assert max(edges.values()) == 1 and all((b, a) in edges for a, b in edges)
    assert len(made.mesh.points) == len(mesh.points) + 2 * len(drawn.points) - inner
    assert set(made.patches) == {*patches, "top.through"}
    walls = made.patches["top.through"]
    assert walls.role is Role.OPENING and len(walls.faces) == 2 * len(drawn.points)
    for name in ("top", "bottom"):
        plane = made.patches[name].plane
        assert plane is not None
        corners = made.mesh.points[made.mesh.faces[made.patches[name].faces]].reshape(-1, 3) - np.array(plane.origin)
        assert not (corners * np.array(plane.normal)).sum(axis=1).any()
    both = np.concatenate((made.patches["top"].faces, made.patches["bottom"].faces))
    assert sorted(made.patches["all flat"].faces.tolist()) == sorted(both.tolist())
    corners = made.mesh.points[made.mesh.faces[made.patches["side"].faces]]
    assert np.array_equal(corners, mesh.points[mesh.faces[patches["side"].faces]])


def test_it_can_be_cut_and_stamped_again() -> None:
    mesh, patches = plate()
    clear = Rounded(0.0, 0.0, 40.0, 14.0)
    solid = Solid(mesh, patches)
    dots = pattern("hexagon", within=Rounded(0.0, 0.0, 56.0, 36.0), clear=[clear], cell=6.0, bar=2.0)
    slot = pattern("stripes", within=Rounded(0.0, 0.0, 36.0, 6.0), cell=3.0, bar=2.0)
    name = outline("Bo", font="roboto-bold", height=8.0, at=(0.0, 0.0))
    twice = solid.cut(dots, on="top", behind="bottom").cut(slot, on="top", behind="bottom")
    assert {"top.through", "top.through.2"} <= set(twice.patches)
    assert six_volumes(mesh) - six_volumes(twice.mesh) == 3 * (area2(dots) + area2(slot)) * 2 * STEPS
    lettered = solid.cut(dots, on="top", behind="bottom").engrave(name, on="top", depth=0.6)
    assert verify([settle(lettered.part("plate"))], load_process("fdm-pla"))[1] == ()


def test_nothing_to_cut_changes_nothing() -> None:
    mesh, patches = plate()
    empty = Outline(np.empty((0, 2), dtype=np.int32), np.empty(0, dtype=np.int32))
    assert cut_through(mesh, patches, "top", "bottom", empty).mesh is mesh


def test_an_outline_that_leaves_either_patch_is_refused() -> None:
    mesh, patches = plate()
    wide = outline("MMMMM", font="roboto-bold", height=14.0)
    with pytest.raises(OffPatch, match="'top'"):
        cut_through(mesh, patches, "top", "bottom", wide)
    drawn = outline("Bo", font="roboto-bold", height=9.0)
    pocketed = stamp(mesh, patches, "bottom", outline("l", font="roboto-bold", height=9.0), 0.5)
    with pytest.raises(OffPatch, match="'bottom'"):
        cut_through(pocketed.mesh, pocketed.patches, "top", "bottom", drawn)
    with pytest.raises(ValueError, match="leaves patch 'top'"):
        Solid(mesh, patches).cut(wide, on="top", behind="bottom")


@pytest.mark.parametrize(
    ("behind", "changed", "why"),
    [
        ("back", {}, "no patch 'back'"),
        ("side", {}, "not the two faces"),
        ("bottom", {"bottom": replace(BOTTOM, x=(1.0, 0.0, 0.0))}, "not the two faces"),
        ("bottom", {"bottom": replace(BOTTOM, origin=(0.0, 0.0, 1.0))}, "does not lie behind"),
    ],
)
def test_patches_that_are_no_pair(behind: str, changed: dict[str, Plane], why: str) -> None:
    mesh, patches = plate()
    other = {**patches, **{name: replace(patches[name], plane=plane) for name, plane in changed.items()}}
    with pytest.raises(ValueError, match=why):
        cut_through(mesh, other, "top", behind, outline("Bo", font="roboto-bold", height=9.0))
