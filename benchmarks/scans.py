"""Scans of feet and of a face to measures: cases of `fit`. The answers are those that the foot was drawn by, and the face."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence

import numpy as np

from benchmarks.harness import Case
from engine.body.face import face_of
from engine.body.foot import foot_of
from engine.body.synthetic import SyntheticFoot
from engine.model.foot import Foot
from engine.model.mesh import Mesh

NOISE = 0.3
"""mm, of every vertex."""
OFF = {"foot_length": 1.5, "ball_width": 1.5, "heel_width": 1.5, "instep_height": 1.5}
"""mm from what the foot was drawn by."""
MOST_MB = 1000.0
BASIS = pathlib.Path(__file__).parents[2] / "shared" / "data" / "head" / "ict_facekit_identity_basis_mm.npz"
SKIN = 11248
"""Points of the basis that are skin: the first ones."""
PD_OFF = 1.5
"""mm."""
CHILD = """
import resource, sys
import numpy as np
from engine.body.foot import foot_of
from engine.model.mesh import Mesh
told = np.load(sys.argv[1])
foot_of(Mesh(told["points"], told["faces"]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0)
"""


def cases() -> Sequence[Case]:
    """The cases."""
    return [_scan(0, 600.0), _scan(2, 4000.0), _face()]


def scanned(finer: int) -> Mesh:
    """A foot of 62,700 triangles, or four times as many for each time that it is made finer; turned, and noisy."""
    import trimesh

    drawn = SyntheticFoot().mesh(175, 179)
    body = trimesh.Trimesh(drawn.points, drawn.faces, process=False)
    for _ in range(finer):
        body = body.subdivide()
    x, y, z = body.vertices.T
    turned = np.stack([0.6 * x - 0.48 * y + 0.64 * z, 0.8 * x + 0.36 * y - 0.48 * z, 0.8 * y + 0.6 * z], axis=1)
    noise = np.random.default_rng(1).normal(size=turned.shape) * NOISE
    return Mesh(turned + noise, np.ascontiguousarray(body.faces, np.int32))


def _scan(finer: int, most_ms: float) -> Case:
    mesh = scanned(finer)
    drawn = SyntheticFoot()
    truth = {
        "foot_length": drawn.length, "ball_width": drawn.ball_width, "heel_width": drawn.heel_width, "instep_height": drawn.instep,
    }  # fmt: skip
    peak = [0.0]

    def ours(_: object) -> Foot:
        return foot_of(mesh)

    def agree() -> Sequence[str]:
        foot = ours(None)
        off = {name: abs(foot.measures[name].value - true) for name, true in truth.items()}
        differ = [f"{name} off by {by:.1f} mm" for name, by in off.items() if by > OFF[name]]
        peak[0] = _peak(mesh)
        return [
            *differ,
            *([] if foot.side == drawn.side else ["the other side"]),
            *([] if peak[0] <= MOST_MB else [f"{peak[0]:.0f} MB of {MOST_MB:.0f}"]),
        ]

    return Case(
        f"a foot's measures from {len(mesh.faces):,} triangles", ours, agree, most_ms=most_ms,
        note=lambda: f"{peak[0]:.0f} MB at most",
    )  # fmt: skip


def faced() -> tuple[Mesh, float]:
    """A face's front of about 50,000 triangles, drawn from the whole ICT basis; turned, and noisy. And the distance of its pupils, mm."""
    import trimesh

    random = np.random.default_rng(4)
    with np.load(BASIS, allow_pickle=False) as told:
        points = told["neutral_mm"] + np.tensordot(random.normal(size=100), told["modes_mm"].astype(np.float64), 1)
        pupils = [points[told[f"iris_{side}"]].mean(axis=0) for side in "lr"]
        skin, faces = points[:SKIN] - (pupils[0] + pupils[1]) / 2.0, told["tri"].astype(np.int64)
    _, y, z = skin[faces].mean(axis=1).T
    front = faces[(z > -75.0) & (y > -112.0) & (y < 62.0)]
    body = trimesh.Trimesh(skin, front, process=False).subdivide()
    x, y, z = body.vertices.T
    turned = np.stack([0.6 * x - 0.48 * y + 0.64 * z, 0.8 * x + 0.36 * y - 0.48 * z, 0.8 * y + 0.6 * z], axis=1)
    noise = random.normal(size=turned.shape) * NOISE
    return Mesh(turned + noise, np.ascontiguousarray(body.faces, np.int32)), float(pupils[0][0] - pupils[1][0])


def _face() -> Case:
    mesh, pd = faced()
    said = [""]

    def agree() -> Sequence[str]:
        found = face_of(mesh).measures["pd"]
        said[0] = f"PD {found.value:.1f} +- {found.uncertainty:.1f} mm, drawn with {pd:.1f}"
        return [] if abs(found.value - pd) <= PD_OFF else [f"PD off by {found.value - pd:.1f} mm"]

    return Case(
        f"a face's measures from {len(mesh.faces):,} triangles", lambda _: face_of(mesh), agree, most_ms=1500.0,
        note=lambda: said[0],
    )  # fmt: skip


def _peak(mesh: Mesh) -> float:
    """MB that a process of its own has in use at most, Python and kernels included."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "mesh.npz"
        np.savez(file, points=mesh.points, faces=mesh.faces)
        told = subprocess.run([sys.executable, "-c", CHILD, str(file)], capture_output=True, text=True, check=True)
    return float(told.stdout)
