"""engine/verify/families.py, member.py: what is proved of a family never hides what is wrong with one of its bodies.

Bodies of a small family (a box with a lid's gap, a slot and a wall, cut fine, moving with three numbers) and of a real chart, sound
and broken: what both ways report is compared in full.
"""

from __future__ import annotations

import pathlib
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.chart.chart import Chart
from engine.chart.form import read
from engine.model.family import Family, Member
from engine.model.mesh import FLIPPED, Mesh, Part, Patch, Plane, Settled
from engine.model.order import Severity
from engine.model.outline import Outline
from engine.model.process import CHECKS, Limit, Machine, Process
from engine.shape.stamp import stamp
from engine.verify import families, member
from engine.verify.checks import verify
from engine.verify.families import CROWDED, FEW, Families, prove
from engine.verify.settle import settle

CHARTS = sorted(pathlib.Path("templates/phone_case/charts").rglob("*.chart"))
MACHINE = Machine("m", "Machine M", (500.0, 500.0, 500.0), True, "test")


def process(wall: float, gap: float) -> Process:
    limits = {"wall": wall, "gap": gap, "engrave_width": 0.4, "emboss_width": 0.5}
    told = MappingProxyType({name: Limit(value, "mm", "test") for name, value in limits.items()})
    return Process("p", "P", "MJF", "PA12", MACHINE, False, 1.0, told, MappingProxyType(dict.fromkeys(CHECKS, True)), 0.1)


TIGHT, WIDE = process(0.5, 0.5), process(1.7, 1.2)


def told(part: Settled, how: Process, known: Families | None = None) -> tuple[Any, ...]:
    """All that a report says, but the milliseconds."""
    checks, findings, figures = verify([part], how, None, None, known)
    return [(c.name, c.required, c.ran) for c in checks], findings, figures


# --- a family made here: a channel with walls, whose numbers are the widths of its walls, its height, and how far its gap is open


