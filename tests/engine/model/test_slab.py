"""engine/model/slab.py: arrays of one piece that lie beside each other, never over each other."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.model.slab import LINE, carved

KINDS = (np.int8, np.int32, np.float32, np.int64, np.float64)


@given(st.lists(st.tuples(st.lists(st.integers(0, 9), min_size=1, max_size=3), st.sampled_from(KINDS)), min_size=1, max_size=6))
def test_each_array_is_as_wanted_and_its_own(wanted: list[tuple[list[int], type]]) -> None:
    made = carved(*((tuple(shape), kind) for shape, kind in wanted))
    for k, (array, (shape, kind)) in enumerate(zip(made, wanted, strict=True)):
        assert array.shape == tuple(shape) and array.dtype == kind
        assert array.flags.c_contiguous and array.flags.aligned and array.flags.writeable
        assert (array.ctypes.data - made[0].ctypes.data) % LINE == 0 or not array.size
        array[...] = k
    assert all((array == k).all() for k, array in enumerate(made))
