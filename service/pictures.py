"""The pictures of the README, made by the program: `uv run python -m service.pictures FOLDER`."""

from __future__ import annotations

import itertools
import pathlib
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.export.contact_sheet import contact_sheet
from engine.export.thumbnail import thumbnail
from engine.language import shelf
from engine.language.values import Solid, Text
from engine.make import Workshop, make
from engine.model.mesh import Mesh, Patch, Plane
from engine.model.order import Order
from engine.verify.settle import settle
from service.demo import faced, pair
from service.folder import put

Case = tuple[str, str, str, str]
Tile = tuple[bytes, str, str]

CASES: tuple[Case, ...] = (
    ("google-pixel-6", "Zoë", "blue", "engraved"),
    ("apple-iphone-15-pro-max", "Łukasz", "red", "engraved"),
    ("fairphone-4", "Ελένη", "charcoal", "engraved"),
    ("samsung-galaxy-s23-ultra", "Ana & José", "ochre", "embossed"),
    ("apple-iphone-16-pro", "Владимир", "green", "engraved"),
    ("google-pixel-7", "Chloé", "sand", "embossed"),
)
"""Phone, name, colour, lettering; a phone that the catalogue does not have is left out."""

FRAMES = (
    ("panto", "keyhole"), ("round", "saddle"), ("square", "keyhole"), ("rectangle", "saddle"), ("aviator", "pads"), ("cat-eye", "saddle"),
)  # fmt: skip
"""Shape, and bridge."""

NAMES: tuple[tuple[str, tuple[str, str]], ...] = (
    ("Arabic", ("محمد سارة", "علی\u200cرضا")),
    ("Hebrew", ("דניאל", "שָׁלוֹם")),
    ("Devanagari", ("अनुष्का", "श्रीदेवी")),
    ("Thai", ("สุนทรภู่", "ปิ่น")),
    ("Chinese, Korean", ("王小明", "김서연")),
    ("Armenian, Georgian", ("Արմեն", "ნინო")),
    ("Latin, Greek, Cyrillic", ("Nguyễn", "Ζωή Лев")),
    ("mixed, with an emoji", ("Zoë 25 🌹", "(Tom) עדי")),
)
"""Scripts, and two lines in them."""
PLATE_MM, PLATE_COLOUR, LINES_MM = (66.0, 46.0, 3.0), "#c9a227", (9.5, -10.0)


def names() -> bytes:
    """A sheet of plates with names in many scripts, in the default font and what stands in for it."""
    tiles = [(plate(lines), script, "roboto-bold and its fallbacks, engraved") for script, lines in NAMES]
    return contact_sheet(tiles, title="names", columns=4)


