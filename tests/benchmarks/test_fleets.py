"""The model of a fleet is right where the answer is known; and the page has the tables that it makes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import fleets
from benchmarks.fleets import CLOSE, LONG, PAGE, Costs, known, simulate, size
from benchmarks.fleets_real import FRESH, MACHINES, SEEN

NOTHING = Costs(0.0, 0.0, 0.0, 0.0, 0.0)
SECONDS = st.floats(1e-4, 0.05)


@pytest.mark.parametrize("lanes", [1, 2, 7])
def test_lanes_that_wait_for_nobody_are_all_there_is(lanes: int) -> None:
    told = simulate(NOTHING, lanes, 0.01, 16, 16 * 7 * 20)
    assert told.rate == pytest.approx(lanes / 0.01, rel=1e-6) and told.narrow == "lanes" and told.lanes == pytest.approx(1.0)


@pytest.mark.parametrize(
    "costs, narrow, rate",
    [
        (Costs(0.03, 0.01, 0.0, 0.0, 0.0), "dispatcher", 16 / 0.04),
        (Costs(0.03, 0.01, 0.0, 0.0, 0.0, 0.001), "dispatcher", 16 / (0.04 + 32 * 0.001)),
        (Costs(0.02, 0.02, 0.0, 0.0, 0.09), "scheduler", 16 / 0.09),
        (Costs(0.02, 0.02, 0.0199999, 0.0, 0.0), "dispatcher", 16 / 0.04),
    ],
)
def test_the_narrow_part_sets_the_rate(costs: Costs, narrow: str, rate: float) -> None:
    told = simulate(costs, 200, 0.01, 16, 16 * 3000)
    assert told.narrow == narrow and told.rate == pytest.approx(rate, rel=0.02)


def test_one_chunk_takes_the_sum_of_its_way() -> None:
    costs = Costs(0.03, 0.02, 0.01, 0.004, 0.006, 0.001)
    told = simulate(costs, 1, 0.05, 16, 16)
    assert 16 / told.rate == pytest.approx(0.03 + 16 * 0.001 + 0.006 + 0.004 + 0.8 + 0.02 + 16 * 0.001)


@settings(max_examples=40, deadline=None)
@given(
    st.builds(Costs, SECONDS, SECONDS, st.just(1e-4), SECONDS, SECONDS, st.floats(0, 1e-3)),
    st.integers(1, 12),
    st.integers(1, 16),
)
def test_no_part_is_busier_than_always_and_another_lane_slows_nothing(costs: Costs, lanes: int, chunk: int) -> None:
    one, two = (simulate(costs, n, 0.02, chunk, 40 * chunk) for n in (lanes, lanes + 1))
    for told in (one, two):
        assert all(0 <= share <= 1 + 1e-9 for share in (told.lanes, told.dispatcher, told.line, told.scheduler))
        assert told.age <= 40 * chunk / told.rate
    assert two.rate >= 0.9 * one.rate, "an end that comes a chunk later is all"
    assert one.rate <= lanes / 0.02 + 1e-9


def test_chunks_are_those_of_the_dispatcher() -> None:
    from service.dispatch.fair import Costs as Real

    for unit in (0.001, 0.01, 0.03, 0.1, 0.5):
        real = Real()
        real.learn("t", "p", unit)
        assert size(unit) == real.size("t", "p")


def test_as_many_are_under_way_as_the_dispatcher_has() -> None:
    from service.dispatch.working import under_way

    assert [fleets.inflight(lanes) for lanes in range(300)] == [under_way(lanes) for lanes in range(300)]
    assert [under_way(lanes) for lanes in (0, 1, 3, 4, 5, 16, 17, 200)] == [0, 2, 6, 8, 9, 20, 22, 250]


def test_the_page_has_the_models_table() -> None:
    assert fleets.table(known()) in PAGE.read_text(encoding="utf-8")


def test_the_page_has_a_check_that_held() -> None:
    """Every kind of run, with 1, 2 and 3 workers, as `--check` prints them; those that the model had not seen before the others."""
    kinds = [(n, kind, kind in FRESH) for kind in (*SEEN, *FRESH) for n in range(1, MACHINES + 1)]
    rows = [
        {"workers": n, "ms": 1000 * s, "chunk": c, "fresh": new, "model": 1.0, "measured": 1.0} for n, (s, c, _), new in kinds
    ]
    shape = fleets.checked(rows).splitlines()
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(re.escape(shape[0]) + r"\n(?:\|.*\n)+", text)
    assert found
    told = found[0].splitlines()
    assert [r.split("|")[1] for r in told] == [r.split("|")[1] for r in shape]
    names = [r.split("|")[1].split(":")[0].split(",") for r in told]
    took = {n: float(names[n][1]) * float(names[n][2]) for n in range(2, len(told))}
    assert all(abs(float(told[n].split("|")[4].strip(" %"))) <= 100 * CLOSE for n, ms in took.items() if ms >= 1000 * LONG)
    assert "the model is too fast" in text, "of shorter chunks the page says how far it is off"


def test_a_table_is_put_where_the_last_one_stood() -> None:
    old = "a\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n| z | y |\n|---|---|\n| 5 | 6 |\n"
    assert fleets.put(old, "| z | w |\n|---|---|\n| 7 | 8 |") == old.replace("| z | y |", "| z | w |").replace(
        "| 5 | 6 |", "| 7 | 8 |"
    )
