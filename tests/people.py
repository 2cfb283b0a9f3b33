"""Measured people of ../shared/data/anthropometry, as orders of an insole and of a frame."""

from __future__ import annotations

import csv
import pathlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.model.order import Measurement, Order

FOLDER = pathlib.Path(__file__).parents[2] / "shared" / "data" / "anthropometry"


@dataclass(frozen=True)
class Person:
    """Who: sex, and the measures (mm, kg) by ANSUR's names; of a child foot length and width of one foot."""

    name: str
    sex: str
    measures: Mapping[str, float]


def adults() -> list[Person]:
    """All 4,183 of ANSUR II, men and women in turn, so that any first few are a mix."""
    rows = [[*_ansur(f"ANSUR_II_{sex.upper()}_70.csv", sex)] for sex in ("male", "female")]
    mixed = sorted((k / len(group), n, person) for n, group in enumerate(rows) for k, person in enumerate(group))
    return [person for _, _, person in mixed]


def _ansur(file: str, sex: str) -> Iterator[Person]:
    with (FOLDER / file).open(encoding="latin-1", newline="") as told:
        for row in csv.DictReader(told):
            numbers = {k: float(v) for k, v in row.items() if k != "subjectid" and _number(v)}
            yield Person(f"{sex} {row['subjectid']}", sex, numbers)


def children() -> list[Person]:
    """The 39 of KidsFeet; its lengths are cm."""
    with (FOLDER / "KidsFeet.csv").open(encoding="utf-8", newline="") as told:
        return [
            Person(
                f"child {k}",
                "unknown",
                {"footlength": 10.0 * float(row["length"]), "footbreadthhorizontal": 10.0 * float(row["width"])},
            )
            for k, row in enumerate(csv.DictReader(told))
        ]


def insole_order(person: Person, **parameters: Any) -> Order:
    """What is known of a person, told of the right foot; the left one is inferred from it."""
    m = person.measures
    names = {
        "foot_length": "footlength",
        "ball_width": "footbreadthhorizontal",
        "ball_girth": "balloffootcircumference",
        "heel_width": "heelbreadth",
        "arch_length": "balloffootlength",
    }
    told = {f"right.{ours}": Measurement(m[theirs], "mm") for ours, theirs in names.items() if theirs in m}
    if "stature" in m:
        told["stature"] = Measurement(m["stature"], "mm")
        told["body_mass"] = Measurement(m["weightkg"] / 10.0, "kg")
    return Order("insole", process="mjf-tpu", parameters={"sex": person.sex, **parameters}, measurements=told)


def eyewear_order(person: Person, **parameters: Any) -> Order:
    """What is known of a face; ANSUR has the distance of the pupils in tenths of a millimetre."""
    m = person.measures
    names = {"face_width": "bizygomaticbreadth", "head_breadth": "headbreadth", "head_length": "headlength"}
    told = {ours: Measurement(m[theirs], "mm") for ours, theirs in names.items()}
    told["pd"] = Measurement(m["interpupillarybreadth"] / 10.0, "mm")
    return Order("eyewear", process="mjf-pa12", parameters={"sex": person.sex, **parameters}, measurements=told)


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
