"""Walls between closed rings of as many points, one over the other: two triangles for every place of a ring."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import kernel

Rows = npt.NDArray[np.int32]


@kernel("void(int32[:,::1], boolean, int32[:,::1])", writes=("faces",))
def walls(rows: Rows, outwards: bool, faces: Rows) -> None:
    """faces (2 (k - 1) n, 3): the walls between rings rows (k, n), each under the one before it, counter-clockwise seen from above.

    They look away from what the rings go round, or into it.
    """
    k, n = rows.shape
    at = 0
    for level in range(k - 1):
        for i in range(n):
            j = i + 1 if i + 1 < n else 0
            p, q, r, s = rows[level + 1, i], rows[level + 1, j], rows[level, j], rows[level, i]
            faces[at, 0], faces[at, 1], faces[at, 2] = (p, q, r) if outwards else (r, q, p)
            faces[at + 1, 0], faces[at + 1, 1], faces[at + 1, 2] = (p, r, s) if outwards else (s, r, p)
            at += 2
