"""STEP (ISO 10303-21, AP214): OCCT's text of a B-rep with our own header and names, so that the same body has the same bytes."""

from __future__ import annotations

import re

from engine.errors import EngineFault
from engine.export.identity import Identity

WHEN = "1970-01-01T00:00:00"
"""The header must tell a time; what is exported tells none."""
_HEADER = re.compile(rb"HEADER;.*?(FILE_SCHEMA\s*\(.*?\);)\s*ENDSEC;", re.DOTALL)
_PRODUCT = re.compile(rb"= PRODUCT\(\s*'[^']*'\s*,\s*'[^']*'\s*,")


def write(raw: bytes, name: str, identity: Identity, remark: str = "") -> bytes:
    """`raw` (OCCT's STEP) as a file of this product: header (no time, no machine), and `name` for its one product.

    OCCT numbers products by how many its process has written, and tells the time. EngineFault where `raw` is of another form.
    """
    told = [identity.title, f"part {name}", identity.part_number, f"urn:uuid:{identity.child('step/' + name)}", remark]
    description = ",".join(quoted(t) for t in told if t)
    licence = quoted(identity.licence)
    made_by = quoted(identity.application)
    header = (
        f"HEADER;\nFILE_DESCRIPTION(({description}),'2;1');\n"
        f"FILE_NAME({quoted(name)},'{WHEN}',({quoted(identity.designer)}),(''),{made_by},{made_by},{licence});\n"
    ).encode()
    text, headers = _HEADER.subn(lambda found: header + found.group(1) + b"\nENDSEC;", raw, count=1)
    product = f"= PRODUCT({quoted(name)},{quoted(name)},".encode()
    text, products = _PRODUCT.subn(lambda _: product, text)
    if (headers, products) != (1, 1):
        raise EngineFault(f"STEP: {headers} headers and {products} products where one of each was expected")
    return text


def quoted(text: str) -> str:
    r"""A string of ISO 10303-21: ASCII between apostrophes, the rest as \X2\ or \X4\ hexadecimal; control characters are left out."""
    made = []
    for letter in text:
        code = ord(letter)
        if 0x20 <= code < 0x7F:
            made.append({"'": "''", "\\": "\\\\"}.get(letter, letter))
        elif 0xA0 <= code <= 0xFFFF:
            made.append(f"\\X2\\{code:04X}\\X0\\")
        elif code > 0xFFFF:
            made.append(f"\\X4\\{code:08X}\\X0\\")
    return f"'{''.join(made)}'"
