"""A rigid motion leaves a foot as it is; a mirror makes the other foot of it."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.body.foot import foot_of
from engine.body.synthetic import SyntheticFoot
from engine.model.foot import Foot
from engine.model.mesh import Mesh
from engine.reading.meshes import read_file
from tests.engine.body.test_kinds import some
from tests.engine.body.test_scan import apart, scan_of, turned

ROOT = pathlib.Path(__file__).parents[3]
WITHIN = {"arch_length": 0.6, "ball_girth": 0.4, "arch_height": 0.3}
"""mm; all others 0.1."""
RIGHT = SyntheticFoot(side="right").mesh(60, 60)
PLAIN = foot_of(RIGHT)


def mirrored(mesh: Mesh) -> Mesh:
    return Mesh(mesh.points * np.array([1.0, -1.0, 1.0]), np.ascontiguousarray(mesh.faces[:, ::-1]))


def alike(one: Foot, two: Foot) -> None:
    assert one.measures.keys() == two.measures.keys()
    for name, measure in one.measures.items():
        assert measure.value == pytest.approx(two.measures[name].value, abs=WITHIN.get(name, 0.1)), name
    assert np.percentile(apart(one, two), 95.0) < 0.1


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), st.booleans())
def test_motions_and_mirrors(seed: int, mirror: bool) -> None:
    body = mirrored(RIGHT) if mirror else RIGHT
    foot = foot_of(Mesh(turned(body.points, np.random.default_rng(seed)), body.faces))
    assert foot.side == ("left" if mirror else "right")
    alike(foot, PLAIN)


@settings(deadline=None, max_examples=10)
@given(st.permutations(range(60)))
def test_the_order_of_faces_says_nothing(order: list[int]) -> None:
    faces = np.concatenate([RIGHT.faces[part::60] for part in order])
    alike(foot_of(Mesh(RIGHT.points, np.ascontiguousarray(faces))), PLAIN)


def test_another_foot_is_not_alike() -> None:
    other = foot_of(SyntheticFoot(side="right", ball_width=103.0).mesh(60, 60))
    with pytest.raises(AssertionError):
        alike(other, PLAIN)


def test_the_scan_and_its_mirror_image(shared_data: pathlib.Path) -> None:
    scan = scan_of(shared_data)
    one, two = foot_of(scan), foot_of(mirrored(scan))
    assert (one.side, two.side) == ("left", "right")
    alike(two, one)


def test_the_scan_measures_what_it_measured_by_hand(shared_data: pathlib.Path) -> None:
    """By the same axis, by other code: 274.5 long; 79 wide at the heel; the sole flat."""
    foot = foot_of(scan_of(shared_data))
    assert foot.measures["foot_length"].value == pytest.approx(274.5, abs=0.3)
    assert foot.measures["heel_width"].value == pytest.approx(79.0, abs=0.5)
    flat = foot.seen & (np.abs(foot.sole.z) < 1.5)
    assert np.count_nonzero(flat) / 100.0 == pytest.approx(177.0, abs=8.0)


@pytest.mark.parametrize("leg", [70.0, 120.0, 250.0, 400.0])
def test_bare_feet_with_toes(shared_data: pathlib.Path, leg: float) -> None:
    """Both feet of a modelled body, which bear no weight, under legs cut anywhere: a pair that is alike."""
    body = read_file(shared_data / "foot/makehuman_base.obj", "m")[0][1]
    points = body.points / 10.0  # decimetres
    corners = points[body.faces]
    feet = []
    for sense in (1.0, -1.0):
        low = (corners[:, :, 1].max(axis=1) < corners[:, :, 1].min() + leg) & ((sense * corners[:, :, 0]).min(axis=1) > 0.0)
        skin = low & (body.faces.max(axis=1) < 13_380)
        foot = some(Mesh(points, body.faces), skin)
        feet.append(foot_of(Mesh(turned(foot.points, np.random.default_rng(int(leg))), foot.faces)))
    assert [foot.side for foot in feet] == ["left", "right"]
    alike(*feet)
    assert feet[0].measures["foot_length"].value == pytest.approx(242.8, abs=1.0)


ANOTHER = """
import hashlib
import numpy as np
from engine.body.foot import foot_of
from engine.body.synthetic import SyntheticFoot
from engine.model.mesh import Mesh

drawn = SyntheticFoot(side="right").mesh(60, 60)
x, y, z = drawn.points.T
rough = (np.arange(3 * len(x)).reshape(-1, 3) * 7919 % 997) / 2500.0
turned = np.stack([0.6 * x - 0.48 * y + 0.64 * z, 0.8 * x + 0.36 * y - 0.48 * z, 0.8 * y + 0.6 * z], axis=1) + rough
told = hashlib.sha256(drawn.points.tobytes())
foot = foot_of(Mesh(turned, drawn.faces), sock_mm=1.0)
told.update(foot.sole.z.tobytes() + foot.outline.tobytes() + foot.seen.tobytes() + repr(sorted(foot.measures.items())).encode())
print(told.hexdigest())
"""


def test_the_same_bits_on_other_machines() -> None:
    """On a processor without vectors of four, another libm, another numpy."""
    machines: list[dict[str, str]] = [
        {},
        {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NPY_DISABLE_CPU_FEATURES": "AVX2"},
        {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2", "OPENBLAS_CORETYPE": "Nehalem"},
    ]
    told = [
        subprocess.run(
            [sys.executable, "-c", ANOTHER], cwd=ROOT, env={**os.environ, **machine}, capture_output=True, text=True, check=True
        ).stdout
        for machine in machines
    ]
    assert len(told[0]) == 65 and told[0] == told[1] == told[2]
