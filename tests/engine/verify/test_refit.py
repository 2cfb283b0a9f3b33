"""engine/verify/refit.py: with and without what is known of the faces, the same report, wherever the points have gone."""

from __future__ import annotations

import random
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import solids
from engine.model.mesh import Kept, Mesh, Part, Pose, Settled
from engine.model.process import CHECKS, Limit, Machine, Process
from engine.verify import anatomy, refit
from engine.verify.checks import verify
from engine.verify.crossings import among
from engine.verify.delta import Certificates
from engine.verify.refit import Connectivities
from engine.verify.tree import TOO_WIDE, grown, plant

MACHINE = Machine("m", "Machine M", (500.0, 500.0, 500.0), True, "test")
LIMITS = MappingProxyType({name: Limit(value, "mm", "test") for name, value in (("wall", 1.2), ("gap", 0.6))})
PROCESS = Process("p", "P", "FDM", "PLA", MACHINE, False, 1.24, LIMITS, MappingProxyType(dict.fromkeys(CHECKS, True)), 0.2)


def settled(lattice: np.ndarray, faces: np.ndarray) -> Settled:
    """As it is: nothing is welded, so that points may meet."""
    points = np.ascontiguousarray(lattice, dtype=np.int32)
    return Settled(Part("part", Mesh(points / 10_000, faces)), Pose(), points, np.ascontiguousarray(faces, dtype=np.int32))


def told(part: Settled, known: Connectivities | None = None) -> tuple[Any, ...]:
    """All that a report says, but the milliseconds."""
    checks, findings, figures = verify([part], PROCESS, None, known)
    return [(c.name, c.required, c.ran) for c in checks], findings, figures


def learned(part: Settled) -> Connectivities:
    known = Connectivities()
    for _ in range(2):
        told(part, known)
    assert known.held
    return known


def short(part: Settled, known: Connectivities) -> bool:
    """Is the tree that of the known mesh?"""
    body = refit.dissect(part, known)
    if body.seed is None or body.topology is None:
        return False
    (tree,), _ = among(body.lattice, body.faces, body.topology.twin, None, body.seed)
    return tree.order is body.seed.order


def bodies() -> list[Settled]:
    return [solids.settled("organic", 900), solids.settled("slivers", 6400)]


BODIES = bodies()
KNOWN = [learned(body) for body in BODIES]


@given(
    st.integers(0, 2**32),
    st.integers(0, 1),
    st.sampled_from(("size", "bend", "noise", "poke", "flat", "apart", "shuffle", "mirror")),
)
@settings(max_examples=60, deadline=None)
def test_moved_points_are_judged_as_if_unknown(seed: int, which: int, way: str) -> None:
    draw, body = np.random.default_rng(seed), BODIES[which]
    points = body.lattice.astype(np.float64)
    if way == "size":
        points *= draw.uniform(0.3, 2.0, 3)
    elif way == "bend":
        points[:, 2] += draw.uniform(-1, 1) * points[:, 0] ** 2 / 1e6
    elif way == "noise":
        points += draw.normal(0, draw.choice((1.0, 300.0, 20_000.0)), points.shape)
    elif way == "poke":
        points[draw.integers(len(points))] *= draw.uniform(-1.5, 1.5, 3)
    elif way == "flat":
        rows = body.faces[draw.integers(len(body.faces), size=draw.integers(1, 4))]
        points[rows[:, 1]] = points[rows[:, 0]]
    elif way == "apart":
        points[draw.random(len(points)) < 0.5] += (0, 0, 1e6)
    elif way == "shuffle":
        points = draw.permutation(points)
    else:
        points[:, 0] *= -1
    moved = settled(np.round(points), body.faces)
    assert told(moved, KNOWN[which]) == told(moved)


