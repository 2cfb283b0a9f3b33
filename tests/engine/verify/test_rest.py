"""engine/verify/rest.py: bodies whose thin places lie on faces, edges, corners and ridges, any patch of them new: the same report."""

from __future__ import annotations

import dataclasses
import itertools
import random
from types import MappingProxyType

import manifold3d as m3
import numpy as np
import pytest

from engine.model.mesh import Kept, Mesh, Part, Patch, Pose, Role, Settled
from engine.model.process import Limit
from engine.verify.checks import verify
from engine.verify.delta import Certificates
from tests.engine.verify.test_delta import PROCESS, STEPS, quick, told
from tests.kernels.test_walls import box, drilled, grooves, part, round_bar

TILTED = box(20, 12, 6) - box(30, 30, 9).rotate([0, 14, 0]).translate([-2, -5, 3.2])
"""A plate that thins out by 14 degrees, and is 1 mm thick where it ends: only its edge is over a face."""
BODIES: dict[str, m3.Manifold] = {
    "pointed hole": drilled(1.3),
    "three-cornered bar": round_bar(20, 1.1, 3),
    "crossed grooves": grooves(),
    "leaning": TILTED,
    "comb": box(20, 12, 2) + box(1.5, 9, 7).translate([3, 1, 0]) + box(1.2, 9, 7).translate([6, 2, 0]).rotate([0, 3, 0]),
}


def patched(draw: random.Random, points: np.ndarray, faces: np.ndarray, among: np.ndarray, fewest: int = 0) -> Settled:
    """The faces near one of `among` are new, all others (at least a third, or `fewest`) the rest; points of the rest lead."""
    middle = points[faces].mean(axis=1)
    far = np.abs(middle - middle[int(draw.choice(among.tolist()))]).sum(axis=1)
    cut = draw.randint(max(fewest, len(faces) // 3), len(faces) - 1)
    rows = faces[np.argsort(-far, kind="stable")]
    used = list(dict.fromkeys(rows.ravel().tolist()))
    number = np.empty(len(points), dtype=np.int64)
    number[used] = np.arange(len(used))
    rows = np.ascontiguousarray(number[rows], np.int32)
    lattice = np.ascontiguousarray(points[used], np.int32)
    return Settled(Part("part", Mesh(lattice / STEPS, rows)), Pose(), lattice, rows, Kept("k", int(rows[:cut].max()) + 1, cut))


@pytest.mark.parametrize("name", BODIES)
def test_any_patch_of_a_thin_body_may_be_new(name: str) -> None:
    draw = random.Random(name)
    points, faces, twin = part(BODIES[name].refine(3), (7, -11, 23))
    whole = Settled(Part("part", Mesh(points / STEPS, faces)), Pose(), points, faces)
    thin = [f for f in told([whole])[1] if f.code in ("thin-wall", "narrow-gap")]
    assert thin and (twin >= 0).all()
    near = np.array(sorted({row for f in thin for row in f.faces}))
    short = 0
    for turn in range(40):
        product = patched(draw, points, faces, near if turn % 4 else np.arange(len(faces)))
        known = Certificates()
        known.of(product.kept, product.lattice, product.faces)
        assert told([product], known) == told([product])
        short += quick(product, known)
    assert short >= 20


def test_other_roles_and_limits_on_one_rest() -> None:
    """What is kept of a rest's walls is kept for the limits and roles that it was asked with, and for no others."""
    points, faces, _ = part(BODIES["comb"].refine(3), (7, -11, 23))
    draw, known = random.Random(5), Certificates()
    far = np.flatnonzero(points[faces].mean(axis=1)[:, 0] > 150_000)
    product = patched(draw, points, faces, far, fewest=len(faces) - 9)
    assert product.kept is not None
    rest = np.arange(product.kept.faces, dtype=np.int32)
    seen = []
    for wall, patches in itertools.product((1.3, 1.7), ({}, {"all": Patch("all", rest, role=Role.ENGRAVING)})):
        limits = MappingProxyType({**PROCESS.limits, "wall": Limit(wall, "mm", "test"), "gap": Limit(0.6, "mm", "test")})
        process = dataclasses.replace(PROCESS, limits=limits)
        other = dataclasses.replace(product, part=dataclasses.replace(product.part, patches=patches))
        for _ in range(3):
            short = verify([other], process, known)
        assert quick(other, known) and short[1:] == verify([other], process)[1:]
        seen.append([(f.code, f.faces) for f in short[1]])
    assert all(a != b for a, b in itertools.combinations(seen[:3], 2))
