"""Which orders are drawn, where a class is divided, and where edges are looked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compiling import predicting
from engine.compiling.choosing import NEARER, centre, cut, located, measured, ranked, spanning


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.integers(1, 30), st.integers(0, 4))
def test_all_orders_come_once_and_the_first_span(seed: int, n: int, d: int) -> None:
    z = np.random.default_rng(seed).uniform(-1, 1, (n, d))
    z[0] = 0.0
    rank = ranked(z, 1)
    span = spanning(z, rank)
    assert sorted(span.order) == list(range(n)) and span == spanning(z.copy(), rank)
    assert np.linalg.matrix_rank(z[span.near], tol=1e-9) == min(d, n - 1) == len(span.near)
    drawn = z[[*span.near, *span.ends]]
    if d:
        assert (drawn.min(axis=0) == z.min(axis=0)).all() and (drawn.max(axis=0) == z.max(axis=0)).all()
    assert len(span.ends) <= 2 * d and rank[span.rest].tolist() == sorted(rank[span.rest])


def test_an_order_at_several_ends_at_once_is_drawn_for_all_of_them() -> None:
    z = np.array(
        [[0.0, 0.0], [0.1, 0.0], [0.0, 0.1], [1.0, 0.3], [0.3, 1.0], [-1.0, -0.5], [-0.5, -1.0], [1.0, 1.0], [-1.0, -1.0]]
    )
    assert sorted(spanning(z, ranked(z, 1)).ends) == [7, 8]


def test_the_middle() -> None:
    z = np.array([[0.0, 0.0], [10.0, 1.0], [5.2, 0.5], [4.0, 0.0]])
    assert centre(z) == 2 and centre(np.zeros((1, 0))) == 0 and centre(np.ones((4, 2))) == 0


def test_what_two_regions_share_is_ranked_alike() -> None:
    values = np.arange(80.0).reshape(40, 2)
    rank = ranked(values, 3)
    assert sorted(rank) == list(range(40)) != rank.tolist() and (rank != ranked(values, 4)).any()
    part = ranked(values[10:30], 3)
    assert (np.argsort(part) == np.argsort(rank[10:30])).all()
    assert (ranked(values[::-1], 3)[::-1] == rank).all()


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


def test_a_cut_is_located_among_all_rows_not_those_alone_that_were_looked_at() -> None:
    values = np.column_stack([np.linspace(0.0, 10.0, 101), np.zeros(101)])
    asked: list[int] = []

    def kind(row: int) -> str:
        asked.append(row)
        return "round" if values[row, 0] > 7.25 else "square"

    found = located(values, {3: "square", 90: "round"}, kind)
    assert found is not None and (round(found.low, 6), round(found.high, 6)) == (7.2, 7.3)
    assert len(asked) == len(set(asked)) <= NEARER, "halved each time, none asked twice"
    assert np.array_equal(found.below(values), values[:, 0] < 7.25)


def test_a_cut_that_takes_too_many_rows_to_locate_is_taken_as_it_is() -> None:
    values, asked = np.linspace(0.0, 1.0, 100_001)[:, None], []
    found = located(values, {0: "a", 100_000: "b"}, lambda row: asked.append(row) or ("b" if row > 33_333 else "a"))  # type: ignore[func-returns-value]
    assert found is not None and len(asked) == NEARER and found.low < 0.33333 < found.high < found.low + 2.0**-7
    assert located(np.zeros((3, 1)), {0: "a", 1: "b"}, lambda _: "a") is None, "nothing parts what is alike"
