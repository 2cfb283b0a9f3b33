"""kernels/lattice.py: rounding, turning, welding; against plain Python and numpy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import lattice as grid

pytestmark = pytest.mark.filterwarnings(  # seen without JIT: the hash wraps on purpose, and infinity is tried
    "ignore:overflow:RuntimeWarning", "ignore:invalid value:RuntimeWarning"
)

coordinates = st.floats(-1e4, 1e4, allow_nan=False)


def _welded(rows: np.ndarray) -> tuple[int, np.ndarray, int]:
    table = np.empty(1 << max(4, (2 * len(rows) - 1).bit_length()), dtype=np.int32)
    target, first = np.empty(len(rows), dtype=np.int32), np.empty(1, dtype=np.int64)
    return grid.weld(rows, table, target, first), target, int(first[0])


@given(st.lists(st.tuples(coordinates, coordinates, coordinates), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_quantise_is_floor_of_a_half_more(rows: list[tuple[float, float, float]]) -> None:
    points = np.array(rows)
    out = np.empty(points.shape, dtype=np.int32)
    assert grid.quantise(points, 1e4, out) == 0
    assert out.tolist() == [[math.floor(v * 1e4 + 0.5) for v in row] for row in rows]


def test_what_cannot_be_held_is_marked_and_counted() -> None:
    inf, nan = math.inf, math.nan
    points = np.array([[0, 0, 0], [nan, 0, 0], [0, inf, 0], [0, 0, -inf], [3e4, 0, 0], [1e308, 1e308, 0], [1, 1, 1.0]])
    for posed in (False, True):
        out = np.empty(points.shape, dtype=np.int32)
        if posed:
            bad = grid.quantise_posed(points, np.eye(3).ravel(), np.zeros(3), 1e4, out)
        else:
            bad = grid.quantise(points, 1e4, out)
        assert bad == 5
        marks = [grid.NOT_FINITE] * 3 + [grid.TOO_FAR] * 2
        assert out[1:6].tolist() == [[m] * 3 for m in marks]
        assert out[[0, 6]].tolist() == [[0, 0, 0], [10000] * 3]
        told = np.empty(4, dtype=np.int64)
        assert grid.unheld(out, told) == 5 and told.tolist() == [3, 1, 2, 4]


def test_turn_is_exact_and_leaves_marks_alone() -> None:
    rows = np.array([[1, 2, 3], [grid.NOT_FINITE] * 3, [grid.TOO_FAR] * 3, [grid.RANGE, 0, 0]], dtype=np.int32)
    bad = grid.turn(rows, np.array([-2, 1, 3]), np.array([0, 10, 0]))
    assert rows[0].tolist() == [-2, 11, 3] and rows[1, 0] == grid.NOT_FINITE and rows[2, 0] == grid.TOO_FAR
    assert bad == 1 and rows[3].tolist() == [grid.TOO_FAR] * 3


def test_lowest_asks_only_points_in_use() -> None:
    rows = np.array([[0, 0, 5], [0, 0, 4], [0, 0, 9], [0, 0, -7], [grid.NOT_FINITE] * 3], dtype=np.int32)
    assert grid.lowest(rows, np.array([[0, 1, 2], [4, 77, -1]], dtype=np.int32)) == 4
    assert grid.lowest(rows, np.empty((0, 3), dtype=np.int32)) == grid.TOO_FAR


@given(st.lists(st.tuples(*[st.integers(-3, 3)] * 3), min_size=1, max_size=80))
@settings(max_examples=100, deadline=None)
def test_weld_numbers_by_first_appearance(rows: list[tuple[int, int, int]]) -> None:
    unique, target, first = _welded(np.array(rows, dtype=np.int32))
    seen: dict[tuple[int, int, int], int] = {}
    expected = [seen.setdefault(row, len(seen)) for row in rows]
    repeats = [i for i, row in enumerate(rows) if row in rows[:i]]
    assert unique == len(seen) and target.tolist() == expected and first == (repeats[0] if repeats else len(rows))


def test_weld_of_a_regular_grid_is_not_slow() -> None:
    """Regular coordinates are what products have: the hash must spread them."""
    axis = np.arange(0, 10) * 10_000
    rows = np.stack(np.meshgrid(axis, axis, axis), -1).reshape(-1, 3).astype(np.int32)
    unique, target, _ = _welded(np.concatenate([rows, rows]))
    assert unique == len(rows) and (target[: len(rows)] == target[len(rows) :]).all()


def test_remap_keeps_a_bad_index_bad() -> None:
    out = np.empty((2, 3), dtype=np.int32)
    grid.remap(np.array([[0, 1, 2], [3, -1, 2]], dtype=np.int32), np.array([0, 1, 0], dtype=np.int32), out)
    assert out.tolist() == [[0, 1, 0], [3, -1, 0]]


def test_a_wrong_dtype_raises_before_compiled_code_runs() -> None:
    import numba

    if numba.config.DISABLE_JIT:
        pytest.skip("only compiled kernels look at types")
    with pytest.raises(TypeError):
        grid.quantise(np.zeros((2, 3), dtype=np.float32), 1e4, np.empty((2, 3), dtype=np.int32))


def test_lowest_passes_by_what_is_no_point() -> None:
    rows = np.array([[0, 0, 3], [grid.NOT_FINITE] * 3, [grid.TOO_FAR] * 3], dtype=np.int32)
    assert grid.lowest(rows, np.array([[1, 1, 1]], dtype=np.int32)) == grid.TOO_FAR
    assert grid.lowest(rows, np.array([[2, 1, 0]], dtype=np.int32)) == 3


small = st.tuples(*[st.integers(-2, 2)] * 3)


@given(st.lists(small, max_size=20, unique=True), st.lists(small, max_size=20))
@settings(max_examples=100, deadline=None)
def test_repeats_are_those_among_new_rows_and_with_known_ones(
    known: list[tuple[int, int, int]], new: list[tuple[int, int, int]]
) -> None:
    rows, n = np.array([*known, *new], dtype=np.int32).reshape(-1, 3), len(known)
    table, own = (np.empty(1 << max(4, (2 * k - 1).bit_length()), dtype=np.int32) for k in (2 * n, len(new)))
    assert grid.weld(np.ascontiguousarray(rows[:n]), table, np.empty(n, dtype=np.int32), np.empty(1, dtype=np.int64)) == n
    assert grid.repeats(rows, n, table, own) is (len({*known, *new}) < len(rows))


def test_gather_keeps_each_different_row() -> None:
    rows = np.array([(1, 2, 3), (4, 5, 6), (1, 2, 3), (7, 8, 9)], dtype=np.int32)
    unique, target, _ = _welded(rows)
    out = np.empty((unique, 3), dtype=np.int32)
    grid.gather(rows, target, out)
    assert out.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]] and (out[target] == rows).all()
