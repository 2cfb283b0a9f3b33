"""Pressure maps: a matrix of numbers as text (CSV), one cell of the sensor a number. Hostile until read.

Numbers are separated by tabs, else semicolons, else commas, else spaces. After tabs and semicolons the comma may be the decimal sign.
There is no header: what is no number is named, with its row and column.
"""

from __future__ import annotations

import math
import re

import numpy as np

from engine.errors import InputError
from engine.model.pressure import PressureMap
from engine.model.units import PRESSURES
from engine.reading.contact import contacts

MAX_BYTES = 4 << 20
MAX_CELLS = 512 * 512
"""A plate of 0.5 m at 1 mm, more than any that is sold has."""
PITCH_MM = (0.5, 25.0)
"""Sensors' cells, the finest film to the coarsest insole."""
HIGHEST_KPA = 3000.0
"""Above any plantar pressure: the unit is another one (ours)."""

_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def read(data: bytes, *, pitch_mm: float, unit: str, name: str = "pressure") -> PressureMap:
    """The map in a CSV file; `pitch_mm` from one cell to the next, both ways, `unit` of its numbers: neither stands in the file.

    InputError, with row and column from 1 where there is one: no text, no numbers, negative or not finite ones, ragged rows, too
    large; a pitch or a unit that is none, or does not make a foot of it, with what would.
    """
    if unit not in PRESSURES:
        raise InputError(name, f"needs the unit of its numbers: one of {', '.join(PRESSURES)}", message=f"got {unit!r}")
    low, high = PITCH_MM
    if not (math.isfinite(pitch_mm) and low <= pitch_mm <= high):
        raise InputError(
            name, f"needs its pitch, from one cell to the next: {low:g} to {high:g} mm", message=f"got {pitch_mm!r} mm"
        )
    if len(data) > MAX_BYTES:
        raise InputError(name, f"is {len(data)} bytes; {MAX_BYTES} can be read")
    told = np.array(_cells(_text(data, name), name), dtype=np.float64)
    if not told.any():
        raise InputError(name, "is zero in every cell: nothing stands on it")
    kpa = told * PRESSURES[unit]
    if (peak := float(kpa.max())) > HIGHEST_KPA:
        fits = [u for u, one in PRESSURES.items() if 50.0 <= peak / PRESSURES[unit] * one <= 1500.0]
        odd = f"peaks above {HIGHEST_KPA:g} kPa, which no foot does: is it the right unit?"
        raise InputError(
            name,
            odd + f" {' or '.join(fits)} would fit" if fits else odd,
            message=f"the highest is {peak:.4g} kPa",
        )
    made = PressureMap(kpa, pitch_mm, name)
    contacts(made)
    return made


def _text(data: bytes, name: str) -> str:
    mark, encoding = next(((m, e) for m, e in _MARKS if data.startswith(m)), (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as broken:
        raise InputError(name, f"is no text: byte {broken.start + len(mark) + 1} is none of {encoding.upper()}") from None
    if "\0" in text:
        raise InputError(name, "is no text: it holds zero bytes")
    return text


def _cells(text: str, name: str) -> list[list[float]]:
    """The numbers, as many in every row."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip().split("\n")
    separator = next((s for s in ("\t", ";", ",") if s in text), None)
    if not text.strip():
        raise InputError(name, "is empty")
    rows: list[list[float | None]] = []
    for at, line in enumerate(lines, 1):
        words = line.split() if separator is None else [word.strip() for word in line.split(separator)]
        if at * len(words) > MAX_CELLS:
            raise InputError(name, f"has more than the {MAX_CELLS} cells that can be read")
        if not line.strip():
            raise InputError(name, f"row {at} is empty")
        if separator not in (None, ","):
            words = [word.replace(",", ".") if word.count(",") == 1 and "." not in word else word for word in words]
        rows.append([_number(word, name, at, k) if word else None for k, word in enumerate(words, 1)])
        if len(words) != len(rows[0]):
            raise InputError(name, f"row {at} has {len(words)} cells, the rows before it {len(rows[0])}")
    if len(rows[0]) > 1 and all(row[-1] is None for row in rows):  # a separator at the end of every row
        rows = [row[:-1] for row in rows]
    for at, row in enumerate(rows, 1):
        if None in row:
            raise InputError(name, f"row {at}, column {row.index(None) + 1} is empty")
    return [[value for value in row if value is not None] for row in rows]


def _number(word: str, name: str, row: int, column: int) -> float:
    if _NOT_FINITE.fullmatch(word):
        raise InputError(name, f"row {row}, column {column} is no finite number", message=repr(word))
    if not _NUMBER.fullmatch(word):
        raise InputError(name, f"row {row}, column {column} is no number", message=repr(word[:40]))
    value = float(word)
    if not math.isfinite(value):
        raise InputError(name, f"row {row}, column {column} is no finite number", message=repr(word[:40]))
    if value < 0.0:
        raise InputError(name, f"row {row}, column {column} is negative: a pressure never is", message=repr(word[:40]))
    return value
