"""`unikat demo`: one real product of each template, its files, and a contact sheet of them all."""

from __future__ import annotations

import hashlib
import json
import pathlib
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.errors import EnvironmentFault
from engine.language import shelf
from engine.model.foot import Side
from engine.model.order import InputFile, Measurement, Order, Product

if TYPE_CHECKING:
    from engine.make import Workshop
    from engine.model.mesh import Mesh

FEET: tuple[tuple[Side, float, float], ...] = (("left", 258.0, 26.0), ("right", 260.5, 23.0))
"""Side, length and arch (mm) of the feet that the pair is made for."""
TRACED: tuple[str, float, float, float] = ("cat-eye", 51.0, 39.0, 19.0)
"""Shape, A, B and DBL (mm) of the trace that a frame is made for."""
STATUS = {"printable": 0, "refused": 1, "incomplete": 4}
ORDERS: Mapping[str, Mapping[str, object]] = {
    "eyewear": {"name": "Zoë"},
    "insole": {"name": "Zoë"},
    "phone-case": {"phone": "google-pixel-6", "name": "Zoë"},
    "napkin-ring": {"name": "Zoë"},
}
"""What each template is shown with; a template that is not named here is shown at its defaults."""


def faced(shop: Workshop) -> Product:
    """A frame for a head that nobody has, from its scan and the distance of its pupils."""
    from engine.body.sample_face import sample

    head = sample()
    data = _stl(head.mesh, "head")
    digest = hashlib.sha256(data).hexdigest()
    return _made("eyewear", shop, {"pd": _taken(head.pd)}, {"face_scan": InputFile(digest, "mm")}, {digest: data})


def traced(shop: Workshop) -> Product:
    """A frame for a person who was measured, and for the lenses of a tracer's file."""
    from engine.export import oma
    from engine.model.lens import LensPair
    from engine.shape.lens_shapes import shape

    name, a, b, dbl = TRACED
    data = oma.write(LensPair(shape(name, a, b), shape(name, a, b, side="left"), dbl))
    digest = hashlib.sha256(data).hexdigest()
    measures = {"pd": _taken(62.5), "face_width": _taken(139.0), "nose_width": _taken(18.0)}
    return _made("eyewear", shop, measures, {"trace": InputFile(digest, "mm")}, {digest: data})


def _taken(mm: float) -> Measurement:
    return Measurement(mm, "mm", source="demonstration", uncertainty=0.5)


def _made(
    key: str, shop: Workshop, measures: Mapping[str, Measurement], inputs: Mapping[str, InputFile], files: Mapping[str, bytes]
) -> Product:
    from engine.make import make

    order = Order(key, reference="demo", parameters=ORDERS.get(key, {}), measurements=measures, inputs=inputs)
    return make(order, shelf.find(key), workshop=shop, inputs=files)


def _stl(mesh: Mesh, name: str) -> bytes:
    """As a scanner sends it."""
    from engine.export.stl import of_lattice
    from engine.model.mesh import Pose
    from engine.verify.settle import posed

    return of_lattice(posed(mesh.points, Pose())[0], mesh.faces, name)


def _scans() -> tuple[dict[str, InputFile], dict[str, bytes]]:
    """Scans of two feet that nobody has: as an order names them, and their bytes by sha256."""
    from engine.body.synthetic import SyntheticFoot

    named, files = {}, {}
    for side, length, arch in FEET:
        mesh = SyntheticFoot(side=side, length=length, ball_width=99.0, heel_width=68.0, arch=arch).mesh()
        data = _stl(mesh, side)
        digest = hashlib.sha256(data).hexdigest()
        named[f"{side}_scan"], files[digest] = InputFile(digest, "mm", side), data
    return named, files


def pair(shop: Workshop) -> Product:
    """The pair of insoles that is shown."""
    inputs, files = _scans()
    return _made("insole", shop, {}, inputs, files)


def shown(key: str, shop: Workshop) -> dict[str, Product]:
    """What a template is shown with, by the folder that it goes into."""
    if key == "insole":
        return {key: pair(shop)}
    if key == "eyewear":
        return {key: faced(shop), f"{key}-trace": traced(shop)}
    return {key: _made(key, shop, {}, {}, {})}


def run(out: str, as_json: bool) -> int:
    """The worst status of the products made (3, 2, 4, 1, 0)."""
    from engine.export.contact_sheet import contact_sheet
    from engine.make import Workshop
    from service.folder import put, put_product

    folder = pathlib.Path(out)
    shop, told, tiles = Workshop(), [], []
    for key in shelf.installed():
        for name, product in shown(key, shop).items() if shelf.ours(key) else ():
            put_product(product.files, folder / name)
            figures = product.report.figures
            told.append(
                {"template": key, "verdict": product.report.verdict, "out": str(folder / name), "files": sorted(product.files)}
            )
            caption = f"{figures.get('triangles', 0):,} triangles, {figures.get('mass_g', 0):.0f} g"
            if "thumbnail.png" in product.files:
                tiles.append((product.files["thumbnail.png"], name, caption))
            if not as_json:
                print(f"{name}: {product.report.verdict}, {caption}; {len(product.files)} files in {folder / name}")
    if not told:
        raise EnvironmentFault("no template is installed: uv sync")
    if tiles:
        put({"contact-sheet.png": contact_sheet(tiles, title="unikat: one product of each template")}, folder)
    worst = next((s for s in (3, 2, 4, 1, 0) if s in {STATUS[str(t["verdict"])] for t in told}), 3)
    if as_json:
        print(json.dumps({"status": worst, "products": told, "sheet": str(folder / "contact-sheet.png")}))
    else:
        print(f"a sheet of them all: {folder / 'contact-sheet.png'}")
        if worst == 4:
            print("incomplete: not every required check ran (see report.json)", file=sys.stderr)
    return worst
