"""A pair of insoles for every measured person: 4,183 adults of ANSUR II and 39 children. A case of `fit`.

All of them are made before any is timed: each must be printable or refused with a reason, at most MOST_REFUSED of them refused, and
each insole as long and as wide as its foot asks.
"""

from __future__ import annotations

import csv
import functools
import pathlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from benchmarks.harness import Case
from engine.language.template import Home
from engine.make import Workshop, make
from engine.model.order import Measurement, Order, Product
from templates.insole import Insole
from templates.insole.plan import FULL

FOLDER = pathlib.Path(__file__).parents[2] / "shared" / "data" / "anthropometry"
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
        if len(everyone) != ADULTS + CHILDREN:
            return [f"{len(everyone)} people, not {ADULTS + CHILDREN}"]
        made = [_made(person) for person in everyone]
        refused = sum(product.report.verdict != "printable" for product in made)
        said[:] = [f"{len(made) - refused} of {len(made)} printable"]
        wrong = [told for person, product in zip(everyone, made, strict=True) for told in follows(person, product)]
        return [*wrong[:5], *([f"{refused} refused"] if refused > MOST_REFUSED * len(made) else [])]

    return Case(
        f"a pair of insoles from one person's measures, validated ({ADULTS:,} adults, {CHILDREN} children)",
        _made, agree, inputs=everyone, note=lambda: "; ".join(said),
    )  # fmt: skip


def follows(person: Person, product: Product) -> list[str]:
    """What of a printable pair's right insole is not as its foot asks."""
    if product.report.verdict != "printable":
        return []
    measures = person[1]
    (right,) = (settled.part.mesh.points for settled in product.parts if settled.part.name == "right")
    length, told = measures["right.foot_length"], []
    if abs(float(np.ptp(right[:, 0])) - length - FULL) > LENGTH_MM:
        told.append(f"{np.ptp(right[:, 0]):.1f} mm long for a foot of {length:.1f}")
    for name, (at, share) in WIDTHS.items():
        wide = measures.get(f"right.{name}")
        found = float(np.ptp(right[np.abs(right[:, 0] - at * length) < 2.5, 1]))
        if wide is not None and abs(found / wide - share) > SHARE:
            told.append(f"{found:.1f} mm wide at {at}, {name} {wide:.1f}")
    return told


@functools.cache
def _shop() -> Workshop:
    return Workshop(Home())


def _made(person: Person) -> Product:
    sex, measures = person
    told = {name: Measurement(value, "kg" if name == "body_mass" else "mm") for name, value in measures.items()}
    order = Order("insole", process="mjf-tpu", parameters={"sex": sex, "name": "Zoé"}, measurements=told)
    return make(order, Insole, formats=(), workshop=_shop())
