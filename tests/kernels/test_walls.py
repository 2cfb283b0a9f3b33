"""Walls and gaps: planted spots are found at their thickness, wedges and edges are not called thin, brute force agrees."""

from __future__ import annotations

import itertools
import math
from typing import Any

import manifold3d as m3
import numba
import numpy as np
import pytest

from engine.model.mesh import STEPS_PER_MM
from engine.verify.facing import Facing, ask, face, look, nearest, of_edges, of_tree, swept
from engine.verify.tree import plant
from kernels import topology

PLAIN = bool(numba.config.DISABLE_JIT)
"""Nothing is compiled: a hundred times slower, so bodies of many facets are left out."""
LIMIT = 1.0
TILTS = ((0, 0, 0), (31, -17, 58))
LEFT, RIGHT = [(-3.0, 0.0), (0.0, 0.0), (-1.5, 4.0), (-2.5, 4.0)], [(0.1, 0.0), (3.1, 0.0), (2.6, 4.0), (1.6, 4.0)]
"""Two feet on one line."""


def part(solid: m3.Manifold, tilt=(0, 0, 0), single: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """On the lattice, welded: points, faces with an area, twins."""
    mesh = solid.rotate(tilt).to_mesh64()
    points = mesh.vert_properties[:, :3]
    if single:
        points = points.astype(np.float32).astype(np.float64)
    grid, back = np.unique(np.round(points * STEPS_PER_MM).astype(np.int32), axis=0, return_inverse=True)
    faces = back.ravel()[mesh.tri_verts].astype(np.int32)
    faces = faces[(faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 0] != faces[:, 2])]
    return np.ascontiguousarray(grid), np.ascontiguousarray(faces), twins(grid, faces)


def twins(grid: np.ndarray, faces: np.ndarray) -> np.ndarray:
    n, m = len(grid), len(faces)
    twin, work, mark = np.empty(3 * m, np.int32), np.empty(3 * m, np.int32), np.empty(n, np.int32)
    counts, places = np.empty(topology.COUNTS, np.int64), np.empty(topology.COUNTS, np.int64)
    topology.match_edges(faces, np.empty(n + 2, np.int32), work, mark, np.empty(n, np.int32), twin, counts, places)
    return twin


def asked(solid: m3.Manifold, tilt=(0, 0, 0), wall: float = LIMIT, gap: float = 0.0, single: bool = False) -> Facing:
    grid, faces, twin = part(solid, tilt, single)
    limits = np.array([[[wall]], [[gap]]]) * STEPS_PER_MM
    return face(grid, faces, twin, np.zeros(len(faces), np.int8), limits, (plant(grid, faces),))


def least(told: Facing, channel: int = 0) -> float | None:
    of = told.found[told.hits[:, 1] == channel, 0]
    return float(of.min()) / STEPS_PER_MM if len(of) else None


def box(x: float, y: float, z: float) -> m3.Manifold:
    return m3.Manifold.cube([x, y, z])


def round_bar(height: float, radius: float, segments: int = 32) -> m3.Manifold:
    return m3.Manifold.cylinder(height, radius, radius, segments)


def pocket(diameter: float, left: float) -> m3.Manifold:
    """A plate of 3 mm, thinned from above to `left` over a disc."""
    return box(20, 20, 3) - round_bar(9, diameter / 2).translate([8, 11, left])


def drilled(depth: float) -> m3.Manifold:
    """A pointed hole that ends `depth` below the far side: nothing there is parallel."""
    return box(20, 20, 5) - m3.Manifold.cylinder(9, 0.0, 9.0, 24).translate([9, 7, depth])


def fin(height: float, thick: float = 0.4) -> m3.Manifold:
    return box(10, 10, 4) + box(6, thick, 4 + height).translate([2, 5, 0])


def drafted(thick: float, degrees: float) -> m3.Manifold:
    """A fin 2 mm high on a block, `thick` at its rim, each side leaning by half of `degrees`."""
    lean = 2 * math.tan(math.radians(degrees / 2))
    section = [
        (0.0, 0.0),
        (10.0, 0.0),
        (10.0, 4.0),
        (5 + thick / 2 + lean, 4.0),
        (5 + thick / 2, 6.0),
        (5 - thick / 2, 6.0),
        (5 - thick / 2 - lean, 4.0),
        (0.0, 4.0),
    ]
    return m3.Manifold.extrude(m3.CrossSection([section]), 8.0)


