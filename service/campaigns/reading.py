"""A campaign's file as it streams in: lines to rows of plain JSON values, never the whole in memory.

NDJSON: each line an order, or what of one differs from row to row. CSV: the first line names where each column belongs, by dotted
paths; a bare name is a parameter. What cannot be read of one row is that row's error; what makes the rest unreadable ends the file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from engine.errors import OrderError
from engine.language.orders import of_word, plain_json
from engine.language.parameters import closest
from engine.language.template import Template
from engine.model.order import Order

MAX_LINE = 64_000
"""Bytes of one line: an order with every measure of a person takes 4,000."""
MAX_COLUMNS = 400
MAX_ROWS = 2_000_000
ENDINGS = {"application/x-ndjson": "ndjson", "application/jsonl": "ndjson", "text/csv": "csv"}
"""Media type -> how it is read."""
_SECTIONS = ("parameters", "measurements", "inputs")
_PLAIN = tuple(f.name for f in fields(Order) if f.name not in _SECTIONS)
_WHOLE = ("quantity", "priority")
_HEADER = re.compile(r"\s*([^\[\]]+?)\s*(?:\[\s*([A-Za-z/]+)\s*\])?\s*")


@dataclass(frozen=True)
class Row:
    """A line of the file, counted from 1, and its plain values; or what is wrong with it. `last`: nothing after it could be read."""

    line: int
    told: Any = None
    wrong: tuple[OrderError, ...] = ()
    last: bool = False


def rows_of(chunks: Iterable[bytes], kind: str, cls: type[Template]) -> Iterator[Row]:
    """The rows of a file of that kind ("ndjson", "csv"). Empty lines are passed over, and counted."""
    lines = lines_of(chunks)
    return _csv(lines, cls) if kind == "csv" else _ndjson(lines)


def lines_of(chunks: Iterable[bytes]) -> Iterator[bytes | None]:
    """Lines without their end; None for one longer than MAX_LINE, whose bytes are let go as they come."""
    rest, skipping = b"", False
    for chunk in chunks:
        pieces = (rest + chunk).split(b"\n")
        rest = pieces.pop()
        for piece in pieces:
            yield None if skipping or len(piece) > MAX_LINE else piece.removesuffix(b"\r")
            skipping = False
        if len(rest) > MAX_LINE:
            rest, skipping = b"", True
    if skipping:
        yield None
    elif rest:
        yield rest.removesuffix(b"\r")


def _too_long() -> OrderError:
    return OrderError("order", "is too large", limit=f"{MAX_LINE} bytes in a line")


def _ndjson(lines: Iterable[bytes | None]) -> Iterator[Row]:
    for at, line in enumerate(lines, 1):
        if line is None:
            yield Row(at, wrong=(_too_long(),))
        elif line.strip():
            try:
                yield Row(at, plain_json(line))
            except OrderError as error:
                yield Row(at, wrong=(error,))


class _Unreadable(Exception):
    """What ends a CSV file before its end: where one row ends and the next begins cannot be known any more."""

    def __init__(self, error: OrderError) -> None:
        super().__init__(str(error))
        self.error = error


def _text(lines: Iterable[bytes | None]) -> Iterator[str]:
    for at, line in enumerate(lines):
        if line is None:
            raise _Unreadable(_too_long())
        try:
            yield line.decode("utf-8" if at else "utf-8-sig") + "\n"
        except UnicodeDecodeError as error:
            raise _Unreadable(OrderError("order", f"is no UTF-8 at byte {error.start}")) from None


def _csv(lines: Iterable[bytes | None], cls: type[Template]) -> Iterator[Row]:
    text = _text(lines)
    line = 1
    try:
        first = next(text, "")
        bare = re.sub(r'"[^"]*"', "", first)
        delimiter = next((d for d in (",", ";", "\t") if d in bare), ",")
        header = next(csv.reader([first], delimiter=delimiter, strict=True), [])
        columns, wrong = columns_of(header, cls)
        if wrong:
            yield Row(1, wrong=wrong, last=True)
            return
        read = csv.reader(text, delimiter=delimiter, strict=True)
        line = 2
        for cells in read:
            at, line = line, read.line_num + 2
            if not any(cells):
                continue
            if len(cells) != len(columns):
                why = OrderError(
                    "order", "has another number of columns than the first line", value=len(cells), limit=len(columns)
                )
                yield Row(at, wrong=(why,))
                continue
            yield _filled(at, cells, columns)
    except csv.Error:
        why = OrderError("order", "is no CSV: a quote is not closed, or stands in the middle of a cell")
        yield Row(line, wrong=(why,), last=True)
    except _Unreadable as error:
        yield Row(line, wrong=(error.error,), last=True)


@dataclass(frozen=True)
class Column:
    """Where a column's cells belong: a key of the order, or an entry of a section; `unit` as its header says, `field` the template's."""

    section: str | None
    name: str
    unit: str | None = None
    key: str | None = None
    field: Any = None

    @property
    def path(self) -> str:
        """How an order names it."""
        return ".".join(p for p in (self.section, self.name, self.key) if p)


def columns_of(header: list[str], cls: type[Template]) -> tuple[list[Column], tuple[OrderError, ...]]:
    """The columns that a CSV's first line names, or all that is wrong with it."""
    if not any(header):
        return [], (OrderError("order", "has no first line that names its columns"),)
    if len(header) > MAX_COLUMNS:
        return [], (OrderError("order", "has too many columns", value=len(header), limit=MAX_COLUMNS),)
    made: list[Column] = []
    wrong: list[OrderError] = []
    for name in header:
        try:
            column = _column(name, cls)
            if any(column.path == other.path for other in made):
                raise OrderError(column.path, "stands twice in the order").called("a column")
            made.append(column)
        except OrderError as error:
            wrong.append(error)
    return made, tuple(wrong)


