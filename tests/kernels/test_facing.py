"""The normals of faces, edges and corners."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.facing import UNTOLD, look, open_ended, pack, slivers, surroundings
from tests.engine.verify.test_families import channel

CUBE = np.array([[x, y, z] for x in (0, 1000) for y in (0, 1000) for z in (0, 1000)], np.int32)
FACES = np.array(
    [
        [0, 1, 3],
        [0, 3, 2],
        [4, 6, 7],
        [4, 7, 5],
        [0, 4, 5],
        [0, 5, 1],
        [2, 3, 7],
        [2, 7, 6],
        [0, 2, 6],
        [0, 6, 4],
        [1, 5, 7],
        [1, 7, 3],
    ],
    np.int32,
)


def twins(faces: np.ndarray) -> np.ndarray:
    heads = {(int(f[k]), int(f[(k + 1) % 3])): 3 * i + k for i, f in enumerate(faces) for k in range(3)}
    return np.array([heads.get((int(f[(k + 1) % 3]), int(f[k])), -1) for f in faces for k in range(3)], np.int32)


def seen(lattice: np.ndarray, faces: np.ndarray):
    m, n = len(faces), len(lattice)
    units, spread, corners, sharp = np.empty((m, 3)), np.empty(m), np.empty((n, 6)), np.empty(3 * m, np.int32)
    twin, low = twins(faces), np.empty(m, np.int8)
    rows, every = np.arange(m, dtype=np.int32), (np.ones(m, np.int8), np.ones(n, np.int8))
    k = look(lattice, faces, twin, rows, *every, units, low, spread, corners, sharp)
    return twin, units, spread, corners, sharp[:k]


def test_a_cube_has_twelve_sharp_edges_and_looks_six_ways() -> None:
    _, units, spread, corners, sharp = seen(CUBE, FACES)
    assert len(sharp) == 12
    assert {tuple(u) for u in units.tolist()} == {(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)}
    assert not spread.any()
    assert corners[:, 4].all()


def test_a_sliver_looks_as_its_neighbour_does() -> None:
    # its own normal would be off by 45 degrees: one step up, one step wide
    lattice = np.array([[0, 0, 0], [9000, 0, 0], [4500, 9000, 0], [4500, -1, 1]], np.int32)
    faces = np.array([[0, 1, 2], [0, 3, 1]], np.int32)
    _, units, _, _, _ = seen(lattice, faces)
    assert units[1].tolist() == [0.0, 0.0, 1.0]


def test_a_sliver_at_the_border_is_doubtful() -> None:
    """A sliver takes the normal of what lies across its longest edge: beyond the border nobody knows it, and all its corners are
    doubtful, the one within the surface too."""
    points = np.array([[0, 0, 0], [9000, 0, 0], [4500, 4, 0], [0, 9000, 0], [9000, 9000, 0], [4500, 9000, 0]], np.int32)
    faces = np.array([[0, 1, 2], [0, 2, 3], [2, 1, 4], [2, 5, 3], [2, 4, 5]], np.int32)
    twin, doubtful = twins(faces), np.empty(6, np.int8)
    low = np.array([1, 0, 0, 0, 0], np.int8)
    open_ended(points, faces, twin, low, doubtful)
    assert doubtful.tolist() == [1, 1, 1, 1, 1, 1]
    open_ended(points, faces, twin, np.zeros(5, np.int8), doubtful)
    assert doubtful.tolist() == [1, 1, 0, 1, 1, 1]
    # a point of no face is doubtful, and a closed surface has no other
    open_ended(np.vstack([CUBE, CUBE[:1]]), FACES, twins(FACES), np.zeros(12, np.int8), told := np.empty(9, np.int8))
    assert told.tolist() == [0] * 8 + [1]


def test_a_face_without_an_area_has_no_normal_and_no_sharp_edges() -> None:
    lattice = np.array([[0, 0, 0], [9000, 0, 0], [4500, 9000, 0], [4500, 0, 0]], np.int32)
    _, units, _, _, sharp = seen(lattice, np.array([[0, 1, 2], [1, 0, 3]], np.int32))
    assert not units[1].any()
    assert not len(sharp)


def test_lanes_of_a_node_let_pass_what_any_child_lets_pass() -> None:
    rng = np.random.default_rng(5)
    directions = rng.normal(size=(100, 3))
    units = directions / np.linalg.norm(directions, axis=1)[:, None]
    levels = np.array([0, 104, 120, 128], np.int64)
    lanes = np.empty((4, 128), np.float32)
    empty = np.empty(0, np.int32)
    spread = rng.uniform(0, 1, 100)
    pack(
        np.zeros((100, 3), np.int32),
        empty,
        units,
        spread,
        np.empty((0, 6)),
        empty,
        np.arange(100, dtype=np.int32),
        levels,
        lanes,
    )
    asked = rng.normal(size=(50, 3))
    asked /= np.linalg.norm(asked, axis=1)[:, None]
    passes = asked @ lanes[:3].astype(float) < lanes[3]
    assert passes[:, :100].any() and not passes[:, :100].all()
    for begin, end, up in ((0, 104, 104), (104, 120, 120)):
        for i in range(begin, end):
            assert (passes[:, up + (i - begin) // 8] >= passes[:, i]).all()
    assert not passes[:, 100:104].any() and not passes[:, 117:120].any()


@pytest.mark.parametrize("seed", range(6))
def test_some_faces_look_as_they_do_among_all(seed: int) -> None:
    """Squeezed until many are slivers, which take their normal from faces that nobody asked."""
    draw = np.random.default_rng(seed)
    points, faces = channel(1.0, 6.0, 2.0, 5)
    lattice = (points * draw.choice((2.0, 9.0, 900.0), 3) + draw.uniform(-4.0, 4.0, points.shape)).astype(np.int32)
    twin, units, spread, corners, sharp = seen(lattice, faces)
    m, n = len(faces), len(lattice)
    rows = np.sort(draw.choice(m, 9, replace=False)).astype(np.int32)
    asked, fresh, around = np.zeros(m, np.int8), np.zeros(n, np.int8), np.empty(m, np.int32)
    around = around[: surroundings(faces, rows, asked, fresh, around)]
    beside = np.isin(faces, faces[rows]).any(axis=1)
    assert around.tolist() == np.flatnonzero(beside).tolist() and (asked > 0).tolist() == beside.tolist()
    told, wide, ends, edges = np.zeros((m, 3)), np.empty(m), np.zeros((n, 6)), np.empty(3 * m, np.int32)
    k = look(lattice, faces, twin, around, asked, fresh, told, np.full(m, UNTOLD, np.int8), wide, ends, edges)
    assert (told[around] == units[around]).all() and (wide[rows] == spread[rows]).all()
    assert (ends[fresh > 0, :5] == corners[fresh > 0, :5]).all()

    def at(some: np.ndarray) -> set[int]:
        return {int(h) for h in some if h // 3 in rows or twin[h] // 3 in rows}

    assert at(edges[:k]) == at(sharp)


def test_slivers_are_those_lower_than_sixteen_steps() -> None:
    lattice = np.array([[0, 0, 0], [900, 0, 0], [450, 15, 0], [450, 17, 0], [300, 0, 0]], np.int32)
    faces = np.array([[0, 1, 3], [0, 1, 2], [0, 1, 3], [0, 1, 4]], np.int32)
    low = np.full(3, 7, np.int8)
    slivers(lattice, faces, 1, low)
    assert low.tolist() == [1, 0, 1]
