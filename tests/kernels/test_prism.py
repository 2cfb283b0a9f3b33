"""A prism's points and walls, by hand."""

from __future__ import annotations

import numpy as np

from kernels.prism import fence, panels, prism

FRAME = np.array([[10.0, 20.0, 30.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])


def test_two_levels_and_the_walls_between() -> None:
    loops = np.array([[0, 0], [4, 0], [0, 4], [9, 9], [9, 8], [8, 9]], np.int32)
    points, faces = np.full((13, 3), -1.0), np.full((14, 3), -1, np.int32)
    prism(loops, np.array([3, 6], np.int32), FRAME, 0.0, 2.0, 10.0, points, 1, faces, 1)
    assert points[0].tolist() == [-1.0] * 3
    assert points[1:4].tolist() == [[1.0, 2.0, 3.0], [1.0, 2.4, 3.0], [1.0, 2.0, 3.4]]
    assert np.array_equal(points[7:13], points[1:7] + [0.2, 0.0, 0.0])
    assert faces[1:7].tolist() == [[1, 2, 8], [1, 8, 7], [2, 3, 9], [2, 9, 8], [3, 1, 7], [3, 7, 9]]
    assert faces[7:13].min() == 4
    assert (faces[[0, 13]] == -1).all()
    edge, across = points[2] - points[1], points[8] - points[1]
    assert np.cross(edge, across)[2] < 0  # away from the interior, which lies on the left of the edge


def test_a_fence_is_the_walls_alone() -> None:
    ends, faces = np.array([3], np.int32), np.full((8, 3), -1, np.int32)
    fence(ends, 5, 20, faces, 1)
    assert faces[1:7].tolist() == [[5, 6, 26], [5, 26, 25], [6, 7, 27], [6, 27, 26], [7, 5, 25], [7, 25, 27]]
    assert (faces[[0, 7]] == -1).all()


def test_panels_join_two_chains_in_the_order_of_their_parts() -> None:
    """A triangle whose first edge is broken once above and twice below; its last edge only above."""
    rows, starts, parts = ([0, 1, 2, 3, 4], [0, 2, 3, 5], [0.0, 0.5, 0.0, 0.0, 0.25])
    below, below_starts, below_parts = ([10, 11, 12, 13, 14], [0, 3, 4, 5], [0.0, 0.3, 0.6, 0.0, 0.0])
    faces = np.full((12, 3), -1, np.int32)
    panels(
        np.array([3], np.int32),
        *(np.array(rows, np.int32), np.array(starts, np.int32), np.array(parts)),
        *(np.array(below, np.int32), np.array(below_starts, np.int32), np.array(below_parts)),
        *(faces, 1),
    )
    assert faces[1:6].tolist() == [[0, 11, 10], [0, 1, 11], [1, 12, 11], [1, 13, 12], [1, 2, 13]]
    assert faces[6:8].tolist() == [[2, 14, 13], [2, 3, 14]]
    assert faces[8:11].tolist() == [[3, 4, 14], [4, 10, 14], [4, 0, 10]]
    assert (faces[[0, 11]] == -1).all()
    edges = {(int(t[k]), int(t[(k + 1) % 3])) for t in faces[1:11] for k in range(3)}
    open_ones = {edge for edge in edges if edge[::-1] not in edges}
    assert open_ones == {(a, b) for a, b in zip(rows, [*rows[1:], 0], strict=True)} | {
        (b, a) for a, b in zip(below, [*below[1:], 10], strict=True)
    }


def test_panels_between_chains_that_are_broken_alike_are_a_fence() -> None:
    ends, rows = np.array([3, 6], np.int32), np.arange(6, dtype=np.int32)
    made, known = np.empty((12, 3), np.int32), np.empty((12, 3), np.int32)
    starts, parts = np.arange(7, dtype=np.int32), np.zeros(6)
    panels(ends, rows, starts, parts, rows + np.int32(20), starts, parts, made, 0)
    fence(ends, 0, 20, known, 0)
    assert {t.tobytes() for t in made} == {t.tobytes() for t in known}
