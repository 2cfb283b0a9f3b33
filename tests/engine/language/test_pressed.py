"""What a template does with a pressure map, and with what it makes of it."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from engine.authoring import Modifier, Pressed, Solid
from engine.language.memory import weight
from engine.model.grid import Grid
from engine.model.mesh import Mesh
from engine.reading.pressure import read


def test_a_map_becomes_relief_and_zones(shared_data: pathlib.Path) -> None:
    mean = read((shared_data / "pressure/MUN104R.csv").read_bytes(), pitch_mm=5.0, unit="kPa")
    made = Pressed.on(mean, foot_length=270.0, pitch=3.0)
    assert made.side == "right" and abs(made.residual_mm) < 8.0 and made.kpa.pitch == 3.0
    deep = made.relief()
    assert (deep.origin, deep.pitch, deep.z.shape) == (made.kpa.origin, 3.0, made.kpa.z.shape)
    assert 2.5 < deep.z.max() < 4.0 < made.relief(6.0).z.max()
    assert [m.name for m in made.soft_zones(0.0, 5.0)] == ["firm", "soft", "softest"]


def slab() -> Solid:
    points = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9.0]])
    return Solid(Mesh(points, np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.int32)), {})


def test_a_part_takes_closed_modifiers_alone() -> None:
    body = slab()
    zone = Modifier("soft", body.mesh, {"fill_density": "10%"})
    part = body.part("slab", modifiers=[zone])
    assert part.modifiers == (zone,) and body.part("slab").modifiers == ()
    assert weight(part) == weight(body.part("slab")) + body.mesh.points.nbytes + body.mesh.faces.nbytes
    torn = Modifier("torn", Mesh(body.mesh.points, body.mesh.faces[:3]), {})
    with pytest.raises(ValueError, match="modifier 'torn' is no closed mesh"):
        body.part("slab", modifiers=[zone, torn])


def test_what_a_modifier_says_is_fixed() -> None:
    said = {"fill_density": "10%"}
    zone = Modifier("soft", slab().mesh, said)
    said["fill_density"] = "99%"
    assert zone.settings == {"fill_density": "10%"}
    with pytest.raises(TypeError):
        zone.settings["fill_density"] = "1%"  # type: ignore[index]  # that is the point


def test_depths_out_of_range_are_the_designer_s_error() -> None:
    flat = Pressed(Grid(np.zeros((4, 4)), (0.0, 0.0), 2.0), "left", 0.0)
    with pytest.raises(ValueError, match="relief is 2 to 6 mm deep"):
        flat.relief(1.0)
