"""Outlines: every crossing in one loop, areas against exact fractions, lengths against trimesh, volumes by adding slices up."""

from __future__ import annotations

import pathlib
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.reading.meshes import read_file
from kernels import slices, topology

CUBE = np.array(
    [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4]]
    + [[1, 5, 7], [1, 7, 3]],
    np.int32,
)
OCTAHEDRON = np.array([[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]], np.int32)


def box(low: tuple[int, int, int], high: tuple[int, int, int]) -> np.ndarray:
    return np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])], np.int32)


def cut(points: np.ndarray, faces: np.ndarray, heights: list[int]) -> slices.Contours:
    n, m = len(points), len(faces)
    faces = np.ascontiguousarray(faces, np.int32)
    twin, counts = np.empty(3 * m, np.int32), np.empty(topology.COUNTS, np.int64)
    start, bucket, mark, degree = (np.empty(size, np.int32) for size in (n + 2, 3 * m, n, n))
    topology.match_edges(faces, start, bucket, mark, degree, twin, counts, np.empty(topology.COUNTS, np.int64))
    sound = not counts[[topology.OPEN_EDGES, topology.CROWDED_EDGES, topology.TURNED_EDGES]].any()
    return slices.contours(np.ascontiguousarray(points), faces, twin, np.array(heights, np.int32), sound)


def crossing(a: list[int], b: list[int], h: int) -> tuple[Fraction, Fraction]:
    """Where the edge from a up to b meets height h."""
    part = Fraction(h - a[2], b[2] - a[2])
    return a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])


def by_face(points: np.ndarray, faces: np.ndarray, h: int) -> tuple[list[tuple[float, float]], float]:
    """Where half-edges rise through h (a corner at h is above), and the area by all faces' segments, without any linking."""
    rising, twice = [], Fraction(0)
    for face in faces.tolist():
        p = q = None
        for i, j in zip(face, face[1:] + face[:1], strict=True):
            a, b = points[i].tolist(), points[j].tolist()
            if a[2] < h <= b[2]:
                q = crossing(a, b, h)
            elif b[2] < h <= a[2]:
                p = crossing(b, a, h)
        assert (p is None) is (q is None)
        if p is not None and q is not None:
            rising.append((float(q[0]), float(q[1])))
            twice += p[0] * q[1] - p[1] * q[0]
    return rising, float(twice) / 2


@pytest.mark.parametrize(("height", "area"), [(-1, None), (0, None), (1, 600.0), (10, 600.0), (20, 600.0), (21, None)], ids=str)
def test_a_box_by_hand(height: int, area: float | None) -> None:
    """Between its floor, which has no outline, and its lid, which has: the plane lies a bit below."""
    made = cut(box((5, 7, 0), (35, 27, 20)), CUBE, [height])
    if area is None:
        assert len(made.points) == len(made.areas) == 0
        return
    assert made.closed.tolist() == [1] and made.slice_of.tolist() == [0] and made.areas.tolist() == [area]
    assert {tuple(p) for p in made.points.tolist()} >= {(5, 7), (35, 7), (35, 27), (5, 27)}


def test_a_hole_counts_below_zero() -> None:
    points = np.concatenate([box((0, 0, 0), (30, 30, 30)), box((10, 10, 10), (20, 20, 20))])
    faces = np.concatenate([CUBE, CUBE[:, ::-1] + 8])
    made = cut(points, faces, [5, 10, 11, 20, 21])
    assert made.slice_of.tolist() == [0, 1, 2, 2, 3, 3, 4]
    assert made.areas.tolist() == [900.0, 900.0, 900.0, -100.0, 900.0, -100.0, 900.0]


def test_a_step_is_as_it_is_just_below() -> None:
    """A small box on a large one, in one skin of two shells: at the large one's lid the outline is the large one's."""
    points = np.concatenate([box((0, 0, 0), (40, 40, 10)), box((10, 10, 10), (20, 20, 30))])
    made = cut(points, np.concatenate([CUBE, CUBE + 8]), [10, 11])
    assert made.areas.tolist() == [1600.0, 100.0]


def test_a_peak_that_just_touches_has_no_area() -> None:
    points = np.array([[9, 0, 0], [-9, 0, 0], [0, 9, 0], [0, -9, 0], [0, 0, 9], [0, 0, -9]], np.int32)
    made = cut(points, OCTAHEDRON, [-9, -8, 0, 9, 10])
    assert made.slice_of.tolist() == [1, 2, 3] and made.areas.tolist() == [2.0, 162.0, 0.0] and made.closed.all()


