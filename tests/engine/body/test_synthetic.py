"""Feet of known measures are measured right, in any turn and with noise. `python -m tests.engine.body.test_synthetic 100` for many."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from engine.body.foot import foot_of
from engine.body.synthetic import SyntheticFoot
from engine.model.mesh import Mesh
from tests.engine.body.known import truth, varied
from tests.engine.body.test_scan import turned

LIMITS = {
    "foot_length": 1.5,
    "ball_width": 1.5,
    "heel_width": 1.5,
    "arch_height": 1.0,
    "arch_length": 3.0,
    "ball_girth": 5.0,
    "instep_height": 1.5,
}
"""mm from the truth, at most; how far along the most medial point lies is flat, and so is what depends on it."""
NOISE = 0.3


def measured(foot: SyntheticFoot, random: np.random.Generator) -> tuple[str, dict[str, float]]:
    mesh = foot.mesh(100, 96)
    points = turned(mesh.points, random) + random.normal(size=mesh.points.shape) * NOISE
    read = foot_of(Mesh(points, mesh.faces))
    return read.side, {name: measure.value for name, measure in read.measures.items()}


@pytest.mark.parametrize("seed", range(12))
def test_known_feet(seed: int) -> None:
    random = np.random.default_rng(seed)
    foot = varied(random)
    side, told = measured(foot, random)
    off = {name: told[name] - true for name, true in truth(foot).items()}
    assert side == foot.side
    assert not {name: by for name, by in off.items() if abs(by) > LIMITS[name]}


def main(many: int) -> int:
    """Print how far each measure is off over many feet; 1 where one is too far."""
    off: dict[str, list[float]] = {name: [] for name in LIMITS}
    wrong = 0
    for seed in range(many):
        random = np.random.default_rng(seed)
        foot = varied(random)
        side, told = measured(foot, random)
        wrong += side != foot.side
        for name, true in truth(foot).items():
            off[name].append(told[name] - true)
    sys.stdout.write(f"{many} feet, vertex noise {NOISE} mm: {wrong} taken for the other side\n")
    for name, by in off.items():
        sys.stdout.write(
            f"{name:14} mean {np.mean(by):+.2f}, sd {np.std(by):.2f}, worst {np.abs(by).max():.2f} of {LIMITS[name]}\n"
        )
    return int(wrong > 0 or any(np.abs(by).max() > LIMITS[name] for name, by in off.items()))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
