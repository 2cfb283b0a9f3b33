"""A pair of insoles for every measured person: 4,183 adults of ANSUR II and 39 children. A case of `fit`; and the README's tables of
them and of `benchmarks.frames`, by `uv run python -m benchmarks.people`.

All of them are made before any is timed: each must be printable or refused with a reason, at most MOST_REFUSED of them refused, and
each insole as long and as wide as its foot asks.
"""

from __future__ import annotations

import csv
import functools
import json
import pathlib
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks import frames
from benchmarks.harness import Case
from benchmarks.table import README, placed
from engine.language.template import Home
from engine.make import Workshop, make
from engine.model.order import Measurement, Order, Product
from templates.insole import Insole
from templates.insole.plan import FULL

FOLDER = pathlib.Path(__file__).parents[2] / "shared" / "data" / "anthropometry"
RESULTS = pathlib.Path(__file__).with_name("people.json")
BEGIN, END = "<!-- people:begin -->", "<!-- people:end -->"
ADULTS, CHILDREN = 4183, 39
MOST_REFUSED = 0.005
LENGTH_MM, SHARE = 1.0, 0.03
"""How far an insole's length may be off (mm, fit.md E), and how far its width at heel and ball from its share of the foot's."""
WIDTHS = {"heel_width": (0.15, 0.956), "ball_width": (0.65, 0.932)}
"""Measure -> where along the foot, and the insole's width there, in widths of the foot."""
COLUMNS = {
    "foot_length": "footlength", "ball_width": "footbreadthhorizontal", "ball_girth": "balloffootcircumference",
    "heel_width": "heelbreadth", "arch_length": "balloffootlength",
}  # fmt: skip
Person = tuple[str, Mapping[str, float]]
"""Sex, and measures in mm (kg), by the names of an order."""


def people() -> list[Person]:
    """Men, women, children."""
    return [*_ansur("male"), *_ansur("female"), *_children()]


def _ansur(sex: str) -> Iterator[Person]:
    with (FOLDER / f"ANSUR_II_{sex.upper()}_70.csv").open(encoding="latin-1", newline="") as told:
        for row in csv.DictReader(told):
            measures = {f"right.{ours}": float(row[theirs]) for ours, theirs in COLUMNS.items()}
            yield sex, {**measures, "stature": float(row["stature"]), "body_mass": float(row["weightkg"]) / 10.0}


def _children() -> Iterator[Person]:
    with (FOLDER / "KidsFeet.csv").open(encoding="utf-8", newline="") as told:
        for row in csv.DictReader(told):
            yield "unknown", {"right.foot_length": 10.0 * float(row["length"]), "right.ball_width": 10.0 * float(row["width"])}


def case() -> Case:
    """The case."""
    everyone = people()
    said: list[str] = []

    def agree() -> Sequence[str]:
        rows = told(everyone)
        good, every = (sum(int(row[key]) for row in rows) for key in ("printable", "people"))
        said[:] = [f"{good} of {every} printable"]
        return wrong(rows)

    return Case(
        f"a pair of insoles from one person's measures, validated ({ADULTS:,} adults, {CHILDREN} children)",
        _made, agree, inputs=everyone, note=lambda: "; ".join(said),
    )  # fmt: skip


Row = dict[str, Any]


def told(everyone: Sequence[Person]) -> list[Row]:
    """A row for men, women and children each: how many, how many printable, what refused the others, and how far an insole's length
    and width are from what the foot asks at most (mm; a share)."""
    rows = []
    for name, sex in (("men", "male"), ("women", "female"), ("children", "unknown")):
        found = [(person, _made(person)) for person in everyone if person[0] == sex]
        good = [(person, product) for person, product in found if product.report.verdict == "printable"]
        reasons = [
            sorted({f.code for f in p.report.findings if f.severity == "error"})
            for _, p in found
            if p.report.verdict != "printable"
        ]
        off = [_off(person, product) for person, product in good]
        rows.append(
            {
                "who": name,
                "people": len(found),
                "printable": len(good),
                "refused": dict(Counter(", ".join(codes) for codes in reasons)),
                "length_mm": round(max(length for length, _ in off), 3),
                "width_share": round(max(share for _, share in off), 4),
            }
        )
    return rows


def wrong(rows: Sequence[Row]) -> list[str]:
    """What is not as it must be."""
    every, good = (sum(int(row[key]) for row in rows) for key in ("people", "printable"))
    found = [f"{row['who']}: length off by {row['length_mm']} mm" for row in rows if row["length_mm"] > LENGTH_MM]
    found += [f"{row['who']}: width off by {row['width_share']}" for row in rows if row["width_share"] > SHARE]
    found += [f"{every} people, not {ADULTS + CHILDREN}"] if every != ADULTS + CHILDREN else []
    return found + ([f"{every - good} refused"] if every - good > MOST_REFUSED * every else [])


def _off(person: Person, product: Product) -> tuple[float, float]:
    """How far the right insole's length (mm) and its widths (in widths of the foot) are from what its foot asks."""
    measures = person[1]
    (right,) = (settled.part.mesh.points for settled in product.parts if settled.part.name == "right")
    length = measures["right.foot_length"]
    wide = [
        abs(float(np.ptp(right[np.abs(right[:, 0] - at * length) < 2.5, 1])) / measures[f"right.{name}"] - share)
        for name, (at, share) in WIDTHS.items()
        if f"right.{name}" in measures
    ]
    return abs(float(np.ptp(right[:, 0])) - length - FULL), max(wide)


def markdown(rows: Sequence[Row]) -> str:
    """The README's table."""
    head = "| | people | printable | refused | length off, at most | width off, at most |\n|---|---|---|---|---|---|\n"
    lines = []
    for row in rows:
        refused = ", ".join(f"{count} {why}" for why, count in row["refused"].items()) or "0"
        lines.append(
            f"| {row['who']} | {row['people']:,} | {row['printable']:,} | {refused} | {row['length_mm']:.2f} mm | {row['width_share']:.1%} |"
        )
    return head + "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Make all of them, insoles and frames, keep the rows, and put their tables into the README; `table`: the tables alone, from what was
    kept."""
    bad: list[str] = []
    for of in (sys.modules[__name__], frames):
        if list(arguments) != ["table"]:
            rows = of.told(of.people())
            of.RESULTS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        rows = json.loads(of.RESULTS.read_text(encoding="utf-8"))
        README.write_text(placed(README.read_text(encoding="utf-8"), of.markdown(rows), of.BEGIN, of.END), encoding="utf-8")
        print(of.markdown(rows))
        bad += of.wrong(rows)
    print("\n".join(bad))
    return int(bool(bad))


@functools.cache
def _shop() -> Workshop:
    return Workshop(Home())


def _made(person: Person) -> Product:
    sex, measures = person
    told = {name: Measurement(value, "kg" if name == "body_mass" else "mm") for name, value in measures.items()}
    order = Order("insole", process="mjf-tpu", parameters={"sex": sex, "name": "Zoé"}, measurements=told)
    return make(order, Insole, formats=(), workshop=_shop())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
