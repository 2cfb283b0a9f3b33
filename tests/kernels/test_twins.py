"""Half-edges paired and open loops walked: as a dictionary of edges tells them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import twins


def paired(triangles: np.ndarray, points: int) -> np.ndarray:
    twin = np.full(3 * len(triangles), 7, np.int32)
    twins.pair(triangles, twin, np.empty(points, np.int32), np.empty_like(twin))
    return twin


def walked(triangles: np.ndarray, points: int) -> list[list[int]] | None:
    twin = paired(triangles, points)
    rows, ends = np.empty(len(twin), np.int32), np.empty(len(twin), np.int32)
    many = twins.open_loops(triangles, twin, rows, ends, np.empty(2 * points, np.int32))
    if many < 0:
        assert many == twins.TOUCH
        return None
    stops = ends[:many].tolist()
    return [rows[begin:end].tolist() for begin, end in zip([0, *stops], stops, strict=False)]


def grid(across: int, up: int, missing: set[int]) -> np.ndarray:
    """Two triangles for each cell of a grid that is not missing."""
    made = []
    for i in range(across):
        for j in range(up):
            if i * up + j not in missing:
                a, b = i * (up + 1) + j, (i + 1) * (up + 1) + j
                made += [(a, b, b + 1), (a, b + 1, a + 1)]
    return np.array(made, np.int32).reshape(-1, 3)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.sets(st.integers(0, 35), max_size=12))
def test_pairs_and_loops(across: int, up: int, missing: set[int]) -> None:
    triangles, points = grid(across, up, missing), (across + 1) * (up + 1)
    sides = [(t[e], t[(e + 1) % 3]) for t in triangles.tolist() for e in range(3)]
    where = {side: h for h, side in enumerate(sides)}
    twin = paired(triangles, points)
    assert twin.tolist() == [where.get((b, a), -1) for a, b in sides]
    bare = [side for side, h in zip(sides, twin.tolist(), strict=True) if h < 0]
    found = walked(triangles, points)
    if len({a for a, _ in bare}) < len(bare):
        assert found is None
        return
    assert found is not None
    edges = [(a, b) for loop in found for a, b in zip(loop, [*loop[1:], loop[0]], strict=True)]
    assert sorted(edges) == sorted(bare)


def test_a_closed_body_has_no_loop() -> None:
    tetrahedron = np.array(((0, 2, 1), (0, 1, 3), (1, 2, 3), (2, 0, 3)), np.int32)
    assert walked(tetrahedron, 4) == []
    assert sorted(walked(tetrahedron[:3], 4) or []) == [[2, 0, 3]] or len(walked(tetrahedron[:3], 4) or []) == 1


def test_two_triangles_that_touch_in_a_point() -> None:
    assert walked(np.array(((0, 1, 2), (2, 3, 4)), np.int32), 5) is None
