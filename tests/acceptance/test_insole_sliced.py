"""A pair of insoles as it is printed: sliced by the real slicer, softer where the feet press, and laid on beds of several sizes."""

from __future__ import annotations

import hashlib
import os
import pathlib
import shutil
from typing import Any

import numpy as np
import pytest

from engine.authoring import Pressed
from engine.doors import slicer
from engine.errors import OrderError
from engine.export import sliced_ready
from engine.export.gcode import read
from engine.export.sliced_ready import objects, positions
from engine.make import Workshop, make
from engine.model.order import InputFile, Measurement, Order, Product
from engine.reading import pressure
from engine.shape.cushion import smoothed
from templates.insole import Insole
from tests.acceptance.test_soft_zones import infill_of
from tests.gates import gate_lib3mf, gate_xsd, gate_zip

MAPS = pathlib.Path(__file__).parents[2].parent / "shared/data/pressure"
LONG = 270.0
BANDS = {25: (0.0, 130.0), 10: (270.0, 1e9)}
"""Infill in percent, and the smoothed pressures well within that zone, kPa."""
pytestmark = [
    pytest.mark.skipif(
        not any(shutil.which(program) for program in slicer.PROGRAMS) and not os.environ.get("CI"),
        reason="no PrusaSlicer: apt install prusa-slicer",
    ),
    pytest.mark.skipif(not MAPS.is_dir() and not os.environ.get("CI"), reason="../shared/data is absent"),
]


def ordered(pressed: bool, machine: str = "fdm-300", **parameters: Any) -> tuple[Order, dict[str, bytes]]:
    files = {f"{side}_pressure": (MAPS / f"MUN104{side[0].upper()}.csv").read_bytes() for side in ("left", "right")}
    shas = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    inputs = {name: InputFile(sha, "kPa") for name, sha in shas.items()} if pressed else {}
    lengths = {f"{side}.foot_length": Measurement(LONG, "mm") for side in ("left", "right")}
    thick = {f"{side}_{zone}": 6.0 for side in ("left", "right") for zone in ("rear", "mid", "fore")}
    told = {"pressure_pitch": 5.0, "name": "Zoé", **thick, **parameters}
    order = Order("insole", process="fdm-tpu", machine=machine, parameters=told, measurements=lengths, inputs=inputs)
    return order, {shas[name]: data for name, data in files.items()}


def made(pressed: bool, formats: tuple[str, ...], machine: str = "fdm-300", **parameters: Any) -> Product:
    order, files = ordered(pressed, machine, **parameters)
    return make(order, Insole, formats=formats, workshop=Workshop(), inputs=files)


@pytest.fixture(scope="module")
def pair() -> Product:
    return made(True, ("3mf", "prusa", "gcode"))


def densities(product: Product, side: str) -> dict[int, float]:
    """Filament per mm2 of infill where that foot presses as in each of BANDS, within the insole and away from its sides."""
    at = [p.part.name for p in product.parts].index(side)
    dx, dy = (steps / 1e4 for steps in positions(objects(product.parts), product.process)[at])
    settled = product.parts[at]
    dy += settled.pose.translation[1]
    mirror = -1.0 if side == "left" else 1.0
    raw = (MAPS / f"MUN104{side[0].upper()}.csv").read_bytes()
    pressed = Pressed.on(pressure.read(raw, pitch_mm=5.0, unit="kPa"), foot_length=LONG)
    assert pressed.side == side
    field = smoothed(pressed.kpa)
    drawn = infill_of(product, 1.2, 2.2)
    x, y, filament = drawn[:, 0] - dx, mirror * (drawn[:, 1] - dy), drawn[:, 2]
    i, j = (np.round((v - o) / field.pitch).astype(int) for v, o in zip((x, y), field.origin, strict=True))
    known = (i >= 0) & (i < field.z.shape[0]) & (j >= 0) & (j < field.z.shape[1])
    laid = np.zeros(field.z.shape)
    np.add.at(laid, (i[known], j[known]), filament[known])
    told = {}
    for density, (low, high) in BANDS.items():
        zone = eroded((field.z >= low) & (field.z < high) & inside(settled.part.mesh.points, mirror, field), 2)
        told[density] = float(laid[zone].sum() / (np.count_nonzero(zone) * field.pitch**2))
    return told


