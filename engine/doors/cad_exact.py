"""The CAD door's back room: what only the exact B-rep can tell. STEP, distances to its faces, points on its surface.

    made = exact("some.module:draw", payload, points=places, spacing_mm=0.5, step=True)
    made.built, made.away, made.samples, made.weights, made.step

It runs in the CAD child, on the solid that `cad.build` would mesh. OCCT itself is asked in the door; here are only arrays and bytes.
With `stamps`, the STEP is that of the stamped solid (`engine.doors.cad_stamp`); all else is of the solid as it was drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.doors import cad, cad_stamp, cad_step
from engine.doors.cad_built import Built, accepted
from engine.doors.cad_triangles import on_surface, triangulations
from engine.doors.child import progress
from engine.errors import EngineFault
from engine.model.mesh import Points
from engine.model.stamped import Placed

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Exact:
    """What `exact` gives. `built`: the mesh, as `cad.build` gives it. `away` (n,): mm from each of `points` to the B-rep.

    `samples` (k, 3) mm: points on the B-rep's surface, `weights` (k,) mm2: the area that each stands for. `step`: OCCT's own STEP
    AP214 in mm, whose header tells time and process; empty where it was not asked for. `stamped_mm3`: the volume of the triangulation
    of what it holds. `unstamped`: why the stamps could not be done, and there is no STEP of it; empty where they were.
    """

    built: Built
    away: Floats
    samples: Points
    weights: Floats
    step: bytes
    stamped_mm3: float
    unstamped: str


def exact(
    target: str,
    payload: object,
    *,
    points: Points | None = None,
    spacing_mm: float | None = None,
    step: bool = False,
    stamps: tuple[Placed, ...] = (),
    slack_mm: float = cad_stamp.SLACK_MM,
    tolerance_mm: float = cad.TOLERANCE_MM,
    angle_degrees: float = cad.ANGLE_DEGREES,
    deadline: float = 60.0,
    template: str = "template",
    stage: str = "cad",
    own: tuple[str, ...] = (),
) -> Exact:
    """Draw once in the CAD child, and ask the solid. `points` (n, 3) mm: measure their distances; `spacing_mm`: sample its surface.
    `step`: write it, with these stamps on its tagged faces, each within `slack_mm` of its face's plane.

    Errors as `cad.build` raises them.
    """
    asked = np.empty((0, 3)) if points is None else np.ascontiguousarray(points, dtype=np.float64)
    angle = math.radians(angle_degrees)
    arguments = (target, payload, asked, spacing_mm, step, stamps, slack_mm, tolerance_mm, angle, template, stage)
    made = cad.in_child("engine.doors.cad_exact:ask", arguments, deadline, own)
    away, samples, weights, text = made["away"], made["samples"], made["weights"], made["step"]
    for array, shape in ((away, (len(asked),)), (samples, (len(weights), 3)), (weights, (len(samples),))):
        if not (isinstance(array, np.ndarray) and array.dtype == np.float64 and array.shape == shape):
            raise EngineFault("CAD: the child's distances have not the promised shape")
    why, volume = str(made["unstamped"]), float(made["stamped"])
    if not isinstance(text, bytes) or (step and not why and not text.startswith(b"ISO-10303-21;")):
        raise EngineFault("CAD: the child's STEP is none")
    return Exact(accepted(made["drawn"]), away, samples, weights, text, volume, why)


# ---- in the child ------------------------------------------------------------------------------------------------------


def ask(
    target: str,
    payload: object,
    points: Points,
    spacing: float | None,
    step: bool,
    stamps: tuple[Placed, ...],
    slack: float,
    tolerance: float,
    angle: float,
    template: str,
    stage: str,
) -> dict[str, Any]:
    """In the child: draw, and what else was asked of the solid."""
    solid, tags, told = cad.drawn(target, payload, tolerance, angle, template, stage)
    made: dict[str, Any] = {"drawn": told, "away": np.empty(0), "samples": np.empty((0, 3)), "weights": np.empty(0)}
    faces = cad.faces_of(solid)
    if len(points):
        progress("measuring")
        made["away"] = cad.distances(faces, points)
    if spacing is not None:
        progress("sampling")
        made["samples"], made["weights"] = samples(faces, spacing)
    made |= {"step": b"", "stamped": told["volume"], "unstamped": ""}
    if stamps and step:
        progress("stamping")
        try:
            solid = cad_stamp.stamped(solid, tags, stamps, slack)
            made["stamped"] = cad.meshed(solid, cad.faces_of(solid), tolerance, angle)[3]
        except cad_stamp.Unstamped as why:
            return {**made, "unstamped": str(why)}
    progress("writing")
    made["step"] = cad_step.step_text(solid) if step else b""
    return made


def samples(faces: Any, spacing: float) -> tuple[Points, Floats]:
    """Points on the exact surfaces, and the area that each stands for: one for each `spacing`^2 mm2 and each `spacing` mm of length
    of every triangle.

    The surface is evaluated at points spread evenly over each triangle in the surface's own parameters, and at the triangulation's
    nodes, which stand for no area: they are where edges and corners are. Beside a curved edge a point may stand over that edge by
    the triangulation's chord error.
    """
    points, weights = [], []
    for number, net in enumerate(triangulations(faces), start=1):
        spread, areas = _spread(net.xyz[net.triangles], net.uv[net.triangles], spacing)
        points.append(on_surface(faces.FindKey(number), np.concatenate([net.uv, spread])))
        weights += [np.zeros(len(net.uv)), areas]
    return np.concatenate(points), np.concatenate(weights)


def _spread(xyz: Floats, uv: Floats, spacing: float) -> tuple[Floats, Floats]:
    """Triangles (m, 3, 3) mm and their parameters (m, 3, 2): (u, v) of points spread over them (k, 2), and the areas (k,) they stand for."""
    cross = np.cross(xyz[:, 1] - xyz[:, 0], xyz[:, 2] - xyz[:, 0])
    area = 0.5 * np.sqrt((cross**2).sum(axis=1))
    sides = xyz[:, (1, 2, 0)] - xyz
    longest = np.sqrt((sides**2).sum(axis=2)).max(axis=1)
    count = np.maximum(np.ceil(longest / spacing), np.ceil(area / spacing**2)).clip(1).astype(np.int64)
    which = np.repeat(np.arange(len(area)), count)
    number = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    # Roberts' R2 sequence, whose points keep apart for any count; a square folded into a triangle
    s, t = (0.5 + number * 0.7548776662466927) % 1.0, (0.5 + number * 0.5698402909980532) % 1.0
    lone = count[which] == 1
    s, t = np.where(lone, 1.0 / 3.0, s), np.where(lone, 1.0 / 3.0, t)
    over = s + t > 1.0
    s, t = np.where(over, 1.0 - s, s), np.where(over, 1.0 - t, t)
    a, b, c = uv[which, 0], uv[which, 1], uv[which, 2]
    return a + s[:, None] * (b - a) + t[:, None] * (c - a), area[which] / count[which]
