"""`unikat demo`: one real product of each template, its files, and a contact sheet of them all."""

from __future__ import annotations

import json
import pathlib
import sys

from engine.errors import EnvironmentFault
from engine.language import shelf
from engine.model.order import Order

STATUS = {"printable": 0, "refused": 1, "incomplete": 4}
ORDERS = {"phone-case": {"phone": "google-pixel-6", "name": "Zoë"}, "napkin-ring": {"name": "Zoë"}}
"""What each template is shown with; a template that is not named here is shown at its defaults."""


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
        product = make(Order(key, reference="demo", parameters=ORDERS.get(key, {})), cls, workshop=shop)
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
