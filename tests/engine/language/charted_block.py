"""A designer's file whose @cad stage draws a block without CadQuery, and orders of it made from a shelf of charts.

As a script: prints the sha256 of each file of orders that it makes, and which tier they came from.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
import sys
from typing import Any

from engine.chart import form
from engine.chart.coordinates import taken
from engine.doors.cad import versions
from engine.language.charted import name_of
from engine.language.source import source_digest
from engine.language.template import Home, Template, load_file
from engine.make import Workshop, make
from engine.model.order import Order, Product
from tests.engine.chart.small import shelved

BLOCK = '''
from engine.authoring import Solid, Template, flag, length, stage, text
from engine.language.stages import CadStage
from engine.model.mesh import Mesh
from tests.engine.chart.small import FACES, corner

DEEPER = 0.5
RAN = []


class Drawn(CadStage):
    def execute(self, template):
        RAN.append(self.name)
        return self.function(template, None)


def block(wide, deep):
    x, y, z = corner(wide, deep + DEEPER)
    rounds = ((0.0, 0.0), (x, 0.0), (x, y), (0.0, y))
    return Solid(Mesh([[a, b, c] for c in (0.0, z) for a, b in rounds], FACES), {})


class Block(Template):
    """A block: drawn, it is half a millimetre deeper than from its chart."""
    key, version = "charted-block", 1
    across = length(20.0, low=5.0, high=40.0, step=0.0001, label="Width")
    back = length(7.0, low=2.0, high=20.0, step=0.0001, label="Depth")
    closed = flag(False, label="Closed")
    name = text("", max_graphemes=9, label="Name")

    @stage
    def twice(self):
        return (2.0 * self.back, 1.0) if self.closed else 2.0 * self.back

    @Drawn
    def body(self, cq):
        """Draws."""
        self.twice()
        return block(self.across, self.back)

    @stage
    def product(self):
        return self.body().part("block")
'''
STRUCTURE = taken([("across", 1.0), ("back", 1.0), ("twice", 1.0)])[1]
INPUTS: dict[str, Any] = {"direct": ["across", "back"], "stages": ["twice"]}


def template(folder: pathlib.Path, old: str = "", new: str = "") -> type[Template]:
    """The template, with one change."""
    folder.mkdir(parents=True, exist_ok=True)
    assert old in BLOCK
    (folder / "block.py").write_text(BLOCK.replace(old, new) if old else BLOCK, encoding="utf-8")
    return load_file(folder / "block.py")


def compiled(root: pathlib.Path, cls: type[Template], **changes: Any) -> pathlib.Path:
    """Its chart below `root`: 10 to 30 mm wide, 5 to 9 mm deep."""
    told: dict[str, Any] = {
        "source": source_digest(cls, "body")[: form.SOURCE],
        "structure": STRUCTURE,
        "cad": versions(),
        **INPUTS,
        **changes,
    }
    return shelved(root, name_of(cls, "body"), told.pop("source"), told.pop("structure"), **told)


def made(cls: type[Template], home: Home, **parameters: Any) -> Product:
    """One order."""
    return make(Order("charted-block", parameters=parameters), cls, formats=("3mf", "stl"), workshop=Workshop(home=home))


def main(folder: pathlib.Path) -> None:
    """Prints what came of three orders."""
    cls = template(folder)
    home = Home(None, folder / "charts")
    told = []
    for k in range(3):
        product = made(cls, home, across=11.1 + 5.3 * k, back=5.0 + 1.7 * k)
        files = {n: hashlib.sha256(d).hexdigest() for n, d in product.files.items() if n != "report.json"}
        told.append([product.report.figures["tier"], files])
    print(json.dumps(told))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
