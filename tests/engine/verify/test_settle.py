"""engine/verify/settle.py: poses, the drop to the bed, the weld, and when a body's kept rows stay known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from engine.model.mesh import FLIPPED, Kept, Mesh, Part, Pose, Settled
from engine.verify.settle import right_angles, settle, together
from kernels import lattice as grid

TETRA = np.array([(0, 2, 1), (0, 1, 3), (1, 2, 3), (2, 0, 3)], dtype=np.int32)
POINTS = np.array([(0, 0, 0), (10, 0, 0), (0, 10, 0), (0, 0, 10)], dtype=np.float64) + np.array([1.5, 2.5, -3.25])
RAISED = np.array([0, 0, 3.25])


def _settled(points: np.ndarray, pose: Pose | None = None, faces: np.ndarray = TETRA, kept: Kept | None = None) -> Settled:
    return settle(Part("p", Mesh(points, faces, kept), poses={} if pose is None else {"print": pose}))


def _rotations() -> list[tuple[tuple[float, ...], ...]]:
    found = []
    for axes in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            rows = np.zeros((3, 3))
            rows[range(3), axes] = signs
            if round(np.linalg.det(rows)) == 1:
                found.append(tuple(tuple(r) for r in rows.tolist()))
    return found


def test_as_drawn_is_dropped_to_the_bed_and_not_moved_sideways() -> None:
    made = _settled(POINTS)
    assert made.lattice.tolist() == np.round((POINTS + RAISED) * 1e4).astype(int).tolist()
    assert made.faces is made.part.mesh.faces and not made.lattice.flags.writeable
    assert (made.points == made.lattice / 10_000).all()


@pytest.mark.parametrize("rotation", _rotations(), ids=[str(i) for i in range(24)])
def test_right_angles_are_exact(rotation: tuple[tuple[float, float, float], ...]) -> None:
    pose = Pose(rotation, (3.0, -4.0, 5.0))
    assert right_angles(pose) is not None
    expected = np.round(POINTS * 1e4).astype(int) @ np.array(rotation).astype(int).T + (30_000, -40_000, 0)
    expected[:, 2] -= expected[:, 2].min()
    assert _settled(POINTS, pose).lattice.tolist() == expected.tolist()


def test_half_steps_round_before_a_right_angle_turns_them() -> None:
    """Rounded as drawn, then turned: a body and its turned twin are the same body."""
    points = POINTS + 0.00005
    drawn, turned = _settled(points), _settled(points, FLIPPED)
    assert (turned.lattice[:, 0] == drawn.lattice[:, 0]).all()
    assert (turned.lattice[:, 1] == -drawn.lattice[:, 1]).all()
    assert (np.diff(turned.lattice[:, 2]) == -np.diff(drawn.lattice[:, 2])).all()


def test_other_rotations_are_rounded_once() -> None:
    pose = Pose(((0.8, 0.0, 0.6), (0.0, 1.0, 0.0), (-0.6, 0.0, 0.8)))
    assert right_angles(pose) is None
    made = _settled(POINTS, pose)
    truth = POINTS @ np.array(pose.rotation).T
    truth[:, 2] -= truth[:, 2].min()
    assert np.abs(made.points - truth).max() <= 1.01e-4 and made.lattice[:, 2].min() == 0


def test_only_the_print_pose_is_dropped() -> None:
    part = Part("p", Mesh(POINTS, TETRA), poses={"assembled": Pose(translation=(0.0, 0.0, 1.0))})
    assert settle(part, "assembled").points[:, 2].min() == -2.25


def test_an_unused_point_below_does_not_lift_the_part() -> None:
    made = _settled(np.vstack([POINTS, [[0, 0, -50.0]]]))
    assert made.lattice[:4, 2].min() == 0 and made.lattice[4, 2] < 0


def test_equal_points_become_one() -> None:
    soup = POINTS[TETRA].reshape(-1, 3) + np.array([[0.00002], [0.0]] * 6)
    made = _settled(soup, faces=np.arange(12, dtype=np.int32).reshape(-1, 3))
    assert len(made.lattice) == 4 and sorted(map(tuple, made.lattice.tolist())) == sorted(
        map(tuple, _settled(POINTS).lattice.tolist())
    )
    assert (made.lattice[made.faces] == np.round((soup + RAISED) * 1e4).reshape(-1, 3, 3)).all()


def test_kept_rows_stay_known_until_one_of_them_merges() -> None:
    kept = Kept("body", 4, 4)
    extra = np.vstack([POINTS, POINTS + 100])
    both = np.vstack([TETRA, TETRA + 4]).astype(np.int32)
    made = _settled(extra, faces=both, kept=kept)
    assert made.kept is not None and made.kept.key.startswith("body/") and (made.kept.points, made.kept.faces) == (4, 4)

    merged_later = _settled(np.vstack([extra, extra[-1:]]), faces=both, kept=kept)
    assert merged_later.kept is not None and merged_later.kept.key == made.kept.key
    assert (merged_later.lattice[:4] == made.lattice[:4]).all() and (merged_later.faces[:4] == made.faces[:4]).all()

    inside = extra.copy()
    inside[3] = inside[0]
    assert _settled(inside, faces=both, kept=kept).kept is None


def test_the_key_tells_pose_and_drop() -> None:
    kept = Kept("body", 4, 4)
    low = np.vstack([POINTS, POINTS - 20])
    both = np.vstack([TETRA, TETRA + 4]).astype(np.int32)
    made = [
        _settled(POINTS, kept=kept),
        _settled(POINTS, FLIPPED, kept=kept),
        _settled(low, faces=both, kept=kept),
        _settled(POINTS, Pose(translation=(1.0, 0, 0)), kept=kept),
        _settled(POINTS, Pose(((0.8, 0.0, 0.6), (0.0, 1.0, 0.0), (-0.6, 0.0, 0.8))), kept=kept),
    ]
    assert len({m.kept.key for m in made if m.kept}) == 5
    again = _settled(POINTS, Pose(((1.0, -0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))), kept=kept)
    assert again.kept is not None and made[0].kept is not None and again.kept.key == made[0].kept.key


@pytest.mark.parametrize(
    "pose", [None, FLIPPED, Pose(((0.8, 0.0, 0.6), (0.0, 1.0, 0.0), (-0.6, 0.0, 0.8))), Pose(translation=(1e9, 0, 0))]
)
def test_nothing_raises(pose: Pose | None) -> None:
    hopeless = [
        (np.full((4, 3), np.nan), TETRA),
        (POINTS * 1e30, TETRA),
        (np.empty((0, 3)), np.empty((0, 3), dtype=np.int32)),
        (np.empty((0, 3)), TETRA),
        (POINTS, np.array([(0, 1, 99), (-1, 2, 3)], dtype=np.int32)),
        (np.vstack([POINTS, POINTS]), np.array([(4, 1, 7), (0, 5, 8)], dtype=np.int32)),
    ]
    for points, faces in hopeless:
        made = _settled(points, pose, faces)
        assert ((faces < 0) | (faces >= len(points))).sum() <= ((made.faces < 0) | (made.faces >= len(made.lattice))).sum()
    if pose is None:
        assert (_settled(np.full((4, 3), np.nan)).lattice == grid.NOT_FINITE).all()


def test_together_only_the_lowest_stands_on_the_bed() -> None:
    """As high over each other as drawn, exactly; in the order given; a kept body's key tells how far it was raised."""
    drawn = [
        Part(name, Mesh(POINTS + np.array((0, 0, z)), TETRA, Kept("k", 4, 4)), poses={"print": Pose(translation=(0, 0, 0.7))})
        for name, z in (("mid", 2.0001), ("low", 0.0), ("high", 7.5), ("as low", 0.0))
    ]
    apart = [settle(part) for part in drawn]
    made = together(apart)
    assert [m.part.name for m in made] == ["mid", "low", "high", "as low"]
    assert [int(m.lattice[:, 2].min()) for m in made] == [20_001, 0, 75_000, 0]
    for before, after in zip(apart, made, strict=True):
        rise = int(after.lattice[0, 2] - before.lattice[0, 2])
        assert (after.lattice - before.lattice == (0, 0, rise)).all() and not after.lattice.flags.writeable
        x, y, z = after.pose.translation
        assert np.abs(np.array(after.part.mesh.points) + (x, y, z) - after.points).max() < 1.01e-4
        assert after is before or (before.kept is not None and after.kept is not None and after.kept.key != before.kept.key)
    assert made[1] is apart[1] and made[3] is apart[3] and together([]) == () and together(apart[:1])[0] is apart[0]
