"""What goes into the 3MF for a slicer, and where parts are put on the bed."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import EngineFault
from engine.export.sliced_ready import (
    CONFIG,
    MODEL_CONFIG,
    SPACING,
    config,
    lie_together,
    model_config,
    modifiers,
    needs_project,
    objects,
    plates,
    positions,
    project_files,
    project_objects,
    settings_files,
)
from engine.model.mesh import STEPS_PER_MM, Mesh, Modifier, Part, Pose, Settled
from engine.process.limits import load_process
from engine.process.supports import support_figures
from engine.verify.settle import settle

FDM = load_process("fdm-pla")


def box(x: float, y: float, z: float, name: str = "case", at: tuple[float, float] = (0.0, 0.0), roof: bool = False) -> Settled:
    """A box; with `roof`, its upper half alone is there, so that it hangs as a wide ceiling over a foot."""
    corners = [(a, b, c) for c in (0, z) for b in (0, y) for a in (0, x)]
    quads = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (1, 3, 7, 5), (3, 2, 6, 7), (2, 0, 4, 6)]
    points = np.array(corners, dtype=float)
    faces = [face for a, b, c, d in quads for face in ((a, b, c), (a, c, d))]
    if roof:
        points = np.concatenate([points + np.array((0, 0, z)), [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)]])
        faces.append((8, 10, 9))
    lattice = np.round((points + np.array((*at, 0))) * STEPS_PER_MM).astype(np.int32)
    rows = np.array(faces, dtype=np.int32)
    return Settled(Part(name, Mesh(lattice / STEPS_PER_MM, rows)), Pose(), lattice, rows)


def test_the_config_is_all_settings_after_a_comment() -> None:
    first, *lines = config(FDM).splitlines()
    assert first.startswith("; unikat")
    assert " = " not in first, "PrusaSlicer drops the first line: no setting may stand there"
    assert dict(line[2:].split(" = ", 1) for line in lines) == dict(FDM.settings)
    assert lines == sorted(lines)


def test_the_model_config_names_objects_and_their_triangles() -> None:
    root = ElementTree.fromstring(model_config([box(10, 10, 5, 'Zoé & "Co" <1>'), box(5, 5, 5, "tag")], FDM))
    objects = root.findall("object")
    assert [one.get("id") for one in objects] == ["2", "3"]
    assert [one.find("metadata[@key='name']").get("value") for one in objects] == ['Zoé & "Co" <1>', "tag"]  # type: ignore[union-attr]
    assert all((one.find("volume").get("firstid"), one.find("volume").get("lastid")) == ("0", "11") for one in objects)  # type: ignore[union-attr]


def test_supports_are_switched_on_where_a_ceiling_is_wide_and_only_there() -> None:
    root = ElementTree.fromstring(model_config([box(50, 50, 5), box(50, 50, 5, "table", roof=True)], FDM))
    on = [one.find("metadata[@key='support_material']") is not None for one in root.findall("object")]
    assert on == [False, True]


def test_only_fdm_carries_settings() -> None:
    assert set(settings_files(FDM, [box(5, 5, 5)])) == {CONFIG, MODEL_CONFIG}
    for key in ("sla-resin", "sls-pa12", "mjf-tpu"):
        assert settings_files(load_process(key), [box(5, 5, 5)]) == {}


def test_the_same_parts_give_the_same_bytes() -> None:
    parts = [box(10, 10, 5), box(5, 5, 5, "tag")]
    assert settings_files(FDM, parts) == settings_files(FDM, parts)


def moved(parts: list[Settled]) -> list[tuple[int, int, int, int]]:
    boxes = []
    for part, (x, y) in zip(parts, positions(parts, FDM), strict=True):
        low, high = part.lattice.min(axis=0), part.lattice.max(axis=0)
        boxes.append((int(low[0]) + x, int(low[1]) + y, int(high[0]) + x, int(high[1]) + y))
    return boxes


def test_one_part_lies_in_the_middle_wherever_it_was_drawn() -> None:
    for at in ((0.0, 0.0), (-37.5, -79.0), (500.0, 3.0001)):
        ((x0, y0, x1, y1),) = moved([box(75, 158, 10, at=at)])
        assert abs(x0 + x1 - 2_560_000) <= 1
        assert abs(y0 + y1 - 2_560_000) <= 1


@pytest.mark.parametrize("count", [2, 3, 9, 20])
def test_several_lie_side_by_side_inside_the_bed(count: int) -> None:
    boxes = moved([box(30 + k, 40 - k, 5, f"p{k}", at=(7.0 * k, -3.0)) for k in range(count)])
    assert all(x0 >= 0 and y0 >= 0 and x1 <= 2_560_000 and y1 <= 2_560_000 for x0, y0, x1, y1 in boxes)
    for k, one in enumerate(boxes):
        for other in boxes[:k]:
            apart = max(other[0] - one[2], one[0] - other[2], other[1] - one[3], one[1] - other[3])
            assert apart >= SPACING


def test_a_part_as_wide_as_the_bed_does_not_start_an_empty_row() -> None:
    ((x0, _, x1, _),) = moved([box(256, 10, 5)])
    assert (x0, x1) == (0, 2_560_000)
    assert positions([], FDM) == ()


def test_bonded_parts_are_moved_as_one_and_others_beside_them() -> None:
    parts = [box(30, 30, 5), box(20, 10, 5, "tag"), box(5, 5, 5, "dot", at=(12.0, 40.0))]
    parts[2] = replace(parts[2], part=parts[2].part.changed(bonded=frozenset({"case"})))
    one, tag, dot = positions(parts, FDM)
    assert one == dot and one != tag
    (x0, y0, x1, _), other, (_, _, _, top) = moved(parts)
    assert other[0] - x1 == SPACING
    assert abs(x0 + other[2] - 2_560_000) <= 1 and abs(y0 + top - 2_560_000) <= 1


def test_a_project_has_bonded_parts_as_volumes_with_a_tool_each() -> None:
    case, dot, tag = box(30, 30, 5), box(5, 5, 5, "dot"), box(20, 10, 5, "tag")
    dot = replace(dot, part=dot.part.changed(bonded=frozenset({"case"}), colour="#bdb9ac"))
    whole = objects([case, dot, tag])
    assert [one.part.name for one in whole] == ["case", "tag"] and [len(one.faces) for one in whole] == [24, 12]
    files = project_files(FDM, [case, dot, tag])
    told = ElementTree.fromstring(files[MODEL_CONFIG])
    volumes = [[(v.get("firstid"), v.get("lastid")) for v in one.findall("volume")] for one in told.findall("object")]
    assert volumes == [[("0", "11"), ("12", "23")], [("0", "11")]]
    tools = [v.find("metadata[@key='extruder']").get("value") for v in told.iter("volume")]  # type: ignore[union-attr]
    assert tools == ["1", "2", "1"]
    lines = files[CONFIG].decode().splitlines()
    assert "; nozzle_diameter = 0.4,0.4" in lines and "; filament_colour = #5B8BA8;#BDB9AC" in lines
    plain = project_files(FDM, [case, tag])
    assert plain[CONFIG].decode() == config(FDM) and b"extruder" not in plain[MODEL_CONFIG]


def test_a_ceiling_that_a_bonded_part_fills_wants_no_support() -> None:
    """A table's roof alone hangs; the block under it, bonded and with the same triangles, holds it up."""
    table, foot = box(50, 50, 5, "table", roof=True), box(50, 50, 5, "foot")
    bonded = replace(foot, part=foot.part.changed(bonded=frozenset({"table"})))
    for parts, wanted in (([table, foot], [True, False]), ([table, bonded], [False, False])):
        root = ElementTree.fromstring(model_config(parts, FDM))
        assert [one.find("metadata[@key='support_material']") is not None for one in root.findall("object")] == wanted
        assert (support_figures(parts, FDM)["supported_area_mm2"] > 0) == any(wanted)


