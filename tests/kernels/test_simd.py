"""Eight lanes: what is compiled against the plain twin of numpy, operation by operation, bit by bit."""

from __future__ import annotations

import mmap
import operator
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kernels import simd
from kernels.compiled import inlined
from kernels.simd import LANES, bits, chosen, doubles, floats, lane, least, load, lowest_bit, most, ordered, root, splat, store

EIGHT = {
    "float32": hnp.arrays(np.float32, (2, 8), elements=st.floats(width=32, allow_nan=True, allow_infinity=True)),
    "int32": hnp.arrays(np.int32, (2, 8), elements=st.integers(-(2**31), 2**31 - 1)),
}
COMPARISONS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq)
Pair = Callable[[Any, Any], Any]


def compared(operation: Pair) -> Any:
    """`operation` as a number that every lane is in: a mask."""

    def run(rows: Any) -> Any:
        return bits(operation(load(rows, 0, 0), load(rows, 1, 0)))

    return inlined(run)


def lanes_of(operation: Pair) -> Any:
    """Which lanes of `operation` equal those of row 2."""

    def run(rows: Any) -> Any:
        return bits(operation(load(rows, 0, 0), load(rows, 1, 0)) == load(rows, 2, 0))

    return inlined(run)


def plain_bits(mask: np.ndarray) -> int:
    return sum(1 << k for k in range(LANES) if mask[k])


MASKS = {name: compared(f) for name, f in ((f.__name__, f) for f in COMPARISONS)}
VALUES: dict[str, tuple[Pair, Any]] = {
    f.__name__: (f, lanes_of(f)) for f in (operator.add, operator.sub, operator.mul, least, most)
}


@pytest.mark.parametrize("kind", EIGHT)
@pytest.mark.parametrize("name", MASKS)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_comparisons(name: str, kind: str, data: st.DataObject) -> None:
    rows = data.draw(EIGHT[kind])
    assert MASKS[name](rows) == plain_bits(getattr(operator, name)(rows[0], rows[1]))


@pytest.mark.parametrize("kind", EIGHT)
@pytest.mark.parametrize("name", VALUES)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_arithmetic(name: str, kind: str, data: st.DataObject) -> None:
    rows = data.draw(EIGHT[kind])
    plain, compiled = VALUES[name]
    with np.errstate(all="ignore"):
        expected = plain(rows[0], rows[1])
    assert expected.dtype == rows.dtype
    # a lane that is no number equals nothing, here as there
    assert compiled(np.vstack([rows, expected[None]])) == plain_bits(expected == expected)


@inlined
def _both(rows: Any) -> Any:
    return bits((load(rows, 0, 0) < load(rows, 1, 0)) & (load(rows, 1, 0) < load(rows, 2, 0)))


@inlined
def _either(rows: Any) -> Any:
    return bits((load(rows, 0, 0) < load(rows, 1, 0)) | (load(rows, 1, 0) < load(rows, 2, 0)))


@inlined
def _one(rows: Any) -> Any:
    return bits((load(rows, 0, 0) < load(rows, 1, 0)) ^ (load(rows, 1, 0) < load(rows, 2, 0)))


@given(hnp.arrays(np.int32, (3, 8), elements=st.integers(-2, 2)))
@settings(max_examples=50, deadline=None)
def test_masks(rows: np.ndarray) -> None:
    first, second = rows[0] < rows[1], rows[1] < rows[2]
    assert (_both(rows), _either(rows), _one(rows)) == tuple(
        plain_bits(m) for m in (first & second, first | second, first ^ second)
    )


@inlined
def _rounded(rows: Any, wanted: Any) -> Any:
    return bits(floats(load(rows, 0, 0)) == load(wanted, 0, 0))


@given(hnp.arrays(np.int32, (1, 8), elements=st.integers(-(2**31), 2**31 - 1)))
@settings(max_examples=50, deadline=None)
def test_integers_are_rounded_to_the_nearest_float(rows: np.ndarray) -> None:
    assert _rounded(rows, rows.astype(np.float32)) == 255
    assert _rounded(rows, np.nextafter(rows.astype(np.float32), np.float32(np.inf))) == 0


@inlined
def _spill(out: Any, row: Any, vector: Any) -> None:
    for k in range(LANES):
        out[row, k] = lane(vector, k)


@inlined
def _doubles(rows: Any, factor: Any, out: Any) -> None:
    a, b = doubles(load(rows, 0, 0)) * splat(factor), doubles(load(rows, 1, 0))
    _spill(out, 0, a + b)
    _spill(out, 1, a - b)
    _spill(out, 2, a / b)
    _spill(out, 3, root(a))
    _spill(out, 4, least(a, b))
    _spill(out, 5, most(a, b))
    _spill(out, 6, chosen((a < b) ^ (a == splat(factor)), a, b))


@given(hnp.arrays(np.int32, (2, 8), elements=st.integers(-(2**31), 2**31 - 1) | st.integers(-1, 1)), st.floats(-1e9, 1e9))
@settings(max_examples=50, deadline=None)
def test_float64_lanes(rows: np.ndarray, factor: float) -> None:
    made, wanted = np.empty((7, 8)), np.empty((7, 8))
    with np.errstate(all="ignore"):
        _doubles(rows, factor, made)
        a, b = rows[0].astype(np.float64) * factor, rows[1].astype(np.float64)
        mask = (a < b) ^ (a == factor)
        wanted[:] = a + b, a - b, a / b, np.sqrt(a), np.minimum(a, b), np.maximum(a, b), np.where(mask, a, b)
    np.testing.assert_array_equal(made, wanted)


