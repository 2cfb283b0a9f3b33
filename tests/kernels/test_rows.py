"""kernels/rows.py: equality, against numpy's."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.rows import same


@pytest.mark.parametrize("n", [0, 1, 3, 1023, 1024, 1025, 5000])
def test_one_changed_number_anywhere_is_seen(n: int) -> None:
    rows = np.arange(n, dtype=np.int32) * np.int32(77_777)
    assert same(rows, rows.copy()) == 1
    assert same(rows, np.append(rows, np.int32(0))) == 0 and same(np.append(rows, np.int32(0)), rows) == 0
    for at in {0, n // 2, n - 1} if n else set():
        other = rows.copy()
        other[at] ^= np.int32(-(2**31))
        assert same(rows, other) == 0 and not np.array_equal(rows, other)
