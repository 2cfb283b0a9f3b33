"""What goes into the 3MF for a slicer, and where parts are put on the bed."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from engine.export.sliced_ready import CONFIG, MODEL_CONFIG, SPACING, config, model_config, positions, settings_files
from engine.model.mesh import STEPS_PER_MM, Mesh, Part, Pose, Settled
from engine.process.limits import load_process

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
