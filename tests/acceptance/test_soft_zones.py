"""Soft zones reach the plastic: the G-code of a slab lays less of it where the foot presses more, and only because the zones say so."""

from __future__ import annotations

import math
import os
import pathlib
import shutil

import numpy as np
import numpy.typing as npt
import pytest

from engine.authoring import Part, Pressed, Solid, Template, flag, stage
from engine.doors import slicer
from engine.export.sliced_ready import objects, positions
from engine.make import Workshop, make
from engine.model.mesh import Mesh
from engine.model.order import Order, Product
from engine.reading import pressure
from engine.shape.cushion import smoothed
from tests.gates import gate_lib3mf, gate_xsd, gate_zip

MEAN = pathlib.Path(__file__).parents[2].parent / "shared/data/pressure/MUN104L.csv"
pytestmark = [
    pytest.mark.skipif(
        not any(shutil.which(program) for program in slicer.PROGRAMS) and not os.environ.get("CI"),
        reason="no PrusaSlicer: apt install prusa-slicer",
    ),
    pytest.mark.skipif(not MEAN.is_file() and not os.environ.get("CI"), reason="../shared/data is absent"),
]
LONG, HALF, HIGH = 270.0, 50.0, 8.0
BANDS = {25: (0.0, 130.0), 17: (165.0, 235.0), 10: (270.0, 1e9)}
"""Infill in percent, and the smoothed pressures well within that zone, kPa."""


def mean_foot() -> Pressed:
    return Pressed.on(pressure.read(MEAN.read_bytes(), pitch_mm=5.0, unit="kPa"), foot_length=LONG)


class Slab(Template):
    """A slab as long as the foot that stands on it."""

    key, version = "slab", 1
    soft = flag(True, label=("Soft zones", "Zones souples"))

    @stage
    def slab(self) -> Part:
        """Its long sides along x; the foot's frame is its own."""
        corners = [(x, y, z) for z in (0.0, HIGH) for y in (-HALF, HALF) for x in (0.0, LONG)]
        quads = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (1, 3, 7, 5), (3, 2, 6, 7), (2, 0, 4, 6)]
        faces = np.array([face for a, b, c, d in quads for face in ((a, b, c), (a, c, d))], np.int32)
        zones = mean_foot().soft_zones(0.0, HIGH) if self.soft else ()
        return Solid(Mesh(np.array(corners), faces), {}).part("slab", modifiers=zones)


@pytest.fixture(scope="module")
def slabs() -> dict[bool, Product]:
    """With soft zones and without."""
    shop = Workshop()
    orders = {soft: Order("slab", process="fdm-tpu", machine="fdm-300", parameters={"soft": soft}) for soft in (True, False)}
    return {soft: make(order, Slab, formats=("3mf", "prusa", "gcode"), workshop=shop) for soft, order in orders.items()}


def infill_of(product: Product, low: float, high: float) -> npt.NDArray[np.float64]:
    """Rows of x, y on the bed (mm) and filament (mm) of what is drawn as infill between two heights, half a millimetre each."""
    x = y = z = 0.0
    kind, found = "", []
    for line in product.files["model.gcode"].decode().splitlines():
        if line.startswith(";TYPE:"):
            kind = line[6:]
        elif line.startswith("G1 "):
            words = {word[0]: float(word[1:]) for word in line.partition(";")[0].split()[1:]}
            was = x, y
            x, y, z = words.get("X", x), words.get("Y", y), words.get("Z", z)
            pushed = words.get("E", 0.0)
            if pushed > 0.0 and (x, y) != was and kind == "Internal infill" and low < z < high:
                n = max(1, math.ceil(math.dist(was, (x, y)) / 0.5))
                for part in ((k + 0.5) / n for k in range(n)):
                    found.append((was[0] + part * (x - was[0]), was[1] + part * (y - was[1]), pushed / n))
    return np.array(found)


def infill(product: Product) -> npt.NDArray[np.float64]:
    """The same half way up, in the foot's frame."""
    (moved,) = positions(objects(product.parts), product.process)
    dx, dy = (steps / 10_000 for steps in moved)
    return infill_of(product, HIGH / 4, HIGH * 3 / 4) - (dx, dy, 0.0)


def densities(product: Product) -> dict[int, float]:
    """Filament per mm2 where the foot presses as in each of BANDS, 3 mm off the slab's sides."""
    field = smoothed(mean_foot().kpa)
    nodes = [field.origin[k] + field.pitch * np.arange(field.z.shape[k]) for k in range(2)]
    within = (np.abs(nodes[0] - LONG / 2) < LONG / 2 - 3)[:, None] & (np.abs(nodes[1]) < HALF - 3)[None, :]
    drawn = infill(product)
    i, j = (np.round((drawn[:, k] - field.origin[k]) / field.pitch).astype(int) for k in range(2))
    known = (i >= 0) & (i < field.z.shape[0]) & (j >= 0) & (j < field.z.shape[1])
    i, j, filament = i[known], j[known], drawn[known, 2]
    told = {}
    for density, (low, high) in BANDS.items():
        zone = within & (field.z >= low) & (field.z < high)
        told[density] = float(filament[zone[i, j]].sum() / (np.count_nonzero(zone) * field.pitch**2))
    return told


def test_where_more_presses_less_is_laid(slabs: dict[bool, Product]) -> None:
    assert slabs[True].report.verdict == "printable"
    told = densities(slabs[True])
    assert told[25] > told[17] > told[10]
    assert told[17] / told[25] == pytest.approx(17 / 25, rel=0.1)
    assert told[10] / told[25] == pytest.approx(10 / 25, rel=0.1)


def test_without_zones_it_is_laid_evenly(slabs: dict[bool, Product]) -> None:
    told = densities(slabs[False])
    assert max(told.values()) == pytest.approx(min(told.values()), rel=0.03)


def test_zones_are_no_plastic_and_no_part(slabs: dict[bool, Product]) -> None:
    soft, even = slabs[True], slabs[False]
    assert [p.part.name for p in soft.parts] == ["slab"]
    assert soft.report.figures["volume_mm3"] == even.report.figures["volume_mm3"] == pytest.approx(LONG * 2 * HALF * HIGH)
    (told,) = slicer.inspect(soft.files["model.prusa.3mf"])
    assert told.manifold and told.repairs == {} and told.volume == pytest.approx(LONG * 2 * HALF * HIGH, rel=1e-6)
    assert told.size == pytest.approx((LONG, 2 * HALF, HIGH))
    assert not [wrong for gate in (gate_zip, gate_xsd, gate_lib3mf) for wrong in gate(soft.files["model.prusa.3mf"])]


def test_the_standard_file_knows_nothing_of_them(slabs: dict[bool, Product]) -> None:
    """Readers other than PrusaSlicer would print a modifier as a body."""
    (told,) = slicer.inspect(slabs[True].files["model.3mf"])
    assert told.facets == 12
