"""Files that an order names by path (on the command line alone): read, hashed, and known by their sha256 from there on."""

from __future__ import annotations

import hashlib
import os
import pathlib
from collections.abc import Iterable
from dataclasses import replace

from engine.errors import OrderError
from engine.model.order import InputFile, Order

MAX_BYTES = 200_000_000
"""Of one file: what a service takes as an upload, too. A scan of a million triangles is 50 MB."""
PIECE = 1 << 20


def taken(order: Order) -> tuple[Order, dict[str, bytes]]:
    """The order without paths, and the bytes of its files by their sha256.

    OrderError, naming the input: no such file, too large, or another one than the sha256 beside it says. Each is read once: what is
    made is made of the bytes that were hashed.
    """
    files: dict[str, bytes] = {}
    inputs = {name: _taken(f"inputs.{name}", told, files) for name, told in order.inputs.items()}
    return replace(order, inputs=inputs), files


def _taken(where: str, told: InputFile, files: dict[str, bytes]) -> InputFile:
    if told.file is None:
        return told
    data = read(f"{where}.file", pathlib.Path(told.file))
    digest = hashlib.sha256(data).hexdigest()
    if told.sha256 and told.sha256 != digest:
        raise OrderError(f"{where}.sha256", "is not that of the file", value=told.sha256, nearest=digest).called("an input")
    files[digest] = data
    return replace(told, sha256=digest, file=None)


def read(where: str, path: pathlib.Path) -> bytes:
    """The whole file. OrderError, of the field `where`: it cannot be read, is no plain file, or is larger than MAX_BYTES."""
    try:
        if not path.is_file():
            raise OrderError(where, "there is no such file", value=os.fspath(path)).called("an input")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise OrderError(where, f"cannot be read: {error.strerror}", value=os.fspath(path)).called("an input") from None
    if len(data) > MAX_BYTES:
        raise OrderError(where, "is too large", value=os.fspath(path), limit=f"{MAX_BYTES} bytes").called("an input")
    return data


def found(folder: pathlib.Path, wanted: Iterable[str]) -> dict[str, bytes]:
    """Those of the files that lie in the folder, by their sha256: looked for by that name, with or without an ending, then by what
    stands in each file."""
    missing = set(wanted)
    made: dict[str, bytes] = {}
    there = sorted(p for p in folder.iterdir() if p.is_file() and p.stat().st_size <= MAX_BYTES)
    for path in sorted(there, key=lambda p: p.name.partition(".")[0] not in missing):
        if not missing:
            break
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if digest in missing:
            made[digest] = data
            missing.remove(digest)
    return made
