"""Walls between rings: every edge used once each way, but for the outermost rings' own."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kernels.rings import walls


@given(st.integers(2, 5), st.integers(3, 9), st.booleans())
def test_walls(k: int, n: int, outwards: bool) -> None:
    rows = np.arange(k * n, dtype=np.int32).reshape(k, n)
    faces = np.full((2 * (k - 1) * n, 3), -1, np.int32)
    walls(rows, outwards, faces)
    edges = {(t[e], t[(e + 1) % 3]) for t in faces.tolist() for e in range(3)}
    assert len(edges) == 3 * len(faces)
    bare = {(a, b) for a, b in edges if (b, a) not in edges}
    ring = [(i, (i + 1) % n) for i in range(n)]
    below = {((k - 1) * n + i, (k - 1) * n + j) for i, j in ring}
    above = {(j, i) for i, j in ring}
    assert bare == (below | above if outwards else {(b, a) for a, b in below | above})
    # seen from above, the rings counter-clockwise about their middle: the normals look away from it, or into it
    turn = 2.0 * np.pi * np.arange(n) / n
    places = np.array([(np.cos(t), np.sin(t), float(k - level)) for level in range(k) for t in turn])
    a, b, c = (places[faces[:, i]] for i in range(3))
    away = (np.cross(b - a, c - a) * (a + b + c) * (1.0, 1.0, 0.0)).sum(axis=1)
    assert (away > 0.0).all() if outwards else (away < 0.0).all()