@st.composite
def bodies(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Closed shells of small coordinates, crossing each other and folded: planes meet corners, edges and faces all the time."""
    points, faces, at = [], [], 0
    for shape in draw(st.lists(st.sampled_from([CUBE, OCTAHEDRON]), min_size=1, max_size=4)):
        count = int(shape.max()) + 1
        corner = st.tuples(*[st.integers(-5, 5)] * 3)
        points += draw(st.lists(corner, min_size=count, max_size=count))
        faces.append(shape + at)
        at += count
    return np.array(points, np.int32), np.concatenate(faces)


def in_order(places: list[tuple[float, float]], size: int) -> np.ndarray:
    """By what rounding does not change."""
    return np.array(sorted(places, key=lambda p: (round(p[0] / size, 9) + 0.0, round(p[1] / size, 9) + 0.0))).reshape(-1, 2)


@settings(max_examples=150, deadline=None)
@given(bodies(), st.booleans())
def test_every_crossing_once_and_every_loop_closed(body: tuple[np.ndarray, np.ndarray], spread: bool) -> None:
    size = 25_000_000 if spread else 1
    points, faces = body[0] * size, body[1]
    heights = [h * size for h in range(-6, 7)]
    made = cut(points, faces, heights)
    assert made.closed.all()
    for row, h in enumerate(heights):
        mine = np.flatnonzero(made.slice_of == row)
        rising, area = by_face(points, faces, h)
        found = [tuple(p) for c in mine for p in made.points[made.starts[c] : made.starts[c + 1]].tolist()]
        assert in_order(found, size) == pytest.approx(in_order(rising, size), rel=1e-14, abs=1e-14 * size)
        assert made.areas[mine].sum() == pytest.approx(area, rel=1e-9, abs=1e-9 * size**2)


@settings(max_examples=60, deadline=None)
@given(bodies(), st.integers(0, 2**32 - 1), st.sampled_from(["missing", "turned", "twice"]))
def test_where_an_edge_is_bad_chains_begin_and_end(body: tuple[np.ndarray, np.ndarray], seed: int, harm: str) -> None:
    """A face missing, turned, or there twice: still every crossing of a face once, whatever is left closed closes."""
    points, faces = body
    chance = np.random.default_rng(seed)
    f = int(chance.integers(len(faces)))
    good = {"missing": np.delete(faces, f, axis=0), "twice": np.concatenate([faces, faces[f : f + 1]])}
    faces = good[harm] if harm in good else np.concatenate([faces[:f], faces[f : f + 1, ::-1], faces[f + 1 :]])
    heights = list(range(-5, 6))
    made = cut(points, faces, heights)
    for row, h in enumerate(heights):
        mine = made.slice_of == row
        assert np.diff(made.starts)[mine].sum() - (mine & (made.closed == 0)).sum() == len(by_face(points, faces, h)[0])


def test_a_missing_wall_leaves_an_open_chain() -> None:
    """Without the wall x = 30: the chain begins and ends on its two edges, and the rest is as it was."""
    made = cut(box((0, 0, 0), (30, 20, 10)), np.delete(CUBE, [2, 3], axis=0), [5, 9])
    assert made.closed.tolist() == [0, 0]
    for c in range(2):
        chain = made.points[made.starts[c] : made.starts[c + 1]]
        assert chain[0].tolist() == [30, 20] and chain[-1].tolist() == [30, 0]


def lattice_of(path: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
    mesh = read_file(path, "mm")[0][1]
    points = mesh.points - mesh.points.min(axis=0)
    return np.round(points * (1e6 / points.max())).astype(np.int32), mesh.faces


@pytest.mark.parametrize("name", ["blobby.off", "knot1.off", "elalish__65004.stl", "fandisk.off"])
def test_slices_add_up_to_the_volume(shared_data: pathlib.Path, name: str) -> None:
    """As fast as it must: in a slab the area changes by no more than what its faces show from above and below."""
    points, faces = lattice_of(shared_data / "mesh" / name)
    a, b, c = points[faces].astype(np.float64).transpose(1, 0, 2)
    volume = float((a * np.cross(b, c)).sum() / 6)
    shown = float(np.abs(np.cross(b - a, c - a)[:, 2]).sum() / 2)
    top = int(points[:, 2].max())
    for many in (40, 400, 4000):
        made = cut(points, faces, np.round((np.arange(many) + 0.5) * top / many).astype(int).tolist())
        assert made.closed.all()
        assert abs(float(made.areas.sum()) * top / many - volume) < shown * (top / many + 1)


@pytest.mark.parametrize("name", ["knot1.off", "fandisk.off", "elalish__65004.stl"])
def test_as_trimesh_sections(shared_data: pathlib.Path, name: str) -> None:
    """Loops and their length, at heights where no corner lies: trimesh decides by a tolerance."""
    import trimesh

    points, faces = lattice_of(shared_data / "mesh" / name)
    mesh = trimesh.Trimesh(points.astype(np.float64), faces, process=False)
    taken = set(points[:, 2].tolist())
    heights = [h for h in (int(points[:, 2].max() * part) for part in (0.1103, 0.3719, 0.5003, 0.8317)) if h not in taken]
    made = cut(points, faces, heights)
    assert len(heights) >= 3
    for row, h in enumerate(heights):
        section = mesh.section(plane_origin=(0, 0, h), plane_normal=(0, 0, 1))
        mine = [made.points[made.starts[c] : made.starts[c + 1]] for c in np.flatnonzero(made.slice_of == row)]
        assert len(mine) == len(section.discrete)
        length = sum(np.linalg.norm(np.roll(p, -1, axis=0) - p, axis=1).sum() for p in mine)
        assert length == pytest.approx(section.length, rel=1e-9)


def test_heights_in_order_or_none() -> None:
    points = box((0, 0, 0), (3, 3, 3))
    with pytest.raises(ValueError, match="in order"):
        cut(points, CUBE, [2, 1])
    assert len(cut(points, CUBE, []).areas) == 0 and len(cut(points, CUBE, [1, 1]).areas) == 2
    assert len(cut(points, np.array([[0, 0, 1], [1, 2, 2]]), [1]).areas) == 0


def test_thousands_of_heights_close_together_and_far_apart() -> None:
    """More heights than places in the table, and heights that share one."""
    points = box((0, 0, 0), (10, 10, 100_000_000))
    heights = [*range(1, 3000), *range(50_000_000, 50_003_000), 99_999_999, 100_000_000]
    assert cut(points, CUBE, heights).areas == pytest.approx(np.full(len(heights), 100.0), rel=1e-14)