@pytest.mark.parametrize("which", range(len(BODIES)))
def test_another_size_goes_the_short_way_and_finds_the_same_arrays(which: int) -> None:
    body, known = BODIES[which], KNOWN[which]
    moved = settled(body.lattice * np.array((2, 1, 1)) + 7, body.faces)
    assert short(moved, known)
    quick, full = refit.dissect(moved, known), anatomy.dissect(moved)
    assert quick.topology is not None and full.topology is not None and quick.mass is not None and full.mass is not None
    assert vars(quick.mass) == vars(full.mass)
    for name, value in vars(full.topology).items():
        assert np.array_equal(getattr(quick.topology, name), value), name
    assert quick.seed is not None
    tree, fresh = grown(moved.lattice, moved.faces, quick.seed), plant(moved.lattice, moved.faces)
    assert tree is not None and sorted(tree.order.tolist()) == sorted(fresh.order.tolist())


def test_what_is_doubtful_goes_the_whole_way() -> None:
    body, known = BODIES[0], KNOWN[0]
    points, faces = body.lattice, body.faces
    assert short(body, known)
    folded = points.copy()
    folded[faces[5, 1]] = folded[faces[5, 0]]
    assert not short(settled(folded, faces), known), "a face has lost its area"
    assert refit.dissect(settled(folded, faces), known).seed is None, "and has no place in a tree"
    crossing = points.copy()
    crossing[0] = -4 * crossing[0]
    assert "self-intersection" in {f.code for f in told(settled(crossing, faces), known)[1]}
    assert not short(settled(crossing, faces), known), "faces cross"
    scattered = points[np.random.default_rng(1).permutation(len(points))]
    wild = refit.dissect(settled(scattered, faces), known)
    assert wild.seed is not None and grown(wild.lattice, wild.faces, wild.seed) is None, "what was near is far"
    other = faces.copy()
    other[[3, 4]] = other[[4, 3]]
    assert not short(settled(points, other), known), "other faces of the same key"
    assert not short(settled(np.concatenate([points, points[:1]]), faces), known), "a point more"
    lost = points.copy()
    lost[4] = -(1 << 31)
    assert {f.code for f in told(settled(lost, faces), known)[1]} == {"not-finite"}


def test_a_key_that_two_meshes_share_tells_nothing() -> None:
    body, known = BODIES[0], Connectivities()
    other = body.faces.copy()
    other[[3, 4]] = other[[4, 3]]
    twin = settled(body.lattice, other)
    assert refit._key(9, other) == refit._key(9, body.faces)
    for _ in range(2):
        told(body, known)
    assert known.of(len(body.lattice), other) is None
    assert told(twin, known) == told(twin)


def test_only_what_comes_twice_is_kept_and_no_more_than_the_limit() -> None:
    body = BODIES[0]
    known = Connectivities()
    told(body, known)
    assert not known.held and known.of(len(body.lattice), body.faces) is None
    told(body, known)
    assert 0 < known.held < 60 * len(body.faces)
    held = known.held
    told(body, known)
    assert known.held == held
    small = Connectivities(held - 1)
    for _ in range(3):
        assert told(body, small) == told(body)
    assert not small.held
    known.forget()
    assert not known.held and known.of(len(body.lattice), body.faces) is None


def test_what_leads_with_a_known_body_is_not_learned_twice() -> None:
    body, known = BODIES[0], Connectivities()
    stamped = replace(body, kept=Kept("body", 9, 9))
    for _ in range(3):
        verify([stamped], PROCESS, Certificates(), known)
    assert not known.held
    for _ in range(2):
        verify([body], PROCESS, Certificates(), known)
    assert known.held


def test_a_mesh_with_a_face_of_no_area_is_not_learned() -> None:
    body, known = BODIES[0], Connectivities()
    points = body.lattice.copy()
    points[body.faces[5, 1]] = points[body.faces[5, 0]]
    for _ in range(3):
        told(settled(points, body.faces), known)
    assert not known.held


def test_open_and_turned_meshes_are_known_too() -> None:
    draw = random.Random(1)
    body = BODIES[0]
    faces = body.faces[:-3].copy()
    faces[draw.randrange(len(faces))] = faces[draw.randrange(len(faces))][::-1]
    known = learned(settled(body.lattice, faces))
    moved = settled(body.lattice * 2, faces)
    assert refit.dissect(moved, known).seed is not None
    assert told(moved, known) == told(moved)
    assert TOO_WIDE > 1
