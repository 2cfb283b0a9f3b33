"""The certificate: a chart against bodies that it has not seen, drawn by CAD for this alone."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.chart.chart import Chart
from engine.chart.form import decoded
from engine.compiling.charting import TOLERANCE_FIT_MM, WORST_MM, Charting
from engine.compiling.choosing import ranked
from engine.compiling.coarse import Turning
from engine.compiling.crew import Undrawn
from engine.compiling.draughting import solid_of
from engine.compiling.outcome import Made
from engine.doors.cad import ANGLE_DEGREES, TOLERANCE_MM
from engine.model.mesh import STEPS_PER_MM, Mesh, Part, Pose, Settled

Floats = npt.NDArray[np.float64]

SPACING_MM = 1.0
AMONG = 60
"""Of so many bodies, beside those at a chart's ends, it is told from their meshes how coarse they are."""
LOOKED = 2
"""So many of them, the coarsest, are drawn and looked at."""
UNTOLD = ("missed", "coarse", "compared")
"""What a certificate has for who compiles, and no report."""


@dataclass
class Certificate:
    """What was found on `bodies` that no fit has seen. Lengths mm.

    `max_mm`, `rms_mm`, `within`: nodes of the mesh to where they are on the exact B-rep, and the share within 10 um. `to_brep_mm`:
    nodes to the B-rep's nearest point; `to_mesh_mm`: the B-rep to the mesh, its chord error included, and `own_to_mesh_mm`: the same to
    CAD's own mesh of that body (all three on one body only, of the LOOKED coarsest the one that exceeds most).
    `volume`: the largest relative difference to the volume of CAD's own mesh. `worst`: nodes that miss most, and where they lie.
    """

    faces: int
    bodies: int = 0
    covered: int = 0
    max_mm: float = 0.0
    rms_mm: float = 0.0
    within: float = 1.0
    to_brep_mm: float | None = None
    to_mesh_mm: float | None = None
    to_mesh_rms_mm: float | None = None
    own_to_mesh_mm: float | None = None
    volume: float = 0.0
    worst: list[dict[str, Any]] = field(default_factory=list)
    why: str = ""
    coarse: bool = False
    """Whether it does not hold because its triangles are too coarse somewhere, and for that alone."""
    compared: list[int] = field(default_factory=list, repr=False)
    """Orders of its region that it was compared on."""
    missed: npt.NDArray[np.int32] | None = field(default=None, repr=False)
    """Faces of the chart's mesh with a corner that misses by more than 10 um, of the worst body."""

    @property
    def holds(self) -> bool:
        """Is it within tolerance on all of them?"""
        return not self.why

    def told(self) -> dict[str, Any]:
        """As a report has it."""
        return {name: value for name, value in vars(self).items() if name not in UNTOLD} | {"holds": self.holds}


def certify(charting: Charting, made: Made, bodies: int, seed: int) -> Certificate:
    """Draw `bodies` orders of its region that its fit has not seen, and compare; and the coarsest of those at its ends and between,
    whose surfaces are looked at, too. 0 `bodies`: nothing is compared."""
    chart = Chart.of(decoded(made.data))
    told = Certificate(len(chart.faces))
    unseen = [k for k in range(len(made.orders.changes)) if k not in set(made.rows)]
    covered = [k for k in unseen if chart.covers(made.orders.values[k].tolist())]
    told.covered = len(covered) + len(made.rows)
    rank = ranked(made.orders.values, seed + 7)
    covered.sort(key=lambda k: int(rank[k]))
    fresh = covered[:bodies]
    ends = _coarsest(made, chart, covered) if bodies else []
    told.compared = looked = [*fresh, *(k for k in ends if k not in fresh)]
    middle, beyond = float(chart.about["chord_mm"]), -math.inf
    squares, nodes, near = 0.0, 0, 0
    answers = charting.crew.each(looked, lambda k: _measured(charting, made, chart, k, k in ends))
    for k, answer in zip(looked, answers, strict=True):
        if isinstance(answer, str):
            if not told.why:
                told.why = f"{answer} (at {made.orders.changes[k]})"
            continue
        away: Floats = answer["nodes"]
        if k in fresh:
            told.bodies += 1
            squares, nodes, near = (
                squares + float((away * away).sum()),
                nodes + len(away),
                near + int((away <= TOLERANCE_FIT_MM).sum()),
            )
        if float(away.max()) > told.max_mm:
            told.max_mm = float(away.max())
            told.worst = _worst(made, away)
            told.missed = np.flatnonzero((away > TOLERANCE_FIT_MM)[chart.faces].any(axis=1)).astype(np.int32)
        told.volume = max(told.volume, abs(answer["volume"] / answer["brep_volume"] - 1.0))
        if "to_brep" in answer:
            to_mesh, own = float(answer["to_mesh"].max()), float(answer["own_to_mesh"].max())
            if to_mesh - max(own, middle) > beyond:
                beyond = to_mesh - max(own, middle)
                told.to_brep_mm, told.to_mesh_mm, told.own_to_mesh_mm = float(answer["to_brep"].max()), to_mesh, own
                squared = float((answer["weights"] * answer["to_mesh"] ** 2).sum())
                told.to_mesh_rms_mm = math.sqrt(squared / float(answer["weights"].sum()))
    if nodes:
        told.rms_mm, told.within = math.sqrt(squares / nodes), near / nodes
    if not told.why and beyond > WORST_MM:
        # its triangles are those of the middle body: elsewhere its chords may be longer than CAD's own
        told.coarse = True
        told.why = (
            f"the B-rep is {told.to_mesh_mm:.3f} mm from the mesh, {told.own_to_mesh_mm:.3f} mm from CAD's own, "
            f"and {middle:.3f} mm in the chart's middle"
        )
    if not told.why and (told.max_mm > WORST_MM or told.within < 0.99):
        told.why = f"nodes miss by up to {1000.0 * told.max_mm:.1f} um, {100.0 * told.within:.2f} % are within 10 um"
    return told


