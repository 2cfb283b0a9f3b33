"""Swept frames as they are printed: PrusaSlicer slices front and temples, and independent readers take the files.

They are made for powder: rolled parts lie on no bed. What the slicer cuts with its own defaults, it cuts as a reader that knows nothing of us.

`uv run python -m tests.acceptance.test_eyewear_sliced 20` slices that many; tests slice three.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
import zipfile
from dataclasses import replace

import pytest

from engine.doors import slicer
from engine.export.threemf import MODEL
from engine.make import make
from engine.model.order import Order, Product
from templates.eyewear import Eyewear
from tests.acceptance.test_eyewear_truth import frames
from tests.gates import gate_lib3mf, gate_xsd, gate_zip

PARTS = {"front", "left_temple", "right_temple"}
SEED = 20
HINGES = ("printed", "bought-small", "bought-large")
pytestmark = pytest.mark.skipif(
    not any(shutil.which(program) for program in slicer.PROGRAMS) and not os.environ.get("CI"),
    reason="no PrusaSlicer: apt install prusa-slicer",
)


def orders(count: int) -> list[Order]:
    """Random faces in every shape, bridge and hinge."""
    made = []
    for k, order in enumerate(frames(count, SEED)):
        told = {**order.parameters, "hinge": HINGES[k % len(HINGES)], "name": "Zoé"}
        made.append(replace(order, parameters=told))
    return made


def made(order: Order) -> Product:
    return make(order, Eyewear, formats=("3mf",))


def wrong(product: Product) -> list[str]:
    """What is not as it should be, in words."""
    if product.report.verdict != "printable":
        return [f.message for f in product.report.findings]
    model = product.files["model.3mf"]
    told = [fault for gate in (gate_zip, gate_xsd, gate_lib3mf) for fault in gate(model)]
    told += cut(model)
    with zipfile.ZipFile(io.BytesIO(model)) as archive:
        named = set(re.findall(r'<object [^>]*name="([^"]+)"', archive.read(MODEL).decode()))
    return told if named == PARTS else [*told, f"objects named {sorted(named)}"]


def cut(model: bytes) -> list[str]:
    """What the slicer says against a file."""
    seen = slicer.inspect(model)
    told = [f"it repairs {one.repairs}" for one in seen if one.repairs or not one.manifold]
    done = slicer.slice_model(model)
    height = max(one.size[2] for one in seen)
    layers = [float(z) for z in re.findall(rb"^;Z:([\d.]+)", done.gcode or b"", re.M)]
    if done.status or not layers or abs(max(layers) - height) > 0.4:
        told.append(
            f"status {done.status}, {len(layers)} layers up to {max(layers, default=0.0)} of {height} mm: {done.said[-2:]}"
        )
    return told


@pytest.mark.parametrize("order", orders(3), ids=lambda order: f"{order.parameters['shape']} {order.parameters['hinge']}")
def test_front_and_temples_are_sliced(order: Order) -> None:
    product = made(order)
    assert not wrong(product)
    assert {p.part.name for p in product.parts} == PARTS


def test_a_part_that_is_open_is_seen() -> None:
    model, told = made(orders(1)[0]).files["model.3mf"], io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(model)) as archive, zipfile.ZipFile(told, "w") as damaged:
        for name in archive.namelist():
            data = archive.read(name)
            damaged.writestr(name, re.sub(rb"<triangle [^>]*/>", b"", data, count=40) if name == MODEL else data)
    assert any("repairs" in fault for fault in cut(told.getvalue()))


def main(count: int) -> int:
    """So many are made and sliced; what the rules refuse is told, and another face is drawn for it."""
    done = bad = 0
    for k, order in enumerate(orders(2 * count)):
        which, product = (order.parameters["shape"], order.parameters["bridge"], order.parameters["hinge"]), made(order)
        if product.report.verdict != "printable" and all(f.code == "rule" for f in product.report.findings):
            print(k, *which, "refused:", product.report.findings[0].message, flush=True)
            continue
        told = wrong(product)
        done, bad = done + 1, bad + bool(told)
        print(k, *which, told or "sliced", flush=True)
        if done == count:
            break
    print(f"{done} frames, {bad} not as they should be")
    return int(bad > 0 or done < count)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