def zone(name: str, x: float, y: float, z: float, density: str = "10%") -> Modifier:
    return Modifier(name, box(x, y, z).part.mesh, {"fill_density": density, "fill_pattern": "<gyroid>"})


def test_modifiers_are_volumes_after_the_parts_of_their_object() -> None:
    case = box(50, 50, 5)
    case = replace(
        case,
        part=case.part.changed(bonded=frozenset({"tag"}), modifiers=(zone("soft", 20, 20, 5), zone("softer", 9, 9, 5, "5%"))),
    )
    tag = box(5, 5, 6, "tag")
    tag = replace(tag, part=tag.part.changed(colour="#000000", modifiers=(zone("hard", 2, 2, 2, "90%"),)))
    parts = [case, box(3, 3, 3, "loose"), tag]
    first, second = ElementTree.fromstring(project_files(FDM, parts)[MODEL_CONFIG]).findall("object")
    told = [
        [v.get("firstid"), v.get("lastid")]
        + [v.find(f"metadata[@key='{k}']") for k in ("name", "volume_type", "extruder", "fill_density")]
        for v in first.findall("volume")
    ]
    assert [[w if isinstance(w, str) else None if w is None else w.get("value") for w in row] for row in told] == [
        ["0", "11", "case", "ModelPart", "1", None],
        ["12", "23", "tag", "ModelPart", "2", None],
        ["24", "35", "soft", "ParameterModifier", None, "10%"],
        ["36", "47", "softer", "ParameterModifier", None, "5%"],
        ["48", "59", "hard", "ParameterModifier", None, "90%"],
    ]
    assert len(second.findall("volume")) == 1
    whole, loose = project_objects(parts)
    assert (len(whole.faces), len(loose.faces)) == (60, 12)
    assert whole.faces.max() == len(whole.lattice) - 1 and len(objects(parts)[0].faces) == 24
    runs = [whole.lattice[np.unique(whole.faces[k : k + 12])] for k in range(0, 60, 12)]
    assert [run.max(axis=0)[0] for run in runs] == [500_000, 50_000, 200_000, 90_000, 20_000]


