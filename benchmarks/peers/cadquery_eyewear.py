"""A front and two temples with name and size by CadQuery alone: the bodies as the template's own truth draws them, and one Boolean cut for
each temple's letters. Pinned: see `eyewear_case.PINNED`.

Tuned, each step measured against what one would write first:
- every wall between two rings is one ruled face for each quarter of a ring, sewn once; only the knuckles are fused;
- letters come as `cadquery_case` makes them; the prism of all letters is bounded by the cylinder that their floors lie in, so that they
  are as deep everywhere on a curved temple, and cut at once;
- no `clean()`, no history, one thread; the mesh at the chord error of our own bodies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.peers import cadquery_case
from benchmarks.peers.cadquery_case import ANGLE, TOLERANCE_MM, Lettering

OUT, UNDER = 1.0, 0.5
"""mm that the letters' prism reaches out of the face, and under their floors."""


@dataclass(frozen=True)
class Inside:
    """Letters on the inner face of a rolled plate: the text, how it is set, the middle along the face and in y (mm), turned (degrees)."""

    text: str
    how: Lettering
    along: float
    y: float
    turn: float


def drawn(plates: Sequence[Mapping[str, Any]], said: Sequence[Inside | None]) -> list[Any]:
    """The meshed solids. `plates`: what `engine.doors.cad_plate.plate_body` is told of each; `said`: the letters inside it."""
    import cadquery as cq

    from engine.doors.cad_plate import plate_body

    made = []
    for told, letters in zip(plates, said, strict=True):
        solid = plate_body(cq, **{"holes": (), "bosses": (), **told})
        if letters is not None:
            solid = cadquery_case.less(solid, _tool(cq, letters, told["radius"], told["thickness"])).Solids()[0]
        solid.mesh(TOLERANCE_MM, ANGLE)
        made.append(solid)
    return made


def ink(plate: Mapping[str, Any], letters: Inside) -> float:
    """mm3 that the letters take of that plate: of both, exactly, for a mesh's chords are more than that."""
    import cadquery as cq

    from engine.doors.cad_plate import plate_body

    told = {"holes": (), "bosses": (), **plate}
    common = plate_body(cq, **told).intersect(_tool(cq, letters, told["radius"], told["thickness"]))
    return float(common.Volume())


def _tool(cq: Any, letters: Inside, radius: float, thickness: float) -> Any:
    """Of letters that are read from the axis that the plate is rolled about, upright in y."""
    how, face = letters.how, radius - thickness / 2
    angle = -letters.along / face
    sin, cos = math.sin(angle), math.cos(angle)
    plane = cq.Plane((face * sin, letters.y, face * cos - radius), (-cos, 0, sin), (-sin, 0, -cos)).rotated(
        (0, 0, letters.turn)
    )
    floor = cq.Solid.makeCylinder(face + how.depth, 400.0, cq.Vector(0, -200, -radius), cq.Vector(0, 1, 0))
    return cadquery_case.prism(letters.text, how, plane, out=OUT, under=UNDER).intersect(floor)


def triangles(body: Any) -> Any:
    """Its triangulation as corners (n, 3, 3) mm."""
    vertices, faces = body.tessellate(TOLERANCE_MM, ANGLE)
    return np.array([v.toTuple() for v in vertices])[np.array(faces)]
