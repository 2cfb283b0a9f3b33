"""engine/verify/walls.py: what is said of thin walls, narrow gaps and letters, by process and role."""

from __future__ import annotations

from types import MappingProxyType

import manifold3d as m3
import numpy as np
import pytest

from engine.model.mesh import Mesh, Part, Patch, Plane, Role
from engine.model.process import CHECKS, Limit, Machine, Process
from engine.shape.stamp import stamp
from engine.shape.text import outline
from engine.verify.anatomy import dissect
from engine.verify.settle import settle
from engine.verify.walls import Walls, check_walls


def _process(**limits: float) -> Process:
    machine = Machine("m", "M", (200.0, 200.0, 200.0), True, "test")
    told = MappingProxyType({k: Limit(v, "mm", "test") for k, v in limits.items()})
    return Process("p", "P", "FDM", "PLA", machine, False, 1.24, told, MappingProxyType(dict.fromkeys(CHECKS, True)), 0.2)


PROCESS = _process(wall=1.0, gap=0.4, engrave_width=0.8, emboss_width=0.7)


def _box(x: float, y: float, z: float) -> m3.Manifold:
    return m3.Manifold.cube([x, y, z])


def _checked(solid: m3.Manifold, process: Process | None = PROCESS, roles: dict[Role, float] | None = None) -> Walls:
    """`roles`: the faces whose middle lies above z belong to a patch of that role."""
    mesh = solid.to_mesh64()
    part = settle(Part("body", Mesh(mesh.vert_properties[:, :3], mesh.tri_verts.astype(np.int32))))
    middle = part.points[part.faces].mean(axis=1)[:, 2]
    patches = {r.value: Patch(r.value, np.flatnonzero(middle > z).astype(np.int32), role=r) for r, z in (roles or {}).items()}
    body = dissect(part)
    assert body.topology is not None
    return check_walls(body, body.topology, patches, process)


def test_a_thin_wall_says_where_how_thin_and_what_to_do() -> None:
    told = _checked(_box(30, 20, 3) - _box(4, 5, 3).translate([10, 6, 0.3]))
    (finding,) = told.findings
    assert (finding.code, finding.value, finding.limit, finding.unit, finding.count, finding.part) == (
        "thin-wall",
        0.3,
        1.0,
        "mm",
        1,
        "body",
    )
    x, y, z = finding.at
    assert 10 <= x <= 14 and 6 <= y <= 11 and z == 0.15
    assert finding.message == f"the wall is only 0.30 mm at x {x:g}, y {y:g}, z 0.15 mm: the process needs 1 mm"
    assert finding.fix
    assert (told.walls, told.gaps, told.min_wall_mm, told.min_gap_mm) == (True, True, 0.3, None)


def test_the_thinnest_of_several_places_leads_and_the_others_are_counted() -> None:
    body = _box(40, 20, 3)
    for k, left in enumerate((0.5, 0.2, 0.9)):
        body -= _box(4, 5, 3).translate([5 + 12 * k, 6, left])
    (finding,) = _checked(body).findings
    assert (finding.count, finding.value) == (3, 0.2)
    assert "2 more such places" in finding.message
    assert 17 <= finding.at[0] <= 21


def test_a_narrow_gap() -> None:
    (finding,) = _checked(_box(20, 20, 5) - _box(0.3, 10, 9).translate([9, 4, 2])).findings
    assert (finding.code, finding.value, finding.limit) == ("narrow-gap", 0.3, 0.4)


@pytest.mark.parametrize("size, found", ((1.0, False), (0.9997, True)))
def test_what_is_drawn_at_its_limit_is_enough(size: float, found: bool) -> None:
    assert bool(_checked(_box(20, 20, size)).findings) is found
    assert bool(_checked(_box(20, 20, size).rotate([33, 12, 7])).findings) is found


