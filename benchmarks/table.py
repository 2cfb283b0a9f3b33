"""The README's measured table, from the JSON of a run: uv run python -m benchmarks.table [FILE.json]

Without a file: from benchmarks/results.json, the run that is committed; with one, that file is kept there first. What stands
between the two marks in README.md is replaced; nothing else is touched.
"""

from __future__ import annotations

import json
import pathlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

TOP = pathlib.Path(__file__).parents[1]
RESULTS = TOP / "benchmarks" / "results.json"
README = TOP / "README.md"
BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"
KEYS = ("subject", "case", "ours_ms", "peers", "ratio", "goal", "met", "agree", "note")
HEAD = ("| | ours, ms CPU | others, ms CPU | times faster | goal | |", "|---|---|---|---|---|---|")


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as a table, a line each; the verdict's have one of their own, after the others. ValueError for a row with other keys than the contract's, or answers that disagree."""
    verdict = [row for row in rows if row.get("subject") == "verdict"]
    others = [row for row in rows if row.get("subject") != "verdict"]
    return "\n\n".join(_one(told) for told in (others, verdict) if told)


def _one(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = list(HEAD)
    for row in rows:
        if tuple(row) != KEYS:
            raise ValueError(f"a row has the keys {', '.join(KEYS)}; this one {', '.join(row)}")
        if not row["agree"]:
            raise ValueError(f"{row['case']}: the answers disagree: {row['note']}")
        peers = ", ".join(f"{name} {ms:g}" for name, ms in row["peers"].items())
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2g}" if row["ratio"] < 10 else f"{row['ratio']:.0f}"
        met = {True: "met", False: "missed", None: ""}[row["met"]]
        lines.append(f"| {row['case']} | {row['ours_ms']:g} | {peers} | {ratio} | {row['goal'] or ''} | {met} |")
    return "\n".join(lines)


def placed(readme: str, made: str, begin: str = BEGIN, end: str = END) -> str:
    """The README with the table between its marks. ValueError where the marks are not there, once each and in order."""
    before, found, rest = readme.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed) or begin in rest or end in after:
        raise ValueError(f"README.md needs {begin} and then {end}, once each")
    return f"{before}{begin}\n{made}\n{end}{after}"


def main(arguments: Sequence[str]) -> int:
    """The command."""
    if arguments:
        text = pathlib.Path(arguments[0]).read_text(encoding="utf-8")
        markdown(json.loads(text))
        RESULTS.write_text(text, encoding="utf-8")
    made = markdown(json.loads(RESULTS.read_text(encoding="utf-8")))
    README.write_text(placed(README.read_text(encoding="utf-8"), made), encoding="utf-8")
    print(made)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
