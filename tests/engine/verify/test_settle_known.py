"""engine/verify/settle.py, `Footings`: with and without what is known of a kept body, the same lattice."""

from __future__ import annotations

import random

import numpy as np
import pytest

from engine.model.mesh import FLIPPED, Kept, Mesh, Part, Pose, Settled
from engine.verify.settle import Footings, settle

POSES = (
    Pose(),
    FLIPPED,
    Pose(((0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)), (3.0, 4.0, -0.00005)),
    Pose(((0.8, 0.0, 0.6), (0.0, 1.0, 0.0), (-0.6, 0.0, 0.8)), (1.0, -0.0, 2.0)),
)
REST = 40


def _part(draw: random.Random, pose: Pose, spoil: str = "", key: str = "body") -> Part:
    """A rest that is always the same, twenty new points inside its box, and faces on both; one thing wrong with the new."""
    same = random.Random(7)
    rest = [[same.uniform(-20, 20) for _ in range(3)] for _ in range(REST)]
    points = rest + [[draw.uniform(-5, 5) for _ in range(3)] for _ in range(20)]
    old = [same.sample(range(REST), 3) for _ in range(60)] + [[k, (k + 1) % REST, (k + 2) % REST] for k in range(REST)]
    faces = old + [draw.sample(range(len(points)), 3) for _ in range(30)] + [[REST + k, 0, 1] for k in range(20)]
    at = draw.randrange(REST, len(points))
    if spoil in ("below", "above"):
        points[at][2] = -99.0 if spoil == "below" else 99.0
    elif spoil in ("rest again", "new again"):
        points[at] = list(points[draw.randrange(REST) if spoil == "rest again" else REST + (at - REST + 1) % 20])
    elif spoil == "nowhere":
        points[at][1] = draw.choice((float("nan"), float("inf"), 1e9))
    elif spoil == "index":
        faces[-1][0] = draw.choice((-1, len(points)))
    elif spoil == "another rest":
        points[draw.randrange(REST)][0] += 1.0
    elif spoil == "other faces":
        faces[3] = faces[3][::-1]
    elif spoil == "rest on new":
        faces[3] = [0, 1, at]
        points[at][2] = -40.0
    return Part("p", Mesh(np.array(points), np.array(faces, dtype=np.int32), Kept(key, REST, len(old))), poses={"print": pose})


def _same(one: Settled, other: Settled) -> None:
    assert np.array_equal(one.lattice, other.lattice) and np.array_equal(one.faces, other.faces)
    assert one.lattice.dtype == other.lattice.dtype and not one.lattice.flags.writeable and one.part is other.part
    assert repr(one.pose) == repr(other.pose)
    assert (one.kept and vars(one.kept)) == (other.kept and vars(other.kept))


@pytest.mark.parametrize("pose", POSES, ids=["drawn", "flipped", "turned", "tilted"])
def test_what_is_known_is_settled_the_same(pose: Pose) -> None:
    draw, known = random.Random(1), Footings()
    for turn in range(30):
        part = _part(draw, pose)
        assert (known.settled(part, pose, True) is not None) == (turn > 1)
        _same(settle(part, known=known), settle(part))
        _same(settle(part, "assembled", known), settle(part, "assembled"))
    assert known.held > 0


WRONG = ("below", "above", "rest again", "new again", "nowhere", "index", "another rest", "other faces", "rest on new")


@pytest.mark.parametrize("spoil", WRONG)
@pytest.mark.parametrize("pose", POSES, ids=["drawn", "flipped", "turned", "tilted"])
def test_whatever_is_new_about_it(pose: Pose, spoil: str) -> None:
    draw, known = random.Random(2), Footings()
    for _ in range(2):
        settle(_part(draw, pose), known=known)
    for _ in range(6):
        part = _part(draw, pose, spoil)
        if spoil in ("rest again", "new again", "nowhere", "another rest", "other faces"):
            assert known.settled(part, pose, True) is None
        _same(settle(part, known=known), settle(part))
        settle(_part(draw, pose), known=known)


def test_a_rest_that_names_new_points_is_not_kept() -> None:
    draw, known = random.Random(3), Footings()
    for _ in range(4):
        part = _part(draw, POSES[0], "rest on new")
        _same(settle(part, known=known), settle(part))
        _same(settle(part, "assembled", known), settle(part, "assembled"))
    assert known.held == 0


def test_poses_are_told_apart() -> None:
    draw, known = random.Random(5), Footings()
    for _ in range(4):
        for pose in POSES:
            part = _part(draw, pose)
            _same(settle(part, known=known), settle(part))


def test_it_is_bounded() -> None:
    draw, known = random.Random(4), Footings()
    for _ in range(2):
        settle(_part(draw, POSES[0]), known=known)
    small = Footings(limit=known.held * 2 + known.held // 2)
    for k in range(6):
        for _ in range(2):
            settle(_part(draw, POSES[0], key=f"body {k}"), known=small)
        assert 0 < small.held <= 2 * known.held
