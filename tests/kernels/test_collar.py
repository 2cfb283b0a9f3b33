"""kernels/collar.py: an octahedron cut into a rest and new faces; each reason to refuse, seen."""

from __future__ import annotations

import numpy as np
import pytest

from engine.verify import delta
from kernels import collar

POINTS = np.array([(0, 0, 9), (9, 0, 0), (0, 9, 0), (-9, 0, 0), (0, -9, 0), (0, 0, -9)], dtype=np.int32)
UPPER = [(0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 1)]
LOWER = [(5, 2, 1), (5, 3, 2), (5, 4, 3), (5, 1, 4)]


def answer(new: list[tuple[int, ...]], rest: list[tuple[int, ...]] = UPPER, points: np.ndarray = POINTS) -> int:
    """The upper half (points 0 to 4) is the rest; point 0 lies inside it."""
    certificate = delta.certify(POINTS[:5], np.array(rest, dtype=np.int32))
    assert certificate is not None
    known = certificate.lead
    rows, rim = np.array(new, dtype=np.int32).reshape(-1, 3), known.rim
    half_edges = 3 * len(rows) + len(rim.before) + len(rim.chords)
    size = 5 * half_edges + 2 * (rim.points + len(points) - 5) + 1 + known.shells + len(rows)
    degree = np.zeros(len(points), dtype=np.int32)
    degree[:5] = known.degree
    component, shell = np.empty(known.shells, dtype=np.int32), np.empty(len(rows), dtype=np.int32)
    told = np.empty(7, dtype=np.int64)
    work = np.full(size, 77, dtype=np.int32)
    said = int(
        collar.attach(points, rows, 5, rim.slot, rim.edges, rim.before, rim.chords, work, degree, component, shell, told)
    )
    if said == collar.SOUND:
        faces = np.array(rest + new)
        assert degree.tolist() == [int((faces == v).sum()) for v in range(len(points))]
        if len(points) > 5:
            assert told[1:].tolist() == [*points[5:].min(axis=0), *points[5:].max(axis=0)]
    return said


FAR = np.vstack([POINTS[:5], [[0, 0, 2**30]]]).astype(np.int32)
SEVEN = np.vstack([POINTS, [[1, 1, 1]]]).astype(np.int32)
TETRA = [(5, 6, 7), (6, 5, 8), (7, 6, 8), (5, 7, 8)]


def test_the_other_half_closes_it() -> None:
    assert answer(LOWER) == collar.SOUND
    assert answer([tuple(np.roll(f, 1)) for f in LOWER[::-1]]) == collar.SOUND


@pytest.mark.parametrize(
    ("why", "new", "points"),
    [
        ("BAD_INDEX", [*LOWER[:3], (5, 1, 6)], POINTS),
        ("BAD_INDEX", [*LOWER[:3], (5, 1, -1)], POINTS),
        ("NO_PLACE", LOWER, FAR),
        ("REPEATED", [*LOWER, (5, 1, 1)], POINTS),
        ("INNER_POINT", [*LOWER[:3], (5, 1, 0)], POINTS),
        ("UNMATCHED", LOWER[:3], POINTS),
        ("UNMATCHED", [*LOWER[:3], (1, 5, 4)], POINTS),
        ("UNMATCHED", [*LOWER, LOWER[0]], POINTS),
        ("UNMATCHED", [], POINTS),
        ("DOUBLED", [*LOWER, (5, 6, 7), (5, 7, 6)], np.vstack([SEVEN, [[2, 2, 2]]]).astype(np.int32)),
        ("PINCHED", [*LOWER, *TETRA], np.vstack([SEVEN, [[2, 1, 1], [1, 2, 1]]]).astype(np.int32)),
        ("UNUSED", LOWER, SEVEN),
    ],
)
def test_each_reason_to_refuse(why: str, new: list[tuple[int, ...]], points: np.ndarray) -> None:
    assert answer(new, points=points) == getattr(collar, why)


def test_an_edge_along_an_inner_edge_of_the_rest_is_seen() -> None:
    """The rest is the square below the upper half: its two faces share the edge 1-3, whose points lie on the border."""
    square = [(2, 1, 3), (3, 1, 4)]
    assert answer(UPPER, square, POINTS[:5]) == collar.SOUND
    solid = [(1, 3, 5), (3, 1, 6), (3, 6, 5), (1, 5, 6)]
    assert answer([*UPPER, *solid], square, SEVEN) == collar.UNMATCHED


def test_a_rest_that_touches_itself_is_none() -> None:
    """Two fans at a point inside: a closed tetrahedron that touches the border of another surface."""
    loose = [(0, 1, 2), (0, 2, 3)]
    points = np.vstack([POINTS[:4], [[20, 0, 0], [0, 20, 0], [0, 0, 20]]]).astype(np.int32)
    tetra = [(0, 5, 4), (0, 4, 6), (4, 5, 6), (5, 0, 6)]
    assert delta.certify(points, np.array(loose, dtype=np.int32)) is not None
    assert delta.certify(points, np.array(loose + tetra, dtype=np.int32)) is None