def test_only_the_project_knows_of_modifiers() -> None:
    part = box(50, 50, 5)
    soft = replace(part, part=part.part.changed(modifiers=(zone("soft", 20, 20, 5),)))
    assert needs_project([soft]) and not needs_project([part])
    assert settings_files(FDM, [soft]) == settings_files(FDM, [part])
    assert project_files(FDM, [soft]) != project_files(FDM, [part])
    assert positions(objects([soft]), FDM) == positions([part], FDM)


@pytest.mark.parametrize(
    "pose",
    [
        Pose(),
        Pose(((0, -1, 0), (1, 0, 0), (0, 0, 1)), (3.0, 4.0, 5.0)),
        Pose(((0.8, 0, 0.6), (0, 1, 0), (-0.6, 0, 0.8)), (0.0, 0.0, -9.0)),
    ],
)
def test_modifiers_lie_where_their_part_does(pose: Pose) -> None:
    """A modifier of the part's own shape is the part, in any print pose, dropped to the bed as it is."""
    mesh = box(50, 30, 5).part.mesh
    settled = settle(Part("case", mesh, poses={"print": pose}, modifiers=(Modifier("all", mesh, {}),)))
    (made,) = modifiers([settled])
    assert np.abs(made.lattice - settled.lattice).max() <= 1 and made.lattice[:, 2].min() in (-1, 0, 1)


def test_a_modifier_without_a_place_is_a_fault() -> None:
    points = np.array(box(5, 5, 5).part.mesh.points)
    points[3, 1] = np.nan
    part = box(5, 5, 5)
    lost = replace(part, part=part.part.changed(modifiers=(Modifier("soft", Mesh(points, part.faces), {}),)))
    with pytest.raises(EngineFault, match="modifier soft has points that are not finite"):
        project_objects([lost])


def test_plates_take_what_lies_together_in_its_order() -> None:
    def names(*parts: Settled) -> list[list[str]]:
        return [[one.part.name for one in plate] for plate in plates(parts, FDM)]

    long = [box(240, 100, 5, f"p{k}") for k in range(3)]
    assert names(long[0], long[1]) == [["p0", "p1"]], "beside each other"
    assert names(*long) == [["p0", "p1"], ["p2"]]
    assert names(box(240, 200, 5, "big"), *long) == [["big"], ["p0", "p1"], ["p2"]]
    dot = box(5, 5, 5, "dot")
    dot = replace(dot, part=dot.part.changed(bonded=frozenset({"p2"})))
    assert names(*long, dot) == [["p0", "p1"], ["p2", "dot"]], "what is bonded stays together"
    assert names(box(300, 20, 5, "beam"), long[0]) == [["beam"], ["p0"]] and not lie_together([box(300, 20, 5)], FDM)
