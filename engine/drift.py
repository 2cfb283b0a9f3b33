"""Is a chart still right? A body that one made is drawn by CAD once more, afterwards, and both are compared.

    bodies = charted(product, cls, home, stages)      # where the product was made: what to look at, as plain values
    looked = look(cls, bodies[0], home, deadline=60)   # somewhere else, later: how far apart they are

The certificate holds for bodies that were drawn when the chart was compiled. This asks of those that ship: of a chart that was
certified too generously, that changed on the disk and has its hash all the same, or that this machine evaluates otherwise.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from engine.doors import cad_exact
from engine.doors import cad_lattice as lat
from engine.doors.cad import TOLERANCE_MM
from engine.errors import UnikatError
from engine.language.charted import OF_CHART, Charted, from_chart
from engine.language.shelf import code_hash
from engine.language.stages import CadStage
from engine.language.template import Home, Run, Template
from engine.model.drift import NODES_MM, PLAIN, Body, Looked
from engine.model.mesh import STEPS_PER_MM, Mesh, Patch
from engine.model.order import Product
from engine.process.limits import load_process
from kernels import nearest

SPACING_MM = 1.0
"""How densely the B-rep is sampled."""


class Unseen(UnikatError):
    """The body could not be looked at: this installation has another chart now, or no such stage."""


def chosen(artifacts: Mapping[str, str], models: Mapping[str, str], every: int) -> list[str]:
    """The @cad stages whose bodies, made by charts, are to be looked at: one in `every`; none where that is 0.

    Lots are drawn by a digest of the body's `artifact` and of the product's `models` (file -> sha256): the same order is chosen
    wherever and whenever it is made, and a body that many units share is more likely to be chosen than one that is unique.
    """
    stages = [name.removesuffix(OF_CHART) for name in artifacts if name.endswith(OF_CHART)]
    return [s for s in stages if every and _lot(artifacts[s], models) % every == 0]


def _lot(artifact: str, models: Mapping[str, str]) -> int:
    told = "\0".join([artifact, *(f"{name}={models[name]}" for name in sorted(models))])
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:8])


def charted(product: Product, cls: type[Template], home: Home, stages: Sequence[str]) -> list[Body]:
    """What `look` must know of these stages of a product that was just made with that home."""
    run = Run(cls, product.values, product.origins, product.process.flat(), home=home, code_hash=code_hash(cls))
    template = cls(run)
    plain = {name: value for name, value in product.values.items() if isinstance(value, PLAIN) and not run.of_a_person((name,))}
    about = (product.process.key, product.process.machine.key, plain)
    found = []
    for stage in stages:
        solid = getattr(template, stage)()
        if run.done[stage].personal:  # fitted to a person: that goes nowhere
            continue
        artifact, chart = run.artifacts[stage], run.artifacts.get(f"{stage}{OF_CHART}")
        if chart is not None:
            found.append(Body(cls.key, cls.version, stage, chart, artifact, _digest(solid.mesh), *about))
    return found


def _digest(mesh: Mesh) -> str:
    return hashlib.sha256(mesh.points.astype("<f8").tobytes() + mesh.faces.astype("<i4").tobytes()).hexdigest()


def look(cls: type[Template], body: Body, home: Home, *, deadline: float) -> Looked:
    """Draw the body by CAD, within `deadline` seconds, and measure. `home`: where the charts are.

    Method: as `engine.truth.distance`, from the vertices one way and from points on the exact faces the other. A flat face that lies
    too far inside leaves its vertices on its neighbours, within the chord error that a mesh may have: so each corner of the B-rep is
    looked for among the vertices, too. The volume may differ by the area times what a vertex may miss by and the chord error that is
    asked of CAD.

    Unseen: there is nothing to compare. TemplateError, CadInvalid, EnvironmentFault: CAD gives no body, or is not there.
    """
    stage = cls.stages.get(body.stage)
    if not isinstance(stage, CadStage):
        raise Unseen("the template has no such @cad stage")
    process = load_process(body.process, body.machine)
    template = cls(Run(cls, body.values, {}, process.flat(), home=home, cad_deadline=deadline))
    made = _again(stage, template)
    if made is None or made.artifact != body.artifact:
        raise Unseen("the chart that made it is not the one that is here now")
    mesh = made.solid.mesh
    exact = stage.in_child(template, functools.partial(cad_exact.exact, points=mesh.points, spacing_mm=SPACING_MM))
    drawn = exact.built
    to_mesh, chord = (nearest.distances(m.points, m.faces, exact.samples) for m in (mesh, drawn.mesh))
    return Looked(
        to_brep_mm=float(exact.away.max()),
        to_mesh_mm=float(to_mesh.max()),
        chord_mm=float(chord.max()),
        corners_mm=_missed(exact, mesh),
        tags_mm=_apart(made.solid.patches, drawn.patches, float(np.abs(mesh.points).max())),
        volume_mm3=lat.volume(lat.rounded(mesh.points), mesh.faces) - drawn.volume_mm3,
        allowed_mm3=_area(mesh) * (NODES_MM + TOLERANCE_MM),
        same=_digest(mesh) == body.mesh,
    )


def _again(stage: CadStage, template: Template) -> Charted | None:
    with template.run.tracing(stage.name):
        return from_chart(stage, template)


def _missed(exact: cad_exact.Exact, mesh: Mesh) -> float:
    """The largest distance from a corner of the B-rep to the nearest vertex of the mesh, mm. A corner is where the triangulations of
    three faces have a node: the samples that stand for no area are those nodes."""
    nodes, count = np.unique(lat.rounded(exact.samples[exact.weights == 0.0]), axis=0, return_counts=True)
    corners = nodes[count >= 3] / STEPS_PER_MM
    return math.sqrt(max((float(((mesh.points - corner) ** 2).sum(axis=1).min()) for corner in corners), default=0.0))


def _apart(one: Mapping[str, Patch], other: Mapping[str, Patch], reach: float) -> float:
    """By how much the frames and surfaces of two bodies' tags differ, mm; of a plane also at `reach` mm from its origin."""
    if one.keys() != other.keys():
        return math.inf
    found = 0.0
    for name in one:
        a, b = _numbers(one[name], reach), _numbers(other[name], reach)
        found = max(found, float(np.abs(a - b).max()) if a.shape == b.shape else math.inf)
    return found


def _numbers(patch: Patch, reach: float) -> npt.NDArray[np.float64]:
    if patch.plane is not None:
        plane = patch.plane
        return np.array([plane.origin, *(np.array(plane.origin) + reach * np.array(way) for way in (plane.x, plane.y))])
    assert patch.surface is not None
    return np.concatenate([patch.surface.pieces.reshape(-1), patch.surface.net.reshape(-1)])


def _area(mesh: Mesh) -> float:
    a, b, c = (mesh.points[mesh.faces[:, k]] for k in range(3))
    cross: npt.NDArray[np.float64] = np.cross(b - a, c - a)
    return float(0.5 * np.sqrt((cross**2).sum(axis=1)).sum())
