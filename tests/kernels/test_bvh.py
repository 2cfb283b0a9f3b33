"""The tree of boxes: every face in one leaf, every box round what is below it, refitted or new."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import bvh
from kernels.bvh import NOWHERE, WIDTH

PLAIN = bool(numba.config.DISABLE_JIT)
Tree = tuple[np.ndarray, np.ndarray, np.ndarray]


def soup(seed: int, count: int, spread: int = 1 << 20, size: int = 1 << 14) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    centres = draw.integers(-spread, spread + 1, (count, 1, 3))
    points = (centres + draw.integers(-size, size + 1, (count, 3, 3))).reshape(-1, 3).astype(np.int32)
    return points, np.arange(3 * count, dtype=np.int32).reshape(-1, 3)


def sorted_rows(lattice: np.ndarray, faces: np.ndarray, rows: np.ndarray) -> np.ndarray:
    k = len(rows)
    order, codes = np.full(k, -1, np.int32), np.empty((2, k), np.int64)
    bvh.sort_faces(lattice, faces, rows, order, codes[0], codes[1], np.empty(2048, np.int32), np.empty(6, np.int64))
    return order


def fitted(lattice: np.ndarray, faces: np.ndarray, order: np.ndarray) -> Tree:
    levels = bvh.levels_of(len(order))
    boxes = np.full((6, levels[-1]), 77, np.int32)
    bvh.fit(lattice, faces, order, levels, boxes)
    again, corners = np.full_like(boxes, 78), np.full((9, levels[1]), 79, np.int32)
    bvh.fit_corners(lattice, faces, order, levels, again, corners)
    k = len(order)
    assert (again == boxes).all() and (corners[:, :k].T.reshape(-1, 3, 3) == lattice[faces[order]]).all()
    assert not corners[:, k:].any()
    return order, levels, boxes


def looked_over(lattice: np.ndarray, faces: np.ndarray, rows: np.ndarray, tree: Tree) -> None:
    order, levels, boxes = tree
    k = len(rows)
    assert sorted(order.tolist()) == sorted(rows.tolist())
    corners = lattice[faces[order]]
    assert (corners.min(axis=1) == boxes[:3, :k].T).all() and (corners.max(axis=1) == boxes[3:, :k].T).all()
    assert (boxes[:3, k : levels[1]] == NOWHERE).all() and (boxes[3:, k : levels[1]] == -NOWHERE).all()
    for level in range(1, len(levels) - 1):
        below = boxes[:, levels[level - 1] : levels[level]].reshape(6, -1, WIDTH)
        nodes = below.shape[1]
        here = boxes[:, levels[level] : levels[level + 1]]
        assert (here[:3, :nodes] == below[:3].min(axis=2)).all() and (here[3:, :nodes] == below[3:].max(axis=2)).all()
        assert (here[:3, nodes:] == NOWHERE).all() and (here[3:, nodes:] == -NOWHERE).all()


@pytest.mark.parametrize("faces", [0, 1, 7, 8, 9, 63, 64, 65, 511, 512, 513, 4096, 100_000, 2**31 - 1])
def test_levels_hold_every_box_and_end_in_one_block(faces: int) -> None:
    levels = bvh.levels_of(faces)
    sizes = np.diff(levels)
    assert len(sizes) >= 2 and levels[0] == 0 and (sizes % WIDTH == 0).all()
    assert (sizes[0] >= faces and sizes[0] - faces < WIDTH) or (faces == 0 and sizes[0] == WIDTH)
    needed = max(faces, 1)
    for size in sizes:
        assert needed <= size < needed + WIDTH
        needed = -(-needed // WIDTH)
    assert needed == 1 and sizes[-1] == WIDTH and len(sizes) <= bvh.DEEPEST


@pytest.mark.parametrize("count", [1, 2, 8, 9, 65, 700] + ([] if PLAIN else [100_000]))
def test_every_face_is_in_one_leaf_and_boxes_hold_what_is_below(count: int) -> None:
    lattice, faces = soup(count, count)
    rows = np.arange(count, dtype=np.int32)
    looked_over(lattice, faces, rows, fitted(lattice, faces, sorted_rows(lattice, faces, rows)))


@given(st.integers(0, 2**32), st.integers(1, 90), st.sampled_from((0, 1, 5, 1 << 28)), st.sampled_from((0, 1, 3)))
@settings(max_examples=20 if PLAIN else 60, deadline=None)
def test_any_soup_any_share_of_its_faces(seed: int, count: int, spread: int, size: int) -> None:
    lattice, faces = soup(seed, count, max(spread - size, 0), size)
    rows = np.flatnonzero(np.random.default_rng(seed).random(count) < 0.7).astype(np.int32)
    if len(rows):
        order = sorted_rows(lattice, faces, rows)
        looked_over(lattice, faces, rows, fitted(lattice, faces, order))
        assert (order == sorted_rows(lattice, faces, rows)).all()


def test_a_refit_is_a_fresh_fit() -> None:
    lattice, faces = soup(3, 900)
    rows = np.arange(900, dtype=np.int32)
    order, levels, boxes = fitted(lattice, faces, sorted_rows(lattice, faces, rows))
    moved = (lattice // 3 + 17).astype(np.int32)
    bvh.fit(moved, faces, order, levels, boxes)
    looked_over(moved, faces, rows, (order, levels, boxes))
    assert (boxes == fitted(moved, faces, order)[2]).all()


def test_faces_in_one_place_keep_their_order() -> None:
    lattice = np.zeros((3, 3), np.int32)
    faces = np.tile(np.arange(3, dtype=np.int32), (100, 1))
    rows = np.arange(99, -1, -1, dtype=np.int32)
    order = sorted_rows(lattice, faces, rows)
    assert order.tolist() == rows.tolist()
    looked_over(lattice, faces, rows, fitted(lattice, faces, order))


def test_neighbours_in_space_are_neighbours_in_the_tree() -> None:
    """A flat grid of 64 x 64 cells, shuffled: leaves are blocks of it, not strips or scatter."""
    cells = np.array([(x, y) for x in range(64) for y in range(64)])[np.random.default_rng(1).permutation(4096)]
    points = np.array([[(x, y, 0), (x + 1, y, 0), (x, y + 1, 0)] for x, y in cells * 10], np.int32).reshape(-1, 3)
    faces = np.arange(3 * 4096, dtype=np.int32).reshape(-1, 3)
    _, levels, boxes = fitted(points, faces, sorted_rows(points, faces, np.arange(4096, dtype=np.int32)))
    leaves = boxes[:, levels[1] : levels[1] + 512].astype(np.int64)
    width, depth = leaves[3] - leaves[0], leaves[4] - leaves[1]
    assert np.median(width + depth) <= 62  # two by four cells: 21 + 41; a strip is 92


def test_an_area_is_exact_and_rows_begin_where_asked() -> None:
    end = 1 << 28
    lattice = np.array([(-end, -end, -end), (end, end, end), (0, 0, 0), (0, 0, 1), (end, end, end - 1)], np.int32)
    faces = np.array([(0, 1, 2), (0, 1, 3), (0, 0, 3), (0, 2, 1), (0, 4, 1), (2, 2, 2)], np.int32)
    rows = np.full(6, -7, np.int32)
    assert bvh.with_area(lattice, faces, 0, rows) == 2
    assert rows.tolist() == [1, 4, -7, -7, -7, -7]
    assert bvh.with_area(lattice, faces, 2, rows[2:]) == 1 and rows[2] == 4
    assert bvh.with_area(lattice, faces, 6, rows[:0]) == 0


def test_arrays_of_another_kind_are_refused() -> None:
    if PLAIN:
        pytest.skip("only compiled kernels look at types")
    lattice, faces = soup(1, 9)
    rows = np.arange(9, dtype=np.int32)
    for wrong in (lattice.astype(np.int64), np.asfortranarray(lattice), lattice[::2], lattice.astype(np.float32)):
        with pytest.raises(TypeError):
            sorted_rows(wrong, faces, rows)
    with pytest.raises(TypeError):
        sorted_rows(lattice, faces, rows.astype(np.int64))
    frozen = lattice.copy()
    frozen.flags.writeable = False
    assert (sorted_rows(frozen, faces, rows) == sorted_rows(lattice, faces, rows)).all()
