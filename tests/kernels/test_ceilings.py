"""Ceilings: gathered by height, with exact areas; borders measured edge by edge. Against plain Python on any soup of faces."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import ceilings

POINTS = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9), st.integers(0, 2)), min_size=3, max_size=12)


def told(lattice: Any, faces: Any) -> tuple[int, dict[int, tuple[int, list[int], float]]]:
    """The foot; by height: twice the area, the faces, the length of the border."""
    m = len(faces)
    rows, level, heights = (np.empty(m, dtype=np.int32) for _ in range(3))
    doubles, out = np.empty(m, dtype=np.int64), np.empty(2, dtype=np.int64)
    table = np.empty(1 << m.bit_length(), dtype=np.int32)
    found = ceilings.gather(lattice, faces, rows, level, table, heights, doubles, out)
    edges = np.empty(1 << (3 * found).bit_length(), dtype=np.int64)
    levels = {}
    for at in range(int(out[1])):
        length = ceilings.border(lattice, faces, rows, level, found, at, edges)
        levels[int(heights[at])] = (int(doubles[at]), rows[:found][level[:found] == at].tolist(), length)
    return int(out[0]), levels


def plain(lattice: Any, faces: Any) -> tuple[int, dict[int, tuple[int, list[int], float]]]:
    points = [tuple(p) for p in lattice.tolist()]
    foot = min(z for _, _, z in points)
    held = defaultdict(list)
    for row, corners in enumerate(faces.tolist()):
        if not all(0 <= i < len(points) for i in corners):
            continue
        (ax, ay, az), (bx, by, bz), (cx, cy, cz) = (points[i] for i in corners)
        double = (by - ay) * (cx - ax) - (bx - ax) * (cy - ay)
        if az == bz == cz > foot and double > 0:
            held[az].append((row, double, corners))
    levels = {}
    for z, rows in held.items():
        edges = [(c[k], c[(k + 1) % 3]) for _, _, c in rows for k in range(3)]
        alone = [e for e in edges if e[::-1] not in edges]
        length = sum(math.dist(points[a], points[b]) for a, b in alone)
        levels[z] = (sum(d for _, d, _ in rows), [r for r, _, _ in rows], length)
    return foot, levels


@settings(deadline=None)  # the first example compiles
@given(POINTS, st.lists(st.tuples(*[st.integers(-1, 12)] * 3), min_size=1, max_size=40))
def test_as_plain_python_says(points: list[tuple[int, int, int]], faces: list[tuple[int, int, int]]) -> None:
    lattice, rows = np.array(points, dtype=np.int32), np.array(faces, dtype=np.int32)
    (foot, found), (floor, expected) = told(lattice, rows), plain(lattice, rows)
    assert foot == floor
    assert {z: v[:2] for z, v in found.items()} == {z: v[:2] for z, v in expected.items()}
    assert all(found[z][2] == pytest.approx(expected[z][2]) for z in expected)


def test_many_heights() -> None:
    points = [(x, y, z) for z in range(1000) for x, y in ((0, 0), (3, 0), (0, 4))]
    faces = [(3 * z, 3 * z + 2, 3 * z + 1) for z in range(1000)]
    foot, found = told(np.array(points, dtype=np.int32), np.array(faces, dtype=np.int32))
    assert foot == 0
    assert found == {z: (12, [z], 12.0) for z in range(1, 1000)}
