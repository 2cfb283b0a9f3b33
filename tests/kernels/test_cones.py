"""Arcs and cones of normals: what edges and corners look along, whichever of their faces does."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from kernels.cones import arc_holds, corner_holds
from kernels.topology import COUNTS, match_edges


def normals(points: list[tuple[float, float, float]], faces: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Twins, and each face's unit normal."""
    rows = np.array(faces, np.int32)
    n, m = len(points), len(rows)
    twin = np.empty(3 * m, np.int32)
    work, mark = np.empty(3 * m, np.int32), np.empty(n, np.int32)
    counts, places = np.empty(COUNTS, np.int64), np.empty(COUNTS, np.int64)
    match_edges(rows, np.empty(n + 2, np.int32), work, mark, np.empty(n, np.int32), twin, counts, places)
    corner = np.array(points, np.float64)[rows]
    units = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    return twin, units / np.linalg.norm(units, axis=1)[:, None]


CUBE = list(itertools.product((0.0, 1.0), repeat=3))
FACES = [
    (0, 1, 3),
    (0, 3, 2),
    (4, 6, 7),
    (4, 7, 5),
    (0, 4, 5),
    (0, 5, 1),
    (2, 3, 7),
    (2, 7, 6),
    (0, 2, 6),
    (0, 6, 4),
    (1, 5, 7),
    (1, 7, 3),
]


def test_an_arc_holds_what_lies_between_its_ends_and_eight_degrees_beside() -> None:
    def way(degrees: float, up: float = 0.0) -> tuple[float, float, float]:
        a, b = np.radians(degrees), np.radians(up)
        return float(np.cos(a) * np.cos(b)), float(np.sin(a) * np.cos(b)), float(np.sin(b))

    held = {
        (45, 0): True,
        (0, 0): True,
        (97, 0): True,
        (-7, 0): True,
        (99, 0): False,
        (-9, 0): False,
        (45, 7): True,
        (45, 9): False,
        (225, 0): False,
    }
    for (a, b), expected in held.items():
        assert arc_holds(*way(0), *way(90), *way(a, b)) is expected, (a, b)


def test_a_corner_holds_what_its_faces_span() -> None:
    twin, units = normals(CUBE, FACES)
    h = next(3 * i + k for i, f in enumerate(FACES) for k in range(3) if f[k] == 7)
    for way, expected in (
        ((1, 1, 1), True),
        ((3, 1, 1), True),
        ((1, 1, -0.2), False),
        ((-1, -1, -1), False),
        ((1, -0.3, 1), False),
    ):
        unit = np.array(way) / np.linalg.norm(way)
        assert corner_holds(twin, units, h, *unit.tolist()) is expected, way


def leaning(lean: float, sides: int) -> tuple[list[tuple[float, float, float]], list[tuple[int, int, int]]]:
    """A spike of so many sides and 20 degrees whose tip, the first point, points `lean` degrees off straight up, along x."""
    a, wide = math.radians(lean), math.tan(math.radians(10.0))
    points = [(0.0, 0.0, 0.0)]
    for k in range(sides):
        turn = 2.0 * math.pi * (k + 0.25) / sides
        x, y, z = wide * math.cos(turn), wide * math.sin(turn), -1.0
        points.append((x * math.cos(a) + z * math.sin(a), y, z * math.cos(a) - x * math.sin(a)))
    rows = [(0, 1 + k, 1 + (k + 1) % sides) for k in range(sides)]
    return points, rows + [(1, 1 + k + 1, 1 + k) for k in range(1, sides - 1)]


@pytest.mark.parametrize("sides", [3, 4, 7, 40])
@pytest.mark.parametrize("lean, held", [(0, True), (40, True), (70, True), (79, True), (101, False), (120, False)])
def test_a_leaning_tip_looks_up_while_it_is_the_highest_place(lean: float, held: bool, sides: int) -> None:
    """From 10 degrees on some of its faces look down, and it is the highest place all the same; from 100 on it is the lowest."""
    points, faces = leaning(lean, sides)
    twin, units = normals(points, faces)
    assert (max(z for _, _, z in points[1:]) < 0.0) is held
    for f in range(sides):
        assert corner_holds(twin, units, 3 * f, 0.0, 0.0, 1.0) is held
        assert corner_holds(twin, units, 3 * f, 0.0, 0.0, -1.0) is (not held)


def test_the_foot_of_a_letter_looks_along_its_line_and_not_along_its_side() -> None:
    """A prism over a triangle: along the base the corner looks at what stands on the same line, from any face's half-edge on."""
    points = [(x, y, z) for z in (0.0, 1.0) for x, y in ((0.0, 0.0), (4.0, 0.0), (3.0, 3.0))]
    faces = [(0, 2, 1), (3, 4, 5), (0, 1, 4), (0, 4, 3), (1, 2, 5), (1, 5, 4), (2, 0, 3), (2, 3, 5)]
    twin, units = normals(points, faces)
    for h in (3 * f + k for f, face in enumerate(faces) for k in range(3) if face[k] in (1, 4)):
        assert corner_holds(twin, units, h, 1.0, 0.0, 0.0)
        assert not corner_holds(twin, units, h, -1.0, 0.0, 0.0)
        assert not corner_holds(twin, units, h, 0.0, 1.0, 0.0)
        assert not corner_holds(twin, units, h, -0.1, -0.99, 0.0)


def test_a_corner_at_a_border_is_walked_both_ways() -> None:
    """Whichever side of a leaning spike is taken out, and wherever the walk begins: the other sides span as much."""
    for lean in (40, 101):
        points, faces = leaning(lean, 20)
        for out in range(20):
            twin, units = normals(points, [face for k, face in enumerate(faces) if k != out])
            assert all(corner_holds(twin, units, 3 * f, 0.0, 0.0, 1.0) is (lean == 40) for f in range(19))


def test_faces_without_an_area_say_nothing_of_a_corner() -> None:
    """Two halves of one side: of which the first has lost its area, whichever half-edge the walk begins at."""
    points, faces = leaning(40, 3)
    middle = tuple(0.5 * (a + b) for a, b in zip(points[1], points[2], strict=True))
    points = [*points, (middle[0], middle[1], middle[2])]
    twin, units = normals(points, [(0, 1, 4), (0, 4, 2), faces[1], faces[2]])
    units[0] = 0.0
    assert all(corner_holds(twin, units, 3 * f, 0.0, 0.0, 1.0) for f in range(4))
