"""The charts that come with the phone case, against CAD: fresh random orders, each body drawn exactly and compared.

uv run python -m tests.acceptance.test_charts 200                          # as many as you like
uv run python -m tests.acceptance.test_charts 200 --phone google-pixel-6   # all choices and processes, of charts that were compiled
"""

from __future__ import annotations

import argparse
import functools
import itertools
import pathlib
from collections.abc import Iterator, Sequence

import numpy as np

from engine.compiling.drawing import Orders
from engine.doors import cad_exact
from engine.language.charted import from_chart
from engine.language.stages import CadStage
from engine.language.template import Home, Run, Template
from engine.model.places import charts_folder
from kernels import nearest
from templates.phone_case import PhoneCase

SEED = 20
VARIED = ("lip", "grip")
"""What the stock's charts leave free."""
NODES = 400
"""So many nodes of each body are measured to the exact B-rep."""
NEAR_MM, FAR_MM = 0.01, 0.03
CHORD_MM = 0.1
NOWHERE = pathlib.Path("/nonexistent")


def orders(count: int, seed: int) -> list[Template]:
    """Fresh Sobol orders for the default phone that the rules take and a chart covers, their stages not yet run."""
    from engine.sweep import sobol

    known = Orders(PhoneCase)
    axes = {a.name: a for a in known.axes}
    found: list[Template] = []
    for point in sobol.points(50 * count, len(VARIED), seed):
        template = known.template({name: axes[name].at(u) for name, u in zip(VARIED, point, strict=True)})
        if template is None:
            continue
        run = template.run
        template = PhoneCase(Run(PhoneCase, run.values, run.origins, run.process, home=Home(None, NOWHERE)))
        if from_chart(stage(), template) is not None:
            found.append(template)
        if len(found) == count:
            break
    return found


def orders_of(phones: Sequence[str], count: int, seed: int) -> Iterator[Template]:
    """Fresh random orders of these phones, anything else about them any value, that a chart of this installation covers."""
    from benchmarks import mixed

    known = Orders(PhoneCase)
    home = Home(None, charts_folder())
    for changes in mixed.drawn(known, 2 * count, seed, phones, mixed.Told()):
        template = known.template(changes)
        assert template is not None
        template.run.home = home
        if from_chart(stage(), template) is not None:
            yield template


def stage() -> CadStage:
    shell = PhoneCase.stages["shell"]
    assert isinstance(shell, CadStage)
    return shell


def measured(template: Template) -> dict[str, float]:
    """mm: the largest and rms distance of its chart's nodes to the exact B-rep, the share within 10 um, the B-rep to the mesh, and the
    volume's difference to CAD's own mesh, relative."""
    made = from_chart(stage(), template)
    assert made is not None
    mesh = made.solid.mesh
    places = mesh.points[:: max(1, len(mesh.points) // NODES)]
    exact = stage().in_child(template, functools.partial(cad_exact.exact, points=places, spacing_mm=2.0))
    a, b, c = (mesh.points[mesh.faces[:, k]] for k in range(3))
    volume = float((a * np.cross(b, c)).sum()) / 6.0
    back = nearest.distances(mesh.points, mesh.faces, exact.samples)
    return {
        "max": float(exact.away.max()),
        "rms": float(np.sqrt((exact.away**2).mean())),
        "within": float((exact.away <= NEAR_MM).mean()),
        "back": float(back.max()),
        "volume": abs(volume / exact.built.volume_mm3 - 1.0),
    }


def wrong(told: dict[str, float]) -> list[str]:
    """What a certificate does not allow."""
    limits = {"max": FAR_MM, "back": CHORD_MM, "volume": 1e-3}
    found = [f"{name} {told[name]:.4f} over {limit}" for name, limit in limits.items() if not told[name] <= limit]
    return found + ([f"only {told['within']:.2%} within 10 um"] if told["within"] < 0.99 else [])


def test_twenty_fresh_orders_keep_to_the_certificate() -> None:
    some = orders(20, SEED)
    assert len(some) == 20
    found = [measured(template) for template in some]
    assert [w for told in found for w in wrong(told)] == []
    assert max(told["max"] for told in found) < 0.001


def test_a_body_that_is_another_is_told() -> None:
    one, other = orders(2, SEED + 1)
    body = from_chart(stage(), one)
    assert body is not None
    places = body.solid.mesh.points[::20]
    away = stage().in_child(other, functools.partial(cad_exact.exact, points=places)).away
    assert wrong({"max": float(away.max()), "within": 1.0, "back": 0.0, "volume": 0.0})


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 where all bodies keep to what a certificate allows."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.test_charts")
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--phone", action="append", default=[])
    given = parser.parse_args(arguments)
    fresh = orders_of(given.phone, given.count, given.seed) if given.phone else iter(orders(given.count, given.seed))
    told = [measured(template) for template in itertools.islice(fresh, given.count)]
    if len(told) < given.count:
        print(f"only {len(told)} of {given.count} orders lie within charts")
        return 1
    print(
        f"seed {given.seed}: {len(told)} bodies; nodes to B-rep at most {1000 * max(t['max'] for t in told):.2f} um,", end=" "
    )
    print(
        f"rms {1000 * max(t['rms'] for t in told):.3f} um; B-rep to mesh {1000 * max(t['back'] for t in told):.0f} um;", end=" "
    )
    print(f"within 10 um at least {100 * min(t['within'] for t in told):.1f} %;", end=" ")
    print(f"volume within {100 * max(t['volume'] for t in told):.4f} %")
    bad = [what for t in told for what in wrong(t)]
    print("\n".join(bad) if bad else "all keep to the certificate")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
