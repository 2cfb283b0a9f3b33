"""The insole's fast path against its truth, a solid that OCCT draws from the same numbers.

`uv run python -m tests.acceptance.test_insole_truth 50` measures that many random prescriptions; tests measure five.
"""

from __future__ import annotations

import sys

import numpy as np
import pytest

from engine import truth
from engine.errors import TemplateError
from engine.model.mesh import Mesh
from templates.insole import Insole
from tests.insoles import prescriptions

P99_MM = 0.02
SEED = 8
POINTS = 8000


@pytest.mark.parametrize("parameters", [*prescriptions(5, SEED)], ids=lambda told: told["left_extent"])
def test_the_fast_path_is_the_truth(parameters: dict[str, object]) -> None:
    found = truth.distance(Insole, "left_shell", parameters, spacing_mm=1.5, points=POINTS)
    assert found.to_brep.p99_mm <= P99_MM and found.to_mesh.p99_mm <= P99_MM, found
    assert abs(found.volume_difference_mm3) < 0.0005 * found.brep_volume_mm3


def test_a_bed_that_is_a_tenth_too_high_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    (parameters,) = prescriptions(1, SEED)
    made = truth._only_mesh

    def raised(template: object, stage: object, result: object) -> Mesh:
        mesh = made(template, stage, result)  # type: ignore[arg-type]  # as it is called
        return Mesh(np.where(mesh.points[:, 2:] > 2.5, mesh.points + (0.0, 0.0, 0.1), mesh.points), mesh.faces)

    monkeypatch.setattr(truth, "_only_mesh", raised)
    found = truth.distance(
        Insole, "left_shell", parameters, spacing_mm=3.0, points=POINTS // 40
    )  # OCCT is slow where none is near
    assert found.to_brep.p99_mm > 2 * P99_MM and found.to_mesh.p99_mm > 2 * P99_MM


class Borrowed(Insole):
    """Its truth takes the fast path's own points."""

    @Insole.stages["left_cad"].__class__
    def left_cad(self, cq: object) -> object:
        """Drawn from the fast stage."""
        return self._truth(cq, "left") if self.left_shell() else None


def test_a_truth_that_borrows_the_fast_path_is_refused() -> None:
    with pytest.raises(TemplateError, match="built from the arrays"):
        truth.distance(Borrowed, "left_shell", {"feet": "left"}, spacing_mm=2.0)


def main(count: int) -> int:
    bad = 0
    for k, parameters in enumerate(prescriptions(count, SEED)):
        found = truth.distance(Insole, "left_shell", parameters, spacing_mm=1.5, points=POINTS, deadline=900.0)
        off = max(found.to_brep.p99_mm, found.to_mesh.p99_mm) > P99_MM
        bad += off
        print(
            f"{k:3} {'OVER ' if off else ''}{1000 * found.to_brep.p99_mm:.1f} and {1000 * found.to_mesh.p99_mm:.1f} um: {found}"
        )
    print(f"{count} insoles (seed {SEED}), {bad} with more than {1000 * P99_MM:g} um at 99 %")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
