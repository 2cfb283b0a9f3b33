"""A frame for every measured person: printable, fitting, and following what was measured.

`uv run python -m tests.acceptance.test_eyewear_people` makes all 4,183 adults and prints the table of the README; tests make 200 of them. A
frame of one size for everyone must fail, or these tests measure nothing.
"""

from __future__ import annotations

import collections
import sys
import time
from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from engine.make import Workshop, make
from engine.model.order import Measurement, Order, Product
from templates.eyewear import Eyewear
from tests.people import Person, adults, eyewear_order

REFUSED = 0.005
PD_MM, WIDTH_MM = 0.1, 6.0
"""fit.md E; and how far from the face's width less 2 a front may be, whose lenses have to lie before the eyes (a style, in fit.md A)."""
EAR_MM = 2.0


def made(people: Iterable[Person], cls: type[Eyewear] = Eyewear) -> list[tuple[Person, Product]]:
    shop = Workshop()
    return [(one, make(eyewear_order(one, name="Zoé"), cls, formats=(), workshop=shop)) for one in people]


def wrong(found: Sequence[tuple[Person, Product]]) -> list[str]:
    """What does not follow the person, in words, from the finished parts; a refused one is not asked."""
    told = []
    for person, product in found:
        if product.report.verdict != "printable":
            continue
        m, parts = person.measures, {p.part.name: p.part for p in product.parts}
        fits = collections.defaultdict(list)
        for one in product.report.figures["fit"]:
            fits[one["name"]].append(one["value"])
        half = m["interpupillarybreadth"] / 20.0
        for value in fits["monocular_pd"]:
            if abs(value - half) > PD_MM:
                told.append(f"{person.name}: lenses for a half PD of {value:.2f}, and it is {half:.2f}")
        wide = float(np.ptp(parts["front"].mesh.points[:, 0]))
        if abs(wide - m["bizygomaticbreadth"] + 2.0) > WIDTH_MM:
            told.append(f"{person.name}: {wide:.1f} mm wide for a face of {m['bizygomaticbreadth']:.0f}")
        for value in fits["at_ear"]:
            if abs(value - 1.027 * m["bizygomaticbreadth"] / 2) > EAR_MM:
                told.append(f"{person.name}: {value:.1f} mm at the ear")
    return told


def verdicts(found: Sequence[tuple[Person, Product]]) -> collections.Counter[str]:
    counted: collections.Counter[str] = collections.Counter()
    for _, product in found:
        reasons = sorted({f.code for f in product.report.findings if f.severity == "error"})
        verdict = product.report.verdict
        counted["printable" if verdict == "printable" else f"{verdict}: {', '.join(reasons)}"] += 1
    return counted


class OneSize(Eyewear):
    """The defaults, whoever asks: what these tests must not let pass."""

    box = front_width = front_numbers = bearing_numbers = temple_numbers = None  # no fit
    nose_and_eyes = hinges = temples = None  # no rule that would see it


@pytest.mark.usefixtures("shared_data")
def test_two_hundred_adults_get_a_frame_that_follows_them() -> None:
    everyone = adults()
    assert len(everyone) == 4183
    people = everyone[:: len(everyone) // 200][:200]
    found = made(people)
    counted = verdicts(found)
    assert counted["printable"] >= (1.0 - REFUSED) * len(people), counted
    assert not wrong(found)
    fits = [f for _, product in found for f in product.report.figures.get("fit", ())]
    assert len(fits) >= 18 * counted["printable"]
    assert len({f["value"] for f in fits if f["name"] == "a"}) > 100


@pytest.mark.usefixtures("shared_data")
def test_one_size_for_everyone_fails() -> None:
    found = made(adults()[::400], OneSize)
    bad = {complaint.split(":")[0] for complaint in wrong(found)}
    bad |= {person.name for person, product in found if product.report.verdict != "printable"}
    assert len(bad) > 0.6 * len(found)


@pytest.mark.parametrize("pd", [44.0, 48.0, 52.0, 57.0])
def test_children_down_to_a_pd_of_44(pd: float) -> None:
    product = make(Order("eyewear", measurements={"pd": Measurement(pd, "mm")}), Eyewear, formats=())
    assert product.report.verdict == "printable", product.report.findings
    (a, _) = (f["value"] for f in product.report.figures["fit"] if f["name"] == "a")
    assert 32.0 <= a <= 47.0 + (pd - 57.0) * 0.5


def main() -> int:
    people = adults()
    print(f"{'people':10} {'made':>6} {'printable':>10} {'refused':>8} {'not following':>14} {'CPU ms':>7}")
    started = time.process_time()
    found = made(people)
    ms = 1000.0 * (time.process_time() - started) / len(people)
    counted, complaints = verdicts(found), wrong(found)
    good = counted["printable"]
    print(f"{'adults':10} {len(people):6} {good:10} {len(people) - good:8} {len(complaints):14} {ms:7.1f}")
    for line in [*(f"  {n} {reason}" for reason, n in counted.items() if reason != "printable"), *complaints[:20]]:
        print(line)
    return int(bool(complaints) or good < (1.0 - REFUSED) * len(people))


if __name__ == "__main__":
    sys.exit(main())