def inside(points: np.ndarray, mirror: float, field: Any) -> np.ndarray:
    """Nodes of the field under the insole, 8 mm off its sides."""
    found = np.zeros(field.z.shape, bool)
    for i in range(field.z.shape[0]):
        x = field.origin[0] + i * field.pitch
        near = mirror * points[np.abs(points[:, 0] - x) < 3.0, 1]
        if len(near):
            y = field.origin[1] + field.pitch * np.arange(field.z.shape[1])
            found[i] = (y > near.min() + 8.0) & (y < near.max() - 8.0)
    return found


def eroded(zone: np.ndarray, cells: int) -> np.ndarray:
    for axis in (0, 1):
        for step in range(-cells, cells + 1):
            zone = zone & np.roll(zone, step, axis)
    return zone


@pytest.mark.parametrize("side", ["left", "right"])
def test_where_a_foot_presses_less_is_laid(pair: Product, side: str) -> None:
    assert pair.report.verdict == "printable", [f.message for f in pair.report.findings]
    told = densities(pair, side)
    assert told[10] / told[25] == pytest.approx(10 / 25, rel=0.2), told


def test_without_a_map_it_is_laid_evenly() -> None:
    told = densities(made(False, ("gcode",), feet="left"), "left")
    assert told[10] / told[25] == pytest.approx(1.0, rel=0.1), told


def test_the_pair_is_on_the_bed_and_readers_take_its_files(pair: Product) -> None:
    found = read(pair.files["model.gcode"].decode())
    assert {drawn.name for drawn in found.objects.values() if drawn.filament > 0} == {"left", "right"}
    for name in ("model.3mf", "model.prusa.3mf"):
        assert not [wrong for gate in (gate_zip, gate_xsd, gate_lib3mf) for wrong in gate(pair.files[name])]
    told = slicer.inspect(pair.files["model.3mf"])
    assert all(one.manifold and one.repairs == {} for one in told)


def test_a_small_bed_takes_one_at_a_time_askew(pair: Product) -> None:
    two = made(True, ("gcode",), "fdm-250")
    assert two.report.verdict == "printable" and all("degrees" in p.pose.why for p in two.parts)
    assert two.report.figures["plates"] == [["left"], ["right"]]
    files = sorted(name for name in two.files if name.endswith(".gcode"))
    assert files == ["model-plate-1.gcode", "model-plate-2.gcode"]
    told = [read(two.files[name].decode()) for name in files]
    for side, found in zip(("left", "right"), told, strict=True):
        assert {drawn.name for drawn in found.objects.values() if drawn.filament > 0} == {side}
        assert (
            found.whole.low[0] > 0.0
            and found.whole.high[0] < 250.0
            and found.whole.low[1] > 0.0
            and found.whole.high[1] < 210.0
        )
    grams = [found.filament_g for found in told]
    assert sum(g or 0.0 for g in grams) == pytest.approx(two.report.figures["mass_g"], rel=0.2)
    assert "plates" not in pair.report.figures and "degrees" not in pair.parts[0].pose.why, (
        "on the larger bed it lies as it is drawn"
    )
    both = made(False, ("3mf",), "fdm-250")
    assert both.report.verdict == "printable" and "model.3mf" in both.files, "what is not sliced a shop lays as it likes"


def test_what_no_bed_takes_is_told_with_the_machine_that_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sliced_ready, "lie_together", lambda parts, process: process.machine.key == "fdm-300")
    with pytest.raises(OrderError, match="does not lie on this bed") as refused:
        made(False, ("gcode",), "fdm-250")
    assert refused.value.limit == "a bed of 250 x 210 mm" and refused.value.nearest == "fdm-300"


def test_more_plates_than_are_sliced_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sliced_ready, "MOST_PLATES", 1)
    with pytest.raises(OrderError, match="fill more beds") as refused:
        made(False, ("gcode",), "fdm-250")
    assert refused.value.limit == 1
