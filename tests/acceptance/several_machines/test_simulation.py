"""The model of larger fleets, fed with what one worker costs here, beside 1, 2 and 3 workers whose units wait: at most 15 % apart."""

from __future__ import annotations

from benchmarks import fleets, fleets_real


def test_the_model_is_as_fast_as_the_real_thing() -> None:
    costs, rows = fleets_real.check()
    print(costs, fleets.checked(rows), sep="\n")
    assert [row["workers"] for row in rows] == [1.0, 2.0, 3.0]
    assert all(abs(row["model"] / row["measured"] - 1.0) <= fleets.CLOSE for row in rows)
    assert rows[2]["measured"] > 2 * rows[0]["measured"], "three are more than one"