def _coarsest(made: Made, chart: Chart, covered: list[int]) -> list[int]:
    """The orders whose bodies' triangles turn away farthest from the surface that they stand for, by their meshes, which the chart gives:
    of those that lie farthest along each number, and some in between. Of those alike to a micrometre the farthest from the middle."""
    rows = [*covered, *made.rows]
    z = made.axes.z(made.orders.values[rows])
    ends = {rows[int(pick(z[:, at]))] for at in range(z.shape[1]) for pick in (np.argmin, np.argmax)}
    turning = Turning(made.reference["net"]["triangles"], made.reference["net"]["owner"])
    looked = sorted({*ends, *covered[:AMONG], *made.rows[:1]})
    bodies = zip(looked, chart.at_all(made.orders.values[looked]), strict=True)
    sizes = {k: turning.sagitta(body.mesh.points) for k, body in bodies if body is not None}
    away = dict(zip(rows, np.abs(z).max(axis=1, initial=0.0).tolist(), strict=True))
    return sorted(sizes, key=lambda k: (-round(sizes[k], 3), -away[k], k))[:LOOKED]


def picture(made: Made, told: Certificate) -> bytes:
    """A PNG of the chart's middle body, the faces red and ringed that miss by more than 10 um."""
    from engine.export import marked

    mesh = Mesh(made.reference["points"], made.reference["net"]["triangles"])
    part = Part("body", mesh)
    settled = Settled(part, Pose(), np.rint(mesh.points * STEPS_PER_MM).astype(np.int32), mesh.faces)
    missed = () if told.missed is None else tuple(told.missed.tolist())
    return marked.picture([settled], {"body": [missed]} if missed else {})


def _measured(charting: Charting, made: Made, chart: Chart, k: int, both: bool) -> dict[str, Any] | str:
    values = made.orders.values[k]
    charted, drawn = chart.at(values.tolist()), charting.bodies.body(made.orders.changes[k])
    if charted is None:
        return "a face has no area"
    if isinstance(drawn, Undrawn):
        return str(drawn)
    lattice = np.rint(charted.mesh.points * STEPS_PER_MM).astype(np.int32)
    reference = {"map": made.reference["map"], "net": made.reference["net"]}
    try:
        told: dict[str, Any] = charting.crew.ask(
            "solids:measure",
            solid_of(drawn),
            reference,
            made.predicted(values),
            lattice,
            SPACING_MM if both else None,
            TOLERANCE_MM,
            np.radians(ANGLE_DEGREES).item(),
        )
    except Undrawn as failed:
        return str(failed)
    return str(told["other"]) if "other" in told else told


def _worst(made: Made, away: Floats) -> list[dict[str, Any]]:
    """The faces of the B-rep on which nodes miss most."""
    triangles, owner = made.reference["net"]["triangles"], made.reference["net"]["owner"]
    bad = np.flatnonzero(away > TOLERANCE_FIT_MM)
    if not len(bad):
        bad = np.array([int(np.argmax(away))])
    found: Counter[int] = Counter()
    for node in bad.tolist():
        for face in set(owner[(triangles == node).any(axis=1)].tolist()):
            found[int(face)] += 1
    made_ = []
    for face, count in sorted(found.items(), key=lambda item: (-item[1], item[0]))[:5]:
        nodes = np.unique(triangles[owner == face])
        node = int(nodes[np.argmax(away[nodes])])
        at = [round(float(x), 2) for x in made.reference["points"][node]]
        made_.append({"face": face, "nodes": count, "max_um": round(1000.0 * float(away[node]), 2), "at": at})
    return made_
