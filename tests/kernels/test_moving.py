"""kernels/moving.py, apart.py, outlook.py: whatever a body of a family does, the proofs allowed for it.

Families are small soups and a channel whose walls and gap move; bodies are drawn from them, rounded, and asked by the exact kernels.
"""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.family import Family
from engine.verify import families
from engine.verify.facing import face
from engine.verify.families import ROOM, prove
from engine.verify.tree import plant
from kernels import apart, bvh, moving, outlook
from tests.engine.verify.test_families import channel, family_of

PLAIN = bool(numba.config.DISABLE_JIT)
EXAMPLES = 6 if PLAIN else 60
NOW = settings(max_examples=EXAMPLES, deadline=None)


def soup(seed: int, count: int, moved: float) -> Family:
    """Triangles over few points, so that many share one, two or three of them; some lie in one plane."""
    draw = np.random.default_rng(seed)
    points = draw.uniform(-4_000.0, 4_000.0, (max(4, count), 3))
    points[::3, 2] = 0.0
    faces = np.array([draw.choice(len(points), 3, replace=False) for _ in range(count)], np.int32)
    motions = draw.uniform(-moved, moved, (int(draw.integers(0, 4)), len(points), 3))
    return Family("soup", points, motions, faces)


def body(family: Family, at: np.ndarray) -> np.ndarray:
    return np.rint(family.middle + (at[:, None, None] * family.motions).sum(axis=0)).astype(np.int32)


def looks_of(family: Family) -> np.ndarray:
    looks = np.full((len(family.faces), 5), 77.0)
    outlook.looks(family.middle, family.motions, family.faces, ROOM, looks)
    return looks


def tree_of(family: Family) -> families.Tree:
    return families._tree(family, np.rint(family.middle).astype(np.int32), family.faces)


