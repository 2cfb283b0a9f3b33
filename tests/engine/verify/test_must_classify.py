"""What must be classified right, each case at several scales, turned, rounded to float32, its faces shuffled: `pytest -s` prints the table.

What only touches touches by its digits: such cases are turned by right angles alone, and scaled and moved so that no float rounds.
All others stand anywhere. Every one is read as a foreign file is, on a lattice of its own.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections import Counter

import numpy as np
import pytest

from engine.model.mesh import Mesh, Part
from engine.model.order import Finding
from engine.verify.checks import verdict, verify
from engine.verify.foreign import settle_as_drawn
from tests.engine.verify.test_checks import _klein
from tests.engine.verify.test_crossings import cgals, turned
from tests.engine.verify.test_meetings import BIG, CASES, CUBE, Body, box, together

TOUCHING = (
    "face to face", "edges that cross in a point", "edge to edge", "corner on a face",
    "a corner on a face, the body on both sides",
)  # fmt: skip
"""Of CASES: those that an arbitrary turn and its rounding would make something else of."""


def t_junction(plugged: bool) -> Body:
    """A point in the middle of an edge of one of its two faces; `plugged`: by a face of no area."""
    points, faces = np.vstack([BIG[0], [[0, 0, 5.0]]]), CUBE.tolist()
    first, second = (f for f in faces if {0, 1} <= set(f))
    k = next(k for k in range(3) if first[k] not in (0, 1))
    third, a, b = first[k], first[(k + 1) % 3], first[(k + 2) % 3]
    rows = [*(f for f in faces if not {0, 1} <= set(f)), second, (third, a, 8), (third, 8, b)]
    return points, np.array([*rows, (a, b, 8)] if plugged else rows, np.int32)


def with_point(at: object, faces: np.ndarray = CUBE) -> Body:
    return np.vstack([BIG[0], np.array([at], np.float64)]), faces


PLATE = np.array([(0, 0, 0), (10, 0, 0), (10, 10, 0), (0, 10, 0), (5, 5, 0.0)])
PLATE_FACES = np.array([(0, 1, 2), (0, 2, 3), (1, 0, 4), (2, 1, 4), (3, 2, 4), (0, 3, 4)], np.int32)
FREE: dict[str, tuple[Body, set[str]]] = {
    **{name: case for name, case in CASES.items() if name not in TOUCHING and "one step" not in name and "corner" not in name},
    "a poke of 1 um": (together(BIG, box((2, 2, 9.999), (3, 3, 12))), {"overlapping-shells"}),
    "flipped face": ((BIG[0], np.vstack([CUBE[:1, ::-1], CUBE[1:]])), {"inconsistent-winding"}),
    "missing face": ((BIG[0], CUBE[1:]), {"open-edge"}),
    "shared edge": (together(BIG, box((10, 10, 0), (20, 20, 10))), {"nonmanifold-edge"}),
    "shared vertex": (together(BIG, box((10, 10, 10), (20, 20, 20))), {"nonmanifold-vertex"}),
    "fin": (with_point((15, 15, 5), np.vstack([CUBE, [[6, 7, 8]]])), {"nonmanifold-edge", "open-edge"}),
    "duplicate face": ((BIG[0], np.vstack([CUBE, CUBE[:1]])), {"duplicate-face", "nonmanifold-edge"}),
    "unreferenced vertex": (with_point((3, 3, 3)), {"unused-point"}),
    "Klein bottle": (_klein(), {"inconsistent-winding", "self-intersection"}),
    "not a number": (with_point((math.nan, 0, 0)), {"not-finite"}),
    "infinite": (with_point((math.inf, 0, 0)), {"not-finite"}),
    "index out of range": ((BIG[0], np.vstack([CUBE, [[0, 1, 8]]])), {"bad-index"}),
    "index below zero": ((BIG[0], np.vstack([CUBE, [[0, 1, -1]]])), {"bad-index"}),
    "no faces": ((BIG[0], CUBE[:0]), {"empty"}),
}
EXACT: dict[str, tuple[Body, set[str]]] = {
    **{name: CASES[name] for name in TOUCHING},
    "T-junction": (t_junction(False), {"open-edge", "self-intersection"}),
    "collinear face in a closed mesh": (t_junction(True), {"degenerate-face", "self-intersection"}),
    "flat plate": ((PLATE, PLATE_FACES), {"coplanar-overlap", "self-intersection", "inverted-shell"}),
}
"""A corner in the middle of a neighbour's edge is a pair that meets beyond what it shares: CGAL counts it, and so do we."""


