"""A prism's points and walls, by hand."""

from __future__ import annotations

import numpy as np

from kernels.prism import fence, prism

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
