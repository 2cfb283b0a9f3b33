"""Letters cut through a wall: nothing falls out, bridges are as wide as the wall must be, and the plate verifies."""

from __future__ import annotations

import manifold3d as m3
import numpy as np
import pytest

from engine.model.mesh import Mesh, Part
from engine.model.outline import Outline
from engine.process.limits import load_process
from engine.shape.printable import printable
from engine.shape.setting import Setting
from engine.shape.setting import outline as as_set
from engine.shape.stencil import bridged, islands
from engine.shape.strokes import Widths, thinnest
from engine.verify.checks import verify
from engine.verify.settle import settle
from kernels import outlines

NAMES = ("ABDOPQR", "0468 9a", "bdegopq", "Зфд&%", "@8B")


def _cut(outline: Outline, thick: float = 2.0) -> m3.Manifold:
    x0, y0, x1, y1 = outline.bounds
    loops = [loop / 1e4 for loop in np.split(outline.points, outline.ends[:-1])]
    tool = m3.CrossSection(loops, m3.FillRule.Positive).extrude(thick + 2.0).translate([0, 0, -1])
    return m3.Manifold.cube([x1 - x0 + 20, y1 - y0 + 20, thick]).translate([x0 - 10, y0 - 10, 0]) - tool


@pytest.mark.parametrize("name", NAMES)
def test_nothing_falls_out_of_letters_cut_through(name: str) -> None:
    plain = as_set(Setting(name, "roboto-bold", 12.0))
    held = bridged(plain, 1.0)
    assert held is not None
    assert len(_cut(plain).decompose()) == 1 + len(islands(plain))
    assert len(_cut(held.outline).decompose()) == 1 and not islands(held.outline)
    assert held.bridges >= len(islands(plain))
    assert outlines.fault(held.outline.points, held.outline.ends) == outlines.CLEAN
    # bridges take ink away and add none
    assert outlines.area(held.outline.points, held.outline.ends) < outlines.area(plain.points, plain.ends)


@pytest.mark.parametrize("key", ("fdm-pla", "mjf-pa12"))
@pytest.mark.parametrize("name", NAMES)
def test_cut_through_a_plate_they_verify(name: str, key: str) -> None:
    process = load_process(key)
    widths = Widths(process.gap, process.wall)
    made = printable(Setting(name, "roboto-bold", 14.0), widths, process.wall)
    assert made is not None and made.bridges >= 2 and thinnest(made.outline, widths) is None
    mesh = _cut(made.outline).to_mesh64()
    points, faces = np.round(mesh.vert_properties[:, :3], 4), mesh.tri_verts.astype(np.int32)
    _, findings, _ = verify((settle(Part("plate", Mesh(points, faces), {})),), process)
    assert {f.code for f in findings} <= {"off-bed"}, [f.message for f in findings]


def test_a_bridge_stands_straight_above_and_below_the_middle_of_its_counter() -> None:
    plain = as_set(Setting("O", "roboto-bold", 12.0))
    held = bridged(plain, 1.0)
    assert held is not None and held.bridges == 2 and len(held.outline.ends) == 2
    left, right = np.split(held.outline.points, held.outline.ends[:-1])
    if left[:, 0].min() > right[:, 0].min():
        left, right = right, left
    hole = plain.points[plain.ends[0] :]
    middle = (hole[:, 0].min() + hole[:, 0].max()) / 2
    assert right[:, 0].min() - left[:, 0].max() == pytest.approx(10_000, abs=10)
    assert (right[:, 0].min() + left[:, 0].max()) / 2 == pytest.approx(middle, abs=2)


def test_what_has_no_island_is_left_as_it_is() -> None:
    plain = as_set(Setting("LMN", "roboto-bold", 12.0))
    held = bridged(plain, 1.0)
    assert held is not None and held.outline is plain and held.bridges == 0


def test_a_bridge_wider_than_the_letter_leaves_none() -> None:
    setting = Setting("O", "roboto-bold", 3.0)
    assert bridged(as_set(setting), 40.0) is None and printable(setting, Widths(0.4, 1.0), 40.0) is None
