"""Islands against SciPy's connected components, sizes against NumPy."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from kernels import islands


def labelled(faces: np.ndarray, points: int) -> tuple[int, np.ndarray]:
    island = np.empty(len(faces), np.int32)
    return islands.label(faces, np.empty(points, np.int32), island), island


@st.composite
def meshes(draw: st.DrawFn) -> tuple[int, np.ndarray]:
    points = draw(st.integers(1, 30))
    corner = st.integers(0, points - 1)
    faces = draw(st.lists(st.tuples(corner, corner, corner), max_size=20))
    return points, np.array(faces, np.int32).reshape(-1, 3)


@settings(deadline=None)
@given(meshes())
def test_as_components(mesh: tuple[int, np.ndarray]) -> None:
    points, faces = mesh
    count, island = labelled(faces, points)
    a, b = faces[:, [0, 1]].ravel(), faces[:, [1, 2]].ravel()
    graph = coo_matrix((np.ones(len(a)), (a, b)), shape=(points, points))
    expected = connected_components(graph, directed=False)[1][faces[:, 0]]
    firsts = np.unique(expected, return_index=True)[1]
    assert count == len(firsts)
    order = {int(expected[row]): number for number, row in enumerate(sorted(firsts))}
    assert island.tolist() == [order[int(at)] for at in expected]


def test_sizes() -> None:
    points = np.array([[0.0, 0, 0], [3, 0, 0], [0, 4, 0], [10, 10, 10], [12, 10, 10], [10, 10, 13], [11, 9, 9]])
    faces = np.array([[3, 4, 5], [0, 1, 2], [3, 4, 6]], np.int32)
    count, island = labelled(faces, len(points))
    told = np.empty((count, 7))
    islands.sizes(points, faces, island, told)
    assert island.tolist() == [0, 1, 0]
    assert told[1].tolist() == [6.0, 0.0, 0.0, 0.0, 3.0, 4.0, 0.0]
    assert told[0].tolist() == [3.0 + np.sqrt(2.0), 10.0, 9.0, 9.0, 12.0, 10.0, 13.0]
