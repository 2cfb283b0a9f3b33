"""Which edge is which: maps in another order match, mirrored ones do not, and no feature is taken for its neighbour."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compiling.matching import OTHERWISE, SPLINE, match
from engine.doors.cad_map import Drawn, Match, identity
from tests.engine.compiling.solids_drawn import BLOCK, CORNERS, block, plate, solid


def matched(reference: Drawn, other: Drawn, predicted: np.ndarray | None = None, start: int = 0) -> Match:
    found = match(reference, other, reference.middles if predicted is None else predicted, start)
    assert isinstance(found, Match), found
    return found


def agrees(reference: Drawn, other: Drawn, found: Match) -> bool:
    """Do all edges and corners lie where the reference has them, and does each step lead to the same place?"""
    return bool(
        np.allclose(other.middles[found.edge], reference.middles)
        and np.allclose(other.vertices[found.vertex], reference.vertices)
        and np.array_equal(other.following[found.half], found.half[reference.following])
        and np.array_equal(other.twin[found.half], found.half[reference.twin])
        and np.array_equal(found.turned[reference.edge], reference.sense != other.sense[found.half])
    )


def test_a_map_matches_itself() -> None:
    one, own = plate([3.0, 8.0]), identity(plate([3.0, 8.0]))
    found = matched(one, one)
    assert all(np.array_equal(getattr(found, n), getattr(own, n)) for n in ("half", "edge", "turned", "vertex"))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(0, 23))
def test_a_block_in_any_order(seed: int, start: int) -> None:
    """A block turned half round about an edge's middle is a block again: only where its edges lie tells which is which."""
    reference, other = block(), block(seed=seed)
    assert agrees(reference, other, matched(reference, other, start=start))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6))
def test_a_cube_with_holes_in_any_order(seed: int) -> None:
    reference, other = plate([3.0, 8.0, 13.0]), plate([3.0, 8.0, 13.0], seed=seed)
    assert agrees(reference, other, matched(reference, other))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.floats(-0.4, 0.4), st.floats(-0.4, 0.4))
def test_roughly_predicted(seed: int, x: float, y: float) -> None:
    reference, other = block(), block(seed=seed)
    found = matched(reference, other, reference.middles + [x, y, 0.2])
    assert agrees(reference, other, found)


CHIRAL = {frozenset((0, 1)): 1, frozenset((1, 2)): 2, frozenset((1, 5)): 3}
"""Three kinds of curves meet at one corner: a mirrored block has them the other way round."""


@pytest.mark.parametrize("seed", range(5))
def test_a_mirrored_body_does_not_match(seed: int) -> None:
    reference = block(curves=CHIRAL)
    assert agrees(reference, block(curves=CHIRAL, seed=seed), matched(reference, block(curves=CHIRAL, seed=seed)))
    mirrored = block(curves=CHIRAL, mirror=True, seed=seed)
    assert match(reference, mirrored, reference.middles) == OTHERWISE
    assert match(reference, mirrored, reference.middles * [-1, 1, 1]) == OTHERWISE


def test_a_spline_may_be_a_plainer_curve_in_another_body() -> None:
    """OCCT tells of the same edge that it is a line here and a spline there; an arc is no line, and a pole no spline."""
    edge = frozenset((0, 1))
    reference = block()
    for kinds in ({edge: SPLINE}, {edge: SPLINE, frozenset((1, 2)): SPLINE}):
        other = block(curves=kinds, seed=3)
        assert agrees(reference, other, matched(reference, other))
        assert agrees(other, reference, matched(other, reference))
    assert match(reference, block(curves={edge: 1}, seed=3), reference.middles) == "other kinds of edges than the reference"
    assert isinstance(match(block(curves={edge: -1}), block(curves={edge: SPLINE}), reference.middles), str)
    swapped = match(block(curves={edge: 1, frozenset((1, 2)): SPLINE}), block(curves={edge: SPLINE}), reference.middles)
    assert isinstance(swapped, Match)


@pytest.mark.parametrize("seed", range(4))
def test_a_hole_that_moved_a_pitch_is_itself_where_it_was_predicted(seed: int) -> None:
    """Holes at 3, 8, 13 are now at 8, 13, 18: predicted there, the first is the first; not predicted, it would be its neighbour."""
    before, after = [3.0, 8.0, 13.0], [8.0, 13.0, 18.0]
    reference, other = plate(before), plate(after, seed=seed)
    expected = plate(after)
    found = matched(reference, other, expected.middles)
    assert np.allclose(other.middles[found.edge], expected.middles)
    for predicted in (reference.middles, expected.middles + [0.4, 0.0, 0.0]):
        told = match(reference, other, predicted)
        assert isinstance(told, Match) or told == OTHERWISE
        same = isinstance(told, Match) and np.allclose(other.middles[told.edge], expected.middles)
        assert same == bool(predicted is not reference.middles)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (plate([3.0]), "48 half-edges where the reference has 24"),
        (block(surfaces=[0, 0, 0, 0, 0, 1]), "other kinds of faces"),
        (block(curves={frozenset((0, 1)): 1}), "other kinds of edges"),
    ],
    ids=["a hole more", "a curved face", "a curved edge"],
)
def test_what_is_of_another_count_or_kind_is_named(other: Drawn, why: str) -> None:
    told = match(block(), other, block().middles)
    assert isinstance(told, str) and why in told


def test_the_same_counts_and_kinds_otherwise_joined() -> None:
    """Two curved edges beside one another, or across."""
    beside = {frozenset((0, 1)): 1, frozenset((1, 2)): 1}
    across = {frozenset((0, 1)): 1, frozenset((2, 3)): 1}
    one, other = block(curves=beside), block(curves=across)
    assert match(one, other, one.middles) == OTHERWISE and match(other, one, other.middles) == OTHERWISE


def test_faces_of_other_kinds_in_other_places() -> None:
    one, other = block(surfaces=[1, 1, 0, 0, 0, 0]), block(surfaces=[1, 0, 1, 0, 0, 0])
    assert match(one, other, one.middles) == OTHERWISE


def test_two_loops_of_a_face_are_not_one() -> None:
    """A plate whose hole ends inside matches none that goes through."""
    through = plate([3.0])
    points = (np.array(CORNERS, float) * (20.0, 4.0, 1.0)).tolist()
    points += [(x, y, z) for z in (0.5, 1.0) for x, y in ((2.5, 1.5), (3.5, 1.5), (3.5, 2.5), (2.5, 2.5))]
    low, high = [8, 9, 10, 11], [12, 13, 14, 15]
    faces = [[BLOCK[0]], [BLOCK[1], high[::-1]], *([f] for f in BLOCK[2:]), [low]]
    faces += [[(low[j], high[j], high[(j + 1) % 4], low[(j + 1) % 4])] for j in range(4)]
    told = match(through, solid(points, faces), through.middles)
    assert isinstance(told, str)
