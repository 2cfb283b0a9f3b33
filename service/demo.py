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
from engine.model.order import InputFile, Order, Product

if TYPE_CHECKING:
    from engine.make import Workshop

FEET: tuple[tuple[Side, float, float], ...] = (("left", 258.0, 26.0), ("right", 260.5, 23.0))
"""Side, length and arch (mm) of the feet that the pair is made for."""
STATUS = {"printable": 0, "refused": 1, "incomplete": 4}
ORDERS: Mapping[str, Mapping[str, object]] = {
    "eyewear": {"name": "Zoë"},
    "insole": {"name": "Zoë"},
    "phone-case": {"phone": "google-pixel-6", "name": "Zoë"},
    "napkin-ring": {"name": "Zoë"},
}
"""What each template is shown with; a template that is not named here is shown at its defaults."""


def _scans() -> tuple[dict[str, InputFile], dict[str, bytes]]:
    """Scans of two feet that nobody has: as an order names them, and their bytes by sha256."""
    from engine.body.synthetic import SyntheticFoot
    from engine.export.stl import of_lattice
    from engine.model.mesh import Pose
    from engine.verify.settle import posed

    named, files = {}, {}
    for side, length, arch in FEET:
        mesh = SyntheticFoot(side=side, length=length, ball_width=99.0, heel_width=68.0, arch=arch).mesh()
        data = of_lattice(posed(mesh.points, Pose())[0], mesh.faces, side)
        digest = hashlib.sha256(data).hexdigest()
        named[f"{side}_scan"], files[digest] = InputFile(digest, "mm", side), data
    return named, files


def pair(shop: Workshop) -> Product:
    """The pair of insoles that is shown."""
    from engine.make import make

    inputs, files = _scans()
    return make(
        Order("insole", reference="demo", parameters=ORDERS["insole"], inputs=inputs),
        shelf.find("insole"),
        workshop=shop,
        inputs=files,
    )


def run(out: str, as_json: bool) -> int:
    """The worst status of the products made (3, 2, 4, 1, 0)."""
    from engine.export.contact_sheet import contact_sheet
    from engine.make import Workshop, make
    from service.folder import put, put_product

    folder = pathlib.Path(out)
    shop, told, tiles = Workshop(), [], []
    for key in shelf.installed():
        if not shelf.ours(key):
            continue
        cls = shelf.find(key)
        order = Order(key, reference="demo", parameters=ORDERS.get(key, {}))
        product = pair(shop) if key == "insole" else make(order, cls, workshop=shop)
        put_product(product.files, folder / key)
        figures = product.report.figures
        told.append(
            {"template": key, "verdict": product.report.verdict, "out": str(folder / key), "files": sorted(product.files)}
        )
        caption = f"{figures.get('triangles', 0):,} triangles, {figures.get('mass_g', 0):.0f} g"
        if "thumbnail.png" in product.files:
            tiles.append((product.files["thumbnail.png"], key, caption))
        if not as_json:
            print(f"{key}: {product.report.verdict}, {caption}; {len(product.files)} files in {folder / key}")
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
