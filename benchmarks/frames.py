"""A frame for every measured adult: the 4,183 of ANSUR II. A case of `fit`; and the README's table of them, by `uv run python -m
benchmarks.people`, which runs this file too.

All of them are made before any is timed: each must be printable or refused with a reason, at most MOST_REFUSED of them refused, and each
frame must follow its face, measured on the finished parts.
"""

from __future__ import annotations

import csv
import functools
import pathlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.harness import Case
from engine.language.template import Home
from engine.make import Workshop, make
from engine.model.order import Measurement, Order, Product
from templates.eyewear import Eyewear

FOLDER = pathlib.Path(__file__).parents[2] / "shared" / "data" / "anthropometry"
RESULTS = pathlib.Path(__file__).with_name("frames.json")
BEGIN, END = "<!-- frames:begin -->", "<!-- frames:end -->"
ADULTS = 4183
MOST_REFUSED = 0.005
PD_MM, EAR_MM, WIDTH_MM = 0.1, 2.0, 6.0
"""How far a lens's middle less its decentration may be from half the distance of the pupils, and a temple from the root of the ear (fit.md
E); and a front from what the face and the lenses before its eyes ask (a style, fit.md A)."""
LESS, EARS, LONGEST = 2.0, 1.027, 12.0
"""mm that a front is narrower than the face; widths of the face from ear to ear; and mm of an end piece beside a lens, at most, which narrows
the front of a wide face with near eyes (fit.md A)."""
Person = tuple[str, Mapping[str, float]]
"""Sex, and measures in mm, by the names of an order."""
Row = dict[str, Any]


def people() -> list[Person]:
    """Men, women."""
    return [*_ansur("male"), *_ansur("female")]


def _ansur(sex: str) -> Iterator[Person]:
    with (FOLDER / f"ANSUR_II_{sex.upper()}_70.csv").open(encoding="latin-1", newline="") as told:
        for row in csv.DictReader(told):
            yield (
                sex,
                {
                    "pd": float(row["interpupillarybreadth"]) / 10.0,  # ANSUR has tenths of a millimetre
                    "face_width": float(row["bizygomaticbreadth"]),
                    "head_breadth": float(row["headbreadth"]),
                    "head_length": float(row["headlength"]),
                },
            )


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
        f"a frame from one person's measures, validated ({ADULTS:,} adults)", _made, agree, inputs=everyone,
        note=lambda: "; ".join(said),
    )  # fmt: skip


def told(everyone: Sequence[Person]) -> list[Row]:
    """A row for men and women each: how many, how many printable, what refused the others, and how far their lenses, fronts and temples are
    from what the face asks, at most (mm)."""
    rows = []
    for name, sex in (("men", "male"), ("women", "female")):
        found = [(person, summed(person, _made(person))) for person in everyone if person[0] == sex]
        offs = [one for _, one in found if isinstance(one, tuple)]
        refused = Counter(one for _, one in found if isinstance(one, str))
        most = np.max(np.array(offs), axis=0).round(3).tolist() if offs else [0.0, 0.0, 0.0]
        rows.append(
            {
                "who": name, "people": len(found), "printable": len(offs), "refused": dict(refused),
                "pd_mm": most[0], "width_mm": most[1], "ear_mm": most[2], "other_width": sum(one[1] > WIDTH_MM for one in offs),
            }
        )  # fmt: skip
    return rows


def summed(person: Person, product: Product) -> tuple[float, float, float] | str:
    """How far a frame is from what its face asks: half the distance of the pupils, the front's width, the width at the ears (mm); or what
    refused it: a rule by its name, a check by its code."""
    report, measures = product.report, person[1]
    if report.verdict != "printable":
        errors = [f for f in report.findings if f.severity == "error"]
        return ", ".join(
            sorted({f.message.rpartition("[rule ")[2].rstrip("]") if f.code == "rule" else f.code for f in errors})
        )
    fits: dict[str, list[float]] = {}
    for one in report.figures["fit"]:
        fits.setdefault(one["name"], []).append(one["value"])
    (front,) = (settled.part.mesh.points for settled in product.parts if settled.part.name == "front")
    wide, face = float(np.ptp(front[:, 0])), measures["face_width"]
    asked = min(face - LESS, sum(fits["a"]) + float(product.values["dbl"]) + 2.0 * LONGEST)
    return (
        max(abs(value - measures["pd"] / 2.0) for value in fits["monocular_pd"]),
        abs(wide - asked),
        max(abs(value - EARS * face / 2.0) for value in fits["at_ear"]),
    )


def wrong(rows: Sequence[Row]) -> list[str]:
    """What is not as it must be."""
    every, good, wide = (sum(int(row[key]) for row in rows) for key in ("people", "printable", "other_width"))
    limits = {"pd_mm": PD_MM, "ear_mm": EAR_MM}
    found = [f"{row['who']}: {name} off by {row[name]}" for row in rows for name, most in limits.items() if row[name] > most]
    found += [f"{every} people, not {ADULTS}"] if every != ADULTS else []
    lost = every - good + wide
    return found + ([f"{lost} refused, or of another width than the face's"] if lost > MOST_REFUSED * every else [])


def markdown(rows: Sequence[Row]) -> str:
    """The README's table, and what it is of."""
    lines = [
        "A frame for each measured adult, on MJF PA12, by the same command; off are the lenses' middles less their decentration from half the",
        "distance of the pupils, the front from 2 mm less than the face, or from lenses, bridge and end pieces of 12 mm where near eyes leave it no",
        "more, and the temples from the roots of the ears:",
        "",
        "| | people | printable | refused | half PD off, at most | front's width off, at most | by more than 6 mm | width at an ear off, at most |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        refused = ", ".join(f"{count} {why}" for why, count in row["refused"].items()) or "0"
        pd, width, ear = (f"{row[name]:.2f} mm" for name in ("pd_mm", "width_mm", "ear_mm"))
        told = (row["who"], f"{row['people']:,}", f"{row['printable']:,}", refused, pd, width, row["other_width"], ear)
        lines.append(f"| {' | '.join(map(str, told))} |")
    return "\n".join(lines)


@functools.cache
def _shop() -> Workshop:
    return Workshop(Home())


def _made(person: Person) -> Product:
    sex, measures = person
    told = {name: Measurement(value, "mm") for name, value in measures.items()}
    order = Order("eyewear", process="mjf-pa12", parameters={"sex": sex, "name": "Zoé"}, measurements=told)
    return make(order, Eyewear, formats=(), workshop=_shop())
