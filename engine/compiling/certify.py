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
from engine.compiling.charting import TOLERANCE_FIT_MM, WORST_MM, Asked, Made
from engine.compiling.choosing import mixed
from engine.compiling.crew import Crew, Undrawn
from engine.doors.cad import ANGLE_DEGREES, TOLERANCE_MM
from engine.model.mesh import STEPS_PER_MM, Mesh, Part, Pose, Settled

Floats = npt.NDArray[np.float64]

SPACING_MM = 1.0


@dataclass
class Certificate:
    """What was found on `bodies` that no fit has seen. Lengths mm.

    `max_mm`, `rms_mm`, `within`: nodes of the mesh to where they are on the exact B-rep, and the share within 10 um. `to_brep_mm`:
    nodes to the B-rep's nearest point; `to_mesh_mm`: the B-rep to the mesh, its chord error included, and `own_to_mesh_mm`: the same to
    CAD's own mesh of that body (all three on one body only, the farthest from the chart's middle).
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
    row: int | None = None
    """An order of its region on which it does not hold."""
    missed: npt.NDArray[np.int32] | None = field(default=None, repr=False)
    """Faces of the chart's mesh with a corner that misses by more than 10 um, of the worst body."""

    @property
    def holds(self) -> bool:
        """Is it within tolerance on all of them?"""
        return not self.why

    def told(self) -> dict[str, Any]:
        """As a report has it."""
        return {name: value for name, value in vars(self).items() if name not in ("missed", "row")} | {"holds": self.holds}


def certify(crew: Crew, asked: Asked, made: Made, bodies: int, seed: int) -> Certificate:
    """Draw `bodies` orders of its region that were not drawn for it, and compare."""
    chart = Chart.of(decoded(made.data))
    told = Certificate(len(chart.faces))
    unseen = [k for k in range(len(made.orders.changes)) if k not in set(made.rows)]
    covered = [k for k in unseen if chart.covers(made.orders.values[k].tolist())]
    told.covered = len(covered) + len(made.rows)
    chosen = mixed(covered, seed + 7)[:bodies]
    fresh = bool(chosen)
    if made.halved and not fresh:  # it is there because triangles were too long: what was drawn for it tells that as well
        chosen = list(made.rows)
    chosen.sort(
        key=lambda k: -float(np.abs(made.axes.z(made.orders.values[k][None])).max(initial=0.0))
    )  # the farthest is looked at closest
    chosen = chosen if fresh else chosen[:1]
    squares, nodes, near, worst = 0.0, 0, 0, None
    answers = crew.each(list(enumerate(chosen)), lambda one: _measured(crew, asked, made, chart, one[1], one[0] == 0))
    for k, answer in zip(chosen, answers, strict=True):
        if isinstance(answer, str):
            if not told.why:
                told.why, told.row = f"{answer} (at {made.orders.changes[k]})", k
            continue
        away: Floats = answer["nodes"]
        told.bodies += fresh
        squares, nodes, near = (
            squares + float((away * away).sum()),
            nodes + len(away),
            near + int((away <= TOLERANCE_FIT_MM).sum()),
        )
        if float(away.max()) > told.max_mm:
            told.max_mm, worst = float(away.max()), k
            told.worst = _worst(made, away)
            told.missed = np.flatnonzero((away > TOLERANCE_FIT_MM)[chart.faces].any(axis=1)).astype(np.int32)
        told.volume = max(told.volume, abs(answer["volume"] / answer["brep_volume"] - 1.0))
        if "to_brep" in answer:
            told.to_brep_mm = float(answer["to_brep"].max())
            told.to_mesh_mm = float(answer["to_mesh"].max())
            told.own_to_mesh_mm = float(answer["own_to_mesh"].max())
            told.to_mesh_rms_mm = math.sqrt(float((answer["weights"] * answer["to_mesh"] ** 2).sum() / answer["weights"].sum()))
    if nodes:
        told.rms_mm, told.within = math.sqrt(squares / nodes), near / nodes
    to_mesh, own, middle = told.to_mesh_mm, told.own_to_mesh_mm, float(chart.about["chord_mm"])
    if not told.why and to_mesh is not None and own is not None and to_mesh > max(own, middle) + WORST_MM:
        # its triangles are those of the middle body: elsewhere its chords may be longer than CAD's own
        told.row = chosen[0]
        told.why = f"the B-rep is {to_mesh:.3f} mm from the mesh, {own:.3f} mm from CAD's own, and {middle:.3f} mm in the chart's middle"
    if not told.why and (told.max_mm > WORST_MM or told.within < 0.99):
        told.row = worst
        told.why = f"nodes miss by up to {1000.0 * told.max_mm:.1f} um, {100.0 * told.within:.2f} % are within 10 um"
    return told


def picture(made: Made, told: Certificate) -> bytes:
    """A PNG of the chart's middle body, the faces red and ringed that miss by more than 10 um."""
    from engine.export import marked

    mesh = Mesh(made.reference["points"], made.reference["net"]["triangles"])
    part = Part("body", mesh)
    settled = Settled(part, Pose(), np.rint(mesh.points * STEPS_PER_MM).astype(np.int32), mesh.faces)
    missed = () if told.missed is None else tuple(told.missed.tolist())
    return marked.picture([settled], {"body": [missed]} if missed else {})


def _measured(crew: Crew, asked: Asked, made: Made, chart: Chart, k: int, both: bool) -> dict[str, Any] | str:
    values = made.orders.values[k]
    body = chart.at(values.tolist())
    if body is None:
        return "a face has no area"
    lattice = np.rint(body.mesh.points * STEPS_PER_MM).astype(np.int32)
    reference = {"map": made.reference["map"], "net": made.reference["net"]}
    try:
        told: dict[str, Any] = crew.ask(
            "measure",
            asked.stage,
            asked.inputs,
            made.orders.changes[k],
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
