"""A field that is a row of a CSV file beside the template."""

from __future__ import annotations

import csv
import math
import pathlib
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.language.parameters import Field, Words, closest
from engine.language.values import Row

if TYPE_CHECKING:
    from engine.language.template import Template


class Catalogue(Field[Row]):
    """A row of a CSV file that lies beside the template (or in its data/). First column `key`; a blank is None: unknown."""

    kind = "catalogue"

    def __init__(self, file: str, *, default: str, label: Words, help: Words = "", name_columns: Sequence[str] = ()) -> None:
        super().__init__(default, label=label, help=help)
        self.file = file
        self.name_columns = name_columns
        self._rows: Mapping[str, Mapping[str, object]] | None = None
        self._dotted: dict[str, Mapping[str, object]] = {}
        self._columns: Sequence[str] = ()

    @property
    def rows(self) -> Mapping[str, Mapping[str, object]]:
        """key -> column -> value; read at first use. A column whose filled cells are all numbers is of numbers."""
        if self._rows is None:
            self._rows = _read_rows(self._found())
        return self._rows

    def dotted(self, key: str) -> Mapping[str, object]:
        """One row by the names of its cells in a trace: `phone.width_mm`."""
        if key not in self._dotted:
            self._dotted[key] = {f"{self.name}.{column}": value for column, value in self.rows[key].items()}
        return self._dotted[key]

    def _found(self) -> pathlib.Path:
        home = pathlib.Path(str(sys.modules[self.owner.__module__].__file__)).parent
        for path in (home / self.file, home / "data" / self.file):
            if path.is_file():
                return path
        raise FileNotFoundError(f"{self.owner.__name__}.{self.name}: no {self.file} beside {home}")

    def accept(self, raw: object) -> str:
        if not isinstance(raw, str) or raw not in self.rows:
            near = closest(str(raw), list(self.rows)) or self.default
            raise self.wrong("is not in the catalogue", raw, f"one of {len(self.rows)} keys; see `unikat templates`", near)
        return raw

    def given_to_template(self, template: Template) -> Row:
        self._columns = self._columns or tuple(next(iter(self.rows.values())))
        return Row(self.name, self._columns, template.run.read)

    def label_of(self, key: str) -> str:
        """What to call a row on a page."""
        row = self.rows[key]
        told = [str(row[c]) for c in self.name_columns if row.get(c)]
        # "Fairphone 4" of Fairphone is called so, not twice
        said_again = [n for n, words in enumerate(told[1:]) if f"{words} ".startswith(f"{told[n]} ")]
        return " ".join(words for n, words in enumerate(told) if n not in said_again) or key

    def schema_of_value(self, language: str) -> dict[str, Any]:
        return {"oneOf": [{"const": k, "title": self.label_of(k)} for k in self.rows]}


def _read_rows(path: pathlib.Path) -> Mapping[str, Mapping[str, object]]:
    with path.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    if not table or "key" not in table[0]:
        raise ValueError(f"{path.name}: needs a header with a column `key`, and rows")
    numeric = {c for c in table[0] if c != "key" and _all_numbers([r[c] for r in table])}
    rows: dict[str, Mapping[str, object]] = {}
    for row in table:
        if row["key"] in rows:
            raise ValueError(f"{path.name}: key {row['key']} stands twice")
        rows[row["key"]] = {c: _cell(v, c in numeric) for c, v in row.items()}
    return rows


def _cell(text: str, number: bool) -> object:
    if text == "":
        return None
    return float(text) if number else text


def _all_numbers(cells: Sequence[str]) -> bool:
    filled = [c for c in cells if c != ""]
    try:
        return all(math.isfinite(float(c)) for c in filled) and bool(filled)
    except ValueError:
        return False


def catalogue(file: str, *, default: str, label: Words, help: Words = "", name_columns: Sequence[str] = ()) -> Catalogue:
    """A row of a CSV file beside the template."""
    return Catalogue(file, default=default, label=label, help=help, name_columns=name_columns)
