"""Parts that are bonded are one on the bed, and others are not."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from engine.model.mesh import Mesh, Part, Pose, Settled
from engine.process.limits import load_process
from engine.standing import TURNS, standing
from engine.verify.checks import verify
from engine.verify.settle import Footings

QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
CUBE = np.array([t for a, b, c, d in QUADS for t in ((a, b, c), (a, c, d))], dtype=np.int32)
UNIT = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=np.float64)
PLA = load_process("fdm-pla")
WIDE = dataclasses.replace(PLA, machine=dataclasses.replace(PLA.machine, size=(100.0, 200.0, 100.0)))


def box(name: str, low: Sequence[float], size: Sequence[float], *bonded: str) -> Part:
    return Part(name, Mesh(np.array(low) + UNIT * size, CUBE), bonded=frozenset(bonded))


def lows(parts: Sequence[Settled]) -> list[list[float]]:
    return [p.points.min(axis=0).round(4).tolist() for p in parts]


def test_bonded_parts_keep_their_heights_and_others_are_dropped() -> None:
    parts = [box("on", (1, 1, 3), (2, 2, 2)), box("base", (0, 0, -1), (9, 9, 4), "on"), box("loose", (20, 0, 5), (1, 1, 1))]
    assert lows(standing(parts, PLA, Footings())) == [[1, 1, 4], [0, 0, 0], [20, 0, 0]]
    chain = [box("a", (0, 0, 0), (9, 9, 1)), box("c", (0, 0, 2), (9, 9, 1), "b"), box("b", (0, 0, 1), (9, 9, 1), "a")]
    assert lows(standing(chain, PLA, Footings())) == [[0, 0, 0], [0, 0, 2], [0, 0, 1]]


def test_they_are_turned_together_or_not_at_all() -> None:
    base, on = box("base", (0, 0, 0), (150, 60, 4)), box("on", (140, 10, 4), (5, 20, 1), "base")
    turned = standing([base, on], WIDE, Footings())
    assert lows(turned) == [[-60, 0, 0], [-30, 140, 4]] and all("quarter" in p.pose.why for p in turned)
    alone = standing([base, on.changed(bonded=frozenset())], WIDE, Footings())
    assert lows(alone) == [[-60, 0, 0], [140, 10, 0]]  # only what needs it
    both = standing([box("left", (0, 0, 0), (60, 50, 4)), box("right", (60, 0, 0), (60, 50, 4), "left")], WIDE, Footings())
    assert lows(both) == [[-50, 0, 0], [-50, 60, 0]]  # each would fit as it is, both only so


def ellipse(long: float, wide: float, name: str = "sole") -> Part:
    """A plate like a sole's footprint, 4 mm high: what fits askew fits less than its box."""
    turn = np.arange(96) * (2.0 * np.pi / 96)
    ring = np.stack([long / 2 * np.cos(turn), wide / 2 * np.sin(turn)], axis=1)
    points = np.vstack([np.c_[ring, np.zeros(96)], np.c_[ring, np.full(96, 4.0)], [[0, 0, 0], [0, 0, 4]]])
    at, to = np.arange(96), (np.arange(96) + 1) % 96
    faces = [
        np.c_[to, at, np.full(96, 192)],
        np.c_[at + 96, to + 96, np.full(96, 193)],
        np.c_[at, to, to + 96],
        np.c_[at, to + 96, at + 96],
    ]
    return Part(name, Mesh(points, np.concatenate(faces).astype(np.int32)))


SMALL = load_process("fdm-tpu", "fdm-250")


def test_what_is_too_long_lies_askew_where_it_then_fits() -> None:
    (made,) = standing([ellipse(275.0, 90.0)], SMALL, Footings())
    size = np.ptp(made.lattice[:, :2], axis=0) / 1e4
    assert size[0] <= 250.0 and size[1] <= 210.0 and "degrees, as only so the machine takes it" in made.pose.why
    assert not [f for f in verify([made], SMALL)[1] if f.code == "too-big"]
    (again,) = standing([ellipse(275.0, 90.0)], SMALL, Footings())
    assert (again.lattice == made.lattice).all()
    turned = np.linalg.norm(made.points[:, :2], axis=1)
    assert turned.max() == pytest.approx(137.5, abs=1e-3) and made.points[:, 2].min() == 0.0


def test_what_fits_stays_and_what_fits_no_way_is_told_where_it_would() -> None:
    (short,) = standing([ellipse(249.0, 90.0)], SMALL, Footings())
    assert "turned" not in short.pose.why and np.ptp(short.lattice[:, 0]) == 2_490_000
    (upright,) = standing([ellipse(205.0, 240.0)], SMALL, Footings())
    assert "a quarter" in upright.pose.why
    (long,) = standing([ellipse(330.0, 120.0)], SMALL, Footings())
    assert "turned" not in long.pose.why
    (finding,) = [f for f in verify([long], SMALL)[1] if f.code == "too-big"]
    assert finding.fix == "no machine that is known takes it: choose a smaller product"
    (other,) = standing([ellipse(290.0, 200.0)], SMALL, Footings())
    (finding,) = [f for f in verify([other], SMALL)[1] if f.code == "too-big"]
    assert finding.fix == "print it on fdm-300" and finding.limit == 250.0


def test_bonded_parts_lie_askew_together() -> None:
    plate, on = ellipse(275.0, 90.0), box("on", (100, -5, 4), (20, 10, 1), "sole")
    one, other = standing([plate, on], SMALL, Footings())
    assert one.pose.rotation == other.pose.rotation and other.points[:, 2].min() == 4.0


def test_turns_are_right_triangles() -> None:
    for degrees, (a, b, c) in TURNS.items():
        assert a * a + b * b == c * c and round(np.degrees(np.arctan2(b, a))) == degrees


def test_what_was_turned_lies_over_no_other() -> None:
    """A box beside the plate, where the plate comes to lie when it is turned."""
    plate = ellipse(275.0, 90.0).changed(poses={"print": Pose(translation=(137.5, 0.0, 0.0))})
    small = box("small", (105, 78, 0), (10, 10, 4))
    made = standing([plate, small], SMALL, Footings())
    assert [p.part for p in made] == [plate, small] and "degrees" in made[0].pose.why
    assert not [f.code for f in verify(made, SMALL)[1] if f.severity == "error"]
    (alone,) = standing([plate], SMALL, Footings())
    assert "parts-cross" in {f.code for f in verify((alone, made[1]), SMALL)[1]}, "where it lies alone it would"
