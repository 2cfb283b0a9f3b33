"""Known faces: 200 drawn from the whole basis, half of them deformed out of its span; measures, their doubts, the nose's skin.

20 here; all of them, with a table, by `python -m tests.engine.body.test_face 200`.
"""

from __future__ import annotations

import csv
import pathlib
import sys
import time
from dataclasses import dataclass

import numpy as np
import pytest

from engine.body.face import face_of
from engine.model.face import Face
from engine.model.mesh import Mesh
from engine.reading.meshes import read_file
from kernels import nearest, register
from tests.engine.body.known_faces import BASIS, NOSE, Known, drawn, truth

LIMITS = {False: {"pd": 1.5, "nose": 0.6, "ear root": 3.5}, True: {"pd": 3.5, "nose": 0.8, "ear root": 5.0}}
"""mm, the 95th percentile, in the basis' span and outside."""
LOST = 10.0
"""mm: a pupil that is so far off was not found."""
COVERED = (0.90, 0.99)
"""Of all errors are within two standard deviations."""


@dataclass
class Errors:
    """Of one face: measures by name (error, doubt), the nose's 95th percentile, both ear roots, the farther pupil, CPU seconds."""

    measures: dict[str, tuple[float, float]]
    nose: float
    ears: tuple[float, float]
    pupil: float
    cpu: float


def errors(known: Known) -> Errors:
    begun = time.process_time()
    face = face_of(known.scan)
    cpu = time.process_time() - begun
    true = truth(known)
    told = {n: (m.value - true[n], m.uncertainty or 0.0) for n, m in face.measures.items() if np.isfinite(true[n])}
    ears = [
        float(np.linalg.norm(np.array(face.landmarks[n]) - known.landmarks[n])) for n in ("left_ear_root", "right_ear_root")
    ]
    placed = moved(face, known)
    pupils = [placed(np.array([face.landmarks[n]])) - known.landmarks[n] for n in ("left_pupil", "right_pupil")]
    skin = nearest.distances(known.points, known.faces, placed(nose_of(face)))
    pupil = max(float(np.linalg.norm(p)) for p in pupils)
    return Errors(told, float(np.quantile(skin, 0.95)), (ears[0], ears[1]), pupil, cpu)


def moved(face: Face, known: Known):
    """From the frame that was found to the true one, by the skin of the face, which has no hair: what is wrong with the frame is not wrong
    with the nose."""
    assert face.surface is not None
    x, y, z = face.surface.points.T
    bare = face.surface.points[(np.abs(x) < 60.0) & (y > -60.0) & (y < 30.0) & (z > -40.0)]
    found = register.register(np.ascontiguousarray(bare), register.surface(known.points, known.faces), within=1.0, keep=0.7)
    return lambda points: np.ascontiguousarray(points @ found.rotation.T + found.shift)


def nose_of(face: Face) -> np.ndarray:
    assert face.nose is not None
    grid = face.nose
    x, y = (grid.origin[k] + grid.pitch * np.arange(grid.z.shape[k]) for k in range(2))
    x, y = np.meshgrid(x, y, indexing="ij")
    there = (x >= NOSE[0][0]) & (x <= NOSE[0][1]) & (y >= NOSE[1][0]) & (y <= NOSE[1][1])
    return np.column_stack([x[there], y[there], grid.z[there]])


def judged(told: list[Errors], limits: dict[str, float]) -> dict[str, tuple[float, float]]:
    """What the errors' 95th percentiles are, and may be."""
    found = {
        "pd": [abs(e.measures["pd"][0]) for e in told],
        "nose": [e.nose for e in told],
        "ear root": [ear for e in told for ear in e.ears],
    }
    return {name: (float(np.quantile(found[name], 0.95)), limit) for name, limit in limits.items()}


def covered(told: list[Errors]) -> dict[str, float]:
    """Of each measure, how many errors are within two standard deviations."""
    names = {name for e in told for name in e.measures}
    pairs = {name: [e.measures[name] for e in told if name in e.measures] for name in sorted(names)}
    return {name: float(np.mean([abs(off) <= 2.0 * doubt for off, doubt in rows])) for name, rows in pairs.items()}