def plate(lines: tuple[str, str]) -> bytes:
    """The picture of a plate with two names engraved."""
    x, y, z = PLATE_MM
    corners = np.array([[a, b, c] for c in (0.0, z) for b in (-y / 2, y / 2) for a in (-x / 2, x / 2)])
    quads = [(4, 5, 7, 6), (0, 2, 3, 1), (0, 1, 5, 4), (1, 3, 7, 5), (3, 2, 6, 7), (2, 0, 4, 6)]
    faces = np.array([face for a, b, c, d in quads for face in ((a, b, c), (a, c, d))], np.int32)
    top = Patch("top", np.arange(2, dtype=np.int32), Plane((0.0, 0.0, z), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    made = Solid(Mesh(corners, faces), {"top": top})
    for line, height in zip(lines, LINES_MM, strict=True):
        letters = Text(line, "name", lambda _: None).outlines(height=9.0, at=(0.0, height))
        made = made.engrave(letters, on="top", depth=0.8)
    return thumbnail([settle(made.part("plate", colour=PLATE_COLOUR))], size=320)


PATTERNS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("hexagons", "cut through", {"pattern": "hexagon", "name": "Zoë", "colour": "charcoal", "letter_colour": "ochre"}),
    ("stripes", "cut through", {"pattern": "stripes", "name": "Łukasz", "colour": "red", "letter_colour": "sand"}),
    ("waves", "cut through", {"pattern": "waves", "name": "Θάλεια", "colour": "green", "cell": 5.0, "letter_height": 10.0}),
    (
        "hexagons",
        "raised, embossed name",
        {"pattern": "hexagon", "pattern_style": "raised", "name": "José", "colour": "sand", "letters": "embossed"},
    ),
    (
        "stripes",
        "raised, without a name",
        {"pattern": "stripes", "pattern_style": "raised", "name_panel": False, "colour": "blue", "cell": 5.0, "bumpers": 2.0},
    ),
    (
        "waves",
        "bumpers, a seat for a ring",
        {"pattern": "waves", "name": "Chloé", "colour": "ochre", "letter_colour": "charcoal", "bumpers": 2.0, "seat": "disc"},
    ),
)
"""Name, caption, parameters."""
TWO_COLOURS: tuple[tuple[str, str, str], ...] = (
    ("Zoë", "charcoal", "ochre"),
    ("Владимир", "sand", "red"),
    ("Chloé", "green", "sand"),
)
"""Name, colour of the case, colour of the letters."""
ABREAST = 7
"""Phones in a row of their sheet."""


def cases() -> bytes:
    """A sheet of cases for several phones, each with a name."""
    phones = dict(catalogue())
    shop = Workshop()
    return sheet([tile(case, shop) for case in CASES if case[0] in phones])


def catalogue() -> list[tuple[str, str]]:
    """Key and name of every phone."""
    return [(row["const"], row["title"]) for row in shelf.find("phone-case").fields["phone"].schema("en")["oneOf"]]


def patterns() -> bytes:
    """A sheet of backs with patterns."""
    shop = Workshop()
    made = [(picture({"letter_height": 8.0, **parameters}, shop), name, caption) for name, caption, parameters in PATTERNS]
    return contact_sheet(made, title="phone-case: pattern", columns=3)


def phones() -> bytes:
    """A sheet of every phone of the catalogue, each with a plain case."""
    shop, colours = Workshop(), itertools.cycle(("blue", "sand", "red", "charcoal", "green", "ochre"))
    made = [(picture({"phone": key, "colour": next(colours)}, shop), name, "") for key, name in catalogue()]
    return contact_sheet(made, title="phone-case: phones", columns=ABREAST)


def two_colours() -> bytes:
    """A sheet of cases whose letters are a part of their own."""
    shop = Workshop()
    made = [(picture(lettered(case), shop), case[0], f"{case[2]} in {case[1]}") for case in TWO_COLOURS]
    return contact_sheet(made, title="phone-case: two colours", columns=3)


def lettered(case: tuple[str, str, str]) -> dict[str, Any]:
    """The parameters of one of TWO_COLOURS."""
    name, colour, letters = case
    return {"name": name, "colour": colour, "letter_colour": letters, "letter_height": 10.0}


def picture(parameters: dict[str, Any], shop: Workshop, key: str = "phone-case") -> bytes:
    """The thumbnail of a product. It must be printable: what is shown can be had."""
    product = make(Order(key, parameters=parameters), shelf.find(key), formats=("png",), workshop=shop)
    if product.report.verdict != "printable":
        raise ValueError(f"not shown, for it is {product.report.verdict}: {parameters}")
    return product.files["thumbnail.png"]


def tile(case: Case, shop: Workshop) -> Tile:
    """The picture of one of CASES, with its name and caption."""
    phone, name, colour, letters = case
    parameters = {"phone": phone, "name": name, "colour": colour, "letters": letters, "letter_height": 8.0}
    return picture(parameters, shop), *told(case)


def told(case: Case) -> tuple[str, str]:
    """What stands under the picture: name and caption."""
    phone, name, _, letters = case
    return phone, f"{letters}: {name}"


def sheet(tiles: Sequence[Tile]) -> bytes:
    """The tiles on one sheet."""
    return contact_sheet(tiles, title="phone-case", columns=3)


def insoles() -> dict[str, bytes]:
    """The demonstration's pair, and how far its beds lie from the scanned soles."""
    product = pair(Workshop())
    return {"insoles.png": thumbnail(product.parts, size=512), "deviation.png": product.files["deviation.png"]}


def frames() -> bytes:
    """A sheet of frames for the same person, one of each shape."""
    shop, tiles = Workshop(), []
    for shape, bridge in FRAMES:
        parameters = {"shape": shape, "bridge": bridge, "name": "Zoë"}
        tiles.append((picture(parameters, shop, "eyewear"), shape, bridge))
    return contact_sheet(tiles, title="eyewear", columns=3)


def main(folder: str) -> None:
    """Write every picture of the README into the folder."""
    made = {
        **insoles(),
        "frames.png": frames(),
        "worn.png": faced(Workshop()).files["worn.png"],
        "cases.png": cases(),
        "names.png": names(),
        "patterns.png": patterns(),
        "phones.png": phones(),
        "two-colours.png": two_colours(),
    }
    put(made, pathlib.Path(folder))


if __name__ == "__main__":
    main(sys.argv[1])
