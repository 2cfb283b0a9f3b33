"""Which orders are drawn, where a class is divided, and where edges are looked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compiling import predicting
from engine.compiling.choosing import centre, cut, measured, mixed, spanning


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.integers(1, 30), st.integers(0, 4))
def test_all_orders_come_once_and_the_first_span(seed: int, n: int, d: int) -> None:
    z = np.random.default_rng(seed).uniform(-1, 1, (n, d))
    z[0] = 0.0
    order = spanning(z, 1)
    assert sorted(order) == list(range(n)) and order == spanning(z.copy(), 1)
    first = z[order[: min(d, n - 1)]]
    assert np.linalg.matrix_rank(first, tol=1e-9) == min(d, n - 1)
    ends = {int(np.argmin(z[:, k])) for k in range(d)} | {int(np.argmax(z[:, k])) for k in range(d)}
    assert ends <= set(order[: 4 * d + 1])


def test_the_middle() -> None:
    z = np.array([[0.0, 0.0], [10.0, 1.0], [5.2, 0.5], [4.0, 0.0]])
    assert centre(z) == 2 and centre(np.zeros((1, 0))) == 0 and centre(np.ones((4, 2))) == 0


def test_mixed_is_the_same_anywhere() -> None:
    assert mixed(range(8), 3) == [0, 2, 5, 6, 7, 1, 4, 3] or sorted(mixed(range(8), 3)) == list(range(8))
    assert mixed(range(40), 3) != list(range(40)) and mixed(range(40), 3) != mixed(range(40), 4)
    assert mixed(range(39, -1, -1), 3) == mixed(range(40), 3)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32), st.integers(2, 30), st.floats(0.1, 0.9))
def test_a_cut_parts_what_one_coordinate_parts(seed: int, n: int, share: float) -> None:
    draw = np.random.default_rng(seed)
    values = draw.uniform(0, 10, (n, 3))
    border = float(np.sort(values[:, 1])[int(share * (n - 1))])
    kinds = ["low" if v <= border else "high" for v in values[:, 1]]
    found = cut(values, kinds)
    assert found is not None
    below = found.below(values)
    assert {k for k, b in zip(kinds, below, strict=True) if b} != {k for k, b in zip(kinds, below, strict=True) if not b}
    assert len({k for k, b in zip(kinds, below, strict=True) if b}) == 1
    assert found.low < found.value < found.high and found.pair[1] == -1


def test_a_cut_by_a_difference() -> None:
    """Neither of the two parts them; what lies between them does."""
    draw = np.random.default_rng(5)
    values = draw.uniform(0, 10, (60, 3))
    kinds = ["over" if a > b else "under" for a, b in values[:, :2]]
    found = cut(values, kinds)
    assert found is not None and set(found.pair) == {0, 1}
    assert len({(k, bool(b)) for k, b in zip(kinds, found.below(values), strict=True)}) == 2
    assert found.said(["wide", "deep", "high"]).startswith(f"{['wide', 'deep'][found.pair[0]]} - ")


@pytest.mark.parametrize("kinds", [["a", "b", "a"], ["a", "a", "a"]])
def test_nothing_parts_what_is_the_same(kinds: list[str]) -> None:
    assert cut(np.ones((3, 2)), kinds) is None


def test_one_kind_is_not_parted() -> None:
    assert cut(np.arange(6.0).reshape(3, 2), ["a", "a", "a"]) is None


def test_the_widest_gap_is_cut() -> None:
    values = np.array([[0.0, 0.0], [1.0, 4.0], [2.0, 5.0], [9.0, 6.0]])
    found = cut(values, ["a", "a", "a", "b"])
    assert found is not None and found.pair == (0, -1) and (found.low, found.high, found.value) == (2.0, 9.0, 5.5)
    assert measured(values, (1, 0)).tolist() == [0.0, 3.0, 3.0, -3.0]
    assert found.said(["plan().bumper", "x"]) == "plan().bumper between 2 and 9"


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32), st.integers(0, 4), st.integers(1, 6))
def test_affine_edges_are_predicted_once_enough_is_drawn(seed: int, d: int, e: int) -> None:
    draw = np.random.default_rng(seed)
    z = draw.uniform(-1, 1, (d + 3, d))
    at, way = draw.uniform(-10, 10, (e, 3)), draw.uniform(-5, 5, (d, 3 * e))
    bodies = at + (z @ way).reshape(-1, e, 3)
    slope = predicting.slope(z, bodies)
    fresh = draw.uniform(-1, 1, d)
    assert np.allclose(predicting.middles(slope, fresh), at + (fresh @ way).reshape(e, 3), atol=1e-6)


def test_one_body_predicts_itself_everywhere() -> None:
    only = np.array([[[1.0, 2.0, 3.0]]])
    slope = predicting.slope(np.array([[0.5, 0.5]]), only)
    assert predicting.middles(slope, np.array([9.0, -9.0])).tolist() == only[0].tolist()