@inlined
def _floats(rows: Any, out: Any) -> None:
    a, b = load(rows, 0, 0), load(rows, 1, 0)
    _spill(out, 0, a / b)
    _spill(out, 1, root(a))
    _spill(out, 2, chosen(a < b, a, b))


@given(EIGHT["float32"])
@settings(max_examples=50, deadline=None)
def test_quotients_roots_and_choices_of_float32(rows: np.ndarray) -> None:
    made = np.empty((3, 8), np.float32)
    with np.errstate(all="ignore"):
        _floats(rows, made)
        wanted = np.stack([rows[0] / rows[1], np.sqrt(rows[0]), np.where(rows[0] < rows[1], rows[0], rows[1])])
    np.testing.assert_array_equal(made, wanted)


@inlined
def _spread(rows: Any, value: Any) -> Any:
    return bits(load(rows, 0, 0) == splat(value))


def test_splat_fills_every_lane() -> None:
    for dtype in (np.int32, np.float32):
        rows = np.full((1, 8), 7, dtype)
        assert _spread(rows, dtype(7)) == 255
        rows[0, 5] = 8
        assert _spread(rows, dtype(7)) == 255 ^ 32
        assert _spread(rows, dtype(8)) == 32


@inlined
def _lowest(number: Any) -> Any:
    return lowest_bit(number)


@given(st.integers(1, 255))
@settings(deadline=None)
def test_the_lowest_bit(number: int) -> None:
    expected = f"{number:b}"[::-1].index("1")
    assert _lowest(np.int64(number)) == expected == lowest_bit(number) == lowest_bit(np.int64(number))


@inlined
def _sum_at(rows: Any, row: Any, at: Any, wanted: Any) -> Any:
    return bits(load(rows, row, at) == load(wanted, 0, 0))


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_load_takes_eight_of_that_row_at_any_place(dtype: type) -> None:
    rows = np.arange(60, dtype=dtype).reshape(3, 20)
    for row in range(3):
        for at in range(13):
            assert _sum_at(rows, row, at, rows[row : row + 1, at : at + 8].copy()) == 255
            assert load(rows, row, at).tolist() == rows[row, at : at + 8].tolist()


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_load_reads_not_a_byte_beyond(dtype: type) -> None:
    """An array that ends where a page ends that may not be touched: one byte more would kill the process."""
    import ctypes

    pages = mmap.mmap(-1, 2 * mmap.PAGESIZE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(pages))
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    protect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    assert protect(start + mmap.PAGESIZE, mmap.PAGESIZE, 0) == 0
    try:
        rows = np.frombuffer(pages, dtype, 32, mmap.PAGESIZE - 128).reshape(2, 16)
        rows[:] = np.arange(32).reshape(2, 16)
        assert _sum_at(rows, 1, 8, np.arange(24, 32, dtype=dtype)[None]) == 255
    finally:
        protect(start + mmap.PAGESIZE, mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_WRITE)


@inlined
def _copied(rows: Any, row: Any, at: Any, made: Any, to: Any, first: Any) -> None:
    store(made, to, first, load(rows, row, at))


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_store_writes_eight_there_and_nothing_else(dtype: type) -> None:
    rows = np.arange(1, 61, dtype=dtype).reshape(3, 20)
    for row, at, to, first in ((0, 0, 1, 13), (2, 12, 0, 0), (1, 5, 2, 7)):
        made, expected = np.zeros((3, 21), dtype), np.zeros((3, 21), dtype)
        expected[to, first : first + 8] = rows[row, at : at + 8]
        _copied(rows, row, at, made, to, first)
        assert (made == expected).all()


@inlined
def _bits_kept(rows: Any, made: Any) -> None:
    store(made, 0, 0, ordered(load(rows, 0, 0)))


@given(hnp.arrays(np.float32, (1, 8), elements=st.floats(0.0, width=32)))
@settings(max_examples=50, deadline=None)
def test_floats_without_a_sign_keep_their_order_as_integers(rows: np.ndarray) -> None:
    rows = np.abs(rows)
    made = np.empty((1, 8), np.int32)
    _bits_kept(rows, made)
    assert (made == rows.view(np.int32)).all() and (made >= 0).all()
    assert (np.sort(made[0]) == np.sort(rows[0]).view(np.int32)).all()


def test_what_has_no_lanes_does_not_compile() -> None:
    if numba.config.DISABLE_JIT:
        pytest.skip("only compiled kernels look at types")
    for wrong in (
        np.zeros((2, 8)),
        np.zeros((2, 8), np.int64),
        np.zeros(8, np.float32),
        np.asfortranarray(np.zeros((2, 8), np.int32)),
    ):
        with pytest.raises(numba.TypingError):
            _sum_at(wrong, 0, 0, wrong)
    with pytest.raises(numba.TypingError):
        _spread(np.zeros((1, 8), np.int32), 1.5)
    frozen = np.zeros((1, 8), np.int32)
    frozen.setflags(write=False)
    for made in (frozen, np.zeros((1, 8), np.float32)):
        with pytest.raises(numba.TypingError):
            _copied(np.zeros((1, 8), np.int32), 0, 0, made, 0, 0)
    assert simd.LANES == 8