def read(points: np.ndarray, faces: np.ndarray) -> tuple[str, dict[str, Finding], int]:
    with np.errstate(all="ignore"):
        parts = settle_as_drawn([Part("part", Mesh(points, faces))])
    checks, findings, figures = verify(parts)
    return verdict(checks, findings), {f.code: f for f in findings}, figures["crossing_pairs"] or 0


def shuffled(chance: np.random.Generator, points: np.ndarray, faces: np.ndarray) -> Body:
    """Faces in another order, beginning at other corners; points under other names (an index that is none stays)."""
    names = chance.permutation(len(points))
    moved = np.empty_like(points)
    moved[names] = points
    there = (faces >= 0) & (faces < len(points))
    rows = np.where(there, names[np.clip(faces, 0, len(points) - 1)], faces)[chance.permutation(len(faces))]
    return moved, np.array([np.roll(f, chance.integers(3)) for f in rows], np.int32).reshape(-1, 3)


def anywhere(chance: np.random.Generator, points: np.ndarray, turn: int) -> np.ndarray:
    scale = (1.0, 1e-3, 25.4, 1e4)[turn % 4]
    with np.errstate(invalid="ignore"):
        finite = np.isfinite(points).all(axis=1)
        moved = points.copy()
        moved[finite] = points[finite] @ turned(chance).T * scale + chance.normal(size=3) * 3 * scale
        # equal points stay equal: they were one number, and are one again
        return moved.astype(np.float32).astype(np.float64) if turn % 2 else moved


def exactly(chance: np.random.Generator, points: np.ndarray, turn: int) -> tuple[np.ndarray, bool]:
    axes, signs = chance.permutation(3), chance.choice((-1.0, 1.0), 3)
    scale = (1.0, 2.0**-10, 4.0, 1024.0)[turn % 4]
    return points[:, axes] * signs * scale + chance.integers(-8, 9, 3) * scale, np.linalg.det(np.eye(3)[axes] * signs) < 0


def test_every_case_everywhere() -> None:
    chance, told, wrong = np.random.default_rng(2), Counter[str](), []
    for name, turn in itertools.product((*FREE, *EXACT), range(10)):
        (points, faces), codes = (FREE | EXACT)[name]
        over = False
        if name in FREE:
            moved = anywhere(chance, points, turn)
        else:
            moved, over = exactly(chance, points, turn)
        verdict_, found, _ = read(*shuffled(chance, moved, faces[:, ::-1] if over else faces))
        told[name] += 1
        good = verdict_ == "printable" if codes <= {"unused-point", "contact", "cavity"} else verdict_ == "refused"
        if set(found) != codes or not good:
            wrong.append((name, turn, verdict_, sorted(found)))
    sys.stdout.write("".join(f"{name:45} {n:3} wrong {sum(w[0] == name for w in wrong)}\n" for name, n in told.items()))
    sys.stdout.write(f"{'generated, all':45} {sum(told.values()):3} wrong {len(wrong)}\n")
    assert sum(told.values()) > 300 and not wrong, wrong


@pytest.mark.parametrize("seed", range(3))
def test_a_stack_rounded_to_float32_is_what_cgal_says(seed: int) -> None:
    """Boxes face to face, turned and rounded: they cross here and there by a float's last digit, or only touch, or lie apart."""
    chance, crossing = np.random.default_rng(seed), 0
    for turn in range(20):
        points, faces = together(*(box((0, 0, 7 * k), (10 - k, 10, 7 * k + 7)) for k in range(4)))
        moved = (points @ turned(chance).T * (1.0, 0.01, 300.0)[turn % 3]).astype(np.float32).astype(np.float64)
        (part,) = settle_as_drawn([Part("part", Mesh(*shuffled(chance, moved, faces)))])
        checks, findings, figures = verify([part])
        pairs, counts = cgals(part.lattice, part.faces), Counter({f.code: f.count for f in findings})
        if counts["nonmanifold-edge"] == 0:
            assert figures["crossing_pairs"] + counts["contact"] == len(pairs), turn
        assert (verdict(checks, findings) == "refused") == bool(figures["crossing_pairs"] or counts["nonmanifold-edge"])
        crossing += figures["crossing_pairs"] > 0
    assert crossing > 5
