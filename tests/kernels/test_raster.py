"""Spans against a point-in-triangle test in integers; the planar polygon; open edges; what is no triangle."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import border, raster

SIDE = 40
WINDOW = np.array((0, 0, SIDE, SIDE))
Seen = npt.NDArray[np.float64]


class Canvas:
    """A small buffer: the far ground everywhere."""

    def __init__(self, window: npt.NDArray[np.int64] = WINDOW) -> None:
        shape = (int(window[2] - window[0]), int(window[3] - window[1]))
        self.window = window
        self.depth = np.full(shape, -1e9, np.float32)
        self.light = np.zeros(shape, np.float32)
        self.owner = np.zeros(shape, np.uint8)

    def draw(self, seen: Seen, faces: npt.NDArray[np.int32], corner: float = 1.0, who: int = 1) -> Canvas:
        bright = np.full((len(faces), 3), corner, np.float32)
        raster.rasterise(seen, faces, 0, len(faces), bright, who, self.window, self.depth, self.light, self.owner)
        return self

    def plane(self, seen: Seen, rim: npt.NDArray[np.int32], plane: npt.NDArray[np.float64]) -> Canvas:
        raster.rasterise_plane(seen, rim, plane, np.float32(1.0), 1, self.window, self.depth, self.light, self.owner)
        return self


def flat(*points: tuple[float, float]) -> Seen:
    return np.array([(x, y, 0.0) for x, y in points])


def inside(points: list[tuple[int, int]]) -> npt.NDArray[np.int8]:
    """1 inside, 0 outside, -1 on the boundary, of each sample, for a triangle in sixteenths of a sample; exact."""
    j, i = np.meshgrid(16 * np.arange(SIDE) + 8, 16 * np.arange(SIDE) + 8)
    sides = []
    for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1], strict=True):
        sides.append((bx - ax) * (i - ay) - (by - ay) * (j - ax))
    low, high = np.minimum.reduce(sides), np.maximum.reduce(sides)
    return np.where((low > 0) | (high < 0), 1, np.where((low >= 0) | (high <= 0), -1, 0)).astype(np.int8)


def clockwise(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """So that the face looks at the viewer (y runs down: its signed area is negative)."""
    (ax, ay), (bx, by), (cx, cy) = points
    return points if (bx - ax) * (cy - ay) < (by - ay) * (cx - ax) else [points[0], points[2], points[1]]


grid = st.tuples(st.integers(-100, 16 * SIDE + 100), st.integers(-100, 16 * SIDE + 100))
ONE = np.array([[0, 1, 2]], np.int32)


@settings(max_examples=150, deadline=None)
@given(st.lists(grid, min_size=3, max_size=3))
def test_a_face_takes_the_samples_inside_it(points: list[tuple[int, int]]) -> None:
    points = clockwise(points)
    drawn = Canvas().draw(flat(*((x / 16, y / 16) for x, y in points)), ONE).owner
    (ax, ay), (bx, by), (cx, cy) = points
    if (bx - ax) * (cy - ay) == (by - ay) * (cx - ax):
        assert not drawn.any()
        return
    expected = inside(points)
    assert (drawn[expected == 1] == 1).all()
    assert (drawn[expected == 0] == 0).all()


@settings(max_examples=100, deadline=None)
@given(st.lists(grid, min_size=4, max_size=4))
def test_faces_that_share_an_edge_leave_no_gap_and_no_overlap(points: list[tuple[int, int]]) -> None:
    """Each of the two diagonals of a quadrilateral, signed: what both faces cover is the same region, sample by sample."""
    seen = flat(*((x / 16 + 0.01, y / 16 + 0.003) for x, y in points))
    total = np.zeros((2, SIDE, SIDE), np.int64)
    for k, pair in enumerate((((0, 1, 2), (0, 2, 3)), ((0, 1, 3), (1, 2, 3)))):
        for a, b, c in pair:
            for sign, face in ((1, (a, b, c)), (-1, (a, c, b))):
                total[k] += sign * Canvas().draw(seen, np.array([face], np.int32)).owner.astype(np.int64)
    assert (total[0] == total[1]).all()


def test_the_nearer_face_wins_in_either_order() -> None:
    seen = np.array([(0, 0, 5), (0, 40, 5), (40, 0, 5), (0, 0, 9), (0, 40, 9), (40, 0, 9)], dtype=np.float64)
    near, far = np.array([[3, 4, 5]], np.int32), np.array([[0, 1, 2]], np.int32)
    one = Canvas().draw(seen, near, 0.5, 2).draw(seen, far, 0.9, 1)
    other = Canvas().draw(seen, far, 0.9, 1).draw(seen, near, 0.5, 2)
    assert (one.owner == other.owner).all() and (one.depth == other.depth).all() and (one.light == other.light).all()
    assert set(np.unique(one.owner)) == {0, 2}


def test_faces_that_look_away_are_not_drawn() -> None:
    assert not Canvas().draw(flat((0, 0), (40, 0), (0, 40)), ONE).owner.any()
    assert Canvas().draw(flat((0, 0), (0, 40), (40, 0)), ONE).owner.any()


def test_depth_and_brightness_are_affine_and_stay_within_the_corners() -> None:
    rng = np.random.default_rng(7)
    for _ in range(60):
        seen = rng.uniform(-20, 60, (3, 3))
        (ux, uy), (vx, vy) = seen[1, :2] - seen[0, :2], seen[2, :2] - seen[0, :2]
        if ux * vy > uy * vx:
            seen = seen[::-1].copy()
        bright = rng.uniform(0.2, 1.2, (1, 3)).astype(np.float32)
        canvas = Canvas()
        raster.rasterise(seen, ONE, 0, 1, bright, 1, WINDOW, canvas.depth, canvas.light, canvas.owner)
        i, j = np.nonzero(canvas.owner)
        if not len(i):
            continue
        weights = np.linalg.solve(np.vstack([seen[:, :2].T, np.ones(3)]), np.vstack([j + 0.5, i + 0.5, np.ones(len(i))]))
        assert np.abs(canvas.depth[i, j] - seen[:, 2] @ weights).max() < 1e-3
        assert np.abs(canvas.light[i, j] - bright[0] @ weights).max() < 1e-3
        assert canvas.depth[i, j].max() <= seen[:, 2].max() + 1e-3 and canvas.depth[i, j].min() >= seen[:, 2].min() - 1e-3


def test_a_window_shows_what_the_whole_shows_there() -> None:
    rng = np.random.default_rng(3)
    seen = rng.uniform(-30, 70, (60, 3))
    faces = rng.integers(0, 60, (40, 3)).astype(np.int32)
    whole = Canvas().draw(seen, faces)
    part = Canvas(np.array((11, 5, 31, 38))).draw(seen, faces)
    assert (part.owner == whole.owner[11:31, 5:38]).all()
    assert np.allclose(part.depth, whole.depth[11:31, 5:38], atol=1e-3)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e200, -1e30])
def test_what_is_no_place_draws_nothing_wrong(bad: float) -> None:
    seen = flat((0, 0), (0, 40), (40, 0), (20, 20))
    for axis in range(3):
        for row in range(3):
            broken = seen.copy()
            broken[row, axis] = bad
            canvas = Canvas().draw(broken, np.array([[0, 1, 2]], np.int32)).draw(seen, np.array([[3, 3, 3]], np.int32))
            assert not np.isnan(canvas.depth).any()


def square(low: float, high: float, turn: bool = False) -> list[tuple[float, float]]:
    points = [(low, low), (low, high), (high, high), (high, low)]
    return points[::-1] if turn else points


def test_a_planar_polygon_with_a_hole_is_its_triangles() -> None:
    """The even-odd fill of the edges takes exactly the samples that the triangulation takes."""
    seen = flat(*square(2.3, 37.7), *square(11.1, 25.9))
    rim = np.array([(0, 1), (1, 2), (2, 3), (3, 0), (5, 4), (6, 5), (7, 6), (4, 7)], np.int32)
    faces = [f for k in range(4) for f in ((k, (k + 1) % 4, 4 + k), ((k + 1) % 4, 4 + (k + 1) % 4, 4 + k))]
    triangles = Canvas().draw(seen, np.array(faces, np.int32))
    filled = Canvas().plane(seen, rim, np.zeros(3))
    assert ((filled.owner == 1 | raster.FILLED) == (triangles.owner == 1)).all()
    assert set(np.unique(filled.owner)) == {0, 1 | raster.FILLED}
    raster.open_filled(filled.owner, filled.depth)
    assert (filled.depth[filled.owner > 0] == np.float32(-1e30)).all() and (filled.depth[filled.owner == 0] == -1e9).all()


def test_the_plane_does_not_cover_what_is_nearer() -> None:
    seen = flat(*square(0, 40))
    canvas = Canvas()
    canvas.depth[:, :20] = 5.0
    canvas.plane(seen, np.array([(0, 1), (1, 2), (2, 3), (3, 0)], np.int32), np.array((1.0, 0.0, 0.0)))
    assert not canvas.owner[:, :20].any() and canvas.owner[:, 20:].all()


def test_the_ground_is_a_plane() -> None:
    depth = np.empty((4, 6), np.float32)
    raster.clear(depth, np.array((1.0, 2.0, -3.0)), np.array((-2, 10, 2, 16)))
    assert depth[0, 0] == 1.0 + 2.0 * 10.5 - 3.0 * -1.5 and depth[3, 5] == 1.0 + 2.0 * 15.5 - 3.0 * 1.5


CUBE = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)], np.float64)
CUBE_FACES = np.array(
    [(4, 5, 6), (4, 6, 7), (0, 2, 1), (0, 3, 2), (0, 1, 5), (0, 5, 4), (1, 2, 6), (1, 6, 5), (2, 3, 7), (2, 7, 6), (3, 0, 4), (3, 4, 7)],
    np.int32,
)  # fmt: skip


def test_open_edges_bound_what_is_missing_counter_clockwise() -> None:
    assert len(border.border(CUBE_FACES, 12, 8)) == 0
    lid_off = np.ascontiguousarray(CUBE_FACES[2:])
    rim = border.border(lid_off, 10, 8)
    assert {(int(a), int(b)) for a, b in rim} == {(4, 5), (5, 6), (6, 7), (7, 4)}
    plane = np.empty(6)
    assert border.border_plane(CUBE, rim, plane) == 0.0
    assert plane.tolist() == [0.0, 0.0, 1.0, 0.5, 0.5, 1.0]


def test_a_rim_out_of_plane_says_how_far_and_no_rim_says_infinity() -> None:
    bent = CUBE.copy()
    bent[6, 2] = 1.4
    rim = border.border(np.ascontiguousarray(CUBE_FACES[2:]), 10, 8)
    plane = np.empty(6)
    assert 0.05 < border.border_plane(bent, rim, plane) < 0.4
    assert border.border_plane(CUBE, np.empty((0, 2), np.int32), plane) == math.inf
    bent[6, 2] = math.nan
    assert border.border_plane(bent, rim, plane) == math.inf


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 9)] * 3), max_size=30))
def test_open_edges_against_a_set(faces: list[tuple[int, int, int]]) -> None:
    every = [(f[k], f[(k + 1) % 3]) for f in faces for k in range(3)]
    balance: dict[int, list[int]] = {}
    for a, b in every:  # where in and out balance at a point, its edges are taken to be closed
        balance.setdefault(a, []).append(b)
        balance.setdefault(b, []).append(-1 - a)
    found = border.border(np.array(faces, np.int32).reshape(-1, 3), len(faces), 10)
    lacking = {(b, a) for a, b in every if (b, a) not in set(every)}
    assert {(int(a), int(b)) for a, b in found} <= lacking
    if len(set(every)) == len(every) and all(a != b for a, b in every):
        assert {(int(a), int(b)) for a, b in found} == lacking


def test_the_box_of_a_new_piece() -> None:
    """A pocket in a square lid: the box is the pocket's. A lid that is not flat: the whole lid's."""
    outer, inner = square(0, 30), square(10, 20)
    seen = np.array([(x, y, 0.0) for x, y in outer] + [(x, y, 0.0) for x, y in inner] + [(x, y, -4.0) for x, y in inner])
    rim = np.array([(0, 1), (1, 2), (2, 3), (3, 0)], np.int32)
    ring = [f for k in range(4) for f in ((k, (k + 1) % 4, 4 + k), ((k + 1) % 4, 4 + (k + 1) % 4, 4 + k))]
    walls = [f for k in range(4) for f in ((4 + k, 4 + (k + 1) % 4, 8 + k), (4 + (k + 1) % 4, 8 + (k + 1) % 4, 8 + k))]
    faces = np.array([*ring, *walls, (8, 9, 10), (8, 10, 11)], np.int32)
    plane, box = np.array((0.0, 0.0, 1.0, 15.0, 15.0, 0.0)), np.empty(4)
    assert border.piece_box(seen, faces, 0, rim, plane, 0.02, box) and box.tolist() == [10, 10, 20, 20]
    tent = seen.copy()
    tent[4:8, 2] = 1.0
    assert border.piece_box(tent, faces, 0, rim, plane, 0.02, box) and box.tolist() == [0, 0, 30, 30]
    lid = np.array([(0, 1, 2), (0, 2, 3)], np.int32)
    assert not border.piece_box(seen, lid, 0, rim, plane, 0.02, box)


def test_a_new_piece_is_numbered_alone() -> None:
    """The rim first, then the body's other points as they come, then its own: every face keeps its points."""
    points = np.arange(24.0).reshape(8, 3)
    faces = np.array([(0, 1, 2), (7, 2, 4), (1, 6, 2)], np.int32)
    rim = np.array([(2, 1)], np.int32)
    used, own, own_rim = np.empty(6, np.int32), np.empty((2, 3), np.int32), np.empty((1, 2), np.int32)
    count = border.renumber(faces, 1, 6, rim, used, own, own_rim)
    assert used[:count].tolist() == [2, 1, 4] and own_rim.tolist() == [[0, 1]]
    alone = np.concatenate((points[used[:count]], points[6:]))
    assert (alone[own] == points[faces[1:]]).all()
