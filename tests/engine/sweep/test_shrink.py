"""The smallest order that still fails: nothing in it can be dropped or brought nearer to its default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sweep.axes import Axis
from engine.sweep.shrink import smallest

AXES = [Axis(f"p{k}", "length", 5.0, (0.0, 10.0), (5.0,), grid=(0.0, 10.0, 0.5)) for k in range(8)]


@given(
    changes=st.dictionaries(st.sampled_from([a.name for a in AXES]), st.integers(0, 20).map(lambda k: k / 2), min_size=1),
    data=st.data(),
)
@settings(max_examples=80)
def test_the_culprits_remain_at_their_thresholds(changes: dict[str, float], data: st.DataObject) -> None:
    culprits = {n for n in data.draw(st.sets(st.sampled_from(sorted(changes)), max_size=3)) if changes[n] != 5.0}
    limits = {n: data.draw(st.sampled_from([v for v in _between(5.0, changes[n])])) for n in sorted(culprits)}
    asked: list[Mapping[str, Any]] = []

    def fails(tried: Mapping[str, Any]) -> bool:
        asked.append(dict(tried))
        return all(n in tried and abs(tried[n] - 5.0) >= abs(limits[n] - 5.0) for n in limits)

    assert smallest(changes, AXES, fails, most=200) == limits
    assert len(asked) <= 200


def _between(default: float, value: float) -> list[float]:
    step = 0.5 if value > default else -0.5
    return [default + step * k for k in range(1, round((value - default) / step) + 1)]


def test_a_text_is_shortened_and_an_option_stays() -> None:
    name = Axis("name", "text", "", ("", "mmmm"), ("",), letters=12)
    kind = Axis("kind", "choice", "a", ("a", "b"), ("a", "b"))
    found = smallest(
        {"name": "Maximilian", "kind": "b"}, [name, kind], lambda c: len(c.get("name", "")) > 3 and c.get("kind") == "b"
    )
    assert found == {"name": "Maxi", "kind": "b"}


def test_it_asks_no_more_often_than_it_may() -> None:
    count = 0

    def fails(_: Mapping[str, Any]) -> bool:
        nonlocal count
        count += 1
        return len(_) == 8

    changes = {a.name: 9.0 for a in AXES}
    assert smallest(changes, AXES, fails, most=5) == changes and count == 5
