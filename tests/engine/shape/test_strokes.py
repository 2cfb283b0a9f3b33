"""What the plane says of strokes and spaces is what the verdict on the finished solid says, to the step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.mesh import Mesh, Part, Patch, Plane
from engine.model.order import Finding
from engine.model.outline import Outline
from engine.model.process import Process
from engine.process.limits import load_process
from engine.shape import text
from engine.shape.printable import printable
from engine.shape.setting import Setting
from engine.shape.stamp import stamp
from engine.shape.strokes import Widths, thinnest
from engine.verify.anatomy import dissect
from engine.verify.settle import settle
from engine.verify.walls import check_walls

FONTS = ["roboto-thin", "roboto-light", "roboto-regular", "roboto-bold", "roboto-black", "roboto-black-italic"]
NAMES = ["Charlotte", "hamann", "Владимир", "Ελένη", "Zoë & Łu", "AVATAR Ty.", "q8g%$@3", "WMwvxk", "Nguyễn", "ABERODOQ"]
PROCESSES = ["fdm-pla", "fdm-tpu", "sla-resin", "sls-pa12", "mjf-pa12"]


def plate(bounds: tuple[float, float, float, float], thick: float = 8.0) -> tuple[Mesh, dict[str, Patch]]:
    """A plate with `top`, its frame the outline's, 20 mm wider than it on each side."""
    x0, y0, x1, y1 = (round(v) + d for v, d in zip(bounds, (-20, -20, 20, 20), strict=True))
    corners = np.array([(x, y, z) for z in (0.0, thick) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))])
    sides = [(0, 2, 1), (0, 3, 2), (4, 5, 6), (4, 6, 7)]
    for a in range(4):
        b = (a + 1) % 4
        sides += [(a, b, b + 4), (a, b + 4, a + 4)]
    plane = Plane((0.0, 0.0, thick), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    return Mesh(corners, np.array(sides, np.int32)), {"top": Patch("top", np.array([2, 3], np.int32), plane)}


def told_of_the_solid(outline: Outline, process: Process, *, raised: bool, depth: float = 1.0) -> Finding | None:
    """What the verdict says of the letters stamped into a plate, or raised on it."""
    mesh, patches = plate(outline.bounds)
    made = stamp(mesh, patches, "top", outline, depth, emboss=raised)
    body = dissect(settle(Part("body", made.mesh, made.patches)))
    assert body.topology is not None and len(body.faces) == len(made.mesh.faces)
    found = check_walls(body, body.topology, made.patches, process).findings
    assert {f.code for f in found} <= {"thin-letter"}
    return found[0] if found else None


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(NAMES),
    st.sampled_from(FONTS),
    st.floats(2.0, 16.0),
    st.sampled_from(PROCESSES),
    st.booleans(),
    st.sampled_from([0.0, 90.0, 33.3]),
)
def test_the_plane_and_the_solid_agree(name: str, font: str, height: float, key: str, raised: bool, angle: float) -> None:
    process = load_process(key)
    outline = text.outline(name, font=font, height=height, angle=angle)
    solid, plane = told_of_the_solid(outline, process, raised=raised), thinnest(outline, Widths.of(process, raised=raised))
    if plane is None or solid is None:
        assert plane is None and solid is None
        return
    assert (plane.limit, plane.width) == pytest.approx((solid.limit, solid.value), abs=6e-5)
    assert plane.at == pytest.approx(solid.at[:2], abs=1e-3) or plane.width == pytest.approx(solid.value, abs=6e-5)


@pytest.mark.parametrize("key", ["fdm-pla", "mjf-pa12"])
@pytest.mark.parametrize("raised", [False, True], ids=["engraved", "raised"])
@pytest.mark.parametrize("name", ["AX", "AA", "KX", "WAX", "RA"])
def test_letters_whose_feet_stand_on_one_line_are_as_near_as_their_feet(name: str, raised: bool, key: str) -> None:
    """A hair is left between them as the font sets them: both say so, to the step, and what is made printable passes both."""
    process = load_process(key)
    widths = Widths.of(process, raised=raised)
    for height, angle in ((5.0, 0.0), (9.0, 33.3)):
        outline = text.outline(name, font="roboto-bold", height=height, angle=angle)
        solid, plane = told_of_the_solid(outline, process, raised=raised), thinnest(outline, widths)
        assert plane is not None and solid is not None and not plane.stroke
        assert (plane.limit, plane.width) == pytest.approx((solid.limit, solid.value), abs=6e-5)
    made = printable(Setting(name, "roboto-bold", 9.0), widths)
    assert made is not None and (made.largest_move > 0.0 or made.spaced > 0.0)
    assert thinnest(made.outline, widths) is None
    assert told_of_the_solid(made.outline, process, raised=raised) is None
