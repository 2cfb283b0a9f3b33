"""What random orders cost in the mean, from those that were made of each kind."""

from __future__ import annotations

import pytest

from benchmarks.mixed import Told


def test_the_mean_counts_those_that_were_not_drawn_at_what_the_others_cost() -> None:
    told = Told(charted=[10.0] * 98, by_cad=[510.0, 1510.0], uncovered=4)
    assert told.share == pytest.approx(98 / 102) and told.mean == pytest.approx((98 * 10.0 + 4 * 1010.0) / 102)
    assert Told(charted=[8.0]).mean == 8.0 and Told(by_cad=[700.0], uncovered=1).share == 0.0


def test_orders_of_structures_that_were_not_compiled_are_told_apart() -> None:
    told = Told(charted=[10.0] * 98, uncovered=102, ended=100, beyond=2)
    assert told.compiled == pytest.approx(0.98) and told.share == pytest.approx(0.49)
    assert Told(uncovered=3).compiled == 0.0