def test_a_limit_that_the_process_lacks_is_not_checked_and_said() -> None:
    thin = _box(20, 20, 0.5) + _box(5, 5, 5) + _box(5, 5, 5).translate([5.1, 0, 0])
    assert {f.code for f in _checked(thin).findings} == {"thin-wall", "narrow-gap"}
    only = _checked(thin, _process(gap=0.4))
    assert ([f.code for f in only.findings], only.walls, only.gaps) == (["narrow-gap"], False, True)
    none = _checked(thin, _process())
    assert (none.findings, none.walls, none.gaps) == ((), False, False)
    assert _checked(thin, None) == none


def _ridges(stroke: float, space: float) -> m3.Manifold:
    return (
        _box(20, 20, 3) + _box(stroke, 8, 3.6).translate([5, 5, 0]) + _box(stroke, 8, 3.6).translate([5 + stroke + space, 5, 0])
    )


@pytest.mark.parametrize(
    "stroke, space, expected",
    (
        (0.75, 0.5, None),
        (0.6, 0.5, (0.6, 0.7, "a stroke of the letters")),
        (0.75, 0.3, (0.3, 0.4, "between two strokes")),
    ),
)
def test_raised_letters_answer_to_their_own_width_and_their_spaces_to_the_gap(
    stroke: float, space: float, expected: tuple
) -> None:
    told = _checked(_ridges(stroke, space), roles={Role.EMBOSSING: 3.01})
    if expected is None:
        assert told.findings == ()
        # as walls they would be thin
        assert [f.code for f in _checked(_ridges(stroke, space)).findings] == ["thin-wall"]
    else:
        (finding,) = told.findings
        assert (finding.code, finding.value, finding.limit) == ("thin-letter", expected[0], expected[1])
        assert finding.message.startswith(expected[2])


def _plate(thick: float) -> tuple[Mesh, dict[str, Patch]]:
    mesh = _box(80, 20, thick).to_mesh64()
    points, faces = np.round(mesh.vert_properties[:, :3], 4), mesh.tri_verts.astype(np.int32)
    top = np.flatnonzero((points[faces][:, :, 2] == thick).all(axis=1)).astype(np.int32)
    plane = Plane((0.0, 0.0, thick), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    return Mesh(points, faces), {"top": Patch("top", top, plane)}


def _lettered(
    text: str, depth: float, process: Process, thick: float = 3.0, emboss: bool = False, font: str = "roboto-bold"
) -> Walls:
    mesh, patches = _plate(thick)
    made = stamp(mesh, patches, "top", outline(text, font=font, height=9.0, at=(40.0, 10.0)), depth, emboss=emboss)
    settled = settle(Part("body", made.mesh, made.patches))
    body = dissect(settled)
    assert body.topology is not None and len(body.faces) == len(made.mesh.faces)
    return check_walls(body, body.topology, made.patches, process)


LETTERS = ("ABCDEFGH", "IJKLMNOP", "QRSTUV", "WXYZ", "abcdefghij", "klmnopqrs", "tuvwxyz", "0123456", "789&?!")
FINE = _process(wall=1.0, gap=0.2, engrave_width=0.5, emboss_width=0.5)


@pytest.mark.parametrize("emboss", (False, True))
@pytest.mark.parametrize("text", LETTERS)
def test_letters_whose_strokes_are_wide_enough_are_not_called_thin(text: str, emboss: bool) -> None:
    told = _lettered(text, 0.6, FINE, emboss=emboss)
    assert told.findings == ()


def test_letters_of_thin_strokes_are_found() -> None:
    for emboss in (False, True):
        (finding,) = _lettered("III", 0.6, FINE, emboss=emboss, font="roboto-thin").findings
        assert (finding.code, finding.count, finding.limit) == ("thin-letter", 3, 0.5)
        assert 0.1 < finding.value < 0.5


def test_a_name_too_deep_leaves_a_thin_wall_not_a_thin_letter() -> None:
    told = _lettered("Zoé", 0.6, FINE, thick=1.5)
    assert [(f.code, f.value, f.limit) for f in told.findings] == [("thin-wall", 0.9, 1.0)]
    assert _lettered("Zoé", 0.5, FINE, thick=1.5).findings == ()
