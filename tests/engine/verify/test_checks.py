"""engine/verify/checks.py: each code of the report's table seen to come out on bad input, and none on good."""

from __future__ import annotations

import dataclasses
import math
import random
from types import MappingProxyType

import numpy as np
import pytest

from engine.model.mesh import Mesh, Part, Pose, Settled
from engine.model.order import CheckRun, Finding, Severity
from engine.model.process import CHECKS, Limit, Machine, Process
from engine.verify.checks import CONTACT_MM2, GEOMETRY, verdict, verify
from engine.verify.settle import settle

QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
CUBE = np.array([t for a, b, c, d in QUADS for t in ((a, b, c), (a, c, d))], dtype=np.int32)
UNIT = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=np.float64)


def _process(bed: bool = True, **limits: float) -> Process:
    machine = Machine("m", "Machine M", (200.0, 180.0, 160.0), bed, "test")
    return Process(
        "p", "P", "FDM", "PLA", machine, False, 1.24,
        MappingProxyType({k: Limit(v, "mm2", "test") for k, v in limits.items()}),
        MappingProxyType(dict.fromkeys(CHECKS, True)), 0.2,
    )  # fmt: skip


def _box(size: float = 10.0, at: tuple[float, float, float] = (0, 0, 0)) -> np.ndarray:
    return UNIT * size + at


