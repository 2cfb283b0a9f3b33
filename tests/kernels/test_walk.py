"""Loops through triangles, points beside them, and triangles cut along them: areas that add up, edges used once each way; and refusals."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import overlay, walk
from kernels.feet import APART, BESIDE, feet

SIDE = 60_000
Cut = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def sheet(cells: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A square about the origin in triangles: points, triangles, twins."""
    at = np.rint(np.linspace(-SIDE, SIDE, cells + 1)).astype(np.int32)
    points = np.stack(np.meshgrid(at, at, indexing="ij"), axis=-1).reshape(-1, 2)
    rows = []
    for i in range(cells):
        for j in range(cells):
            a, b, c, d = (u * (cells + 1) + v for u, v in ((i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)))
            rows += [(a, b, c), (a, c, d)]
    triangles = np.array(rows, np.int32)
    where = {(t[e], t[(e + 1) % 3]): 3 * n + e for n, t in enumerate(rows) for e in range(3)}
    twin = np.array([where.get((t[(e + 1) % 3], t[e]), -1) for t in rows for e in range(3)], np.int32)
    return np.ascontiguousarray(points), triangles, twin


def laid(loop: list[tuple[int, int]], cells: int = 5) -> tuple[int, Cut | None]:
    """(status, (all points, outside, inside, path, the triangle of each outside one))."""
    points, triangles, twin = sheet(cells)
    line, ends = np.array(loop, np.int32), np.array([len(loop)], np.int32)
    homes, path_ends = np.empty(len(line), np.int32), np.empty(1, np.int32)
    status = walk.settle(points, triangles, twin, line, ends, homes)
    if status < 0:
        return status, None
    path, of, crossed = np.empty((4000, 2), np.int32), np.empty(4000, np.int32), np.empty(4000, np.int32)
    made = walk.trace(points, triangles, twin, line, ends, homes, path, path_ends, of, crossed)
    if made < 0:
        return made, None
    made = feet(points, triangles, twin, made, path, of, crossed)
    assert made > 0
    inside, told = np.empty(len(points), np.int32), np.empty(2, np.int64)
    cut, pieces = np.empty((len(triangles) + 6 * made, 3), np.int32), np.empty(len(triangles) + 6 * made, np.int32)
    arrays = (path[:made], path_ends, of[:made], crossed[:made])
    status = overlay.divide(points, triangles, twin, *arrays, inside, cut, pieces, told)
    if status < 0:
        return status, None
    out, within = told.tolist()
    return 0, (np.concatenate((points, path[:made])), cut[:out], cut[len(cut) - within :], path[: path_ends[0]], pieces[:out])


