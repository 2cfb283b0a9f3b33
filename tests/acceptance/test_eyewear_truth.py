"""Front and temples of eyewear against their truth, the solids that OCCT draws from the same numbers.

`uv run python -m tests.acceptance.test_eyewear_truth 50` measures that many random frames; tests measure five fronts and a temple.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from engine import truth
from engine.model.mesh import Mesh
from engine.model.order import Measurement, Order
from templates.eyewear import Eyewear
from templates.eyewear.fields import BRIDGES, SHAPES

P99_MM = 0.02
SEED = 9
POINTS = 2500


def frames(count: int, seed: int) -> list[Order]:
    """Random faces in every shape and bridge, fitted."""
    rng = np.random.default_rng(seed)
    made = []
    for k in range(count):
        pd = float(rng.uniform(55.0, 71.0))
        measures = {"pd": pd, "face_width": pd / rng.uniform(0.43, 0.47), "nose_width": float(rng.uniform(14.0, 24.0))}
        told = {name: Measurement(value, "mm") for name, value in measures.items()}
        parameters: Mapping[str, Any] = {
            "shape": [*SHAPES][k % len(SHAPES)],
            "bridge": [*BRIDGES][k % len(BRIDGES)],
            "wrap": float(rng.integers(4, 25)) / 2.0,
            "base": float(rng.integers(8, 21)) / 4.0,
        }
        made.append(Order("eyewear", parameters=parameters, measurements=told))
    return made


def measured(order: Order, stage: str = "front", points: int = POINTS) -> truth.Deviation:
    return truth.distance(Eyewear, stage, order, spacing_mm=2.5, points=points, deadline=900.0)


@pytest.mark.parametrize(
    "order", frames(5, SEED), ids=lambda order: f"{order.parameters['shape']} {order.parameters['bridge']}"
)
def test_the_front_is_its_truth(order: Order) -> None:
    found = measured(order)
    assert found.to_brep.p99_mm <= P99_MM and found.to_mesh.p99_mm <= P99_MM, found
    assert abs(found.volume_difference_mm3) < 0.001 * found.brep_volume_mm3


def test_a_temple_is_its_truth() -> None:
    found = measured(frames(1, SEED)[0], "right_bare")
    assert found.to_brep.p99_mm <= P99_MM and found.to_mesh.p99_mm <= P99_MM, found


def test_a_temple_that_is_bent_to_another_radius_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    made = truth._only_mesh

    def flatter(template: object, stage: object, result: object) -> Mesh:
        mesh = made(template, stage, result)  # type: ignore[arg-type]  # as it is called
        return Mesh(mesh.points * (1.0, 1.0, 0.98), mesh.faces)

    monkeypatch.setattr(truth, "_only_mesh", flatter)
    found = measured(frames(1, SEED)[0], "left_bare", 200)
    assert found.to_brep.p99_mm > 2 * P99_MM and found.to_mesh.p99_mm > 2 * P99_MM


def main(count: int) -> int:
    bad = 0
    for k, order in enumerate(frames(count, SEED)):
        for stage in ("front", "left_bare", "right_bare"):
            found = measured(order, stage)
            off = max(found.to_brep.p99_mm, found.to_mesh.p99_mm) > P99_MM
            bad += off
            print(
                f"{k:3} {'OVER ' if off else ''}{1000 * found.to_brep.p99_mm:.1f} and {1000 * found.to_mesh.p99_mm:.1f} um: {found}",
                flush=True,
            )
    print(f"{count} frames (seed {SEED}), {bad} bodies with more than {1000 * P99_MM:g} um at 99 %")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
