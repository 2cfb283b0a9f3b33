"""A word that nobody else says, in every form in which a program may write it, and the search for it in folders."""

from __future__ import annotations

import base64
import json
import pathlib
import urllib.parse
from collections.abc import Iterable

CANARY = "Xqzvÿk"
REFERENCE = "Jwqbÿf"
"""In the shop's own number of an order, which by design stands in the 3MF that a print shop gets: nowhere else, either."""


def forms(word: str = CANARY) -> dict[str, bytes]:
    """How the word may stand in a file: of each but base64 the letters are looked for in lower case."""
    plain = word.encode()
    told = {
        "UTF-8": plain,
        "UTF-16": word.encode("utf-16-le"),
        "UTF-16, big end first": word.encode("utf-16-be"),
        "Latin-1": word.encode("latin-1"),
        "JSON": json.dumps(word)[1:-1].encode(),
        "an address": urllib.parse.quote(word).encode(),
        "hexadecimal": plain.hex().encode(),
    }
    told = {name: form.lower() for name, form in told.items()}
    for shift in range(3):  # what stands before it moves it against base64's groups of three bytes
        whole = base64.b64encode(bytes(shift) + plain)
        told[f"base64, {shift} bytes on"] = whole[(8 * shift + 5) // 6 : (8 * (shift + len(plain))) // 6]
    return told


def said(data: bytes, *words: str) -> list[str]:
    """The forms in which one of the words (both, unless told) stands in these bytes."""
    low = data.lower()
    told = [item for word in words or (CANARY, REFERENCE) for item in forms(word).items()]
    return [name for name, form in told if form in (data if name.startswith("base64") else low)]


def traces(*folders: pathlib.Path) -> list[str]:
    """Every file below the folders (or file) that says a word, or is called so."""
    found = []
    for place in files(folders):
        told = said(place.read_bytes()) + said(str(place).encode())
        found += [f"{place}: {form}" for form in told]
    return found


def keepers(blobs: Iterable[bytes], *folders: pathlib.Path) -> list[str]:
    """Every file that holds one of these bytes."""
    known = [blob for blob in blobs if blob]
    return [str(place) for place in files(folders) if any(blob in data for data in [place.read_bytes()] for blob in known)]


def files(folders: Iterable[pathlib.Path]) -> list[pathlib.Path]:
    """All files below the folders, or the files themselves."""
    return [p for top in folders for p in (sorted(top.rglob("*")) if top.is_dir() else [top]) if p.is_file()]
