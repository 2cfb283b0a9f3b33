"""The one real scan that there is, turned, noisy and coarse: the same foot every time. `python -m tests.engine.body.test_scan 50` for all."""

from __future__ import annotations

import pathlib
import statistics
import sys
from dataclasses import dataclass, field

import igl
import numpy as np
import pytest

from engine.body.foot import foot_of
from engine.model.foot import Foot
from engine.model.mesh import Mesh
from engine.reading.meshes import read_file
from tests.conftest import SHARED

SCAN = "foot/dupontgu_left_foot.stl"
LENGTH_SD, HEIGHT_P95 = 0.3, 0.4
WAYS = {"noise 0.3": (0.3, None), "noise 0.5": (0.5, None), "3k triangles": (0.0, 3000), "3k triangles, noise 0.3": (0.3, 3000)}
"""Vertex noise in mm, and triangles."""


@dataclass
class Told:
    """What came of many turns: lengths, differences of the sole's height, sides."""

    lengths: list[float] = field(default_factory=list)
    heights: list[np.ndarray] = field(default_factory=list)
    sides: set[str] = field(default_factory=set)
    others: dict[str, list[float]] = field(default_factory=dict)

    def add(self, foot: Foot, against: Foot) -> None:
        self.lengths.append(foot.measures["foot_length"].value)
        self.heights.append(apart(foot, against))
        self.sides.add(foot.side)
        for name, measure in foot.measures.items():
            self.others.setdefault(name, []).append(measure.value)

    @property
    def length_sd(self) -> float:
        return statistics.stdev(self.lengths)

    @property
    def height_p95(self) -> float:
        return float(np.percentile(np.concatenate(self.heights), 95.0))


def apart(foot: Foot, against: Foot) -> np.ndarray:
    """Differences of height over the nodes that both soles have."""
    one, two = foot.sole, against.sole
    assert one.pitch == two.pitch
    lag = [round((a - b) / one.pitch) for a, b in zip(one.origin, two.origin, strict=True)]
    low = [max(0, -at) for at in lag]
    high = [min(n, m - at) for n, m, at in zip(one.z.shape, two.z.shape, lag, strict=True)]
    here = one.z[low[0] : high[0], low[1] : high[1]]
    there = two.z[low[0] + lag[0] : high[0] + lag[0], low[1] + lag[1] : high[1] + lag[1]]
    gap = np.abs(here - there)
    return gap[~np.isnan(gap)]


def turned(points: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Any proper rotation, and somewhere else."""
    q = random.normal(size=4)
    a, b, c, d = q / np.linalg.norm(q)
    rotation = np.array([
        [1 - 2 * (c * c + d * d), 2 * (b * c - a * d), 2 * (b * d + a * c)],
        [2 * (b * c + a * d), 1 - 2 * (b * b + d * d), 2 * (c * d - a * b)],
        [2 * (b * d - a * c), 2 * (c * d + a * b), 1 - 2 * (b * b + c * c)],
    ])  # fmt: skip
    return points @ rotation.T + random.normal(size=3) * 300.0


def coarser(mesh: Mesh, triangles: int) -> Mesh:
    """By collapsing edges."""
    told = igl.qslim(mesh.points, mesh.faces.astype(np.int64), triangles)
    arrays = [part for part in told if isinstance(part, np.ndarray)]
    return Mesh(arrays[0], arrays[1].astype(np.int32))


def read(mesh: Mesh, noise: float, turns: int, seed: int, against: Foot) -> Told:
    told, random = Told(), np.random.default_rng(seed)
    for _ in range(turns):
        points = turned(mesh.points, random) + random.normal(size=mesh.points.shape) * noise
        told.add(foot_of(Mesh(points, mesh.faces)), against)
    return told


def scan_of(folder: pathlib.Path) -> Mesh:
    ((_, mesh),) = read_file(folder / SCAN, "m")
    return mesh


@pytest.fixture(scope="module")
def scan(shared_data: pathlib.Path) -> Mesh:
    return scan_of(shared_data)


@pytest.mark.parametrize("way", WAYS)
def test_turned_noisy_and_coarse(scan: Mesh, way: str) -> None:
    noise, triangles = WAYS[way]
    mesh = coarser(scan, triangles) if triangles else scan
    told = read(mesh, noise, 8, 1, foot_of(scan))
    assert told.length_sd <= LENGTH_SD
    assert told.height_p95 <= HEIGHT_P95
    assert told.sides == {"left"}


def main(turns: int) -> int:
    """Print the figures of every way; 1 where one is over its limit."""
    scan = scan_of(SHARED)
    against, failed = foot_of(scan), False
    for way, (noise, triangles) in WAYS.items():
        mesh = coarser(scan, triangles) if triangles else scan
        told = read(mesh, noise, turns, 7, against)
        failed |= told.length_sd > LENGTH_SD or told.height_p95 > HEIGHT_P95 or told.sides != {"left"}
        bias = statistics.mean(told.lengths) - against.measures["foot_length"].value
        spread = max(told.lengths) - min(told.lengths)
        others = ", ".join(f"{name} {statistics.stdev(v):.2f}" for name, v in told.others.items() if name != "foot_length")
        sys.stdout.write(
            f"{way:24} {turns} turns: length sd {told.length_sd:.2f}, range {spread:.2f}, bias {bias:+.2f}; "
            f"height p95 {told.height_p95:.2f}; sides {', '.join(sorted(told.sides))}; sd of {others}\n"
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
