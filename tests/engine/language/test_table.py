"""A table of heights as a parameter: what it takes and refuses, how it is kept, who may read it, and what of it is told."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.authoring import Grid, Solid, Template, fit, length, stage, table
from engine.errors import OrderError
from engine.language.orders import accept
from engine.language.table import MOST_CELLS, STEPS, Heights
from engine.make import Workshop, make
from engine.model.mesh import Mesh
from engine.model.order import Order
from tests.scanned_template import BOX, FACES

RAN: list[str] = []


class Padded(Template):
    """A block as high as the highest of some heights."""

    key, version = "padded", 1
    sole = table(low=-5.0, high=80.0, label=("Sole", "Voûte"))
    found = table(low=0.0, high=80.0, label=("Found", "Trouvées"))
    width = length(10.0, low=5.0, high=50.0, step=0.5, label=("Width", "Largeur"))

    @fit
    def from_width(self) -> dict[str, object]:
        """Heights as wide as the width."""
        return {"found": Grid(np.full((2, 3), self.width), (1.0, 2.0), 2.0)}

    @stage
    def high(self) -> float:
        """Reads one table."""
        RAN.append("high")
        return 10.0 if self.sole is None else float(self.sole.z.max())

    @stage
    def block(self) -> Solid:
        """As wide as what was found."""
        return Solid(Mesh(BOX * (self.found.z.max(), 10.0, self.high()), FACES), {})


FIELD = Padded.fields["sole"]
GOOD: dict[str, Any] = {"origin": [0.0, -4], "pitch": 2.0, "z": [[0.0, 1.0], [2.0, 12.5], [3, 4]]}


def test_taken_as_numbers_or_as_a_grid() -> None:
    kept = FIELD.accept(GOOD)
    assert kept is not None and kept == FIELD.accept(Grid(np.array(GOOD["z"], float), (0.0, -4.0), 2.0))
    assert kept.grid().z.tolist() == GOOD["z"] and kept.grid().origin == (0.0, -4.0) and kept.grid().pitch == 2.0
    assert FIELD.accept(None) is None and FIELD.accept(kept) is kept
    jsonschema.validate(GOOD, FIELD.schema_of_value("en"))


@given(st.lists(st.lists(st.floats(-5.0, 80.0), min_size=4, max_size=4), min_size=1, max_size=6))
def test_heights_are_kept_to_a_step_and_again_the_same(rows: list[list[float]]) -> None:
    kept = FIELD.accept({**GOOD, "z": rows})
    assert kept is not None and np.abs(kept.grid().z - np.array(rows)).max() <= 0.5001 / STEPS
    assert Heights.of(kept.grid()) == kept and hash(kept) == hash(Heights.of(kept.grid()))


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"z": [[0.0, 1.0], [2.0]]}, "rows of numbers, all as long"),
    ({"z": []}, "rows of numbers"),
    ({"z": [[]]}, "rows of numbers"),
    ({"z": [[0.0, "1"]]}, "rows of numbers"),
    ({"z": [[0.0, True]]}, "rows of numbers"),
    ({"z": [[0.0, math.nan]]}, "rows of numbers"),
    ({"z": [[0.0, -5.01]]}, "below its limit"),
    ({"z": [[0.0, 80.5]]}, "above its limit"),
    ({"z": [[0.0] * (MOST_CELLS + 1)]}, "too many heights"),
    ({"pitch": 0.1}, "needs a pitch"),
    ({"pitch": "2"}, "needs a pitch"),
    ({"origin": [0.0]}, "an origin of two numbers"),
    ({"origin": "00"}, "an origin of two numbers"),
    ({"more": 1}, "must be"),
]


@pytest.mark.parametrize(("change", "why"), WRONG)
def test_what_is_no_table_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(OrderError, match=why) as refused:
        FIELD.accept({**GOOD, **change})
    assert refused.value.field == "parameters.sole"
    for raw in (5, "heights", [[1.0]], {k: v for k, v in GOOD.items() if k != "pitch"}):
        with pytest.raises(OrderError, match="must be"):
            FIELD.accept(raw)
    with pytest.raises(OrderError, match="numbers only"):
        FIELD.accept(Grid(np.array([[0.0, math.nan]]), (0.0, 0.0), 1.0))


def test_an_end_below_the_other_is_the_designers_mistake() -> None:
    with pytest.raises(ValueError, match="low < high"):
        table(low=2.0, high=2.0, label="Heights")


def test_a_stage_runs_again_for_other_heights_and_not_for_the_same() -> None:
    shop = Workshop()
    RAN.clear()

    def high(z: list[list[float]] | None) -> float:
        told = {} if z is None else {"sole": {**GOOD, "z": z}}
        product = make(Order("padded", parameters=told), Padded, formats=("stl",), workshop=shop, keep_refused=True)
        return float(product.report.figures["bounds_mm"][1][2])

    assert [high(z) for z in (None, [[12.0]], [[12.0]], [[12.0], [3.0]], [[14.0]])] == [10.0, 12.0, 12.0, 12.0, 14.0]
    assert len(RAN) == 4, "the second of two equal ones is remembered"


def test_the_report_and_the_record_tell_its_hash_and_none_of_its_numbers() -> None:
    product = make(Order("padded", parameters={"width": 17.5}), Padded, formats=("stl",), keep_refused=True)
    told = product.report.figures["fitted"]["parameters.found"]["value"]
    data = np.full((2, 3), 175_000, np.int32).tobytes()
    assert told == {
        "origin": (1.0, 2.0), "pitch": 2.0, "rows": 2, "columns": 3, "sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip
    assert b'"found"' in product.files["record.json"] and b"175000" not in product.files["record.json"]


def test_what_is_given_is_not_fitted() -> None:
    values, _ = accept(Order("padded", parameters={"found": GOOD}), Padded)
    assert values["found"] == FIELD.accept(GOOD)
    product = make(Order("padded", parameters={"found": GOOD}), Padded, formats=("stl",), keep_refused=True)
    assert product.report.figures["bounds_mm"][1][0] == 12.5 and "fitted" not in product.report.figures