def channel(wall: float, height: float, gap: float, steps: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Points mm and faces of a U seen along y: floor and two walls, cut into strips along y."""
    x = [0.0, wall, wall + gap, 2 * wall + gap]
    outline = [
        (x[0], 0.0),
        (x[3], 0.0),
        (x[3], height),
        (x[2], height),
        (x[2], wall),
        (x[1], wall),
        (x[1], height),
        (x[0], height),
    ]
    points = [(u, 2.0 * k, w) for k in range(steps + 1) for u, w in outline]
    n, faces = len(outline), []
    for k in range(steps):
        for i in range(n):
            a, b = k * n + i, k * n + (i + 1) % n
            faces += [(a, b, a + n), (b, b + n, a + n)]
    caps = [(0, 1, 4), (0, 4, 5), (1, 2, 3), (1, 3, 4), (0, 5, 6), (0, 6, 7)]
    faces += [(a, b, c) for a, c, b in caps] + [(steps * n + a, steps * n + b, steps * n + c) for a, b, c in caps]
    made = np.array(points), np.array(faces, np.int32)
    a, b, c = (made[0][made[1][:, k]] for k in range(3))
    return made if (a * np.cross(b, c)).sum() > 0 else (made[0], np.ascontiguousarray(made[1][:, ::-1]))


LOW, HIGH = (1.0, 6.0, 0.8), (2.0, 9.0, 3.0)


def family_of(steps: int) -> Family:
    """Walls from 1 to 2 mm, 6 to 9 high, 0.8 to 3 apart."""
    ends = [channel(*LOW, steps)[0]]
    for k in range(3):
        numbers = list(LOW)
        numbers[k] = HIGH[k]
        ends.append(channel(*numbers, steps)[0])
    half = [(end - ends[0]) * 5_000.0 for end in ends[1:]]
    return Family("u", ends[0] * 10_000.0 + sum(half), np.stack(half), channel(*LOW, steps)[1])


FAMILY = family_of(6)


def body_of(at: np.ndarray, flipped: bool = False) -> Settled:
    points = np.rint(FAMILY.middle + (at[:, None, None] * FAMILY.motions).sum(axis=0)) / 10_000.0
    part = Part("part", Mesh(points, FAMILY.faces, member=Member(FAMILY, at, len(FAMILY.faces))))
    return settle(part.changed(poses={"print": FLIPPED}) if flipped else part)


def asked_twice(part: Settled) -> Families:
    known = Families(after=2)
    for _ in range(2):
        told(part, TIGHT, known)
    assert known.held > 10_000
    return known


def test_where_little_room_is_left_a_family_is_proved_only_after_many_of_it_came() -> None:
    part = body_of(np.zeros(3))
    assert part.member is not None
    weight = asked_twice(part).held

    def proved(known: Families, asked: int) -> list[int]:
        return [k for k in range(1, asked + 1) if known.of(part.member, part.faces) is not None]

    assert proved(Families(after=2), 4) == [2, 3, 4]
    assert proved(Families(limit=weight - 1, after=2), 6) == [2, 4, 6], "no room, and nothing there that would need it"
    crowded = Families(limit=weight + 1, after=2)
    other = replace(part.member, family=replace(part.member.family, key="another"))
    assert [crowded.of(other, part.faces) is not None for _ in range(2)] == [False, True]
    assert proved(crowded, CROWDED + 1) == [CROWDED, CROWDED + 1]


def test_a_family_of_many_numbers_is_proved_later_unless_its_proof_lies_there(tmp_path: pathlib.Path) -> None:
    """Twice as many numbers as FEW: four times as many bodies; a proof that another process left is read at once."""
    still = np.zeros((3, *FAMILY.middle.shape))
    part, many = body_of(np.zeros(3)), replace(FAMILY, key="many", motions=np.concatenate((FAMILY.motions, still)))
    claimed = Member(many, np.zeros(6), len(many.faces))

    def first(known: Families) -> int:
        return next(k for k in range(1, 20) if known.of(claimed, part.faces) is not None)

    assert len(many.motions) == 2 * FEW and first(Families(after=2)) == 8
    assert first(Families(disk=tmp_path, after=2)) == 8, "nobody has proved it yet"
    assert first(Families(disk=tmp_path, after=2)) == 2


KNOWN = asked_twice(body_of(np.zeros(3)))


@given(st.lists(st.floats(-1.0, 1.0), min_size=3, max_size=3), st.booleans(), st.sampled_from((TIGHT, WIDE, process(2.5, 3.5))))
@settings(max_examples=60, deadline=None)
def test_every_body_is_judged_as_if_unknown(at: list[float], flipped: bool, how: Process) -> None:
    part = body_of(np.array(at), flipped)
    assert member.dissect(part, KNOWN) is not None
    assert told(part, how, KNOWN) == told(part, how)


@given(st.integers(0, 2**32), st.integers(1, 8), st.sampled_from((30.0, 3_000.0, 30_000.0)))
@settings(max_examples=120, deadline=None)
def test_points_that_strayed_are_judged_as_if_unknown(seed: int, many: int, far: float) -> None:
    """Self-intersections, thin walls, gaps that close: the body claims to be of its family, and its points say otherwise."""
    draw = np.random.default_rng(seed)
    part = body_of(draw.uniform(-1, 1, 3))
    lattice = part.lattice.copy()
    rows = draw.integers(0, len(lattice), many)
    lattice[rows] += np.rint(draw.uniform(-far, far, (many, 3))).astype(np.int32)
    broken = replace(part, lattice=lattice)
    assert told(broken, TIGHT, KNOWN) == told(broken, TIGHT)


def test_numbers_beyond_the_box_are_not_believed() -> None:
    """A wall of 0.3 mm where no body of the family has less than 1: the points are where the numbers put them, but outside."""
    part = body_of(np.array((-2.4, 0.0, 0.0)))
    assert member.dissect(part, KNOWN) is None
    assert {f.code for f in told(part, TIGHT, KNOWN)[1]} == {f.code for f in told(part, TIGHT)[1]} == {"thin-wall"}
    through = body_of(np.array((0.0, 0.0, -2.0)))  # the walls go through each other
    assert told(through, TIGHT, KNOWN) == told(through, TIGHT)
    assert any(f.severity is Severity.ERROR for f in told(through, TIGHT, KNOWN)[1])


def test_what_was_not_proved_is_asked() -> None:
    """Within its box this family's walls pass through each other: no plane keeps them apart, so each body is asked."""
    wide = Family("wide", FAMILY.middle, FAMILY.motions * np.array((1.0, 1.0, 1.9))[:, None, None], FAMILY.faces)

    def at(gap: float) -> Settled:
        points = np.rint(wide.middle + gap * wide.motions[2]) / 10_000.0
        return settle(Part("part", Mesh(points, wide.faces, member=Member(wide, np.array((0.0, 0.0, gap)), len(wide.faces)))))

    known = Families(after=2)
    for gap in (0.5, 0.6, -1.0, -0.95, -0.8, 0.0):
        part = at(gap)
        assert told(part, TIGHT, known) == told(part, TIGHT), gap
    crossing = at(-1.0)
    assert member.dissect(crossing, known) is not None
    assert "self-intersection" in {f.code for f in told(crossing, TIGHT, known)[1]}


def test_other_faces_are_not_the_familys() -> None:
    part = body_of(np.zeros(3))
    turned = part.faces.copy()
    turned[7] = turned[7, ::-1]
    assert member.dissect(replace(part, faces=turned), KNOWN) is None
    assert told(replace(part, faces=turned), TIGHT, KNOWN) == told(replace(part, faces=turned), TIGHT)
    assert prove(FAMILY, turned) is None
    assert prove(FAMILY, np.ascontiguousarray(part.faces[::-1])) is None


# --- bodies of a real chart, with and without letters


def chart(at: int) -> Chart:
    return Chart.of(read(CHARTS[at]))


def letters(draw: np.random.Generator) -> Outline:
    """Rectangles in a row, now and then so near to each other that the land between them is too thin."""
    points, ends, x = [], [], -20.0
    for _ in range(int(draw.integers(1, 7))):
        wide, high = float(draw.uniform(0.3, 4.0)), float(draw.uniform(0.4, 8.0))
        points += [(x, 0.0), (x + wide, 0.0), (x + wide, high), (x, high)]
        ends.append(len(points))
        x += wide + float(draw.uniform(0.2, 2.0))
    return Outline(np.rint(np.array(points) * 10_000).astype(np.int32), np.array(ends, np.int32))


def charted(one: Chart, draw: np.random.Generator, depth: float | None, emboss: bool = False) -> Settled:
    placed = one.family
    assert placed is not None
    z = placed.centre + draw.uniform(-0.999, 0.999, len(placed.half)) * placed.half
    values = one.arrays["origin"] + one.arrays["relation"] @ (z / one.arrays["scale"])
    made = one.at(values.tolist())
    assert made is not None and one.covers(values.tolist())
    mesh, patches = made.mesh, made.patches
    if depth is not None:
        made_on = stamp(mesh, patches, "back", letters(draw), depth, emboss=emboss)
        mesh, patches = made_on.mesh, made_on.patches
    return settle(Part("part", mesh, patches, poses={"print": FLIPPED}))


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize("how", (TIGHT, WIDE), ids=("tight", "wide"))
def test_charted_bodies_with_letters_are_judged_as_if_unknown(at: int, how: Process) -> None:
    one, known, draw, quick = chart(at), Families(after=2), np.random.default_rng(7 + at), 0
    for k in range(10):
        part = charted(one, draw, (None, 0.3, 0.6, 1.1, 1.5)[k % 5], emboss=k in (3, 7))
        quick += member.dissect(part, known) is not None
        assert told(part, how, known) == told(part, how), k
    assert quick >= 7


@pytest.mark.parametrize("at", range(3))
def test_charted_bodies_with_points_that_strayed_are_judged_as_if_unknown(at: int) -> None:
    one, known, draw = chart(at), Families(after=2), np.random.default_rng(70 + at)
    codes: set[str] = set()
    for k in range(8):
        part = charted(one, draw, (None, 0.6)[k % 2])
        lattice = part.lattice.copy()
        if k >= 4:
            rows = draw.integers(0, len(lattice), 3)
            lattice[rows] += np.rint(draw.uniform(-20_000, 20_000, (3, 3))).astype(np.int32)
        broken = replace(part, lattice=lattice)
        found = told(broken, TIGHT, known)
        assert found == told(broken, TIGHT), k
        codes |= {f.code for f in found[1]}
    assert "self-intersection" in codes


def test_letters_that_leave_too_little_of_the_back_are_found() -> None:
    """The wall under a pocket is between new faces and the body's, which are far enough from each other by themselves; a pocket that is
    deeper than the back is thick goes through the inside."""
    one, known, draw = chart(1), Families(after=2), np.random.default_rng(3)
    codes = []
    for depth in (0.6, 0.6, 1.3, 2.5):
        part = charted(one, draw, depth)
        assert told(part, TIGHT, known) == told(part, TIGHT)
        codes.append({f.code for f in told(part, TIGHT, known)[1]})
    assert "thin-wall" not in codes[1] and "thin-wall" in codes[2] and "self-intersection" in codes[3]


def test_a_patch_that_is_not_flat_is_replaced_by_faces_that_are_all_asked() -> None:
    """A channel with a new roof instead of its floor's strip: no relief on a flat patch."""
    at = np.array((0.2, -0.3, 0.4))
    whole = body_of(at)
    gone = np.flatnonzero((FAMILY.middle[FAMILY.faces][:, :, 2] == 0.0).all(axis=1))[:2]
    keep = np.ones(len(FAMILY.faces), np.bool_)
    keep[gone] = False
    faces = np.concatenate((FAMILY.faces[keep], FAMILY.faces[gone]))
    known = Families(after=2)
    for _ in range(3):
        mesh = Mesh(whole.points, faces, member=Member(FAMILY, at, int(keep.sum())))
        part = settle(
            Part(
                "part",
                mesh,
                {
                    "new": Patch(
                        "new", np.arange(keep.sum(), len(faces), dtype=np.int32), Plane((0, 0, 0), (1, 0, 0), (0, 1, 0))
                    )
                },
            )
        )
        assert told(part, WIDE, known) == told(part, WIDE)
    assert member.dissect(part, known) is not None


@pytest.mark.parametrize("emboss", (False, True), ids=("engraved", "embossed"))
def test_what_is_left_of_a_patch_is_asked_only_where_something_may_face_it(
    emboss: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A back of 1.6 mm is thin where walls must have 1.7: what lies opposite is then asked of all of the back, and else of letters alone."""
    asked: list[int] = []
    one, known, draw, full = chart(1), Families(after=2), np.random.default_rng(5), member.face_some
    monkeypatch.setattr(member, "face_some", lambda *args: asked.append(len(args[-1])) or full(*args))
    parts = [charted(one, draw, 0.3, emboss=emboss) for _ in range(4)]
    found = [[told(part, how, known) for part in parts] for how in (TIGHT, WIDE)]
    assert found == [[told(part, how) for part in parts] for how in (TIGHT, WIDE)]
    assert {f.code for one_told in found[1] for f in one_told[1]} >= {"thin-wall"}
    assert max(asked[:3]) < 1_500 < min(asked[3:])

    with monkeypatch.context() as less:
        less.setattr(families.Known, "active", _without_the_patch(families.Known.active))
        assert [told(part, WIDE, known) for part in parts] != found[1]


def _without_the_patch(active: Any) -> Any:
    return lambda known, inward, outward: (active(known, inward, outward)[0], False)


# --- mutants: a proof that proves too much is caught by what is above


@pytest.mark.parametrize(
    "name, value",
    (("ROUNDED", 1e9), ("ROOM", -1e9)),
)
def test_a_mutant_that_believes_too_much_differs(name: str, value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(families, name, value)
    monkeypatch.setattr(member, "ROUNDED", families.ROUNDED)
    known = Families(after=2)
    for _ in range(2):
        told(body_of(np.zeros(3)), TIGHT, known)
    differ = 0
    for seed in range(40):
        draw = np.random.default_rng(seed)
        part = body_of(draw.uniform(-1, 1, 3))
        lattice = part.lattice.copy()
        if name == "ROUNDED":
            lattice[draw.integers(0, len(lattice), 4)] += np.rint(draw.uniform(-3e4, 3e4, (4, 3))).astype(np.int32)
        differ += told(replace(part, lattice=lattice), process(2.5, 3.5), known) != told(
            replace(part, lattice=lattice), process(2.5, 3.5)
        )
    assert differ
