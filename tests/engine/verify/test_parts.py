"""engine/verify/parts.py: against solids whose common room can be counted or clipped exactly; each code, each pose, bonded parts."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from engine.make import make
from engine.model.mesh import STEPS_PER_MM, Mesh, Part, Pose, Settled
from engine.model.order import Finding, Order, Severity
from engine.process.limits import load_process
from engine.verify.checks import verdict, verify
from engine.verify.delta import Certificates
from engine.verify.foreign import settle_as_drawn
from engine.verify.settle import settle, together
from templates.phone_case import PhoneCase

QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
CUBE = np.array([t for a, b, c, d in QUADS for t in ((a, b, c), (a, c, d))], dtype=np.int32)
UNIT = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=np.float64)
PLA, TPU, SLS = (load_process(key) for key in ("fdm-pla", "fdm-tpu", "sls-pa12"))
Place = tuple[float, float, float]
Cell = tuple[int, int, int]
STEP = 1.0 / STEPS_PER_MM


def box(name: str, low: Place, high: Place, poses: dict[str, Pose] | None = None, bonded: Sequence[str] = ()) -> Part:
    points = np.array(low) + UNIT * (np.array(high) - np.array(low))
    return Part(name, Mesh(points, CUBE), poses=poses or {}, bonded=frozenset(bonded))


def between(parts: Sequence[Settled], process=PLA) -> list[Finding]:  # type: ignore[no-untyped-def]
    """What is found between them, in a verdict that found nothing wrong with any of them."""
    checks, findings, _ = verify(parts, process)
    told = [f for f in findings if f.code.startswith("parts-")]
    assert {c.name: c.ran for c in checks}["parts"] and {f.code for f in findings} - {f.code for f in told} <= {
        "off-bed",
        "thin-wall",
    }
    for f in told:
        assert f.severity is Severity.ERROR and f.at is not None and "\n" not in f.message and f.fix
        assert f.beside is not None and f.faces and (f.beside[1] or "lies within" in f.message)
        assert verdict(checks, findings) == "refused"
    return told


def codes(parts: Sequence[Part], process=PLA) -> list[str]:  # type: ignore[no-untyped-def]
    return [f.code for f in between([settle(p) for p in parts], process)]


# ---- room that is shared: exact oracles -------------------------------------------------------------------------------


def apart(one: np.ndarray, other: np.ndarray, faces: tuple[np.ndarray, np.ndarray]) -> bool:
    """The verdict on two solids in steps, as a foreign file's: is no room shared?"""
    drawn = [Part(n, Mesh(p.astype(np.float64), f)) for n, p, f in zip("ab", (one, other), faces, strict=True)]
    found = between(settle_as_drawn(drawn), None)
    assert [f.code for f in found] in ([], ["parts-cross"])
    assert [f.code for f in between(settle_as_drawn(drawn[::-1]), None)] == [f.code for f in found]
    return not found


def test_boxes_on_a_small_grid_share_room_when_their_intervals_do() -> None:
    draw = random.Random(3)
    told = []
    for _ in range(600):
        ends = [[sorted(draw.sample(range(5), 2)) for _ in range(3)] for _ in range(2)]
        one, other = ((np.array([e[0] for e in b]), np.array([e[1] for e in b])) for b in ends)
        points = [low + UNIT * (high - low) for low, high in (one, other)]
        expected = bool((np.minimum(one[1], other[1]) <= np.maximum(one[0], other[0])).any())
        told.append(expected)
        assert apart(*points, (CUBE, CUBE[::-1, [1, 2, 0]])) == expected, ends
    assert 100 < sum(told) < 500


