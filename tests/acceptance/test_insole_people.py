"""A pair for every measured person: printable, fitting, and following what was measured.

`uv run python -m tests.acceptance.test_insole_people` makes all 4,183 adults and 39 children and prints the table of the README; tests
make 200 of them and every child. A pair of one size for everyone must fail, or these tests measure nothing.
"""

from __future__ import annotations

import collections
import sys
import time
from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from engine.make import Workshop, make
from engine.model.order import Product
from templates.insole import Insole
from templates.insole.plan import FULL
from tests.people import Person, adults, children, insole_order

LENGTH_MM = 1.0
"""fit.md E: of the insole's length."""
FOLLOWS = 0.03
"""The insole's width at heel and ball, in widths of heel and ball, is the same for everyone, but for so much."""
REFUSED = 0.005
AT_HEEL, AT_BALL = 0.15, 0.65


def made(people: Iterable[Person]) -> list[tuple[Person, Product]]:
    shop = Workshop()
    return [(one, make(insole_order(one, name="Zoé"), Insole, formats=(), workshop=shop)) for one in people]


def wrong(found: Sequence[tuple[Person, Product]]) -> list[str]:
    """What does not follow the person, in words; a refused one is not asked."""
    told = []
    for person, product in found:
        if product.report.verdict != "printable":
            continue
        (right,) = (p.part for p in product.parts if p.part.name == "right")
        points, length = right.mesh.points, person.measures["footlength"]
        long = float(np.ptp(points[:, 0]))
        if abs(long - length - FULL) > LENGTH_MM:
            told.append(f"{person.name}: {long:.1f} mm long for a foot of {length:.1f}")
        for name, at, ratio in (("heelbreadth", AT_HEEL, 0.956), ("footbreadthhorizontal", AT_BALL, 0.932)):
            if name in person.measures:
                wide = width(points, at * length)
                if abs(wide / person.measures[name] - ratio) > FOLLOWS:
                    told.append(f"{person.name}: {wide:.1f} mm wide at {at}, {name} {person.measures[name]:.1f}")
    return told


def width(points: np.ndarray, x: float) -> float:
    """Of the body at that station, mm: between its outermost points nearby."""
    near = points[np.abs(points[:, 0] - x) < 2.5]
    return float(np.ptp(near[:, 1]))


def verdicts(found: Sequence[tuple[Person, Product]]) -> collections.Counter[str]:
    counted: collections.Counter[str] = collections.Counter()
    for _, product in found:
        reasons = sorted({f.code for f in product.report.findings if f.severity == "error"})
        counted[
            "printable" if product.report.verdict == "printable" else f"{product.report.verdict}: {', '.join(reasons)}"
        ] += 1
    return counted


class OneSize(Insole):
    """The defaults, whoever asks: what these tests must not let pass."""

    from_measures = None  # type: ignore[assignment]  # no fit


@pytest.mark.usefixtures("shared_data")
def test_two_hundred_adults_and_every_child_get_a_pair_that_follows_them() -> None:
    everyone = adults()
    assert len(everyone) == 4183
    people = everyone[:: len(everyone) // 200][:200] + children()
    assert len(people) == 239
    found = made(people)
    counted = verdicts(found)
    assert counted["printable"] >= (1.0 - REFUSED) * len(people), counted
    assert not wrong(found)
    fits = [f for _, product in found for f in product.report.figures.get("fit", ())]
    assert len(fits) >= 10 * counted["printable"]
    lengths = {f["value"] for f in fits if f["name"] == "length" and f["part"] == "right"}
    assert len(lengths) > 50


@pytest.mark.usefixtures("shared_data")
def test_one_size_for_everyone_fails() -> None:
    people = adults()[::400]
    shop = Workshop()
    found = [(one, make(insole_order(one), OneSize, formats=(), workshop=shop)) for one in people]
    assert len({complaint.split(":")[0] for complaint in wrong(found)}) > 0.8 * len(people)


def main() -> int:
    everyone = [("adults", adults()), ("children", children())]
    status = 0
    print(f"{'people':10} {'made':>6} {'printable':>10} {'refused':>8} {'not following':>14} {'CPU ms':>7}")
    for name, people in everyone:
        started = time.process_time()
        found = made(people)
        ms = 1000.0 * (time.process_time() - started) / len(people)
        counted, complaints = verdicts(found), wrong(found)
        good = counted["printable"]
        print(f"{name:10} {len(people):6} {good:10} {len(people) - good:8} {len(complaints):14} {ms:7.1f}")
        for line in [*(f"  {n} {reason}" for reason, n in counted.items() if reason != "printable"), *complaints[:20]]:
            print(line)
        status |= bool(complaints) or good < (1.0 - REFUSED) * len(people)
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