def _several(*bodies: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    points, faces, n = [], [], 0
    for p, f in bodies:
        points.append(p)
        faces.append(f + n)
        n += len(p)
    return np.vstack(points), np.vstack(faces).astype(np.int32)


def _settled(points: np.ndarray, faces: np.ndarray, pose: Pose | None = None) -> Settled:
    return settle(Part("part", Mesh(points, faces), poses={} if pose is None else {"print": pose}))


def _found(
    points: np.ndarray, faces: np.ndarray, process: Process | None = None, pose: Pose | None = None
) -> dict[str, Finding]:
    checks, findings, _ = verify([_settled(points, faces, pose)], process or _process())
    for f in findings:
        assert "\n" not in f.message and f.part == "part" and f.count >= 1
        if f.severity is Severity.ERROR:
            assert verdict(checks, findings) == "refused"
    return {f.code: f for f in findings}


def _klein() -> tuple[np.ndarray, np.ndarray]:
    """A closed surface with one side: a torus of quads, glued the second time with a flip."""
    n = 8
    angle = np.arange(n) * 2 * math.pi / n
    points = np.array(
        [
            ((30 + 9 * math.cos(v)) * math.cos(u), (30 + 9 * math.cos(v)) * math.sin(u), 9 * math.sin(v))
            for u in angle
            for v in angle
        ]
    )
    faces = []
    for i in range(n):
        for j in range(n):

            def at(di: int, dj: int, i: int = i, j: int = j) -> int:
                ring, k = i + di, j + dj
                return ring * n + k % n if ring < n else (-k) % n

            a, b, c, d = at(0, 0), at(1, 0), at(1, 1), at(0, 1)
            faces += [(a, b, c), (a, c, d)]
    return points, np.array(faces, dtype=np.int32)


def test_a_good_part_has_no_finding_and_the_verdict_says_what_is_missing() -> None:
    checks, findings, figures = verify([_settled(_box(), CUBE)], _process())
    assert findings == () and verdict(checks, findings) == "incomplete"
    assert [c.name for c in checks] == list(CHECKS)
    assert {c.name for c in checks if not c.ran} == {"walls", "gaps"}  # a process without their limits
    assert figures["volume_mm3"] == 1000.0 and figures["area_mm2"] == 600.0 and figures["triangles"] == 12
    assert figures["bounds_mm"] == [[0.0, 0.0, 0.0], [10.0, 10.0, 10.0]] and figures["shells"] == figures["parts"] == 1
    assert (
        figures["side_area_mm2"] == 400.0 and figures["horizontal_area_mm2"] == 200.0 and figures["contact_area_mm2"] == 100.0
    )
    assert figures["overhang_area_mm2"] == figures["support_volume_mm3"] == 0.0
    assert figures["min_wall_mm"] is figures["min_gap_mm"] is None and figures["crossing_pairs"] == 0
    each = figures["each"][0]
    assert each["centre_mm"] == pytest.approx([5, 5, 5], abs=1e-6)
    assert each["inertia_mm5"] == pytest.approx([1000 * 200 / 12] * 3 + [0] * 3, abs=1e-3)


@pytest.mark.parametrize(
    ("code", "points", "faces", "count"),
    [
        ("open-edge", _box(), CUBE[1:], 3),
        ("inconsistent-winding", _box(), np.vstack([CUBE[:1, ::-1], CUBE[1:]]), 3),
        ("inconsistent-winding", *_klein(), 8),
        ("duplicate-face", _box(), np.vstack([CUBE, CUBE[:1]]), 1),
        ("duplicate-face", _box(), np.vstack([CUBE, CUBE[:2, ::-1]]), 2),
        ("nonmanifold-edge", *_several((_box(), CUBE), (_box(10, (10, 10, 0)), CUBE)), 1),
        ("nonmanifold-vertex", *_several((_box(), CUBE), (_box(10, (10, 10, 10)), CUBE)), 1),
        ("degenerate-face", _box(), np.vstack([CUBE, [[0, 1, 1]]]), 1),
        ("inverted-shell", _box(), CUBE[:, ::-1], 1),
        ("unused-point", np.vstack([_box(), [[3, 3, 3]]]), CUBE, 1),
        ("empty", _box(), CUBE[:0], 1),
        ("empty", np.empty((0, 3)), CUBE, 1),
        ("bad-index", _box(), np.vstack([CUBE, [[0, 1, 8]], [[-1, 2, 3]]]), 2),
        ("not-finite", np.vstack([_box()[:7], [[math.nan, 0, 0]]]), CUBE, 1),
        ("not-finite", np.vstack([_box()[:6], [[math.inf, 0, 0], [0, -math.inf, 0]]]), CUBE, 2),
        ("unreadable", np.vstack([_box()[:7], [[1e9, 0, 0]]]), CUBE, 1),
        ("too-big", _box(199), CUBE, 1),
    ],
    ids=["hole", "flipped", "klein", "double", "folded", "shared-edge", "bowtie", "repeated", "inside-out", "unused", "no-faces", "no-points", "index", "nan", "inf", "far", "big"],
)  # fmt: skip
def test_each_code_comes_out(code: str, points: np.ndarray, faces: np.ndarray, count: int) -> None:
    found = _found(points, faces.astype(np.int32))
    assert code in found and (found[code].count == count)
    assert (found[code].severity is Severity.INFO) == (code == "unused-point")
    assert (found[code].at is None) == (code in ("empty", "bad-index", "not-finite", "unreadable"))


def test_a_t_junction_is_a_hole() -> None:
    """A point in the middle of a neighbour's edge: closed to the eye, open in fact; and a face of no area closes it, badly."""
    points = np.vstack([_box(), [[0, 0, 5]]])  # between points 0 and 1
    split = [tuple(f) for f in CUBE.tolist() if not {0, 1} <= set(f)]
    first, second = (f for f in CUBE.tolist() if {0, 1} <= set(f))
    third = next(v for v in first if v not in (0, 1))
    k = first.index(third)
    a, b = first[(k + 1) % 3], first[(k + 2) % 3]
    faces = np.array([*split, second, (third, a, 8), (third, 8, b)], dtype=np.int32)
    assert _found(points, faces)["open-edge"].count == 3
    plugged = np.vstack([faces, [[a, b, 8]]]).astype(np.int32)
    found = _found(points, plugged)
    assert "open-edge" not in found and found["degenerate-face"].count == 1


def test_a_flat_plate_encloses_nothing() -> None:
    points = np.array([(0, 0, 0), (10, 0, 0), (10, 10, 0), (0, 10, 0), (5, 5, 0.0)])
    faces = np.array([(0, 1, 2), (0, 2, 3), (1, 0, 4), (2, 1, 4), (3, 2, 4), (0, 3, 4)], dtype=np.int32)
    found = _found(points, faces)
    assert found["inverted-shell"].value == 0.0 and "no volume" in found["inverted-shell"].message


def test_a_hollow_is_not_called_inverted_but_a_lone_inverted_shell_is() -> None:
    hollow = _several((_box(20), CUBE), (_box(5, (5, 5, 5)), CUBE[:, ::-1]))
    assert list(_found(*hollow)) == ["cavity"]
    beside = _several((_box(20), CUBE), (_box(5, (30, 5, 0)), CUBE[:, ::-1]))
    finding = _found(*beside)["inverted-shell"]
    assert finding.value == -125.0 and finding.at is not None and finding.at[0] >= 30


def test_too_big_names_the_axis_and_both_figures() -> None:
    _, findings, _ = verify([_settled(_box(190), CUBE)], _process())
    assert [(f.code, f.value, f.limit, f.unit) for f in findings] == [
        ("too-big", 190.0, 180.0, "mm"),
        ("too-big", 190.0, 160.0, "mm"),
    ]
    assert "along y" in findings[0].message and "Machine M" in findings[0].message
    assert verify([_settled(UNIT * (200, 180, 160), CUBE)], _process())[1] == ()


def test_off_bed_only_where_there_is_one() -> None:
    tilted = Pose(((0.8, 0.0, 0.6), (0.0, 1.0, 0.0), (-0.6, 0.0, 0.8)))
    found = _found(_box(), CUBE, pose=tilted)
    assert found["off-bed"].value == 0.0 and found["off-bed"].limit == CONTACT_MM2
    powder = _process(bed=False)
    checks, findings, _ = verify([_settled(_box(), CUBE, tilted)], powder)
    assert findings == () and not any(c.required or c.ran for c in checks if c.name == "bed")
    assert "off-bed" in _found(_box(1.9), CUBE) and "off-bed" not in _found(_box(2.1), CUBE)
    assert "off-bed" in _found(_box(2.1), CUBE, _process(contact=9.0))


def test_what_would_tip_is_a_warning() -> None:
    """A leaning column: its top far beyond its foot."""
    points = UNIT * (10, 10, 40)
    points[UNIT[:, 2] == 1] += (25, 0, 0)
    found = _found(points, CUBE)
    assert found["unstable"].severity is Severity.WARNING and set(found) == {"unstable"}
    points[UNIT[:, 2] == 1] -= (20, 0, 0)
    assert _found(points, CUBE) == {}


def test_whatever_arrives_as_arrays_never_crashes() -> None:
    good = _settled(_box(), CUBE)
    for broken in (
        dataclasses.replace(good, lattice=good.lattice.astype(np.float64)),
        dataclasses.replace(good, lattice=good.lattice[:, :2]),
        dataclasses.replace(good, faces=good.faces.ravel()),
        dataclasses.replace(good, faces=good.faces.astype(np.int64) + 2**32),
        dataclasses.replace(good, faces=None),
    ):
        checks, findings, figures = verify([broken], _process())
        assert [f.code for f in findings] == ["unreadable"] and verdict(checks, findings) == "refused"
        assert {c.name for c in checks if c.ran} == {"mesh"} and figures["volume_mm3"] == 0.0
    for fine in (
        dataclasses.replace(good, faces=good.faces.astype(np.int64)),
        dataclasses.replace(good, lattice=np.asfortranarray(good.lattice), faces=good.faces[::-1]),
    ):
        assert verify([fine], _process())[1] == ()


def test_several_parts_are_judged_apart_and_summed() -> None:
    open_one = settle(Part("lid", Mesh(_box(), CUBE[1:])))
    _, findings, figures = verify([_settled(_box(), CUBE), open_one], _process())
    assert {f.part for f in findings} == {"lid"} and figures["parts"] == 2 and figures["triangles"] == 23
    assert [e["part"] for e in figures["each"]] == ["part", "lid"]
    assert verify([], _process())[1][0].code == "empty"


def test_without_a_process_geometry_alone_is_required() -> None:
    checks, findings, _ = verify([_settled(_box(500), CUBE)])
    assert findings == () and {c.name for c in checks if c.required} == GEOMETRY
    assert not any(c.ran for c in checks if c.name in ("machine", "bed"))


def test_a_check_that_nobody_knows_is_never_passed_over() -> None:
    strange = dataclasses.replace(_process(), checks=MappingProxyType({"mesh": True, "humidity": True}))
    checks, findings, _ = verify([_settled(_box(), CUBE)], strange)
    assert CheckRun("humidity", True, False) in checks and verdict(checks, findings) == "incomplete"


def test_verdict() -> None:
    ran, missing, optional = CheckRun("a", True, True), CheckRun("b", True, False), CheckRun("c", False, False)
    error, warning = Finding("x", Severity.ERROR, ""), Finding("y", Severity.WARNING, "")
    assert verdict([ran, optional], [warning]) == "printable"
    assert verdict([ran, missing], []) == "incomplete"
    assert verdict([ran, missing], [error]) == "refused" == verdict([ran], [error])
    assert verdict([], []) == "incomplete" == verdict([optional], [])


def test_order_and_lattice_symmetries_change_no_figure() -> None:
    draw = random.Random(11)
    points = np.round(_box(20) + np.array([[draw.uniform(-3, 3) for _ in range(3)] for _ in range(8)]), 4)
    points, faces = _several((points, CUBE), (_box(5, (60, 0, 0)), CUBE))
    names = ("triangles", "shells", "volume_mm3", "area_mm2")
    _, _, figures = verify([_settled(points, faces)])
    for _ in range(20):
        axes, signs = draw.sample(range(3), 3), np.array([draw.choice((-1, 1)) for _ in range(3)])
        mirrored = (np.linalg.det(np.eye(3)[axes]) * signs.prod()) < 0
        order = np.array(draw.sample(range(len(points)), len(points)))
        moved = np.empty_like(points)
        moved[order] = points[:, axes] * signs + [draw.randint(-50, 50) for _ in range(3)]
        renamed = order[faces][draw.sample(range(len(faces)), len(faces))]
        renamed = renamed[:, ::-1] if mirrored else renamed
        _, findings, told = verify([_settled(moved, renamed.astype(np.int32))])
        assert findings == () and [told[k] for k in names] == [figures[k] for k in names]
