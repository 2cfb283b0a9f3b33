"""The insole's sweep: whatever may be ordered is made and fits, or is refused by a rule that says what would do.

`unikat check insole` sweeps it all, with 64 Sobol points, and looks for what nothing reads; here are the orders of its first kinds.
"""

from __future__ import annotations

from collections import Counter

from engine.sweep.axes import read, told_of
from engine.sweep.probe import try_here
from engine.sweep.samples import samples
from engine.sweep.suspects import unheard
from templates.insole import Insole

POINTS = 16
MOST_REFUSED = 0.03
"""The share that no change which a refusal names makes possible."""
SOURCE = {"key": "insole"}


def test_every_order_is_made_or_refused_with_a_way_out() -> None:
    axes = read(told_of(Insole))
    planned = samples(axes, POINTS, 0)
    assert len(planned) > 150 and {s.kind for s in planned} == {"defaults", "extreme", "name", "pair", "sobol"}
    told = [(sample, try_here(SOURCE, "mjf-tpu", sample.changes, False, True)) for sample in planned]
    failed = [(t["cause"], t["where"], t["why"], s.changes) for s, t in told if t["result"] == "failed"]
    assert not failed, failed[:3]
    counted = Counter(t["result"] for _, t in told)
    assert set(counted) <= {"made", "refused"} and counted["refused"] <= MOST_REFUSED * len(planned), counted
    assert not told[0][1]["advice"], "the defaults are made as they are"
    advised = Counter(t["advice"][0][0] for _, t in told if t["advice"])
    assert {"sizes", "measures_agree", "suits_the_foot", "thickness"} <= set(advised), "rules speak in it"
    of_files = unheard(dict(enumerate(told)))
    assert set(of_files) == {"lengths_agree", "pressure_told", "floor_under_relief"}, (
        "these alone want a file, which a sweep has not"
    )
