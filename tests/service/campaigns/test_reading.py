"""A campaign's file in pieces of any size: the same rows, the same lines, and never more of it in memory than a line may have."""

from __future__ import annotations

import csv
import io
import tracemalloc
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.language import shelf
from service.campaigns.reading import MAX_LINE, lines_of, rows_of

CASE = shelf.find("phone-case")
CELL = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    return [*pieces, data[at:]]


def rows(data: bytes, kind: str, sizes: tuple[int, ...] = ()) -> list[tuple[int, Any, list[str]]]:
    return [(row.line, row.told, [str(e) for e in row.wrong]) for row in rows_of(cut(data, list(sizes)), kind, CASE)]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200).map(lambda b: b.replace(b"\x00", b"\n")), st.lists(st.integers(0, 40), max_size=8))
def test_where_a_piece_ends_changes_nothing(data: bytes, sizes: list[int]) -> None:
    assert list(lines_of(cut(data, sizes))) == list(lines_of([data]))
    assert rows(data, "ndjson", tuple(sizes)) == rows(data, "ndjson")
    assert rows(b"name,wall\n" + data, "csv", tuple(sizes)) == rows(b"name,wall\n" + data, "csv")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6), st.sampled_from((",", ";", "\t")))
def test_a_csv_says_what_was_written(cells: list[tuple[str, str]], delimiter: str) -> None:
    """Quotes, delimiters and ends of lines inside of cells, too."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([("name", "reference"), *cells])
    head, _, rest = text.getvalue().partition("\r\n")
    plain = [cell.replace("\r\n", "\n") for pair in cells for cell in pair]
    if any("\r" in cell for cell in plain):  # what ends a line on an old Mac is no end of one here
        return
    told = [row[1] for row in rows(f"{head}\r\n{rest}".encode(), "csv")]
    want = [{"parameters": {"name": a}} if a else {} for a, _ in cells if a or _]
    for row, (_, reference) in zip(want, [pair for pair in cells if any(pair)], strict=True):
        if reference:
            row["reference"] = reference  # type: ignore[assignment]
    assert told == want


def test_cells_by_their_columns() -> None:
    data = b"name,wall [in],parameters.depth,quantity,priority,camera_ring\n1,0.08,0.6,3,-2,\n"
    ((line, told, wrong),) = rows(data.replace(b",camera_ring", b"").replace(b"-2,", b"-2"), "csv")
    assert (line, wrong) == (2, [])
    assert told == {
        "parameters": {"name": "1", "wall": {"value": 0.08, "unit": "in"}, "depth": 0.6},
        "quantity": 3,
        "priority": -2,
    }


def test_a_line_without_end_is_not_kept() -> None:
    tracemalloc.start()
    (only,) = lines_of(b"x" * 10_000 for _ in range(5_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert only is None and peak < 10 * MAX_LINE