def normals(lattice: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, b, c = (lattice[faces[:, k]].astype(np.float64) for k in range(3))
    area = np.cross(b - a, c - a)
    length = np.sqrt((area**2).sum(axis=1))
    longest = np.max([np.sqrt(((q - p) ** 2).sum(axis=1)) for p, q in ((a, b), (b, c), (c, a))], axis=0)
    return area / np.maximum(length, 1e-300)[:, None], length / np.maximum(longest, 1e-300)


@given(st.integers(0, 2**32), st.integers(1, 30), st.floats(0.0, 3_000.0))
@NOW
def test_no_point_leaves_what_a_node_says(seed: int, count: int, moved: float) -> None:
    family, draw = soup(seed, count, moved), np.random.default_rng(seed + 1)
    tree = tree_of(family)
    at = draw.uniform(-1.0, 1.0, len(family.motions))
    points = family.middle + (at[:, None, None] * family.motions).sum(axis=0)
    below = {i: family.faces[tree.order[i]] for i in range(count)}
    for level in range(len(tree.levels) - 1):
        for i in range(tree.levels[level], tree.levels[level + 1]):
            if level:
                first = tree.levels[level - 1] + 8 * (i - tree.levels[level])
                some = [below[j] for j in range(first, min(first + 8, tree.levels[level])) if j in below]
                if not some:
                    assert tree.boxes[i, 0] > tree.boxes[i, 3]
                    continue
                below[i] = np.concatenate(some)
            elif i not in below:
                assert tree.boxes[i, 0] > tree.boxes[i, 3]
                continue
            rides = (at[:, None] * tree.drift[i]).sum(axis=0)
            mine = points[below[i]]
            assert (mine >= tree.boxes[i, :3] + rides - tree.loose[i] - 1e-6).all()
            assert (mine <= tree.boxes[i, 3:] + rides + tree.loose[i] + 1e-6).all()


@given(st.integers(0, 2**32))
@NOW
def test_how_far_a_body_strays_is_what_is_left_when_all_of_it_moved(seed: int) -> None:
    draw = np.random.default_rng(seed)
    family = soup(seed, 12, 500.0)
    at = draw.uniform(-1.0, 1.0, len(family.motions))
    columns = draw.permutation(3) + 1
    columns[draw.random(3) < 0.5] *= -1
    lattice = body(family, at)[:, np.abs(columns) - 1] * np.sign(columns) + draw.integers(-900, 900, 3)
    told = moving.astray(np.ascontiguousarray(lattice, np.int32), family.middle, family.motions, at, columns)
    assert told <= 0.5 + 1e-9
    off = float(draw.integers(3, 500))
    lattice[draw.integers(len(lattice)), draw.integers(3)] += int(off)
    strayed = moving.astray(np.ascontiguousarray(lattice, np.int32), family.middle, family.motions, at, columns)
    assert off / 2 - 0.5 <= strayed <= off / 2 + 0.5


def alongside(f: np.ndarray, g: np.ndarray) -> bool:
    """Do two faces run an edge the same way, as those of no surface do that is turned outward?"""
    edges = [{(int(h[k]), int(h[(k + 1) % 3])) for k in range(3)} for h in (f, g)]
    return bool(edges[0] & edges[1])


@given(st.integers(0, 2**32), st.integers(2, 24), st.sampled_from((0.0, 40.0, 900.0)))
@NOW
def test_every_pair_that_meets_in_some_body_is_listed(seed: int, count: int, moved: float) -> None:
    family, draw = soup(seed, count, moved), np.random.default_rng(seed + 1)
    tree, looks = tree_of(family), looks_of(family)
    pairs = families._pairs(family, looks, tree)
    assert (pairs[:, 0] < pairs[:, 1]).all() and len({tuple(p) for p in pairs.tolist()}) == len(pairs)
    listed = {tuple(p) for p in pairs.tolist()}
    for _ in range(4):
        at = draw.choice((-1.0, 1.0, 0.3), len(family.motions))
        lattice = body(family, at)
        flat = normals(lattice, family.faces)[1] == 0.0
        for f in range(count):
            for g in range(f + 1, count):
                if not (flat[f] or flat[g] or (f, g) in listed or alongside(family.faces[f], family.faces[g])):
                    assert apart.met(lattice, family.faces, np.array([[f, g]], np.int32)) < 0, (f, g)


def test_of_what_moves_as_one_only_what_touches_is_listed() -> None:
    """Of over a thousand pairs a few share a corner, edge on, so that no plane that is tried lies between; what is there twice is listed."""
    points, faces = channel(1.0, 6.0, 2.0, 2)
    motions = np.broadcast_to(np.array((700.0, 0.0, 90.0)), (1, len(points), 3)).copy()
    family = Family("rigid", points * 10_000.0, motions, faces)
    assert len(faces) > 40 and len(families._pairs(family, looks_of(family), tree_of(family))) <= 4
    twice = Family("twice", family.middle, motions, np.concatenate((faces, faces[:1, [1, 2, 0]])))
    assert [0, len(faces)] in families._pairs(twice, looks_of(twice), tree_of(twice)).tolist()


def test_met_tells_the_first_row_and_what_has_no_area() -> None:
    lattice = np.array(
        [
            (0, 0, 0),
            (900, 0, 0),
            (0, 900, 0),
            (100, 100, -50),
            (100, 100, 50),
            (300, 100, 50),
            (0, 0, 9),
            (9, 0, 9),
            (0, 9, 9),
            (4, 0, 0),
        ]
    )
    faces = np.array([(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 1, 9)], np.int32)
    rows = [((0, 2), -1), ((0, 1), 0), ((2, 0), -1), ((3, 2), 0)]
    for pair, told in rows:
        assert apart.met(lattice.astype(np.int32), faces, np.array([pair], np.int32)) == told
    both = np.array([(0, 2), (0, 1)], np.int32)
    assert apart.met(lattice.astype(np.int32), faces, both) == 1
    assert apart.met(lattice.astype(np.int32), faces, both[:0]) == -1


@given(st.integers(0, 2**32), st.integers(1, 30), st.sampled_from((0.0, 5.0, 60.0, 900.0)))
@NOW
def test_no_normal_leaves_its_cone(seed: int, count: int, moved: float) -> None:
    family, draw = soup(seed, count, moved), np.random.default_rng(seed + 1)
    # some are slivers, or nothing
    family.middle[family.faces[0, 2]] = family.middle[family.faces[0, :2]].mean(axis=0) + draw.choice((0.0, 14.0, 30.0))
    looks = looks_of(family)
    for _ in range(6):
        lattice = body(family, draw.choice((-1.0, 1.0, 0.2), len(family.motions)))
        units, heights = normals(lattice, family.faces)
        off = np.sqrt(((units - looks[:, :3]) ** 2).sum(axis=1))
        assert (off <= looks[:, 3])[looks[:, 3] < outlook.WIDE].all()
        assert (heights >= 16.0)[looks[:, 3] < outlook.WIDE].all()
        assert (off <= looks[:, 4])[(looks[:, 4] < outlook.WIDE) & (heights >= 16.0)].all()


def test_a_corner_holds_what_its_faces_look_along() -> None:
    faces = np.array([(0, 1, 2), (0, 2, 3), (4, 5, 6), (4, 6, 5)], np.int32)
    looks = np.array([(1, 0, 0, 0.1, 0.1), (0, 1, 0, 0.2, 0.2), (0, 0, 1, 0.1, 0.1), (0, 0, -1, 0.1, 0.1)], float)
    cones = np.full((8, 4), 77.0)
    outlook.cones(faces, looks, cones)
    assert np.allclose(cones[1], (1, 0, 0, 0.1), atol=1e-5) and cones[7, 3] == -9.0
    assert cones[4, 3] == outlook.WIDE  # one looks up, one down
    for f in range(2):
        assert np.sqrt(((cones[0, :3] - looks[f, :3]) ** 2).sum()) + looks[f, 3] <= cones[0, 3] < 1.4


FAMILY = family_of(2)


@given(
    st.lists(st.floats(-1.0, 1.0), min_size=3, max_size=3), st.sampled_from(((0.5, 0.5), (1.4, 0.9), (2.6, 4.0), (0.0, 8.0)))
)
@settings(max_examples=2 if PLAIN else 60, deadline=None)
def test_whatever_faces_another_in_some_body_may(at: list[float], limits: tuple[float, float]) -> None:
    known = prove(FAMILY, FAMILY.faces)
    assert known is not None
    inward, outward = (v * 10_000.0 for v in limits)
    marked = np.zeros(len(FAMILY.faces), np.bool_)
    rows, lost = known.active(inward, outward)
    marked[rows] = True
    assert not lost
    lattice = body(FAMILY, np.array(at))
    asked = np.array([[[inward]], [[outward]]])
    told = face(lattice, FAMILY.faces, known.twin, np.zeros(len(marked), np.int8), asked, (plant(lattice, FAMILY.faces),))
    assert marked[told.hits[:, 0]].all() and marked[told.hits[:, 2]].all()


def test_what_cannot_be_reached_is_left_out() -> None:
    known = prove(FAMILY, FAMILY.faces)
    assert known is not None
    near, far = (len(known.active(limit, limit)[0]) for limit in (5_000.0, 25_000.0))
    assert near < len(FAMILY.faces) / 3 and near < far


def test_faces_that_are_gone_are_asked_where_others_would_be_neighbours() -> None:
    """Of the floor's faces that go, their neighbours count: what comes in their place need not share a point with them."""
    gone = np.zeros(len(FAMILY.faces), np.int8)
    gone[(FAMILY.middle[FAMILY.faces][:, :, 2] == 0.0).all(axis=1)] = 1
    known = prove(FAMILY, FAMILY.faces)
    assert known is not None
    wide = known.looks.copy()
    wide[:, 3] = outlook.WIDE  # nothing is known of where anything looks
    for none in (gone * 0, gone):
        marked = families.active(FAMILY, wide, families.whole_tree(FAMILY), known.twin, none, 300.0, 300.0)
        beside = np.isin(FAMILY.faces, FAMILY.faces[gone > 0]).any(axis=1) & (gone == 0)
        assert marked[beside].all() or not none.any()


@pytest.mark.parametrize(
    "box, rows",
    (((0, 0, 0, 5, 5, 5), [0]), ((0, 0, 0, 90, 90, 90), [0, 1]), ((50, 0, 0, 60, 5, 5), []), ((0, 50, 0, 5, 60, 5), [])),
)
def test_faces_within_reach_of_a_box(box: tuple[int, ...], rows: list[int]) -> None:
    lattice = np.array([(0, 0, 0), (9, 0, 0), (0, 9, 3), (80, 80, 80), (90, 80, 80), (80, 90, 95)], np.int32)
    faces = np.array([(0, 1, 2), (3, 4, 5), (0, 1, 2)], np.int32)
    found = np.empty(2, np.int32)
    assert found[: bvh.within_reach(lattice, faces, 2, np.array(box, np.int64), found)].tolist() == rows
    around = np.empty(6, np.int64)
    bvh.around(lattice, faces, np.array((0, 1), np.int32), around)
    assert around.tolist() == [0, 0, 0, 90, 90, 95]
    bvh.around(lattice, faces, found[:0], around)
    assert around.tolist() == [bvh.NOWHERE] * 3 + [-bvh.NOWHERE] * 3


@pytest.mark.parametrize(
    ("lower", "upper", "looks", "may"),
    [
        ("across", "along", "up", True),  # their middles are one place: no line between them tells anything
        ("along", "along", "facing", True),
        ("along", "along", "away", True),  # through what lies between them
        ("along", "along", "up", False),
        ("along", "far", "facing", False),
    ],
)
def test_edges_that_may_face_each_other(lower: str, upper: str, looks: str, may: bool) -> None:
    """100 steps apart, one over the other, but for the pair that crosses; the limits reach 300."""
    lying = {
        "along": [(0, 0, 0), (400, 0, 0)],
        "across": [(200, -200, 100), (200, 200, 100)],
        "far": [(0, 0, 400), (400, 0, 400)],
    }
    over = [(x, y, z + 100) for x, y, z in lying[upper]]
    points = np.array([*lying[lower], *over], np.float64)
    one, two = {"up": (1.0, 1.0), "facing": (1.0, -1.0), "away": (-1.0, 1.0)}[looks]
    ends = np.array([[0, 1, 1], [2, 3, 3]], np.int32)
    family = Family("edges", points, np.zeros((0, 4, 3)), ends)
    tree, ways = families._tree(family, points.astype(np.int32), ends), np.array([[0.0, 0.0, one, 0.1], [0.0, 0.0, two, 0.1]])
    asking, asked, none = (np.zeros(2, np.int8) for _ in range(3))
    if looks == "up" and may:
        ways[1, 2], ways[:, 3] = -1.0, 1.2
    outlook.may_face(
        family.middle, family.motions, ends, ways, none, tree.order, tree.boxes, tree.drift, tree.loose,
        ends, ways, none, tree.order, tree.levels, tree.boxes, tree.drift, tree.loose,
        True, 300.0, 300.0, ROOM, asking, asked, np.empty(outlook.STACK, np.int64),
    )  # fmt: skip
    assert bool((asking | asked).any()) is may
