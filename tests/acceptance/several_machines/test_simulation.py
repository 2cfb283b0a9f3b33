"""The model of larger fleets, fed with what one worker costs here, beside 1, 2 and 3 workers whose units wait: at most 15 % apart."""

from __future__ import annotations

from benchmarks import fleets, fleets_real

SHORT = (0.012, 16, 30)
"""Where a dispatcher that walks all that waits is too slow for three lanes."""


def test_the_model_is_as_fast_as_the_real_thing() -> None:
    costs, rows = fleets_real.check((fleets_real.SEEN[0], SHORT))
    print(costs, fleets.checked(rows), sep="\n")
    assert [(row["workers"], row["ms"]) for row in rows] == [(n, ms) for n in (1, 2, 3) for ms in (30.0, 12.0)]
    assert all(abs(row["model"] / row["measured"] - 1.0) <= fleets.CLOSE for row in rows)
    assert rows[4]["measured"] > 2 * rows[0]["measured"], "three are more than one"
