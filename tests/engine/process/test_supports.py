"""Supports: a ceiling that is too wide to bridge needs them, a lip or a small opening does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.model.mesh import STEPS_PER_MM, Mesh, Part, Pose, Settled
from engine.process.limits import load_process
from engine.process.supports import NONE, support, support_figures

FDM = load_process("fdm-pla")


def tray(x: float, y: float, z: float, wall: float, *, upside_down: bool = False) -> tuple[Any, Any]:
    """An open box on the lattice: floor and four walls, as `lattice` and `faces`; or turned over about x."""

    def ring(inset: float, height: float) -> list[tuple[float, float, float]]:
        return [(inset, inset, height), (x - inset, inset, height), (x - inset, y - inset, height), (inset, y - inset, height)]

    points = np.array([*ring(0, 0), *ring(0, z), *ring(wall, z), *ring(wall, wall)])
    faces = [(0, 2, 1), (0, 3, 2), (12, 13, 14), (12, 14, 15)]
    for low, high in ((0, 4), (4, 8), (8, 12)):
        for k in range(4):
            a, b, c, d = low + k, low + (k + 1) % 4, high + (k + 1) % 4, high + k
            faces += [(a, b, c), (a, c, d)]
    if upside_down:
        points = points * (1, -1, -1) + (0, y, z)
    return np.round(points * STEPS_PER_MM).astype(np.int32), np.array(faces, dtype=np.int32)


def settled(lattice: Any, faces: Any) -> Settled:
    return Settled(Part("case", Mesh(lattice / STEPS_PER_MM, faces)), Pose(), lattice, faces)


def test_a_tray_on_its_floor_needs_none() -> None:
    told = support(*tray(75, 158, 10, 1.6), FDM)
    assert told == NONE


def test_a_tray_on_its_rim_needs_them_under_its_whole_floor() -> None:
    told = support(*tray(75, 158, 10, 1.6, upside_down=True), FDM)
    assert told.needed
    assert told.area_mm2 == pytest.approx(71.8 * 154.8)
    assert told.volume_mm3 == pytest.approx(71.8 * 154.8 * 8.4)


@pytest.mark.parametrize(("wide", "needed"), [(4.0, False), (4.9, False), (5.2, True)])
def test_the_width_decides(wide: float, needed: bool) -> None:
    told = support(*tray(wide + 2, 2000.0, 10, 1.0, upside_down=True), FDM)
    assert told.needed == needed


def test_a_part_that_floats_in_its_coordinates_is_measured_from_its_own_foot() -> None:
    lattice, faces = tray(75, 158, 10, 1.6, upside_down=True)
    assert support(lattice + np.array((0, 0, 50_000), dtype=np.int32), faces, FDM) == support(lattice, faces, FDM)


def test_only_processes_that_bridge_count_supports() -> None:
    body = tray(75, 158, 10, 1.6, upside_down=True)
    assert support(*body, load_process("mjf-pa12")) == NONE
    assert support_figures([settled(*body)], load_process("mjf-pa12")) == {}


def test_figures_add_up_over_parts() -> None:
    one = settled(*tray(75, 158, 10, 1.6, upside_down=True))
    other = settled(*tray(75, 158, 10, 1.6))
    assert support_figures([one, other, one], FDM)["supported_area_mm2"] == pytest.approx(2 * 71.8 * 154.8)


def test_no_faces_no_supports() -> None:
    assert support(np.zeros((0, 3), dtype=np.int32), np.zeros((0, 3), dtype=np.int32), FDM) == NONE
