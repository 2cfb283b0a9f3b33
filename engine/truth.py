"""The exact B-rep that a mesh stands for: how far a fast stage is from its `truth`, and STEP of what ships.

A designer's test, for a template whose `front` is declared with `@stage(truth="front_cad")`:

    from engine.truth import distance

    def test_the_fast_front_is_the_drawn_one() -> None:
        told = distance(Eyewear, "front", {"lens_width": 52})
        assert told.worst_mm <= 0.05, told
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.doors import cad_exact
from engine.doors import cad_lattice as lat
from engine.errors import EngineFault, OrderError, TemplateError
from engine.export.identity import Identity
from engine.export.step import write as write_step
from engine.language.charted import OF_CHART, from_chart
from engine.language.inputs import NO_FILES, Files, Inputs, check_there
from engine.language.judge import run_fits
from engine.language.orders import accept
from engine.language.stages import CadStage, Stage
from engine.language.template import Home, Run, Template
from engine.language.values import Solid
from engine.model.mesh import STEPS_PER_MM, Mesh, Part, Points
from engine.model.order import Order
from engine.model.stamped import Placed
from engine.process.limits import load_process
from engine.shape.replay import Replayed, replay
from kernels import nearest

UNSEEN = 1.5
"""A certificate holds a chart's triangles to CAD's chords on the bodies that it looks at. Of another body they may be the wrong diagonals
(measured: 0.130 mm against 0.083, on a ring's edge of radius 0.45); its points are held to CHARTED_MM all the same."""
FARTHEST_MM = 0.1
"""A mesh farther than this from its stage's truth, either way, is another shape: no STEP of it is written."""
CHARTED_MM = 0.03
"""What a chart is certified to keep within at its points."""
STEP_SPACING_MM = 1.0
"""How densely the B-rep is sampled where STEP is written of a truth."""
_ALLOWED = "a product as its @cad stage drew it, with stamps on its flat faces"


@dataclass(frozen=True)
class OneWay:
    """Distances from one surface to the other: the largest, what 99 % of the area keeps within, and the root mean square, mm; where
    the largest is (mm), and of how many points."""

    max_mm: float
    p99_mm: float
    rms_mm: float
    at: tuple[float, float, float]
    points: int

    def __str__(self) -> str:
        where = ", ".join(f"{x:.2f}" for x in self.at)
        return f"at most {self.max_mm:.4f} mm (at {where}), 99 % within {self.p99_mm:.4f} mm, rms {self.rms_mm:.4f} mm over {self.points} points"


@dataclass(frozen=True)
class Deviation:
    """A fast stage's mesh against the B-rep of its truth; what `distance` measures. Lengths mm, volumes mm3.

    `to_brep` finds what the mesh has and the B-rep has not, `to_mesh` what the B-rep has and the mesh has not.
    """

    stage: str
    truth: str
    to_brep: OneWay
    to_mesh: OneWay
    mesh_volume_mm3: float
    brep_volume_mm3: float

    @property
    def worst_mm(self) -> float:
        """The larger of both ways (an estimate of the Hausdorff distance, from below)."""
        return max(self.to_brep.max_mm, self.to_mesh.max_mm)

    @property
    def volume_difference_mm3(self) -> float:
        """The mesh's volume less the B-rep's."""
        return self.mesh_volume_mm3 - self.brep_volume_mm3

    def __str__(self) -> str:
        return (
            f"{self.stage} to {self.truth}: {self.to_brep}; {self.truth} to {self.stage}: {self.to_mesh}; "
            f"volume {self.volume_difference_mm3:+.3f} mm3 of {self.brep_volume_mm3:.3f}"
        )


def distance(
    cls: type[Template],
    stage: str,
    order: Order | Mapping[str, Any] | None = None,
    *,
    process: str | None = None,
    spacing_mm: float = 0.5,
    points: int | None = None,
    deadline: float = 120.0,
    inputs: Files = NO_FILES,
) -> Deviation:
    """Run a fast stage and the @cad stage that is its `truth` on the same order, and measure how far apart they are.

    `order`: parameters, or a whole Order; `process`: a key (else the order's, else the template's own). Fits run, rules do not.
    `points`: about so many vertices and faces of the mesh are measured, evenly among them; None: all.
    `inputs`: the bytes of the files that the order names, by their sha256.

    Method. Mesh to B-rep: from every vertex and every face's middle, OCCT's extrema (BRepExtrema_DistShapeShape) to the exact trimmed
    faces, in the CAD child; the rms weighs a middle by its face's area, a vertex by a third of its faces'. B-rep to mesh: from points
    evaluated on the exact surfaces, one or more for each spacing_mm^2 and each spacing_mm of a triangle's length, and from the nodes of OCCT's triangulation (chord error
    0.02 mm), to the nearest triangle; the rms is weighted by area. Both maxima are over points, so they are bounds from below: a
    feature smaller than the mesh's faces and than `spacing_mm` without a vertex of its own may be missed. The B-rep's volume is that
    of its triangulation on the lattice (OCCT's own integral is 4 % off on some valid splines), so it is good to that chord error
    times the area of what is curved. The distance is unsigned and says nothing of inside and outside: the volumes do.

    TemplateError, naming the stage: it has no truth, or gives no single body, or its truth is built from its own arrays. Nothing
    else can be told of a truth's independence: code that both call, and that is no stage, is for the designer to keep apart.
    """
    fast = cls.stages.get(stage)
    if fast is None or fast.truth is None:
        why = "is no stage of this template" if fast is None else "names no truth: declare it with @stage(truth=...)"
        raise TemplateError(cls.key, stage, why)
    told = order if isinstance(order, Order) else Order(cls.key, parameters=dict(order or {}))
    known = load_process(process or told.process or cls.default_process, told.machine)
    values, origins = accept(told, cls)
    check_there(told.inputs, inputs)
    home = Home()
    files = Inputs(inputs, home.readings, "")
    template = cls(Run(cls, values, origins, known.flat(), home=home, cad_deadline=deadline, inputs=files))
    run_fits(template)
    mesh = _only_mesh(template, fast, getattr(template, stage)())
    return _measured(template, fast, mesh, spacing_mm, most=points)[0]


def _measured(
    template: Template, fast: Stage, mesh: Mesh, spacing: float, *, most: int | None = None, **asked_too: Any
) -> tuple[Deviation, cad_exact.Exact]:
    """The deviation of what `fast` made from its truth, and all that was asked of the truth (`asked_too`: as of `cad_exact.exact`)."""
    truth = _truth(template, fast)
    corners = mesh.points[mesh.faces]
    middles = (corners[:, 0] + corners[:, 1] + corners[:, 2]) / 3.0
    places = np.concatenate([mesh.points, middles])
    rows = slice(None, None, 1 if most is None else max(1, len(places) // most))
    places = places[rows]
    ran = [s.name for s in template.run.stages if not isinstance(type(template).stages[s.name], CadStage)]
    asked = functools.partial(cad_exact.exact, points=places, spacing_mm=spacing, **asked_too)
    apart = [fast.name, *(n for n in ran if n != fast.name)] if truth is not fast else []
    exact = truth.in_child(template, asked, apart_from=apart)
    away = nearest.distances(mesh.points, mesh.faces, exact.samples)
    volume = lat.volume(lat.rounded(mesh.points), mesh.faces)
    to_brep = _one_way(exact.away, places, _shares(mesh)[rows])
    to_mesh = _one_way(away, exact.samples, exact.weights)
    return Deviation(fast.name, truth.name, to_brep, to_mesh, volume, exact.built.volume_mm3), exact


def _truth(template: Template, fast: Stage) -> CadStage:
    """The @cad stage that draws what `fast` made: its truth, or itself."""
    truth = fast if isinstance(fast, CadStage) else type(template).stages[str(fast.truth)]
    assert isinstance(truth, CadStage)  # the class was refused otherwise
    return truth


def _areas(mesh: Mesh) -> npt.NDArray[np.float64]:
    """Of each face, mm2."""
    a, b, c = (mesh.points[mesh.faces[:, k]] for k in range(3))
    cross = np.cross(b - a, c - a)
    areas: npt.NDArray[np.float64] = 0.5 * np.sqrt((cross**2).sum(axis=1))
    return areas


def _shares(mesh: Mesh) -> npt.NDArray[np.float64]:
    """The area that each vertex (a third of its faces) and each face's middle (its face) stands for, mm2."""
    areas = _areas(mesh)
    vertices = np.bincount(mesh.faces.reshape(-1), weights=np.repeat(areas / 3.0, 3), minlength=len(mesh.points))
    return np.concatenate([vertices, areas])


def _one_way(away: npt.NDArray[np.float64], places: Points, weights: npt.NDArray[np.float64]) -> OneWay:
    if not len(away):
        return OneWay(math.inf, math.inf, math.inf, (math.nan, math.nan, math.nan), 0)
    worst = int(np.argmax(away))
    x, y, z = (float(n) for n in places[worst])
    rms = math.sqrt(float((weights * away**2).sum()) / float(weights.sum()))
    order = np.argsort(away)
    p99 = float(away[order][int(np.searchsorted(np.cumsum(weights[order]), 0.99 * float(weights.sum())))])
    return OneWay(float(away[worst]), p99, rms, (x, y, z), len(away))


def _bodies(result: object) -> list[Solid | Part]:
    """What a stage returned: a solid, a part, or several."""
    if isinstance(result, Solid | Part):
        return [result]
    if isinstance(result, list | tuple):
        return [body for piece in result for body in _bodies(piece)]
    return []


def _only_mesh(template: Template, fast: Stage, result: object) -> Mesh:
    bodies = _bodies(result)
    if len(bodies) != 1:
        why = f"must return one solid or part, as its truth {fast.truth} draws one; it returned {len(bodies)}"
        raise TemplateError(type(template).key, fast.name, why)
    return bodies[0].mesh


def step_files(template: Template, parts: Sequence[Part], identity: Identity) -> dict[str, bytes]:
    """model.step, or model-<part>.step where there are several: the exact B-rep of each part, as drawn (no pose), in mm.

    A part has one where its mesh is what a @cad stage gave (a chart's, whose points keep within CHARTED_MM of it, too), or what a stage
    with a truth gave that keeps within FARTHEST_MM of it; or any of these with stamps on its flat faces. Stamps are done again on the mesh that they began with, which must give the one that ships,
    and then on the exact faces, without a Boolean (`engine.doors.cad_stamp`). The volume is looked at as `_must_weigh` says.
    What CAD drew is drawn again, and must come out as the mesh that ships. `template` must have run its stages in this very order.

    OrderError for `formats`: a part has none. TemplateError: a truth is another shape. EngineFault: a body came out different, or a chart is off.
    """
    sources = [_source(template, part) for part in parts]
    files = {}
    for part, source in zip(parts, sources, strict=True):
        raw, remark = _exact(template, source, part)
        name = f"model-{part.name}.step" if len(parts) > 1 else "model.step"
        files[name] = write_step(raw, part.name, identity, remark)
    return files


@dataclass(frozen=True, eq=False)
class _Source:
    """The stage whose B-rep a part has, the mesh that it gave, and the stamps that made the part of it."""

    stage: Stage
    base: Mesh
    stamps: tuple[Placed, ...]


def _source(template: Template, part: Part) -> _Source:
    """A @cad stage before one with a truth. OrderError where there is none."""
    stages = [s for n, s in type(template).stages.items() if n in template.run.done]
    for stage in sorted(stages, key=lambda s: not isinstance(s, CadStage)):
        if not isinstance(stage, CadStage) and stage.truth is None:
            continue
        for body in _bodies(template.run.done[stage.name].result):
            if not part.stamps[len(body.stamps) :] and _same(body.mesh, part.mesh):
                return _Source(stage, body.mesh, ())
            made = _again(body, part)
            if made is not None and made.curved is not None:
                why = f"there is no exact B-rep of {part.name}: only what is stamped on flat faces has one yet, and {made.curved} is curved"
                raise OrderError("formats", why, value="step", limit=_ALLOWED)
            if made is not None:
                return _Source(stage, body.mesh, made.placed)
    why = f"there is no exact B-rep of {part.name}: something else than stamps changed the triangles of what CAD drew"
    raise OrderError("formats", why, value="step", limit=_ALLOWED)


def _again(body: Solid | Part, part: Part) -> Replayed | None:
    """The part's stamps done again on a body that has the first of them, or none; None where that does not make the part."""
    count = len(body.stamps)
    if any(one is not two for one, two in zip(body.stamps, part.stamps, strict=False)) or len(part.stamps) <= count:
        return None
    made = replay(body.mesh, body.patches, part.stamps[count:])
    return made if made is not None and _same(made.mesh, part.mesh) else None


def _limit_mm(template: Template, stage: Stage) -> float:
    """How far what the stage gave may be from its B-rep, mm: 0 says that CAD made it, and that CAD, asked again, makes the same mesh.

    This alone decides which of the two a body must stand up to.
    """
    if not isinstance(stage, CadStage):
        return FARTHEST_MM
    return CHARTED_MM if f"{stage.name}{OF_CHART}" in template.run.artifacts else 0.0


def _exact(template: Template, source: _Source, part: Part) -> tuple[bytes, str]:
    """OCCT's STEP of a part, once it is seen to be that part's; and what is to be remarked of it."""
    stage, limit, remark, apart = source.stage, _limit_mm(template, source.stage), "", 0.0
    if limit == 0.0:
        exact = _truth(template, stage).in_child(template, functools.partial(cad_exact.exact, step=True, stamps=source.stamps))
        if not _same(exact.built.mesh, source.base):
            raise EngineFault(f"STEP: {stage.name}, drawn again, is another body than the one that ships")
    else:
        told, exact = _measured(template, stage, source.base, STEP_SPACING_MM, stamps=source.stamps, slack_mm=limit, step=True)
        charted = isinstance(stage, CadStage)
        at_points = float(exact.away[: len(source.base.points)].max())
        if charted and not (at_points <= limit and told.worst_mm <= limit + _chords_mm(template, stage, exact)):
            raise EngineFault(
                f"STEP: the chart of {stage.name} is {at_points:.4f} mm off at its points (limit {limit} mm): {told}"
            )
        if not charted and not told.worst_mm <= limit:
            other = f"its truth {told.truth} is another shape, so there is no STEP of it: {told} (limit {limit} mm)"
            raise TemplateError(type(template).key, stage.name, other)
        what = "the points of the mesh that ships are" if charted else "the mesh that ships is"
        remark, apart = f"{what} within {limit} mm of it", told.worst_mm
    if exact.unstamped:
        why = f"there is no exact B-rep of {part.name}: a stamp cannot be done on its exact faces ({exact.unstamped})"
        raise OrderError("formats", why, value="step", limit=_ALLOWED)
    if source.stamps:
        _must_weigh(exact.stamped_mm3, part, source.stamps, apart)
    return exact.step, remark


def _chords_mm(template: Template, stage: Stage, exact: cad_exact.Exact) -> float:
    """How far the B-rep may come from a chart's triangles between their points: UNSEEN times as far as from CAD's own, on this body or on
    the chart's middle one, whose triangles they are."""
    own = exact.built.mesh
    here = float(nearest.distances(own.points, own.faces, exact.samples).max(initial=0.0))
    chart = from_chart(stage, template) if isinstance(stage, CadStage) else None
    return UNSEEN * (here if chart is None else max(here, chart.chord_mm))


def _must_weigh(volume: float, part: Part, stamps: Sequence[Placed], apart: float) -> None:
    """EngineFault where a stamped B-rep does not hold what the part's mesh does.

    `volume` is that of OCCT's triangulation of it, mm3. Away from the stamps that is the triangulation of the body that was stamped, and
    flat faces are exact in both: what may differ is a step of the lattice over what the stamps made (and over the faces that they are
    on, where those lie askew to the lattice), and over all of it what the mesh was `apart` (mm) from the B-rep before. No chord error
    is allowed for: over a whole body that is more than a letter holds.
    """
    shipped = lat.volume(lat.rounded(part.mesh.points), part.mesh.faces)
    areas = _areas(part.mesh)
    rows = [part.patches[name].faces for name in _touched(stamps) if name in part.patches]
    touched = areas[np.unique(np.concatenate(rows))] if rows else areas
    allowed = float(areas.sum()) * apart + float(touched.sum()) / STEPS_PER_MM
    if not abs(volume - shipped) <= allowed:
        why = f"STEP: stamped, {part.name} holds {volume:.4f} mm3, and its mesh {shipped:.4f} (within {allowed:.4f})"
        raise EngineFault(why)


def _touched(stamps: Sequence[Placed]) -> Iterator[str]:
    """The patches that stamps made, and those that they are on, where those lie in no plane of the lattice."""
    for placed in stamps:
        yield from placed.names
        if not np.isin(placed.frame[1:], (-1.0, 0.0, 1.0)).all():
            yield from (name for name in (placed.stamp.on, placed.stamp.behind) if name)


def _same(one: Mesh, other: Mesh) -> bool:
    return one is other or (np.array_equal(one.points, other.points) and np.array_equal(one.faces, other.faces))
