"""Foreign files on their own lattice: the same verdict at any size and place, and bad input of every kind is told in a line."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.mesh import Mesh, Part, Pose, Settled
from engine.model.order import Finding
from engine.process.limits import load_process
from engine.verify.checks import verdict, verify
from engine.verify.foreign import settle_as_drawn

POINTS = np.array([(x, y, z) for x in (0.0, 8.0) for y in (0.0, 8.0) for z in (0.0, 8.0)])
FACES = np.array(
    [
        (0, 1, 3),
        (0, 3, 2),
        (4, 6, 7),
        (4, 7, 5),
        (0, 4, 5),
        (0, 5, 1),
        (2, 3, 7),
        (2, 7, 6),
        (0, 2, 6),
        (0, 6, 4),
        (1, 5, 7),
        (1, 7, 3),
    ]
)
TWO = np.concatenate((POINTS, POINTS * 0.5 + (6.0, 1.0, 1.0))), np.concatenate((FACES, FACES + 8))
"""A cube and a smaller one that sticks out of it."""


def told(points: np.ndarray, faces: np.ndarray = FACES) -> tuple[str, tuple[Finding, ...], dict[str, object]]:
    (part,) = settle_as_drawn([Part("x", Mesh(np.asarray(points, dtype=np.float64), faces))])
    checks, findings, figures = verify([part])
    json.dumps(figures, allow_nan=False)
    assert all("\n" not in f.message and f.message for f in findings)
    return verdict(checks, findings), findings, figures


def codes(points: np.ndarray, faces: np.ndarray = FACES) -> set[str]:
    return {f.code for f in told(points, faces)[1]}


def test_the_lattice_is_as_fine_as_kernels_hold() -> None:
    for scale in (1e-30, 3e-7, 1.0, 5.0, 7.99, 30_000.0, 1e30):
        (part,) = settle_as_drawn([Part("x", Mesh(POINTS * scale + scale, FACES))])
        span = int(np.ptp(part.lattice, axis=0).max())
        assert 2**28 <= span <= 2**29 and np.abs(part.lattice).max() <= 2**28, scale
        assert np.allclose(part.points, POINTS * scale + scale, rtol=1e-7, atol=0.0)
        said, findings, figures = told(POINTS * scale + scale)
        assert (said, findings) == ("printable", ()), scale
        assert figures["volume_mm3"] == pytest.approx((8 * scale) ** 3, rel=1e-6)
        assert np.allclose(figures["bounds_mm"], [[scale] * 3, [9 * scale] * 3], rtol=1e-7)  # type: ignore[arg-type]
        assert figures["contact_area_mm2"] is None


@settings(max_examples=40, deadline=None)
@given(st.integers(-90, 90), st.tuples(*(st.integers(-1000, 1000) for _ in range(3))), st.booleans())
def test_powers_of_two_and_translations_change_nothing(power: int, shift: tuple[int, ...], good: bool) -> None:
    points, faces = (POINTS, FACES) if good else TWO
    (before,) = settle_as_drawn([Part("x", Mesh(points, faces))])
    (after,) = settle_as_drawn([Part("x", Mesh((points + np.array(shift)) * 2.0**power, faces))])
    assert np.array_equal(before.lattice, after.lattice) and np.array_equal(before.faces, after.faces)
    one, other = told(points, faces), told((points + np.array(shift)) * 2.0**power, faces)
    assert one[0] == other[0] == ("printable" if good else "refused")
    assert [(f.code, f.count) for f in one[1]] == [(f.code, f.count) for f in other[1]]


def test_places_and_depths_are_those_of_the_file() -> None:
    for scale, shift in ((1.0, 0.0), (2.0**-20, 0.0), (1.0, 500.0)):
        _, findings, _ = told((TWO[0] + shift) * scale, TWO[1])
        (crossing,) = [f for f in findings if f.code == "overlapping-shells"]
        assert crossing.at is not None and crossing.value is not None
        assert all((shift - 0.1) * scale <= c <= (shift + 10.1) * scale for c in crossing.at)
        assert 0.5 * scale < crossing.value <= 4.01 * scale


def test_parts_of_one_file_share_one_lattice() -> None:
    two = settle_as_drawn([Part("a", Mesh(POINTS, FACES)), Part("b", Mesh(POINTS + 100.0, FACES))])
    assert len({(p.steps_per_mm, p.origin) for p in two}) == 1
    figures = verify(two)[2]
    assert figures["bounds_mm"] == [[0.0] * 3, [108.0] * 3]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_points_without_a_place(bad: float) -> None:
    points = POINTS.copy()
    points[3, 1] = bad
    assert codes(points) == {"not-finite"}
    assert codes(np.full((8, 3), bad)) == {"not-finite"}


def test_beyond_any_lattice_is_said_and_nothing_is_raised() -> None:
    assert codes(POINTS * 1e300) == {"unreadable"}
    assert "away from the middle" in told(POINTS * 1e300)[1][0].message
    assert codes(POINTS * 2e307) == {"unreadable"}
    assert "degenerate-face" in codes(POINTS * 1e-300)
    mixed = POINTS.copy()
    mixed[7] = 1e30  # all else falls together
    assert "degenerate-face" in codes(mixed)


def test_nothing_one_triangle_one_point_one_line() -> None:
    none = np.empty((0, 3), dtype=np.int64)
    assert codes(np.empty((0, 3)), none) == codes(POINTS, none) == {"empty"}
    assert "open-edge" in codes(POINTS, FACES[:1])
    assert "degenerate-face" in codes(np.full((8, 3), 5.0))
    assert "degenerate-face" in codes(np.outer(np.arange(8.0), (1.0, 2.0, 3.0)))
    assert {f.code for f in verify(settle_as_drawn([]))[1]} == {"empty"}


@pytest.mark.parametrize("index", [-1, 8, 2**31 - 1, -(2**31)])
def test_indices_out_of_range(index: int) -> None:
    faces = FACES.copy()
    faces[5, 2] = index
    assert codes(POINTS, faces) == {"bad-index"}


def test_arrays_of_any_layout_are_the_same_mesh() -> None:
    plain = told(POINTS)
    for points in (
        np.asfortranarray(POINTS),
        np.repeat(POINTS, 2, axis=0)[::2],
        POINTS.astype(np.float32),
        POINTS.astype(np.int64),
    ):
        for faces in (
            np.asfortranarray(FACES),
            np.repeat(FACES, 2, axis=1)[:, ::2],
            FACES.astype(np.uint8),
            FACES.astype(np.int64),
        ):
            points.flags.writeable = False
            assert told(points, faces) == plain


@pytest.mark.parametrize(
    "wrong", [np.zeros((4, 2), np.int32), np.zeros(12, np.int32), np.zeros((4, 3)), np.full((4, 3), 2**40)]
)
def test_arrays_that_are_no_mesh_at_all(wrong: np.ndarray) -> None:
    """Put together by hand: `Mesh` and `settle` would not."""
    good = np.ascontiguousarray(FACES, dtype=np.int32)
    lattice = POINTS.astype(np.int32)
    for one, other in ((wrong, good), (lattice, wrong)):
        part = Settled(Part("x", Mesh(POINTS, good)), Pose(), one, other)
        assert [f.code for f in verify([part])[1]] == ["unreadable"]


# ---- for a process: dropped to its bed, and asked for walls, gaps and machine on the file's own lattice -----------------

PROCESS = load_process("fdm-pla")
WALL, ROOM = PROCESS.wall, PROCESS.machine.size
PLATE = POINTS * (1.0, 1.0, WALL / 8.0)


def judged(
    *points: np.ndarray, process: str = "fdm-pla", faces: np.ndarray = FACES
) -> tuple[str, list[Finding], dict[str, object]]:
    parts = settle_as_drawn([Part(f"p{k}", Mesh(p, faces)) for k, p in enumerate(points)], bed=True)
    checks, findings, figures = verify(parts, load_process(process))
    json.dumps(figures, allow_nan=False)
    return verdict(checks, findings), list(findings), figures


@settings(max_examples=40, deadline=None)
@given(st.integers(-90, 90), st.tuples(*(st.integers(-1000, 1000) for _ in range(3))), st.booleans())
def test_dropped_it_is_the_same_at_any_size_and_place(power: int, shift: tuple[int, ...], good: bool) -> None:
    points, faces = (POINTS, FACES) if good else TWO
    (before,) = settle_as_drawn([Part("x", Mesh(points, faces))], bed=True)
    (after,) = settle_as_drawn([Part("x", Mesh((points + np.array(shift)) * 2.0**power, faces))], bed=True)
    assert np.array_equal(before.lattice, after.lattice) and before.lattice[:, 2].min() == 0
    assert np.abs(after.lattice).max() <= 2**28
    assert np.allclose(after.points, (points + np.array(shift)) * 2.0**power, rtol=1e-7, atol=2.0 ** (power - 20))


def test_all_of_a_file_is_dropped_by_whole_steps_and_told_where_it_is_drawn() -> None:
    tall = POINTS * (1.0, 1.0, 9.0)  # the lattice holds its whole height
    drawn = settle_as_drawn([Part("a", Mesh(tall - 3.3, FACES)), Part("b", Mesh(POINTS + 50.3, FACES))])
    one, other = settle_as_drawn([Part("a", Mesh(tall - 3.3, FACES)), Part("b", Mesh(POINTS + 50.3, FACES))], bed=True)
    assert one.lattice[:, 2].min() == 0 and other.lattice[:, 2].min() > 0 and one.origin == other.origin
    assert 2**27 <= one.lattice[:, 2].max() <= 2**28 and one.steps_per_mm == other.steps_per_mm == drawn[0].steps_per_mm / 2
    assert ((one.origin[2] - drawn[0].origin[2]) * one.steps_per_mm).is_integer()
    assert np.allclose(one.points, tall - 3.3, atol=1e-6) and np.allclose(other.points, POINTS + 50.3, atol=1e-6)
    said, findings, figures = judged(tall - 3.3, POINTS + 50.3)
    assert said == "refused" and [(f.code, f.part) for f in findings] == [("off-bed", "p1")]  # it hangs in the air
    assert findings[0].at == pytest.approx((54.3, 54.3, 50.3))
    assert np.allclose(figures["bounds_mm"], [[-3.3] * 3, [58.3, 58.3, 68.7]], atol=1e-6)  # type: ignore[arg-type]
    # what no face uses lies below the bed, and pulls nothing down
    unused = np.concatenate((POINTS, [(0.0, 0.0, -3.0)]))
    assert settle_as_drawn([Part("x", Mesh(unused, FACES))], bed=True)[0].lattice[:8, 2].min() == 0
    assert [f.code for f in judged(unused)[1]] == ["unused-point"]
    lost = POINTS.copy()
    lost[3] = np.nan
    assert {f.code for f in judged(lost, POINTS)[1]} == {"not-finite"}


@pytest.mark.parametrize("shift", [0.0, 77.3, -1000.7])
def test_a_wall_at_its_limit_passes_wherever_it_was_rounded(shift: float) -> None:
    drawn = (PLATE + shift).astype(np.float32)  # as an STL has it
    assert judged(drawn)[:2] == ("printable", [])
    said, findings, figures = judged((PLATE * (1.0, 1.0, 0.99) + shift).astype(np.float32))
    assert said == "refused" and [f.code for f in findings] == ["thin-wall"]
    (thin,) = findings
    assert thin.value == figures["min_wall_mm"] == pytest.approx(0.99 * WALL, abs=1e-4) and thin.limit == WALL
    assert thin.at == pytest.approx((shift, shift, shift + 0.495 * WALL), abs=2e-3)


def test_gaps_walls_and_machine_at_every_size() -> None:
    two = np.concatenate((POINTS, POINTS + (8.0 + PROCESS.gap / 2, 0.0, 0.0)))
    faces = np.concatenate((FACES, FACES + 8))
    _, findings, figures = judged(two, faces=faces)
    assert [f.code for f in findings] == ["narrow-gap"] and findings[0].value == figures["min_gap_mm"]
    assert findings[0].value == pytest.approx(PROCESS.gap / 2, abs=1e-6)
    for scale in (2.0**-40, 2.0**-20, 1e-3):  # limits far beyond the lattice
        codes_of = {f.code: f for f in judged(POINTS * scale)[1]}
        assert set(codes_of) == {"thin-wall", "off-bed"} and codes_of["thin-wall"].limit == WALL
    huge = judged(POINTS * 2.0**40)[1]
    assert [(f.code, f.value) for f in huge] == [("too-big", 8 * 2.0**40)] * 3
    exact = POINTS / 8.0 * np.array(ROOM)
    assert judged((exact + 33.3).astype(np.float32))[1] == []
    (over,) = judged((exact * (1.0001, 1.0, 1.0) + 33.3).astype(np.float32))[1]
    assert over.code == "too-big" and over.limit == ROOM[0] and "along x" in over.message


def test_what_a_float_lifts_lies_on_the_bed_still() -> None:
    noise = np.array([0.0, 2e-6, 1e-6, 3e-6] * 2)
    points = POINTS[:, [2, 1, 0]]  # the first four rows are now the bottom
    lifted = points + np.stack((np.zeros(8), np.zeros(8), np.where(points[:, 2] == 0.0, noise, 0.0)), axis=1)
    said, findings, figures = judged(lifted, faces=FACES[:, ::-1])
    assert (said, findings) == ("printable", [])
    assert figures["contact_area_mm2"] == pytest.approx(64.0, rel=1e-6) and figures["overhang_area_mm2"] == 0.0
    tilted = points + np.stack((np.zeros(8), np.zeros(8), points[:, 0] * 1e-3), axis=1)
    assert [f.code for f in judged(tilted, faces=FACES[:, ::-1])[1]] == ["off-bed"]
    assert [f.code for f in judged(tilted, faces=FACES[:, ::-1], process="sls-pa12")[1]] == []  # powder has no bed


def test_what_would_tip_over_is_told_where_it_is_drawn() -> None:
    leaning = POINTS + np.stack((POINTS[:, 2] * 1.5, np.zeros(8), np.zeros(8)), axis=1) + (300.0, 20.0, -55.0)
    _, findings, figures = judged(leaning)
    tip = next(f for f in findings if f.code == "unstable")
    assert tip.at == pytest.approx((310.0, 24.0, -51.0)) and figures["contact_area_mm2"] == pytest.approx(64.0)