def tube(thick: float, inner: int, outer: int) -> m3.Manifold:
    return round_bar(8, 5.0, outer) - round_bar(9, 5.0 - thick, inner).translate([0, 0, -0.5])


def rounded_fin(thick: float) -> m3.Manifold:
    return (
        box(10, 10, 4)
        + box(6, thick, 6).translate([2, 5, 0])
        + round_bar(6, thick / 2).rotate([0, 90, 0]).translate([2, 5 + thick / 2, 6])
    )


def grooves() -> m3.Manifold:
    """V-grooves from both sides, crossing each other: only two edges come near, at 0.5 mm."""
    vee = m3.Manifold.extrude(m3.CrossSection([[(0.0, 0.0), (2.0, 3.0), (-2.0, 3.0)]]), 40.0).translate([0, 0, -20])
    upper = vee.rotate([90, 0, 0]).translate([6, 0, 2.25])
    lower = vee.rotate([90, 0, 0]).rotate([180, 0, 90]).translate([0, 7, 1.75])
    return box(14, 14, 4) - upper - lower


def spike() -> m3.Manifold:
    """A slot in a block, and from its floor a spike that leans by 35 degrees and ends 0.3 mm under the slot's roof."""
    return (
        box(20, 14, 12)
        - box(30, 10, 6).translate([-5, 2, 3])
        + m3.Manifold.cylinder(8, 1.4, 0.0, 5).rotate([0, 35, 0]).translate([6, 7, 8.7 - 8 * math.cos(math.radians(35))])
    )


THIN = {
    "plate": (box(20, 15, 0.6), 0.6),
    "plate with a pocket": (pocket(6.0, 0.5), 0.5),
    "disc of 1 mm": (pocket(1.0, 0.5), 0.5),
    "disc of 0.05 mm": (pocket(0.05, 0.5), 0.5),
    "pointed hole": (drilled(0.37), 0.37),
    "fin of its limit": (fin(1.0), 0.4),
    "low fin": (fin(0.2), 0.4),
    "fin of five limits": (fin(5.0), 0.4),
    "drafted fin": (drafted(0.5, 5.0), 0.5),
    "full-round rim": (rounded_fin(0.7), 0.7),
    "wire": (round_bar(10, 0.4), 0.8),
    "wire of five sides": (round_bar(10, 0.4, 5), 0.4 * (1 + math.cos(math.pi / 5))),
    "three-cornered bar": (round_bar(10, 0.4, 3), 0.6),
    "ball": (m3.Manifold.sphere(0.45, 40), 0.889),
    "crossed grooves": (grooves(), 0.5),
    "needle": (m3.Manifold.cylinder(30, 0.4, 0.3, 24), 0.6),
}
MANY = ("disc", "pocket", "ball", "rim", "needle", "cone", "sphere", "lens", "bump")


def few(bodies: dict[str, Any]) -> list[str]:
    """The names of those to be asked."""
    return [name for name in bodies if not PLAIN or not any(word in name for word in MANY)]


@pytest.mark.parametrize("tilt", TILTS, ids=str)
@pytest.mark.parametrize("name", few(THIN))
def test_a_thin_place_is_found_at_its_thickness(name: str, tilt: tuple[float, ...]) -> None:
    solid, thick = THIN[name]
    found = least(asked(solid, tilt, single=any(tilt)))
    assert found == pytest.approx(thick, rel=0.011, abs=4e-4)
    assert least(asked(solid, tilt, wall=0.95 * thick)) is None


@pytest.mark.parametrize("inner, outer", list(itertools.product((9, 12, 37), (8, 16, 61)))[: 1 if PLAIN else None])
def test_a_tube_is_as_thin_as_its_facets_come(inner: int, outer: int) -> None:
    solid = tube(2.0, inner, outer)
    grid, _, _ = part(solid)
    radii = np.hypot(grid[:, 0], grid[:, 1]) / STEPS_PER_MM
    # the nearest place of an edge within to a facet without
    ring_in, ring_out = (np.unique(grid[np.abs(radii - r) < 1e-3][:, :2] / STEPS_PER_MM, axis=0) for r in (3.0, 5.0))
    expected = min(segment(p, *side) for p in ring_in for side in sides(ring_out))
    found = least(asked(solid, wall=2.2))
    assert found == pytest.approx(expected, rel=0.011)