def outward(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c, d = (points[k].astype(np.int64) for k in range(4))
    return faces if (np.cross(b - a, c - a) * (d - a)).sum() < 0 else faces[:, ::-1]


TETRA = np.array([(0, 1, 2), (0, 3, 1), (1, 3, 2), (0, 2, 3)], dtype=np.int32)


def common_volume(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two tetrahedra share room: the corners of the common part, in fractions, span it when they are in no plane."""
    planes = []
    for points in (one, other):
        for k in range(4):
            a, b, c = (points[i].tolist() for i in range(4) if i != k)
            n = np.cross(np.subtract(b, a), np.subtract(c, a)).tolist()
            d = sum(x * y for x, y in zip(n, a, strict=True))
            inside = sum(x * y for x, y in zip(n, points[k].tolist(), strict=True)) - d
            planes.append((n, d) if inside < 0 else ([-x for x in n], -d))
    corners = []
    for (n, d), (m, e), (o, f) in itertools.combinations(planes, 3):
        rows = [n, m, o]

        def det(columns: list[list[int]]) -> int:
            (a, b, c), (g, h, i), (j, k, l) = columns  # noqa: E741
            return a * (h * l - i * k) - b * (g * l - i * j) + c * (g * k - h * j)

        whole = det(rows)
        if whole == 0:
            continue
        by = [[[*r[:k], v, *r[k + 1 :]] for r, v in zip(rows, (d, e, f), strict=True)] for k in range(3)]
        p = [Fraction(det(b), whole) for b in by]
        if all(sum(x * y for x, y in zip(q, p, strict=True)) <= g for q, g in planes):
            corners.append(p)
    if len(corners) < 4:
        return False
    start = corners[0]
    edges = [[x - y for x, y in zip(p, start, strict=True)] for p in corners[1:]]

    def mixed(u: list[Fraction], v: list[Fraction], w: list[Fraction]) -> Fraction:
        return u[0] * (v[1] * w[2] - v[2] * w[1]) - u[1] * (v[0] * w[2] - v[2] * w[0]) + u[2] * (v[0] * w[1] - v[1] * w[0])

    return any(mixed(u, v, w) for u, v, w in itertools.combinations(edges, 3))


def test_tetrahedra_on_small_grids_share_room_when_their_common_part_has_a_volume() -> None:
    draw = random.Random(5)
    told = []
    for turn in range(700):
        high = 2 + turn % 4
        pair = []
        while len(pair) < 2:
            points = np.array([[draw.randint(0, high) for _ in range(3)] for _ in range(4)])
            if np.cross(points[1] - points[0], points[2] - points[0]) @ (points[3] - points[0]):
                pair.append(points)
        expected = not common_volume(*pair)
        told.append(expected)
        assert apart(*pair, (outward(pair[0], TETRA), outward(pair[1], TETRA))) == expected, [p.tolist() for p in pair]
    assert 100 < sum(told) < 600


def surface(cells: set[Cell], draw: random.Random) -> tuple[np.ndarray, np.ndarray] | None:
    """The boundary of a union of unit cells, each square cut along either diagonal; None where it is no manifold."""
    squares = []
    for cell in sorted(cells):
        for axis, way in itertools.product(range(3), (-1, 1)):
            beyond = tuple(c + way * (k == axis) for k, c in enumerate(cell))
            if beyond in cells:
                continue
            start = [c + (way > 0) * (k == axis) for k, c in enumerate(cell)]
            u, v = ((axis + 1) % 3, (axis + 2) % 3) if way > 0 else ((axis + 2) % 3, (axis + 1) % 3)
            ring = [
                tuple(s + (k == u) * i + (k == v) * j for k, s in enumerate(start)) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))
            ]
            squares.append(ring)
    corners = sorted({p for ring in squares for p in ring})
    name = {p: i for i, p in enumerate(corners)}
    faces = []
    for ring in squares:
        a, b, c, d = (name[p] for p in ring)
        faces += [(a, b, c), (a, c, d)] if draw.random() < 0.5 else [(a, b, d), (b, c, d)]
    edges = [e for f in faces for e in zip(f, (f[1], f[2], f[0]), strict=True)]
    if len(set(edges)) != len(edges):
        return None
    return np.array(corners), np.array(faces, dtype=np.int32)


def grown(draw: random.Random, room: int) -> set[Cell]:
    cells = {(draw.randrange(room), draw.randrange(room), draw.randrange(room))}
    for _ in range(draw.randint(1, 14)):
        x, y, z = draw.choice(sorted(cells))
        axis, way = draw.randrange(3), draw.choice((-1, 1))
        beyond = (x + way * (axis == 0), y + way * (axis == 1), z + way * (axis == 2))
        if all(0 <= c < room for c in beyond):
            cells.add(beyond)
    return cells


def test_unions_of_cells_share_room_when_they_have_a_cell_in_common() -> None:
    """Pockets, plugs, combs and corners, flush all over; sheared, so that no face is square to an axis."""
    draw = random.Random(7)
    told, tried = [], 0
    while len(told) < 500:
        tried += 1
        one = grown(draw, 4)
        # what fills the rest of the grid, less or more a cell, fits without room
        rest = set(itertools.product(range(-1, 5), repeat=3)) - one
        other = rest if tried % 4 == 0 else grown(draw, 4)
        if tried % 8 == 0:
            other = rest | {draw.choice(sorted(one))}
        elif tried % 3 == 0:
            other = other - one or other
        made = [surface(c, draw) for c in (one, other)]
        if made[0] is None or made[1] is None:
            continue
        expected = not (one & other)
        shear = np.array([[draw.randint(-2, 2) for _ in range(3)] for _ in range(3)])
        if np.linalg.det(shear) < 0.5:
            shear = np.eye(3, dtype=np.int64)
        told.append(expected)
        (p, f), (q, g) = made
        assert between_cells(p @ shear.T, f, q @ shear.T, g) == expected, (sorted(one), sorted(other), shear.tolist())
    assert 100 < sum(told) < 400


def between_cells(p: np.ndarray, f: np.ndarray, q: np.ndarray, g: np.ndarray) -> bool:
    """Pinched corners are an error of their own (one part touching itself), so only what is found between them counts."""
    drawn = [Part(n, Mesh(x.astype(np.float64), y)) for n, x, y in (("a", p, f), ("b", q, g))]
    checks, findings, _ = verify(settle_as_drawn(drawn))
    assert {c.name: c.ran for c in checks}["parts"], findings
    return not [x for x in findings if x.code == "parts-cross"]


# ---- how near, and where ------------------------------------------------------------------------------------------------

HOUSE = box("a", (0, 0, 0), (10, 10, 10))


@pytest.mark.parametrize(
    ("low", "high", "code", "value", "words"),
    [
        ((10.4, 0, 0), (20, 10, 10), None, None, ""),
        ((10.3998, 0, 0), (20, 10, 10), None, None, ""),  # both ends may be rounded by a step
        ((10.3997, 0, 0), (20, 10, 10), "parts-close", 0.3997, "only 0.3997 mm between them in the print pose"),
        ((10.3, 10.4, 0), (20, 20, 10), None, None, ""),  # 0.5 mm from edge to edge
        ((10.24, 10.3, 0), (20, 20, 10), "parts-close", 0.3842, "the process needs 0.4 mm"),
        ((10, 0, 0), (20, 10, 10), "parts-close", 0.0, "parts a and b touch in the print pose at x 10"),
        ((10, 10, 0), (20, 20, 10), "parts-close", 0.0, "at x 10, y 10"),
        ((10, 10, 9), (20, 20, 20), "parts-close", 0.0, "touch"),
        ((9.9999, 0, 0), (20, 10, 10), "parts-cross", 0.0001, "a and b pass through each other in the print pose, at least 0.0001 mm deep"),
        ((5, 5, 0), (15, 15, 10), "parts-cross", 1.6667, "at least 1.6667 mm deep at x "),
        ((2, 2, 0), (4, 4, 4), "parts-cross", 4.0, "pass through each other"),
        ((0, 0, 0), (10, 10, 10), "parts-cross", None, "pass through each other"),
        ((-5, -5, 0), (15, 15, 20), "parts-cross", 5.0, "pass through each other"),
    ],
)  # fmt: skip
def test_each_code_in_the_print_pose(low: Place, high: Place, code: str | None, value: float | None, words: str) -> None:
    for parts in ([HOUSE, box("b", low, high)], [box("b", low, high), HOUSE]):
        found = between([settle(p) for p in parts])
        assert [(f.code, f.value) for f in found] == ([] if code is None else [(code, value)])
        assert all(words in f.message and f.part == "a" and f.beside is not None and f.beside[0] == "b" for f in found)
        assert all(f.limit == (0.4 if code == "parts-close" else 0.0) for f in found)


def test_one_within_another_is_said_and_room_for_it_is_none() -> None:
    small, big = box("pea", (4, 4, 4), (6, 6, 6)), box("pod", (0, 0, 0), (10, 10, 10))
    found = between(settle_as_drawn([small, big]), None)
    assert [f.code for f in found] == ["parts-cross"]
    assert "part pea lies within the material of part pod, at least 4 mm deep at x 4, y 4, z 4 mm" in found[0].message
    assert found[0].part == "pea" and len(found[0].faces) == 12 and found[0].beside == ("pod", ())
    hollow = Mesh(np.concatenate([UNIT * 10, 2 + UNIT * 6]), np.concatenate([CUBE, CUBE[:, ::-1] + 8]).astype(np.int32))
    assert not [f for f in verify(settle_as_drawn([small, Part("pod", hollow)]))[1] if f.code.startswith("parts")]
    outside = box("pea", (0.5, 4, 4), (1.5, 6, 6))
    assert [f.code for f in verify(settle_as_drawn([outside, Part("pod", hollow)]))[1]] == ["cavity", "parts-cross"]


def test_one_that_touches_the_other_from_within_in_a_point_lies_within() -> None:
    tip = np.array([(10, 5, 5), (2, 2, 2), (2, 8, 2), (2, 5, 8)])
    assert not apart(UNIT * 10, tip, (CUBE, outward(tip, TETRA)))
    without = tip * (-1, 1, 1) + (20, 0, 0)
    assert apart(UNIT * 10, without, (CUBE, outward(without, TETRA)))


def test_the_place_is_half_way() -> None:
    (found,) = between([settle(HOUSE), settle(box("b", (10.3, 4, 0), (12, 6, 10)))])
    assert found.at is not None and found.at[0] == 10.15 and 4 <= found.at[1] <= 6 and (found.value, found.limit) == (0.3, 0.4)
    assert len(found.faces) == 1 and (CUBE[found.faces[0]] // 4 == 1).any()  # a face with an edge at x = 10
    assert found.beside is not None and (CUBE[found.beside[1][0]] // 4 == 0).any()


def test_what_is_asked_of_each_process_and_pose() -> None:
    """Printed together: the gap; put together: the clearance, and nothing of a flexible one but that no room is shared."""

    def apart_by(mm: float) -> list[Part]:
        moved = Pose(translation=(mm - 50.0, 0, 0))
        return [
            box("a", (0, 0, 0), (10, 10, 10), {"assembled": Pose()}),
            box("b", (60, 0, 0), (70, 10, 10), {"assembled": moved}),
        ]

    for process, fine, near in ((PLA, 0.25, 0.2), (SLS, 0.15, 0.1)):
        assert codes(apart_by(fine), process) == [] and codes(apart_by(near), process) == ["parts-close"]
        (found,) = between([settle(p) for p in apart_by(near)], process)
        assert found.value == near and found.limit == fine and "mm between them when assembled" in found.message
        assert codes(apart_by(0), process) == ["parts-close"] and codes(apart_by(-1e-4), process) == ["parts-cross"]
    assert codes(apart_by(0.1), TPU) == codes(apart_by(0), TPU) == [] and codes(apart_by(-0.1), TPU) == ["parts-cross"]
    printed = [box("a", (0, 0, 0), (10, 10, 10)), box("b", (10.3, 0, 0), (20, 10, 10))]
    assert codes(printed, TPU) == codes(printed, PLA) == codes(printed, SLS) == ["parts-close"]
    assert codes(printed, None) == []


def test_poses_that_not_every_part_declares_and_pictures_are_not_judged() -> None:
    cross = Pose(translation=(-55.0, 0, 0))
    first, second = box("a", (0, 0, 0), (10, 10, 10)), box("b", (60, 0, 0), (70, 10, 10))

    def posed(name: str, both: bool = True) -> list[Part]:
        return [first.changed(poses={name: Pose()} if both else {}), second.changed(poses={name: cross})]

    for name, words in (
        ("assembled", "when assembled"),
        ("open", "when open"),
        ("closed", "when closed"),
        ("worn", "in the pose worn"),
    ):
        (found,) = between([settle(p) for p in posed(name)])
        assert found.code == "parts-cross" and found.value == 3.3333 and words in found.message and "print" not in found.message
        assert codes(posed(name, both=False)) == []
    assert codes(posed("shown")) == []
    # what stands to each other as it is printed is told once
    again = [p.changed(poses={"assembled": Pose(translation=(3, 2, 1))}) for p in (first, box("b", (5, 5, 0), (15, 15, 10)))]
    assert codes(again) == ["parts-cross"]


def test_places_are_told_in_the_pose_that_is_named() -> None:
    turned = Pose(((0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)), (100.0, 0.0, 0.0))
    tilted = Pose(((0.8, 0.0, 0.6), (0.0, 1.0, 0.0), (-0.6, 0.0, 0.8)), (0.0, 7.0, 0.0))
    for pose in (turned, tilted):
        one = box("a", (0, 0, 0), (10, 10, 10), {"open": pose})
        (r, s, t), at = pose.rotation, (10.1, 5.0, 5.0)
        # b in a's frame lies 0.2 mm beside it
        x, y, z = (10.2 * q[0] for q in (r, s, t))
        moved = Pose(pose.rotation, (pose.translation[0] + x, pose.translation[1] + y, pose.translation[2] + z))
        other = Part("b", Mesh(UNIT * 10, CUBE), poses={"open": moved, "print": Pose(translation=(60, 0, 0))})
        (found,) = between([settle(one), settle(other)])
        assert found.value == 0.2 and found.at is not None
        seen = [sum(q[k] * (found.at[i] - pose.translation[i]) for i, q in enumerate((r, s, t))) for k in range(3)]
        assert seen[0] == pytest.approx(at[0], abs=1e-3) and 0 <= seen[1] <= 10


# ---- bonded: a letter in the pocket of a case ---------------------------------------------------------------------------


def pocketed(name: str, low: Place, high: Place, bonded: Sequence[str] = ()) -> Part:
    """A box of 30 x 20 x 4 mm with a pocket in its top from `low` to `high`, down to low z."""
    lines = [(0.0, low[0], high[0], 30.0), (0.0, low[1], high[1], 20.0), (0.0, low[2], high[2])]
    cells = set(itertools.product(range(3), range(3), range(2))) - {(1, 1, 1)}
    made = surface(cells, random.Random(1))
    assert made is not None
    points = np.array([[lines[k][c] for k, c in enumerate(p)] for p in made[0].tolist()])
    return Part(name, Mesh(points, made[1]), bonded=frozenset(bonded))


LOW, HIGH = (5.0, 5.0, 3.0), (12.0, 15.0, 4.0)


def grown_by(mm: float, axes: str = "xyz") -> tuple[Place, Place]:
    """The pocket's room, so much larger at each end (never over the top)."""
    by = [mm * (axis in axes) for axis in "xyz"]
    a, b, c = (v - d for v, d in zip(LOW, by, strict=True))
    return (a, b, c), (HIGH[0] + by[0], HIGH[1] + by[1], HIGH[2])


@pytest.mark.parametrize(
    ("mm", "axes", "bonded", "loose"),
    [
        (0.0, "xyz", [], ["parts-close"]),
        (STEP, "xyz", ["parts-cross"], ["parts-cross"]),
        (STEP, "x", ["parts-cross"], ["parts-cross"]),
        (STEP, "z", ["parts-cross"], ["parts-cross"]),
        (-STEP, "x", [], ["parts-close"]),  # it still touches the floor and two sides
        (-0.05, "xyz", ["parts-close"], ["parts-close"]),  # bonded, and touches nowhere: a slit like any other
        (-0.05, "xy", [], ["parts-close"]),
        (-0.5, "xyz", [], []),
    ],
)  # fmt: skip
def test_an_insert_in_a_pocket(mm: float, axes: str, bonded: list[str], loose: list[str]) -> None:
    insert = box("insert", *grown_by(mm, axes))
    case = pocketed("case", LOW, HIGH)
    for first, second in (
        (case, insert.changed(bonded=frozenset({"case"}))),
        (case.changed(bonded=frozenset({"insert"})), insert),
    ):
        for parts in ((first, second), (second, first)):
            found = between(together([settle(p) for p in parts]))
            assert [f.code for f in found] == bonded
            assert all(f.value == 0.05 and "are bonded but do not touch" in f.message for f in found if f.code == "parts-close")
    assert [f.code for f in between(together([settle(p) for p in (case, insert)]))] == loose


def test_bonded_is_no_leave_to_share_room_or_to_lie_within() -> None:
    big = box("big", (0, 0, 0), (10, 10, 10), bonded=["small"])
    assert [f.code for f in between(settle_as_drawn([big, box("small", (4, 4, 4), (6, 6, 6))]), None)] == ["parts-cross"]
    assert codes([big, box("small", (4, 4, 0), (6, 6, 6))]) == ["parts-cross"]
    assert codes([big, box("small", (10, 0, 0), (20, 10, 10))]) == [] and codes([big, box("other", (10, 0, 0), (20, 10, 10))])


def test_what_is_bonded_needs_no_bed_of_its_own() -> None:
    case, insert = pocketed("case", LOW, HIGH), box("insert", LOW, HIGH)
    loose = verify(together([settle(case), settle(insert)]), PLA)[1]
    assert ("off-bed", "insert") in [(f.code, f.part) for f in loose]
    for parts in ((case, insert.changed(bonded=frozenset({"case"}))), (case.changed(bonded=frozenset({"insert"})), insert)):
        assert not [f for f in verify(together([settle(p) for p in parts]), PLA)[1] if f.code == "off-bed"]


def plate(name: str, z: float, many: int = 40, bonded: Sequence[str] = ()) -> Part:
    """40 x 40 x 3 mm, its top and bottom cut into squares of a mm."""
    made = surface({(x, y, 0) for x in range(many) for y in range(many)}, random.Random(2))
    assert made is not None
    return Part(name, Mesh(made[0] * (1.0, 1.0, 3.0) + (0, 0, z), made[1]), bonded=frozenset(bonded))


def test_thousands_of_pairs() -> None:
    """More than are told at first, all of them looked at."""
    low, high = plate("low", 0), plate("high", 3, bonded=["low"])
    stacked = together([settle(p) for p in (low, high)])
    assert between(stacked) == [] and [f.count > 10_000 for f in between(stacked[:1] + (loose(stacked[1]),))] == [True]
    pushed = together([settle(p) for p in (low, plate("high", 3 - STEP, bonded=["low"]))])
    (found,) = between(pushed)
    assert found.code == "parts-cross" and found.value == STEP and found.count > 300
    # one square of the last row reaches down by a step: what crosses comes late among all that touches
    mesh = high.mesh
    points = mesh.points.copy()
    points[(points == (40, 40, 3)).all(axis=1), 2] -= STEP
    (found,) = between(together([settle(low), settle(high.changed(mesh=Mesh(points, mesh.faces)))]))
    assert found.code == "parts-cross" and found.count < 20


def loose(settled: Settled) -> Settled:
    return dataclasses.replace(settled, part=settled.part.changed(bonded=frozenset()))


# ---- symmetries, several, and what cannot be asked ---------------------------------------------------------------------


def test_turned_by_right_angles_the_answer_is_the_same() -> None:
    draw = random.Random(13)
    for _ in range(40):
        pair = []
        for _ in range(2):
            low = [draw.randint(0, 40) / 10 for _ in range(3)]
            pair.append((low, [v + draw.randint(1, 20) / 10 for v in low]))
        points = [np.array(low) + UNIT * (np.array(high) - low) for low, high in pair]
        told = None
        for axes in itertools.permutations(range(3)):
            for signs in itertools.product((-1, 1), repeat=3):
                turn = np.eye(3)[list(axes)] * np.array(signs)[:, None]
                if np.linalg.det(turn) < 0:
                    continue
                stances = {"print": Pose(), "open": Pose(tuple(tuple(r) for r in turn.tolist()))}  # type: ignore[arg-type]
                parts = [Part(n, Mesh(p, CUBE), poses=stances) for n, p in zip("ab", points, strict=True)]
                drawn = [settle(p.changed(poses={"print": Pose(stances["open"].rotation)})) for p in parts]
                found = [(f.code, f.value) for f in between(together(drawn), SLS)]
                assert told is None or told == found
                told = found


def test_many_boxes_against_their_distances() -> None:
    """All pairs of several, each named, and only those that come near."""
    draw = random.Random(17)
    for _ in range(25):
        boxes = {}
        for name in draw.sample("abcdefghij", 7):
            low = np.array([draw.randint(0, 90) / 10, draw.randint(0, 90) / 10, 0.0])
            boxes[name] = (low, low + [draw.randint(5, 25) / 10, draw.randint(5, 25) / 10, 2.0])
        found = {}
        for f in between([settle(box(n, tuple(a), tuple(b))) for n, (a, b) in boxes.items()]):
            assert f.beside is not None and f.part is not None and f.part < f.beside[0]
            found[f.part, f.beside[0]] = (f.code, f.value if f.code == "parts-close" else None)
        expected = {}
        for (n, (a, b)), (m, (c, d)) in itertools.combinations(sorted(boxes.items()), 2):
            gap = np.maximum(np.maximum(a - d, c - b), 0.0)
            far = float(np.sqrt((gap * gap).sum()))
            if (np.minimum(b, d) - np.maximum(a, c) > 1e-9).all():
                expected[n, m] = ("parts-cross", None)
            elif far < 0.4 - 2e-4:
                expected[n, m] = ("parts-close", round(far, 4))
        assert found == expected


def test_it_does_not_run_where_a_part_is_not_sound_or_a_limit_is_missing() -> None:
    def ran(parts: list[Part], process=PLA) -> bool:  # type: ignore[no-untyped-def]
        return {c.name: c.ran for c in verify([settle(p) for p in parts], process)[0]}["parts"]

    fine, opened = box("b", (20, 0, 0), (30, 10, 10)), Part("a", Mesh(UNIT * 10, CUBE[1:]))
    turned = Part("a", Mesh(UNIT * 10, CUBE[:, ::-1]))
    assert ran([HOUSE, fine]) and not ran([opened, fine]) and not ran([turned, fine]) and not ran([])
    assert ran([HOUSE]) and ran([opened])  # one part has no other
    limits = {k: v for k, v in PLA.limits.items() if k != "gap"}
    without = dataclasses.replace(PLA, limits=limits)
    assert not ran([HOUSE, fine], without) and ran([HOUSE, fine], None)
    slack = dataclasses.replace(PLA, limits={k: v for k, v in PLA.limits.items() if k != "clearance"})
    assert ran([HOUSE, fine], slack)
    posed = [p.changed(poses={"open": Pose()}) for p in (HOUSE, fine)]
    assert ran(posed) and not ran(posed, slack)
    lost = [HOUSE.changed(poses={"open": Pose()}), fine.changed(poses={"open": Pose(translation=(1e6, 0, 0))})]
    assert not ran(lost)


def test_a_known_body_is_judged_as_an_unknown_one() -> None:
    """Two trees a part, and no twins: what a certificate leaves out is made up for."""
    made = settled_case("Bo")
    shop, known = [made], Certificates()
    for _ in range(3):
        verify(shop, TPU, known)
    body = made.lattice.max(axis=0) - made.lattice.min(axis=0)
    for move in ((0, int(body[1]) + 3000, 0), (0, int(body[1]) + 5000, 0), (0, int(body[1]) - 3000, 0), (0, 0, 0)):
        other = dataclasses.replace(
            made, part=made.part.changed(name="other"), lattice=made.lattice + np.array(move, np.int32), kept=None
        )
        short, whole = verify([made, other], TPU, known), verify([made, other], TPU)
        assert short[1:] == whole[1:]


def settled_case(name: str) -> Settled:
    product = make(Order("phone-case", parameters={"name": name}), PhoneCase, formats=(), keep_refused=True)
    return product.parts[0]