def twice_area(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    a, b, c = (points[triangles[:, k]].astype(np.int64) for k in range(3))
    return (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]


def shoelace(loop: np.ndarray) -> int:
    here, after = loop.astype(np.int64), np.roll(loop, -1, axis=0).astype(np.int64)
    return int((here[:, 0] * after[:, 1] - here[:, 1] * after[:, 0]).sum())


def star(corners: int, outer: float, inner: float, turn: float, x: float, y: float) -> list[tuple[int, int]]:
    made = []
    for k in range(2 * corners):
        r, a = (outer, inner)[k % 2], turn + math.pi * k / corners
        made.append((round(x + r * math.cos(a)), round(y + r * math.sin(a))))
    return made


@settings(max_examples=150, deadline=None)
@given(
    st.integers(3, 30),
    st.floats(2_000, 40_000),
    st.floats(0.4, 1.0),
    st.floats(0.0, 6.3),
    st.floats(-9_000, 9_000),
    st.floats(-9_000, 9_000),
    st.integers(1, 12),
)
def test_both_sides_fill_the_sheet_and_share_the_outline(
    corners: int, outer: float, share: float, turn: float, x: float, y: float, cells: int
) -> None:
    status, made = laid(star(corners, outer, outer * share, turn, x, y), cells)
    if made is None:
        assert status == walk.CLOSE
        return
    points, outside, inside, path, _ = made
    areas = twice_area(points, outside), twice_area(points, inside)
    assert all((a > 0).all() for a in areas)
    assert int(areas[0].sum() + areas[1].sum()) == 2 * (2 * SIDE) ** 2
    assert int(areas[1].sum()) == shoelace(path)
    edges = Counter((t[e], t[(e + 1) % 3]) for rows in (outside, inside) for t in rows.tolist() for e in range(3))
    assert set(edges.values()) == {1}
    n = len(sheet(cells)[0])
    rim = [(n + k, n + (k + 1) % len(path)) for k in range(len(path))]
    floor = {(t[e], t[(e + 1) % 3]) for t in inside.tolist() for e in range(3)}
    assert all(e in floor for e in rim)


def test_each_piece_lies_within_its_triangle() -> None:
    status, made = laid(star(9, 31_000.0, 14_000.0, 0.3, 700.0, -500.0))
    assert status == 0 and made is not None
    points, outside, _, _, pieces = made
    base, triangles, _ = sheet(5)
    for piece, of in zip(outside.tolist(), pieces.tolist(), strict=True):
        a, b, c = base[triangles[of]].astype(float)
        for corner in points[piece].astype(float):
            for s, f in ((a, b), (b, c), (c, a)):
                way = f - s
                assert (way[0] * (corner - s)[1] - way[1] * (corner - s)[0]) / math.hypot(*way) > -1.0  # rounded to a step


def test_points_are_pushed_off_edges_and_no_farther() -> None:
    points, triangles, twin = sheet(2)
    line = np.array([(3, -20_000), (20_000, -20_003), (20_000, 20_000)], np.int32)
    before, homes = line.copy(), np.empty(3, np.int32)
    assert walk.settle(points, triangles, twin, line, np.array([3], np.int32), homes) == 0
    assert np.abs(line - before).max() <= 2 * walk.AWAY
    for point, t in zip(line.tolist(), homes.tolist(), strict=True):
        a, b, c = points[triangles[t]].astype(float)
        for s, f in ((a, b), (b, c), (c, a)):
            way = f - s
            assert (way[0] * (point[1] - s[1]) - way[1] * (point[0] - s[0])) / math.hypot(*way) >= walk.AWAY - 1.0


def test_a_long_edge_close_beside_the_outline_gets_points() -> None:
    points, triangles, twin = sheet(1)  # the diagonal is its one inner edge
    line = np.array([(300, 0), (20_000, -3_000), (20_300, 20_000)], np.int32)
    ends, homes, path_ends = np.array([3], np.int32), np.empty(3, np.int32), np.empty(1, np.int32)
    assert walk.settle(points, triangles, twin, line, ends, homes) == 0
    path, of, crossed = np.empty((100, 2), np.int32), np.empty(100, np.int32), np.empty(100, np.int32)
    made = walk.trace(points, triangles, twin, line, ends, homes, path, path_ends, of, crossed)
    assert made == 3
    total = feet(points, triangles, twin, made, path, of, crossed)
    beside = path[made:total]
    assert total > made and (beside[:, 0] == beside[:, 1]).all() and (of[made:total] == -1).all()
    places = np.sort(beside[:, 0]) * math.sqrt(2.0)
    assert (np.diff(places) >= APART - 2).all() and np.abs(places).max() < SIDE * math.sqrt(2.0) - BESIDE
    assert any(abs(x - 150) <= 1 for x in beside[:, 0]) and any(abs(x - 20_150) <= 1 for x in beside[:, 0])
    assert feet(points, triangles, twin, made, path[: made + 1], of[: made + 1], crossed[: made + 1]) == walk.ROOM


@pytest.mark.parametrize(
    ("loop", "status"),
    [
        ([(-70_000, 0), (0, -9_000), (0, 9_000)], walk.OUTSIDE),
        ([(0, -9_000), (70_000, 0), (0, 9_000)], walk.OUTSIDE),
        ([(-9_000, -9_000), (9_000, 9_100), (9_000, -9_000), (-9_000, 9_100)], overlay.UNSOUND),
    ],
)
def test_loops_that_leave_the_sheet_or_meet_themselves_are_refused(loop: list[tuple[int, int]], status: int) -> None:
    assert laid(loop) == (status, None)


def test_the_inside_is_what_lies_to_the_left() -> None:
    loop = star(5, 20_000.0, 9_000.0, 0.1, 0.0, 0.0)
    (_, one), (_, other) = laid(loop), laid(loop[::-1])
    assert one is not None and other is not None
    assert twice_area(one[0], one[1]).sum() == twice_area(other[0], other[2]).sum()


def test_too_little_room_is_said() -> None:
    points, triangles, twin = sheet(5)
    line, ends = np.array(star(5, 30_000.0, 12_000.0, 0.1, 0.0, 0.0), np.int32), np.array([10], np.int32)
    homes, path_ends, few = np.empty(10, np.int32), np.empty(1, np.int32), np.empty(12, np.int32)
    assert walk.settle(points, triangles, twin, line, ends, homes) == 0
    small = np.empty((12, 2), np.int32)
    assert walk.trace(points, triangles, twin, line, ends, homes, small, path_ends, few, few.copy()) == walk.ROOM


def test_triangles_that_were_turned_over_are_counted() -> None:
    flat = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0], [0, 0, 1], [4, 0, 1], [0, 4, 1]], float)
    triangles = np.array([[0, 1, 2], [0, 2, 1]], np.int32)
    assert overlay.turned(flat, triangles, 0, 3, 1.0) == 1
    assert overlay.turned(flat, triangles[:1], 0, 3, -1.0) == 1
    assert overlay.turned(flat, triangles[:1], 3, 3, 1.0) == 0