def sides(ring: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    ring = ring[np.argsort(np.arctan2(ring[:, 1], ring[:, 0]))]
    return list(zip(ring, np.roll(ring, -1, axis=0), strict=True))


def segment(p: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    t = np.clip(np.dot(p - a, b - a) / np.dot(b - a, b - a), 0, 1)
    return float(np.linalg.norm(p - a - t * (b - a)))


def wedge(degrees: float) -> m3.Manifold:
    rise = math.tan(math.radians(degrees))
    return m3.Manifold.extrude(m3.CrossSection([[(0.0, 0.0), (20.0, 0.0), (20.0, 20 * rise)]]), 9.0, 4)


def chamfered(size: float) -> m3.Manifold:
    return m3.Manifold.extrude(m3.CrossSection([[(0.0, 0.0), (8.0, 0.0), (8.0, 2.0), (size, 2.0), (0.0, 2.0 - size)]]), 9.0)


def blunt(degrees: float, rim: float) -> m3.Manifold:
    rise = math.tan(math.radians(degrees))
    return m3.Manifold.extrude(m3.CrossSection([[(0.0, 0.0), (20.0, 0.0), (20.0, rim + 20 * rise), (0.0, rim)]]), 9.0)


SOUND = {
    "box": box(5, 6, 7),
    **{f"wedge of {a}": wedge(a) for a in (10, 12, 20, 30, 45, 60, 80)},
    **{f"chamfer of {s}": chamfered(s) for s in (0.2, 1.0, 1.9, 1.999)},
    **{f"blunt wedge of {a}": blunt(a, 0.1) for a in (10, 15, 40)},
    "cone": m3.Manifold.cylinder(20, 8.0, 0.0, 64),
    "sharp cone": m3.Manifold.cylinder(30, 4.0, 0.0, 64),
    "cut cone": m3.Manifold.cylinder(20, 8.0, 0.1, 24),
    "sphere": m3.Manifold.sphere(3.0, 64),
    "lens": m3.Manifold.sphere(10.0, 128).translate([0, 0, -8]) ^ m3.Manifold.sphere(10.0, 128).translate([0, 0, 8]),
    "half ball": m3.Manifold.sphere(4.0, 48) - box(20, 20, 20).translate([-10, -10, 0]),
    "low step": box(10, 10, 3) + box(5, 10, 3.2),
    "low bump": box(10, 10, 3) + m3.Manifold.sphere(2.0, 24).translate([5, 5, 3]),
    "box of many points": box(5, 6, 7).refine(12),
    "dovetail rail": m3.Manifold.extrude(
        m3.CrossSection([[(0.0, 0.0), (9.0, 0.0), (9.0, 2.0), (6.0, 2.0), (7.0, 4.0), (2.0, 4.0), (3.0, 2.0), (0.0, 2.0)]]), 9.0
    ),
    "split letter": box(20, 20, 4) - m3.Manifold.extrude(m3.CrossSection([LEFT]), 3.0).refine(6).translate([9, 9, 3]),
    "tetrahedron": m3.Manifold.tetrahedron().scale([4, 4, 4]),
}


@pytest.mark.parametrize("tilt", TILTS, ids=str)
@pytest.mark.parametrize("name", few(SOUND))
def test_a_sharp_place_is_not_a_thin_one(name: str, tilt: tuple[float, ...]) -> None:
    assert least(asked(SOUND[name], tilt, single=any(tilt))) is None


@pytest.mark.parametrize("tilt", TILTS, ids=str)
@pytest.mark.parametrize("name", few(THIN))
def test_what_is_a_wall_inside_is_a_gap_in_its_mould(name: str, tilt: tuple[float, ...]) -> None:
    solid, thick = THIN[name]
    low, high = np.array(solid.bounding_box()[:3]), np.array(solid.bounding_box()[3:])
    mould = box(*(high - low + 8)).translate(list(low - 4)) - solid
    told = asked(mould, tilt, wall=0.0, gap=LIMIT, single=any(tilt))
    assert least(told, 1) == pytest.approx(thick, rel=0.011, abs=4e-4)
    assert least(told, 0) is None


def test_the_place_lies_half_way() -> None:
    told = asked(pocket(1.0, 0.5))
    at = told.found[np.argmin(told.found[:, 0]), 1:] / STEPS_PER_MM
    assert np.hypot(at[0] - 8, at[1] - 11) <= 0.5001
    assert at[2] == pytest.approx(0.25)


def test_the_order_of_faces_does_not_show() -> None:
    grid, faces, twin = part(fin(1.0) + drilled(0.37).translate([30, 0, 0]), TILTS[1])
    limits = np.array([[[10000.0]], [[4000.0]]])
    rng = np.random.default_rng(3)
    told = face(grid, faces, twin, np.zeros(len(faces), np.int8), limits, (plant(grid, faces),))
    assert len(told.hits)
    for _ in range(3):
        order = rng.permutation(len(faces))
        turned = np.ascontiguousarray(np.array([np.roll(f, int(rng.integers(3))) for f in faces[order]], np.int32))
        again = face(grid, turned, twins(grid, turned), np.zeros(len(faces), np.int8), limits, (plant(grid, turned),))
        back = np.lexsort((again.hits[:, 1], order[again.hits[:, 0]]))
        assert (order[again.hits[back, 0]] == told.hits[:, 0]).all()
        assert (again.found[back] == told.found).all()


def test_some_faces_against_others_are_a_part_of_all_against_all() -> None:
    grid, faces, twin = part(fin(2.0) + pocket(4.0, 0.6).translate([30, 0, 0]))
    limits = np.array([[[10000.0]], [[4000.0]]])
    roles = np.zeros(len(faces), np.int8)
    whole = face(grid, faces, twin, roles, limits, (plant(grid, faces),))
    rows = np.unique(whole.hits[:, 0])[::2].astype(np.int32)
    surface, sharp = look(grid, faces, twin, roles)
    targets = of_tree(surface, plant(grid, faces)), of_edges(surface, sharp)
    some = nearest(ask(surface, swept(surface, rows, limits), targets, limits))
    mine = np.isin(whole.hits[:, 0], rows)
    # the same faces in two trees
    later = len(faces) // 2
    two = face(grid, faces, twin, roles, limits, (plant(grid, faces[:later]), plant(grid, faces, later)))
    assert (two.hits == whole.hits).all() and (two.found == whole.found).all()
    assert (some.hits[:, :2] == whole.hits[mine, :2]).all() and len(some.hits)
    assert (some.found == whole.found[mine]).all()


@pytest.mark.parametrize(
    "axes, signs", [((1, 2, 0), (1, 1, 1)), ((0, 1, 2), (-1, 1, 1)), ((2, 1, 0), (1, -1, 1)), ((1, 0, 2), (-1, -1, -1))]
)
def test_turned_and_mirrored_it_is_the_same(axes: tuple[int, ...], signs: tuple[int, ...]) -> None:
    grid, faces, _ = part(fin(2.0) + pocket(4.0, 0.6).translate([30, 0, 0]) + grooves().translate([0, 40, 0]), TILTS[1])
    limits = np.array([[[10000.0]], [[4000.0]]])
    roles = np.zeros(len(faces), np.int8)
    told = face(grid, faces, twins(grid, faces), roles, limits, (plant(grid, faces),))
    turned = np.ascontiguousarray(grid[:, axes] * np.array(signs, np.int32))
    odd = np.linalg.det(np.eye(3)[list(axes)] * signs) < 0
    rows = np.ascontiguousarray(faces[:, ::-1] if odd else faces)
    again = face(turned, rows, twins(turned, rows), roles, limits, (plant(turned, rows),))
    assert len(told.hits) > 20
    assert (again.hits[:, :2] == told.hits[:, :2]).all()
    # rounded to 1/1024 step, by sums in another order
    assert np.abs(again.found[:, 0] - told.found[:, 0]).max() <= 2 / 1024


def test_a_mesh_in_two_shells_is_asked_as_its_shells_are() -> None:
    one, other = part(fin(2.0), TILTS[1]), part(pocket(4.0, 0.6).translate([40, 0, 0]), TILTS[1])
    limits = np.array([[[10000.0]], [[4000.0]]])
    alone = [face(g, f, t, np.zeros(len(f), np.int8), limits, (plant(g, f),)) for g, f, t in (one, other)]
    grid, faces = np.concatenate((one[0], other[0])), np.concatenate((one[1], other[1] + len(one[0]))).astype(np.int32)
    both = face(grid, faces, twins(grid, faces), np.zeros(len(faces), np.int8), limits, (plant(grid, faces),))
    assert len(both.hits) == len(alone[0].hits) + len(alone[1].hits) > 20
    assert (both.found == np.concatenate([a.found for a in alone])).all()


def test_what_lies_beside_the_prism_is_not_under_it() -> None:
    """The floor rises by 5 degrees towards the thin end: the thick end's top sees the floor under itself alone."""
    section = [(0.0, 0.0), (20.0, -1.75), (20.0, 1.2), (10.0, 1.2), (10.0, 0.9), (0.0, 0.9)]
    solid = m3.Manifold.extrude(m3.CrossSection([section]), 9.0)
    grid, faces, twin = part(solid)
    limits = np.array([[[1.3]], [[0.0]]]) * STEPS_PER_MM
    told = face(grid, faces, twin, np.zeros(len(faces), np.int8), limits, (plant(grid, faces),))
    corners = grid[faces] / STEPS_PER_MM
    high = np.flatnonzero((corners[:, :, 0] >= 9.999).all(axis=1) & (corners[:, :, 1] >= 1.199).all(axis=1))
    assert len(high) == 2 and not np.isin(high, told.hits[:, 0]).any()
    assert least(told) == pytest.approx(0.9, rel=0.011)


def feet(turned: float, raised: bool) -> m3.Manifold:
    """Two trapezia on one line, cut into a block or raised on it, 0.1 mm from each other; the right one turned by so many degrees."""
    both = [m3.Manifold.extrude(m3.CrossSection([side]), 3.0) for side in (LEFT, RIGHT)]
    foot = [
        one.translate([-x, 0, 0]).rotate([0, 0, a]).translate([x, 0, 0])
        for one, a, x in zip(both, (0.0, turned), (0.0, 0.1), strict=True)
    ]
    plate = box(20, 20, 4).translate([-10, -10, -3])
    return plate + foot[0] + foot[1] if raised else plate - foot[0] - foot[1]


@pytest.mark.parametrize("tilt", (*TILTS, (0, 0, 33)), ids=str)
@pytest.mark.parametrize("raised", [False, True], ids=["engraved", "raised"])
@pytest.mark.parametrize("turned", [0.0, 0.01, -0.01, 1.0, -1.0, 5.0, -5.0])
def test_feet_on_one_line_are_as_near_as_they_are(turned: float, raised: bool, tilt: tuple[float, ...]) -> None:
    """What stands between two letters' feet is least there: it widens at once beyond their line. A hair's turn makes no difference."""
    solid, channel = feet(turned, raised), 1 if raised else 0
    limits = {"wall": 0.0, "gap": LIMIT} if raised else {"wall": LIMIT, "gap": 0.0}
    assert least(asked(solid, tilt, single=any(tilt), **limits), channel) == pytest.approx(0.1, abs=4e-4)
    assert least(asked(solid, tilt, single=any(tilt), **{k: min(v, 0.095) for k, v in limits.items()}), channel) is None


@pytest.mark.parametrize("tilt", TILTS, ids=str)
def test_a_leaning_tip_under_a_roof_is_as_near_as_it_is(tilt: tuple[float, ...]) -> None:
    assert least(asked(spike(), tilt, wall=0.0, gap=LIMIT, single=any(tilt)), 1) == pytest.approx(0.3, abs=4e-4)


@pytest.mark.parametrize("channel", [0, 1], ids=["wall", "gap"])
@pytest.mark.parametrize("axis", range(3))
def test_a_wall_line_that_runs_in_a_box_s_face_is_seen(axis: int, channel: int) -> None:
    """A wall, and a gap, of 0.0001 mm between plates cut into squares whose corners lie over each other: every line along a normal
    runs in the faces of the boxes of the other side. A validator of slabs loses such hits."""
    points = [(1000 * x, 1000 * y, height) for height in (0, 1) for x, y in itertools.product(range(5), repeat=2)]
    faces = []
    for height, (x, y) in itertools.product((0, 1), itertools.product(range(4), repeat=2)):
        a, b, c, d = (25 * height + 5 * i + j for i, j in ((x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)))
        # round a wall the plates look away from each other, across a gap at each other
        faces += [(a, b, c), (a, c, d)] if height != channel else [(a, c, b), (a, d, c)]
    grid = np.ascontiguousarray(np.roll(np.array(points, np.int32), axis, axis=1))
    rows = np.array(faces, np.int32)
    limits = np.array([[[5000.0]], [[0.0]]]) if channel == 0 else np.array([[[0.0]], [[5000.0]]])
    told = face(grid, rows, twins(grid, rows), np.zeros(len(rows), np.int8), limits, (plant(grid, rows),))
    assert sorted(told.hits[:, 0].tolist()) == list(range(len(rows))), "each face faces the other plate"
    assert (told.hits[:, 1] == channel).all() and (told.found[:, 0] == 1.0).all()
