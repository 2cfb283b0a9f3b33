"""A relief's proof: what it takes for granted, and that it never says yes where two faces meet."""

from __future__ import annotations

import random

import numba
import numpy as np
import pytest

from engine.verify.crossings import find, relief_of
from engine.verify.tree import plant
from kernels import topology
from kernels.triangulate import triangles_of

PLAIN = bool(numba.config.DISABLE_JIT)
"""Nothing is compiled: a hundred times slower."""
Loop = list[tuple[int, int]]
SQUARE: Loop = [(0, 0), (9000, 0), (9000, 9000), (0, 9000)]
INNER: Loop = [(3000, 3000), (6000, 3000), (6000, 6000), (3000, 6000)]


def triangles(loops: list[Loop]) -> np.ndarray:
    points = np.array([p for loop in loops for p in loop])
    status, found = triangles_of(points, np.cumsum([len(loop) for loop in loops], dtype=np.int32))
    assert status > 0
    return found


def relief(letters: list[Loop], border: list[Loop], depth: int = -4000, axis: int = 2) -> tuple[np.ndarray, np.ndarray, int]:
    """A box with `letters` (outer loops counter-clockwise, holes clockwise) sunk by `depth` into its top: points, faces, and the row
    of the first face of the relief."""
    flat = [p for loop in border for p in loop]
    marks = [p for loop in letters for p in loop]
    b, n = len(flat), len(marks)
    points = [(x, y, 0) for x, y in flat] + [(x, y, -20000) for x, y in flat]
    points += [(x, y, 0) for x, y in marks] + [(x, y, depth) for x, y in marks]
    rest = [(a + b, d + b, c + b) for a, c, d in triangles(border)]
    walls, start = [], 0
    for loop in border:
        for k in range(len(loop)):
            u, v = start + k, start + (k + 1) % len(loop)
            rest += [(u + b, v + b, v), (u + b, v, u)]
        start += len(loop)
    cap = triangles([*border, *[loop[::-1] for loop in letters[::-1]]])
    top = [tuple(i if i < b else 2 * b + (n - 1 - (i - b)) for i in row) for row in cap.tolist()]
    floor = [tuple(i + 2 * b + n for i in row) for row in triangles(letters).tolist()]
    start = 2 * b
    for loop in letters:
        for k in range(len(loop)):
            u, v = start + k, start + (k + 1) % len(loop)
            walls += [(u, v, v + n), (u, v + n, u + n)]
        start += len(loop)
    faces = np.array([*rest, *top, *walls, *floor], np.int32)
    lattice = np.array(points, np.int32)
    return np.ascontiguousarray(np.roll(lattice, axis + 1, axis=1)), faces, len(rest)


def twins(lattice: np.ndarray, faces: np.ndarray) -> np.ndarray:
    n, m = len(lattice), len(faces)
    twin, counts, places = np.empty(3 * m, np.int32), np.empty(topology.COUNTS, np.int64), np.empty(topology.COUNTS, np.int64)
    work = (np.empty(n + 2, np.int32), np.empty(3 * m, np.int32), np.empty(n, np.int32), np.empty(n, np.int32))
    topology.match_edges(faces, *work, twin, counts, places)
    assert not counts[: topology.TURNED_EDGES + 1].any()
    return twin


def proved(lattice: np.ndarray, faces: np.ndarray, first: int) -> bool:
    return relief_of(lattice, faces, twins(lattice, faces), first) is not None


def meets(lattice: np.ndarray, faces: np.ndarray, first: int) -> bool:
    return find(lattice, faces, plant(lattice, faces, first)).found > 0


BORDER: Loop = [(-50000, -50000), (50000, -50000), (50000, 50000), (-50000, 50000)]
HOLED = [BORDER, [(20000, 20000), (20000, 30000), (30000, 30000), (30000, 20000)]]
"""A plate, and one with a window."""


def moved(loop: Loop, x: int, y: int) -> Loop:
    return [(a + x, b + y) for a, b in loop]


@pytest.mark.parametrize("axis", (0, 1, 2))
@pytest.mark.parametrize("depth", (-4000, 4000))
@pytest.mark.parametrize("border", ([BORDER], HOLED), ids=("plate", "window"))
def test_letters_with_holes_and_islands_are_proved(axis: int, depth: int, border: list[Loop]) -> None:
    ring = [SQUARE, INNER[::-1]]
    dot = [(4000, 4000), (5000, 4000), (4500, 5000)]
    body = relief([*ring, dot, moved(SQUARE, -20000, 500)], border, depth, axis)
    assert proved(*body) and not meets(*body)


