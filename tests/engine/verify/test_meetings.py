"""What must be classified right (notes of the kernels): crossings, contacts, shells; each code on bad input, none on good."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from engine.model.mesh import Mesh, Part
from engine.model.order import Finding, Severity
from engine.process.limits import load_process
from engine.verify.checks import verify
from engine.verify.crossings import find
from engine.verify.settle import settle
from engine.verify.tree import plant
from kernels.crossings import ENOUGH

QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
CUBE = np.array([t for a, b, c, d in QUADS for t in ((a, b, c), (a, c, d))], dtype=np.int32)
UNIT = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=np.float64)
TETRA = np.array([(0, 2, 1), (0, 1, 3), (1, 2, 3), (2, 0, 3)], dtype=np.int32)
Body = tuple[np.ndarray, np.ndarray]


def box(low: tuple[float, ...], high: tuple[float, ...], inverted: bool = False) -> Body:
    return UNIT * np.subtract(high, low) + low, CUBE[:, ::-1] if inverted else CUBE


def tip(at: tuple[float, float, float], base: tuple[float, float]) -> Body:
    """A tetrahedron standing on its tip: its other three corners at the two heights given, about `at`."""
    x, y, z = at
    points = np.array([(x - 1, y - 1, base[0]), (x + 1, y - 1, base[0]), (x, y + 1, base[1]), (x, y, z)])
    a, b, c, d = points
    return points, TETRA if np.dot(np.cross(b - a, c - a), d - a) > 0 else TETRA[:, ::-1]


def together(*bodies: Body) -> Body:
    starts = np.cumsum([0, *(len(p) for p, _ in bodies)])
    faces = [f + n for (_, f), n in zip(bodies, starts, strict=False)]
    return np.vstack([p for p, _ in bodies]), np.vstack(faces).astype(np.int32)


def found(points: np.ndarray, faces: np.ndarray, process: str | None = None) -> dict[str, Finding]:
    part = settle(Part("part", Mesh(points, faces)))
    _, findings, figures = verify([part], None if process is None else load_process(process))
    told = {f.code: f for f in findings}
    assert len(told) == len(findings)
    errors = {"self-intersection", "overlapping-shells", "coplanar-overlap"} & set(told)
    assert (figures["crossing_pairs"] > 0) >= bool(errors - {"overlapping-shells"})
    return told


BIG = box((0, 0, 0), (10, 10, 10))
CASES: dict[str, tuple[Body, set[str]]] = {
    "alone": (BIG, set()),
    "apart": (together(BIG, box((11, 0, 0), (12, 1, 1))), set()),
    "overlap": (together(BIG, box((5, 5, 5), (15, 15, 15))), {"overlapping-shells"}),
    "a poke of one step": (together(BIG, box((2, 2, 9.9999), (3, 3, 12))), {"overlapping-shells"}),
    "face to face": (together(BIG, box((2, 2, 10), (3, 3, 12))), {"coplanar-overlap", "contact"}),
    "edges that cross in a point": (
        together(BIG, (np.array([(9.0, 6, 11), (11, 4, 9), (12, 8, 12), (12, 9, 13.0)]), TETRA)), {"contact"}),
    "edge to edge": (together(BIG, tip((10, 5, 0), (-2, -2))), {"contact"}),
    "corner on a face": (together(BIG, tip((5, 5, 10), (12, 12))), {"contact"}),
    "corner through a face": (together(BIG, tip((5, 5, 9.9999), (12, 12))), {"overlapping-shells"}),
    "a corner on a face, the body on both sides": (
        together(BIG, (np.array([(4, 5, 12.0), (6, 5, 12), (5, 5, 10), (5, 8, 8)]), TETRA)), {"overlapping-shells"}),
    "hollow": (together(BIG, box((2, 2, 2), (8, 8, 8), inverted=True)), {"cavity"}),
    "a body in the hollow": (
        together(BIG, box((2, 2, 2), (8, 8, 8), inverted=True), box((4, 4, 4), (5, 5, 5))), {"cavity"}),
    "nested": (together(BIG, box((2, 2, 2), (8, 8, 8))), {"nested-shell"}),
    "outside in": (together(box((0, 0, 0), (10, 10, 10), inverted=True)), {"inverted-shell"}),
    "both inside out": (
        together(box((0, 0, 0), (10, 10, 10), inverted=True), box((2, 2, 2), (8, 8, 8))), {"inverted-shell", "nested-shell"}),
    "a reversed one beside": (together(BIG, box((20, 0, 0), (21, 1, 1), inverted=True)), {"inverted-shell"}),
    "twice": (together(BIG, BIG), {"nonmanifold-edge", "duplicate-face"}),
}  # fmt: skip


ONE_STEP = ("a poke of one step", "corner through a face")


@pytest.mark.parametrize(("case", "scale"), [(c, s) for c in CASES for s in (1.0, 0.01) if s == 1.0 or c not in ONE_STEP])
def test_each_case_is_called_by_its_name(case: str, scale: float) -> None:
    (points, faces), codes = CASES[case]
    assert set(found(points * scale, faces)) == codes


@pytest.mark.parametrize("turn", list(itertools.permutations(range(3))))
def test_turned_and_mirrored_it_is_the_same(turn: tuple[int, ...]) -> None:
    for (points, faces), codes in CASES.values():
        even = np.linalg.det(np.eye(3)[list(turn)]) > 0
        turned = points[:, list(turn)] * (1, 1, -1)
        shuffled = np.random.default_rng(1).permutation(len(faces))
        rows = faces[shuffled][:, ::-1] if even else faces[shuffled]
        assert set(found(turned, rows)) == codes


def test_where_and_how_deep() -> None:
    finding = found(*CASES["overlap"][0])["overlapping-shells"]
    assert finding.severity is Severity.ERROR and finding.value is not None and 0 < finding.value <= 5
    assert finding.at is not None and all(0 <= v <= 15 for v in finding.at) and finding.unit == "mm"
    poke = found(*CASES["a poke of one step"][0])["overlapping-shells"]
    assert poke.value == 0.0001


def test_a_hollow_is_an_error_where_powder_or_resin_would_stay() -> None:
    points, faces = CASES["hollow"][0]
    assert found(points, faces, "fdm-pla")["cavity"].severity is Severity.WARNING
    for process in ("sls-pa12", "mjf-pa12"):
        finding = found(points, faces, process)["cavity"]
        assert finding.severity is Severity.ERROR and finding.value == pytest.approx(216.0)


def test_a_surface_folded_onto_itself_within_one_shell() -> None:
    """A bar bent so that its end passes through its side: one shell, no other body."""
    points, faces = together(BIG)
    bent = points.copy()
    bent[7] = (5, 5, -3)  # a corner drawn through the opposite side
    codes = set(found(bent, faces))
    assert "self-intersection" in codes


def test_faces_that_are_there_twice_are_no_crossing_pairs() -> None:
    points, faces = CASES["twice"][0]
    assert verify([settle(Part("part", Mesh(points, faces)))])[2]["crossing_pairs"] == 0


def test_a_body_whose_every_corner_lies_on_the_wall_is_not_passed() -> None:
    """A body within another, each of its corners on a wall: it crosses nothing, and no corner tells that it lies in material."""
    inner = np.array([(5, 5, 0), (0, 5, 5.0), (10, 4, 6), (5, 10, 5)])
    a, b, c, d = inner
    rows = TETRA if np.dot(np.cross(b - a, c - a), d - a) > 0 else TETRA[:, ::-1]
    told = found(*together(BIG, (inner, rows)))
    assert set(told) == {"contact", "overlapping-shells"} and told["contact"].count >= 4
    assert told["overlapping-shells"].severity is Severity.ERROR
    # from without, the same points touch and are no more than that where one of them is free
    assert set(found(*together(BIG, tip((5, 5, 10), (12, 13))))) == {"contact"}


def test_a_shell_check_needs_a_closed_surface() -> None:
    points, faces = BIG
    checks, findings, _ = verify([settle(Part("part", Mesh(points, faces[1:])))])
    assert {c.name for c in checks if c.required and not c.ran} == {"shells"}
    assert "open-edge" in {f.code for f in findings}


def test_more_pairs_than_first_made_room_for() -> None:
    """A grid of needles through a grid of needles: more than 1,024 pairs, all told, in rising order."""
    needles = [box((i, -1, -0.2), (i + 0.4, 9, 0.2)) for i in range(9)] + [
        box((-1, j, -0.1), (9, j + 0.4, 0.1)) for j in range(9)
    ]
    points, faces = together(*needles)
    part = settle(Part("part", Mesh(points, faces)))
    met = find(part.lattice, part.faces, plant(part.lattice, part.faces))
    assert met.found == len(met.pairs) > 1024
    assert met.pairs.tolist() == sorted(met.pairs.tolist())
    shuffled = np.random.default_rng(2).permutation(len(faces))
    again = find(part.lattice, part.faces[shuffled], plant(part.lattice, part.faces[shuffled]))
    assert {tuple(sorted(shuffled[p].tolist())) for p in again.pairs} == {tuple(p) for p in met.pairs.tolist()}


def test_a_heap_in_which_everything_meets_is_refused_without_counting_all_of_it() -> None:
    """1,500 triangles through one place: 1,124,250 pairs, of which a million are enough."""
    turn = np.random.default_rng(3).normal(size=(1500, 2, 3))
    points = np.stack([turn[:, 0], turn[:, 1], -turn[:, 0] - turn[:, 1]], axis=1).reshape(-1, 3) * 20
    faces = np.arange(4500, dtype=np.int32).reshape(-1, 3)
    _, findings, figures = verify([settle(Part("heap", Mesh(points, faces)))])
    (met,) = [f for f in findings if f.code == "overlapping-shells"]
    assert figures["crossing_pairs"] == met.count == ENOUGH < 1500 * 1499 // 2
    assert "at least 1048576 pairs" in met.message