def _column(header: str, cls: type[Template]) -> Column:
    found = _HEADER.fullmatch(header)
    shown = "".join(c if c.isprintable() else "?" for c in header)[:40]
    if found is None:
        raise OrderError(shown or "order", "is no name of a column").called("a column")
    path, unit = found[1], found[2]
    section, _, name = path.partition(".")
    if section not in _SECTIONS:
        if path not in cls.fields and path in _PLAIN:
            return Column(None, path)
        section, name = "parameters", path
    key = None
    if section == "inputs":
        name, _, key = name.rpartition(".")
        if key not in ("sha256", "file", "unit", "side"):
            limit = "inputs.NAME.sha256, .file, .unit or .side"
            raise OrderError(shown, "is no name of a column", limit=limit).called("a column")
    known = {f.path.partition(".")[2]: f for f in cls.fields.values() if f.section == section}
    if name not in known:
        names = [*known, *(_PLAIN if section == "parameters" else ())]
        limit = "one of " + ", ".join(names) if names else f"{cls.key} takes no {section}"
        raise OrderError(shown, f"is not known to {cls.key}", limit=limit, nearest=closest(name, names)).called("a column")
    if section == "measurements" and unit is None:
        raise OrderError(shown, "needs a unit", limit=f"such as {name} [mm]").called("a column")
    return Column(section, name, unit, key, known[name])


def _filled(line: int, cells: list[str], columns: list[Column]) -> Row:
    """The row's plain values: an empty cell says nothing."""
    told: dict[str, Any] = {}
    wrong: list[OrderError] = []
    for cell, column in zip(cells, columns, strict=True):
        if not cell:
            continue
        try:
            value = _value(cell, column)
        except OrderError as error:
            wrong.append(error)
            continue
        if column.section is None:
            told[column.name] = value
        elif column.key is not None:
            told.setdefault(column.section, {}).setdefault(column.name, {})[column.key] = value
        else:
            told.setdefault(column.section, {})[column.name] = value
    return Row(line, told, tuple(wrong))


def _value(cell: str, column: Column) -> object:
    if column.section is None:
        return int(cell) if column.name in _WHOLE and re.fullmatch(r"-?\d{1,9}", cell) else cell
    if column.key is not None:
        return cell
    if column.section == "measurements":
        return {"value": _number(cell, column), "unit": column.unit}
    if column.unit is not None:
        return {"value": _number(cell, column), "unit": column.unit}
    return of_word(column.field, column.path, cell)


def _number(cell: str, column: Column) -> float:
    try:
        return float(cell)
    except ValueError:
        raise OrderError(column.path, "must be a number", value=cell) from None


def with_defaults(told: Any, defaults: Mapping[str, str]) -> Any:
    """A row's values, and what the whole campaign says where the row says nothing."""
    return {**defaults, **told} if isinstance(told, dict) else told