def _fold(points: np.ndarray, faces: np.ndarray, first: int, draw: random.Random) -> None:
    """A point of the relief elsewhere in its plane: faces of a level overlap, or an edge passes another."""
    at = draw.choice(np.unique(faces[first:]).tolist())
    points[at, :2] += [draw.randint(-12000, 12000), draw.randint(-12000, 12000)]


def _column(points: np.ndarray, faces: np.ndarray, first: int, draw: random.Random) -> None:
    """A corner of a letter elsewhere, all the way down: the walls stay upright."""
    at = draw.choice([i for i in np.unique(faces[first:]).tolist() if points[i, 2] == 0 and abs(points[i, 0]) < 49000])
    here = (points[:, :2] == points[at, :2]).all(axis=1)
    points[here, :2] += [draw.randint(-12000, 12000), draw.randint(-12000, 12000)]


def _lift(points: np.ndarray, faces: np.ndarray, first: int, draw: random.Random) -> None:
    points[draw.choice(np.unique(faces[first:]).tolist()), 2] += draw.choice((-1, 1, 4000, -4000, 8000))


def _exchange(points: np.ndarray, faces: np.ndarray, first: int, draw: random.Random) -> None:
    """Two letters' walls exchange a point: still closed."""
    rows = np.unique(faces[first:])
    a, b = draw.sample(rows.tolist(), 2)
    points[[a, b]] = points[[b, a]]


DAMAGE = (_fold, _column, _lift, _exchange)


@pytest.mark.parametrize("damage", DAMAGE, ids=[d.__name__[1:] for d in DAMAGE])
def test_nothing_that_meets_itself_is_proved(damage) -> None:
    draw = random.Random(5)
    refused = crossed = kept = 0
    for _ in range(24 if PLAIN else 400):
        letters = [SQUARE, INNER[::-1], moved(SQUARE, -11000, draw.randint(-3000, 3000)), moved(INNER, 8000, 2000)]
        points, faces, first = relief(letters, [BORDER])
        damage(points, faces, first, draw)
        said, truth = proved(points, faces, first), meets(points, faces, first)
        assert not (said and truth)
        refused, crossed, kept = refused + (not said), crossed + truth, kept + said
    assert refused > (6 if PLAIN else 100) and crossed > (1 if PLAIN else 50)
    assert damage is not _column or kept > (1 if PLAIN else 50)  # many such moves leave letters that are letters


def test_letters_within_letters_the_same_way_round_are_no_relief() -> None:
    """Two loops one in the other, both sunk: the floor lies there twice."""
    points, faces, first = relief([SQUARE, moved(INNER, -20000, 0)], [BORDER])
    here = points[:, 0] < -10000
    body = points.copy()
    letters = np.unique(faces[first:])
    for i in letters.tolist():
        if here[i] and abs(points[i, 0]) < 49000:
            body[i, 0] += 20000
    assert meets(body, faces, first)
    assert not proved(body, faces, first)


def test_two_lids_one_over_the_other_are_no_relief() -> None:
    """A box within a box, both open above at one height and lidded by what is new: each lid alone is a relief, the smaller lies on the
    larger. No face of the rest meets another, and every lid's face turns the right way: only the loops tell."""
    outer, inner = (
        relief([moved(SQUARE, -30000, -30000)], [BORDER]),
        relief([moved(INNER, -4500, -4500)], [moved(SQUARE, -4500, -4500)]),
    )
    n = len(outer[0])
    points = np.concatenate((outer[0], inner[0]))
    points[n:, 2][points[n:, 2] == -20000] = -19000
    a, b = outer[1], inner[1] + n
    faces = np.ascontiguousarray(np.concatenate((a[: outer[2]], b[: inner[2]], a[outer[2] :], b[inner[2] :])))
    first = outer[2] + inner[2]
    assert proved(*outer) and proved(*inner)
    rest = faces[:first]
    assert not find(points, rest, plant(points, rest)).found
    assert meets(points, faces, first) and not proved(points, faces, first)


def test_a_third_level_or_a_slope_is_left_to_the_pairs() -> None:
    points, faces, first = relief([SQUARE, moved(SQUARE, -20000, 0)], [BORDER])
    deeper = points.copy()
    deeper[(points[:, 0] < -10000) & (points[:, 2] == -4000), 2] = -5000
    assert proved(points, faces, first)
    assert not proved(deeper, faces, first) and not meets(deeper, faces, first)
