"""The pictures of the README, made by the program: `uv run python -m service.pictures FOLDER`."""

from __future__ import annotations

import pathlib
import sys

from engine.export.contact_sheet import contact_sheet
from engine.language import shelf
from engine.make import Workshop, make
from engine.model.order import Order
from service.folder import put

CASES = (
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
    cls, shop = shelf.find("phone-case"), Workshop()
    phones = {row["const"] for row in cls.fields["phone"].schema("en")["oneOf"]}
    tiles = []
    for phone, name, colour, letters in CASES:
        if phone not in phones:
            continue
        parameters = {"phone": phone, "name": name, "colour": colour, "letters": letters, "letter_height": 8.0}
        product = make(Order("phone-case", parameters=parameters), cls, formats=("png",), workshop=shop)
        if "thumbnail.png" in product.files:
            tiles.append((product.files["thumbnail.png"], phone, f"{letters}: {name}"))
    return contact_sheet(tiles, title="phone-case", columns=3)


def main(folder: str) -> None:
    """Write cases.png."""
    put({"cases.png": cases()}, pathlib.Path(folder))


if __name__ == "__main__":
    main(sys.argv[1])
