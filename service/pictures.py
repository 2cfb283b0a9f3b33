"""The pictures of the README, made by the program: `uv run python -m service.pictures FOLDER`."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Sequence

from engine.export.contact_sheet import contact_sheet
from engine.language import shelf
from engine.make import Workshop, make
from engine.model.order import Order
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


def cases() -> bytes:
    """A sheet of cases for several phones, each with a name."""
    phones = {row["const"] for row in shelf.find("phone-case").fields["phone"].schema("en")["oneOf"]}
    shop = Workshop()
    return sheet([tile(case, shop) for case in CASES if case[0] in phones])


def tile(case: Case, shop: Workshop) -> Tile:
    """The picture of one of CASES, with its name and caption."""
    phone, name, colour, letters = case
    parameters = {"phone": phone, "name": name, "colour": colour, "letters": letters, "letter_height": 8.0}
    product = make(Order("phone-case", parameters=parameters), shelf.find("phone-case"), formats=("png",), workshop=shop)
    return product.files["thumbnail.png"], *told(case)


def told(case: Case) -> tuple[str, str]:
    """What stands under the picture: name and caption."""
    phone, name, _, letters = case
    return phone, f"{letters}: {name}"


def sheet(tiles: Sequence[Tile]) -> bytes:
    """The tiles on one sheet."""
    return contact_sheet(tiles, title="phone-case", columns=3)


def main(folder: str) -> None:
    """Write cases.png."""
    put({"cases.png": cases()}, pathlib.Path(folder))


if __name__ == "__main__":
    main(sys.argv[1])
