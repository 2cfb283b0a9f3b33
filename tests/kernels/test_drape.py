"""The lowest surface over a grid: planes, every face alone in rationals, no node lost between faces."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.drape import SUB, drape

ONE = 1 << SUB


def draped(points: np.ndarray, faces: np.ndarray, shape: tuple[int, int], sense: float = 1.0, **at: float) -> np.ndarray:
    z = np.full(shape, sense * np.inf)
    lost = drape(
        np.ascontiguousarray(points, np.float64), np.ascontiguousarray(faces, np.int32), at.get("x0", 0.0), at.get("y0", 0.0),
        at.get("pitch", 1.0), sense, np.empty((len(points), 2), np.int32), z,
    )  # fmt: skip
    assert lost == 0
    return z


def by_rationals(points: np.ndarray, faces: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Every face over every node, on corners that are whole 1/16384 of the pitch."""
    z = np.full(shape, np.inf)
    for face in faces:
        a, b, c = ([Fraction(float(x)) for x in points[k]] for k in face)
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if area == 0:
            continue
        for i in range(shape[0]):
            for j in range(shape[1]):
                of_a = ((b[0] - i) * (c[1] - j) - (b[1] - j) * (c[0] - i)) / area
                of_b = ((c[0] - i) * (a[1] - j) - (c[1] - j) * (a[0] - i)) / area
                of_c = 1 - of_a - of_b
                if min(of_a, of_b, of_c) >= 0:
                    z[i, j] = min(z[i, j], float(of_a * a[2] + of_b * b[2] + of_c * c[2]))
    return z


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), many=st.integers(1, 6), coarse=st.booleans())
def test_every_face_over_every_node(seed: int, many: int, coarse: bool) -> None:
    rng = np.random.default_rng(seed)
    points = rng.integers(-2, 9, (3 * many, 3)) * 1.0 if coarse else np.rint(rng.uniform(-2, 8, (3 * many, 3)) * ONE) / ONE
    faces = rng.integers(0, len(points), (2 * many, 3)).astype(np.int32)
    wanted = by_rationals(points, faces, (6, 7))
    told = draped(points, faces, (6, 7))
    assert np.array_equal(np.isinf(told), np.isinf(wanted))
    assert told == pytest.approx(wanted, abs=1e-9)
    above = draped(points * (1.0, 1.0, -1.0), faces, (6, 7), -1.0)
    assert np.array_equal(above, -told)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), cells=st.integers(1, 9), pitch=st.floats(0.3, 2.0))
def test_no_node_falls_between_faces(seed: int, cells: int, pitch: float) -> None:
    """A bumpy sheet whose corners lie anywhere, some right over nodes."""
    rng = np.random.default_rng(seed)
    u, v = np.meshgrid(np.arange(cells + 1.0), np.arange(cells + 1.0), indexing="ij")
    inner = (slice(1, -1), slice(1, -1))
    u[inner] += rng.uniform(-0.3, 0.3, u[inner].shape) * (rng.random(u[inner].shape) < 0.7)
    v[inner] += rng.uniform(-0.3, 0.3, v[inner].shape) * (rng.random(v[inner].shape) < 0.7)
    points = np.stack((u, v, rng.random(u.shape)), axis=2).reshape(-1, 3)
    a = (np.arange(cells)[:, None] * (cells + 1) + np.arange(cells)).ravel()
    faces = np.concatenate((np.stack((a, a + cells + 1, a + 1), 1), np.stack((a + 1, a + cells + 1, a + cells + 2), 1)))
    many = int(cells / pitch) + 1
    told = draped(points, faces, (many, many), pitch=pitch)
    assert np.isfinite(told).all() and told.min() >= points[:, 2].min() and told.max() <= points[:, 2].max()


def test_the_lowest_of_a_box_is_its_underside() -> None:
    x, y, z = (g.ravel() for g in np.meshgrid((1.0, 4.0), (1.0, 3.0), (0.5, 2.0), indexing="ij"))
    quads = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    faces = [f for a, b, c, d in quads for f in ((a, b, c), (a, c, d))]
    box = np.stack((x, y, z), axis=1)
    for sense, height in ((1.0, 0.5), (-1.0, 2.0)):
        told = draped(box, np.array(faces), (6, 5), sense)
        assert np.all(told[1:5, 1:4] == height) and np.isfinite(told).sum() == 12


def test_a_steep_face_stays_within_its_corners() -> None:
    points = np.array([(0.0, 0.0, 0.0), (1e-4, 3.0, 0.0), (1e-4, 0.0, 100.0)])
    told = draped(points, np.array([(0, 1, 2)]), (2, 4))
    assert np.all((told[np.isfinite(told)] >= 0.0) & (told[np.isfinite(told)] <= 100.0))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e9, -1e9])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_corners_that_are_nowhere_are_told(bad: float, axis: int) -> None:
    points = np.array([(0.0, 0.0, 0.0), (3.0, 0.0, 0.0), (0.0, 3.0, 0.0), (3.0, 3.0, 0.0)])
    points[3, axis] = bad
    z = np.full((4, 4), np.inf)
    lost = drape(points, np.array([(0, 1, 2), (1, 3, 2)], np.int32), 0.0, 0.0, 1.0, 1.0, np.empty((4, 2), np.int32), z)
    assert lost == (0 if axis == 2 and np.isfinite(bad) else 1)
    assert z[0, 0] == 0.0 and np.isfinite(z[0]).all()
