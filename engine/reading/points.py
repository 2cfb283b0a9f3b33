"""Named points as text (CSV): one a line, its name and three numbers, `left_pupil,31.2,4.0,12.5`. Hostile until read.

Parts are separated by tabs, else semicolons, else commas, else spaces; after tabs and semicolons the comma may be the decimal sign. Empty
lines and lines that begin with # say nothing. A header is named as what it is: a line without numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.errors import InputError
from engine.model.units import LENGTHS

Place = tuple[float, float, float]

MAX_BYTES, MAX_POINTS = 64 << 10, 200
_NUMBER = re.compile(r"[+-]?(\d{1,9}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,2})?", re.ASCII)
_NAME = re.compile(r"[a-z][a-z_]{0,39}", re.ASCII)


def read(data: bytes, *, unit: str, name: str = "points") -> Mapping[str, Place]:
    """The points by their names, mm. InputError, with the line: no text, too much of it, no name, no three numbers, a name twice."""
    if len(data) > MAX_BYTES:
        raise InputError(name, "is too large for a list of points")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(name, "is no list of points: it is no text (UTF-8)") from None
    found: dict[str, Place] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        mark, *numbers = _parts(line)
        if not _NAME.fullmatch(mark) or len(numbers) != 3 or not all(_NUMBER.fullmatch(n) for n in numbers):
            raise InputError(name, "has a line that is not a name and three numbers", message=f"line {number}")
        if mark in found:
            raise InputError(name, "names a point twice", message=f"line {number}: {mark}")
        if len(found) == MAX_POINTS:
            raise InputError(name, "is too large for a list of points")
        x, y, z = (float(n) * LENGTHS[unit] for n in numbers)
        found[mark] = (x, y, z)
    if not found:
        raise InputError(name, "is empty: it names no point")
    return found


def _parts(line: str) -> list[str]:
    for separator in ("\t", ";", ","):
        if separator in line:
            parts = [part.strip() for part in line.split(separator)]
            return parts if separator == "," else [part.replace(",", ".") for part in parts]
    return line.split()