@pytest.fixture(scope="module")
def told(shared_data: pathlib.Path) -> dict[bool, list[Errors]]:
    """Ten in the span, ten outside."""
    return {out: [errors(drawn(shared_data / BASIS, 2 * k + out, outside=out)) for k in range(10)] for out in (False, True)}


@pytest.mark.parametrize("outside", [False, True])
def test_known_faces(told: dict[bool, list[Errors]], outside: bool) -> None:
    assert max(e.pupil for e in told[outside]) < LOST
    for name, (found, limit) in judged(told[outside], LIMITS[outside]).items():
        assert found <= limit, name


def test_two_sigma_is_two_sigma(told: dict[bool, list[Errors]]) -> None:
    """Of all measures of twenty faces together; of each of them alone twenty are too few for a narrow limit."""
    every = [pair for rows in told.values() for e in rows for pair in e.measures.values()]
    assert COVERED[0] <= np.mean([abs(off) <= 2.0 * doubt for off, doubt in every]) <= COVERED[1]
    assert min(covered([e for rows in told.values() for e in rows]).values()) >= 0.75


def test_nobody_is_the_mean_face(told: dict[bool, list[Errors]]) -> None:
    """What follows no face but the average would be off by what people differ: several times as much."""
    assert np.std([e.measures["pd"][0] for rows in told.values() for e in rows]) < 1.0


def test_the_samples(shared_data: pathlib.Path) -> None:
    with (shared_data / "head/ict_samples_truth.csv").open(encoding="utf-8-sig", newline="") as told:
        rows = list(csv.DictReader(told))
    assert len(rows) == 4
    for row in rows:
        ((_, mesh),) = read_file(shared_data / "head" / row["file"], "mm")
        pd = face_of(mesh).measures["pd"]
        assert pd.uncertainty is not None and pd.source == "scan"
        assert abs(pd.value - float(row["pd_mm"])) < 1.5


def test_the_same_bits_again(shared_data: pathlib.Path) -> None:
    scan = drawn(shared_data / BASIS, 2, outside=False).scan
    one, two = (face_of(Mesh(scan.points, scan.faces)) for _ in range(2))
    assert one.measures == two.measures and one.landmarks == two.landmarks and one.notes == two.notes
    assert one.nose is not None and two.nose is not None and np.array_equal(one.nose.z, two.nose.z)


def test_fifty_thousand_triangles(shared_data: pathlib.Path) -> None:
    """Within the second and a half that the product promises, but for a machine that is three times as slow."""
    known = drawn(shared_data / BASIS, 6, outside=False, crop="head", triangles=50_000)
    face_of(known.scan)
    assert len(known.scan.faces) > 45_000 and errors(known).cpu < 4.5


def main(count: int, data: pathlib.Path) -> int:
    told: dict[bool, list[Errors]] = {False: [], True: []}
    failed = 0
    for k in range(count):
        out = k % 2 == 1
        told[out].append(errors(drawn(data / BASIS, k, outside=out)))
        if told[out][-1].pupil > LOST:
            sys.stdout.write(f"face {k}: lost\n")
            failed += 1
    for out, rows in told.items():
        for name, (found, limit) in judged(rows, LIMITS[out]).items():
            sys.stdout.write(f"{'outside' if out else 'in span'} {name}: p95 {found:.2f}, at most {limit}\n")
            failed += found > limit
    for name, share in covered(told[False] + told[True]).items():
        sys.stdout.write(f"{name}: {100 * share:.1f} % within two sigma\n")
        failed += not COVERED[0] <= share <= COVERED[1]
    cpu = sorted(e.cpu for rows in told.values() for e in rows)
    sys.stdout.write(f"CPU: median {cpu[len(cpu) // 2]:.2f} s, most {cpu[-1]:.2f} s\n")
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]), pathlib.Path(__file__).parents[4] / "shared" / "data") else 0)
